//! When each requester asked, for the rate limit.

use crate::model::Millis;
use crate::store::Conn;

/// When a requester asked since then, the latest first.
pub async fn asks(conn: &mut Conn, requester: &str, since: Millis) -> sqlx::Result<Vec<Millis>> {
    sqlx::query_scalar(
        "SELECT asked_at FROM faq_asks WHERE asker = $1 AND asked_at > $2 ORDER BY asked_at DESC",
    )
    .bind(requester)
    .bind(since)
    .fetch_all(conn)
    .await
}

pub async fn count_ask(conn: &mut Conn, requester: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO faq_asks (asker, asked_at) VALUES ($1, $2)")
        .bind(requester)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn forget_asks(conn: &mut Conn, before: Millis) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM faq_asks WHERE asked_at <= $1").bind(before).execute(conn).await?;
    Ok(())
}
