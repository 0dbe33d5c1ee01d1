//! Letters by e-mail: through the business's SMTP server, or into a folder where none is set.

use std::path::{Path, PathBuf};

/// A letter to one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text; lines are wrapped by whoever reads it.
    pub text: String,
    /// Files that come with it.
    pub attachments: Vec<Attachment>,
    /// The same for the same letter, so that a letter that is sent again after a crash has the same Message-ID.
    pub key: String,
}

/// A file in a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What it is saved as: `INV-1042.pdf`.
    pub name: String,
    /// What it is: `application/pdf`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a letter was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The address is none, or the server will not take it: sending again is no use.
    #[error("the letter was refused: {0}")]
    Refused(String),
    /// The server could not be reached or is busy: it may work in a moment.
    #[error("the letter could not be sent: {0}")]
    Unreachable(String),
}

/// Where letters go.
#[derive(Clone, Debug)]
pub enum Mailbox {
    /// Each letter is a file `<key>.eml` in this folder: for the demo, and for trying out.
    Folder(PathBuf),
}

impl Mailbox {
    /// A folder as mailbox; made with the first letter.
    pub fn folder(path: &Path) -> Self {
        Self::Folder(path.to_path_buf())
    }
}
