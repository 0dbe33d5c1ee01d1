//! Tests of loading and checking: folders are built in a temporary place, broken, and mended.

use std::fs;

use jiff::civil::date;
use serde_json::json;
use tempfile::TempDir;

use super::*;

mod faults;
mod silent;

const BUSINESS: &str = r#"name = "Test Water"
country = "GB"
currency = "GBP"
time_zone = "Europe/London"
language = "en"
emergency_number = "999"
phone = "01632 960 000"
email = "bills@example.com"
address = "1 High Street"
pay_url = "https://example.com/pay"
greeting = "Hello. Ask about your bill."
starters = ["pay_now"]
privacy = "We keep this chat to help you."
payment_methods = ["Visa"]
[hours]
text = "Monday and Friday, 9:00 to 17:00"
minutes_per_conversation = 4
holidays = ["2026-12-25"]
[hours.week]
mon = "09:00-17:00"
fri = "09:00-12:00,13:00-16:30"
[understanding]
wrong_answers = 0.03
answer = 0.6
ask_back = 0.3
[cost]
per_contact_minor = 600
"#;

const URGENT: &str = r#"[[rule]]
name = "danger"
phrases = ["smell gas", "can't breathe", "i'm ill"]
unless = ["smell gas at work"]
say = "Call {{ business.emergency_number }} now."
"#;

const POLICIES: &str = r#"[[policy]]
name = "late_fee"
from = "2026-01-01"
about = "The fee for a late bill."
value = 500
[[policy]]
name = "late_fee"
from = "2026-07-01"
about = "The fee for a late bill."
value = 700
version = 2
"#;

const WORDS: &str = r#"[[instead]]
not = ["arrears", "remit"]
but = "what you still owe"
"#;

const PAY_NOW: &str = r#"# How to pay.
about = "Wants to pay."
button = "Pay now"
means = "paying a bill"
EXAMPLES
needs = ["verified"]
unverified = "You can pay at {{ business.pay_url }}."
budget = { turns = 2, taps = 1, typed = 0 }

[slots.invoice]
kind = "invoice"
ask = "Which bill is it?"
ask_again = "Tap the bill, or type its month."
when = "invoices | length > 1"

[[answer]]
when = "invoice and invoice.owed > 0"
say = """
You owe {{ invoice.owed | money }}, due on {{ invoice.due | date }}.
Pay at {{ business.pay_url }}."""
choices = ["late_fee_help", "talk_to_human"]

[[answer]]
say = "You owe nothing now."
choices = ["talk_to_human"]

[[talk]]
name = "the amount is named"
account = "all-quiet"
at = "2026-06-16T10:00"
steps = [
  { customer = "how do I pay" },
  { says = "You owe", offers = ["talk_to_human"], understood = "pay_now" },
]

[[talk]]
name = "a visitor hears where to pay"
steps = [ { taps = "pay_now" }, { says = ["pay at"] } ]
"#;

const LATE_FEE_HELP: &str = r#"about = "Asks about the late fee."
button = "Ask about the fee"
means = "a late fee"
EXAMPLES
budget = { turns = 1, taps = 0, typed = 0 }

[[answer]]
say = "A late bill costs {{ policy.late_fee | money }} more."
choices = ["pay_now"]

[[talk]]
name = "the fee is named"
steps = [ { customer = "what is the late fee" }, { says = "more" } ]

[[talk]]
name = "the fee is named to somebody in a hurry"
steps = [ { customer = "late fee??" }, { says = "more" } ]
"#;

fn examples(word: &str) -> String {
    let lines: Vec<String> = (0..25).map(|i| format!("  \"{word} number {i}\",")).collect();
    format!("examples = [\n{}\n]", lines.join("\n"))
}

/// A good folder, with changes: a file and what replaces what in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("there is a place for temporary files"));
        let sentences: Vec<String> = SentencesFile::KEYS
            .iter()
            .map(|key| match (key.name, key.shape) {
                ("did_you_mean", _) => "did_you_mean = \"Is it {{ first }} or {{ second }}?\"".to_owned(),
                (name, shapes::Shape::Texts) => format!("{name} = [\"{name}\"]"),
                (name, _) => format!("{name} = \"We are here.\""),
            })
            .collect();
        folder.write("sentences.toml", &sentences.join("\n"));
        folder.write("business.toml", BUSINESS);
        folder.write("urgent.toml", URGENT);
        folder.write("policies.toml", POLICIES);
        folder.write("words.toml", WORDS);
        folder.write("languages/en.toml", include_str!("../../intents/languages/en.toml"));
        folder.write("pay-it/pay_now.toml", &PAY_NOW.replace("EXAMPLES", &examples("pay")));
        folder.write("running-late/late_fee_help.toml", &LATE_FEE_HELP.replace("EXAMPLES", &examples("fee")));
        folder
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.dir().join(file);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    fn change(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.dir().join(file)).expect("the file is there");
        assert!(text.contains(from), "{file} has no {from}");
        self.write(file, &text.replacen(from, to, 1));
    }

    /// The faults, with file names from the folder on.
    fn faults(&self) -> Vec<String> {
        Content::load(self.dir()).err().map(|it| self.told(&it)).unwrap_or_default()
    }

    /// The warnings of content that runs.
    fn warnings(&self) -> Vec<String> {
        self.told(&Content::load(self.dir()).expect("the content is good").warnings)
    }

    fn told(&self, faults: &[Fault]) -> Vec<String> {
        let dir = format!("{}/", self.dir().display());
        faults.iter().map(|it| it.to_string().replace(&dir, "")).collect()
    }
}

const PAY: &str = "pay-it/pay_now.toml";
const FEE: &str = "running-late/late_fee_help.toml";

#[test]
fn good_content_loads() {
    let folder = Folder::new();
    assert_eq!(folder.faults(), Vec::<String>::new());
    let content = Content::load(folder.dir()).expect("the content is good");
    assert_eq!(content.examples().count(), 50);
    assert_eq!(content.examples().next(), Some(("late_fee_help", "fee number 0")));
    let intent = &content.intents["pay_now"];
    assert_eq!((intent.name.as_str(), intent.stage.as_str()), ("pay_now", "pay-it"));
    assert!(intent.needs_verified());
    assert_eq!(content.button("pay_now"), Some("Pay now"));
    assert_eq!(content.button("talk_to_human"), Some("We are here."));
    assert_eq!(content.button("nothing"), None);
}

#[test]
fn hours_know_open_days_and_holidays() {
    let content = Content::load(Folder::new().dir()).expect("the content is good");
    assert_eq!(content.hours.on(date(2026, 12, 18)).len(), 2);
    assert!(content.hours.on(date(2026, 12, 25)).is_empty(), "a holiday");
    assert!(content.hours.on(date(2026, 12, 26)).is_empty(), "a Saturday");
}

#[test]
fn the_newest_policy_whose_date_has_come_holds() {
    let content = Content::load(Folder::new().dir()).expect("the content is good");
    for (day, wanted) in
        [(date(2025, 1, 1), 500), (date(2026, 6, 30), 500), (date(2026, 7, 1), 700), (date(2030, 1, 1), 700)]
    {
        assert_eq!(content.policy(day)["late_fee"], wanted, "{day}");
    }
}

#[test]
fn a_rule_has_its_version_and_may_be_another_for_one_staff_member() {
    let folder = Folder::new();
    let own = "[[policy]]\nname = \"late_fee\"\nfrom = \"2026-01-01\"\nabout = \"x\"\nvalue = 900\nstaff = \"sam\"\n";
    folder.write("policies.toml", &format!("{POLICIES}{own}"));
    let content = Content::load(folder.dir()).expect("the content is good");
    let day = date(2026, 8, 1);
    assert_eq!((content.clauses(day)["late_fee"].value, content.clauses(day)["late_fee"].version), (700, 2));
    let value = |staff| content.clause_for(staff, "late_fee", day).map(|it| it.value);
    assert_eq!((value("sam"), value("kim")), (Some(900), Some(700)));
}

#[test]
fn urgent_phrases_are_whole_words_unless_others_stand_beside_them() {
    let content = Content::load(Folder::new().dir()).expect("the content is good");
    for (text, wanted) in [
        ("I SMELL GAS!!", Some(0)),
        ("i can’t   breathe", Some(0)),
        ("cant breathe", Some(0)),
        ("smell gases", None),
        ("I smell gas at work each day", None),
        ("I smell gas at work each day and now I smell gas here", Some(0)),
        ("", None),
        ("im ill", Some(0)),
        ("I'll be here", None),
    ] {
        assert_eq!(content.urgent_rule(text), wanted, "{text}");
    }
}

#[test]
fn an_answer_is_picked_and_filled() {
    let content = Content::load(Folder::new().dir()).expect("the content is good");
    let intent = &content.intents["pay_now"];
    let business = facts::business_facts(&content.business);
    let mut facts =
        json!({"business": business, "today": "2026-06-16", "invoice": {"owed": 4200, "due": "2026-06-15"}});
    let known = TemplateFacts::new(&facts);
    let place = content.answer(intent, &known).expect("there always is one");
    let said = content.render(&intent.file.answer[place].say, &known).expect("it can be filled");
    assert_eq!(said, "You owe £42.00, due on Monday 15 June.\nPay at https://example.com/pay.");
    facts["invoice"] = json!(null);
    assert_eq!(content.answer(intent, &TemplateFacts::new(&facts)), Some(1));
    assert!(content.render("{{ business.name }}", &known).is_err(), "only texts of the content are filled");
}

#[test]
fn content_that_fails_never_replaces_content_that_passed() {
    let folder = Folder::new();
    let contents = Contents::open(folder.dir()).expect("the content is good");
    let before = contents.fingerprint();
    assert!(matches!(contents.changed(), Ok(None)));

    folder.change(PAY, "You owe nothing now.", "You owe {{ nothing }} at all.");
    assert_ne!(contents.fingerprint(), before);
    assert_eq!(contents.changed().expect_err("a fact is missing").len(), 1);
    assert_eq!(contents.current().intents["pay_now"].file.answer[1].say, "You owe nothing now.");

    folder.change(PAY, "You owe {{ nothing }} at all.", "You owe us nothing.");
    let changed = contents.changed().expect("it has no faults").expect("it has changed");
    assert_eq!(contents.current().intents["pay_now"].file.answer[1].say, "You owe nothing now.", "not yet");
    contents.swap(changed);
    assert_eq!(contents.current().intents["pay_now"].file.answer[1].say, "You owe us nothing.");
}

#[test]
fn the_fingerprint_sees_files_come_and_go() {
    let folder = Folder::new();
    let contents = Contents::open(folder.dir()).expect("the content is good");
    let before = contents.fingerprint();
    folder.write("pay-it/another.toml", "");
    assert_ne!(contents.fingerprint(), before);
    fs::remove_file(folder.dir().join("pay-it/another.toml")).expect("it was there");
    assert_eq!(contents.fingerprint(), before);
}
