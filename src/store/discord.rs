//! Discord: the accounts of people, verification codes, and replies that are still due.

use super::Conn;
use crate::model::{DiscordUser, LostRoleId, Millis, PersonId, QuestionId, ReplyId, Secret};

// ── Accounts ──

/// The account of a person.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Account {
    pub discord_user: String,
    pub verified_at: Millis,
    /// `None`: the role has not been given yet.
    pub role_given_at: Option<Millis>,
}

pub async fn account(conn: &mut Conn, person: PersonId) -> sqlx::Result<Option<Account>> {
    sqlx::query_as(
        "SELECT discord_user, verified_at, role_given_at FROM discord_people WHERE person_id = $1",
    )
    .bind(person)
    .fetch_optional(conn)
    .await
}

/// The person to whom an account belongs.
pub async fn person(conn: &mut Conn, user: &DiscordUser) -> sqlx::Result<Option<PersonId>> {
    sqlx::query_scalar("SELECT person_id FROM discord_people WHERE discord_user = $1")
        .bind(user.as_str())
        .fetch_optional(conn)
        .await
}

/// Whether the account belongs to somebody.
pub async fn is_connected(conn: &mut Conn, user: &str) -> sqlx::Result<bool> {
    let person: Option<PersonId> =
        sqlx::query_scalar("SELECT person_id FROM discord_people WHERE discord_user = $1")
            .bind(user)
            .fetch_optional(conn)
            .await?;
    Ok(person.is_some())
}

/// Connects an account with a person and removes the former connections of both. Returns the person's former account,
/// if it was another one.
pub async fn connect(
    conn: &mut Conn,
    person: PersonId,
    user: &DiscordUser,
    now: Millis,
) -> sqlx::Result<Option<String>> {
    let before: Vec<String> = sqlx::query_scalar(
        "DELETE FROM discord_people WHERE person_id = $1 OR discord_user = $2 RETURNING discord_user",
    )
    .bind(person)
    .bind(user.as_str())
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query(
        "INSERT INTO discord_people (person_id, discord_user, verified_at) VALUES ($1, $2, $3)",
    )
    .bind(person)
    .bind(user.as_str())
    .bind(now)
    .execute(conn)
    .await?;
    Ok(before.into_iter().find(|other| other != user.as_str()))
}

/// Records that the role was given to this account; false when the person has another account by now.
pub async fn role_given(
    conn: &mut Conn,
    person: PersonId,
    user: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE discord_people SET role_given_at = $3 WHERE person_id = $1 AND discord_user = $2",
    )
    .bind(person)
    .bind(user)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Everybody who is verified and does not have the role yet.
pub async fn without_role(conn: &mut Conn) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar(
        "SELECT person_id FROM discord_people WHERE role_given_at IS NULL ORDER BY person_id",
    )
    .fetch_all(conn)
    .await
}

// ── Accounts that lose the role ──

pub async fn insert_lost_role(conn: &mut Conn, user: &str) -> sqlx::Result<LostRoleId> {
    sqlx::query_scalar(
        "INSERT INTO discord_lost_roles (discord_user) VALUES ($1)
         ON CONFLICT (discord_user) DO UPDATE SET discord_user = excluded.discord_user RETURNING id",
    )
    .bind(user)
    .fetch_one(conn)
    .await
}

/// The account; `None` when it has lost the role already.
pub async fn lost_role(conn: &mut Conn, id: LostRoleId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT discord_user FROM discord_lost_roles WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
}

pub async fn delete_lost_role(conn: &mut Conn, id: LostRoleId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM discord_lost_roles WHERE id = $1").bind(id).execute(conn).await?;
    Ok(())
}

/// Records that the role was taken from an account. If it belongs to somebody again, returns that person, who must get
/// the role back.
pub async fn role_taken(conn: &mut Conn, user: &str) -> sqlx::Result<Option<PersonId>> {
    sqlx::query_scalar(
        "UPDATE discord_people SET role_given_at = NULL WHERE discord_user = $1 RETURNING person_id",
    )
    .bind(user)
    .fetch_optional(conn)
    .await
}

// ── Codes ──

/// Stores a requested code. Only the account's latest code is valid.
pub async fn put_code(
    conn: &mut Conn,
    user: &DiscordUser,
    person: Option<PersonId>,
    code_hash: &str,
    expires_at: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO discord_codes (discord_user, person_id, code_hash, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (discord_user) DO UPDATE SET person_id = excluded.person_id, code_hash = excluded.code_hash,
             expires_at = excluded.expires_at, tries = 0",
    )
    .bind(user.as_str())
    .bind(person)
    .bind(code_hash)
    .bind(expires_at)
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Code {
    /// `None`: the address was nobody's, so no code matches.
    pub person_id: Option<PersonId>,
    pub code_hash: String,
    /// Including this one.
    pub tries: i64,
}

/// Counts a try before it is checked; `None` when there is no valid code.
pub async fn try_code(
    conn: &mut Conn,
    user: &DiscordUser,
    most: i64,
    now: Millis,
) -> sqlx::Result<Option<Code>> {
    sqlx::query_as(
        "UPDATE discord_codes SET tries = tries + 1 WHERE discord_user = $1 AND tries < $2 AND expires_at > $3
         RETURNING person_id, code_hash, tries",
    )
    .bind(user.as_str())
    .bind(most)
    .bind(now)
    .fetch_optional(conn)
    .await
}

pub async fn delete_code(conn: &mut Conn, user: &DiscordUser) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM discord_codes WHERE discord_user = $1")
        .bind(user.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn forget_codes(conn: &mut Conn, now: Millis) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM discord_codes WHERE expires_at <= $1").bind(now).execute(conn).await?;
    Ok(())
}

/// When a requester asked for codes since then, the latest first.
pub async fn code_asks(
    conn: &mut Conn,
    requester: &str,
    since: Millis,
) -> sqlx::Result<Vec<Millis>> {
    sqlx::query_scalar(
        "SELECT asked_at FROM discord_code_asks WHERE asker = $1 AND asked_at > $2 ORDER BY asked_at DESC",
    )
    .bind(requester)
    .bind(since)
    .fetch_all(conn)
    .await
}

pub async fn count_code_ask(conn: &mut Conn, requester: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO discord_code_asks (asker, asked_at) VALUES ($1, $2)")
        .bind(requester)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn forget_code_asks(conn: &mut Conn, before: Millis) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM discord_code_asks WHERE asked_at <= $1")
        .bind(before)
        .execute(conn)
        .await?;
    Ok(())
}

// ── Replies that are due ──

#[derive(Clone, Debug)]
pub struct Reply {
    pub question_id: QuestionId,
    pub token: Secret,
    pub answer_by: Millis,
    pub expires_at: Millis,
}

pub async fn insert_reply(
    conn: &mut Conn,
    question: QuestionId,
    token: &Secret,
    answer_by: Millis,
    expires_at: Millis,
) -> sqlx::Result<ReplyId> {
    sqlx::query_scalar(
        "INSERT INTO discord_replies (question_id, token, answer_by, expires_at) VALUES ($1, $2, $3, $4) RETURNING id",
    )
    .bind(question)
    .bind(token.expose())
    .bind(answer_by)
    .bind(expires_at)
    .fetch_one(conn)
    .await
}

pub async fn reply(conn: &mut Conn, id: ReplyId) -> sqlx::Result<Option<Reply>> {
    let row: Option<(QuestionId, String, Millis, Millis)> = sqlx::query_as(
        "SELECT question_id, token, answer_by, expires_at FROM discord_replies WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(question_id, token, answer_by, expires_at)| Reply {
        question_id,
        token: Secret::new(token),
        answer_by,
        expires_at,
    }))
}

pub async fn delete_reply(conn: &mut Conn, id: ReplyId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM discord_replies WHERE id = $1").bind(id).execute(conn).await?;
    Ok(())
}

/// Runs the replies to a question now that it is answered.
pub async fn wake_replies(conn: &mut Conn, question: QuestionId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE jobs SET run_at = $2 WHERE kind = 'reply' AND run_at > $2
         AND subject IN (SELECT id FROM discord_replies WHERE question_id = $1)",
    )
    .bind(question)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}
