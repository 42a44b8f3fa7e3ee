//! How long it takes to find the skills in a resume: about a millisecond is the aim, and no text may be dear.

use divan::Bencher;
use divan::counter::BytesCount;
use muster::skills;

const RESUME: &str = "Backend engineer with nine years of experience in payment systems.\n\
    Skills: Rust, C++, C#, Python, TypeScript, Go, SQL, Bash; PostgreSQL, Redis, Kafka; Docker, Kubernetes, AWS\n\
    Reduced latency by rewriting the pricing service in Rust with Tokio and PostgreSQL. Led the move of 42 services\n\
    to Kubernetes and Terraform; cut cloud costs by a third. My colleague wrote the front end in Angular.\n\
    I have no experience with Java, Scala or Hadoop, and would like to learn Elixir. Excel and Word when I must.\n";

/// Two pages.
#[divan::bench]
fn one_resume(bencher: Bencher) {
    let text = RESUME.repeat(8);
    bencher.counter(BytesCount::of_str(&text)).bench(|| skills::find(&text));
}

/// Texts of 100 kB in which every word begins something.
#[divan::bench(args = ["no experience with Go, ", "(Go (", "my colleague ", "microsoft ", "Go\n", "AI: list "])]
fn the_worst(bencher: Bencher, part: &str) {
    let text = part.repeat(100_000 / part.len());
    bencher.counter(BytesCount::of_str(&text)).bench(|| skills::find(&text));
}

#[divan::bench]
fn a_typed_name(bencher: Bencher) {
    bencher.bench(|| skills::canonical("Advanced MS Excel"));
}
