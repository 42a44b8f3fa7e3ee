//! Ids as types, so that none can be mistaken for another.

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
    /// A person's draft in a campaign, which becomes an email.
    MessageId,
    /// One try to hand an email to a server: its bytes and the server's response.
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
    /// A participant's question to the FAQ.
    QuestionId,
    /// A request of another program at the gateway; it lives no longer than its connection.
    RequestId,
    /// An answer that Discord waits for.
    ReplyId,
    /// A Discord account that will lose the role.
    LostRoleId,
    /// An action on Discord that an organiser requested.
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

/// The number of a Discord account, which Discord passes as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DiscordUser(String);

impl DiscordUser {
    /// `None` unless it is 1 to 20 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
