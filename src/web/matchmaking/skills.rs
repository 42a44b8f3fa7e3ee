//! All skills as a table.

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::charts::score_width;
use crate::app::App;
use crate::events::CURRENT;
use crate::skills;
use crate::store;
use crate::web::error::Error;
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
    let people = store::matchmaking::stats(&mut conn, CURRENT).await?.users_with_skills.max(1);
    let rare = rare_limit(people);
    let listed = store::matchmaking::skills(&mut conn, PER_PAGE, pager.offset()).await?;
    let row = |skill: store::matchmaking::SkillCount| Row {
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

/// A skill that at most this many people have is rare: a tenth of the people with skills, and at least two.
pub fn rare_limit(people_with_skills: i64) -> i64 {
    (people_with_skills / 10).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_that_a_tenth_of_the_people_have_is_rare() {
        assert_eq!([rare_limit(0), rare_limit(12), rare_limit(142)], [2, 2, 14]);
    }
}
