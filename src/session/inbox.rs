//! The inbox of a live conversation: what staff and the house want goes in apart from what the customer sends, so that
//! nobody who writes a lot keeps a colleague from taking over.

use tokio::sync::mpsc;

use super::Command;

/// Where commands are put in.
pub(super) struct Inbox {
    customers: mpsc::Sender<Command>,
    ours: mpsc::Sender<Command>,
}

/// Where its task takes them out.
pub(super) struct Arrivals {
    customers: mpsc::Receiver<Command>,
    ours: mpsc::Receiver<Command>,
}

/// Both ends, each with room for so many of the customer's commands and as many of ours.
pub(super) fn inbox(n_max: usize) -> (Inbox, Arrivals) {
    let (customers_in, customers) = mpsc::channel(n_max);
    let (ours_in, ours) = mpsc::channel(n_max);
    (Inbox { customers: customers_in, ours: ours_in }, Arrivals { customers, ours })
}

impl Inbox {
    /// Where this command goes in.
    pub(super) fn of(&self, command: &Command) -> &mpsc::Sender<Command> {
        if command.is_of_customer() { &self.customers } else { &self.ours }
    }
}

impl Arrivals {
    /// The next command, ours before the customer's; none once nothing can come any more.
    pub(super) async fn recv(&mut self) -> Option<Command> {
        tokio::select! {
            biased;
            Some(command) = self.ours.recv() => Some(command),
            Some(command) = self.customers.recv() => Some(command),
            else => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ours.is_empty() && self.customers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_customer_who_writes_a_lot_keeps_nobody_out_and_ours_come_first() {
        let (inbox, mut arrivals) = inbox(2);
        let goes_in = |command: Command| inbox.of(&command).try_send(command).is_ok();
        assert!(goes_in(Command::Typing(true)) && goes_in(Command::Typing(true)));
        assert!(!goes_in(Command::Typing(true)), "there is room for two");
        assert!(goes_in(Command::Nudge));
        assert!(matches!(arrivals.recv().await, Some(Command::Nudge)));
        assert!(matches!(arrivals.recv().await, Some(Command::Typing(_))));
        assert!(!arrivals.is_empty());
        drop(inbox);
        assert!(matches!(arrivals.recv().await, Some(Command::Typing(_))));
        assert!(arrivals.is_empty());
        assert!(arrivals.recv().await.is_none());
    }
}
