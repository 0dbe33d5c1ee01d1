//! Tests of masking, with numbers that are published for tests.

use super::*;
use proptest::prelude::*;

fn check(text: &str, wanted: &str) {
    let masked = mask(text);
    assert_eq!(masked.text, wanted, "{text}");
    assert_eq!(masked.found, text != wanted, "{text}");
}

/// Numbers that card schemes and payment providers publish for tests.
const CARDS: [&str; 22] = [
    "4242424242424242",
    "4000056655665556",
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "5200828282828210",
    "5105105105105100",
    "5425233430109903",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "6011000990139424",
    "6011981111111113",
    "3056930009020004",
    "36227206271667",
    "3566002020360505",
    "3530111333300000",
    "6200000000000005",
    "6759649826438453",
    "30569309025904",
];

#[test]
fn test_cards_are_hidden_in_every_spacing() {
    for card in CARDS {
        let last = &card[card.len() - 4..];
        for gap in ["", " ", "-", "  ", " - ", ".", "\n", "\u{a0}", "\u{2013}", "\u{200b}"] {
            for size in [4, 1] {
                let groups: Vec<String> =
                    card.as_bytes().chunks(size).map(|it| String::from_utf8_lossy(it).into_owned()).collect();
                let number = groups.join(gap);
                check(&format!("my card {number}, please"), &format!("my card [card ending {last}], please"));
                check(&number, &format!("[card ending {last}]"));
            }
        }
    }
}

#[test]
fn cards_are_hidden_in_groups_as_printed_and_among_other_words() {
    check("3782 822463 10005", "[card ending 0005]");
    check("Card:4242-4242-4242-4242.", "Card:[card ending 4242].");
    check("42 42 42 42 42 42 42 42", "[card ending 4242]");
    check("4242 4242 4242 4242 08/27 123", "[card ending 4242] [hidden] [hidden]");
    check("４２４２ ４２４２ ４２４２ ４２４２", "[card ending 4242]");
    check("4242424242424242 and 5555555555554444", "[card ending 4242] and [card ending 4444]");
}

#[test]
fn a_number_half_in_words_and_names_with_digits_hide_as_well() {
    check("four one one one 1111 1111 1111", "[card ending 1111]");
    check("it's four one one one, 1111 1111 1111, thanks", "it's [card ending 1111], thanks");
    check("my p1n is 4821", "my p1n is [hidden]");
    check("Authorization: Bearer abcdefghijklmnop1234", "Authorization: Bearer [hidden]");
    check("bearer abcdefghijklmnop1234", "bearer [hidden]");
    check("Authorization: what is it for", "Authorization: what is it for");
    check("one two three 45 days late", "one two three 45 days late");
}

#[test]
fn a_code_with_full_stops_is_a_code_where_one_is_awaited() {
    for (typed, code) in [
        ("284.126", Some("284126")),
        ("it's 284.126.", Some("284126")),
        ("2.8.4.1.2.6", Some("284126")),
        ("284-126", Some("284126")),
        ("28.50", None),
        ("10.12.26", None),
        ("1.284.126", None),
    ] {
        assert_eq!(mask_code(typed, false).1.as_deref(), code, "{typed}");
    }
    assert_eq!(mask_code("284.126", true), ("[code]".to_owned(), Some("284126".to_owned())));
    assert_eq!(mask_code("why is it 28.50", false).0, "why is it 28.50");
}

#[test]
fn published_ibans_are_hidden() {
    for (iban, last) in [
        ("GB82 WEST 1234 5698 7654 32", "5432"),
        ("DE89370400440532013000", "3000"),
        ("fr14 2004 1010 0505 0001 3m02 606", "2606"),
        ("NO93 8601 1117 947", "7947"),
        ("MT84MALT011000012345MTLCAST001S", "001S"),
        ("NL91-ABNA-0417-1643-00", "4300"),
    ] {
        check(&format!("pay to {iban} today"), &format!("pay to [account ending {last}] today"));
    }
}

#[test]
fn social_security_numbers_passwords_and_tokens_are_hidden() {
    check("ssn 123-45-6789.", "ssn [hidden].");
    check("my password is hunter2 ok", "my password is [hidden] ok");
    check("Password: s3cret!", "Password: [hidden]");
    check("pin=1234", "pin=[hidden]");
    check("the CVV is 123", "the CVV is [hidden]");
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123";
    check(&format!("token {token} here"), "token [hidden] here");
}

#[test]
fn numbers_that_are_no_secrets_stay() {
    for text in [
        "INV-1042",
        "invoice 2026-00012345",
        "order 123456789012",
        "account 88123",
        "+44 7700 900123",
        "01632 960 123",
        "(555) 123-4567",
        "call 555-123-4567",
        "4242",
        "£1,234.56",
        "3 June 2026 14:55",
        "2026-06-03 2026-07-03",
        "1234567890123456",
        "0000000000000000",
        "tracking 1Z999AA10123456784",
        "4111111111111112",
        "GB82 WEST 1234 5698 7654 33",
        "000-12-3456",
        "my password is wrong",
        "password is not working",
        "i forgot my password",
        "the password isn't accepted",
        "pin",
        "spinning: x",
        "eyJ is short",
        "",
        "123-45-67890",
        "ref 20260603-20260703-0001",
        "my pin is locked",
    ] {
        check(text, text);
    }
}

#[test]
fn of_many_other_numbers_hardly_any_is_hidden() {
    let n_hidden = (0..2_000_u64)
        .map(|i| {
            let scattered = i.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match i % 4 {
                0 => format!("INV-{:06}", scattered % 1_000_000),
                1 => format!("+44 7{:03} {:06}", scattered % 1_000, (scattered >> 16) % 1_000_000),
                2 => format!("order {:010}", scattered % 10_000_000_000),
                _ => format!("account {:08}", scattered % 100_000_000),
            }
        })
        .filter(|it| mask(it).found)
        .count();
    assert_eq!(n_hidden, 0);
}

proptest! {
    #[test]
    fn any_text_is_masked_without_a_panic_and_once_is_enough(text in "\\PC{0,80}|[0-9 \\-]{0,60}|(password is |pin: |eyJ|GB82|[0-9A-Z.]{1,9}| ){0,8}") {
        let once = mask(&text);
        let twice = mask(&once.text);
        prop_assert_eq!(&once.text, &twice.text);
        prop_assert!(once.found || once.text == text);
    }

    #[test]
    fn names_and_secrets_in_any_order_are_masked_once_and_for_all(
        text in "(cvv |passwords? |my |code |login |sort code |12-34-56 |12345678 |iban |card |4242 4242 4242 4242 |exp 08/27 |hunter2 |from |to |pin |1234 |482913 |\\[hidden\\]|\\[code\\] |is |and |, |/ |token=|https://a.b/\\?|one two three |[a-zA-Z0-9#:]{1,6} ?){0,14}"
    ) {
        let once = mask(&text);
        prop_assert_eq!(&mask(&once.text).text, &once.text);
    }

    #[test]
    fn no_card_number_survives(i in 0..CARDS.len(), before in "[a-z ,.:]{0,9} ", after in " [a-z,.:]{0,9}") {
        let masked = mask(&format!("{before}{}{after}", CARDS[i]));
        prop_assert!(!masked.text.contains(CARDS[i]), "{}", masked.text);
    }
}

#[test]
fn a_one_time_code_is_hidden_and_found_however_it_is_typed() {
    for (text, masked, code) in [
        ("123456", "[code]", Some("123456")),
        (" 123 456 ", "[code]", Some("123456")),
        ("it's 123-456, I think", "it's [code], I think", Some("123456")),
        ("12345", "[code]", None),
        ("1234567", "[code]", None),
        ("111111 or 222222", "[code] or [code]", Some("111111")),
        ("I have 2 bills", "I have 2 bills", None),
        ("no code came", "no code came", None),
        ("", "", None),
        ("\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}", "[code]", Some("123456")),
        ("12\u{200b}34\u{200b}56", "[code]", Some("123456")),
        ("1\u{2060}2\u{2060}3 4\u{ad}56", "[code]", Some("123456")),
        ("123\u{2011}456", "[code]", Some("123456")),
        ("\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}", "[code]", Some("123456")),
        ("it's one two three four five six", "it's [code]", Some("123456")),
    ] {
        let found = mask_code(text, false);
        assert_eq!((found.0.as_str(), found.1.as_deref()), (masked, code), "{text}");
    }
}

#[test]
fn where_something_else_was_asked_only_a_whole_message_is_a_code() {
    for (text, masked, code) in [
        ("123 456", "[code]", Some("123456")),
        ("I paid 123456 to INV-1042", "I paid 123456 to INV-1042", None),
        ("12345", "12345", None),
    ] {
        let found = mask_code(text, true);
        assert_eq!((found.0.as_str(), found.1.as_deref()), (masked, code), "{text}");
    }
}

#[test]
fn what_stands_beside_a_card_number_is_hidden_and_other_dates_are_not() {
    check("card4111111111111111", "card[card ending 1111]");
    check("exp 08/27 card 4111 1111 1111 1111 cvv 123", "exp [hidden] card [card ending 1111] cvv [hidden]");
    check("4111 1111 1111 1111 and I moved on 12/05/2026", "[card ending 1111] and I moved on 12/05/2026");
    check("my card expired 03/26", "my card expired 03/26");
    check("cvv 123", "cvv [hidden]");
    check("the 3 digits on the back are 123", "the 3 digits on the back are [hidden]");
}

#[test]
fn accounts_at_a_bank_are_hidden_and_ours_are_not() {
    check("12-34-56 12345678", "[hidden] [account ending 5678]");
    check("sort code 123456 account 12345678", "sort code [hidden] account [account ending 5678]");
    check("routing 021000021 account 000123456789", "routing [hidden] account [account ending 6789]");
    check("my account number is 12345678", "my account number is 12345678");
    check("moved out 12-05-26, account 12345678", "moved out 12-05-26, account 12345678");
    check("my NI number is AB 12 34 56 C", "my NI number is [hidden]");
}

#[test]
fn passwords_keys_and_codes_are_hidden_in_other_wordings() {
    check("password hunter3", "password [hidden]");
    check("my pw is hunter3, please help", "my pw is [hidden], please help");
    check("login bob / hunter2", "login bob / [hidden]");
    // In two parts, so that nobody's search for lost keys takes it for one.
    check(&format!("sk_{}", "live_4eC39HqLyjWDarjtT1zdp7dc"), "[hidden]");
    check("my code is 482913", "my code is [code]");
    check("the sms code: 123 456", "the sms code: [code]");
    check("promo code SUMMER20", "promo code SUMMER20");
}

#[test]
fn what_may_be_secret_in_an_address_is_hidden() {
    check("see https://shop.example/pay?token=abc123&lang=en", "see https://shop.example/pay?token=[hidden]&lang=en");
    check("https://bob:pw@shop.example/bills", "https://[hidden]@shop.example/bills");
    for url in ["bills?page=2", "search?keyword=late+fee", "help?author=jane&postcode=LS1", "pay?promo_code=SUMMER20"] {
        let url = format!("https://shop.example/{url}");
        check(&url, &url);
    }
}

#[test]
fn of_a_pages_address_its_path_is_kept() {
    for (url, kept) in [
        ("https://shop.example/bills/INV-1042", "https://shop.example/bills/INV-1042"),
        ("https://shop.example/bills?token=abc&page=2#code=1", "https://shop.example/bills"),
        ("https://shop.example/bills#access_token=abc", "https://shop.example/bills"),
        ("https://bob:secret@shop.example:8080/", "https://shop.example:8080/"),
        ("https://shop.example/bills;jsessionid=8F3A/next", "https://shop.example/bills/next"),
        ("https://shop.example/reset-password/9f8e7d6c5b4a3928", "https://shop.example/reset-password/[hidden]"),
        ("/bills?email=bob@example.com", "/bills"),
        ("", ""),
    ] {
        assert_eq!(mask_page(url), kept, "{url}");
    }
}

#[test]
fn long_texts_of_one_kind_are_masked_once_and_for_all() {
    const LETTERS: usize = 20_000;
    for unit in [
        "4",
        "4 ",
        "o0l1",
        "one two ",
        "password ",
        "password is ",
        "hunter2 is my password ",
        "code 4821 ",
        "key a",
        "from a1b2 to c3d4 password ",
        "12-34-56 12345678 ",
        "4111 1111 1111 1111 ",
        "DE89",
        "eyJ",
        "https://a.b/?token=x&",
        "[hidden]password ",
        "-----BEGIN",
        "\"",
        "(",
    ] {
        let long: String = unit.chars().cycle().take(LETTERS).collect();
        let once = mask(&long);
        assert!(once.text.len() <= 4 * long.len(), "{unit:?}");
        assert_eq!(mask(&once.text).text, once.text, "{unit:?}");
    }
}

#[test]
fn a_secret_in_pieces_is_hidden_from_its_second_piece_on() {
    for (before, text, masked) in [
        ("my card is 4111 1111", "1111 1111", "[card ending 1111]"),
        ("4111 1111 1111", "1111", "[card ending 1111]"),
        ("my password is", "hunter3", "[hidden]"),
        ("the cvv", "is 123", "is [hidden]"),
    ] {
        assert_eq!(mask_after(before, text).text, masked, "{before} / {text}");
    }
    for (before, text) in [
        ("why is my bill 42.50", "in may it was 39"),
        ("my account number is on the bill", "why do you need it"),
        ("my bill number is INV-1007", "and the one before"),
        ("", "1111 1111"),
    ] {
        assert_eq!(mask_after(before, text).text, text, "{before} / {text}");
    }
}
