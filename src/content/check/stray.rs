//! Finds files that look as if they were meant to be read, and are not.

use std::path::{Path, PathBuf};

use super::examples::EXAMPLES_END;
use super::{FILES, FILES_MAX, LANGUAGES, entries, folders_in, name_of, toml_in};
use crate::content::{Fault, did_you_mean};

/// How deep below a stage's folder files are looked for.
const DEPTH_MAX: u32 = 8;

/// What to do about a file in the wrong folder.
const STAGE_HINT: &str = "Intents stand in a folder for their stage, `pay-it/make_payment.toml`.";

/// Names every file that would be skipped without a word: in the wrong folder, or with the wrong end of its name.
pub(super) fn check(dir: &Path, faults: &mut Vec<Fault>) {
    let languages = dir.join(LANGUAGES);
    let stages = folders_in(dir);
    for folder in [dir, languages.as_path()].into_iter().chain(stages.iter().map(PathBuf::as_path)) {
        misnamed(folder, faults);
    }
    for file in toml_in(dir) {
        let name = name_of(&file);
        if FILES.iter().all(|it| it.0 != name) {
            let hint = did_you_mean(&name, FILES.map(|it| it.0)).unwrap_or_else(|| STAGE_HINT.to_owned());
            faults.push(not_here(&file, hint));
        }
    }
    let examples = [dir, languages.as_path()].into_iter().flat_map(entries).filter(|it| it.is_file());
    for file in examples.filter(|it| name_of(it).ends_with(EXAMPLES_END)) {
        faults.push(not_here(&file, "It stands beside the intent that it has more examples of."));
    }
    let mut deep = Vec::new();
    for folder in stages.iter().map(PathBuf::as_path).chain([languages.as_path()]) {
        files_below(folder, DEPTH_MAX, &mut deep);
    }
    for file in deep.iter().filter(|it| is_meant(&name_of(it))) {
        faults.push(not_here(file, "Folders in a stage's folder are not read: put it one up, or take it away."));
    }
}

fn not_here(file: &Path, hint: impl Into<String>) -> Fault {
    Fault::new(file, 1, format!("`{}` does not belong here", name_of(file)), hint)
}

/// `x.TOML`, and `x.toml.txt`, of which some systems show only the half.
fn misnamed(folder: &Path, faults: &mut Vec<Fault>) {
    for file in entries(folder).into_iter().filter(|it| it.is_file()) {
        let name = name_of(&file);
        let is_read = name.ends_with(".toml") || name.ends_with(EXAMPLES_END);
        if !is_read && is_meant(&name) {
            let what = format!("`{name}` is not read: its name doesn't end as it should");
            let hint = "Name it `….toml` or `….examples.txt`, in small letters, or take it away.";
            faults.push(Fault::new(&file, 1, what, hint));
        }
    }
}

/// Whether a file with this name is meant to be content.
fn is_meant(name: &str) -> bool {
    let small = name.to_lowercase();
    let ends = [".toml", ".tml", ".toml.txt", EXAMPLES_END, ".examples", ".examples.txt.txt"];
    ends.iter().any(|it| small.ends_with(it))
}

/// The files in the folders of a folder, not its own. Links are not followed: they may lead back.
fn files_below(folder: &Path, depth: u32, into: &mut Vec<PathBuf>) {
    let is_folder = |it: &PathBuf| it.symlink_metadata().is_ok_and(|it| it.is_dir());
    for inner in entries(folder).into_iter().filter(is_folder) {
        if depth == 0 || FILES_MAX < into.len() {
            return;
        }
        into.extend(entries(&inner).into_iter().filter(|it| it.is_file()));
        files_below(&inner, depth - 1, into);
    }
}
