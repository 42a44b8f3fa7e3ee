//! Three engines that read PDFs. Each is right where another is wrong, and some file can crash each: they run only in
//! the child, and only through the three functions here.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use unpdf::{ErrorMode, PageSelection, PageStreamOptions, ParseEvent, PdfParser};

use super::outcome::Reason;

/// After this long an engine starts no further page, so that it answers with what it has before it is killed.
const PAGES_TIME: Duration = Duration::from_secs(4);

/// Between two pages.
const PAGE_BREAK: &str = "\n\n";

/// pdf-extract: the best order and precision; panics on some readable files.
pub(super) fn pdf_extract(bytes: &[u8]) -> Result<String, Reason> {
    use pdf_extract::{Document, PlainTextOutput, output_doc_page};

    let start = Instant::now();
    let mut document = Document::load_mem(bytes).map_err(|error| pdf_extract_reason(&error))?;
    if document.is_encrypted() {
        document.decrypt("").map_err(|error| pdf_extract_reason(&error))?;
    }
    let mut text = String::new();
    let mut failed = None;
    for page in document.get_pages().into_keys() {
        if start.elapsed() > PAGES_TIME {
            break;
        }
        let mut page_text = String::new();
        // A page that makes it panic is skipped; the others are still used.
        let done = catch_unwind(AssertUnwindSafe(|| {
            output_doc_page(&document, &mut PlainTextOutput::new(&mut page_text), page)
        }));
        if !matches!(done, Ok(Ok(()))) {
            failed = Some(Reason::Damaged);
        }
        text.push_str(&page_text);
        text.push_str(PAGE_BREAK);
    }
    text_or_reason(text, failed)
}

fn pdf_extract_reason(error: &pdf_extract::Error) -> Reason {
    use pdf_extract::Error;
    match error {
        Error::Decryption(_) | Error::InvalidPassword => Reason::Locked,
        _ => Reason::Damaged,
    }
}

/// `pdf_oxide`: finds the most words.
pub(super) fn pdf_oxide(bytes: Vec<u8>) -> Result<String, Reason> {
    use pdf_oxide::{Error, PdfDocument};

    let start = Instant::now();
    let reason = |error: &Error| match error {
        Error::EncryptedPdf => Reason::Locked,
        _ => Reason::Damaged,
    };
    let document = PdfDocument::from_bytes(bytes).map_err(|error| reason(&error))?;
    if document.is_encrypted() && !document.is_authenticated() {
        return Err(Reason::Locked);
    }
    let mut text = String::new();
    let mut failed = None;
    for page in 0..document.page_count().map_err(|error| reason(&error))? {
        if start.elapsed() > PAGES_TIME {
            break;
        }
        match document.extract_text(page) {
            Ok(page_text) => text.push_str(&page_text),
            Err(error) => failed = Some(reason(&error)),
        }
        text.push_str(PAGE_BREAK);
    }
    text_or_reason(text, failed)
}

/// unpdf: nearly as good as `pdf_oxide`, and wrong in other places.
pub(super) fn unpdf(bytes: &[u8]) -> Result<String, Reason> {
    let start = Instant::now();
    let reason = |error: &unpdf::Error| match error {
        unpdf::Error::Encrypted | unpdf::Error::InvalidPassword => Reason::Locked,
        _ => Reason::Damaged,
    };
    let parser = PdfParser::from_bytes(bytes).map_err(|error| reason(&error))?;
    // Every field is set: the defaults start a thread pool.
    let options = PageStreamOptions {
        error_mode: ErrorMode::Lenient,
        extract_text: true,
        extract_resources: false,
        min_image_dimension: 64,
        pages: PageSelection::All,
        password: None,
        parallel: false,
        suppress_low_confidence_ocr: true,
        window_size: 1,
        emit_progress_every: u32::MAX,
    };
    let mut text = String::new();
    let mut failed = None;
    let done = parser.for_each_page(options, |event| {
        match event {
            ParseEvent::PageParsed(page) => {
                text.push_str(&page.plain_text());
                text.push_str(PAGE_BREAK);
            }
            ParseEvent::PageFailed { error, .. } => failed = Some(reason(&error)),
            _ => {}
        }
        if start.elapsed() > PAGES_TIME {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    if let Err(error) = done {
        failed = Some(reason(&error));
    }
    text_or_reason(text, failed)
}

/// Pages that were read count, even if others failed.
fn text_or_reason(text: String, failed: Option<Reason>) -> Result<String, Reason> {
    match failed {
        Some(reason) if text.trim().is_empty() => Err(reason),
        Some(_) | None => Ok(text),
    }
}

/// Whether the file contains a picture. Pictures are streams, and the dictionary of a stream is never compressed or
/// encrypted, so searching for its key is enough.
pub(super) fn contains_image(bytes: &[u8]) -> bool {
    const SUBTYPE: &[u8] = b"/Subtype";
    bytes.windows(SUBTYPE.len()).enumerate().any(|(at, word)| {
        word == SUBTYPE && bytes[at + SUBTYPE.len()..].trim_ascii_start().starts_with(b"/Image")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_found_however_its_dictionary_is_spaced() {
        assert!(contains_image(b"<< /Type /XObject /Subtype /Image /Width 1 >>"));
        assert!(contains_image(b"<</Width 1/Subtype\r\n/Image>>"));
        assert!(!contains_image(b"<< /Subtype /Form >> /Image"));
        assert!(!contains_image(b"/Subtype"));
    }
}
