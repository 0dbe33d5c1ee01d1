//! Money never moves twice: the real program, killed at every step between the tap and the receipt.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::house::{Customer, PATIENCE};
use crate::killing::{Program, free_port};

/// When the program is killed: as soon as the query finds something.
const STEPS: [(&str, Option<&str>); 5] = [
    ("the tap is acked", None),
    ("it is written down", Some("select count(*) from actions where customer = $1")),
    ("billing has done it", Some("select count(*) from demo_acts where customer = $1")),
    (
        "it is written down that it was done",
        Some("select count(*) from actions where customer = $1 and status = 'done'"),
    ),
    (
        "the receipt is written",
        Some(
            "select count(*) from events join conversations on conversations.id = conversation_id \
             where customer = $1 and kind = 'receipt'",
        ),
    ),
];

/// Who has what done, one for each step: what can be done on any day, since the program goes by the real one.
const WISHES: [(&str, &str, &str); 5] = [
    ("first-late-fee", "can you take the late fee off my bill", "do:late_fee_waiver"),
    ("one-off-fee", "I want to cancel my subscription", "do:cancel_subscription"),
    ("all-quiet", "I want to cancel my subscription", "do:cancel_subscription"),
    ("price-rise", "please stop the automatic payments", "do:cancel_autopay"),
    ("in-contract", "I want to leave and cancel my contract", "do:cancel_subscription"),
];

async fn count(data: &Path, query: &'static str, customer: &str) -> i64 {
    let url = format!("sqlite://{}?mode=ro", data.join("plainbill.db").display());
    let mut db = SqliteConnection::connect(&url).await.expect("the store can be read");
    let (n,): (i64,) = sqlx::query_as(query).bind(customer).fetch_one(&mut db).await.expect("it can be counted");
    n
}

fn token(data: &Path, customer: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_plainbill"))
        .args(["token", "--customer", customer, "--data"])
        .arg(data)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("it is text").trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step_an_action_is_done_once_and_receipted_once() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let mut program = Program::start(data.path(), port).await;
    for ((step, query), (id, text, choice)) in STEPS.into_iter().zip(WISHES) {
        let mut customer = Customer::connect(program.address, None).await;
        customer.send(json!({ "type": "hello", "identity": token(data.path(), id) })).await;
        customer.welcomed().await;
        customer.says(text).await;
        let offer = customer.hears_event().await;
        assert!(offer["choices"].as_array().is_some_and(|it| it.iter().any(|it| it["id"] == choice)), "{id}: {offer}");
        let key = customer.key();
        let tap = json!({ "type": "choose", "key": key, "choice": choice });
        customer.send(tap.clone()).await;
        let seq = customer.acked(&key).await;
        if let Some(query) = query {
            let until = tokio::time::Instant::now() + PATIENCE;
            while count(data.path(), query, id).await == 0 {
                assert!(tokio::time::Instant::now() < until, "{step} never comes");
                tokio::task::yield_now().await;
            }
        }
        program.kill();
        program = Program::start(data.path(), port).await;
        let mut again = customer.comes_back(program.address, 0).await;
        while again.n_receipts() == 0 {
            again.frame().await;
        }
        // The widget sends again what it has no ack for: it is the same tap.
        again.send(tap).await;
        assert_eq!(again.acked(&key).await, seq, "{step}");
        again.hears_nothing().await;
        let counts = [
            again.n_receipts() as i64,
            count(data.path(), STEPS[1].1.expect("it has a query"), id).await,
            count(data.path(), STEPS[2].1.expect("it has a query"), id).await,
            count(data.path(), STEPS[3].1.expect("it has a query"), id).await,
            count(data.path(), STEPS[4].1.expect("it has a query"), id).await,
        ];
        assert_eq!(counts, [1; 5], "killed when {step}: receipts seen, begun, effects, done, receipts kept");
    }
    program.kill();
}
