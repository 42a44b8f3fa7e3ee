//! The real binary: killed, stopped, started twice, started wrongly. What must be true across processes cannot be
//! tested inside one.

mod discord;
mod faq;
mod gateway;
mod keys;
mod kill;
mod pool;
mod start;
mod stop;
mod together;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::gemini::{self, Rules, TestGemini};
use crate::support::process::Desk;
use crate::support::smtp::SmtpServer;

/// How much faster than life these tests let Muster and its Gemini run.
const SCALE: u32 = 10;

/// Keys of these numbers, 0 being the reserve.
fn with_keys(desk: Desk, gemini: &TestGemini, numbers: &[i64]) -> Desk {
    let desk = desk.set("GEMINI_BASE_URL", gemini.url.clone()).set("TIME_SCALE", SCALE.to_string());
    numbers.iter().fold(desk, |desk, number| match number {
        0 => desk.set("GEMINI_API_KEY", gemini::key(0)),
        number => desk.set(&format!("GEMINI_API_KEY{number}"), gemini::key(*number)),
    })
}

fn rules() -> Rules {
    Rules { time_scale: SCALE, ..Rules::default() }
}

/// Mails by the server's record, which counts what reached its final dot whatever was answered.
fn mails(server: &SmtpServer) -> BTreeMap<String, usize> {
    let mut mails = BTreeMap::new();
    for mail in server.mails() {
        assert_eq!(mail.to.len(), 1, "one recipient each");
        *mails.entry(mail.to[0].clone()).or_default() += 1;
    }
    mails
}

/// What must hold of a campaign that is over: everybody is written to once, or nobody knows. Returns who is uncertain.
fn assert_settled(campaign: &Value, server: &SmtpServer, people: usize) -> Vec<String> {
    assert_eq!(campaign["state"], "finished", "{campaign}");
    let counts = campaign["counts"].as_object().unwrap();
    let sum: i64 = counts.values().map(|count| count.as_i64().unwrap()).sum();
    assert_eq!(sum, people as i64, "{counts:?}");
    assert_eq!(campaign["total_users"], people);
    let emails = campaign["emails"].as_array().unwrap();
    assert_eq!(emails.len(), people);

    let mails = mails(server);
    let mut uncertain = Vec::new();
    for email in emails {
        let address = email["email"].as_str().unwrap();
        let arrived = mails.get(address).copied().unwrap_or_default();
        match email["state"].as_str().unwrap() {
            "sent" => assert_eq!(arrived, 1, "{address} has exactly one mail"),
            "uncertain" => {
                assert!(arrived <= 1, "{address} has {arrived} mails");
                assert!(!email["error"].as_str().unwrap().is_empty());
                uncertain.push(address.to_owned());
            }
            other => panic!("{address} is {other}"),
        }
    }
    assert_eq!(mails.keys().filter(|to| to.starts_with("person-")).count(), mails.len());
    for (state, of) in [("sent", people - uncertain.len()), ("uncertain", uncertain.len())] {
        assert_eq!(counts[state], of, "{counts:?}");
    }
    uncertain
}

/// Every message of a campaign was written by `by`: `model` or `template`.
fn assert_written(campaign: &Value, by: &str, people: usize) {
    let emails = campaign["emails"].as_array().unwrap();
    assert_eq!(emails.len(), people);
    for email in emails {
        assert_eq!(email["made_by"]["by"], by, "{email}");
        let (name, text) = (email["name"].as_str().unwrap(), email["content"].as_str().unwrap());
        let first_name = name.split(' ').next().unwrap();
        assert!(text.contains(first_name), "{name}: {text}");
    }
}
