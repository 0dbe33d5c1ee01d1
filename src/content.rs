//! What the business says and when: loads the folder `intents/`, keeps the last good set, swaps it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::civil::Date;

mod check;
pub mod facts;
pub mod file;
pub mod hours;
pub mod language;
pub mod paths;
pub mod plain_words;
mod read;
pub mod shapes;
pub mod template;
mod tried;
mod urgent;

use file::{BusinessFile, FollowUpFile, IntentFile, Need, PolicyFile, SentencesFile, TalkFile, UrgentFile, WordsFile};
use hours::OpeningHours;
use language::Language;
use template::{TemplateError, TemplateFacts, Templates};
use tried::Tried;
use urgent::UrgentWords;

/// The commands that may stand among choices beside the names of intents.
pub const COMMANDS: [&str; 4] = ["talk_to_human", "start_over", "end_chat", "verify_me"];

/// The choice that refuses both of "did you mean"; only talks may name it.
pub const SOMETHING_ELSE: &str = "something_else";

/// The choice that has a one-time code sent again; only talks may name it.
pub const SEND_ANOTHER_CODE: &str = "send_another_code";

/// Something wrong in a content file: a fault, with which it doesn't run, or a warning, with which it does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

impl Fault {
    pub(crate) fn new(file: &Path, line: usize, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into(), hint: hint.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}. Hint: {}", self.file.display(), self.line, self.what, self.hint)
    }
}

/// One intent: what a customer can mean, and what follows.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Its name, which is that of its file.
    pub name: String,
    /// The stage of the customer's journey, which is the name of its folder.
    pub stage: String,
    /// Where it stands.
    pub path: PathBuf,
    /// What its file says.
    pub file: IntentFile,
}

impl Intent {
    /// Whether an answer needs to know who the customer is.
    pub fn needs_verified(&self) -> bool {
        self.file.needs.contains(&Need::Verified)
    }

    /// Whether one of its answers has something done that changes something for the customer.
    pub fn acts(&self) -> bool {
        self.file.answer.iter().any(|it| it.action.is_some_and(|action| action.changes_something()))
    }
}

/// What can be meant only while a topic is being talked about.
#[derive(Clone, Debug)]
pub struct FollowUp {
    /// The intent in whose file it stands.
    pub parent: String,
    /// What its entry says.
    pub file: FollowUpFile,
    /// The same as an intent that can be answered: `parent.name`, with the parent's slots.
    pub intent: Intent,
}

impl FollowUp {
    /// Whether it counts while this is being talked about.
    pub fn counts_in(&self, topic: &str) -> bool {
        self.parent == topic || self.file.also_in.iter().any(|it| it == topic || it == FollowUpFile::ANY)
    }
}

/// The names of the follow-ups that count in each topic that any of them names, its own first.
fn by_topic(follow_ups: &BTreeMap<String, FollowUp>) -> HashMap<String, Vec<String>> {
    let named = |it: &FollowUp| it.file.also_in.iter().cloned().chain([it.parent.clone()]).collect::<Vec<_>>();
    let topics: BTreeSet<String> = follow_ups.values().flat_map(named).chain([String::new()]).collect();
    let counting = |topic: &String| {
        let mut found: Vec<(&String, &FollowUp)> = follow_ups.iter().filter(|it| it.1.counts_in(topic)).collect();
        found.sort_by_key(|it| it.1.parent != *topic);
        found.into_iter().map(|it| it.0.clone()).collect()
    };
    topics
        .into_iter()
        .map(|it| {
            let names = counting(&it);
            (it, names)
        })
        .collect()
}

/// All content, checked: what is in here runs.
#[derive(Debug)]
pub struct Content {
    /// Who the business is.
    pub business: BusinessFile,
    /// When its people are there.
    pub hours: OpeningHours,
    /// What we say outside any intent.
    pub sentences: SentencesFile,
    /// What sends a message to a person at once.
    pub urgent: UrgentFile,
    /// The dated rules; [`Content::policy`] picks those that hold.
    pub policies: Vec<PolicyFile>,
    /// Jargon and what we say instead.
    pub words: WordsFile,
    /// The intents by name.
    pub intents: BTreeMap<String, Intent>,
    /// What can be meant only within a topic, by name: `get_invoice_copy.how_long`.
    pub follow_ups: BTreeMap<String, FollowUp>,
    /// The small words of the business's language.
    pub language: Language,
    /// What runs and is hardly meant so, sorted by file and line.
    pub warnings: Vec<Fault>,
    /// The names of the follow-ups that count in each topic, its own first; under no name, those that count everywhere.
    follow_ups_by_topic: HashMap<String, Vec<String>>,
    /// Each rule's phrases and exceptions as bare words.
    urgent_words: Vec<UrgentWords>,
    templates: Templates,
    digest: u64,
}

impl Content {
    /// Loads and checks a folder.
    ///
    /// # Errors
    ///
    /// All faults of all files, sorted by file and line.
    pub fn load(dir: &Path) -> Result<Content, Vec<Fault>> {
        check::load(dir, None)
    }

    /// Says in the log what is hardly meant so.
    pub fn log_warnings(&self) {
        for warning in &self.warnings {
            tracing::warn!(%warning, "the content runs with something that is hardly meant so");
        }
    }

    /// All examples, each with the name of its intent.
    pub fn examples(&self) -> impl Iterator<Item = (&str, &str)> {
        let intents = self.intents.values();
        intents.flat_map(|it| it.file.examples.iter().map(|text| (it.name.as_str(), text.as_str())))
    }

    /// All examples of follow-ups, each with the name of its follow-up.
    pub fn follow_up_examples(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.follow_ups.iter();
        all.flat_map(|(name, it)| it.file.examples.iter().map(|text| (name.as_str(), text.as_str())))
    }

    /// The follow-ups that count while this is being talked about, its own first.
    pub fn follow_ups_in(&self, topic: &str) -> impl Iterator<Item = &FollowUp> {
        let names = self.follow_ups_by_topic.get(topic).or_else(|| self.follow_ups_by_topic.get(""));
        names.into_iter().flatten().filter_map(|it| self.follow_ups.get(it))
    }

    /// What gives the answers under a name: an intent, or a follow-up of one.
    pub fn answering(&self, name: &str) -> Option<&Intent> {
        self.intents.get(name).or_else(|| self.follow_ups.get(name).map(|it| &it.intent))
    }

    /// The policies that hold on a date, by name: of those with one name, the newest whose date has come.
    ///
    /// A policy whose date has not come yet has the value of its oldest rule, so that no name is ever missing.
    pub fn policy(&self, date: Date) -> BTreeMap<String, i64> {
        policy_on(&self.policies, date)
    }

    /// The rules that hold on a date, by name, with their versions and bands; those for one staff member are left out.
    pub fn clauses(&self, date: Date) -> BTreeMap<String, PolicyFile> {
        let all: Vec<&PolicyFile> = self.policies.iter().filter(|it| it.staff.is_none()).collect();
        clauses_on(&all, date).into_iter().map(|it| (it.name.clone(), it.clone())).collect()
    }

    /// A rule as it holds on a date for one staff member: their own, else everybody's.
    pub fn clause_for(&self, staff: &str, name: &str, date: Date) -> Option<PolicyFile> {
        let named = |whose: Option<&str>| -> Vec<&PolicyFile> {
            self.policies.iter().filter(|it| it.name == name && it.staff.as_deref() == whose).collect()
        };
        let own = clauses_on(&named(Some(staff)), date);
        own.last().or(clauses_on(&named(None), date).last()).map(|it| (*it).clone())
    }

    /// The urgency rules that a text meets, by their places in [`Content::urgent`]; the first counts most.
    ///
    /// A phrase counts where it stands as whole words, in any case, whatever the punctuation, with one slip of typing, and
    /// where its letters are run together or spelt out.
    pub fn urgent_rules(&self, text: &str) -> Vec<usize> {
        let said = urgent::SaidUrgently::of(text);
        (0..self.urgent_words.len()).filter(|it| self.urgent_words[*it].are_in(&said)).collect()
    }

    /// The first of them.
    pub fn urgent_rule(&self, text: &str) -> Option<usize> {
        self.urgent_rules(text).into_iter().next()
    }

    /// The words on the button that leads to an intent or command; `None` for anything else.
    pub fn button(&self, choice: &str) -> Option<&str> {
        match choice {
            "talk_to_human" => Some(&self.sentences.button_talk_to_human),
            "start_over" => Some(&self.sentences.button_start_over),
            "end_chat" => Some(&self.sentences.button_end_chat),
            "verify_me" => Some(&self.sentences.button_verify_me),
            SEND_ANOTHER_CODE => Some(&self.sentences.button_send_another_code),
            SOMETHING_ELSE => Some(&self.sentences.something_else),
            name => match name.split_once(':') {
                Some((slot, value)) => self.offered_value(slot, value),
                None => match self.follow_ups.get(name) {
                    Some(follow_up) => Some(&follow_up.file.button),
                    None => self.intents.get(name).map(|it| it.file.button.as_str()),
                },
            },
        }
    }

    /// What an intent or a follow-up is about, as it goes into "is it about …?".
    pub fn means(&self, name: &str) -> Option<&str> {
        match self.follow_ups.get(name) {
            Some(follow_up) => Some(&follow_up.file.means),
            None => self.intents.get(name).map(|it| it.file.means.as_str()),
        }
    }

    /// The words on the button that gives a slot a value.
    fn offered_value(&self, slot: &str, value: &str) -> Option<&str> {
        let slots = self.intents.values().filter_map(|it| it.file.slots.get(slot));
        slots.filter_map(|it| it.offers.get(value)).map(String::as_str).next()
    }

    /// Whether a text names facts of the customer's own account.
    pub fn speaks_of_account(&self, text: &str) -> bool {
        self.templates.names_in_text(text).iter().any(|it| facts::is_of_the_account(it))
    }

    /// Fills a text of this content (an answer's `say`, a slot's `ask`, a sentence …) with facts.
    pub fn render(&self, text: &str, facts: &TemplateFacts) -> Result<String, TemplateError> {
        self.templates.render(text, facts)
    }

    /// Whether a condition of this content holds.
    pub fn holds(&self, condition: &str, facts: &TemplateFacts) -> Result<bool, TemplateError> {
        self.templates.holds(condition, facts)
    }

    /// The place of the answer to give: the first whose condition holds.
    ///
    /// A condition that cannot be decided does not hold; the last answer has none, so that there always is one.
    pub fn answer(&self, intent: &Intent, facts: &TemplateFacts) -> Option<usize> {
        check::answer_place(&self.templates, &intent.file, facts)
    }

    /// A number that changes when a file's text does.
    pub fn digest(&self) -> u64 {
        self.digest
    }
}

/// Reads talks that stand in a file of their own, `[[talk]]` as in an intent's.
///
/// # Errors
/// What is wrong with the file, with its line.
pub fn read_talks(text: &str) -> Result<Vec<TalkFile>, String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Talks {
        talk: Vec<TalkFile>,
    }
    toml::from_str::<Talks>(text).map(|it| it.talk).map_err(|error| error.to_string())
}

fn policy_on(policies: &[PolicyFile], date: Date) -> BTreeMap<String, i64> {
    let all: Vec<&PolicyFile> = policies.iter().filter(|it| it.staff.is_none()).collect();
    clauses_on(&all, date).iter().map(|it| (it.name.clone(), it.value)).collect()
}

/// Rules in an order in which of those with one name the one that holds on a date comes last.
fn clauses_on<'a>(policies: &[&'a PolicyFile], date: Date) -> Vec<&'a PolicyFile> {
    let date = date.to_string();
    let mut dated = policies.to_vec();
    // ISO dates sort as text.
    dated.sort_by_key(|it| {
        (it.from <= date, if it.from <= date { it.from.clone() } else { descending(&it.from) }, it.version)
    });
    dated
}

/// A key that sorts ISO dates from the newest to the oldest.
fn descending(date: &str) -> String {
    date.chars().map(|it| it.to_digit(10).and_then(|n| char::from_digit(9 - n, 10)).unwrap_or(it)).collect()
}

/// "Did you mean `…`?", where a known name is near enough.
fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near =
        known.into_iter().map(|it| (strsim::jaro_winkler(name, it), it)).filter(|(nearness, _)| NEAR_MIN <= *nearness);
    near.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, it)| format!("Did you mean `{it}`?"))
}

/// From this Jaro-Winkler nearness on, a name may have been meant.
const NEAR_MIN: f64 = 0.8;

/// The content in use: the last set that passed the check.
#[derive(Debug)]
pub struct Contents {
    dir: PathBuf,
    tried: Option<Tried>,
    current: ArcSwap<Content>,
}

impl Contents {
    /// Loads a folder.
    ///
    /// # Errors
    ///
    /// All faults; there is nothing to fall back on yet.
    pub fn open(dir: &Path) -> Result<Self, Vec<Fault>> {
        Self::open_remembering(dir, None)
    }

    /// The same, and remembers in the data folder what has passed: the next start with the same content is sooner up.
    ///
    /// # Errors
    ///
    /// As for [`Contents::open`].
    pub fn open_in(dir: &Path, data: &Path) -> Result<Self, Vec<Fault>> {
        Self::open_remembering(dir, Tried::open(data))
    }

    fn open_remembering(dir: &Path, tried: Option<Tried>) -> Result<Self, Vec<Fault>> {
        let content = load(dir, tried.as_ref())?;
        Ok(Self { dir: dir.to_owned(), tried, current: ArcSwap::from_pointee(content) })
    }

    /// The content in use.
    pub fn current(&self) -> Arc<Content> {
        self.current.load_full()
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What the folder has now, where anything has changed; it is not in use yet.
    ///
    /// # Errors
    ///
    /// All faults; the content in use stays.
    pub fn changed(&self) -> Result<Option<Arc<Content>>, Vec<Fault>> {
        let content = load(&self.dir, self.tried.as_ref())?;
        Ok((content.digest != self.current.load().digest).then(|| Arc::new(content)))
    }

    /// From now on this is in use.
    pub fn swap(&self, content: Arc<Content>) {
        self.current.store(content);
    }

    /// A number that changes when files come, go or are written to; reads no file.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for file in check::files_in(&self.dir) {
            file.hash(&mut hasher);
            if let Ok(about) = std::fs::metadata(&file) {
                about.len().hash(&mut hasher);
                about.modified().ok().hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

/// What has passed under this program isn't tried on everybody once more.
fn load(dir: &Path, tried: Option<&Tried>) -> Result<Content, Vec<Fault>> {
    let content = check::load(dir, tried)?;
    if let Some(tried) = tried {
        tried.keep(content.digest);
    }
    Ok(content)
}

#[cfg(test)]
mod tests;
