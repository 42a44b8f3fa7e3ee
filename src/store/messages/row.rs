//! A message's row.

use crate::model::made_by::{MadeBy, Maker};
use crate::model::message::{MessageKind, MessageState, SkipReason};
use crate::model::{CampaignId, EventId, KeyNumber, MessageId, Millis, PersonId};
use crate::store::Conn;

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
    pub made_key: Option<KeyNumber>,
    pub made_why: Option<String>,
    /// JSON of `Vec<Finding>`.
    pub findings: String,
    pub hint: String,
    /// How many drafts were written since it was last requested.
    pub drafts: i64,
    pub error: Option<String>,
    /// Failed deliveries that count as tries.
    pub sends: i64,
    pub not_before: Option<Millis>,
    pub approved_hash: Option<String>,
    pub approved_at: Option<Millis>,
    pub approved_by: Option<String>,
    pub released_at: Option<Millis>,
    pub created_at: Millis,
    pub drafted_at: Option<Millis>,
    pub sent_at: Option<Millis>,
    /// Since when it does not count as an invitation.
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

/// Four columns as one value.
pub fn made_by(
    by: Option<&str>,
    model: Option<&str>,
    key: Option<KeyNumber>,
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

/// A person's messages, newest first.
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
