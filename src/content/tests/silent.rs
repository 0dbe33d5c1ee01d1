//! Faults that would do no more than leave something out, so that nobody would notice without being told.

use super::*;

fn has(faults: &[String], wanted: &str) {
    assert!(faults.iter().any(|it| it.contains(wanted)), "{wanted}\nis not among {faults:#?}");
}

#[test]
fn a_file_that_nothing_reads_is_told_however_deep_it_lies() {
    let folder = Folder::new();
    for file in [
        "pay-it/old/pay.toml",
        "pay-it/old/older/pay_now.examples.txt",
        "languages/more/de.toml",
        "pay_now.examples.txt",
    ] {
        folder.write(file, "");
    }
    folder.write("pay-it/old/notes.md", "");
    folder.write("notices/anything/x.toml", "");
    let faults = folder.faults();
    for wanted in [
        "pay-it/old/pay.toml:1: `pay.toml` does not belong here",
        "pay-it/old/older/pay_now.examples.txt:1: `pay_now.examples.txt` does not belong here",
        "languages/more/de.toml:1: `de.toml` does not belong here",
    ] {
        has(&faults, wanted);
    }
    assert!(faults.iter().any(|it| it.starts_with("pay_now.examples.txt:1: ")), "{faults:#?}");
    assert_eq!(faults.len(), 4, "{faults:#?}");
}

#[test]
fn a_rule_that_an_action_needs_is_a_warning_when_it_is_missing_and_a_fault_where_a_text_has_it() {
    let folder = Folder::new();
    folder.change(PAY, "say = \"You owe nothing now.\"", "say = \"You owe nothing now.\"\naction = \"pay_page\"");
    let warnings = folder.warnings();
    has(&warnings, "the rule `own_details` is missing, without which `pay_page` is never allowed");
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    folder.change(FEE, "policy.late_fee | money", "policy.own_details | money");
    let faults = folder.faults();
    has(&faults, "there is no fact `policy.own_details`. Hint: Add the rule `own_details` to `policies.toml`.");
}

#[test]
fn a_rule_with_which_the_program_can_do_nothing_is_told() {
    for (name, value, wanted) in [
        ("own_details", 2, "`own_details` is 2, and it may be 0 to 1"),
        ("extension_days", 0, "`extension_days` is 0, and it may be 1 to 366"),
        ("max_instalments", 1, "`max_instalments` is 1, and it may be 2 to 36"),
    ] {
        let folder = Folder::new();
        let rule = |name: &str, value: i32| {
            format!("[[policy]]\nname = \"{name}\"\nfrom = \"2026-01-01\"\nabout = \"A rule.\"\nvalue = {value}\n")
        };
        let parts = format!("{}{}", rule("plan_amount_min", 200), rule("plan_amount_max", 100));
        folder.write("policies.toml", &format!("{POLICIES}{}{parts}", rule(name, value)));
        let faults = folder.faults();
        has(&faults, wanted);
        has(&faults, "`plan_amount_max` is 100, less than `plan_amount_min`, which is 200");
        assert_eq!(faults.len(), 2, "{faults:#?}");
    }
}

#[test]
fn hours_in_words_that_the_week_does_not_have_are_warnings() {
    let with = |text: &str| {
        let folder = Folder::new();
        folder.change("business.toml", "Monday and Friday, 9:00 to 17:00", text);
        folder.warnings()
    };
    has(
        &with("Monday, Friday and Sunday"),
        "business.toml:16: `text` has Sunday, and `[hours.week]` has no hours then",
    );
    has(&with("Monday, 9:00 to 17:00"), "`[hours.week]` has hours on Friday, and `text` doesn't say so");
    has(&with("Monday and Friday, 9:00 to 16:00"), "`text` has 16:00, when nothing begins or ends");
    for silent in
        ["By day", "Mon, Fri 9-5", "Every day but Sunday, 9:00 am to 5:00 pm", "Fridays and Mondays, 9:00–4:30"]
    {
        assert_eq!(with(silent), Vec::<String>::new(), "{silent}");
    }
}
