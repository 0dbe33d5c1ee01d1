//! The facts that templates and conditions may name. Every name is always there; what isn't known is `none`.
//!
//! Total: whatever the account holds, facts come out. Amounts are minor units, dates ISO texts. Of somebody
//! who isn't verified nothing of the account comes out, whatever was passed in.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use strum::IntoEnumIterator;

use crate::billing::explain::{BillExplanation, explain_in};
use crate::billing::find::{Charge, Named};
use crate::billing::{Account, Invoice, Payment, Plan};
use crate::content::file::{Action, BusinessFile};
use crate::content::language::Language;
use crate::conversation::format::{Locale, Style};
use crate::rules::policy::{self, Book, Case, Past, Ruling};
use crate::rules::slots::{self, SlotContext};
use ahead::{Asked, NextBill, OpenBill, ThisYear};
use may::MayFacts;
use parts::{
    AccountFacts, BusinessFacts, ChangeFacts, ChargeFacts, CustomerFacts, DiscountFacts, DuplicateFacts,
    EndedDiscountFacts, InvoiceFacts, LateFeeFacts, ListedInvoice, PaymentFacts, PlanChangeFacts, PlanFacts,
    PriceChangeFacts, RefundFacts,
};
use underway::{CreditFacts, DisputeFacts, ScheduleFacts};

mod ahead;
mod may;
mod parts;
mod underway;

/// Lists in the facts are no longer than this.
const LISTED_MAX: usize = 12;
/// The slot that says which bill.
const SLOT_INVOICE: &str = "invoice";
/// The slot that says which amount.
const SLOT_AMOUNT: &str = "amount";
/// The rule that says how many working days a payment takes.
pub(super) const POLICY_ARRIVAL: &str = "payment_arrival_days";
/// The slot that says on which day something was charged.
const SLOT_CHARGED_ON: &str = "charged_on";

/// What the facts are made of.
#[derive(Clone, Copy, Debug)]
pub struct FactsInput<'a> {
    /// The business.
    pub business: &'a BusinessFile,
    /// The policies' values as they hold today.
    pub policy: &'a BTreeMap<String, i64>,
    /// The rules as they hold today, with versions and bands.
    pub book: &'a Book,
    /// What was done for the customer before.
    pub past: &'a [Past],
    /// A page that billing hosts for what is being talked about.
    pub link: Option<&'a str>,
    /// The price list for people whom we don't know.
    pub plans: &'a [Plan],
    /// There are accounts to look at at all.
    pub has_accounts: bool,
    /// Somebody has proved who they are.
    pub verified: bool,
    /// What billing knows of them.
    pub account: Option<&'a Account>,
    /// The present day in the business's time zone.
    pub today: Date,
    /// The language tag of the customer's browser.
    pub locale: Option<&'a str>,
    /// The name of every slot of every intent.
    pub slot_names: &'a [String],
    /// What the customer has told; an amount is in minor units, a bill is its number or its month.
    pub slots: &'a BTreeMap<String, String>,
    /// The customer's message.
    pub text: &'a str,
    /// What the bot said before it.
    pub last_said: Option<&'a str>,
    /// How long a person would take.
    pub wait: &'a WaitFacts,
    /// The first name of the colleague that a sentence is about.
    pub staff: Option<&'a str>,
    /// What "did you mean" names first.
    pub first: Option<&'a str>,
    /// What "did you mean" names second.
    pub second: Option<&'a str>,
    /// How far the proof by a one-time code is.
    pub proof: Option<&'a Proof>,
    /// Something that was done.
    pub deed: Option<&'a DeedFacts>,
    /// The small words of the business's language.
    pub language: Option<&'a Language>,
}

/// Something that was done, as sentences name it; what doesn't apply is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeedFacts {
    /// How much, in minor units.
    pub amount: Option<i64>,
    /// The month of the bill that it is about.
    pub month: Option<String>,
    /// Why, in the words of whoever did it.
    pub reason: Option<String>,
    /// The day, ISO.
    pub on: Option<String>,
    /// The time of day, `14:05`.
    pub at: Option<String>,
    /// Where something goes from now on, only so much of it as its owner needs to know it by.
    pub to: Option<String>,
}

/// How far the proof by a one-time code is, as sentences name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The address that the customer named.
    pub email: String,
    /// The six digits, for the letter only.
    pub code: String,
    /// Tries that are left.
    pub tries: u32,
    /// How long a code is valid, or how long to wait for another.
    pub minutes: i64,
}

impl<'a> FactsInput<'a> {
    /// The account, if the facts may speak of it.
    pub fn known(&self) -> Option<&'a Account> {
        self.account.filter(|_| self.verified)
    }

    /// The tag by which numbers and dates are written: the customer's where it is known, else the business's.
    pub fn locale(&self) -> &'a str {
        self.locale.filter(|it| Locale::of(it).is_some()).unwrap_or(&self.business.language)
    }

    /// How numbers and dates are written.
    pub fn style(&self) -> Style {
        Style { locale: Locale::of(self.locale()).unwrap_or_default(), today: self.today }
    }

    /// The bill in question: the one that was named, else the newest. A bill that is only named as a cause, "I paid October on
    /// time", gives way to the one that the charge in question stands on.
    pub fn invoice(&self) -> Option<&'a Invoice> {
        let account = self.known()?;
        let named = self.slots.get(SLOT_INVOICE).and_then(|it| account.find_invoice(it, self.today));
        let named = named.or_else(|| account.newest_invoice())?;
        let amount = self.slots.get(SLOT_AMOUNT).and_then(|it| parts::read_amount(it, account));
        amount.and_then(|it| account.bill_with_line(named, it)).or(Some(named))
    }

    /// What a text is read against, as far as it is not about bills.
    pub fn slot_context(&self) -> SlotContext<'a> {
        let currency = self.business.currency.as_str();
        let language = self.locale();
        SlotContext { today: self.today, currency, language, words: self.language, ..SlotContext::nothing() }
    }

    /// The bill before the one in question.
    pub fn previous(&self) -> Option<&'a Invoice> {
        self.known()?.invoice_before(self.invoice()?)
    }

    /// Why the bill in question differs from the one before.
    pub fn change(&self) -> Option<BillExplanation> {
        Some(explain_in(self.invoice()?, self.previous()?, self.style().locale))
    }

    /// The charge that was named, by its amount, its day or words of its label. Where nothing was charged on the day as
    /// the customer writes days, the other way round counts.
    pub fn charge(&self) -> Option<Charge<'a>> {
        let on = self.charged_on();
        let other = || self.charge_of_day(self.charged_on_read_otherwise()?);
        let (asked, named) = self.named_charge()?;
        on.and_then(|it| self.charge_of_day(it)).or_else(other).or_else(|| self.known()?.find_charge(asked, &named))
    }

    /// The other day that the customer may mean, where something else was charged on it.
    pub fn other_day_of_charge(&self) -> Option<Date> {
        let other = self.charged_on_read_otherwise()?;
        let (own, others) = (self.charge_of_day(self.charged_on()?)?, self.charge_of_day(other)?);
        (own != others).then_some(other)
    }

    /// The bill that was named and what else is known of the charge, but for its day.
    fn named_charge(&self) -> Option<(Option<&'a Invoice>, Named<'a>)> {
        let account = self.known()?;
        let amount = self.slots.get(SLOT_AMOUNT).and_then(|it| parts::read_amount(it, account));
        let asked = self.slots.get(SLOT_INVOICE).and(self.invoice());
        Some((asked, Named { amount, on: None, text: self.text }))
    }

    fn charge_of_day(&self, on: Date) -> Option<Charge<'a>> {
        let (asked, named) = self.named_charge()?;
        self.known()?.find_charge_of_day(asked, &Named { on: Some(on), ..named })
    }

    fn charged_on(&self) -> Option<Date> {
        self.slots.get(SLOT_CHARGED_ON).and_then(|it| it.parse().ok()).filter(|it| *it <= self.today)
    }

    /// The day of the charge as others read the customer's figures: 4 March for 3 April.
    fn charged_on_read_otherwise(&self) -> Option<Date> {
        let (own, other) = slots::day_in_two_ways(self.text, &self.slot_context())?;
        let is_read = self.slots.get(SLOT_CHARGED_ON).is_some_and(|it| *it == own.to_string());
        (is_read && other <= self.today).then_some(other)
    }

    /// What the rules say to an action; none where we don't know the customer.
    pub fn may(&self, action: Action) -> Option<Ruling> {
        let named = self.slots.get(SLOT_INVOICE).and_then(|it| self.known()?.find_invoice(it, self.today));
        let case = Case {
            book: self.book,
            account: self.known()?,
            invoice: self.invoice(),
            invoice_was_named: named.is_some(),
            today: self.today,
            slots: self.slots,
            past: self.past,
        };
        let ruling = policy::may(action, &case);
        // Rules name amounts in the business's currency: of another one they say nothing.
        let by_amount = matches!(action, Action::TakeOffLateFee | Action::GiveMoreDays | Action::PayInParts);
        let is_foreign = case.account.currency.code() != self.business.currency;
        Some(match ruling {
            Ruling::Grant { clause, .. } if by_amount && is_foreign => Ruling::AskStaff { clause, why: "no_rule" },
            ruling => ruling,
        })
    }

    /// The price list: the customer's, where we know the customer and they have one of their own.
    pub fn plans(&self) -> &'a [Plan] {
        let own = self.known().map(|it| it.plans.as_slice()).filter(|it| !it.is_empty());
        own.unwrap_or(self.plans)
    }

    /// Whether a payment was sent and should have been here by now.
    pub fn is_missing(&self, payment: &Payment) -> bool {
        payment.is_missing(self.arrival_days(), self.today)
    }

    /// Working days that a payment takes to be here, where a rule says so.
    pub fn arrival_days(&self) -> Option<i64> {
        self.policy.get(POLICY_ARRIVAL).copied()
    }
}

/// How long a person would take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WaitFacts {
    /// The customer waits by now; else the rest says what it would be.
    pub waiting: bool,
    /// People are there.
    pub open: bool,
    /// The place in the queue, from 1.
    pub place: Option<u32>,
    /// In so many minutes.
    pub minutes: Option<u32>,
    /// When people are back: "Tuesday 9:00".
    pub back: Option<String>,
    /// The opening hours in plain words.
    pub hours: String,
}

/// All facts; what it serializes to is what templates see.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    business: BusinessFacts,
    currency: String,
    locale: String,
    has_accounts: bool,
    verified: bool,
    today: String,
    customer: Option<CustomerFacts>,
    account: Option<AccountFacts>,
    invoice: Option<InvoiceFacts>,
    previous: Option<InvoiceFacts>,
    change: Option<ChangeFacts>,
    invoices: Vec<ListedInvoice>,
    payments: Vec<PaymentFacts>,
    payment: Option<PaymentFacts>,
    failed_payment: Option<PaymentFacts>,
    refund: Option<RefundFacts>,
    late_fee: Option<LateFeeFacts>,
    duplicate: Option<DuplicateFacts>,
    discount: Option<DiscountFacts>,
    ended_discount: Option<EndedDiscountFacts>,
    price_change: Option<PriceChangeFacts>,
    plan_change: Option<PlanChangeFacts>,
    plans: Vec<PlanFacts>,
    charge: Option<ChargeFacts>,
    may: Option<BTreeMap<&'static str, MayFacts>>,
    link: Option<String>,
    dispute: Option<DisputeFacts>,
    schedule: Option<ScheduleFacts>,
    credit: Option<CreditFacts>,
    open: Vec<OpenBill>,
    next_bill: Option<NextBill>,
    this_year: Option<ThisYear>,
    asked: Asked,
    slots: BTreeMap<String, Option<String>>,
    policy: BTreeMap<String, i64>,
    wait: WaitFacts,
    staff: Option<String>,
    first: Option<String>,
    second: Option<String>,
    proof: Option<Proof>,
    deed: Option<DeedFacts>,
}

impl Facts {
    /// Works the facts out.
    pub fn new(input: &FactsInput<'_>) -> Self {
        let today = input.today;
        let account = input.known();
        let payment = |it: &Payment| PaymentFacts::new(it, input.arrival_days(), today);
        let currency = account.map_or(input.business.currency.as_str(), |it| it.currency.code());
        let unset = input.slot_names.iter().map(|name| (name.clone(), None));
        let set = input.slots.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
        Self {
            business: BusinessFacts::new(input.business),
            currency: currency.to_owned(),
            locale: input.locale().to_owned(),
            has_accounts: input.has_accounts,
            verified: input.verified,
            today: today.to_string(),
            customer: account.map(CustomerFacts::new),
            account: account.map(|it| AccountFacts::new(it, input.style().locale)),
            invoice: input.invoice().map(|it| InvoiceFacts::new(it, today)),
            previous: input.previous().map(|it| InvoiceFacts::new(it, today)),
            change: input.change().map(ChangeFacts::new),
            invoices: listed(account, |it| &it.invoices, |it| ListedInvoice::new(it, today)),
            payments: listed(account, |it| &it.payments, payment),
            payment: account.and_then(Account::newest_payment).map(payment),
            failed_payment: account.and_then(Account::failed_payment).map(payment),
            refund: account.and_then(RefundFacts::new),
            late_fee: account.and_then(|it| LateFeeFacts::new(it, today)),
            duplicate: account.and_then(|it| DuplicateFacts::new(it, today)),
            discount: account.and_then(|it| DiscountFacts::new(it, today)),
            ended_discount: account.and_then(|it| EndedDiscountFacts::new(it, today)),
            price_change: account.and_then(|it| PriceChangeFacts::new(it, today)),
            plan_change: account.and_then(|it| PlanChangeFacts::new(it, today)),
            plans: input.plans().iter().map(PlanFacts::new).collect(),
            charge: input.charge().map(|it| ChargeFacts::new(it, input.other_day_of_charge(), today)),
            may: account.is_some().then(|| {
                let ruling = |action| input.may(action).map(|it| MayFacts::new(&it, today));
                Action::iter().filter_map(|action| Some((action.as_str(), ruling(action)?))).collect()
            }),
            link: account.and(input.link).map(str::to_owned),
            dispute: account.and_then(|it| DisputeFacts::new(it, today)),
            schedule: account.and_then(|it| ScheduleFacts::new(it, today)),
            credit: account.and_then(CreditFacts::new),
            open: account.map_or(Vec::new(), |it| OpenBill::all(it, today)),
            next_bill: account.and_then(|it| NextBill::new(it, today)),
            this_year: account.map(|it| ThisYear::new(it, today)),
            asked: Asked::new(input.text, input.last_said, input.language, &input.slot_context()).naming(
                input.text,
                input.plans(),
                account.map(|it| it.plan.name.as_str()),
            ),
            slots: unset.chain(set).collect(),
            policy: input.policy.clone(),
            wait: input.wait.clone(),
            staff: input.staff.map(str::to_owned),
            first: input.first.map(str::to_owned),
            second: input.second.map(str::to_owned),
            proof: input.proof.cloned(),
            deed: input.deed.cloned(),
        }
    }
}

fn listed<T, F>(account: Option<&Account>, part: impl Fn(&Account) -> &Vec<T>, fact: impl Fn(&T) -> F) -> Vec<F> {
    account.map_or(Vec::new(), |it| part(it).iter().take(LISTED_MAX).map(fact).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::answers::cards;
    use crate::billing::{Dispute, DisputeStatus, Instalment, Schedule, demo};
    use crate::content::file::CardKind;

    /// What a test needs around an account to make facts of it.
    pub struct Sample {
        /// The business.
        pub business: BusinessFile,
        /// The customer's slots.
        pub slots: BTreeMap<String, String>,
        /// The day.
        pub today: Date,
        /// The tag of the customer's browser.
        pub locale: Option<&'static str>,
        policy: BTreeMap<String, i64>,
        book: Book,
        slot_names: Vec<String>,
        wait: WaitFacts,
    }

    impl Sample {
        /// The demo's business on 16 June 2026.
        pub fn new() -> Self {
            let business = json!({
                "name": "Fernhill Fibre", "country": "GB", "currency": "GBP", "time_zone": "Europe/London",
                "language": "en", "emergency_number": "999", "phone": "0", "email": "bills@example.com",
                "address": "1 Example Road", "pay_url": "https://example.com/pay", "greeting": "Hello",
                "starters": [], "privacy": "", "payment_methods": ["Visa"],
                "hours": {"text": "Monday to Friday", "minutes_per_conversation": 6},
                "understanding": {"wrong_answers": 0.03},
                "cost": {"per_contact_minor": 600},
            });
            Self {
                business: serde_json::from_value(business).expect("a whole business"),
                slots: BTreeMap::new(),
                today: date(2026, 6, 16),
                locale: None,
                policy: BTreeMap::from([("late_fee".to_owned(), 500)]),
                book: Book::new(),
                slot_names: vec!["amount".to_owned(), "invoice".to_owned(), "new_email".to_owned()],
                wait: WaitFacts::default(),
            }
        }

        /// The same with a slot filled.
        pub fn with_slot(mut self, name: &str, value: &str) -> Self {
            self.slots.insert(name.to_owned(), value.to_owned());
            self
        }

        /// Adds the value of a rule.
        pub fn add_policy(&mut self, name: &str, value: i64) {
            self.policy.insert(name.to_owned(), value);
        }

        /// What facts and cards are made of.
        pub fn input<'a>(&'a self, account: Option<&'a Account>, text: &'a str) -> FactsInput<'a> {
            FactsInput {
                business: &self.business,
                policy: &self.policy,
                book: &self.book,
                past: &[],
                link: None,
                plans: &[],
                has_accounts: true,
                verified: account.is_some(),
                account,
                today: self.today,
                locale: self.locale,
                slot_names: &self.slot_names,
                slots: &self.slots,
                text,
                last_said: None,
                wait: &self.wait,
                staff: None,
                first: None,
                second: None,
                proof: None,
                deed: None,
                language: None,
            }
        }
    }

    fn facts(id: &str, sample: &Sample, text: &str) -> Value {
        let account = demo::account(id, sample.today).expect("a demo customer");
        serde_json::to_value(Facts::new(&sample.input(Some(&account), text))).expect("facts serialize")
    }

    #[test]
    fn the_check_knows_the_same_names_as_the_facts() {
        use crate::content::facts::{everything, names};
        let sample = Sample::new();
        let slots: Value = sample.slot_names.iter().map(|name| (name.clone(), json!("x"))).collect();
        let known = names(&everything(&sample.business, json!(sample.policy), slots));
        let mut made = std::collections::BTreeSet::new();
        for customer in demo::customers() {
            made.extend(names(&facts(customer.id, &sample, "what is this £12.00")));
        }
        let unknown: Vec<_> = made.difference(&known).collect();
        let missing: Vec<_> = known.iter().filter(|it| !it.contains('.')).filter(|it| !made.contains(*it)).collect();
        assert!(unknown.is_empty() && missing.is_empty(), "unknown to the check: {unknown:?}; never made: {missing:?}");
    }

    fn keys(value: &Value) -> Vec<&str> {
        value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn the_same_names_are_there_for_a_customer_and_for_a_stranger() {
        let sample = Sample::new();
        let known = facts("all-quiet", &sample, "");
        let unknown = serde_json::to_value(Facts::new(&sample.input(None, ""))).expect("facts serialize");
        assert_eq!(keys(&known), keys(&unknown));
        assert_eq!(unknown["account"], Value::Null);
        assert_eq!(unknown["invoices"], json!([]));
        assert_eq!(unknown["slots"], json!({"amount": null, "invoice": null, "new_email": null}));
    }

    #[test]
    fn nothing_of_an_account_comes_out_for_somebody_who_is_not_verified() {
        let sample = Sample::new().with_slot("invoice", "INV-1042").with_slot("amount", "1200");
        let account = demo::account("one-off-fee", sample.today).expect("a demo customer");
        let stranger = FactsInput { verified: false, ..sample.input(Some(&account), "the engineer visit") };
        let nobody = FactsInput { account: None, ..stranger };
        assert_eq!(Facts::new(&stranger), Facts::new(&nobody));
        for kind in [CardKind::Invoice, CardKind::Invoices, CardKind::Payments, CardKind::Change] {
            assert_eq!(cards::card(kind, &stranger), None);
        }
    }

    #[test]
    fn the_newest_bill_is_compared_with_the_one_before() {
        let facts = facts("one-off-fee", &Sample::new(), "");
        assert_eq!(facts["invoice"]["month"], "June");
        assert_eq!(facts["previous"]["month"], "May");
        let cause = json!({"text": "a one-off engineer visit", "amount": 1200, "abs": 1200, "direction": "up"});
        let change = json!({"total": 1200, "abs": 1200, "direction": "up", "complete": true, "causes": [cause]});
        assert_eq!(facts["change"], change);
    }

    #[test]
    fn the_bill_that_was_named_is_the_one_spoken_of() {
        let facts = facts("one-off-fee", &Sample::new().with_slot("invoice", "INV-1041"), "");
        assert_eq!(facts["invoice"]["month"], "May");
        assert_eq!(facts["previous"]["month"], "April");
        assert_eq!(facts["change"]["direction"], "same");
    }

    #[test]
    fn a_charge_is_named_by_amount_or_by_words() {
        let engineer = json!({
            "label": "Engineer visit", "amount": 1200, "month": "June", "text": "a one-off engineer visit",
            "other_day": null,
        });
        for (sample, text) in [
            (Sample::new().with_slot("amount", "1200"), "what is this £12"),
            (Sample::new().with_slot("amount", "£12.00"), "what is it"),
            (Sample::new(), "I had no engineer here"),
        ] {
            assert_eq!(facts("one-off-fee", &sample, text)["charge"], engineer);
        }
        let whole = facts("one-off-fee", &Sample::new().with_slot("amount", "4200"), "");
        assert_eq!(whole["charge"]["text"], "the whole of your June bill");
        assert_eq!(facts("one-off-fee", &Sample::new(), "what is this charge")["charge"], Value::Null);
    }

    #[test]
    fn a_day_in_figures_that_may_be_two_is_the_one_on_which_something_was_charged() {
        let mut account = demo::account("one-off-fee", date(2026, 6, 16)).expect("a demo customer");
        let (newer, older) = (account.payments[0].clone(), account.payments[1].clone());
        let charge = |account: &Account, locale: &'static str, read: &str| {
            let sample = Sample { locale: Some(locale), ..Sample::new().with_slot("charged_on", read) };
            let input = sample.input(Some(account), "what is the charge of 03/04/2026");
            let invoice = input.charge().map(|it| it.invoice.number.clone());
            (invoice, input.other_day_of_charge())
        };
        let (april, march) = (date(2026, 4, 3), date(2026, 3, 4));
        account.payments[0].on = april;
        for (locale, read) in [("en-GB", "2026-04-03"), ("en-US", "2026-03-04")] {
            assert_eq!(charge(&account, locale, read), (newer.invoice.clone(), None), "{locale}");
        }
        account.payments[1].on = march;
        assert_eq!(charge(&account, "en-GB", "2026-04-03"), (newer.invoice.clone(), Some(march)));
        assert_eq!(charge(&account, "en-US", "2026-03-04"), (older.invoice.clone(), Some(april)));
        assert_ne!(newer.invoice, older.invoice);
    }

    #[test]
    fn each_demo_customer_brings_the_facts_of_their_situation() {
        let sample = Sample::new();
        let part = |id: &str, name: &str| facts(id, &sample, "")[name].clone();
        let late_fee = |first: bool| json!({"amount": 500, "date": "2026-06-01", "month": "June", "first": first, "taken_off": false});
        assert_eq!(part("first-late-fee", "late_fee"), late_fee(true));
        assert_eq!(part("second-late-fee", "late_fee"), late_fee(false));
        assert_eq!(
            part("duplicate-charge", "duplicate"),
            json!({"label": "June bill", "amount": 3000, "first_on": "2026-06-05", "second_on": "2026-06-07"})
        );
        assert_eq!(part("refund-pending", "refund")["expected_by"], "2026-06-19");
        assert_eq!(part("refund-pending", "duplicate"), Value::Null);
        assert_eq!(part("autopay-failing", "failed_payment")["reason"], "the card has expired");
        assert_eq!(part("autopay-failing", "account")["method_expires"], "05/26");
        assert_eq!(
            part("discount-ended", "ended_discount"),
            json!({"label": "12-month discount", "amount": 600, "ended_on": "2026-05-31"})
        );
        assert_eq!(
            part("price-rise", "price_change"),
            json!({"label": "Standard", "from": 3000, "to": 3400, "date": "2026-06-01"})
        );
        assert_eq!(part("plan-change", "plan_change"), json!({"from": "Basic", "to": "Plus", "date": "2026-05-16"}));
        assert_eq!(part("first-bill", "change"), Value::Null);
        assert_eq!(part("all-quiet", "invoices").as_array().map(Vec::len), Some(LISTED_MAX));
    }

    #[test]
    fn a_payment_past_its_time_is_missing_and_no_longer_on_its_way() {
        let mut sample = Sample::new();
        sample.add_policy(POLICY_ARRIVAL, 3);
        let mut account = demo::account("payment-pending", sample.today).expect("a demo customer");
        let told = |account: &Account| {
            let facts = serde_json::to_value(Facts::new(&sample.input(Some(account), ""))).expect("facts serialize");
            (facts["payment"]["status"].clone(), facts["payments"][0]["expected_by"].clone())
        };
        assert_eq!(told(&account), (json!("pending"), json!("2026-06-18")));
        account.payments[0].on = date(2026, 5, 12);
        assert_eq!(told(&account), (json!("missing"), json!("2026-05-15")));
        account.payments[0].status = crate::billing::PaymentStatus::Paid;
        assert_eq!(told(&account), (json!("paid"), Value::Null));
    }

    #[test]
    fn who_has_no_price_list_of_their_own_sees_the_one_for_all() {
        let sample = Sample::new();
        let mut account = demo::account("all-quiet", sample.today).expect("a demo customer");
        let general = std::mem::take(&mut account.plans);
        let input = FactsInput { plans: &general, ..sample.input(Some(&account), "") };
        assert!(!general.is_empty() && input.plans() == general.as_slice());
    }

    #[test]
    fn what_is_underway_is_told_from_the_newest() {
        let sample = Sample::new();
        let mut account = demo::account("bill-late", sample.today).expect("a demo customer");
        let bill = account.invoices[0].number.clone();
        let part = |month: i8| Instalment { on: date(2026, month, 1), amount: account.invoices[0].total.share(1, 2) };
        let parts = vec![part(6), part(7)];
        account.schedules.push(Schedule { invoice: bill.clone(), parts, n_paid: 1 });
        let dispute = Dispute {
            reference: "DS-1".to_owned(),
            invoice: bill.clone(),
            amount: None,
            opened_on: sample.today,
            status: DisputeStatus::Open,
        };
        account.disputes.push(dispute);
        let facts = serde_json::to_value(Facts::new(&sample.input(Some(&account), ""))).expect("facts serialize");
        let parts = json!([
            {"date": "2026-06-01", "amount": 1500, "paid": true}, {"date": "2026-07-01", "amount": 1500, "paid": false},
        ]);
        let schedule = json!({
            "invoice": bill, "month": "June", "parts": parts, "n_parts": 2, "n_paid": 1, "left": 1500,
            "next_on": "2026-07-01", "next_amount": 1500,
        });
        assert_eq!(facts["schedule"], schedule);
        let dispute = json!({
            "reference": "DS-1", "invoice": bill, "month": "June", "amount": null, "opened_on": "2026-06-16",
            "status": "open",
        });
        assert_eq!(facts["dispute"], dispute);
        let given = json!({"date": "2026-05-22", "amount": 4800, "left": 1800, "reason": "your internet was down"});
        assert_eq!(self::facts("in-credit", &sample, "")["credit"], given);
    }

    #[test]
    fn facts_and_cards_come_out_for_every_customer_on_every_day_of_a_year() {
        let mut sample = Sample::new();
        for _ in 0..366 {
            sample.today = sample.today.saturating_add(1.day());
            for customer in demo::customers() {
                let account = demo::account(customer.id, sample.today).expect("a demo customer");
                let input = sample.input(Some(&account), "");
                assert!(Facts::new(&input).account.is_some());
                for kind in [CardKind::Invoice, CardKind::Invoices, CardKind::Plans] {
                    assert!(cards::card(kind, &input).is_some(), "{kind:?} of {}", customer.id);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_a_customer_says_facts_come_out(text: String, invoice: String, amount: String) {
            let sample = Sample::new().with_slot("invoice", &invoice).with_slot("amount", &amount);
            let facts = facts("plan-change", &sample, &text);
            prop_assert!(facts["invoice"].is_object());
        }
    }
}
