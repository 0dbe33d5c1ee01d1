//! Keeps the vectors of examples, in memory and in one file, so that only new examples are encoded.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::encoder::VECTOR_LEN;

/// The first bytes of the file: what it is, and the version of its layout.
const MARK: &[u8; 16] = b"plainbill vec 1\n";

const HASH_LEN: usize = 32;
const ENTRY_LEN: usize = KEY_LEN + 4 * VECTOR_LEN;

/// Half a SHA-256 tells the texts of one content apart by far.
const KEY_LEN: usize = 16;

type Key = [u8; KEY_LEN];

/// Vectors by text, all of one encoder.
#[derive(Default)]
pub struct Vectors {
    known: HashMap<Key, Vec<f32>>,
    path: Option<PathBuf>,
}

impl Vectors {
    /// Reads what was kept for the encoder with this fingerprint; a file that is absent or damaged counts as empty.
    pub fn open(dir: Option<PathBuf>, fingerprint: &str) -> Self {
        let short: String = fingerprint.chars().take(KEY_LEN).collect();
        let path = dir.map(|dir| dir.join(format!("vectors-{short}.bin")));
        let known = match path.as_ref().map(fs::read) {
            Some(Ok(bytes)) => parse(&bytes).unwrap_or_else(|| {
                tracing::warn!(?path, "the kept vectors are damaged; they are made again");
                HashMap::new()
            }),
            _ => HashMap::new(),
        };
        Self { known, path }
    }

    /// The text's vector, where it is known.
    pub fn get(&self, text: &str) -> Option<&[f32]> {
        self.known.get(&key(text)).map(Vec::as_slice)
    }

    /// Takes these as all that is worth keeping, in memory and in the file; what they don't name is forgotten.
    ///
    /// # Errors
    /// When the file cannot be written; in memory they are kept all the same, and the old file stays whole.
    pub fn keep<'a>(&mut self, all: impl Iterator<Item = (&'a str, &'a [f32])>) -> io::Result<()> {
        self.known = all.map(|(text, vector)| (key(text), vector.to_vec())).collect();
        let Some(path) = &self.path else { return Ok(()) };
        let mut bytes = Vec::with_capacity(MARK.len() + self.known.len() * ENTRY_LEN + HASH_LEN);
        bytes.extend_from_slice(MARK);
        for (key, vector) in &self.known {
            bytes.extend_from_slice(key);
            for number in vector {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);

        // Written beside its place and then renamed, so that nobody ever reads half a file.
        let part = path.with_extension(format!("{}.part", std::process::id()));
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let mut file = fs::File::create(&part)?;
        file.write_all(&bytes)?;
        fs::rename(&part, path)
    }
}

fn key(text: &str) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&Sha256::digest(text)[..KEY_LEN]);
    key
}

/// The vectors in a file's bytes, or nothing if a single bit is wrong.
fn parse(bytes: &[u8]) -> Option<HashMap<Key, Vec<f32>>> {
    let (body, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH_LEN)?)?;
    if Sha256::digest(body)[..] != *hash {
        return None;
    }
    let entries = body.strip_prefix(MARK)?.chunks_exact(ENTRY_LEN);
    if !entries.remainder().is_empty() {
        return None;
    }
    let entry = |entry: &[u8]| {
        let (key, numbers) = entry.split_first_chunk::<KEY_LEN>()?;
        let numbers = numbers.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four));
        Some((*key, numbers.collect()))
    };
    entries.map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(number: f32) -> Vec<f32> {
        vec![number; VECTOR_LEN]
    }

    #[test]
    fn what_is_kept_is_there_the_next_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let open = || Vectors::open(Some(dir.path().join("cache")), "engine and model");
        let mut vectors = open();
        assert!(vectors.get("why so much").is_none());
        vectors.keep([("why so much", vector(0.5).as_slice()), ("hello", &vector(-1.0))].into_iter()).expect("written");
        assert_eq!(open().get("why so much"), Some(vector(0.5).as_slice()));
        assert_eq!(open().get("hello"), Some(vector(-1.0).as_slice()));
        assert!(Vectors::open(Some(dir.path().join("cache")), "another").get("hello").is_none());
    }

    #[test]
    fn what_is_no_longer_named_is_forgotten() {
        let mut vectors = Vectors::default();
        vectors.keep([("old", vector(1.0).as_slice())].into_iter()).expect("kept");
        vectors.keep([("new", vector(2.0).as_slice())].into_iter()).expect("kept");
        assert!(vectors.get("old").is_none());
        assert!(vectors.get("new").is_some());
    }

    #[test]
    fn a_damaged_file_counts_as_empty() {
        let dir = tempfile::tempdir().expect("a folder");
        let open = || Vectors::open(Some(dir.path().to_owned()), "x");
        let mut vectors = open();
        vectors.keep([("hello", vector(1.0).as_slice())].into_iter()).expect("written");
        let path = vectors.path.clone().expect("it has a file");
        let whole = fs::read(&path).expect("it is there");
        for cut in [0, 1, 16, 40, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).expect("written");
            assert!(open().get("hello").is_none(), "cut at {cut}");
        }
        let mut flipped = whole;
        flipped[100] ^= 1;
        fs::write(&path, flipped).expect("written");
        assert!(open().get("hello").is_none());
    }
}
