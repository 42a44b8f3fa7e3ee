//! Verified participants on Discord: their matches, and erasing them.

use muster::model::{Millis, PersonId};
use muster::{people, store};

use super::discord_verify::{ask_for_code, code, make_role, type_code};
use crate::support::app::{NOON, TestApp};
use crate::support::db::on_both_places;
use crate::support::interactions::{ADA, BO, Scene, ask, command, text};

async fn share(app: &TestApp, person: PersonId, at: Option<Millis>) {
    let mut tx = app.write().await;
    store::people::set_shares_address(&mut tx, person, at).await.unwrap();
    tx.commit().await.unwrap();
}

async fn verified(app: &TestApp, user: &str, person: PersonId) {
    let mut tx = app.write().await;
    let user = muster::model::DiscordUser::parse(user).unwrap();
    store::discord::connect(&mut tx, person, &user, NOON).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn verified_participants_see_their_matches_with_addresses_if_both_agreed() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        let reply = ask(&app, &command(ADA, "match", &[])).await;
        assert!(text(&reply).contains("do not know who you are yet"));
        assert_eq!(reply["data"]["components"][0]["components"][0]["custom_id"], "verify");

        let ada = app.person("Ada").skills(["Rust", "SQL"]).insert().await;
        let cleo =
            app.person("Cleo").skills(["Rust", "SQL"]).address("c_leo@example.org").insert().await;
        app.person("Dan").skills(["Falconry"]).insert().await;
        verified(&app, ADA, ada).await;
        let shown = async || text(&ask(&app, &command(ADA, "match", &[])).await).to_owned();
        assert!(shown().await.starts_with("Nobody matches your skills yet"));
        muster::matching::run_all(&app.app.db, muster::events::CURRENT, NOON).await.unwrap();
        let without = shown().await;
        assert!(without.contains("1. **Cleo**, Engineer – you both know "), "{without}");
        assert!(without.contains("Rust") && without.contains("SQL") && !without.contains("Dan"));
        assert!(!without.contains("leo@"), "{without}");
        share(&app, cleo, Some(NOON)).await;
        assert!(!shown().await.contains("leo@"), "one of two has agreed");
        share(&app, ada, Some(NOON)).await;
        assert!(shown().await.contains("c\\_leo@example.org"), "{}", shown().await);
        share(&app, cleo, None).await;
        assert!(!shown().await.contains("leo@"), "taken back");

        let bare = app.person("Bare").insert().await;
        verified(&app, BO, bare).await;
        let reply = ask(&app, &command(BO, "match", &[])).await;
        assert!(text(&reply).starts_with("The organisers do not know your skills yet"));
        assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 0);
    })
    .await;
}

#[tokio::test]
async fn erasing_a_person_removes_their_discord_account_too() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        let ada = app.person("Ada").address("ada@example.org").skills(["Rust"]).insert().await;
        make_role(&app, &scene).await;
        scene.add_member(ADA);
        ask_for_code(&app, ADA, "ada@example.org").await;
        type_code(&app, ADA, &code(&app, "ada@example.org").await).await;
        ask_for_code(&app, BO, "ada@example.org").await;
        let mut tx = app.write().await;
        let exported = people::export::person(&mut tx, ada).await.unwrap().unwrap();
        assert_eq!(exported["discord"]["user"], ADA);
        assert_eq!(exported["discord"]["verified_at"], NOON.0);
        assert_eq!(exported["discord"]["codes"].as_array().unwrap().len(), 2);

        let code = code(&app, "ada@example.org").await;
        assert!(people::erase(&mut tx, ada, NOON).await.unwrap());
        tx.commit().await.unwrap();
        for count in [
            "SELECT COUNT(*) FROM discord_people",
            "SELECT COUNT(*) FROM discord_codes",
            "SELECT COUNT(*) FROM mails",
        ] {
            assert_eq!(app.count(count).await, 0, "{count}");
        }
        assert!(text(&type_code(&app, BO, &code).await).starts_with("There is no valid code"));
        assert!(
            text(&ask(&app, &command(ADA, "match", &[])).await)
                .contains("do not know who you are yet")
        );
        app.run_jobs().await;
        assert_eq!(scene.count("PUT "), 0, "the job found nobody");
        assert_eq!(scene.count("DELETE "), 1, "the account loses the role");
        assert_eq!(app.count("SELECT COUNT(*) FROM discord_lost_roles").await, 0);
    })
    .await;
}
