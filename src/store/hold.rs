//! One server for one folder: a second one on the same SQLite file would never hear what the first one writes.
//!
//! The lock is the operating system's, so a crash leaves none behind. It lies on the folder in which the database file
//! really is, whatever links lead there, and on a file in it that says who has it: deleting that file frees nothing.
//! Commands that look something up or add somebody take no lock and work beside a server.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::{StoreError, StoreSettings, place};

/// The file in the folder that is locked; it says who has it.
const FILE: &str = "plainbill.lock";
/// What is read of another's words about itself.
const HOLDER_BYTES_MAX: u64 = 500;

/// A folder that no other server may work on while this lives.
#[derive(Debug)]
pub struct Hold {
    /// Closing them ends the locks.
    _files: Vec<File>,
}

/// Takes the folder for this process, or fails with [`StoreError::Held`] while another server has it. PostgreSQL, on which
/// several servers work together, has nothing to take.
pub fn hold(settings: &StoreSettings) -> Result<Option<Hold>, StoreError> {
    if settings.url.is_some() {
        return Ok(None);
    }
    take(&settings.data).map_err(|refused| match refused {
        Refused::Held(holder) => StoreError::Held { folder: settings.data.display().to_string(), holder },
        Refused::Failed(error) => {
            StoreError::broken(format_args!("{} cannot be locked: {error}", settings.data.join(FILE).display()))
        }
    })
}

enum Refused {
    Held(String),
    Failed(std::io::Error),
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Refused::Failed(error)
    }
}

fn take(data: &Path) -> Result<Option<Hold>, Refused> {
    std::fs::create_dir_all(data)?;
    let folder = place::folder_of_file(data)?;
    let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(folder.join(FILE))?;
    let mut files = Vec::new();
    // Only some systems open a folder as they do a file; on the others the file has to do.
    #[cfg(unix)]
    files.push(File::open(&folder)?);
    for lockable in files.iter().chain([&file]) {
        match lockable.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Refused::Held(holder(&file))),
            // Some network file systems have no locks. One server on them works as well as ever.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
                let folder = folder.display();
                tracing::warn!(%folder, "this file system has no locks: see that only one server uses it");
                return Ok(None);
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    let host = hostname::get().map_or_else(|_| "this machine".to_owned(), |it| it.to_string_lossy().into_owned());
    let since = jiff::Timestamp::now().strftime("%F %T UTC");
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {} on {host}, since {since}", std::process::id())?;
    files.push(file);
    Ok(Some(Hold { _files: files }))
}

/// What whoever has the folder says of itself.
fn holder(file: &File) -> String {
    let mut holder = String::new();
    // Where a lock also keeps others from reading, the sentence goes without it.
    file.take(HOLDER_BYTES_MAX).read_to_string(&mut holder).ok();
    let holder = holder.trim();
    if holder.is_empty() { "it has not said which" } else { holder }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_and_free_once_it_is_gone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = StoreSettings { data: folder.path().join("new"), ..StoreSettings::default() };
        let first = hold(&settings).expect("nobody has it");
        let refused = hold(&settings).expect_err("it is taken").to_string();
        assert!(refused.contains(&format!("process {} on ", std::process::id())), "{refused}");
        assert!(refused.contains("stop it first"), "{refused}");
        drop(first);
        hold(&settings).expect("it is free again");
    }

    #[cfg(unix)]
    #[test]
    fn neither_a_deleted_file_nor_a_link_lets_a_second_server_in() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = |name: &str| StoreSettings { data: folder.path().join(name), ..StoreSettings::default() };
        let _held = hold(&settings("first")).expect("nobody has it");
        std::fs::remove_file(folder.path().join("first").join(FILE)).expect("it was there");
        let refused = hold(&settings("first")).expect_err("it is taken").to_string();
        assert!(refused.contains("it has not said which"), "{refused}");
        std::os::unix::fs::symlink(folder.path().join("first"), folder.path().join("link")).expect("a link");
        hold(&settings("link")).expect_err("it is the same folder");
        // The file alone lies elsewhere.
        std::fs::write(folder.path().join("first/plainbill.db"), "").expect("it can be written");
        std::fs::create_dir(folder.path().join("second")).expect("a folder");
        let link = folder.path().join("second/plainbill.db");
        std::os::unix::fs::symlink(folder.path().join("first/plainbill.db"), link).expect("a link");
        hold(&settings("second")).expect_err("it is the same file");
    }

    #[test]
    fn what_a_longer_holder_left_does_not_show() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = StoreSettings { data: folder.path().to_owned(), ..StoreSettings::default() };
        std::fs::write(folder.path().join(FILE), "x".repeat(400)).expect("it can be written");
        let _held = hold(&settings).expect("a file alone holds nothing");
        let refused = hold(&settings).expect_err("it is taken").to_string();
        assert!(!refused.contains("xx"), "{refused}");
    }
}
