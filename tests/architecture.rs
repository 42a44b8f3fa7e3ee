//! Which module may use which: `main → cli → server → {web, jobs} → app → domain → store → model` and `{app, jobs, cli}
//! → {discord, llm, mail, extract, skills} → {config, model}`. The test checks every path in the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::support::imports::{Files, circles, module_of, uses};
use crate::support::repository;
use crate::support::source::files;

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

/// Which modules may use a crate, and why no other.
const CRATES: &[(&str, &[&str], &str)] = &[
    ("axum", &["web"], "only web handles HTTP requests"),
    ("axum_extra", &["web"], "only web handles HTTP requests"),
    ("askama_web", &["web"], "only web handles HTTP requests"),
    ("askama", &["web", "mail", "campaigns"], "templates are for pages and emails only"),
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
        write!(f, "{}:{}: uses {}, but {}", self.file, self.line, self.path, self.rule)
    }
}

#[test]
fn no_module_uses_one_above_it() {
    let found = sources().into_iter().flat_map(|(file, source)| check(&file, &source));
    let lines: Vec<_> = found.map(|violation| format!("src/{violation}")).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let graph = graph(&sources());
    let circles: Vec<_> = circles(&graph).iter().map(|circle| describe(circle, &graph)).collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// The files of `src`, named from there on, with their text.
fn sources() -> Vec<(String, String)> {
    let root = repository().join("src");
    let read = |file: std::path::PathBuf| {
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        (name, std::fs::read_to_string(&file).unwrap())
    };
    files(&root).into_iter().map(read).collect()
}

fn graph(sources: &[(String, String)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut files = Files::default();
    for (file, source) in sources {
        files.add(file, source);
    }
    files.graph()
}

fn describe(circle: &[String], graph: &BTreeMap<String, BTreeSet<String>>) -> String {
    let uses = |file: &String| {
        let others: Vec<_> =
            graph[file].iter().filter(|other| circle.contains(other)).cloned().collect();
        format!("\n    {file} uses {}", others.join(", "))
    };
    let uses: String = circle.iter().map(uses).collect();
    format!("{} files use each other in a circle:{uses}", circle.len())
}

/// The violations in one file, named from `src` on.
fn check(file: &str, source: &str) -> Vec<Violation> {
    let module = module_of(file);
    let Some(top) = module.first() else {
        return Vec::new(); // lib.rs declares every module.
    };
    let found = uses(&module, source).into_iter().filter_map(|used| {
        let path = &used.path;
        let rule = match path.first().map(String::as_str) {
            Some("crate") => breach(top, &path[1..]),
            _ => foreign_breach(top, path),
        }?;
        Some(Violation { file: file.to_owned(), line: used.line, path: path.join("::"), rule })
    });
    found.collect()
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
        return Some("all SQL is in store".into());
    }
    let (_, modules, why) = CRATES.iter().find(|(known, ..)| *known == name)?;
    (!modules.contains(&module)).then(|| format!("{why} (allowed in {})", modules.join(", ")))
}

/// What is found, as "line: path".
fn found(file: &str, source: &str) -> Vec<String> {
    check(file, source).iter().map(|it| format!("{}: {}", it.line, it.path)).collect()
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
    let found = check("store/people.rs", "\nuse crate::web::page;");
    assert_eq!(
        found[0].to_string(),
        "store/people.rs:2: uses crate::web::page, but store may use only model",
    );
}

fn circles_of(sources: &[(&str, &str)]) -> Vec<Vec<String>> {
    let sources: Vec<_> =
        sources.iter().map(|(file, source)| ((*file).to_owned(), (*source).to_owned())).collect();
    circles(&graph(&sources))
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let circle = [vec!["a/one.rs".to_owned(), "b.rs".to_owned()]];
    let one = ("a/one.rs", "use crate::b::B;");
    for b in [
        "use crate::a::one::One;",
        "use crate::a::{one::{One, Other}};",
        "use crate::a; fn f() { a::one::f() }",
        "use crate::a::one as first; fn f() { first::f() }",
        "fn f() { crate::a::one::f() }",
        // Passed on by its folder.
        "use crate::a::One;",
        "use super::a::First;",
        "mod tests { use super::super::a::one::*; }",
    ] {
        let a = ("a/mod.rs", "mod one; pub use one::One; pub(crate) use one::Other as First;");
        assert_eq!(circles_of(&[one, ("b.rs", b), a]), circle, "{b}");
    }
    let folder = ("a/mod.rs", "mod one; pub use one::One; fn f() -> One {}");
    let part = ("a/one.rs", "use super::f;");
    assert_eq!(circles_of(&[folder, part]), [["a/mod.rs", "a/one.rs"]]);
}

#[test]
fn declaring_passing_on_and_going_one_way_are_no_circle() {
    let folder = ("a/mod.rs", "mod one; pub use one::One; pub struct Shared;");
    let part = ("a/one.rs", "use super::Shared; use crate::b::B; pub struct One;");
    let other = ("b.rs", "use crate::a; use std::fmt; pub struct B;");
    assert_eq!(circles_of(&[folder, part, other]), Vec::<Vec<String>>::new());
}
