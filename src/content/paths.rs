//! Finds dead ends and costs over budget in what the content lets a customer do. Pure.

use super::file::{BusinessFile, IntentFile, SlotKind, Then};

/// Something in a file that would leave a customer stuck or cost them too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Where it stands in its file, `answer.0.choices`.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

fn breach(path: impl Into<String>, what: impl Into<String>, hint: impl Into<String>) -> Breach {
    Breach { path: path.into(), what: what.into(), hint: hint.into() }
}

/// The dead ends and breached budgets of one intent.
pub fn breaches(intent: &IntentFile) -> Vec<Breach> {
    let mut found = Vec::new();
    let leads_on = intent.answer.iter().any(|it| !it.choices.is_empty() || it.then != Then::Wait);
    if !intent.answer.is_empty() && !leads_on && !intent.small_talk {
        found.push(breach(
            "answer",
            "every answer is a dead end",
            "Add `choices = [\"talk_to_human\"]` to at least one, or `then = \"hand_off\"`.",
        ));
    }

    let required = || intent.slots.values().filter(|it| !it.optional);
    // Which bill is asked with buttons; everything else has to be typed.
    let n_invoices = required().filter(|it| it.kind == SlotKind::Invoice).count();
    let n_typed = required().count() - n_invoices;
    // What changes something is confirmed with one tap.
    let n_tapped = n_invoices + usize::from(intent.answer.iter().any(|it| it.confirm.is_some()));
    let budget = intent.budget;
    let over = |n: usize, max: u32| usize::try_from(max).is_ok_and(|max| max < n);
    if over(n_typed, budget.typed) {
        let what = format!("{n_typed} facts have to be typed, and the budget allows {}", budget.typed);
        found.push(breach(
            "budget.typed",
            what,
            "Make a slot optional, or raise `typed` if it is worth that to the customer.",
        ));
    }
    if over(n_tapped, budget.taps) {
        let what = format!("{n_tapped} facts have to be tapped, and the budget allows {}", budget.taps);
        found.push(breach(
            "budget.taps",
            what,
            "Make a slot optional, or raise `taps` if it is worth that to the customer.",
        ));
    }
    // The question itself is one, and each fact that may be asked for is another.
    let n_turns = 1 + n_typed + n_tapped;
    if over(n_turns, budget.turns) {
        let what = format!("an answer takes up to {n_turns} turns, and the budget allows {}", budget.turns);
        found.push(breach(
            "budget.turns",
            what,
            "Make a slot optional, or raise `turns` if it is worth that to the customer.",
        ));
    }
    found
}

/// What a customer can tap before the first message must lead somewhere.
pub fn starter_breaches<'a>(business: &BusinessFile, is_intent: impl Fn(&str) -> bool + 'a) -> Vec<Breach> {
    let mut found = Vec::new();
    if business.starters.is_empty() {
        let hint = "Name two to four intents that customers ask about most.";
        found.push(breach("starters", "there is nothing to tap before the first message", hint));
    }
    for (i, starter) in business.starters.iter().enumerate() {
        if !is_intent(starter) {
            let what = format!("the starter `{starter}` is no intent");
            found.push(breach(format!("starters.{i}"), what, "Starters are names of files in the stages' folders."));
        } else if business.starters[..i].contains(starter) {
            found.push(breach(
                format!("starters.{i}"),
                format!("the starter `{starter}` stands here twice"),
                "Take one out.",
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(rest: &str) -> IntentFile {
        let text = format!("about = \"a\"\nbutton = \"b\"\nmeans = \"m\"\nexamples = []\n{rest}");
        toml::from_str(&text).expect("the intent is well formed")
    }

    fn places(rest: &str) -> Vec<String> {
        breaches(&intent(rest)).into_iter().map(|it| it.path).collect()
    }

    const SLOT: &str = "ask = \"a\"\nask_again = \"b\"\n";

    #[test]
    fn an_intent_that_leads_nowhere_is_a_dead_end() {
        let budget = "budget = { turns = 1, taps = 0, typed = 0 }\n";
        assert_eq!(places(&format!("{budget}[[answer]]\nsay = \"x\"")), ["answer"]);
        assert!(places(&format!("{budget}[[answer]]\nsay = \"x\"\nchoices = [\"talk_to_human\"]")).is_empty());
        assert!(places(&format!("{budget}[[answer]]\nsay = \"x\"\nthen = \"hand_off\"")).is_empty());
        assert!(places(&format!("{budget}small_talk = true\n[[answer]]\nsay = \"x\"")).is_empty());
    }

    #[test]
    fn facts_that_must_be_told_are_counted_against_the_budget() {
        let slots = format!("[slots.invoice]\nkind = \"invoice\"\n{SLOT}[slots.date]\nkind = \"date\"\n{SLOT}");
        let none = format!("budget = {{ turns = 1, taps = 0, typed = 0 }}\n{slots}");
        assert_eq!(places(&none), ["budget.typed", "budget.taps", "budget.turns"]);
        let enough = format!("budget = {{ turns = 3, taps = 1, typed = 1 }}\n{slots}");
        assert!(places(&enough).is_empty());
        let optional = format!("budget = {{ turns = 1, taps = 0, typed = 0 }}\n{slots}")
            .replace("ask = ", "optional = true\nask = ");
        assert!(places(&optional).is_empty());
    }
}
