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
    let mut bench = Bench::new(&[0, 2, 5]).await;
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let mut tx = bench.db.write().await.unwrap();
    keys::sync(&mut tx, &bench.pool, NOON).await.unwrap();
    tx.commit().await.unwrap();
    bench.gemini.fault_key(5, Some(Fault::Suspended));
    bench.bulk(Task::Skills, 2);
    bench.run().await;
    drop(guard);

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let count = |words: &str| text.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count("Initialized Gemini API Manager with 2 API keys"), 1, "{text}");
    assert_eq!(count("Using API key #2 (of 2)"), 2, "{text}");
    assert_eq!(count("Using API key #5 (of 2)"), 1, "{text}");
    assert_eq!(count("API key #5 was refused: Google has suspended this key"), 1, "{text}");
    for hidden in [key(0), key(2), key(5), "AIza".into(), "Ada Sample".into()] {
        assert!(!text.contains(&hidden), "{hidden} in {text}");
    }
}
