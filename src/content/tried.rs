//! Remembers which content this very program has tried on everybody, so that a start with the same needs no new trial.

use std::path::{Path, PathBuf};

/// In the data folder.
const FILE: &str = "content-tried";

/// What was tried last, by which program.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    file: PathBuf,
    program: String,
}

impl Tried {
    /// What is remembered in this folder; nothing, where the program can't be told from another.
    pub(super) fn open(data: &Path) -> Option<Self> {
        Some(Self { file: data.join(FILE), program: program()? })
    }

    /// Whether content with this digest has passed.
    pub(super) fn has(&self, digest: u64) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|it| it == self.line(digest))
    }

    /// It has passed. What can't be written is tried again the next time.
    pub(super) fn keep(&self, digest: u64) {
        if self.has(digest) {
            return;
        }
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let kept = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&self.file, self.line(digest)));
        if let Err(error) = kept {
            tracing::debug!(%error, "that the content has passed could not be remembered");
        }
    }

    fn line(&self, digest: u64) -> String {
        format!("{digest:016x} {}\n", self.program)
    }
}

/// The program's own file: another one may know other facts, and read texts otherwise.
fn program() -> Option<String> {
    let about = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
    let changed = about.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(format!("{}-{}", about.len(), changed.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_content_under_the_same_program_counts_as_tried() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tried = Tried::open(folder.path()).expect("a test is a program");
        assert!(!tried.has(7));
        tried.keep(7);
        assert!(tried.has(7));
        assert!(!tried.has(8));
        let other = Tried { program: "another".to_owned(), ..tried.clone() };
        assert!(!other.has(7));
        std::fs::write(folder.path().join(FILE), "half a li").expect("it can be written");
        assert!(!tried.has(7));
    }
}
