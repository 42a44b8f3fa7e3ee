//! Embeddings of entries.

use crate::model::{EntryId, EventId, Millis};
use crate::store::Conn;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Embedding {
    pub entry_id: EntryId,
    /// f32, little-endian.
    pub vector: Vec<u8>,
}

/// The embeddings that this model made of an event's entries.
pub async fn embeddings(
    conn: &mut Conn,
    event: EventId,
    model: &str,
) -> sqlx::Result<Vec<Embedding>> {
    sqlx::query_as(
        "SELECT entry_id, vector FROM faq_embeddings JOIN faq_entries ON id = entry_id
         WHERE event_id = $1 AND model = $2",
    )
    .bind(event)
    .bind(model)
    .fetch_all(conn)
    .await
}

/// The entries with an embedding by this model, and the hash of the text that was embedded.
pub async fn embedded(
    conn: &mut Conn,
    event: EventId,
    model: &str,
) -> sqlx::Result<Vec<(EntryId, String)>> {
    sqlx::query_as(
        "SELECT entry_id, hash FROM faq_embeddings JOIN faq_entries ON id = entry_id
         WHERE event_id = $1 AND model = $2",
    )
    .bind(event)
    .bind(model)
    .fetch_all(conn)
    .await
}

pub async fn keep_embedding(
    conn: &mut Conn,
    entry: EntryId,
    model: &str,
    hash: &str,
    vector: &[u8],
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO faq_embeddings (entry_id, model, hash, vector, made_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (entry_id) DO UPDATE SET model = excluded.model, hash = excluded.hash, vector = excluded.vector,
             made_at = excluded.made_at",
    )
    .bind(entry)
    .bind(model)
    .bind(hash)
    .bind(vector)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}
