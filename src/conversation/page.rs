//! Pages that billing hosts, as a message speaks of them: what for, and a mark where the address will stand.
//!
//! Such an address can be as good as a password. So the log has only the mark, and the customer's own connection fills
//! it in with an address of ours.

use serde::{Deserialize, Serialize};

/// What stands in a text of the log in place of an address.
pub const MARK: &str = "[link]";

/// What a page that billing hosts is for. Card data is entered there and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Pay what is owed.
    Pay,
    /// Set up automatic payment.
    SetUpAutopay,
    /// Change the card or bank account.
    ChangeMethod,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pay, Self::SetUpAutopay, Self::ChangeMethod];
}
