//! What holds for the pure core whatever is said, guessed and decided.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::civil::Date;
use plainbill::actions::Actions;
use plainbill::answers::facts::WaitFacts;
use plainbill::answers::{Answer, Speaker};
use plainbill::billing::demo::{self, Demo};
use plainbill::billing::explain::explain;
use plainbill::billing::{
    Account, Billing, BillingError, Currency, Invoice, Line, LineKind, Money, Payment, PaymentStatus, Plan, Standing,
};
use plainbill::config::Config;
use plainbill::content::Content;
use plainbill::conversation::{
    Candidate, Choice, ConversationId, CustomerId, Did, Event, Guess, Message, NewEvent, Owner, OwnerChange, Reason,
    Sender, State, Step, Verdict, What,
};
use plainbill::handoff;
use plainbill::identity::codes::Codes;
use plainbill::rules::slots::SlotContext;
use plainbill::rules::{self, Circumstances, Decision, Heard, Part};
use plainbill::store::{Store, StoreSettings};
use plainbill::turn::{self, CodesHere, TurnParts};
use proptest::prelude::*;

static CONTENT: LazyLock<Arc<Content>> =
    LazyLock::new(|| Arc::new(Content::load(Path::new("intents")).expect("the content has no faults")));

fn intent() -> impl Strategy<Value = String> {
    let names: Vec<String> = CONTENT.intents.keys().cloned().collect();
    prop_oneof![9 => proptest::sample::select(names), 1 => "[a-z_]{1,12}"]
}

fn guess() -> impl Strategy<Value = Guess> {
    let verdict = prop_oneof![Just(Verdict::Answer), Just(Verdict::AskBack), Just(Verdict::NoIdea)];
    let ranked = proptest::collection::vec((intent(), 0.0_f32..1.0), 0..5);
    (verdict, ranked, 0.0_f32..1.0).prop_map(|(verdict, ranked, known)| {
        let ranked = ranked.into_iter().map(|(intent, confidence)| Candidate { intent, confidence }).collect();
        Guess { verdict, ranked, known, ..Guess::none() }
    })
}

fn said() -> impl Strategy<Value = String> {
    let told = [
        "human",
        "start over",
        "end chat",
        "I smell gas",
        "why is my bill higher",
        "the May one",
        "£4.99",
        "no",
        "first",
    ];
    prop_oneof![any::<String>(), proptest::sample::select(told.to_vec()).prop_map(str::to_owned)]
}

fn choice() -> impl Strategy<Value = Option<String>> {
    let commands =
        ["talk_to_human", "start_over", "end_chat", "something_else", "verify_me", "invoice:INV-1042", ":", "slot:"];
    prop_oneof![
        3 => Just(None),
        1 => intent().prop_map(Some),
        1 => proptest::sample::select(commands.to_vec()).prop_map(|it| Some(it.to_owned())),
    ]
}

fn state() -> impl Strategy<Value = State> {
    let owner = prop_oneof![Just(Owner::Bot), Just(Owner::Queue), Just(Owner::Staff), Just(Owner::Nobody)];
    let slots = proptest::collection::btree_map("(invoice|amount|date|email|text)", "[a-zA-Z0-9-]{0,9}", 0..3);
    let offered = proptest::collection::vec(intent(), 0..4);
    (
        owner,
        proptest::option::of(intent()),
        slots,
        proptest::option::of("(invoice|amount|date)"),
        offered,
        any::<bool>(),
        0_u32..4,
    )
        .prop_map(|(owner, topic, slots, asked, offered, asked_which, n_misses)| {
            let offered = offered.into_iter().map(|id| Choice { label: id.clone(), id }).collect();
            State { seq: 9, owner, topic, slots, asked, offered, asked_which, n_misses, ..State::default() }
        })
}

fn heard() -> impl Strategy<Value = Heard> {
    let part = (any::<String>(), guess(), any::<bool>()).prop_map(|(text, guess, asks)| Part {
        text,
        guess,
        asks,
        after: None,
    });
    let parts = proptest::collection::vec(part, 0..4);
    (said(), choice(), guess(), parts, proptest::option::weighted(0.1, "[0-9a-f]{64}"))
        .prop_map(|(text, choice, guess, parts, code)| Heard { text, choice, guess, parts, code, ..Heard::default() })
}

/// The day of everything that is said to the demo's customers.
const TODAY: Date = Date::constant(2026, 6, 16);

/// The demo, which finds customers by their e-mail address and counts how often an account is read. `knows`: without
/// it nobody has an account.
struct Watched {
    demo: Demo,
    knows: bool,
    n_read: AtomicUsize,
}

impl Watched {
    fn new(knows: bool) -> Arc<Self> {
        Arc::new(Self { demo: Demo::on(TODAY), knows, n_read: AtomicUsize::new(0) })
    }
}

impl Billing for Watched {
    fn account<'a>(&'a self, customer: &'a CustomerId) -> BoxFuture<'a, Result<Account, BillingError>> {
        self.n_read.fetch_add(1, Ordering::Relaxed);
        self.demo.account(customer)
    }

    fn plans(&self) -> BoxFuture<'_, Result<Vec<Plan>, BillingError>> {
        self.demo.plans()
    }

    fn customer_of_email<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Result<Option<CustomerId>, BillingError>> {
        let found = ACCOUNTS.iter().find(|it| self.knows && it.person.email.eq_ignore_ascii_case(email));
        Box::pin(async move { Ok(found.map(|it| it.customer.clone())) })
    }
}

static ACCOUNTS: LazyLock<Vec<Account>> = LazyLock::new(|| {
    demo::customers().iter().map(|it| demo::account(it.id, TODAY).expect("a demo customer")).collect()
});

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().expect("a runtime can be made"));

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| {
    RUNTIME.block_on(async {
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("properties");
        let settings = StoreSettings { data, ..StoreSettings::default() };
        let store = Store::open(&settings).await.expect("the store opens");
        Arc::new(Codes::open(&store, &Config::default()).await.expect("the store works"))
    })
});

/// What somebody may say who wants to know of an account that isn't theirs to see.
fn pushing() -> impl Strategy<Value = Heard> {
    let account = proptest::sample::select((0..ACCOUNTS.len()).collect::<Vec<_>>()).prop_map(|it| &ACCOUNTS[it]);
    let told = (account, 0_usize..6).prop_map(|(account, form)| match form {
        0 => account.person.email.clone(),
        1 => format!("I am {}, account number {}", account.person.name, account.number),
        2 => format!("what is on {}", account.invoices.first().map_or("", |it| it.number.as_str())),
        3 => format!("my code is 123456 and my e-mail is {}", account.person.email.to_uppercase()),
        4 => format!("verified customer {}", account.customer),
        _ => "the one in May, £12.00".to_owned(),
    });
    let ways = ["verify_me", "send_another_code", "start_over", "invoice:INV-1042", "verify.email:x", "verify.code:1"];
    let way = proptest::sample::select(ways.to_vec()).prop_map(|it| Some(it.to_owned()));
    let pushed = (told, guess(), proptest::option::weighted(0.3, way)).prop_map(|(text, guess, choice)| Heard {
        text,
        guess,
        choice: choice.flatten(),
        ..Heard::default()
    });
    prop_oneof![2 => pushed, 1 => heard()]
}

fn parts(billing: Arc<Watched>) -> TurnParts {
    let now: Timestamp = "2026-06-16T09:00:00Z".parse().expect("it is a time");
    let wait = || handoff::wait(&CONTENT, now, &handoff::WaitingList::default(), Some(1));
    TurnParts {
        locale: None,
        content: Arc::clone(&CONTENT),
        classifier: None,
        actions: Arc::new(Actions::in_memory(billing.clone())),
        billing,
        conversation: ConversationId::new("a-visitors"),
        now,
        wait: wait(),
        wait_if_queued: wait(),
        wait_if_urgent: wait(),
        misses_max: 2,
        settle_max: jiff::SignedDuration::MAX,
        verified_for: jiff::SignedDuration::MAX,
        codes: Some(CodesHere { codes: Arc::clone(&CODES), network: "127.0.0.1".to_owned() }),
    }
}

/// Everything that a visitor is told in a conversation of these turns, and how often an account was read for it.
fn told(billing: Arc<Watched>, turns: &[Heard]) -> (Vec<NewEvent>, usize) {
    let parts = parts(Arc::clone(&billing));
    let (mut state, mut events, mut all) = (State::default(), Vec::new(), Vec::new());
    let keep = |state: &mut State, events: &mut Vec<Event>, new: NewEvent| {
        let event = Event { seq: state.seq + 1, at_ms: 0, from: new.from, name: new.name, what: new.what };
        state.apply(&event);
        events.push(event);
    };
    for heard in turns {
        let (text, choice) = (heard.text.clone(), heard.choice.clone());
        let said = What::Message(Message { text, choice, code: heard.code.clone(), ..Message::default() });
        keep(&mut state, &mut events, NewEvent { from: Sender::Customer, name: None, what: said });
        let outcome = RUNTIME.block_on(turn::take_heard(&parts, &state, &events, state.seq, heard, true));
        let outcome = outcome.expect("the store works");
        for new in outcome.events {
            all.push(new.clone());
            keep(&mut state, &mut events, new);
        }
    }
    (all, billing.n_read.load(Ordering::Relaxed))
}

fn decide(state: &State, heard: &Heard, verified: bool) -> Decision {
    let invoices =
        [("INV-1042".to_owned(), Date::constant(2026, 6, 1)), ("INV-1041".to_owned(), Date::constant(2026, 5, 1))];
    let circumstances = Circumstances {
        slots: SlotContext {
            today: Date::constant(2026, 6, 16),
            currency: "GBP",
            language: "en",
            invoices: &invoices,
            current: Some("INV-1042"),
            shown: &[],
            words: Some(&CONTENT.language),
        },
        verified,
        misses_max: 2,
        people_are_there: true,
        codes: true,
        charge: None,
        only_cause: &|_| None,
        holds: &|_, _| true,
        answers: &|_, _| true,
    };
    rules::decide(&CONTENT, state, heard, &circumstances)
}

#[test]
fn whatever_did_you_mean_offers_a_person_is_among_the_choices() {
    let names: Vec<&String> = CONTENT.intents.keys().collect();
    let mut n_offered = 0;
    for pair in names.windows(2) {
        let ranked = pair.iter().map(|it| Candidate { intent: (*it).clone(), confidence: 0.4 }).collect();
        let guess = Guess { verdict: Verdict::AskBack, ranked, known: 0.9, ..Guess::none() };
        let heard = Heard { text: "that thing on it".to_owned(), guess, ..Heard::default() };
        for event in told(Watched::new(false), &[heard]).0 {
            let What::Message(message) = event.what else { continue };
            if message.step.is_some_and(|it| it.did == Did::Offered) {
                n_offered += 1;
                let has_person = message.choices.iter().any(|it| it.id == "talk_to_human");
                assert!(has_person, "{pair:?}: {:?}", message.choices);
            }
        }
    }
    assert!(names.len() / 2 < n_offered, "only {n_offered} of {} pairs were offered", names.len() - 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn once_a_person_has_it_the_bot_answers_nothing(state in state(), heard in heard(), verified: bool) {
        let decision = decide(&State { owner: Owner::Staff, ..state }, &heard, verified);
        let silent = matches!(
            decision,
            Decision::LeaveToPeople | Decision::AlreadyWithPerson | Decision::UrgentWithPerson { .. }
                | Decision::StartOver | Decision::End
        );
        prop_assert!(silent, "{decision:?}");
    }

    #[test]
    fn whoever_waits_for_a_person_keeps_their_place(state in state(), heard in heard(), verified: bool) {
        let decision = decide(&State { owner: Owner::Queue, ..state }, &heard, verified);
        let gives_up = matches!(
            decision,
            Decision::Miss { .. } | Decision::OutOfScope | Decision::OtherLanguage | Decision::AnotherWay
                | Decision::HandOff { reason: Reason::Missed | Reason::Asked | Reason::Content, .. }
        );
        prop_assert!(!gives_up, "{decision:?}");
    }

    #[test]
    fn urgent_words_count_whoever_has_the_conversation(state in state(), verified: bool) {
        for text in ["I smell gas in my flat", "ｇａｓ ｌｅａｋ", "I can´t breathe", "i cant breath", "sui\u{ad}cide", "g\u{200b}as leak"] {
            let heard = Heard { text: text.to_owned(), ..Heard::default() };
            let decision = decide(&state, &heard, verified);
            let seen = matches!(
                decision,
                Decision::HandOff { reason: Reason::Urgent, .. } | Decision::UrgentWithPerson { .. }
            );
            prop_assert!(seen, "{text}: {decision:?}");
        }
    }

    #[test]
    fn the_same_words_in_the_same_state_decide_the_same(state in state(), heard in heard(), verified: bool) {
        prop_assert_eq!(decide(&state, &heard, verified), decide(&state, &heard, verified));
    }

    #[test]
    fn asking_for_a_person_works_in_every_state(state in state(), heard in heard(), verified: bool) {
        let heard = Heard { choice: Some("talk_to_human".to_owned()), ..heard };
        let decision = decide(&state, &heard, verified);
        let on_the_way = matches!(
            decision,
            Decision::HandOff { .. } | Decision::AlreadyInQueue | Decision::AlreadyWithPerson
        );
        prop_assert!(on_the_way, "{decision:?}");
    }

    #[test]
    fn what_is_answered_is_in_the_content_and_at_most_three(state in state(), heard in heard(), verified: bool) {
        if let Decision::Answer(topics) | Decision::AnswerPart { topics, .. } = decide(&state, &heard, verified) {
            prop_assert!((1..=3).contains(&topics.len()));
            for topic in topics {
                prop_assert!(CONTENT.answering(&topic.intent).is_some(), "{}", topic.intent);
            }
        }
    }

    #[test]
    fn a_second_miss_in_a_row_always_ends_with_a_person(state in state(), heard in heard(), verified: bool) {
        let state = State { owner: Owner::Bot, n_misses: state.n_misses.max(1), ..state };
        let decision = decide(&state, &heard, verified);
        prop_assert!(!matches!(decision, Decision::Miss { .. } | Decision::OutOfScope), "{decision:?}");
    }

    #[test]
    fn a_visitor_is_told_the_same_whether_there_are_accounts_or_not(
        turns in proptest::collection::vec(pushing(), 1..6),
    ) {
        let (told_by_all, n_read) = told(Watched::new(true), &turns);
        prop_assert_eq!(n_read, 0, "an account was read for somebody whom nobody knows");
        let verified = told_by_all.iter().any(|it| it.what.kind() == "verified");
        prop_assert!(!verified);
        let (told_by_none, _) = told(Watched::new(false), &turns);
        prop_assert_eq!(told_by_all, told_by_none);
    }

    #[test]
    fn any_log_folds_without_a_panic_and_ends_with_its_last_owner(events in proptest::collection::vec(event(), 0..30)) {
        let mut log = Vec::new();
        for (from, what) in events {
            let seq = u32::try_from(log.len() + 1).expect("logs are short here");
            log.push(Event { seq, at_ms: 0, from, name: Some("Ben".to_owned()), what });
        }
        let state = State::fold(&log);
        prop_assert_eq!(state.seq as usize, log.len());
        let last = log.iter().rev().find_map(|it| match &it.what {
            What::Owner(change) => Some(change.owner),
            _ => None,
        });
        prop_assert_eq!(state.owner, last.unwrap_or(Owner::Bot));
        let mut step_by_step = State::default();
        for event in &log {
            step_by_step.apply(event);
        }
        prop_assert_eq!(step_by_step, state);
    }
}

fn event() -> impl Strategy<Value = (Sender, What)> {
    let from = prop_oneof![Just(Sender::Customer), Just(Sender::Bot), Just(Sender::Staff), Just(Sender::System)];
    let did = prop_oneof![
        Just(Did::Answered),
        Just(Did::Asked),
        Just(Did::AskedAgain),
        Just(Did::Offered),
        Just(Did::Missed),
        Just(Did::Talked),
        Just(Did::StartedOver),
    ];
    let step = (did, proptest::option::of(intent()), proptest::option::of("[a-z]{1,5}"))
        .prop_map(|(did, intent, asks)| Step { did, intent, asks, ..Step::default() });
    let message = (any::<String>(), proptest::option::of(step))
        .prop_map(|(text, step)| What::Message(Message { text, step, ..Message::default() }));
    let owner = prop_oneof![Just(Owner::Bot), Just(Owner::Queue), Just(Owner::Staff), Just(Owner::Nobody)];
    let reason =
        prop_oneof![Just(Reason::Asked), Just(Reason::Taken), Just(Reason::Reopened), Just(Reason::HandedBack)];
    let change = (owner, reason, any::<u32>()).prop_map(|(owner, reason, epoch)| {
        What::Owner(OwnerChange { owner, epoch, staff: None, reason, urgent: false })
    });
    (from, prop_oneof![4 => message, 1 => change])
}

fn line(kind: LineKind, label: &str, minor: i64, currency: Currency) -> Line {
    Line { label: label.to_owned(), kind, amount: Money::new(minor, currency), from: None, to: None }
}

/// A bill whose total is what is said, whether the lines come to it or not.
fn bill(lines: Vec<Line>, total: i64, currency: Currency) -> Invoice {
    let day = Date::constant(2026, 6, 1);
    Invoice {
        number: "INV-1".to_owned(),
        issued: day,
        due: day,
        lines,
        total: Money::new(total, currency),
        paid: Money::zero(currency),
        tax: Money::zero(currency),
        tax_percent: None,
        void: false,
    }
}

fn currency() -> impl Strategy<Value = Currency> {
    proptest::sample::select(vec!["GBP", "JPY", "KWD"]).prop_map(|it| Currency::new(it).expect("a code"))
}

/// Any lines at all, in one currency or now and then in two.
fn any_bill() -> impl Strategy<Value = Invoice> {
    let minor = prop_oneof![4 => -50_000..50_000_i64, 1 => any::<i64>()];
    let label = proptest::sample::select(vec!["Standard", "Plus", "VAT", "Engineer visit", "", "ÄÖ  \u{202e}x"]);
    let other = prop_oneof![19 => Just(None), 1 => currency().prop_map(Some)];
    let lines = proptest::collection::vec((0..LineKind::ALL.len(), label, minor, other), 0..12);
    let total = prop_oneof![5 => Just(None), 1 => any::<i64>().prop_map(Some), 1 => (-99..99_i64).prop_map(Some)];
    (currency(), lines, total).prop_map(|(currency, lines, total)| {
        let lines: Vec<Line> = (lines.into_iter())
            .map(|(kind, label, minor, other)| line(LineKind::ALL[kind], label, minor, other.unwrap_or(currency)))
            .collect();
        let sum = lines.iter().fold(0_i64, |sum, it| sum.wrapping_add(it.amount.minor));
        bill(lines, total.unwrap_or(sum), currency)
    })
}

/// Everything that can make a bill differ from the one before, each by an amount of its own or not at all.
fn happenings() -> impl Strategy<Value = [i64; 11]> {
    let amount = prop_oneof![1 => Just(0_i64), 2 => 1..5_000_i64];
    proptest::collection::vec(amount, 11).prop_map(|it| it.try_into().expect("there are eleven"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn causes_sum_to_the_difference_or_none_is_shown(newer in any_bill(), older in any_bill()) {
        let explanation = explain(&newer, &older);
        let sum: i128 = explanation.causes.iter().map(|it| i128::from(it.amount.minor)).sum();
        if explanation.complete {
            prop_assert_eq!(sum, i128::from(newer.total.minor) - i128::from(older.total.minor));
            prop_assert!(explanation.causes.iter().all(|it| it.amount.currency == newer.total.currency));
            prop_assert!(explanation.causes.iter().all(|it| it.amount.minor != 0 && !it.text.is_empty()));
        } else {
            prop_assert!(explanation.causes.is_empty());
        }
        let countable = |it: &Line| it.amount.minor.unsigned_abs() < u64::MAX / 64;
        let honest = |it: &Invoice| it.adds_up() && it.lines.iter().all(countable);
        let same = newer.total.currency == older.total.currency;
        prop_assert!(explanation.complete || !(same && honest(&newer) && honest(&older)), "it could be explained");
    }

    #[test]
    fn each_thing_that_happened_is_a_cause_with_its_exact_amount(
        happened in happenings(),
        moves_plan: bool,
        currency in currency(),
        turn in 0..12_usize,
    ) {
        let [visit, usage, price, part, credit, discount, tax, late_fee, refund, carried, paper] = happened;
        let of = |kind, label: &str, minor| line(kind, label, minor, currency);
        let mut older = vec![of(LineKind::Plan, "Standard", 3_000), of(LineKind::Tax, "VAT", 600)];
        let mut newer = vec![of(LineKind::Tax, "VAT", 600 + tax)];
        let mut expected = vec![tax, price, usage];
        newer.push(of(LineKind::Plan, if moves_plan { "Plus" } else { "Standard" }, 3_000 + price));
        older.push(of(LineKind::Usage, "Calls to mobiles", 120));
        newer.push(of(LineKind::Usage, "Calls to mobiles", 120 + usage));
        let only_on_newer = [
            of(LineKind::OneOff, "Engineer visit", visit),
            of(LineKind::PartMonth, "Plus", part),
            of(LineKind::LateFee, "Late payment fee", late_fee),
            of(LineKind::Refund, "A bill paid twice", -refund),
            of(LineKind::CarriedOver, "From May", carried),
            of(LineKind::Fee, "Paper bills", paper),
        ];
        let only_on_older =
            [of(LineKind::Credit, "Days without internet", -credit), of(LineKind::Discount, "Welcome discount", -discount)];
        for it in only_on_newer.into_iter().filter(|it| it.amount.minor != 0) {
            expected.push(it.amount.minor);
            newer.push(it);
        }
        for it in only_on_older.into_iter().filter(|it| it.amount.minor != 0) {
            expected.push(-it.amount.minor);
            older.push(it);
        }
        // The order of a bill's lines says nothing.
        let turn = turn % newer.len();
        newer.rotate_left(turn);
        let total = |lines: &[Line]| lines.iter().map(|it| it.amount.minor).sum();
        let (sum_of_newer, sum_of_older) = (total(&newer), total(&older));
        let explanation = explain(&bill(newer, sum_of_newer, currency), &bill(older, sum_of_older, currency));
        let mut found: Vec<i64> = explanation.causes.iter().map(|it| it.amount.minor).collect();
        expected.retain(|it| *it != 0);
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert!(explanation.complete);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn every_bill_of_the_demo_is_explained_on_any_day(who in 0..250_usize, days in 0..1_500_i64) {
        let today = Date::constant(2026, 6, 1).saturating_add(jiff::Span::new().days(days));
        let ids: Vec<String> = demo::ids(today).collect();
        let account = demo::account(&ids[who % ids.len()], today).expect("who is listed has an account");
        for pair in account.invoices.windows(2) {
            prop_assert!(explain(&pair[0], &pair[1]).complete, "{} on {today}: {}", account.customer, pair[0].number);
        }
    }
}

/// An account with a few bills of every kind, payments on their way or failed, and credit.
fn any_account() -> impl Strategy<Value = Account> {
    let bills = proptest::collection::vec((-600..6_000_i64, 0..=5_u8, any::<bool>()), 1..6);
    let payment = proptest::option::of((1..9_000_i64, any::<bool>()));
    (bills, payment, prop_oneof![Just(0_i64), 1..3_000_i64], any::<bool>(), 0..3_u8).prop_map(
        |(bills, payment, credit, autopay, standing)| {
            let today = Date::constant(2026, 6, 16);
            let mut account = demo::account("all-quiet", today).expect("a demo customer");
            let template = account.invoices[0].clone();
            let currency = account.currency;
            account.invoices = (bills.into_iter().enumerate())
                .map(|(at, (total, paid, void))| {
                    let back = jiff::Span::new().months(i64::try_from(at).expect("few"));
                    let issued = Date::constant(2026, 6, 1).saturating_sub(back);
                    // Nothing, a part, all of it, or more than that.
                    let paid =
                        [0, 0, total.max(0) / 2, total.max(0), total.max(0), total.max(0) + 700][usize::from(paid)];
                    Invoice {
                        number: format!("INV-{}", 900 - at),
                        issued,
                        due: issued.saturating_add(jiff::Span::new().days(14)),
                        total: Money::new(total, currency),
                        paid: Money::new(paid, currency),
                        lines: vec![line(LineKind::Plan, "Standard", total, currency)],
                        void: void && at == 2,
                        ..template.clone()
                    }
                })
                .collect();
            account.credit = Money::new(credit, currency);
            account.autopay = autopay;
            account.standing = [Standing::Active, Standing::Active, Standing::Paused][usize::from(standing)];
            account.payments = payment.map_or(Vec::new(), |(amount, failed)| {
                let status = if failed { PaymentStatus::Failed } else { PaymentStatus::Pending };
                let of = demo::account("payment-pending", today).expect("a demo customer").payments[0].clone();
                vec![Payment { status, amount: Money::new(amount, currency), ..of }]
            });
            account
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever bills there are, no answer says of them what isn't so, and what counts isn't left out.
    #[test]
    fn no_answer_contradicts_the_account(account in any_account()) {
        let today = Date::constant(2026, 6, 16);
        let content = &**CONTENT;
        let speaker = Speaker::new(content, Some(&account), &[], true, today, "");
        let (slots, wait) = (BTreeMap::new(), WaitFacts::default());
        let money = |it: Money| it.text();
        let owes = 0 < account.balance().minor;
        let is_coming = account.payments.iter().any(|it| it.status == PaymentStatus::Pending);
        let paid = regex::Regex::new(r"Your (\w+) bill (?:for \S+ )?is paid").expect("a pattern");
        let owing = regex::Regex::new(r"You (?:still )?owe (£[\d,.]*\d)").expect("a pattern");
        let holds = |when: &Option<String>| when.as_ref().is_none_or(|it| speaker.holds(it, &slots));
        let follow_ups = content.follow_ups.values().filter(|it| holds(&it.file.when)).map(|it| &it.intent);
        for intent in content.intents.values().chain(follow_ups) {
            if !speaker.answers(intent, &slots) {
                continue;
            }
            let name = &intent.name;
            let answer = speaker.answer(intent, &slots, &wait, None);
            prop_assert!(answer.is_ok(), "{name}: {:?}\n{account:#?}", answer.err());
            let Ok(Answer { text: said, .. }) = answer else { continue };
            for nothing in ["owe nothing", "don't owe anything", "Nothing is due right now"] {
                prop_assert!(!owes || !said.contains(nothing), "{name}: {said}\n{account:#?}");
            }
            for found in paid.captures_iter(&said) {
                let is_so = |it: &&Invoice| it.issued.strftime("%B").to_string() == found[1] && it.owed().minor == 0;
                let bill = account.invoices.iter().find(is_so);
                prop_assert!(bill.is_some_and(|it| 0 <= it.total.minor && !it.void), "{name}: {said}\n{account:#?}");
            }
            for found in owing.captures_iter(&said) {
                let figures = account.invoices.iter().map(Invoice::owed).chain([account.balance()]);
                prop_assert!(figures.map(money).any(|it| it == found[1]), "{name}: {said}\n{account:#?}");
            }
            let invites = ["make_payment", "payment_extension", "check_balance_due", "check_due_date"];
            if owes && invites.contains(&name.as_str()) {
                prop_assert!(!is_coming || said.contains("on its way"), "{name}: {said}\n{account:#?}");
                let credit = account.credit;
                prop_assert!(credit.minor == 0 || said.contains(&money(credit)), "{name}: {said}\n{account:#?}");
                let open = account.invoices.iter().filter(|it| 0 < it.owed().minor);
                let first = open.min_by_key(|it| it.due).expect("something is owed");
                let month = first.issued.strftime("%B").to_string();
                prop_assert!(said.contains(&month) || said.contains(&money(account.balance())), "{name}: {said}");
                let beyond = account.overpaid();
                prop_assert!(beyond.minor == 0 || said.contains(&money(beyond)), "{name}: {said}\n{account:#?}");
            }
        }
    }
}
