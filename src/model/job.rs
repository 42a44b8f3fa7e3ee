//! Kinds of work that are done later.

use super::{
    DeliveryId, EntryId, LostRoleId, MessageId, PersonId, QuestionId, ReplyId, RequestId, ResumeId,
    SetupId, UnknownWord, words,
};

/// A small value that names rows. Running it twice does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// Write a message: an invitation or a match e-mail.
    Draft(MessageId, Task),
    /// Deliver an approved message.
    Send(MessageId),
    /// Deliver a mail that belongs to no campaign: the organiser's test, a code that somebody asked for.
    SendDirect(DeliveryId),
    /// Take the text out of an uploaded file.
    ReadResume(ResumeId),
    /// Find the skills in a resume's text.
    FindSkills(ResumeId),
    /// Answer a question from the FAQ.
    AnswerFaq(QuestionId),
    /// Find out what an entry of the FAQ is about.
    EmbedEntry(EntryId),
    /// Find out what a question to the FAQ is about; then it is answered.
    EmbedQuestion(QuestionId),
    /// Ask what another program asks.
    Forward(RequestId),
    /// Put the answer to a question where Discord waits for it.
    Reply(ReplyId),
    /// Give a verified person the role on Discord.
    GiveRole(PersonId),
    /// Take the role from an account whose person has another one now.
    TakeRole(LostRoleId),
    /// Do on Discord what an organiser asked for.
    DiscordSetup(SetupId),
}

/// What a request to Gemini is for. Each task keeps its own distance between two starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    Outreach,
    Skills,
    Match,
    /// A participant waits for the answer: no distance is kept.
    Faq,
    /// What a text is about, as numbers: what the FAQ is searched by, beside its words. No distance is kept.
    Embed,
    /// Another program of the organiser asks. No distance is kept.
    Gateway,
}

words!(Task, "task", {
    Outreach => "outreach",
    Skills => "skills",
    Match => "match",
    Faq => "faq",
    Embed => "embed",
    Gateway => "door",
});

/// Who waits for a job. The order is the order of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A person sits in front of the page.
    Person,
    /// One draft that an organiser asked for.
    Single,
    Bulk,
}

words!(Class, "class", { Person => "person", Single => "single", Bulk => "bulk" });

impl Job {
    /// The word in `jobs.kind`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Draft(_, Task::Match) => "draft_match",
            Self::Draft(_, _) => "draft_outreach",
            Self::Send(_) => "send_message",
            Self::SendDirect(_) => "send_direct",
            Self::ReadResume(_) => "read_resume",
            Self::FindSkills(_) => "find_skills",
            Self::AnswerFaq(_) => "answer_faq",
            Self::EmbedEntry(_) => "embed_entry",
            Self::EmbedQuestion(_) => "embed_question",
            Self::Forward(_) => "forward",
            Self::Reply(_) => "reply",
            Self::GiveRole(_) => "give_role",
            Self::TakeRole(_) => "take_role",
            Self::DiscordSetup(_) => "discord_setup",
        }
    }

    /// The id of the row it is about.
    pub fn subject(self) -> i64 {
        match self {
            Self::Draft(id, _) | Self::Send(id) => id.0,
            Self::SendDirect(id) => id.0,
            Self::ReadResume(id) | Self::FindSkills(id) => id.0,
            Self::AnswerFaq(id) | Self::EmbedQuestion(id) => id.0,
            Self::EmbedEntry(id) => id.0,
            Self::Forward(id) => id.0,
            Self::Reply(id) => id.0,
            Self::GiveRole(id) => id.0,
            Self::TakeRole(id) => id.0,
            Self::DiscordSetup(id) => id.0,
        }
    }

    /// What it asks Gemini for; `None` when it needs no key, and so no slot of the pool.
    pub fn task(self) -> Option<Task> {
        match self {
            Self::Draft(_, task) => Some(task),
            Self::FindSkills(_) => Some(Task::Skills),
            Self::AnswerFaq(_) => Some(Task::Faq),
            Self::EmbedEntry(_) | Self::EmbedQuestion(_) => Some(Task::Embed),
            Self::Forward(_) => Some(Task::Gateway),
            Self::Send(_)
            | Self::SendDirect(_)
            | Self::ReadResume(_)
            | Self::Reply(_)
            | Self::GiveRole(_)
            | Self::TakeRole(_)
            | Self::DiscordSetup(_) => None,
        }
    }

    /// The way back from a row of `jobs`.
    pub fn from_row(kind: &str, subject: i64) -> Result<Self, UnknownWord> {
        match kind {
            "draft_outreach" => Ok(Self::Draft(MessageId(subject), Task::Outreach)),
            "draft_match" => Ok(Self::Draft(MessageId(subject), Task::Match)),
            "send_message" => Ok(Self::Send(MessageId(subject))),
            "send_direct" => Ok(Self::SendDirect(DeliveryId(subject))),
            "read_resume" => Ok(Self::ReadResume(ResumeId(subject))),
            "find_skills" => Ok(Self::FindSkills(ResumeId(subject))),
            "answer_faq" => Ok(Self::AnswerFaq(QuestionId(subject))),
            "embed_entry" => Ok(Self::EmbedEntry(EntryId(subject))),
            "embed_question" => Ok(Self::EmbedQuestion(QuestionId(subject))),
            "forward" => Ok(Self::Forward(RequestId(subject))),
            "reply" => Ok(Self::Reply(ReplyId(subject))),
            "give_role" => Ok(Self::GiveRole(PersonId(subject))),
            "take_role" => Ok(Self::TakeRole(LostRoleId(subject))),
            "discord_setup" => Ok(Self::DiscordSetup(SetupId(subject))),
            _ => Err(UnknownWord { what: "kind of job", value: kind.to_owned() }),
        }
    }
}
