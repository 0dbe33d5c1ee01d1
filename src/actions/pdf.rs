//! Makes a copy of a bill as a PDF that can be read, searched, listened to and printed: what stands on it.

use sheet::{Look, Sheet};

use crate::billing::{Account, Frequency, Invoice, Line};
use crate::content::file::BusinessFile;
use crate::conversation::format::{self, Style};

mod sheet;

/// Why a copy could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the copy of a bill could not be made: {0}")]
pub struct PdfError(String);

/// A bill as a PDF.
pub fn bill(business: &BusinessFile, account: &Account, bill: &Invoice, style: Style) -> Result<Vec<u8>, PdfError> {
    let mut sheet = Sheet::new()?;
    head(&mut sheet, business, account, bill, style);
    lines(&mut sheet, bill, style);
    foot(&mut sheet, business, account, bill, style);
    let title = format!("{} bill {}", business.name, bill.number);
    let foot = format!("{} · {}", business.name, bill.number);
    let language = if business.language.starts_with("en") { &business.language } else { "en" };
    sheet.draw(&title, language, &foot)
}

fn head(sheet: &mut Sheet, business: &BusinessFile, account: &Account, bill: &Invoice, style: Style) {
    sheet.heading(&business.name, 18.0);
    let contact = [business.address.as_str(), business.email.as_str(), business.phone.as_str()];
    sheet.paragraph(&contact.map(str::to_owned), Look::Faint);
    sheet.space(20.0);
    let person = &account.person;
    let tax_id = person.tax_id.as_ref().map(|it| format!("Tax number {it}"));
    let mut to: Vec<String> = person.company.iter().cloned().collect();
    to.push(person.name.clone());
    to.extend(person.address.split(['\n', ',']).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()));
    to.extend(tax_id);
    sheet.paragraph(&to, Look::Plain);
    sheet.space(22.0);
    sheet.heading(&format!("Bill {}", bill.number), 14.0);
    sheet.space(4.0);
    let mut facts = vec![
        ("Customer number", account.number.clone()),
        ("Date", style.printed(bill.issued)),
        ("Due", style.printed(bill.due)),
    ];
    if bill.void {
        facts.push(("State", "called off: nothing is to be paid".to_owned()));
    }
    for (name, value) in facts {
        sheet.pair(name, &value);
    }
    sheet.space(18.0);
}

fn lines(sheet: &mut Sheet, bill: &Invoice, style: Style) {
    sheet.begin_table();
    for line in &bill.lines {
        sheet.row(&line.label, &days(line, style), &line.amount.text_in(style.locale), Look::Plain);
    }
    sheet.rule();
    sheet.row("Total", "", &bill.total.text_in(style.locale), Look::Bold);
    if bill.tax.minor != 0 {
        let rate = bill.tax_percent.map(|it| format!("{it} %")).unwrap_or_default();
        sheet.row("Tax in the total", &rate, &bill.tax.text_in(style.locale), Look::Faint);
    }
    if bill.paid.minor != 0 {
        sheet.row("Paid so far", "", &bill.paid.text_in(style.locale), Look::Plain);
    }
    sheet.row("To be paid", "", &bill.owed().text_in(style.locale), Look::Bold);
    sheet.end_table();
    sheet.space(18.0);
}

fn foot(sheet: &mut Sheet, business: &BusinessFile, account: &Account, bill: &Invoice, style: Style) {
    let is_owed = 0 < bill.owed().minor;
    sheet.heading(if is_owed { "How to pay" } else { "Payment" }, 12.0);
    let mut words = Vec::new();
    match (bill.owed().minor, account.autopay, &account.method) {
        (0, _, _) if bill.void => words.push("This bill was called off. Nothing is to be paid for it.".to_owned()),
        (0, _, _) => words.push("This bill is paid. Thank you.".to_owned()),
        (_, true, Some(method)) => {
            words.push(format!(
                "We take {} by ourselves from your {}.",
                bill.owed().text_in(style.locale),
                method.text()
            ));
        }
        _ => {
            words.push(format!("Please pay {} by {}.", bill.owed().text_in(style.locale), style.printed(bill.due)));
            words.push(format!("Online: {}", business.pay_url));
            words.push(format!("By phone: {}", business.phone));
            words.push(format!("We take {}.", format::list(&business.payment_methods)));
        }
    }
    if is_owed && !account.autopay {
        words.push(format!("Name your customer number {} and the bill {}.", account.number, bill.number));
    }
    sheet.paragraph(&words, Look::Plain);
    sheet.space(10.0);
    let period = match account.plan.frequency {
        Frequency::Month => "month",
        Frequency::Year => "year",
    };
    let plan = format!("Your plan: {}, {} a {period}.", account.plan.name, account.plan.price.text_in(style.locale));
    sheet.paragraph(&[plan, format!("Copy of {}.", style.printed(style.today))], Look::Faint);
}

fn days(line: &Line, style: Style) -> String {
    match (line.from, line.to) {
        (Some(from), Some(to)) => style.printed_days(from, to),
        (Some(day), None) | (None, Some(day)) => style.printed(day),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;
    use crate::answers::facts::tests::Sample;
    use crate::billing::{Currency, LineKind, Money, demo};
    use crate::conversation::format::Locale;

    const TODAY: Date = date(2026, 6, 16);

    fn made(account: &Account, invoice: &Invoice) -> Vec<u8> {
        made_for("en-GB", account, invoice)
    }

    fn made_for(tag: &str, account: &Account, invoice: &Invoice) -> Vec<u8> {
        let style = Style { locale: Locale::of(tag).expect("it is known"), today: TODAY };
        bill(&Sample::new().business, account, invoice, style).expect("it can be made")
    }

    fn account(id: &str) -> Account {
        demo::account(id, TODAY).expect("a demo customer")
    }

    /// What a reader of the file finds in it, by `pdftotext`, which `make test` brings.
    fn text_of(pdf: &[u8]) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("bill.pdf");
        std::fs::write(&file, pdf).expect("it can be written");
        let output = std::process::Command::new("pdftotext").args(["-layout"]).arg(&file).arg("-").output();
        let output = output.expect("pdftotext is installed: `make test` brings it, or `apt-get install poppler-utils`");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("it is text")
    }

    #[test]
    fn a_copy_has_every_figure_of_the_bill_as_text() {
        let account = account("one-off-fee");
        let text = text_of(&made(&account, &account.invoices[0]));
        for wanted in [
            account.person.name.as_str(),
            account.invoices[0].number.as_str(),
            account.number.as_str(),
            "1 June 2026",
            "15 June 2026",
            "Standard",
            "1 to 30 June 2026",
            "£30.00",
            "Engineer visit",
            "£12.00",
            "Total",
            "£42.00",
            "page 1 of 1",
            "Fernhill Fibre",
        ] {
            assert!(text.contains(wanted), "{wanted} is not in\n{text}");
        }
    }

    #[test]
    fn no_text_of_the_account_turns_the_words_around_it() {
        let mut account = account("one-off-fee");
        let mut invoice = account.invoices[0].clone();
        account.person.name = "Ada \u{202e}Moss\u{1b}".to_owned();
        account.number = "88\u{2066}123".to_owned();
        invoice.lines[1].label = "Engineer\u{202e} visit".to_owned();
        let text = text_of(&made(&account, &invoice));
        for wanted in ["Ada Moss", "88123", "Engineer visit"] {
            assert!(text.contains(wanted), "{wanted} is not in\n{text}");
        }
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{1b}']), "{text}");
    }

    #[test]
    fn what_is_owed_comes_with_how_to_pay_it() {
        let account = account("bill-late");
        let text = text_of(&made(&account, &account.invoices[0]));
        for wanted in ["To be paid", "Please pay £30.00 by 15 June 2026", "https://example.com/pay"] {
            assert!(text.contains(wanted), "{wanted} is not in\n{text}");
        }
    }

    #[test]
    fn amounts_and_days_are_as_the_customer_writes_them() {
        let account = account("bill-late");
        let mut invoice = account.invoices[0].clone();
        let in_currency = |invoice: &mut Invoice, code: &str| {
            let currency = Currency::new(code).expect("three capital letters");
            for amount in invoice.lines.iter_mut().map(|it| &mut it.amount) {
                *amount = Money::new(1_234_567, currency);
            }
            (invoice.total, invoice.paid) = (Money::new(1_234_567, currency), Money::zero(currency));
        };
        for (tag, currency, wanted) in [
            ("en-US", "USD", ["$12,345.67", "June 1 to 30, 2026", "by June 15, 2026", "Copy of June 16, 2026"]),
            ("de-DE", "EUR", ["12.345,67 €", "1 to 30 June 2026", "by 15 June 2026", "Copy of 16 June 2026"]),
            ("ja-JP", "JPY", ["¥1,234,567", "June 1 to 30, 2026", "by June 15, 2026", "Copy of June 16, 2026"]),
            ("en-GB", "KWD", ["KWD 1,234.567", "1 to 30 June 2026", "by 15 June 2026", "Copy of 16 June 2026"]),
        ] {
            in_currency(&mut invoice, currency);
            let text = text_of(&made_for(tag, &account, &invoice)).replace('\u{a0}', " ");
            for wanted in wanted {
                assert!(text.contains(wanted), "{tag}: {wanted} is not in\n{text}");
            }
        }
    }

    #[test]
    fn a_long_bill_goes_over_several_pages_and_loses_no_line() {
        let account = account("one-off-fee");
        let mut invoice = account.invoices[0].clone();
        let line = invoice.lines[0].clone();
        invoice.lines = (1..=120)
            .map(|n| Line {
                label: format!("Call number {n} to a far place, with words enough for more than one line of the table"),
                kind: LineKind::Usage,
                amount: Money::new(n, line.amount.currency),
                ..line.clone()
            })
            .collect();
        invoice.total = Money::new(120 * 121 / 2, line.amount.currency);
        let text = text_of(&made(&account, &invoice));
        for n in 1..=120 {
            assert!(text.contains(&format!("Call number {n} ")), "line {n} is not there");
        }
        assert!(text.contains("page 7 of 7"), "{text}");
        assert!(text.contains("£72.60"), "{text}");
    }

    #[test]
    fn the_file_says_its_title_and_language_and_is_tagged() {
        let account = account("company");
        let pdf = made(&account, &account.invoices[0]);
        let has = |what: &[u8]| pdf.windows(what.len()).any(|it| it == what);
        assert!(pdf.starts_with(b"%PDF-"));
        assert!(has(b"/Lang"), "no language");
        assert!(has(b"/StructTreeRoot"), "no tags");
        assert!(text_of(&pdf).contains("Sample Bakery Ltd"));
    }

    #[test]
    fn whatever_stands_on_a_bill_a_copy_can_be_made() {
        let mut account = account("all-quiet");
        account.person.name = "Ω 漢字 \u{202e}evil\u{0} name".repeat(40);
        account.person.address = "x".repeat(5_000);
        let mut invoice = account.invoices[0].clone();
        invoice.lines[0].label = "w".repeat(3_000);
        invoice.total = Money::new(i64::MIN, invoice.total.currency);
        assert!(made(&account, &invoice).starts_with(b"%PDF-"));
        invoice.lines.clear();
        assert!(made(&account, &invoice).starts_with(b"%PDF-"));
    }
}
