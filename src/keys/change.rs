//! Changes of the keys on `/keys`: add, remove, set projects. Every process sees them at its next decision.

use super::actions::KeyError;
use super::pool::Pool;
use super::set::{Keys, Place, called, ledger_name};
use super::sync::{move_to_project, refresh};
use crate::model::{KeyNumber, KeyRecord, Millis, Secret};
use crate::store::page_keys::{self, PageKey};
use crate::store::{self, Conn};

/// A longer text is not a key.
const LONGEST: usize = 200;
/// A shorter text is not a key: real keys have at least 39 characters.
const SHORTEST: usize = 10;
/// The most characters of a project's name.
pub const LONGEST_PROJECT: usize = 60;

/// Why a key was not added. Never contains any of the key.
#[derive(Debug, thiserror::Error)]
pub enum NotAdded {
    #[error("the key is missing")]
    Blank,
    #[error("a key has no spaces or line breaks inside: please copy it again")]
    Spaces,
    #[error("this is too short for a key: please copy all of it")]
    Short,
    #[error("this is too long for a key: a key has at most {LONGEST} characters")]
    Long,
    #[error("this is not a key: a key has only English letters, digits and - _ .")]
    Characters,
    #[error("this key is already here, as {0}; each key counts once")]
    Known(String),
    #[error("keys cannot be stored: this process has no secret to encrypt them with")]
    NoSecret,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Reads a typed key. Only Google can tell whether it is valid.
pub fn read_key(typed: &str) -> Result<Secret, NotAdded> {
    let key = typed.trim();
    if key.is_empty() {
        return Err(NotAdded::Blank);
    }
    if key.contains(char::is_whitespace) {
        return Err(NotAdded::Spaces);
    }
    if key.chars().count() > LONGEST {
        return Err(NotAdded::Long);
    }
    if !key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        return Err(NotAdded::Characters);
    }
    if key.len() < SHORTEST {
        return Err(NotAdded::Short);
    }
    Ok(Secret::new(key))
}

/// Adds a key and returns its number: higher than any number so far, so that nothing recorded about an old key is
/// mistaken for this one.
pub async fn add(
    conn: &mut Conn,
    pool: &Pool,
    key: &Secret,
    project: Option<&str>,
    now: Millis,
) -> Result<KeyNumber, NotAdded> {
    store::keys::lock_pool(conn).await?;
    refresh(conn, pool).await?;
    let keys = pool.keys();
    let vault = pool.vault().ok_or(NotAdded::NoSecret)?;
    let fingerprint = pool.fingerprint(key);
    if let Some(known) = keys.with_fingerprint(&fingerprint) {
        return Err(NotAdded::Known(called(known.number, known.place)));
    }
    let page = page_keys::list(conn).await?;
    if let Some(known) = page.iter().find(|it| it.fingerprint == fingerprint) {
        return Err(NotAdded::Known(called(known.number, Place::Page)));
    }
    let variables = keys.settings().keys.iter().map(|it| it.number).max();
    let highest = page_keys::highest_number(conn).await?;
    let number = variables.map_or(highest, |it| it.max(highest)).next();
    let sealed = vault.seal(key, &fingerprint);
    let row = PageKey { fingerprint, number, sealed };
    page_keys::insert(conn, &row, now).await?;
    let its_project = ledger_name(project, &row.fingerprint);
    let before = record_with(conn, &row.fingerprint).await?;
    store::keys::record(conn, &row.fingerprint, number, &its_project, now).await?;
    page_keys::name_project(conn, &row.fingerprint, project).await?;
    if let Some(before) = before {
        // The key was here before. Whoever enters it again wants it to serve.
        store::keys::resume(conn, before.id).await?;
        store::keys::clear_refusals(conn, before.id).await?;
        if before.project != its_project {
            let others = keys.iter().any(|it| it.project == before.project);
            move_to_project(conn, pool, &before, &its_project, others, now).await?;
        }
    }
    page_keys::changed(conn).await?;
    tracing::info!(key.number = number.0, "Key #{number} was entered on the page");
    Ok(number)
}

/// Removes a key of the page, even one that this process cannot open. Requests in progress finish; its history stays.
pub async fn remove(conn: &mut Conn, pool: &Pool, number: KeyNumber) -> Result<(), KeyError> {
    store::keys::lock_pool(conn).await?;
    refresh(conn, pool).await?;
    let page = page_keys::list(conn).await?;
    let Some(key) = page.iter().find(|key| key.number == number) else {
        let known = pool.keys().variable(number).is_some();
        return Err(if known { KeyError::Variable } else { KeyError::Gone });
    };
    page_keys::delete(conn, &key.fingerprint).await?;
    page_keys::changed(conn).await?;
    tracing::info!(key.number = number.0, "Key #{number} was removed on the page");
    Ok(())
}

/// Sets the project of a key; `None`: the project of its variable, otherwise one of its own.
pub async fn name_project(
    conn: &mut Conn,
    pool: &Pool,
    number: KeyNumber,
    name: Option<&str>,
    now: Millis,
) -> Result<(), KeyError> {
    store::keys::lock_pool(conn).await?;
    refresh(conn, pool).await?;
    let keys = pool.keys();
    if keys.key(number).is_none() {
        return Err(KeyError::Gone);
    }
    assign(conn, pool, &keys, &[number], name, now).await?;
    Ok(())
}

/// Groups the projects of two keys into one, including what they have sent already. Returns its name.
pub async fn group(
    conn: &mut Conn,
    pool: &Pool,
    numbers: [KeyNumber; 2],
    now: Millis,
) -> Result<String, KeyError> {
    store::keys::lock_pool(conn).await?;
    refresh(conn, pool).await?;
    let keys = pool.keys();
    let [Some(a), Some(b)] = numbers.map(|number| keys.key(number)) else {
        return Err(KeyError::Gone);
    };
    let name = a.project_name.clone().or(b.project_name.clone()).unwrap_or_else(|| {
        let taken = |name: &String| keys.iter().any(|it| it.project_name.as_ref() == Some(name));
        let mut names = (a.number.min(b.number).0..).map(|number| format!("group-{number}"));
        names.find(|name| !taken(name)).unwrap_or_default()
    });
    let both = keys.iter().filter(|it| it.project == a.project || it.project == b.project);
    let members: Vec<KeyNumber> = both.map(|it| it.number).collect();
    assign(conn, pool, &keys, &members, Some(&name), now).await?;
    Ok(name)
}

async fn assign(
    conn: &mut Conn,
    pool: &Pool,
    keys: &Keys,
    members: &[KeyNumber],
    name: Option<&str>,
    now: Millis,
) -> sqlx::Result<()> {
    for (place, number) in members.iter().enumerate() {
        let Some(key) = keys.key(*number) else { continue };
        page_keys::name_project(conn, &key.fingerprint, name).await?;
        let of_variable = match key.place {
            Place::Variable => keys.variable(*number).and_then(|it| it.project.as_deref()),
            Place::Page => None,
        };
        let project = ledger_name(name.or(of_variable), &key.fingerprint);
        let Some(row) = record_with(conn, &key.fingerprint).await? else { continue };
        if row.project != project {
            store::keys::record(conn, &key.fingerprint, *number, &project, now).await?;
            let moved = &members[..=place];
            let others =
                keys.iter().any(|it| it.project == row.project && !moved.contains(&it.number));
            move_to_project(conn, pool, &row, &project, others, now).await?;
        }
    }
    page_keys::changed(conn).await
}

async fn record_with(conn: &mut Conn, fingerprint: &str) -> sqlx::Result<Option<KeyRecord>> {
    let rows = store::keys::list(conn).await?;
    Ok(rows.into_iter().find(|row| row.fingerprint == fingerprint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_be_a_key_is_refused_without_repeating_it() {
        assert_eq!(
            read_key("  invented-material.1_A\n").unwrap().expose(),
            "invented-material.1_A"
        );
        for (typed, why) in [
            ("", "missing"),
            (" \t ", "missing"),
            ("invented material", "spaces"),
            ("invented\nmaterial", "spaces"),
            ("short-one", "too short"),
            ("invented-material-ü", "not a key"),
            ("GEMINI_API_KEY1=invented", "not a key"),
            (&"long".repeat(51), "too long"),
        ] {
            let error = read_key(typed).unwrap_err().to_string();
            assert!(error.contains(why), "{typed:?}: {error}");
            assert!(!error.contains("invented") && !error.contains("short-one"), "{error}");
        }
    }
}
