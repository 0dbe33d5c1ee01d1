//! Payments, refunds, and what they are made with.

use jiff::civil::Date;

use super::Money;

/// A card or bank account of which only the harmless part is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// What it is: "Visa", "bank account".
    pub name: String,
    /// Its last four digits.
    pub ending: String,
    /// The last day of the month in which a card expires.
    pub expires: Option<Date>,
}

impl Method {
    /// How one speaks of it: "Visa ending 4242".
    pub fn text(&self) -> String {
        format!("{} ending {}", self.name, self.ending)
    }

    /// What a card shows as its expiry: "08/27".
    pub fn expires_text(&self) -> Option<String> {
        let on = self.expires?;
        Some(format!("{:02}/{:02}", on.month(), on.year().rem_euclid(100)))
    }
}

/// Money that came, is coming, or should have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The day of it.
    pub on: Date,
    /// How much.
    pub amount: Money,
    /// With what.
    pub method: Option<Method>,
    /// How it went.
    pub status: PaymentStatus,
    /// Why it failed, in plain words that finish "because …".
    pub reason: Option<String>,
    /// The number of the bill that it is for.
    pub invoice: Option<String>,
}

/// How a payment went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// It has arrived.
    Paid,
    /// It was made and has not arrived yet.
    Pending,
    /// It didn't work.
    Failed,
}

impl PaymentStatus {
    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            PaymentStatus::Paid => "paid",
            PaymentStatus::Pending => "pending",
            PaymentStatus::Failed => "failed",
        }
    }
}

/// Money that goes back to the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// How much.
    pub amount: Money,
    /// How far it is.
    pub status: RefundStatus,
    /// When it was asked for.
    pub asked_on: Date,
    /// The day by which it should have arrived.
    pub expected_by: Option<Date>,
    /// Where it goes.
    pub to: Option<Method>,
    /// Why, in plain words that finish "because …".
    pub reason: Option<String>,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// Somebody has to look at it.
    Asked,
    /// It has left us.
    OnItsWay,
    /// It has arrived.
    Paid,
}

impl RefundStatus {
    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            RefundStatus::Asked => "asked",
            RefundStatus::OnItsWay => "on_its_way",
            RefundStatus::Paid => "paid",
        }
    }
}
