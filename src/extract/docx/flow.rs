//! The text of one part of a Word document, in reading order. Pure; it runs in the child.
//!
//! Elements are recognised by their local names, whatever their prefix and the edition of the standard. Nothing
//! recurses, so nesting needs no stack; entities other than XML's own five are never resolved.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

/// Elements whose content is skipped: properties, deletions, fallbacks for older programs, field codes, and
/// pronunciation.
const SKIPPED: [&str; 18] = [
    "pPr",
    "rPr",
    "tblPr",
    "tblGrid",
    "trPr",
    "tcPr",
    "sectPr",
    "sdtPr",
    "sdtEndPr",
    "del",
    "moveFrom",
    "Fallback",
    "instrText",
    "delText",
    "delInstrText",
    "fldData",
    "binData",
    "rt",
];

/// The text of a part; of a truncated one, the text up to there.
pub fn text(xml: &str) -> String {
    let mut reader = Reader::from_str(xml);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;

    let mut flow = Flow::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => flow.start(&tag),
            Ok(Event::Empty(tag)) => flow.empty(&tag),
            Ok(Event::End(tag)) => flow.end(tag.local_name().as_ref()),
            Ok(Event::Text(text)) => flow.push(&text.into_inner()),
            Ok(Event::CData(text)) => flow.push(&text.into_inner()),
            Ok(Event::GeneralRef(entity)) => {
                if let Ok(Some(c)) = entity.resolve_char_ref() {
                    flow.push(c.encode_utf8(&mut [0; 4]));
                } else if let Some(text) = resolve_xml_entity(&entity) {
                    flow.push(text);
                }
            }
            Ok(Event::Eof) | Err(_) => return flow.finish(),
            Ok(_) => {}
        }
    }
}

#[derive(Default)]
struct Flow {
    /// What was read: the part's own text, on top of it the text of a text box in it, then of a box in that box.
    layers: Vec<Layer>,
    /// How deep inside an element whose content is skipped; 0: outside.
    skipping: usize,
    /// How deep inside elements that contain text.
    in_text: usize,
    /// For each enclosing `AlternateContent`: whether one of its choices has been read.
    alternatives: Vec<bool>,
}

#[derive(Default)]
struct Layer {
    text: String,
    /// Text boxes anchored in the current paragraph: they follow it.
    boxes: String,
    /// Open paragraphs; they are nested only in tables within boxes.
    paragraphs: usize,
}

impl Flow {
    fn layer(&mut self) -> &mut Layer {
        if self.layers.is_empty() {
            self.layers.push(Layer::default());
        }
        let last = self.layers.len() - 1;
        &mut self.layers[last]
    }

    fn push(&mut self, text: &str) {
        if self.in_text > 0 && self.skipping == 0 {
            self.layer().text.push_str(text);
        }
    }

    fn start(&mut self, tag: &BytesStart) {
        let name = tag.local_name();
        let name = name.as_ref();
        if self.skipping > 0 {
            self.skipping += 1;
            return;
        }
        if SKIPPED.contains(&name) {
            self.skipping = 1;
            return;
        }
        match name {
            "t" => self.in_text += 1,
            "AlternateContent" => self.alternatives.push(false),
            "Choice" => match self.alternatives.last_mut() {
                Some(read @ false) => *read = true,
                Some(true) => self.skipping = 1,
                None => {}
            },
            "txbxContent" => {
                self.layer();
                self.layers.push(Layer::default());
            }
            "p" => self.layer().paragraphs += 1,
            _ => self.character(name),
        }
    }

    fn empty(&mut self, tag: &BytesStart) {
        if self.skipping == 0 {
            match tag.local_name().as_ref() {
                // An empty paragraph.
                "p" => self.layer().text.push('\n'),
                name => self.character(name),
            }
        }
    }

    /// Adds the character that an element represents.
    fn character(&mut self, name: &str) {
        let character = match name {
            "tab" | "ptab" => '\t',
            "br" | "cr" => '\n',
            "noBreakHyphen" => '-',
            "sym" => ' ',
            _ => return,
        };
        self.layer().text.push(character);
    }

    fn end(&mut self, name: &str) {
        if self.skipping > 0 {
            self.skipping -= 1;
            return;
        }
        match name {
            "t" => self.in_text = self.in_text.saturating_sub(1),
            "AlternateContent" => drop(self.alternatives.pop()),
            "txbxContent" if self.layers.len() > 1 => self.close_box(),
            "p" => {
                let layer = self.layer();
                layer.paragraphs = layer.paragraphs.saturating_sub(1);
                layer.text.push('\n');
                layer.text.push_str(&std::mem::take(&mut layer.boxes));
            }
            "tc" => self.replace_line_end('\t'),
            "tr" => self.replace_line_end('\n'),
            _ => {}
        }
    }

    fn close_box(&mut self) {
        let Some(layer) = self.layers.pop() else { return };
        let text = layer.text + &layer.boxes;
        let outer = self.layer();
        if outer.paragraphs > 0 {
            outer.boxes.push_str(&text);
        } else {
            outer.text.push_str(&text);
        }
    }

    /// Ends the last paragraph of a cell with a tab, and the last cell of a row with a line break.
    fn replace_line_end(&mut self, end: char) {
        let text = &mut self.layer().text;
        if text.ends_with(['\n', '\t']) {
            text.pop();
        }
        text.push(end);
    }

    fn finish(mut self) -> String {
        while self.layers.len() > 1 {
            self.close_box();
        }
        let layer = self.layers.pop().unwrap_or_default();
        layer.text + &layer.boxes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_lines_and_runs_are_not() {
        assert_eq!(
            text(
                "<w:p><w:r><w:t>Ru</w:t></w:r><w:r><w:t xml:space='preserve'>st </w:t></w:r></w:p><w:p/><w:p><w:r><w:t>Go</w:t></w:r></w:p>"
            ),
            "Rust \n\nGo\n"
        );
    }

    #[test]
    fn tabs_and_breaks_are_read_in_text_but_not_in_properties() {
        assert_eq!(
            text(
                "<p><pPr><tabs><tab val='left'/></tabs></pPr><r><t>Rust</t><tab/><t>Go</t><br/><t>on</t><noBreakHyphen/><t>call</t></r></p>"
            ),
            "Rust\tGo\non-call\n"
        );
    }

    #[test]
    fn cells_are_separated_by_tabs_and_rows_by_line_breaks() {
        assert_eq!(
            text(
                "<tbl><tr><tc><p><t>Rust</t></p></tc><tc><p><t>five years</t></p></tc></tr><tr><tc><p><t>Go</t></p></tc></tr></tbl>"
            ),
            "Rust\tfive years\nGo\n"
        );
    }

    #[test]
    fn a_text_box_follows_its_paragraph_and_is_read_once() {
        let shape = "<txbxContent><p><r><t>Box</t></r></p></txbxContent>";
        let xml = format!(
            "<p><r><t>Before </t></r><r><AlternateContent><Choice Requires='wps'>{shape}</Choice><Choice Requires='x'>{shape}</Choice><Fallback>{shape}</Fallback></AlternateContent></r><r><t>after</t></r></p>"
        );
        assert_eq!(text(&xml), "Before after\nBox\n");
    }

    #[test]
    fn tracked_insertions_are_read_and_deletions_are_not() {
        assert_eq!(
            text(
                "<p><ins><r><t>Rust</t></r></ins><del><r><delText>COBOL</delText></r></del><moveFrom><r><t>Gone</t></r></moveFrom></p>"
            ),
            "Rust\n"
        );
    }

    #[test]
    fn field_codes_and_pronunciation_are_not_text() {
        assert_eq!(
            text(
                "<p><r><instrText> HYPERLINK </instrText></r><r><t>here</t></r><ruby><rt><r><t>かんじ</t></r></rt><rubyBase><r><t>漢字</t></r></rubyBase></ruby></p>"
            ),
            "here漢字\n"
        );
    }

    #[test]
    fn entities_of_the_file_are_never_resolved() {
        assert_eq!(
            text(
                "<!DOCTYPE a [<!ENTITY x 'Rust'><!ENTITY y SYSTEM 'file:///etc/passwd'>]><p><t>&x;&y;C&#43;&#x2B; &amp; &lt;D&gt;</t></p>"
            ),
            "C++ & <D>\n"
        );
    }

    #[test]
    fn a_truncated_part_gives_the_text_up_to_there() {
        assert_eq!(text("<p><r><t>Rust</t></r></p><p><r><t>Go</t></r></w"), "Rust\nGo");
        assert_eq!(text("<p><txbxContent><p><t>Box</t></p"), "Box");
        assert_eq!(text("</p></t></txbxContent></AlternateContent>"), "\n");
    }

    #[test]
    fn nesting_needs_no_stack() {
        let deep = 200_000;
        assert_eq!(text(&format!("{}<t>deep</t>", "<txbxContent><p>".repeat(deep))), "deep");
    }
}
