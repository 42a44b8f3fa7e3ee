//! A whole Muster for one test: its router, called without a network, and a database of its own. Time does not move
//! until the test moves it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use muster::app::App;
use muster::campaigns::{self, NewCampaign};
use muster::config::{Config, Vars};
use muster::model::campaign::CampaignKind;
use muster::model::delivery::DeliveryState;
use muster::model::email::Draft;
use muster::model::made_by::{MadeBy, Maker};
use muster::model::message::MessageState;
use muster::model::{CampaignId, Clock, MessageId, Millis, PersonId};
use muster::people::{self, Fields, NewPerson, Source};
use muster::store::{self, Tx};
use tower::ServiceExt as _;

use super::db::{Place, count};

/// 24 November 2026, 12:00 UTC.
pub const NOON: Millis = Millis(1_795_521_600_000);

pub struct TestApp {
    pub app: App,
    router: Router,
    place: Arc<Place>,
}

/// A response that has been read completely.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).expect("a page is UTF-8")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        self.header(header::LOCATION)
    }
}

/// A request from a browser on this machine, to be completed.
pub fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "localhost:5000")
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(Place::sqlite(), |_| {}).await
    }

    /// On a given database, with settings that differ from the defaults.
    pub async fn start_with(place: Place, set: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(place, Clock::test(NOON), set).await
    }

    /// As [`Self::start_with`], with a clock that others share.
    pub async fn start_at(place: Place, clock: Clock, set: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::read(&Vars::default()).unwrap();
        config.data_dir = place.data_dir().to_owned();
        config.event.name = Some("Hack the Harbour".into());
        config.event.dates = Some("16–17 January 2027".into());
        config.event.link = Some("https://harbour.example/register".into());
        config.event.time_zone = Some("UTC".into());
        config.event.organiser = Some("The Harbour team".into());
        // Nothing listens there: no test calls the real Gemini.
        config.gemini.base_url = "http://127.0.0.1:1".into();
        set(&mut config);
        Self::run(Arc::new(place), config, clock).await
    }

    /// Another process on the same database, with settings that differ from this one's.
    pub async fn another(&self, set: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.app.config.clone();
        set(&mut config);
        Self::run(self.place.clone(), config, self.app.clock.clone()).await
    }

    async fn run(place: Arc<Place>, config: Config, clock: Clock) -> Self {
        let db = place.open().await.unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let program = env!("CARGO_BIN_EXE_muster").into();
        let app = App::new(config, db, clock, program).await.unwrap();
        Self { router: muster::web::router(app.clone()), app, place }
    }

    // ── requests ──

    /// The response with its body not read yet.
    pub async fn respond(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.respond(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// The open body of the response, for event streams.
    pub async fn stream(&self, path: &str) -> axum::body::BodyDataStream {
        let request = request(Method::GET, path).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.into_body().into_data_stream()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// The text of a page that must exist.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.text()
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.form(path, &[]).await
    }

    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(form.finish().into()).unwrap()).await
    }

    pub async fn post_json(&self, path: &str, body: &serde_json::Value) -> Answer {
        self.post_text(path, "application/json", &body.to_string()).await
    }

    pub async fn post_text(&self, path: &str, kind: &str, body: &str) -> Answer {
        let request = request(Method::POST, path).header(header::CONTENT_TYPE, kind);
        self.send(request.body(body.to_owned().into()).unwrap()).await
    }

    /// A form with fields and files: field, file name, bytes.
    pub async fn multipart(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Answer {
        const BOUNDARY: &str = "a-boundary-that-no-test-file-holds";
        let mut body = Vec::new();
        let mut part = |head: String, bytes: &[u8]| {
            body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        };
        for (name, value) in fields {
            part(format!("Content-Disposition: form-data; name=\"{name}\""), value.as_bytes());
        }
        for (name, file, bytes) in files {
            let head =
                format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"");
            part(format!("{head}\r\nContent-Type: application/octet-stream"), bytes);
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = request(Method::POST, path).header(header::CONTENT_TYPE, kind);
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Runs the jobs that are due, one after the other; returns when the next one will be due.
    pub async fn run_jobs(&self) -> Option<Millis> {
        Box::pin(muster::jobs::run_due(&self.app)).await.unwrap()
    }

    /// Changes the database behind Muster's back, as another process or a race would.
    pub async fn change(&self, statement: &'static str) {
        let mut tx = self.write().await;
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    // ── reading ──

    pub async fn write(&self) -> Tx {
        self.app.db.write().await.unwrap()
    }

    /// The number that `SELECT COUNT(*) …` finds.
    pub async fn count(&self, select: &'static str) -> i64 {
        count(&mut self.app.db.read().await.unwrap(), select).await
    }

    pub async fn state(&self, id: MessageId) -> MessageState {
        self.message(id).await.state
    }

    pub async fn message(&self, id: MessageId) -> store::messages::Message {
        let mut conn = self.app.db.read().await.unwrap();
        store::messages::find(&mut conn, id).await.unwrap().unwrap()
    }

    /// A campaign's messages in the order of its list.
    pub async fn messages(&self, id: CampaignId) -> Vec<MessageId> {
        let mut conn = self.app.db.read().await.unwrap();
        let all = store::messages::all(&mut conn, id).await.unwrap();
        all.into_iter().map(|row| row.message.id).collect()
    }

    // ── setting up ──

    pub fn person(&self, name: &str) -> PersonBuilder<'_> {
        let number = name.len() * 31 + name.bytes().map(usize::from).sum::<usize>();
        let address = format!("person-{number}@example.org");
        PersonBuilder { app: self, name: name.into(), address, skills: Vec::new() }
    }

    /// Starts a campaign for everybody who is due.
    pub async fn campaign(&self, kind: CampaignKind) -> CampaignId {
        let mut tx = self.write().await;
        let (config, now) = (&self.app.config, self.app.clock.now());
        let event = muster::events::CURRENT;
        let new = NewCampaign { event, kind, guidance: "", by: "Meera" };
        let started = campaigns::start(&mut tx, config, &new, now).await;
        let started = started.unwrap();
        tx.commit().await.unwrap();
        started.id
    }

    /// Writes a message as a worker would: one that passes every check, unless `body` says otherwise.
    pub async fn draft(&self, id: MessageId, body: Option<&str>) {
        let mut tx = self.write().await;
        let message = store::messages::find(&mut tx, id).await.unwrap().unwrap();
        let person = store::people::find(&mut tx, message.person_id).await.unwrap().unwrap();
        let body = body.map_or_else(
            || {
                format!(
                    "Hi {},\n\nHack the Harbour takes place on 16–17 January 2027. What you know would help a team, \
                     and Muster suggests people whose skills go with yours.\n\nWe would be glad to see you there.",
                    person.name
                )
            },
            str::to_owned,
        );
        let draft = Draft { subject: "Will you join us at Hack the Harbour?".into(), body };
        let made_by = MadeBy::instead(Maker::Template, "no key is set");
        assert!(store::messages::start_drafting(&mut tx, id).await.unwrap());
        let (config, now) = (&self.app.config, self.app.clock.now());
        campaigns::messages::store_draft(&mut tx, config, &message, &draft, &made_by, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// A delivery of this message; `transport` and `state` as the row has them.
    pub async fn mail(&self, id: MessageId, transport: &str, state: &str, response: Option<&str>) {
        let mut tx = self.write().await;
        let message = store::messages::find(&mut tx, id).await.unwrap().unwrap();
        let config = &self.app.config;
        let context = campaigns::emails::read(&mut tx, config, &message).await.unwrap().unwrap();
        let draft = Draft { subject: message.subject.clone(), body: message.body.clone() };
        let (email, _) = context.check(&draft);
        let now = self.app.clock.now();
        let envelope = muster::mail::Envelope {
            from: config.mail.from_address(),
            from_name: None,
            reply_to: None,
            to: context.person.address.clone(),
            to_name: context.person.name.clone(),
            unsubscribe: Some(context.unsubscribe.clone()),
            header_id: muster::mail::header_id("example.org", &id.0.to_be_bytes()),
            date: now,
        };
        let bytes = muster::mail::compose(&envelope, &email).unwrap();
        let mail = store::deliveries::NewDelivery {
            message: Some(id),
            person: None,
            try_until: None,
            recipient: context.person.address.as_str(),
            subject: &message.subject,
            header_id: &envelope.header_id,
            transport: transport.parse().unwrap(),
            state: DeliveryState::Sending,
            bytes: &bytes,
            owner: "a worker",
        };
        let mail = store::deliveries::insert(&mut tx, &mail, now).await.unwrap();
        let state: DeliveryState = state.parse().unwrap();
        if state != DeliveryState::Sending {
            store::deliveries::end(&mut tx, mail, state, response.unwrap_or_default(), None, now)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }
}

pub struct PersonBuilder<'a> {
    app: &'a TestApp,
    name: String,
    address: String,
    skills: Vec<String>,
}

impl PersonBuilder<'_> {
    pub fn address(mut self, address: &str) -> Self {
        self.address = address.into();
        self
    }

    pub fn skills<const N: usize>(mut self, skills: [&str; N]) -> Self {
        self.skills = skills.map(str::to_owned).to_vec();
        self
    }

    pub async fn insert(self) -> PersonId {
        let fields = Fields {
            name: self.name,
            email: self.address,
            job_title: "Engineer".into(),
            ..Fields::default()
        };
        let person = NewPerson { skills: self.skills, ..NewPerson::checked(&fields).unwrap() };
        let mut tx = self.app.write().await;
        let now = self.app.app.clock.now();
        let id = people::add(&mut tx, &person, Source::Form, now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }
}
