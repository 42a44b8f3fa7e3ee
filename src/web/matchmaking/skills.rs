//! All skills in the room as a table.

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::charts::score_width;
use super::rare;
use crate::app::App;
use crate::events::CURRENT;
use crate::skills;
use crate::store;
use crate::web::Error;
use crate::web::guard::Organiser;
use crate::web::page::{Frame, Pager, Place, count, filters, render};

const PER_PAGE: i64 = 100;

#[derive(Template)]
#[template(path = "matchmaking/skills.html")]
pub struct SkillsPage {
    frame: Frame,
    rare: String,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    name: String,
    kind: &'static str,
    people: i64,
    width: String,
    rare: bool,
    url: String,
}

#[derive(Deserialize)]
pub struct SkillsQuery {
    page: Option<i64>,
}

pub async fn skills(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<SkillsQuery>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let total = store::matchmaking::count_skills(&mut conn).await?;
    let pager = Pager::new(query.page, PER_PAGE, total, "/matchmaking/skills", &[]);
    let people = store::matches::stats(&mut conn, CURRENT).await?.users_with_skills.max(1);
    let rare = rare(people);
    let listed = store::matchmaking::skills(&mut conn, PER_PAGE, pager.offset()).await?;
    let row = |skill: store::matchmaking::Skill| Row {
        kind: skills::category(&skill.skill).map_or("", skills::Category::label),
        url: Pager::new(None, 1, 0, "/matchmaking", &[("q", &skill.skill)]).address(),
        width: score_width(skill.people * 1000 / people),
        rare: skill.people <= rare,
        people: skill.people,
        name: skill.skill,
    };
    let page = SkillsPage {
        frame: Frame::load(&app, &mut conn, &organiser, Place::Matchmaking).await?,
        rare: count(rare, "person", "people"),
        rows: listed.into_iter().map(row).collect(),
        pager,
    };
    Ok(render(&page)?.into_response())
}
