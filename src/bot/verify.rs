//! `/verify`: somebody shows that an address is theirs by a code that was sent there. Who asks learns nothing about
//! whether an address is known.

use std::time::Duration;

use rand::RngExt as _;
use ring::hmac;
use sqlx::Connection as _;

use super::{Surroundings, VERIFY_BUTTON};
use crate::discord::reply::Button;
use crate::discord::{Message, Modal, escape};
use crate::model::job::Class;
use crate::model::{DiscordUser, EmailAddress, Job, Millis, PersonId, Secret};
use crate::sending::direct::{self, Direct, Requested};
use crate::store::discord as rows;
use crate::store::{self, Conn};
use crate::{events, mail};

/// How long a code works.
const WORKS: Duration = Duration::from_mins(10);
/// How often it may be typed.
const TRIES: i64 = 5;
/// So many codes may be asked for within the hour: by one account, and for one address.
const HOUR: Duration = Duration::from_hours(1);
const BY_ACCOUNT: usize = 5;
const FOR_ADDRESS: usize = 3;

/// Under a message that tells somebody to show who they are.
pub const START: Button = Button { id: VERIFY_BUTTON, label: "Verify me" };
/// Opens the window for the code.
pub const CODE_BUTTON: &str = "verify:code";
const ENTER: Button = Button { id: CODE_BUTTON, label: "Enter the code" };

pub const ADDRESS: Modal = Modal {
    id: "verify:address",
    title: "Who are you?",
    field: "email",
    label: "Your e-mail address",
    hint: "The one that the organisers know you by. They send you a code.",
    shortest: 6,
    longest: 254,
};

pub const CODE: Modal = Modal {
    id: "verify:code",
    title: "The code from the e-mail",
    field: "code",
    label: "Six digits",
    hint: "Nothing there? Look into the spam folder too.",
    shortest: 6,
    longest: 20,
};

/// Sends a code to an address, where somebody is known by it. The words and the work are the same where nobody is.
pub async fn send_code(
    tx: &mut Conn,
    around: &Surroundings<'_>,
    user: &DiscordUser,
    typed: &str,
) -> anyhow::Result<Message> {
    let address = match EmailAddress::parse(typed) {
        Ok(address) => address,
        Err(error) => return Ok(Message::new(&super::ask::sentence(&error.to_string()))),
    };
    let now = around.now;
    rows::forget_codes(tx, now).await?;
    if let Some(again_at) = limit(tx, around, user, &address).await? {
        let minutes = again_at.since(now).as_secs().div_ceil(60).max(1);
        return Ok(Message::new(&format!(
            "That were many codes in a short time; please ask again in {minutes} min."
        )));
    }
    let person = store::people::find_by_address(tx, &address).await?;
    let code = format!("{:06}", rand::rng().random_range(0..1_000_000_u32));
    let until = now.plus(WORKS / around.config.time_scale);
    let id = person.as_ref().map(|it| it.id);
    rows::put_code(tx, user, id, &hash(around.secret, user, &code), until).await?;

    let event = events::current(tx, around.config).await?;
    let name = person.as_ref().map_or("", |it| it.name.as_str());
    // The address as it is known, not as it was typed: only that one is known to be theirs.
    let to = person.as_ref().map_or(&address, |it| &it.address);
    let email = mail::code(&event.facts, name, &code, WORKS.as_secs() / 60);
    let mail = Direct { to, to_name: name, email: &email, unsubscribe: None };
    let composed = direct::compose_direct(around.config, &event, &mail, now);
    match (id, composed) {
        (id, Ok(composed)) => {
            // For an unknown address it is taken back, not left out: that would be quicker, and quickness tells.
            let mut trial = tx.begin().await?;
            let asked = id.map(|by| Requested { by, until });
            direct::queue(&mut trial, around.config, &mail, &composed, asked, now).await?;
            if id.is_some() { trial.commit().await? } else { trial.rollback().await? }
        }
        (Some(by), Err(_)) => {
            // The error names the address, which no log gets.
            tracing::warn!(person.id = by.0, "Person {by} has an address that no mail can go to");
        }
        (None, Err(_)) => {}
    }
    let text = "If the organisers know this address, a code is on its way to it. It works for 10 minutes. Press the \
                button when you have it.";
    Ok(Message::new(text).button(ENTER))
}

/// Counts a code that is asked for; when it is one too many, the time from which on there is another one.
async fn limit(
    tx: &mut Conn,
    around: &Surroundings<'_>,
    user: &DiscordUser,
    address: &EmailAddress,
) -> sqlx::Result<Option<Millis>> {
    let (now, since) = (around.now, around.now.minus(HOUR));
    rows::forget_code_asks(tx, since).await?;
    let askers = [
        (keyed(around.secret, &["code by", user.as_str()]), BY_ACCOUNT),
        (keyed(around.secret, &["code for", &address.key()]), FOR_ADDRESS),
    ];
    for (asker, most) in &askers {
        store::lock(tx, asker).await?;
        let asks = rows::code_asks(tx, asker, since).await?;
        // The one that has to be forgotten before another is let through.
        if let Some(at) = asks.get(most - 1) {
            return Ok(Some(at.plus(HOUR)));
        }
    }
    for (asker, _) in &askers {
        rows::count_code_ask(tx, asker, now).await?;
    }
    Ok(None)
}

/// Ties the account to the person whose code it is; a job gives the role.
pub async fn try_code(
    tx: &mut Conn,
    around: &Surroundings<'_>,
    user: &DiscordUser,
    typed: &str,
) -> anyhow::Result<Message> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let Some(code) = rows::try_code(tx, user, TRIES, around.now).await? else {
        let text = "There is no code (any more) that could be typed here: codes work for 10 minutes and may be typed 5 \
                    times. Ask for a new one.";
        return Ok(Message::new(text).button(START));
    };
    let fits = is_hash_of(around.secret, user, &typed, &code.code_hash);
    let Some(person) = code.person_id.filter(|_| fits) else {
        return Ok(match TRIES - code.tries {
            0 => {
                Message::new("This is not the code, and that was the last try. Ask for a new one.")
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
    tie(tx, person, user, around.now).await
}

async fn tie(
    tx: &mut Conn,
    person: PersonId,
    user: &DiscordUser,
    now: Millis,
) -> anyhow::Result<Message> {
    if let Some(other) = rows::tie(tx, person, user, now).await? {
        super::roles::take_back(tx, &other, now).await?;
    }
    store::jobs::enqueue(tx, Job::GiveRole(person), Class::Person, now, now, None).await?;
    tracing::info!(person.id = person.0, "Person {person} showed whose Discord account is theirs");
    let name = store::people::find(tx, person).await?.map(|it| it.name).unwrap_or_default();
    Ok(Message::new(&format!(
        "Welcome, {}! I know now that it is you. **/match** shows who fits your skills.",
        escape(&name)
    )))
}

/// Six digits are tried in no time by whoever has the hash, but not without the key, which is not in the database.
fn hash(secret: &Secret, user: &DiscordUser, code: &str) -> String {
    keyed(secret, &["code", user.as_str(), code])
}

fn keyed(secret: &Secret, parts: &[&str]) -> String {
    hex::encode(hmac::sign(&key(secret), parts.join("\n").as_bytes()))
}

/// In constant time.
fn is_hash_of(secret: &Secret, user: &DiscordUser, code: &str, hash: &str) -> bool {
    let said = ["code", user.as_str(), code].join("\n");
    hex::decode(hash).is_ok_and(|hash| hmac::verify(&key(secret), said.as_bytes(), &hash).is_ok())
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_windows_keep_to_discords_limits() {
        for window in [ADDRESS, CODE] {
            assert!(window.id.len() <= 100 && window.field.len() <= 100);
            assert!(window.title.len() <= 45 && window.label.len() <= 45);
            assert!(window.hint.len() <= 100);
            assert!(window.shortest <= window.longest && window.longest <= 4000);
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
