//! What participants can do on Discord: ask the FAQ, see their matches, verify their account. An interaction comes in,
//! a reply goes out, and slower work is queued.
//!
//! It must not know how these are transported, and it must not wait: Discord allows three seconds.

mod ask;
mod context;
mod matches;
pub mod setup;
mod verify;

pub use crate::discord::{Incoming, Interaction, Message, PublicKey, Reply};
pub use ask::{Due, due};
pub use context::Context;
pub use verify::VERIFY_BUTTON;

use crate::discord::Asked;
use crate::discord::commands;
use crate::store::Conn;

/// Whether handling this writes to the database; otherwise a read connection is enough.
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

/// Handles an interaction in the caller's transaction; see [`writes`].
pub async fn handle(
    tx: &mut Conn,
    context: &Context<'_>,
    interaction: &Interaction,
) -> anyhow::Result<Reply> {
    let user = &interaction.user;
    let typed = |name| interaction.asked.typed(name);
    Ok(match &interaction.asked {
        Asked::Command { name, .. } => match name.as_str() {
            "ask" => ask::ask(tx, context, user, &interaction.token, typed("question")).await?,
            "match" => matches::list(tx, user).await?.into(),
            "team" => team().into(),
            "verify" => match (typed("email"), typed("code")) {
                ("", "") => Reply::Modal(verify::ADDRESS),
                (address, "") => verify::send_code(tx, context, user, address).await?.into(),
                (_, code) => verify::try_code(tx, context, user, code).await?.into(),
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
            verify::send_code(tx, context, user, typed(verify::ADDRESS.field)).await?.into()
        }
        Asked::Modal { id, .. } if id == verify::CODE.id => {
            verify::try_code(tx, context, user, typed(verify::CODE.field)).await?.into()
        }
        Asked::Modal { .. } | Asked::Other => unknown().into(),
    })
}

fn team() -> Message {
    Message::new("Teams are not formed yet. **/match** shows who matches your skills.")
}

fn help() -> Message {
    let line = |it: &commands::Command| format!("\n- **/{}** – {}", it.name, it.description);
    let lines: String = commands::ALL.iter().map(line).collect();
    Message::new(&format!("Commands:{lines}"))
}

/// The reply to a command or button of another version of Muster.
fn unknown() -> Message {
    Message::new("I do not know this command. **/help** lists all commands.")
}
