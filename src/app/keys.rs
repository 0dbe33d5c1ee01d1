//! Takes over the keys of the business's site when they are changed in the settings, so that nobody has to restart for it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::App;
use crate::config::Config;

/// How often the settings are looked at.
const LOOK: Duration = Duration::from_secs(2);

impl App {
    pub(super) async fn watch_keys(self: Arc<Self>) {
        let Some(file) = self.config.file.clone() else { return };
        let mut seen = stamp(&file);
        loop {
            tokio::time::sleep(LOOK).await;
            let now = stamp(&file);
            if now != seen {
                seen = now;
                self.take_over_keys(&file);
            }
        }
    }

    fn take_over_keys(&self, file: &Path) {
        match Config::read(Some(file)) {
            // With none the server made one of its own at its start; that can't change while it runs.
            Ok(config) if config.identity_keys.is_empty() => {
                tracing::warn!(
                    "the settings have no `identity_keys` any more: the last ones count until the next start"
                );
            }
            Ok(config) => {
                let kids: Vec<_> = config.identity_keys.iter().map(|it| it.kid.clone()).collect();
                self.identity.change_keys(config.identity_keys);
                tracing::info!(?kids, "the identity keys of the settings count now; all else there needs a restart");
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "the settings were changed and can't be read: the keys of before stay");
            }
        }
    }
}

/// What changes when a file is written to.
fn stamp(file: &Path) -> Option<(u64, SystemTime)> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.len(), about.modified().ok()?))
}
