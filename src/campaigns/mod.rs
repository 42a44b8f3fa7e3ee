//! Campaigns: who is written to, what may go out, and when it does. The rules an organiser would argue about; the words
//! of a letter are judged in `checks`, written without a model in `template`, and put together in `letters`.

pub mod checks;
pub mod emails;
pub mod messages;
pub mod progress;
pub mod template;

use crate::config::Config;
use crate::model::campaign::{CampaignKind, CampaignState};
use crate::model::job::Task;
use crate::model::message::MessageState;
use crate::model::{CampaignId, EventId, Millis};
use crate::store::{self, Conn};

/// The task of Gemini's that writes a campaign's letters.
pub fn task(kind: CampaignKind) -> Task {
    match kind {
        CampaignKind::Test | CampaignKind::Live => Task::Outreach,
        CampaignKind::Match => Task::Match,
    }
}

/// What starting a campaign led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    pub id: CampaignId,
    /// People in its audience.
    pub total: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Of two presses of the button one starts the campaign.
    #[error("the same campaign is running already")]
    Busy(CampaignId),
    #[error(
        "nobody is due: everybody who may be written to has this letter, or a draft of it that waits for you"
    )]
    NobodyDue,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Starts a campaign for everybody who is due. A live campaign takes over the drafts of test runs that wait for review:
/// what passes every check goes out as it is, the rest waits for a person.
pub async fn start(
    tx: &mut Conn,
    config: &Config,
    event: EventId,
    kind: CampaignKind,
    guidance: &str,
    by: &str,
    now: Millis,
) -> Result<Started, StartError> {
    store::campaigns::serialise(tx, event).await?;
    if let Some(busy) = store::campaigns::busy(tx, event, kind).await? {
        return Err(StartError::Busy(busy));
    }
    let id = store::campaigns::insert(tx, event, kind, kind.label(), guidance, by, now).await?;
    let queued = match kind {
        CampaignKind::Test | CampaignKind::Live => {
            store::messages::insert_due_invitations(tx, id, event, now).await?
        }
        CampaignKind::Match => {
            store::messages::insert_due_match_letters(tx, id, event, now).await?
        }
    };
    let mut aside = Vec::new();
    let mut taken_over = 0;
    if kind == CampaignKind::Live {
        aside = store::messages::put_tests_aside(tx, event, now).await?;
        taken_over = store::messages::copy_test_drafts(tx, id, event, now).await?;
    }
    if queued + taken_over == 0 {
        // The caller drops the transaction, and with it the campaign.
        return Err(StartError::NobodyDue);
    }
    store::jobs::enqueue_drafts(tx, id, task(kind), now, now.plus(config.gemini.deadline_bulk))
        .await?;
    if taken_over > 0 {
        aside.sort_unstable();
        aside.dedup();
        for test in aside {
            store::campaigns::finish_if_done(tx, test, now).await?;
        }
        for message in store::messages::ids(tx, id, MessageState::Drafted).await? {
            messages::approve_if_flawless(tx, config, message, now).await?;
        }
    }
    Ok(Started { id, total: (queued + taken_over) as i64 })
}

/// Lets everything that is approved go out; returns how many letters those are.
pub async fn send_approved(tx: &mut Conn, id: CampaignId, now: Millis) -> sqlx::Result<u64> {
    let released = store::messages::release_all(tx, id, now).await?;
    store::campaigns::reopen(tx, id).await?;
    store::jobs::enqueue_sends(tx, id, now).await?;
    Ok(released)
}

/// Stops writing and sending; what is in flight ends. False when the campaign does not run.
pub async fn pause(tx: &mut Conn, id: CampaignId, words: Option<&str>) -> sqlx::Result<bool> {
    let paused =
        store::campaigns::change(tx, id, CampaignState::Running, CampaignState::Paused, words)
            .await?;
    if paused {
        store::jobs::hold_campaign(tx, id).await?;
    }
    Ok(paused)
}

/// Goes on. A job that came to nothing while the campaign was paused is queued again.
pub async fn resume(
    tx: &mut Conn,
    config: &Config,
    id: CampaignId,
    now: Millis,
) -> sqlx::Result<bool> {
    let resumed =
        store::campaigns::change(tx, id, CampaignState::Paused, CampaignState::Running, None)
            .await?;
    if resumed {
        if let Some(campaign) = store::campaigns::find(tx, id).await? {
            let deadline = now.plus(config.gemini.deadline_bulk);
            store::jobs::enqueue_drafts(tx, id, task(campaign.kind), now, deadline).await?;
        }
        store::jobs::enqueue_sends(tx, id, now).await?;
        store::jobs::let_go_campaign(tx, id, now, now.plus(config.gemini.deadline_bulk)).await?;
        store::campaigns::finish_if_done(tx, id, now).await?;
    }
    Ok(resumed)
}

/// What the letters say of why the template wrote them, when it was asked for.
const ASKED_FOR: &str = "you asked for the template";

/// Lets the template write what is not written yet, and no key is waited for; returns how many letters those are.
pub async fn finish_by_template(tx: &mut Conn, id: CampaignId) -> sqlx::Result<u64> {
    store::jobs::send_to_resort(tx, id, ASKED_FOR).await
}

/// Has the model write again what the template wrote in its place and waits for review; returns how many letters.
pub async fn write_templates_again(
    tx: &mut Conn,
    config: &Config,
    campaign: &store::campaigns::Campaign,
    now: Millis,
) -> sqlx::Result<u64> {
    let queued = store::messages::write_templates_again(tx, campaign.id).await?;
    let deadline = now.plus(config.gemini.deadline_bulk);
    store::jobs::enqueue_drafts(tx, campaign.id, task(campaign.kind), now, deadline).await?;
    Ok(queued)
}

/// The most people that stand in one request.
pub const MOST_TOGETHER: i64 = 8;

/// How many people stand in one request of this campaign: invitations only, since a match e-mail holds other people's
/// names already.
pub fn people_per_request(config: &Config, campaign: &store::campaigns::Campaign) -> i64 {
    match campaign.kind {
        CampaignKind::Match => 1,
        CampaignKind::Test | CampaignKind::Live => campaign
            .people_per_request
            .unwrap_or(i64::from(config.gemini.people_per_request))
            .clamp(1, MOST_TOGETHER),
    }
}

/// Takes everything out that has not begun to be sent; those people are due again. What was sent stays sent.
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

/// Makes people due again whose invitation did not go out; returns how many.
pub async fn reset(tx: &mut Conn, event: EventId, now: Millis) -> sqlx::Result<i64> {
    let (modified, campaigns) = store::messages::forget_unsent_invitations(tx, event, now).await?;
    let mut campaigns: Vec<CampaignId> = campaigns;
    campaigns.sort_unstable();
    campaigns.dedup();
    for id in campaigns {
        store::campaigns::finish_if_done(tx, id, now).await?;
    }
    Ok(modified)
}
