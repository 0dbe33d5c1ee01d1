//! Takes over the keys of the business's site when they are changed in the settings, so that nobody has to restart for it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::parts::Parts;

/// How often the settings are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Looks at the settings until the server stops.
pub(super) async fn watch(parts: Arc<Parts>) {
    let Some(file) = parts.config.file.clone() else { return };
    let mut seen = digest(&file);
    loop {
        tokio::time::sleep(LOOK).await;
        let now = digest(&file);
        if now != seen {
            seen = now;
            take_over(&parts, &file);
        }
    }
}

fn take_over(parts: &Parts, file: &Path) {
    match Config::read(Some(file)) {
        // With none the server made one of its own at its start; that can't change while it runs.
        Ok(config) if config.identity_keys.is_empty() => {
            tracing::warn!("the settings have no `identity_keys` any more: the last ones count until the next start");
        }
        Ok(config) => {
            let kids: Vec<_> = config.identity_keys.iter().map(|it| it.kid.clone()).collect();
            parts.identity.change_keys(config.identity_keys);
            tracing::info!(?kids, "the identity keys of the settings count now; all else there needs a restart");
        }
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(error, "the settings were changed and can't be read: the keys of before stay");
        }
    }
}

/// What changes when a file says something else. Its length and time don't always: keys are equally long, and in images
/// and stores every file has the same time.
fn digest(file: &Path) -> Option<[u8; 32]> {
    Some(Sha256::digest(std::fs::read(file).ok()?).into())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn another_key_of_the_same_length_and_time_is_noticed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("plainbill.toml");
        let written = |secret: &str| {
            std::fs::write(&file, secret).expect("it can be written");
            let open = File::options().write(true).open(&file).expect("it is there");
            open.set_modified(SystemTime::UNIX_EPOCH).expect("it can be dated");
            digest(&file)
        };
        let first = written("secret = \"0123456789\"");
        assert!(first.is_some());
        assert_ne!(written("secret = \"9876543210\""), first);
        assert_eq!(written("secret = \"0123456789\""), first);
        assert_eq!(digest(&folder.path().join("nothing.toml")), None);
    }
}
