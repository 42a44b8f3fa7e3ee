//! The fields of a person: as typed, checked and cleaned, and as the columns of a table.
//!
//! Forms, JSON calls, imports and assigned resumes all use the one check; import, export and the sample people use the
//! one table of columns.

use std::fmt;

use crate::model::EmailAddress;
use crate::model::text::{line, needed_line};
use crate::skills;
use crate::store::people::{Person, Profile};

/// The longest name or job title, in characters.
const LONGEST_LINE: usize = 120;

/// What was typed about a person, unchecked. A missing field is empty.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Fields {
    pub name: String,
    pub email: String,
    pub job_title: String,
    /// All skills in one text. The forms and JSON calls that ask for skills fill it in.
    #[serde(skip)]
    pub skills: String,
}

impl Fields {
    /// The fields of a stored person, with their skills as one text.
    pub fn of(person: &Person, skills: String) -> Self {
        Self {
            name: person.name.clone(),
            email: person.address.to_string(),
            job_title: person.job_title.clone(),
            skills,
        }
    }
}

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

/// A column of a table of people.
pub struct Column {
    /// Its name in forms and in the JSON export.
    pub key: &'static str,
    /// Its header in exported tables.
    pub title: &'static str,
    /// Other headers that imports accept, in lower case and without spaces and punctuation.
    also: &'static [&'static str],
    pub field: fn(&mut Fields) -> &mut String,
}

pub const NAME: Column = Column {
    key: "name",
    title: "Name",
    also: &[
        "fullname",
        "participant",
        "participantname",
        "yourname",
        "displayname",
        "nombre",
        "nombrecompleto",
        "nom",
        "nomcomplet",
        "nome",
        "nomecompleto",
    ],
    field: |fields| &mut fields.name,
};

pub const EMAIL: Column = Column {
    key: "email",
    title: "Email",
    also: &[
        "emailaddress",
        "mail",
        "mailaddress",
        "emails",
        "emailid",
        "contactemail",
        "youremail",
        "correo",
        "correoelectrónico",
        "correoelectronico",
        "courriel",
        "adressemail",
        "emailadresse",
    ],
    field: |fields| &mut fields.email,
};

pub const JOB_TITLE: Column = Column {
    key: "job_title",
    title: "Job title",
    also: &[
        "job",
        "title",
        "role",
        "occupation",
        "position",
        "profession",
        "jobrole",
        "headline",
        "beruf",
        "cargo",
        "puesto",
        "poste",
    ],
    field: |fields| &mut fields.job_title,
};

pub const SKILLS: Column = Column {
    key: "skills",
    title: "Skills",
    also: &[
        "skill",
        "keywords",
        "technologies",
        "techstack",
        "stack",
        "skillset",
        "expertise",
        "whatareyourskills",
        "technicalskills",
        "kenntnisse",
        "fähigkeiten",
        "habilidades",
        "compétences",
        "competences",
        "tags",
    ],
    field: |fields| &mut fields.skills,
};

/// In the order of an exported table.
pub const COLUMNS: [Column; 4] = [NAME, EMAIL, JOB_TITLE, SKILLS];

/// Headers of a column with first names, for tables that have no full names.
pub const FIRST_NAME: &[&str] =
    &["first", "firstname", "givenname", "forename", "vorname", "prénom", "prenom"];

pub const LAST_NAME: &[&str] = &[
    "last",
    "lastname",
    "surname",
    "familyname",
    "nachname",
    "apellido",
    "apellidos",
    "nomdefamille",
    "sobrenome",
];

impl Column {
    /// Whether a header, as [`plain`] gives it, means this column.
    pub fn is_called(&self, header: &str) -> bool {
        plain(self.title) == header || self.also.contains(&header)
    }
}

/// A header in lower case and without spaces and punctuation.
pub fn plain(header: &str) -> String {
    header.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
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

    #[test]
    fn no_header_means_two_columns() {
        let mut seen = std::collections::HashSet::new();
        let titles = COLUMNS.iter().map(|column| plain(column.title));
        let also = COLUMNS.iter().flat_map(|column| column.also).chain(FIRST_NAME).chain(LAST_NAME);
        for header in titles.chain(also.map(|header| plain(header))) {
            assert!(seen.insert(header.clone()), "{header}");
        }
    }

    #[test]
    fn each_column_has_a_field_of_its_own() {
        let mut fields = Fields::default();
        for column in &COLUMNS {
            let field = (column.field)(&mut fields);
            assert_eq!(field, "", "{}", column.key);
            *field = column.key.to_owned();
        }
    }
}
