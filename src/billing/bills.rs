//! Bills and their lines.

use jiff::civil::Date;

use super::Money;

/// One bill.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoice {
    /// Its number, as printed: `INV-1042`.
    pub number: String,
    /// The day on which it was made out.
    pub issued: Date,
    /// The last day on which it is paid in time.
    pub due: Date,
    /// What it is made of.
    pub lines: Vec<Line>,
    /// What it asks for: the sum of its lines.
    pub total: Money,
    /// What has arrived for it; more than the total where too much came in.
    pub paid: Money,
    /// The tax in the total, whether as a line of its own or inside the prices.
    pub tax: Money,
    /// The rate of that tax, in percent, where there is one rate.
    pub tax_percent: Option<u32>,
    /// It was called off and asks for nothing.
    pub void: bool,
}

/// How a bill stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// It is below zero: what it says stands in the customer's favor.
    InFavour,
    /// Nothing is owed for it.
    Paid,
    /// Something is owed, and there is time.
    Open,
    /// Something is owed, and the due day is over.
    Late,
    /// It was called off.
    Void,
}

impl InvoiceStatus {
    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            InvoiceStatus::Paid => "paid",
            InvoiceStatus::Open => "open",
            InvoiceStatus::Late => "late",
            InvoiceStatus::Void => "void",
            InvoiceStatus::InFavour => "in_favour",
        }
    }
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The words on the bill.
    pub label: String,
    /// What kind of thing it is.
    pub kind: LineKind,
    /// What it adds to the total; below zero when it takes off.
    pub amount: Money,
    /// The first day that it is for.
    pub from: Option<Date>,
    /// The last day that it is for; the same as `from` for something that happened on one day.
    pub to: Option<Date>,
}

/// What a line of a bill is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// A plan for a whole period.
    Plan,
    /// A plan for a part of a period; below zero for days that were paid and not used.
    PartMonth,
    /// What was used beyond the plan.
    Usage,
    /// Something that happened once.
    OneOff,
    /// A fee that comes with every bill, such as one for paper.
    Fee,
    /// A fee for paying late.
    LateFee,
    /// An agreed reduction.
    Discount,
    /// Money in the customer's favor that is used here.
    Credit,
    /// Money given back on this bill.
    Refund,
    /// Tax, where prices are without it.
    Tax,
    /// What was left from an earlier bill.
    CarriedOver,
}

impl LineKind {
    /// Every kind there is.
    pub const ALL: [LineKind; 11] = [
        LineKind::Plan,
        LineKind::PartMonth,
        LineKind::Usage,
        LineKind::OneOff,
        LineKind::Fee,
        LineKind::LateFee,
        LineKind::Discount,
        LineKind::Credit,
        LineKind::Refund,
        LineKind::Tax,
        LineKind::CarriedOver,
    ];

    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            LineKind::Plan => "plan",
            LineKind::PartMonth => "part_month",
            LineKind::Usage => "usage",
            LineKind::OneOff => "one_off",
            LineKind::Fee => "fee",
            LineKind::LateFee => "late_fee",
            LineKind::Discount => "discount",
            LineKind::Credit => "credit",
            LineKind::Refund => "refund",
            LineKind::Tax => "tax",
            LineKind::CarriedOver => "carried_over",
        }
    }
}
