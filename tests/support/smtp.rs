//! A mail server on 127.0.0.1 for the tests: STARTTLS or TLS with a certificate of its own, AUTH PLAIN and LOGIN, scripted
//! answers at every stage. It writes down every login and every mail with its arrival time.
//!
//! It runs on a thread of its own with its own runtime, so that it answers whatever the test does meanwhile, and serves
//! tasks of the same process as well as the real binary.

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Where in a conversation an answer is given.
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

/// What the server does instead of its usual answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Says this; several lines are several lines of one answer (`550-…`, `550 …`). 421 closes the connection.
    Say(&'static str),
    /// Never answers; the connection stays open.
    Hang,
    /// Answers as usual, but not before [`SmtpServer::let_go`].
    Hold,
    /// Closes the connection without a word.
    Cut,
    /// Says this and reads nothing more; the connection stays open.
    SayThenHang(&'static str),
    /// Says this and closes the connection.
    SayThenCut(&'static str),
}

/// A mail that reached its final dot, whatever the answer was.
#[derive(Clone, Debug)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    pub bytes: Vec<u8>,
    pub at: Instant,
    /// Number of the connection, from 1.
    pub connection: usize,
    /// Whether the server said 250 to it.
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
    /// The only user and password that are let in; `None`: no AUTH is offered.
    pub account: Option<(String, String)>,
    /// Closes a connection with 421 instead of taking more than so many mails over it.
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
    /// The reply given whenever nothing is scripted once.
    always: HashMap<At, Reply>,
    mails: Vec<Received>,
    logins: Vec<Login>,
    connections: usize,
    /// Answers of the server that it never gave, or holds back: it hangs there.
    hanging: usize,
    /// After so many mails this reply is given once.
    later: Option<(usize, At, Reply)>,
    /// Whether held answers may be given.
    let_go: bool,
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

    /// Gives this reply the next time the stage is reached; several wait their turn.
    pub fn next(&self, at: At, reply: Reply) {
        self.shared.record().once.entry(at).or_default().push_back(reply);
    }

    /// Gives this reply once, when the stage is reached by a mail after the first `mails`.
    pub fn after(&self, mails: usize, at: At, reply: Reply) {
        self.shared.record().later = Some((mails, at, reply));
    }

    /// Gives the answers that are held back.
    pub fn let_go(&self) {
        self.shared.change(|record| record.let_go = true);
    }

    /// Gives this reply every time.
    pub fn always(&self, at: At, reply: Reply) {
        self.shared.record().always.insert(at, reply);
    }

    /// Answers as usual again.
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

    /// Waits until so many mails have come to their final dot.
    pub async fn wait_for_mails(&self, count: usize) {
        self.wait_until(|record| record.mails.len() >= count).await;
    }

    /// Waits until the server hangs somewhere for the `count`-th time.
    pub async fn wait_until_hanging(&self, count: usize) {
        self.wait_until(|record| record.hanging >= count).await;
    }

    async fn wait_until(&self, holds: impl Fn(&Record) -> bool) {
        let mut changes = self.shared.changes.subscribe();
        while !holds(&self.shared.record()) {
            changes.changed().await.expect("the server holds the sender");
        }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.end.send_replace(true);
    }
}

/// A certificate for these names, and the root that signed it.
fn certificate(names: &[String]) -> (TlsAcceptor, Vec<u8>) {
    let mut root = CertificateParams::new(Vec::<String>::new()).expect("no names");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().expect("a key");
    let root = CertifiedIssuer::self_signed(root, root_key).expect("a root certificate");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(names.to_vec())
        .and_then(|leaf| leaf.signed_by(&key, &root))
        .expect("a certificate");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the default protocols")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .expect("key and certificate belong together");
    (TlsAcceptor::from(Arc::new(config)), root.der().to_vec())
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One conversation. Errors of the network end it.
struct Conversation {
    stream: BufReader<Box<dyn Stream>>,
    shared: Arc<Shared>,
    number: usize,
    encrypted: bool,
    logged_in: bool,
    from: Option<String>,
    to: Vec<String>,
    taken: usize,
}

/// Whether the conversation goes on.
enum Next {
    GoOn,
    /// The scripted reply was a refusal: the stage was not passed.
    Refused,
    End,
}

async fn serve(stream: tokio::net::TcpStream, shared: Arc<Shared>) {
    let mut number = 0;
    shared.change(|record| {
        record.connections += 1;
        number = record.connections;
    });
    let wrapped = shared.options.tls == Encryption::Wrapped;
    let stream: Box<dyn Stream> = if wrapped {
        match shared.acceptor.accept(stream).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return,
        }
    } else {
        Box::new(stream)
    };
    let mut conversation = Conversation {
        stream: BufReader::new(stream),
        shared,
        number,
        encrypted: wrapped,
        logged_in: false,
        from: None,
        to: Vec::new(),
        taken: 0,
    };
    // The client may go at any time.
    let _ = conversation.run().await;
}

impl Conversation {
    async fn run(&mut self) -> std::io::Result<()> {
        if let Next::End = self.answer(At::Greeting, "220 mail.test ESMTP").await? {
            return Ok(());
        }
        while let Some(line) = self.read_line().await? {
            let upper = line.to_uppercase();
            let next = if upper.starts_with("EHLO") || upper.starts_with("HELO") {
                let offer = self.offer();
                self.answer(At::Ehlo, &offer).await?
            } else if upper == "STARTTLS" {
                match self.answer(At::StartTls, "220 go ahead").await? {
                    Next::GoOn => {
                        if !self.encrypt().await {
                            return Ok(());
                        }
                        Next::GoOn
                    }
                    other => other,
                }
            } else if upper.starts_with("AUTH ") {
                self.login(&line).await?
            } else if upper.starts_with("MAIL FROM:") {
                self.mail(&line).await?
            } else if upper.starts_with("RCPT TO:") {
                let next = self.answer(At::Rcpt, "250 2.1.5 fine").await?;
                if let Next::GoOn = next {
                    self.to.push(path(&line));
                }
                next
            } else if upper == "DATA" {
                self.data().await?
            } else if upper == "RSET" {
                self.forget();
                self.say("250 2.0.0 forgotten").await?
            } else if upper == "NOOP" {
                self.say("250 2.0.0 here").await?
            } else if upper == "QUIT" {
                self.say("221 2.0.0 goodbye").await?;
                return Ok(());
            } else {
                self.say("502 5.5.2 not known here").await?
            };
            if let Next::End = next {
                return Ok(());
            }
        }
        Ok(())
    }

    fn offer(&self) -> String {
        let mut lines = vec!["mail.test", "8BITMIME", "ENHANCEDSTATUSCODES"];
        if self.shared.options.tls == Encryption::StartTls && !self.encrypted {
            lines.push("STARTTLS");
        }
        if self.shared.options.account.is_some() {
            lines.push("AUTH PLAIN LOGIN");
        }
        let last = lines.len() - 1;
        let marked = |at: usize| if at == last { ' ' } else { '-' };
        lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}", marked(at)))
            .collect::<Vec<_>>()
            .join("\n")
    }

    async fn encrypt(&mut self) -> bool {
        let acceptor = self.shared.acceptor.clone();
        let nothing: Box<dyn Stream> =
            Box::new(tokio::io::join(tokio::io::empty(), tokio::io::sink()));
        let plain = std::mem::replace(&mut self.stream, BufReader::new(nothing));
        match acceptor.accept(plain.into_inner()).await {
            Ok(stream) => {
                self.stream = BufReader::new(Box::new(stream));
                self.encrypted = true;
                true
            }
            Err(_) => false,
        }
    }

    async fn login(&mut self, line: &str) -> std::io::Result<Next> {
        let mut words = line.split_whitespace().skip(1);
        let mechanism = words.next().unwrap_or_default().to_uppercase();
        let (user, password) = if mechanism == "PLAIN" {
            let given = base64(words.next().unwrap_or_default());
            let mut parts = given.split('\0').skip(1).map(str::to_owned);
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
        } else {
            let mut asked = Vec::new();
            for question in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"] {
                self.say(question).await?;
                asked.push(base64(&self.read_line().await?.unwrap_or_default()));
            }
            (asked.remove(0), asked.remove(0))
        };
        let fits = self.shared.options.account.as_ref() == Some(&(user.clone(), password.clone()));
        let encrypted = self.encrypted;
        self.shared.change(|record| record.logins.push(Login { user, password, encrypted }));
        let usual = if fits {
            "235 2.7.0 welcome"
        } else {
            "535-5.7.8 Username and Password not accepted. For more information, go to\n535 5.7.8  the help pages of this test"
        };
        let next = self.answer(At::Auth, usual).await?;
        self.logged_in = matches!(next, Next::GoOn) && fits;
        Ok(next)
    }

    async fn mail(&mut self, line: &str) -> std::io::Result<Next> {
        if self.shared.options.account.is_some() && !self.logged_in {
            return self.say("530 5.7.0 Authentication required").await;
        }
        if self.from.is_some() {
            return self.say("503 5.5.1 one mail after the other").await;
        }
        if self.taken >= self.shared.options.mails_per_connection {
            return self.say("421 4.7.0 Connection expired, try reconnecting").await;
        }
        let next = self.answer(At::Mail, "250 2.1.0 fine").await?;
        if let Next::GoOn = next {
            self.from = Some(path(line));
        }
        Ok(next)
    }

    async fn data(&mut self) -> std::io::Result<Next> {
        if self.to.is_empty() {
            return self.say("503 5.5.1 nobody to send to").await;
        }
        let next = self.answer(At::Data, "354 go ahead").await?;
        if !matches!(next, Next::GoOn) {
            return Ok(next);
        }
        let mut bytes = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(Next::End);
            }
            if line == b".\r\n" {
                break;
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        let reply = self.shared.reply(At::Dot);
        let accepted = match &reply {
            None | Some(Reply::Hold) => true,
            Some(Reply::Say(words) | Reply::SayThenHang(words) | Reply::SayThenCut(words)) => {
                words.starts_with('2')
            }
            Some(Reply::Hang | Reply::Cut) => false,
        };
        let received = Received {
            from: self.from.clone().unwrap_or_default(),
            to: self.to.clone(),
            bytes,
            at: Instant::now(),
            connection: self.number,
            accepted,
            encrypted: self.encrypted,
        };
        self.shared.change(|record| record.mails.push(received));
        self.forget();
        self.taken += 1;
        self.give(reply, "250 2.0.0 taken").await
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn answer(&mut self, at: At, usual: &str) -> std::io::Result<Next> {
        let reply = self.shared.reply(at);
        self.give(reply, usual).await
    }

    async fn give(&mut self, reply: Option<Reply>, usual: &str) -> std::io::Result<Next> {
        match reply {
            None => self.say(usual).await,
            Some(Reply::Say(words)) => self.say(words).await,
            Some(Reply::Cut) => Ok(Next::End),
            Some(Reply::SayThenCut(words)) => {
                self.say(words).await?;
                Ok(Next::End)
            }
            Some(Reply::SayThenHang(words)) => {
                self.say(words).await?;
                self.shared.change(|record| record.hanging += 1);
                // Until the server ends: nothing of what comes is read.
                std::future::pending().await
            }
            Some(Reply::Hold) => {
                let mut changes = self.shared.changes.subscribe();
                self.shared.change(|record| record.hanging += 1);
                while !self.shared.record().let_go {
                    // The sender stands beside us.
                    let _ = changes.changed().await;
                }
                self.say(usual).await
            }
            Some(Reply::Hang) => {
                self.shared.change(|record| record.hanging += 1);
                // Until the client goes.
                while self.read_line().await?.is_some() {}
                Ok(Next::End)
            }
        }
    }

    async fn say(&mut self, words: &str) -> std::io::Result<Next> {
        self.stream.write_all(format!("{}\r\n", words.replace('\n', "\r\n")).as_bytes()).await?;
        self.stream.flush().await?;
        Ok(match words.as_bytes().first() {
            _ if words.starts_with("421") => Next::End,
            Some(b'4' | b'5') => Next::Refused,
            _ => Next::GoOn,
        })
    }

    async fn read_line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await?;
        Ok((read > 0).then(|| line.trim_end().to_owned()))
    }
}

/// What stands between the angle brackets.
fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(path, _)| path.to_owned())
}

/// Twenty lines are cheaper than a crate.
fn base64(text: &str) -> String {
    let value = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for six in text.bytes().filter_map(value) {
        held = (held << 6) | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
