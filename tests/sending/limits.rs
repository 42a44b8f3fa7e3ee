//! How fast emails go out, how many in a day, and when a bad list pauses its campaign.

use std::time::Duration;

use muster::model::Millis;
use muster::model::message::MessageState;

use super::{mailing, on_sqlite, press, released, run_to_the_end, taken};
use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::smtp::{At, Reply, SmtpServer};

const THREE: [&str; 3] = ["ada@example.org", "bo@example.org", "cy@example.org"];
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn no_more_go_out_in_a_day_than_the_account_may_send() {
    on_both_places(async |place| {
        let server = SmtpServer::plain();
        let app = mailing(place, &server, |config| config.mail.sends_per_day = Some(2)).await;
        released(&app, &THREE).await;
        assert_eq!(app.run_jobs().await, Some(NOON.plus(DAY)));
        assert_eq!(taken(&server).len(), 2);
        app.app.clock.advance(DAY.saturating_sub(Duration::from_millis(1)));
        app.run_jobs().await;
        assert_eq!(taken(&server).len(), 2);
        app.app.clock.advance(Duration::from_millis(1));
        app.run_jobs().await;
        assert_eq!(taken(&server).len(), 3);
    })
    .await;
}

#[tokio::test]
async fn what_may_have_gone_out_counts_towards_the_day_and_what_was_refused_does_not() {
    for (at, reply, taken_today) in
        [(At::Dot, Reply::Cut, 1), (At::Rcpt, Reply::Say("550 5.1.1 no such user"), 2)]
    {
        let server = SmtpServer::plain();
        let app =
            mailing(Place::sqlite(), &server, |config| config.mail.sends_per_day = Some(2)).await;
        released(&app, &THREE).await;
        server.next(at, reply);
        app.run_jobs().await;
        assert_eq!(taken(&server).len(), taken_today, "{at:?}");
    }
}

/// How long after noon the last email was begun.
async fn last_start(app: &TestApp) -> Duration {
    Millis(app.count("SELECT MAX(started_at) FROM mails").await).since(NOON)
}

#[tokio::test]
async fn emails_keep_the_distance_that_is_set() {
    let server = SmtpServer::plain();
    let app =
        mailing(Place::sqlite(), &server, |config| config.mail.sends_per_second = Some(0.5)).await;
    released(&app, &THREE).await;
    let gap = Duration::from_secs(2);
    assert_eq!(app.run_jobs().await, Some(NOON.plus(gap)));
    assert_eq!(taken(&server).len(), 1);
    app.app.clock.advance(Duration::from_millis(1_999));
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 1);
    run_to_the_end(&app, 9).await;
    assert_eq!(last_start(&app).await, 2 * gap);
    assert_eq!(taken(&server).len(), 3);
}

#[tokio::test]
async fn emails_outside_campaigns_count_for_the_distance_too() {
    let server = SmtpServer::plain();
    let app =
        mailing(Place::sqlite(), &server, |config| config.mail.sends_per_second = Some(0.5)).await;
    released(&app, &THREE[..1]).await;
    app.run_jobs().await;
    app.app.clock.advance(Duration::from_secs(10));
    server.next(At::Rcpt, Reply::Say("550 5.1.1 no such user"));
    press(&app, "/settings/mail/test", &[("to", "organiser@example.org")]).await;
    app.run_jobs().await;
    assert_eq!(last_start(&app).await, Duration::from_secs(10), "the test email was tried");
    app.app.clock.advance(Duration::from_secs(1));
    released(&app, &THREE[1..]).await;
    assert_eq!(app.run_jobs().await, Some(NOON.plus(Duration::from_secs(12))));
    assert_eq!(taken(&server).len(), 1);
}

#[tokio::test]
async fn an_account_that_is_told_to_slow_down_goes_on_more_slowly() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &THREE).await;
    server.next(At::Mail, Reply::Say("421 4.3.2 too many concurrent connections"));
    run_to_the_end(&app, 9).await;
    // A pause of a minute, then 30 a minute.
    assert_eq!(last_start(&app).await, Duration::from_secs(60 + 2 * 2));
    assert_eq!(taken(&server).len(), 3);
}

#[tokio::test]
async fn an_account_at_its_peak_pauses_ten_minutes_and_goes_on_at_half_speed() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &THREE).await;
    server.next(At::Mail, Reply::Say("450 4.2.1 Peak SMTP relay limit exceeded"));
    assert_eq!(app.run_jobs().await, Some(NOON.plus(Duration::from_mins(10))));
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 1);
    run_to_the_end(&app, 9).await;
    assert_eq!(last_start(&app).await, Duration::from_secs(600 + 2));
    assert_eq!(taken(&server).len(), 3);
}

#[tokio::test]
async fn a_second_complaint_about_the_rate_stops_the_account_until_a_person_resumes() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &THREE).await;
    let complaint = "550 5.7.28 there is an unusual rate of mail from your address";
    server.always(At::Mail, Reply::Say(complaint));
    let stopped = "SELECT COUNT(*) FROM senders WHERE needs_attention_at IS NOT NULL";
    app.run_jobs().await;
    assert_eq!(app.count(stopped).await, 0);
    app.app.clock.advance(Duration::from_hours(1));
    app.run_jobs().await;
    assert_eq!(app.count(stopped).await, 1);
    server.usual(At::Mail);
    app.app.clock.advance(DAY);
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 0);
}

#[tokio::test]
async fn a_used_up_account_goes_on_when_its_day_frees() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &THREE).await;
    server.after(1, At::Mail, Reply::Say("550 5.4.5 Daily user sending limit exceeded."));
    let next = app.run_jobs().await.expect("it goes on by itself");
    assert!(next.since(NOON) >= Duration::from_mins(10) && next.since(NOON) <= DAY);
    assert_eq!(taken(&server).len(), 1);
    run_to_the_end(&app, 9).await;
    assert_eq!(taken(&server).len(), 3);
}

#[tokio::test]
async fn a_used_up_day_frees_when_its_oldest_email_is_a_day_old() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    for address in &THREE[..2] {
        released(&app, &[*address]).await;
        app.run_jobs().await;
        app.app.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(taken(&server).len(), 2);
    server.next(At::Mail, Reply::Say("550 5.4.5 Daily user sending limit exceeded."));
    released(&app, &THREE[2..]).await;
    assert_eq!(app.run_jobs().await, Some(NOON.plus(DAY)));
    app.app.clock.advance_to(NOON.plus(DAY));
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 3);
}

/// Of 40 emails, the one after so many does not reach its address; how many went out, and whether the campaign runs.
async fn after_one_bounce(sent_before: usize) -> (usize, bool) {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let addresses: Vec<String> = (0..40).map(|number| format!("p{number}@example.org")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let ids = released(&app, &addresses).await;
    server.after(sent_before, At::Rcpt, Reply::Say("550 5.1.1 no such user"));
    run_to_the_end(&app, 9).await;
    assert_eq!(app.state(ids[sent_before]).await, MessageState::Failed);
    (taken(&server).len(), !is_paused(&app).await)
}

async fn is_paused(app: &TestApp) -> bool {
    app.count("SELECT COUNT(*) FROM campaigns WHERE state = 'paused'").await == 1
}

#[tokio::test]
async fn a_campaign_pauses_when_three_in_a_hundred_addresses_do_not_exist() {
    assert_eq!(after_one_bounce(32).await, (32, false), "1 of 33");
    assert_eq!(after_one_bounce(33).await, (39, true), "1 of 34 is less");
}

#[tokio::test]
async fn an_address_that_another_campaign_found_missing_pauses_no_campaign() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let addresses: Vec<String> = (0..40).map(|number| format!("p{number}@example.org")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    released(&app, &addresses).await;
    app.change(
        "INSERT INTO suppressions (address_hash, reason, since)
         SELECT address_hash, 'hard_bounce', 0 FROM people WHERE id = 1",
    )
    .await;
    // One of its own 34 emails bounces, which is less than three in a hundred.
    server.after(33, At::Rcpt, Reply::Say("550 5.1.1 no such user"));
    run_to_the_end(&app, 9).await;
    assert_eq!(taken(&server).len(), 38);
    assert!(!is_paused(&app).await);
}

#[tokio::test]
async fn a_campaign_does_not_pause_before_thirty_emails_went_out() {
    assert_eq!(after_one_bounce(28).await, (39, true), "1 of 29");
    assert_eq!(after_one_bounce(29).await, (29, false), "1 of 30");
}

#[tokio::test]
async fn temporary_refusals_open_no_circuit_breaker() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let addresses: Vec<String> = (0..35).map(|number| format!("p{number}@example.org")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    released(&app, &addresses).await;
    server.after(31, At::Rcpt, Reply::Say("550 5.7.300 not from you"));
    run_to_the_end(&app, 9).await;
    assert_eq!(taken(&server).len(), 34);
    assert!(!is_paused(&app).await);
}
