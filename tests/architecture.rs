//! Which module may use which: `main → cli → server → {web, jobs} → app → domain → store → model` and
//! `{app, jobs, cli} → {discord, llm, mail, extract, skills} → {config, model}`. The test checks every path in the sources.

use std::fmt;

use crate::support::repository;
use crate::support::source::{At, Token, files, tokens};

/// What each module may use, apart from itself. `domain` stands for every module that is not listed here.
const MODULES: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["server", "app", "domain", "tools", "store", "config", "model"]),
    ("server", &["web", "jobs", "app", "domain", "tools", "store", "config", "model"]),
    ("web", &["app", "domain", "skills", "store", "config", "model"]),
    ("jobs", &["app", "domain", "tools", "store", "config", "model"]),
    ("app", &["domain", "tools", "store", "config", "model"]),
    ("domain", &["domain", "skills", "llm::pacing", "store", "config", "model"]),
    ("discord", TOOL),
    ("extract", TOOL),
    ("llm", TOOL),
    ("mail", TOOL),
    ("skills", TOOL),
    ("store", &["model"]),
    ("config", &["model"]),
    ("model", &[]),
];

/// The tools: values in, values out.
const TOOLS: &[&str] = &["discord", "extract", "llm", "mail", "skills"];
const TOOL: &[&str] = &["config", "model"];

/// What some modules of the domain may use besides: composing and classifying emails, Discord's values, Gemini's keys.
const DOMAIN: &[(&str, &[&str])] = &[
    ("bot", &["discord", "mail"]),
    ("campaigns", &["mail"]),
    ("keys", &["llm"]),
    ("sending", &["mail"]),
];

/// Who may use a crate: its name, the modules, why nobody else.
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
fn no_module_names_one_above_it() {
    let root = repository();
    let mut found = Vec::new();
    for file in files(&root.join("src")) {
        let name = file.strip_prefix(root.join("src")).unwrap().display().to_string();
        found.extend(judge(&name, &std::fs::read_to_string(&file).unwrap()));
    }
    let lines: Vec<_> = found.iter().map(|violation| format!("src/{violation}")).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

/// The violations in one file, named from `src` on.
fn judge(file: &str, source: &str) -> Vec<Violation> {
    let module = module_of(file);
    let Some(top) = module.first() else {
        return Vec::new(); // lib.rs declares every module.
    };
    let judged = paths(&module, source).into_iter().filter_map(|(line, path)| {
        let rule = match path.first().map(String::as_str) {
            Some("crate") => breach(top, &path[1..]),
            _ => foreign_breach(top, &path),
        }?;
        Some(Violation { file: file.to_owned(), line, path: path.join("::"), rule })
    });
    judged.collect()
}

/// The rule that forbids `module` to use this path inside Muster.
fn breach(module: &str, path: &[String]) -> Option<String> {
    let other = path.first()?.as_str();
    // A macro or re-export at the crate's root may be used everywhere.
    let is_item = other.chars().next().is_some_and(char::is_uppercase);
    if other == module || is_item {
        return None;
    }
    let full = path.join("::");
    let uses = |allowed: &&str| match *allowed {
        "domain" => group(other) == "domain",
        "tools" => TOOLS.contains(&other),
        allowed => full == allowed || full.starts_with(&format!("{allowed}::")),
    };
    let allowed = may_use(module);
    (!allowed.iter().any(uses)).then(|| match &*allowed {
        [] => format!("{module} may use no other module"),
        allowed => format!("{module} may use only {}", allowed.join(", ")),
    })
}

fn may_use(module: &str) -> Vec<&'static str> {
    let of = |table: &[(&str, &'static [&'static str])], module: &str| {
        table.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, allowed)| *allowed)
    };
    [of(MODULES, group(module)), of(DOMAIN, module)].concat()
}

/// The entry of `MODULES` that a module falls under.
fn group(module: &str) -> &str {
    let listed = MODULES.iter().any(|(name, _)| *name == module);
    if listed { module } else { "domain" }
}

/// The rule that forbids `module` to name this path of another crate.
fn foreign_breach(module: &str, path: &[String]) -> Option<String> {
    let name = path.first()?.as_str();
    let asks = path.iter().skip(1).any(|part| part.starts_with("query") || part == "raw_sql");
    if name == "sqlx" && asks && module != "store" {
        return Some("all SQL stands in store".into());
    }
    let (_, modules, why) = CRATES.iter().find(|(known, ..)| *known == name)?;
    (!modules.contains(&module)).then(|| format!("{why} (allowed in {})", modules.join(", ")))
}

/// `["store", "people"]` for `store/people.rs`; nothing for `lib.rs`.
fn module_of(file: &str) -> Vec<String> {
    let mut parts: Vec<_> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || parts[0] == "lib" {
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
fn each_module_is_held_to_its_own_rule() {
    let use_of =
        |module: &str, path: &str| found(&format!("{module}.rs"), &format!("use {path};")).len();
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
        ("web", "crate::server::serve"),
        ("app", "crate::web::router"),
        ("app", "crate::jobs::Workers"),
        ("jobs", "crate::server::serve"),
        ("server", "crate::cli::main"),
        ("campaigns", "crate::app::App"),
        ("people", "crate::discord::Rest"),
        ("main", "muster::server::serve"),
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
    for (module, path) in forbidden {
        assert_eq!(use_of(module, path), 1, "{module} must not use {path}");
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
        ("app", "crate::{owner, keys, llm, mail, store}"),
        ("server", "crate::{web, jobs, app, config, store}"),
        ("cli", "crate::{server, faq, skills}"),
        ("main", "muster::cli"),
    ];
    for (module, path) in allowed {
        assert_eq!(use_of(module, path), 0, "{module} may use {path}");
    }
}

#[test]
fn a_violation_names_file_line_and_rule() {
    let found = judge("store/people.rs", "\nuse crate::web::page;");
    assert_eq!(
        found[0].to_string(),
        "store/people.rs:2: names crate::web::page, but store may use only model",
    );
}
