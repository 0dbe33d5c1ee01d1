//! The running program: its parts, its live conversations, and the jobs that it does by itself.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::jobs;
use crate::parts::{Made, Parts};
use crate::session::Sessions;
use crate::store::{Asks, StoreError};

/// The parts and the conversations that work with them.
///
/// It stands for its parts, so that whoever has it names a part straight away: `app.clock`.
pub struct App {
    parts: Arc<Parts>,
    /// The conversations that are live here: the one door into each.
    pub sessions: Sessions,
}

impl App {
    /// Puts everything together. Nothing runs yet.
    pub fn new(made: Made) -> Arc<Self> {
        let parts = Arc::new(Parts::new(made));
        let sessions = Sessions::new(Arc::clone(&parts));
        Arc::new(Self { parts, sessions })
    }

    /// Starts what runs beside the sockets.
    pub fn start(&self) {
        jobs::start(&self.parts, &self.sessions);
    }

    /// Proves that the store takes writes, by one.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.store.probe(self.clock.now_ms()).await
    }

    /// Waits until the store can no longer be trusted; the program should end then.
    pub async fn broken(&self) -> StoreError {
        self.store.broken().await
    }

    /// Finishes what was accepted to be written, and takes no more.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Whether other nodes can be asked for what only they hold.
    pub fn asks_nodes(&self) -> bool {
        self.store.asks_nodes()
    }

    /// Asks another node; none where it isn't there, or doesn't answer within `wait`.
    pub async fn ask_node(&self, node: &str, bytes: Vec<u8>, wait: Duration) -> Option<Vec<u8>> {
        self.store.ask(node, bytes, wait).await
    }

    /// What other nodes ask of the one of this name; waits until there is a way to them.
    pub async fn asks_of(&self, node: &str) -> Option<Asks> {
        self.store.asks_of(node).await
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
