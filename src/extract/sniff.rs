//! Recognises a file by its first bytes. Pure and not a parser, so it runs in the server's own process.

use super::error::ExtractError;
use super::outcome::MAX_BYTES;
use super::txt;

/// The header of a PDF may follow some junk.
const PDF_HEADER_WITHIN: usize = 1024;

/// A file that may be a resume.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pdf,
    /// A ZIP archive; the child finds out whether it is a Word document.
    Word,
    Text(String),
}

/// What the bytes are, or why they cannot be a resume.
pub(super) fn sniff(bytes: &[u8]) -> Result<Kind, ExtractError> {
    if bytes.len() > MAX_BYTES {
        return Err(ExtractError::TooLarge);
    }
    if bytes.trim_ascii().is_empty() {
        return Err(ExtractError::Empty);
    }
    if contains(&bytes[..bytes.len().min(PDF_HEADER_WITHIN)], b"%PDF-") {
        return Ok(Kind::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(Kind::Word);
    }
    if bytes.starts_with(b"PK\x05\x06") {
        return Err(ExtractError::Other("an empty ZIP archive"));
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Err(compound(bytes));
    }
    if is_image(bytes) {
        return Err(ExtractError::Image);
    }
    if bytes.starts_with(br"{\rtf") {
        return Err(ExtractError::Other("an RTF file"));
    }
    let text = txt::decode(bytes).ok_or(ExtractError::Unknown)?;
    let start: String = text.trim_start().chars().take(14).collect::<String>().to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return Err(ExtractError::Other("a web page"));
    }
    if start.starts_with("<?xml") {
        return Err(ExtractError::Unknown);
    }
    Ok(Kind::Text(text))
}

/// The container format of Office before 2007, also used for newer documents that are locked. The names of its
/// streams are UTF-16.
fn compound(bytes: &[u8]) -> ExtractError {
    let has = |name: &str| {
        contains(bytes, &name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
    };
    if has("EncryptedPackage") {
        ExtractError::WordLocked
    } else if has("WordDocument") {
        ExtractError::OldWord
    } else {
        ExtractError::Unknown
    }
}

/// PNG, JPEG, GIF, TIFF, BMP, WebP, HEIC, AVIF.
fn is_image(bytes: &[u8]) -> bool {
    const HEADS: [&[u8]; 6] =
        [b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*"];
    HEADS.iter().any(|head| bytes.starts_with(head))
        || (bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]))
        || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"))
        || (bytes.get(4..8) == Some(b"ftyp")
            && matches!(bytes.get(8..12), Some(b"heic" | b"heix" | b"mif1" | b"avif")))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        sniff(bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_pdf_is_recognised_by_its_header_even_after_junk() {
        assert_eq!(sniff(b"%PDF-1.7\n").unwrap(), Kind::Pdf);
        assert_eq!(sniff(b"\r\n\0junk %PDF-1.4").unwrap(), Kind::Pdf);
    }

    #[test]
    fn a_zip_may_be_a_word_document() {
        assert_eq!(sniff(b"PK\x03\x04....").unwrap(), Kind::Word);
    }

    #[test]
    fn plain_text_is_decoded_at_once() {
        assert_eq!(sniff(b"Ada writes Rust").unwrap(), Kind::Text("Ada writes Rust".into()));
    }

    #[test]
    fn every_other_kind_gets_a_message_that_says_what_it_is_and_what_to_do() {
        let old_word: Vec<u8> =
            [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], b"W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t\0"]
                .concat();
        let locked: Vec<u8> = [
            &b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..],
            b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0",
        ]
        .concat();
        for (bytes, part) in [
            (&b""[..], "is empty"),
            (b" \n\t", "is empty"),
            (&old_word, "old format (.doc)"),
            (&locked, "locked with a password"),
            (b"{\\rtf1\\ansi Ada}", "an RTF file"),
            (b"\x89PNG\r\n\x1a\n", "is a picture"),
            (b"\xff\xd8\xff\xe0", "is a picture"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "is a picture"),
            (b"\0\0\0\x18ftypheic", "is a picture"),
            (b"  <!DOCTYPE html><p>Ada", "a web page"),
            (b"<HTML><p>Ada", "a web page"),
            (b"<?xml version='1.0'?><a/>", "not a PDF, a Word document"),
            (b"MZ\x90\0\x03\0\0\0", "not a PDF, a Word document"),
            (b"\x1f\x8b\x08\0\0\0\0\0", "not a PDF, a Word document"),
        ] {
            let message = refused(bytes);
            assert!(message.contains(part), "{bytes:?}: {message}");
            assert!(message.to_lowercase().contains("upload"), "{message}");
        }
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let mut large = b"%PDF-1.7".to_vec();
        large.resize(MAX_BYTES, b' ');
        assert_eq!(sniff(&large).unwrap(), Kind::Pdf);
        large.push(b' ');
        assert!(refused(&large).contains("larger than 16 MiB"));
    }
}
