//! People: who they are, what they know, whether they may be written to. A person is known by e-mail address.

pub mod import;
pub mod sample;

use rand::RngExt as _;
use rand::distr::Alphanumeric;
use serde_json::json;

use crate::bot;
use crate::events::CURRENT;
use crate::model::message::MessageState;
use crate::model::{EmailAddress, Millis, PersonId};
use crate::skills;
use crate::store::mails::Listed;
use crate::store::people::NewPerson;
use crate::store::{self, Conn};

/// The most that a name or a job title may have, in characters.
pub const LONGEST_LINE: usize = 120;

/// Characters of the secret in a person's links: 62^20, more than anybody can try.
const CODE_LENGTH: usize = 20;

/// What is said of a person when they are added.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    pub address: EmailAddress,
    pub job_title: String,
    /// Canonical names.
    pub skills: Vec<String>,
}

/// Where a person or a skill came from; stands in the row and on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Form,
    Import,
    Sample,
    Api,
    /// Added because a resume of theirs came in.
    Resume,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Import => "import",
            Self::Sample => "sample",
            Self::Api => "api",
            Self::Resume => "resume",
        }
    }

    fn of_skills(self) -> &'static str {
        match self {
            Self::Form | Self::Api | Self::Resume => "typed",
            Self::Import | Self::Sample => "import",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("somebody with this e-mail address is there already")]
    Known(PersonId),
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Adds a person who is not there yet.
pub async fn add(
    tx: &mut Conn,
    profile: &Profile,
    source: Source,
    now: Millis,
) -> Result<PersonId, AddError> {
    let code = fresh_code();
    let row = NewPerson {
        address: &profile.address,
        name: &profile.name,
        job_title: &profile.job_title,
        code: &code,
        source: source.as_str(),
    };
    let Some(id) = store::people::insert(tx, &row, now).await? else {
        let known = store::people::find_by_address(tx, &profile.address)
            .await?
            .ok_or(sqlx::Error::RowNotFound)?;
        return Err(AddError::Known(known.id));
    };
    add_skills(tx, id, &profile.skills, source.of_skills(), now).await?;
    Ok(id)
}

/// Adds what the person did not have; returns how many were new. `source`: typed, import, taxonomy or model.
pub async fn add_skills(
    tx: &mut Conn,
    id: PersonId,
    skills: &[String],
    source: &str,
    now: Millis,
) -> sqlx::Result<u64> {
    let mut new = 0;
    for skill in skills {
        let added =
            store::person_skills::add(tx, id, &skills::key(skill), skill, source, now).await?;
        new += u64::from(added);
    }
    Ok(new)
}

/// Takes a skill away; false when the person does not have it. Matches follow with the next run.
pub async fn remove_skill(tx: &mut Conn, id: PersonId, key: &str) -> sqlx::Result<bool> {
    store::person_skills::remove(tx, id, key).await
}

#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("this person is not there any more")]
    Gone,
    #[error("somebody else has this e-mail address")]
    AddressTaken,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Changes a person to what the form says; skills that are not in it any more are removed. A changed address takes
/// nobody off the list of those who left: the old one stays there.
pub async fn edit(
    tx: &mut Conn,
    id: PersonId,
    profile: &Profile,
    now: Millis,
) -> Result<(), EditError> {
    store::people::find(tx, id).await?.ok_or(EditError::Gone)?;
    if !store::people::update(tx, id, &profile.address, &profile.name, &profile.job_title, now)
        .await?
    {
        return Err(EditError::AddressTaken);
    }
    let wanted: Vec<String> = profile.skills.iter().map(|skill| skills::key(skill)).collect();
    for had in store::person_skills::list(tx, id).await? {
        if !wanted.contains(&had.skill_key) {
            store::person_skills::remove(tx, id, &had.skill_key).await?;
        }
    }
    add_skills(tx, id, &profile.skills, Source::Form.of_skills(), now).await?;
    Ok(())
}

/// Why somebody must not be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppress {
    /// They left by link, or an organiser noted their answer.
    OptedOut,
    /// Their server says that the address does not exist.
    HardBounce,
    /// They were written to and then erased: one invitation is what they get, also when a list brings them back.
    Erased,
}

impl Suppress {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OptedOut => "opted_out",
            Self::HardBounce => "hard_bounce",
            Self::Erased => "erased",
        }
    }
}

/// Takes an address off every list, for good: what waits for it is skipped when its turn comes, and no import
/// brings it back.
pub async fn suppress(
    tx: &mut Conn,
    address: &EmailAddress,
    why: Suppress,
    words: Option<&str>,
    now: Millis,
) -> sqlx::Result<()> {
    store::people::suppress(tx, &address.hash(), why.as_str(), words, now).await
}

/// Removes a person and everything that hangs on them: skills, resumes, messages, mails, matches, the Discord account. That they left or were
/// written to (by the hash of their address) stays, or an import would bring them back. Call `Db::scrub` after the commit.
pub async fn erase(tx: &mut Conn, id: PersonId, now: Millis) -> sqlx::Result<bool> {
    let written = store::messages::of_person(tx, id).await?;
    if let Some(person) = store::people::find(tx, id).await?
        && written.iter().any(|it| matches!(it.state, MessageState::Sent | MessageState::Uncertain))
    {
        let words = "erased after they had been written to";
        suppress(tx, &person.address, Suppress::Erased, Some(words), now).await?;
    }
    if let Some(account) = store::discord::account(tx, id).await? {
        bot::take_back(tx, &account.discord_user, now).await?;
    }
    store::people::delete(tx, id).await
}

/// Everything that is stored about a person, for them to have; `None` when there is no such person. Files are told of,
/// with the text that was read in them; of matches stands what was shared, and nothing about the other.
pub async fn export(conn: &mut Conn, id: PersonId) -> sqlx::Result<Option<serde_json::Value>> {
    let Some(person) = store::people::find(conn, id).await? else { return Ok(None) };
    let skills: Vec<_> = store::person_skills::list(conn, id)
        .await?
        .iter()
        .map(|skill| json!({ "skill": skill.skill, "source": skill.source }))
        .collect();
    let suppression = store::people::suppression(conn, &person.address.hash()).await?;
    Ok(Some(json!({
        "name": person.name,
        "email": person.address.as_str(),
        "job_title": person.job_title,
        "source": person.source,
        "registered_at": person.registered_at,
        "shares_address_at": person.shares_address_at,
        "not_mailed_since": suppression.as_ref().map(|it| it.since),
        "not_mailed_because": suppression.as_ref().map(|it| it.reason.as_str()),
        "created_at": person.created_at,
        "updated_at": person.updated_at,
        "skills": skills,
        "resumes": exported_resumes(conn, id).await?,
        "messages": exported_messages(conn, id).await?,
        "matches": exported_matches(conn, id).await?,
        "discord": exported_discord(conn, id).await?,
    })))
}

async fn exported_resumes(conn: &mut Conn, id: PersonId) -> sqlx::Result<Vec<serde_json::Value>> {
    let mut all = Vec::new();
    for resume in store::resumes::of_person(conn, id).await? {
        let found: Vec<String> = serde_json::from_str(&resume.skills).unwrap_or_default();
        all.push(json!({
            "file_name": resume.file_name,
            "format": resume.format,
            "size": resume.size,
            "state": resume.state,
            "error": resume.error,
            "skills": found,
            "made_by": resume.made_by(),
            "uploaded_at": resume.created_at,
            "finished_at": resume.finished_at,
            "text": store::resumes::text(conn, resume.id).await?,
        }));
    }
    Ok(all)
}

async fn exported_messages(conn: &mut Conn, id: PersonId) -> sqlx::Result<Vec<serde_json::Value>> {
    let mut all = Vec::new();
    for message in store::messages::of_person(conn, id).await? {
        let mails: Vec<_> =
            store::mails::of_message(conn, message.id).await?.iter().map(exported_mail).collect();
        all.push(json!({
            "kind": message.kind,
            "state": message.state,
            "subject": message.subject,
            "text": message.body,
            "made_by": message.made_by(),
            "created_at": message.created_at,
            "sent_at": message.sent_at,
            "mails": mails,
        }));
    }
    Ok(all)
}

fn exported_mail(mail: &Listed) -> serde_json::Value {
    json!({
        "subject": mail.subject,
        "recipient": mail.recipient,
        "started_at": mail.started_at,
        "state": mail.state,
        "words": mail.words,
    })
}

async fn exported_discord(conn: &mut Conn, id: PersonId) -> sqlx::Result<serde_json::Value> {
    let account = store::discord::account(conn, id).await?;
    let codes: Vec<_> =
        store::mails::asked_for(conn, id).await?.iter().map(exported_mail).collect();
    Ok(json!({
        "user": account.as_ref().map(|it| it.discord_user.as_str()),
        "verified_at": account.as_ref().map(|it| it.verified_at),
        "role_given_at": account.as_ref().and_then(|it| it.role_given_at),
        "codes": codes,
    }))
}

async fn exported_matches(conn: &mut Conn, id: PersonId) -> sqlx::Result<Vec<serde_json::Value>> {
    let matches = store::matches::of_person(conn, CURRENT, id).await?;
    let shared = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap_or_default();
    Ok(matches
        .iter()
        .map(|row| {
            json!({
                "match_id": row.id,
                "score": row.score as f64 / 1000.0,
                "shared": shared(&row.shared),
                "since": row.created_at,
            })
        })
        .collect())
}

fn fresh_code() -> String {
    rand::rng().sample_iter(Alphanumeric).take(CODE_LENGTH).map(char::from).collect()
}
