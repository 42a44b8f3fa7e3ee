//! What a person may do with one key on `/keys`: pause it, resume it, retry it.

use super::pool::Pool;
use super::sync::refresh;
use crate::model::{KeyNumber, KeyRecord, Millis};
use crate::store::{self, Conn};

/// Why an action on a key failed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("there is no such key")]
    Gone,
    #[error("this key is set in a variable: remove it from .env, then press \"Read .env again\"")]
    Variable,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Locks the pool and reads the record of a key.
pub(super) async fn locked_record(
    conn: &mut Conn,
    pool: &Pool,
    number: KeyNumber,
) -> Result<KeyRecord, KeyError> {
    store::keys::lock_pool(conn).await?;
    refresh(conn, pool).await?;
    let key = pool.key(number).ok_or(KeyError::Gone)?;
    let records = store::keys::list(conn).await?;
    records.into_iter().find(|it| it.fingerprint == key.fingerprint).ok_or(KeyError::Gone)
}

/// Pauses the key; requests in progress continue. False if it was paused already.
pub async fn pause(
    conn: &mut Conn,
    pool: &Pool,
    number: KeyNumber,
    now: Millis,
) -> Result<bool, KeyError> {
    let record = locked_record(conn, pool, number).await?;
    Ok(store::keys::pause(conn, record.id, now).await?)
}

/// Resumes the key. False if it was not paused.
pub async fn resume(conn: &mut Conn, pool: &Pool, number: KeyNumber) -> Result<bool, KeyError> {
    let record = locked_record(conn, pool, number).await?;
    Ok(store::keys::resume(conn, record.id).await?)
}

/// Lets work use the key again at once: enables it, ends cooldowns of it and its project, and turns models on.
pub async fn retry(conn: &mut Conn, pool: &Pool, number: KeyNumber) -> Result<(), KeyError> {
    let record = locked_record(conn, pool, number).await?;
    store::keys::clear_refusals(conn, record.id).await?;
    store::quotas::clear_refusals(conn, &record.project).await?;
    Ok(())
}
