//! Teaches the classifier what the content knows; customers are understood as well as it has learnt so far.

use std::sync::Arc;

use crate::classifier::Lessons;
use crate::content::Content;
use crate::parts::Parts;

/// Teaches it the content that the server has started with.
pub(super) async fn first(parts: Arc<Parts>) {
    let content = parts.contents.current();
    // What went wrong is in the log, and people answer.
    let _ = teach(&parts, &content).await;
}

/// Teaches it this content. `false`: it could not be learnt, and guesses go on as before.
pub(super) async fn teach(parts: &Parts, content: &Content) -> bool {
    let Some(classifier) = parts.classifier.load_full() else { return true };
    let lessons = Lessons::of(content);
    // On a very first start customers are understood before everything is learnt. What fails here fails below too.
    if classifier.begin(&lessons).await.unwrap_or(false) {
        tracing::info!("the classifier has begun with some of the examples and learns the rest");
        parts.learnt.send_replace(Some(true));
    }
    match classifier.learn(&lessons).await {
        Ok(report) => {
            tracing::info!(?report, "the classifier has learnt the content");
            parts.learnt.send_replace(Some(true));
            true
        }
        Err(error) => {
            tracing::error!(%error, "the classifier could not learn the content");
            // With earlier lessons it goes on as before.
            parts.learnt.send_if_modified(|it| it.replace(it.unwrap_or(false)).is_none());
            false
        }
    }
}
