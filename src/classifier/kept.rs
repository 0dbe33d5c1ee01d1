//! Keeps the fitted head in a file beside the vectors, so that the next start with the same lessons needs no fit.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::head::Head;
use super::sealed::{self, MARK_LEN};
use super::{FitReport, Lessons, encoder};

/// The first bytes of the file: what it is, and the version of its layout.
const MARK: &[u8; MARK_LEN] = b"plainbill head3\n";

/// Characters of the fingerprint in the file's name.
const NAME_LEN: usize = 16;

/// Everything that a fitted head depends on besides lessons and encoder. A head of an earlier fitting is never used,
/// and nobody has to remember to raise a number.
const FITTING: &[&str] = &[
    include_str!("head.rs"),
    include_str!("head/bends.rs"),
    include_str!("head/calibrate.rs"),
    include_str!("head/discriminant.rs"),
    include_str!("head/evidence.rs"),
    include_str!("head/exact.rs"),
    include_str!("head/follow_ups.rs"),
    include_str!("head/logistic.rs"),
    include_str!("head/near.rs"),
];

/// What a head was fitted to, by what. It stands before the head, so that another one need not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadKey(String);

/// Where the head of one encoder is kept; nowhere, where there is no folder.
pub struct Heads {
    path: Option<PathBuf>,
    fingerprint: String,
}

/// What is kept.
#[derive(Deserialize)]
pub struct CachedHead {
    /// As it was fitted.
    pub head: Head,
    /// What fitting it said.
    pub report: FitReport,
}

/// The same, to be written.
#[derive(Serialize)]
struct Keeping<'a> {
    head: &'a Head,
    report: &'a FitReport,
}

impl Heads {
    /// For the encoder with this fingerprint; nothing is read yet.
    pub fn open(dir: Option<PathBuf>, fingerprint: &str) -> Self {
        let short: String = fingerprint.chars().take(NAME_LEN).collect();
        Self { path: dir.map(|dir| dir.join(format!("head-{short}.bin"))), fingerprint: fingerprint.to_owned() }
    }

    /// The key of these lessons; the order of examples makes no difference, nor does one that stands there twice.
    pub fn key(&self, lessons: &Lessons) -> HeadKey {
        let examples = lessons.examples.iter().map(|it| (it.intent.as_str(), encoder::clean(&it.text)));
        let mut hash = Sha256::new();
        // With its length before it, so that no two lists of texts read alike.
        let mut add = |text: &str| {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        };
        FITTING.iter().for_each(|text| add(text));
        add(&self.fingerprint);
        add(&format!("{:?}", lessons.thresholds));
        add(&lessons.out_of_scope);
        for (intent, text) in examples.collect::<BTreeSet<_>>() {
            add(intent);
            add(&text);
        }
        let follow_ups = lessons.follow_ups.iter().map(|it| (it.intent.as_str(), encoder::clean(&it.text)));
        for (name, text) in follow_ups.collect::<BTreeSet<_>>() {
            add(name);
            add(&text);
        }
        HeadKey(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The head that was kept under this key; a file that is absent, damaged or of another key counts as none.
    pub fn read(&self, key: &HeadKey) -> Option<CachedHead> {
        let body = sealed::read(self.path.as_ref()?, MARK)?;
        serde_json::from_slice(body.strip_prefix(key.0.as_bytes())?).ok()
    }

    /// Keeps the head in place of the one before. Where it cannot, the next start fits it again, which only takes time.
    pub fn keep(&self, key: &HeadKey, head: &Head, report: &FitReport) {
        let Some(path) = &self.path else { return };
        let mut body = key.0.clone().into_bytes();
        let written = serde_json::to_writer(&mut body, &Keeping { head, report }).map_err(std::io::Error::from);
        if let Err(why) = written.and_then(|()| sealed::write(path, MARK, &body)) {
            tracing::warn!(%why, "the fitted head could not be kept; the next start fits it again");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::FITTING;

    /// Modules of the head on which no fitted head depends: what judges one, and what shares the work.
    const NOT_FITTING: [&str; 2] = ["review.rs", "turns.rs"];

    #[test]
    fn a_kept_head_depends_on_every_module_that_fits_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/classifier/head");
        let mut n_fitting = 1;
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            let name = path.file_name().and_then(|it| it.to_str()).expect("a name").to_owned();
            let text = std::fs::read_to_string(&path).expect("it can be read");
            let is_fitting = FITTING.contains(&text.as_str());
            assert_ne!(is_fitting, NOT_FITTING.contains(&name.as_str()), "{name}: does it stand in FITTING?");
            n_fitting += usize::from(is_fitting);
        }
        assert_eq!(n_fitting, FITTING.len(), "FITTING names a file that is not there");
    }
}
