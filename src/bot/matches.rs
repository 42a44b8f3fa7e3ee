//! `/match`: who fits a verified person, and why.

use std::fmt::Write as _;

use super::verify;
use crate::discord::{Message, escape};
use crate::events::CURRENT;
use crate::matching;
use crate::model::DiscordUser;
use crate::model::email::Teammate;
use crate::store::{self, Conn};

/// How many shared skills are named, the rarest first: a longer list says less.
const NAMED_SKILLS: usize = 5;
/// Ten people with long names must fit into a message.
const LONGEST: usize = 1_800;

pub async fn list(conn: &mut Conn, user: &DiscordUser) -> sqlx::Result<Message> {
    let Some(person) = store::discord::person(conn, user).await? else {
        let text = "I do not know who you are yet. Verify the email address that you gave the organisers to see your \
                    matches.";
        return Ok(Message::new(text).button(verify::START));
    };
    let teammates = matching::teammates(conn, CURRENT, person).await?;
    if !teammates.is_empty() {
        return Ok(Message::new(&text(&teammates)));
    }
    Ok(Message::new(if store::person_skills::list(conn, person).await?.is_empty() {
        "The organisers do not know your skills yet, so there are no matches. Send them your resume, or tell them your \
         skills."
    } else {
        "Nobody matches your skills yet. This may change as more people join."
    }))
}

fn text(teammates: &[Teammate]) -> String {
    let mut text = "Your matches, best first:".to_owned();
    let mut hides_addresses = false;
    for (place, teammate) in teammates.iter().enumerate() {
        let line = line(teammate);
        if text.chars().count() + line.chars().count() > LONGEST {
            let _ = write!(text, "\n… and {} more.", teammates.len() - place);
            break;
        }
        hides_addresses |= teammate.address.is_none();
        let _ = write!(text, "\n{}. {line}", place + 1);
    }
    if hides_addresses {
        text.push_str("\n-# Email addresses are shown only if both of you agreed to share them.");
    }
    text
}

fn line(teammate: &Teammate) -> String {
    let name = format!("**{}**", escape(&teammate.name));
    let who = match teammate.job_title.as_str() {
        "" => name,
        title => format!("{name}, {}", escape(title)),
    };
    let shared: Vec<String> =
        teammate.shared.iter().take(NAMED_SKILLS).map(|it| escape(it)).collect();
    let why = match shared.split_last() {
        None => String::new(),
        Some((only, [])) => format!("you both know {only}"),
        Some((last, others)) => format!("you both know {} and {last}", others.join(", ")),
    };
    let address = teammate.address.as_ref().map(|it| escape(it.as_str())).unwrap_or_default();
    [who, why, address].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" – ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EmailAddress;

    fn teammate(name: &str, shared: &[&str], address: Option<&str>) -> Teammate {
        Teammate {
            name: name.into(),
            job_title: "Engineer".into(),
            shared: shared.iter().map(|it| (*it).to_owned()).collect(),
            address: address.map(|it| EmailAddress::parse(it).unwrap()),
        }
    }

    #[test]
    fn a_match_shows_name_reason_and_an_address_if_both_agreed() {
        let list = [
            teammate("Ada *L*", &["Rust", "SQL", "Go"], Some("ada_l@example.org")),
            teammate("Bo", &["Rust"], None),
        ];
        assert_eq!(
            text(&list),
            "Your matches, best first:\n1. **Ada \\*L\\***, Engineer – you both know Rust, SQL and Go – ada\\_l@example.org\n\
             2. **Bo**, Engineer – you both know Rust\n\
             -# Email addresses are shown only if both of you agreed to share them."
        );
    }

    #[test]
    fn ten_long_matches_fit_into_a_message() {
        let name = "Maximiliane-Henriette *von und zu* Hohenstein-Ehrenfels ".repeat(2);
        let list = vec![teammate(&name, &["Kubernetes"; 9], Some("a@example.org")); 10];
        let text = text(&list);
        assert!(text.chars().count() <= 2_000 && text.contains("more."), "{text}");
    }
}
