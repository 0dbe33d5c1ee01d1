//! Payments, refunds, and what they are made with.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

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

impl Payment {
    /// The last day on which it should be here: so many working days after it was made, bank holidays not counted.
    pub fn expected_by(&self, working_days: i64) -> Date {
        let is_working = |it: &Date| !matches!(it.weekday(), Weekday::Saturday | Weekday::Sunday);
        let n = usize::try_from(working_days).unwrap_or(0);
        let days = self.on.series(1.day()).skip(1).take(ARRIVAL_DAYS_MAX).filter(is_working);
        std::iter::once(self.on).chain(days).take(n.saturating_add(1)).last().unwrap_or(self.on)
    }

    /// Whether it was sent, is not here, and its time is over: nobody may promise that it still comes.
    pub fn is_missing(&self, working_days: Option<i64>, today: Date) -> bool {
        self.status == PaymentStatus::Pending && working_days.is_some_and(|it| self.expected_by(it) < today)
    }
}

/// No payment is on its way for longer, in days.
const ARRIVAL_DAYS_MAX: usize = 366;

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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::billing::Currency;

    #[test]
    fn a_payment_that_is_older_than_its_time_is_missing() {
        // A Friday.
        let on = date(2026, 10, 23);
        let sent = |status| Payment {
            on,
            amount: Money::new(3_000, Currency::GBP),
            method: None,
            status,
            reason: None,
            invoice: None,
        };
        let pending = sent(PaymentStatus::Pending);
        assert_eq!([0, 1, 3, 5].map(|it| pending.expected_by(it).day()), [23, 26, 28, 30]);
        assert!(pending.expected_by(i64::MAX) <= date(2027, 10, 24) && pending.expected_by(-1) == on);
        assert!(!pending.is_missing(Some(3), date(2026, 10, 28)), "it may still come today");
        assert!(pending.is_missing(Some(3), date(2026, 10, 29)));
        assert!(!pending.is_missing(None, date(2026, 12, 24)), "no rule says how long one takes");
        assert!(!sent(PaymentStatus::Paid).is_missing(Some(3), date(2026, 12, 24)));
    }
}
