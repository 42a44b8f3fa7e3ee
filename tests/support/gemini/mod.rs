//! Gemini as the tests meet it: a local server that counts like the real one, refuses in its words, and writes answers
//! that fit what it was asked. It records every request with the time at which it arrived.
//!
//! In the process it shares a test's [`Clock`]; on its own (`cargo run --example test-gemini`) it runs on the
//! machine's.
#![allow(dead_code, reason = "each program that takes this in uses a part of it")]

mod answers;
mod bodies;
mod embedding;
mod faq;
mod quota;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt as _;
use muster::model::{Clock, Millis};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use quota::Window;

/// How it counts and how far away it is. Durations are as given: not scaled again.
#[derive(Clone, Debug)]
pub struct Rules {
    pub per_minute: u32,
    pub per_day: u32,
    pub tokens_per_minute: u32,
    pub window: Window,
    /// From the request's arrival to the answer.
    pub latency: Duration,
    /// Before a request arrives: anything up to this.
    pub jitter: Duration,
    /// Divides the minute.
    pub time_scale: u32,
    /// Others are answered with 404.
    pub models: Vec<String>,
    /// The one that embeds, which is counted by itself.
    pub embedding_model: String,
    pub embeddings_per_minute: u32,
    pub embeddings_per_day: u32,
    /// Which project a key belongs to; one of its own where nothing is said.
    pub projects: BTreeMap<i64, String>,
    /// How many models a page of the list has, whatever is asked for.
    pub models_on_a_page: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            per_minute: 15,
            per_day: 500,
            tokens_per_minute: 250_000,
            window: Window::Rolling,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            time_scale: 1,
            models: vec!["gemini-3.5-flash-lite".into(), "gemini-3.1-flash-lite".into()],
            embedding_model: "gemini-embedding-001".into(),
            embeddings_per_minute: 100,
            embeddings_per_day: 1_000,
            projects: BTreeMap::new(),
            models_on_a_page: 2,
        }
    }
}

/// What can be made to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    // Refusals.
    Minute,
    Tokens,
    Day,
    DayWithTrueDelay,
    Capacity,
    NoQuota,
    ModelGone,
    Credits,
    Invalid,
    Expired,
    Leaked,
    Suspended,
    Denied,
    NotAccepted,
    ServiceDisabled,
    Address,
    Referrer,
    Location,
    // Trouble.
    BadRequest,
    InternalError,
    Overloaded,
    /// No answer ever.
    Hang,
    /// The connection breaks before the answer.
    Cut,
    /// The connection breaks in the middle of the answer.
    CutInside,
    Garbage,
    // Answers of no use.
    NoCandidates,
    PartsMissing,
    PromptBlocked,
    Safety,
    Recitation,
    MaxTokens,
    EmptyText,
    NotJson,
    NotTheSchema,
    // Drafts that no check lets through.
    InventLink,
    Placeholder,
    Residue,
    ForgetName,
    TooLong,
    // Answers from the FAQ that are not to be believed.
    InventFigure,
    NoCitation,
    WrongCitation,
    // Several emails in one answer, attributed wrongly.
    SwapLetters,
    DropLetter,
    DoubleLetter,
    ForeignLetter,
    /// Every email says what the first person's profile asks for.
    Obey,
}

/// One request, as it arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// When it left: before the jitter.
    pub left: Millis,
    /// When it arrived, and was counted.
    pub at: Millis,
    /// When its answer was ready.
    pub answered: Option<Millis>,
    /// The key's number; -1 for one that is not known here.
    pub key: i64,
    pub project: String,
    pub model: String,
    /// `outreach`, `skills`, `match`, `faq`, `embed`, `door`.
    pub task: String,
    /// What it was answered with; 0 while or where there was no answer.
    pub status: u16,
    pub body: Value,
}

/// The server. Dropped, it stops.
pub struct TestGemini {
    pub url: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    clock: Clock,
    state: Mutex<Inner>,
}

struct Inner {
    rules: Rules,
    seen: Vec<Seen>,
    quota: quota::Quota,
    by_key: BTreeMap<i64, Fault>,
    next: VecDeque<Fault>,
    /// The keys that asked for the list of models, once for each time it began.
    listed: Vec<i64>,
}

/// The material of key `number`: made up, and known to this server only.
pub fn key(number: i64) -> String {
    format!("test-key-{number}")
}

impl TestGemini {
    pub async fn start(clock: Clock, rules: Rules) -> Self {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), clock, rules).await
    }

    pub async fn start_on(address: SocketAddr, clock: Clock, rules: Rules) -> Self {
        let inner = Inner {
            rules,
            seen: Vec::new(),
            quota: quota::Quota::default(),
            by_key: BTreeMap::new(),
            next: VecDeque::new(),
            listed: Vec::new(),
        };
        let shared = Arc::new(Shared { clock, state: Mutex::new(inner) });
        let routes = Router::new()
            .route("/v1beta/models", get(models))
            .route("/v1beta/models/{call}", post(generate))
            .route("/test/requests", get(requests))
            .route("/test/summary", get(summary))
            .route("/test/fault", post(fault))
            .with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind(address).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let task = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("it serves until it is dropped");
        });
        Self { url, shared, task }
    }

    /// Ends when the server does.
    pub async fn run(mut self) {
        let _ = (&mut self.task).await;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner()
    }

    /// Every request with this key meets this fault; `None`: none any more.
    pub fn fault_key(&self, number: i64, fault: Option<Fault>) {
        match fault {
            Some(fault) => self.inner().by_key.insert(number, fault),
            None => self.inner().by_key.remove(&number),
        };
    }

    /// The next requests meet these faults, whatever their key, one each.
    pub fn fault_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner().next.extend(faults);
    }

    pub fn change(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.inner().rules);
    }

    pub fn requests(&self) -> Vec<Seen> {
        self.inner().seen.clone()
    }

    /// The numbers of the keys that asked for the list of models, -1 for one that is not known here.
    pub fn listed(&self) -> Vec<i64> {
        self.inner().listed.clone()
    }

    /// The numbers of the keys in the order in which they were used.
    pub fn keys_used(&self) -> Vec<i64> {
        self.inner().seen.iter().map(|seen| seen.key).collect()
    }

    pub fn refusals(&self) -> usize {
        self.inner().seen.iter().filter(|seen| seen.status == 429).count()
    }
}

impl Drop for TestGemini {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().expect("no handler panics while it holds this")
    }
}

/// What is to be answered.
enum Reply {
    Json(StatusCode, String),
    /// A stream, and whether it breaks off before its end.
    Events(Vec<String>, bool),
    Hang,
    Cut,
    CutInside,
}

async fn generate(
    State(shared): State<Arc<Shared>>,
    Path(call): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (jitter, latency) = {
        let inner = shared.inner();
        (inner.rules.jitter, inner.rules.latency)
    };
    let left = shared.clock.now();
    if !jitter.is_zero() {
        shared.clock.sleep(jitter.mul_f64(rand::random::<f64>())).await;
    }
    let (place, reply) = shared.arrive(left, &call, &headers, &body);
    if !latency.is_zero() {
        shared.clock.sleep(latency).await;
    }
    match reply {
        Reply::Hang => std::future::pending().await,
        // Ends the connection's task without a word, as a crash would.
        Reply::Cut => std::panic::resume_unwind(Box::new("cut")),
        Reply::CutInside => {
            let pieces = [Ok("{\"candidates\":[{\"content\":"), Err(std::io::Error::other("cut"))];
            Body::from_stream(tokio_stream::iter(pieces)).into_response()
        }
        Reply::Events(mut events, cut) => {
            let now = shared.clock.now();
            let mut inner = shared.inner();
            (inner.seen[place].status, inner.seen[place].answered) = (200, Some(now));
            drop(inner);
            if cut {
                events.truncate(1);
            }
            let events = tokio_stream::iter(events.into_iter().map(Ok));
            let end = futures_util::stream::once(async move {
                // What came before is to arrive: a connection that breaks at once takes it along.
                tokio::time::sleep(Duration::from_millis(100)).await;
                if cut { Err(std::io::Error::other("cut")) } else { Ok(String::new()) }
            });
            let kind = [(header::CONTENT_TYPE, "text/event-stream")];
            (kind, Body::from_stream(events.chain(end))).into_response()
        }
        Reply::Json(status, text) => {
            let now = shared.clock.now();
            let mut inner = shared.inner();
            (inner.seen[place].status, inner.seen[place].answered) = (status.as_u16(), Some(now));
            drop(inner);
            (status, [(header::CONTENT_TYPE, "application/json; charset=UTF-8")], text)
                .into_response()
        }
    }
}

impl Shared {
    /// Counts and records the request, and says what it gets.
    fn arrive(&self, left: Millis, call: &str, headers: &HeaderMap, body: &[u8]) -> (usize, Reply) {
        let at = self.clock.now();
        let mut inner = self.inner();
        let model = call.split(':').next().unwrap_or_default().to_owned();
        let number = number_of(headers);
        let body: Option<Value> = serde_json::from_slice(body).ok();
        let task = body.as_ref().map(answers::task_of).unwrap_or_default();
        let project = number.map_or_else(String::new, |number: i64| {
            let named = inner.rules.projects.get(&number).cloned();
            named.unwrap_or_else(|| format!("project-{number}"))
        });
        inner.seen.push(Seen {
            left,
            at,
            answered: None,
            key: number.unwrap_or(-1),
            project: project.clone(),
            model: model.clone(),
            task: task.to_owned(),
            status: 0,
            body: body.clone().unwrap_or_default(),
        });
        let place = inner.seen.len() - 1;
        let call = Call { at, method: call, project: &project, model: &model };
        let reply = inner.reply(&call, number, body.as_ref());
        (place, reply)
    }
}

/// What was asked for, by which project.
struct Call<'a> {
    at: Millis,
    /// Model and method, as in the address.
    method: &'a str,
    project: &'a str,
    model: &'a str,
}

impl Inner {
    fn reply(&mut self, call: &Call<'_>, number: Option<i64>, body: Option<&Value>) -> Reply {
        let Call { at, method: call, project, model } = *call;
        let Some(number) = number else { return bodies::of(Fault::Invalid, model) };
        let embeds = call == format!("{}:embedContent", self.rules.embedding_model);
        let field = if embeds { "content" } else { "contents" };
        let Some(body) = body.filter(|body| body.get(field).is_some()) else {
            return bodies::of(Fault::BadRequest, model);
        };
        let stream = call.ends_with(":streamGenerateContent");
        let writes = (stream || call.ends_with(":generateContent"))
            && self.rules.models.iter().any(|it| it == model);
        if !embeds && !writes {
            return bodies::of(Fault::ModelGone, model);
        }
        let mut fault = self.by_key.get(&number).copied();
        if fault.is_none() {
            fault = self.next.pop_front();
        }
        // Who has no business here is turned away before anything is counted; trouble counts like success.
        if let Some(fault) = fault.filter(|fault| bodies::is_refusal(*fault)) {
            return bodies::of(fault, model);
        }
        let tokens = answers::tokens(body);
        let mut rules = self.rules.clone();
        if embeds {
            rules.per_minute = rules.embeddings_per_minute;
            rules.per_day = rules.embeddings_per_day;
        }
        if let Some(refused) = self.quota.count(&rules, at, project, model, tokens) {
            return bodies::refused(&refused, model);
        }
        match fault {
            Some(Fault::Hang) => Reply::Hang,
            Some(Fault::Cut) => Reply::Cut,
            Some(Fault::CutInside) if stream => {
                Reply::Events(answers::events(body, model, tokens), true)
            }
            Some(Fault::CutInside) => Reply::CutInside,
            Some(fault) if bodies::is_body(fault) => bodies::of(fault, model),
            _ if embeds => Reply::Json(StatusCode::OK, embedding::of(body)),
            None if stream => Reply::Events(answers::events(body, model, tokens), false),
            fault => Reply::Json(StatusCode::OK, answers::write(body, model, tokens, fault)),
        }
    }
}

/// The list of models, in pages; it takes no quota, but who has no business here gets none.
async fn models(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let mut inner = shared.inner();
    let number = number_of(&headers);
    let from = query.get("pageToken").map_or(0, |token| token.parse::<usize>().unwrap_or(0));
    if from == 0 {
        inner.listed.push(number.unwrap_or(-1));
    }
    let fault = number.map_or(Some(Fault::Invalid), |it| inner.by_key.get(&it).copied());
    if let Some(fault) = fault.filter(|fault| bodies::is_about_the_key(*fault))
        && let Reply::Json(status, text) = bodies::of(fault, "")
    {
        return (status, [(header::CONTENT_TYPE, "application/json; charset=UTF-8")], text)
            .into_response();
    }
    let embedding = ("gemini-embedding-001".to_owned(), "embedContent");
    let mut all = vec![embedding];
    all.extend(inner.rules.models.iter().map(|name| (name.clone(), "generateContent")));
    let until = (from + inner.rules.models_on_a_page).min(all.len());
    let page: Vec<Value> = all[from.min(until)..until]
        .iter()
        .map(|(name, method)| {
            json!({
                "name": format!("models/{name}"),
                "version": "001",
                "displayName": name,
                "inputTokenLimit": 1_048_576,
                "outputTokenLimit": 65_536,
                "supportedGenerationMethods": [method, "countTokens"],
            })
        })
        .collect();
    let mut answer = json!({ "models": page });
    if until < all.len() {
        answer["nextPageToken"] = until.to_string().into();
    }
    axum::Json(answer).into_response()
}

fn number_of(headers: &HeaderMap) -> Option<i64> {
    headers.get("x-goog-api-key")?.to_str().ok()?.strip_prefix("test-key-")?.parse().ok()
}

async fn requests(State(shared): State<Arc<Shared>>) -> axum::Json<Vec<Seen>> {
    axum::Json(shared.inner().seen.clone())
}

/// Requests by status, key and task, and how long it took from the first to the last.
async fn summary(State(shared): State<Arc<Shared>>) -> axum::Json<Value> {
    let inner = shared.inner();
    let mut by: BTreeMap<&str, BTreeMap<String, u32>> = BTreeMap::new();
    for seen in &inner.seen {
        for (what, which) in [
            ("status", seen.status.to_string()),
            ("key", seen.key.to_string()),
            ("task", seen.task.clone()),
        ] {
            *by.entry(what).or_default().entry(which).or_default() += 1;
        }
    }
    let times = inner.seen.iter().map(|seen| seen.at);
    let took = times.clone().max().zip(times.min()).map(|(last, first)| last.0 - first.0);
    axum::Json(json!({ "requests": inner.seen.len(), "by": by, "took_ms": took }))
}

#[derive(Deserialize)]
struct FaultOrder {
    /// `None`: the next request, whatever its key.
    key: Option<i64>,
    /// `None`: the key is well again.
    fault: Option<Fault>,
}

async fn fault(
    State(shared): State<Arc<Shared>>,
    axum::Json(order): axum::Json<FaultOrder>,
) -> StatusCode {
    let mut inner = shared.inner();
    match (order.key, order.fault) {
        (Some(key), Some(fault)) => {
            inner.by_key.insert(key, fault);
        }
        (Some(key), None) => {
            inner.by_key.remove(&key);
        }
        (None, Some(fault)) => inner.next.push_back(fault),
        (None, None) => inner.next.clear(),
    }
    StatusCode::NO_CONTENT
}
