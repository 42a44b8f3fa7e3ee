//! The FAQ on the command line: a file in, a file out, what is wrong with it named by its line.

use std::path::PathBuf;

use crate::support::process::{Desk, Ended};
use crate::support::repository;

const FILE: &str = "\u{feff}# FAQ\r\n\r\n## Food\r\n\r\n### Lunch?\r\nYes:\r\n```\r\n# menu\r\n```\r\n\r\n### Where?\r\nHere.\r\nSource: https://map.example/\r\n";

fn put(desk: &Desk, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = desk.folder().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

async fn faq(desk: &Desk, arguments: &[&str]) -> Ended {
    desk.run(&[&["faq"], arguments].concat()).await
}

#[track_caller]
fn assert_ended(ended: &Ended, code: i32, output: &str, errors: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.output.trim_end(), output, "{ended:?}");
    assert_eq!(ended.errors.lines().collect::<Vec<_>>(), errors, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_in_and_comes_out_and_goes_in_again() {
    let desk = Desk::new();
    put(&desk, "faq.md", FILE);
    assert_ended(&faq(&desk, &["import", "faq.md"]).await, 0, "2 new, 0 changed, 0 the same", &[]);
    assert_ended(&faq(&desk, &["import", "faq.md"]).await, 0, "0 new, 0 changed, 2 the same", &[]);

    let blocks = "Section: Food\n\nQ: Lunch?\nA: Yes:\n```\n# menu\n```\n\nQ: Where?\nA: Here.\nSource: https://map.example/";
    assert_ended(&faq(&desk, &["export"]).await, 0, blocks, &[]);
    let markdown = "# FAQ\n\n## Food\n\n### Lunch?\n\nYes:\n```\n# menu\n```\n\n### Where?\n\nHere.\nSource: https://map.example/";
    assert_ended(&faq(&desk, &["export", "--markdown"]).await, 0, markdown, &[]);
    for (name, text) in [("out.txt", blocks), ("out.md", markdown)] {
        put(&desk, name, text.replace("Here.", "There."));
        let changed = faq(&desk, &["import", name]).await;
        assert_ended(&changed, 0, "0 new, 1 changed, 1 the same", &[]);
        put(&desk, name, text);
        faq(&desk, &["import", name]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_named_and_the_rest_is_imported() {
    let desk = Desk::new();
    put(&desk, "faq.txt", "Q: Lunch?\nA: Yes.\n\nQ: Nothing?\n\nQ: lunch\nA: No.\n");
    assert_ended(
        &faq(&desk, &["import", "faq.txt"]).await,
        1,
        "1 new, 0 changed, 0 the same",
        &[
            "muster: faq.txt:4: a question without an answer",
            "muster: faq.txt:6: the same question as in line 1",
            "muster: 2 parts of the file were left out",
        ],
    );
    assert_ended(&faq(&desk, &["export"]).await, 0, "Q: Lunch?\nA: Yes.", &[]);

    put(&desk, "image.png", [0x89, b'P', b'N', b'G', 0xff]);
    let errors = [
        "muster: this is not a text file in UTF-8: invalid utf-8 sequence of 1 bytes from index 0",
    ];
    assert_ended(&faq(&desk, &["import", "image.png"]).await, 1, "", &errors);
    let missing = faq(&desk, &["import", "nothing.md"]).await;
    assert_eq!((missing.code, missing.output.as_str()), (Some(1), ""));
    assert!(missing.errors.starts_with("muster: cannot open nothing.md:"), "{missing:?}");
    assert_eq!(faq(&desk, &[]).await.code, Some(2), "neither import nor export");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_faq_is_an_empty_file() {
    let desk = Desk::new();
    assert_ended(&faq(&desk, &["export"]).await, 0, "", &[]);
    assert_ended(&faq(&desk, &["export", "--markdown"]).await, 0, "# FAQ", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_beside_a_running_muster_is_asked_there() {
    let desk = Desk::new();
    let muster = desk.start().await;
    let file = repository().join("tests/data/faq/harbour.txt");
    let done = faq(&desk, &["import", file.to_str().unwrap()]).await;
    assert_ended(&done, 0, "41 new, 0 changed, 0 the same", &[]);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = http.post(format!("{}/api/faq/ask", muster.url()));
    let question = serde_json::json!({ "question": "Is there wifi?" });
    let answer: serde_json::Value =
        asked.json(&question).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["citations"][0]["question"], "Is there Wi-Fi?", "{answer}");
}
