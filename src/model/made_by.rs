//! Who made a text or a list of skills, and why.

use super::ids::KeyNumber;
use super::words::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Maker {
    Model,
    Template,
    Taxonomy,
    /// An entry of the FAQ, unchanged.
    Passage,
    /// Typed or edited by the organiser.
    Person,
}

words!(Maker, "maker", {
    Model => "model",
    Template => "template",
    Taxonomy => "taxonomy",
    Passage => "passage",
    Person => "person",
});

/// `{"by", "model", "key", "why"}` of the JSON interface.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MadeBy {
    pub by: Maker,
    /// The model that was asked, even if its answer was replaced.
    pub model: Option<String>,
    /// The number of the key's variable; 0 is the reserve.
    pub key: Option<KeyNumber>,
    /// Why it was not the model, for the organiser.
    pub why: Option<String>,
}

impl MadeBy {
    pub fn model(model: impl Into<String>, key: KeyNumber) -> Self {
        Self { by: Maker::Model, model: Some(model.into()), key: Some(key), why: None }
    }

    pub fn instead(by: Maker, why: impl Into<String>) -> Self {
        Self { by, model: None, key: None, why: Some(why.into()) }
    }
}
