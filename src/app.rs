//! The running program: its parts, its live conversations, and the jobs that it does by itself.

use std::ops::Deref;
use std::sync::Arc;

use crate::jobs;
use crate::parts::{Made, Parts};
use crate::session::Sessions;

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
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
