//! Stripe's charges, refunds, disputes, credit notes and payment methods in the words of billing.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::api::{id_of, whole};
use super::invoices::StripeBill;
use super::time::{day, money, money_or_zero};
use crate::billing::reading::{At, Unexpected};
use crate::billing::{
    Credit, Currency, Dispute, DisputeStatus, LateFee, Mandate, MandateStatus, Method, Money, Payment, PaymentStatus,
    Refund, RefundStatus,
};

/// Under this key the metadata of what we made in Stripe says which act it was.
pub const ACT_KEY: &str = "plainbill_act";
/// Stripe says that a refund takes up to ten working days from leaving us to standing on a statement.
const REFUND_DAYS: i64 = 14;

/// What all of these need to be read.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The account's currency; what is in another is left out.
    pub currency: Currency,
    /// Where the business is.
    pub zone: &'a TimeZone,
    /// The present day there.
    pub today: Date,
    /// The account's bills.
    pub bills: &'a [StripeBill],
}

impl Frame<'_> {
    fn is_ours(&self, at: &At<'_>) -> Result<bool, Unexpected> {
        Ok(at.get("currency").currency()? == self.currency)
    }

    /// The bill that a charge was for: the charge says so before 2025-03-31, the bill says so since.
    fn bill_of(&self, charge: &At<'_>) -> Result<Option<&StripeBill>, Unexpected> {
        let invoice = id_of(&charge.get("invoice"))?;
        let ids = [id_of(&charge.get("id"))?, id_of(&charge.get("payment_intent"))?];
        let is_meant = |it: &&StripeBill| {
            invoice.as_ref() == Some(&it.id) || ids.iter().flatten().any(|id| it.paid_by.contains(id))
        };
        Ok(self.bills.iter().find(is_meant))
    }
}

/// A charge with the refunds and disputes that it led to.
pub struct Charged {
    /// The payment.
    pub payment: Payment,
    /// What of it goes back.
    pub refunds: Vec<Refund>,
}

/// Reads a charge; nothing where it is of another currency.
pub fn charge(at: &At<'_>, frame: Frame<'_>, usual: Option<(&str, &Method)>) -> Result<Option<Charged>, Unexpected> {
    let at = at.object()?;
    if !frame.is_ours(&at)? {
        return Ok(None);
    }
    let bill = frame.bill_of(&at)?;
    let captured = at.get("captured").some().map_or(Ok(true), |it| it.is_true())?;
    let status = match at.get("status").text()? {
        "succeeded" if captured => PaymentStatus::Paid,
        "succeeded" | "pending" => PaymentStatus::Pending,
        "failed" => PaymentStatus::Failed,
        _ => return Err(at.get("status").wrong("succeeded, pending or failed")),
    };
    let details = at.get("payment_method_details");
    let method = match method(&details)? {
        Some(method) => Some(method),
        // Older charges name the method by its id alone.
        None => usual
            .filter(|it| id_of(&at.get("payment_method")).ok().flatten().as_deref() == Some(it.0))
            .map(|it| it.1.clone()),
    };
    let reason = if status == PaymentStatus::Failed { why_failed(&at)? } else { None };
    let mut refunds = Vec::new();
    for refund in at.get("refunds").get("data").each()? {
        refunds.extend(self::refund(&refund, frame, method.as_ref())?);
    }
    let payment = Payment {
        on: day(&at.get("created"), frame.zone)?,
        amount: money(&at.get("amount"), frame.currency)?,
        method,
        status,
        reason,
        invoice: bill.map(|it| it.invoice.number.clone()),
    };
    Ok(Some(Charged { payment, refunds }))
}

fn why_failed(charge: &At<'_>) -> Result<Option<String>, Unexpected> {
    let outcome = charge.get("outcome").get("reason").text_or_none()?;
    let code = outcome.or(charge.get("failure_code").text_or_none()?);
    let words = match code {
        Some("insufficient_funds") => "there wasn't enough money in the account",
        Some("expired_card") => "the card has expired",
        Some("incorrect_cvc" | "invalid_cvc") => "the card's security code didn't match",
        Some("incorrect_number" | "invalid_number") => "the card's number didn't match",
        Some("lost_card" | "stolen_card" | "pickup_card") => "the card can't be used any more",
        Some("authentication_required") => "your bank wanted you to confirm it",
        Some("processing_error") => "your bank couldn't be reached",
        Some("account_closed" | "no_account" | "bank_account_closed") => "the bank account is closed",
        Some("debit_not_authorized") => "your bank didn't allow it",
        Some("card_declined" | "generic_decline" | "do_not_honor") => "your bank said no",
        _ => return Ok(None),
    };
    Ok(Some(words.to_owned()))
}

fn refund(at: &At<'_>, frame: Frame<'_>, to: Option<&Method>) -> Result<Option<Refund>, Unexpected> {
    let asked_on = day(&at.get("created"), frame.zone)?;
    let expected_by = asked_on.checked_add(REFUND_DAYS.days()).ok();
    let arrived = expected_by.is_some_and(|it| it < frame.today);
    let status = match at.get("status").text_or_none()? {
        Some("canceled") => return Ok(None),
        // It came back to us, or waits for the customer's bank details: somebody has to look at it.
        Some("failed" | "requires_action") => RefundStatus::Asked,
        Some("succeeded") if arrived => RefundStatus::Paid,
        _ => RefundStatus::OnItsWay,
    };
    let reason = because(&at.get("reason"))?;
    let expected_by = expected_by.filter(|_| status == RefundStatus::OnItsWay);
    let amount = money(&at.get("amount"), frame.currency)?;
    Ok(Some(Refund { amount, status, asked_on, expected_by, to: to.cloned(), reason }))
}

/// Stripe's reasons for refunds and credit notes, as words that finish "because …".
fn because(reason: &At<'_>) -> Result<Option<String>, Unexpected> {
    let words = match reason.text_or_none()? {
        Some("duplicate") => "you had paid twice",
        Some("requested_by_customer") => "you had asked for it",
        Some("order_change") => "your order had changed",
        Some("product_unsatisfactory") => "it wasn't as it should have been",
        _ => return Ok(None),
    };
    Ok(Some(words.to_owned()))
}

/// Reads a dispute over a charge of these; nothing where the charge was for no bill.
pub fn dispute(at: &At<'_>, charges: &[At<'_>], frame: Frame<'_>) -> Result<Option<Dispute>, Unexpected> {
    let at = at.object()?;
    let charge = id_of(&at.get("charge"))?;
    let Some(charge) = charges.iter().find(|it| id_of(it).ok().flatten() == charge) else { return Ok(None) };
    let Some(bill) = frame.bill_of(charge)? else { return Ok(None) };
    let amount = if frame.is_ours(&at)? { Some(money(&at.get("amount"), frame.currency)?) } else { None };
    // `won` is the business's point of view: the charge stands.
    let status = match at.get("status").text()? {
        "won" | "warning_closed" => DisputeStatus::Rejected,
        "lost" | "prevented" => DisputeStatus::Upheld,
        _ => DisputeStatus::Open,
    };
    let opened_on = day(&at.get("created"), frame.zone)?;
    let reference = at.get("id").text()?.to_owned();
    Ok(Some(Dispute { reference, invoice: bill.invoice.number.clone(), amount, opened_on, status }))
}

/// Credit notes, newest first, with what is left of them, and the late fees that the bills have.
///
/// `credit` is what stands in the customer's favor now: what the newest notes gave is used last.
pub fn credits(notes: &[At<'_>], frame: Frame<'_>, credit: Money) -> Result<(Vec<Credit>, Vec<LateFee>), Unexpected> {
    let mut credits = Vec::new();
    let mut taken_off: Vec<String> = Vec::new();
    let mut bills_without_fee: Vec<String> = Vec::new();
    let mut left_in_all = credit;
    for at in notes {
        let at = at.object()?;
        if at.get("status").text_or_none()? == Some("void") || !frame.is_ours(&at)? {
            continue;
        }
        let invoice = id_of(&at.get("invoice"))?;
        if at.get("metadata").get(ACT_KEY).text_or_none()? == Some("take_off_late_fee") {
            bills_without_fee.extend(invoice.clone());
        }
        for line in at.get("lines").get("data").each()? {
            taken_off.extend(id_of(&line.get("invoice_line_item"))?);
        }
        let amount = money(&at.get("amount"), frame.currency)?;
        let on_balance = !at.get("customer_balance_transaction").is_none();
        let left = if on_balance {
            Money::new(amount.minor.min(left_in_all.minor).max(0), frame.currency)
        } else {
            Money::zero(frame.currency)
        };
        left_in_all = left_in_all.minus(left).unwrap_or(left_in_all);
        let bill = frame.bills.iter().find(|it| Some(&it.id) == invoice.as_ref());
        credits.push(Credit {
            on: day(&at.get("created"), frame.zone)?,
            amount,
            left,
            reason: because(&at.get("reason"))?,
            invoice: bill.map(|it| it.invoice.number.clone()),
        });
    }
    let mut late_fees = Vec::new();
    for bill in frame.bills.iter().filter(|it| !it.invoice.void) {
        for (line, amount) in &bill.late_fees {
            late_fees.push(LateFee {
                on: bill.invoice.issued,
                amount: *amount,
                invoice: bill.invoice.number.clone(),
                taken_off: taken_off.contains(line) || bills_without_fee.contains(&bill.id),
            });
        }
    }
    Ok((credits, late_fees))
}

/// A payment method, a source, or a charge's details of one; nothing where it has no digits to tell it by.
pub fn method(at: &At<'_>) -> Result<Option<Method>, Unexpected> {
    let Some(at) = whole(at) else { return Ok(None) };
    let kind = match (at.get("type").text_or_none()?, at.get("object").text_or_none()?) {
        (Some(kind), _) => kind,
        // A card or a bank account from before there were payment methods has its facts on itself.
        (None, Some(object @ ("card" | "bank_account"))) => object,
        _ => return Ok(None),
    };
    let facts = whole(&at.get(kind)).unwrap_or_else(|| at.clone());
    let Some(ending) = facts.get("last4").words()? else { return Ok(None) };
    if kind != "card" {
        return Ok(Some(Method { name: "bank account".to_owned(), ending, expires: None }));
    }
    let name = facts.get("brand").words()?.map_or_else(|| "card".to_owned(), |it| brand(&it));
    let (month, year) = (facts.get("exp_month").int_or_none()?, facts.get("exp_year").int_or_none()?);
    let expires = month.zip(year).and_then(|(month, year)| {
        let first = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()?;
        Some(first.last_of_month())
    });
    Ok(Some(Method { name, ending, expires }))
}

fn brand(code: &str) -> String {
    let name = match code.to_ascii_lowercase().as_str() {
        "visa" => "Visa",
        "mastercard" => "Mastercard",
        "amex" | "american express" => "American Express",
        "discover" => "Discover",
        "diners" => "Diners Club",
        "jcb" => "JCB",
        "unionpay" => "UnionPay",
        "maestro" => "Maestro",
        _ => return code.to_owned(),
    };
    name.to_owned()
}

/// The id of the mandate under which a charge was collected from a bank account, and what the bank calls it.
pub fn mandate_of(charge: &At<'_>) -> Result<Option<String>, Unexpected> {
    let details = charge.get("payment_method_details");
    let Some(kind) = details.get("type").text_or_none()? else { return Ok(None) };
    id_of(&details.get(kind).get("mandate"))
}

/// Reads a mandate.
pub fn mandate(at: &At<'_>) -> Result<Mandate, Unexpected> {
    let at = at.object()?;
    let status = match at.get("status").text()? {
        "active" => MandateStatus::Active,
        "pending" => MandateStatus::Pending,
        _ => MandateStatus::Ended,
    };
    let details = at.get("payment_method_details");
    let kind = details.get("type").text_or_none()?.unwrap_or_default();
    let reference = details.get(kind).get("reference").words()?;
    Ok(Mandate { reference: reference.map_or_else(|| at.get("id").text().map(str::to_owned), Ok)?, status })
}

/// Payments that were made outside of Stripe.
pub fn elsewhere(bills: &[StripeBill]) -> Vec<Payment> {
    let mut payments = Vec::new();
    for bill in bills {
        for (on, amount) in &bill.paid_elsewhere {
            payments.push(Payment {
                on: *on,
                amount: *amount,
                method: None,
                status: PaymentStatus::Paid,
                reason: None,
                invoice: Some(bill.invoice.number.clone()),
            });
        }
    }
    payments
}

/// What stands in the customer's favor: Stripe's balance is below zero then.
pub fn credit(customer: &At<'_>, currency: Currency) -> Result<Money, Unexpected> {
    let balance = money_or_zero(&customer.get("balance"), currency)?;
    Ok(Money::new(balance.minor.saturating_neg().max(0), currency))
}
