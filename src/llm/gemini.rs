//! Asks Gemini over HTTP. It must not know the pool: other modules decide when to ask and what a refusal means for a
//! key. The key is sent only in the `x-goog-api-key` header.

use std::pin::Pin;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use serde::Deserialize;

use super::answer::{self, Answer, Failure, Unusable, Usage};
use super::request::Request;
use super::{embedding, refusal};
use crate::config;
use crate::model::Secret;

const KEY_HEADER: HeaderName = HeaderName::from_static("x-goog-api-key");

/// The time limit for connecting, including TLS. Divided by `TIME_SCALE`.
const CONNECT: Duration = Duration::from_secs(5);

/// Longer answers are not read: drafts have a few thousand characters.
const LARGEST_ANSWER: usize = 4 << 20;

/// The most pages of the list of models that are read.
const MOST_PAGES: usize = 20;

/// Runs once the connection is open, just before the first byte is written: the last moment at which the booking can be
/// stamped again. On an error nothing is sent, and the request fails with [`Failure::GivenBack`].
pub type Departure = Pin<Box<dyn Future<Output = Result<(), TooLate>> + Send>>;

/// The slot is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the slot was released")]
pub struct TooLate;

/// Receives a good answer.
pub trait Listener: Send {
    /// Takes a piece of the answer; false when nobody listens any more.
    fn hear(&mut self, piece: Vec<u8>) -> impl Future<Output = bool> + Send;
}

/// A request of another program, to be forwarded.
pub struct Forward<'a> {
    pub model: &'a str,
    pub stream: bool,
    pub body: Vec<u8>,
}

/// One client for the whole process: it keeps connections open between requests.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
}

impl Client {
    /// The timeout in `config` is scaled already. TLS needs rustls's default provider, which `main` installs.
    pub fn new(config: &config::Gemini, time_scale: u32) -> reqwest::Result<Self> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT / time_scale)
            .timeout(config.timeout)
            .redirect(reqwest::redirect::Policy::none())
            // Google closes idle connections after some minutes. Using one just then would cost a try.
            .pool_idle_timeout(Duration::from_mins(1))
            .user_agent(concat!("muster/", env!("CARGO_PKG_VERSION")));
        if config.base_url.starts_with("http://") {
            // Plain http is only used for this machine, where no proxy is needed.
            builder = builder.no_proxy();
        }
        Ok(Self { http: builder.build()?, base_url: config.base_url.clone() })
    }

    /// Asks `model` once. `departure` runs once the connection is open, before anything is written.
    pub async fn generate(
        &self,
        key: &Secret,
        model: &str,
        request: &Request,
        departure: Departure,
    ) -> Result<Answer, Failure> {
        let body = request.body(model).to_string().into_bytes();
        let url = format!("{}/v1beta/models/{model}:generateContent", self.base_url);
        let sent = self
            .http
            .post(url)
            .headers(headers(key, body.len())?)
            .body(leaving(body, departure))
            .send()
            .await;
        answer::read(&read(sent, key).await?, request.schema.as_ref())
    }

    /// Asks `model` once for the embedding of a text.
    pub async fn embed(
        &self,
        key: &Secret,
        model: &str,
        text: &str,
        purpose: embedding::Purpose,
        departure: Departure,
    ) -> Result<Vec<f32>, Failure> {
        let body = embedding::body(text, purpose).to_string().into_bytes();
        let url = format!("{}/v1beta/models/{model}:embedContent", self.base_url);
        let request = self.http.post(url).headers(headers(key, body.len())?);
        let sent = request.body(leaving(body, departure)).send().await;
        embedding::read(&read(sent, key).await?)
    }

    /// Sends a request of another program once and passes the response on: as a whole, or event by event if it is a
    /// `stream`.
    pub async fn forward(
        &self,
        key: &Secret,
        forward: Forward<'_>,
        departure: Departure,
        listener: &mut impl Listener,
    ) -> Result<Usage, Failure> {
        let Forward { model, stream, body } = forward;
        let call = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        let url = format!("{}/v1beta/models/{model}:{call}", self.base_url);
        let request = self.http.post(url).headers(headers(key, body.len())?);
        let sent = request.body(leaving(body, departure)).send().await;
        if !stream {
            let bytes = read(sent, key).await?;
            let usage = serde_json::from_slice(&bytes).map(|body| answer::usage(&body));
            listener.hear(bytes).await;
            return Ok(usage.unwrap_or_default());
        }
        let mut response = sent.map_err(|error| failed(&error, key))?;
        if !response.status().is_success() {
            read(Ok(response), key).await?;
            return Ok(Usage::default());
        }
        let mut events = answer::Events::default();
        while let Some(piece) = response.chunk().await.map_err(|error| failed(&error, key))? {
            events.read(&piece);
            if !listener.hear(piece.to_vec()).await {
                break;
            }
        }
        Ok(events.usage())
    }

    /// The names of the models that the key may use to generate text. Uses no quota.
    pub async fn models(&self, key: &Secret) -> Result<Vec<String>, Failure> {
        let (mut names, mut token) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let mut url = reqwest::Url::parse(&format!("{}/v1beta/models", self.base_url))
                .map_err(|_| Failure::Connection { reason: "the address is invalid".into() })?;
            url.query_pairs_mut().append_pair("pageSize", "100");
            if !token.is_empty() {
                url.query_pairs_mut().append_pair("pageToken", &token);
            }
            let sent = self.http.get(url).header(KEY_HEADER, key_value(key)?).send().await;
            let page: Page = serde_json::from_slice(&read(sent, key).await?).map_err(|_| {
                Failure::Unusable { why: Unusable::Garbled, usage: Usage::default() }
            })?;
            let writes = page.models.into_iter().filter(|model| {
                model.supported_generation_methods.iter().any(|it| it == "generateContent")
            });
            names.extend(writes.map(|model| model.name.trim_start_matches("models/").to_owned()));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        Ok(names)
    }
}

/// The body of a good answer, or the failure that any other response means.
async fn read(sent: reqwest::Result<reqwest::Response>, key: &Secret) -> Result<Vec<u8>, Failure> {
    let mut response = sent.map_err(|error| failed(&error, key))?;
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error, key))? {
        if bytes.len() + chunk.len() > LARGEST_ANSWER {
            let why = Unusable::TooLarge;
            return Err(Failure::Unusable { why, usage: Usage::default() });
        }
        bytes.extend_from_slice(&chunk);
    }
    match status {
        200..300 => Ok(bytes),
        408 | 409 | 425 | 499 | 500.. => {
            Err(Failure::Server { status, response: refusal::message(&bytes, key) })
        }
        _ => Err(match refusal::read(status, &bytes, key) {
            Some(refusal) => Failure::Refused(refusal),
            None => Failure::OurFault { status, response: refusal::message(&bytes, key) },
        }),
    }
}

/// A page of the list of models.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    models: Vec<Model>,
    #[serde(default)]
    next_page_token: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    /// `models/gemini-3.5-flash-lite`
    name: String,
    #[serde(default)]
    supported_generation_methods: Vec<String>,
}

fn headers(key: &Secret, length: usize) -> Result<HeaderMap, Failure> {
    Ok(HeaderMap::from_iter([
        (KEY_HEADER, key_value(key)?),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_LENGTH, HeaderValue::from(length)),
    ]))
}

fn key_value(key: &Secret) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(key.expose()).map_err(|_| Failure::OurFault {
        status: 400,
        response: "the key has characters that a header cannot contain".into(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The body as a stream of one piece, which is read once the connection is open.
fn leaving(body: Vec<u8>, departure: Departure) -> reqwest::Body {
    reqwest::Body::wrap_stream(futures_util::stream::once(async move {
        departure.await?;
        Ok::<_, TooLate>(body)
    }))
}

fn failed(error: &reqwest::Error, key: &Secret) -> Failure {
    let mut reason = general_reason(error);
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.is::<TooLate>() {
            return Failure::GivenBack;
        }
        reason = inner.to_string();
        cause = inner.source();
    }
    if error.is_timeout() {
        return Failure::Timeout;
    }
    Failure::Connection { reason: refusal::redact(&reason, key) }
}

/// reqwest's own message contains the whole address; the innermost cause says what happened.
fn general_reason(error: &reqwest::Error) -> String {
    if error.is_connect() { "no connection".into() } else { "the connection broke".into() }
}
