//! Ids are types: no `i64` that might be either of two.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    EventId,
    PersonId,
    CampaignId,
    /// One e-mail to one person within a campaign.
    MessageId,
    /// One attempt to deliver a message: the bytes, and what the server said.
    MailId,
    ResumeId,
    /// Two people whose skills were compared.
    PairId,
    JobId,
    /// An entry of the FAQ.
    EntryId,
    /// What a participant asked the FAQ.
    QuestionId,
    /// What another program asks through the door; it lives no longer than its connection.
    RequestId,
    /// An answer that Discord waits for.
    ReplyId,
    /// A Discord account that is to lose the role.
    LostRoleId,
    /// What an organiser asked to be done on Discord.
    SetupId,
}

/// Somebody's Discord account: Discord's own number, which is text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DiscordUser(String);

impl DiscordUser {
    /// `None`: not up to 20 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
