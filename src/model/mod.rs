//! The values that every module uses: ids, addresses, the clock, states and kinds of jobs.
//! Pure; it uses no other module.

pub mod address;
pub mod campaign;
pub mod clock;
pub mod delivery;
pub mod email;
pub mod faq;
pub mod ids;
pub mod job;
mod key;
pub mod made_by;
pub mod matching;
pub mod message;
pub mod person;
pub mod resume;
pub mod secret;
pub mod setup;
pub mod text;
pub(crate) mod words;

pub use address::EmailAddress;
pub use clock::{Clock, Millis};
pub use ids::{
    BookingId, CampaignId, DeliveryId, DiscordUser, EntryId, EventId, JobId, KeyId, KeyNumber,
    LostRoleId, MessageId, PairId, PersonId, QuestionId, ReplyId, RequestId, ResumeId, SetupId,
};
pub use job::{Job, JobKind};
pub use key::KeyRecord;
pub use secret::Secret;
pub use words::UnknownWord;
pub(crate) use words::words;
