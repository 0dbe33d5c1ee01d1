//! A file that is whole or counts as absent: written beside its place and then renamed, and sealed with a hash.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

/// The length of the first bytes, which say what the file is and the version of its layout.
pub const MARK_LEN: usize = 16;

const HASH_LEN: usize = 32;

/// What stands between mark and seal; nothing if the file is absent, another kind of file, or a single bit is wrong.
pub fn read(path: &Path, mark: &[u8; MARK_LEN]) -> Option<Vec<u8>> {
    let mut bytes = fs::read(path).ok()?;
    let whole = body(&bytes, mark).map(<[u8]>::len);
    if whole.is_none() {
        tracing::warn!(path = %path.display(), "a kept file is damaged; it is made again");
    }
    bytes.truncate(MARK_LEN + whole?);
    bytes.drain(..MARK_LEN);
    Some(bytes)
}

fn body<'a>(bytes: &'a [u8], mark: &[u8; MARK_LEN]) -> Option<&'a [u8]> {
    let (sealed, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH_LEN)?)?;
    let body = sealed.strip_prefix(mark)?;
    (Sha256::digest(sealed)[..] == *hash).then_some(body)
}

/// Puts the file there, and the folder where it has none; nobody ever reads half of it.
///
/// # Errors
/// When it cannot be written; the old file stays whole.
pub fn write(path: &Path, mark: &[u8; MARK_LEN], body: &[u8]) -> io::Result<()> {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let hash = Sha256::new().chain_update(mark).chain_update(body).finalize();
    let mut file = fs::File::create(&part)?;
    for piece in [&mark[..], body, &hash[..]] {
        file.write_all(piece)?;
    }
    fs::rename(&part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &[u8; MARK_LEN] = b"plainbill test\n\n";

    #[test]
    fn what_is_written_is_read_and_what_is_damaged_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("new").join("file.bin");
        assert!(read(&path, MARK).is_none());
        write(&path, MARK, b"anything").expect("written");
        assert_eq!(read(&path, MARK).as_deref(), Some(b"anything".as_slice()));
        assert!(read(&path, b"plainbill other\n").is_none());
        let whole = fs::read(&path).expect("it is there");
        for cut in [0, 1, MARK_LEN, MARK_LEN + HASH_LEN - 1, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).expect("written");
            assert!(read(&path, MARK).is_none(), "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, flipped).expect("written");
            assert!(read(&path, MARK).is_none(), "flipped at {at}");
        }
    }
}
