//! Requests to a connection that another node holds: the token names the node, which does it and says what came of it.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use super::Outcome;
use crate::conversation::StaffId;
use crate::identity::secrets;
use crate::server::Site;
use crate::store::NodeRequest;

/// How much longer than the request itself another node's answer may take.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// A request to a connection.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asking {
    /// The connection's token.
    pub(super) token: String,
    /// The staff member who asks, where it is one; their session has been looked at where they asked.
    pub(super) whose: Option<StaffId>,
    /// What is sent; none only waits.
    pub(super) frames: Option<Vec<Box<RawValue>>>,
    /// How long to wait for frames, in milliseconds.
    pub(super) wait_ms: u64,
}

/// A new token; it names this node where others can ask for its connections.
pub(super) fn token(site: &Site) -> String {
    match site.app.asks_nodes() {
        true => format!("{}.{}", site.polls.node, secrets::random()),
        false => secrets::random(),
    }
}

/// The node that a token names.
pub(super) fn node_of(token: &str) -> Option<&str> {
    token.split_once('.').map(|it| it.0)
}

/// Has another node do it. One that isn't there any more has taken its connections along.
pub(super) async fn ask(site: &Site, node: &str, asking: Asking) -> Outcome {
    let wait = Duration::from_millis(asking.wait_ms) + ON_THE_WAY;
    let Ok(bytes) = serde_json::to_vec(&asking) else { return Outcome::Gone };
    let answer = site.app.ask_node(node, bytes, wait).await;
    answer.and_then(|it| serde_json::from_slice(&it).ok()).unwrap_or(Outcome::Gone)
}

/// Does what other nodes ask for, until the server stops.
pub(in crate::server) async fn answer_nodes(site: Site) {
    let places = Arc::new(Semaphore::new(site.app.config.limits.polls_max));
    let answering = async {
        let Some(mut asks) = site.app.asks_of(&site.polls.node).await else { return };
        while let Some(asked) = asks.next().await {
            // Above it nobody hears anything, and begins again where there is room.
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let doing = answer(site.clone(), asked);
            site.app.tasks.spawn(async move {
                doing.await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = answering => {}
        () = site.app.stop.cancelled() => {}
    }
}

async fn answer(site: Site, asked: NodeRequest) {
    let Ok(asking) = serde_json::from_slice(asked.bytes()) else {
        tracing::debug!(bytes = asked.bytes().len(), "a question of another node could not be read");
        return;
    };
    let outcome = super::here(&site, asking).await;
    if let Ok(bytes) = serde_json::to_vec(&outcome) {
        asked.answer(bytes).await;
    }
}
