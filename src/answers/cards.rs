//! Cards: figures that are better seen than read, laid out in rows of finished texts.
//!
//! What changed is marked in words, so that it needs neither colors nor good eyes. Total: a card that would
//! have nothing true to show is absent.

use std::cmp::Reverse;

use jiff::civil::Date;

use super::facts::FactsInput;
use crate::billing::explain::{BillExplanation, CauseKind, ChangeCause, explain_in};
use crate::billing::{Account, Invoice, InvoiceStatus, Line, LineKind, Method, Money, Payment, PaymentStatus, Plan};
use crate::content::file::CardKind;
use crate::conversation::format::Style;
use crate::conversation::{Card, Row, format, normal};

/// Lists on cards are no longer than this.
const ROWS_MAX: usize = 12;

/// An account in a few rows, for staff.
pub fn account(account: &Account, today: Date) -> Card {
    let row = |label: &str, text: String| Row { label: label.to_owned(), amount: Some(text), ..Row::default() };
    let mut rows = vec![
        row("Account", account.number.clone()),
        row("Plan", account.plan.name.clone()),
        row("Owes", account.balance().text()),
    ];
    if 0 < account.credit.minor {
        rows.push(row("In credit", account.credit.text()));
    }
    let pays = if account.autopay { "automatically" } else { "by hand" };
    rows.push(row("Pays", pays.to_owned()));
    rows.extend(account.method.as_ref().map(|it| row("With", it.text())));
    rows.push(row("Status", account.standing.as_str().to_owned()));
    let note = format!("Customer since {}", format::day(account.since, today));
    clean(Card { title: account.person.name.clone(), rows, total: None, note: Some(note) })
}

/// Whatever stands in the account, no text on a card steers a terminal or turns what is around it.
fn clean(card: Card) -> Card {
    let text = |it: String| normal::shown(&it);
    let row = |it: Row| Row {
        label: text(it.label),
        detail: it.detail.map(text),
        amount: it.amount.map(text),
        mark: it.mark.map(text),
    };
    Card {
        title: text(card.title),
        rows: card.rows.into_iter().map(row).collect(),
        total: card.total.map(row),
        note: card.note.map(text),
    }
}

/// The card of a kind, by the same input as the facts, so that the two agree.
pub fn card(kind: CardKind, input: &FactsInput<'_>) -> Option<Card> {
    let style = input.style();
    let card = match kind {
        CardKind::Invoice => invoice_card(input.known()?, input.invoice()?, None, input),
        CardKind::Charge => {
            let charge = input.charge()?;
            invoice_card(input.known()?, charge.invoice, charge.line, input)
        }
        CardKind::Invoices => invoices_card(input.known()?, style),
        CardKind::Payments => payments_card(input.known()?, input),
        CardKind::Change => change_card(input.invoice()?, input.previous()?, input.change()?, style)?,
        CardKind::Plans => plans_card(input),
    };
    (!card.rows.is_empty()).then(|| clean(card))
}

/// A bill, with its lines marked: the one that was `named`, else those that differ from the bill before.
fn invoice_card(account: &Account, invoice: &Invoice, named: Option<&Line>, input: &FactsInput<'_>) -> Card {
    let style = input.style();
    let previous = account.invoice_before(invoice);
    let change = previous.map(|it| explain_in(invoice, it, style.locale)).filter(|it| it.complete);
    let causes = change.as_ref().map_or(&[][..], |it| it.causes.as_slice());
    let changed =
        |at: usize, line: &Line| causes.iter().find(|it| it.line == Some(at)).map(|it| line_mark(line, it, style));
    let rows = invoice.lines.iter().enumerate().map(|(at, line)| Row {
        label: line.label.clone(),
        detail: line_detail(line, style),
        amount: Some(line.amount.text_in(style.locale)),
        mark: match named {
            Some(named) => std::ptr::eq(named, line).then(|| "you asked about this".to_owned()),
            None => changed(at, line),
        },
    });
    let compared = change.as_ref().zip(previous);
    let total = Row {
        label: "Total".to_owned(),
        detail: (0 < invoice.tax.minor).then(|| format!("{} of it is tax", invoice.tax.text_in(style.locale))),
        amount: Some(invoice.total.text_in(style.locale)),
        mark: compared.map(|(change, previous)| compared_with(change.total, previous, style)),
    };
    Card {
        title: format!("{} bill, {}", style.month(invoice.issued), invoice.number),
        rows: rows.collect(),
        total: Some(total),
        note: Some(invoice_note(account, invoice, input)),
    }
}

/// What a line is for, in small print.
fn line_detail(line: &Line, style: Style) -> Option<String> {
    let days = style.days(line.from?, line.to?);
    Some(match line.kind {
        LineKind::PartMonth if line.amount.minor < 0 => format!("days not used, {days}"),
        LineKind::PartMonth => format!("part of the month, {days}"),
        _ => days,
    })
}

fn line_mark(line: &Line, cause: &ChangeCause, style: Style) -> String {
    let by = cause.amount.abs().text_in(style.locale);
    let adds = 0 < cause.amount.minor;
    match cause.change {
        CauseKind::New | CauseKind::Gone => "new".to_owned(),
        CauseKind::Changed if line.amount.minor < 0 && adds => format!("takes off {by} less"),
        CauseKind::Changed if line.amount.minor < 0 => format!("takes off {by} more"),
        CauseKind::Changed => more_or_less(cause.amount, style),
    }
}

/// "£4.00 more", "£4.00 less", "the same".
fn more_or_less(amount: Money, style: Style) -> String {
    let by = amount.abs().text_in(style.locale);
    match amount.minor.signum() {
        1 => format!("{by} more"),
        -1 => format!("{by} less"),
        _ => "the same".to_owned(),
    }
}

fn compared_with(difference: Money, previous: &Invoice, style: Style) -> String {
    let link = if difference.minor == 0 { "as" } else { "than" };
    format!("{} {link} {}", more_or_less(difference, style), style.month(previous.issued))
}

/// How the bill stands, in one short sentence without a full stop.
fn invoice_note(account: &Account, invoice: &Invoice, input: &FactsInput<'_>) -> String {
    let style = input.style();
    let due = style.day(invoice.due);
    let find = |status| {
        let for_it = |it: &&Payment| it.status == status && it.invoice.as_ref() == Some(&invoice.number);
        account.payments.iter().find(for_it)
    };
    if let (Some(pending), true) = (find(PaymentStatus::Pending), 0 < invoice.owed().minor) {
        let (amount, on) = (pending.amount.text_in(style.locale), style.day(pending.on));
        return match input.is_missing(pending) {
            true => format!("{amount} sent on {on}, not here"),
            false => format!("{amount} on its way since {on}"),
        };
    }
    let still = if 0 < invoice.paid.minor { " still" } else { "" };
    match invoice.status(style.today) {
        InvoiceStatus::Void => "Called off, nothing to pay".to_owned(),
        InvoiceStatus::InFavour => "In your favour, nothing to pay".to_owned(),
        InvoiceStatus::Open if still.is_empty() => format!("Due on {due}"),
        InvoiceStatus::Open => format!("{} still to pay by {due}", invoice.owed().text_in(style.locale)),
        InvoiceStatus::Late => format!("{}{still} to pay, was due on {due}", invoice.owed().text_in(style.locale)),
        InvoiceStatus::Paid => match find(PaymentStatus::Paid) {
            Some(payment) => paid_note(payment, style),
            None if invoice.total.minor <= 0 => "Nothing to pay".to_owned(),
            None => "Paid".to_owned(),
        },
    }
}

fn paid_note(payment: &Payment, style: Style) -> String {
    let on = style.day(payment.on);
    match &payment.method {
        Some(method) => format!("Paid on {on} by {}", method.text()),
        None => format!("Paid on {on}"),
    }
}

fn invoices_card(account: &Account, style: Style) -> Card {
    let mut bills: Vec<&Invoice> = account.invoices.iter().chain(&account.other_bills).collect();
    bills.sort_by_key(|it| Reverse(it.issued));
    let rows = bills.into_iter().take(ROWS_MAX).map(|invoice| Row {
        label: style.month(invoice.issued),
        detail: Some(invoice.number.clone()),
        amount: Some(invoice.total.text_in(style.locale)),
        mark: match invoice.status(style.today) {
            InvoiceStatus::Paid => None,
            InvoiceStatus::Open => Some(format!("due on {}", style.day(invoice.due))),
            InvoiceStatus::Late => Some(format!("late, {} to pay", invoice.owed().text_in(style.locale))),
            InvoiceStatus::Void => Some("called off".to_owned()),
            InvoiceStatus::InFavour => Some("in your favour".to_owned()),
        },
    });
    Card { title: "Your bills".to_owned(), rows: rows.collect(), total: None, note: None }
}

fn payments_card(account: &Account, input: &FactsInput<'_>) -> Card {
    let style = input.style();
    let rows = account.payments.iter().take(ROWS_MAX).map(|payment| {
        let parts: Vec<String> =
            payment.method.as_ref().map(Method::text).into_iter().chain(payment.reason.clone()).collect();
        Row {
            label: style.day(payment.on),
            detail: (!parts.is_empty()).then(|| parts.join(", ")),
            amount: Some(payment.amount.text_in(style.locale)),
            mark: match payment.status {
                PaymentStatus::Paid => None,
                PaymentStatus::Pending if input.is_missing(payment) => Some("not here".to_owned()),
                PaymentStatus::Pending => Some("on its way".to_owned()),
                PaymentStatus::Failed => Some("didn't work".to_owned()),
            },
        }
    });
    Card { title: "Your payments".to_owned(), rows: rows.collect(), total: None, note: None }
}

/// Absent where the causes don't sum to the difference.
fn change_card(invoice: &Invoice, previous: &Invoice, change: BillExplanation, style: Style) -> Option<Card> {
    if !change.complete {
        return None;
    }
    let bill = |invoice: &Invoice| Row {
        label: format!("{} bill", style.month(invoice.issued)),
        amount: Some(invoice.total.text_in(style.locale)),
        ..Row::default()
    };
    let causes = change.causes.iter().map(|it| Row {
        label: format::capital(&it.text),
        amount: Some(more_or_less(it.amount, style)),
        ..Row::default()
    });
    Some(Card {
        title: format!("From {} to {}", style.month(previous.issued), style.month(invoice.issued)),
        rows: std::iter::once(bill(previous)).chain(causes).collect(),
        total: Some(bill(invoice)),
        note: Some(format::capital(&compared_with(change.total, previous, style))),
    })
}

fn plans_card(input: &FactsInput<'_>) -> Card {
    let locale = input.style().locale;
    let own = input.known().map(|it| it.plan.name.as_str());
    let row = |plan: &Plan| Row {
        label: plan.name.clone(),
        detail: (!plan.includes.is_empty()).then(|| format::capital(&plan.includes)),
        amount: Some(format!("{} a {}", plan.price.text_in(locale), plan.frequency.as_str())),
        mark: (own == Some(plan.name.as_str())).then(|| "your plan".to_owned()),
    };
    Card {
        title: "Our plans".to_owned(),
        rows: input.plans().iter().take(ROWS_MAX).map(row).collect(),
        total: None,
        note: None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::answers::facts::tests::Sample;
    use crate::billing::demo;

    /// A card as lines of text: title, rows, total, note.
    fn shown(kind: CardKind, id: &str, sample: &Sample) -> Vec<String> {
        let account = demo::account(id, sample.today).expect("a demo customer");
        let Some(card) = card(kind, &sample.input(Some(&account), "")) else { return Vec::new() };
        let row = |row: Row| {
            let parts = [Some(row.label), row.detail, row.amount, row.mark];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" | ")
        };
        let rows = card.rows.into_iter().chain(card.total).map(row);
        std::iter::once(card.title).chain(rows).chain(card.note).collect()
    }

    fn june(kind: CardKind, id: &str) -> Vec<String> {
        shown(kind, id, &Sample::new())
    }

    #[test]
    fn a_bill_shows_its_lines_with_what_is_new_marked_in_words() {
        assert_eq!(
            june(CardKind::Invoice, "one-off-fee"),
            [
                "June bill, INV-1042",
                "Standard | 1 to 30 June | £30.00",
                "Engineer visit | 20 May | £12.00 | new",
                "Total | £7.00 of it is tax | £42.00 | £12.00 more than May",
                "Paid on 15 June by Visa ending 4242",
            ]
        );
        assert_eq!(june(CardKind::Invoice, "price-rise")[1], "Standard | 1 to 30 June | £34.00 | £4.00 more");
    }

    #[test]
    fn the_line_that_was_named_is_marked_on_its_own_bill() {
        let sample = Sample::new().with_slot("amount", "310");
        let card = shown(CardKind::Charge, "usage-overage", &sample);
        assert_eq!(card[0], "January 2025 bill, INV-2025");
        assert_eq!(card[2], "Calls to mobiles | 1 to 31 December 2024 | £3.10 | you asked about this");
        assert!(june(CardKind::Charge, "usage-overage").is_empty());
    }

    #[test]
    fn days_that_were_paid_and_not_used_are_called_so() {
        let card = june(CardKind::Invoice, "plan-change");
        assert_eq!(card[2], "Plus | part of the month, 16 to 31 May | £19.61 | new");
        assert_eq!(card[3], "Basic | days not used, 16 to 31 May | -£12.39 | new");
    }

    #[test]
    fn the_note_says_how_the_bill_stands() {
        let note = |id: &str, day: i8| {
            let mut sample = Sample::new();
            sample.today = date(2026, 6, day);
            shown(CardKind::Invoice, id, &sample).pop().unwrap_or_default()
        };
        assert_eq!(note("all-quiet", 3), "Due on 15 June");
        assert_eq!(note("all-quiet", 15), "Paid on 15 June by Visa ending 4242");
        assert_eq!(note("autopay-failing", 16), "£30.00 to pay, was due on 15 June");
        assert_eq!(note("payment-pending", 16), "£30.00 on its way since 15 June");
        assert_eq!(note("in-credit", 16), "Nothing to pay");
    }

    #[test]
    fn the_change_leads_from_one_total_to_the_other() {
        assert_eq!(
            june(CardKind::Change, "discount-ended"),
            [
                "From May to June",
                "May bill | £24.00",
                "Your 12-month discount of £6.00 ended | £6.00 more",
                "June bill | £30.00",
                "£6.00 more than May",
            ]
        );
    }

    #[test]
    fn figures_stand_as_the_customer_writes_them() {
        let sample = |locale| {
            let mut sample = Sample::new();
            sample.locale = Some(locale);
            sample
        };
        let card = |kind, locale| shown(kind, "one-off-fee", &sample(locale));
        assert_eq!(card(CardKind::Invoice, "en-US")[2], "Engineer visit | May 20 | £12.00 | new");
        assert_eq!(card(CardKind::Invoice, "de")[2], "Engineer visit | 20 May | 12,00\u{a0}£ | new");
        assert_eq!(card(CardKind::Invoice, "tlh"), june(CardKind::Invoice, "one-off-fee"));
        let change = shown(CardKind::Change, "price-rise", &sample("de"));
        assert_eq!(change[2], "The price of Standard went from 30,00\u{a0}£ to 34,00\u{a0}£ | 4,00\u{a0}£ more");
    }

    #[test]
    fn a_change_that_does_not_add_up_is_not_shown() {
        let sample = Sample::new();
        let mut account = demo::account("one-off-fee", sample.today).expect("a demo customer");
        account.invoices[0].total.minor += 1;
        let input = sample.input(Some(&account), "");
        assert_eq!(card(CardKind::Change, &input), None);
        let bill = card(CardKind::Invoice, &input).expect("the bill itself is shown");
        assert!(bill.rows.iter().chain(&bill.total).all(|it| it.mark.is_none()));
    }

    #[test]
    fn bills_and_payments_say_what_is_still_to_come() {
        assert_eq!(june(CardKind::Invoices, "autopay-failing")[1], "June | INV-1742 | £30.00 | late, £30.00 to pay");
        assert_eq!(
            june(CardKind::Payments, "autopay-failing")[1],
            "15 June | Visa ending 4242, the card has expired | £30.00 | didn't work"
        );
        assert_eq!(june(CardKind::Payments, "first-bill").len(), 2);
    }

    #[test]
    fn no_text_on_a_card_steers_a_terminal_or_turns_what_is_around_it() {
        let sample = Sample::new();
        let mut account = demo::account("one-off-fee", sample.today).expect("a demo customer");
        let bad = "\u{1b}[31mEngineer\u{202e} visit\u{7}".to_owned();
        account.person.name.clone_from(&bad);
        account.number.clone_from(&bad);
        account.plans[0].name.clone_from(&bad);
        account.payments[0].reason = Some(bad.clone());
        for invoice in &mut account.invoices {
            invoice.number.clone_from(&bad);
            invoice.lines.iter_mut().for_each(|it| it.label.clone_from(&bad));
        }
        let input = sample.input(Some(&account), "");
        let kinds = [CardKind::Invoice, CardKind::Invoices, CardKind::Payments, CardKind::Change, CardKind::Plans];
        let cards = kinds.iter().filter_map(|it| card(*it, &input)).chain([super::account(&account, sample.today)]);
        for card in cards {
            let text = format!("{card:?}");
            assert!(!text.contains("u{1b}") && !text.contains("u{202e}") && !text.contains("u{7}"), "{text}");
        }
    }

    #[test]
    fn a_payment_past_its_time_is_not_on_its_way() {
        let mut sample = Sample::new();
        sample.add_policy("payment_arrival_days", 3);
        let mut account = demo::account("payment-pending", sample.today).expect("a demo customer");
        account.payments[0].on = date(2026, 5, 12);
        let input = sample.input(Some(&account), "");
        let note = card(CardKind::Invoice, &input).and_then(|it| it.note);
        assert_eq!(note.as_deref(), Some("£30.00 sent on 12 May, not here"));
        let mark = card(CardKind::Payments, &input).and_then(|it| it.rows.into_iter().next()?.mark);
        assert_eq!(mark.as_deref(), Some("not here"));
    }

    #[test]
    fn the_price_list_marks_the_customers_own_plan() {
        let card = june(CardKind::Plans, "all-quiet");
        assert_eq!(
            card[2],
            "Standard | Internet at up to 150 megabits a second, and evening calls | £30.00 a month | your plan"
        );
    }
}
