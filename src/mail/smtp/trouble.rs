//! What can go wrong in an SMTP session, and the delivery that results from it.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;

use crate::mail::delivery::Delivery;
use crate::mail::message::one_line;
use crate::mail::stage::Stage;
use crate::mail::verdict::classify;

/// The longest response that a page shows, in characters.
const MAX_RESPONSE: usize = 600;

/// Why a step did not succeed.
pub(super) enum Trouble {
    /// The server refused.
    No { code: u16, response: String },
    /// No response: the connection was closed, it timed out, or the response could not be read.
    Broken { reason: String },
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error.status() {
            Some(code) => Self::No {
                code: code.into(),
                response: std::error::Error::source(&error)
                    .map_or_else(String::new, |response| shown(&response.to_string())),
            },
            None => Self::Broken { reason: shown(&error.to_string()) },
        }
    }
}

impl Trouble {
    /// The result of a delivery that failed like this at this stage.
    pub(super) fn at(self, stage: Stage) -> Delivery {
        match self {
            Self::No { code, response } => {
                let enhanced = enhanced_code(&response);
                let verdict = classify(code, enhanced.as_deref(), &response, stage);
                Delivery::Refused { stage, code, enhanced, response, verdict }
            }
            Self::Broken { reason } if stage == Stage::Answer => Delivery::Uncertain { reason },
            Self::Broken { reason } => Delivery::NotSent { reason },
        }
    }
}

/// The response of a server that cannot take an address (RFC 6531).
pub(super) fn unfit(reason: &str) -> Trouble {
    Trouble::No { code: 553, response: format!("5.6.7 {reason}") }
}

pub(super) fn not_sent(reason: &str) -> Delivery {
    Delivery::NotSent { reason: reason.to_owned() }
}

pub(super) fn timed_out() -> Trouble {
    Trouble::Broken { reason: "The server did not answer in time.".to_owned() }
}

/// A response that does not belong to the command: nothing on this connection can be trusted any more.
pub(super) fn out_of_step(answer: &Response) -> Trouble {
    let code = u16::from(answer.code());
    Trouble::Broken {
        reason: format!(
            "The server's response does not fit the command: {code} {}",
            shown(&joined(answer))
        ),
    }
}

pub(super) fn joined(answer: &Response) -> String {
    answer.message().collect::<Vec<_>>().join(" ")
}

/// A server's response as a page may show it.
pub(super) fn shown(response: &str) -> String {
    one_line(response).chars().take(MAX_RESPONSE).collect()
}

/// The enhanced code, such as `5.7.8`, with which most responses begin.
pub(super) fn enhanced_code(response: &str) -> Option<String> {
    let first = response.split_whitespace().next()?;
    let parts: Vec<&str> = first.split('.').collect();
    let fits = parts.len() == 3
        && parts
            .iter()
            .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
        && matches!(parts[0], "2" | "4" | "5");
    fits.then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_enhanced_code_is_read() {
        for (response, code) in [
            ("5.7.8 Username and Password not accepted", Some("5.7.8")),
            ("5.1.90 Your message", Some("5.1.90")),
            ("192.0.2.1 is blocked", None),
            ("no such user", None),
            ("", None),
        ] {
            assert_eq!(enhanced_code(response).as_deref(), code, "{response}");
        }
    }
}
