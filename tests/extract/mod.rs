//! Resumes through the real binary: its child processes, their limits, and the command line.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use muster::extract::{ExtractError, Extracted, Reader};
use muster::model::resume::Format;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const MUSTER: &str = env!("CARGO_BIN_EXE_muster");

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/resumes").join(name)
}

/// A long limit for slow machines; tests about time set their own.
fn reader() -> Reader {
    Reader::new(MUSTER.into()).with_time_limit(Duration::from_mins(2))
}

async fn read(name: &str) -> Result<Extracted, ExtractError> {
    reader().read(std::fs::read(fixture(name)).unwrap()).await
}

fn word(part: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    zip.write_all(part).unwrap();
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_resume_has_the_same_text_in_every_format() {
    for (name, format) in [
        ("plain.pdf", Format::Pdf),
        ("chromium.pdf", Format::Pdf),
        ("no-printing.pdf", Format::Pdf),
        ("word.docx", Format::Docx),
        ("plain.txt", Format::Txt),
    ] {
        let read = read(name).await.unwrap();
        assert_eq!(read.format, format, "{name}");
        for part in [
            "Noor Example",
            "noor.example@example.org",
            "Rust, PostgreSQL, Kubernetes and C++",
            "Wrote the payment service of a small bakery.",
        ] {
            assert!(read.text.contains(part), "{name} lacks {part:?}: {:?}", read.text);
        }
    }
}

#[tokio::test]
async fn a_heading_with_wide_letter_spacing_is_read_as_a_word() {
    assert!(read("chromium.pdf").await.unwrap().text.contains("\nEXPERIENCE\n"));
}

#[tokio::test]
async fn a_locked_pdf_asks_for_a_copy_without_a_password() {
    assert_eq!(
        read("locked.pdf").await.unwrap_err().to_string(),
        "This PDF is locked with a password. Save a copy without a password and upload that."
    );
}

#[tokio::test]
async fn a_scan_is_a_picture() {
    assert!(matches!(read("scan.pdf").await, Err(ExtractError::PdfPicture)));
}

#[tokio::test]
async fn a_pdf_cut_short_is_damaged() {
    assert!(matches!(reader().read(b"%PDF-1.7\n".to_vec()).await, Err(ExtractError::PdfDamaged)));
}

#[tokio::test]
async fn a_pdf_that_takes_too_long_is_refused_and_the_next_file_is_read() {
    let reader = Reader::new(MUSTER.into()).with_time_limit(Duration::from_millis(300));
    let bomb = std::fs::read(fixture("bomb.pdf")).unwrap();
    assert!(matches!(reader.read(bomb).await, Err(ExtractError::PdfTooLong)));

    let reader = reader.with_time_limit(Duration::from_mins(2));
    let next = reader.read(std::fs::read(fixture("plain.pdf")).unwrap()).await;
    assert!(next.unwrap().text.contains("Noor Example"));
}

#[tokio::test]
async fn a_word_document_that_unpacks_to_too_many_bytes_is_too_large() {
    let bomb = word(&vec![b' '; 25 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(reader().read(bomb).await, Err(ExtractError::WordTooLarge)));
}

#[tokio::test]
async fn a_word_document_without_words_says_so() {
    let empty = word(b"<w:document/>");
    assert!(matches!(reader().read(empty).await, Err(ExtractError::WordNoText)));
}

#[tokio::test]
async fn many_files_at_once_are_all_read() {
    let reader = reader();
    let bytes = std::fs::read(fixture("plain.pdf")).unwrap();
    let reads: Vec<_> = (0..12)
        .map(|_| {
            let (reader, bytes) = (reader.clone(), bytes.clone());
            tokio::spawn(async move { reader.read(bytes).await })
        })
        .collect();
    for read in reads {
        assert!(read.await.unwrap().unwrap().text.contains("Noor Example"));
    }
}

#[tokio::test]
async fn a_missing_program_is_a_temporary_error_and_not_the_files_fault() {
    let reader = Reader::new(fixture("no-such-program"));
    for name in ["plain.pdf", "word.docx"] {
        let error = reader.read(std::fs::read(fixture(name)).unwrap()).await.unwrap_err();
        assert!(error.is_temporary(), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_child_is_limited() {
    let protections = reader().protections().await.unwrap();
    assert!(protections.memory_and_cpu, "{protections}");
    assert!(protections.no_descriptors, "{protections}");
}

fn muster(arguments: &[&str]) -> Output {
    Command::new(MUSTER).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn extract_prints_the_text_and_nothing_else() {
    let output = muster(&["extract", fixture("plain.txt").to_str().unwrap()]);
    assert!(output.status.success());
    assert_eq!(output.stdout, std::fs::read(fixture("plain.txt")).unwrap());
    assert!(output.stderr.is_empty());
}

#[test]
fn a_file_that_cannot_be_read_gives_one_line_on_stderr_and_exit_code_1() {
    for name in ["locked.pdf", "missing.pdf"] {
        let output = muster(&["extract", fixture(name).to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(output.stdout.is_empty(), "{name}");
        assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 1, "{name}");
    }
}

#[test]
fn wrong_usage_gives_exit_code_2() {
    for arguments in [&["extract"][..], &["extarct", "x"], &["extract", "a", "b"], &["--no-such"]] {
        assert_eq!(muster(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn the_child_refuses_unknown_engines() {
    assert_eq!(muster(&["read-one-file", "no-such-engine"]).status.code(), Some(2));
    assert_eq!(muster(&["read-one-file"]).status.code(), Some(2));
}
