//! A request to Discord before it is sent: method, path, body, and what its rate limits depend on.

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::limits::Target;
use crate::model::Secret;

/// One request.
pub struct Call<'a> {
    /// What it does, such as "give a role"; part of the error message.
    pub what: &'static str,
    pub method: Method,
    pub target: Target,
    pub path: Vec<&'a str>,
    pub body: Option<Value>,
    /// The token of an interaction, which is part of the path.
    pub interaction: Option<Secret>,
}

pub fn plain<'a>(
    what: &'static str,
    method: Method,
    route: &'static str,
    path: Vec<&'a str>,
) -> Call<'a> {
    let target = Target { route, major: String::new(), counts_globally: true };
    Call { what, method, target, path, body: None, interaction: None }
}

pub fn in_channel<'a>(
    what: &'static str,
    method: Method,
    route: &'static str,
    channel: &str,
    path: Vec<&'a str>,
) -> Call<'a> {
    let target = Target { route, major: channel.to_owned(), counts_globally: true };
    Call { target, ..plain(what, method, route, path) }
}

pub fn reply<'a>(
    what: &'static str,
    method: Method,
    route: &'static str,
    token: &str,
    path: Vec<&'a str>,
) -> Call<'a> {
    let target = Target { route, major: token.to_owned(), counts_globally: false };
    Call { target, interaction: Some(Secret::new(token)), ..plain(what, method, route, path) }
}

/// A message that mentions nobody, whatever its text says.
pub fn without_mentions(message: &impl Serialize) -> Value {
    let mut body = serde_json::to_value(message).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("allowed_mentions".into(), json!({ "parse": [] }));
    }
    body
}
