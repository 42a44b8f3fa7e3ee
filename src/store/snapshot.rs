//! Everything that the pool needs for a decision, in one statement. It runs before every request: each statement costs
//! two thread switches or a round trip, and on a busy machine a booking becomes outdated because of them.

use super::page_keys::Versions;
use super::quotas::Quota;
use super::{Conn, Engine};
use crate::model::{KeyRecord, Millis};

/// The pool at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub versions: Versions,
    /// The fair-queueing clock: the place of the last start.
    pub turn: i64,
    /// Starts since the last bulk one.
    pub since_bulk: i64,
    pub keys: Vec<KeyRecord>,
    pub quotas: Vec<Quota>,
    pub held: Vec<Held>,
    pub turns: Vec<Turn>,
}

/// Bookings of a project and model that Google may still count.
#[derive(Clone, Debug)]
pub struct Held {
    pub project: String,
    pub model: String,
    pub slots: Vec<HeldSlot>,
}

#[derive(Clone, Copy, Debug)]
pub struct HeldSlot {
    pub free_at: Millis,
    pub tokens: i64,
}

/// [`Held`] as the snapshot's statement returns it: all slots as one text, each with its end and its tokens.
#[derive(serde::Deserialize)]
struct HeldRow {
    project: String,
    model: String,
    slots: String,
}

impl From<HeldRow> for Held {
    fn from(row: HeldRow) -> Self {
        let slot = |text: &str| {
            let (free_at, tokens) = text.split_once(':')?;
            Some(HeldSlot { free_at: Millis(free_at.parse().ok()?), tokens: tokens.parse().ok()? })
        };
        let slots = row.slots.split(' ').filter_map(slot).collect();
        Self { project: row.project, model: row.model, slots }
    }
}

/// The last start of a task, and its place in fair queueing.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Turn {
    pub task: String,
    pub last_start_at: Millis,
    pub finish: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    versions: Versions,
    turn: i64,
    since_bulk: i64,
    keys: String,
    quotas: String,
    held: String,
    turns: String,
}

pub async fn read(conn: &mut Conn, now: Millis) -> sqlx::Result<Snapshot> {
    let query = match Engine::of(conn) {
        // SQLite only
        Engine::Sqlite => sqlx::query_as::<_, Row>(concat!(
            "SELECT p.keys_version, p.env_version, p.turn, p.since_bulk,
                 (SELECT json_group_array(json_array(",
            key_columns!(),
            ")) FROM keys) AS keys,
                 (SELECT json_group_array(json_array(",
            quota_columns!(),
            ")) FROM quotas) AS quotas,
                 (SELECT json_group_array(json_array(project, model, slots)) FROM (
                      SELECT project, model,
                          group_concat(free_at || ':' || COALESCE(tokens_in, tokens_estimated), ' ') AS slots
                      FROM bookings WHERE free_at > $1 GROUP BY project, model)) AS held,
                 (SELECT json_group_array(json_array(task, last_start_at, finish)) FROM task_turns) AS turns
             FROM pool p WHERE p.id = 1",
        )),
        // PostgreSQL only
        Engine::Postgres => sqlx::query_as::<_, Row>(concat!(
            "SELECT p.keys_version, p.env_version, p.turn, p.since_bulk,
                 (SELECT CAST(COALESCE(json_agg(json_build_array(",
            key_columns!(),
            ")), '[]') AS TEXT) FROM keys) AS keys,
                 (SELECT CAST(COALESCE(json_agg(json_build_array(",
            quota_columns!(),
            ")), '[]') AS TEXT) FROM quotas) AS quotas,
                 (SELECT CAST(COALESCE(json_agg(json_build_array(project, model, slots)), '[]') AS TEXT) FROM (
                      SELECT project, model,
                          string_agg(free_at || ':' || COALESCE(tokens_in, tokens_estimated), ' ') AS slots
                      FROM bookings WHERE free_at > $1 GROUP BY project, model) AS grouped) AS held,
                 (SELECT CAST(COALESCE(json_agg(json_build_array(task, last_start_at, finish)), '[]') AS TEXT)
                      FROM task_turns) AS turns
             FROM pool p WHERE p.id = 1",
        )),
    };
    let row = query.bind(now).fetch_one(conn).await?;
    let held: Vec<HeldRow> = rows(&row.held)?;
    Ok(Snapshot {
        versions: row.versions,
        turn: row.turn,
        since_bulk: row.since_bulk,
        keys: rows(&row.keys)?,
        quotas: rows(&row.quotas)?,
        held: held.into_iter().map(Held::from).collect(),
        turns: rows(&row.turns)?,
    })
}

/// Reads rows that came as one JSON text. Each row is an array in the order of its struct's fields.
fn rows<T: serde::de::DeserializeOwned>(rows: &str) -> sqlx::Result<Vec<T>> {
    serde_json::from_str(rows).map_err(|error| sqlx::Error::Decode(error.into()))
}
