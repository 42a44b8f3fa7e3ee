//! The numbers on every page, and what waits for a person.

use super::Conn;

#[derive(Debug, sqlx::FromRow)]
pub struct Counts {
    pub people: i64,
    pub to_review: i64,
    pub mail_trouble: i64,
    pub resumes_to_see: i64,
    /// Questions that the FAQ does not answer.
    pub unanswered: i64,
    /// Jobs that wait for a key.
    pub waiting: i64,
}

pub async fn counts(conn: &mut Conn) -> sqlx::Result<Counts> {
    sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM people) AS people,
                (SELECT COUNT(*) FROM messages WHERE state = 'drafted') AS to_review,
                (SELECT COUNT(*) FROM messages WHERE state IN ('failed', 'uncertain')) AS mail_trouble,
                (SELECT COUNT(*) FROM resumes WHERE state IN ('unclaimed', 'failed')) AS resumes_to_see,
                (SELECT COUNT(*) FROM faq_questions WHERE unknown_at IS NOT NULL) AS unanswered,
                (SELECT COUNT(*) FROM jobs WHERE task IS NOT NULL) AS waiting",
    )
    .fetch_one(conn)
    .await
}

/// What waits for a person, with the newest campaign in which it does.
#[derive(Debug, sqlx::FromRow)]
pub struct Waiting {
    pub to_review: i64,
    pub review_campaign: Option<i64>,
    pub failed: i64,
    pub failed_campaign: Option<i64>,
    pub uncertain: i64,
    pub uncertain_campaign: Option<i64>,
    pub unclaimed: i64,
    pub unreadable: i64,
    pub unanswered: i64,
}

pub async fn waiting(conn: &mut Conn) -> sqlx::Result<Waiting> {
    sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM messages WHERE state = 'drafted') AS to_review,
                (SELECT MAX(campaign_id) FROM messages WHERE state = 'drafted') AS review_campaign,
                (SELECT COUNT(*) FROM messages WHERE state = 'failed') AS failed,
                (SELECT MAX(campaign_id) FROM messages WHERE state = 'failed') AS failed_campaign,
                (SELECT COUNT(*) FROM messages WHERE state = 'uncertain') AS uncertain,
                (SELECT MAX(campaign_id) FROM messages WHERE state = 'uncertain') AS uncertain_campaign,
                (SELECT COUNT(*) FROM resumes WHERE state = 'unclaimed') AS unclaimed,
                (SELECT COUNT(*) FROM resumes WHERE state = 'failed') AS unreadable,
                (SELECT COUNT(*) FROM faq_questions WHERE unknown_at IS NOT NULL) AS unanswered",
    )
    .fetch_one(conn)
    .await
}
