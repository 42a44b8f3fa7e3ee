//! The real binary: how soon it answers, and how much memory it takes. Printed, not measured by divan.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use muster::model::campaign::CampaignKind;

use super::house::{House, PROGRAM, block_on, folder};
use super::invented;

const PEOPLE: usize = 10_000;
/// Jobs that wait for a key.
const WAITING: usize = 100_000;

/// A Muster that is ended when this is dropped.
struct Running {
    child: Child,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Prints the figures, unless something else was asked for by name.
pub fn report() {
    if !super::is_wanted("process") {
        return;
    }
    let data = folder();
    println!("process (the real binary)");
    let (muster, took) = start(data.path(), &[]);
    println!("  start to first answer, new database    {took:?}");
    say_memory("after the start", &muster);
    drop(muster);
    let (muster, took) = start(data.path(), &[]);
    println!("  start to first answer, known database  {took:?}");

    let began = Instant::now();
    post_table(muster.port, &invented::table(PEOPLE));
    println!("  importing {PEOPLE} rows by the form       {:?}", began.elapsed());
    say_memory("after the import", &muster);
    let began = Instant::now();
    let answer =
        request(muster.port, "POST", "/matchmaking/run", "application/x-www-form-urlencoded", b"");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    println!("  matching {PEOPLE} people by the button    {:?}", began.elapsed());
    say_memory("after matching", &muster);
    drop(muster);
    waiting_jobs();
}

/// What a queue costs that waits for keys: the server that they are for is not there.
fn waiting_jobs() {
    let house = block_on(House::with_people(WAITING));
    assert_eq!(block_on(house.start_campaign(CampaignKind::Test)).total, WAITING as i64);
    block_on(house.app.db.close());
    let keys = [
        ("GEMINI_BASE_URL", "http://127.0.0.1:9"),
        ("GEMINI_API_KEY1", "an-invented-key-1"),
        ("GEMINI_API_KEY2", "an-invented-key-2"),
    ];
    let (muster, took) = start(house.data_dir(), &keys);
    println!("  start to first answer, {WAITING} jobs wait   {took:?}");
    std::thread::sleep(Duration::from_secs(10));
    say_memory("with 100,000 jobs that wait", &muster);
    assert!(request(muster.port, "GET", "/keys", "text/plain", b"").starts_with("HTTP/1.1 200"));
    say_memory("after the page of the keys", &muster);
}

fn start(data: &Path, settings: &[(&str, &str)]) -> (Running, Duration) {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|it| it.local_addr())
        .expect("a free port")
        .port();
    let began = Instant::now();
    let child = Command::new(PROGRAM)
        .current_dir(data)
        .env_clear()
        .env("DATA_DIR", data)
        .env("PORT", port.to_string())
        .envs(settings.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Muster starts");
    let muster = Running { child, port };
    while !answers(port) {
        assert!(began.elapsed() < Duration::from_mins(1), "Muster does not answer");
        std::thread::sleep(Duration::from_millis(1));
    }
    (muster, began.elapsed())
}

fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
        && request(port, "GET", "/healthz", "text/plain", b"").starts_with("HTTP/1.1 200")
}

fn post_table(port: u16, table: &str) {
    let body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{table}\r\n--edge--\r\n"
    );
    let answer = request(
        port,
        "POST",
        "/people/import",
        "multipart/form-data; boundary=edge",
        body.as_bytes(),
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn request(port: u16, method: &str, path: &str, kind: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn say_memory(when: &str, muster: &Running) {
    // Linux alone tells it this way.
    let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", muster.child.id())) else {
        return;
    };
    let mib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(format!("{:.1} MiB", kib / 1024.0))
    };
    if let (Some(now), Some(most)) = (mib("VmRSS"), mib("VmHWM")) {
        println!("  memory {when:<31} {now} (at most {most})");
    }
}
