//! Who a live campaign would send to.

use crate::app::App;
use crate::events;
use crate::store::{self, Conn};

pub struct Audience {
    pub due: i64,
    /// Drafts of test runs that it takes over.
    pub drafts: i64,
    pub total: i64,
    pub stays_here: bool,
    pub from: String,
}

impl Audience {
    pub async fn read(conn: &mut Conn, app: &App) -> sqlx::Result<Self> {
        let due = store::messages::count_due_invitations(conn, events::CURRENT).await?;
        let drafts = store::messages::count_test_drafts(conn, events::CURRENT).await?;
        Ok(Self {
            due,
            drafts,
            total: due + drafts,
            stays_here: app.config.mail.stays_here(),
            from: app.config.mail.from_address().to_string(),
        })
    }
}
