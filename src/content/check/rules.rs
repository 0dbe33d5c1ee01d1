//! Checks the rules of `policies.toml`: each by itself, and whether all are there that the content's actions need.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Read;
use crate::content::file::{Action, PoliciesFile, PolicyFile};
use crate::content::read::Source;
use crate::content::{Fault, policy_on};

/// The rules without which an action is never allowed, as `docs/content.md` has them.
const NEEDS: [(Action, &[&str]); 14] = [
    (Action::TakeOffLateFee, &["late_fee_waive_months", "late_fee_waive_max", "bot_goodwill"]),
    (Action::GiveMoreDays, &["extension_days", "extension_late_max"]),
    (Action::PayInParts, &["max_instalments", "plan_amount_min", "plan_amount_max"]),
    (Action::OpenDispute, &["dispute_days"]),
    (Action::StopAutopay, &["change_days"]),
    (Action::ChangeBillingDay, &["own_details"]),
    (Action::UpdateContact, &["own_details"]),
    (Action::UpdateCompany, &["own_details"]),
    (Action::Cancel, &["notice_days"]),
    (Action::KeepService, &["notice_days"]),
    (Action::SendCopy, &["own_details"]),
    (Action::PayPage, &["own_details"]),
    (Action::AutopayPage, &["own_details"]),
    (Action::MethodPage, &["own_details"]),
];

/// The least and the most that the program can do something with, and what to write.
const BOUNDS: [(&str, i64, i64, &str); 5] = [
    ("own_details", 0, 1, "Write 1 where customers do it here, and 0 where a person does."),
    ("extension_days", 1, 366, "Write days; where a person decides, end the bands before it."),
    ("max_instalments", 2, 36, "Write how many parts; where a person decides, end the bands before it."),
    ("notice_days", 0, 366, "Write days."),
    ("late_fee_waive_months", 0, 1_200, "Write months."),
];

/// Finds what is wrong with the rules.
pub(super) fn check(file: &PoliciesFile, source: &Source, faults: &mut Vec<Fault>) {
    check_entries(file, source, faults);
    check_bounds(&file.policy, source, faults);
    check_parts(&file.policy, source, faults);
}

/// Whether an action goes by a rule of this name.
pub(super) fn is_needed(name: &str) -> bool {
    NEEDS.iter().any(|(_, rules)| rules.contains(&name))
}

/// Without one of these what the bot offers is never allowed and goes to a person: it runs, and nobody would notice.
pub(super) fn check_needed(rules: &[PolicyFile], source: &Source, intents: &[Read], warnings: &mut Vec<Fault>) {
    let offered: BTreeSet<Action> = (intents.iter())
        .flat_map(|it| it.file.answer.iter().chain(it.file.follow_up.iter().flat_map(|it| &it.answer)))
        .filter_map(|it| it.action)
        .collect();
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (action, needed) in NEEDS.iter().filter(|it| offered.contains(&it.0)) {
        for name in needed.iter().filter(|name| rules.iter().all(|it| it.name != **name || it.staff.is_some())) {
            missing.entry(*name).or_default().push(format!("`{}`", action.as_str()));
        }
    }
    for (name, actions) in missing {
        let what = format!("the rule `{name}` is missing, without which {} is never allowed", actions.join(", "));
        let hint = "Add it, or take the answers with the action out: `docs/content.md` says which rule does what.";
        warnings.push(source.fault("policy", what, hint));
    }
}

fn check_bounds(rules: &[PolicyFile], source: &Source, faults: &mut Vec<Fault>) {
    for (i, rule) in rules.iter().enumerate() {
        let Some((name, least, most, hint)) = BOUNDS.iter().find(|it| it.0 == rule.name) else { continue };
        let values = || std::iter::once(rule.value).chain(rule.bands.iter().map(|it| it.value));
        // Below zero is told of every rule.
        if let Some(value) = values().find(|it| 0 <= *it && !(least..=most).contains(&it)) {
            let what = format!("`{name}` is {value}, and it may be {least} to {most}");
            faults.push(source.fault(&format!("policy.{i}.value"), what, *hint));
        }
    }
}

/// Between the least and the most that may be paid in parts there has to be something.
fn check_parts(rules: &[PolicyFile], source: &Source, faults: &mut Vec<Fault>) {
    let today = policy_on(rules, jiff::Zoned::now().date());
    let (Some(least), Some(most)) = (today.get("plan_amount_min"), today.get("plan_amount_max")) else { return };
    if most < least {
        let place = rules.iter().rposition(|it| it.name == "plan_amount_max").unwrap_or_default();
        let what = format!("`plan_amount_max` is {most}, less than `plan_amount_min`, which is {least}");
        faults.push(source.fault(&format!("policy.{place}.value"), what, "No bill could be paid in parts: swap them."));
    }
}

fn check_entries(file: &PoliciesFile, source: &Source, faults: &mut Vec<Fault>) {
    let today = jiff::Zoned::now().date().to_string();
    for (i, policy) in file.policy.iter().enumerate() {
        if policy.from.parse::<Date>().is_err() || policy.from.len() != "2026-01-01".len() {
            let what = format!("`{}` is not a date", policy.from);
            faults.push(source.fault(&format!("policy.{i}.from"), what, "Write it like `\"2026-01-01\"`."));
        }
        let twin = file.policy[..i]
            .iter()
            .position(|it| it.name == policy.name && it.from == policy.from && it.staff == policy.staff);
        if let Some(twin) = twin {
            let line = source.line(&format!("policy.{twin}"));
            let what = format!("`{}` from {} stands here twice, first in line {line}", policy.name, policy.from);
            faults.push(source.fault(&format!("policy.{i}.name"), what, "Take one out, or give it another date."));
        }
        let mut fault = |path: String, what: String, hint: &str| faults.push(source.fault(&path, what, hint));
        if policy.value < 0 || policy.bands.iter().any(|it| it.value < 0 || it.up_to < 0) {
            let what = format!("`{}` is below zero", policy.name);
            fault(format!("policy.{i}.value"), what, "Write how much or how many it is, without a minus.");
        }
        // One that is planned holds once its day has come; until then something has to hold.
        let of_name = || file.policy.iter().filter(|it| it.name == policy.name && it.staff == policy.staff);
        let first = of_name().map(|it| it.from.as_str()).min().unwrap_or_default();
        if policy.from == first && today.as_str() < first && policy.staff.is_none() {
            let what = format!("`{}` has nothing that holds today: its first entry is from {first}", policy.name);
            fault(format!("policy.{i}.from"), what, "Add an entry with what holds today, or an earlier date.");
        }
        if policy.bands.is_empty() != policy.by.is_none() {
            let what = format!("`{}` has `bands` without `by`, or `by` without `bands`", policy.name);
            fault(format!("policy.{i}"), what, "Write `by = \"owed\"` and `bands = [{ up_to = 5000, value = 14 }]`.");
        }
        if !policy.bands.is_sorted_by(|one, other| one.up_to < other.up_to) {
            let what = format!("the bands of `{}` are not in order", policy.name);
            fault(format!("policy.{i}.bands"), what, "Put the smallest `up_to` first, each once.");
        }
        let most = policy.bands.iter().map(|it| it.value).max();
        if most.is_some_and(|it| it != policy.value) {
            let what = format!("`value` of `{}` is not the most that its bands give", policy.name);
            fault(format!("policy.{i}.value"), what, "Make it the largest of them: general answers name it.");
        }
        let older = file.policy[..i].iter().filter(|it| it.name == policy.name && it.staff == policy.staff);
        let older = older.filter(|it| policy.version <= it.version && it.from < policy.from);
        if let Some(older) = older.max_by_key(|it| &it.from) {
            let what =
                format!("`{}` from {} has no newer version than that from {}", policy.name, policy.from, older.from);
            fault(format!("policy.{i}.version"), what, "Count `version` up with each change of a rule.");
        }
        let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
        if policy.name.is_empty() || !policy.name.chars().all(plain) {
            let what = format!("`{}` is not a name for a policy", policy.name);
            faults.push(source.fault(
                &format!("policy.{i}.name"),
                what,
                "Use small letters, digits and `_`: `late_fee`.",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn the_rules_that_each_action_needs_are_those_of_the_docs() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/content.md");
        let docs = std::fs::read_to_string(file).expect("the docs are there");
        for (action, rules) in NEEDS {
            let begin = format!("| `{}` |", action.as_str());
            let line = docs.lines().find(|it| it.starts_with(&begin)).expect("the action has its line");
            let told = line.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
            let wanted: Vec<_> = rules.iter().map(|it| format!("`{it}`")).collect();
            assert_eq!(told.trim(), wanted.join(", "), "{begin}");
        }
        assert!(Action::iter().all(|action| NEEDS.iter().any(|it| it.0 == action)));
    }
}
