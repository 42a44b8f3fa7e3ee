//! Every statement in `src/store` is SQL that both engines understand. Statements are found in the source: a literal,
//! or a `concat!` of literals and of `macro_rules!` without arguments, that begins like a statement.

use std::collections::HashMap;

use muster::store::Engine;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use crate::support::db::on_both_engines;
use crate::support::repository;
use crate::support::source::{At, Token, files, tokens};

/// Files whose macros other files use.
const LENDERS: [&str; 3] = ["src/store/jobs/pick.rs", "src/store/keys.rs", "src/store/quotas.rs"];

#[derive(Debug, PartialEq)]
struct Statement {
    place: String,
    sql: String,
    /// For this engine only, as a comment `// SQLite only` or `// PostgreSQL only` in the line before says.
    only: Option<Engine>,
}

#[tokio::test]
async fn both_engines_understand_every_statement_of_the_store() {
    let root = repository();
    let sources: Vec<(String, String)> = files(&root.join("src/store"))
        .into_iter()
        .map(|file| {
            let place = file.strip_prefix(root).unwrap().display().to_string();
            (place, std::fs::read_to_string(&file).unwrap())
        })
        .collect();
    let lent: HashMap<String, String> = sources
        .iter()
        .filter(|(place, _)| LENDERS.contains(&place.as_str()))
        .flat_map(|(place, source)| macros(place, &tokens(source)))
        .collect();
    let statements: Vec<Statement> =
        sources.iter().flat_map(|(place, source)| find(place, source, &lent)).collect();
    on_both_engines(async |db| {
        let mut conn = db.read().await.unwrap();
        let mut refused = Vec::new();
        for Statement { place, sql, only } in &statements {
            if only.is_none_or(|only| only == db.engine()) {
                let prepared = conn.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await;
                refused.extend(prepared.err().map(|error| format!("{place}: {error}\n    {sql}")));
            }
        }
        assert!(refused.is_empty(), "on {:?}:\n{}", db.engine(), refused.join("\n"));
    })
    .await;
}

fn find(place: &str, source: &str, lent: &HashMap<String, String>) -> Vec<Statement> {
    let tokens = tokens(source);
    let mut macros = macros(place, &tokens);
    for (name, text) in lent {
        macros.entry(name.clone()).or_insert_with(|| text.clone());
    }
    let mut only = None;
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(at) = tokens.get(next) {
        if let Token::Remark(remark) = &at.token {
            only = match remark.as_str() {
                "SQLite only" => Some(Engine::Sqlite),
                "PostgreSQL only" => Some(Engine::Postgres),
                _ => only,
            };
        }
        let Some((text, length)) = text_at(place, &tokens[next..], &macros) else {
            next += 1;
            continue;
        };
        if is_statement(&text) {
            found.push(Statement {
                place: format!("{place}:{}", at.line),
                sql: text,
                only: only.take(),
            });
        }
        next += length;
    }
    found
}

fn is_statement(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    matches!(first, "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "WITH")
        && text.split_whitespace().nth(1).is_some()
}

/// The file's macros for a piece of SQL, such as `columns!`.
fn macros(place: &str, tokens: &[At]) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for (start, window) in tokens.windows(9).enumerate() {
        // macro_rules ! name { ( ) => { …
        if window[0].word() == Some("macro_rules")
            && window[4].is_sign('(')
            && window[5].is_sign(')')
        {
            let name = window[2].word().expect("a macro has a name").to_owned();
            if let Some((text, _)) = text_at(place, &tokens[start + 9..], &found) {
                found.insert(name, text);
            }
        }
    }
    found
}

/// The literal or `concat!(…)` at the beginning of these tokens, and how many of them it takes.
fn text_at(
    place: &str,
    tokens: &[At],
    macros: &HashMap<String, String>,
) -> Option<(String, usize)> {
    if let Token::Text(text) = &tokens.first()?.token {
        return Some((text.clone(), 1));
    }
    let is_call = |at: usize, name: Option<&str>| {
        tokens.get(at).and_then(At::word).is_some_and(|word| name.is_none_or(|name| name == word))
            && tokens.get(at + 1).is_some_and(|next| next.is_sign('!'))
            && tokens.get(at + 2).is_some_and(|next| next.is_sign('('))
    };
    if !is_call(0, Some("concat")) {
        return None;
    }
    let mut text = String::new();
    let mut next = 3;
    loop {
        let at = tokens.get(next)?;
        if at.is_sign(')') {
            return Some((text, next + 1));
        } else if at.is_sign(',') || matches!(at.token, Token::Remark(_)) {
            next += 1;
        } else if let Some((piece, length)) = text_at(place, &tokens[next..], macros) {
            text.push_str(&piece);
            next += length;
        } else if is_call(next, None) {
            let name = at.word().unwrap_or_default();
            let piece = macros.get(name).unwrap_or_else(|| {
                panic!(
                    "{place}:{}: `{name}!` is not a macro without arguments of this file or of one in LENDERS",
                    at.line
                )
            });
            text.push_str(piece);
            next += 4;
        } else {
            panic!("{place}:{}: a concat! of SQL may contain only literals and macros", at.line);
        }
    }
}

#[test]
fn statements_are_found_as_they_are_written() {
    let source = r#"
        macro_rules! columns { () => { "id, name" }; }
        const UPDATED: &str = "UPDATED"; // no statement
        fn f() {
            query("DELETE FROM people WHERE id = $1");
            query(concat!("SELECT ", columns!(), " FROM people", /* x */ " WHERE id = $1"));
            // PostgreSQL only
            query("SELECT id FROM jobs FOR UPDATE SKIP LOCKED");
            query("SELECT 1 FROM jobs");
        }"#;
    let found = find("x.rs", source, &HashMap::new());
    let sql: Vec<_> = found.iter().map(|it| (it.place.as_str(), it.sql.as_str())).collect();
    assert_eq!(
        sql,
        [
            ("x.rs:5", "DELETE FROM people WHERE id = $1"),
            ("x.rs:6", "SELECT id, name FROM people WHERE id = $1"),
            ("x.rs:8", "SELECT id FROM jobs FOR UPDATE SKIP LOCKED"),
            ("x.rs:9", "SELECT 1 FROM jobs"),
        ]
    );
    assert_eq!(found[2].only, Some(Engine::Postgres));
    assert_eq!(found[3].only, None);
}

#[tokio::test]
async fn a_statement_that_an_engine_does_not_understand_is_refused() {
    on_both_engines(async |db| {
        let mut conn = db.read().await.unwrap();
        for sql in ["SELECT nobody FROM people", "SELECT id FROM people WHERE"] {
            assert!(conn.prepare(AssertSqlSafe(sql).into_sql_str()).await.is_err(), "{sql}");
        }
    })
    .await;
}
