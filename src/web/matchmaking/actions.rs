//! Runs the matching, and starts the campaign that tells people about their matches.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Redirect;

use crate::app::App;
use crate::campaigns::{self, NewCampaign, StartError};
use crate::events::CURRENT;
use crate::model::PersonId;
use crate::model::campaign::CampaignKind;
use crate::web::error::Error;
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::{matching, store};

pub async fn run(State(app): State<App>) -> Result<Redirect, Error> {
    let outcome = matching::run_all(&app.db, CURRENT, app.clock.now()).await?;
    tracing::info!(people = outcome.people, pairs = outcome.pairs, "Matched everybody");
    Ok(Redirect::to(&Notice::Matched.url("/matchmaking", &[("n", &outcome.pairs.to_string())])))
}

/// Matches one person; the form is on their own page.
pub async fn run_one(State(app): State<App>, Path(id): Path<PersonId>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    matching::run_one_by_chosen_rule(&mut tx, CURRENT, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Notice::PersonMatched.redirect(&format!("/people/{id}#h-matches")))
}

/// Starts the campaign that writes to everybody with matches who has no match email yet, or opens the running one.
pub async fn write_emails(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Redirect, Error> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let by = organiser.0.as_str();
    let new = NewCampaign { event: CURRENT, kind: CampaignKind::Match, guidance: "", by };
    let started = campaigns::start(&mut tx, &app.config, &new, now).await;
    let campaign = match started {
        Ok(started) => {
            tx.commit().await?;
            started.id
        }
        Err(StartError::Busy(id)) => id,
        Err(StartError::NobodyDue) => {
            drop(tx);
            let mut conn = app.db.read().await?;
            match store::campaigns::newest(&mut conn, CURRENT, CampaignKind::Match).await? {
                Some(campaign) => campaign.id,
                None => return Ok(Notice::NobodyDue.redirect("/matchmaking")),
            }
        }
        Err(StartError::Db(error)) => return Err(error.into()),
    };
    Ok(Redirect::to(&format!("/outreach/{campaign}")))
}
