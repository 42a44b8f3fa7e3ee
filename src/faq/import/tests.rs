use proptest::prelude::*;

use super::*;
use crate::model::{EntryId, Millis};
use crate::store::faq::Entry;

fn entry(text: &EntryText) -> Entry {
    Entry {
        id: EntryId(1),
        section: text.section.clone(),
        question: text.question.clone(),
        answer: text.answer.clone(),
        source: text.source.clone(),
        position: 1,
        off_at: None,
        updated_at: Millis(0),
    }
}

fn text(section: &str, question: &str, answer: &str) -> EntryText {
    EntryText {
        section: section.into(),
        question: question.into(),
        answer: answer.into(),
        source: String::new(),
    }
}

#[test]
fn blocks_of_questions_and_answers_are_read() {
    let parsed = read(
        "Q: When does it\nstart?\nA: At 9.\n\nBe there at 8.\n\nSection: Food\n**Q2:** Lunch?\nAnswer: Yes.\nSource: https://food.example/menu\n",
    );
    assert_eq!(parsed.bad, []);
    let mut lunch = text("Food", "Lunch?", "Yes.");
    lunch.source = "https://food.example/menu".into();
    assert_eq!(parsed.entries, [text("", "When does it start?", "At 9.\n\nBe there at 8."), lunch]);
}

#[test]
fn markdown_headings_are_questions_and_those_above_them_sections() {
    let parsed = read(
        "# FAQ of the hackathon\n\n## Place\n### Where is it?\nAt the *harbour*.\n#### By tram\nLine 4.\n### Parking?\nNo.\n## Food\n### Lunch?\nYes.\n",
    );
    assert_eq!(parsed.bad, []);
    assert_eq!(
        parsed.entries,
        [
            text("Place", "Where is it?", "At the *harbour*.\n#### By tram\nLine 4."),
            text("Place", "Parking?", "No."),
            text("Food", "Lunch?", "Yes."),
        ]
    );
    let flat = read("# When?\nAt 9.\n# Where?\nHere.");
    assert_eq!(flat.entries, [text("", "When?", "At 9."), text("", "Where?", "Here.")]);
}

#[test]
fn headings_in_code_stay_in_the_answer() {
    let setup = "Run:\n\n```sh\n# install\nQ: is a variable\n```\n\n    # indented";
    let file = format!("## How do I set it up?\n{setup}\n\n## And then?\n~~~\n## nothing\n~~~\n");
    let parsed = read(&file);
    assert_eq!(parsed.bad, []);
    assert_eq!(
        parsed.entries,
        [text("", "How do I set it up?", setup), text("", "And then?", "~~~\n## nothing\n~~~")]
    );
    let blocks = read("Q: How?\nA: ```\n# a\nQ: b\n```\nQ: And?\nA: So.");
    assert_eq!(blocks.bad, []);
    assert_eq!(blocks.entries, [text("", "How?", "```\n# a\nQ: b\n```"), text("", "And?", "So.")]);
}

#[test]
fn underlined_headings_other_line_ends_and_byte_order_marks_are_read() {
    let file = "\u{feff}FAQ\r\n===\r\n\r\nWhen?\r\n---\r\nAt 9.\r\n\r\nWhere?\r\n-----\r\nHere,\r\nor there.\r\n";
    for file in [file.to_owned(), file.replace("\r\n", "\r"), file.replace("\r\n", "\n")] {
        let parsed = read(&file);
        assert_eq!(parsed.bad, []);
        assert_eq!(
            parsed.entries,
            [text("", "When?", "At 9."), text("", "Where?", "Here,\nor there.")]
        );
    }
    let marked = read("\u{feff}# When?\r\nAt 9.\r\n");
    assert_eq!(marked.entries, [text("", "When?", "At 9.")]);
}

#[test]
fn the_next_heading_above_is_the_section() {
    let parsed = read(
        "# Everything\n## Travel\n### By rail\n#### Which train?\nThe red one.\n##### At night\nNone.\n#### Which stop?\nThe last.\n## Food\n#### Lunch?\nYes.\n",
    );
    assert_eq!(parsed.bad, []);
    assert_eq!(
        parsed.entries,
        [
            text("By rail", "Which train?", "The red one.\n##### At night\nNone."),
            text("By rail", "Which stop?", "The last."),
            text("Food", "Lunch?", "Yes."),
        ]
    );
}

#[test]
fn unreadable_parts_are_reported_with_their_lines() {
    let bad = |file: &str| -> Vec<(usize, String)> {
        read(file).bad.into_iter().map(|bad| (bad.line, bad.problem)).collect()
    };
    let is = |line: usize, problem: &str| (line, problem.to_owned());
    assert_eq!(bad("Hello\nthere\n\nQ: a?\nA: b"), [is(1, "text outside of any question")]);
    assert_eq!(bad("Q: a?\nQ: b?\nA: c"), [is(1, "a question without an answer")]);
    assert_eq!(bad("A: c\nQ: b?\nA: c"), [is(1, "an A: without a Q: before it")]);
    assert_eq!(bad("Q: b?\nA: c\nA: d"), [is(3, "a second A: for the same question")]);
    assert_eq!(bad("Q: B?\nA: c\n\nQ: b\nA: d"), [is(4, "the same question as in line 1")]);
    assert_eq!(bad("Q: b?\nA: c\nSource: javascript:x").len(), 1);
    assert_eq!(bad("Just words.").len(), 1);
    assert_eq!(bad("\n \n"), []);
}

fn any_entry() -> impl Strategy<Value = EntryText> {
    let piece = prop_oneof![
        "[ -~]{0,12}",
        Just("Q: not a question".to_owned()),
        Just("\\A: slashed".to_owned()),
        Just("## heading".to_owned()),
        Just("#".to_owned()),
        Just("Source: me".to_owned()),
        Just("**Q1:** x".to_owned()),
        Just("\\\\# x".to_owned()),
        Just("```".to_owned()),
        Just("~~~~ x".to_owned()),
        Just("   ~~~".to_owned()),
        Just("    # code".to_owned()),
        Just("\\```".to_owned()),
        Just("A: ```".to_owned()),
        Just("---".to_owned()),
        Just("\\===".to_owned()),
        Just(String::new()),
        Just(String::new()),
        "\\PC{0,8}",
    ];
    let answer = proptest::collection::vec(piece, 1..9).prop_map(|lines| lines.join("\n"));
    let source = prop_oneof![Just(String::new()), Just("https://example.org/a?b=c".to_owned())];
    let section = prop_oneof![Just(String::new()), "[A-Z][a-z]{2,8}", "[ -~]{0,6}"];
    let question = prop_oneof!["[A-Z][a-z ]{1,20}\\?", "[ -~]{0,12}[a-z][ -~]{0,3}"];
    (section, question, answer, source).prop_filter_map(
        "a checked entry",
        |(section, question, answer, source)| {
            entries::check(&EntryText { section, question, answer, source }).ok()
        },
    )
}

proptest! {
    #[test]
    fn exported_entries_are_read_back(all in proptest::collection::vec(any_entry(), 1..8)) {
        let mut texts: Vec<EntryText> = Vec::new();
        for text in all {
            let same = same_question(&text.question);
            if !texts.iter().any(|known| same_question(&known.question) == same) {
                texts.push(text);
            }
        }
        let entries: Vec<Entry> = texts.iter().map(entry).collect();
        for written in [write_text(&entries), write_markdown(&entries)] {
            let parsed = read(&written);
            prop_assert_eq!(&parsed.bad, &[], "{}", written);
            prop_assert_eq!(&parsed.entries, &texts, "{}", written);
        }
    }

    #[test]
    fn no_file_makes_the_reader_panic(file in "(\\PC|[\n\r\t #`~=:QA-]){0,200}") {
        let _ = read(&file);
    }
}
