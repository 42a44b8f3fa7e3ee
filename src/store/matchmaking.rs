//! What the matchmaking pages and their JSON interface show: people with a skill or a resume, counts, and skills.

use super::Conn;
use super::people::pattern;
use crate::model::{CampaignId, EventId, Millis, PairId, PersonId, words};

/// A part of the list of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    All,
    /// With skills, but in no pair.
    WithoutMatch,
}

words!(Show, "part of the list of people", {
    All => "all",
    WithoutMatch => "none",
});

/// Search terms that are used; further ones are ignored.
const TERMS: usize = 3;

/// A row of the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ListedPerson {
    pub id: PersonId,
    pub name: String,
    pub job_title: String,
    /// Why they get no email; NULL: they may get one.
    pub suppressed: Option<String>,
    /// The state of the message about their matches; NULL: none.
    pub message_state: Option<String>,
    pub message_sent_at: Option<Millis>,
    pub message_campaign: Option<CampaignId>,
    /// Resumes that are still in progress.
    pub resumes_in_progress: i64,
}

// `$1` the event, `$2` the part of the list, `$3` to `$5` search terms, each of which must be in the name or a skill.
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

/// `rust + gis`: both must be found.
fn terms(search: &str) -> [Option<String>; TERMS] {
    let mut terms = search.split('+').filter_map(pattern);
    std::array::from_fn(|_| terms.next())
}

pub async fn count(conn: &mut Conn, event: EventId, search: &str, show: Show) -> sqlx::Result<i64> {
    let [first, second, third] = terms(search);
    sqlx::query_scalar(concat!("SELECT COUNT(*) FROM people p", filter!()))
        .bind(event)
        .bind(show.as_str())
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
) -> sqlx::Result<Vec<ListedPerson>> {
    let [first, second, third] = terms(search);
    sqlx::query_as(concat!(
        "SELECT p.id, p.name, p.job_title, s.reason AS suppressed, m.state AS message_state,
                m.sent_at AS message_sent_at, m.campaign_id AS message_campaign,
                (SELECT COUNT(*) FROM resumes r WHERE r.person_id = p.id
                 AND r.state IN ('queued', 'reading', 'waiting', 'extracting')) AS resumes_in_progress
         FROM people p
         LEFT JOIN suppressions s ON s.address_hash = p.address_hash
         LEFT JOIN messages m ON m.id = (SELECT MAX(n.id) FROM messages n WHERE n.person_id = p.id
           AND n.kind = 'match' AND n.event_id = $1 AND n.forgotten_at IS NULL)",
        filter!(),
        " ORDER BY p.name_key, p.id LIMIT $6 OFFSET $7"
    ))
    .bind(event)
    .bind(show.as_str())
    .bind(first)
    .bind(second)
    .bind(third)
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

/// How many match emails are due, in progress, waiting for review, and sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct EmailCounts {
    pub due: i64,
    pub to_review: i64,
    pub in_progress: i64,
    pub sent: i64,
}

pub async fn email_counts(conn: &mut Conn, event: EventId) -> sqlx::Result<EmailCounts> {
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
                             OR (state = 'approved' AND released_at IS NOT NULL) THEN 1 END) AS in_progress,
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

/// Counts of people, pairs and scores.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stats {
    pub total_users: i64,
    pub users_with_resumes: i64,
    pub users_with_skills: i64,
    pub total_matches: i64,
    /// People with skills who are in no pair.
    pub without_match: i64,
    /// Of the scores, in thousandths.
    pub avg: Option<f64>,
    pub max: Option<i64>,
    pub min: Option<i64>,
    pub last_run: Option<Millis>,
}

pub async fn stats(conn: &mut Conn, event: EventId) -> sqlx::Result<Stats> {
    sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM people) AS total_users,
                (SELECT COUNT(DISTINCT person_id) FROM resumes WHERE person_id IS NOT NULL) AS users_with_resumes,
                (SELECT COUNT(DISTINCT person_id) FROM person_skills) AS users_with_skills,
                (SELECT COUNT(*) FROM people p WHERE EXISTS (SELECT 1 FROM person_skills k WHERE k.person_id = p.id)
                   AND NOT EXISTS (SELECT 1 FROM matches x WHERE x.a_id = p.id AND x.event_id = $1)
                   AND NOT EXISTS (SELECT 1 FROM matches x WHERE x.b_id = p.id AND x.event_id = $1)) AS without_match,
                (SELECT MAX(finished_at) FROM match_runs WHERE event_id = $1) AS last_run,
                COUNT(*) AS total_matches, CAST(AVG(score) AS DOUBLE PRECISION) AS avg, MAX(score) AS max,
                MIN(score) AS min
         FROM matches WHERE event_id = $1",
    )
    .bind(event)
    .fetch_one(conn)
    .await
}

/// A pair with both names.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct NamedPair {
    pub id: PairId,
    pub a_id: PersonId,
    pub b_id: PersonId,
    pub a_name: String,
    pub b_name: String,
    pub score: i64,
    pub shared: String,
    pub created_at: Millis,
}

/// The newest pairs.
pub async fn recent_pairs(
    conn: &mut Conn,
    event: EventId,
    limit: i64,
) -> sqlx::Result<Vec<NamedPair>> {
    sqlx::query_as(
        "SELECT x.id, x.a_id, x.b_id, a.name AS a_name, b.name AS b_name, x.score, x.shared, x.created_at
         FROM matches x JOIN people a ON a.id = x.a_id JOIN people b ON b.id = x.b_id
         WHERE x.event_id = $1 ORDER BY x.created_at DESC, x.score DESC, x.id LIMIT $2",
    )
    .bind(event)
    .bind(limit)
    .fetch_all(conn)
    .await
}

// ── Skills ──

/// A skill and how many people have it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SkillCount {
    pub skill: String,
    pub people: i64,
}

/// All skills, the most common first.
pub async fn skills(conn: &mut Conn, limit: i64, offset: i64) -> sqlx::Result<Vec<SkillCount>> {
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

/// A person's skills, the rarest first.
pub async fn skills_of(conn: &mut Conn, person: PersonId) -> sqlx::Result<Vec<SkillCount>> {
    sqlx::query_as(
        "SELECT k.skill, (SELECT COUNT(*) FROM person_skills o WHERE o.skill_key = k.skill_key) AS people
         FROM person_skills k WHERE k.person_id = $1 ORDER BY 2, k.skill_key",
    )
    .bind(person)
    .fetch_all(conn)
    .await
}
