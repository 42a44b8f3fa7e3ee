//! The parts of a Word document's ZIP archive: finding, unpacking and decoding them. It runs in the child.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use encoding_rs::{Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::extract::outcome::Reason;

/// Bytes that a part may unpack to. The text of a novel has about 1 MB.
pub(super) const MAX_PART: u64 = 24 << 20;
pub(super) const MAX_PARTS: usize = 20_000;

/// The parts by name: in lower case, separated by `/`, without one at the beginning.
pub(super) enum Package<'a> {
    Whole {
        zip: ZipArchive<Cursor<&'a [u8]>>,
        indexes: HashMap<String, usize>,
    },
    /// What can still be read of an archive whose table of contents is damaged.
    Recovered(HashMap<String, Vec<u8>>),
}

impl<'a> Package<'a> {
    pub fn open(bytes: &'a [u8]) -> Result<Self, Reason> {
        let Ok(zip) = ZipArchive::new(Cursor::new(bytes)) else { return recover(bytes) };
        if zip.len() > MAX_PARTS {
            return Err(Reason::TooLarge);
        }
        let name = |index| zip.name_for_index(index)?.ok().map(|name| (key(&name), index));
        let indexes = (0..zip.len()).filter_map(name).collect();
        Ok(Self::Whole { zip, indexes })
    }

    fn names(&self) -> Vec<&String> {
        match self {
            Self::Whole { indexes, .. } => indexes.keys().collect(),
            Self::Recovered(parts) => parts.keys().collect(),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Whole { indexes, .. } => indexes.contains_key(&key(name)),
            Self::Recovered(parts) => parts.contains_key(&key(name)),
        }
    }

    /// A part as text, decoded.
    pub fn read(&mut self, name: &str) -> Result<String, Reason> {
        match self {
            Self::Whole { zip, indexes } => {
                let index = *indexes.get(&key(name)).ok_or(Reason::Damaged)?;
                let part = zip.by_index(index).map_err(|error| reason(&error))?;
                unpack(part).map(|bytes| decode(&bytes))
            }
            Self::Recovered(parts) => {
                parts.get(&key(name)).map(|bytes| decode(bytes)).ok_or(Reason::Damaged)
            }
        }
    }

    /// The name of the main document part: as declared by the package, else the usual name.
    pub fn main_part(&mut self) -> Option<String> {
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
    pub fn related_parts(&mut self, main: &str) -> Vec<(String, String)> {
        let related = self.relationships(main);
        if !related.is_empty() {
            return related;
        }
        let mut found: Vec<(String, String)> = self
            .names()
            .into_iter()
            .filter_map(|name| {
                let file = name.strip_prefix("word/")?.strip_suffix(".xml")?;
                Some((file.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(), name.clone()))
            })
            .collect();
        found.sort();
        found
    }

    /// Kind (the last segment of its type) and name of each part that a part, or the package itself (`""`), refers to.
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

    /// Name and content type of each part with a declaration of its own.
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

    /// What an archive is that is not a Word document.
    pub fn other_kind(&self) -> Reason {
        let names = self.names();
        let has_folder = |folder: &str| names.iter().any(|name| name.starts_with(folder));
        if has_folder("xl/") {
            Reason::Spreadsheet
        } else if has_folder("ppt/") {
            Reason::Slides
        } else if self.has("mimetype") && self.has("content.xml") {
            Reason::OpenDocument
        } else if has_folder("word/") || self.has("[Content_Types].xml") {
            Reason::Damaged
        } else {
            Reason::Zip
        }
    }
}

/// Reads the text parts in the order of the file, each by its own header.
fn recover(bytes: &[u8]) -> Result<Package<'_>, Reason> {
    let mut rest = Cursor::new(bytes);
    let mut parts = HashMap::new();
    let mut size = 0;
    for _ in 0..MAX_PARTS {
        let Ok(Some(part)) = zip::read::read_zipfile_from_stream(&mut rest) else { break };
        let Ok(name) = part.name().map(|name| key(&name)) else { continue };
        if matches!(name.rsplit_once('.'), Some((_, "xml" | "rels"))) {
            let Ok(bytes) = unpack(part) else { continue };
            size += bytes.len() as u64;
            if size > MAX_PART {
                return Err(Reason::TooLarge);
            }
            parts.insert(name, bytes);
        }
    }
    if parts.is_empty() { Err(Reason::Damaged) } else { Ok(Package::Recovered(parts)) }
}

/// A part's bytes; those before the damage if it is damaged.
fn unpack(part: impl Read) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    let read = part.take(MAX_PART + 1).read_to_end(&mut bytes);
    if bytes.len() as u64 > MAX_PART {
        Err(Reason::TooLarge)
    } else if read.is_err() && bytes.is_empty() {
        Err(Reason::Damaged)
    } else {
        Ok(bytes)
    }
}

fn reason(error: &ZipError) -> Reason {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Reason::Locked,
        _ => Reason::Damaged,
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

/// What `read` returns for each tag of that name, up to the first XML error.
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

/// Decodes by byte order mark, else by the XML declaration, else as UTF-8.
fn decode(bytes: &[u8]) -> String {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let declaration = head.split("?>").next().unwrap_or_default();
    let label =
        declaration.split_once("encoding").and_then(|(_, rest)| rest.split(['"', '\'']).nth(1));
    // A declaration that can be read as ASCII is wrong if it names an encoding that is not ASCII-compatible.
    let encoding = label
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .filter(|it| it.is_ascii_compatible())
        .unwrap_or(UTF_8);
    encoding.decode(bytes).0.into_owned()
}
