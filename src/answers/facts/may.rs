//! What may be done for the customer, as templates and conditions see it: `may.take_off_late_fee.ok`.

use jiff::civil::Date;
use serde::Serialize;

use crate::billing::Money;
use crate::conversation::format;
use crate::rules::policy::{DeedFigures, Ruling};

/// What the rules say to one action.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct MayFacts {
    /// The bot may.
    ok: bool,
    /// The bot may not, and a person may.
    staff: bool,
    /// The rule that says so.
    clause: String,
    /// Why not, in a word: `not_first`.
    why: Option<&'static str>,
    amount: Option<i64>,
    date: Option<String>,
    n: Option<i64>,
    /// The month of the bill that it is for.
    month: Option<String>,
    /// Where something goes.
    to: Option<String>,
    parts: Vec<PartFacts>,
}

/// One part of a bill that is paid in parts.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct PartFacts {
    date: String,
    amount: i64,
}

impl MayFacts {
    pub(super) fn new(ruling: &Ruling, today: Date) -> Self {
        let clause = ruling.clause().to_owned();
        match ruling {
            Ruling::Refuse { why, .. } => Self { clause, why: Some(why), ..Self::default() },
            Ruling::AskStaff { why, .. } => Self { clause, why: Some(why), staff: true, ..Self::default() },
            Ruling::Grant { figures, .. } => {
                let DeedFigures { amount, on, n, issued, parts, to } = figures;
                let part =
                    |it: &crate::billing::Instalment| PartFacts { date: it.on.to_string(), amount: it.amount.minor };
                Self {
                    ok: true,
                    staff: false,
                    clause,
                    why: None,
                    amount: amount.map(|it: Money| it.minor),
                    date: on.map(|it| it.to_string()),
                    n: *n,
                    month: issued.map(|it| format::month(it, today)),
                    to: to.clone(),
                    parts: parts.iter().map(part).collect(),
                }
            }
        }
    }
}
