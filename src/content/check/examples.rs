//! Reads the examples that stand in a file of their own beside an intent's: `<intent>.examples.txt`.

use std::path::{Path, PathBuf};

use crate::content::Fault;
use crate::content::did_you_mean;
use crate::content::file::IntentFile;

/// How the name of such a file ends.
pub(super) const EXAMPLES_END: &str = ".examples.txt";

/// Where examples stand that the intent's own file doesn't have: the file, and a line for each.
#[derive(Default)]
pub(super) struct More {
    file: PathBuf,
    lines: Vec<usize>,
    /// For each follow-up, in its order.
    follow_ups: Vec<Vec<usize>>,
}

impl More {
    /// Takes the examples of a file, one a line, into the intent and its follow-ups. A line `[name]` begins those of a
    /// follow-up; empty lines and those after `#` are for people.
    pub(super) fn take(file: &Path, text: &str, into: &mut IntentFile, faults: &mut Vec<Fault>) -> Self {
        let names: Vec<String> = into.follow_up.iter().map(|it| it.name.clone()).collect();
        let mut more =
            Self { file: file.to_owned(), lines: Vec::new(), follow_ups: vec![Vec::new(); into.follow_up.len()] };
        // Of a name that is none the examples are left out, since a fault has been told.
        let mut of = Some(None);
        let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
        for (line, text) in lines.filter(|it| !it.1.is_empty() && !it.1.starts_with('#')) {
            if let Some(name) = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                of = names.iter().position(|it| it == name).map(Some);
                if of.is_none() {
                    let hint = did_you_mean(name, names.iter().map(String::as_str));
                    let hint = hint.unwrap_or_else(|| "Name a `[[follow_up]]` of the intent beside it.".to_owned());
                    faults.push(Fault::new(file, line, format!("there is no follow-up `{name}`"), hint));
                }
                continue;
            }
            let (examples, lines) = match of {
                Some(None) => (&mut into.examples, &mut more.lines),
                Some(Some(i)) => (&mut into.follow_up[i].examples, &mut more.follow_ups[i]),
                None => continue,
            };
            examples.push(text.to_owned());
            lines.push(line);
        }
        more
    }

    /// Where an example of the intent stands, of so many; nothing for one of its own file.
    pub(super) fn place(&self, example: usize, of: usize) -> Option<(&Path, usize)> {
        self.place_among(&self.lines, example, of)
    }

    /// The same of a follow-up.
    pub(super) fn place_of_follow_up(&self, i: usize, example: usize, of: usize) -> Option<(&Path, usize)> {
        self.place_among(self.follow_ups.get(i)?, example, of)
    }

    fn place_among(&self, lines: &[usize], example: usize, of: usize) -> Option<(&Path, usize)> {
        let n_own = of.checked_sub(lines.len())?;
        let line = lines.get(example.checked_sub(n_own)?)?;
        Some((&self.file, *line))
    }
}
