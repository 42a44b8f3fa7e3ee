//! The parts of a Word document (a zip of XML files), in reading order: headers, body, notes, footers.
//! It runs in the child. What a part says is the business of [`flow`].

mod flow;

use std::collections::HashMap;
use std::io::{Cursor, Read};

use encoding_rs::{Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::result::ZipError;

use super::child::Reason;

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
    // Of a diagram (SmartArt) the words stand in a part of their own.
    add(&mut package, &mut texts, &["diagramData", "footnotes", "endnotes"])?;
    add(&mut package, &mut texts, &["footer"])?;
    Ok(texts.join("\n"))
}

/// The parts, by names in lower case, with `/` and without one at the beginning.
enum Package<'a> {
    Whole {
        zip: ZipArchive<Cursor<&'a [u8]>>,
        places: HashMap<String, usize>,
    },
    /// Of a zip whose table of contents is damaged: what can still be read.
    Saved(HashMap<String, Vec<u8>>),
}

impl<'a> Package<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Reason> {
        let Ok(zip) = ZipArchive::new(Cursor::new(bytes)) else { return save(bytes) };
        if zip.len() > MAX_PARTS {
            return Err(Reason::TooLarge);
        }
        let name = |place| zip.name_for_index(place)?.ok().map(|name| (key(&name), place));
        let places = (0..zip.len()).filter_map(name).collect();
        Ok(Self::Whole { zip, places })
    }

    fn names(&self) -> Vec<&String> {
        match self {
            Self::Whole { places, .. } => places.keys().collect(),
            Self::Saved(parts) => parts.keys().collect(),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Whole { places, .. } => places.contains_key(&key(name)),
            Self::Saved(parts) => parts.contains_key(&key(name)),
        }
    }

    /// A part as text, decoded.
    fn read(&mut self, name: &str) -> Result<String, Reason> {
        match self {
            Self::Whole { zip, places } => {
                let place = *places.get(&key(name)).ok_or(Reason::Damaged)?;
                let part = zip.by_index(place).map_err(|error| reason(&error))?;
                unpack(part).map(|bytes| decode(&bytes))
            }
            Self::Saved(parts) => {
                parts.get(&key(name)).map(|bytes| decode(bytes)).ok_or(Reason::Damaged)
            }
        }
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
        let names = self.names();
        let begins = |folder: &str| names.iter().any(|name| name.starts_with(folder));
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

/// The parts of text one after the other as they lie in the file, each told by its own head.
fn save(bytes: &[u8]) -> Result<Package<'_>, Reason> {
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
    if parts.is_empty() { Err(Reason::Damaged) } else { Ok(Package::Saved(parts)) }
}

/// A part's bytes; of one that is damaged, those before the damage.
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const MAIN: &str =
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";

    fn package<T: AsRef<[u8]>>(parts: &[(&str, T)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes.as_ref()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn document(text: &str) -> String {
        format!("<w:document><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>")
    }

    fn relationships(of: &[(&str, &str)]) -> String {
        let one = |(kind, target): &(&str, &str)| {
            format!("<Relationship Id='r' Type='{OFFICE}/{kind}' Target='{target}'/>")
        };
        format!("<Relationships>{}</Relationships>", of.iter().map(one).collect::<String>())
    }

    #[test]
    fn the_main_part_is_the_one_that_the_package_names() {
        for target in ["word/document2.xml", "/word/document2.xml", "./word/../word/document2.xml"]
        {
            let bytes = package(&[
                ("_rels/.rels", relationships(&[("officeDocument", target)])),
                ("word/document.xml", document("Another")),
                ("word/document2.xml", document("Rust")),
            ]);
            assert_eq!(text(&bytes).unwrap(), "Rust\n", "{target}");
        }
    }

    #[test]
    fn without_relationships_the_content_types_tell_and_without_these_the_usual_name() {
        let types =
            format!("<Types><Override PartName='/w/main.xml' ContentType='{MAIN}'/></Types>");
        let bytes = package(&[("[Content_Types].xml", types), ("w/main.xml", document("Rust"))]);
        assert_eq!(text(&bytes).unwrap(), "Rust\n");
        assert_eq!(text(&package(&[("Word\\Document.xml", document("Go"))])).unwrap(), "Go\n");
    }

    #[test]
    fn headers_come_first_and_notes_and_footers_last_and_nothing_twice() {
        let part = |text: &str| format!("<x><p><t>{text}</t></p></x>");
        let related = relationships(&[
            ("footer", "footer1.xml"),
            ("header", "header1.xml"),
            ("header", "header2.xml"),
            ("footnotes", "footnotes.xml"),
            ("styles", "styles.xml"),
            ("header", "missing.xml"),
        ]);
        let parts = [
            ("word/document.xml", document("Body")),
            ("word/header1.xml", part("ada@example.org")),
            ("word/header2.xml", part("ada@example.org")),
            ("word/footer1.xml", part("Page")),
            ("word/footnotes.xml", part("Note")),
            ("word/styles.xml", part("Heading 1")),
        ];
        let with = [&parts[..], &[("word/_rels/document.xml.rels", related)]].concat();
        let expected = "ada@example.org\n\nBody\n\nNote\n\nPage\n";
        assert_eq!(text(&package(&with)).unwrap(), expected);
        assert_eq!(text(&package(&parts)).unwrap(), expected, "found by their names");
    }

    #[test]
    fn parts_are_read_in_the_encoding_they_have() {
        let utf16: Vec<u8> = format!("\u{feff}{}", document("Résumé"))
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let latin1 = [
            b"<?xml version=\"1.0\" encoding='ISO-8859-1'?><w:p><w:t>R".as_slice(),
            b"\xe9sum\xe9</w:t></w:p>",
        ]
        .concat();
        let false_claim =
            format!("<?xml version='1.0' encoding='UTF-16'?>{}", document("Résumé")).into_bytes();
        for part in [utf16, latin1, false_claim] {
            assert_eq!(text(&package(&[("word/document.xml", part)])).unwrap(), "Résumé\n");
        }
    }

    #[test]
    fn a_part_larger_than_any_text_is_refused() {
        let bomb = vec![b' '; usize::try_from(MAX_PART).unwrap() + 1];
        assert_eq!(text(&package(&[("word/document.xml", bomb)])), Err(Reason::TooLarge));
    }

    #[test]
    fn a_zip_of_too_many_parts_is_refused() {
        let names: Vec<String> = (0..=MAX_PARTS).map(|n| n.to_string()).collect();
        let parts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert_eq!(text(&package(&parts)), Err(Reason::TooLarge));
    }

    #[test]
    fn what_lies_before_the_damage_is_saved() {
        let whole = package(&[
            ("word/document.xml", document("Rust")),
            ("word/styles.xml", document("no")),
        ]);
        let cut = whole.windows(4).rposition(|it| it == b"PK\x03\x04").unwrap() + 40;
        assert_eq!(text(&whole[..cut]).unwrap(), "Rust\n");
    }

    #[test]
    fn other_zips_are_told_apart() {
        for (name, reason) in [
            ("xl/workbook.xml", Reason::Spreadsheet),
            ("ppt/presentation.xml", Reason::Slides),
            ("photos/1.jpg", Reason::Zip),
            ("[Content_Types].xml", Reason::Damaged),
        ] {
            assert_eq!(text(&package(&[(name, "")])), Err(reason));
        }
        assert_eq!(
            text(&package(&[("mimetype", ""), ("content.xml", "")])),
            Err(Reason::OpenDocument)
        );
        assert_eq!(text(b"PK\x03\x04 cut off"), Err(Reason::Damaged));
    }
}
