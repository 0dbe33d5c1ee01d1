//! Feeds one target, guided by coverage: `PLAINBILL_FUZZ_TARGET=frames cargo +nightly fuzz run any tests/fuzzing/corpus/frames`.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/fuzzing/targets.rs"]
mod targets;

/// Seen from this folder.
const SHIPPED: &str = "../intents";

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("PLAINBILL_FUZZ_TARGET").unwrap_or_default();
    let found = targets::ALL.iter().find(|it| it.0 == name);
    let names: Vec<&str> = targets::ALL.iter().map(|it| it.0).collect();
    found.unwrap_or_else(|| panic!("set PLAINBILL_FUZZ_TARGET to one of {}", names.join(", "))).1
});

fuzz_target!(|data: &[u8]| TARGET(data));
