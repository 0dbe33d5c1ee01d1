//! Groups questions that could not be answered well by their root cause.

use std::sync::Arc;
use std::time::Duration;

use crate::feedback;
use crate::parts::Parts;

/// How often questions are grouped when nothing has announced them.
const LOOK: Duration = Duration::from_secs(30);

/// Groups whenever a question or rating has come in, until the server stops.
pub(super) async fn group(parts: Arc<Parts>) {
    loop {
        if let Some(classifier) = parts.classifier.load_full()
            && let Err(error) = feedback::causes::group(&parts.store, &classifier, parts.clock.now_ms()).await
        {
            tracing::warn!(%error, "questions could not be grouped yet");
        }
        let _ = tokio::time::timeout(LOOK, parts.feedback_came.notified()).await;
    }
}
