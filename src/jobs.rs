//! What the house does by itself, beside the sockets. Each job has a file of its own; all begin together and end with the
//! server.

use std::sync::Arc;

use crate::parts::Parts;
use crate::session::Sessions;
use crate::telemetry;

pub mod content;

mod billing_news;
mod grouping;
mod keys;
mod learning;
mod left_behind;
mod settling;
mod unanswered;
mod waiting_list;

/// Starts all of them.
pub fn start(parts: &Arc<Parts>, sessions: &Sessions) {
    let own = || Arc::clone(parts);
    let start = Jobs { parts };
    start.one(learning::first(own()));
    start.one(waiting_list::keep(own()));
    start.one(unanswered::find(own(), sessions.clone()));
    start.one(settling::settle(own(), sessions.clone()));
    start.one(left_behind::give_back(own(), sessions.clone()));
    start.one(content::watch(own()));
    start.one(grouping::group(own()));
    start.one(billing_news::hear(own()));
    start.one(keys::watch(own()));
    start.one(telemetry::tell_left_out());
}

struct Jobs<'a> {
    parts: &'a Parts,
}

impl Jobs<'_> {
    fn one(&self, job: impl Future<Output = ()> + Send + 'static) {
        let stop = self.parts.stop.clone();
        self.parts.tasks.spawn(async move { stop.run_until_cancelled(job).await });
    }
}
