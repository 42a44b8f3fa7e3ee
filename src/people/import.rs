//! Importing a table of people: any order of columns, comma, semicolon or tab, UTF-8 or what spreadsheets write
//! instead. Reading is pure; storing happens in the caller's one transaction, so that nothing is half imported.

use std::collections::{HashMap, HashSet};

use crate::model::{EmailAddress, Millis, PersonId};
use crate::people::{LONGEST_LINE, Profile, Source, fresh_code};
use crate::skills;
use crate::store::people::{NewPerson, Person};
use crate::store::person_skills::NewSkill;
use crate::store::{self, Conn};

/// A row that was not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Counted from 1, as a spreadsheet or an editor shows it.
    pub line: u64,
    pub reason: String,
}

/// A file, read.
#[derive(Debug, Default)]
pub struct Table {
    /// Profiles with their lines.
    pub rows: Vec<(u64, Profile)>,
    pub bad: Vec<BadRow>,
    /// Headers that meant nothing to us: said on the page, so that no column is lost silently.
    pub ignored: Vec<String>,
}

/// What became of a file's rows. They add up to all rows of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub new: usize,
    pub changed: usize,
    pub same: usize,
    pub bad: Vec<BadRow>,
    pub ignored: Vec<String>,
}

/// Why nothing of a file can be imported.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    #[error("the file is empty; its first line must name the columns, such as Name, Email, Skills")]
    Empty,
    #[error("no column holds e-mail addresses; name one “Email” (the first line says: {0})")]
    NoAddress(String),
    #[error(
        "no column holds names; name one “Name”, or two “First name” and “Last name” (the first line says: {0})"
    )]
    NoName(String),
    #[error("this is not a table of text: save it as CSV (comma separated) and import that file")]
    NotText,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Column {
    Name,
    First,
    Last,
    Address,
    JobTitle,
    Skills,
}

/// Reads a file's bytes.
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
            Some(Ok(record)) if record.iter().all(|cell| cell.trim().is_empty()) => {}
            Some(Ok(record)) => break record,
            Some(Err(_)) => return Err(TableError::NotText),
        }
    };
    let (columns, ignored) = columns(&header)?;
    let mut table = Table { ignored, ..Table::default() };
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
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let line = lines.at(record.position());
        let checked = profile(&record, &columns).and_then(|profile| {
            match lines_by_address.insert(profile.address.key(), line) {
                Some(before) => {
                    lines_by_address.insert(profile.address.key(), before);
                    Err(format!("the same e-mail address as line {before}"))
                }
                None => Ok(profile),
            }
        });
        match checked {
            Ok(profile) => table.rows.push((line, profile)),
            Err(reason) => table.bad.push(BadRow { line, reason }),
        }
    }
    Ok(table)
}

/// People that are stored or written at once.
const BATCH: usize = 1_000;

/// Stores a table. Who is there already gets what the file adds; an empty cell takes nothing away, and importing a
/// file twice changes nothing.
pub async fn store(
    tx: &mut Conn,
    table: Table,
    source: Source,
    now: Millis,
) -> sqlx::Result<Report> {
    let mut report = Report { bad: table.bad, ignored: table.ignored, ..Report::default() };
    for rows in table.rows.chunks(BATCH) {
        store_batch(tx, rows, source, now, &mut report).await?;
    }
    Ok(report)
}

async fn store_batch(
    tx: &mut Conn,
    rows: &[(u64, Profile)],
    source: Source,
    now: Millis,
    report: &mut Report,
) -> sqlx::Result<()> {
    let codes: Vec<String> = rows.iter().map(|_| fresh_code()).collect();
    let people: Vec<NewPerson<'_>> = rows
        .iter()
        .zip(&codes)
        .map(|((_, profile), code)| NewPerson {
            address: &profile.address,
            name: &profile.name,
            job_title: &profile.job_title,
            code,
            source: source.as_str(),
        })
        .collect();
    let new: HashMap<String, PersonId> =
        store::people::insert_all(tx, &people, now).await?.into_iter().collect();
    let mut ids = Vec::with_capacity(rows.len());
    let mut changed = HashSet::new();
    let had = rows.iter().map(|(_, profile)| &profile.address);
    let had = had.filter(|address| !new.contains_key(&address.key()));
    let known: HashMap<String, Person> = store::people::find_all_by_address(tx, had)
        .await?
        .into_iter()
        .map(|person| (person.address.key(), person))
        .collect();
    for (_, profile) in rows {
        let key = profile.address.key();
        if let Some(id) = new.get(&key) {
            ids.push(*id);
            continue;
        }
        let person = known.get(&key).ok_or(sqlx::Error::RowNotFound)?;
        if correct(tx, person, profile, now).await? {
            changed.insert(person.id);
        }
        ids.push(person.id);
    }
    let keys: Vec<Vec<String>> = rows
        .iter()
        .map(|(_, profile)| profile.skills.iter().map(|skill| skills::key(skill)).collect())
        .collect();
    let mut skills = Vec::new();
    for ((id, (_, profile)), keys) in ids.iter().zip(rows).zip(&keys) {
        for (name, key) in profile.skills.iter().zip(keys) {
            skills.push(NewSkill { person: *id, key, name });
        }
    }
    changed.extend(store::person_skills::add_all(tx, &skills, source.of_skills(), now).await?);
    report.new += new.len();
    let changed = known.values().filter(|person| changed.contains(&person.id)).count();
    report.changed += changed;
    report.same += rows.len() - new.len() - changed;
    Ok(())
}

/// Whether the file knew another name or job title of somebody who is there already.
async fn correct(
    tx: &mut Conn,
    known: &Person,
    profile: &Profile,
    now: Millis,
) -> sqlx::Result<bool> {
    let job_title =
        if profile.job_title.is_empty() { &known.job_title } else { &profile.job_title };
    let differs = known.name != profile.name || known.job_title != *job_title;
    if differs {
        store::people::update(tx, known.id, &known.address, &profile.name, job_title, now).await?;
    }
    Ok(differs)
}

/// Everybody as a table that [`read`] takes back. A cell that a spreadsheet would run as a formula is escaped.
pub async fn write(conn: &mut Conn) -> anyhow::Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["Name", "Email", "Job title", "Skills"])?;
    for people in store::people::all(conn).await?.chunks(BATCH) {
        let ids = people.iter().map(|person| person.id);
        let mut skills = store::person_skills::names(conn, ids).await?;
        for person in people {
            let known = skills.remove(&person.id).unwrap_or_default().join("; ");
            let cells = [&person.name, person.address.as_str(), &person.job_title, &known];
            table.write_record(cells.map(harmless))?;
        }
    }
    Ok(table.into_inner()?)
}

fn harmless(cell: &str) -> String {
    let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if runs { format!("'{cell}") } else { cell.to_owned() }
}

fn profile(
    record: &csv::StringRecord,
    columns: &HashMap<Column, usize>,
) -> Result<Profile, String> {
    let cell = |column| columns.get(&column).and_then(|at| record.get(*at)).unwrap_or("");
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let address = EmailAddress::parse(cell(Column::Address)).map_err(|bad| bad.to_string())?;
    let name = match line(cell(Column::Name)) {
        name if name.is_empty() => line(&format!("{} {}", cell(Column::First), cell(Column::Last))),
        name => name,
    };
    if name.is_empty() {
        return Err("the name is missing".into());
    }
    let job_title = line(cell(Column::JobTitle));
    for (what, text) in [("the name", &name), ("the job title", &job_title)] {
        if text.chars().count() > LONGEST_LINE {
            return Err(format!("{what} has more than {LONGEST_LINE} characters"));
        }
    }
    Ok(Profile { name, address, job_title, skills: skills::split(cell(Column::Skills)) })
}

fn columns(
    header: &csv::StringRecord,
) -> Result<(HashMap<Column, usize>, Vec<String>), TableError> {
    let mut columns = HashMap::new();
    let mut ignored = Vec::new();
    for (at, title) in header.iter().enumerate() {
        match column(title) {
            Some(column) if !columns.contains_key(&column) => {
                columns.insert(column, at);
            }
            _ if title.trim().is_empty() => {}
            _ => ignored.push(title.trim().to_owned()),
        }
    }
    let titles =
        || header.iter().map(str::trim).collect::<Vec<_>>().join(", ").chars().take(200).collect();
    if !columns.contains_key(&Column::Address) {
        return Err(TableError::NoAddress(titles()));
    }
    if ![Column::Name, Column::First, Column::Last]
        .iter()
        .any(|column| columns.contains_key(column))
    {
        return Err(TableError::NoName(titles()));
    }
    Ok((columns, ignored))
}

/// What a header means: as Google Forms, Devpost, Eventbrite and CATME write it, and as people do in some languages.
fn column(title: &str) -> Option<Column> {
    let plain: String = title.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    Some(match plain.as_str() {
        "name" | "fullname" | "participant" | "participantname" | "yourname" | "displayname"
        | "nombre" | "nombrecompleto" | "nom" | "nomcomplet" | "nome" | "nomecompleto" => {
            Column::Name
        }
        "first" | "firstname" | "givenname" | "forename" | "vorname" | "prénom" | "prenom" => {
            Column::First
        }
        "last" | "lastname" | "surname" | "familyname" | "nachname" | "apellido" | "apellidos"
        | "nomdefamille" | "sobrenome" => Column::Last,
        "email" | "emailaddress" | "mail" | "mailaddress" | "emails" | "emailid"
        | "contactemail" | "youremail" | "correo" | "correoelectrónico" | "correoelectronico"
        | "courriel" | "adressemail" | "emailadresse" => Column::Address,
        "jobtitle" | "job" | "title" | "role" | "occupation" | "position" | "profession"
        | "jobrole" | "headline" | "beruf" | "cargo" | "puesto" | "poste" => Column::JobTitle,
        "skills" | "skill" | "keywords" | "technologies" | "techstack" | "stack" | "skillset"
        | "expertise" | "whatareyourskills" | "technicalskills" | "kenntnisse" | "fähigkeiten"
        | "habilidades" | "compétences" | "competences" | "tags" => Column::Skills,
        _ => return None,
    })
}

/// Tells the line on which a row begins. csv's own count stands before the line feed that ends the row above, and
/// before empty lines.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, byte: 0, line: 1 }
    }

    /// Positions come in the order of the file.
    #[expect(clippy::naive_bytecount, reason = "a file is read through once")]
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let start =
            position.map_or(self.byte, |position| position.byte() as usize).min(self.text.len());
        let bytes = self.text.as_bytes();
        let start =
            start + bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if let Some(between) = bytes.get(self.byte..start) {
            self.line += between.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.byte = start;
        }
        self.line
    }
}

fn decode(bytes: &[u8]) -> Result<String, TableError> {
    let (encoding, bom) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((encoding_rs::UTF_8, 0));
    let (text, broken) = encoding.decode_without_bom_handling(&bytes[bom..]);
    // Spreadsheets on Windows save CSV in the old code page.
    let text =
        if broken { encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0 } else { text };
    if text.trim().is_empty() {
        return Err(TableError::Empty);
    }
    if text.contains('\0') || text.starts_with("PK\u{3}\u{4}") {
        return Err(TableError::NotText);
    }
    Ok(text.into_owned())
}

/// The separator that the first line has most of, outside quotes.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in header.bytes() {
        quoted ^= byte == b'"';
        for (separator, count) in &mut counts {
            *count += usize::from(!quoted && byte == *separator);
        }
    }
    // The comma wins a draw: it stands first, and `max_by_key` would take the last.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_any_order_and_any_common_spelling() {
        for file in [
            "Name,Email,Job title,Skills\nAda Byron,ada@example.org,Analyst,\"Rust; SQL\"\n",
            "\u{feff}e-mail;First Name;Last Name;Keywords;ROLE\r\nada@example.org;Ada;Byron;Rust, SQL;Analyst\r\n",
            "skills\tE-Mail Address\tFull Name\tOccupation\nRust|SQL\tada@example.org\t Ada  Byron \tAnalyst\n",
        ] {
            let table = read(file.as_bytes()).unwrap();
            assert_eq!(table.bad, [], "{file}");
            let (line, person) = &table.rows[0];
            assert_eq!(
                (*line, person.name.as_str(), person.job_title.as_str()),
                (2, "Ada Byron", "Analyst")
            );
            assert_eq!(person.skills, ["Rust", "SQL"]);
        }
    }

    #[test]
    fn each_bad_row_is_named_with_its_line_and_reason() {
        let file = "Name,Email\n\"Two\nlines\",two@example.org\n,nobody@example.org\nBob,bob\n\nAda,ADA@example.org\nAda,ada@example.org\n";
        let table = read(file.as_bytes()).unwrap();
        let bad: Vec<_> = table.bad.iter().map(|row| (row.line, row.reason.as_str())).collect();
        assert_eq!(
            bad,
            [
                (4, "the name is missing"),
                (5, "this is not an e-mail address: it needs the form name@example.org"),
                (8, "the same e-mail address as line 7"),
            ]
        );
        assert_eq!(table.rows.len(), 2);
    }

    #[test]
    fn a_file_that_cannot_be_used_says_what_to_do() {
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
    fn files_of_old_spreadsheets_keep_their_letters() {
        let table = read(b"Name,Email\nJos\xe9,jose@example.org\n").unwrap();
        assert_eq!(table.rows[0].1.name, "José");
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("Name\tEmail\nZoë\tzoe@example.org\n".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(read(&utf16).unwrap().rows[0].1.name, "Zoë");
    }

    #[test]
    fn columns_that_mean_nothing_are_named() {
        let table = read(b"Name,Email,T-shirt\nAda,ada@example.org,M\n").unwrap();
        assert_eq!(table.ignored, ["T-shirt"]);
    }
}
