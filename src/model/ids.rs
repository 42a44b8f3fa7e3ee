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
    DeliveryId,
    ResumeId,
    /// Two people whose skills were compared.
    PairId,
    JobId,
    /// The row of a Gemini key. It stays the same when the key gets another number.
    KeyId,
    /// The N of `GEMINI_API_KEY<N>`, or the number that a key got on `/keys`; 0 is the reserve key.
    KeyNumber,
    /// A request in the key pool's ledger.
    BookingId,
    /// An entry of the FAQ.
    EntryId,
    /// What a participant asked the FAQ.
    QuestionId,
    /// A request of another program at the gateway; it lives no longer than its connection.
    RequestId,
    /// An answer that Discord waits for.
    ReplyId,
    /// A Discord account that is to lose the role.
    LostRoleId,
    /// What an organiser asked to be done on Discord.
    SetupId,
}

impl KeyNumber {
    pub const RESERVE: Self = Self(0);

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub fn is_reserve(self) -> bool {
        self == Self::RESERVE
    }
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
