//! A whole Muster for one test of matchmaking: the router, asked without a network, the workers, which run when the test
//! says so, and a database of its own. Time stands still.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use muster::app::App;
use muster::config::{Config, SkillsBy, Vars};
use muster::model::{Clock, EmailAddress, Millis, PersonId};
use muster::people::{self, Profile, Source};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::support::db::{Place, count};

/// 24 November 2026, 12:00 UTC.
pub const NOON: Millis = Millis(1_795_521_600_000);

pub struct Rig {
    pub app: App,
    router: Router,
    _place: Place,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).expect("a page is UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Rig {
    pub async fn start() -> Self {
        Self::start_with(Place::sqlite(), |_| {}).await
    }

    /// Resumes stay in the house.
    pub async fn with_taxonomy() -> Self {
        Self::start_with(Place::sqlite(), |config| config.gemini.skills_by = SkillsBy::Taxonomy)
            .await
    }

    pub async fn start_with(place: Place, set: impl FnOnce(&mut Config)) -> Self {
        // Whoever comes first installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config::read(&Vars::default()).unwrap();
        config.data_dir = place.data_dir().to_owned();
        config.event.time_zone = Some("UTC".into());
        set(&mut config);
        let db = place.open().await.unwrap();
        let program = env!("CARGO_BIN_EXE_muster").into();
        let app = App::new(config, db, Clock::test(NOON), program).await.unwrap();
        Self { router: muster::web::router(app.clone()), app, _place: place }
    }

    /// Runs everything that is due.
    pub async fn run_jobs(&self) {
        muster::jobs::run_due(&self.app).await.unwrap();
    }

    pub async fn person(&self, name: &str, address: &str, skills: &[&str]) -> PersonId {
        let profile = Profile {
            name: name.into(),
            address: EmailAddress::parse(address).unwrap(),
            job_title: "Tester".into(),
            skills: skills.iter().map(|skill| (*skill).to_owned()).collect(),
        };
        let mut tx = self.app.db.write().await.unwrap();
        let id = people::add(&mut tx, &profile, Source::Form, NOON).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// The number that `SELECT COUNT(*) …` finds.
    pub async fn count(&self, select: &'static str) -> i64 {
        count(&mut self.app.db.read().await.unwrap(), select).await
    }

    fn request(method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header(header::HOST, "localhost:5000")
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Self::request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// The text of a page that must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.text()
    }

    /// The answer with its body still open.
    pub async fn stream(&self, path: &str) -> axum::body::BodyDataStream {
        let request = Self::request(Method::GET, path).body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap().into_body().into_data_stream()
    }

    /// Posts a form; returns where it leads.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = Self::request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(form.finish().into()).unwrap()).await
    }

    /// As [`post`](Self::post); it must lead somewhere.
    pub async fn leads_to(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text());
        answer.header(header::LOCATION).to_owned()
    }

    pub async fn json(&self, path: &str, body: &Value) -> Answer {
        let request = Self::request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string().into());
        self.send(request.unwrap()).await
    }

    /// A form with fields and files: field, file name, bytes.
    pub async fn upload(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Answer {
        const BOUNDARY: &str = "a-boundary-that-no-test-file-holds";
        let mut body = Vec::new();
        let mut part = |head: &str, bytes: &[u8]| {
            body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        };
        for (name, value) in fields {
            part(&format!("Content-Disposition: form-data; name=\"{name}\""), value.as_bytes());
        }
        for (name, file, bytes) in files {
            let head =
                format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"");
            part(&format!("{head}\r\nContent-Type: application/octet-stream"), bytes);
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = Self::request(Method::POST, path).header(header::CONTENT_TYPE, kind);
        self.send(request.body(body.into()).unwrap()).await
    }
}

/// What browsers show of a text that could be markup.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;").replace('"', "&#34;")
}
