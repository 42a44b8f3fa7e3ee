//! The parts of a Word document (a zip of XML files), in reading order: headers, body, notes, footers.
//! It runs in the child. What a part says is the business of [`flow`].

use std::collections::HashMap;
use std::io::{Cursor, Read};

use encoding_rs::{Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::child::Reason;
use super::flow;

/// A part may unpack to this many bytes. The text of a novel has one.
const MAX_PART: u64 = 24 << 20;
const MAX_PARTS: usize = 20_000;

/// The text of a Word document.
pub fn text(bytes: &[u8]) -> Result<String, Reason> {
    let mut package = Package::open(bytes)?;
    let Some(main) = package.main_part() else { return Err(package.what_else()) };
    let body = flow::text(&package.read(&main)?);
    let parts = package.beside(&main);

    let mut texts: Vec<String> = Vec::new();
    let add =
        |package: &mut Package, texts: &mut Vec<String>, kinds: &[&str]| -> Result<(), Reason> {
            for (kind, name) in &parts {
                if kinds.contains(&kind.as_str()) && package.has(name) {
                    let text = flow::text(&package.read(name)?);
                    // The header of the first page often says what that of the others says.
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                }
            }
            Ok(())
        };
    add(&mut package, &mut texts, &["header"])?;
    texts.push(body);
    add(&mut package, &mut texts, &["footnotes", "endnotes"])?;
    add(&mut package, &mut texts, &["footer"])?;
    Ok(texts.join("\n"))
}

struct Package<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Places in the zip by names in lower case, with `/` and without one at the beginning.
    places: HashMap<String, usize>,
}

impl<'a> Package<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Reason> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Reason::Damaged)?;
        if zip.len() > MAX_PARTS {
            return Err(Reason::TooLarge);
        }
        let name = |place| zip.name_for_index(place)?.ok().map(|name| (key(&name), place));
        let places = (0..zip.len()).filter_map(name).collect();
        Ok(Self { zip, places })
    }

    fn has(&self, name: &str) -> bool {
        self.places.contains_key(&key(name))
    }

    /// A part as text, decoded. What comes before an error in the zip is taken.
    fn read(&mut self, name: &str) -> Result<String, Reason> {
        let place = *self.places.get(&key(name)).ok_or(Reason::Damaged)?;
        let part = self.zip.by_index(place).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => {
                Reason::Locked
            }
            _ => Reason::Damaged,
        })?;
        let mut bytes = Vec::new();
        let read = part.take(MAX_PART + 1).read_to_end(&mut bytes);
        if bytes.len() as u64 > MAX_PART {
            return Err(Reason::TooLarge);
        }
        if read.is_err() && bytes.is_empty() {
            return Err(Reason::Damaged);
        }
        Ok(decode(&bytes))
    }

    /// The name of the part that is the document: as the package says, else as it is usually called.
    fn main_part(&mut self) -> Option<String> {
        let related = self.relationships("").into_iter().find(|(kind, _)| kind == "officeDocument");
        let is_word = |package: &mut Self, name: &String| {
            package.has(name) && package.content_type(name).is_none_or(|it| it.contains("word"))
        };
        if let Some((_, name)) = related
            && is_word(self, &name)
        {
            return Some(name);
        }
        let declared = self.content_types().into_iter().find(|(_, kind)| {
            kind.contains("word") && (kind.contains(".main+xml") || kind.contains(".document+xml"))
        });
        declared
            .map(|(name, _)| name)
            .filter(|name| self.has(name))
            .or_else(|| self.has("word/document.xml").then(|| "word/document.xml".to_owned()))
    }

    /// Kind and name of each part that belongs to `main`, in the order in which they are listed.
    fn beside(&mut self, main: &str) -> Vec<(String, String)> {
        let related = self.relationships(main);
        if !related.is_empty() {
            return related;
        }
        let mut found: Vec<(String, String)> = self
            .places
            .keys()
            .filter_map(|name| {
                let file = name.strip_prefix("word/")?.strip_suffix(".xml")?;
                Some((file.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(), name.clone()))
            })
            .collect();
        found.sort();
        found
    }

    /// Kind (the last word of its address) and name of what a part, or the package itself (`""`), points to.
    fn relationships(&mut self, of: &str) -> Vec<(String, String)> {
        let (folder, file) = of.rsplit_once('/').unwrap_or(("", of));
        let name = format!("{folder}/_rels/{file}.rels");
        let Ok(xml) = self.read(&name) else { return Vec::new() };
        let relationship = |tag: &BytesStart| {
            if attribute(tag, "TargetMode").as_deref() == Some("External") {
                return None;
            }
            let kind = attribute(tag, "Type")?;
            let target = attribute(tag, "Target")?;
            Some((kind.rsplit('/').next().unwrap_or_default().to_owned(), resolve(folder, &target)))
        };
        tags(&xml, "Relationship", relationship)
    }

    /// Name and content type of each part that declares one of its own.
    fn content_types(&mut self) -> Vec<(String, String)> {
        let Ok(xml) = self.read("[Content_Types].xml") else { return Vec::new() };
        tags(&xml, "Override", |tag| {
            Some((attribute(tag, "PartName")?, attribute(tag, "ContentType")?))
        })
    }

    fn content_type(&mut self, name: &str) -> Option<String> {
        self.content_types()
            .into_iter()
            .find(|(part, _)| key(part) == key(name))
            .map(|(_, kind)| kind)
    }

    /// What a zip is that is no Word document.
    fn what_else(&self) -> Reason {
        let begins = |folder: &str| self.places.keys().any(|name| name.starts_with(folder));
        if begins("xl/") {
            Reason::Spreadsheet
        } else if begins("ppt/") {
            Reason::Slides
        } else if self.has("mimetype") && self.has("content.xml") {
            Reason::OpenDocument
        } else if begins("word/") || self.has("[Content_Types].xml") {
            Reason::Damaged
        } else {
            Reason::Zip
        }
    }
}

fn key(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

/// A target as seen from a folder: `../media/a.xml` from `word` is `media/a.xml`.
fn resolve(folder: &str, target: &str) -> String {
    let mut path: Vec<&str> =
        if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/").trim_start_matches('/').to_owned()
}

/// What `read` makes of each tag of that name, as far as the XML is sound.
fn tags<T>(xml: &str, name: &str, read: impl Fn(&BytesStart) -> Option<T>) -> Vec<T> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref() == name => {
                found.extend(read(&tag));
            }
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}

fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    let attribute = tag.attributes().flatten().find(|it| it.key.local_name().as_ref() == name)?;
    attribute
        .normalized_value(quick_xml::XmlVersion::Implicit1_0)
        .ok()
        .map(std::borrow::Cow::into_owned)
}

/// By byte order mark, else by what the XML declares, else UTF-8.
fn decode(bytes: &[u8]) -> String {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let declaration = head.split("?>").next().unwrap_or_default();
    let label =
        declaration.split_once("encoding").and_then(|(_, rest)| rest.split(['"', '\'']).nth(1));
    // One that is not ASCII-compatible is declared falsely: the declaration could be read as ASCII.
    let encoding = label
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .filter(|it| it.is_ascii_compatible())
        .unwrap_or(UTF_8);
    encoding.decode(bytes).0.into_owned()
}
