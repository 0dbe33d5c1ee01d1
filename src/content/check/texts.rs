//! Checks every text that customers read: that it compiles, names facts that exist, can be filled, and is plain.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{Known, Read, answer_place, follow_up, rules};
use crate::content::file::{AnswerFile, BusinessFile, IntentFile, PolicyFile, SentenceKind, SentencesFile, UrgentFile};
use crate::content::plain_words::{
    ANSWER_WORDS_MAX, BUTTON_WORDS_MAX, GRADE_MAX, Jargon, LIX_MAX, SCORED_WORDS_MIN, SENTENCE_WORDS_MAX, reading,
    sentences, strip, words,
};
use crate::content::read::Source;
use crate::content::template::{TemplateError, TemplateFacts, Templates};
use crate::content::{Fault, did_you_mean, facts, policy_on};

/// Everything that is said, from all files that could be read.
pub(super) struct Spoken<'a> {
    pub(super) business: &'a BusinessFile,
    pub(super) business_source: Option<&'a Source>,
    pub(super) sentences: Option<&'a (SentencesFile, Source)>,
    pub(super) urgent: Option<&'a (UrgentFile, Source)>,
    pub(super) policies: Option<&'a [PolicyFile]>,
    pub(super) jargon: Jargon,
    pub(super) intents: &'a [Read],
    pub(super) known: &'a Known,
    /// Everybody has been told all of it before, by this program.
    pub(super) tried: bool,
}

/// Checks all texts and conditions, and hands back the templates, compiled.
pub(super) fn check(spoken: &Spoken<'_>, faults: &mut Vec<Fault>) -> Templates {
    let policy = json!(policy_on(spoken.policies.unwrap_or_default(), Date::MAX));
    let mut slots = Map::new();
    for (name, slot) in spoken.intents.iter().flat_map(|it| &it.file.slots) {
        slots.insert(name.clone(), json!(facts::slot_sample(slot.kind)));
    }
    let everything = facts::everything(spoken.business, policy.clone(), Value::Object(slots.clone()));
    let mut check = Check {
        names: facts::names(&everything),
        everything: TemplateFacts::new(&everything),
        crowds: BTreeMap::new(),
        templates: Templates::new(&spoken.business.currency),
        spoken,
        policy,
        slots,
        faults,
    };
    for intent in spoken.intents {
        check.intent(intent);
    }
    check.business();
    check.sentences();
    check.urgent();
    check.templates
}

struct Check<'a> {
    spoken: &'a Spoken<'a>,
    templates: Templates,
    /// The names that templates may use.
    names: BTreeSet<String>,
    /// Facts in which every name has a value.
    everything: TemplateFacts,
    policy: Value,
    /// A value for every slot of every intent.
    slots: Map<String, Value>,
    /// Everybody, by the slots that they have told: many intents and follow-ups share these.
    crowds: BTreeMap<BTreeSet<String>, Rc<Crowd>>,
    faults: &'a mut Vec<Fault>,
}

/// Those who have told the same.
struct Crowd {
    customers: Vec<(TemplateFacts, Whom)>,
    strangers: Vec<(TemplateFacts, Whom)>,
}

/// Whether a text or condition can be tried with facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It can.
    Fit,
    /// It has faults, or names something from a file that could not be read.
    Unfit,
}

impl Check<'_> {
    fn intent(&mut self, intent: &Read) {
        let Read { file, source, .. } = intent;
        let mut fits = Vec::new();
        let mut texts = Vec::new();
        self.answers(source, "answer", &file.answer, &mut fits, &mut texts);
        if let Some(text) = &file.unverified {
            let fit = self.text(source, "unverified", text);
            self.plain(source, "unverified", text, ANSWER_WORDS_MAX);
            texts.push(text);
            if fit == Fit::Fit {
                self.each_stranger(file, |check, facts, whom| check.fill(source, "unverified", text, facts, whom));
            }
        }
        for (name, slot) in &file.slots {
            for (key, text) in [("ask", &slot.ask), ("ask_again", &slot.ask_again)] {
                let path = format!("slots.{name}.{key}");
                let fit = self.text(source, &path, text);
                self.plain(source, &path, text, ANSWER_WORDS_MAX);
                texts.push(text);
                if fit == Fit::Fit {
                    self.each_person(file, |check, facts, whom| check.fill(source, &path, text, facts, whom));
                }
            }
            if let Some(when) = &slot.when {
                self.condition(source, &format!("slots.{name}.when"), when);
            }
        }
        for (path, text) in [("button", &file.button), ("means", &file.means)] {
            self.jargon(source, path, text, text);
        }
        self.score(source, "answer", &texts);
        if !fits.contains(&Fit::Unfit) {
            self.answer_everybody(intent);
        }
        for i in 0..file.follow_up.len() {
            self.follow_up(intent, i);
        }
    }

    /// The texts and conditions of some answers.
    fn answers<'t>(
        &mut self,
        source: &Source,
        at: &str,
        answers: &'t [AnswerFile],
        fits: &mut Vec<Fit>,
        texts: &mut Vec<&'t str>,
    ) {
        for (i, answer) in answers.iter().enumerate() {
            let path = format!("{at}.{i}.say");
            fits.push(self.text(source, &path, &answer.say));
            self.plain(source, &path, &answer.say, ANSWER_WORDS_MAX);
            texts.push(answer.say.as_str());
            for (name, text) in answer.after() {
                let path = format!("{at}.{i}.{name}");
                fits.push(self.text(source, &path, text));
                if name == "confirm" {
                    self.button(source, &path, text);
                } else {
                    self.plain(source, &path, text, ANSWER_WORDS_MAX);
                    texts.push(text);
                }
            }
            if let Some(when) = &answer.when {
                fits.push(self.condition(source, &format!("{at}.{i}.when"), when));
            }
        }
    }

    /// What can be asked within a topic: its texts, and that whoever gets an answer can be told it.
    fn follow_up(&mut self, intent: &Read, i: usize) {
        let source = &intent.source;
        let follow_up = follow_up(intent, i);
        let (at, file) = (format!("follow_up.{i}"), &follow_up.intent.file);
        let (mut fits, mut texts) = (Vec::new(), Vec::new());
        self.answers(source, &format!("{at}.answer"), &file.answer, &mut fits, &mut texts);
        if let Some(when) = &follow_up.file.when {
            fits.push(self.condition(source, &format!("{at}.when"), when));
        }
        if let Some(text) = &file.unverified {
            let path = format!("{at}.unverified");
            fits.push(self.text(source, &path, text));
            self.plain(source, &path, text, ANSWER_WORDS_MAX);
            texts.push(text);
            if !fits.contains(&Fit::Unfit) {
                self.each_stranger(file, |check, facts, whom| check.fill(source, &path, text, facts, whom));
            }
        }
        self.score(source, &at, &texts);
        self.button(source, &format!("{at}.button"), &follow_up.file.button);
        let means = &follow_up.file.means;
        self.jargon(source, &format!("{at}.means"), means, means);
        if fits.contains(&Fit::Unfit) {
            return;
        }
        self.each_person(file, |check, facts, whom| {
            let when = follow_up.file.when.as_ref();
            let counts = when.is_none_or(|when| check.templates.holds(when, facts).unwrap_or(false));
            if counts && let Some(place) = answer_place(&check.templates, file, facts) {
                check.fill(source, &format!("{at}.answer.{place}.say"), &file.answer[place].say, facts, whom);
            }
        });
    }

    /// Gives each kind of customer the answer that they would get, to see that they get one.
    fn answer_everybody(&mut self, intent: &Read) {
        self.each_person(&intent.file, |check, facts, whom| {
            if let Some(place) = answer_place(&check.templates, &intent.file, facts) {
                let answer = &intent.file.answer[place];
                check.fill(&intent.source, &format!("answer.{place}.say"), &answer.say, facts, whom);
                for (name, text) in answer.after() {
                    check.fill(&intent.source, &format!("answer.{place}.{name}"), text, facts, whom);
                }
            }
        });
    }

    /// Those who may get an answer of this intent, with little known about them: customers, and strangers where it needs
    /// nothing known.
    fn each_person(&mut self, file: &IntentFile, mut tell: impl FnMut(&mut Self, &TemplateFacts, Whom)) {
        for crowd in self.crowds_of(file) {
            for (facts, whom) in &crowd.customers {
                tell(self, facts, *whom);
            }
        }
        if file.needs.is_empty() {
            self.each_stranger(file, tell);
        }
    }

    /// Those whom we don't know, where there are accounts and where there are none.
    fn each_stranger(&mut self, file: &IntentFile, mut tell: impl FnMut(&mut Self, &TemplateFacts, Whom)) {
        for crowd in self.crowds_of(file) {
            for (facts, whom) in &crowd.strangers {
                tell(self, facts, *whom);
            }
        }
    }

    /// The crowd that has told only what it has to, and the one that has told all that it can; nobody, where everybody has
    /// been told before.
    fn crowds_of(&mut self, file: &IntentFile) -> Vec<Rc<Crowd>> {
        if self.spoken.tried {
            return Vec::new();
        }
        let required = file.slots.iter().filter(|(_, it)| !it.optional && it.when.is_none());
        let required: BTreeSet<String> = required.map(|it| it.0.clone()).collect();
        let all: BTreeSet<String> = file.slots.keys().cloned().collect();
        let few = self.crowd(&required);
        if required == all { vec![few] } else { vec![few, self.crowd(&all)] }
    }

    fn crowd(&mut self, told: &BTreeSet<String>) -> Rc<Crowd> {
        if let Some(known) = self.crowds.get(told) {
            return known.clone();
        }
        let slots = self.slots.iter().map(|(name, value)| match told.contains(name) {
            true => (name.clone(), value.clone()),
            false => (name.clone(), Value::Null),
        });
        let slots = Value::Object(slots.collect());
        let customers = facts::customers(self.spoken.business, &self.policy, &slots).into_iter();
        let customers =
            customers.map(|(name, facts)| (TemplateFacts::new(&facts), Whom { name, hint: CUSTOMER_HINT })).collect();
        let stranger = facts::stranger(self.spoken.business, self.policy.clone(), slots);
        let nowhere = TemplateFacts::new(&facts::without_accounts(&stranger));
        let strangers = vec![(TemplateFacts::new(&stranger), STRANGER), (nowhere, NOWHERE_KNOWN)];
        let crowd = Rc::new(Crowd { customers, strangers });
        self.crowds.insert(told.clone(), crowd.clone());
        crowd
    }

    fn business(&mut self) {
        let Some(source) = self.spoken.business_source else { return };
        let business = self.spoken.business;
        for (path, text) in [("greeting", &business.greeting), ("privacy", &business.privacy)] {
            if self.text(source, path, text) == Fit::Fit {
                let facts = facts::stranger(business, self.policy.clone(), json!({}));
                self.fill(source, path, text, &TemplateFacts::new(&facts), STRANGER);
            }
            self.plain(source, path, text, ANSWER_WORDS_MAX);
        }
    }

    fn sentences(&mut self) {
        let Some((file, source)) = self.spoken.sentences else { return };
        let texts = file.all(SentenceKind::Told);
        let waits = [
            json!({"open": true, "place": 2, "minutes": 8, "back": null, "hours": "Monday to Friday"}),
            json!({"open": true, "place": null, "minutes": null, "back": null, "hours": "Monday to Friday"}),
            json!({"open": false, "place": 1, "minutes": null, "back": "Tuesday 9:00", "hours": "Monday to Friday"}),
            json!({"open": false, "place": null, "minutes": null, "back": null, "hours": "Monday to Friday"}),
        ];
        let stranger = facts::stranger(self.spoken.business, self.policy.clone(), json!({}));
        let proof = json!({"email": "ana@example.com", "code": "123456", "tries": 1, "minutes": 10});
        let people = [
            ("first", json!("a late fee")),
            ("second", json!("a refund")),
            ("staff", json!("Sam")),
            ("proof", proof),
            ("deed", facts::deed()),
        ];
        let stranger = facts::with(stranger, &people);
        let waiting = waits.map(|wait| TemplateFacts::new(&facts::with(stranger.clone(), &[("wait", wait)])));
        for &(path, text) in &texts {
            self.plain(source, path, text, ANSWER_WORDS_MAX);
            if self.text(source, path, text) == Fit::Fit {
                waiting.iter().for_each(|facts| self.fill(source, path, text, facts, STRANGER));
            }
        }
        let scored: Vec<&str> = texts.iter().map(|it| it.1).collect();
        self.score(source, "did_you_mean", &scored);
        for (path, button) in file.all(SentenceKind::Button) {
            let n = words(button).count();
            if n == 0 || BUTTON_WORDS_MAX < n {
                let what = format!("the button has {n} words");
                self.faults.push(source.fault(path, what, "One to four words that say what will happen."));
            }
            self.jargon(source, path, button, button);
        }
    }

    fn urgent(&mut self) {
        let Some((file, source)) = self.spoken.urgent else { return };
        let stranger = TemplateFacts::new(&facts::stranger(self.spoken.business, self.policy.clone(), json!({})));
        for (i, rule) in file.rule.iter().enumerate() {
            let path = format!("rule.{i}.say");
            if self.text(source, &path, &rule.say) == Fit::Fit {
                self.fill(source, &path, &rule.say, &stranger, STRANGER);
            }
            self.plain(source, &path, &rule.say, ANSWER_WORDS_MAX);
        }
        let scored: Vec<&str> = file.rule.iter().map(|it| it.say.as_str()).collect();
        self.score(source, "rule", &scored);
    }

    /// Compiles a text, and tries it on a customer about whom everything is known.
    fn text(&mut self, source: &Source, path: &str, text: &str) -> Fit {
        if let Err(error) = self.templates.add_text(text) {
            self.broken(source, path, &error);
            return Fit::Unfit;
        }
        let names = self.templates.names_in_text(text);
        if self.names_are_known(source, path, text, names, Code::Between) == Fit::Unfit {
            return Fit::Unfit;
        }
        match self.templates.render(text, &self.everything) {
            Ok(_) => Fit::Fit,
            Err(error) => {
                let what = format!("this cannot be filled even when every fact is known: {}", error.what);
                let hint = "Filters: `money` for amounts, `rule_money` for those of rules, `date`, `day`, `month` and `plus_days` for dates, `plural`, `list` for texts.";
                self.faults.push(source.fault_within(path, error.line, what, hint));
                Fit::Unfit
            }
        }
    }

    /// Compiles a condition, and tries it on a customer about whom everything is known.
    fn condition(&mut self, source: &Source, path: &str, condition: &str) -> Fit {
        if let Err(error) = self.templates.add_condition(condition) {
            self.broken(source, path, &error);
            return Fit::Unfit;
        }
        let names = self.templates.names_in_condition(condition);
        if self.names_are_known(source, path, condition, names, Code::All) == Fit::Unfit {
            return Fit::Unfit;
        }
        match self.templates.holds(condition, &self.everything) {
            Ok(_) => Fit::Fit,
            Err(error) => {
                let what = format!("this cannot be decided even when every fact is known: {}", error.what);
                self.faults.push(source.fault(
                    path,
                    what,
                    "Compare a fact with a value, `invoice and invoice.owed > 0`.",
                ));
                Fit::Unfit
            }
        }
    }

    fn broken(&mut self, source: &Source, path: &str, error: &TemplateError) {
        let hint = "Look for `{{ … }}`, `{% if … %}` and `{% endif %}` that do not match.";
        self.faults.push(source.fault_within(path, error.line, format!("this cannot be read: {}", error.what), hint));
    }

    fn names_are_known(&mut self, source: &Source, path: &str, text: &str, names: BTreeSet<String>, code: Code) -> Fit {
        let mut fit = Fit::Fit;
        for name in names {
            if self.names.contains(&name) || self.templates.is_function(&name) {
                continue;
            }
            fit = Fit::Unfit;
            let from_broken_file = (self.spoken.policies.is_none() && name.starts_with("policy."))
                || (self.spoken.known.slots.is_none() && name.starts_with("slots."));
            if from_broken_file {
                continue;
            }
            let hint = self.hint_for(&name);
            let last = name.rsplit('.').next().unwrap_or(&name);
            let line = line_with(text, last);
            self.faults.push(source.fault_within(path, line, format!("there is no fact `{name}`"), hint));
        }
        for (line, kind, name) in self.templates.unknown_words(text, code == Code::All) {
            fit = Fit::Unfit;
            let near = did_you_mean(&name, Templates::filters()).filter(|_| kind == "filter");
            let hint = near.unwrap_or_else(|| {
                "Ours are `money`, `rule_money`, `date`, `day`, `month`, `plus_days`, `plural` and `list`.".to_owned()
            });
            self.faults.push(source.fault_within(path, line, format!("there is no {kind} `{name}`"), hint));
        }
        fit
    }

    /// What to do about a fact that there is none of. A rule that the program goes by is missing, whatever is like it.
    fn hint_for(&self, name: &str) -> String {
        let rule = name.strip_prefix("policy.");
        let near =
            did_you_mean(name, self.names.iter().map(String::as_str)).filter(|_| !rule.is_some_and(rules::is_needed));
        match (near, rule) {
            (Some(near), Some(rule)) => format!("{near} Else add the rule `{rule}` to `policies.toml`."),
            (Some(near), None) => near,
            (None, Some(rule)) => format!("Add the rule `{rule}` to `policies.toml`."),
            (None, None) => fact_hint(name).to_owned(),
        }
    }

    fn fill(&mut self, source: &Source, path: &str, text: &str, facts: &TemplateFacts, whom: Whom) {
        match self.templates.render(text, facts) {
            Ok(said) if said.is_empty() => {
                self.faults.push(source.fault(path, format!("{} is told nothing here", whom.name), whom.hint));
            }
            Ok(_) => {}
            Err(error) => {
                let what = format!("{} cannot be told this: {}", whom.name, error.what);
                self.faults.push(source.fault_within(path, error.line, what, whom.hint));
            }
        }
    }

    /// A button whose words are a template.
    fn button(&mut self, source: &Source, path: &str, text: &str) {
        let n = words(&strip(text).longest).count();
        if n == 0 || BUTTON_WORDS_MAX < n {
            let what = format!("the button has {n} words");
            self.faults.push(source.fault(path, what, "One to four words that say what will happen."));
        }
        self.jargon(source, path, text, &strip(text).all);
    }

    /// Lengths and jargon of one text.
    fn plain(&mut self, source: &Source, path: &str, text: &str, words_max: usize) {
        let stripped = strip(text);
        let n = words(&stripped.longest).count();
        if words_max < n {
            let what = format!("this has up to {n} words, more than {words_max}");
            self.faults.push(source.fault(
                path,
                what,
                "Say the answer and what to do next; leave the rest to a button.",
            ));
        }
        for sentence in sentences(&stripped.longest) {
            let n = words(&sentence).count();
            if SENTENCE_WORDS_MAX < n {
                let start: Vec<_> = sentence.split(' ').take(4).collect();
                let what =
                    format!("the sentence \"{} …\" has {n} words, more than {SENTENCE_WORDS_MAX}", start.join(" "));
                let first = words(&sentence).find(|it| *it != "0").unwrap_or_default();
                let line = line_with(text, first);
                self.faults.push(source.fault_within(path, line, what, "Make two sentences of it, one idea each."));
            }
        }
        self.jargon(source, path, text, &stripped.all);
    }

    fn jargon(&mut self, source: &Source, path: &str, text: &str, shown: &str) {
        for found in self.spoken.jargon.find(shown) {
            let line = line_with(text, &found.not);
            let what = format!("customers don't know the words \"{}\"", found.not);
            self.faults.push(source.fault_within(path, line, what, format!("Say \"{}\".", found.but)));
        }
    }

    /// How easily texts read, taken together.
    fn score(&mut self, source: &Source, path: &str, texts: &[&str]) {
        let longest: Vec<String> = texts.iter().map(|it| strip(it).longest).collect();
        let reading = reading(longest.iter().map(String::as_str));
        if reading.n_words < SCORED_WORDS_MIN {
            return;
        }
        let hint = "Use shorter words and sentences.";
        if self.spoken.business.language.starts_with("en") && GRADE_MAX < reading.grade {
            let what = format!("the texts together read at grade {:.1}, above {GRADE_MAX}", reading.grade);
            self.faults.push(source.fault(path, what, hint));
        }
        if LIX_MAX < reading.lix {
            let what = format!("the texts together have a LIX of {:.0}, above {LIX_MAX}", reading.lix);
            self.faults.push(source.fault(path, what, hint));
        }
    }
}

/// Which parts of a text are code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    /// What stands between braces.
    Between,
    /// All of it.
    All,
}

/// A kind of customer about whom little is known.
#[derive(Clone, Copy)]
struct Whom {
    name: &'static str,
    hint: &'static str,
}

const STRANGER: Whom = Whom {
    name: "somebody whom we don't know",
    hint: "Give the answer a `when` like `account and …`, or add `needs = [\"verified\"]` with an `unverified` text.",
};

const NOWHERE_KNOWN: Whom = Whom {
    name: "somebody who asks a business without billing data",
    hint: "Put what needs an account or a price list in `{% if has_accounts %}` or `{% if plans %}`.",
};

const CUSTOMER_HINT: &str =
    "Give the answer a `when` like `invoice and …`, or put what may be missing in `{% if … %}`.";

fn fact_hint(name: &str) -> &'static str {
    match name.split('.').next().unwrap_or_default() {
        "slots" => "Slots are declared in `[slots.…]` of an intent.",
        _ => "Facts are `account`, `invoice`, `payment`, `change` and others; docs/content.md lists them.",
    }
}

/// The line, from 1, of a text in which words stand; the first, when they stand nowhere as they are.
fn line_with(text: &str, words: &str) -> usize {
    let words = words.to_lowercase();
    text.lines().position(|it| it.to_lowercase().contains(&words)).map_or(1, |it| it + 1)
}
