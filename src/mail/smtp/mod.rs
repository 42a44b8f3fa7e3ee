//! SMTP: hands a composed email to a server over one connection that is reused, and reports exactly how far it got.
//! Must not know why an email is sent or what is recorded about it.
//!
//! **Invariant:** a delivery is [`Delivery::Uncertain`] only when the final dot may have been sent and no response
//! came; in every other case without a response the server cannot have accepted the email.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Severity;
use tokio::sync::Mutex;

mod server;
mod trouble;

use server::{Security, Server};
use trouble::{Trouble, joined, not_sent, out_of_step, shown, timed_out, unfit};

pub use server::BadServer;

use super::address::wire_address;
use super::delivery::Delivery;
use super::stage::Stage;
use crate::config::{self, MailTransport};
use crate::model::{Clock, EmailAddress, Millis};

/// How long to wait for each step, in real time; [`Timeouts::scaled`] divides it by a trial's time scale.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the connection with greeting and EHLO, and for STARTTLS.
    pub connect: Duration,
    /// For the response to each command.
    pub command: Duration,
    /// For the email's bytes.
    pub data: Duration,
    /// For the response after the final dot. RFC 5321 requires 10 minutes: giving up earlier makes an email uncertain
    /// that the server has accepted.
    pub answer: Duration,
    /// How long no login is tried after a refused one: servers lock accounts after repeated attempts.
    pub after_refused_login: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_mins(1),
            data: Duration::from_mins(3),
            answer: Duration::from_mins(10),
            after_refused_login: Duration::from_mins(5),
        }
    }
}

impl Timeouts {
    /// Divided by the time scale of a trial.
    #[must_use]
    pub fn scaled(self, scale: u32) -> Self {
        Self {
            connect: self.connect / scale,
            command: self.command / scale,
            data: self.data / scale,
            answer: self.answer / scale,
            after_refused_login: self.after_refused_login / scale,
        }
    }
}

/// Delivers emails one after another over one connection, opened when needed and reused: providers limit how often an
/// account logs in.
pub struct Sender {
    server: Server,
    timeouts: Timeouts,
    clock: Clock,
    /// Trusted in addition to the machine's root certificates; in DER.
    extra_root: Option<Vec<u8>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<AsyncSmtpConnection>,
    refused_login: Option<(Millis, Delivery)>,
}

impl Sender {
    pub fn new(mail: &config::Mail, timeouts: Timeouts, clock: Clock) -> Result<Self, BadServer> {
        let server = match &mail.transport {
            MailTransport::Outbox => return Err(BadServer::Outbox),
            MailTransport::Url(url) => Server::parse(url.expose()).ok_or(BadServer::Url)?,
            MailTransport::Gmail { password } => {
                Server::gmail(mail.from.as_ref().ok_or(BadServer::NoSender)?, password)
            }
        };
        Ok(Self { server, timeouts, clock, extra_root: None, state: Mutex::default() })
    }

    /// Trusts one more root certificate (DER), such as that of a test server.
    #[must_use]
    pub fn trusting(mut self, root: Vec<u8>) -> Self {
        self.extra_root = Some(root);
        self
    }

    /// The name of the sending account, under which its limits and pauses are stored.
    pub fn name(&self) -> String {
        let host = format!("{}:{}", self.server.host, self.server.port);
        match &self.server.user {
            Some(user) => format!("{user} at {host}"),
            None => host,
        }
    }

    /// Whether user and password may be sent over the network unencrypted.
    pub fn exposes_password(&self) -> bool {
        let local = matches!(self.server.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        self.server.password.is_some()
            && !local
            && matches!(self.server.security, Security::None | Security::Opportunistic)
    }

    /// Hands one email to the server; the result covers every failure. If the returned future is dropped before it
    /// ends, the connection is dropped with it.
    pub async fn deliver(&self, from: &EmailAddress, to: &EmailAddress, bytes: &[u8]) -> Delivery {
        let mut state = self.state.lock().await;
        if let Some((until, delivery)) = &state.refused_login
            && self.clock.now() < *until
        {
            return delivery.clone();
        }
        if let Some(mut connection) = state.connection.take() {
            let result = self.hand_in(&mut connection, from, to, bytes).await;
            // The server closed an idle connection or limits the emails of a connection: nothing is lost.
            let expired = matches!(
                &result,
                Err((Stage::From, Trouble::Broken { .. } | Trouble::No { code: 421, .. }))
            );
            if !expired {
                return self.settle(connection, result, &mut state).await;
            }
        }
        match self.connect(&mut state).await {
            Ok(mut connection) => {
                let result = self.hand_in(&mut connection, from, to, bytes).await;
                self.settle(connection, result, &mut state).await
            }
            Err(delivery) => delivery,
        }
    }

    /// Allows another login after a refused one: the organiser says that the problem is fixed.
    pub async fn forget_refused_login(&self) {
        self.state.lock().await.refused_login = None;
    }

    /// Closes the connection politely.
    pub async fn close(&self) {
        let connection = self.state.lock().await.connection.take();
        if let Some(mut connection) = connection {
            let _ = self.timed(self.timeouts.command, connection.command(Quit)).await;
        }
    }

    /// Connects, encrypts and logs in.
    async fn connect(&self, state: &mut State) -> Result<AsyncSmtpConnection, Delivery> {
        let hello = self.server.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        let tls = match self.server.security {
            Security::None => None,
            Security::Opportunistic | Security::Required | Security::Wrapped => {
                Some(self.tls().map_err(|error| Trouble::from(error).at(Stage::Connect))?)
            }
        };
        let wrapped = tls.clone().filter(|_| self.server.security == Security::Wrapped);
        let address = (self.server.host.as_str(), self.server.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(address, None, &hello, wrapped, None);
        let mut connection = self
            .timed(self.timeouts.connect, connecting)
            .await
            .map_err(|trouble| trouble.at(Stage::Connect))?;
        let upgrade = match self.server.security {
            Security::Required => tls,
            Security::Opportunistic => tls.filter(|_| connection.can_starttls()),
            Security::None | Security::Wrapped => None,
        };
        if let Some(tls) = upgrade {
            if !connection.can_starttls() {
                return Err(not_sent(
                    "The server offers no encryption (STARTTLS), which SMTP_URL requires.",
                ));
            }
            self.timed(self.timeouts.connect, connection.starttls(tls, &hello))
                .await
                .map_err(|trouble| trouble.at(Stage::StartTls))?;
        }
        self.login(&mut connection, state).await?;
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, Error> {
        let mut builder = TlsParameters::builder(self.server.host.clone());
        if let Some(root) = &self.extra_root {
            builder = builder.add_root_certificate(Certificate::from_der(root.clone())?);
        }
        builder.build_rustls()
    }

    async fn login(
        &self,
        connection: &mut AsyncSmtpConnection,
        state: &mut State,
    ) -> Result<(), Delivery> {
        let (Some(user), Some(password)) = (&self.server.user, &self.server.password) else {
            return Ok(());
        };
        let known = [Mechanism::Plain, Mechanism::Login];
        if connection.server_info().get_auth_mechanism(&known).is_none() {
            return Err(not_sent(
                "The server offers no login with user and password (AUTH PLAIN or LOGIN).",
            ));
        }
        let credentials = Credentials::new(user.clone(), password.expose().to_owned());
        let answer = self.timed(self.timeouts.command, connection.auth(&known, &credentials)).await;
        let Err(trouble) = answer else {
            state.refused_login = None;
            return Ok(());
        };
        let delivery = trouble.at(Stage::Login);
        if matches!(delivery, Delivery::Refused { .. }) {
            let until = self.clock.now().plus(self.timeouts.after_refused_login);
            state.refused_login = Some((until, delivery.clone()));
        }
        Err(delivery)
    }

    /// Hands in one email over an open connection. Returns the server's response, or the stage that was reached and
    /// what went wrong there.
    async fn hand_in(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: &EmailAddress,
        to: &EmailAddress,
        bytes: &[u8],
    ) -> Result<String, (Stage, Trouble)> {
        let (Ok(from), Ok(to)) = (wire_address(from), wire_address(to)) else {
            return Err((Stage::To, unfit("No mail server can take this address.")));
        };
        let parameters = parameters(connection, &from, &to, bytes)
            .map_err(|reason| (Stage::To, unfit(reason)))?;
        let limit = self.timeouts.command;
        self.timed(limit, connection.command(Mail::new(Some(from), parameters)))
            .await
            .map_err(|trouble| (Stage::From, trouble))?;
        self.timed(limit, connection.command(Rcpt::new(to, vec![])))
            .await
            .map_err(|trouble| (Stage::To, trouble))?;
        let go_on = self
            .timed(limit, connection.command(Data))
            .await
            .map_err(|trouble| (Stage::Data, trouble))?;
        if !go_on.has_code(354) {
            return Err((Stage::Data, out_of_step(&go_on)));
        }
        self.send_bytes(connection, bytes).await
    }

    /// Sends the email and its final dot. Whether the dot may have been sent decides between "not sent" and
    /// "uncertain".
    async fn send_bytes(
        &self,
        connection: &mut AsyncSmtpConnection,
        bytes: &[u8],
    ) -> Result<String, (Stage, Trouble)> {
        // lettre writes the dot when this iterator has ended; until then the email cannot be complete.
        let dot = AtomicBool::new(false);
        let stage = || if dot.load(Ordering::SeqCst) { Stage::Answer } else { Stage::Data };
        let mut part = Some(bytes);
        let parts = std::iter::from_fn(|| {
            if part.is_none() {
                dot.store(true, Ordering::SeqCst);
            }
            part.take()
        });
        let sending = connection.message_iter(parts);
        tokio::pin!(sending);
        let data_until = self.clock.now().plus(self.timeouts.data);
        let mut result = tokio::select! {
            biased;
            result = &mut sending => Some(result),
            () = self.clock.sleep_until(data_until) => None,
        };
        if result.is_none() && stage() == Stage::Answer {
            result = tokio::select! {
                biased;
                result = &mut sending => Some(result),
                () = self.clock.sleep_until(data_until.plus(self.timeouts.answer)) => None,
            };
        }
        match result {
            Some(Ok(answer)) if answer.code().severity == Severity::PositiveCompletion => {
                Ok(shown(&joined(&answer)))
            }
            Some(Ok(answer)) => Err((stage(), out_of_step(&answer))),
            Some(Err(error)) => Err((stage(), error.into())),
            None => Err((stage(), timed_out())),
        }
    }

    /// Keeps the connection if it can be reused, and returns the result of the delivery.
    async fn settle(
        &self,
        mut connection: AsyncSmtpConnection,
        result: Result<String, (Stage, Trouble)>,
        state: &mut State,
    ) -> Delivery {
        let usable = match &result {
            Err((_, Trouble::Broken { .. } | Trouble::No { code: 421, .. })) => false,
            // Ends the open transaction before the next email.
            Err((Stage::To | Stage::Data, Trouble::No { .. })) => {
                self.timed(self.timeouts.command, connection.command(Rset)).await.is_ok()
            }
            Ok(_) | Err((_, Trouble::No { .. })) => true,
        };
        if usable {
            state.connection = Some(connection);
        }
        match result {
            Ok(response) => Delivery::Sent { response },
            Err((reached, trouble)) => trouble.at(reached),
        }
    }

    async fn timed<T>(
        &self,
        limit: Duration,
        step: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Trouble> {
        tokio::select! {
            biased;
            result = step => result.map_err(Trouble::from),
            () = self.clock.sleep(limit) => Err(timed_out()),
        }
    }
}

/// The parameters of MAIL FROM, or why this server cannot take the email.
fn parameters(
    connection: &AsyncSmtpConnection,
    from: &Address,
    to: &Address,
    bytes: &[u8],
) -> Result<Vec<MailParameter>, &'static str> {
    let mut parameters = Vec::new();
    if !from.to_string().is_ascii() || !to.to_string().is_ascii() {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err("This mail server takes only addresses in Latin letters.");
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !bytes.is_ascii() {
        if !connection.server_info().supports_feature(Extension::EightBitMime) {
            return Err("This mail server takes only emails in ASCII.");
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests;
