//! What is stored many rows at a time is right on both engines, row by row.

use muster::events::CURRENT;
use muster::matching;
use muster::model::campaign::CampaignKind;
use muster::model::message::MessageState;
use muster::people::{Source, export, import};
use muster::store;

use crate::support::app::TestApp;
use crate::support::db::on_both_places;

const TABLE: &str = "Name,Email,Job title,Skills\n\
    Ada \"the\" Byron,Ada@example.org,Analyst,\"Rust; SQL; Go\"\n\
    Zoë \\ O'Neill 🚢,zoe@example.org,,\"Rust; C++\"\n\
    Bo Lind,bo@example.org,Student,\n\
    Cy Moreau,cy@example.org,Student,\"SQL; Go\"\n";

async fn imported(app: &TestApp, table: &str) -> (usize, usize, usize) {
    let table = import::read(table.as_bytes()).unwrap();
    let mut tx = app.write().await;
    let now = app.app.clock.now();
    let report = import::store(&mut tx, table, Source::Import, now).await.unwrap();
    tx.commit().await.unwrap();
    (report.new, report.changed, report.same)
}

/// The exported rows: name, address, job title and skills, in whichever order the columns are.
async fn exported(app: &TestApp) -> Vec<[String; 4]> {
    let mut conn = app.app.db.read().await.unwrap();
    let table = export::table(&mut conn).await.unwrap();
    let mut reader = csv::Reader::from_reader(table.as_slice());
    let header = reader.headers().unwrap().clone();
    let columns = ["Name", "Email", "Job title", "Skills"]
        .map(|title| header.iter().position(|it| it == title).unwrap());
    reader.records().map(|row| columns.map(|at| row.as_ref().unwrap()[at].to_owned())).collect()
}

#[tokio::test]
async fn a_table_that_is_imported_twice_changes_nothing_the_second_time() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        assert_eq!(imported(&app, TABLE).await, (4, 0, 0));
        let first = exported(&app).await;
        for row in [
            ["Zoë \\ O'Neill 🚢", "zoe@example.org", "", "C++; Rust"],
            ["Bo Lind", "bo@example.org", "Student", ""],
        ] {
            assert!(first.contains(&row.map(str::to_owned)), "{row:?} in {first:?}");
        }
        assert_eq!(imported(&app, TABLE).await, (0, 0, 4));
        assert_eq!(exported(&app).await, first);
    })
    .await;
}

#[tokio::test]
async fn an_import_adds_what_is_new_and_takes_nothing_away() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        imported(&app, TABLE).await;
        let news = "Name,Email,Skills\n\
            Ada Byron,ADA@EXAMPLE.ORG,Rust\n\
            Bo Lind,bo@example.org,\"Kotlin; Rust\"\n\
            Cy Moreau,cy@example.org,Go\n\
            Dee Novak,dee@example.org,Go\n";
        assert_eq!(imported(&app, news).await, (1, 2, 1));
        let all = exported(&app).await;
        for row in [
            ["Ada Byron", "Ada@example.org", "Analyst", "SQL; Go; Rust"],
            ["Bo Lind", "bo@example.org", "Student", "Kotlin; Rust"],
            ["Cy Moreau", "cy@example.org", "Student", "SQL; Go"],
            ["Dee Novak", "dee@example.org", "", "Go"],
        ] {
            assert!(all.contains(&row.map(str::to_owned)), "{row:?} in {all:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn matching_again_keeps_what_is_the_same_and_removes_what_is_not_found_any_more() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        imported(&app, TABLE).await;
        let pairs = async || {
            let now = app.app.clock.now();
            matching::run_all(&app.app.db, CURRENT, now).await.unwrap();
            let mut conn = app.app.db.read().await.unwrap();
            let mut all = store::matches::all(&mut conn, CURRENT).await.unwrap();
            all.sort_by_key(|row| row.id);
            format!("{all:?}")
        };
        let first = pairs().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM matches").await, 2, "{first}");
        assert_eq!(app.count("SELECT COUNT(*) FROM skill_weights").await, 4);
        assert_eq!(pairs().await, first);

        // Each sees the other, in both orders of the pair.
        let mut conn = app.app.db.read().await.unwrap();
        for person in store::people::all(&mut conn).await.unwrap() {
            let of_person = store::matches::of_person(&mut conn, CURRENT, person.id).await.unwrap();
            let names: Vec<_> = of_person.iter().map(|row| (row.rank, row.name.as_str())).collect();
            match person.name.as_str() {
                "Ada \"the\" Byron" => {
                    assert_eq!(names, [(1, "Cy Moreau"), (2, "Zoë \\ O'Neill 🚢")]);
                }
                "Bo Lind" => assert_eq!(names, []),
                _ => assert_eq!(names, [(1, "Ada \"the\" Byron")]),
            }
        }
        drop(conn);

        let mut tx = app.write().await;
        let ada = store::people::all(&mut tx).await.unwrap().remove(0);
        assert!(store::person_skills::remove(&mut tx, ada.id, "rust").await.unwrap());
        tx.commit().await.unwrap();
        pairs().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM matches").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_delays_no_other() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        for number in 0..40 {
            let address = format!("p{number}@example.org");
            app.person("Ada Byron").address(&address).skills(["Rust"]).insert().await;
        }
        let campaign = app.campaign(CampaignKind::Live).await;
        let ids = app.messages(campaign).await;
        let mut tx = app.write().await;
        sqlx::query("UPDATE messages SET kind = 'riddle' WHERE id = $1")
            .bind(ids[7])
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        app.run_jobs().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM mails WHERE state = 'sent'").await, 39);
        assert_eq!(app.count("SELECT COUNT(DISTINCT message_id) FROM mails").await, 39);
        assert_eq!(app.state(ids[39]).await, MessageState::Sent);
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs WHERE attempts > 0").await, 1);
    })
    .await;
}
