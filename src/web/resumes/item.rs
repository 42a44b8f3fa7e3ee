//! A resume as the pages show it.

use crate::app::App;
use crate::model::made_by::Maker;
use crate::model::resume::ResumeState;
use crate::model::{Job, PersonId, ResumeId};
use crate::store::Conn;
use crate::store::resumes::Resume;
use crate::web::expected::Estimates;
use crate::web::page::{Times, count};

pub struct Item {
    pub id: ResumeId,
    pub file_name: String,
    pub person: String,
    pub person_id: Option<PersonId>,
    /// The state's CSS class, icon and label.
    pub tone: &'static str,
    pub icon: &'static str,
    pub label: String,
    pub detail: String,
    pub uploaded: String,
    pub is_unclaimed: bool,
    pub is_failed: bool,
    /// It can be read or searched for skills again.
    pub can_retry: bool,
    pub about: String,
}

/// Resumes for a page, each with its expected time if it waits for Gemini.
pub async fn items(
    conn: &mut Conn,
    app: &App,
    resumes: &[Resume],
    times: &Times,
) -> sqlx::Result<Vec<Item>> {
    let waits = |resume: &Resume| resume.state == ResumeState::Waiting;
    let estimates = if resumes.iter().any(waits) {
        Some(Estimates::read(conn, app, app.clock.now()).await?)
    } else {
        None
    };
    let mut items = Vec::with_capacity(resumes.len());
    for resume in resumes {
        let mut item = Item::new(resume, times);
        if let Some(estimates) = estimates.as_ref().filter(|_| waits(resume))
            && let Some(estimate) = estimates.of(conn, Job::FindSkills(resume.id), times).await?
        {
            item.detail = format!("{} · {estimate}", item.detail);
        }
        items.push(item);
    }
    Ok(items)
}

impl Item {
    fn new(resume: &Resume, times: &Times) -> Self {
        let found =
            serde_json::from_str::<Vec<String>>(&resume.skills).map_or(0, |names| names.len());
        let state = resume.state;
        let (tone, icon) = match state {
            ResumeState::Queued | ResumeState::Waiting => ("none", "st-wait"),
            ResumeState::Reading | ResumeState::Extracting => ("go", "st-go"),
            ResumeState::Unclaimed => ("wait", "st-wait"),
            ResumeState::Done => ("ok", "st-ok"),
            ResumeState::Failed => ("bad", "st-bad"),
        };
        let label = match state {
            ResumeState::Done if found == 0 => "No skills".into(),
            ResumeState::Done => count(found as i64, "skill", "skills"),
            ResumeState::Queued
            | ResumeState::Reading
            | ResumeState::Unclaimed
            | ResumeState::Waiting
            | ResumeState::Extracting
            | ResumeState::Failed => state.label().to_owned(),
        };
        let format = resume.format().map(|it| it.as_str().to_uppercase()).unwrap_or_default();
        Self {
            id: resume.id,
            file_name: resume.file_name.clone(),
            person: resume.person.clone().unwrap_or_default(),
            person_id: resume.person_id,
            tone,
            icon,
            label,
            detail: detail(resume),
            uploaded: times.at(resume.created_at),
            is_unclaimed: state == ResumeState::Unclaimed,
            is_failed: state == ResumeState::Failed,
            can_retry: matches!(state, ResumeState::Failed | ResumeState::Done),
            about: [format, size(resume.size)]
                .into_iter()
                .filter(|it| !it.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

/// The line under the file name: who found the skills, what it waits for, why it failed.
fn detail(resume: &Resume) -> String {
    let mut parts: Vec<String> = Vec::new();
    match resume.state {
        ResumeState::Queued if resume.person_id.is_none() => {
            parts.push("to be assigned by the email address in it".into());
        }
        ResumeState::Unclaimed => {
            parts.push("It contains no email address of a person in Muster.".into());
        }
        ResumeState::Waiting => {
            parts.push("read, waiting for the search for skills".into());
        }
        ResumeState::Failed => parts.extend(resume.error.clone()),
        ResumeState::Queued | ResumeState::Reading | ResumeState::Extracting => {}
        ResumeState::Done => parts.extend(resume.made_by().map(|made| match made.by {
            Maker::Model => {
                let key = match made.key {
                    Some(number) if number.is_reserve() => ", the reserve key".into(),
                    Some(number) => format!(", key {number}"),
                    None => String::new(),
                };
                format!("{}{key}", made.model.unwrap_or_else(|| "Gemini".into()))
            }
            Maker::Taxonomy | Maker::Template | Maker::Passage | Maker::Person => match made.why {
                Some(why) => format!("word list ({why})"),
                None => "word list".into(),
            },
        })),
    }
    if let Some(cut_at) = resume.cut_at {
        parts.push(format!(
            "only the first {} characters were searched for skills",
            thousands(cut_at)
        ));
    }
    parts.join(" · ")
}

fn thousands(number: i64) -> String {
    if number < 1000 {
        number.to_string()
    } else {
        format!("{},{:03}", number / 1000, number % 1000)
    }
}

fn size(bytes: i64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KB", (bytes + 512) / 1024),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_numbers_are_easy_to_read() {
        assert_eq!([size(900), size(2048), size(1_600_000)], ["900 bytes", "2 KB", "1.5 MB"]);
        assert_eq!(thousands(20_000), "20,000");
    }
}
