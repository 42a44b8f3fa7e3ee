//! The facts of the event, and small settings.

use super::Conn;
use crate::model::EventId;

/// Where a column is NULL, the environment's value applies.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct EventRow {
    pub name: Option<String>,
    pub dates: Option<String>,
    pub place: Option<String>,
    pub link: Option<String>,
    pub community_link: Option<String>,
    pub organiser: Option<String>,
    pub address: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    pub sender_name: Option<String>,
    pub reply_to: Option<String>,
    pub guidance: Option<String>,
}

pub async fn find(conn: &mut Conn, id: EventId) -> sqlx::Result<EventRow> {
    sqlx::query_as(
        "SELECT name, dates, place, link, community_link, organiser, address, language, time_zone, sender_name,
                reply_to, guidance
         FROM events WHERE id = $1",
    )
    .bind(id)
    .fetch_one(conn)
    .await
}

pub async fn update(conn: &mut Conn, id: EventId, row: &EventRow) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE events SET name = $2, dates = $3, place = $4, link = $5, community_link = $6, organiser = $7,
                address = $8, language = $9, time_zone = $10, sender_name = $11, reply_to = $12, guidance = $13
         WHERE id = $1",
    )
    .bind(id)
    .bind(&row.name)
    .bind(&row.dates)
    .bind(&row.place)
    .bind(&row.link)
    .bind(&row.community_link)
    .bind(&row.organiser)
    .bind(&row.address)
    .bind(&row.language)
    .bind(&row.time_zone)
    .bind(&row.sender_name)
    .bind(&row.reply_to)
    .bind(&row.guidance)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn setting(conn: &mut Conn, event: EventId, name: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT value FROM settings WHERE event_id = $1 AND name = $2")
        .bind(event)
        .bind(name)
        .fetch_optional(conn)
        .await
}

pub async fn set(conn: &mut Conn, event: EventId, name: &str, value: &str) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO settings (event_id, name, value) VALUES ($1, $2, $3)
         ON CONFLICT (event_id, name) DO UPDATE SET value = excluded.value",
    )
    .bind(event)
    .bind(name)
    .bind(value)
    .execute(conn)
    .await?;
    Ok(())
}
