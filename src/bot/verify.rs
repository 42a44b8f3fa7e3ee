//! `/verify`: participants prove that an address is theirs with a code that was sent there. The replies do not reveal
//! whether an address is known.

use std::time::Duration;

use rand::RngExt as _;
use ring::hmac;
use sqlx::Connection as _;

use super::context::Context;
use crate::discord::reply::Button;
use crate::discord::{Message, Modal, escape};
use crate::model::{DiscordUser, EmailAddress, Millis, Secret};
use crate::sending::direct::{self, Direct, Requested};
use crate::store::discord as rows;
use crate::store::{self, Conn};
use crate::{discord_accounts, events, mail};

/// How long a code is valid.
const VALID: Duration = Duration::from_mins(10);
/// How often it may be tried.
const TRIES: i64 = 5;
/// How many codes may be requested within an hour: by one account, and for one address.
const HOUR: Duration = Duration::from_hours(1);
const PER_ACCOUNT: usize = 5;
const PER_ADDRESS: usize = 3;

/// The id of the button that starts verification.
pub const VERIFY_BUTTON: &str = "verify";
/// Below a message that asks somebody to verify.
pub const START: Button = Button { id: VERIFY_BUTTON, label: "Verify me" };
/// Opens the modal for the code.
pub const CODE_BUTTON: &str = "verify:code";
const ENTER: Button = Button { id: CODE_BUTTON, label: "Enter the code" };

pub const ADDRESS: Modal = Modal {
    id: "verify:address",
    title: "Verify your account",
    field: "email",
    label: "Your email address",
    hint: "The one that you gave the organisers. You will get a code by email.",
    shortest: 6,
    longest: 254,
};

pub const CODE: Modal = Modal {
    id: "verify:code",
    title: "The code from the email",
    field: "code",
    label: "Six digits",
    hint: "No email? Check your spam folder too.",
    shortest: 6,
    longest: 20,
};

/// Sends a code to an address if it is somebody's. The reply and the work are the same if it is nobody's.
pub async fn send_code(
    tx: &mut Conn,
    context: &Context<'_>,
    user: &DiscordUser,
    typed: &str,
) -> anyhow::Result<Message> {
    let address = match EmailAddress::parse(typed) {
        Ok(address) => address,
        Err(error) => return Ok(Message::new(&super::ask::sentence(&error.to_string()))),
    };
    let now = context.now;
    rows::forget_codes(tx, now).await?;
    if let Some(again_at) = limit(tx, context, user, &address).await? {
        let minutes = again_at.since(now).as_secs().div_ceil(60).max(1);
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        return Ok(Message::new(&format!(
            "Too many codes requested. Try again in {minutes} {unit}."
        )));
    }
    let person = store::people::find_by_address(tx, &address).await?;
    let code = format!("{:06}", rand::rng().random_range(0..1_000_000_u32));
    let until = now.plus(VALID / context.config.time_scale);
    let id = person.as_ref().map(|it| it.id);
    rows::put_code(tx, user, id, &hash(context.secret, user, &code), until).await?;

    let event = events::current(tx, context.config).await?;
    let name = person.as_ref().map_or("", |it| it.name.as_str());
    // The stored address, not the typed one: only the stored one is known to be theirs.
    let to = person.as_ref().map_or(&address, |it| &it.address);
    let email = mail::code(&event.facts, name, &code, VALID.as_secs() / 60);
    let mail = Direct { to, to_name: name, email: &email, unsubscribe: None };
    let composed = direct::compose_direct(context.config, &event, &mail, now);
    match (id, composed) {
        (id, Ok(composed)) => {
            // For an unknown address this is rolled back rather than skipped, so that timing reveals nothing.
            let mut trial = tx.begin().await?;
            let asked = id.map(|by| Requested { by, until });
            direct::queue(&mut trial, context.config, &mail, &composed, asked, now).await?;
            if id.is_some() { trial.commit().await? } else { trial.rollback().await? }
        }
        (Some(by), Err(_)) => {
            // The error contains the address, which must not be logged.
            tracing::warn!(person.id = by.0, "Person {by} has an address that cannot be emailed");
        }
        (None, Err(_)) => {}
    }
    let text = "If the organisers know this address, a code is on its way. It is valid for 10 minutes. Press the \
                button when you have it.";
    Ok(Message::new(text).button(ENTER))
}

/// Counts a requested code. If it is one too many, returns when the next one may be requested.
async fn limit(
    tx: &mut Conn,
    context: &Context<'_>,
    user: &DiscordUser,
    address: &EmailAddress,
) -> sqlx::Result<Option<Millis>> {
    let (now, since) = (context.now, context.now.minus(HOUR));
    rows::forget_code_asks(tx, since).await?;
    let counters = [
        (keyed(context.secret, &["code by", user.as_str()]), PER_ACCOUNT),
        (keyed(context.secret, &["code for", &address.key()]), PER_ADDRESS),
    ];
    for (counter, most) in &counters {
        store::lock(tx, counter).await?;
        let asks = rows::code_asks(tx, counter, since).await?;
        // The request that must be older than an hour before another one is accepted.
        if let Some(at) = asks.get(most - 1) {
            return Ok(Some(at.plus(HOUR)));
        }
    }
    for (counter, _) in &counters {
        rows::count_code_ask(tx, counter, now).await?;
    }
    Ok(None)
}

/// Connects the account with the person whose code it is.
pub async fn try_code(
    tx: &mut Conn,
    context: &Context<'_>,
    user: &DiscordUser,
    typed: &str,
) -> anyhow::Result<Message> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let Some(code) = rows::try_code(tx, user, TRIES, context.now).await? else {
        let text = "There is no valid code. A code is valid for 10 minutes and 5 tries. Request a new one.";
        return Ok(Message::new(text).button(START));
    };
    let fits = is_hash_of(context.secret, user, &typed, &code.code_hash);
    let Some(person) = code.person_id.filter(|_| fits) else {
        return Ok(match TRIES - code.tries {
            0 => {
                Message::new("This is not the code, and that was the last try. Request a new one.")
                    .button(START)
            }
            left => Message::new(&format!(
                "This is not the code. You have {left} {} left.",
                if left == 1 { "try" } else { "tries" }
            ))
            .button(ENTER),
        });
    };
    rows::delete_code(tx, user).await?;
    discord_accounts::connect(tx, person, user, context.now).await?;
    let name = store::people::find(tx, person).await?.map(|it| it.name).unwrap_or_default();
    Ok(Message::new(&format!(
        "Welcome, {}! You are verified. **/match** shows who matches your skills.",
        escape(&name)
    )))
}

/// A plain hash of six digits could be guessed at once. This one needs the key, which is not in the database.
fn hash(secret: &Secret, user: &DiscordUser, code: &str) -> String {
    keyed(secret, &["code", user.as_str(), code])
}

fn keyed(secret: &Secret, parts: &[&str]) -> String {
    hex::encode(hmac::sign(&key(secret), parts.join("\n").as_bytes()))
}

/// In constant time.
fn is_hash_of(secret: &Secret, user: &DiscordUser, code: &str, hash: &str) -> bool {
    let typed = ["code", user.as_str(), code].join("\n");
    hex::decode(hash).is_ok_and(|hash| hmac::verify(&key(secret), typed.as_bytes(), &hash).is_ok())
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modals_keep_to_discords_limits() {
        for modal in [ADDRESS, CODE] {
            assert!(modal.id.len() <= 100 && modal.field.len() <= 100);
            assert!(modal.title.len() <= 45 && modal.label.len() <= 45);
            assert!(modal.hint.len() <= 100);
            assert!(modal.shortest <= modal.longest && modal.longest <= 4000);
        }
        for button in [START, ENTER] {
            assert!(button.id.len() <= 100 && button.label.len() <= 80);
        }
    }

    #[test]
    fn a_code_belongs_to_one_account_and_one_installation() {
        let (secret, user) = (Secret::new("a secret"), DiscordUser::parse("1").unwrap());
        let hash = hash(&secret, &user, "012345");
        assert!(is_hash_of(&secret, &user, "012345", &hash));
        assert!(!is_hash_of(&secret, &user, "012346", &hash));
        assert!(!is_hash_of(&secret, &user, "", &hash));
        assert!(!is_hash_of(&secret, &DiscordUser::parse("2").unwrap(), "012345", &hash));
        assert!(!is_hash_of(&Secret::new("another"), &user, "012345", &hash));
        assert!(!is_hash_of(&secret, &user, "012345", "no hash"));
    }
}
