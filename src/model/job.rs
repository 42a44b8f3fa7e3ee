//! Work that is done later: the kinds of jobs, and what tells each of them from the others.

use super::ids::{
    DeliveryId, EntryId, LostRoleId, MessageId, PersonId, QuestionId, ReplyId, RequestId, ResumeId,
    SetupId,
};
use super::words::words;

/// Declares the kinds of jobs, one line each: the id of the row that the job is about, the kind's word in `jobs.kind`,
/// and the queue that serves it. [`Job`], [`JobKind`] and the workers' lists all come from this table.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($subject:ident) => $word:literal, $queue:expr;)+) => {
        /// A small value that names a row. Running it twice does no harm.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Job {
            $($(#[$doc])* $kind($subject),)+
        }

        /// A kind of job, without the row that it is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum JobKind {
            $($(#[$doc])* $kind,)+
        }

        words!(JobKind, "kind of job", { $($kind => $word),+ });

        impl Job {
            /// The way back from a row of `jobs`.
            pub fn new(kind: JobKind, subject: i64) -> Self {
                match kind { $(JobKind::$kind => Self::$kind($subject(subject)),)+ }
            }

            pub fn kind(self) -> JobKind {
                match self { $(Self::$kind(_) => JobKind::$kind,)+ }
            }

            /// The id of the row that it is about.
            pub fn subject(self) -> i64 {
                match self { $(Self::$kind(id) => id.0,)+ }
            }
        }

        impl JobKind {
            /// The queue that serves it.
            pub fn queue(self) -> Queue {
                match self { $(Self::$kind => $queue,)+ }
            }
        }
    };
}

// Where one worker serves several kinds of a queue, it serves them in this order.
kinds! {
    /// Write an invitation.
    DraftOutreach(MessageId) => "draft_outreach", Queue::Gemini(Task::Outreach);
    /// Write a match email.
    DraftMatch(MessageId) => "draft_match", Queue::Gemini(Task::Match);
    /// Find the skills in a resume's text.
    FindSkills(ResumeId) => "find_skills", Queue::Gemini(Task::Skills);
    /// Answer a question from the FAQ.
    AnswerFaq(QuestionId) => "answer_faq", Queue::Gemini(Task::Faq);
    /// Compute the embedding of an FAQ entry.
    EmbedEntry(EntryId) => "embed_entry", Queue::Gemini(Task::Embed);
    /// Compute the embedding of a question to the FAQ, then queue its answer.
    EmbedQuestion(QuestionId) => "embed_question", Queue::Gemini(Task::Embed);
    /// Forward another program's request.
    Forward(RequestId) => "forward", Queue::Gemini(Task::Gateway);
    /// Deliver an email outside campaigns: the organiser's test, or a code that somebody requested and waits for.
    SendDirect(DeliveryId) => "send_direct", Queue::Sending;
    /// Deliver an approved message.
    Send(MessageId) => "send_message", Queue::Sending;
    /// Extract the text of an uploaded file.
    ReadResume(ResumeId) => "read_resume", Queue::Reading;
    /// Put the answer to a question where Discord waits for it.
    Reply(ReplyId) => "reply", Queue::Discord;
    /// Do on Discord what an organiser asked for.
    DiscordSetup(SetupId) => "discord_setup", Queue::Discord;
    /// Give a verified person the role on Discord.
    GiveRole(PersonId) => "give_role", Queue::Discord;
    /// Remove the role from an account whose person has another one now.
    TakeRole(LostRoleId) => "take_role", Queue::Discord;
}

impl Job {
    /// The task of a job that asks Gemini.
    pub fn task(self) -> Option<Task> {
        self.kind().task()
    }
}

impl JobKind {
    /// The task of a kind that asks Gemini; `None` when it needs no key, and so no slot of the pool.
    pub fn task(self) -> Option<Task> {
        match self.queue() {
            Queue::Gemini(task) => Some(task),
            Queue::Sending | Queue::Reading | Queue::Discord => None,
        }
    }
}

/// Which workers serve a kind of job. Jobs in different queues do not wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Asks Gemini: needs a slot of the key pool, or falls back.
    Gemini(Task),
    /// Delivers emails, one at a time.
    Sending,
    /// Reads files in child processes, one per core.
    Reading,
    /// Asks Discord.
    Discord,
}

/// What a request to Gemini is for. Each task has its own delay between two starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    Outreach,
    Skills,
    Match,
    /// Without a delay: a participant waits for the answer.
    Faq,
    /// An embedding, by which the FAQ is searched beside its words. Without a delay.
    Embed,
    /// A request of the organiser's other programs. Without a delay.
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

/// Who waits for a job. Classes are served in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A person watches the page.
    Person,
    /// One draft that an organiser asked for.
    Single,
    Bulk,
}

words!(Class, "class", { Person => "person", Single => "single", Bulk => "bulk" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_the_round_trip_through_its_row() {
        for kind in JobKind::ALL {
            let job = Job::new(kind.as_str().parse().unwrap(), 7);
            assert_eq!((job.kind(), job.subject()), (*kind, 7));
        }
    }

    #[test]
    fn every_task_belongs_to_a_kind_of_job() {
        for task in Task::ALL {
            assert!(JobKind::ALL.iter().any(|kind| kind.task() == Some(*task)), "{task}");
        }
    }
}
