//! Removes from a resume's text what is not needed to find skills: email addresses, telephone numbers and links. Pure.

use std::borrow::Cow;

/// The most characters of a resume that are sent to the model.
pub const RESUME_CHARACTERS: usize = 20_000;

/// The part of a resume that may be sent to the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    pub text: String,
    /// The text was longer than [`RESUME_CHARACTERS`].
    pub cut: bool,
}

/// The text without addresses, numbers and links, cut to [`RESUME_CHARACTERS`].
pub fn clear(text: &str) -> Cleared {
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    for line in text.lines() {
        lines.push(without_numbers(&without_addresses(line)).into());
    }
    let text = lines.join("\n");
    match text.char_indices().nth(RESUME_CHARACTERS) {
        Some((end, _)) => Cleared { text: text[..end].to_owned(), cut: true },
        None => Cleared { text, cut: false },
    }
}

/// Drops every word that is or contains an email address or a link; keeps the spaces.
pub(super) fn without_addresses(line: &str) -> String {
    line.split_inclusive(char::is_whitespace).filter(|word| !is_address(word.trim_end())).collect()
}

fn is_address(word: &str) -> bool {
    let word = word.trim_matches(|c: char| "()[]{}<>\"'„“”‚‘’,;:|•·".contains(c));
    let lower = word.to_lowercase();
    lower.contains("://")
        || lower.contains("www.")
        || lower.starts_with("mailto:")
        || is_email(word)
        || is_bare_link(&lower)
}

fn is_email(word: &str) -> bool {
    word.match_indices(['@', '@']).any(|(at, _)| {
        let name = word[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let rest = word[at..].chars().nth(1).is_some_and(char::is_alphanumeric);
        name && rest && word[at..].contains(['.', '。', '.'])
    })
}

/// `github.com/ada`, `linkedin.com/in/ada`, `ada.example.org/work`: a host name with a path, or one that can be
/// nothing else. `Node.js` and `ASP.NET` are no links.
fn is_bare_link(word: &str) -> bool {
    let (host, path) =
        word.split_once(['/', '?', '#']).map_or((word, None), |(host, path)| (host, Some(path)));
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let labels: Vec<&str> = host.split('.').collect();
    let well_formed = labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
    let top = labels.last().copied().unwrap_or_default();
    let is_alphabetic = top.len() >= 2 && top.chars().all(char::is_alphabetic);
    // With a path it is a link unless it is a list such as `Node.js/Express`.
    let technology = ["js", "ts", "net", "py", "io", "ai"].contains(&top);
    let surely = [
        "com", "org", "edu", "dev", "me", "app", "info", "co", "de", "in", "uk", "fr", "br", "ru",
        "cn",
    ]
    .contains(&top);
    let with_path = path.is_some_and(|path| !path.is_empty()) && !technology;
    let hosted = ["github.io", "gitlab.io", "vercel.app", "netlify.app"]
        .iter()
        .any(|end| host.ends_with(&format!(".{end}")));
    well_formed && is_alphabetic && (surely || with_path || hosted)
}

/// Drops runs of digits, spaces and `+ - . ( ) /` that have the length of a telephone number. Years, ranges of years
/// and version numbers stay.
fn without_numbers(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || c == '+' || c == '(') {
        kept.push_str(&rest[..start]);
        let run = &rest[start..];
        let end = run.find(|c: char| !is_of_a_number(c)).unwrap_or(run.len());
        let (run, after) = run.split_at(end.max(run.chars().next().map_or(1, char::len_utf8)));
        // A number does not end in spaces or an opening bracket.
        let number = run.trim_end_matches(|c: char| !c.is_ascii_digit());
        let inside_a_word = kept.chars().next_back().is_some_and(char::is_alphanumeric);
        if !inside_a_word && is_telephone(number) {
            kept.push_str(&run[number.len()..]);
        } else {
            kept.push_str(run);
        }
        rest = after;
    }
    kept.push_str(rest);
    kept
}

fn is_of_a_number(c: char) -> bool {
    c.is_ascii_digit() || "+-.()/ \u{a0}\u{2009}\u{2010}\u{2011}".contains(c)
}

fn is_telephone(run: &str) -> bool {
    let groups: Vec<&str> =
        run.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    let year =
        |group: &&str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    // 2019 - 2021, 06/2019 - 08/2021, 16.01.2027: dates have a year among them and small numbers beside.
    let dates = groups.iter().any(year) && groups.iter().all(|it| year(it) || it.len() <= 2);
    let least = if run.starts_with('+') { 7 } else { 8 };
    (least..=16).contains(&digits) && !dates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleared(text: &str) -> String {
        clear(text).text
    }

    #[test]
    fn addresses_and_links_are_removed() {
        assert_eq!(cleared("Ada, ada@example.org, https://ada.example.org/x Rust"), "Ada, Rust");
        assert_eq!(cleared("github.com/ada | linkedin.com/in/ada\nGo"), "| \nGo");
        assert_eq!(cleared("(mailto:ada@example.org) <ada@mail.example.org>;"), "");
        assert_eq!(cleared("www.example.org and ada.github.io"), "and ");
        assert_eq!(cleared("Site:https://example.org"), "");
    }

    #[test]
    fn telephone_numbers_are_removed() {
        for number in [
            "+49 170 1234567",
            "(020) 7946-0958",
            "+351912345678",
            "91-98765-43210",
            "030/12345678",
        ] {
            let text = cleared(&format!("Call {number}, Rust"));
            assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
            assert!(text.ends_with(", Rust"), "{text}");
        }
    }

    #[test]
    fn skills_years_and_versions_stay() {
        for text in [
            "Node.js, ASP.NET, Vue.js/Nuxt.js, C++, C#, socket.io, CI/CD, TCP/IP",
            "2019 - 2021: Python 3.12, PostgreSQL 17.2",
            "06/2019 - 08/2021 and 16.01.2027",
            "10,000 users @ Acme; 99.95 % uptime; ISO 27001; x86-64",
            "GPA 3.9/4.0 (top 5)",
        ] {
            assert_eq!(cleared(text), text);
        }
    }

    #[test]
    fn a_long_resume_is_cut_and_marked() {
        let long = clear(&"ä".repeat(RESUME_CHARACTERS + 1));
        assert_eq!((long.text.chars().count(), long.cut), (RESUME_CHARACTERS, true));
        assert!(!clear("short").cut);
    }
}
