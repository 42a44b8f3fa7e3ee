//! What the log says of the pool, and what it never says.

use std::io;
use std::sync::{Arc, Mutex};

use muster::keys;
use muster::model::job::Task;

use super::bench::{Bench, NOON};
use crate::support::gemini::{Fault, key};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_use_and_each_refusal_is_one_line_with_the_key_s_number_and_never_the_key() {
    // The whole process's log, since a scoped one may miss lines whose places other tests have reached before it; so
    // the numbers are such as no other test uses.
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("no other test logs");
    let mut bench = Bench::new(&[0, 41, 97]).await;
    let mut tx = bench.db.write().await.unwrap();
    keys::sync(&mut tx, &bench.pool, NOON).await.unwrap();
    tx.commit().await.unwrap();
    bench.gemini.fault_key(97, Some(Fault::Suspended));
    bench.bulk(Task::Skills, 2);
    bench.run().await;

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let count = |words: &str| text.lines().filter(|line| line.contains(words)).count();
    let ours: Vec<&str> =
        text.lines().filter(|line| line.contains("#41") || line.contains("#97")).collect();
    assert!(count("Initialized Gemini API Manager with 2 API keys") >= 1);
    assert_eq!(count("Using API key #41 (of 2)"), 2, "{ours:#?}");
    assert_eq!(count("Using API key #97 (of 2)"), 1, "{ours:#?}");
    assert_eq!(count("API key #97 was refused: Google has suspended this key"), 1, "{ours:#?}");
    for hidden in [key(41), key(97), "AIza".into(), "Ada Sample".into()] {
        assert!(!text.contains(&hidden), "{hidden} is in the log");
    }
}
