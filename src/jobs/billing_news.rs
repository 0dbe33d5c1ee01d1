//! Drops what is held of what other nodes say has changed in billing.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::billing::Changed;
use crate::parts::Parts;

/// Listens until the server stops.
pub(super) async fn hear(parts: Arc<Parts>) {
    let mut news = parts.store.billing_news();
    loop {
        let changed = match news.recv().await {
            // What cannot be read is of another version: better to ask once too often.
            Ok(text) => Changed::from_text(&text).unwrap_or_else(Changed::everything),
            Err(broadcast::error::RecvError::Lagged(_)) => Changed::everything(),
            Err(broadcast::error::RecvError::Closed) => return,
        };
        parts.billing.forget(&changed);
    }
}
