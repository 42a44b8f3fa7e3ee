//! Three engines that read PDFs. Each is right where another is wrong, and each can be broken by some file: they are
//! called only in the child, and only through the three functions here.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use unpdf::{ErrorMode, PageSelection, PageStreamOptions, ParseEvent, PdfParser};

use super::child::Reason;

/// An engine begins no further page after this long, so that it answers with what it has before its time is over.
const PAGES_TIME: Duration = Duration::from_secs(4);

/// Between two pages.
const PAGE_BREAK: &str = "\n\n";

/// pdf-extract: the best order and precision; panics on some readable files.
pub fn pdf_extract(bytes: &[u8]) -> Result<String, Reason> {
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
        // A page that makes it panic is left out; the others still count.
        let done = catch_unwind(AssertUnwindSafe(|| {
            output_doc_page(&document, &mut PlainTextOutput::new(&mut page_text), page)
        }));
        if !matches!(done, Ok(Ok(()))) {
            failed = Some(Reason::Damaged);
        }
        text.push_str(&page_text);
        text.push_str(PAGE_BREAK);
    }
    match failed {
        Some(reason) if text.trim().is_empty() => Err(reason),
        _ => Ok(text),
    }
}

fn pdf_extract_reason(error: &pdf_extract::Error) -> Reason {
    use pdf_extract::Error;
    match error {
        Error::Decryption(_) | Error::InvalidPassword => Reason::Locked,
        _ => Reason::Damaged,
    }
}

/// `pdf_oxide`: finds the most words.
pub fn pdf_oxide(bytes: Vec<u8>) -> Result<String, Reason> {
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
    match failed {
        Some(reason) if text.trim().is_empty() => Err(reason),
        _ => Ok(text),
    }
}

/// unpdf: close to `pdf_oxide`, and wrong in other places.
pub fn unpdf(bytes: &[u8]) -> Result<String, Reason> {
    let start = Instant::now();
    let reason = |error: &unpdf::Error| match error {
        unpdf::Error::Encrypted | unpdf::Error::InvalidPassword => Reason::Locked,
        _ => Reason::Damaged,
    };
    let parser = PdfParser::from_bytes(bytes).map_err(|error| reason(&error))?;
    // All named: its defaults start a pool of threads.
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
    match failed {
        Some(reason) if text.trim().is_empty() => Err(reason),
        _ => Ok(text),
    }
}

/// Whether a picture is in the file. Pictures are streams, and the dictionary of a stream always stands in the file
/// uncompressed and unencrypted, so that looking for the words is enough.
pub fn holds_image(bytes: &[u8]) -> bool {
    const SUBTYPE: &[u8] = b"/Subtype";
    bytes.windows(SUBTYPE.len()).enumerate().any(|(at, word)| {
        word == SUBTYPE && bytes[at + SUBTYPE.len()..].trim_ascii_start().starts_with(b"/Image")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_seen_however_its_dictionary_is_spaced() {
        assert!(holds_image(b"<< /Type /XObject /Subtype /Image /Width 1 >>"));
        assert!(holds_image(b"<</Width 1/Subtype\r\n/Image>>"));
        assert!(!holds_image(b"<< /Subtype /Form >> /Image"));
        assert!(!holds_image(b"/Subtype"));
    }
}
