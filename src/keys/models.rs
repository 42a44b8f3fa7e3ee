//! Asks Google which models a key may use: costs no quota, and shows whether the key is a good one.

use super::overview::row_of;
use super::{KeyError, Pool, PoolKey};
use crate::llm::refusal::Consequence;
use crate::llm::{Client, Failure, Refusal, RefusalKind};
use crate::model::{Clock, KeyNumber};
use crate::store::{self, Db};

/// What Google says about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Of the models that are set: which it offers, and which it does not.
    Knows {
        offered: Vec<String>,
        missing: Vec<String>,
    },
    Refused(Refusal),
    /// Google could not be asked, or did not answer.
    Silent {
        why: String,
    },
}

impl std::fmt::Display for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Knows { offered, missing } if missing.is_empty() => {
                write!(f, "fine; offers {}", offered.join(", "))
            }
            Self::Knows { offered, missing } if offered.is_empty() => {
                write!(f, "Google knows it, but does not offer {}", missing.join(", "))
            }
            Self::Knows { offered, missing } => {
                write!(f, "offers {}, but not {}", offered.join(", "), missing.join(", "))
            }
            Self::Refused(refusal) => {
                write!(f, "refused: {} (\"{}\")", refusal.kind.meaning(), refusal.words)
            }
            Self::Silent { why } => write!(f, "not answered: {why}"),
        }
    }
}

impl Checked {
    /// The key serves with every model that is set.
    pub fn is_fine(&self) -> bool {
        matches!(self, Self::Knows { missing, .. } if missing.is_empty())
    }
}

/// Asks once.
pub async fn check(client: &Client, pool: &Pool, key: &PoolKey) -> Checked {
    match client.models(&key.secret).await {
        Ok(known) => {
            let (offered, missing) =
                pool.models().iter().cloned().partition(|model| known.contains(model));
            Checked::Knows { offered, missing }
        }
        Err(Failure::Refused(refusal)) => Checked::Refused(refusal),
        Err(failure) => Checked::Silent { why: failure.to_string() },
    }
}

/// Asks Google about the key, and lets work use it again unless Google says that it is no good. Takes as long as Google
/// does: not for a handler.
pub async fn ask_again(
    db: &Db,
    pool: &Pool,
    client: &Client,
    clock: &Clock,
    number: KeyNumber,
) -> Result<(), KeyError> {
    let key = pool.key(number).ok_or(KeyError::Gone)?;
    let checked = check(client, pool, &key).await;
    let now = clock.now();
    let mut tx = db.write().await?;
    let row = row_of(&mut tx, pool, number).await?;
    if let Checked::Refused(refusal) = &checked {
        let (kind, words) = (refusal.kind, &refusal.words);
        tracing::warn!(
            key.number = number.0,
            "Key #{number} was tried: {}: {words}",
            kind.meaning()
        );
        store::keys::refused(&mut tx, row.id, words, now).await?;
        match kind.consequence() {
            Consequence::SetAside => {
                store::keys::set_aside(&mut tx, row.id, kind.meaning(), now).await?;
                tx.commit().await?;
                return Ok(());
            }
            // It goes on as it was, and says the new words.
            Consequence::RestKey => {
                tx.commit().await?;
                return Ok(());
            }
            // About quotas, of which work finds out for itself.
            _ => {}
        }
    }
    super::try_again(&mut tx, pool, number).await?;
    if let Checked::Knows { missing, .. } = &checked {
        tracing::info!(key.number = number.0, "Key #{number} was tried: Google knows it");
        for model in missing {
            let why = RefusalKind::ModelGone.meaning();
            store::keys::model_off(&mut tx, &row.project, model, why, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
