//! Counts what turns come to, and measures how long customers wait for them.

use tokio::time::Instant;

use crate::conversation::{Did, Owner, Seq, What};

/// When the messages came that nobody has answered yet.
#[derive(Debug, Default)]
pub struct Waiting {
    came: Vec<(Seq, Instant)>,
}

impl Waiting {
    /// A message came in at a time, and was kept at this place.
    pub fn begin(&mut self, seq: Seq, came: Instant) {
        if self.came.iter().all(|it| it.0 != seq) {
            self.came.push((seq, came));
        }
    }

    /// Everything up to this place has its reply now.
    pub fn end(&mut self, answered: Seq) {
        let first = self.came.iter().filter(|it| it.0 <= answered).map(|it| it.1).min();
        self.forget(answered);
        if let Some(first) = first {
            metrics::histogram!("plainbill_turn_duration_seconds").record(first.elapsed());
        }
    }

    /// Everything up to this place waits for a person, or has been answered elsewhere.
    pub fn forget(&mut self, up_to: Seq) {
        self.came.retain(|it| up_to < it.0);
    }
}

/// Counts a turn that was kept, and its hand-off where it is one.
pub fn count<'a>(events: impl Iterator<Item = &'a What>) {
    let mut result = "talked";
    for what in events {
        match what {
            What::Message(message) => result = message.step.as_ref().map_or(result, |it| word(it.did)),
            What::Receipt(_) => result = "acted",
            What::Owner(change) if change.owner == Owner::Queue => {
                metrics::counter!("plainbill_hand_offs_total", "reason" => change.reason.as_str()).increment(1);
                result = "handed_off";
            }
            _ => {}
        }
    }
    metrics::counter!("plainbill_turns_total", "result" => result).increment(1);
}

fn word(did: Did) -> &'static str {
    match did {
        Did::Answered => "answered",
        Did::Asked | Did::AskedAgain => "asked",
        Did::Offered => "offered",
        Did::Missed => "missed",
        Did::Talked | Did::StartedOver => "talked",
        Did::HandedOff => "handed_off",
    }
}
