//! Asks Gemini over HTTP. Knows the wire, not the pool: when to ask, and what a refusal means for a key, is decided
//! elsewhere. A key stands in the `x-goog-api-key` header and nowhere else.

use std::pin::Pin;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use serde::Deserialize;

use super::answer::{self, Answer, Failure, Unusable, Usage};
use super::{Request, embedding, refusal};
use crate::config;
use crate::model::Secret;

const KEY_HEADER: HeaderName = HeaderName::from_static("x-goog-api-key");

/// To connect, TLS included. Divided by `TIME_SCALE`.
const CONNECT: Duration = Duration::from_secs(5);

/// An answer longer than this is not read: drafts have a few thousand characters.
const LARGEST_ANSWER: usize = 4 << 20;

/// A list of models that goes on after so many pages is not followed.
const MOST_PAGES: usize = 20;

/// What happens just before the first byte is written, when the connection stands: the last moment at which the
/// booking can be stamped again. With an error nothing is asked, and the request fails with [`Failure::GivenBack`].
pub type Departure = Pin<Box<dyn Future<Output = Result<(), TooLate>> + Send>>;

/// The slot is not ours any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the slot was given back")]
pub struct TooLate;

/// Who a good answer is handed on to.
pub trait Listener: Send {
    /// A piece of the answer; false when nobody listens any more.
    fn hear(&mut self, piece: Vec<u8>) -> impl Future<Output = bool> + Send;
}

/// One for the whole process: it keeps connections open between requests.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
}

impl Client {
    /// `config`'s time-out is scaled already. TLS needs rustls's default provider, which `main` installs.
    pub fn new(config: &config::Gemini, time_scale: u32) -> reqwest::Result<Self> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT / time_scale)
            .timeout(config.timeout)
            .redirect(reqwest::redirect::Policy::none())
            // Google closes idle connections after some minutes; one closed under our hands would cost a try.
            .pool_idle_timeout(Duration::from_mins(1))
            .user_agent(concat!("muster/", env!("CARGO_PKG_VERSION")));
        if config.base_url.starts_with("http://") {
            // Plain http goes to this machine only, and there no proxy stands between.
            builder = builder.no_proxy();
        }
        Ok(Self { http: builder.build()?, base_url: config.base_url.clone() })
    }

    /// Asks `model`, once. `departure` runs when the connection stands and nothing has been written yet.
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

    /// Asks `model` what a text is about, once.
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

    /// Asks what somebody else has written, once, and hands on what comes back as it comes: all of it at the end, or event
    /// by event when it is a `stream`.
    pub async fn forward(
        &self,
        key: &Secret,
        model: &str,
        stream: bool,
        body: Vec<u8>,
        departure: Departure,
        listener: &mut impl Listener,
    ) -> Result<Usage, Failure> {
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

    /// The names of the models that the key may ask to write. Uses up no quota.
    pub async fn models(&self, key: &Secret) -> Result<Vec<String>, Failure> {
        let (mut names, mut token) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let mut url = reqwest::Url::parse(&format!("{}/v1beta/models", self.base_url))
                .map_err(|_| Failure::Connection { words: "the address is none".into() })?;
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

/// The body of a good answer, or what the other ones say.
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
            Err(Failure::Server { status, words: refusal::words(&bytes, key) })
        }
        _ => Err(match refusal::read(status, &bytes, key) {
            Some(refusal) => Failure::Refused(refusal),
            None => Failure::OurFault { status, words: refusal::words(&bytes, key) },
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
        words: "the key has characters that no header can hold".into(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The body as a stream of one piece, which is asked for when the connection stands.
fn leaving(body: Vec<u8>, departure: Departure) -> reqwest::Body {
    reqwest::Body::wrap_stream(futures_util::stream::once(async move {
        departure.await?;
        Ok::<_, TooLate>(body)
    }))
}

fn failed(error: &reqwest::Error, key: &Secret) -> Failure {
    let mut words = error_words(error);
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.is::<TooLate>() {
            return Failure::GivenBack;
        }
        words = inner.to_string();
        cause = inner.source();
    }
    if error.is_timeout() {
        return Failure::Timeout;
    }
    Failure::Connection { words: refusal::redact(&words, key) }
}

/// reqwest's own words name the whole address; the cause below it says what happened.
fn error_words(error: &reqwest::Error) -> String {
    if error.is_connect() { "no connection".into() } else { "the connection broke".into() }
}
