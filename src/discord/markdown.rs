//! Text for Discord: translating Markdown that it does not support, escaping, and shortening.

/// Characters that start or end markup within a line: emphasis, code, a spoiler, a link, a mention, an emoji.
const SIGNS: &str = "\\*_~`|[]<>:";

/// Escapes somebody else's text, to be shown as typed, on one line and not at its beginning.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for word in
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|it| !it.is_empty())
    {
        if !escaped.is_empty() {
            escaped.push(' ');
        }
        for c in word.chars() {
            if SIGNS.contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
    }
    escaped
}

/// Translates the FAQ's Markdown for Discord, which supports three levels of headings and no pictures.
pub fn translate(text: &str) -> String {
    let mut lines = Vec::new();
    let mut in_fence = false;
    for line in text.lines() {
        let fence = is_fence(line);
        in_fence ^= fence;
        if in_fence || fence {
            lines.push(line.to_owned());
        } else if let Some(heading) = line.trim_start().strip_prefix("####") {
            lines.push(format!("**{}**", heading.trim_matches(['#', ' '])));
        } else {
            lines.push(line.replace("![", "["));
        }
    }
    lines.join("\n").trim().to_owned()
}

/// The length of a text. Discord does not document what it counts; this is the largest of the candidates.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn is_fence(line: &str) -> bool {
    line.trim_start().starts_with("```")
}

/// What follows the last word of a shortened text, and what closes an open fence.
const MORE: &str = " …";
const CLOSING: &str = "\n```";

/// Shortens a text to a [`length`], after a word and never inside a link, and closes an open fence.
pub fn cut(text: &str, longest: usize) -> String {
    if length(text) <= longest {
        return text.to_owned();
    }
    let kept = longest.saturating_sub(MORE.len() + CLOSING.len());
    let mut ends = Ends::default();
    let mut used = 0;
    let mut hard = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > kept {
            break;
        }
        hard = at + c.len_utf8();
        ends.read(at, c);
    }
    let (at, in_fence) = ends.last.unwrap_or((hard, ends.in_fence));
    let (more, closing) = if in_fence { ("\n…", CLOSING) } else { (MORE, "") };
    format!("{}{more}{closing}", text[..at].trim_end())
}

/// The positions at which a text may end, found while scanning it.
#[derive(Default)]
struct Ends {
    /// The end of the last word outside of links, and whether it is in a fence.
    last: Option<(usize, bool)>,
    in_fence: bool,
    /// Backticks since the beginning of this line; `None` after any other character.
    backticks: Option<u32>,
    begun: bool,
    place: Place,
    /// How many square brackets of a link's text are open.
    open: u32,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    Text,
    /// `[words`
    Words,
    /// `[words]`
    Between,
    /// `[words](address`
    Address,
    /// `<address`
    Angle,
}

impl Ends {
    fn read(&mut self, at: usize, c: char) {
        if !self.begun {
            self.begun = true;
            self.backticks = Some(0);
        }
        if !self.in_fence {
            self.follow_links(c);
        }
        if c.is_whitespace() && self.place == Place::Text {
            self.last = Some((at, self.in_fence));
        }
        self.follow_fences(c);
    }

    fn follow_fences(&mut self, c: char) {
        match (c, self.backticks) {
            ('\n', _) => self.backticks = Some(0),
            ('`', Some(2)) => {
                self.in_fence = !self.in_fence;
                self.backticks = None;
            }
            ('`', Some(count)) => self.backticks = Some(count + 1),
            (' ', Some(0)) => {}
            _ => self.backticks = None,
        }
    }

    fn follow_links(&mut self, c: char) {
        self.place = match (self.place, c) {
            (Place::Text | Place::Between, '[') => {
                self.open = 1;
                Place::Words
            }
            (Place::Words, '[') => {
                self.open += 1;
                Place::Words
            }
            (Place::Words, ']') => {
                self.open -= 1;
                if self.open == 0 { Place::Between } else { Place::Words }
            }
            (Place::Between, '(') => Place::Address,
            (Place::Text, '<') => Place::Angle,
            // A link does not continue on the next line.
            (_, '\n') | (Place::Between, _) | (Place::Address, ')') | (Place::Angle, '>' | ' ') => {
                Place::Text
            }
            (place, _) => place,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_shown_as_typed() {
        assert_eq!(escape("Ada *the* _first_"), "Ada \\*the\\* \\_first\\_");
        assert_eq!(escape("<@123>\n# Boo :x:"), "\\<@123\\> # Boo \\:x\\:");
        assert_eq!(escape("[x](https://evil.example)"), "\\[x\\](https\\://evil.example)");
        assert_eq!(escape("  O'Brien\u{0}🦀  C++ "), "O'Brien 🦀 C++");
    }

    #[test]
    fn unsupported_markdown_is_translated() {
        assert_eq!(translate("#### Lunch ####\n\nYes."), "**Lunch**\n\nYes.");
        assert_eq!(translate("## Lunch"), "## Lunch");
        assert_eq!(
            translate("See ![the map](https://x.example/m.png)."),
            "See [the map](https://x.example/m.png)."
        );
        assert_eq!(translate("```\n#### ![\n```"), "```\n#### ![\n```");
    }

    #[test]
    fn a_short_text_is_not_cut() {
        assert_eq!(cut("Yes.", 2000), "Yes.");
        assert_eq!(cut(&"x".repeat(2000), 2000), "x".repeat(2000));
    }

    #[test]
    fn a_long_text_ends_with_a_word_and_an_ellipsis() {
        let text = "seven letters and more ".repeat(200);
        let short = cut(&text, 2000);
        assert!(length(&short) <= 2000);
        let words = short.strip_suffix(" …").unwrap();
        assert!(text.starts_with(&format!("{words} ")), "no word is cut");
        assert!(length(&short) > 1950);
    }

    #[test]
    fn a_link_is_kept_complete_or_left_out() {
        let link = "[the whole long programme](https://harbour.example/programme)";
        for before in 1900..2000 {
            let text = format!("{} {link} {}", "a".repeat(before), "word ".repeat(50));
            let short = cut(&text, 2000);
            assert!(length(&short) <= 2000);
            assert!(short.contains(link) || !short.contains('['), "{}", &short[1890..]);
        }
    }

    #[test]
    fn an_open_fence_is_closed() {
        let text = format!("Type this:\n```sh\n{}\n```\nDone.", "make all\n".repeat(400));
        let short = cut(&text, 2000);
        assert!(length(&short) <= 2000);
        assert!(short.ends_with("make all\n…\n```"), "{}", &short[short.len() - 40..]);
        assert_eq!(short.matches("```").count(), 2);
        let text = format!("```\nshort\n```\n{}", "word ".repeat(600));
        assert!(cut(&text, 2000).ends_with("word …"), "a fence that is closed stays so");
    }

    #[test]
    fn an_endless_word_is_cut_anywhere() {
        let short = cut(&"x".repeat(3000), 2000);
        assert!(length(&short) <= 2000 && short.ends_with("x …"));
        let short = cut(&"🦀".repeat(3000), 2000);
        assert!(length(&short) <= 2000 && short.ends_with("🦀 …"));
    }

    proptest! {
        #[test]
        fn no_text_is_ever_too_long(text in "([a-z`\\[\\]()<>* \n🦀é]{0,40}){0,40}", room in 20_usize..400) {
            let short = cut(&text, room);
            prop_assert!(length(&short) <= room, "{} > {room}: {short}", length(&short));
        }
    }
}
