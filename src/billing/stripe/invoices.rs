//! Stripe's invoices as bills, in the shape of 2025-03-31 and in the one before.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::api::{id_of, whole};
use super::lines::{Catalog, LineOrigin, kind, label};
use super::time::{day, day_or_none, last_day, money, money_or_zero};
use crate::billing::reading::{At, Unexpected};
use crate::billing::{Currency, Invoice, Line, LineKind, Money};

/// A bill with what other parts of the account need to know of it.
#[derive(Clone, Debug)]
pub struct StripeBill {
    /// Stripe's id of it.
    pub id: String,
    /// The bill.
    pub invoice: Invoice,
    /// Its lines for whole periods of a plan.
    pub plans: Vec<PlanLine>,
    /// Its late fees: the line's id and the amount.
    pub late_fees: Vec<(String, Money)>,
    /// What discounts took off.
    pub discounts: Vec<TakenOff>,
    /// The ids of charges and payment intents that were for it.
    pub paid_by: Vec<String>,
    /// What was paid outside of Stripe: day and amount.
    pub paid_elsewhere: Vec<(Date, Money)>,
}

/// A line for a whole period of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLine {
    /// The plan.
    pub label: String,
    /// The price of one.
    pub unit: Money,
    /// The first day of the period.
    pub from: Option<Date>,
    /// How many days the period has.
    pub n_days: i32,
}

/// What a discount took off a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenOff {
    /// What it is called.
    pub label: String,
    /// How much, above zero.
    pub amount: Money,
    /// Since when it holds, where that is known.
    pub from: Option<Date>,
    /// Its last day, where one is set.
    pub until: Option<Date>,
}

/// Ids that have to be looked up before these invoices can be read: of products, prices and tax rates.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Products without a name.
    pub products: BTreeSet<String>,
    /// Prices of which it isn't known whether they are by use.
    pub prices: BTreeSet<String>,
    /// Tax rates without a name.
    pub rates: BTreeSet<String>,
}

impl Wanted {
    /// Adds what an invoice needs.
    pub fn add(&mut self, invoice: &At<'_>) -> Result<(), Unexpected> {
        for line in invoice.get("lines").get("data").each()? {
            let origin = LineOrigin::of(&line)?;
            if !origin.recurring && !origin.proration {
                continue;
            }
            if origin.name.is_none() {
                self.products.extend(origin.product);
            }
            if origin.recurring && !origin.proration && origin.metered.is_none() {
                self.prices.extend(origin.price);
            }
        }
        for tax in taxes(invoice)? {
            self.rates.extend(tax.rate);
        }
        Ok(())
    }
}

/// Reads an invoice; nothing for a draft, which is no bill yet.
pub fn bill(
    value: &Value,
    currency: Currency,
    known: &Catalog,
    zone: &TimeZone,
) -> Result<Option<StripeBill>, Unexpected> {
    let at = At::new(value, "invoice").object()?;
    let id = at.get("id").text()?.to_owned();
    let status = at.get("status").text_or_none()?.unwrap_or("draft");
    if status == "draft" {
        return Ok(None);
    }
    let issued = issued(&at, zone)?;
    let mut parts = Parts::default();
    for line in at.get("lines").get("data").all()? {
        parts.add_line(&line, currency, known, zone)?;
    }
    parts.add_discounts(&at, currency, zone)?;
    parts.add_prepaid(&at, currency)?;
    let shipping = money_or_zero(&at.get("shipping_cost").get("amount_subtotal"), currency)?;
    parts.push("Delivery", LineKind::OneOff, shipping);
    let (tax, tax_percent) = parts.add_taxes(&at, currency, known)?;
    parts.add_balance(&at, currency)?;
    let total = money(&at.get("amount_due"), currency)?;
    let paid = if status == "paid" { total } else { money_or_zero(&at.get("amount_paid"), currency)? };
    let (paid_by, paid_elsewhere) = payments(&at, currency, zone)?;
    let invoice = Invoice {
        number: at.get("number").words()?.unwrap_or_else(|| id.clone()),
        issued,
        due: day_or_none(&at.get("due_date"), zone)?.unwrap_or(issued),
        lines: parts.lines,
        total,
        // What came beyond the bill stands on the customer's balance at Stripe, and counts there.
        paid: if total.minor < paid.minor { total } else { paid },
        tax,
        tax_percent,
        void: status == "void",
    };
    let Parts { plans, late_fees, discounts, .. } = parts;
    Ok(Some(StripeBill { id, invoice, plans, late_fees, discounts, paid_by, paid_elsewhere }))
}

/// The day on a bill. `date` is what versions before 2018-11-08 had.
fn issued(at: &At<'_>, zone: &TimeZone) -> Result<Date, Unexpected> {
    let finalized = at.get("status_transitions").get("finalized_at");
    let days = [at.get("date"), at.get("effective_at"), finalized];
    match days.iter().find_map(At::some) {
        Some(at) => day(&at, zone),
        None => day(&at.get("created"), zone),
    }
}

/// The parts of a bill as they are read.
#[derive(Default)]
struct Parts {
    lines: Vec<Line>,
    plans: Vec<PlanLine>,
    late_fees: Vec<(String, Money)>,
    discounts: Vec<TakenOff>,
}

impl Parts {
    /// Adds a line that has no days, unless it is of nothing.
    fn push(&mut self, label: &str, kind: LineKind, amount: Money) {
        if amount.minor != 0 {
            self.lines.push(Line { label: label.to_owned(), kind, amount, from: None, to: None });
        }
    }

    fn add_line(
        &mut self,
        at: &At<'_>,
        currency: Currency,
        known: &Catalog,
        zone: &TimeZone,
    ) -> Result<(), Unexpected> {
        let at = at.object()?;
        let own = at.get("currency").currency()?;
        if own != currency {
            return Err(at.get("currency").wrong("the invoice's currency"));
        }
        let amount = money(&at.get("amount"), currency)?;
        let origin = LineOrigin::of(&at)?;
        let words = at.get("description").words()?;
        let label = label(&origin, words.as_deref(), known);
        let kind = kind(&at, &origin, &label, amount, known)?;
        let period = at.get("period");
        let (start, end) = (period.get("start"), period.get("end"));
        let from = day_or_none(&start, zone)?;
        let to = match start.int_or_none()? < end.int_or_none()? {
            true => Some(last_day(&end, zone)?),
            false => from,
        };
        if kind == LineKind::LateFee && 0 < amount.minor {
            self.late_fees.push((at.get("id").text()?.to_owned(), amount));
        }
        if kind == LineKind::Plan {
            let quantity = at.get("quantity").int_or_none()?.unwrap_or(1).max(1);
            let unit = Money::new(amount.minor / quantity, currency);
            let n_days = from.zip(to).and_then(|(from, to)| from.until(to).ok()).map_or(0, |it| it.get_days());
            self.plans.push(PlanLine { label: label.clone(), unit, from, n_days });
        }
        // A metered price that was not used, a trial: nothing to explain and nothing to pay.
        if amount.minor != 0 {
            self.lines.push(Line { label, kind, amount, from, to });
        }
        Ok(())
    }

    /// Discounts stand apart from the lines, in sums for each discount.
    fn add_discounts(&mut self, at: &At<'_>, currency: Currency, zone: &TimeZone) -> Result<(), Unexpected> {
        let mut objects: Vec<At<'_>> = at.get("discounts").each()?.iter().filter_map(whole).collect();
        objects.extend(whole(&at.get("discount")));
        for taken in at.get("total_discount_amounts").each()? {
            let amount = money(&taken.get("amount"), currency)?;
            let discount = taken.get("discount");
            let id = id_of(&discount)?;
            let known = objects.iter().find(|it| id_of(it).ok().flatten() == id);
            let (label, from, until) = match whole(&discount).as_ref().or(known) {
                Some(object) => (
                    coupon_name(object)?,
                    day_or_none(&object.get("start"), zone)?,
                    object.get("end").some().map(|it| last_day(&it, zone)).transpose()?,
                ),
                None => (None, None, None),
            };
            let label = label.unwrap_or_else(|| "Discount".to_owned());
            if let Some(taken_off) = Money::zero(currency).minus(amount) {
                self.push(&label, LineKind::Discount, taken_off);
            }
            if 0 < amount.minor {
                self.discounts.push(TakenOff { label, amount, from, until });
            }
        }
        Ok(())
    }

    /// Credits that were bought or granted beforehand and are used up here.
    fn add_prepaid(&mut self, at: &At<'_>, currency: Currency) -> Result<(), Unexpected> {
        for used in at.get("total_pretax_credit_amounts").each()? {
            if used.get("type").text_or_none()? != Some("credit_balance_transaction") {
                continue;
            }
            let amount = money(&used.get("amount"), currency)?;
            if let Some(taken_off) = Money::zero(currency).minus(amount) {
                self.push("Credit that you had", LineKind::Credit, taken_off);
            }
        }
        Ok(())
    }

    /// Tax on top of the prices becomes lines; tax inside of them is only told.
    fn add_taxes(
        &mut self,
        at: &At<'_>,
        currency: Currency,
        known: &Catalog,
    ) -> Result<(Money, Option<u32>), Unexpected> {
        let mut sum = Money::zero(currency);
        let mut percents = BTreeSet::new();
        let mut on_top: Vec<(String, Money)> = Vec::new();
        for tax in taxes(at)? {
            let amount = money(&tax.amount, currency)?;
            sum = sum.plus(amount).ok_or_else(|| tax.amount.wrong("an amount that can be counted"))?;
            let rate = tax.rate.as_ref().and_then(|it| known.rates.get(it));
            percents.insert(rate.and_then(|it| it.percent));
            if tax.inclusive {
                continue;
            }
            let label = rate.map_or_else(|| "Tax".to_owned(), |it| it.label.clone());
            // One line for each kind of tax, though Stripe may list it once for each line.
            match on_top.iter_mut().find(|it| it.0 == label) {
                Some((_, all)) => {
                    *all = all.plus(amount).ok_or_else(|| tax.amount.wrong("an amount that can be counted"))?;
                }
                None => on_top.push((label, amount)),
            }
        }
        for (label, amount) in on_top {
            self.push(&label, LineKind::Tax, amount);
        }
        let percent = if percents.len() == 1 { percents.into_iter().next().flatten() } else { None };
        Ok((sum, percent))
    }

    /// What the customer's balance did to this bill, and credit notes from before it was paid.
    fn add_balance(&mut self, at: &At<'_>, currency: Currency) -> Result<(), Unexpected> {
        let before = money_or_zero(&at.get("starting_balance"), currency)?;
        // Without an ending balance nothing has been taken from it yet.
        let after = match at.get("ending_balance").some() {
            Some(after) => money(&after, currency)?,
            None => before,
        };
        let change =
            before.minus(after).ok_or_else(|| at.get("ending_balance").wrong("an amount that can be counted"))?;
        let (label, kind) = match (change.minor < 0, before.minor < 0, 0 < before.minor) {
            (true, true, _) => ("Credit from your account", LineKind::Credit),
            (false, _, true) => ("Carried over from before", LineKind::CarriedOver),
            (true, false, _) => ("Money moved to your next bill", LineKind::Credit),
            (false, _, false) => ("Credit kept for your next bill", LineKind::Credit),
        };
        self.push(label, kind, change);
        let noted = money_or_zero(&at.get("pre_payment_credit_notes_amount"), currency)?;
        if let Some(taken_off) = Money::zero(currency).minus(noted) {
            self.push("Credit on this bill", LineKind::Credit, taken_off);
        }
        Ok(())
    }
}

/// A tax of an invoice, in both shapes.
struct Tax<'a> {
    amount: At<'a>,
    inclusive: bool,
    rate: Option<String>,
}

fn taxes<'a>(at: &At<'a>) -> Result<Vec<Tax<'a>>, Unexpected> {
    let mut taxes = Vec::new();
    for tax in at.get("total_taxes").each()? {
        let inclusive = tax.get("tax_behavior").text_or_none()? == Some("inclusive");
        let rate = id_of(&tax.get("tax_rate_details").get("tax_rate"))?;
        taxes.push(Tax { amount: tax.get("amount"), inclusive, rate });
    }
    for tax in at.get("total_tax_amounts").each()? {
        let inclusive = tax.get("inclusive").is_true()?;
        taxes.push(Tax { amount: tax.get("amount"), inclusive, rate: id_of(&tax.get("tax_rate"))? });
    }
    // Before there were rates, there was one sum.
    if taxes.is_empty() && at.get("tax").int_or_none()?.is_some_and(|it| it != 0) {
        taxes.push(Tax { amount: at.get("tax"), inclusive: false, rate: None });
    }
    Ok(taxes)
}

/// The name of a discount's coupon, which moved under `source` in 2025-09-30.
fn coupon_name(discount: &At<'_>) -> Result<Option<String>, Unexpected> {
    let coupon = whole(&discount.get("coupon")).or_else(|| whole(&discount.get("source").get("coupon")));
    coupon.map_or(Ok(None), |it| it.get("name").words())
}

/// The ids of charges and payment intents, and the day and amount of what was paid elsewhere.
type PaidBy = (Vec<String>, Vec<(Date, Money)>);

/// Which charges and intents paid an invoice, and what was paid elsewhere, in both shapes.
fn payments(at: &At<'_>, currency: Currency, zone: &TimeZone) -> Result<PaidBy, Unexpected> {
    let mut paid_by = Vec::new();
    let mut elsewhere = Vec::new();
    for own in ["charge", "payment_intent"] {
        paid_by.extend(id_of(&at.get(own))?);
    }
    for one in at.get("payments").get("data").each()? {
        let payment = one.get("payment");
        for own in ["charge", "payment_intent"] {
            paid_by.extend(id_of(&payment.get(own))?);
        }
        let is_paid = one.get("status").text_or_none()? == Some("paid");
        if is_paid && payment.get("type").text_or_none()? == Some("payment_record") {
            let on = one.get("status_transitions").get("paid_at");
            let on = on.some().unwrap_or_else(|| one.get("created"));
            elsewhere.push((day(&on, zone)?, money(&one.get("amount_paid"), currency)?));
        }
    }
    Ok((paid_by, elsewhere))
}
