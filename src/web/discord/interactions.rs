//! `/discord/interactions`, to which Discord sends what participants type and press. Open to everybody, but every
//! request must have Discord's signature: Discord sends wrong ones on purpose, as a test.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::error::{ApiError, Error};
use crate::access;
use crate::app::App;
use crate::bot::{self, Context, Incoming, Interaction, Message, PublicKey, Reply};

/// Bytes: more than Discord ever sends.
pub const LARGEST: usize = 1024 * 1024;

/// Discord allows 3 seconds, including the network.
const DEADLINE: Duration = Duration::from_millis(2_200);

pub async fn interactions(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let Some(discord) = &app.discord else { return Err(Error::NotFound.into()) };
    let too_large = |_| Error::TooLarge("This is larger than any interaction from Discord.".into());
    let body = body.map_err(too_large)?;
    let key = PublicKey::parse(&discord.bot().public_key).map_err(anyhow::Error::from)?;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (timestamp, signature) = (header("x-signature-timestamp"), header("x-signature-ed25519"));
    if let Err(refused) = key.check(timestamp, signature, &body, app.clock.now()) {
        tracing::debug!("Refused a request to /discord/interactions: {refused}");
        return Ok((StatusCode::UNAUTHORIZED, "invalid request signature").into_response());
    }
    let incoming = Incoming::parse(&body).map_err(|error| Error::BadRequest(error.to_string()))?;
    let reply = match incoming {
        Incoming::Ping => Reply::Pong,
        Incoming::From(interaction) => in_time(&app, &interaction).await,
    };
    Ok(Json(reply.to_json()).into_response())
}

/// The reply, or an apology when it takes too long or fails.
async fn in_time(app: &App, interaction: &Interaction) -> Reply {
    let replied = tokio::select! {
        replied = reply(app, interaction) => replied,
        // What was begun is rolled back.
        () = app.clock.sleep(DEADLINE) => {
            return Message::new("I am busy. Please try again in a moment.").into();
        }
    };
    replied.unwrap_or_else(|error| {
        tracing::error!(error = format!("{error:#}"), "an interaction from Discord failed");
        Message::new("Something went wrong on our side. Please try again.").into()
    })
}

async fn reply(app: &App, interaction: &Interaction) -> anyhow::Result<Reply> {
    let secret = access::secret(&app.config)?;
    let now = app.clock.now();
    let context = Context { config: &app.config, pool: &app.pool, secret: &secret, now };
    if !bot::writes(&interaction.asked) {
        // A reader does not wait for writers.
        return bot::handle(&mut *app.db.read().await?, &context, interaction).await;
    }
    let mut tx = app.db.write().await?;
    let reply = bot::handle(&mut tx, &context, interaction).await?;
    tx.commit().await?;
    Ok(reply)
}
