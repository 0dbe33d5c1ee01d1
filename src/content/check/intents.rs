//! Checks intents one by one and against each other: examples, answers, slots, talks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;

use super::{Known, Read, follow_ups};
use crate::content::file::{AnswerFile, CardKind, SlotKind, TalkFile, TalkStep};
use crate::content::plain_words::{BUTTON_WORDS_MAX, words};
use crate::content::read::Source;
use crate::content::{Fault, SEND_ANOTHER_CODE, SOMETHING_ELSE, did_you_mean, paths};

/// Examples that an intent must have, so that the classifier has enough to learn from.
const EXAMPLES_MIN: usize = 25;

/// Characters of an example; customers' messages are shorter.
const EXAMPLE_CHARS_MAX: usize = 500;

/// Talks that an intent must have.
const TALKS_MIN: usize = 2;

pub(super) fn check(intents: &[Read], known: &Known, faults: &mut Vec<Fault>) {
    check_examples(intents, faults);
    for intent in intents {
        check_head(intent, faults);
        check_answers(intent, known, faults);
        check_slots(intent, faults);
        check_talks(intent, known, faults);
        follow_ups::check(intent, intents, known, faults);
        for breach in paths::breaches(&intent.file) {
            faults.push(intent.source.fault(&breach.path, breach.what, breach.hint));
        }
    }
}

/// Examples as they are compared: words in lower case, whatever the punctuation.
pub(super) fn bare(example: &str) -> String {
    let bare: Vec<_> = words(example).map(str::to_lowercase).collect();
    match bare.is_empty() {
        true => example.trim().to_owned(),
        false => bare.join(" "),
    }
}

fn check_examples(intents: &[Read], faults: &mut Vec<Fault>) {
    let mut places: BTreeMap<String, (&Read, usize)> = BTreeMap::new();
    for intent in intents {
        let mut n = 0;
        for (i, example) in intent.file.examples.iter().enumerate() {
            let (file, line) = intent.place_of(i);
            let mut fault = |what: String, hint: String| faults.push(Fault::new(file, line, what, hint));
            if !check_example(example, &mut fault) {
                continue;
            }
            let key = bare(example);
            match places.get(&key) {
                Some((first, place)) if first.name == intent.name => {
                    let (_, line) = first.place_of(*place);
                    let what = format!("the example \"{example}\" stands in line {line} already");
                    fault(what, "Say it in another way, or take it out.".to_owned());
                }
                Some((first, place)) => {
                    let (file, line) = first.place_of(*place);
                    let what = format!("the example \"{example}\" also stands in {}:{line}", file.display());
                    let hint =
                        format!("A message means one thing: keep it in `{}` or in `{}`.", first.name, intent.name);
                    fault(what, hint);
                }
                None => {
                    n += 1;
                    places.insert(key, (intent, i));
                }
            }
        }
        let source = &intent.source;
        if intent.file.examples.is_empty() {
            faults.push(source.fault("examples", "there are no examples", example_hint()));
        } else if n < EXAMPLES_MIN {
            let what = format!("there are {n} different examples, fewer than {EXAMPLES_MIN}");
            faults.push(source.fault("examples", what, example_hint()));
        }
    }
}

/// Whether an example says something at all; that and its length are faults.
pub(super) fn check_example(example: &str, fault: &mut impl FnMut(String, String)) -> bool {
    if example.trim().is_empty() {
        fault("an empty example".to_owned(), "Write what a customer would say, or take it out.".to_owned());
        return false;
    }
    if EXAMPLE_CHARS_MAX < example.chars().count() {
        let what = format!("an example of more than {EXAMPLE_CHARS_MAX} characters");
        fault(what, "Keep the sentence that says what is meant.".to_owned());
    }
    true
}

fn example_hint() -> String {
    format!("Write at least {EXAMPLES_MIN} ways in which customers say it: short, rambling, misspelt, angry.")
}

fn check_head(intent: &Read, faults: &mut Vec<Fault>) {
    let file = &intent.file;
    for (path, text) in [("about", &file.about), ("button", &file.button), ("means", &file.means)] {
        if text.trim().is_empty() {
            faults.push(intent.source.fault(path, format!("`{path}` is empty"), "Write it out; people read it."));
        }
    }
    let n = words(&file.button).count();
    if BUTTON_WORDS_MAX < n {
        let what = format!("the button has {n} words, more than {BUTTON_WORDS_MAX}");
        faults.push(intent.source.fault(
            "button",
            what,
            "Two to four words that say what will happen: \"See the bill\".",
        ));
    }
    if intent.file.needs.is_empty() && file.unverified.is_some() {
        let what = "`unverified` is never said, because nothing needs the customer to be verified";
        faults.push(intent.source.fault("unverified", what, "Add `needs = [\"verified\"]`, or take it out."));
    }
    if !intent.file.needs.is_empty() && file.unverified.as_ref().is_none_or(|it| it.trim().is_empty()) {
        let hint = "Add `unverified = \"…\"`: the general answer for somebody whom we don't know yet.";
        faults.push(intent.source.fault("needs", "`unverified` is missing", hint));
    }
}

fn check_answers(intent: &Read, known: &Known, faults: &mut Vec<Fault>) {
    let source = &intent.source;
    let answers = &intent.file.answer;
    if answers.is_empty() {
        faults.push(source.fault("answer", "there is no answer", "Add `[[answer]]` with `say = \"\"\"…\"\"\"`."));
    }
    let first_without = answers.iter().position(|it| it.when.is_none());
    match first_without {
        Some(place) if place + 1 < answers.len() => {
            let what = "the answers after this one are never given, because it has no `when`";
            faults.push(source.fault(&format!("answer.{place}"), what, "Give it a `when`, or put it last."));
        }
        None if !answers.is_empty() => {
            let hint = "Add a last `[[answer]]` without `when`, for everybody whom the others leave out.";
            let place = format!("answer.{}", answers.len() - 1);
            faults.push(source.fault(
                &place,
                "the last answer has a `when`, so that a customer could get nothing",
                hint,
            ));
        }
        _ => {}
    }
    check_each_answer(intent, "answer", answers, known, faults);
}

/// Each of some answers by itself: an intent's own, or those of a follow-up of it.
pub(super) fn check_each_answer(
    intent: &Read,
    at: &str,
    answers: &[AnswerFile],
    known: &Known,
    faults: &mut Vec<Fault>,
) {
    let source = &intent.source;
    for (i, answer) in answers.iter().enumerate() {
        check_action(source, &format!("{at}.{i}"), answer, faults);
        check_told(intent, &format!("{at}.{i}"), answer, faults);
        if answer.say.trim().is_empty() {
            let path = format!("{at}.{i}.say");
            faults.push(source.fault(&path, "an answer that says nothing", "Write what we say."));
        }
        for (j, choice) in answer.choices.iter().enumerate() {
            let path = format!("{at}.{i}.choices.{j}");
            if !known.is_choice(choice) && !offers(intent, choice) {
                faults.push(source.fault(&path, no_such_choice(choice), choice_hint(choice, known)));
            } else if answer.choices[..j].contains(choice) {
                faults.push(source.fault(&path, format!("`{choice}` is offered twice"), "Take one out."));
            }
        }
    }
}

/// Whether a choice gives one of the intent's own slots a value.
fn offers(intent: &Read, choice: &str) -> bool {
    let Some((slot, value)) = choice.split_once(':') else { return false };
    intent.file.slots.get(slot).is_some_and(|it| it.offers.contains_key(value))
}

/// An answer that has something done says what, how to say yes, what if it is refused, and how to undo it.
fn check_action(source: &Source, path: &str, answer: &AnswerFile, faults: &mut Vec<Fault>) {
    let Some(action) = answer.action else {
        let parts = [
            ("confirm", &answer.confirm),
            ("done", &answer.done),
            ("refused", &answer.refused),
            ("undo", &answer.undo),
        ];
        for (name, _) in parts.iter().filter(|it| it.1.is_some()) {
            let what = format!("`{name}` says nothing without `action`");
            faults.push(source.fault(&format!("{path}.{name}"), what, "Add `action`, or take it out."));
        }
        return;
    };
    let mut missing = |name: &str, why: &str, hint: &str| {
        faults.push(source.fault(&format!("{path}.action"), format!("`{name}` is missing: {why}"), hint));
    };
    if action.changes_something() && answer.confirm.is_none() {
        missing(
            "confirm",
            "this changes something",
            "Add the button that says yes to it: `confirm = \"Take off £5.00\"`.",
        );
    }
    if action.changes_something() && answer.undo.is_none() {
        missing("undo", "this changes something", "Say in one sentence how to undo it, or that a colleague can.");
    }
    if !action.is_page() && answer.done.is_none() {
        missing("done", "there is a receipt for this", "Say what was done: `done = \"Your late fee is off.\"`.");
    }
    if !action.is_page() && answer.refused.is_none() {
        missing("refused", "billing may say no", "Say that nothing has changed; a person gets it then.");
    }
    if answer.confirm.is_some() && !action.changes_something() {
        let what = format!("`confirm` is needless: `{}` changes nothing", action.as_str());
        faults.push(source.fault(&format!("{path}.confirm"), what, "Take it out: every tap is a cost."));
    }
    if answer.confirm.is_some() && answer.choices.is_empty() {
        let what = "the only way on is to say yes";
        faults.push(source.fault(path, what, "Add `choices`, such as `[\"talk_to_human\"]`."));
    }
}

/// What an action takes from the customer has a slot with the name under which it looks for it.
fn check_told(intent: &Read, path: &str, answer: &AnswerFile, faults: &mut Vec<Fault>) {
    let Some(action) = answer.action else { return };
    let told = action.told();
    if !told.is_empty() && !told.iter().any(|it| intent.file.slots.contains_key(*it)) {
        let names = told.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" or ");
        let what = format!("`{}` takes what it needs from the slot {names}, which there is none of", action.as_str());
        let hint = format!("Name the slot so: `[slots.{}]`.", told[0]);
        faults.push(intent.source.fault(&format!("{path}.action"), what, hint));
    }
}

fn no_such_choice(choice: &str) -> String {
    format!("`{choice}` is neither an intent nor a command")
}

fn choice_hint(choice: &str, known: &Known) -> String {
    let names = known.intents.iter().map(String::as_str).chain(super::COMMANDS);
    did_you_mean(choice, names)
        .unwrap_or_else(|| format!("Name an intent's file without `.toml`, or one of {}.", super::COMMANDS.join(", ")))
}

fn check_slots(intent: &Read, faults: &mut Vec<Fault>) {
    let file = &intent.file;
    let answers = || file.answer.iter().chain(file.follow_up.iter().flat_map(|it| &it.answer));
    let texts: Vec<&str> = answers().flat_map(|it| [Some(it.say.as_str()), it.when.as_deref()]).flatten().collect();
    let names = |name: &str| texts.iter().any(|it| stands_in(it, name));
    for (name, slot) in &file.slots {
        let path = format!("slots.{name}");
        if slot.optional && slot.when.is_some() {
            let what = format!("the slot `{name}` is never asked: it is optional, so that its `when` says nothing");
            faults.push(intent.source.fault(&format!("{path}.when"), what, "Take out `optional` or `when`."));
        }
        let about_bills = ["invoice", "previous", "change", "invoices"];
        let shown = |card: CardKind| matches!(card, CardKind::Invoice | CardKind::Charge | CardKind::Change);
        let used = names(&format!("slots.{name}"))
            || match slot.kind {
                SlotKind::Invoice => {
                    about_bills.iter().any(|it| names(it)) || file.answer.iter().any(|it| it.card.is_some_and(shown))
                }
                SlotKind::Money | SlotKind::Text => names("charge"),
                SlotKind::Address | SlotKind::Company => false,
                SlotKind::Date | SlotKind::Email | SlotKind::Words => false,
            }
            // What is done is made from slots too.
            || file.answer.iter().any(|it| it.action.is_some_and(|action| !action.is_page()));
        if (slot.kind == SlotKind::Words) == slot.words.is_empty() {
            let what = format!("the slot `{name}` is of the kind `words` or has `words`, but not both");
            let hint = "Write `kind = \"words\"` and `words = [\"…\"]`, or take `words` out.";
            faults.push(intent.source.fault(&path, what, hint));
        }
        if let Some(other) = slot.instead_of.as_ref().filter(|it| *it == name || !file.slots.contains_key(*it)) {
            let what = format!("there is no other slot `{other}` whose place `{name}` could take");
            let hint = "Name a slot of this intent, or take `instead_of` out.";
            faults.push(intent.source.fault(&format!("{path}.instead_of"), what, hint));
        }
        for (value, label) in &slot.offers {
            let n = words(label).count();
            if n == 0 || BUTTON_WORDS_MAX < n {
                let what = format!("the button has {n} words");
                let hint = "One to four words that say what will happen.";
                faults.push(intent.source.fault(&format!("{path}.offers.{value}"), what, hint));
            }
        }
        // What is asked may be for the person who takes over.
        if slot.optional && !used {
            let what = format!("the slot `{name}` is never used");
            let hint = format!("Name `slots.{name}` in an answer or its `when`, or take the slot out.");
            faults.push(intent.source.fault(&path, what, hint));
        }
    }
}

/// Whether a name stands in a template as a whole word.
fn stands_in(text: &str, name: &str) -> bool {
    let part = |it: char| it.is_alphanumeric() || it == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(|it| part(it) || it == '.') && !after.is_some_and(part)
    })
}

fn check_talks(intent: &Read, known: &Known, faults: &mut Vec<Fault>) {
    let source = &intent.source;
    let talks = &intent.file.talk;
    if talks.len() < TALKS_MIN {
        let what = format!("there are {} talks, fewer than {TALKS_MIN}", talks.len());
        faults.push(source.fault("talk", what, "Add `[[talk]]`: a conversation that must go as written."));
    }
    let mut names = BTreeSet::new();
    for (i, talk) in talks.iter().enumerate() {
        let path = format!("talk.{i}");
        if !names.insert(talk.name.trim()) || talk.name.trim().is_empty() {
            let hint = "Give each talk a sentence of its own in the present tense.";
            faults.push(source.fault(&format!("{path}.name"), "a talk without a name of its own", hint));
        }
        let at_is_wrong = talk.at.as_ref().is_some_and(|it| it.parse::<DateTime>().is_err() || !it.contains('T'));
        if at_is_wrong {
            let what = format!("`{}` is not a time", talk.at.as_deref().unwrap_or_default());
            faults.push(source.fault(&format!("{path}.at"), what, "Write it like `\"2026-06-16T10:00\"`."));
        }
        check_steps(intent, talk, &path, known, faults);
    }
}

fn check_steps(intent: &Read, talk: &TalkFile, path: &str, known: &Known, faults: &mut Vec<Fault>) {
    let source = &intent.source;
    let acts = |it: &TalkStep| it.customer.is_some() || it.taps.is_some();
    if !talk.steps.first().is_some_and(acts) {
        let what = "the talk does not begin with the customer";
        faults.push(source.fault(
            &format!("{path}.steps"),
            what,
            "Begin with `{ customer = \"…\" }` or `{ taps = \"…\" }`.",
        ));
    }
    let is_intent = |name: &str| known.intents.contains(name) || known.follow_ups.contains(name);
    for (i, step) in talk.steps.iter().enumerate() {
        let path = format!("{path}.steps.{i}");
        if step.customer.is_some() && step.taps.is_some() {
            let what = "the customer does two things in one step";
            faults.push(source.fault(&path, what, "Make two steps of it."));
        }
        if !acts(step) && !expects(step) {
            faults.push(source.fault(
                &path,
                "a step that says nothing",
                "Take it out, or add `says`, `offers`, `asks` …",
            ));
        }
        let slot_value =
            |id: &str| id.split_once(':').is_some_and(|(kind, value)| !kind.is_empty() && !value.is_empty());
        let offers = step.offers.iter().flatten().enumerate().map(|(j, id)| (format!("{path}.offers.{j}"), id));
        for (path, id) in step.taps.iter().map(|id| (format!("{path}.taps"), id)).chain(offers) {
            if !known.is_choice(id) && !slot_value(id) && id != SOMETHING_ELSE && id != SEND_ANOTHER_CODE {
                faults.push(source.fault(&path, no_such_choice(id), choice_hint(id, known)));
            }
        }
        let meant = step.did_you_mean.iter().flatten().enumerate();
        let meant =
            meant.filter(|(_, it)| *it != SOMETHING_ELSE).map(|(j, name)| (format!("{path}.did_you_mean.{j}"), name));
        for (path, name) in step.understood.iter().map(|name| (format!("{path}.understood"), name)).chain(meant) {
            if !is_intent(name) {
                let hint = did_you_mean(name, known.intents.iter().map(String::as_str));
                let hint = hint.unwrap_or_else(|| "Name an intent's file without `.toml`.".to_owned());
                faults.push(source.fault(&path, format!("there is no intent `{name}`"), hint));
            }
        }
        if let (Some(slot), Some(slots)) = (&step.asks, &known.slots)
            && !slots.contains(slot)
        {
            let hint = did_you_mean(slot, slots.iter().map(String::as_str));
            let hint = hint.unwrap_or_else(|| format!("Add `[slots.{slot}]`, or take it out."));
            faults.push(source.fault(&format!("{path}.asks"), format!("there is no slot `{slot}`"), hint));
        }
    }
}

/// Whether a step demands anything of the reply.
fn expects(step: &TalkStep) -> bool {
    let texts =
        [&step.says, &step.says_not, &step.card, &step.receipt].into_iter().flatten().any(|it| !it.all().is_empty());
    let ids = [&step.offers, &step.did_you_mean].into_iter().flatten().any(|it| !it.is_empty());
    let words = [&step.asks, &step.understood, &step.records].into_iter().any(|it| it.is_some());
    texts || ids || words || step.hands_off.is_some() || step.urgent.is_some()
}
