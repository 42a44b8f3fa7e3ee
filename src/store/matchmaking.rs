//! The people in the room as the matchmaking page lists them: everybody with a skill or a resume.

use super::Conn;
use super::people::pattern;
use crate::model::{CampaignId, EventId, Millis, PersonId};

/// Which part of the list is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    All,
    /// With skills, and in nobody's list.
    WithoutMatch,
}

/// Terms of a search that are looked at; further ones are left out.
pub const TERMS: usize = 3;

/// A line of the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    pub id: PersonId,
    pub name: String,
    pub job_title: String,
    /// Why they are not written to; NULL: they may be.
    pub suppressed: Option<String>,
    /// The state of their match e-mail; NULL: none.
    pub mail: Option<String>,
    pub mail_sent_at: Option<Millis>,
    pub mail_campaign: Option<CampaignId>,
    /// Resumes that are still worked on.
    pub in_work: i64,
}

// `$1` the event, `$2` the part shown, `$3` to `$5` what is searched for: all of it must be found in name or skills.
macro_rules! filter {
    () => {
        " WHERE (EXISTS (SELECT 1 FROM person_skills k WHERE k.person_id = p.id)
                 OR EXISTS (SELECT 1 FROM resumes r WHERE r.person_id = p.id))
            AND ($2 = 'all'
                 OR (EXISTS (SELECT 1 FROM person_skills k WHERE k.person_id = p.id)
                     AND NOT EXISTS (SELECT 1 FROM matches x WHERE x.a_id = p.id AND x.event_id = $1)
                     AND NOT EXISTS (SELECT 1 FROM matches x WHERE x.b_id = p.id AND x.event_id = $1)))
            AND (CAST($3 AS TEXT) IS NULL OR p.name_key LIKE $3 ESCAPE '!' OR EXISTS (SELECT 1 FROM person_skills k
                 WHERE k.person_id = p.id AND k.skill_key LIKE $3 ESCAPE '!'))
            AND (CAST($4 AS TEXT) IS NULL OR p.name_key LIKE $4 ESCAPE '!' OR EXISTS (SELECT 1 FROM person_skills k
                 WHERE k.person_id = p.id AND k.skill_key LIKE $4 ESCAPE '!'))
            AND (CAST($5 AS TEXT) IS NULL OR p.name_key LIKE $5 ESCAPE '!' OR EXISTS (SELECT 1 FROM person_skills k
                 WHERE k.person_id = p.id AND k.skill_key LIKE $5 ESCAPE '!'))"
    };
}

fn word(show: Show) -> &'static str {
    match show {
        Show::All => "all",
        Show::WithoutMatch => "none",
    }
}

/// `rust + gis`: both must be found.
fn terms(search: &str) -> [Option<String>; TERMS] {
    let mut terms = search.split('+').filter_map(pattern);
    std::array::from_fn(|_| terms.next())
}

pub async fn count(conn: &mut Conn, event: EventId, search: &str, show: Show) -> sqlx::Result<i64> {
    let [first, second, third] = terms(search);
    sqlx::query_scalar(concat!("SELECT COUNT(*) FROM people p", filter!()))
        .bind(event)
        .bind(word(show))
        .bind(first)
        .bind(second)
        .bind(third)
        .fetch_one(conn)
        .await
}

pub async fn list(
    conn: &mut Conn,
    event: EventId,
    search: &str,
    show: Show,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Listed>> {
    let [first, second, third] = terms(search);
    sqlx::query_as(concat!(
        "SELECT p.id, p.name, p.job_title, s.reason AS suppressed, m.state AS mail, m.sent_at AS mail_sent_at,
                m.campaign_id AS mail_campaign,
                (SELECT COUNT(*) FROM resumes r WHERE r.person_id = p.id
                 AND r.state IN ('queued', 'reading', 'waiting', 'extracting')) AS in_work
         FROM people p
         LEFT JOIN suppressions s ON s.address_hash = p.address_hash
         LEFT JOIN messages m ON m.id = (SELECT MAX(n.id) FROM messages n WHERE n.person_id = p.id
           AND n.kind = 'match' AND n.event_id = $1 AND n.forgotten_at IS NULL)",
        filter!(),
        " ORDER BY p.name_key, p.id LIMIT $6 OFFSET $7"
    ))
    .bind(event)
    .bind(word(show))
    .bind(first)
    .bind(second)
    .bind(third)
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

/// How many match e-mails would be written now, wait for a person, and went out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Mails {
    pub due: i64,
    pub to_review: i64,
    pub in_work: i64,
    pub sent: i64,
}

pub async fn mails(conn: &mut Conn, event: EventId) -> sqlx::Result<Mails> {
    sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM people p
                 WHERE (EXISTS (SELECT 1 FROM matches x WHERE x.a_id = p.id AND x.event_id = $1
                                AND x.a_rank IS NOT NULL)
                        OR EXISTS (SELECT 1 FROM matches x WHERE x.b_id = p.id AND x.event_id = $1
                                   AND x.b_rank IS NOT NULL))
                   AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_hash = p.address_hash)
                   AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.person_id = p.id AND m.event_id = $1
                                   AND m.kind = 'match' AND m.forgotten_at IS NULL)) AS due,
                COUNT(CASE WHEN state IN ('drafted', 'failed', 'uncertain')
                             OR (state = 'approved' AND released_at IS NULL) THEN 1 END) AS to_review,
                COUNT(CASE WHEN state IN ('queued', 'drafting', 'sending')
                             OR (state = 'approved' AND released_at IS NOT NULL) THEN 1 END) AS in_work,
                COUNT(CASE WHEN state = 'sent' THEN 1 END) AS sent
         FROM messages WHERE event_id = $1 AND kind = 'match' AND forgotten_at IS NULL",
    )
    .bind(event)
    .fetch_one(conn)
    .await
}

/// Whether two people are a pair.
pub async fn is_pair(
    conn: &mut Conn,
    event: EventId,
    one: PersonId,
    other: PersonId,
) -> sqlx::Result<bool> {
    let found: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM matches WHERE event_id = $1 AND a_id = $2 AND b_id = $3",
    )
    .bind(event)
    .bind(one.min(other))
    .bind(one.max(other))
    .fetch_one(conn)
    .await?;
    Ok(found > 0)
}

// ── Skills ──

/// A skill of the room.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Skill {
    pub skill: String,
    pub people: i64,
}

/// The skills of the room, the most common first.
pub async fn skills(conn: &mut Conn, limit: i64, offset: i64) -> sqlx::Result<Vec<Skill>> {
    sqlx::query_as(
        "SELECT MIN(skill) AS skill, COUNT(*) AS people FROM person_skills
         GROUP BY skill_key ORDER BY COUNT(*) DESC, skill_key LIMIT $1 OFFSET $2",
    )
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

pub async fn count_skills(conn: &mut Conn) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM (SELECT 1 FROM person_skills GROUP BY skill_key) keys")
        .fetch_one(conn)
        .await
}

/// A person's skill and how many people have it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Own {
    pub skill: String,
    pub people: i64,
}

/// A person's skills, the rarest first.
pub async fn skills_of(conn: &mut Conn, person: PersonId) -> sqlx::Result<Vec<Own>> {
    sqlx::query_as(
        "SELECT k.skill, (SELECT COUNT(*) FROM person_skills o WHERE o.skill_key = k.skill_key) AS people
         FROM person_skills k WHERE k.person_id = $1 ORDER BY 2, k.skill_key",
    )
    .bind(person)
    .fetch_all(conn)
    .await
}
