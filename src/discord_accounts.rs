//! Which Discord account belongs to whom, and the role that verified people get.

use crate::model::job::Class;
use crate::model::setup::Resource;
use crate::model::{DiscordUser, Job, LostRoleId, Millis, PersonId};
use crate::store::{self, Conn, discord as rows};

/// A role to give to an account or to take from it, by Discord's ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleChange {
    pub user: String,
    pub role: String,
}

/// Connects an account with a person, whose former account loses the role. A job gives the role to the new one.
pub async fn connect(
    tx: &mut Conn,
    person: PersonId,
    user: &DiscordUser,
    now: Millis,
) -> sqlx::Result<()> {
    if let Some(former) = rows::connect(tx, person, user, now).await? {
        disconnected(tx, &former, now).await?;
    }
    store::jobs::enqueue(tx, Job::GiveRole(person), Class::Person, now, now, None).await?;
    tracing::info!(person.id = person.0, "Person {person} verified their Discord account");
    Ok(())
}

/// Queues taking the role from an account that belongs to nobody any more.
pub async fn disconnected(tx: &mut Conn, user: &str, now: Millis) -> sqlx::Result<()> {
    let id = rows::insert_lost_role(tx, user).await?;
    store::jobs::enqueue(tx, Job::TakeRole(id), Class::Single, now, now, None).await
}

/// The role to give to a person; `None` when the person has no account any more, has the role already, or the server
/// has no such role yet.
pub async fn role_to_give(
    conn: &mut Conn,
    person: PersonId,
    guild: &str,
) -> sqlx::Result<Option<RoleChange>> {
    let account = rows::account(conn, person).await?;
    let Some(account) = account.filter(|it| it.role_given_at.is_none()) else { return Ok(None) };
    let role = store::discord_setup::resource(conn, guild, Resource::VerifiedRole).await?;
    Ok(role.map(|role| RoleChange { user: account.discord_user, role }))
}

/// The role to take from an account; `None` when that is done, somebody has connected the account again, or the server
/// has no such role.
pub async fn role_to_take(
    conn: &mut Conn,
    id: LostRoleId,
    guild: &str,
) -> sqlx::Result<Option<RoleChange>> {
    let Some(user) = rows::lost_role(conn, id).await? else { return Ok(None) };
    if rows::is_connected(conn, &user).await? {
        return Ok(None);
    }
    let role = store::discord_setup::resource(conn, guild, Resource::VerifiedRole).await?;
    Ok(role.map(|role| RoleChange { user, role }))
}

/// Records that the role was given. If the person moved to another account meanwhile, the old account loses it again.
pub async fn given(
    tx: &mut Conn,
    person: PersonId,
    change: &RoleChange,
    now: Millis,
) -> sqlx::Result<()> {
    let is_theirs = rows::role_given(tx, person, &change.user, now).await?;
    if !is_theirs && !rows::is_connected(tx, &change.user).await? {
        disconnected(tx, &change.user, now).await?;
    }
    Ok(())
}

/// Records that the role was taken. If somebody connected the account meanwhile, they get it again.
pub async fn taken(tx: &mut Conn, change: &RoleChange, now: Millis) -> sqlx::Result<()> {
    if let Some(person) = rows::role_taken(tx, &change.user).await? {
        store::jobs::enqueue(tx, Job::GiveRole(person), Class::Person, now, now, None).await?;
    }
    Ok(())
}

/// Queues giving the role to everybody who is verified and lacks it: once the role exists, or once the obstacle is
/// fixed.
pub async fn give_missing_roles(tx: &mut Conn, now: Millis) -> sqlx::Result<()> {
    for person in rows::without_role(tx).await? {
        store::jobs::enqueue(tx, Job::GiveRole(person), Class::Single, now, now, None).await?;
    }
    Ok(())
}
