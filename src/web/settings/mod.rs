//! Settings that organisers change: the event, mail, matching; and where Discord stands.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::discord_setup;
use super::error::Error;
use super::form::{FieldErrors, line};
use super::guard::Organiser;
use super::page::{Frame, Place, Times, filters, render};
use crate::app::App;
use crate::config::MailTransport;
use crate::matching::RULE_SETTING;
use crate::model::EmailAddress;
use crate::model::matching::RuleName;
use crate::sending::direct;
use crate::store::events::EventRow;
use crate::web::notice::{Notice, NoticeQuery};
use crate::{config, events, store};

const LONGEST: usize = 200;
const LONGEST_GUIDANCE: usize = 2_000;

/// What was typed about the event; an empty field falls back to the environment.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EventForm {
    name: String,
    dates: String,
    place: String,
    link: String,
    community_link: String,
    organiser: String,
    address: String,
    language: String,
    time_zone: String,
    sender_name: String,
    reply_to: String,
    guidance: String,
}

impl From<EventRow> for EventForm {
    fn from(row: EventRow) -> Self {
        let or_empty = Option::unwrap_or_default;
        Self {
            name: or_empty(row.name),
            dates: or_empty(row.dates),
            place: or_empty(row.place),
            link: or_empty(row.link),
            community_link: or_empty(row.community_link),
            organiser: or_empty(row.organiser),
            address: or_empty(row.address),
            language: or_empty(row.language),
            time_zone: or_empty(row.time_zone),
            sender_name: or_empty(row.sender_name),
            reply_to: or_empty(row.reply_to),
            guidance: or_empty(row.guidance),
        }
    }
}

impl EventForm {
    fn check(&self, errors: &mut FieldErrors) -> Option<EventRow> {
        let mut text = |field, typed: &str, what| {
            errors
                .take(field, line(typed, what, LONGEST))
                .map(|text| Some(text).filter(|text| !text.is_empty()))
        };
        let name = text("name", &self.name, "the name");
        let dates = text("dates", &self.dates, "the dates");
        let place = text("place", &self.place, "the place");
        let organiser = text("organiser", &self.organiser, "the organiser's name");
        let address = text("address", &self.address, "the postal address");
        let sender_name = text("sender_name", &self.sender_name, "the name");
        let link = checked(errors, "link", &self.link, LINK, config::web_address);
        let community_link =
            checked(errors, "community_link", &self.community_link, LINK, config::web_address);
        let language = checked(
            errors,
            "language",
            &self.language,
            "a language code such as en",
            config::language,
        );
        let time_zone = checked(
            errors,
            "time_zone",
            &self.time_zone,
            "a time zone such as Europe/Lisbon",
            config::time_zone,
        );
        let reply_to = checked(errors, "reply_to", &self.reply_to, "an e-mail address", |typed| {
            EmailAddress::parse(typed).ok().map(|address| address.to_string())
        });
        let guidance = self.guidance.trim().to_owned();
        if guidance.chars().count() > LONGEST_GUIDANCE {
            errors
                .add("guidance", format!("the guidance has at most {LONGEST_GUIDANCE} characters"));
        }
        let guidance = Some(guidance).filter(|text| !text.is_empty());
        Some(EventRow {
            name: name?,
            dates: dates?,
            place: place?,
            link: link.ok()?,
            community_link: community_link.ok()?,
            organiser: organiser?,
            address: address?,
            language: language.ok()?,
            time_zone: time_zone.ok()?,
            sender_name: sender_name?,
            reply_to: reply_to.ok()?,
            guidance,
        })
    }
}

const LINK: &str = "an address that begins with https:// or http://";

/// The field has its complaint among the errors.
struct Complained;

/// A field that may be empty and else must be of a form.
fn checked(
    errors: &mut FieldErrors,
    field: &'static str,
    typed: &str,
    expected: &str,
    check: impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, Complained> {
    match typed.trim() {
        "" => Ok(None),
        typed => {
            if let Some(value) = check(typed) {
                Ok(Some(value))
            } else {
                errors.add(field, format!("this is not {expected}"));
                Err(Complained)
            }
        }
    }
}

#[derive(Template)]
#[template(path = "settings/settings.html")]
pub struct SettingsPage {
    frame: Frame,
    notice: String,
    typed: EventForm,
    errors: FieldErrors,
    /// The hints: what counts where a field is empty.
    set: EventForm,
    mail: MailPart,
    test_address: String,
    rule: String,
    skills_by: &'static str,
    discord: discord_setup::Part,
}

struct MailPart {
    goes: String,
    from: String,
    is_outbox: bool,
    pace: String,
    /// The server's words, when it does not take our mail.
    trouble: String,
    advice: String,
    until: String,
    needs_you: bool,
    /// Recipients' domains to which nothing goes for now, with commas between them.
    domains: String,
}

pub async fn show(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    page(&app, &organiser, notice.text(), None, FieldErrors::default(), String::new()).await
}

async fn page(
    app: &App,
    organiser: &Organiser,
    notice: String,
    typed: Option<EventForm>,
    errors: FieldErrors,
    test_address: String,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let typed = match typed {
        Some(typed) => typed,
        None => EventForm::from(store::events::find(&mut conn, events::CURRENT).await?),
    };
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let sender = store::deliveries::sender(&mut conn, &app.sender_name()).await?;
    let rule = store::events::setting(&mut conn, events::CURRENT, RULE_SETTING).await?;
    let (set, mail) = (&app.config.event, &app.config.mail);
    let hint = |value: &Option<String>| {
        value.as_ref().map(|value| format!("If left empty: {value}")).unwrap_or_default()
    };
    let page = SettingsPage {
        frame: Frame::load(app, &mut conn, organiser, Place::Settings).await?,
        notice,
        typed,
        errors,
        set: EventForm {
            name: hint(&set.name),
            dates: hint(&set.dates),
            place: hint(&set.place),
            link: hint(&set.link),
            community_link: hint(&set.community_link),
            organiser: hint(&set.organiser),
            address: hint(&set.address),
            language: hint(&Some(set.language.clone())),
            time_zone: hint(&set.time_zone),
            sender_name: hint(&mail.sender_name),
            reply_to: hint(&mail.reply_to.as_ref().map(ToString::to_string)),
            guidance: String::new(),
        },
        mail: MailPart {
            goes: mail.destination(),
            from: mail.from_address().to_string(),
            is_outbox: matches!(mail.transport, MailTransport::Outbox),
            pace: pace(mail),
            trouble: sender.words.clone().unwrap_or_default(),
            advice: sender.advice.clone().unwrap_or_default(),
            until: sender
                .paused_until
                .filter(|until| *until > app.clock.now())
                .map(|until| times.at(until))
                .unwrap_or_default(),
            needs_you: sender.needs_attention_at.is_some(),
            domains: store::deliveries::paused_domains(&mut conn, app.clock.now())
                .await?
                .join(", "),
        },
        discord: discord_setup::Part::load(app, &mut conn, &times).await?,
        test_address,
        rule: rule.unwrap_or_else(|| RuleName::default().to_string()),
        skills_by: match app.config.gemini.skills_by {
            config::SkillsBy::Gemini => {
                "Gemini reads resumes; the word list does when no key serves."
            }
            config::SkillsBy::Taxonomy => {
                "The word list reads resumes; no resume leaves this machine."
            }
        },
    };
    Ok((status, render(&page)?).into_response())
}

fn pace(mail: &config::Mail) -> String {
    let rate = mail.sends_per_second.map(|rate| format!("at most {rate} a second"));
    let day = mail.sends_per_day.map(|day| format!("{day} in any 24 hours"));
    match (rate, day) {
        (Some(rate), Some(day)) => format!("{rate}, {day}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "as fast as the server takes it".into(),
    }
}

pub async fn save_event(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Form(typed): Form<EventForm>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let Some(row) = typed.check(&mut errors).filter(|_| errors.is_empty()) else {
        return page(&app, &organiser, String::new(), Some(typed), errors, String::new()).await;
    };
    let mut tx = app.db.write().await?;
    store::events::update(&mut tx, events::CURRENT, &row).await?;
    tx.commit().await?;
    Ok(Notice::Saved.redirect("/settings").into_response())
}

#[derive(Deserialize)]
pub struct TestForm {
    to: String,
}

pub async fn send_test(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Form(typed): Form<TestForm>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let Some(to) = errors.take("to", EmailAddress::parse(&typed.to)) else {
        return page(&app, &organiser, String::new(), None, errors, typed.to).await;
    };
    let mut tx = app.db.write().await?;
    let event = events::current(&mut tx, &app.config).await?;
    let id = direct::send_test(&mut tx, &app.config, &event, &to, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/outbox/{id}")).into_response())
}

pub async fn go_on(State(app): State<App>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    direct::go_on(&mut tx, &app.sender_name()).await?;
    tx.commit().await?;
    if let Some(smtp) = &app.smtp {
        smtp.forget_refused_login().await;
    }
    Ok(Notice::SendingResumed.redirect("/settings"))
}

#[derive(Deserialize)]
pub struct RuleForm {
    rule: String,
}

pub async fn save_rule(
    State(app): State<App>,
    Form(typed): Form<RuleForm>,
) -> Result<Redirect, Error> {
    let Ok(rule) = typed.rule.parse::<RuleName>() else {
        return Err(Error::Unprocessable("The rule is either weighted or ratio.".into()));
    };
    let mut tx = app.db.write().await?;
    store::events::set(&mut tx, events::CURRENT, RULE_SETTING, rule.as_str()).await?;
    tx.commit().await?;
    Ok(Notice::Saved.redirect("/settings"))
}
