//! A message's email: the facts it is written from, and the complete email as it would be sent now.

use sha2::{Digest, Sha256};

use super::requests;
use crate::campaigns::checks::{self, rule::Finding};
use crate::config::Config;
use crate::mail::Unsubscribe;
use crate::mail::message::Email;
use crate::model::EmailAddress;
use crate::model::email::{Draft, EmailFacts, EventFacts, Purpose, Recipient};
use crate::model::message::{MessageKind, SkipReason};
use crate::model::person::SuppressionReason;
use crate::store::messages::Message;
use crate::store::people::Person;
use crate::store::{self, Conn};
use crate::{events, matching, skills};

/// How many of a person's skills are passed to the writer: more than any email names.
const MAX_SKILLS: usize = 15;

/// Everything that a message's email depends on, read afresh.
#[derive(Clone, Debug)]
pub struct EmailContext {
    pub person: Person,
    pub facts: EmailFacts,
    pub unsubscribe: Unsubscribe,
    pub reply_to: Option<EmailAddress>,
    /// How many people its campaign puts into one request.
    pub people_per_request: i64,
}

/// `None` when the person was erased.
pub async fn read(
    conn: &mut Conn,
    config: &Config,
    message: &Message,
) -> sqlx::Result<Option<EmailContext>> {
    let Some(person) = store::people::find(conn, message.person_id).await? else { return Ok(None) };
    let campaign = store::campaigns::find(conn, message.campaign_id).await?;
    let people_per_request =
        campaign.as_ref().map_or(1, |it| requests::people_per_request(config, it));
    let mut event = events::current(conn, config).await?;
    if let Some(guidance) = campaign.map(|it| it.guidance).filter(|it| !it.is_empty()) {
        event.facts.guidance = guidance;
    }
    let mut known: Vec<String> =
        store::person_skills::list(conn, person.id).await?.into_iter().map(|it| it.skill).collect();
    known.truncate(MAX_SKILLS);
    let purpose = match message.kind {
        MessageKind::Invitation => Purpose::Invitation,
        MessageKind::Match => Purpose::Match(matching::teammates(conn, event.id, person.id).await?),
    };
    let sender = config.mail.from_address();
    let reply_to = event.reply_to.clone().unwrap_or_else(|| sender.clone());
    let unsubscribe = Unsubscribe::new(config.public_url.as_deref(), &reply_to, &person.code);
    let to =
        Recipient { name: person.name.clone(), job_title: person.job_title.clone(), skills: known };
    let facts = EmailFacts { event: event.facts, to, purpose, hint: message.hint.clone() };
    Ok(Some(EmailContext {
        person,
        facts,
        unsubscribe,
        reply_to: event.reply_to,
        people_per_request,
    }))
}

impl EmailContext {
    /// The complete email with this draft, and everything that is wrong with it.
    pub fn check(&self, draft: &Draft) -> (Email, Vec<Finding>) {
        let email = Email::complete(&self.facts, draft, &self.unsubscribe);
        let findings = checks::check(&self.facts, draft, &email, &skills::find);
        (email, findings)
    }

    /// What an approval covers: the complete email and the consent of everyone whose address it contains.
    ///
    /// Withdrawing consent changes the hash, although the text stays the same.
    pub fn hash(&self, draft: &Draft, email: &Email) -> String {
        let Purpose::Match(teammates) = &self.facts.purpose else { return email.hash() };
        let addresses: Vec<&str> = teammates
            .iter()
            .filter_map(|it| it.address.as_ref())
            .map(EmailAddress::as_str)
            .filter(|address| draft.body.contains(address))
            .collect();
        if addresses.is_empty() {
            return email.hash();
        }
        hex::encode(Sha256::digest(format!("{} {}", email.hash(), addresses.join(" "))))
    }
}

/// Why a message must not be written or sent (any more).
pub async fn reason_to_skip(
    conn: &mut Conn,
    message: &Message,
    person: &Person,
) -> sqlx::Result<Option<SkipReason>> {
    if let Some(suppression) = store::suppressions::find(conn, &person.address.hash()).await? {
        return Ok(Some(match suppression.reason {
            SuppressionReason::OptedOut => SkipReason::OptedOut,
            SuppressionReason::HardBounce | SuppressionReason::Erased => SkipReason::Suppressed,
        }));
    }
    let registered = message.kind == MessageKind::Invitation && person.registered_at.is_some();
    Ok(registered.then_some(SkipReason::Registered))
}

/// What all emails of a campaign have in common, to compose many without reading it for each.
pub struct Shared {
    event: EventFacts,
    config: Config,
    reply_to: EmailAddress,
}

pub async fn shared(conn: &mut Conn, config: &Config) -> sqlx::Result<Shared> {
    let event = events::current(conn, config).await?;
    let reply_to = event.reply_to.clone().unwrap_or_else(|| config.mail.from_address());
    Ok(Shared { event: event.facts, config: config.clone(), reply_to })
}

impl Shared {
    /// The complete email to the person with this name and code.
    pub fn email(&self, message: &Message, name: &str, code: &str) -> Email {
        let facts = EmailFacts {
            event: self.event.clone(),
            to: Recipient { name: name.to_owned(), job_title: String::new(), skills: Vec::new() },
            purpose: match message.kind {
                MessageKind::Invitation => Purpose::Invitation,
                MessageKind::Match => Purpose::Match(Vec::new()),
            },
            hint: String::new(),
        };
        let unsubscribe = Unsubscribe::new(self.config.public_url.as_deref(), &self.reply_to, code);
        let draft = Draft { subject: message.subject.clone(), body: message.body.clone() };
        Email::complete(&facts, &draft, &unsubscribe)
    }
}
