//! Reading a table of people.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::error::TableError;
use super::text::{Lines, decode, delimiter};
use crate::model::text::one_line;
use crate::people::fields::{
    COLUMNS, Column, EMAIL, FIRST_NAME, Fields, LAST_NAME, NAME, NewPerson, plain,
};

/// A row that is not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Counted from 1, as a spreadsheet or an editor shows it.
    pub line: u64,
    pub reason: String,
}

/// A file, read and checked.
#[derive(Debug, Default)]
pub struct Table {
    /// People with their lines.
    pub rows: Vec<(u64, NewPerson)>,
    pub bad: Vec<BadRow>,
    /// Headers that match no column. The page lists them, so that no column is lost silently.
    pub ignored: Vec<String>,
}

/// Reads a file: columns in any order, separated by comma, semicolon or tab, in UTF-8 or in an encoding that
/// spreadsheets write.
pub fn read(bytes: &[u8]) -> Result<Table, TableError> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = loop {
        match records.next() {
            None => return Err(TableError::Empty),
            Some(Ok(record)) if is_blank(&record) => {}
            Some(Ok(record)) => break Header::read(&record)?,
            Some(Err(_)) => return Err(TableError::NotText),
        }
    };
    let mut table = Table::default();
    let mut lines_by_address = HashMap::new();
    let mut lines = Lines::new(&text);
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = lines.at(error.position());
                table.bad.push(BadRow { line, reason: "the row cannot be read".into() });
                continue;
            }
        };
        if is_blank(&record) {
            continue;
        }
        let line = lines.at(record.position());
        match unique(header.person(&record), line, &mut lines_by_address) {
            Ok(person) => table.rows.push((line, person)),
            Err(reason) => table.bad.push(BadRow { line, reason }),
        }
    }
    table.ignored = header.ignored;
    Ok(table)
}

fn is_blank(record: &csv::StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// The person, unless an earlier line has the same address.
fn unique(
    checked: Result<NewPerson, String>,
    line: u64,
    lines_by_address: &mut HashMap<String, u64>,
) -> Result<NewPerson, String> {
    let person = checked?;
    match lines_by_address.entry(person.profile.address.key()) {
        Entry::Occupied(first) => Err(format!("same email address as line {}", first.get())),
        Entry::Vacant(vacant) => {
            vacant.insert(line);
            Ok(person)
        }
    }
}

/// Which cell of a row is what.
#[derive(Default)]
struct Header {
    columns: Vec<(&'static Column, usize)>,
    first_name: Option<usize>,
    last_name: Option<usize>,
    ignored: Vec<String>,
}

impl Header {
    fn read(record: &csv::StringRecord) -> Result<Self, TableError> {
        let mut header = Self::default();
        for (at, title) in record.iter().enumerate() {
            if !header.take(&plain(title), at) && !title.trim().is_empty() {
                header.ignored.push(title.trim().to_owned());
            }
        }
        let titles = || {
            let titles: Vec<_> = record.iter().map(str::trim).collect();
            titles.join(", ").chars().take(200).collect()
        };
        if !header.has(&EMAIL) {
            return Err(TableError::NoAddress(titles()));
        }
        if !header.has(&NAME) && header.first_name.is_none() && header.last_name.is_none() {
            return Err(TableError::NoName(titles()));
        }
        Ok(header)
    }

    /// Notes what the column at `at` is. False when its header is unknown or an earlier column is the same.
    fn take(&mut self, title: &str, at: usize) -> bool {
        if FIRST_NAME.contains(&title) {
            return take_first(&mut self.first_name, at);
        }
        if LAST_NAME.contains(&title) {
            return take_first(&mut self.last_name, at);
        }
        let column = COLUMNS.iter().find(|column| column.is_called(title));
        let Some(column) = column.filter(|column| !self.has(column)) else { return false };
        self.columns.push((column, at));
        true
    }

    fn has(&self, column: &Column) -> bool {
        self.columns.iter().any(|(known, _)| known.key == column.key)
    }

    fn person(&self, record: &csv::StringRecord) -> Result<NewPerson, String> {
        let mut fields = Fields::default();
        for (column, at) in &self.columns {
            record.get(*at).unwrap_or("").clone_into((column.field)(&mut fields));
        }
        if one_line(&fields.name).is_empty() {
            let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or("");
            fields.name = format!("{} {}", cell(self.first_name), cell(self.last_name));
        }
        NewPerson::checked(&fields).map_err(|problems| problems.to_string())
    }
}

fn take_first(place: &mut Option<usize>, at: usize) -> bool {
    let is_first = place.is_none();
    place.get_or_insert(at);
    is_first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_may_have_any_order_and_any_common_spelling() {
        for file in [
            "Name,Email,Job title,Skills\nAda Byron,ada@example.org,Analyst,\"Rust; SQL\"\n",
            "\u{feff}e-mail;First Name;Last Name;Keywords;ROLE\r\nada@example.org;Ada;Byron;Rust, SQL;Analyst\r\n",
            "skills\tE-Mail Address\tFull Name\tOccupation\nRust|SQL\tada@example.org\t Ada  Byron \tAnalyst\n",
        ] {
            let table = read(file.as_bytes()).unwrap();
            assert_eq!(table.bad, [], "{file}");
            let (line, person) = &table.rows[0];
            assert_eq!(
                (*line, person.profile.name.as_str(), person.profile.job_title.as_str()),
                (2, "Ada Byron", "Analyst")
            );
            assert_eq!(person.skills, ["Rust", "SQL"]);
        }
    }

    #[test]
    fn each_bad_row_is_listed_with_its_line_and_reason() {
        let file = "Name,Email\n\"Two\nlines\",two@example.org\n,nobody@example.org\nBob,bob\n\nAda,ADA@example.org\nAda,ada@example.org\n";
        let table = read(file.as_bytes()).unwrap();
        let bad: Vec<_> = table.bad.iter().map(|row| (row.line, row.reason.as_str())).collect();
        assert_eq!(
            bad,
            [
                (4, "the name is missing"),
                (5, "this is not an email address: it needs the form name@example.org"),
                (8, "same email address as line 7"),
            ]
        );
        assert_eq!(table.rows.len(), 2);
    }

    #[test]
    fn the_error_of_an_unusable_file_says_what_to_do() {
        assert_eq!(read(b"").unwrap_err(), TableError::Empty);
        assert_eq!(read(b"\n \n").unwrap_err(), TableError::Empty);
        assert_eq!(read(b"PK\x03\x04rest").unwrap_err(), TableError::NotText);
        assert_eq!(
            read(b"Name,Town\nAda,London\n").unwrap_err(),
            TableError::NoAddress("Name, Town".into())
        );
        assert_eq!(
            read(b"Email\na@example.org\n").unwrap_err(),
            TableError::NoName("Email".into())
        );
    }

    #[test]
    fn files_of_old_spreadsheets_keep_their_characters() {
        let table = read(b"Name,Email\nJos\xe9,jose@example.org\n").unwrap();
        assert_eq!(table.rows[0].1.profile.name, "José");
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("Name\tEmail\nZoë\tzoe@example.org\n".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(read(&utf16).unwrap().rows[0].1.profile.name, "Zoë");
    }

    #[test]
    fn unknown_columns_are_listed() {
        let table = read(b"Name,Email,T-shirt\nAda,ada@example.org,M\n").unwrap();
        assert_eq!(table.ignored, ["T-shirt"]);
    }
}
