//! Keeps the vectors of examples in one file, so that only new examples are encoded.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::encoder::VECTOR_LEN;
use super::sealed::{self, MARK_LEN};

/// The first bytes of the file: what it is, and the version of its layout.
const MARK: &[u8; MARK_LEN] = b"plainbill vec 1\n";

const ENTRY_LEN: usize = KEY_LEN + 4 * VECTOR_LEN;

/// Half a SHA-256 tells the texts of one content apart by far.
const KEY_LEN: usize = 16;

type Key = [u8; KEY_LEN];

/// Where the vectors of one encoder are kept: in a file, and in memory only where there can be no file.
#[derive(Default)]
pub struct Vectors {
    path: Option<PathBuf>,
    held: Option<Arc<KnownVectors>>,
}

/// Vectors by text.
#[derive(Clone, Default)]
pub struct KnownVectors {
    places: HashMap<Key, usize>,
    /// One vector after another.
    numbers: Vec<f32>,
}

impl KnownVectors {
    /// The text's vector, where it is known.
    pub fn get(&self, text: &str) -> Option<&[f32]> {
        self.places.get(&key(text)).map(|place| self.vector(*place))
    }

    /// Takes a text's vector, of the encoder's length.
    pub fn insert(&mut self, text: &str, vector: &[f32]) {
        self.put(key(text), vector.iter().copied());
    }

    /// Of these texts alone, as far as they are known.
    pub fn only<'a>(self, texts: impl Iterator<Item = &'a str>) -> Self {
        let wanted: HashSet<Key> = texts.map(key).collect();
        if self.places.keys().all(|key| wanted.contains(key)) {
            return self;
        }
        let mut only = Self::default();
        for (key, place) in self.places.iter().filter(|(key, _)| wanted.contains(*key)) {
            only.put(*key, self.vector(*place).iter().copied());
        }
        only
    }

    fn vector(&self, place: usize) -> &[f32] {
        &self.numbers[place * VECTOR_LEN..(place + 1) * VECTOR_LEN]
    }

    fn put(&mut self, key: Key, vector: impl ExactSizeIterator<Item = f32>) {
        assert_eq!(vector.len(), VECTOR_LEN, "the encoder has checked it");
        let place = self.numbers.len() / VECTOR_LEN;
        // The same text again has the same vector.
        if let Entry::Vacant(free) = self.places.entry(key) {
            free.insert(place);
            self.numbers.extend(vector);
        }
    }
}

impl Vectors {
    /// For the encoder with this fingerprint; nothing is read yet.
    pub fn open(dir: Option<PathBuf>, fingerprint: &str) -> Self {
        let short: String = fingerprint.chars().take(KEY_LEN).collect();
        Self { path: dir.map(|dir| dir.join(format!("vectors-{short}.bin"))), held: None }
    }

    /// What was kept; a file that is absent or damaged counts as empty.
    pub fn read(&self) -> KnownVectors {
        let from_file = || self.path.as_ref().and_then(|path| parse(&sealed::read(path, MARK)?));
        self.held.as_deref().cloned().or_else(from_file).unwrap_or_default()
    }

    /// Takes these as all that is worth keeping; what they don't name is forgotten.
    ///
    /// # Errors
    /// When the file cannot be written; then they are kept in memory, and the old file stays whole.
    pub fn keep(&mut self, known: Arc<KnownVectors>) -> io::Result<()> {
        let Some(path) = &self.path else {
            self.held = Some(known);
            return Ok(());
        };
        let mut body = Vec::with_capacity(known.places.len() * ENTRY_LEN);
        for (key, place) in &known.places {
            body.extend_from_slice(key);
            body.extend(known.vector(*place).iter().flat_map(|number| number.to_le_bytes()));
        }
        let written = sealed::write(path, MARK, &body);
        self.held = written.is_err().then_some(known);
        written
    }
}

fn key(text: &str) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&Sha256::digest(text)[..KEY_LEN]);
    key
}

/// The vectors in a file's body, or nothing if its length is wrong.
fn parse(body: &[u8]) -> Option<KnownVectors> {
    let (entries, rest) = body.as_chunks::<ENTRY_LEN>();
    let mut known = KnownVectors::default();
    known.numbers.reserve_exact(entries.len() * VECTOR_LEN);
    for entry in entries {
        let (key, numbers) = entry.split_first_chunk::<KEY_LEN>()?;
        known.put(*key, numbers.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)));
    }
    rest.is_empty().then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(all: &[(&str, f32)]) -> Arc<KnownVectors> {
        let mut known = KnownVectors::default();
        all.iter().for_each(|(text, number)| known.insert(text, &[*number; VECTOR_LEN]));
        Arc::new(known)
    }

    #[test]
    fn what_is_kept_is_there_the_next_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let open = || Vectors::open(Some(dir.path().join("cache")), "engine and model");
        let mut vectors = open();
        assert!(vectors.read().get("why so much").is_none());
        vectors.keep(known(&[("why so much", 0.5), ("hello", -1.0)])).expect("written");
        assert!(vectors.held.is_none(), "the file is enough");
        for vectors in [vectors, open()] {
            assert_eq!(vectors.read().get("why so much"), Some([0.5; VECTOR_LEN].as_slice()));
            assert_eq!(vectors.read().get("hello"), Some([-1.0; VECTOR_LEN].as_slice()));
        }
        assert!(Vectors::open(Some(dir.path().join("cache")), "another").read().get("hello").is_none());
    }

    #[test]
    fn what_is_no_longer_named_is_forgotten() {
        let mut vectors = Vectors::default();
        vectors.keep(known(&[("old", 1.0), ("both", 2.0)])).expect("kept");
        let only = vectors.read().only(["both", "unknown"].into_iter());
        vectors.keep(Arc::new(only)).expect("kept");
        assert!(vectors.read().get("old").is_none());
        assert!(vectors.read().get("both").is_some());
    }

    #[test]
    fn where_no_file_can_be_written_they_are_kept_in_memory() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("taken"), "a file where the folder should be").expect("written");
        let mut vectors = Vectors::open(Some(dir.path().join("taken")), "x");
        vectors.keep(known(&[("hello", 1.0)])).expect_err("it cannot be written");
        assert!(vectors.read().get("hello").is_some());
    }

    #[test]
    fn a_damaged_file_counts_as_empty() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut vectors = Vectors::open(Some(dir.path().to_owned()), "x");
        vectors.keep(known(&[("hello", 1.0)])).expect("written");
        let path = vectors.path.clone().expect("it has a file");
        let mut bytes = std::fs::read(&path).expect("it is there");
        bytes[100] ^= 1;
        std::fs::write(&path, bytes).expect("written");
        assert!(vectors.read().get("hello").is_none());
    }
}
