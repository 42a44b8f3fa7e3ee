//! A daily quota that is not enough: several people in one request, the template, and the model again.

use muster::config::{Key, Limits};
use muster::model::campaign::CampaignKind;
use muster::model::message::MessageState;
use muster::model::{Clock, MessageId, Secret};

use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::gemini::{self, Fault, Rules, TestGemini};

const PEOPLE: [(&str, [&str; 2]); 5] = [
    ("Ada Byron", ["Rust", "SQL"]),
    ("Bo Lind", ["Python", "Docker"]),
    ("Cy Moreau", ["Figma", "Kotlin"]),
    ("Dee Novak", ["React", "Linux"]),
    ("Eli Tanaka", ["Go", "AWS"]),
];

async fn house(place: Place, gemini: &TestGemini, together: u32, per_day: Option<u32>) -> TestApp {
    let app = TestApp::start_with(place, |config| {
        gemini.url.clone_into(&mut config.gemini.base_url);
        config.gemini.keys = vec![Key {
            number: muster::model::KeyNumber(1),
            key: Secret::new(gemini::key(1)),
            project: None,
            limits: Limits::default(),
        }];
        config.gemini.models.truncate(1);
        config.gemini.people_per_request = together;
        config.gemini.limits.requests_per_day = per_day;
    })
    .await;
    for (name, skills) in PEOPLE {
        app.person(name).skills(skills).insert().await;
    }
    app
}

/// Runs the queue until nothing is due any more before the day is over.
async fn run_all(app: &TestApp) {
    let evening = NOON.plus(std::time::Duration::from_hours(6));
    while let Some(at) = app.run_jobs().await.filter(|at| *at < evening) {
        app.app.clock.advance_to(at);
    }
}

async fn is_right(app: &TestApp, ids: &[MessageId]) {
    for id in ids {
        let message = app.message(*id).await;
        assert_eq!(message.state, MessageState::Drafted, "{message:?}");
        assert_eq!(message.made_by.as_deref(), Some("model"), "{message:?}");
        assert_eq!(message.findings, "[]");
        let mut conn = app.app.db.read().await.unwrap();
        let person =
            muster::store::people::find(&mut conn, message.person_id).await.unwrap().unwrap();
        for (name, skills) in PEOPLE {
            let own = name == person.name;
            for word in [name, skills[0], skills[1]] {
                assert_eq!(
                    message.body.contains(word),
                    own,
                    "{word} to {}: {}",
                    person.name,
                    message.body
                );
            }
        }
    }
}

#[tokio::test]
async fn several_people_are_put_into_one_request_and_each_gets_their_own_message() {
    on_both_places(async |place| {
        let gemini = TestGemini::start(Clock::test(NOON), Rules::default()).await;
        let app = house(place, &gemini, 4, None).await;
        let campaign = app.campaign(CampaignKind::Test).await;
        run_all(&app).await;
        is_right(&app, &app.messages(campaign).await).await;
        assert_eq!(gemini.requests().len(), 2, "four and one");
    })
    .await;
}

#[tokio::test]
async fn messages_that_are_mixed_up_are_written_alone() {
    for (fault, alone) in [
        (Fault::SwapLetters, 4),
        (Fault::DropLetter, 1),
        (Fault::DoubleLetter, 1),
        (Fault::ForeignLetter, 1),
        (Fault::Obey, 3),
        (Fault::NotTheSchema, 4),
        (Fault::ForgetName, 4),
    ] {
        let gemini = TestGemini::start(Clock::test(NOON), Rules::default()).await;
        let app = house(Place::sqlite(), &gemini, 4, None).await;
        let campaign = app.campaign(CampaignKind::Test).await;
        gemini.fault_next([fault]);
        run_all(&app).await;
        is_right(&app, &app.messages(campaign).await).await;
        assert_eq!(gemini.requests().len(), 2 + alone, "{fault:?}");
    }
}

#[tokio::test]
async fn a_refused_request_for_several_costs_none_of_them_a_try() {
    let gemini = TestGemini::start(Clock::test(NOON), Rules::default()).await;
    let app = house(Place::sqlite(), &gemini, 4, None).await;
    let campaign = app.campaign(CampaignKind::Test).await;
    gemini.fault_next([Fault::Minute, Fault::Overloaded]);
    run_all(&app).await;
    is_right(&app, &app.messages(campaign).await).await;
    assert_eq!(gemini.requests().len(), 4, "two in vain, then four and one");
}

#[tokio::test]
async fn people_whose_names_are_alike_never_share_a_request() {
    let gemini = TestGemini::start(Clock::test(NOON), Rules::default()).await;
    let app = house(Place::sqlite(), &gemini, 8, None).await;
    app.person("Lina BYRON").address("lina@example.org").skills(["Scrum"]).insert().await;
    let campaign = app.campaign(CampaignKind::Test).await;
    run_all(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM messages WHERE state = 'drafted'").await, 6);
    let prompts: Vec<String> = gemini.requests().iter().map(|it| it.body.to_string()).collect();
    assert!(prompts.iter().all(|it| !(it.contains("Ada Byron") && it.contains("Lina BYRON"))));
    assert_eq!((app.messages(campaign).await.len(), prompts.len()), (6, 2));
}

#[tokio::test]
async fn when_the_days_quota_ends_first_the_organiser_chooses() {
    on_both_places(async |place| {
        let gemini = TestGemini::start(Clock::test(NOON), Rules::default()).await;
        let app = house(place, &gemini, 1, Some(2)).await;
        let campaign = app.campaign(CampaignKind::Test).await;
        let page = app.page("/outreach/1").await;
        assert!(page.contains("2 requests are left today for 5 messages."), "{page}");

        // Three messages in a request: two requests are enough.
        let said = app.form("/outreach/1/people-per-request", &[("people", "3")]).await;
        assert_eq!(said.location(), "/outreach/1?notice=together");
        assert!(!app.page("/outreach/1").await.contains("Today&#39;s quota is not enough"));
        assert!(app.page("/outreach/1").await.contains("Up to 3 people are put into one request."));
        assert_eq!(
            app.form("/outreach/1/people-per-request", &[("people", "9")]).await.status,
            422
        );
        app.form("/outreach/1/people-per-request", &[("people", "2")]).await;
        run_all(&app).await;
        let ids = app.messages(campaign).await;
        is_right(&app, &ids[..4]).await;
        assert_eq!(app.state(ids[4]).await, MessageState::Queued, "it waits for tomorrow's quota");

        let page = app.page("/outreach/1").await;
        assert!(page.contains("No request is left today for 1 message."), "{page}");
        assert!(
            app.page("/outreach/1/template").await.contains("1 message that is not written yet")
        );
        app.post("/outreach/1/template").await;
        run_all(&app).await;
        let last = app.message(ids[4]).await;
        assert_eq!(
            (last.state, last.made_by.as_deref()),
            (MessageState::Drafted, Some("template"))
        );
        assert_eq!(last.made_why.as_deref(), Some("you asked for the template"));
        assert_eq!(gemini.requests().len(), 2);

        // Tomorrow there is quota again.
        assert!(!app.page("/outreach/1").await.contains("/rewrite"), "nothing serves today");
        app.app.clock.advance(std::time::Duration::from_hours(24));
        let page = app.page("/outreach/1").await;
        assert!(page.contains("<b>1 message was written by the template</b>"), "{page}");
        app.post("/outreach/1/rewrite").await;
        assert_eq!(app.state(ids[4]).await, MessageState::Queued);
        while let Some(at) = app.run_jobs().await {
            app.app.clock.advance_to(at);
        }
        is_right(&app, &ids).await;
    })
    .await;
}
