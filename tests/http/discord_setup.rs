//! Setting up Discord: what the pages say before and after, and what is done on the server.

use std::time::Duration;

use axum::http::StatusCode;
use muster::model::Millis;
use muster::model::setup::Resource;
use muster::store;

use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::discord::{
    BOT_ROLE, EMBED_LINKS, Fault, GUILD, MANAGE_CHANNELS, MANAGE_ROLES, TOKEN, TestDiscord,
};

const WAITING: &str = "SELECT COUNT(*) FROM discord_setup WHERE state = 'waiting'";
const JOBS: &str = "SELECT COUNT(*) FROM jobs";

/// A Muster and the Discord that it asks, on one clock.
async fn start(place: Place) -> (TestApp, TestDiscord) {
    let clock = muster::model::Clock::test(NOON);
    let discord = TestDiscord::start(clock.clone()).await;
    let app = TestApp::start_at(place, clock, |config| discord.set(config)).await;
    (app, discord)
}

/// Presses a button and lets the queue run; returns when the next job is due.
async fn press(app: &TestApp, action: &str) -> Option<Millis> {
    let pressed = app.post(&format!("/discord/{action}")).await;
    assert_eq!(pressed.status, StatusCode::SEE_OTHER, "{}", pressed.text());
    assert_eq!(pressed.location(), "/discord?notice=discord-started");
    app.run_jobs().await
}

async fn resource(app: &TestApp, resource: Resource) -> Option<String> {
    let mut conn = app.app.db.read().await.unwrap();
    store::discord_setup::resource(&mut conn, GUILD, resource).await.unwrap()
}

fn names(list: &[serde_json::Value]) -> Vec<&str> {
    list.iter().map(|it| it["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn without_settings_the_pages_say_step_by_step_what_is_missing() {
    let app = TestApp::start().await;
    let page = app.page("/discord").await;
    assert!(page.contains("<b>Discord is not set up.</b>"), "{page}");
    assert!(page.contains(
        "PUBLIC_URL, DISCORD_APPLICATION_ID, DISCORD_PUBLIC_KEY, DISCORD_TOKEN, DISCORD_GUILD_ID"
    ));
    assert!(app.page("/settings").await.contains("Copy Server ID"));
    for action in ["check", "commands", "places", "button"] {
        let refused = app.post(&format!("/discord/{action}")).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{action}");
    }
    assert_eq!(app.get("/discord/places").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.count(JOBS).await, 0);

    let half = TestApp::start_with(Place::sqlite(), |config| {
        config.public_url = Some("http://muster.example".into());
        config.discord.application_id = Some("1100".into());
        config.discord.guild_id = Some("2200".into());
    })
    .await;
    let page = half.page("/settings").await;
    assert!(page.contains("<code>http://muster.example</code> now, which is not https"));
    let invite = "client_id=1100&#38;scope=bot+applications.commands&#38;permissions=268520464&#38;guild_id=2200";
    assert!(page.contains(invite), "{page}");
}

#[tokio::test]
async fn an_empty_server_is_set_up_until_everything_is_in_order() {
    on_both_places(async |place| {
        let (app, discord) = start(place).await;
        let page = app.page("/discord").await;
        assert!(page.contains("https://muster.example/discord/interactions"));
        assert!(page.contains("Not yet"));

        press(&app, "check").await;
        let page = app.page("/discord").await;
        assert!(page.contains("No Interactions Endpoint URL is set, so commands get no answer."));
        assert!(page.contains("Not registered: /ask, /match, /team, /verify, /help."), "{page}");
        assert!(page.contains("Missing: the role Verified, #verify, #ask, #introductions."));
        assert!(page.contains("2 things to fix at 12:00"), "{page}");
        assert!(app.page("/settings").await.contains("Checked at 12:00: 2 things to fix."));

        press(&app, "commands").await;
        assert_eq!(names(&discord.commands()), ["ask", "match", "team", "verify", "help"]);
        // What the check said is looked at anew.
        let page = app.page("/discord").await;
        assert!(
            page.contains("1 thing to fix at 12:00")
                && page.contains("All commands are registered.")
        );
        let asked = app.page("/discord/places").await;
        assert!(asked.contains("State of the server at 12:00."), "{asked}");
        assert_eq!(asked.matches("Will be created").count(), 4);
        press(&app, "places").await;
        assert_eq!(names(&discord.roles())[2..], ["Verified"]);
        assert_eq!(names(&discord.channels())[1..], ["verify", "ask", "introductions"]);
        press(&app, "button").await;
        let messages = discord.messages();
        assert_eq!(messages[0]["components"][0]["components"][0]["custom_id"], "verify");
        assert_eq!(messages[0]["channel_id"], *discord.channels()[1]["id"].as_str().unwrap());
        assert!(messages[0]["content"].as_str().unwrap().contains("Hack the Harbour"));

        discord.endpoint(Some("https://muster.example/discord/interactions"));
        app.app.clock.advance(Duration::from_mins(1));
        press(&app, "check").await;
        let page = app.page("/discord").await;
        assert!(!page.contains("To fix") && !page.contains("to fix"), "{page}");
        assert!(app.page("/settings").await.contains("Checked at 12:01: everything is in order."));
        assert_eq!(app.count(JOBS).await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_exists_is_kept_and_repeating_an_action_creates_nothing_twice() {
    on_both_places(async |place| {
        let (app, discord) = start(place).await;
        let verify = discord.add_channel("verify");
        let role = discord.add_role("Verified", 1);
        let unseen = app.page("/discord/places").await;
        assert!(unseen.contains("Muster has not read the server yet."));
        press(&app, "places").await;
        assert_eq!(resource(&app, Resource::VerifyChannel).await, Some(verify));
        assert_eq!(resource(&app, Resource::VerifiedRole).await, Some(role));
        let page = app.page("/discord").await;
        assert!(page.contains("#verify already exists.") && page.contains("#ask was created."));

        press(&app, "button").await;
        app.app.clock.advance(Duration::from_mins(10));
        for action in ["places", "button"] {
            press(&app, action).await;
        }
        assert_eq!((discord.roles().len(), discord.channels().len()), (3, 4));
        assert_eq!(discord.messages().len(), 1);
        assert!(app.page("/discord").await.contains("The button already exists"));

        // Somebody deletes the message: the next press puts it up again.
        discord.delete_message(discord.messages()[0]["id"].as_str().unwrap());
        press(&app, "button").await;
        assert_eq!(discord.messages().len(), 1);
        assert_eq!(
            resource(&app, Resource::VerifyMessage).await.as_deref(),
            discord.messages()[0]["id"].as_str()
        );
    })
    .await;
}

#[tokio::test]
async fn a_lost_response_does_not_lead_to_a_second_role_channel_or_button() {
    let (app, discord) = start(Place::sqlite()).await;
    let clock = &app.app.clock;
    for line in ["/roles", "/channels"] {
        discord.fault(&format!("POST /guilds/{GUILD}{line}"), Fault::CutAfter);
    }
    discord.fault("/messages", Fault::CutAfter);
    for (action, pauses) in [("places", &[5, 10][..]), ("button", &[5])] {
        let mut next = press(&app, action).await;
        for pause in pauses {
            assert_eq!(next, Some(clock.now().plus(Duration::from_secs(*pause))), "{action}");
            assert!(app.page("/discord").await.contains("Discord cannot be reached"), "{action}");
            clock.advance(Duration::from_secs(*pause));
            next = app.run_jobs().await;
        }
        assert_eq!(next, None, "{action}");
    }
    assert_eq!((discord.roles().len(), discord.channels().len()), (3, 4));
    assert_eq!(discord.messages().len(), 1);
}

#[tokio::test]
async fn a_button_needs_its_channel() {
    let (app, discord) = start(Place::sqlite()).await;
    press(&app, "button").await;
    let page = app.page("/discord").await;
    assert!(page.contains("Muster does not know the channel #verify yet."), "{page}");
    assert!(page.contains("Failed at "));
    assert_eq!(discord.seen().len(), 0);
}

#[tokio::test]
async fn a_long_wait_goes_back_into_the_queue_and_no_request_is_sent_before_its_end() {
    on_both_places(async |place| {
        let (app, discord) = start(place).await;
        discord.fault("/commands", Fault::TooMany { retry_after: 642.5, global: false });
        let then = NOON.plus(Duration::from_secs(643));
        assert_eq!(press(&app, "commands").await, Some(then));
        assert!(app.page("/discord").await.contains("Retry at 12:10:43"));
        for wait in [Duration::from_mins(5), Duration::from_mins(5)] {
            app.app.clock.advance(wait);
            assert_eq!(app.run_jobs().await, Some(then));
        }
        // Pressed again meanwhile, it is asked at once, and the client keeps it back.
        assert_eq!(press(&app, "commands").await, Some(then));
        assert_eq!(discord.count("/commands"), 1);

        app.app.clock.advance_to(then);
        assert_eq!(app.run_jobs().await, None);
        assert_eq!(discord.count("/commands"), 2);
        assert_eq!(discord.commands().len(), 5);
        assert_eq!(app.count(WAITING).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_global_wait_delays_the_other_actions_too() {
    let (app, discord) = start(Place::sqlite()).await;
    discord.fault("/commands", Fault::TooMany { retry_after: 60.0, global: true });
    press(&app, "commands").await;
    assert_eq!(press(&app, "places").await, Some(NOON.plus(Duration::from_mins(1))));
    assert_eq!(discord.seen().len(), 1);
    app.app.clock.advance(Duration::from_mins(1));
    assert_eq!(app.run_jobs().await, None);
    assert_eq!(discord.channels().len(), 4);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_reported_and_not_used_until_somebody_checks() {
    let (app, discord) = start(Place::sqlite()).await;
    discord.faults("", Fault::Unauthorised, 2);
    press(&app, "check").await;
    let page = app.page("/discord").await;
    assert!(page.contains("<b>Discord does not accept the token,</b>"), "{page}");
    assert!(page.contains("Copy the token again"));
    assert_eq!(discord.seen().len(), 1);
    for action in ["commands", "places"] {
        press(&app, action).await;
    }
    assert_eq!(discord.seen().len(), 1, "nothing more was asked");
    press(&app, "check").await;
    assert_eq!(discord.seen().len(), 2);
    press(&app, "check").await;
    assert!(!app.page("/discord").await.contains("does not accept the token"));
}

#[tokio::test]
async fn missing_permissions_are_reported_with_what_does_not_work_without_them() {
    let (app, discord) = start(Place::sqlite()).await;
    discord.bot_may(MANAGE_CHANNELS);
    discord.everybody_may(EMBED_LINKS);
    press(&app, "check").await;
    let page = app.page("/discord").await;
    for words in [
        "Manage Roles: without it Muster cannot give the Verified role.",
        "View Channels: without it",
        "Send Messages: without it Muster cannot post the verify button.",
        "Use Application Commands is off for @everyone",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("Manage Channels: without it"));

    press(&app, "places").await;
    let page = app.page("/discord").await;
    assert!(
        page.contains(
            "Discord does not let the bot make a role: Missing Permissions. “Check the set-up” shows"
        ),
        "{page}"
    );

    discord.bot_may(MANAGE_CHANNELS | MANAGE_ROLES);
    press(&app, "places").await;
    assert_eq!(names(&discord.roles())[2..], ["Verified"]);
    discord.bot_stands_at(0);
    press(&app, "check").await;
    assert!(app.page("/discord").await.contains("drag the bot&#39;s role above Verified"));
    assert!(discord.roles().iter().any(|role| role["id"] == BOT_ROLE));
}

#[tokio::test]
async fn if_the_bot_is_not_on_the_server_the_page_says_how_to_add_it() {
    let (app, discord) = start(Place::sqlite()).await;
    discord.bot_leaves();
    discord.verify_key("00ff");
    press(&app, "check").await;
    let page = app.page("/discord").await;
    assert!(page.contains(&format!("The bot is not on the server {GUILD}.")), "{page}");
    assert!(page.contains("DISCORD_PUBLIC_KEY is not the application"));
    press(&app, "commands").await;
    assert!(app.page("/discord").await.contains("register commands: Missing Access"));
}

#[tokio::test]
async fn another_server_starts_from_scratch_and_actions_for_the_old_one_are_not_done_there() {
    let (app, discord) = start(Place::sqlite()).await;
    press(&app, "commands").await;
    assert_eq!(app.post("/discord/places").await.status, StatusCode::SEE_OTHER);
    let other = app.another(|config| config.discord.guild_id = Some("42".into())).await;
    assert_eq!(other.run_jobs().await, None);
    assert_eq!(discord.seen().len(), 1);
    assert_eq!(other.page("/discord").await.matches("Not yet").count(), 4);
    assert!(app.page("/discord").await.contains("Discord is not set up for this server any more."));
}

#[tokio::test]
async fn if_the_bot_may_not_have_commands_the_page_says_to_invite_it_again() {
    let (app, discord) = start(Place::sqlite()).await;
    discord.fault("/commands", Fault::MissingPermissions);
    press(&app, "check").await;
    let page = app.page("/discord").await;
    assert!(page.contains("without the permission to have commands"), "{page}");
    assert!(page.contains("The bot has all permissions that it needs."));
}

#[tokio::test]
async fn an_unreachable_discord_is_tried_six_times_and_then_by_hand() {
    on_both_places(async |place| {
        let (app, discord) = start(place).await;
        discord.faults("/commands", Fault::Status(503), 6);
        let mut next = press(&app, "commands").await;
        let mut pauses = Vec::new();
        while let Some(at) = next {
            pauses.push(at.since(app.app.clock.now()).as_secs());
            app.app.clock.advance_to(at);
            next = app.run_jobs().await;
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80]);
        assert_eq!(discord.count("/commands"), 6);
        let page = app.page("/discord").await;
        assert!(page.contains("Discord cannot be reached: it answered with status 503."), "{page}");
        press(&app, "commands").await;
        assert_eq!(discord.commands().len(), 5);
    })
    .await;
}

#[tokio::test]
async fn a_request_without_a_response_times_out_and_is_retried() {
    let clock = muster::model::Clock::test(NOON);
    let discord = TestDiscord::start(clock.clone()).await;
    let app = TestApp::start_at(Place::sqlite(), clock, |config| {
        discord.set(config);
        config.time_scale = 100;
    })
    .await;
    discord.fault("/commands", Fault::Hang);
    assert_eq!(press(&app, "commands").await, Some(NOON.plus(Duration::from_millis(50))));
    assert!(app.page("/discord").await.contains("Discord cannot be reached: no answer in time"));
    app.app.clock.advance(Duration::from_millis(50));
    assert_eq!(app.run_jobs().await, None);
    assert_eq!(discord.commands().len(), 5);
}

#[tokio::test]
async fn the_token_is_on_no_page_and_in_no_file() {
    let (app, discord) = start(Place::sqlite()).await;
    for action in ["check", "commands", "places", "button"] {
        press(&app, action).await;
    }
    discord.fault("/commands", Fault::Unauthorised);
    press(&app, "commands").await;
    for path in ["/discord", "/discord/places", "/settings", "/", "/metrics"] {
        assert!(!app.page(path).await.contains(TOKEN), "{path}");
    }
    let mut looked = 0;
    for file in std::fs::read_dir(&app.app.config.data_dir).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes());
            assert!(!found, "{}", path.display());
            looked += 1;
        }
    }
    assert!(looked > 1, "the database and the secret");
    assert!(!format!("{:?}", app.app.config).contains(TOKEN));
}

#[tokio::test]
async fn the_pages_are_for_organisers() {
    let clock = muster::model::Clock::test(NOON);
    let discord = TestDiscord::start(clock.clone()).await;
    let app = TestApp::start_at(Place::sqlite(), clock, |config| {
        discord.set(config);
        config.admin_password = Some(muster::model::Secret::new("the harbour is deep"));
    })
    .await;
    for path in ["/discord", "/discord/places", "/discord/live"] {
        assert_eq!(app.get(path).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    assert_ne!(app.post("/discord/check").await.location(), "/discord?notice=discord-started");
    assert_eq!(app.count(JOBS).await, 0);
}
