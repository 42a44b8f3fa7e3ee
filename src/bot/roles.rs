//! The role that verified people have on Discord.

use crate::model::job::Class;
use crate::model::setup::Spot;
use crate::model::{Job, Millis, PersonId};
use crate::store::{self, Conn};

/// A role that is to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Discord's numbers.
    pub user: String,
    pub role: String,
}

/// `None`: the person is tied to no account any more, has the role, or there is no role yet on this server.
pub async fn wanted(
    conn: &mut Conn,
    person: PersonId,
    guild: &str,
) -> sqlx::Result<Option<Wanted>> {
    let account = store::discord::account(conn, person).await?;
    let Some(account) = account.filter(|it| it.role_given_at.is_none()) else { return Ok(None) };
    let role = store::discord_setup::spot(conn, guild, Spot::VerifiedRole).await?;
    Ok(role.map(|role| Wanted { user: account.discord_user, role }))
}

/// Gives the role to all who are verified and lack it: once it is there, or once what hindered it is mended.
pub async fn give_missing_roles(tx: &mut Conn, now: Millis) -> sqlx::Result<()> {
    for person in store::discord::without_role(tx).await? {
        store::jobs::enqueue(tx, Job::GiveRole(person), Class::Single, now, now, None).await?;
    }
    Ok(())
}
