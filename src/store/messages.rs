//! Messages: one row per recipient of a campaign. Every change of state repeats `MessageState::can_become` in its
//! `WHERE`, so that of two racers one gets `false`.

use super::Conn;
use crate::model::made_by::{MadeBy, Maker};
use crate::model::message::{MessageKind, MessageState, SkipReason};
use crate::model::{CampaignId, EventId, MessageId, Millis, PersonId};

macro_rules! columns {
    () => {
        "id, campaign_id, event_id, kind, person_id, state, skip_reason, subject, body, made_by, made_model, made_key,
         made_why, findings, hint, drafts, error, sends, not_before, approved_hash, approved_at, approved_by,
         released_at, created_at, drafted_at, sent_at, forgotten_at"
    };
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Message {
    pub id: MessageId,
    pub campaign_id: CampaignId,
    pub event_id: EventId,
    #[sqlx(try_from = "String")]
    pub kind: MessageKind,
    pub person_id: PersonId,
    #[sqlx(try_from = "String")]
    pub state: MessageState,
    pub skip_reason: Option<String>,
    pub subject: String,
    /// From the greeting to the last paragraph.
    pub body: String,
    pub made_by: Option<String>,
    pub made_model: Option<String>,
    pub made_key: Option<i64>,
    pub made_why: Option<String>,
    /// JSON of `Vec<Finding>`.
    pub findings: String,
    pub hint: String,
    /// How often it was written since it was last asked for.
    pub drafts: i64,
    pub error: Option<String>,
    /// Deliveries that failed and count.
    pub sends: i64,
    pub not_before: Option<Millis>,
    pub approved_hash: Option<String>,
    pub approved_at: Option<Millis>,
    pub approved_by: Option<String>,
    pub released_at: Option<Millis>,
    pub created_at: Millis,
    pub drafted_at: Option<Millis>,
    pub sent_at: Option<Millis>,
    /// It does not count as an invitation any more.
    pub forgotten_at: Option<Millis>,
}

impl Message {
    pub fn made_by(&self) -> Option<MadeBy> {
        made_by(
            self.made_by.as_deref(),
            self.made_model.as_deref(),
            self.made_key,
            self.made_why.as_deref(),
        )
    }

    pub fn skip_reason(&self) -> Option<SkipReason> {
        self.skip_reason.as_deref().and_then(|word| word.parse().ok())
    }
}

/// Four columns as the one thing that they are.
pub fn made_by(
    by: Option<&str>,
    model: Option<&str>,
    key: Option<i64>,
    why: Option<&str>,
) -> Option<MadeBy> {
    let by: Maker = by?.parse().ok()?;
    Some(MadeBy { by, model: model.map(str::to_owned), key, why: why.map(str::to_owned) })
}

pub async fn find(conn: &mut Conn, id: MessageId) -> sqlx::Result<Option<Message>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM messages WHERE id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// A person's messages, the newest first.
pub async fn of_person(conn: &mut Conn, person: PersonId) -> sqlx::Result<Vec<Message>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM messages WHERE person_id = $1 ORDER BY id DESC"
    ))
    .bind(person)
    .fetch_all(conn)
    .await
}

// ── Audiences ──

/// Queues an invitation for everybody who is due: may be written to, has not registered, and has none yet.
pub async fn insert_due_invitations(
    conn: &mut Conn,
    campaign: CampaignId,
    event: EventId,
    now: Millis,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "INSERT INTO messages (campaign_id, event_id, kind, person_id, state, created_at)
         SELECT $1, $2, 'invitation', p.id, 'queued', $3 FROM people p
         WHERE p.registered_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_hash = p.address_hash)
           AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.person_id = p.id AND m.event_id = $2
                           AND m.kind = 'invitation' AND m.forgotten_at IS NULL)
         ORDER BY p.id",
    )
    .bind(campaign)
    .bind(event)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// How many people are due for an invitation.
pub async fn count_due_invitations(conn: &mut Conn, event: EventId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM people p
         WHERE p.registered_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_hash = p.address_hash)
           AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.person_id = p.id AND m.event_id = $1
                           AND m.kind = 'invitation' AND m.forgotten_at IS NULL)",
    )
    .bind(event)
    .fetch_one(conn)
    .await
}

/// How many drafts of test runs a live campaign would take over.
pub async fn count_test_drafts(conn: &mut Conn, event: EventId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM campaigns c CROSS JOIN messages m
         WHERE c.event_id = $1 AND c.kind = 'test' AND c.state IN ('running', 'paused')
           AND m.campaign_id = c.id AND m.state IN ('drafted', 'approved')
           AND (m.state = 'drafted' OR m.released_at IS NULL) AND m.forgotten_at IS NULL",
    )
    .bind(event)
    .fetch_one(conn)
    .await
}

/// Copies the drafts of test runs that were just [put aside](put_tests_aside) into a live campaign: what was written
/// (and perhaps edited) is not written again.
pub async fn copy_test_drafts(
    conn: &mut Conn,
    campaign: CampaignId,
    event: EventId,
    now: Millis,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "INSERT INTO messages (campaign_id, event_id, kind, person_id, state, subject, body, made_by, made_model,
                               made_key, made_why, findings, hint, drafts, created_at, drafted_at)
         SELECT $1, $2, 'invitation', m.person_id, 'drafted', m.subject, m.body, m.made_by, m.made_model, m.made_key,
                m.made_why, m.findings, m.hint, m.drafts, $3, m.drafted_at
         FROM messages m JOIN campaigns c ON c.id = m.campaign_id
         WHERE m.event_id = $2 AND c.kind = 'test' AND m.state = 'skipped' AND m.skip_reason = 'already_invited'
           AND m.forgotten_at = $3
         ORDER BY m.id",
    )
    .bind(campaign)
    .bind(event)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Puts the drafts of test runs aside that wait for review. First this, then the copy: on PostgreSQL each statement
/// sees what was committed before it, and a letter that is released in between must not be copied.
pub async fn put_tests_aside(
    conn: &mut Conn,
    event: EventId,
    now: Millis,
) -> sqlx::Result<Vec<CampaignId>> {
    sqlx::query_scalar(
        "UPDATE messages SET state = 'skipped', skip_reason = 'already_invited', forgotten_at = $2
         WHERE event_id = $1 AND forgotten_at IS NULL
           AND (state = 'drafted' OR (state = 'approved' AND released_at IS NULL))
           AND campaign_id IN (SELECT id FROM campaigns WHERE kind = 'test' AND state IN ('running', 'paused'))
         RETURNING campaign_id",
    )
    .bind(event)
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Queues a match e-mail for everybody who has matches, may be written to and has none yet.
pub async fn insert_due_match_letters(
    conn: &mut Conn,
    campaign: CampaignId,
    event: EventId,
    now: Millis,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "INSERT INTO messages (campaign_id, event_id, kind, person_id, state, created_at)
         SELECT $1, $2, 'match', p.id, 'queued', $3 FROM people p
         WHERE (EXISTS (SELECT 1 FROM matches x WHERE x.a_id = p.id AND x.event_id = $2 AND x.a_rank IS NOT NULL)
                OR EXISTS (SELECT 1 FROM matches x WHERE x.b_id = p.id AND x.event_id = $2 AND x.b_rank IS NOT NULL))
           AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_hash = p.address_hash)
           AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.person_id = p.id AND m.event_id = $2
                           AND m.kind = 'match' AND m.forgotten_at IS NULL)
         ORDER BY p.id",
    )
    .bind(campaign)
    .bind(event)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Makes people due for an invitation again who have none that went out, may have gone out or is on its way. Returns
/// how many people that are.
pub async fn forget_unsent_invitations(
    conn: &mut Conn,
    event: EventId,
    now: Millis,
) -> sqlx::Result<(i64, Vec<CampaignId>)> {
    let modified = sqlx::query_scalar(
        "SELECT COUNT(DISTINCT person_id) FROM messages m WHERE m.event_id = $1 AND m.kind = 'invitation'
           AND m.forgotten_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.person_id = m.person_id AND o.event_id = $1
                           AND o.kind = 'invitation' AND o.state IN ('sending', 'sent', 'uncertain'))",
    )
    .bind(event)
    .fetch_one(&mut *conn)
    .await?;
    let campaigns = sqlx::query_scalar(
        "UPDATE messages SET forgotten_at = $2,
                skip_reason = CASE WHEN state IN ('queued', 'drafting', 'drafted', 'approved') THEN 'cancelled'
                                   ELSE skip_reason END,
                state = CASE WHEN state IN ('queued', 'drafting', 'drafted', 'approved') THEN 'skipped'
                             ELSE state END
         WHERE event_id = $1 AND kind = 'invitation' AND forgotten_at IS NULL
           AND state NOT IN ('sending', 'sent', 'uncertain')
           AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.person_id = messages.person_id AND o.event_id = $1
                           AND o.kind = 'invitation' AND o.state IN ('sending', 'sent', 'uncertain'))
         RETURNING campaign_id",
    )
    .bind(event)
    .bind(now)
    .fetch_all(conn)
    .await?;
    Ok((modified, campaigns))
}

// ── Lists ──

/// A line of a campaign's list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    pub id: MessageId,
    pub person_id: PersonId,
    pub name: String,
    pub address: String,
    #[sqlx(try_from = "String")]
    pub state: MessageState,
    pub skip_reason: Option<String>,
    pub subject: String,
    pub made_by: Option<String>,
    pub made_key: Option<i64>,
    pub made_why: Option<String>,
    pub findings: String,
    pub error: Option<String>,
    pub approved_by: Option<String>,
    pub released_at: Option<Millis>,
    pub sent_at: Option<Millis>,
}

macro_rules! filter {
    () => {
        " FROM messages m JOIN people p ON p.id = m.person_id
          WHERE m.campaign_id = $1 AND (CAST($2 AS TEXT) IS NULL OR m.state = $2)
            AND (CAST($3 AS TEXT) IS NULL OR p.name_key LIKE $3 ESCAPE '!' OR p.address_key LIKE $3 ESCAPE '!'
                 OR LOWER(m.subject) LIKE $3 ESCAPE '!' OR LOWER(m.body) LIKE $3 ESCAPE '!')"
    };
}

pub async fn count(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(concat!("SELECT COUNT(*)", filter!()))
        .bind(campaign)
        .bind(state.map(MessageState::as_str))
        .bind(super::people::pattern(search))
        .fetch_one(conn)
        .await
}

pub async fn list(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(concat!(
        "SELECT m.id, m.person_id, p.name, p.address, m.state, m.skip_reason, m.subject, m.made_by, m.made_key,
                m.made_why, m.findings, m.error, m.approved_by, m.released_at, m.sent_at",
        filter!(),
        " ORDER BY m.id LIMIT $4 OFFSET $5"
    ))
    .bind(campaign)
    .bind(state.map(MessageState::as_str))
    .bind(super::people::pattern(search))
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

/// All messages of a campaign with whom they go to, for the JSON interface.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Full {
    #[sqlx(flatten)]
    pub message: Message,
    pub name: String,
    pub address: String,
    /// The secret in this person's links.
    pub code: String,
}

pub async fn all(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<Vec<Full>> {
    sqlx::query_as(
        "SELECT m.*, p.name, p.address, p.code FROM messages m JOIN people p ON p.id = m.person_id
         WHERE m.campaign_id = $1 ORDER BY m.id",
    )
    .bind(campaign)
    .fetch_all(conn)
    .await
}

/// Ids of a campaign's messages in a state, in order.
pub async fn ids(
    conn: &mut Conn,
    campaign: CampaignId,
    state: MessageState,
) -> sqlx::Result<Vec<MessageId>> {
    sqlx::query_scalar("SELECT id FROM messages WHERE campaign_id = $1 AND state = $2 ORDER BY id")
        .bind(campaign)
        .bind(state.as_str())
        .fetch_all(conn)
        .await
}

/// The message after this one in the list that the filter makes.
pub async fn after(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
    id: MessageId,
) -> sqlx::Result<Option<MessageId>> {
    sqlx::query_scalar(concat!("SELECT MIN(m.id)", filter!(), " AND m.id > $4"))
        .bind(campaign)
        .bind(state.map(MessageState::as_str))
        .bind(super::people::pattern(search))
        .bind(id)
        .fetch_one(conn)
        .await
}

/// The message before this one in the list that the filter makes.
pub async fn before(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
    id: MessageId,
) -> sqlx::Result<Option<MessageId>> {
    sqlx::query_scalar(concat!("SELECT MAX(m.id)", filter!(), " AND m.id < $4"))
        .bind(campaign)
        .bind(state.map(MessageState::as_str))
        .bind(super::people::pattern(search))
        .bind(id)
        .fetch_one(conn)
        .await
}

/// How many messages stand before this one in the list that the filter makes.
pub async fn place(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
    id: MessageId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(concat!("SELECT COUNT(*)", filter!(), " AND m.id < $4"))
        .bind(campaign)
        .bind(state.map(MessageState::as_str))
        .bind(super::people::pattern(search))
        .bind(id)
        .fetch_one(conn)
        .await
}

/// Names of the first people whose approved letters wait for the word "send".
pub async fn first_unreleased(
    conn: &mut Conn,
    campaign: CampaignId,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT p.name FROM messages m JOIN people p ON p.id = m.person_id
         WHERE m.campaign_id = $1 AND m.state = 'approved' AND m.released_at IS NULL ORDER BY m.id LIMIT $2",
    )
    .bind(campaign)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// The next drafts of a campaign after `id`, in order.
pub async fn drafts_after(
    conn: &mut Conn,
    campaign: CampaignId,
    id: MessageId,
    limit: i64,
) -> sqlx::Result<Vec<MessageId>> {
    sqlx::query_scalar(
        "SELECT id FROM messages WHERE campaign_id = $1 AND state = 'drafted' AND id > $2 ORDER BY id LIMIT $3",
    )
    .bind(campaign)
    .bind(id)
    .bind(limit)
    .fetch_all(conn)
    .await
}

// ── Writing ──

/// Takes up the writing; false when it is not wanted any more. A message in `drafting` is taken up again: its writer
/// died, or the job would not run.
pub async fn start_drafting(conn: &mut Conn, id: MessageId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'drafting' WHERE id = $1 AND state IN ('queued', 'drafting')",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Written<'a> {
    pub subject: &'a str,
    pub body: &'a str,
    pub made_by: &'a MadeBy,
    /// JSON of `Vec<Finding>`.
    pub findings: &'a str,
}

/// Stores a draft; false when the message was cancelled meanwhile.
pub async fn store_draft(
    conn: &mut Conn,
    id: MessageId,
    written: &Written<'_>,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'drafted', subject = $2, body = $3, made_by = $4, made_model = $5, made_key = $6,
                made_why = $7, findings = $8, drafts = drafts + 1, drafted_at = $9, error = NULL
         WHERE id = $1 AND state = 'drafting'",
    )
    .bind(id)
    .bind(written.subject)
    .bind(written.body)
    .bind(written.made_by.by.as_str())
    .bind(&written.made_by.model)
    .bind(written.made_by.key)
    .bind(&written.made_by.why)
    .bind(written.findings)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a message back to the queue, to be written in another run. `written` says whether this run used up one of its
/// tries.
pub async fn give_back_draft(
    conn: &mut Conn,
    id: MessageId,
    findings: Option<&str>,
    error: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE messages SET state = 'queued', findings = COALESCE($2, findings), error = $3,
                drafts = drafts + CASE WHEN CAST($2 AS TEXT) IS NULL THEN 0 ELSE 1 END
         WHERE id = $1 AND state = 'drafting'",
    )
    .bind(id)
    .bind(findings)
    .bind(error)
    .execute(conn)
    .await?;
    Ok(())
}

/// Asks for another draft of every letter of a campaign that the template wrote in the model's place and that waits for
/// review; returns how many those are.
pub async fn write_templates_again(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'queued', drafts = 0, error = NULL, findings = '[]'
         WHERE campaign_id = $1 AND state = 'drafted' AND made_by = 'template' AND forgotten_at IS NULL",
    )
    .bind(campaign)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// How many letters [`write_templates_again`] would ask for.
pub async fn count_templates(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM messages
         WHERE campaign_id = $1 AND state = 'drafted' AND made_by = 'template' AND forgotten_at IS NULL",
    )
    .bind(campaign)
    .fetch_one(conn)
    .await
}

/// Asks for another draft, with what the organiser wants changed.
pub async fn write_again(conn: &mut Conn, id: MessageId, hint: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'queued', hint = $2, drafts = 0, error = NULL, approved_hash = NULL,
                approved_at = NULL, approved_by = NULL, released_at = NULL, skip_reason = NULL, sends = 0
         WHERE id = $1 AND state IN ('drafted', 'failed') AND forgotten_at IS NULL",
    )
    .bind(id)
    .bind(hint)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The organiser's own words; an approval is taken back.
pub async fn edit(
    conn: &mut Conn,
    id: MessageId,
    subject: &str,
    body: &str,
    findings: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'drafted', subject = $2, body = $3, findings = $4, made_by = 'person',
                made_model = NULL, made_key = NULL, made_why = NULL, drafted_at = $5, approved_hash = NULL,
                approved_at = NULL, approved_by = NULL, released_at = NULL
         WHERE id = $1 AND (state = 'drafted' OR (state = 'approved' AND released_at IS NULL))",
    )
    .bind(id)
    .bind(subject)
    .bind(body)
    .bind(findings)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

// ── Approving and skipping ──

/// Marks a draft approved; false when it was no longer a draft.
pub async fn approve(
    conn: &mut Conn,
    id: MessageId,
    hash: &str,
    by: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'approved', approved_hash = $2, approved_by = $3, approved_at = $4
         WHERE id = $1 AND state = 'drafted'",
    )
    .bind(id)
    .bind(hash)
    .bind(by)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes an approval back; false when the message is on its way already.
pub async fn disapprove(conn: &mut Conn, id: MessageId, error: Option<&str>) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'drafted', approved_hash = NULL, approved_at = NULL, approved_by = NULL,
                released_at = NULL, error = $2
         WHERE id = $1 AND state = 'approved'",
    )
    .bind(id)
    .bind(error)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets one approved message go out.
pub async fn release_one(conn: &mut Conn, id: MessageId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET released_at = $2 WHERE id = $1 AND state = 'approved' AND released_at IS NULL",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets every approved message of a campaign go out; returns how many those are.
pub async fn release_all(conn: &mut Conn, campaign: CampaignId, now: Millis) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE messages SET released_at = $2
         WHERE campaign_id = $1 AND state = 'approved' AND released_at IS NULL",
    )
    .bind(campaign)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Takes a message out that has not begun to be sent; false when it is too late.
pub async fn skip(conn: &mut Conn, id: MessageId, reason: SkipReason) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'skipped', skip_reason = $2
         WHERE id = $1 AND state IN ('queued', 'drafting', 'drafted', 'approved')",
    )
    .bind(id)
    .bind(reason.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a skipped message up again, to be written; never one whose person left.
pub async fn unskip(conn: &mut Conn, id: MessageId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'queued', skip_reason = NULL, drafts = 0, approved_hash = NULL,
                approved_at = NULL, approved_by = NULL, released_at = NULL
         WHERE id = $1 AND state = 'skipped' AND forgotten_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM people p JOIN suppressions s ON s.address_hash = p.address_hash
                           WHERE p.id = messages.person_id)",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes out of a cancelled campaign what has not begun to be sent; its people are due again.
pub async fn skip_campaign(
    conn: &mut Conn,
    campaign: CampaignId,
    now: Millis,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'skipped', skip_reason = 'cancelled', forgotten_at = $2
         WHERE campaign_id = $1 AND state IN ('queued', 'drafting', 'drafted', 'approved')",
    )
    .bind(campaign)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// The same for one message that came back after its campaign was cancelled.
pub async fn skip_cancelled(conn: &mut Conn, id: MessageId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE messages SET state = 'skipped', skip_reason = 'cancelled', forgotten_at = $2
         WHERE id = $1 AND state IN ('queued', 'drafting', 'drafted', 'approved')",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

// ── Sending ──

/// Begins to send, in the transaction that writes down the attempt. False when the message is not approved any more,
/// its campaign does not run, or its person must not be written to: opting out wins every race.
pub async fn start_sending(conn: &mut Conn, id: MessageId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'sending' WHERE id = $1 AND state = 'approved' AND released_at IS NOT NULL
           AND forgotten_at IS NULL
           AND EXISTS (SELECT 1 FROM campaigns c WHERE c.id = messages.campaign_id AND c.state = 'running')
           AND NOT EXISTS (SELECT 1 FROM people p JOIN suppressions s ON s.address_hash = p.address_hash
                           WHERE p.id = messages.person_id)",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn mark_sent(conn: &mut Conn, id: MessageId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'sent', sent_at = $2, error = NULL
         WHERE id = $1 AND state IN ('sending', 'uncertain')",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn mark_uncertain(conn: &mut Conn, id: MessageId, words: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'uncertain', error = $2 WHERE id = $1 AND state = 'sending'",
    )
    .bind(id)
    .bind(words)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn mark_failed(conn: &mut Conn, id: MessageId, words: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'failed', error = $2
         WHERE id = $1 AND state IN ('drafting', 'sending', 'uncertain')",
    )
    .bind(id)
    .bind(words)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Back to approved after a refusal. `counts`: one of the recipient's tries is used up.
pub async fn send_again(
    conn: &mut Conn,
    id: MessageId,
    not_before: Option<Millis>,
    words: &str,
    counts: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'approved', not_before = $2, error = $3, sends = sends + $4
         WHERE id = $1 AND state IN ('sending', 'uncertain', 'failed') AND approved_hash IS NOT NULL
           AND forgotten_at IS NULL",
    )
    .bind(id)
    .bind(not_before)
    .bind(words)
    .bind(i64::from(counts))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
