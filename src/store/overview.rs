//! Numbers that stand on every page.

use super::Conn;

#[derive(Debug, sqlx::FromRow)]
pub struct Counts {
    pub people: i64,
    pub to_review: i64,
    pub mail_trouble: i64,
    pub resumes_to_see: i64,
    /// Jobs that wait for a key.
    pub waiting: i64,
}

pub async fn counts(conn: &mut Conn) -> sqlx::Result<Counts> {
    sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM people) AS people,
                (SELECT COUNT(*) FROM messages WHERE state = 'drafted') AS to_review,
                (SELECT COUNT(*) FROM messages WHERE state IN ('failed', 'uncertain')) AS mail_trouble,
                (SELECT COUNT(*) FROM resumes WHERE state IN ('unclaimed', 'failed')) AS resumes_to_see,
                (SELECT COUNT(*) FROM jobs WHERE task IS NOT NULL) AS waiting",
    )
    .fetch_one(conn)
    .await
}
