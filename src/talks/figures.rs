//! What conversations cost customers: turns and taps until something is done, and whether a person had to do it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::content::Content;
use crate::content::file::Action;
use crate::conversation::{Owner, What};
use crate::turn::Outcome;

/// One thing that was done in a talk.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Done {
    action: String,
    /// Messages and taps of the customer, from the question to the receipt.
    n_turns: u32,
    n_taps: u32,
    /// A person takes over with it.
    handed_off: bool,
}

/// What one talk cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    n_answers: u32,
    n_own: u32,
    done: Vec<Done>,
    /// Wishes for something that the bot can do and a person had to take.
    n_left: u32,
    n_turns: u32,
    n_taps: u32,
}

impl Tally {
    /// The customer says or taps something.
    pub fn customer(&mut self, taps: bool) {
        self.n_turns += 1;
        self.n_taps += u32::from(taps);
    }

    /// The bot replies.
    pub fn reply(&mut self, content: &Content, outcome: &Outcome) {
        self.n_answers += outcome.n_answers;
        self.n_own += outcome.n_own;
        let changes = || outcome.events.iter().map(|it| &it.what);
        let handed_off = changes().any(|it| matches!(it, What::Owner(change) if change.owner == Owner::Queue));
        let mut was_done = false;
        for what in changes() {
            let What::Receipt(receipt) = what else { continue };
            was_done = true;
            let (n_turns, n_taps) = (self.n_turns, self.n_taps);
            self.done.push(Done { action: receipt.action.clone(), n_turns, n_taps, handed_off });
            (self.n_turns, self.n_taps) = (0, 0);
        }
        if !was_done && handed_off {
            let can = |name: &String| {
                let answers = content.answering(name).map_or(&[][..], |it| &it.file.answer);
                answers.iter().filter_map(|it| it.action).any(Action::changes_something)
            };
            let wishes = changes().filter_map(|it| match it {
                What::Message(message) => message.step.as_ref()?.intent.as_ref(),
                _ => None,
            });
            self.n_left += u32::from(wishes.into_iter().any(can));
        }
    }
}

/// What all talks together cost.
#[derive(Clone, Debug, Default)]
pub struct TalkFigures {
    n_answers: u32,
    n_own: u32,
    n_alone: u32,
    n_wishes: u32,
    done: BTreeMap<String, Vec<(u32, u32)>>,
}

impl TalkFigures {
    /// Counts a talk in.
    pub fn add(&mut self, tally: &Tally) {
        self.n_answers += tally.n_answers;
        self.n_own += tally.n_own;
        self.n_wishes += tally.n_left;
        for done in &tally.done {
            self.n_wishes += 1;
            self.n_alone += u32::from(!done.handed_off);
            self.done.entry(done.action.clone()).or_default().push((done.n_turns, done.n_taps));
        }
    }

    /// The figures in words.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} of {} answers have facts of the customer's own account ({}).\n\
             {} of {} wishes for an action were finished without a person ({}).\n\
             Median turns and taps until it is done:\n",
            self.n_own,
            self.n_answers,
            percent(self.n_own, self.n_answers),
            self.n_alone,
            self.n_wishes,
            percent(self.n_alone, self.n_wishes),
        );
        for (action, costs) in &self.done {
            let (turns, taps) = medians(costs);
            text += &format!("  {action}: {turns} turns, {taps} taps ({} talks)\n", costs.len());
        }
        text
    }

    /// The figures as JSON.
    pub fn json(&self) -> Value {
        let actions = self.done.iter().map(|(action, costs)| {
            let (turns, taps) = medians(costs);
            (action.clone(), json!({ "turns": turns, "taps": taps, "talks": costs.len() }))
        });
        json!({
            "answers": self.n_answers,
            "answers_with_own_facts": self.n_own,
            "actions_wished": self.n_wishes,
            "actions_without_a_person": self.n_alone,
            "actions": actions.collect::<serde_json::Map<_, _>>(),
        })
    }
}

fn percent(part: u32, whole: u32) -> String {
    match whole {
        0 => "none".to_owned(),
        whole => format!("{} %", (part * 100 + whole / 2) / whole),
    }
}

/// The middle cost of each kind; the larger one of two.
fn medians(costs: &[(u32, u32)]) -> (u32, u32) {
    let middle = |mut all: Vec<u32>| {
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    (middle(costs.iter().map(|it| it.0).collect()), middle(costs.iter().map(|it| it.1).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(medians(&[(2, 1), (9, 4), (3, 0)]), (3, 1));
        assert_eq!(medians(&[]), (0, 0));
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        assert_eq!(percent(0, 0), "none");
        assert_eq!(percent(2, 3), "67 %");
    }

    #[test]
    fn turns_are_counted_from_one_receipt_to_the_next() {
        let content = Content::load("intents".as_ref()).expect("the content has no faults");
        let receipt = |action: &str| {
            let receipt = crate::conversation::Receipt { action: action.to_owned(), ..Default::default() };
            let event = crate::conversation::NewEvent {
                from: crate::conversation::Sender::Bot,
                name: None,
                what: What::Receipt(receipt),
            };
            Outcome { events: vec![event], ..Outcome::default() }
        };
        let mut tally = Tally::default();
        tally.customer(false);
        tally.reply(&content, &Outcome::default());
        tally.customer(true);
        tally.reply(&content, &receipt("cancel"));
        tally.customer(false);
        tally.reply(&content, &receipt("send_copy"));
        let mut figures = TalkFigures::default();
        figures.add(&tally);
        assert_eq!(figures.json()["actions"]["cancel"], json!({ "turns": 2, "taps": 1, "talks": 1 }));
        assert_eq!(figures.json()["actions"]["send_copy"], json!({ "turns": 1, "taps": 0, "talks": 1 }));
        assert_eq!(figures.json()["actions_without_a_person"], 2);
    }
}
