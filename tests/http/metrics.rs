//! What a Prometheus server collects.

use axum::http::StatusCode;
use muster::config::{Key, Limits};
use muster::model::campaign::CampaignKind;
use muster::model::{Clock, Secret};
use prometheus_parse::{Scrape, Value};

use crate::support::app::TestApp;
use crate::support::db::Place;
use crate::support::gemini::{self, Fault, Rules, TestGemini};

/// A name as somebody may type it.
const PROJECT: &str = "Ana's \"big\" \\ one";

fn key(number: i64, project: Option<&str>) -> Key {
    Key {
        number: muster::model::KeyNumber(number),
        key: Secret::new(gemini::key(number)),
        project: project.map(str::to_owned),
        limits: Limits::default(),
    }
}

async fn scrape(app: &TestApp) -> Scrape {
    let answer = app.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text();
    // What the parser cannot read it leaves out without a word.
    let lines = text.lines().filter(|line| !line.starts_with('#')).count();
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    assert_eq!(scrape.samples.len(), lines, "{text}");
    for sample in &scrape.samples {
        assert!(scrape.docs.contains_key(&sample.metric), "{} has no HELP", sample.metric);
        let is_counter = matches!(sample.value, Value::Counter(_));
        assert_eq!(is_counter, sample.metric.ends_with("_total"), "{}", sample.metric);
    }
    scrape
}

/// The value of the one sample that carries these labels, in whole numbers.
fn value(scrape: &Scrape, metric: &str, labels: &[(&str, &str)]) -> i64 {
    let all: Vec<_> = scrape
        .samples
        .iter()
        .filter(|it| it.metric == metric)
        .filter(|it| labels.iter().all(|(name, value)| it.labels.get(name) == Some(*value)))
        .collect();
    let [sample] = all[..] else { panic!("{metric} {labels:?}: {all:?}") };
    match sample.value {
        Value::Counter(value) | Value::Gauge(value) => value as i64,
        _ => panic!("{sample:?}"),
    }
}

#[tokio::test]
async fn requests_refusals_and_what_waits_are_told_in_prometheus_s_format() {
    let gemini = TestGemini::start(Clock::machine(), Rules::default()).await;
    gemini.fault_key(2, Some(Fault::Leaked));
    let url = gemini.url.clone();
    let app = TestApp::start_with(Place::sqlite(), |config| {
        config.gemini.base_url = url;
        config.gemini.keys = vec![key(1, Some(PROJECT)), key(2, None)];
    })
    .await;
    for number in 1..=3 {
        app.person(&format!("Ada {number}")).insert().await;
    }
    let before = scrape(&app).await;
    assert!(before.samples.iter().all(|it| !it.metric.ends_with("_total")), "nothing happened yet");
    app.campaign(CampaignKind::Test).await;
    let waiting = scrape(&app).await;
    let bulk = [("task", "outreach"), ("class", "bulk")];
    assert_eq!(value(&waiting, "muster_waiting_jobs", &bulk), 3);
    assert_eq!(value(&waiting, "muster_expected_wait_seconds", &[("task", "outreach")]), 0);

    while let Some(next) = app.run_jobs().await {
        app.app.clock.advance_to(next);
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
    let after = scrape(&app).await;
    let labels = |key, outcome| [("key", key), ("task", "outreach"), ("outcome", outcome)];
    let requests =
        |key, outcome| value(&after, "muster_gemini_requests_total", &labels(key, outcome));
    let asked = gemini.keys_used();
    assert_eq!(requests("1", "ok") as usize, asked.iter().filter(|key| **key == 1).count());
    assert_eq!(requests("2", "refused"), 1);
    let leaked = [("key", "2"), ("kind", "leaked")];
    assert_eq!(value(&after, "muster_gemini_refusals_total", &leaked), 1);
    assert!(value(&after, "muster_gemini_tokens_total", &[("direction", "in")]) > 0);
    assert!(value(&after, "muster_gemini_tokens_total", &[("direction", "out")]) > 0);
    assert_eq!(value(&after, "muster_key_serves", &[("key", "2")]), 0);
    let used = requests("1", "ok");
    // The parser does not know what a name may be escaped like.
    let text = app.get("/metrics").await.text();
    let labels = r#"{project="Ana's \"big\" \\ one",model="gemini-3.5-flash-lite"}"#;
    let of_project = |metric: &str| {
        let begins = format!("{metric}{labels} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&begins));
        line.unwrap_or_else(|| panic!("{begins}: {text}")).parse::<i64>().unwrap()
    };
    assert_eq!(of_project("muster_day_requests"), used);
    assert!((1..=used).contains(&of_project("muster_bookings_held")));
}

#[tokio::test]
async fn figures_are_behind_the_password() {
    let app = TestApp::start_with(Place::sqlite(), |config| {
        config.admin_password = Some(Secret::new("correct horse"));
        config.public_url = Some("http://localhost".into());
    })
    .await;
    let answer = app.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.header("www-authenticate").starts_with("Basic"));
    let request = crate::support::app::request(axum::http::Method::GET, "/metrics")
        .header("authorization", "Basic b3JnYW5pc2VyOmNvcnJlY3QgaG9yc2U=");
    let answer = app.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}
