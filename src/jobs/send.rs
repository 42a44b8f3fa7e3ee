//! Sends an approved message: starts its delivery in one transaction, hands it to the server, records the result in
//! another. The rules are in `sending`.

use std::time::Duration;

use crate::app::App;
use crate::mail::Delivery;
use crate::model::MessageId;
use crate::owner::Owner;
use crate::sending::Account;
use crate::sending::messages::{self, Started, Work};
use crate::store::Conn;
use crate::store::jobs::Leased;

/// Between two tries to record a server's response.
const RETRY: Duration = Duration::from_secs(1);

pub async fn run(app: &App, owner: &Owner, leased: &Leased, id: MessageId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    let Some(smtp) = &app.smtp else {
        to_outbox(&mut tx, app, owner, leased, id).await?;
        return Ok(tx.commit().await?);
    };
    let account = Account { name: &app.sender_name(), config: &app.config };
    let work = Work { account, leased, message: id, owner: &owner.name };
    let started = messages::start(&mut tx, &work, app.clock.now()).await?;
    tx.commit().await?;
    let Some(started) = started else { return Ok(()) };
    let delivery = smtp.deliver(&app.config.mail.from_address(), &started.to, &started.bytes).await;
    // Only this process has the server's response, so retry until it is stored.
    while let Err(error) = end(app, &work, &started, &delivery).await {
        tracing::error!(
            message.id = id.0,
            error = format!("{error:#}"),
            "The result of sending message {id} could not be stored; retrying"
        );
        app.clock.sleep(RETRY / app.config.time_scale).await;
    }
    Ok(())
}

/// Delivers into the outbox, in the caller's transaction.
pub async fn to_outbox(
    tx: &mut Conn,
    app: &App,
    owner: &Owner,
    leased: &Leased,
    id: MessageId,
) -> anyhow::Result<()> {
    let account = Account { name: &app.sender_name(), config: &app.config };
    let work = Work { account, leased, message: id, owner: &owner.name };
    messages::deliver_to_outbox(tx, &work, app.clock.now()).await
}

async fn end(app: &App, work: &Work<'_>, started: &Started, it: &Delivery) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    messages::end(&mut tx, work, started, it, now).await?;
    Ok(tx.commit().await?)
}
