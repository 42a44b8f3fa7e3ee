//! Asks Google which models a key may use. This costs no quota and shows whether the key is valid.

use super::actions::{self, KeyError, locked_record};
use super::pool::Pool;
use super::set::PoolKey;
use crate::llm::refusal::Consequence;
use crate::llm::{Client, Failure, Refusal, RefusalKind};
use crate::model::{Clock, KeyNumber};
use crate::store::{self, Db};

/// The result of checking a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Google knows the key. Of the models that are set: those it offers and those it does not.
    Knows {
        offered: Vec<String>,
        missing: Vec<String>,
    },
    Refused(Refusal),
    /// Google could not be reached or did not answer.
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
                write!(f, "refused: {} (\"{}\")", refusal.kind.meaning(), refusal.text)
            }
            Self::Silent { why } => write!(f, "not answered: {why}"),
        }
    }
}

impl Checked {
    /// Whether the key can use every model that is set.
    pub fn is_fine(&self) -> bool {
        matches!(self, Self::Knows { missing, .. } if missing.is_empty())
    }
}

/// Checks a key once.
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

/// Checks the key, and lets work use it again unless Google rejects it. May take as long as Google takes: not for a
/// handler.
pub async fn check_and_retry(
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
    let row = locked_record(&mut tx, pool, number).await?;
    if let Checked::Refused(refusal) = &checked {
        let (kind, text) = (refusal.kind, &refusal.text);
        tracing::warn!(
            key.number = number.0,
            "Key #{number} was tried: {}: {text}",
            kind.meaning()
        );
        store::keys::count_refusal(&mut tx, row.id, text, now).await?;
        match kind.consequence() {
            Consequence::DisableKey => {
                store::keys::disable(&mut tx, row.id, kind.meaning(), now).await?;
                tx.commit().await?;
                return Ok(());
            }
            // The key stays as it was, with the new response.
            Consequence::CoolKeyDown => {
                tx.commit().await?;
                return Ok(());
            }
            // About quotas, which work finds out itself.
            Consequence::CoolMinuteDown
            | Consequence::CoolDayDown
            | Consequence::CoolCapacityDown
            | Consequence::TurnModelOff => {}
        }
    }
    actions::retry(&mut tx, pool, number).await?;
    if let Checked::Knows { missing, .. } = &checked {
        tracing::info!(key.number = number.0, "Key #{number} was tried: Google knows it");
        for model in missing {
            let why = RefusalKind::ModelGone.meaning();
            store::quotas::turn_off_model(&mut tx, &row.project, model, why, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
