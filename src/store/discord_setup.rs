//! Setting up the Discord server: what was asked for and what came of it, and where things stand on the server.

use super::Conn;
use crate::model::setup::{Deed, DeedState, Finding, Seen, Spot};
use crate::model::{Millis, SetupId};

// ── Where things stand on the server ──

/// The number that Discord gave the place; `None`: it was neither made nor found yet.
pub async fn spot(conn: &mut Conn, guild: &str, spot: Spot) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT discord_id FROM discord_spots WHERE guild = $1 AND spot = $2")
        .bind(guild)
        .bind(spot.as_str())
        .fetch_optional(conn)
        .await
}

pub async fn put_spot(
    conn: &mut Conn,
    guild: &str,
    spot: Spot,
    discord_id: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO discord_spots (guild, spot, discord_id) VALUES ($1, $2, $3)
         ON CONFLICT (guild, spot) DO UPDATE SET discord_id = excluded.discord_id",
    )
    .bind(guild)
    .bind(spot.as_str())
    .bind(discord_id)
    .execute(conn)
    .await?;
    Ok(())
}

/// All places that are known on a server.
pub async fn spots(conn: &mut Conn, guild: &str) -> sqlx::Result<Vec<(Spot, String)>> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT spot, discord_id FROM discord_spots WHERE guild = $1 ORDER BY spot")
            .bind(guild)
            .fetch_all(conn)
            .await?;
    // One of a newer Muster's is none of ours.
    Ok(rows.into_iter().filter_map(|(spot, id)| Some((spot.parse().ok()?, id))).collect())
}

// ── What was asked for ──

macro_rules! columns {
    () => {
        "id, guild, deed, state, asked_by, asked_at, ended_at, wait_until, findings, seen"
    };
}

/// A deed as it was asked for last.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: SetupId,
    /// The server that is meant.
    pub guild: String,
    pub deed: Deed,
    pub state: DeedState,
    pub asked_by: String,
    pub asked_at: Millis,
    pub ended_at: Option<Millis>,
    /// Where Discord asked us to wait or could not be reached: not before then.
    pub wait_until: Option<Millis>,
    pub findings: Vec<Finding>,
    pub seen: Option<Seen>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: SetupId,
    guild: String,
    #[sqlx(try_from = "String")]
    deed: Deed,
    #[sqlx(try_from = "String")]
    state: DeedState,
    asked_by: String,
    asked_at: Millis,
    ended_at: Option<Millis>,
    wait_until: Option<Millis>,
    findings: String,
    seen: String,
}

impl From<Row> for Run {
    fn from(row: Row) -> Self {
        let Row { id, guild, deed, state, asked_by, asked_at, ended_at, wait_until, .. } = row;
        // Only this file writes them; what cannot be read is shown as nothing rather than as a fault.
        let findings = serde_json::from_str(&row.findings).unwrap_or_default();
        let seen = serde_json::from_str(&row.seen).ok();
        Self { id, guild, deed, state, asked_by, asked_at, ended_at, wait_until, findings, seen }
    }
}

/// Writes down that it is to be done (again) on a server. What came of it before stands until then.
pub async fn ask(
    conn: &mut Conn,
    guild: &str,
    deed: Deed,
    who: &str,
    now: Millis,
) -> sqlx::Result<SetupId> {
    sqlx::query_scalar(
        "INSERT INTO discord_setup (guild, deed, state, asked_by, asked_at) VALUES ($1, $2, 'waiting', $3, $4)
         ON CONFLICT (guild, deed) DO UPDATE SET state = 'waiting', asked_by = excluded.asked_by,
             asked_at = excluded.asked_at, wait_until = NULL
         RETURNING id",
    )
    .bind(guild)
    .bind(deed.as_str())
    .bind(who)
    .bind(now)
    .fetch_one(conn)
    .await
}

pub async fn find(conn: &mut Conn, id: SetupId) -> sqlx::Result<Option<Run>> {
    let row: Option<Row> =
        sqlx::query_as(concat!("SELECT ", columns!(), " FROM discord_setup WHERE id = $1"))
            .bind(id)
            .fetch_optional(conn)
            .await?;
    Ok(row.map(Run::from))
}

/// What was asked for on a server.
pub async fn list(conn: &mut Conn, guild: &str) -> sqlx::Result<Vec<Run>> {
    let rows: Vec<Row> = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM discord_setup WHERE guild = $1 ORDER BY id"
    ))
    .bind(guild)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Run::from).collect())
}

/// It cannot be done now, and why; it is tried again at `until`.
pub async fn put_off(conn: &mut Conn, run: &Run, until: Millis, why: &Finding) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE discord_setup SET wait_until = $2, findings = $3 WHERE id = $1 AND asked_at = $4",
    )
    .bind(run.id)
    .bind(until)
    .bind(text(&[why]))
    .bind(run.asked_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// What came of it. Asked for again meanwhile, it goes on waiting. What was seen stays when `seen` is `None`.
pub async fn end(
    conn: &mut Conn,
    run: &Run,
    state: DeedState,
    findings: &[Finding],
    seen: Option<&Seen>,
    now: Millis,
) -> sqlx::Result<()> {
    let seen = seen.map(|seen| serde_json::to_string(seen).unwrap_or_default());
    sqlx::query(
        "UPDATE discord_setup SET state = $2, findings = $3, seen = COALESCE($4, seen), ended_at = $5, wait_until = NULL
         WHERE id = $1 AND asked_at = $6",
    )
    .bind(run.id)
    .bind(state.as_str())
    .bind(text(findings))
    .bind(seen)
    .bind(now)
    .bind(run.asked_at)
    .execute(conn)
    .await?;
    Ok(())
}

fn text(findings: &(impl serde::Serialize + ?Sized)) -> String {
    serde_json::to_string(findings).unwrap_or_else(|_| "[]".into())
}
