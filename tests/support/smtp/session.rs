//! One SMTP session of the test server.

use std::sync::Arc;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use super::{At, Encryption, Login, Received, Reply, Shared};

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One session. Network errors end it.
struct Session {
    stream: BufReader<Box<dyn Stream>>,
    shared: Arc<Shared>,
    number: usize,
    encrypted: bool,
    logged_in: bool,
    from: Option<String>,
    to: Vec<String>,
    taken: usize,
}

/// Whether the session continues.
enum Next {
    GoOn,
    /// The scripted reply was a refusal: the stage was not passed.
    Refused,
    End,
}

pub(super) async fn serve(stream: tokio::net::TcpStream, shared: Arc<Shared>) {
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
    let mut session = Session {
        stream: BufReader::new(stream),
        shared,
        number,
        encrypted: wrapped,
        logged_in: false,
        from: None,
        to: Vec::new(),
        taken: 0,
    };
    // The client may disconnect at any time.
    let _ = session.run().await;
}

impl Session {
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
        let mut parts = line.split_whitespace().skip(1);
        let mechanism = parts.next().unwrap_or_default().to_uppercase();
        let (user, password) = if mechanism == "PLAIN" {
            let given = base64(parts.next().unwrap_or_default());
            let mut fields = given.split('\0').skip(1).map(str::to_owned);
            (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
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
            Some(Reply::Say(text) | Reply::SayThenHang(text) | Reply::SayThenCut(text)) => {
                text.starts_with('2')
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
            Some(Reply::Say(text)) => self.say(text).await,
            Some(Reply::Cut) => Ok(Next::End),
            Some(Reply::SayThenCut(text)) => {
                self.say(text).await?;
                Ok(Next::End)
            }
            Some(Reply::SayThenHang(text)) => {
                self.say(text).await?;
                self.shared.change(|record| record.hanging += 1);
                // Until the server ends: nothing that arrives is read.
                std::future::pending().await
            }
            Some(Reply::Hold) => {
                let mut changes = self.shared.changes.subscribe();
                self.shared.change(|record| record.hanging += 1);
                while !self.shared.record().released {
                    // It cannot fail: `shared` keeps the sender.
                    let _ = changes.changed().await;
                }
                self.say(usual).await
            }
            Some(Reply::Hang) => {
                self.shared.change(|record| record.hanging += 1);
                // Until the client disconnects.
                while self.read_line().await?.is_some() {}
                Ok(Next::End)
            }
        }
    }

    async fn say(&mut self, response: &str) -> std::io::Result<Next> {
        self.stream.write_all(format!("{}\r\n", response.replace('\n', "\r\n")).as_bytes()).await?;
        self.stream.flush().await?;
        Ok(match response.as_bytes().first() {
            _ if response.starts_with("421") => Next::End,
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

/// The text between the angle brackets.
fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(path, _)| path.to_owned())
}

/// Decodes Base64; not worth a dependency.
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
