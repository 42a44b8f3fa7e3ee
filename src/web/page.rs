//! What all pages share: the frame around them, icons, pages of a list, times in words.

use std::time::Duration;

use askama::Template;
use axum::response::Html;

use super::error::Error;
use super::guard::Organiser;
use crate::app::App;
use crate::events;
use crate::keys;
use crate::model::Millis;
use crate::model::message::MessageState;
use crate::store::{self, Conn};

/// The entry of the navigation that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Home,
    Outreach,
    Outbox,
    Matchmaking,
    People,
    Faq,
    Keys,
    Settings,
}

/// Everything around a page's own content, ready to print.
#[derive(Clone, Debug)]
pub struct Frame {
    pub here: Place,
    pub event_name: String,
    pub event_dates: String,
    /// Drafts that wait for a person.
    pub to_review: i64,
    /// Mails that failed or may have gone out.
    pub mail_trouble: i64,
    /// Resumes that wait for a person.
    pub resumes_to_see: i64,
    /// Questions that the FAQ does not answer.
    pub unanswered: i64,
    pub people: i64,
    pub keys: KeysLine,
    /// Where mail goes: a server's name, or "outbox only".
    pub mail: String,
    /// The organiser's name; empty where no password is set, and then there is nothing to log out of.
    pub who: String,
}

/// The foot of the sidebar about the pool.
#[derive(Clone, Debug)]
pub struct KeysLine {
    /// `ok`, `wait`, `bad` or `off`: the dot's shape and colour.
    pub dot: &'static str,
    pub words: String,
    pub waiting: String,
}

impl Frame {
    pub async fn load(
        app: &App,
        conn: &mut Conn,
        organiser: &Organiser,
        here: Place,
    ) -> Result<Self, Error> {
        let event = events::current(conn, &app.config).await?;
        let counts = store::overview::counts(conn).await?;
        Ok(Self {
            here,
            event_name: event.facts.name.clone(),
            event_dates: event.facts.dates.clone().unwrap_or_default(),
            to_review: counts.to_review,
            mail_trouble: counts.mail_trouble,
            resumes_to_see: counts.resumes_to_see,
            unanswered: counts.unanswered,
            people: counts.people,
            keys: KeysLine::load(app, conn, counts.waiting, event.time_zone.as_deref()).await?,
            mail: app.config.mail.destination(),
            who: if app.config.is_local_only() { String::new() } else { organiser.0.clone() },
        })
    }

    pub fn is(&self, place: Place) -> bool {
        self.here == place
    }
}

impl KeysLine {
    /// `jobs` is how many there are, held and paused ones too: where there is none, none is looked for.
    pub async fn load(
        app: &App,
        conn: &mut Conn,
        jobs: i64,
        time_zone: Option<&str>,
    ) -> Result<Self, Error> {
        let now = app.clock.now();
        let waiting = if jobs == 0 { Vec::new() } else { store::jobs::waiting(conn, now).await? };
        let summary = keys::summary(conn, &app.pool, &waiting, now).await?;
        Ok(Self::new(&summary, &Times::new(time_zone, now)))
    }

    pub fn new(summary: &keys::Summary, times: &Times) -> Self {
        Self { dot: dot(summary), words: ready(summary, times), waiting: waiting(summary, times) }
    }
}

fn dot(summary: &keys::Summary) -> &'static str {
    match summary {
        keys::Summary { primary: 0, reserve: None, .. } => "off",
        keys::Summary { disabled: 1.., .. } => "bad",
        keys::Summary { ready: 1.., .. }
        | keys::Summary { primary: 0, reserve: Some(true), .. } => "ok",
        _ => "wait",
    }
}

fn ready(summary: &keys::Summary, times: &Times) -> String {
    let until = summary.back_at.map(|at| format!(" until {}", times.at(at))).unwrap_or_default();
    match (summary.ready, summary.primary) {
        (0, 0) => match summary.reserve {
            None => "No key: templates write".into(),
            Some(true) => "Only the reserve key".into(),
            Some(false) => "The reserve key does not serve".into(),
        },
        (0, _) if summary.next_model => format!("The next model serves{until}"),
        (0, 1) if summary.back_at.is_some() => format!("The key rests{until}"),
        (0, primary) if summary.paused == primary => {
            if primary == 1 {
                "The key is paused".into()
            } else {
                "All keys are paused".into()
            }
        }
        (0, primary) if summary.paused + summary.disabled == primary => "No key can be used".into(),
        (0, _) => format!("All keys rest{until}"),
        (1, 1) => "1 key ready".into(),
        (ready, primary) => format!("{ready} of {primary} keys ready"),
    }
}

fn waiting(summary: &keys::Summary, times: &Times) -> String {
    let next = match &summary.next {
        keys::Next::Idle => return "Nothing waiting".into(),
        keys::Next::Now => "next one now".into(),
        keys::Next::At { at, .. } => format!("next {}", times.ahead(*at)),
        keys::Next::Fallback { .. } => "templates write".into(),
    };
    format!("{} waiting · {next}", thousands(summary.waiting))
}

pub fn render(page: &impl Template) -> Result<Html<String>, Error> {
    Ok(Html(page.render()?))
}

/// A page of a long list.
#[derive(Clone, Debug)]
pub struct Pager {
    pub page: i64,
    pub per_page: i64,
    pub total: i64,
    /// The list's address with its filters, to which `page=N` is added.
    base: String,
}

impl Pager {
    /// `filters` are name and value of what else stands in the address; empty ones are left out.
    pub fn new(
        page: Option<i64>,
        per_page: i64,
        total: i64,
        path: &str,
        filters: &[(&str, &str)],
    ) -> Self {
        let last = ((total + per_page - 1) / per_page).max(1);
        let mut url = reqwest::Url::parse("http://localhost/").expect("a constant that parses");
        url.set_path(path);
        for (name, value) in filters.iter().filter(|(_, value)| !value.is_empty()) {
            url.query_pairs_mut().append_pair(name, value);
        }
        let query = url.query().map(|query| format!("{query}&")).unwrap_or_default();
        Self {
            page: page.unwrap_or(1).clamp(1, last),
            per_page,
            total,
            base: format!("{path}?{query}"),
        }
    }

    /// The list's address with its filters, without a page.
    pub fn address(&self) -> String {
        self.base.trim_end_matches(['?', '&']).to_owned()
    }

    pub fn offset(&self) -> i64 {
        (self.page - 1) * self.per_page
    }

    pub fn first(&self) -> i64 {
        (self.offset() + 1).min(self.total)
    }

    pub fn last(&self) -> i64 {
        (self.offset() + self.per_page).min(self.total)
    }

    pub fn previous(&self) -> Option<String> {
        (self.page > 1).then(|| format!("{}page={}", self.base, self.page - 1))
    }

    pub fn next(&self) -> Option<String> {
        (self.last() < self.total).then(|| format!("{}page={}", self.base, self.page + 1))
    }
}

/// Times as organisers read them, in the event's time zone.
#[derive(Clone, Debug)]
pub struct Times {
    zone: jiff::tz::TimeZone,
    now: Millis,
}

impl Times {
    /// An unknown zone is read as UTC: the settings page does not let one in.
    pub fn new(zone: Option<&str>, now: Millis) -> Self {
        let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok());
        Self { zone: zone.unwrap_or_else(jiff::tz::TimeZone::system), now }
    }

    /// `14:03` today, else `23 Nov 14:03`, with the year when it is another.
    pub fn at(&self, time: Millis) -> String {
        let (Some(then), Some(now)) = (self.zoned(time), self.zoned(self.now)) else {
            return String::new();
        };
        if then.date() == now.date() {
            then.strftime("%H:%M").to_string()
        } else if then.year() == now.year() {
            then.strftime("%-d %b %H:%M").to_string()
        } else {
            then.strftime("%-d %b %Y %H:%M").to_string()
        }
    }

    /// `14:03`, whatever the day.
    pub fn clock(&self, time: Millis) -> String {
        self.zoned(time).map(|then| then.strftime("%H:%M").to_string()).unwrap_or_default()
    }

    /// `14:03:27` today, else `23 Nov 14:03:27`.
    pub fn exactly(&self, time: Millis) -> String {
        let seconds = |then: jiff::ZonedDateTime| then.strftime(":%S").to_string();
        self.at(time) + &self.zoned(time).map(seconds).unwrap_or_default()
    }

    /// What lies ahead: `in 12 s`, `in about 5 min`, `at 08:01`.
    pub fn ahead(&self, time: Millis) -> String {
        let wait = time.since(self.now);
        if wait < Duration::from_hours(1) {
            format!("in {}", in_words(wait))
        } else {
            format!("at {}", self.at(time))
        }
    }

    fn zoned(&self, time: Millis) -> Option<jiff::ZonedDateTime> {
        Some(jiff::Timestamp::from_millisecond(time.0).ok()?.to_zoned_datetime(self.zone.clone()))
    }
}

/// The class that gives a state its colour; the word and a shape say the same.
pub fn tone(state: MessageState) -> &'static str {
    match state {
        MessageState::Sent => "ok",
        MessageState::Approved | MessageState::Sending | MessageState::Drafting => "go",
        MessageState::Drafted => "info",
        MessageState::Uncertain => "wait",
        MessageState::Failed => "bad",
        MessageState::Queued | MessageState::Skipped => "none",
    }
}

/// A duration in words: `12 s`, `about 5 min`, `about 3 h`.
pub fn in_words(duration: Duration) -> String {
    match duration.as_secs() {
        0 => "under 1 s".into(),
        seconds @ 1..=89 => format!("{seconds} s"),
        seconds @ 90..=5399 => format!("about {} min", (seconds + 30) / 60),
        seconds @ 5400..=129_599 => format!("about {} h", (seconds + 1800) / 3600),
        seconds => format!("about {} days", (seconds + 43_200) / 86_400),
    }
}

/// `1,500`
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 person`, `2 people`.
pub fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Askama's filters of our own.
#[expect(
    clippy::inline_always,
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "askama's macro asks for this shape"
)]
pub mod filters {
    use askama::Values;
    use askama::filters::HtmlSafe;

    /// `{{ "home"|icon }}`: a picture from the sprite. The name is a constant of a template.
    pub struct Icon(String);

    impl std::fmt::Display for Icon {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let prefix = crate::web::assets::prefix();
            write!(
                f,
                r#"<svg class="i" aria-hidden="true"><use href="{prefix}/img/icons.svg#{}"></use></svg>"#,
                self.0
            )
        }
    }

    impl HtmlSafe for Icon {}

    #[askama::filter_fn]
    pub fn icon(name: impl std::fmt::Display, _: &dyn Values) -> askama::Result<Icon> {
        let name: String =
            name.to_string().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        Ok(Icon(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_pages_and_keeps_its_filters() {
        let pager = Pager::new(Some(2), 50, 120, "/people", &[("q", "a b&c"), ("show", "")]);
        assert_eq!((pager.first(), pager.last()), (51, 100));
        assert_eq!(pager.next().unwrap(), "/people?q=a+b%26c&page=3");
        assert_eq!(Pager::new(Some(99), 50, 120, "/people", &[]).next(), None);
        assert_eq!(Pager::new(None, 50, 0, "/people", &[]).first(), 0);
    }

    #[test]
    fn times_are_told_in_the_events_zone() {
        let noon = Millis(1_795_608_000_000); // 2026-11-25 12:00 UTC
        let times = Times::new(Some("Asia/Kolkata"), noon);
        assert_eq!(times.at(noon), "17:30");
        assert_eq!(times.at(noon.minus(Duration::from_hours(24))), "24 Nov 17:30");
    }
}
