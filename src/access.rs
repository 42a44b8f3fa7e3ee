//! Access: the organisers' password, sessions, and a growing delay for wrong passwords.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::RngExt as _;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::Config;
use crate::model::{Millis, Secret};
use crate::store::{self, Conn};

/// How long a session lasts.
const SESSION: Duration = Duration::from_hours(14 * 24);

/// Wrong passwords without a delay. After these, each one doubles the delay of the next.
const FREE_GUESSES: u32 = 5;
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("this is not the password")]
    Wrong,
    #[error("too many wrong passwords; try again in {} s", .0.as_secs().max(1))]
    Wait(Duration),
}

/// A `__Host-` cookie needs https; Chromium drops it over http.
pub fn cookie_name(config: &Config) -> &'static str {
    if is_https(config) { "__Host-muster" } else { "muster" }
}

pub fn is_https(config: &Config) -> bool {
    config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
}

/// Opens a session for `name` and returns the cookie's value: 32 random bytes. Only their hash is stored.
pub async fn open_session(conn: &mut Conn, name: &str, now: Millis) -> sqlx::Result<String> {
    let token = random_token();
    store::sessions::insert(conn, &hash(&token), name, now, now.plus(SESSION)).await?;
    store::sessions::delete_expired(conn, now).await?;
    Ok(token)
}

/// 32 random bytes in hex.
pub fn random_token() -> String {
    hex::encode(rand::rng().random::<[u8; 32]>())
}

/// Whether the text has the form of a [`random_token`].
pub fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The name that belongs to a cookie's value; `None` if the session is unknown or has expired.
pub async fn who(conn: &mut Conn, token: &str, now: Millis) -> sqlx::Result<Option<String>> {
    store::sessions::find_name(conn, &hash(token), now).await
}

pub async fn close_session(conn: &mut Conn, token: &str) -> sqlx::Result<()> {
    store::sessions::delete(conn, &hash(token)).await
}

/// What is stored of a token: the hash of 32 random bytes cannot be reversed.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// `MUSTER_SECRET`, or else the file `secret` in `DATA_DIR`, which is created at the first start and readable only by
/// its owner.
pub fn secret(config: &Config) -> std::io::Result<Secret> {
    if let Some(secret) = &config.secret {
        return Ok(secret.clone());
    }
    let path = config.data_dir.join("secret");
    if let Some(known) = read_secret(&path)? {
        return Ok(known);
    }
    std::fs::create_dir_all(&config.data_dir)?;
    let fresh = random_token();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Written beside it and then linked, so that a second process that starts now finds the whole secret or none.
    let draft = config.data_dir.join(format!("secret.{}", &fresh[..8]));
    options.open(&draft)?.write_all(fresh.as_bytes())?;
    let placed = std::fs::hard_link(&draft, &path);
    std::fs::remove_file(&draft)?;
    match placed {
        Ok(()) => Ok(Secret::new(fresh)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            read_secret(&path)?.ok_or_else(|| std::io::Error::other("the secret file is empty"))
        }
        Err(error) => Err(error),
    }
}

fn read_secret(path: &std::path::Path) -> std::io::Result<Option<Secret>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(Secret::new)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Wrong passwords by visitor. They are kept only in memory: restarts are too rare to help anybody who guesses.
#[derive(Clone, Default)]
pub struct Guesses(Arc<Mutex<HashMap<Option<IpAddr>, Guesser>>>);

#[derive(Clone, Copy)]
struct Guesser {
    wrong: u32,
    last: Millis,
}

impl Guesser {
    fn may_try_at(self) -> Millis {
        let doublings = self.wrong.saturating_sub(FREE_GUESSES);
        if doublings == 0 {
            return self.last;
        }
        self.last.plus(Duration::from_secs(1 << doublings.min(16)).min(LONGEST_PAUSE))
    }
}

impl Guesses {
    /// Checks a password. While a visitor has to wait, even the right one is refused.
    pub fn try_password(
        &self,
        config: &Config,
        visitor: Option<IpAddr>,
        typed: &str,
        now: Millis,
    ) -> Result<(), Refused> {
        let Some(password) = &config.admin_password else { return Ok(()) };
        let visitor = visitor.map(network);
        let mut guessers = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        guessers.retain(|_, guesser| now.since(guesser.last) < Duration::from_hours(1));
        if let Some(guesser) = guessers.get(&visitor)
            && guesser.may_try_at() > now
        {
            return Err(Refused::Wait(guesser.may_try_at().since(now)));
        }
        // Compared by hash, so that the time it takes reveals neither length nor beginning.
        let same =
            Sha256::digest(typed.as_bytes()).ct_eq(&Sha256::digest(password.expose().as_bytes()));
        if bool::from(same) {
            guessers.remove(&visitor);
            return Ok(());
        }
        let guesser = guessers.entry(visitor).or_insert(Guesser { wrong: 0, last: now });
        *guesser = Guesser { wrong: guesser.wrong + 1, last: now };
        tracing::warn!(guesses = guesser.wrong, "A wrong password was entered");
        Err(Refused::Wrong)
    }
}

/// An IPv6 visitor has a whole /64 of addresses, so these count as one.
pub fn network(visitor: IpAddr) -> IpAddr {
    match visitor {
        IpAddr::V4(_) => visitor,
        IpAddr::V6(address) => {
            IpAddr::from((u128::from(address) & !u128::from(u64::MAX)).to_be_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Vars;

    #[test]
    fn wrong_passwords_slow_down_and_the_right_one_resets() {
        let mut config = Config::read(&Vars::default()).unwrap();
        config.admin_password = Some(Secret::new("harbour"));
        let guesses = Guesses::default();
        let mut now = Millis(0);
        for _ in 0..=FREE_GUESSES {
            assert_eq!(guesses.try_password(&config, None, "x", now), Err(Refused::Wrong));
        }
        assert_eq!(
            guesses.try_password(&config, None, "harbour", now),
            Err(Refused::Wait(Duration::from_secs(2)))
        );
        now = now.plus(Duration::from_secs(2));
        assert_eq!(guesses.try_password(&config, None, "x", now), Err(Refused::Wrong));
        assert_eq!(
            guesses.try_password(&config, None, "x", now),
            Err(Refused::Wait(Duration::from_secs(4)))
        );
        let somebody_else = Some(IpAddr::from([10, 0, 0, 1]));
        assert_eq!(guesses.try_password(&config, somebody_else, "harbour", now), Ok(()));
        now = now.plus(Duration::from_secs(4));
        assert_eq!(guesses.try_password(&config, None, "harbour", now), Ok(()));
        assert_eq!(guesses.try_password(&config, None, "x", now), Err(Refused::Wrong));
        assert_eq!(guesses.try_password(&config, None, "harbour", now), Ok(()));
    }
}
