//! The fields of a person as text, and the one table of columns: import, export and the sample people use it.

use crate::store::people::Person;

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
