//! Pairs of people whose skills were compared, what a skill weighs, and the runs.

use super::Conn;
use crate::model::{EventId, Millis, PairId, PersonId};

/// A match from one person's side.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Match {
    pub id: PairId,
    pub other_id: PersonId,
    pub name: String,
    pub job_title: String,
    pub address: String,
    /// 1 when both agreed that the other may see their address.
    pub both_share: i64,
    /// Thousandths.
    pub score: i64,
    /// JSON: canonical names, the rarest first.
    pub shared: String,
    pub rank: i64,
    pub created_at: Millis,
}

/// A person's own list, the best first.
pub async fn of_person(conn: &mut Conn, event: EventId, person: PersonId) -> sqlx::Result<Vec<Match>> {
    sqlx::query_as(
        "SELECT x.id, o.id AS other_id, o.name, o.job_title, o.address, x.score, x.shared, x.created_at,
                CASE WHEN x.a_id = $2 THEN x.a_rank ELSE x.b_rank END AS rank,
                CASE WHEN o.shares_address_at IS NOT NULL AND me.shares_address_at IS NOT NULL THEN 1 ELSE 0 END
                    AS both_share
         FROM matches x
         JOIN people me ON me.id = $2
         JOIN people o ON o.id = CASE WHEN x.a_id = $2 THEN x.b_id ELSE x.a_id END
         WHERE x.event_id = $1
           AND ((x.a_id = $2 AND x.a_rank IS NOT NULL) OR (x.b_id = $2 AND x.b_rank IS NOT NULL))
         ORDER BY CASE WHEN x.a_id = $2 THEN x.a_rank ELSE x.b_rank END, o.id",
    )
    .bind(event)
    .bind(person)
    .fetch_all(conn)
    .await
}
