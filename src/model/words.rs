//! An enum's words: what the database and the JSON interface hold, and the way back.

/// A word from the database that is none of an enum's words.
#[derive(Debug, thiserror::Error)]
#[error("{value:?} is not a {what}")]
pub struct UnknownWord {
    pub what: &'static str,
    pub value: String,
}

/// Gives each variant of an enum its word for the database and the JSON interface, and the way back.
macro_rules! words {
    ($type:ident, $what:literal, { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $type {
            #[allow(dead_code, reason = "not every set is listed somewhere")]
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the database and in the JSON interface.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::model::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let unknown = || $crate::model::words::UnknownWord { what: $what, value: word.to_owned() };
                Self::ALL.iter().copied().find(|it| it.as_str() == word).ok_or_else(unknown)
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::model::words::UnknownWord;

            fn try_from(word: String) -> Result<Self, Self::Error> {
                word.parse()
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
