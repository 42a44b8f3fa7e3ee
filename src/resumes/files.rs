//! Checks of an uploaded file before it is read: its name, and whether it can be a resume at all. Pure.

/// Characters of a file name that are kept.
const MAX_NAME: usize = 100;

/// The name of a file without a usable name.
const DEFAULT_NAME: &str = "resume";

/// Extensions of files that are not resumes, whatever their text.
const OTHER_KINDS: &[&str] = &[
    "exe", "dll", "com", "bat", "cmd", "msi", "scr", "js", "jar", "sh", "apk", "png", "jpg",
    "jpeg", "gif", "webp", "svg", "bmp", "tif", "tiff", "heic", "mp3", "mp4", "wav", "mov", "avi",
    "zip", "rar", "7z", "gz", "html", "htm", "xml", "json", "csv", "xls", "xlsx", "ppt", "pptx",
    "doc", "odt", "rtf",
];

/// The name that a browser sent, made safe to store and to print: no folders, no control or direction marks, one line,
/// limited length. The extension is kept, since it says what the file is.
pub fn clean_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().map(|c| if is_invisible(c) { ' ' } else { c }).collect();
    let folded = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = folded.trim_matches(['.', ' ']);
    if name.is_empty() {
        return DEFAULT_NAME.into();
    }
    let length = name.chars().count();
    if length <= MAX_NAME {
        return name.to_owned();
    }
    let tail = name.rfind('.').filter(|at| name.len() - at <= 10).map_or("", |at| &name[at..]);
    let head: String = name.chars().take(MAX_NAME - tail.chars().count() - 1).collect();
    format!("{head}…{tail}")
}

/// Control characters, and marks that are invisible or change the direction of the text after them.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a file can be a resume, by its first bytes or, if these look like text, by its extension. This only refuses
/// at upload what cannot be one; reading the file decides what it is.
pub fn may_be_resume(name: &str, bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1024)];
    let is_pdf = head.windows(5).any(|window| window == b"%PDF-");
    if is_pdf || bytes.starts_with(b"PK\x03\x04") {
        return true;
    }
    let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let controls =
        head.iter().filter(|byte| **byte < 32 && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x0c));
    if !utf16 && controls.count() > 0 {
        return false;
    }
    let end = name.rsplit_once('.').map(|(_, end)| end.to_lowercase()).unwrap_or_default();
    !OTHER_KINDS.contains(&end.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_made_safe_and_stays_recognisable() {
        for (sent, kept) in [
            ("Ada Lovelace – CV (2026).pdf", "Ada Lovelace – CV (2026).pdf"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\ada\cv.docx", "cv.docx"),
            ("evil\r\nSet-Cookie: a=b.pdf", "evil Set-Cookie: a=b.pdf"),
            ("gpj.\u{202e}fdp.exe", "gpj. fdp.exe"),
            ("<script>alert(1)</script>.pdf", "script>.pdf"),
            ("..", "resume"),
            ("", "resume"),
        ] {
            assert_eq!(clean_name(sent), kept);
        }
        let long = clean_name(&format!("{}.docx", "ü".repeat(500)));
        assert_eq!(long.chars().count(), MAX_NAME);
        assert!(long.ends_with("….docx"));
    }

    #[test]
    fn a_picture_or_a_program_is_refused_at_upload() {
        for (name, bytes) in [
            ("cv.pdf", &b"\x89PNG\r\n\x1a\n"[..]),
            ("cv.pdf", b"MZ\x90\0\x03"),
            ("cv.exe", b"plain words"),
            ("photo.png", b"plain words"),
        ] {
            assert!(!may_be_resume(name, bytes), "{name}");
        }
        for (name, bytes) in [
            ("cv", &b"Ada writes Rust"[..]),
            ("cv.v2.final", b"Ada"),
            ("cv.exe", b"%PDF-1.4"),
            ("cv.zip", b"PK\x03\x04"),
            ("cv.txt", b"\xff\xfeA\0d\0a\0"),
            ("cv.txt", "Zoë\r\n\tRust".as_bytes()),
        ] {
            assert!(may_be_resume(name, bytes), "{name}");
        }
    }
}
