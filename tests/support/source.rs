//! Reads Rust source as far as the tests need it: words, signs, literals and comments.

use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name, keyword or number.
    Word(String),
    /// One character that is none of the others, such as `{` or `:`.
    Sign(char),
    /// What a string literal means, its escapes undone.
    Text(String),
    /// A comment from `//` to the line's end, without the slashes and the spaces around it.
    Remark(String),
}

/// A token and its line, counted from 1.
#[derive(Clone, Debug)]
pub struct At {
    pub line: usize,
    pub token: Token,
}

impl At {
    pub fn is_sign(&self, sign: char) -> bool {
        self.token == Token::Sign(sign)
    }

    pub fn word(&self) -> Option<&str> {
        if let Token::Word(word) = &self.token { Some(word) } else { None }
    }
}

/// All `.rs` files under `folder`, by name.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The tokens of a file's text, with line comments and without block comments.
pub fn tokens(text: &str) -> Vec<At> {
    Reader { rest: text, line: 1, found: Vec::new() }.read()
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    found: Vec<At>,
}

impl Reader<'_> {
    fn read(mut self) -> Vec<At> {
        while let Some(next) = self.rest.chars().next() {
            let line = self.line;
            let token = match next {
                _ if next.is_whitespace() => {
                    self.take(next.len_utf8());
                    None
                }
                '/' if self.rest.starts_with("//") => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    let remark = self.take(end);
                    Some(Token::Remark(remark.trim_start_matches(['/', '!']).trim().to_owned()))
                }
                '/' if self.rest.starts_with("/*") => {
                    self.block_comment();
                    None
                }
                '"' => {
                    self.take(1);
                    Some(Token::Text(self.string()))
                }
                '\'' => {
                    self.quote();
                    None
                }
                _ if next.is_alphanumeric() || next == '_' => self.word_or_prefixed_string(),
                _ => {
                    self.take(next.len_utf8());
                    Some(Token::Sign(next))
                }
            };
            self.found.extend(token.map(|token| At { line, token }));
        }
        self.found
    }

    fn take(&mut self, bytes: usize) -> String {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken.to_owned()
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
            } else {
                let Some(next) = self.rest.chars().next() else { return };
                self.take(next.len_utf8());
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// From after the opening quote to after the closing one.
    fn string(&mut self) -> String {
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((at, next)) = chars.next() {
            match next {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    // A line that goes on: the white space before its next word is not there.
                    Some((_, '\n')) => {
                        while chars.clone().next().is_some_and(|(_, c)| c.is_whitespace()) {
                            chars.next();
                        }
                    }
                    Some((_, other)) => text.push(other),
                    None => {}
                },
                _ => text.push(next),
            }
        }
        self.take(end);
        text
    }

    /// A character literal, or the tick of a lifetime.
    fn quote(&mut self) {
        let mut chars = self.rest.char_indices().skip(1);
        let length = match (chars.next(), chars.next()) {
            (Some((_, '\\')), Some((at, escaped))) => {
                let after = at + escaped.len_utf8();
                self.rest[after..].find('\'').map(|end| after + end + 1)
            }
            (Some(_), Some((at, '\''))) => Some(at + 1),
            _ => None,
        };
        self.take(length.unwrap_or(1));
    }

    fn word_or_prefixed_string(&mut self) -> Option<Token> {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let word = self.take(end.unwrap_or(self.rest.len()));
        let hashes = self.rest.len() - self.rest.trim_start_matches('#').len();
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        if raw && self.rest[hashes..].starts_with('"') {
            self.take(hashes + 1);
            let close = format!("\"{}", "#".repeat(hashes));
            let end = self.rest.find(&close).unwrap_or(self.rest.len());
            let text = self.take(end);
            self.take(close.len().min(self.rest.len()));
            return Some(Token::Text(text));
        }
        if matches!(word.as_str(), "b" | "c") && self.rest.starts_with('"') {
            self.take(1);
            return Some(Token::Text(self.string()));
        }
        if word == "b" && self.rest.starts_with('\'') {
            self.quote();
            return None;
        }
        Some(Token::Word(word))
    }
}

#[test]
fn rust_source_is_read_without_its_comments_and_with_its_strings_undone() {
    let source = r#"
        // one
        fn f<'a>(x: &'a str) -> char { /* two /* deep */ "no" */ '"' }
        const T: &str = "a \"b\" \
            c"; const R: &str = r~"raw "x""~; let y = b'\'';
    "#;
    let found = tokens(&source.replace('~', "#"));
    let texts: Vec<_> = found.iter().filter(|at| matches!(at.token, Token::Text(_))).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts[0].token, Token::Text("a \"b\" c".into()));
    assert_eq!(texts[0].line, 4);
    assert_eq!(texts[1].token, Token::Text("raw \"x\"".into()));
    assert_eq!(texts[1].line, 5);
    assert_eq!(found[0].token, Token::Remark("one".into()));
    assert_eq!(found.last().unwrap().token, Token::Sign(';'));
}
