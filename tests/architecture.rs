//! Which room may know which: `main → app → {web, jobs, cli} → domain → store → model` and
//! `{jobs, cli} → {discord, llm, mail, extract, skills} → model`. The sources are read and every path in them is judged.

use std::fmt;

use crate::support::repository;
use crate::support::source::{At, Token, files, tokens};

/// The rooms that are not the domain. Any other module beside `lib.rs` is a part of the domain.
const MODEL: &str = "model";
const CONFIG: &str = "config";
const STORE: &str = "store";
const TOOLS: &[&str] = &["discord", "llm", "mail", "extract", "skills"];
const DOORS: &[&str] = &["web", "jobs", "cli"];
const APP: &str = "app";

/// Single paths that a room may name although the rooms do not say so: from, path, why.
const GRANTED: &[(&str, &str, &str)] = &[
    ("domain", "llm::pacing", "the pure part of the pool: times and states in, a verdict out"),
    ("campaigns", "mail", "what may go out is judged on the letter as it goes out, which is pure"),
    (
        "bot",
        "discord",
        "what comes from Discord and what goes there are values; asking it is for jobs",
    ),
    ("bot", "mail", "the mail with a code is put together, not delivered"),
    ("senders", "mail", "the mail that tries the settings is put together, not delivered"),
    ("web", "app", "handlers are handed the parts of the running program"),
    ("jobs", "app", "workers are handed the parts of the running program"),
    ("cli", "app", "without a command it serves"),
    ("keys", "llm", "the domain's part of the pool ties what llm decides to what the store books"),
];

/// Who may use a crate: its name, the rooms, why nobody else.
const CRATES: &[(&str, &[&str], &str)] = &[
    ("axum", &["web"], "only web knows HTTP as it comes in"),
    ("axum_extra", &["web"], "only web knows HTTP as it comes in"),
    ("askama_web", &["web"], "only web knows HTTP as it comes in"),
    ("askama", &["web", "mail", "campaigns"], "templates make pages and e-mails, nothing else"),
];

#[derive(Debug, PartialEq)]
struct Violation {
    file: String,
    line: usize,
    path: String,
    rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: names {}, but {}", self.file, self.line, self.path, self.rule)
    }
}

#[test]
fn no_room_names_one_above_it() {
    let root = repository();
    let mut found = Vec::new();
    for file in files(&root.join("src")) {
        let name = file.strip_prefix(root.join("src")).unwrap().display().to_string();
        found.extend(judge(&name, &std::fs::read_to_string(&file).unwrap()));
    }
    let lines: Vec<_> = found.iter().map(|violation| format!("src/{violation}")).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

/// Judges one file, named from `src` on.
fn judge(file: &str, source: &str) -> Vec<Violation> {
    let module = module_of(file);
    let Some(room) = module.first() else {
        return Vec::new(); // lib.rs and main.rs name whom they like.
    };
    let judged = paths(&module, source).into_iter().filter_map(|(line, path)| {
        let rule = match path.first().map(String::as_str) {
            Some("crate") => breach(room, &path[1..]),
            _ => foreign_breach(room, &path),
        }?;
        Some(Violation { file: file.to_owned(), line, path: path.join("::"), rule })
    });
    judged.collect()
}

/// The rule that forbids `room` to name this path inside Muster.
fn breach(room: &str, path: &[String]) -> Option<String> {
    let other = path.first()?.as_str();
    // A macro or re-export at the crate's root belongs to everybody.
    let is_item = other.chars().next().is_some_and(char::is_uppercase);
    if other == room || is_item {
        return None;
    }
    let allowed = match rank(room) {
        Rank::Model => false,
        Rank::Store | Rank::Config => other == MODEL,
        Rank::Tool => other == MODEL || other == CONFIG,
        Rank::Domain | Rank::Web => {
            [MODEL, CONFIG, STORE, "skills"].contains(&other) || rank(other) == Rank::Domain
        }
        Rank::Door => !DOORS.contains(&other) && other != APP,
        Rank::App => true,
    };
    let full = path.join("::");
    let granted = GRANTED.iter().any(|(from, to, _)| {
        let from_here = *from == room || (*from == "domain" && rank(room) == Rank::Domain);
        from_here && (full == *to || full.starts_with(&format!("{to}::")))
    });
    if allowed || granted {
        return None;
    }
    Some(match rank(room) {
        Rank::Model => "model is known to all and knows no other room".into(),
        Rank::Config => "config knows model only".into(),
        Rank::Store => "store knows model only: rows and SQL, no rules, no tools".into(),
        Rank::Tool => {
            format!("{room} is a tool: values in, values out; it knows model and config only")
        }
        Rank::Domain => format!(
            "{room} belongs to the domain, which knows store, skills, config, model and llm::pacing"
        ),
        Rank::Web => "web knows the domain and the store's rows; tools are used by jobs".into(),
        Rank::Door => {
            format!("{room} is a door, as {} are; only app stands above them", DOORS.join(", "))
        }
        Rank::App => unreachable!("app may name every room"),
    })
}

/// The rule that forbids `room` to name this path of another crate.
fn foreign_breach(room: &str, path: &[String]) -> Option<String> {
    let name = path.first()?.as_str();
    let asks = path.iter().skip(1).any(|part| part.starts_with("query") || part == "raw_sql");
    if name == "sqlx" && asks && room != STORE {
        return Some("all SQL stands in store".into());
    }
    let (_, rooms, why) = CRATES.iter().find(|(known, ..)| *known == name)?;
    (!rooms.contains(&room)).then(|| format!("{why} (allowed in {})", rooms.join(", ")))
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rank {
    Model,
    Config,
    Store,
    Tool,
    Domain,
    Web,
    Door,
    App,
}

fn rank(room: &str) -> Rank {
    match room {
        MODEL => Rank::Model,
        CONFIG => Rank::Config,
        STORE => Rank::Store,
        "web" => Rank::Web,
        APP | "main" => Rank::App,
        _ if TOOLS.contains(&room) => Rank::Tool,
        _ if DOORS.contains(&room) => Rank::Door,
        _ => Rank::Domain,
    }
}

/// `["store", "people"]` for `store/people.rs`; nothing for `lib.rs` and `main.rs`.
fn module_of(file: &str) -> Vec<String> {
    let mut parts: Vec<_> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || ["lib", "main"].contains(&&*parts[0]) {
        parts.pop();
    }
    parts
}

/// Every path in the file with its line: those inside Muster begin with `crate`, whatever they are written with.
fn paths(module: &[String], source: &str) -> Vec<(usize, Vec<String>)> {
    let tokens: Vec<_> =
        tokens(source).into_iter().filter(|at| !matches!(at.token, Token::Remark(_))).collect();
    let mut found = Vec::new();
    // Modules written out in this file, each with the depth of braces at which it ends.
    let mut inner: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut next = 0;
    while let Some(at) = tokens.get(next) {
        match &at.token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                depth = usize::saturating_sub(depth, 1);
                inner.retain(|(_, until)| *until < depth + 1);
            }
            Token::Word(word) if word == "mod" => {
                let name = tokens.get(next + 1).and_then(At::word);
                if tokens.get(next + 2).is_some_and(|at| at.is_sign('{')) {
                    inner.extend(name.map(|name| (name.to_owned(), depth + 1)));
                }
            }
            Token::Word(word) if starts_path(&tokens, next) => {
                let mut here = vec!["crate".to_owned()];
                here.extend(module.iter().cloned());
                here.extend(inner.iter().map(|(name, _)| name.clone()));
                let start = match word.as_str() {
                    "crate" | "muster" => vec!["crate".to_owned()],
                    "self" => here,
                    "super" => {
                        here.pop();
                        here
                    }
                    _ => vec![word.clone()],
                };
                next = tree(&tokens, next + 1, start, &mut found);
                continue;
            }
            _ => {}
        }
        next += 1;
    }
    found
}

/// A word before `::` that is not itself after one.
fn starts_path(tokens: &[At], at: usize) -> bool {
    is_colons(tokens, at + 1) && !(at >= 2 && is_colons(tokens, at - 2))
}

fn is_colons(tokens: &[At], at: usize) -> bool {
    [at, at + 1].iter().all(|at| tokens.get(*at).is_some_and(|at| at.is_sign(':')))
}

/// Follows a path or a tree of `use` from after `start` on; returns the place after it.
fn tree(
    tokens: &[At],
    mut next: usize,
    mut path: Vec<String>,
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let line = tokens[next.saturating_sub(1)].line;
    while is_colons(tokens, next) {
        next += 2;
        match tokens.get(next).map(|at| &at.token) {
            Some(Token::Word(word)) => {
                match word.as_str() {
                    "super" => drop(path.pop()),
                    "self" => {}
                    _ => path.push(word.clone()),
                }
                next += 1;
            }
            Some(Token::Sign('{')) => {
                next += 1;
                while let Some(at) = tokens.get(next) {
                    if at.is_sign('}') {
                        return next + 1;
                    }
                    if let Some(word) = at.word() {
                        let mut branch = path.clone();
                        if word != "self" {
                            branch.push(word.to_owned());
                        }
                        next = tree(tokens, next + 1, branch, found);
                    } else {
                        next += 1;
                    }
                }
                return next;
            }
            _ => break,
        }
    }
    found.push((line, path));
    next
}

/// What is found, as "line: path".
fn found(file: &str, source: &str) -> Vec<String> {
    judge(file, source).iter().map(|it| format!("{}: {}", it.line, it.path)).collect()
}

#[test]
fn a_planted_violation_is_found_however_it_is_written() {
    let source = "use crate::model::Millis;\nuse crate::{model, web::page};\n";
    assert_eq!(found("store/people.rs", source), ["2: crate::web::page"]);
    assert_eq!(found("store/mod.rs", "fn f() { super::campaigns::approve() }").len(), 1);
    assert_eq!(found("store/people.rs", "fn f() { super::super::campaigns::approve() }").len(), 1);
    assert_eq!(found("store/people.rs", "fn f() { super::columns(); self::g::h() }").len(), 0);
    assert_eq!(
        found("model/clock.rs", "mod tests { use super::super::super::store::Db; }").len(),
        1
    );
    assert_eq!(found("model/clock.rs", "mod tests { use super::{super::ids, Clock}; }").len(), 0);
    assert_eq!(
        found("campaigns.rs", "use crate::{\n    store,\n    jobs::{self, worker},\n};").len(),
        2
    );
    assert_eq!(
        found("llm/gemini.rs", "// crate::store\nconst X: &str = \"crate::store::x\";").len(),
        0
    );
    assert_eq!(
        found("llm/gemini.rs", "/// [`crate::store`]\nfn f() -> crate::store::Db {}").len(),
        1
    );
}

#[test]
fn each_room_is_held_to_its_own_rule() {
    let use_of =
        |room: &str, path: &str| found(&format!("{room}.rs"), &format!("use {path};")).len();
    let forbidden = [
        ("model", "crate::config::Config"),
        ("store", "crate::config::Config"),
        ("store", "crate::skills::taxonomy"),
        ("mail", "crate::store::Db"),
        ("extract", "crate::skills::taxonomy"),
        ("people", "crate::llm::gemini::Client"),
        ("people", "crate::mail::Letter"),
        ("people", "crate::web::form"),
        ("campaigns", "crate::jobs::Outcome"),
        ("web", "crate::llm::gemini::Client"),
        ("web", "crate::jobs::worker"),
        ("store", "crate::app::App"),
        ("jobs", "crate::web::page"),
        ("cli", "crate::jobs::worker"),
        ("people", "sqlx::query"),
        ("people", "sqlx::{Row, query_as}"),
        ("web", "sqlx::raw_sql"),
        ("app", "axum::Router"),
        ("people", "askama::Template"),
        ("jobs", "askama_web::WebTemplate"),
    ];
    for (room, path) in forbidden {
        assert_eq!(use_of(room, path), 1, "{room} must not use {path}");
    }
    let allowed = [
        ("store", "crate::model::Millis"),
        ("store", "sqlx::query_as"),
        ("mail", "crate::config::Mail"),
        ("people", "crate::{store::people, skills, campaigns, config, model}"),
        ("people", "crate::llm::pacing::Verdict"),
        ("keys", "crate::llm::gemini::Refusal"),
        ("people", "sqlx::Error"),
        ("jobs", "crate::{store, campaigns, llm::gemini, mail, extract, skills, config}"),
        ("web", "crate::{store::people, campaigns, config, model}"),
        ("web", "axum::Router"),
        ("campaigns", "askama::Template"),
        ("app", "crate::{web, jobs, llm, mail, store}"),
        ("main", "muster::{app, cli}"),
    ];
    for (room, path) in allowed {
        assert_eq!(use_of(room, path), 0, "{room} may use {path}");
    }
}

#[test]
fn a_violation_names_file_line_and_rule() {
    let found = judge("store/people.rs", "\nuse crate::web::page;");
    assert_eq!(
        found[0].to_string(),
        "store/people.rs:2: names crate::web::page, but store knows model only: rows and SQL, no rules, no tools",
    );
}
