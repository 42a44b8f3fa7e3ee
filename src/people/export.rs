//! Exports: everybody as a table, and everything about one person as JSON.

use serde_json::json;

use super::fields::{COLUMNS, Fields, SKILLS};
use crate::events::CURRENT;
use crate::model::PersonId;
use crate::store::deliveries::Listed;
use crate::store::{self, Conn};

/// People whose skills are read at once.
const BATCH: usize = 1_000;

/// Everybody as a table that [`import::read`](super::import::read) accepts. A cell that a spreadsheet would run as a
/// formula is escaped.
pub async fn table(conn: &mut Conn) -> anyhow::Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS.map(|column| column.title))?;
    for people in store::people::all(conn).await?.chunks(BATCH) {
        let ids = people.iter().map(|person| person.id);
        let mut skills = store::person_skills::names(conn, ids).await?;
        for person in people {
            let skills = skills.remove(&person.id).unwrap_or_default().join("; ");
            let mut fields = Fields::of(person, skills);
            table.write_record(COLUMNS.map(|column| harmless((column.field)(&mut fields))))?;
        }
    }
    Ok(table.into_inner()?)
}

fn harmless(cell: &str) -> String {
    let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if runs { format!("'{cell}") } else { cell.to_owned() }
}

/// Everything that is stored about a person, for them to keep; `None` when there is no such person. Resumes are listed
/// with the text read from them, matches with what was shared and with nothing about the other person.
pub async fn person(conn: &mut Conn, id: PersonId) -> sqlx::Result<Option<serde_json::Value>> {
    let Some(person) = store::people::find(conn, id).await? else { return Ok(None) };
    let skills: Vec<_> = store::person_skills::list(conn, id)
        .await?
        .iter()
        .map(|skill| json!({ "skill": skill.skill, "source": skill.source }))
        .collect();
    let suppression = store::suppressions::find(conn, &person.address.hash()).await?;
    let mut all = json!({
        "source": person.source,
        "registered_at": person.registered_at,
        "shares_address_at": person.shares_address_at,
        "not_mailed_since": suppression.as_ref().map(|it| it.since),
        "not_mailed_because": suppression.as_ref().map(|it| it.reason.as_str()),
        "created_at": person.created_at,
        "updated_at": person.updated_at,
        "resumes": exported_resumes(conn, id).await?,
        "messages": exported_messages(conn, id).await?,
        "matches": exported_matches(conn, id).await?,
        "discord": exported_discord(conn, id).await?,
    });
    let mut fields = Fields::of(&person, String::new());
    for column in &COLUMNS {
        all[column.key] = json!((column.field)(&mut fields));
    }
    // Here with their sources, not as one text.
    all[SKILLS.key] = json!(skills);
    Ok(Some(all))
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
        let mails: Vec<_> = store::deliveries::of_message(conn, message.id)
            .await?
            .iter()
            .map(exported_mail)
            .collect();
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
        "words": mail.response,
    })
}

async fn exported_discord(conn: &mut Conn, id: PersonId) -> sqlx::Result<serde_json::Value> {
    let account = store::discord::account(conn, id).await?;
    let codes: Vec<_> =
        store::deliveries::asked_for(conn, id).await?.iter().map(exported_mail).collect();
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
