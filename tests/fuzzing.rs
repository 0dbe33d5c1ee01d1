//! Feeds changed pieces of a kept corpus to what strangers' bytes go into.
//!
//! The same changes in every run, so that a test fails for what has changed here; other ones, for so many seconds each, with
//! `PLAINBILL_FUZZ_SECONDS`.
//!
//! `fuzz/` feeds the same targets guided by coverage; what it or this finds goes into `tests/fuzzing/corpus`.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

#[path = "fuzzing/targets.rs"]
mod targets;

const SHIPPED: &str = "intents";
/// Rounds of the changes that are the same in every run, and pieces in each.
const ROUNDS: u8 = 24;
const PIECES: u32 = 64;
/// The most places at which one piece is changed.
const CHANGES_MAX: usize = 6;

/// What means something to one of the readers, and what trips readers in general.
const WORDS: &[&str] = &[
    "{{ ",
    " }}",
    "{% for x in invoices %}",
    "{% endfor %}",
    "| money",
    "| date",
    "[[answer]]",
    "when = \"",
    "\"\"\"",
    "=== ",
    "\\u0000",
    "\\ud83d",
    "{\"type\":\"say\",",
    "\"key\":\"k\",",
    "\"text\":\"",
    "9999999999999999999",
    "-1",
    "0.5",
    "1e999",
    "31/02/2026",
    "next friday",
    "£",
    "€",
    "1,234.56",
    "@",
    "4111 1111 1111 1111",
    "OURS",
    ".",
    "eyJhbGciOiJub25lIn0",
    "\u{202e}",
    "\u{200b}",
    "é",
    "\u{1f600}",
    "\0",
    "\r\n",
    "null",
    "[]",
    "{}",
];

/// One change of a piece; places and lengths are taken modulo what is there.
#[derive(Clone, Debug)]
enum Change {
    Byte(usize, u8),
    Word(usize, usize),
    Cut(usize, usize),
    Again(usize, usize, usize),
    Other(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<usize>();
    let length = 1..40_usize;
    prop_oneof![
        (place, any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (place, 0..WORDS.len()).prop_map(|(at, word)| Change::Word(at, word)),
        (place, length.clone()).prop_map(|(at, n)| Change::Cut(at, n)),
        (place, place, length.clone()).prop_map(|(from, to, n)| Change::Again(from, to, n)),
        (place, place, length).prop_map(|(other, at, n)| Change::Other(other, at, n)),
    ]
}

fn changed(corpus: &[Vec<u8>], piece: usize, changes: &[Change]) -> Vec<u8> {
    let mut bytes = corpus[piece % corpus.len()].clone();
    for change in changes {
        let n_bytes = bytes.len();
        let within = |at: usize| at % (n_bytes + 1);
        let part = |from: usize, n: usize| within(from)..(within(from) + n).min(n_bytes);
        let (at, taken, put) = match change {
            Change::Byte(at, byte) => (within(*at), 1.min(n_bytes - within(*at)), vec![*byte]),
            Change::Word(at, word) => (within(*at), 0, WORDS[*word].as_bytes().to_vec()),
            Change::Cut(at, n) => (within(*at), part(*at, *n).len(), Vec::new()),
            Change::Again(from, to, n) => (within(*to), 0, bytes[part(*from, *n)].to_vec()),
            Change::Other(other, at, n) => {
                let other = &corpus[other % corpus.len()];
                let from = at % (other.len() + 1);
                (within(*at), 0, other[from..(from + n).min(other.len())].to_vec())
            }
        };
        bytes.splice(at..at + taken, put);
    }
    bytes
}

/// The corpus as it is, then changed for as long as is set.
fn feed(name: &str) {
    let target = targets::ALL.iter().find(|it| it.0 == name).expect("there is such a target").1;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzzing/corpus").join(name);
    let files = fs::read_dir(&folder).expect("the corpus is there");
    let mut files: Vec<_> = files.map(|it| it.expect("the folder can be read").path()).collect();
    files.sort();
    let corpus: Vec<Vec<u8>> = files.iter().map(|it| fs::read(it).expect("the file can be read")).collect();
    assert!(!corpus.is_empty(), "{} is empty", folder.display());
    for piece in &corpus {
        target(piece);
    }
    // Failures are kept in the corpus by whoever mends them, not in a file of the library's.
    let config = Config { cases: PIECES, failure_persistence: None, ..Config::default() };
    let input = (any::<usize>(), proptest::collection::vec(change(), 1..=CHANGES_MAX));
    let seconds = std::env::var("PLAINBILL_FUZZ_SECONDS").ok().and_then(|it| it.parse().ok());
    let end = seconds.map(|it| Instant::now() + Duration::from_secs(it));
    let mut n_rounds = 0_u32;
    loop {
        let mut runner = match (end, u8::try_from(n_rounds)) {
            (Some(end), _) if end <= Instant::now() => break,
            (Some(_), _) => TestRunner::new(config.clone()),
            (None, Ok(round)) if round < ROUNDS => {
                TestRunner::new_with_rng(config.clone(), TestRng::from_seed(RngAlgorithm::ChaCha, &[round; 32]))
            }
            (None, _) => break,
        };
        n_rounds += 1;
        let outcome = runner.run(&input, |(piece, changes)| {
            target(&changed(&corpus, piece, &changes));
            Ok(())
        });
        if let Err(TestError::Fail(why, (piece, changes))) = outcome {
            let bytes = changed(&corpus, piece, &changes);
            panic!(
                "{name}: {why}\nput this into {} as a file: {:?}",
                folder.display(),
                String::from_utf8_lossy(&bytes)
            );
        }
    }
    println!("{name}: {n_rounds} times {PIECES} changed pieces");
}

#[test]
fn content_files() {
    feed("content");
}

#[test]
fn frames() {
    feed("frames");
}

#[test]
fn words_before_they_are_kept() {
    feed("masking");
}

#[test]
fn notices_of_billing() {
    feed("notices");
}

#[test]
fn facts_in_words() {
    feed("slots");
}

#[test]
fn templates() {
    feed("templates");
}

#[test]
fn tokens() {
    feed("tokens");
}
