//! The one check of a person: forms, JSON calls, imports and assigned resumes use it.

use std::fmt;

use super::fields::{EMAIL, Fields, JOB_TITLE, NAME};
use crate::model::EmailAddress;
use crate::model::text::{line, needed_line};
use crate::skills;
use crate::store::people::{Person, Profile};

/// The longest name or job title, in characters.
const LONGEST_LINE: usize = 120;

/// A person to add, or the new state of one: checked and cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPerson {
    pub profile: Profile,
    /// Canonical names.
    pub skills: Vec<String>,
}

/// What is wrong with a person's fields: the key of the field, and the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<(&'static str, String)>);

impl NewPerson {
    /// Checks all fields at once.
    pub fn checked(fields: &Fields) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let name = needed_line(&fields.name, "the name", LONGEST_LINE);
        let name = problems.take(NAME.key, name);
        let address = problems.take(EMAIL.key, EmailAddress::parse(&fields.email));
        let job_title = line(&fields.job_title, "the job title", LONGEST_LINE);
        let job_title = problems.take(JOB_TITLE.key, job_title);
        let (Some(name), Some(address), Some(job_title)) = (name, address, job_title) else {
            return Err(problems);
        };
        let profile = Profile { name, address, job_title };
        Ok(Self { profile, skills: skills::split(&fields.skills) })
    }

    /// The profile with what is stored already where it is empty: an import takes nothing away.
    pub fn profile_completed_from(&self, stored: &Person) -> Profile {
        let kept = |new: &str, stored: &str| if new.is_empty() { stored } else { new }.to_owned();
        Profile {
            address: stored.address.clone(),
            name: kept(&self.profile.name, &stored.name),
            job_title: kept(&self.profile.job_title, &stored.job_title),
        }
    }
}

impl Problems {
    fn take<T, E: fmt::Display>(&mut self, field: &'static str, value: Result<T, E>) -> Option<T> {
        value.map_err(|reason| self.0.push((field, reason.to_string()))).ok()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons: Vec<_> = self.0.iter().map(|(_, reason)| reason.as_str()).collect();
        f.write_str(&reasons.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fields_are_checked_at_once() {
        let fields = Fields { job_title: "x".repeat(121), ..Fields::default() };
        let problems = NewPerson::checked(&fields).unwrap_err();
        let keys: Vec<_> = problems.0.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["name", "email", "job_title"]);
        assert!(problems.to_string().starts_with("the name is missing; "), "{problems}");
    }

    #[test]
    fn a_person_is_cleaned() {
        let fields = Fields {
            name: " Ada\t Byron ".into(),
            email: " ada@example.org ".into(),
            job_title: "Data  analyst\n".into(),
            skills: "golang, Rust; Go".into(),
        };
        let person = NewPerson::checked(&fields).unwrap();
        assert_eq!(person.profile.name, "Ada Byron");
        assert_eq!(person.profile.address.as_str(), "ada@example.org");
        assert_eq!(person.profile.job_title, "Data analyst");
        assert_eq!(person.skills, ["Go", "Rust"]);
    }
}
