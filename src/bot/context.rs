//! What the replies depend on, besides the database.

use crate::config::Config;
use crate::keys::Pool;
use crate::model::{Millis, Secret};

pub struct Context<'a> {
    pub config: &'a Config,
    pub pool: &'a Pool,
    /// Keeps hashes from being guessed.
    pub secret: &'a Secret,
    pub now: Millis,
}
