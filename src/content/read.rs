//! Reads one content file: TOML with the line of every value, and every fault of shape at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::shapes::{KeyShape, Shape};
use super::{Fault, did_you_mean};

/// How much of a file is read; a larger one is a fault.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

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
    shape: &'static [KeyShape],
    faults: &mut Vec<Fault>,
) -> Option<(T, Source)> {
    let n_faults = faults.len();
    let (table, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        let mut last_line = 0;
        for error in errors {
            let line = line_at(&line_starts(&text), error.span().map_or(0, |it| it.start));
            // What follows on the same line is an echo of the first.
            if line != last_line {
                faults.push(Fault::new(file, line, syntax(error.message()), SYNTAX_HINT));
            }
            last_line = line;
        }
        return None;
    }

    let starts = line_starts(&text);
    let mut walk = Walk { file, starts, lines: BTreeMap::new(), faults };
    walk.table("", table.get_ref(), 0, shape);
    let lines = walk.lines;
    if n_faults < faults.len() {
        return None;
    }
    match toml::from_str(&text) {
        Ok(value) => Some((value, Source { file: file.to_owned(), text, lines })),
        Err(error) => {
            let line = line_at(&line_starts(&text), error.span().map_or(0, |it| it.start));
            faults.push(Fault::new(file, line, error.message(), "Compare with another file that works."));
            None
        }
    }
}

const SYNTAX_HINT: &str = "Look for a missing quote, comma or bracket here or on the line before.";

fn syntax(message: &str) -> String {
    format!("this is not TOML: {}", message.lines().next().unwrap_or_default())
}

/// Where each line but the first begins.
fn line_starts(text: &str) -> Vec<usize> {
    text.match_indices('\n').map(|it| it.0 + 1).collect()
}

fn line_at(starts: &[usize], offset: usize) -> usize {
    starts.partition_point(|it| *it <= offset) + 1
}

struct Walk<'a> {
    file: &'a Path,
    starts: Vec<usize>,
    lines: BTreeMap<String, usize>,
    faults: &'a mut Vec<Fault>,
}

impl Walk<'_> {
    fn fault(&mut self, offset: usize, what: impl Into<String>, hint: impl Into<String>) {
        let line = line_at(&self.starts, offset);
        self.faults.push(Fault::new(self.file, line, what, hint));
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>, offset: usize, keys: &'static [KeyShape]) {
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
        self.lines.insert(path.to_owned(), line_at(&self.starts, offset));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::file::IntentFile;
    use crate::content::shapes::INTENT;

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
