//! Setting up the Discord server: the last run of each action with its result, and the ids of roles and channels.

use super::Conn;
use crate::model::setup::{Existing, Finding, Resource, SetupAction, SetupState};
use crate::model::{Millis, SetupId};

// ── Ids on the server ──

/// The id that Discord gave the resource; `None` when it was neither created nor found yet.
pub async fn resource(
    conn: &mut Conn,
    guild: &str,
    resource: Resource,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT discord_id FROM discord_spots WHERE guild = $1 AND spot = $2")
        .bind(guild)
        .bind(resource.as_str())
        .fetch_optional(conn)
        .await
}

pub async fn put_resource(
    conn: &mut Conn,
    guild: &str,
    resource: Resource,
    discord_id: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO discord_spots (guild, spot, discord_id) VALUES ($1, $2, $3)
         ON CONFLICT (guild, spot) DO UPDATE SET discord_id = excluded.discord_id",
    )
    .bind(guild)
    .bind(resource.as_str())
    .bind(discord_id)
    .execute(conn)
    .await?;
    Ok(())
}

/// All resources that are known on a server.
pub async fn resources(conn: &mut Conn, guild: &str) -> sqlx::Result<Vec<(Resource, String)>> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT spot, discord_id FROM discord_spots WHERE guild = $1 ORDER BY spot")
            .bind(guild)
            .fetch_all(conn)
            .await?;
    // A resource of a newer version of Muster is skipped.
    Ok(rows.into_iter().filter_map(|(word, id)| Some((word.parse().ok()?, id))).collect())
}

// ── Runs ──

macro_rules! columns {
    () => {
        "id, guild, deed, state, asked_by, asked_at, ended_at, wait_until, findings, seen"
    };
}

/// The last run of an action.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: SetupId,
    pub guild: String,
    pub action: SetupAction,
    pub state: SetupState,
    pub asked_by: String,
    pub asked_at: Millis,
    pub ended_at: Option<Millis>,
    /// When it is retried, if Discord asked to wait or could not be reached.
    pub wait_until: Option<Millis>,
    pub findings: Vec<Finding>,
    /// The server's roles and channels, if the action read them.
    pub existing: Option<Existing>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: SetupId,
    guild: String,
    #[sqlx(rename = "deed", try_from = "String")]
    action: SetupAction,
    #[sqlx(try_from = "String")]
    state: SetupState,
    asked_by: String,
    asked_at: Millis,
    ended_at: Option<Millis>,
    wait_until: Option<Millis>,
    findings: String,
    seen: String,
}

impl From<Row> for Run {
    fn from(row: Row) -> Self {
        let Row { id, guild, action, state, asked_by, asked_at, ended_at, wait_until, .. } = row;
        // Only this file writes this JSON. If it cannot be parsed, show no findings rather than an error.
        let findings = serde_json::from_str(&row.findings).unwrap_or_default();
        let existing = serde_json::from_str(&row.seen).ok();
        Self {
            id,
            guild,
            action,
            state,
            asked_by,
            asked_at,
            ended_at,
            wait_until,
            findings,
            existing,
        }
    }
}

/// Records that an action must run (again) on a server. Its last result stays until then.
pub async fn request(
    conn: &mut Conn,
    guild: &str,
    action: SetupAction,
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
    .bind(action.as_str())
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

/// The last run of each action on a server.
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

/// Postpones a run until then, and says why.
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

/// Stores a run's result, unless the action was requested again meanwhile. `None` keeps the known roles and channels.
pub async fn end(
    conn: &mut Conn,
    run: &Run,
    state: SetupState,
    findings: &[Finding],
    existing: Option<&Existing>,
    now: Millis,
) -> sqlx::Result<()> {
    let existing = existing.map(|it| serde_json::to_string(it).unwrap_or_default());
    sqlx::query(
        "UPDATE discord_setup SET state = $2, findings = $3, seen = COALESCE($4, seen), ended_at = $5, wait_until = NULL
         WHERE id = $1 AND asked_at = $6",
    )
    .bind(run.id)
    .bind(state.as_str())
    .bind(text(findings))
    .bind(existing)
    .bind(now)
    .bind(run.asked_at)
    .execute(conn)
    .await?;
    Ok(())
}

fn text(findings: &(impl serde::Serialize + ?Sized)) -> String {
    serde_json::to_string(findings).unwrap_or_else(|_| "[]".into())
}
