//! `/discord/interactions`: where Discord brings what participants type and press. Open to everybody, and answered only
//! where the signature is Discord's, on every request: Discord sends wrong ones on purpose.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::error::{ApiError, Error};
use crate::access;
use crate::app::App;
use crate::bot::{self, Incoming, Interaction, Message, PublicKey, Reply, Surroundings};

/// More than Discord ever sends.
pub const LARGEST: usize = 1024 * 1024;

pub async fn interactions(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let Some(discord) = &app.discord else { return Err(Error::NotFound.into()) };
    let body = body?;
    let key = PublicKey::parse(&discord.bot().public_key).map_err(anyhow::Error::from)?;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (timestamp, signature) = (header("x-signature-timestamp"), header("x-signature-ed25519"));
    if let Err(refused) = key.check(timestamp, signature, &body, app.clock.now()) {
        tracing::info!("A request to /discord/interactions was refused: {refused}");
        return Ok((StatusCode::UNAUTHORIZED, "invalid request signature").into_response());
    }
    let incoming = Incoming::parse(&body).map_err(|error| Error::BadRequest(error.to_string()))?;
    let reply = match incoming {
        Incoming::Ping => Reply::Pong,
        Incoming::From(interaction) => reply(&app, &interaction).await.unwrap_or_else(|error| {
            tracing::error!(error = format!("{error:#}"), "an interaction of Discord's failed");
            Message::new("Something went wrong on our side. Please try again.").into()
        }),
    };
    Ok(Json(reply.to_json()).into_response())
}

async fn reply(app: &App, interaction: &Interaction) -> anyhow::Result<Reply> {
    let secret = access::secret(&app.config)?;
    let now = app.clock.now();
    let around = Surroundings { config: &app.config, pool: &app.pool, secret: &secret, now };
    let mut tx = app.db.write().await?;
    let reply = bot::handle(&mut tx, &around, interaction).await?;
    tx.commit().await?;
    Ok(reply)
}
