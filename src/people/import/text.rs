//! The text of an imported file: its encoding, its separator, its lines.

use super::error::TableError;

/// The file as text.
pub(super) fn decode(bytes: &[u8]) -> Result<String, TableError> {
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

/// The separator that occurs most often in the first line, outside quotes.
pub(super) fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in header.bytes() {
        quoted ^= byte == b'"';
        for (separator, count) in &mut counts {
            *count += usize::from(!quoted && byte == *separator);
        }
    }
    // The comma wins a draw: it is the first, and `max_by_key` would take the last.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

/// Counts the line on which a row begins. The count of `csv` does not include the line feed that ends the row above,
/// nor empty lines.
pub(super) struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, byte: 0, line: 1 }
    }

    /// Positions must be asked for in the order of the file.
    #[expect(clippy::naive_bytecount, reason = "a file is read once")]
    pub(super) fn at(&mut self, position: Option<&csv::Position>) -> u64 {
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
