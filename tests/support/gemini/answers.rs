//! Answers that fit what was asked: an invitation to the person, an email about every match, or the skills that are
//! in the resume.

use serde_json::{Value, json};

use super::Fault;

/// Skills that this server can find in a resume.
const SKILLS: &[&str] = &[
    "Rust",
    "Python",
    "JavaScript",
    "TypeScript",
    "React",
    "Go",
    "Java",
    "Kotlin",
    "Swift",
    "C++",
    "SQL",
    "PostgreSQL",
    "Docker",
    "Kubernetes",
    "AWS",
    "Machine Learning",
    "TensorFlow",
    "PyTorch",
    "Figma",
    "UX Research",
    "Node.js",
    "Django",
    "GraphQL",
    "Linux",
    "Git",
    "Data Science",
    "Excel",
    "Photoshop",
    "Scrum",
    "Marketing",
];

pub fn text_at<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn prompt(body: &Value) -> &str {
    text_at(body, "/contents/0/parts/0/text")
}

/// What stands between the fences.
fn data(body: &Value) -> &str {
    let prompt = prompt(body);
    let inner = prompt.split_once("<data>").map_or(prompt, |(_, rest)| rest);
    inner.rsplit_once("</data>").map_or(inner, |(inner, _)| inner).trim()
}

pub fn task_of(body: &Value) -> &'static str {
    if body.get("taskType").is_some() {
        return "embed";
    }
    if body.pointer("/generationConfig/responseSchema/properties/skills").is_some() {
        return "skills";
    }
    if body.pointer("/generationConfig/responseSchema/properties/citations").is_some() {
        return "faq";
    }
    if body.pointer("/generationConfig/responseSchema").is_none() {
        return "door";
    }
    match serde_json::from_str::<Value>(data(body)) {
        Ok(data) if data.get("matches").is_some() => "match",
        _ => "outreach",
    }
}

/// As Google counts, roughly: four characters make one.
pub fn tokens(body: &Value) -> u32 {
    let embedded = text_at(body, "/content/parts/0/text").len();
    let characters =
        embedded + prompt(body).len() + text_at(body, "/systemInstruction/parts/0/text").len();
    u32::try_from(characters / 4).unwrap_or(u32::MAX)
}

/// The body of a 200.
pub fn write(body: &Value, model: &str, tokens: u32, fault: Option<Fault>) -> String {
    let written = match (task_of(body), fault) {
        (_, Some(Fault::NotJson)) => "Sure! Here is what you asked for.".to_owned(),
        (_, Some(Fault::NotTheSchema)) => json!({ "result": 7 }).to_string(),
        // Another program's: it hears its own words again.
        ("door", _) => format!("You said: {}", prompt(body)),
        ("skills", _) => json!({ "skills": skills(data(body)) }).to_string(),
        ("faq", fault) => {
            let data: Value = serde_json::from_str(data(body)).unwrap_or_default();
            super::faq::answer(&data, fault).to_string()
        }
        (task, fault) => {
            let data: Value = serde_json::from_str(data(body)).unwrap_or_default();
            match data.get("people").and_then(Value::as_array) {
                Some(people) => letters(&data, people, fault),
                None => letter(&data, task, fault).to_string(),
            }
        }
    };
    json!({
        "candidates": [{
            "content": { "role": "model", "parts": [{ "text": written }] },
            "finishReason": "STOP",
            "index": 0,
        }],
        "usageMetadata": {
            "promptTokenCount": tokens,
            "candidatesTokenCount": written.len() / 4,
            "totalTokenCount": tokens as usize + written.len() / 4,
        },
        "modelVersion": model,
    })
    .to_string()
}

/// The events of a stream: the same answer word by word, the tokens with the last.
pub fn events(body: &Value, model: &str, tokens: u32) -> Vec<String> {
    let whole: Value = serde_json::from_str(&write(body, model, tokens, None)).unwrap();
    let text = text_at(&whole, "/candidates/0/content/parts/0/text");
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    let event = |(at, word): (usize, &&str)| {
        let mut event = whole.clone();
        event["candidates"][0]["content"]["parts"][0]["text"] = (*word).into();
        if at + 1 < words.len() {
            event["candidates"][0].as_object_mut().unwrap().remove("finishReason");
            event.as_object_mut().unwrap().remove("usageMetadata");
        }
        format!("data: {event}\r\n\r\n")
    };
    words.iter().enumerate().map(event).collect()
}

/// Whole words only: `Go` is not found in `Google`.
fn skills(resume: &str) -> Vec<&'static str> {
    let is_word = |c: char| c.is_alphanumeric();
    let stands = |skill: &&&str| {
        resume.match_indices(**skill).any(|(at, found)| {
            let before = resume[..at].chars().next_back();
            let after = resume[at + found.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
    };
    SKILLS.iter().filter(stands).copied().collect()
}

/// One invitation to each person, told by the ids.
fn letters(data: &Value, people: &[Value], fault: Option<Fault>) -> String {
    let of = |person: &Value| {
        let mut data = data.clone();
        data["person"] = person.clone();
        let mut letter = letter(&data, "outreach", fault);
        letter["id"] = person["id"].clone();
        letter
    };
    let mut letters: Vec<Value> = people.iter().map(of).collect();
    match fault {
        Some(Fault::SwapLetters) => {
            let ids: Vec<Value> = letters.iter().map(|letter| letter["id"].clone()).collect();
            for (letter, id) in letters.iter_mut().zip(ids.iter().cycle().skip(1)) {
                letter["id"] = id.clone();
            }
        }
        Some(Fault::DropLetter) => drop(letters.pop()),
        Some(Fault::DoubleLetter) => letters.push(letters[0].clone()),
        Some(Fault::ForeignLetter) => letters[0]["id"] = "999999".into(),
        Some(Fault::Obey) => {
            let praise = format!("\n\nAsk for {} there.", text_at(&people[0], "/name"));
            for letter in &mut letters {
                letter["body"] = format!("{}{praise}", text_at(letter, "/body")).into();
            }
        }
        _ => {}
    }
    json!({ "letters": letters }).to_string()
}

fn letter(data: &Value, task: &str, fault: Option<Fault>) -> Value {
    let name = match fault {
        Some(Fault::Placeholder) => "[Name]",
        Some(Fault::ForgetName) => "there",
        _ => text_at(data, "/person/name"),
    };
    let event = text_at(data, "/event/name");
    let mut body =
        if task == "match" { matches(data, name, event) } else { invitation(data, name, event) };
    match fault {
        Some(Fault::InventLink) => {
            body.push_str("\n\nRegister at https://invented.example.org/now.");
        }
        Some(Fault::Residue) => body.insert_str(0, "As an AI language model, I wrote this.\n\n"),
        Some(Fault::TooLong) => {
            body.push_str(&"\n\nWe look forward to it very much indeed.".repeat(60));
        }
        _ => {}
    }
    let subject = if task == "match" {
        format!("Your matches at {event}")
    } else {
        format!("Come to {event}")
    };
    json!({ "subject": subject, "body": body })
}

fn list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [many @ .., last] => format!("{} and {last}", many.join(", ")),
    }
}

fn strings(value: Option<&Value>, most: usize) -> Vec<&str> {
    let items = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Value::as_str).take(most).collect()
}

fn invitation(data: &Value, name: &str, event: &str) -> String {
    let organiser = match text_at(data, "/event/organiser") {
        "" => "We are".to_owned(),
        organiser => format!("{organiser} is"),
    };
    let skills = strings(data.pointer("/person/skills"), 3);
    let fit = if skills.is_empty() {
        "Whatever you like to build, there will be a team that needs it.".to_owned()
    } else {
        format!("What you know of {} would help a team there a great deal.", list(&skills))
    };
    format!(
        "Hi {name},\n\n{organiser} bringing people together at {event} to build things that matter, and we would be \
         glad to have you with us.\n\n{fit} Nobody has to arrive with a team: our AI-assisted matchmaking looks at what \
         everyone brings and suggests people who fit well together.\n\nYou can register below. We would be happy to \
         meet you there."
    )
}

fn matches(data: &Value, name: &str, event: &str) -> String {
    let matches = data.get("matches").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let lines: Vec<String> = matches
        .iter()
        .map(|mate| {
            let shared = strings(mate.get("shared_skills"), 5);
            format!("{}: you both know {}.", text_at(mate, "/name"), list(&shared))
        })
        .collect();
    format!(
        "Hi {name},\n\nwe compared what everybody brings to {event} and found people you may want to meet.\n\n{}\n\nIf \
         you would like to talk to one of them, answer this e-mail and ask us for an introduction.\n\nLook for people \
         whose skills complete your own, and agree early on how much time each of you has. We wish you a good team.",
        lines.join("\n")
    )
}
