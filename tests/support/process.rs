//! The real binary, run as an operator runs it: in a folder of its own, with the environment that the test gives it and
//! no other. It can be killed, told to stop and started again in the same place.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::smtp::SmtpServer;

/// The longest wait: far longer than a slow machine needs.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Between two checks.
const LOOK: Duration = Duration::from_millis(20);

/// Checks until there is a result; fails when that takes too long.
pub async fn wait_for<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Where Muster is installed: a folder and the settings, which outlive the processes started there.
pub struct Desk {
    folder: TempDir,
    env: Vec<(String, String)>,
}

impl Desk {
    /// An event that templates can write about, any free port, nothing else.
    pub fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), env: Vec::new() };
        desk.set("PORT", "0")
            .set("EVENT_NAME", "Hack the Harbour 2027")
            .set("EVENT_DATES", "16–17 January 2027")
            .set("EVENT_PLACE", "Pier 4, Rotterdam")
            .set("EVENT_LINK", "https://harbour.example/register")
            .set("EVENT_COMMUNITY_LINK", "https://harbour.example/community")
            .set("EVENT_ORGANISER", "The Harbour Hack team")
            .set("EVENT_ADDRESS", "Harbour Hack, Pier 4, 3011 Rotterdam, Netherlands")
    }

    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Sends emails through this server.
    #[must_use]
    pub fn mailing(self, server: &SmtpServer) -> Self {
        self.set("SMTP_URL", server.url()).set("SENDER_EMAIL", "hello@example.org")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where Muster keeps its data when nothing else is set.
    pub fn data_dir(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The binary in this folder with these settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command
            .args(arguments)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder())
            .stdin(Stdio::null());
        command
    }

    /// Starts a process and waits until it answers.
    pub async fn start(&self) -> Muster {
        let mut muster = self.spawn();
        muster.port = muster.wait_for_port().await;
        let healthy = format!("{}/healthz", muster.url());
        wait_for("/healthz", async || {
            let answer = muster.http.get(&healthy).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        muster
    }

    fn spawn(&self) -> Muster {
        // Several tests may be the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut child =
            self.command(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Log::default();
        let readers = vec![
            log.follow(child.stdout.take().unwrap()),
            log.follow(child.stderr.take().unwrap()),
        ];
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Muster { child, log, readers, http, port: 0 }
    }

    /// Runs a process that is not expected to stay: how it ended, what it printed, what it complained about.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        let ended = tokio::task::spawn_blocking(move || {
            let mut child =
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
            let output = Log::default();
            let errors = Log::default();
            let readers = [
                output.follow(child.stdout.take().unwrap()),
                errors.follow(child.stderr.take().unwrap()),
            ];
            let begun = Instant::now();
            let status = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break status;
                }
                if begun.elapsed() > PATIENCE {
                    let _ = child.kill();
                    let _ = child.wait();
                    panic!("it goes on and on:\n{}{}", output.text(), errors.text());
                }
                std::thread::sleep(LOOK);
            };
            for reader in readers {
                reader.join().unwrap();
            }
            Ended { code: status.code(), output: output.text(), errors: errors.text() }
        });
        ended.await.unwrap()
    }
}

/// How a process exited.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn follow(&self, source: impl std::io::Read + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        std::thread::spawn(move || {
            let mut source = BufReader::new(source);
            let mut line = Vec::new();
            while source.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let mut log = log.0.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        })
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running process. Dropped, it is killed.
pub struct Muster {
    child: Child,
    log: Log,
    readers: Vec<JoinHandle<()>>,
    http: reqwest::Client,
    port: u16,
}

impl Muster {
    async fn wait_for_port(&mut self) -> u16 {
        let log = self.log.clone();
        let child = &mut self.child;
        wait_for("the line that says where to browse", async || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("it ended at once ({status}):\n{}", log.text());
            }
            let log = log.text();
            let ready = log.lines().find(|line| line.contains("Muster is ready"))?;
            let digits = ready.rsplit_once("port=")?.1;
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        })
        .await
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything that it has printed so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// SIGKILL: as a power cut, for this process.
    pub fn kill9(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it as `systemctl stop` and `docker stop` do.
    pub fn terminate(&self) {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it exits: how it did, and everything that it printed.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let child = &mut self.child;
        let status = wait_for("the end of the process", async || child.try_wait().unwrap()).await;
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        (status, self.log.text())
    }

    pub async fn wait_for_log(&self, words: &str) {
        wait_for(words, async || self.log().contains(words).then_some(())).await;
    }

    /// Posts text with these headers; the answer's status and JSON.
    pub async fn post_text(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> (StatusCode, Value) {
        let request = self.http.post(format!("{}{path}", self.url())).body(body);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.answer(request, path).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.url())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "GET {path}");
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// Posts JSON (`null`: an empty body); the answer's status and JSON.
    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = self.http.post(format!("{}{path}", self.url()));
        if !body.is_null() {
            request = request.json(&body);
        }
        self.answer(request, path).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder, path: &str) -> (StatusCode, Value) {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"));
        (status, body)
    }

    /// Adds this many people, `person-1@example.org` and so on, who know Rust and SQL; their ids.
    pub async fn add_people(&self, count: usize) -> Vec<i64> {
        let mut ids = Vec::new();
        for number in 1..=count {
            ids.push(self.add_person(number, &["Rust", "SQL"]).await);
        }
        ids
    }

    pub async fn add_person(&self, number: usize, skills: &[&str]) -> i64 {
        let person = json!({
            "name": name(number),
            "email": format!("person-{number}@example.org"),
            "job_title": "Developer",
            "keywords": skills,
        });
        let (status, answer) = self.post("/api/users/add", person).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer["user_id"].as_i64().unwrap()
    }

    /// Starts a campaign (`test` or `send`); its path.
    pub async fn start_campaign(&self, kind: &str) -> String {
        let (status, answer) = self.post(&format!("/api/campaign/{kind}"), Value::Null).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["progress_url"].as_str().unwrap().to_owned()
    }

    /// Waits until a campaign cannot continue without a person.
    pub async fn wait_until_done(&self, campaign: &str) -> Value {
        wait_for("the campaign's end", async || {
            let answer = self.get(campaign).await;
            answer["done"].as_bool().unwrap().then_some(answer)
        })
        .await
    }

    /// Uploads a person's resume; where its progress is told.
    pub async fn upload_resume(&self, person: i64, file_name: &str, bytes: &[u8]) -> String {
        let boundary = "a-line-between-two-parts";
        let mut body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"user_id\"\r\n\r\n{person}\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"resume\"; filename=\"{file_name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let path = "/matchmaking/upload-resume";
        let request = self
            .http
            .post(format!("{}{path}", self.url()))
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(body);
        let (status, answer) = self.answer(request, path).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["progress_url"].as_str().unwrap().to_owned()
    }
}

impl Drop for Muster {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("what the process on port {} said:\n{}", self.port, self.log());
        }
    }
}

/// A name for a number, the number in the first name: letters only, as in names.
fn name(number: usize) -> String {
    let letters = number.to_string().bytes().map(|digit| char::from(b'a' + digit - b'0')).collect();
    let word: String = letters;
    format!("Ada{word} Example")
}
