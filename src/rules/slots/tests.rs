//! Tests of reading facts, on Tuesday 16 June 2026.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn bills() -> Vec<(String, Date)> {
    vec![
        ("INV-1040".to_owned(), date(2026, 4, 1)),
        ("INV-1042".to_owned(), date(2026, 6, 1)),
        ("INV-1041".to_owned(), date(2026, 5, 1)),
        ("INV-1035".to_owned(), date(2025, 12, 1)),
    ]
}

fn read_as(kind: SlotKind, text: &str, language: &str, currency: &str) -> Option<String> {
    let bills = bills();
    read(
        kind,
        text,
        &SlotContext { today: date(2026, 6, 16), currency, language, invoices: &bills, ..SlotContext::nothing() },
    )
}

fn check(kind: SlotKind, cases: &[(&str, &str)]) {
    let wrong: Vec<_> = (cases.iter())
        .map(|(text, wanted)| (text, wanted, read_as(kind, text, "en", "GBP").unwrap_or_else(|| "none".to_owned())))
        .filter(|(_, wanted, read)| read != *wanted)
        .collect();
    assert!(wrong.is_empty(), "text, wanted, read: {wrong:#?}");
}

#[test]
fn money_is_read_in_minor_units() {
    check(
        SlotKind::Money,
        &[
            ("£4.99", "499"),
            ("4.99", "499"),
            ("12 quid", "1200"),
            ("GBP 30", "3000"),
            ("30 pounds", "3000"),
            ("$5", "500"),
            ("why was i charged £12 on 3 June", "1200"),
            ("that 1,234.50 you took", "123450"),
            ("£1,200", "120000"),
            ("£ 7", "700"),
            ("4,99 €", "499"),
            ("5 pounds 50p", "550"),
            ("5 pounds and 5p", "505"),
            ("99p", "99"),
            ("50 cents", "50"),
            ("twelve pounds", "1200"),
            ("twenty five quid", "2500"),
            ("one pound fifty", "150"),
            ("an item of one pound and fifty pence please", "150"),
            ("twelve pounds twenty five", "1225"),
            ("twelve pounds one time", "1200"),
            ("a fiver", "500"),
            ("a tenner extra", "1000"),
            ("thirty-four pounds", "3400"),
            ("12", "1200"),
            ("it was 12.", "1200"),
            ("about 42.50 I think", "4250"),
            ("charged 4.99.", "499"),
            ("£30.", "3000"),
            ("the £5.00 late fee", "500"),
            ("0.50", "50"),
            ("12£", "1200"),
            ("GBP12.00!", "1200"),
        ],
    );
}

#[test]
fn money_is_read_in_the_digits_of_all_scripts() {
    check(
        SlotKind::Money,
        &[
            ("１２.５０", "1250"),
            ("￡１，２３４．５０", "123450"),
            ("why did you take £１２．５０", "1250"),
            ("١٢٫٥٠", "1250"),
            ("\u{200f}١٬٢٣٤٫٥٠ £", "123450"),
            ("€۱۲٫۵۰", "1250"),
            ("१२ pounds", "1200"),
            ("I paid ５０", "5000"),
            ("five ｐｏｕｎｄｓ", "500"),
            ("£4\u{200b}.99", "499"),
            ("０３／０６／２０２６", "none"),
        ],
    );
    assert_eq!(read_as(SlotKind::Money, "١٬٢٣٤٫٥٠٠", "ar", "KWD").as_deref(), Some("1234500"));
}

#[test]
fn amounts_end_where_they_end_as_typed() {
    let context = SlotContext { currency: "GBP", ..SlotContext::nothing() };
    for text in ["￡１２．５０ and\u{200b} £5", "١٢٫٥٠ £, 5 £", "é £12.50, £5!"] {
        let found = amounts_with_ends(text, &context);
        let before: Vec<_> = found.iter().map(|(end, amount)| (text[..*end].chars().next_back(), *amount)).collect();
        assert_eq!(before.iter().map(|it| it.1).collect::<Vec<_>>(), [1_250, 500], "{text}");
        assert!(before.iter().all(|it| it.0.is_some_and(|it| "０0５5£".contains(it))), "{text}: {before:?}");
    }
    assert_eq!(lone_amount("is it ２４ then", &context), Some(2_400));
}

#[test]
fn numbers_that_are_no_money_are_left() {
    check(
        SlotKind::Money,
        &[
            ("", "none"),
            ("invoice 1042", "none"),
            ("on 3 June", "none"),
            ("03/06/2026", "none"),
            ("3.6.2026", "none"),
            ("20.5%", "none"),
            ("call me at 01632 960123", "none"),
            ("several pounds", "none"),
            ("2 bills", "none"),
            ("£", "none"),
            ("INV-1042", "none"),
            ("10:30", "none"),
            ("£99999999999999999999", "none"),
            ("pounds", "none"),
            ("9 out of 10 people", "none"),
        ],
    );
}

#[test]
fn money_of_a_currency_without_decimals_has_none() {
    assert_eq!(read_as(SlotKind::Money, "¥1,200", "en", "JPY").as_deref(), Some("1200"));
    assert_eq!(read_as(SlotKind::Money, "4.99", "en", "JPY"), None);
    for (text, language, currency, wanted) in [
        ("it was 1200 yen", "en", "JPY", "1200"),
        ("what is this KWD 4.990", "en", "KWD", "4990"),
        ("what is 4.990 for", "en", "KWD", "4990"),
        ("1,200.500 dinars", "en", "KWD", "1200500"),
        ("four dinars", "en", "KWD", "4000"),
        ("4,990 for what", "de", "KWD", "4990"),
        ("1.234,56 €", "de", "EUR", "123456"),
        ("1\u{202f}234,56 €", "fr", "EUR", "123456"),
        ("CHF 1’234.50", "de-CH", "CHF", "123450"),
        ("₹1,234", "en-IN", "INR", "123400"),
    ] {
        assert_eq!(read_as(SlotKind::Money, text, language, currency).as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn days_are_read_as_iso_dates() {
    check(
        SlotKind::Date,
        &[
            ("3 June", "2026-06-03"),
            ("June 3rd", "2026-06-03"),
            ("03/06/2026", "2026-06-03"),
            ("2026-06-03", "2026-06-03"),
            ("tomorrow", "2026-06-17"),
            ("next Friday", "2026-06-19"),
            ("in two weeks", "2026-06-30"),
            ("the 3rd of june 2025", "2025-06-03"),
            ("June 3, 2027", "2027-06-03"),
            ("3.6.26", "2026-06-03"),
            ("3-6-2026", "2026-06-03"),
            ("3/6", "2026-06-03"),
            ("25/12", "2025-12-25"),
            ("6/25/2026", "2026-06-25"),
            ("today", "2026-06-16"),
            ("yesterday", "2026-06-15"),
            ("the day after tomorrow", "2026-06-18"),
            ("last Friday", "2026-06-12"),
            ("on Tuesday", "2026-06-23"),
            ("by fri", "2026-06-19"),
            ("Monday", "2026-06-22"),
            ("10 days from now", "2026-06-26"),
            ("can I have two more weeks", "2026-06-30"),
            ("3 days ago", "2026-06-13"),
            ("a week ago", "2026-06-09"),
            ("another week please", "2026-06-23"),
            ("in a month", "2026-07-16"),
            ("two weeks", "2026-06-30"),
            ("in a couple of days", "2026-06-18"),
            ("a fortnight", "2026-06-30"),
            ("end of the month", "2026-06-30"),
            ("the end of next month", "2026-07-31"),
            ("next week", "2026-06-23"),
            ("on the 20th", "2026-06-20"),
            ("the 1st", "2026-07-01"),
            ("the 28th of next month", "2026-07-28"),
            ("20th", "2026-06-20"),
            ("I can pay on 30 June.", "2026-06-30"),
            ("3 jan", "2026-01-03"),
            ("29 Feb 2028", "2028-02-29"),
            ("until the 25th please", "2026-06-25"),
            ("my payday is the 25th", "2026-06-25"),
            ("charged on 05/06/2026.", "2026-06-05"),
            ("make it the twentieth", "2026-06-20"),
            ("I said the twenty-fifth of June", "2026-06-25"),
            ("on the second", "2026-06-02"),
            ("december the twelfth", "2026-12-12"),
            ("I said august though, we don't move until the 16th", "2026-08-16"),
            ("it's for the may bill, can I pay on the 20th", "2026-06-20"),
            ("the first of february", "2026-02-01"),
            ("by thirty first july", "2026-07-31"),
            ("end of july please", "2026-07-31"),
            ("mid-september", "2026-09-15"),
            ("the beginning of next month", "2026-07-01"),
            ("the end of this month", "2026-06-30"),
        ],
    );
    assert_eq!(read_as(SlotKind::Date, "03/06/2026", "en-US", "USD").as_deref(), Some("2026-03-06"));
}

#[test]
fn a_day_in_figures_may_be_two() {
    let both = |text: &str, language: &str| {
        let context = SlotContext { today: date(2026, 6, 16), language, ..SlotContext::nothing() };
        day_in_two_ways(text, &context)
    };
    let (april, march) = (date(2026, 4, 3), date(2026, 3, 4));
    assert_eq!(both("the charge of 03/04/2026", "en-GB"), Some((april, march)));
    assert_eq!(both("the charge of 03/04/2026", "en-US"), Some((march, april)));
    assert_eq!(both("3/4?", "en-US"), Some((march, april)));
    for one in ["25/12/2025", "04/04/2026", "2026-04-03", "3 April", "24/7", "£3.04"] {
        assert_eq!(both(one, "en-US"), None, "{one}");
    }
}

#[test]
fn what_is_no_day_is_left() {
    check(
        SlotKind::Date,
        &[
            ("", "none"),
            ("31 June", "none"),
            ("2026-13-01", "none"),
            ("24/7", "none"),
            ("£3.06", "none"),
            ("june", "none"),
            ("soon", "none"),
            ("the sun is out", "none"),
            ("3-5 days", "none"),
            ("this is the 2nd time", "none"),
            ("the 45th", "none"),
            ("30 February 2026", "none"),
            ("INV-1042", "none"),
            ("it takes two weeks to arrive", "none"),
            ("99/99/9999", "none"),
            ("I sat down", "none"),
            ("the 3rd bill", "none"),
            ("the first", "none"),
            ("the third one", "none"),
            ("by the second letter", "none"),
            ("first of all", "none"),
            ("a fifth of it", "none"),
            ("the twelfth bill", "none"),
            ("when does it start may I ask", "none"),
            ("on the thirty second", "none"),
        ],
    );
}

#[test]
fn bills_are_found_by_number_month_and_place() {
    check(
        SlotKind::Invoice,
        &[
            ("INV-1042", "INV-1042"),
            ("invoice 1042", "INV-1042"),
            ("#1042", "INV-1042"),
            ("inv 1042 please", "INV-1042"),
            ("inv1041", "INV-1041"),
            ("1041", "INV-1041"),
            ("it's the one with 1040 on it", "INV-1040"),
            ("bill no. 1042", "INV-1042"),
            ("INVOICE NUMBER: 1042", "INV-1042"),
            ("INV-9999", "INV-9999"),
            ("invoice 9999", "9999"),
            ("#88", "88"),
            ("june", "INV-1042"),
            ("my May bill", "INV-1041"),
            ("may", "INV-1041"),
            ("the one from april", "INV-1040"),
            ("last month", "INV-1041"),
            ("this month's", "INV-1042"),
            ("December", "INV-1035"),
            ("december 2025", "INV-1035"),
            ("the month before last", "INV-1040"),
            ("why is June higher than May", "INV-1042"),
            ("the last one", "INV-1042"),
            ("latest", "INV-1042"),
            ("my most recent bill", "INV-1042"),
            ("the previous one", "INV-1041"),
            ("the one before", "INV-1041"),
            ("first", "INV-1042"),
            ("the second one", "INV-1041"),
            ("third", "INV-1040"),
            ("the oldest", "INV-1035"),
            ("the bill of 1 May", "INV-1041"),
            ("01/05/2026", "INV-1041"),
            ("why is my latest bill so high this month", "INV-1042"),
        ],
    );
}

#[test]
fn what_names_no_bill_is_left() {
    check(
        SlotKind::Invoice,
        &[
            ("", "none"),
            ("may I ask something", "none"),
            ("my bill is wrong", "none"),
            ("my bill 120 pounds", "none"),
            ("july", "none"),
            ("bill 2026", "none"),
            ("you charged me last year", "none"),
            ("the first time I was late", "none"),
            ("I want a new plan with more channels", "none"),
            ("invoice 42.00", "none"),
            ("how do I pay", "none"),
            ("bill for 100", "none"),
            ("Thirty pounds!! It was 24 last month and nobody asked me", "none"),
            ("I have change my internet in May and now I must pay 45", "none"),
        ],
    );
    let none = SlotContext {
        today: date(2026, 6, 16),
        currency: "GBP",
        language: "en",
        invoices: &[],
        ..SlotContext::nothing()
    };
    assert_eq!(read(SlotKind::Invoice, "the last one", &none), None);
    assert_eq!(read(SlotKind::Invoice, "INV-77", &none).as_deref(), None);
    assert_eq!(read(SlotKind::Invoice, "INV-777", &none).as_deref(), Some("INV-777"));
}

#[test]
fn addresses_and_texts_are_read() {
    check(
        SlotKind::Email,
        &[
            ("it's Ada.Moss+bills@Example.CO.UK.", "Ada.Moss+bills@example.co.uk"),
            ("<a@b.org>", "a@b.org"),
            ("mail:a@b.org,", "a@b.org"),
            ("a@b", "none"),
            ("@example.com", "none"),
            ("a@@b.org", "none"),
            ("a@-b.org", "none"),
            ("a@b.1", "none"),
            ("no address", "none"),
        ],
    );
    check(SlotKind::Text, &[("  the   engineer\nvisit ", "the engineer visit"), (" \n", "none")]);
    assert_eq!(
        read_as(SlotKind::Text, &"é".repeat(1_000), "en", "GBP").map(|it| it.chars().count()),
        Some(TEXT_CHARS_MAX)
    );
}

#[test]
fn long_hostile_texts_are_read_to_their_end() {
    for text in [
        "1 ".repeat(50_000),
        "a@".repeat(50_000),
        "1,000".repeat(20_000),
        "in a ".repeat(20_000),
        "may ".repeat(25_000),
        "#".repeat(100_000),
    ] {
        for kind in [SlotKind::Money, SlotKind::Date, SlotKind::Invoice, SlotKind::Email, SlotKind::Text] {
            let _ = read_as(kind, &text, "en", "GBP");
        }
    }
}

/// A slot of a kind.
fn slot(kind: &str) -> SlotFile {
    let words = if kind == "words" { serde_json::json!(["send", "e-mail", "in parts"]) } else { serde_json::json!([]) };
    let file = serde_json::json!({ "kind": kind, "ask": "?", "ask_again": "?", "words": words });
    serde_json::from_value(file).expect("a slot")
}

#[test]
fn words_are_found_whole_in_any_case_whatever_the_punctuation() {
    let bills = bills();
    let context = SlotContext {
        today: date(2026, 6, 16),
        currency: "GBP",
        language: "en",
        invoices: &bills,
        ..SlotContext::nothing()
    };
    let read = |text| read_slot(&slot("words"), text, &context);
    assert_eq!(read("Please SEND it!").as_deref(), Some("send"));
    assert_eq!(read("by e mail, please").as_deref(), Some("e-mail"));
    assert_eq!(read("may I pay in parts?").as_deref(), Some("in parts"));
    assert_eq!(read("I am sending it in partsbox"), None);
    assert_eq!(read(""), None);
}

#[test]
fn a_number_alone_is_the_next_such_day_where_a_day_is_asked() {
    let bills = bills();
    let context = SlotContext {
        today: date(2026, 6, 16),
        currency: "GBP",
        language: "en",
        invoices: &bills,
        ..SlotContext::nothing()
    };
    let read = |text| read_slot(&slot("date"), text, &context);
    for (text, wanted) in [
        ("20", Some("2026-06-20")),
        ("5", Some("2026-07-05")),
        ("day 31", Some("2026-07-31")),
        ("16.", Some("2026-06-16")),
        ("0", None),
        ("32", None),
        ("another day of the month", None),
    ] {
        assert_eq!(read(text).as_deref(), wanted, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(
        text in "\\PC{0,60}|[0-9 £.,/#-]{0,40}|(june |may |3 |next |friday |in |two |weeks |£|\\.|inv|last |month |th |99999){0,9}",
        language in "en|en-US|de",
    ) {
        for kind in [SlotKind::Money, SlotKind::Date, SlotKind::Invoice, SlotKind::Email, SlotKind::Text] {
            let read = read_as(kind, &text, &language, "GBP");
            prop_assert!(read.is_none_or(|it| !it.is_empty()));
        }
    }
}

#[test]
fn a_number_that_is_paid_is_an_amount_and_one_that_counts_is_not() {
    let money = |text: &str| {
        read(
            SlotKind::Money,
            text,
            &SlotContext {
                today: date(2026, 6, 16),
                currency: "GBP",
                language: "en",
                invoices: &[],
                ..SlotContext::nothing()
            },
        )
    };
    for (text, wanted) in [
        ("if i pay 50 today", Some("5000")),
        ("and if I only pay 20", Some("2000")),
        ("what if i paid 12.50 now", Some("1250")),
        ("i can send 30 and the rest later", Some("3000")),
        ("can i pay 2 bills", None),
        ("i have 3 kids", None),
        ("pay in 3 parts", None),
        ("i paid 3 days ago", None),
        ("i paid on 3 June", None),
    ] {
        assert_eq!(money(text).as_deref(), wanted, "{text}");
    }
}

#[test]
fn an_address_is_read_where_it_is_told() {
    let words = crate::rules::said::tests::english();
    let address = |text: &str| {
        read(
            SlotKind::Address,
            text,
            &SlotContext {
                today: date(2026, 6, 16),
                currency: "GBP",
                language: "en",
                invoices: &[],
                words: Some(&words),
                ..SlotContext::nothing()
            },
        )
    };
    for (text, wanted) in [
        (
            "we moved, new address is 14 Harbour Road, Whitby YO21 3PU. pls update",
            Some("14 Harbour Road, Whitby YO21 3PU"),
        ),
        ("from the 1st, 22b Harrow Road please", Some("22b Harrow Road please")),
        ("i paid 30 on the 3rd", None),
        ("my bill of 12 June is wrong", None),
    ] {
        assert_eq!(address(text).as_deref(), wanted, "{text}");
    }
}

#[test]
fn the_bill_beside_the_one_that_is_talked_about_is_found() {
    let words = crate::rules::said::tests::english();
    let bills = [
        ("INV-3".to_owned(), date(2026, 6, 1)),
        ("INV-2".to_owned(), date(2026, 5, 1)),
        ("INV-1".to_owned(), date(2026, 4, 1)),
    ];
    let bill = |text: &str, current: &str| {
        read(
            SlotKind::Invoice,
            text,
            &SlotContext {
                today: date(2026, 6, 16),
                currency: "GBP",
                language: "en",
                invoices: &bills,
                current: Some(current),
                words: Some(&words),
                ..SlotContext::nothing()
            },
        )
    };
    for (text, current, wanted) in [
        ("and the one before?", "INV-3", "INV-2"),
        ("and the one before?", "INV-2", "INV-1"),
        ("no the other one", "INV-3", "INV-2"),
        ("the next one", "INV-1", "INV-2"),
        ("and may", "INV-3", "INV-2"),
        ("what about april", "INV-3", "INV-1"),
    ] {
        assert_eq!(bill(text, current).as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn a_day_with_dots_is_a_day_where_people_write_it_so_and_no_amount() {
    for (text, day, amount) in [
        ("can i pay on 10.12.", Some("2026-12-10"), None),
        ("pay 1.7. please", Some("2026-07-01"), None),
        ("am 10. 12. geht es", Some("2026-12-10"), None),
        ("can i pay 10,12 on 10.12.", Some("2026-12-10"), Some("1012")),
        ("it was 10,12 €", None, Some("1012")),
        ("it was €10.12.", None, Some("1012")),
        ("it was € 10.12.", None, Some("1012")),
        ("pay 40.12.", None, Some("4012")),
    ] {
        assert_eq!(read_as(SlotKind::Date, text, "de-DE", "EUR").as_deref(), day, "{text}");
        assert_eq!(read_as(SlotKind::Money, text, "de-DE", "EUR").as_deref(), amount, "{text}");
    }
    assert_eq!(read_as(SlotKind::Money, "it was 10.12.", "en-GB", "GBP").as_deref(), Some("1012"));
    assert_eq!(read_as(SlotKind::Date, "it was 10.12.", "en-GB", "GBP"), None);
}

#[test]
fn a_day_is_read_in_the_digits_and_hyphens_of_any_keyboard() {
    for (text, wanted) in [
        ("2026/12/10", "2026-12-10"),
        ("10\u{2011}12\u{2011}2026", "2026-12-10"),
        ("１０ December", "2026-12-10"),
        ("\u{661}\u{660} December", "2026-12-10"),
        ("１２/１０", "2026-10-12"),
        ("on the １５th", "2026-06-15"),
    ] {
        assert_eq!(read_as(SlotKind::Date, text, "en-GB", "GBP").as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn a_day_to_come_has_not_passed() {
    let context = SlotContext { today: date(2026, 11, 24), ..SlotContext::nothing() };
    let ahead = SlotFile { ahead: true, ..slot("date") };
    for (text, wanted) in [
        ("the 11th", "2026-12-11"),
        ("11 November", "2027-11-11"),
        ("11 November 2026", "2026-11-11"),
        ("the 28th", "2026-11-28"),
        ("yesterday", "2026-11-23"),
    ] {
        assert_eq!(read_slot(&ahead, text, &context).as_deref(), Some(wanted), "{text}");
    }
    assert_eq!(read_slot(&slot("date"), "the 11th", &context).as_deref(), Some("2026-11-11"));
}
