//! The answers of the business's own endpoint as the words of billing.

use crate::billing::reading::{At, Unexpected, line_kinds};
use crate::billing::{
    Account, Credit, Currency, Discount, Dispute, DisputeStatus, Done, Frequency, Instalment, Invoice, LateFee, Line,
    LineKind, Mandate, MandateStatus, Method, Money, Payment, PaymentStatus, Person, Plan, PlanChange, PortalLink,
    PriceChange, Refund, RefundStatus, Schedule, Standing,
};
use crate::conversation::CustomerId;

/// What stands under `Account`; lists come out newest first.
pub fn account(at: &At<'_>) -> Result<Account, Unexpected> {
    let at = at.object()?;
    let currency = at.get("currency").currency()?;
    let zero = Money::zero(currency);
    let person = person(&at.get("person"))?;
    let plan = plan(&at.get("plan"))?;
    if plan.price.currency != currency {
        return Err(at.get("plan").wrong("a plan in the account's currency"));
    }
    let list = |name: &str| at.get(name).each();
    let mut invoices = all(list("invoices")?, |it| invoice(it, currency))?;
    let mut payments = all(list("payments")?, |it| payment(it, currency))?;
    let mut refunds = all(list("refunds")?, |it| refund(it, currency))?;
    let mut late_fees = all(list("late_fees")?, |it| late_fee(it, currency))?;
    let mut discounts = all(list("discounts")?, |it| discount(it, currency))?;
    let mut price_changes = all(list("price_changes")?, |it| price_change(it, currency))?;
    let mut plan_changes = all(list("plan_changes")?, plan_change)?;
    let mut disputes = all(list("disputes")?, |it| dispute(it, currency))?;
    let mut credits = all(list("credits")?, |it| credit(it, currency))?;
    invoices.sort_by_key(|it| std::cmp::Reverse(it.issued));
    payments.sort_by_key(|it| std::cmp::Reverse(it.on));
    refunds.sort_by_key(|it| std::cmp::Reverse(it.asked_on));
    late_fees.sort_by_key(|it| std::cmp::Reverse(it.on));
    discounts.sort_by_key(|it| std::cmp::Reverse(it.from));
    price_changes.sort_by_key(|it| std::cmp::Reverse(it.on));
    plan_changes.sort_by_key(|it| std::cmp::Reverse(it.on));
    disputes.sort_by_key(|it| std::cmp::Reverse(it.opened_on));
    credits.sort_by_key(|it| std::cmp::Reverse(it.on));
    let billing_day = match at.get("billing_day").some() {
        Some(day) => {
            let number = i8::try_from(day.int()?).ok().filter(|it| (1..=31).contains(it));
            number.ok_or_else(|| day.wrong("a day of the month"))?
        }
        None => invoices.first().map_or(1, |it| it.issued.day()),
    };
    Ok(Account {
        customer: CustomerId::new(at.get("customer").text()?),
        number: at.get("number").text()?.to_owned(),
        person,
        currency,
        standing: at.get("standing").one_of(
            &[("active", Standing::Active), ("paused", Standing::Paused), ("ended", Standing::Ended)],
            "active, paused or ended",
        )?,
        since: at.get("since").date()?,
        ended_on: at.get("ended_on").date_or_none()?,
        contract_ends_on: at.get("contract_ends_on").date_or_none()?,
        end_fee: at.get("end_fee").sum_or_none(currency)?.unwrap_or(zero),
        plan,
        autopay: at.get("autopay").is_true()?,
        method: method_or_none(&at.get("method"))?,
        billing_day,
        next_bill_on: at.get("next_bill_on").date_or_none()?,
        next_due_on: at.get("next_due_on").date_or_none()?,
        paper: at.get("paper").is_true()?,
        credit: at.get("credit").sum_or_none(currency)?.unwrap_or(zero),
        invoices,
        payments,
        refunds,
        late_fees,
        discounts,
        price_changes,
        plan_changes,
        plans: all(list("plans")?, self::plan)?,
        disputes,
        schedules: all(list("schedules")?, |it| schedule(it, currency))?,
        credits,
        other_bills: Vec::new(),
        mandate: at.get("mandate").some().map(|it| mandate(&it)).transpose()?,
    })
}

/// What `GET /plans` answers.
pub fn plans(at: &At<'_>) -> Result<Vec<Plan>, Unexpected> {
    all(at.object()?.get("plans").each()?, plan)
}

/// What `GET /customers` answers.
pub fn customers(at: &At<'_>) -> Result<Vec<CustomerId>, Unexpected> {
    all(at.object()?.get("customers").each()?, |it| it.text().map(CustomerId::new))
}

/// What an act answers.
pub fn done(at: &At<'_>) -> Result<Done, Unexpected> {
    let at = at.object()?;
    Ok(Done { reference: at.get("reference").text()?.to_owned(), on: at.get("on").date()? })
}

/// What a page answers; it has to be one that nobody can read along the way.
pub fn portal(at: &At<'_>) -> Result<PortalLink, Unexpected> {
    let at = at.object()?;
    let url = at.get("url");
    if !url.text()?.starts_with("https://") {
        return Err(url.wrong("an address that begins with https://"));
    }
    Ok(PortalLink { url: url.text()?.to_owned(), expires_at_ms: at.get("expires_at_ms").int_or_none()? })
}

fn all<'a, T>(list: Vec<At<'a>>, read: impl Fn(&At<'a>) -> Result<T, Unexpected>) -> Result<Vec<T>, Unexpected> {
    list.iter().map(read).collect()
}

fn person(at: &At<'_>) -> Result<Person, Unexpected> {
    let at = at.object()?;
    let name = at.get("name").text()?.to_owned();
    let first = name.split_whitespace().next().unwrap_or_default().to_owned();
    Ok(Person {
        first_name: at.get("first_name").words()?.unwrap_or(first),
        name,
        email: at.get("email").text()?.to_owned(),
        address: at.get("address").words()?.unwrap_or_default(),
        company: at.get("company").words()?,
        tax_id: at.get("tax_id").words()?,
    })
}

fn plan(at: &At<'_>) -> Result<Plan, Unexpected> {
    let at = at.object()?;
    let price = at.get("price").object()?;
    let currency = price.get("currency").currency()?;
    let frequencies = [("month", Frequency::Month), ("year", Frequency::Year)];
    Ok(Plan {
        name: at.get("name").text()?.to_owned(),
        price: price.money(currency)?,
        frequency: at.get("frequency").one_of(&frequencies, "month or year")?,
        includes: at.get("includes").words()?.unwrap_or_default(),
    })
}

fn method_or_none(at: &At<'_>) -> Result<Option<Method>, Unexpected> {
    let Some(at) = at.some() else { return Ok(None) };
    let at = at.object()?;
    let ending = at.get("ending");
    let digits = ending.text()?;
    // More digits would be a number that we must not hold.
    if !(2..=4).contains(&digits.len()) || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return Err(ending.wrong("the last two to four digits"));
    }
    Ok(Some(Method {
        name: at.get("name").text()?.to_owned(),
        ending: digits.to_owned(),
        expires: at.get("expires").date_or_none()?,
    }))
}

fn invoice(at: &At<'_>, currency: Currency) -> Result<Invoice, Unexpected> {
    let total = at.get("total").money(currency)?;
    let paid = at.get("paid").money(currency)?;
    // Of a bill below zero, money may have gone back; of any other, nothing less than nothing came in.
    if paid.minor < total.minor.min(0) {
        return Err(at.get("paid").get("minor").wrong("zero or more"));
    }
    let tax = at.get("tax").money_or_none(currency)?;
    let lines = all(at.get("lines").each()?, |it| line(it, currency))?;
    let taxed = lines.iter().filter(|it| it.kind == LineKind::Tax).map(|it| it.amount);
    let percent = at.get("tax_percent");
    let tax_percent = percent.int_or_none()?.map(u32::try_from).transpose();
    Ok(Invoice {
        number: at.get("number").text()?.to_owned(),
        issued: at.get("issued").date()?,
        due: at.get("due").date()?,
        tax: tax.or_else(|| Money::sum(taxed, currency)).unwrap_or(Money::zero(currency)),
        lines,
        total,
        paid,
        tax_percent: tax_percent.map_err(|_| percent.wrong("a percentage of zero or more"))?,
        void: at.get("void").is_true()?,
    })
}

fn line(at: &At<'_>, currency: Currency) -> Result<Line, Unexpected> {
    Ok(Line {
        label: at.get("label").text()?.to_owned(),
        kind: at.get("kind").one_of(&line_kinds(), "a kind of line that is known")?,
        amount: at.get("amount").money(currency)?,
        from: at.get("from").date_or_none()?,
        to: at.get("to").date_or_none()?,
    })
}

fn payment(at: &At<'_>, currency: Currency) -> Result<Payment, Unexpected> {
    let statuses =
        [("paid", PaymentStatus::Paid), ("pending", PaymentStatus::Pending), ("failed", PaymentStatus::Failed)];
    Ok(Payment {
        on: at.get("on").date()?,
        amount: at.get("amount").sum(currency)?,
        method: method_or_none(&at.get("method"))?,
        status: at.get("status").one_of(&statuses, "paid, pending or failed")?,
        reason: at.get("reason").words()?,
        invoice: at.get("invoice").words()?,
    })
}

fn refund(at: &At<'_>, currency: Currency) -> Result<Refund, Unexpected> {
    let statuses =
        [("asked", RefundStatus::Asked), ("on_its_way", RefundStatus::OnItsWay), ("paid", RefundStatus::Paid)];
    Ok(Refund {
        amount: at.get("amount").sum(currency)?,
        status: at.get("status").one_of(&statuses, "asked, on_its_way or paid")?,
        asked_on: at.get("asked_on").date()?,
        expected_by: at.get("expected_by").date_or_none()?,
        to: method_or_none(&at.get("to"))?,
        reason: at.get("reason").words()?,
    })
}

fn late_fee(at: &At<'_>, currency: Currency) -> Result<LateFee, Unexpected> {
    Ok(LateFee {
        on: at.get("on").date()?,
        amount: at.get("amount").money(currency)?,
        invoice: at.get("invoice").text()?.to_owned(),
        taken_off: at.get("taken_off").is_true()?,
    })
}

fn discount(at: &At<'_>, currency: Currency) -> Result<Discount, Unexpected> {
    Ok(Discount {
        label: at.get("label").text()?.to_owned(),
        amount: at.get("amount").money(currency)?,
        from: at.get("from").date()?,
        until: at.get("until").date_or_none()?,
    })
}

fn price_change(at: &At<'_>, currency: Currency) -> Result<PriceChange, Unexpected> {
    Ok(PriceChange {
        label: at.get("label").text()?.to_owned(),
        from: at.get("from").money(currency)?,
        to: at.get("to").money(currency)?,
        on: at.get("on").date()?,
    })
}

fn plan_change(at: &At<'_>) -> Result<PlanChange, Unexpected> {
    Ok(PlanChange {
        from: at.get("from").text()?.to_owned(),
        to: at.get("to").text()?.to_owned(),
        on: at.get("on").date()?,
    })
}

fn dispute(at: &At<'_>, currency: Currency) -> Result<Dispute, Unexpected> {
    let statuses =
        [("open", DisputeStatus::Open), ("upheld", DisputeStatus::Upheld), ("rejected", DisputeStatus::Rejected)];
    Ok(Dispute {
        reference: at.get("reference").text()?.to_owned(),
        invoice: at.get("invoice").text()?.to_owned(),
        amount: at.get("amount").money_or_none(currency)?,
        opened_on: at.get("opened_on").date()?,
        status: at.get("status").one_of(&statuses, "open, upheld or rejected")?,
    })
}

fn schedule(at: &At<'_>, currency: Currency) -> Result<Schedule, Unexpected> {
    let part = |it: &At<'_>| Ok(Instalment { on: it.get("on").date()?, amount: it.get("amount").money(currency)? });
    let mut parts = all(at.get("parts").each()?, part)?;
    parts.sort_by_key(|it| it.on);
    let n_paid = at.get("n_paid");
    let n = usize::try_from(n_paid.int_or_none()?.unwrap_or(0)).ok().filter(|it| *it <= parts.len());
    Ok(Schedule {
        invoice: at.get("invoice").text()?.to_owned(),
        parts,
        n_paid: n.ok_or_else(|| n_paid.wrong("a count of the parts"))?,
    })
}

fn credit(at: &At<'_>, currency: Currency) -> Result<Credit, Unexpected> {
    Ok(Credit {
        on: at.get("on").date()?,
        amount: at.get("amount").sum(currency)?,
        left: at.get("left").sum_or_none(currency)?.unwrap_or(Money::zero(currency)),
        reason: at.get("reason").words()?,
        invoice: at.get("invoice").words()?,
    })
}

fn mandate(at: &At<'_>) -> Result<Mandate, Unexpected> {
    let at = at.object()?;
    let statuses =
        [("pending", MandateStatus::Pending), ("active", MandateStatus::Active), ("ended", MandateStatus::Ended)];
    Ok(Mandate {
        reference: at.get("reference").text()?.to_owned(),
        status: at.get("status").one_of(&statuses, "pending, active or ended")?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn money(minor: i64) -> Value {
        json!({ "minor": minor, "currency": "GBP" })
    }

    /// As little as an endpoint may answer.
    fn small() -> Value {
        json!({
            "customer": "c-1", "number": "77", "currency": "GBP", "standing": "active", "since": "2024-02-01",
            "person": { "name": "Wren Alder", "email": "wren@example.com" },
            "plan": { "name": "Standard", "price": money(3_000), "frequency": "month" },
            "invoices": [
                { "number": "A-1", "issued": "2026-05-01", "due": "2026-05-15", "total": money(3_000),
                  "paid": money(3_500), "lines": [{ "label": "Standard", "kind": "plan", "amount": money(3_000) }] },
                { "number": "A-2", "issued": "2026-06-01", "due": "2026-06-15", "total": money(3_000),
                  "paid": money(0), "lines": [{ "label": "Standard", "kind": "plan", "amount": money(3_000) }] },
            ],
        })
    }

    fn read(value: &Value) -> Result<Account, Unexpected> {
        account(&At::new(value, "account"))
    }

    #[test]
    fn little_is_enough_and_the_rest_is_nothing() {
        let account = read(&small()).expect("it is enough");
        assert_eq!(account.person.first_name, "Wren");
        assert_eq!(account.invoices[0].number, "A-2", "the newest comes first");
        assert_eq!(account.overpaid().minor, 500, "what came in beyond what a bill asks for is not lost");
        assert_eq!((account.billing_day, account.credit.minor, account.autopay), (1, 0, false));
        assert!(account.refunds.is_empty() && account.method.is_none() && account.ended_on.is_none());
    }

    #[test]
    fn fields_that_are_new_are_passed_over() {
        let mut value = small();
        value["loyalty"] = json!({ "points": [1, 2, 3] });
        value["invoices"][0]["lines"][0]["sku"] = json!("x-1");
        assert_eq!(read(&value), read(&small()));
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_with_its_place() {
        let mut value = small();
        value["invoices"][1]["lines"][0]["amount"]["minor"] = json!("3000");
        let fault = read(&value).expect_err("it is a text").to_string();
        assert!(fault.starts_with("`account.invoices[1].lines[0].amount.minor` is a text;"), "{fault}");
        let mut value = small();
        value["invoices"][0]["due"] = json!(null);
        let fault = read(&value).expect_err("it is missing").to_string();
        assert!(fault.starts_with("`account.invoices[0].due` is missing;"), "{fault}");
    }

    #[test]
    fn an_amount_that_cannot_be_is_refused_with_its_place() {
        let fault = |change: &dyn Fn(&mut Value)| {
            let mut value = small();
            change(&mut value);
            read(&value).err().map(|it| it.path)
        };
        let paid = |total: i64, paid: i64| {
            fault(&move |it| {
                it["invoices"][1]["total"] = money(total);
                it["invoices"][1]["paid"] = money(paid);
            })
        };
        let at_paid = Some("account.invoices[1].paid.minor".to_owned());
        assert_eq!(paid(3_000, -500), at_paid);
        assert_eq!(paid(-500, -501), at_paid);
        assert_eq!((paid(-500, -500), paid(-500, 0), paid(3_000, 5_000)), (None, None, None));
        let credit = |minor: i64| fault(&move |it| it["credit"] = money(minor));
        assert_eq!(credit(-1_500).as_deref(), Some("account.credit.minor"));
        assert_eq!((credit(0), credit(1_500)), (None, None));
        assert_eq!(paid(i64::MAX - 1, 0).as_deref(), Some("account.invoices[1].total.minor"));
        assert_eq!(credit(i64::MAX).as_deref(), Some("account.credit.minor"));
    }

    #[test]
    fn a_card_number_in_place_of_its_last_digits_is_refused() {
        let mut value = small();
        value["method"] = json!({ "name": "Visa", "ending": "4242424242424242" });
        assert!(read(&value).is_err());
        value["method"] = json!({ "name": "Visa", "ending": "4242", "expires": "2027-08-31" });
        let method = read(&value).expect("it is right").method.expect("a card");
        assert_eq!((method.text().as_str(), method.expires), ("Visa ending 4242", Some(date(2027, 8, 31))));
    }

    #[test]
    fn a_page_without_tls_is_refused() {
        let link = |url: &str| portal(&At::new(&json!({ "url": url }), "portal"));
        assert!(link("https://pay.example/x").is_ok());
        assert!(link("http://pay.example/x").is_err() && link("javascript:alert(1)").is_err());
    }

    fn put(value: &mut Value, path: &[usize], thing: &Value) {
        let here: Option<&mut Value> = match (path, &mut *value) {
            ([], _) => None,
            ([at, ..], Value::Array(list)) if !list.is_empty() => {
                let n = list.len();
                list.get_mut(at % n)
            }
            ([at, ..], Value::Object(map)) if !map.is_empty() => {
                let n = map.len();
                map.values_mut().nth(at % n)
            }
            _ => None,
        };
        match here {
            Some(inner) => put(inner, path.get(1..).unwrap_or_default(), thing),
            None => *value = thing.clone(),
        }
    }

    proptest! {
        #[test]
        fn nothing_that_an_endpoint_answers_makes_it_panic(path in proptest::collection::vec(0_usize..40, 0..6), thing in 0_usize..7) {
            let things = [json!(null), json!(true), json!(-1), json!(1e300), json!("x"), json!([]), json!({})];
            let mut value = small();
            put(&mut value, &path, &things[thing]);
            let _ = read(&value);
        }
    }
}
