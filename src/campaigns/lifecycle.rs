//! The life of a campaign: start, send, pause, resume, cancel.

use super::messages;
use crate::config::Config;
use crate::model::campaign::{CampaignKind, CampaignState};
use crate::model::message::MessageState;
use crate::model::{CampaignId, EventId, Millis};
use crate::store::campaigns::{Campaign, NewCampaign};
use crate::store::{self, Conn};

/// A campaign that was just started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    pub id: CampaignId,
    /// How many people get a message.
    pub total: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Pressing the button twice starts one campaign.
    #[error("a campaign of this kind is already running")]
    Busy(CampaignId),
    #[error(
        "nobody is due: everyone who may be emailed already has this email, or a draft of it waiting for review"
    )]
    NobodyDue,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Starts a campaign for everyone who is due.
///
/// A live campaign takes over the drafts of test runs that wait for review: it sends what passes every check, and
/// leaves the rest for a person.
pub async fn start(
    tx: &mut Conn,
    config: &Config,
    new: &NewCampaign<'_>,
    now: Millis,
) -> Result<Started, StartError> {
    let NewCampaign { event, kind, .. } = *new;
    store::campaigns::lock_campaigns(tx, event).await?;
    if let Some(busy) = store::campaigns::busy(tx, event, kind).await? {
        return Err(StartError::Busy(busy));
    }
    let id = store::campaigns::insert(tx, new, now).await?;
    let queued = match kind {
        CampaignKind::Test | CampaignKind::Live => {
            store::messages::insert_due_invitations(tx, id, event, now).await?
        }
        CampaignKind::Match => store::messages::insert_due_match_emails(tx, id, event, now).await?,
    };
    let mut tests = Vec::new();
    let mut taken_over = 0;
    if kind == CampaignKind::Live {
        tests = store::messages::retire_test_drafts(tx, event, now).await?;
        taken_over = store::messages::copy_test_drafts(tx, id, event, now).await?;
    }
    if queued + taken_over == 0 {
        // The caller drops the transaction, and with it the campaign.
        return Err(StartError::NobodyDue);
    }
    store::jobs::enqueue_drafts(
        tx,
        id,
        kind.draft_kind(),
        now,
        now.plus(config.gemini.deadline_bulk),
    )
    .await?;
    if taken_over > 0 {
        finish_all_done(tx, tests, now).await?;
        for message in store::messages::ids(tx, id, MessageState::Drafted).await? {
            messages::approve_if_flawless(tx, config, message, now).await?;
        }
    }
    Ok(Started { id, total: (queued + taken_over) as i64 })
}

/// Finishes those of the campaigns that have nothing left to do; one may be listed several times.
async fn finish_all_done(
    tx: &mut Conn,
    mut campaigns: Vec<CampaignId>,
    now: Millis,
) -> sqlx::Result<()> {
    campaigns.sort_unstable();
    campaigns.dedup();
    for id in campaigns {
        store::campaigns::finish_if_done(tx, id, now).await?;
    }
    Ok(())
}

/// Sends everything that is approved; returns how many emails.
pub async fn send_approved(tx: &mut Conn, id: CampaignId, now: Millis) -> sqlx::Result<u64> {
    let released = store::messages::release_all(tx, id, now).await?;
    store::campaigns::reopen(tx, id).await?;
    store::jobs::enqueue_sends(tx, id, now).await?;
    Ok(released)
}

/// Stops writing and sending; what has already begun is completed. False when the campaign is not running.
pub async fn pause(tx: &mut Conn, id: CampaignId, reason: Option<&str>) -> sqlx::Result<bool> {
    let (from, to) = (CampaignState::Running, CampaignState::Paused);
    let paused = store::campaigns::change(tx, id, from, to, reason).await?;
    if paused {
        store::jobs::pause_campaign(tx, id).await?;
    }
    Ok(paused)
}

/// Resumes a paused campaign. Jobs that ended without a result during the pause are queued again.
pub async fn resume(
    tx: &mut Conn,
    config: &Config,
    id: CampaignId,
    now: Millis,
) -> sqlx::Result<bool> {
    let (from, to) = (CampaignState::Paused, CampaignState::Running);
    let resumed = store::campaigns::change(tx, id, from, to, None).await?;
    if resumed {
        if let Some(campaign) = store::campaigns::find(tx, id).await? {
            let deadline = now.plus(config.gemini.deadline_bulk);
            store::jobs::enqueue_drafts(tx, id, campaign.kind.draft_kind(), now, deadline).await?;
        }
        store::jobs::enqueue_sends(tx, id, now).await?;
        store::jobs::resume_campaign(tx, id, now, now.plus(config.gemini.deadline_bulk)).await?;
        store::campaigns::finish_if_done(tx, id, now).await?;
    }
    Ok(resumed)
}

/// Why the template wrote a message when the organiser asked for it; shown beside the message.
const ASKED_FOR: &str = "you asked for the template";

/// Lets the template write everything that is not written yet, without waiting for a key; returns how many messages.
pub async fn finish_by_template(tx: &mut Conn, id: CampaignId) -> sqlx::Result<u64> {
    store::jobs::fall_back_campaign(tx, id, ASKED_FOR).await
}

/// Lets the model rewrite what the template wrote instead of it and waits for review; returns how many messages.
pub async fn rewrite_templates(
    tx: &mut Conn,
    config: &Config,
    campaign: &Campaign,
    now: Millis,
) -> sqlx::Result<u64> {
    let queued = store::messages::rewrite_templates(tx, campaign.id).await?;
    let deadline = now.plus(config.gemini.deadline_bulk);
    store::jobs::enqueue_drafts(tx, campaign.id, campaign.kind.draft_kind(), now, deadline).await?;
    Ok(queued)
}

/// Removes everything that has not begun to be sent; those people are due again. What was sent stays sent.
pub async fn cancel(tx: &mut Conn, id: CampaignId, now: Millis) -> sqlx::Result<bool> {
    let mut cancelled = false;
    for from in [CampaignState::Running, CampaignState::Paused] {
        cancelled |= store::campaigns::change(tx, id, from, CampaignState::Cancelled, None).await?;
    }
    if cancelled {
        store::jobs::drop_campaign(tx, id).await?;
        store::messages::skip_campaign(tx, id, now).await?;
        store::campaigns::set_finished(tx, id, now).await?;
    }
    Ok(cancelled)
}

/// Makes people due again whose invitation was not sent; returns how many.
pub async fn reset(tx: &mut Conn, event: EventId, now: Millis) -> sqlx::Result<i64> {
    let (people, campaigns) = store::messages::forget_unsent_invitations(tx, event, now).await?;
    finish_all_done(tx, campaigns, now).await?;
    Ok(people)
}
