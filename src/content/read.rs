//! Reads one content file: TOML with the line of every value, and every fault of shape at once.
//!
//! The shapes repeat `file.rs` so that all faults of a file can be told together; serde stops at the first.
//! A test keeps the two alike, and what serde alone refuses is still a fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::{Fault, did_you_mean};

/// How much of a file is read; a larger one is a fault.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What a value must look like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number that fits `i64`.
    Whole,
    /// A whole number, zero or more, that fits `u32`.
    Count,
    /// A number.
    Number,
    /// A list of texts.
    Texts,
    /// One text or a list of texts.
    TextOrTexts,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A list of tables with these keys.
    Tables(&'static [Key]),
    /// A table whose keys are names, and whose values look like this.
    Named(&'static Shape),
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What its value must look like.
    pub(super) shape: Shape,
    /// It must be there.
    pub(super) required: bool,
}

const fn must(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: true }
}

const fn may(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: false }
}

/// `intents/<stage>/<intent>.toml`.
pub(super) const INTENT: &[Key] = &[
    must("about", Shape::Text),
    must("button", Shape::Text),
    must("means", Shape::Text),
    must("examples", Shape::Texts),
    may("needs", Shape::Words(&["verified"])),
    may("unverified", Shape::Text),
    may("small_talk", Shape::Flag),
    may("suggestion", Shape::Flag),
    must("budget", Shape::Table(BUDGET)),
    may("slots", Shape::Named(&Shape::Table(SLOT))),
    may("answer", Shape::Tables(ANSWER)),
    may("talk", Shape::Tables(TALK)),
];

pub(super) const BUDGET: &[Key] =
    &[must("turns", Shape::Count), must("taps", Shape::Count), must("typed", Shape::Count)];

pub(super) const SLOT: &[Key] = &[
    must("kind", Shape::Word(&["invoice", "date", "money", "email", "text"])),
    must("ask", Shape::Text),
    must("ask_again", Shape::Text),
    may("optional", Shape::Flag),
    may("when", Shape::Text),
];

pub(super) const ANSWER: &[Key] = &[
    may("when", Shape::Text),
    must("say", Shape::Text),
    may("choices", Shape::Texts),
    may("card", Shape::Word(&["invoice", "invoices", "payments", "change", "plans"])),
    may("then", Shape::Word(&["wait", "hand_off", "hand_off_urgent", "end"])),
    may("survey", Shape::Flag),
];

pub(super) const TALK: &[Key] = &[
    must("name", Shape::Text),
    may("account", Shape::Text),
    may("at", Shape::Text),
    may("known_failure", Shape::Flag),
    must("steps", Shape::Tables(STEP)),
];

pub(super) const STEP: &[Key] = &[
    may("customer", Shape::Text),
    may("taps", Shape::Text),
    may("says", Shape::TextOrTexts),
    may("says_not", Shape::TextOrTexts),
    may("offers", Shape::Texts),
    may("asks", Shape::Text),
    may("did_you_mean", Shape::Texts),
    may("understood", Shape::Text),
    may("card", Shape::TextOrTexts),
    may("hands_off", Shape::Flag),
    may("urgent", Shape::Flag),
    may("records", Shape::Text),
];

/// `intents/business.toml`.
pub(super) const BUSINESS: &[Key] = &[
    must("name", Shape::Text),
    must("country", Shape::Text),
    must("currency", Shape::Text),
    must("time_zone", Shape::Text),
    must("language", Shape::Text),
    must("emergency_number", Shape::Text),
    must("phone", Shape::Text),
    must("email", Shape::Text),
    must("address", Shape::Text),
    must("pay_url", Shape::Text),
    must("greeting", Shape::Text),
    must("starters", Shape::Texts),
    must("privacy", Shape::Text),
    must("payment_methods", Shape::Texts),
    must("hours", Shape::Table(HOURS)),
    must("thresholds", Shape::Table(THRESHOLDS)),
    must("cost", Shape::Table(COST)),
];

pub(super) const HOURS: &[Key] = &[
    must("text", Shape::Text),
    may("week", Shape::Named(&Shape::Text)),
    may("holidays", Shape::Texts),
    must("minutes_per_conversation", Shape::Count),
];

pub(super) const THRESHOLDS: &[Key] =
    &[must("answer", Shape::Number), must("ask_back", Shape::Number), must("known", Shape::Number)];

pub(super) const COST: &[Key] = &[must("per_contact_minor", Shape::Whole)];

/// `intents/sentences.toml`.
pub(super) const SENTENCES: &[Key] = &[
    must("did_you_mean", Shape::Text),
    must("something_else", Shape::Text),
    must("say_it_again", Shape::Text),
    must("do_not_know", Shape::Text),
    must("in_queue", Shape::Text),
    must("closed", Shape::Text),
    must("kept_for_person", Shape::Text),
    must("already_in_queue", Shape::Text),
    must("already_with_person", Shape::Text),
    must("taken", Shape::Text),
    must("handed_back", Shape::Text),
    must("closed_by_staff", Shape::Text),
    must("ended", Shape::Text),
    must("reopened", Shape::Text),
    must("started_over", Shape::Text),
    must("survey", Shape::Text),
    must("thanks_for_rating", Shape::Text),
    must("check_it_is_you", Shape::Text),
    must("billing_down", Shape::Text),
    must("does_not_add_up", Shape::Text),
    must("trouble", Shape::Text),
    must("same_answer", Shape::Text),
    must("card_masked", Shape::Text),
    must("button_talk_to_human", Shape::Text),
    must("button_start_over", Shape::Text),
    must("button_end_chat", Shape::Text),
    must("start_over", Shape::Texts),
    must("end_chat", Shape::Texts),
    must("talk_to_human", Shape::Texts),
];

/// `intents/urgent.toml`.
pub(super) const URGENT: &[Key] = &[must("rule", Shape::Tables(URGENT_RULE))];

pub(super) const URGENT_RULE: &[Key] =
    &[must("name", Shape::Text), must("phrases", Shape::Texts), may("unless", Shape::Texts), must("say", Shape::Text)];

/// `intents/policies.toml`.
pub(super) const POLICIES: &[Key] = &[must("policy", Shape::Tables(POLICY))];

pub(super) const POLICY: &[Key] =
    &[must("name", Shape::Text), must("from", Shape::Text), must("about", Shape::Text), must("value", Shape::Whole)];

/// `intents/words.toml`.
pub(super) const WORDS: &[Key] = &[must("instead", Shape::Tables(WORD)), may("explained", Shape::Named(&Shape::Text))];

pub(super) const WORD: &[Key] = &[must("not", Shape::Texts), must("but", Shape::Text)];

/// The text of one file and the line of each of its values.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The file.
    pub(super) file: PathBuf,
    /// What stands in it.
    text: String,
    /// The line of each value by its path, `answer.0.choices.1`.
    lines: BTreeMap<String, usize>,
}

impl Source {
    /// The line, from 1, of the value at a path, or of the nearest table around it.
    pub(super) fn line(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return *line;
            }
            match path.rsplit_once('.') {
                Some((around, _)) => path = around,
                None => return 1,
            }
        }
    }

    /// The line of the `inner`-th line, from 1, of a text that may run over several.
    pub(super) fn line_within(&self, path: &str, inner: usize) -> usize {
        let first = self.line(path);
        let opening = self.text.lines().nth(first.saturating_sub(1)).unwrap_or_default().trim_end();
        // TOML drops a line break right after the opening quotes.
        let first_is_empty = opening.ends_with("\"\"\"") || opening.ends_with("'''");
        let opens_here = opening.matches("\"\"\"").count() + opening.matches("'''").count() == 1;
        match first_is_empty && opens_here {
            true => first + inner,
            false => first + inner.saturating_sub(1),
        }
    }

    /// A fault at the value at a path.
    pub(super) fn fault(&self, path: &str, what: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault::new(&self.file, self.line(path), what, hint)
    }

    /// A fault at the `inner`-th line of a text.
    pub(super) fn fault_within(
        &self,
        path: &str,
        inner: usize,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Fault {
        Fault::new(&self.file, self.line_within(path, inner), what, hint)
    }
}

/// Reads a file's text; what goes wrong is a fault with a hint.
pub(super) fn text_of(file: &Path, missing_hint: &str) -> Result<String, Fault> {
    let n_bytes = std::fs::metadata(file).map(|it| it.len()).unwrap_or_default();
    if FILE_BYTES_MAX < n_bytes {
        let what = format!("the file has {n_bytes} bytes, more than {FILE_BYTES_MAX}");
        return Err(Fault::new(file, 1, what, "Content files are short; is this the right file?"));
    }
    std::fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Fault::new(file, 1, "the file is missing", missing_hint),
        std::io::ErrorKind::InvalidData => {
            Fault::new(file, 1, "the file is not UTF-8 text", "Save it again with the encoding UTF-8.")
        }
        _ => Fault::new(file, 1, format!("the file cannot be read: {error}"), "Look at its permissions."),
    })
}

/// Reads a content file of a shape. `None`, and faults added, when it does not have that shape.
pub(super) fn read<T: DeserializeOwned>(
    file: &Path,
    text: String,
    shape: &'static [Key],
    faults: &mut Vec<Fault>,
) -> Option<(T, Source)> {
    let n_faults = faults.len();
    let (table, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        let mut last_line = 0;
        for error in errors {
            let line = line_at(&text, error.span().map_or(0, |it| it.start));
            // What follows on the same line is an echo of the first.
            if line != last_line {
                faults.push(Fault::new(file, line, syntax(error.message()), SYNTAX_HINT));
            }
            last_line = line;
        }
        return None;
    }

    let mut walk = Walk { file, text: &text, lines: BTreeMap::new(), faults };
    walk.table("", table.get_ref(), 0, shape);
    let lines = walk.lines;
    if n_faults < faults.len() {
        return None;
    }
    match toml::from_str(&text) {
        Ok(value) => Some((value, Source { file: file.to_owned(), text, lines })),
        Err(error) => {
            let line = line_at(&text, error.span().map_or(0, |it| it.start));
            faults.push(Fault::new(file, line, error.message(), "Compare with another file that works."));
            None
        }
    }
}

const SYNTAX_HINT: &str = "Look for a missing quote, comma or bracket here or on the line before.";

fn syntax(message: &str) -> String {
    format!("this is not TOML: {}", message.lines().next().unwrap_or_default())
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|it| *it == b'\n').count() + 1
}

struct Walk<'a> {
    file: &'a Path,
    text: &'a str,
    lines: BTreeMap<String, usize>,
    faults: &'a mut Vec<Fault>,
}

impl Walk<'_> {
    fn fault(&mut self, offset: usize, what: impl Into<String>, hint: impl Into<String>) {
        let line = line_at(self.text, offset);
        self.faults.push(Fault::new(self.file, line, what, hint));
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>, offset: usize, keys: &'static [Key]) {
        for (name, value) in table.iter() {
            let key_offset = name.span().start;
            let name = name.get_ref().as_ref();
            let path = join(path, name);
            match keys.iter().find(|it| it.name == name) {
                Some(key) => self.value(&path, value.get_ref(), value.span().start, key.shape),
                None => {
                    let hint = did_you_mean(name, keys.iter().map(|it| it.name)).unwrap_or_else(|| {
                        let known: Vec<_> = keys.iter().map(|it| it.name).collect();
                        format!("Known here: {}.", known.join(", "))
                    });
                    self.fault(key_offset, format!("`{name}` is not a known key"), hint);
                }
            }
        }
        for key in keys {
            let there = table.iter().any(|(name, _)| name.get_ref() == key.name);
            if key.required && !there {
                self.fault(
                    offset,
                    format!("`{}` is missing", key.name),
                    format!("Add {}.", key.shape.example(key.name)),
                );
            }
        }
    }

    fn value(&mut self, path: &str, value: &DeValue<'_>, offset: usize, shape: Shape) {
        self.lines.insert(path.to_owned(), line_at(self.text, offset));
        match (shape, value) {
            (Shape::Text | Shape::TextOrTexts, DeValue::String(_))
            | (Shape::Flag, DeValue::Boolean(_))
            | (Shape::Number, DeValue::Integer(_) | DeValue::Float(_)) => {}
            (Shape::Whole, DeValue::Integer(number)) if number.as_str().parse::<i64>().is_ok() => {}
            (Shape::Count, DeValue::Integer(number)) if number.as_str().parse::<u32>().is_ok() => {}
            (Shape::Texts | Shape::TextOrTexts, DeValue::Array(items)) => {
                for (i, item) in items.iter().enumerate() {
                    self.value(&join(path, &i.to_string()), item.get_ref(), item.span().start, Shape::Text);
                }
            }
            (Shape::Words(words), DeValue::Array(items)) => {
                for (i, item) in items.iter().enumerate() {
                    self.value(&join(path, &i.to_string()), item.get_ref(), item.span().start, Shape::Word(words));
                }
            }
            (Shape::Word(words), DeValue::String(word)) => {
                if !words.contains(&word.as_ref()) {
                    let hint = did_you_mean(word, words.iter().copied())
                        .unwrap_or_else(|| format!("Known here: {}.", words.join(", ")));
                    self.fault(offset, format!("`{word}` is not known here"), hint);
                }
            }
            (Shape::Table(keys), DeValue::Table(table)) => self.table(path, table, offset, keys),
            (Shape::Tables(keys), DeValue::Array(items)) => {
                for (i, item) in items.iter().enumerate() {
                    let path = join(path, &i.to_string());
                    self.value(&path, item.get_ref(), item.span().start, Shape::Table(keys));
                }
            }
            (Shape::Named(shape), DeValue::Table(table)) => {
                for (name, value) in table.iter() {
                    let path = join(path, name.get_ref());
                    self.value(&path, value.get_ref(), value.span().start, *shape);
                }
            }
            (shape, value) => {
                let name = path.rsplit('.').find(|it| it.parse::<usize>().is_err()).unwrap_or(path);
                let place = match path.ends_with(name) {
                    true => format!("`{name}`"),
                    false => format!("each entry of `{name}`"),
                };
                let what = format!("{place} must be {}, not {}", shape.in_words(), type_in_words(value));
                let example = match path.ends_with(name) {
                    true => shape.example(name),
                    false => shape.example("").replacen(" = ", "", 1),
                };
                self.fault(offset, what, format!("Write {example}."));
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

fn type_in_words(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(_) => "true or false".to_owned(),
        DeValue::Datetime(_) => "a date without quotes".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

impl Shape {
    fn in_words(self) -> &'static str {
        match self {
            Shape::Text | Shape::Word(_) => "a text",
            Shape::Flag => "true or false",
            Shape::Whole => "a whole number",
            Shape::Count => "a whole number, zero or more",
            Shape::Number => "a number",
            Shape::Texts | Shape::Words(_) => "a list of texts",
            Shape::TextOrTexts => "a text or a list of texts",
            Shape::Table(_) | Shape::Named(_) => "a table",
            Shape::Tables(_) => "a list of tables",
        }
    }

    fn example(self, name: &str) -> String {
        match self {
            Shape::Text | Shape::TextOrTexts => format!("`{name} = \"…\"`"),
            Shape::Flag => format!("`{name} = true`"),
            Shape::Whole | Shape::Count => format!("`{name} = 1`"),
            Shape::Number => format!("`{name} = 0.5`"),
            Shape::Texts => format!("`{name} = [\"…\", \"…\"]`"),
            Shape::Word(words) => format!("`{name} = \"{}\"`", words.first().unwrap_or(&"…")),
            Shape::Words(words) => format!("`{name} = [\"{}\"]`", words.first().unwrap_or(&"…")),
            Shape::Table(keys) => {
                let keys: Vec<_> = keys.iter().filter(|it| it.required).map(|it| format!("{} = …", it.name)).collect();
                format!("`{name} = {{ {} }}`", keys.join(", "))
            }
            Shape::Tables(_) => format!("`[[{name}]]` with its keys below"),
            Shape::Named(_) => format!("`[{name}]` with its keys below"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::file::*;

    /// Learns the names of a struct's fields from serde, so that shapes and types cannot drift apart.
    struct Fields<'a>(&'a mut Vec<&'static str>);

    impl<'de> serde::Deserializer<'de> for Fields<'_> {
        type Error = serde::de::value::Error;

        fn deserialize_struct<V: serde::de::Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.extend(fields);
            Err(serde::de::Error::custom("the names are all that was wanted"))
        }

        fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(serde::de::Error::custom("not a struct"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    fn same_keys<T: DeserializeOwned>(keys: &[Key]) {
        let mut fields = Vec::new();
        let _ = T::deserialize(Fields(&mut fields));
        let names: Vec<_> = keys.iter().map(|it| it.name).collect();
        assert_eq!(fields, names, "{}", std::any::type_name::<T>());
    }

    #[test]
    fn shapes_have_the_keys_of_the_types() {
        same_keys::<IntentFile>(INTENT);
        same_keys::<Budget>(BUDGET);
        same_keys::<SlotFile>(SLOT);
        same_keys::<AnswerFile>(ANSWER);
        same_keys::<TalkFile>(TALK);
        same_keys::<TalkStep>(STEP);
        same_keys::<BusinessFile>(BUSINESS);
        same_keys::<HoursFile>(HOURS);
        same_keys::<Thresholds>(THRESHOLDS);
        same_keys::<CostFile>(COST);
        same_keys::<SentencesFile>(SENTENCES);
        same_keys::<UrgentFile>(URGENT);
        same_keys::<UrgentRule>(URGENT_RULE);
        same_keys::<PoliciesFile>(POLICIES);
        same_keys::<PolicyFile>(POLICY);
        same_keys::<WordsFile>(WORDS);
        same_keys::<WordFile>(WORD);
    }

    fn faults_of(text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let read = read::<IntentFile>(Path::new("x.toml"), text.to_owned(), INTENT, &mut faults);
        assert_eq!(read.is_none(), !faults.is_empty());
        faults.iter().map(ToString::to_string).collect()
    }

    const GOOD: &str = "about = \"a\"\nbutton = \"b\"\nmeans = \"m\"\nexamples = [\n  \"one\",\n  \"two\",\n]\n\
        budget = { turns = 1, taps = 0, typed = 0 }\n";

    #[test]
    fn lines_are_those_of_the_values() {
        let text = format!("{GOOD}\n[[answer]]\nsay = \"\"\"\nHi.\nYou.\n\"\"\"\nchoices = [\n\"x\"]\n");
        let (_, source) =
            read::<IntentFile>(Path::new("x.toml"), text, INTENT, &mut Vec::new()).expect("the file is good");
        assert_eq!(source.line("examples.1"), 6);
        assert_eq!(source.line("answer.0"), 10);
        assert_eq!(source.line("answer.0.say"), 11);
        assert_eq!(source.line_within("answer.0.say", 2), 13);
        assert_eq!(source.line("answer.0.choices.0"), 16);
        assert_eq!(source.line("answer.0.when"), 10);
        assert_eq!(source.line("nothing"), 1);
    }

    #[test]
    fn all_faults_of_shape_come_at_once_with_their_lines() {
        let text = "abot = \"a\"\nbutton = 3\nmeans = \"m\"\nexamples = [\"x\", 4]\n\
            budget = { turns = -1, taps = 0 }\nneeds = [\"verifed\"]\n\n[[answer]]\nwehn = \"x\"\nsay = true\n";
        let faults = faults_of(text);
        for wanted in [
            "x.toml:1: `abot` is not a known key. Hint: Did you mean `about`?",
            "x.toml:1: `about` is missing. Hint: Add `about = \"…\"`.",
            "x.toml:2: `button` must be a text, not 3. Hint: Write `button = \"…\"`.",
            "x.toml:4: each entry of `examples` must be a text, not 4. Hint: Write `\"…\"`.",
            "x.toml:5: `turns` must be a whole number, zero or more, not -1. Hint: Write `turns = 1`.",
            "x.toml:5: `typed` is missing. Hint: Add `typed = 1`.",
            "x.toml:6: `verifed` is not known here. Hint: Did you mean `verified`?",
            "x.toml:9: `wehn` is not a known key. Hint: Did you mean `when`?",
            "x.toml:10: `say` must be a text, not true or false. Hint: Write `say = \"…\"`.",
        ] {
            assert!(faults.iter().any(|it| it == wanted), "{wanted}\nnot in {faults:#?}");
        }
        assert_eq!(faults.len(), 9);
    }

    #[test]
    fn broken_toml_names_its_line() {
        let faults = faults_of("about = \"a\"\nbutton = \"b\nmeans = \"m\"\n");
        assert!(faults[0].starts_with("x.toml:2: this is not TOML: "), "{faults:?}");
    }

    #[test]
    fn a_key_written_twice_is_a_fault() {
        let faults = faults_of("about = \"a\"\nabout = \"b\"\n");
        assert!(faults[0].starts_with("x.toml:2: this is not TOML: duplicate key"), "{faults:?}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "[a-z=\\[\\]{}\"'\\n .0-9,#]{0,200}") {
            let mut faults = Vec::new();
            let read = read::<IntentFile>(Path::new("x.toml"), text, INTENT, &mut faults);
            assert_eq!(read.is_none(), !faults.is_empty());
        }
    }
}
