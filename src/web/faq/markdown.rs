//! Markdown as HTML for pages. HTML in it is shown as text, pictures as their descriptions, headings as bold lines (the
//! page has its own headings), and links may only lead to the web or to an email program.

use askama::filters::HtmlSafe;
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

/// Markdown converted to HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markdown(String);

impl std::fmt::Display for Markdown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markdown {}

impl Markdown {
    pub fn new(text: &str) -> Self {
        let mut events = Vec::new();
        // For each open link, whether it was kept.
        let mut links: Vec<bool> = Vec::new();
        let mut code = false;
        for event in Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Html(text) | Event::InlineHtml(text) => events.push(Event::Text(text)),
                Event::Start(Tag::Heading { .. }) => {
                    events.extend([Event::Start(Tag::Paragraph), Event::Start(Tag::Strong)]);
                }
                Event::End(TagEnd::Heading(_)) => {
                    events.extend([Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)]);
                }
                Event::Start(Tag::HtmlBlock) => events.push(Event::Start(Tag::Paragraph)),
                Event::End(TagEnd::HtmlBlock) => events.push(Event::End(TagEnd::Paragraph)),
                Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
                Event::Start(Tag::Link { dest_url, link_type, .. }) => {
                    let mail = link_type == LinkType::Email;
                    let is_kept = mail || is_safe(&dest_url);
                    links.push(is_kept);
                    if is_kept {
                        events.push(Event::Start(link(dest_url, link_type)));
                    }
                }
                Event::End(TagEnd::Link) => {
                    if links.pop() == Some(true) {
                        events.push(Event::End(TagEnd::Link));
                    }
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    code = true;
                    events.push(Event::Start(Tag::CodeBlock(kind)));
                }
                Event::End(TagEnd::CodeBlock) => {
                    code = false;
                    events.push(Event::End(TagEnd::CodeBlock));
                }
                Event::Text(text) if links.is_empty() && !code => bare_links(&text, &mut events),
                other => events.push(other),
            }
        }
        let mut out = String::new();
        html::push_html(&mut out, events.into_iter());
        Self(out)
    }
}

fn link(dest_url: CowStr<'_>, link_type: LinkType) -> Tag<'_> {
    Tag::Link { link_type, dest_url, title: CowStr::Borrowed(""), id: CowStr::Borrowed("") }
}

fn is_safe(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme))
}

/// Turns plain URLs in the text into links.
fn bare_links(text: &str, events: &mut Vec<Event<'_>>) {
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_start_matches(['(', '"', '“', '<']);
        let ends = |c: char| c.is_whitespace() || ".,;:!?)\"”>".contains(c);
        let address = word.trim_end_matches(ends);
        let is_link = ["https://", "http://"]
            .iter()
            .any(|scheme| address.strip_prefix(scheme).is_some_and(|host| !host.is_empty()));
        if !is_link {
            events.push(Event::Text(piece.to_owned().into()));
            continue;
        }
        let before = &piece[..piece.len() - word.len()];
        let after = &word[address.len()..];
        events.push(Event::Text(before.to_owned().into()));
        events.push(Event::Start(link(address.to_owned().into(), LinkType::Inline)));
        events.push(Event::Text(address.to_owned().into()));
        events.push(Event::End(TagEnd::Link));
        events.push(Event::Text(after.to_owned().into()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn html(text: &str) -> String {
        Markdown::new(text).to_string()
    }

    #[test]
    fn formatting_is_kept_and_scripts_become_text() {
        assert_eq!(html("At the *harbour*."), "<p>At the <em>harbour</em>.</p>\n");
        assert_eq!(html("# Big"), "<p><strong>Big</strong></p>\n");
        assert!(html("<script>alert(1)</script>").starts_with("<p>&lt;script&gt;"));
        assert!(html("a <b onclick=x>c</b>").contains("&lt;b onclick=x&gt;"));
        assert_eq!(html("[x](javascript:alert(1))"), "<p>x</p>\n");
        assert_eq!(html("[x](/logout)"), "<p>x</p>\n");
        assert_eq!(html("![a picture](https://x.example/a.png)"), "<p>a picture</p>\n");
        assert!(html("[x](https://x.example/\"onmouseover=\"y)").contains("%22onmouseover=%22"));
        assert!(html("See https://x.example/a?b=1&c=2.").contains(
            "<a href=\"https://x.example/a?b=1&amp;c=2\">https://x.example/a?b=1&amp;c=2</a>."
        ));
        assert!(html("<team@example.org>").contains("href=\"mailto:team@example.org\""));
        assert!(html("`https://x.example`").contains("<code>https://x.example</code>"));
    }

    proptest! {
        #[test]
        fn only_listed_elements_appear(text in "[ -~\n]{0,80}") {
            let page = html(&text);
            for tag in page.split('<').skip(1) {
                let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
                let known = ["p", "em", "strong", "del", "a", "ul", "ol", "li", "code", "pre", "blockquote", "hr", "br"];
                prop_assert!(known.contains(&name.trim_matches('/')), "{page}");
            }
        }
    }
}
