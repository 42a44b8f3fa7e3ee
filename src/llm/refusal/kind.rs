//! The kinds of refusals, and what each one causes.

/// The kinds of refusals; [`RefusalKind::consequence`] says what each one causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalKind {
    /// Requests a minute.
    Minute,
    /// Input tokens a minute.
    Tokens,
    /// Requests a day.
    Day,
    /// Input tokens a day.
    TokensOfDay,
    /// A 429 without details.
    Capacity,
    /// `limit: 0`: the project has no quota for this model.
    NoQuota,
    /// The model was retired or never existed.
    ModelGone,
    Invalid,
    Expired,
    Leaked,
    Suspended,
    Denied,
    /// The key is not accepted as authentication.
    NotAccepted,
    ServiceDisabled,
    /// The key may only be used from other network addresses.
    Address,
    /// The key may only be used by other sites or programs, or for other services.
    Restricted,
    Location,
    /// The project has not met a condition that Google does not name.
    Precondition,
    Billing,
    /// Something between Muster and Google refused.
    Barred,
}

/// What a refusal does to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The project cools down for a minute.
    CoolMinuteDown,
    /// The project cools down for the rest of the day.
    CoolDayDown,
    /// The project cools down for some seconds.
    CoolCapacityDown,
    /// The project does not use this model any more.
    TurnModelOff,
    /// The key is disabled until a person retries it.
    DisableKey,
    /// The key cools down and is then used again.
    CoolKeyDown,
}

impl RefusalKind {
    pub fn consequence(self) -> Consequence {
        match self {
            Self::Minute | Self::Tokens => Consequence::CoolMinuteDown,
            Self::Day | Self::TokensOfDay => Consequence::CoolDayDown,
            Self::Capacity => Consequence::CoolCapacityDown,
            Self::NoQuota | Self::ModelGone => Consequence::TurnModelOff,
            Self::Invalid
            | Self::Expired
            | Self::Leaked
            | Self::Suspended
            | Self::Denied
            | Self::NotAccepted => Consequence::DisableKey,
            Self::ServiceDisabled
            | Self::Address
            | Self::Restricted
            | Self::Location
            | Self::Precondition
            | Self::Billing
            | Self::Barred => Consequence::CoolKeyDown,
        }
    }

    /// The meaning, for the organiser.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Minute => "its requests of this minute are used",
            Self::Tokens => "its input tokens of this minute are used",
            Self::Day => "its requests of today are used",
            Self::TokensOfDay => "its input tokens of today are used",
            Self::Capacity => "Google is overloaded",
            Self::NoQuota => "its project has no quota for this model",
            Self::ModelGone => "Google does not offer this model (any more)",
            Self::Invalid => "Google does not know this key",
            Self::Expired => "this key has expired",
            Self::Leaked => "Google reports this key as leaked; it needs a new one",
            Self::Suspended => "Google has suspended this key",
            Self::Denied => "Google denies access to this key's project",
            Self::NotAccepted => "Google does not accept this key for the Gemini API",
            Self::ServiceDisabled => "the Gemini API is not switched on in this key's project",
            Self::Address => "this key may not be used from this machine's network address",
            Self::Restricted => "this key is restricted to other uses",
            Self::Location => "Google does not serve this place",
            Self::Precondition => "this key's project does not meet a condition of Google",
            Self::Billing => "the prepaid credits of this key's project are used up",
            Self::Barred => "something between here and Google refuses",
        }
    }

    /// The word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Tokens => "tokens",
            Self::Day => "day",
            Self::TokensOfDay => "tokens_of_day",
            Self::Capacity => "capacity",
            Self::NoQuota => "no_quota",
            Self::ModelGone => "model_gone",
            Self::Invalid => "invalid",
            Self::Expired => "expired",
            Self::Leaked => "leaked",
            Self::Suspended => "suspended",
            Self::Denied => "denied",
            Self::NotAccepted => "not_accepted",
            Self::ServiceDisabled => "service_disabled",
            Self::Address => "address",
            Self::Restricted => "restricted",
            Self::Location => "location",
            Self::Precondition => "precondition",
            Self::Billing => "billing",
            Self::Barred => "barred",
        }
    }
}
