//! One person with their closest matches, as a graph and as a table with the same facts.

use super::charts::{self, Graph, MAX_NODES, of_hundred};
use super::rows::MatchLine;
use crate::events::CURRENT;
use crate::matching::score::LIST_LENGTH;
use crate::model::PersonId;
use crate::store::matches::Match;
use crate::store::{self, Conn};
use crate::web::error::Error;

pub struct PersonGraph {
    pub id: PersonId,
    pub name: String,
    pub first_name: String,
    pub graph: Graph,
    pub lines: Vec<MatchLine>,
    /// The graph in words, for screen readers.
    pub description: String,
}

/// The graph of one person; `None` when they do not exist (any more).
pub async fn load(conn: &mut Conn, id: PersonId) -> Result<Option<PersonGraph>, Error> {
    let Some(person) = store::people::find(conn, id).await? else { return Ok(None) };
    let matches = store::matches::of_person(conn, CURRENT, id).await?;
    let closest: Vec<&Match> = matches.iter().take(MAX_NODES).collect();
    let mut pairs = Vec::new();
    for (b, other) in closest.iter().enumerate() {
        for (a, one) in closest[..b].iter().enumerate() {
            if store::matchmaking::is_pair(conn, CURRENT, one.other_id, other.other_id).await? {
                pairs.push((a, b));
            }
        }
    }
    let others: Vec<(String, i64)> =
        closest.iter().map(|row| (row.name.clone(), row.score)).collect();
    let list: Vec<String> =
        others.iter().map(|(name, score)| format!("{name} {}", of_hundred(*score))).collect();
    Ok(Some(PersonGraph {
        id,
        first_name: charts::first_name(&person.name),
        description: format!(
            "{} in the middle, surrounded by the closest matches with their scores out of 100, thicker lines for \
             closer ones: {}",
            person.name,
            list.join(", ")
        ),
        name: person.name,
        graph: charts::graph(&others, &pairs),
        lines: matches.iter().take(LIST_LENGTH).map(MatchLine::new).collect(),
    }))
}
