//! Notices: what was just done, shown once on the page that a form leads to (`/people?notice=person-added`).
//!
//! The address carries only a word, numbers and ids. All text is here or comes from rows, so no link can make a page
//! show a stranger's text.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::response::Redirect;
use serde::Deserialize;

use super::error::Error;
use super::page::count;
use crate::model::{KeyNumber, MessageId, words};

/// Everything that a page can report as just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Saved,
    // People
    PersonAdded,
    PersonErased,
    SampleAdded,
    SampleToMatch,
    Unsubscribed,
    Resubscribed,
    SkillRemoved,
    PersonMatched,
    // Matchmaking and resumes
    Matched,
    NobodyDue,
    ResumesUploaded,
    ResumeAssigned,
    ResumeRetried,
    ResumeDeleted,
    // A campaign
    CampaignStarted,
    CampaignBusy,
    CampaignPaused,
    CampaignResumed,
    CampaignCancelled,
    DraftsApproved,
    MessagesSent,
    WrittenByTemplate,
    TemplatesRewritten,
    WrittenTogether,
    WrittenAlone,
    // A message
    MessageApproved,
    MessageDisapproved,
    MessageSaved,
    MessageAgain,
    MessageSkipped,
    MessageUnskipped,
    MessageSending,
    SettledSent,
    SettledLeft,
    // Keys and tokens
    EnvRead,
    KeyAdded,
    KeyRemoved,
    KeyPaused,
    KeyResumed,
    KeyTried,
    ProjectNamed,
    KeysGrouped,
    TokenRemoved,
    // Settings and Discord
    SendingResumed,
    DiscordStarted,
    // The FAQ
    EntryAdded,
    EntryDeleted,
    EntriesImported,
    QuestionSettled,
    FaqOpened,
    FaqClosed,
}

words!(Notice, "notice", {
    Saved => "saved",
    PersonAdded => "added",
    PersonErased => "erased",
    SampleAdded => "sample",
    SampleToMatch => "sample-to-match",
    Unsubscribed => "unsubscribed",
    Resubscribed => "resubscribed",
    SkillRemoved => "skill-removed",
    PersonMatched => "person-matched",
    Matched => "matched",
    NobodyDue => "nobody-due",
    ResumesUploaded => "uploaded",
    ResumeAssigned => "assigned",
    ResumeRetried => "resume-retried",
    ResumeDeleted => "resume-deleted",
    CampaignStarted => "started",
    CampaignBusy => "busy",
    CampaignPaused => "paused",
    CampaignResumed => "resumed",
    CampaignCancelled => "cancelled",
    DraftsApproved => "many",
    MessagesSent => "sent",
    WrittenByTemplate => "template",
    TemplatesRewritten => "rewritten",
    WrittenTogether => "together",
    WrittenAlone => "alone",
    MessageApproved => "approved",
    MessageDisapproved => "disapproved",
    MessageSaved => "message-saved",
    MessageAgain => "again",
    MessageSkipped => "skipped",
    MessageUnskipped => "unskipped",
    MessageSending => "sending",
    SettledSent => "settled-sent",
    SettledLeft => "settled-left",
    EnvRead => "env-read",
    KeyAdded => "key-added",
    KeyRemoved => "key-removed",
    KeyPaused => "key-paused",
    KeyResumed => "key-resumed",
    KeyTried => "key-tried",
    ProjectNamed => "project-named",
    KeysGrouped => "keys-grouped",
    TokenRemoved => "token-removed",
    SendingResumed => "sending-resumed",
    DiscordStarted => "discord-started",
    EntryAdded => "entry-added",
    EntryDeleted => "entry-deleted",
    EntriesImported => "imported",
    QuestionSettled => "question-settled",
    FaqOpened => "faq-opened",
    FaqClosed => "faq-closed",
});

/// Old values of `?said=` whose meaning depended on the page: start of the path, value, notice.
const OLD_WORDS: [(&str, &str, Notice); 26] = [
    ("/people", "left", Notice::Unsubscribed),
    ("/people", "back", Notice::Resubscribed),
    ("/people", "matched", Notice::PersonMatched),
    ("/people", "again", Notice::ResumeRetried),
    ("/people", "deleted", Notice::ResumeDeleted),
    ("/matchmaking", "sample", Notice::SampleToMatch),
    ("/matchmaking", "claimed", Notice::ResumeAssigned),
    ("/matchmaking", "again", Notice::ResumeRetried),
    ("/matchmaking", "deleted", Notice::ResumeDeleted),
    ("/outreach/", "saved", Notice::MessageSaved),
    ("/keys", "read", Notice::EnvRead),
    ("/keys", "added", Notice::KeyAdded),
    ("/keys", "removed", Notice::KeyRemoved),
    ("/keys", "paused", Notice::KeyPaused),
    ("/keys", "goes-on", Notice::KeyResumed),
    ("/keys", "tried", Notice::KeyTried),
    ("/keys", "named", Notice::ProjectNamed),
    ("/keys", "grouped", Notice::KeysGrouped),
    ("/settings/tokens", "removed", Notice::TokenRemoved),
    ("/settings", "goes-on", Notice::SendingResumed),
    ("/discord", "asked", Notice::DiscordStarted),
    ("/faq", "added", Notice::EntryAdded),
    ("/faq", "deleted", Notice::EntryDeleted),
    ("/faq", "settled", Notice::QuestionSettled),
    ("/faq", "open", Notice::FaqOpened),
    ("/faq", "closed", Notice::FaqClosed),
];

impl Notice {
    fn of_old_word(path: &str, word: &str) -> Option<Self> {
        let old = OLD_WORDS.iter().find(|(start, old, _)| *old == word && path.starts_with(start));
        old.map(|(.., notice)| *notice).or_else(|| word.parse().ok())
    }

    /// The page at `path` with this notice; `details` are the numbers and ids that its text needs.
    pub fn url(self, path: &str, details: &[(&str, &str)]) -> String {
        let (path, fragment) = path.split_once('#').unwrap_or((path, ""));
        let mut url = reqwest::Url::parse("http://localhost/").expect("a constant that parses");
        url.query_pairs_mut().append_pair("notice", self.as_str()).extend_pairs(details);
        let hash = if fragment.is_empty() { "" } else { "#" };
        format!("{path}?{}{hash}{fragment}", url.query().unwrap_or_default())
    }

    pub fn redirect(self, path: &str) -> Redirect {
        Redirect::to(&self.url(path, &[]))
    }
}

/// The notice in a page's address, with the numbers and ids that belong to it.
#[derive(Clone, Debug, Default)]
pub struct NoticeQuery {
    pub notice: Option<Notice>,
    /// The message that it is about.
    pub of: Option<MessageId>,
    /// How many, and how many were left for a person.
    n: i64,
    kept: i64,
    /// The number of the key that it is about.
    pub key: Option<KeyNumber>,
    /// What a new reading of `.env` changed.
    pub changes: String,
}

/// What a page knows about the subject of a notice.
#[derive(Default)]
pub struct Details {
    /// The person whose message it is, or the key's name.
    pub name: String,
    /// Drafts still to be reviewed.
    pub left: i64,
    /// What a new reading of `.env` changed, as a sentence.
    pub changes: String,
}

#[derive(Deserialize)]
struct Raw {
    notice: Option<String>,
    said: Option<String>,
    of: Option<MessageId>,
    n: Option<i64>,
    kept: Option<i64>,
    key: Option<KeyNumber>,
    #[serde(default)]
    changes: String,
}

impl NoticeQuery {
    /// The notice's text; empty when there is none.
    pub fn text(&self) -> String {
        self.text_about(&Details::default())
    }

    pub fn text_about(&self, details: &Details) -> String {
        self.notice.map(|notice| self.sentence(notice, details)).unwrap_or_default()
    }

    #[expect(clippy::too_many_lines, reason = "a table of texts")]
    fn sentence(&self, notice: Notice, Details { name, left, changes }: &Details) -> String {
        let n = self.n;
        match notice {
            Notice::Saved => "Saved.".into(),
            Notice::PersonAdded => "Person added.".into(),
            Notice::PersonErased => "Person erased, with everything that belonged to them.".into(),
            Notice::SampleAdded => "12 sample people added. Their addresses reach nobody.".into(),
            Notice::SampleToMatch => {
                "12 sample people added. Their addresses reach nobody. Match them to see how it works."
                    .into()
            }
            Notice::Unsubscribed => "Unsubscribed. They get no more emails.".into(),
            Notice::Resubscribed => "Resubscribed. They can be emailed again.".into(),
            Notice::SkillRemoved => {
                "Skill removed. Run matching again to update the matches.".into()
            }
            Notice::PersonMatched => "Matched. No emails were sent.".into(),
            Notice::Matched => {
                format!(
                    "Matched everybody: {}. No emails were sent.",
                    count(n, "pair", "pairs")
                )
            }
            Notice::NobodyDue => {
                "No match email is due: everybody with matches who can get email has one."
                    .into()
            }
            Notice::ResumesUploaded => {
                "Uploaded. The files are read one after another. This page shows the progress."
                    .into()
            }
            Notice::ResumeAssigned => "Assigned. Muster looks for skills in it next.".into(),
            Notice::ResumeRetried => "The resume is being processed again.".into(),
            Notice::ResumeDeleted => {
                "Deleted the file and its text. The person keeps the skills.".into()
            }
            Notice::CampaignStarted => {
                "Started. You can review each message as soon as it is written.".into()
            }
            Notice::CampaignBusy => {
                "This campaign is still running, so no second one was started.".into()
            }
            Notice::CampaignPaused => "Paused. What has already begun will be completed.".into(),
            Notice::CampaignResumed => "Resumed.".into(),
            Notice::CampaignCancelled => "Cancelled. Nothing more will be sent.".into(),
            Notice::DraftsApproved => {
                let kept = match self.kept {
                    ..=0 => String::new(),
                    kept => format!(" {} for your review.", count(kept, "waits", "wait")),
                };
                format!("Approved {}.{kept}", count(n, "message", "messages"))
            }
            Notice::MessagesSent => format!("{} being sent.", count(n, "email is", "emails are")),
            Notice::WrittenByTemplate => {
                format!("The template is writing {}.", count(n, "message", "messages"))
            }
            Notice::TemplatesRewritten => {
                format!("Gemini is rewriting {}.", count(n, "message", "messages"))
            }
            Notice::WrittenTogether => "Saved. Several people are put into one request.".into(),
            Notice::WrittenAlone => "Saved. Each message gets a request of its own.".into(),
            Notice::MessageApproved => format!("Approved {name}, {left} left to review."),
            Notice::MessageDisapproved => format!("Withdrew the approval for {name}."),
            Notice::MessageSaved => format!("Saved the message to {name}."),
            Notice::MessageAgain => format!("The message to {name} will be written again."),
            Notice::MessageSkipped => format!("Skipped {name}, {left} left to review."),
            Notice::MessageUnskipped => format!("The message to {name} is queued again."),
            Notice::MessageSending => format!("The email to {name} is being sent."),
            Notice::SettledSent => format!("Marked the email to {name} as sent."),
            Notice::SettledLeft => format!("The email to {name} will not be sent."),
            Notice::EnvRead => changes.clone(),
            Notice::KeyAdded => format!("Added {}. It is in use from now on.", lower_first(name)),
            Notice::KeyRemoved => format!("Removed {}. Requests that it has started will finish.", lower_first(name)),
            Notice::KeyPaused => format!("Paused {}. Requests that it has started will finish.", lower_first(name)),
            Notice::KeyResumed => format!("Resumed {}.", lower_first(name)),
            Notice::KeyTried => format!(
                "Checking {} with Google. The result appears here in a moment.", lower_first(name)
            ),
            Notice::ProjectNamed => format!("Changed the project of {}.", lower_first(name)),
            Notice::KeysGrouped => {
                format!("{name} and the other key now count as one project.")
            }
            Notice::TokenRemoved => "Removed.".into(),
            Notice::SendingResumed => "Sending has resumed.".into(),
            Notice::DiscordStarted => {
                "Started. The result appears below in a moment.".into()
            }
            Notice::EntryAdded => "Added the entry.".into(),
            Notice::EntryDeleted => "Deleted the entry.".into(),
            Notice::EntriesImported => "Imported the entries.".into(),
            Notice::QuestionSettled => "Removed the question from the list.".into(),
            Notice::FaqOpened => "Everybody with the link can read the FAQ and ask questions.".into(),
            Notice::FaqClosed => "Only organisers can see the FAQ now.".into(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NoticeQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let Query(raw) = Query::<Raw>::try_from_uri(&parts.uri)?;
        let notice = match (raw.notice, raw.said) {
            (Some(word), _) => word.parse().ok(),
            (None, Some(word)) => Notice::of_old_word(parts.uri.path(), &word),
            (None, None) => None,
        };
        let n = raw.n.unwrap_or_default().max(0);
        let kept = raw.kept.unwrap_or_default();
        Ok(Self { notice, of: raw.of, n, kept, key: raw.key, changes: raw.changes })
    }
}

/// A key's name within a sentence: `key 2`.
fn lower_first(name: &str) -> String {
    let mut rest = name.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_fragment_and_gets_the_details() {
        assert_eq!(
            Notice::PersonMatched.url("/people/3#h-matches", &[("n", "2")]),
            "/people/3?notice=person-matched&n=2#h-matches"
        );
    }

    #[test]
    fn every_notice_has_a_text() {
        let details = Details { changes: "Nothing changed.".into(), ..Details::default() };
        for notice in Notice::ALL {
            let query = NoticeQuery { notice: Some(*notice), ..NoticeQuery::default() };
            assert!(query.text_about(&details).ends_with('.'), "{notice}");
        }
    }

    #[test]
    fn old_words_keep_their_meaning_on_each_page() {
        let old = Notice::of_old_word;
        assert_eq!(old("/people", "added"), Some(Notice::PersonAdded));
        assert_eq!(old("/faq", "added"), Some(Notice::EntryAdded));
        assert_eq!(old("/outreach/1", "again"), Some(Notice::MessageAgain));
        assert_eq!(old("/matchmaking/resumes", "again"), Some(Notice::ResumeRetried));
        assert_eq!(old("/settings/tokens", "removed"), Some(Notice::TokenRemoved));
        assert_eq!(old("/people", "<script>"), None);
    }
}
