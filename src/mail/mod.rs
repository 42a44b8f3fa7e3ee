//! Mail: what an email looks like, how it gets to a server, and what the server's response means.
//! A tool: values in, values out. **Invariant:** it never learns whether an email is wanted; its caller has already
//! recorded that it is being sent.

mod address;
pub mod code;
pub mod compose;
pub mod delivery;
pub mod message;
pub mod smtp;
pub mod stage;
pub mod test_email;
pub mod unsubscribe;
pub mod verdict;

pub use address::header_id;
pub use code::code;
pub use compose::{ComposeError, Envelope, compose};
pub use delivery::Delivery;
pub use message::Email;
pub use smtp::{BadServer, Sender, Timeouts};
pub use stage::Stage;
pub use test_email::test_email;
pub use unsubscribe::Unsubscribe;
pub use verdict::{About, Action, Then, Verdict};
