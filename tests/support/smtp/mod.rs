//! A mail server on 127.0.0.1 for the tests: STARTTLS or TLS with its own certificate, AUTH PLAIN and LOGIN, scripted
//! responses at every stage. It records every login, and every email with its arrival time.
//!
//! It runs on its own thread with its own runtime, so that it responds whatever the test is doing, and serves tasks of
//! the same process as well as the real binary.

mod certificate;
mod session;

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use certificate::certificate;
use session::serve;

/// Where in a session a response is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the final dot.
    Dot,
}

/// What the server does instead of giving its usual response.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Responds with this; several lines are one response (`550-…`, `550 …`). 421 closes the connection.
    Say(&'static str),
    /// Never responds; the connection stays open.
    Hang,
    /// Responds as usual, but not before [`SmtpServer::release`].
    Hold,
    /// Closes the connection without a response.
    Cut,
    /// Responds with this and reads nothing more; the connection stays open.
    SayThenHang(&'static str),
    /// Responds with this and closes the connection.
    SayThenCut(&'static str),
}

/// An email that reached its final dot, whatever the response was.
#[derive(Clone, Debug)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    pub bytes: Vec<u8>,
    pub at: Instant,
    /// Number of the connection, from 1.
    pub connection: usize,
    /// Whether the server accepted it.
    pub accepted: bool,
    pub encrypted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: String,
    pub encrypted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    None,
    StartTls,
    /// From the first byte.
    Wrapped,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub tls: Encryption,
    /// Names in the certificate.
    pub names: Vec<String>,
    /// The only user and password that are accepted; `None`: AUTH is not offered.
    pub account: Option<(String, String)>,
    /// Closes a connection with 421 after this many emails.
    pub mails_per_connection: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tls: Encryption::None,
            names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            account: None,
            mails_per_connection: usize::MAX,
        }
    }
}

#[derive(Default)]
struct Record {
    /// Replies that are given once, in order.
    once: HashMap<At, VecDeque<Reply>>,
    /// The reply given when none is scripted once.
    always: HashMap<At, Reply>,
    mails: Vec<Received>,
    logins: Vec<Login>,
    connections: usize,
    /// How many times the server withheld a response.
    hanging: usize,
    /// After this many emails this reply is given once.
    later: Option<(usize, At, Reply)>,
    /// Whether withheld responses may be given.
    released: bool,
}

struct Shared {
    options: Options,
    record: Mutex<Record>,
    /// Counts changes of the record.
    changes: watch::Sender<u64>,
    acceptor: TlsAcceptor,
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Record)) {
        change(&mut self.record());
        self.changes.send_modify(|count| *count += 1);
    }

    fn reply(&self, at: At) -> Option<Reply> {
        let mut record = self.record();
        let arrived = record.mails.len();
        if let Some((_, _, reply)) =
            record.later.take_if(|(mails, stage, _)| *stage == at && arrived >= *mails)
        {
            return Some(reply);
        }
        record
            .once
            .get_mut(&at)
            .and_then(VecDeque::pop_front)
            .or_else(|| record.always.get(&at).cloned())
    }
}

pub struct SmtpServer {
    address: SocketAddr,
    root: Vec<u8>,
    shared: Arc<Shared>,
    /// Ends the thread when the server is dropped.
    end: watch::Sender<bool>,
}

impl SmtpServer {
    pub fn start(options: Options) -> Self {
        let (acceptor, root) = certificate(&options.names);
        let shared = Arc::new(Shared {
            options,
            record: Mutex::default(),
            changes: watch::Sender::new(0),
            acceptor,
        });
        let end = watch::Sender::new(false);
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let address = listener.local_addr().expect("the address just bound");
        let (serving, mut ended) = (shared.clone(), end.subscribe());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime for the mail server").block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener of tokio");
                loop {
                    tokio::select! {
                        _ = ended.wait_for(|ended| *ended) => return,
                        connection = listener.accept() => {
                            if let Ok((stream, _)) = connection {
                                tokio::spawn(serve(stream, serving.clone()));
                            }
                        }
                    }
                }
            });
        });
        Self { address, root, shared, end }
    }

    /// No encryption, no login.
    pub fn plain() -> Self {
        Self::start(Options::default())
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// For `SMTP_URL` on this machine, without encryption.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The root certificate (DER) that signed the server's.
    pub fn root(&self) -> Vec<u8> {
        self.root.clone()
    }

    /// Gives this reply the next time the stage is reached; several are given one after another.
    pub fn next(&self, at: At, reply: Reply) {
        self.shared.record().once.entry(at).or_default().push_back(reply);
    }

    /// Gives this reply once, when the stage is reached after the first `mails` emails.
    pub fn after(&self, mails: usize, at: At, reply: Reply) {
        self.shared.record().later = Some((mails, at, reply));
    }

    /// Gives the withheld responses.
    pub fn release(&self) {
        self.shared.change(|record| record.released = true);
    }

    /// Gives this reply every time.
    pub fn always(&self, at: At, reply: Reply) {
        self.shared.record().always.insert(at, reply);
    }

    /// Responds as usual again.
    pub fn usual(&self, at: At) {
        let mut record = self.shared.record();
        record.once.remove(&at);
        record.always.remove(&at);
    }

    pub fn mails(&self) -> Vec<Received> {
        self.shared.record().mails.clone()
    }

    pub fn logins(&self) -> Vec<Login> {
        self.shared.record().logins.clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.record().connections
    }

    /// Waits until this many emails have reached their final dot.
    pub async fn wait_for_mails(&self, count: usize) {
        self.wait_until(|record| record.mails.len() >= count).await;
    }

    /// Waits until the server has withheld `count` responses.
    pub async fn wait_until_hanging(&self, count: usize) {
        self.wait_until(|record| record.hanging >= count).await;
    }

    async fn wait_until(&self, is_met: impl Fn(&Record) -> bool) {
        let mut changes = self.shared.changes.subscribe();
        while !is_met(&self.shared.record()) {
            changes.changed().await.expect("the server keeps the sender");
        }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.end.send_replace(true);
    }
}
