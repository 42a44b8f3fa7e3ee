//! Decodes plain text of unknown encoding. Pure and not a parser, so it may run in any process.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The text of bytes that look like text: UTF-8, UTF-16, else Windows-1252.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, mark),
        None if let Some(encoding) = unmarked_utf16(bytes) => (encoding, 0),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, 0),
        None => (WINDOWS_1252, 0),
    };
    let (text, broken) = encoding.decode_without_bom_handling(&bytes[mark..]);
    // A file that declares its encoding may contain a few broken letters.
    let acceptable = mark > 0 || !broken;
    (acceptable && looks_like_text(&text)).then(|| text.into_owned())
}

/// UTF-16 of mostly Latin letters has a zero in every second byte.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |offset| start.iter().skip(offset).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), start.len() / 4);
    match (even, odd) {
        (0, odd) if odd > half => Some(UTF_16LE),
        (even, 0) if even > half => Some(UTF_16BE),
        _ => None,
    }
}

/// No control characters except line and page breaks, hardly any broken letters, and mostly letters.
fn looks_like_text(text: &str) -> bool {
    let (mut all, mut strange, mut plain) = (0_usize, 0_usize, 0_usize);
    for c in text.chars() {
        all += 1;
        match c {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' => plain += 1,
            '\0' => return false,
            '\u{fffd}' => strange += 1,
            c if c.is_control() => strange += 1,
            c if c.is_alphanumeric() || c.is_whitespace() => plain += 1,
            _ => {}
        }
    }
    strange * 100 <= all && plain * 2 >= all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn a_text_is_the_same_in_every_encoding() {
        let text = "Éloïse writes Rust";
        let decoded = |bytes: &[u8]| decode(bytes).unwrap();
        assert_eq!(decoded(text.as_bytes()), text);
        assert_eq!(decoded(format!("\u{feff}{text}").as_bytes()), text);
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            assert_eq!(decoded(&utf16(text, to_bytes)), text);
            assert_eq!(decoded(&utf16(&format!("\u{feff}{text}"), to_bytes)), text);
        }
        assert_eq!(decoded(b"\xc9lo\xefse writes Rust"), text);
        assert_eq!(decoded(b"5 \x80 \x96 \x93fair\x94"), "5 € – “fair”");
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        for bytes in [
            &b"\x7fELF\x02\x01\x01\0\0\0"[..],
            b"\x01\x02\x03\x04\x05",
            b"ab\0cd",
            b"\xff\xfe\xfd\x81\x8d",
        ] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
