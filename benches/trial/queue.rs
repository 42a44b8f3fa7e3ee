//! What waits for the keys: as many invitations, resumes and match e-mails each, put into the database before any
//! process starts.

use std::fmt::Write as _;
use std::path::Path;

use muster::app::App;
use muster::campaigns::{self, NewCampaign};
use muster::config::{Config, Vars};
use muster::events::CURRENT;
use muster::matching;
use muster::model::campaign::CampaignKind;
use muster::model::job::Class;
use muster::model::resume::Format;
use muster::model::{Clock, EmailAddress, JobKind, PersonId, Secret};
use muster::people::{Source, import};
use muster::resumes::{self, Reading, Upload};
use muster::store::{self, Db};

pub async fn fill(data_dir: &Path, url: Option<&Secret>, jobs: usize) {
    let mut config = Config::read(&Vars::default()).expect("no setting is a bad one");
    data_dir.clone_into(&mut config.data_dir);
    config.event.name = Some("Hack the Harbour 2027".into());
    config.event.link = Some("https://harbour.example/register".into());
    let db = Db::open(url, data_dir).await.expect("a database");
    let app = App::new(config, db, Clock::machine(), env!("CARGO_BIN_EXE_muster").into());
    let app = app.await.expect("an app");
    let people = add_people(&app, jobs).await;
    matching::run_all(&app.db, CURRENT, app.clock.now()).await.expect("matched");
    for kind in [CampaignKind::Test, CampaignKind::Match] {
        let mut tx = app.db.write().await.expect("a transaction");
        let now = app.clock.now();
        let new = NewCampaign { event: CURRENT, kind, guidance: "", by: "trial" };
        let started = campaigns::start(&mut tx, &app.config, &new, now).await;
        assert_eq!(started.expect("people are due").total, jobs as i64);
        tx.commit().await.expect("committed");
    }
    add_resumes(&app, &people).await;
    assert_eq!(left(&app.db).await, 3 * jobs as i64);
    app.db.close().await;
}

async fn add_people(app: &App, count: usize) -> Vec<PersonId> {
    let mut table = String::from("Name,Email,Job title,Skills\n");
    for number in 0..count {
        let address = address(number);
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{},{address},Developer,Rust; SQL", name(number));
    }
    let table = import::read(table.as_bytes()).expect("a table");
    let mut tx = app.db.write().await.expect("a transaction");
    import::store(&mut tx, table, Source::Import, app.clock.now()).await.expect("stored");
    let mut people = Vec::new();
    for number in 0..count {
        let address = EmailAddress::parse(&address(number)).expect("an address");
        let person = store::people::find_by_address(&mut tx, &address).await.expect("a row");
        people.push(person.expect("a person").id);
    }
    tx.commit().await.expect("committed");
    people
}

/// Read already: only their skills are to be found.
async fn add_resumes(app: &App, people: &[PersonId]) {
    let mut tx = app.db.write().await.expect("a transaction");
    let now = app.clock.now();
    for (number, person) in people.iter().enumerate() {
        let text = format!("Resume {number}\n\nSkills\nPython, Docker, Kubernetes, SQL\n");
        let upload = Upload {
            person: Some(*person),
            file_name: "resume.txt",
            bytes: text.as_bytes(),
            auto_match: false,
        };
        let id = resumes::upload(&mut tx, &app.config, &upload, now).await.expect("taken in");
        let reading = store::jobs::claim(
            &mut tx,
            store::jobs::Pick::Kind(JobKind::ReadResume),
            "trial",
            now,
            now,
        )
        .await;
        resumes::start_reading(&mut tx, id).await.expect("being read").expect("its bytes");
        let read = Reading::Text { format: Format::Txt, text: &text };
        resumes::store_reading(&mut tx, &app.config, id, read, Class::Bulk, now)
            .await
            .expect("stored");
        let reading = reading.expect("claimed").expect("it was queued");
        store::jobs::finish(&mut tx, &reading).await.expect("finished");
    }
    tx.commit().await.expect("committed");
}

/// How many jobs are not done.
pub async fn left(db: &Db) -> i64 {
    number(db, "SELECT COUNT(*) FROM jobs").await
}

/// How many messages were written and resumes read, by a model.
pub async fn by_model(db: &Db) -> i64 {
    number(
        db,
        "SELECT (SELECT COUNT(*) FROM messages WHERE state = 'drafted' AND made_by = 'model')
              + (SELECT COUNT(*) FROM resumes WHERE state = 'done' AND made_by = 'model')",
    )
    .await
}

async fn number(db: &Db, select: &'static str) -> i64 {
    let mut conn = db.read().await.expect("a connection");
    sqlx::query_scalar(select).fetch_one(&mut *conn).await.expect("a number")
}

fn address(number: usize) -> String {
    format!("person-{number}@example.org")
}

/// Letters only, as in names.
fn name(number: usize) -> String {
    let letters: String =
        number.to_string().bytes().map(|digit| char::from(b'a' + digit - b'0')).collect();
    format!("Ada{letters} Example")
}
