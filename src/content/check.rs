//! Loads a folder of content and finds every fault in it: file, line, what, and what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::file::{
    BusinessFile, CostFile, HoursFile, IntentFile, PoliciesFile, SentencesFile, Thresholds, UrgentFile, WordsFile,
};
use super::hours::read_hours;
use super::language::{Language, LanguageFile};
use super::plain_words::Jargon;
use super::read::{self, Source};
use super::shapes::{self, KeyShape};
use super::template::{TemplateFacts, Templates};
use super::tried::Tried;
use super::urgent::{self, UrgentWords};
use super::{COMMANDS, Content, Fault, FollowUp, Intent, by_topic, paths};
use examples::{EXAMPLES_END, More};

mod examples;
mod follow_ups;
mod hours_text;
mod intents;
mod rules;
mod stray;
mod texts;

/// Content files in a folder; more are a fault and not an endless wait.
const FILES_MAX: usize = 2_000;

/// Folders beside the stages that hold something else.
const OTHER_FOLDERS: &[&str] = &["notices", LANGUAGES];

/// The folder with the small words of each language.
const LANGUAGES: &str = "languages";

/// The files that stand beside the stages' folders: name, and what to do when it is missing.
const FILES: [(&str, &str); 5] = [
    ("business.toml", "Add it: it says who the business is, its hours and how sure the bot has to be."),
    ("sentences.toml", "Add it: it has what the bot says outside any intent."),
    ("urgent.toml", "Add it: it has the words that send a message to a person at once."),
    ("policies.toml", "Add it: it has the dated rules, such as the late fee."),
    ("words.toml", "Add it: it has jargon and what we say instead."),
];

/// One intent's file, read.
struct Read {
    name: String,
    stage: String,
    /// With the examples of both files.
    file: IntentFile,
    source: Source,
    /// Where the examples stand that its own file doesn't have.
    more: More,
}

impl Read {
    /// Where an example stands.
    fn place_of(&self, example: usize) -> (&Path, usize) {
        let own = || (self.source.file.as_path(), self.source.line(&format!("examples.{example}")));
        self.more.place(example, self.file.examples.len()).unwrap_or_else(own)
    }

    /// Where an example of a follow-up stands.
    fn place_of_follow_up(&self, i: usize, example: usize) -> (&Path, usize) {
        let own = || (self.source.file.as_path(), self.source.line(&format!("follow_up.{i}.examples.{example}")));
        let n = self.file.follow_up.get(i).map_or(0, |it| it.examples.len());
        self.more.place_of_follow_up(i, example, n).unwrap_or_else(own)
    }

    /// The name under which a follow-up of it is known everywhere.
    fn name_of(&self, follow_up: usize) -> String {
        self.file.follow_up.get(follow_up).map(|it| follow_up_name(&self.name, &it.name)).unwrap_or_default()
    }
}

/// `get_invoice_copy.how_long`.
fn follow_up_name(intent: &str, name: &str) -> String {
    format!("{intent}.{name}")
}

/// What one file may know about the others.
struct Known {
    /// The names of all intents, of broken ones too.
    intents: BTreeSet<String>,
    /// The names of all slots; `None` when a broken file may have more.
    slots: Option<BTreeSet<String>>,
    /// The names of all follow-ups, `intent.follow_up`.
    follow_ups: BTreeSet<String>,
}

impl Known {
    /// Whether a customer may be offered this.
    fn is_choice(&self, id: &str) -> bool {
        COMMANDS.contains(&id) || self.intents.contains(id)
    }
}

/// All content files under a folder, sorted.
pub(super) fn files_in(dir: &Path) -> Vec<PathBuf> {
    let mut files = toml_in(dir);
    files.extend(toml_in(&dir.join(LANGUAGES)));
    for folder in folders_in(dir) {
        files.extend(toml_in(&folder));
        files.extend(examples_in(&folder));
    }
    files.sort();
    files
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut paths: Vec<_> = entries.filter_map(|it| Some(it.ok()?.path())).collect();
    paths.retain(|it| !name_of(it).starts_with('.'));
    paths.sort();
    paths
}

fn toml_in(dir: &Path) -> Vec<PathBuf> {
    entries(dir).into_iter().filter(|it| it.extension().is_some_and(|it| it == "toml") && it.is_file()).collect()
}

/// Files with more examples of the intents in a folder.
fn examples_in(dir: &Path) -> Vec<PathBuf> {
    entries(dir).into_iter().filter(|it| name_of(it).ends_with(EXAMPLES_END) && it.is_file()).collect()
}

fn folders_in(dir: &Path) -> Vec<PathBuf> {
    let folders = entries(dir).into_iter().filter(|it| it.is_dir());
    folders.filter(|it| !OTHER_FOLDERS.contains(&name_of(it).as_str())).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Loads a folder, or tells all its faults, sorted by file and line.
pub(super) fn load(dir: &Path, tried: Option<&Tried>) -> Result<Content, Vec<Fault>> {
    if !dir.is_dir() {
        let hint = "Name the folder with `--intents`, or start where `intents/` is.";
        return Err(vec![Fault::new(dir, 1, "there is no such folder", hint)]);
    }
    let mut loading = Loading { dir, faults: Vec::new(), warnings: Vec::new(), digest: DefaultHasher::new() };
    let content = loading.load(tried);
    let (faults, warnings) = (in_order(loading.faults), in_order(loading.warnings));
    match content {
        Some(content) if faults.is_empty() => Ok(Content { warnings, ..content }),
        _ => Err(faults),
    }
}

/// Each once, by file and line.
fn in_order(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort();
    faults.dedup();
    faults
}

struct Loading<'a> {
    dir: &'a Path,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
    digest: DefaultHasher,
}

impl Loading<'_> {
    fn load(&mut self, tried: Option<&Tried>) -> Option<Content> {
        stray::check(self.dir, &mut self.faults);
        let business = self.read_one::<BusinessFile>(0, shapes::BUSINESS);
        let sentences = self.read_one(1, SentencesFile::KEYS);
        let urgent = self.read_one::<UrgentFile>(2, shapes::URGENT);
        let policies = self.read_one::<PoliciesFile>(3, shapes::POLICIES);
        let words = self.read_one::<WordsFile>(4, shapes::WORDS);
        let languages = self.read_languages(business.as_ref().map(|it| it.0.language.as_str()));
        let (intents, known) = self.read_intents();
        // All files have been read by now.
        let digest = self.digest.finish();
        let (faults, warnings) = (&mut self.faults, &mut self.warnings);

        let hours = business.as_ref().map(|(file, source)| {
            check_business(file, source, &known, faults);
            let n_faults = faults.len();
            let hours = read_hours(&file.hours, &file.time_zone, source, faults);
            // Hours that can't be read differ from any text.
            if faults.len() == n_faults {
                hours_text::check(&hours, base_tag(&file.language), source, warnings);
            }
            hours
        });
        if let Some((file, source)) = &policies {
            rules::check(file, source, faults);
            rules::check_needed(&file.policy, source, &intents, warnings);
        }
        if let Some((file, source)) = &urgent {
            check_urgent(file, source, faults);
        }
        if let Some((file, source)) = &words {
            check_words(file, source, faults);
        }
        intents::check(&intents, &known, faults);

        let stand_in = stand_in();
        let spoken = texts::Spoken {
            business: business.as_ref().map_or(&stand_in, |it| &it.0),
            business_source: business.as_ref().map(|it| &it.1),
            sentences: sentences.as_ref(),
            urgent: urgent.as_ref(),
            policies: policies.as_ref().map(|it| it.0.policy.as_slice()),
            jargon: Jargon::new(words.as_ref().map_or(&[], |it| it.0.instead.as_slice())),
            intents: &intents,
            known: &known,
            tried: tried.is_some_and(|it| it.has(digest)),
        };
        let templates = texts::check(&spoken, faults);

        let urgent = urgent?.0;
        let follow_ups: BTreeMap<String, FollowUp> = (intents.iter())
            .flat_map(|it| (0..it.file.follow_up.len()).map(|i| (it.name_of(i), follow_up(it, i))))
            .collect();
        let intents = intents.into_iter().map(|it| {
            let intent = Intent { name: it.name.clone(), stage: it.stage, path: it.source.file, file: it.file };
            (it.name, intent)
        });
        let business = business?.0;
        Some(Content {
            language: Language::new(base_tag(&business.language), &languages),
            follow_ups_by_topic: by_topic(&follow_ups),
            follow_ups,
            business,
            hours: hours?,
            sentences: sentences?.0,
            urgent_words: urgent.rule.iter().map(UrgentWords::of).collect(),
            urgent,
            policies: policies?.0.policy,
            words: words?.0,
            intents: intents.collect(),
            templates,
            warnings: Vec::new(),
            digest,
        })
    }

    /// The small words of all languages. The business's own has to have all lists, where it is there at all.
    fn read_languages(&mut self, own: Option<&str>) -> Vec<(String, LanguageFile)> {
        let mut languages = Vec::new();
        let folder = self.dir.join(LANGUAGES);
        let own = own.map(base_tag);
        for file in toml_in(&folder) {
            let tag = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let Some(text) = self.text_of(&file, "It was here a moment ago; try again.") else { continue };
            let read = read::read::<LanguageFile>(&file, text, LanguageFile::KEYS, &mut self.faults);
            let Some((language, source)) = read else { continue };
            if own == Some(tag.as_str()) {
                for (key, _) in language.own_lists().into_iter().filter(|it| it.1.is_empty()) {
                    let what = format!("`{key}` is missing or empty, and this is the business's language");
                    self.faults.push(source.fault(key, what, "`languages/en.toml` says what it is for."));
                }
                let n_months = language.months.len();
                if n_months != 12 && n_months != 0 {
                    let what = format!("there are {n_months} months");
                    self.faults.push(source.fault("months", what, "Write all twelve, from January on."));
                }
            }
            languages.push((tag, language));
        }
        if let Some(own) = own.filter(|own| languages.iter().all(|it| it.0 != *own)) {
            let hint =
                "Copy `languages/en.toml` and translate its lists: without them no yes and no month is understood.";
            let what = format!("there is no `{LANGUAGES}/{own}.toml`, which the business's language needs");
            self.faults.push(Fault::new(&folder, 1, what, hint));
        }
        languages
    }

    /// The examples in a file beside an intent's, taken into it.
    fn read_more_examples(&mut self, intent: &Path, into: &mut IntentFile) -> More {
        let name = intent.file_stem().unwrap_or_default().to_string_lossy();
        let file = intent.with_file_name(format!("{name}{EXAMPLES_END}"));
        if !file.is_file() {
            return More::default();
        }
        let Some(text) = self.text_of(&file, "It was here a moment ago; try again.") else { return More::default() };
        More::take(&file, &text, into, &mut self.faults)
    }

    fn text_of(&mut self, file: &Path, hint: &str) -> Option<String> {
        match read::text_of(file, hint) {
            Ok(text) => {
                (file, &text).hash(&mut self.digest);
                Some(text)
            }
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    fn read_one<T: DeserializeOwned>(&mut self, place: usize, shape: &'static [KeyShape]) -> Option<(T, Source)> {
        let (name, hint) = FILES[place];
        let file = self.dir.join(name);
        let text = self.text_of(&file, hint)?;
        read::read(&file, text, shape, &mut self.faults)
    }

    fn read_intents(&mut self) -> (Vec<Read>, Known) {
        let mut intents = Vec::new();
        let mut places: BTreeMap<String, PathBuf> = BTreeMap::new();
        let mut n_files = 0;
        for folder in folders_in(self.dir) {
            let stage = name_of(&folder);
            for file in toml_in(&folder) {
                n_files += 1;
                if FILES_MAX < n_files {
                    continue;
                }
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                self.check_name(&name, &file);
                match places.get(&name) {
                    Some(first) => {
                        let what = format!("there is an intent `{name}` already, in {}", first.display());
                        self.faults.push(Fault::new(
                            &file,
                            1,
                            what,
                            "Give one of them another name, or put them together.",
                        ));
                        continue;
                    }
                    None => places.insert(name.clone(), file.clone()),
                };
                let Some(text) = self.text_of(&file, "It was here a moment ago; try again.") else { continue };
                if let Some((mut read, source)) =
                    read::read::<IntentFile>(&file, text, shapes::INTENT, &mut self.faults)
                {
                    let more = self.read_more_examples(&file, &mut read);
                    intents.push(Read { name, stage: stage.clone(), file: read, source, more });
                }
            }
            for file in examples_in(&folder) {
                let name = name_of(&file).trim_end_matches(EXAMPLES_END).to_owned();
                if !file.with_file_name(format!("{name}.toml")).is_file() {
                    let hint = "Name it as the intent's file is named that it has more examples of.";
                    self.faults.push(Fault::new(&file, 1, format!("there is no intent `{name}` beside it"), hint));
                }
            }
        }
        if FILES_MAX < n_files {
            let what = format!("there are {n_files} intents, more than {FILES_MAX}");
            self.faults.push(Fault::new(self.dir, 1, what, "Put those together that mean nearly the same."));
        }
        if places.is_empty() {
            let hint = "Add one in a folder for its stage, `pay-it/make_payment.toml`.";
            self.faults.push(Fault::new(self.dir, 1, "there are no intents", hint));
        }
        let all_read = intents.len() == places.len();
        let slots = || intents.iter().flat_map(|it| it.file.slots.keys().cloned()).collect();
        let slots = all_read.then(slots);
        let follow_ups = intents.iter().flat_map(|it| (0..it.file.follow_up.len()).map(|i| it.name_of(i))).collect();
        (intents, Known { intents: places.into_keys().collect(), slots, follow_ups })
    }

    fn check_name(&mut self, name: &str, file: &Path) {
        let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
        if !name.starts_with(|it: char| it.is_ascii_lowercase()) || !name.chars().all(plain) {
            let what = format!("`{name}` is not a name for an intent");
            self.faults.push(Fault::new(file, 1, what, "Use small letters, digits and `_`: `payment_failed.toml`."));
        }
        if matches!(name, "start_over" | "end_chat" | "verify_me" | super::SEND_ANOTHER_CODE | super::SOMETHING_ELSE) {
            let what = format!("`{name}` is the name of a command");
            self.faults.push(Fault::new(file, 1, what, "Give the intent another name."));
        }
    }
}

/// A follow-up as what it is for whoever answers: an intent of its own, with the slots of the one that it stands in.
fn follow_up(read: &Read, i: usize) -> FollowUp {
    let (file, parent) = (read.file.follow_up[i].clone(), &read.file);
    let needs = file.unverified.as_ref().map(|_| super::file::Need::Verified).into_iter().collect();
    let intent = IntentFile {
        about: file.about.clone(),
        examples: file.examples.clone(),
        needs,
        unverified: file.unverified.clone(),
        sign_in: file.sign_in,
        small_talk: false,
        suggestion: false,
        gives_way: file.gives_way,
        when_named: None,
        answer: file.answer.clone(),
        follow_up: Vec::new(),
        talk: Vec::new(),
        ..parent.clone()
    };
    FollowUp {
        parent: read.name.clone(),
        intent: Intent {
            name: follow_up_name(&read.name, &file.name),
            stage: read.stage.clone(),
            path: read.source.file.clone(),
            file: intent,
        },
        file,
    }
}

/// `en` of `en-GB`.
fn base_tag(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

/// The place of the first answer whose condition holds; one that cannot be decided does not hold.
pub(super) fn answer_place(templates: &Templates, intent: &IntentFile, facts: &TemplateFacts) -> Option<usize> {
    let holds = |when: &String| templates.holds(when, facts).unwrap_or(false);
    intent.answer.iter().position(|it| it.when.as_ref().is_none_or(holds))
}

fn check_business(file: &BusinessFile, source: &Source, known: &Known, faults: &mut Vec<Fault>) {
    let mut fault = |path: &str, what: String, hint: &str| faults.push(source.fault(path, what, hint));
    let is_code = |text: &str, n: usize| text.len() == n && text.bytes().all(|it| it.is_ascii_uppercase());
    if !is_code(&file.currency, 3) {
        fault(
            "currency",
            format!("`{}` is not a currency", file.currency),
            "Write its three letters: `GBP`, `EUR`, `USD`.",
        );
    }
    if !is_code(&file.country, 2) {
        fault("country", format!("`{}` is not a country", file.country), "Write its two letters: `GB`, `DE`, `US`.");
    }
    let language = file.language.split('-').next().unwrap_or_default();
    if !(2..=3).contains(&language.len()) || !language.bytes().all(|it| it.is_ascii_lowercase()) {
        fault("language", format!("`{}` is not a language", file.language), "Write it like `en`, `en-US` or `de`.");
    }
    for (path, text) in [
        ("name", &file.name),
        ("greeting", &file.greeting),
        ("privacy", &file.privacy),
        ("phone", &file.phone),
        ("email", &file.email),
        ("emergency_number", &file.emergency_number),
        ("pay_url", &file.pay_url),
        ("hours.text", &file.hours.text),
    ] {
        if text.trim().is_empty() {
            fault(path, format!("`{path}` is empty"), "Customers read it; write it out.");
        }
    }
    let Thresholds { wrong_answers, answer, ask_back, known: nearness } = file.understanding;
    let shares = [
        ("wrong_answers", Some(wrong_answers), "Write the share that you can live with: 0.03 for three of a hundred."),
        ("answer", answer, "Confidence is between 0 and 1; without `answer` it follows from `wrong_answers`."),
        ("ask_back", Some(ask_back), "Confidence is between 0 and 1."),
        ("known", Some(nearness), "Nearness is between 0 and 1."),
    ];
    for (path, value, hint) in shares {
        if let Some(value) = value.filter(|it| !(0.0..=1.0).contains(it)) {
            fault(&format!("understanding.{path}"), format!("`{path}` is {value}"), hint);
        }
    }
    if let Some(answer) = answer.filter(|it| *it < ask_back) {
        let what = format!("`ask_back` is {ask_back}, more than `answer`, which is {answer}");
        fault("understanding.ask_back", what, "Asking back needs less confidence than answering.");
    }
    if file.cost.per_contact_minor < 0 {
        fault(
            "cost.per_contact_minor",
            "a contact costs less than nothing".to_owned(),
            "Write it in minor units: 650 for £6.50.",
        );
    }
    for breach in paths::starter_breaches(file, |it| known.intents.contains(it)) {
        let near = file.starters.iter().find(|it| breach.what.contains(&format!("`{it}` is no intent")));
        let hint = near.and_then(|it| super::did_you_mean(it, known.intents.iter().map(String::as_str)));
        faults.push(source.fault(&breach.path, breach.what, hint.unwrap_or(breach.hint)));
    }
}

fn check_urgent(file: &UrgentFile, source: &Source, faults: &mut Vec<Fault>) {
    for (i, rule) in file.rule.iter().enumerate() {
        if rule.phrases.is_empty() {
            let what = format!("the rule `{}` has no phrases", rule.name);
            faults.push(source.fault(&format!("rule.{i}.phrases"), what, "Add phrases, or take the rule out."));
        }
        for (path, phrases) in [("phrases", &rule.phrases), ("unless", &rule.unless)] {
            for (j, phrase) in phrases.iter().enumerate() {
                if !urgent::has_words(phrase) {
                    let what = "a phrase without words";
                    faults.push(source.fault(&format!("rule.{i}.{path}.{j}"), what, "Write words, or take it out."));
                }
            }
        }
    }
}

fn check_words(file: &WordsFile, source: &Source, faults: &mut Vec<Fault>) {
    for (i, pair) in file.instead.iter().enumerate() {
        if pair.not.is_empty() || pair.but.trim().is_empty() {
            let hint = "Write `not = [\"remit\"]` and `but = \"pay\"`.";
            faults.push(source.fault(&format!("instead.{i}"), "a pair of words with one side empty", hint));
        }
    }
}

/// A business to try templates with while `business.toml` is broken.
fn stand_in() -> BusinessFile {
    let text = || "x".to_owned();
    BusinessFile {
        name: text(),
        country: "GB".to_owned(),
        currency: "GBP".to_owned(),
        time_zone: "UTC".to_owned(),
        language: "en".to_owned(),
        emergency_number: text(),
        phone: text(),
        email: text(),
        address: text(),
        pay_url: text(),
        greeting: text(),
        starters: Vec::new(),
        privacy: text(),
        payment_methods: vec![text()],
        hours: HoursFile { text: text(), week: BTreeMap::new(), holidays: Vec::new(), minutes_per_conversation: 1 },
        understanding: Thresholds { wrong_answers: 0.0, answer: None, ask_back: 0.5, known: 0.5 },
        cost: CostFile { per_contact_minor: 0 },
    }
}
