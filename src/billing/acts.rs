//! What can be changed in billing for a customer, and what comes of it.
//!
//! Every act has a key of the caller's. A source does an act at most once for a key: asked again, it says what it did
//! the first time. So a caller that has lost the answer asks again with the same key.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Money;
pub use crate::conversation::page::Purpose;

/// Something that is changed for a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Takes a late fee off the bill that it stands on.
    TakeOffLateFee {
        /// The bill's number.
        invoice: String,
        /// The fee, above zero.
        amount: Money,
    },
    /// Gives something back as goodwill: it stands in the customer's favor and comes off the next bill.
    GiveCredit {
        /// How much, above zero.
        amount: Money,
        /// Why, in words that the customer reads.
        reason: String,
    },
    /// Moves the last day on which a bill is paid in time; reminders and late fees wait until then.
    GiveMoreDays {
        /// The bill's number.
        invoice: String,
        /// The new last day.
        until: Date,
    },
    /// Splits what is owed for a bill into parts, each with its day; the parts sum to what is owed.
    PayInParts {
        /// The bill's number.
        invoice: String,
        /// Day and amount of each part, the earliest first.
        parts: Vec<Instalment>,
    },
    /// Has a charge looked at; reminders for the bill wait meanwhile.
    OpenDispute {
        /// The bill's number.
        invoice: String,
        /// What is thought to be wrong on it.
        amount: Option<Money>,
        /// The customer's own words.
        facts: String,
    },
    /// Bills are no longer collected without the customer doing anything.
    StopAutopay,
    /// Bills are issued on another day of the month.
    ChangeBillingDay {
        /// 1 to 28.
        day: i8,
    },
    /// Bills and letters go somewhere else; what is absent stays.
    UpdateContact {
        /// The new address for e-mail.
        email: Option<String>,
        /// The new postal address.
        address: Option<String>,
        /// The new name.
        name: Option<String>,
    },
    /// What stands on bills that are made out to a company; what is absent stays.
    UpdateCompany {
        /// The company's name.
        company: Option<String>,
        /// Its tax number.
        tax_id: Option<String>,
    },
    /// Ends the service.
    Cancel {
        /// The last day of service.
        on: Date,
    },
    /// Takes an end of service back that lies in the future.
    KeepService,
}

impl Act {
    /// Its name in content, the log and metrics: `take_off_late_fee`.
    pub fn name(&self) -> &'static str {
        match self {
            Act::TakeOffLateFee { .. } => "take_off_late_fee",
            Act::GiveCredit { .. } => "give_credit",
            Act::GiveMoreDays { .. } => "give_more_days",
            Act::PayInParts { .. } => "pay_in_parts",
            Act::OpenDispute { .. } => "open_dispute",
            Act::StopAutopay => "stop_autopay",
            Act::ChangeBillingDay { .. } => "change_billing_day",
            Act::UpdateContact { .. } => "update_contact",
            Act::UpdateCompany { .. } => "update_company",
            Act::Cancel { .. } => "cancel",
            Act::KeepService => "keep_service",
        }
    }
}

/// One part of a bill that is paid in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// The day by which it is to be paid.
    pub on: Date,
    /// How much.
    pub amount: Money,
}

/// What a source did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What billing calls it, to find it again: a credit note's number, a dispute's.
    pub reference: String,
    /// The day on which it was done, the first time.
    pub on: Date,
}

/// Why a source did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// This source cannot do this at all: a person has to.
    #[error("this billing source cannot do that")]
    NotOffered,
    /// Billing said no, and will say no again; nothing has changed.
    #[error("billing refused: {why}")]
    Refused {
        /// What billing says, for staff.
        why: String,
    },
    /// Billing could not be reached, or its answer was lost: ask again with the same key.
    #[error("billing could not be reached; it is not known whether it was done")]
    Unknown,
}

/// A page that billing hosts for one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalLink {
    /// Where it is, https outside of the demo.
    pub url: String,
    /// When it stops working, in milliseconds since 1970, where it does.
    pub expires_at_ms: Option<i64>,
}
