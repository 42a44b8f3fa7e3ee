//! Whole documents, built in memory.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::package::{MAX_PART, MAX_PARTS};
use super::text;
use crate::extract::outcome::Reason;

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
fn the_package_names_the_main_part() {
    for target in ["word/document2.xml", "/word/document2.xml", "./word/../word/document2.xml"] {
        let bytes = package(&[
            ("_rels/.rels", relationships(&[("officeDocument", target)])),
            ("word/document.xml", document("Another")),
            ("word/document2.xml", document("Rust")),
        ]);
        assert_eq!(text(&bytes).unwrap(), "Rust\n", "{target}");
    }
}

#[test]
fn the_main_part_is_found_by_content_type_or_by_its_usual_name() {
    let types = format!("<Types><Override PartName='/w/main.xml' ContentType='{MAIN}'/></Types>");
    let bytes = package(&[("[Content_Types].xml", types), ("w/main.xml", document("Rust"))]);
    assert_eq!(text(&bytes).unwrap(), "Rust\n");
    assert_eq!(text(&package(&[("Word\\Document.xml", document("Go"))])).unwrap(), "Go\n");
}

#[test]
fn headers_come_first_notes_and_footers_last_and_nothing_twice() {
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
fn parts_are_decoded_by_their_encoding() {
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
fn an_archive_of_too_many_parts_is_refused() {
    let names: Vec<String> = (0..=MAX_PARTS).map(|n| n.to_string()).collect();
    let parts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(text(&package(&parts)), Err(Reason::TooLarge));
}

#[test]
fn parts_before_the_damage_are_recovered() {
    let whole =
        package(&[("word/document.xml", document("Rust")), ("word/styles.xml", document("no"))]);
    let cut = whole.windows(4).rposition(|it| it == b"PK\x03\x04").unwrap() + 40;
    assert_eq!(text(&whole[..cut]).unwrap(), "Rust\n");
}

#[test]
fn other_archives_are_recognised() {
    for (name, reason) in [
        ("xl/workbook.xml", Reason::Spreadsheet),
        ("ppt/presentation.xml", Reason::Slides),
        ("photos/1.jpg", Reason::Zip),
        ("[Content_Types].xml", Reason::Damaged),
    ] {
        assert_eq!(text(&package(&[(name, "")])), Err(reason));
    }
    assert_eq!(text(&package(&[("mimetype", ""), ("content.xml", "")])), Err(Reason::OpenDocument));
    assert_eq!(text(b"PK\x03\x04 cut off"), Err(Reason::Damaged));
}
