//! Reading a resume, from its bytes to its text: each engine in a child process.

use divan::Bencher;
use muster::extract::Reader;

use super::house::{PROGRAM, block_on};

#[divan::bench(args = ["plain.pdf", "chromium.pdf", "word.docx", "plain.txt"], sample_count = 10, sample_size = 1)]
fn reading(bencher: Bencher, file: &str) {
    let path = format!("{}/tests/data/resumes/{file}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).expect("a resume");
    let reader = Reader::new(PROGRAM.into());
    bencher.bench_local(|| block_on(reader.read(bytes.clone())).expect("a text"));
}
