//! `/ask`: the FAQ answers, at once if it can, otherwise as soon as a job has the answer.

use std::time::Duration;

use super::context::Context;
use crate::discord::{Message, Reply, escape};
use crate::faq::{self, Answer, AskError, Asked, Question, Requester};
use crate::model::job::Class;
use crate::model::{DiscordUser, Job, Millis, ReplyId, Secret};
use crate::store::discord as rows;
use crate::store::{self, Conn};

/// How long Gemini may take; after that the best entry is the answer.
const PATIENCE: Duration = Duration::from_mins(12);
/// How long Discord accepts an answer: 15 minutes, less the time for a request.
const TOKEN: Duration = Duration::from_secs(15 * 60 - 20);

pub async fn ask(
    tx: &mut Conn,
    context: &Context<'_>,
    user: &DiscordUser,
    token: &Secret,
    typed: &str,
) -> anyhow::Result<Reply> {
    let question = match Question::parse(typed) {
        Ok(question) => question,
        Err(error) => return Ok(Message::new(&sentence(&error.to_string())).into()),
    };
    let now = context.now;
    let requester =
        Requester::participant(context.secret.expose(), &format!("discord {}", user.as_str()));
    match faq::limit(tx, &requester, now).await {
        Ok(()) => {}
        Err(AskError::TooMany(error)) => {
            return Ok(Message::new(&sentence(&error.to_string())).into());
        }
        Err(AskError::Db(error)) => return Err(error.into()),
    }
    let scale = context.config.time_scale;
    let patience = PATIENCE / scale;
    let Asked { id, answer } = faq::ask(tx, context.pool, &question, patience, now).await?;
    if let Some(answer) = answer {
        return Ok(message(&answer).into());
    }
    let (answer_by, expires_at) = (now.plus(patience), now.plus(TOKEN / scale));
    let reply = rows::insert_reply(tx, id, token, answer_by, expires_at).await?;
    // Woken when the question is answered.
    store::jobs::enqueue(tx, Job::Reply(reply), Class::Person, now, answer_by, None).await?;
    Ok(Reply::Later)
}

/// What to do about an answer that Discord waits for.
#[derive(Debug)]
pub enum Due {
    /// It is done.
    Nothing,
    /// It is too late, and the participant got no answer.
    Missed,
    /// There is no answer yet: check again then, or when woken.
    Wait(Millis),
    Send {
        message: Message,
        token: Secret,
        /// Discord accepts it until then.
        until: Millis,
    },
}

pub async fn due(tx: &mut Conn, id: ReplyId, now: Millis) -> sqlx::Result<Due> {
    let Some(reply) = rows::reply(tx, id).await? else { return Ok(Due::Nothing) };
    if now >= reply.expires_at {
        rows::delete_reply(tx, id).await?;
        return Ok(Due::Missed);
    }
    let answer = match faq::found(tx, reply.question_id).await? {
        Some(answer) => answer,
        None if now < reply.answer_by => return Ok(Due::Wait(reply.answer_by)),
        None => faq::answer_now(tx, reply.question_id, "no key was free in time", now).await?,
    };
    Ok(Due::Send { message: message(&answer), token: reply.token, until: reply.expires_at })
}

fn message(answer: &Answer) -> Message {
    let sources: Vec<String> = answer.citations.iter().map(|it| escape(&it.question)).collect();
    let source = match sources.as_slice() {
        [] => String::new(),
        sources => format!("-# From the organisers' FAQ: {}", sources.join(" · ")),
    };
    Message::answer(&answer.text, &source)
}

/// An error message as a sentence.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faq::Citation;
    use crate::model::made_by::MadeBy;
    use crate::model::{EntryId, KeyNumber};

    #[test]
    fn an_answer_names_the_entries_it_comes_from() {
        let citation = |question: &str| Citation { id: EntryId(1), question: question.into() };
        let answer = Answer {
            text: "Yes, *vegan* too.".into(),
            citations: vec![citation("Is there lunch?"), citation("What_is *vegan*?")],
            unknown: false,
            made_by: MadeBy::model("a model", KeyNumber(1)),
        };
        assert_eq!(
            message(&answer).text(),
            "Yes, *vegan* too.\n\n-# From the organisers' FAQ: Is there lunch? · What\\_is \\*vegan\\*?"
        );
        let unknown = Answer { citations: Vec::new(), ..answer };
        assert_eq!(message(&unknown).text(), "Yes, *vegan* too.");
    }

    #[test]
    fn an_error_becomes_a_sentence() {
        assert_eq!(sentence("the question is missing"), "The question is missing.");
    }
}
