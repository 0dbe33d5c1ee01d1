//! Checks what can be asked within a topic: names, examples, where it counts, where it leads.

use std::collections::BTreeSet;

use super::intents::{bare, check_each_answer, check_example};
use super::{Known, Read};
use crate::content::file::{FollowUpFile, SlotKind};
use crate::content::{Fault, did_you_mean};

/// Examples that a follow-up must have; within its topic few are needed to tell it from others.
const EXAMPLES_MIN: usize = 6;

/// Checks the follow-ups of one intent.
pub(super) fn check(intent: &Read, all: &[Read], known: &Known, faults: &mut Vec<Fault>) {
    let mut names = BTreeSet::new();
    for (i, follow_up) in intent.file.follow_up.iter().enumerate() {
        let at = format!("follow_up.{i}");
        check_name(intent, follow_up, &at, &mut names, faults);
        check_examples(intent, follow_up, i, faults);
        check_where_it_counts(intent, follow_up, &at, known, faults);
        check_each_answer(intent, &format!("{at}.answer"), &follow_up.answer, known, faults);
        check_what_follows(intent, follow_up, &at, all, faults);
    }
}

fn check_name(
    intent: &Read,
    follow_up: &FollowUpFile,
    at: &str,
    names: &mut BTreeSet<String>,
    faults: &mut Vec<Fault>,
) {
    let name = &follow_up.name;
    let path = format!("{at}.name");
    let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    if !name.starts_with(|it: char| it.is_ascii_lowercase()) || !name.chars().all(plain) {
        let what = format!("`{name}` is not a name for a follow-up");
        faults.push(intent.source.fault(&path, what, "Use small letters, digits and `_`: `how_long`."));
    }
    if !names.insert(name.clone()) {
        let what = format!("there is a follow-up `{name}` already in this file");
        faults.push(intent.source.fault(&path, what, "Give one of them another name, or put them together."));
    }
    if follow_up.about.trim().is_empty() {
        faults.push(intent.source.fault(&format!("{at}.about"), "`about` is empty", "Write it out; people read it."));
    }
}

fn check_examples(intent: &Read, follow_up: &FollowUpFile, at: usize, faults: &mut Vec<Fault>) {
    let source = &intent.source;
    let mut different = BTreeSet::new();
    for (i, example) in follow_up.examples.iter().enumerate() {
        let (file, line) = intent.place_of_follow_up(at, i);
        let mut fault = |what: String, hint: String| faults.push(Fault::new(file, line, what, hint));
        if check_example(example, &mut fault) && !different.insert(bare(example)) {
            let what = format!("the example \"{example}\" stands here already");
            fault(what, "Say it in another way, or take it out.".to_owned());
        }
    }
    if different.len() < EXAMPLES_MIN {
        let what = format!("there are {} different examples, fewer than {EXAMPLES_MIN}", different.len());
        let hint = format!("Write at least {EXAMPLES_MIN} ways in which customers say it within this topic.");
        faults.push(source.fault(&format!("follow_up.{at}.examples"), what, hint));
    }
}

fn check_where_it_counts(intent: &Read, follow_up: &FollowUpFile, at: &str, known: &Known, faults: &mut Vec<Fault>) {
    for (i, name) in follow_up.also_in.iter().enumerate() {
        let is_mark = name == FollowUpFile::ANY || name == FollowUpFile::FIRST;
        if !is_mark && !known.intents.contains(name) {
            let hint = did_you_mean(name, known.intents.iter().map(String::as_str));
            let hint = hint.unwrap_or_else(|| {
                format!(
                    "Name an intent, `{}` for all of them, or `{}` for a first message.",
                    FollowUpFile::ANY,
                    FollowUpFile::FIRST
                )
            });
            let what = format!("there is no intent `{name}`");
            faults.push(intent.source.fault(&format!("{at}.also_in.{i}"), what, hint));
        }
    }
}

fn check_what_follows(intent: &Read, follow_up: &FollowUpFile, at: &str, all: &[Read], faults: &mut Vec<Fault>) {
    let source = &intent.source;
    let n_ways = usize::from(!follow_up.answer.is_empty())
        + usize::from(follow_up.goes_to.is_some())
        + usize::from(follow_up.another_way);
    if n_ways != 1 {
        let what = "a follow-up has answers, or `goes_to`, or `another_way`, and just one of them";
        faults.push(source.fault(at, what, "Add `[[follow_up.answer]]` or `goes_to`, and take out the rest."));
    }
    for (i, answer) in follow_up.answer.iter().enumerate() {
        if answer.action.is_some_and(|it| it.changes_something()) {
            let what = "a follow-up changes nothing by itself";
            let hint = "Lead on with `goes_to` to the intent that has the action.";
            faults.push(source.fault(&format!("{at}.answer.{i}.action"), what, hint));
        }
    }
    let target = follow_up.goes_to.as_ref();
    match target.map(|name| (name, all.iter().find(|it| it.name == *name))) {
        None => {
            if follow_up.takes.is_some() || !follow_up.with.is_empty() {
                let what = "`takes` and `with` say nothing without `goes_to`";
                faults.push(source.fault(at, what, "Add `goes_to`, or take them out."));
            }
        }
        Some((name, None)) => {
            let hint = did_you_mean(name, all.iter().map(|it| it.name.as_str()));
            let hint = hint.unwrap_or_else(|| "Name an intent's file without `.toml`.".to_owned());
            faults.push(source.fault(&format!("{at}.goes_to"), format!("there is no intent `{name}`"), hint));
        }
        Some((name, Some(target))) => {
            let slots = &target.file.slots;
            for slot in follow_up.takes.iter().chain(follow_up.with.keys()).filter(|it| !slots.contains_key(*it)) {
                let hint = did_you_mean(slot, slots.keys().map(String::as_str));
                let hint = hint.unwrap_or_else(|| format!("Add `[slots.{slot}]` there, or take it out here."));
                faults.push(source.fault(at, format!("`{name}` has no slot `{slot}`"), hint));
            }
            let takes = follow_up.takes.as_ref().and_then(|it| slots.get(it));
            if takes.is_some_and(|it| !matches!(it.kind, SlotKind::Text | SlotKind::Company)) {
                let what = "`takes` names a slot that is neither of the kind `text` nor `company`";
                faults.push(source.fault(&format!("{at}.takes"), what, "Other kinds are read by themselves."));
            }
        }
    }
}
