//! The facts that templates and conditions may name, and samples of them to try every template on.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use strum::IntoEnumIterator;

use super::file::{Action, BusinessFile, SlotKind};

/// A customer about whom everything is known, so that every fact has a value.
///
/// The names in it are the names that templates may use.
pub(crate) fn everything(business: &BusinessFile, policy: Value, slots: Value) -> Value {
    let invoice = json!({
        "number": "INV-1042", "month": "June", "date": "2026-06-01", "due": "2026-06-15", "total": 4200,
        "paid": 1200, "owed": 3000, "status": "late", "late": true, "days_late": 1, "tax": 700, "tax_rate": 20,
        "discount": 600,
        "lines": [
            {"label": "Standard", "amount": 3000, "kind": "plan", "from": "2026-06-01", "to": "2026-06-30"},
            {"label": "Engineer visit", "amount": 1200, "kind": "one_off", "from": "2026-06-01", "to": "2026-06-30"},
        ],
    });
    let listed = json!({
        "number": "INV-1042", "month": "June", "date": "2026-06-01", "due": "2026-06-15", "total": 4200,
        "owed": 3000, "status": "late",
    });
    let open = json!({
        "number": "INV-1042", "month": "June", "due": "2026-06-15", "total": 4200, "owed": 3000, "late": true,
        "days_late": 1,
    });
    let payment = json!({
        "date": "2026-06-15", "amount": 3000, "method": "Visa ending 4242", "status": "failed",
        "reason": "the card has expired", "expected_by": "2026-06-18",
    });
    let known = json!({
        "business": business_facts(business),
        "currency": business.currency,
        "locale": business.language,
        "verified": true,
        "today": "2026-06-16",
        "customer": {"name": "Ada Moss", "first_name": "Ada", "email": "ada@example.com"},
        "account": {
            "number": "88123", "plan": "Standard", "price": 3000, "frequency": "month", "balance": 3000,
            "credit": 500, "autopay": true, "method": "Visa ending 4242", "method_expires": "08/27",
            "billing_day": 1, "next_bill_on": "2026-07-01", "next_due_on": "2026-07-15",
            "email": "ada@example.com", "address": "1 High Street", "company": "Moss Ltd", "tax_id": "GB123",
            "paper": true, "status": "active", "since": "2024-02-01", "ended_on": "2026-12-31",
            "contract_ends_on": "2026-12-31", "end_fee": 6000, "overpaid": 0, "other_owed": ["$12.00"],
        },
        "invoice": invoice.clone(),
        "previous": invoice,
        "change": {
            "total": 1200, "abs": 1200, "direction": "up", "complete": true,
            "causes": [
                {"text": "a one-off engineer visit", "amount": 1500, "abs": 1500, "direction": "up"},
                {"text": "a discount", "amount": -300, "abs": 300, "direction": "down"},
            ],
        },
        "invoices": vec![listed; N_LISTED],
        "payments": vec![payment.clone(); N_LISTED],
        "payment": payment.clone(),
        "failed_payment": payment,
        "refund": {
            "amount": 3000, "status": "on_its_way", "asked_on": "2026-06-09", "expected_by": "2026-06-19",
            "to": "Visa ending 4242", "reason": "a payment taken twice",
        },
        "late_fee": {"amount": 500, "date": "2026-06-01", "month": "June", "first": true, "taken_off": true},
        "duplicate": {
            "label": "June bill", "amount": 3000, "first_on": "2026-06-05", "second_on": "2026-06-07",
        },
        "discount": {"label": "Welcome discount", "amount": 600, "ends_on": "2026-09-30"},
        "ended_discount": {"label": "Welcome discount", "amount": 600, "ended_on": "2026-05-31"},
        "price_change": {"label": "Standard", "from": 3000, "to": 3400, "date": "2026-06-01"},
        "plan_change": {"from": "Basic", "to": "Plus", "date": "2026-05-14"},
        "plans": [
            {"name": "Basic", "price": 2400, "includes": "50 megabits"},
            {"name": "Standard", "price": 3000, "includes": "100 megabits"},
        ],
        "charge": {
            "label": "Engineer visit", "amount": 1200, "month": "June", "text": "a one-off engineer visit",
            "other_day": "2026-05-06",
        },
        "may": may(true),
        "link": "https://example.com/pay/1",
        "dispute": {
            "reference": "DS-1", "invoice": "INV-1042", "month": "June", "amount": 1200, "opened_on": "2026-06-10",
            "status": "open",
        },
        "schedule": {
            "invoice": "INV-1042", "month": "June", "n_parts": 2, "n_paid": 1, "left": 1500,
            "next_on": "2026-07-15", "next_amount": 1500,
            "parts": [
                {"date": "2026-06-15", "amount": 1500, "paid": true},
                {"date": "2026-07-15", "amount": 1500, "paid": false},
            ],
        },
        "credit": {"date": "2026-05-22", "amount": 4800, "left": 1800, "reason": "your internet was down"},
        "slots": slots,
        "policy": policy,
        "wait": {"waiting": true, "open": true, "place": 2, "minutes": 8, "back": "Tuesday 9:00", "hours": business.hours.text},
        "staff": "Sam",
        "first": "paying a bill",
        "second": "a late fee",
        "proof": {"email": "ada@example.com", "code": "123456", "tries": 3, "minutes": 10},
        "deed": deed(),
    });
    // Whether there are accounts, what is open, what comes next, and how it was asked.
    let ahead = [
        ("has_accounts", json!(true)),
        ("open", json!(vec![open; N_OPEN])),
        (
            "next_bill",
            json!({
                "on": "2026-07-01", "month": "July", "due": "2026-07-15", "price": 3000, "to_pay": 2500,
                "after_on": "2026-08-01", "after_due": "2026-08-15",
            }),
        ),
        ("this_year", json!({"year": 2026, "billed": 19_200, "n_bills": 6, "paid": 16_200, "n_payments": 5})),
        (
            "asked",
            json!({
                "yes_or_no": true, "amount": 1200, "date": "2026-06-20",
                "plan": {"name": "Basic", "price": 2400, "includes": "50 megabits"},
            }),
        ),
    ];
    with(known, &ahead)
}

/// Something that was done.
pub(super) fn deed() -> Value {
    json!({
        "amount": 1000, "month": "June", "reason": "Our engineer did not come", "on": "2026-06-16", "at": "14:05",
        "to": "a…@example.com",
    })
}

/// What the rules say to each action: yes with every figure, or no with none.
fn may(yes: bool) -> Value {
    let clause = "late_fee_waive_months, version 1, from 1 January 2026";
    let part = json!({"date": "2026-06-30", "amount": 1500});
    let one = match yes {
        true => json!({
            "ok": true, "staff": false, "clause": clause, "why": "x", "amount": 500, "date": "2026-06-30", "n": 3,
            "month": "June", "to": "ada@example.com", "parts": vec![part; 3],
        }),
        false => json!({
            "ok": false, "staff": false, "clause": clause, "why": "x", "amount": null, "date": null, "n": null,
            "month": null, "to": null, "parts": [],
        }),
    };
    Action::iter().map(|action| (action.as_str().to_owned(), one.clone())).collect()
}

/// Bills that aren't paid, of the customer about whom everything is known.
const N_OPEN: usize = 2;

/// As many bills and payments as the lists hold at most.
const N_LISTED: usize = 12;

/// The facts of which nobody knows anything before the customer is verified.
const OF_THE_ACCOUNT: &[&str] = &[
    "customer",
    "account",
    "invoice",
    "previous",
    "change",
    "payment",
    "failed_payment",
    "refund",
    "late_fee",
    "duplicate",
    "discount",
    "ended_discount",
    "price_change",
    "plan_change",
    "charge",
    "may",
    "link",
    "dispute",
    "schedule",
    "credit",
    "next_bill",
    "this_year",
    "staff",
    "first",
    "second",
    "proof",
    "deed",
];

/// Whether a name, with dots, is a fact about the customer's own account.
pub(super) fn is_of_the_account(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    let listed = matches!(first, "invoices" | "payments" | "open");
    let other = matches!(first, "staff" | "first" | "second");
    listed || (OF_THE_ACCOUNT.contains(&first) && !other)
}

/// Somebody whom we don't know yet: everything about the account is `none`.
pub(super) fn stranger(business: &BusinessFile, policy: Value, slots: Value) -> Value {
    let mut facts = everything(business, policy, slots);
    for name in OF_THE_ACCOUNT {
        facts[*name] = Value::Null;
    }
    facts["invoices"] = json!([]);
    facts["payments"] = json!([]);
    facts["open"] = json!([]);
    facts["asked"] = json!({"yes_or_no": false, "amount": null, "date": null, "plan": null});
    facts["verified"] = json!(false);
    facts
}

/// Somebody who talks to a business that has no billing data connected: nobody is ever known there.
pub(super) fn without_accounts(stranger: &Value) -> Value {
    with(stranger.clone(), &[("has_accounts", json!(false)), ("plans", json!([]))])
}

/// A verified customer who has just joined: an account, and no bill or payment yet.
pub(super) fn newcomer(business: &BusinessFile, policy: Value, slots: Value) -> Value {
    let full = everything(business, policy.clone(), slots.clone());
    let mut facts = stranger(business, policy, slots);
    facts["verified"] = json!(true);
    facts["customer"] = full["customer"].clone();
    let mut account = full["account"].clone();
    for name in
        ["method", "method_expires", "next_bill_on", "next_due_on", "company", "tax_id", "ended_on", "contract_ends_on"]
    {
        account[name] = Value::Null;
    }
    for name in ["balance", "credit", "end_fee"] {
        account[name] = json!(0);
    }
    account["other_owed"] = json!([]);
    for name in ["autopay", "paper"] {
        account[name] = json!(false);
    }
    facts["account"] = account;
    facts["this_year"] = json!({"year": 2026, "billed": 0, "n_bills": 0, "paid": 0, "n_payments": 0});
    facts["may"] = may(false);
    facts
}

/// What may be known of a customer, in the order in which one thing rests on another: a bill, then the rest.
const SITUATIONS: &[(&str, &[&str])] = &[
    ("a customer with one bill", &[]),
    ("a customer with two bills", &["previous", "change"]),
    ("a customer with a bill and a payment", &["payment", "payments"]),
    ("a customer with a failed payment", &["payment", "payments", "failed_payment"]),
    ("a customer with a refund", &["payment", "payments", "refund"]),
    ("a customer with a late fee", &["late_fee"]),
    ("a customer with a payment taken twice", &["payment", "payments", "duplicate"]),
    ("a customer with a discount", &["discount"]),
    ("a customer whose discount has ended", &["previous", "change", "ended_discount"]),
    ("a customer whose price has changed", &["previous", "change", "price_change"]),
    ("a customer whose plan has changed", &["previous", "change", "plan_change"]),
    ("a customer who asks about a charge", &["charge"]),
    (
        "a customer for whom everything may be done",
        &["previous", "change", "late_fee", "charge", "payment", "payments", "may"],
    ),
    ("a customer with a charge that is looked at", &["dispute"]),
    ("a customer who pays a bill in parts", &["schedule"]),
    ("a customer who was given something", &["credit"]),
    ("a customer with bills that aren't paid", &["open", "next_bill"]),
];

/// What may be missing even where the fact that it belongs to is there.
const MAY_BE_MISSING: &[(&str, &[&str])] = &[
    ("payment", &["method", "reason"]),
    ("failed_payment", &["method", "reason"]),
    ("charge", &["other_day"]),
    ("refund", &["expected_by", "to", "reason"]),
    ("discount", &["ends_on"]),
    ("dispute", &["amount"]),
    ("schedule", &["next_on", "next_amount"]),
    ("credit", &["reason"]),
    ("next_bill", &["due", "after_due"]),
];

/// Verified customers of whom one thing or another is known, each with words that say who it is.
///
/// Each comes twice: with every part of what is known, and with only those parts that are always there.
pub(super) fn customers(business: &BusinessFile, policy: &Value, slots: &Value) -> Vec<(&'static str, Value)> {
    let full = everything(business, policy.clone(), slots.clone());
    let newcomer = newcomer(business, policy.clone(), slots.clone());
    let mut customers = Vec::new();
    for (whom, known) in SITUATIONS {
        let mut facts = newcomer.clone();
        for name in known.iter().chain(&["invoice", "invoices"]) {
            facts[*name] = full[*name].clone();
        }
        let mut scant = facts.clone();
        for (name, parts) in MAY_BE_MISSING {
            for part in parts.iter().filter(|_| !facts[*name].is_null()) {
                scant[*name][*part] = Value::Null;
            }
        }
        if let Some(payments) = scant["payments"].as_array_mut() {
            for payment in payments {
                payment["method"] = Value::Null;
                payment["reason"] = Value::Null;
            }
        }
        customers.push((*whom, facts));
        customers.push((*whom, scant));
    }
    customers.push(("a customer who has no bill or payment yet", newcomer));
    customers
}

/// The business's own facts.
pub fn business_facts(business: &BusinessFile) -> Value {
    json!({
        "name": business.name, "phone": business.phone, "email": business.email, "address": business.address,
        "hours": business.hours.text, "pay_url": business.pay_url,
        "currency": business.currency,
        "emergency_number": business.emergency_number, "payment_methods": business.payment_methods,
    })
}

/// A value for a slot of a kind, as `rules::slots` would read it.
pub(super) fn slot_sample(kind: SlotKind) -> &'static str {
    match kind {
        SlotKind::Invoice => "INV-1042",
        SlotKind::Date => "2026-06-20",
        SlotKind::Money => "499",
        SlotKind::Email => "ada@example.com",
        SlotKind::Text => "the engineer visit",
        SlotKind::Words => "copy",
        SlotKind::Address => "1 High Street, Fernhill",
        SlotKind::Company => "Moss Ltd, GB 123 4567 89",
    }
}

/// The same facts with a name set to something else: a sentence about a colleague has one.
pub(super) fn with(mut facts: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        facts[*name] = value.clone();
    }
    facts
}

/// All names in the facts with dots between: `account`, `account.plan`. Entries of lists have none.
pub(crate) fn names(facts: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Value::Object(facts) = facts {
        add_names("", facts, &mut names);
    }
    names
}

/// Every name that a template may use, as people write them: `account.plan`, and `invoice.lines[].label` for a part of
/// each entry of a list. What the rules say to each action stands as `may.<action>`; the names of slots and of rules,
/// which the content itself gives, are left out.
pub fn every_name(business: &BusinessFile) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    add_every_name("", &everything(business, json!({}), json!({})), &mut names);
    names
}

fn add_every_name(around: &str, facts: &Value, names: &mut BTreeSet<String>) {
    match facts {
        Value::Object(parts) => {
            for (name, value) in parts {
                let path = match around {
                    "" => name.clone(),
                    // The same stands under each action.
                    "may" => "may.<action>".to_owned(),
                    around => format!("{around}.{name}"),
                };
                add_every_name(&path, value, names);
                names.insert(path);
            }
        }
        Value::Array(entries) => entries.iter().for_each(|it| add_every_name(&format!("{around}[]"), it, names)),
        _ => {}
    }
}

fn add_names(around: &str, facts: &Map<String, Value>, names: &mut BTreeSet<String>) {
    for (name, value) in facts {
        let path = match around {
            "" => name.clone(),
            around => format!("{around}.{name}"),
        };
        if let Value::Object(inner) = value {
            add_names(&path, inner, names);
        }
        names.insert(path);
    }
}
