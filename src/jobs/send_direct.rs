//! Sends an email outside campaigns. The rules are in `sending::direct`.

use crate::app::App;
use crate::model::{DeliveryId, EmailAddress};
use crate::owner::Owner;
use crate::sending::{Account, direct};
use crate::store;
use crate::store::jobs::Leased;

pub async fn run(app: &App, owner: &Owner, leased: &Leased, id: DeliveryId) -> anyhow::Result<()> {
    let account = Account { name: &app.sender_name(), config: &app.config };
    let mut tx = app.db.write().await?;
    let started = direct::start(&mut tx, &account, id, &owner.name, app.clock.now()).await?;
    store::jobs::finish(&mut tx, leased).await?;
    tx.commit().await?;
    let (Some(email), Some(smtp)) = (started, &app.smtp) else { return Ok(()) };

    let now = app.clock.now();
    if email.try_until.is_some_and(|until| now >= until) {
        let mut tx = app.db.write().await?;
        direct::expire(&mut tx, &email, now).await?;
        return Ok(tx.commit().await?);
    }
    let to = EmailAddress::parse(&email.recipient)?;
    if direct::is_test(&email) {
        smtp.forget_refused_login().await;
    }
    let delivery = smtp.deliver(&app.config.mail.from_address(), &to, &email.bytes).await;

    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    direct::end(&mut tx, &account, &email, &delivery, now).await?;
    Ok(tx.commit().await?)
}
