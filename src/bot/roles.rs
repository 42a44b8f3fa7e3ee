//! The role that verified people have on Discord.

use crate::model::job::Class;
use crate::model::setup::Spot;
use crate::model::{Job, LostRoleId, Millis, PersonId};
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

/// The role that an account is to lose; `None`: that is settled, somebody is tied to the account again, or there is no
/// role on this server.
pub async fn unwanted(
    conn: &mut Conn,
    id: LostRoleId,
    guild: &str,
) -> sqlx::Result<Option<Wanted>> {
    let Some(user) = store::discord::lost_role(conn, id).await? else { return Ok(None) };
    if store::discord::is_tied(conn, &user).await? {
        return Ok(None);
    }
    let role = store::discord_setup::spot(conn, guild, Spot::VerifiedRole).await?;
    Ok(role.map(|role| Wanted { user, role }))
}

/// An account is nobody's any more: it loses the role.
pub async fn take_back(tx: &mut Conn, user: &str, now: Millis) -> sqlx::Result<()> {
    let id = store::discord::insert_lost_role(tx, user).await?;
    store::jobs::enqueue(tx, Job::TakeRole(id), Class::Single, now, now, None).await
}

/// The role was given. Where the person moved to another account meanwhile, the old one got it for nothing.
pub async fn given(
    tx: &mut Conn,
    person: PersonId,
    wanted: &Wanted,
    now: Millis,
) -> sqlx::Result<()> {
    let is_theirs = store::discord::role_given(tx, person, &wanted.user, now).await?;
    if !is_theirs && !store::discord::is_tied(tx, &wanted.user).await? {
        take_back(tx, &wanted.user, now).await?;
    }
    Ok(())
}

/// The role was taken. Where somebody showed that account meanwhile, they get it again.
pub async fn taken(tx: &mut Conn, wanted: &Wanted, now: Millis) -> sqlx::Result<()> {
    if let Some(person) = store::discord::role_taken(tx, &wanted.user).await? {
        store::jobs::enqueue(tx, Job::GiveRole(person), Class::Person, now, now, None).await?;
    }
    Ok(())
}

/// Gives the role to all who are verified and lack it: once it is there, or once what hindered it is mended.
pub async fn give_missing_roles(tx: &mut Conn, now: Millis) -> sqlx::Result<()> {
    for person in store::discord::without_role(tx).await? {
        store::jobs::enqueue(tx, Job::GiveRole(person), Class::Single, now, now, None).await?;
    }
    Ok(())
}
