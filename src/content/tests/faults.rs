//! Every kind of fault, told with its place and what to do.

use std::fs;

use super::*;

/// Changes one thing in one file of a good folder, and looks for a fault that begins like this.
fn check(file: &str, from: &str, to: &str, wanted: &str) {
    let folder = Folder::new();
    folder.change(file, from, to);
    let faults = folder.faults();
    assert!(faults.iter().any(|it| it.starts_with(wanted)), "{wanted}\nis not among {faults:#?}");
}

#[test]
fn every_kind_of_fault_in_an_intent_is_told_with_its_line() {
    for (from, to, wanted) in [
        (
            "means = \"paying a bill\"",
            "meens = \"x\"",
            "pay-it/pay_now.toml:4: `meens` is not a known key. Hint: Did you mean `means`?",
        ),
        ("button = \"Pay now\"", "button = \"Pay", "pay-it/pay_now.toml:3: this is not TOML"),
        ("button = \"Pay now\"", "button = \"Pay all of it now\"", "pay-it/pay_now.toml:3: the button has 5 words"),
        (
            "button = \"Pay now\"",
            "button = \"Remit\"",
            "pay-it/pay_now.toml:3: customers don't know the words \"remit\". Hint: Say \"what you still owe\".",
        ),
        ("about = \"Wants to pay.\"", "about = \" \"", "pay-it/pay_now.toml:2: `about` is empty"),
        ("  \"pay number 3\",\n", "", "pay-it/pay_now.toml:5: there are 24 different examples, fewer than 25"),
        ("pay number 3", " ", "pay-it/pay_now.toml:9: an empty example"),
        (
            "pay number 3",
            "Pay, number 2!",
            "pay-it/pay_now.toml:9: the example \"Pay, number 2!\" stands in line 8 already",
        ),
        ("unverified = ", "# ", "pay-it/pay_now.toml:32: `unverified` is missing"),
        ("needs = [\"verified\"]", "", "pay-it/pay_now.toml:33: `unverified` is never said"),
        (
            "late_fee_help",
            "late_fee_halp",
            "pay-it/pay_now.toml:47: `late_fee_halp` is neither an intent nor a command. Hint: Did you mean `late_fee_help`?",
        ),
        (
            "\"late_fee_help\", \"talk_to_human\"",
            "\"talk_to_human\", \"talk_to_human\"",
            "pay-it/pay_now.toml:47: `talk_to_human` is offered twice",
        ),
        ("{{ invoice.owed | money }}", "{{ invoice.owed | money", "pay-it/pay_now.toml:45: this cannot be read"),
        ("Pay at {{ business.pay_url }}.\"\"\"", "{% if %}\"\"\"", "pay-it/pay_now.toml:46: this cannot be read"),
        (
            "invoice.due",
            "invoice.deu",
            "pay-it/pay_now.toml:45: there is no fact `invoice.deu`. Hint: Did you mean `invoice.due`?",
        ),
        (
            "business.pay_url }}.\"\"\"",
            "busness.pay_url }}.\"\"\"",
            "pay-it/pay_now.toml:46: there is no fact `busness.pay_url`",
        ),
        (
            "owed | money",
            "owed | mony",
            "pay-it/pay_now.toml:45: there is no filter `mony`. Hint: Did you mean `money`?",
        ),
        (
            "invoice.owed | money",
            "invoice.due | money",
            "pay-it/pay_now.toml:45: this cannot be filled even when every fact is known: `money` needs a whole number",
        ),
        ("invoice and invoice.owed > 0", "invoice and", "pay-it/pay_now.toml:43: this cannot be read"),
        (
            "invoice and invoice.owed > 0",
            "invoice.owned > 0",
            "pay-it/pay_now.toml:43: there is no fact `invoice.owned`",
        ),
        ("invoices | length > 1", "invoices | lenth > 1", "pay-it/pay_now.toml:40: there is no filter `lenth`"),
        (
            "invoice and invoice.owed > 0",
            "verified",
            "pay-it/pay_now.toml:45: a customer who has no bill or payment yet cannot be told this",
        ),
        (
            "at {{ business.pay_url }}.\"\n",
            "{{ account.balance | money }}.\"\n",
            "pay-it/pay_now.toml:33: somebody whom we don't know cannot be told this",
        ),
        (
            "[[answer]]\nsay = \"You",
            "[[answer]]\nwhen = \"verified\"\nsay = \"You",
            "pay-it/pay_now.toml:49: the last answer has a `when`",
        ),
        (
            "when = \"invoice and invoice.owed > 0\"",
            "",
            "pay-it/pay_now.toml:42: the answers after this one are never given",
        ),
        (
            "kind = \"invoice\"",
            "kind = \"invoice\"\noptional = true",
            "pay-it/pay_now.toml:41: the slot `invoice` is never asked",
        ),
        (
            "kind = \"invoice\"",
            "kind = \"date\"\noptional = true",
            "pay-it/pay_now.toml:36: the slot `invoice` is never used",
        ),
        ("kind = \"invoice\"", "kind = \"date\"", "pay-it/pay_now.toml:34: 1 facts have to be typed"),
        ("turns = 2", "turns = 1", "pay-it/pay_now.toml:34: an answer takes up to 2 turns"),
        (
            "You owe nothing now.",
            "Your arrears are zero.",
            "pay-it/pay_now.toml:50: customers don't know the words \"arrears\"",
        ),
        ("You owe nothing now.", " ", "pay-it/pay_now.toml:50: an answer that says nothing"),
        (
            "You owe nothing now.",
            "You and we and they and all of us owe and owe and owe and owe and owe and owe it.",
            "pay-it/pay_now.toml:50: the sentence \"You and we and …\" has 21 words",
        ),
        (
            "You owe nothing now.",
            &"We owe it to you. ".repeat(13),
            "pay-it/pay_now.toml:50: this has up to 65 words, more than 60",
        ),
        (
            "You owe nothing now.",
            &"Administrative organisations communicate. ".repeat(12),
            "pay-it/pay_now.toml:42: the texts together read at grade",
        ),
        (
            "a visitor hears where to pay",
            "the amount is named",
            "pay-it/pay_now.toml:63: a talk without a name of its own",
        ),
        ("2026-06-16T10:00", "16 June", "pay-it/pay_now.toml:56: `16 June` is not a time"),
        ("{ customer = \"how do I pay\" },", "", "pay-it/pay_now.toml:57: the talk does not begin with the customer"),
        (
            "how do I pay\" }",
            "how do I pay\", taps = \"pay_now\" }",
            "pay-it/pay_now.toml:58: the customer does two things in one step",
        ),
        ("{ says = [\"pay at\"] }", "{}", "pay-it/pay_now.toml:64: a step that says nothing"),
        (
            "taps = \"pay_now\"",
            "taps = \"pay_then\"",
            "pay-it/pay_now.toml:64: `pay_then` is neither an intent nor a command",
        ),
        (
            "understood = \"pay_now\"",
            "understood = \"pay_noww\"",
            "pay-it/pay_now.toml:59: there is no intent `pay_noww`. Hint: Did you mean `pay_now`?",
        ),
        (
            "says = \"You owe\"",
            "asks = \"invoise\"",
            "pay-it/pay_now.toml:59: there is no slot `invoise`. Hint: Did you mean `invoice`?",
        ),
    ] {
        check(PAY, from, to, wanted);
    }
}

#[test]
fn faults_of_an_intent_without_needs_are_told_with_their_line() {
    for (from, to, wanted) in [
        (
            "policy.late_fee",
            "policy.late_fees",
            "running-late/late_fee_help.toml:34: there is no fact `policy.late_fees`. Hint: Did you mean `policy.late_fee`?",
        ),
        (
            "policy.late_fee",
            "account.balance",
            "running-late/late_fee_help.toml:34: somebody whom we don't know cannot be told this",
        ),
        (
            "policy.late_fee | money",
            "account",
            "running-late/late_fee_help.toml:34: this cannot be filled even when every fact is known: a map cannot be shown",
        ),
        ("choices = [\"pay_now\"]", "", "running-late/late_fee_help.toml:33: every answer is a dead end"),
        ("[[answer]]\nsay", "[[other]]\nsay", "running-late/late_fee_help.toml:33: `other` is not a known key"),
        (
            "fee number 4",
            "pay number 4",
            "running-late/late_fee_help.toml:9: the example \"pay number 4\" also stands in ",
        ),
        (
            "[[talk]]\nname = \"the fee is named\"\nsteps = [ { customer = \"what is the late fee\" }, { says = \"more\" } ]",
            "",
            "running-late/late_fee_help.toml:39: there are 1 talks, fewer than 2",
        ),
        ("means = \"a late fee\"", "means = 7", "running-late/late_fee_help.toml:3: `means` must be a text, not 7"),
    ] {
        check(FEE, from, to, wanted);
    }
}

#[test]
fn faults_of_the_other_files_are_told_with_their_line() {
    for (file, from, to, wanted) in [
        ("business.toml", "\"GBP\"", "\"pounds\"", "business.toml:3: `pounds` is not a currency"),
        ("business.toml", "\"GB\"", "\"gb\"", "business.toml:2: `gb` is not a country"),
        ("business.toml", "Europe/London", "Europe/Londen", "business.toml:4: there is no time zone `Europe/Londen`"),
        ("business.toml", "\"en\"", "\"English\"", "business.toml:5: `English` is not a language"),
        (
            "business.toml",
            "\"pay_now\"",
            "\"pay_know\"",
            "business.toml:12: the starter `pay_know` is no intent. Hint: Did you mean `pay_now`?",
        ),
        ("business.toml", "[\"pay_now\"]", "[]", "business.toml:12: there is nothing to tap before the first message"),
        (
            "business.toml",
            "about your bill.",
            "about {{ invoice.total | money }}.",
            "business.toml:11: somebody whom we don't know cannot be told this",
        ),
        ("business.toml", "2026-12-25", "2026-13-25", "business.toml:18: `2026-13-25` is not a date"),
        ("business.toml", "mon = \"09:00-17:00\"", "mon = \"9-5\"", "business.toml:20: `9-5` are not opening hours"),
        ("business.toml", "mon = ", "monday = ", "business.toml:20: `monday` is not a day. Hint: Did you mean `mon`?"),
        (
            "business.toml",
            "ask_back = 0.3",
            "ask_back = 0.7",
            "business.toml:25: `ask_back` is 0.7, more than `answer`",
        ),
        ("business.toml", "answer = 0.6", "answer = 1.6", "business.toml:24: `answer` is 1.6"),
        ("business.toml", "= 0.03", "= 3.0", "business.toml:23: `wrong_answers` is 3"),
        ("business.toml", "= 600", "= 6.5", "business.toml:27: `per_contact_minor` must be a whole number, not 6.5"),
        ("policies.toml", "2026-07-01", "July", "policies.toml:8: `July` is not a date"),
        (
            "policies.toml",
            "2026-07-01",
            "2026-01-01",
            "policies.toml:7: `late_fee` from 2026-01-01 stands here twice, first in line 1",
        ),
        ("urgent.toml", "\"smell gas\"", "\"!\"", "urgent.toml:3: a phrase without words"),
        (
            "urgent.toml",
            "business.emergency_number",
            "business.emergency",
            "urgent.toml:5: there is no fact `business.emergency`",
        ),
        ("words.toml", "[\"arrears\", \"remit\"]", "[]", "words.toml:1: a pair of words with one side empty"),
        (
            "sentences.toml",
            "{{ first }}",
            "{{ firts }}",
            "sentences.toml:1: there is no fact `firts`. Hint: Did you mean `first`?",
        ),
        (
            "sentences.toml",
            "in_queue = \"We are here.\"",
            "in_queue = \"{{ wait.minutes }} minutes\"",
            "sentences.toml:18: somebody whom we don't know cannot be told this",
        ),
        ("sentences.toml", "ended = ", "endet = ", "sentences.toml:27: `endet` is not a known key"),
    ] {
        check(file, from, to, wanted);
    }
}

#[test]
fn a_missing_folder_or_file_says_what_to_do() {
    let folder = Folder::new();
    let faults = Content::load(&folder.dir().join("nowhere")).expect_err("there is no folder");
    assert!(
        faults[0].to_string().contains("there is no such folder. Hint: Name the folder with `--intents`"),
        "{faults:?}"
    );
    fs::remove_file(folder.dir().join("words.toml")).expect("it was there");
    folder.write("sentence.toml", "");
    folder.write("pay-it/Pay.toml", "");
    folder.write("running-late/pay_now.toml", "");
    folder.write("notices/anything.toml", "x");
    folder.write("pay-it/other.TOML", "x");
    folder.write("pay-it/more.toml.txt", "x");
    folder.write("pay-it/notes.md", "x");
    let faults = folder.faults();
    for wanted in [
        "words.toml:1: the file is missing. Hint: Add it:",
        "sentence.toml:1: `sentence.toml` does not belong here. Hint: Did you mean `sentences.toml`?",
        "pay-it/other.TOML:1: `other.TOML` is not read",
        "pay-it/more.toml.txt:1: `more.toml.txt` is not read",
        "pay-it/Pay.toml:1: `Pay` is not a name for an intent",
        "running-late/pay_now.toml:1: there is an intent `pay_now` already",
    ] {
        assert!(faults.iter().any(|it| it.starts_with(wanted)), "{wanted}\nis not among {faults:#?}");
    }
    assert!(!faults.iter().any(|it| it.contains("notices") || it.contains("notes.md")), "{faults:#?}");
}

#[test]
fn all_faults_of_all_files_come_at_once_sorted() {
    let folder = Folder::new();
    folder.change("business.toml", "\"GBP\"", "\"pounds\"");
    folder.change("words.toml", "but", "buut");
    folder.change(FEE, "policy.late_fee", "policy.late");
    folder.change(PAY, "invoice.due", "invoice.deu");
    folder.change(PAY, "owed | money", "owed | mony");
    folder.change(PAY, "\"late_fee_help\"", "\"late_help\"");
    let faults = folder.faults();
    let places: Vec<String> = faults.iter().map(|it| it.split(": ").next().unwrap_or_default().to_owned()).collect();
    assert_eq!(
        places,
        [
            "business.toml:3",
            "pay-it/pay_now.toml:45",
            "pay-it/pay_now.toml:45",
            "pay-it/pay_now.toml:47",
            "running-late/late_fee_help.toml:34",
            "words.toml:1",
            "words.toml:3",
        ],
        "{faults:#?}"
    );
}

#[test]
fn a_broken_file_does_not_make_the_others_look_broken() {
    let folder = Folder::new();
    folder.change(FEE, "means = \"a late fee\"", "means = ");
    folder.change("policies.toml", "value = 500", "value = ");
    folder.change("business.toml", "name = ", "name ");
    let faults = folder.faults();
    assert_eq!(faults.len(), 3, "{faults:#?}");
}

#[test]
fn an_answer_that_has_something_done_must_say_all_about_it() {
    let action = |rest: &str| {
        let with = format!("choices = [\"late_fee_help\", \"talk_to_human\"]\n{rest}");
        let folder = Folder::new();
        let rule = |name: &str| {
            format!("[[policy]]\nname = \"{name}\"\nfrom = \"2026-01-01\"\nabout = \"A rule.\"\nvalue = 1\n")
        };
        folder.write("policies.toml", &format!("{POLICIES}{}{}", rule("change_days"), rule("own_details")));
        folder.change(PAY, "turns = 2, taps = 1", "turns = 3, taps = 2");
        folder.change(PAY, "choices = [\"late_fee_help\", \"talk_to_human\"]", &with);
        folder.faults()
    };
    let whole = "action = \"stop_autopay\"\nconfirm = \"Switch it off\"\ndone = \"It is off.\"\nrefused = \"It is on.\"\n\
                 undo = \"Ask here again.\"";
    assert_eq!(action(whole), Vec::<String>::new());
    for (from, to, wanted) in [
        ("stop_autopay", "stop_autopey", "`stop_autopey`"),
        ("confirm = \"Switch it off\"\n", "", "`confirm` is missing: this changes something"),
        ("undo = \"Ask here again.\"", "", "`undo` is missing: this changes something"),
        ("done = \"It is off.\"\n", "", "`done` is missing: there is a receipt"),
        ("refused = \"It is on.\"\n", "", "`refused` is missing: billing may say no"),
        ("stop_autopay", "send_copy", "`confirm` is needless"),
        ("action = \"stop_autopay\"\n", "", "`confirm` says nothing without `action`"),
        ("Switch it off", "Switch it off for good now", "the button has 6 words"),
        ("It is off.", "It is {{ may.stop_autopay.amont }}.", "there is no fact `may.stop_autopay.amont`"),
        ("It is off.", "It costs {{ may.stop_autopay.amount | money }}.", "cannot be told this"),
    ] {
        let faults = action(&whole.replace(from, to));
        assert!(faults.iter().any(|it| it.contains(wanted)), "{wanted}\nis not among {faults:#?}");
    }
    let lonely = Folder::new();
    lonely.change(PAY, "choices = [\"late_fee_help\", \"talk_to_human\"]", whole);
    let faults = lonely.faults();
    assert!(faults.iter().any(|it| it.contains("the only way on is to say yes")), "{faults:#?}");
}

#[test]
fn bands_are_in_order_and_give_what_the_rule_says_at_most() {
    let with = |rest: &str| {
        let folder = Folder::new();
        folder.change("policies.toml", "value = 700\n", &format!("value = 700\n{rest}\n"));
        folder.faults()
    };
    let good = "by = \"owed\"\nbands = [{ up_to = 100, value = 700 }, { up_to = 200, value = 300 }]";
    assert_eq!(with(good), Vec::<String>::new());
    for (from, to, wanted) in [
        ("by = \"owed\"\n", "", "has `bands` without `by`"),
        ("up_to = 200", "up_to = 100", "are not in order"),
        ("value = 700 }", "value = 600 }", "is not the most that its bands give"),
        ("\"owed\"", "\"ownd\"", "`ownd`"),
    ] {
        let faults = with(&good.replace(from, to));
        assert!(faults.iter().any(|it| it.contains(wanted)), "{wanted}\nis not among {faults:#?}");
    }
    let folder = Folder::new();
    folder.change("policies.toml", "version = 2", "version = 1");
    assert!(folder.faults().iter().any(|it| it.contains("has no newer version")), "{:#?}", folder.faults());
}

#[test]
fn a_rule_below_zero_or_one_that_does_not_hold_yet_is_told() {
    let told = |from: &str, to: &str, what: &str| {
        let folder = Folder::new();
        folder.change("policies.toml", from, to);
        assert!(folder.faults().iter().any(|it| it.contains(what)), "{what}: {:#?}", folder.faults());
    };
    told("value = 700", "value = -700", "`late_fee` is below zero");
    let planned = "[[policy]]\nname = \"grace_days\"\nfrom = \"2098-01-01\"\nabout = \"Days.\"\nvalue = 7\n[[policy]]";
    told("[[policy]]", planned, "`grace_days` has nothing that holds today: its first entry is from 2098-01-01");
}

/// A follow-up of `pay_now`, with nothing wrong in it.
const FOLLOW_UP: &str = r#"
[[follow_up]]
name = "in_parts"
about = "Asks whether a part can be paid."
button = "Pay a part"
means = "paying a part of it"
examples = ["a part of it", "half now", "only some", "not all at once", "bit by bit", "in two goes"]
also_in = ["late_fee_help"]

[[follow_up.answer]]
say = "Yes, any part of it is fine."
choices = ["talk_to_human"]

[[talk]]"#;

#[test]
fn every_kind_of_fault_in_a_follow_up_is_told_with_its_line() {
    let with = |from: &str, to: &str| {
        let folder = Folder::new();
        assert!(FOLLOW_UP.contains(from), "{from}");
        folder.change(PAY, "[[talk]]", &FOLLOW_UP.replacen(from, to, 1));
        folder.faults()
    };
    assert_eq!(with("half now", "half now"), Vec::<String>::new());
    for (from, to, wanted) in [
        ("in_parts", "In parts", "`In parts` is not a name for a follow-up"),
        ("\"half now\", ", "", "there are 5 different examples, fewer than 6"),
        ("half now", "A part of it!", "the example \"A part of it!\" stands here already"),
        ("late_fee_help", "late_fee_halp", "there is no intent `late_fee_halp`. Hint: Did you mean `late_fee_help`?"),
        (
            "say = \"Yes, any part of it is fine.\"",
            "say = \"You owe {{ invoice.owed | money }}.\"",
            "somebody whom we don't know",
        ),
        ("any part of it", "remit any part of it", "customers don't know the words \"remit\""),
        (
            "[[follow_up.answer]]",
            "goes_to = \"late_fee_help\"\n[[follow_up.answer]]",
            "a follow-up has answers, or `goes_to`",
        ),
        (
            "[[follow_up.answer]]",
            "takes = \"reason\"\n[[follow_up.answer]]",
            "`takes` and `with` say nothing without `goes_to`",
        ),
        ("[[follow_up.answer]]", "when = \"invoice and\"\n[[follow_up.answer]]", "this cannot be read"),
    ] {
        let faults = with(from, to);
        assert!(faults.iter().any(|it| it.contains(wanted)), "{wanted}\nis not among {faults:#?}");
    }
}

#[test]
fn faults_in_the_examples_beside_an_intent_are_told_with_their_line() {
    let folder = Folder::new();
    folder.write(
        "pay-it/pay_now.examples.txt",
        "# By hurried people.\n\ni want to pay it off\npay number 3\nfee number 4\n",
    );
    let faults = folder.faults();
    let wanted = [
        "pay-it/pay_now.examples.txt:4: the example \"pay number 3\" stands in line 9 already",
        "also stands in pay-it/pay_now.examples.txt:5",
    ];
    for wanted in wanted {
        assert!(faults.iter().any(|it| it.contains(wanted)), "{wanted}\nis not among {faults:#?}");
    }
    folder.write("pay-it/pay_now.examples.txt", "i want to pay it off\n");
    let content = Content::load(folder.dir()).expect("the content is good");
    assert_eq!(content.examples().filter(|it| it.0 == "pay_now").count(), 26);
    folder.write("pay-it/pay_noww.examples.txt", "pay me\n");
    assert!(folder.faults()[0].starts_with("pay-it/pay_noww.examples.txt:1: there is no intent `pay_noww` beside it"));
}

#[test]
fn a_language_without_its_lists_is_told() {
    let folder = Folder::new();
    folder.write("languages/en.toml", "telling = [\"the\"]\n");
    let faults = folder.faults();
    assert!(faults.iter().any(|it| it.starts_with("languages/en.toml:1: `yes` is missing or empty")), "{faults:#?}");
    fs::remove_dir_all(folder.dir().join("languages")).expect("it was there");
    assert!(folder.faults()[0].contains("there is no `languages/en.toml`"), "{:?}", folder.faults());
}
