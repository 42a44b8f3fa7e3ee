//! The settings page: the event, email, matching, and the state of Discord.

mod event;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::app::App;
use crate::config::MailTransport;
use crate::matching::RULE_SETTING;
use crate::model::EmailAddress;
use crate::model::matching::RuleName;
use crate::sending::{direct, pace};
use crate::store::Conn;
use crate::web::discord::setup as discord_setup;
use crate::web::error::Error;
use crate::web::form::FieldErrors;
use crate::web::guard::Organiser;
use crate::web::notice::{Notice, NoticeQuery};
use crate::web::page::{Frame, Place, Times, filters, render};
use crate::{config, events, store};
use event::EventForm;

#[derive(Template)]
#[template(path = "settings/settings.html")]
pub struct SettingsPage {
    frame: Frame,
    notice: String,
    typed: EventForm,
    errors: FieldErrors,
    /// The hints: the value used when a field is empty.
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
    /// The server's response when it refuses our emails.
    trouble: String,
    advice: String,
    until: String,
    needs_you: bool,
    /// Recipients' domains that are paused, separated by commas.
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
    let rule = store::events::setting(&mut conn, events::CURRENT, RULE_SETTING).await?;
    let page = SettingsPage {
        frame: Frame::load(app, &mut conn, organiser, Place::Settings).await?,
        notice,
        typed,
        errors,
        set: EventForm::hints(&app.config),
        mail: MailPart::load(app, &mut conn, &times).await?,
        discord: discord_setup::Part::load(app, &mut conn, &times).await?,
        test_address,
        rule: rule.unwrap_or_else(|| RuleName::default().to_string()),
        skills_by: match app.config.gemini.skills_by {
            config::SkillsBy::Gemini => {
                "Gemini reads resumes, or the word list when no key is available."
            }
            config::SkillsBy::Taxonomy => {
                "The word list reads resumes. No resume leaves this machine."
            }
        },
    };
    Ok((status, render(&page)?).into_response())
}

impl MailPart {
    async fn load(app: &App, conn: &mut Conn, times: &Times) -> Result<Self, Error> {
        let (mail, now) = (&app.config.mail, app.clock.now());
        let sender = store::senders::find(conn, &app.sender_name()).await?;
        let until = sender.paused_until.filter(|until| *until > now);
        Ok(Self {
            goes: mail.destination(),
            from: mail.from_address().to_string(),
            is_outbox: matches!(mail.transport, MailTransport::Outbox),
            pace: pace_text(mail),
            trouble: sender.response.unwrap_or_default(),
            advice: sender.advice.unwrap_or_default(),
            until: until.map(|until| times.at(until)).unwrap_or_default(),
            needs_you: sender.needs_attention_at.is_some(),
            domains: store::senders::paused_domains(conn, now).await?.join(", "),
        })
    }
}

fn pace_text(mail: &config::Mail) -> String {
    let rate = mail.sends_per_second.map(|rate| format!("at most {rate} a second"));
    let day = mail.sends_per_day.map(|day| format!("{day} in any 24 hours"));
    match (rate, day) {
        (Some(rate), Some(day)) => format!("{rate}, {day}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "as fast as the server accepts it".into(),
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
    pace::resume(&mut tx, &app.sender_name()).await?;
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
        return Err(Error::Unprocessable("Choose one of the two rules.".into()));
    };
    let mut tx = app.db.write().await?;
    store::events::set(&mut tx, events::CURRENT, RULE_SETTING, rule.as_str()).await?;
    tx.commit().await?;
    Ok(Notice::Saved.redirect("/settings"))
}
