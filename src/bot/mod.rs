//! What participants do on Discord: ask the FAQ, see their matches, show who they are. An interaction comes in, a reply
//! goes out, and what follows later is in the queue.
//!
//! It must not know how either travels, and it waits for nobody: Discord gives three seconds.

mod ask;
mod matches;
mod roles;
pub mod setup;
mod verify;

pub use crate::discord::{Incoming, Interaction, Message, PublicKey, Reply};
pub use ask::{Due, due};
pub use roles::{Wanted, give_missing_roles, given, take_back, taken, unwanted, wanted};

use crate::config::Config;
use crate::discord::Asked;
use crate::discord::commands;
use crate::keys::Pool;
use crate::model::{Millis, Secret};
use crate::store::Conn;

/// The button by which somebody begins to show who they are. It stands under the bot's own words of welcome too.
pub const VERIFY_BUTTON: &str = "verify";

/// What the replies depend on beside the database.
pub struct Surroundings<'a> {
    pub config: &'a Config,
    pub pool: &'a Pool,
    /// Keeps hashes from being tried against guesses.
    pub secret: &'a Secret,
    pub now: Millis,
}

/// Whether doing it writes; otherwise a connection that reads is enough.
pub fn writes(asked: &Asked) -> bool {
    match asked {
        Asked::Command { name, options } => match name.as_str() {
            "ask" => true,
            "verify" => !options.is_empty(),
            _ => false,
        },
        Asked::Modal { .. } => true,
        Asked::Button { .. } | Asked::Other => false,
    }
}

/// Does what somebody asks for, in the caller's transaction; see [`writes`].
pub async fn handle(
    tx: &mut Conn,
    around: &Surroundings<'_>,
    interaction: &Interaction,
) -> anyhow::Result<Reply> {
    let user = &interaction.user;
    let typed = |name| interaction.asked.typed(name);
    Ok(match &interaction.asked {
        Asked::Command { name, .. } => match name.as_str() {
            "ask" => ask::ask(tx, around, user, &interaction.token, typed("question")).await?,
            "match" => matches::list(tx, user).await?.into(),
            "team" => team().into(),
            "verify" => match (typed("email"), typed("code")) {
                ("", "") => Reply::Modal(verify::ADDRESS),
                (address, "") => verify::send_code(tx, around, user, address).await?.into(),
                (_, code) => verify::try_code(tx, around, user, code).await?.into(),
            },
            "help" => help().into(),
            _ => unknown().into(),
        },
        Asked::Button { id } => match id.as_str() {
            VERIFY_BUTTON => Reply::Modal(verify::ADDRESS),
            verify::CODE_BUTTON => Reply::Modal(verify::CODE),
            _ => unknown().into(),
        },
        Asked::Modal { id, .. } if id == verify::ADDRESS.id => {
            verify::send_code(tx, around, user, typed(verify::ADDRESS.field)).await?.into()
        }
        Asked::Modal { id, .. } if id == verify::CODE.id => {
            verify::try_code(tx, around, user, typed(verify::CODE.field)).await?.into()
        }
        Asked::Modal { .. } | Asked::Other => unknown().into(),
    })
}

fn team() -> Message {
    Message::new("Teams are not formed yet. **/match** shows who fits your skills.")
}

fn help() -> Message {
    let line = |it: &commands::Command| format!("\n- **/{}** – {}", it.name, it.description);
    let lines: String = commands::ALL.iter().map(line).collect();
    Message::new(&format!("What you can ask me:{lines}"))
}

/// A command or a button of an older Muster.
fn unknown() -> Message {
    Message::new("I do not know this (any more). **/help** lists what you can ask me.")
}
