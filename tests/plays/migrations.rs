//! Every schema holds data of its time, and data of every schema can be read by the newest program.

use std::path::Path;

use plainbill::conversation::{ConversationId, CustomerId, Owner, Reason, StaffId, What};
use plainbill::store::{self, Store, StoreError, StoreSettings};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{Connection, SqliteConnection};

use crate::postgres::Postgres;

/// What somebody had in the store when a schema was the newest, by its number. A new migration needs a new one.
const SAMPLES: [(i64, &str); 9] = [
    (
        1,
        r#"
        insert into conversations (id, secret_hash, owner, epoch, staff, customer, last_seq, customer_seq, answered_seq,
            queued_at_ms, reason, urgent, opened_at_ms, last_at_ms, last_text, locale, page_url)
        values ('old', 'hash', 'queue', 1, null, 'all-quiet', 2, 1, 0, 2000, 'asked', 0, 1000, 2000,
            'may I speak to someone', 'en-GB', 'https://shop.example/bills');
        insert into events (conversation_id, seq, at_ms, sender, name, kind, body, key)
        values ('old', 1, 1000, 'customer', null, 'message', '{"kind":"message","text":"may I speak to someone"}', 'k1'),
            ('old', 2, 2000, 'system', null, 'owner',
                '{"kind":"owner","owner":"queue","epoch":1,"reason":"asked","urgent":false}', null);
        insert into understood (conversation_id, seq, guess)
        values ('old', 1,
            '{"verdict":"answer","ranked":[{"intent":"talk_to_human","confidence":0.97}],"known":0.9}');
        "#,
    ),
    (
        2,
        "
        insert into staff (id, login, name, role, password_hash, added_at_ms)
        values ('s1', 'ben', 'Ben', 'answers', 'phc', 1000);
        insert into staff_sessions (hash, staff_id, opened_at_ms, expires_at_ms) values ('session', 's1', 1000, 9000);
        insert into stints (conversation_id, epoch, staff, waited_ms, began_at_ms, ended_at_ms)
        values ('old', 2, 's1', 500, 2500, 3500);
        insert into promises (conversation_id, seq, due_at_ms, text, made_at_ms, settled_at_ms)
        values ('old', 2, 8000, 'A colleague writes by noon.', 2000, null);
        ",
    ),
    (
        3,
        r#"
        insert into causes (id, name, status, created_at_ms, centroid)
        values ('cause', 'Asks for a person', 'open', 3000, 'AACAPwAAAAA=');
        insert into questions (id, conversation_id, seq, text, why, guess, before, asked_at_ms, cause_id, vector)
        values ('q1', 'old', 1, 'may I speak to someone', 'missed', '{"verdict":"no_idea","ranked":[],"known":0.1}',
            '["hello"]', 3000, 'cause', 'AACAPwAAAAA=');
        "#,
    ),
    (4, "insert into settings (name, value) values ('installation', 'first');"),
    (
        5,
        r#"
        insert into demo_acts (customer, n, key, act, done, at_ms)
        values ('all-quiet', 1, 'stop', '{"act":"stop_autopay"}', '{"reference":"CH-23039-1","on":"2026-06-16"}', 5000);
        "#,
    ),
    (
        6,
        r#"
        insert into actions (key, action, customer, conversation_id, seq, clause, deed, words, status, reference,
            done_on, why, begun_at_ms, ended_at_ms)
        values ('stop_autopay:old:1', 'stop_autopay', 'all-quiet', 'old', 1, 'change_days, version 1',
            '{"do":"act","act":{"act":"stop_autopay"}}',
            '{"receipt":{"action":"stop_autopay","text":"It is off."},"refused":"It is on.","then":"wait","survey":false}',
            'done', 'CH-23039-1', '2026-06-16', null, 6000, 6001);
        "#,
    ),
    (
        7,
        "
        insert into codes (conversation_id, digest, email, customer, n_wrong, ends_at_ms)
        values ('old', 'digest', 'email', 'all-quiet', 2, 9000);
        insert into code_marks (id, kind, email, network, at_ms)
        values ('m1', 'asked', 'email', 'network', 1000), ('m2', 'paused', 'email', '', 2000);
        ",
    ),
    (
        8,
        r#"
        insert into actions (key, action, customer, conversation_id, seq, clause, deed, words, status, reference,
            done_on, why, begun_at_ms, ended_at_ms, staff, reason, settle_due_ms, letter, letter_due_ms)
        values ('give_credit:old:s1:k', 'give_credit', 'all-quiet', 'old', 0, 'staff_goodwill, version 1', '{}', '{}',
            'begun', null, null, null, 5000, null, 's1', 'nobody came', 7000, null, null);
        "#,
    ),
    (
        9,
        r#"
        insert into conversations (id, secret_hash, owner, epoch, last_seq, customer_seq, answered_seq, urgent,
            opened_at_ms, last_at_ms, last_text)
        values ('checked', 'hash', 'bot', 0, 1, 1, 0, 0, 9000, 9000, 'how do I pay');
        insert into events (conversation_id, seq, at_ms, sender, name, kind, body, key, checksum, checksum_before)
        values ('checked', 1, 9000, 'customer', null, 'message', '{"kind":"message","text":"how do I pay"}', 'k1',
            6042090183289718460, null);
        "#,
    ),
];

/// Brings a database from nothing to the newest schema, with the sample data of each put in at its time.
async fn live_through<C>(connection: &mut C) -> anyhow::Result<()>
where
    C: Migrate,
    for<'c> &'c mut C: sqlx::Executor<'c>,
{
    let all = Migrator::new(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/migrations"))).await?;
    let versions: Vec<i64> = all.iter().map(|migration| migration.version).collect();
    assert_eq!(versions, SAMPLES.map(|(version, _)| version), "each migration has sample data, and is in order");
    for (version, sample) in SAMPLES {
        all.run_direct(Some(version), connection, false).await?;
        sqlx::Executor::execute(&mut *connection, sqlx::raw_sql(sample)).await?;
    }
    Ok(())
}

/// The newest program finds all of it.
async fn is_all_there(store: &Store) -> anyhow::Result<()> {
    let id = ConversationId::new("old");
    let record = store.conversation(&id).await?;
    assert_eq!((record.owner, record.reason, record.queued_at_ms), (Owner::Queue, Some(Reason::Asked), Some(2000)));
    assert_eq!(record.locale.as_deref(), Some("en-GB"));
    let events = store.events(&id, 0, 10).await?;
    assert_eq!(events.len(), 2);
    let checked = store.events(&ConversationId::new("checked"), 0, 10).await?;
    assert_eq!(checked.len(), 1);
    assert!(events.iter().chain(&checked).all(|it| it.event.what != What::Damaged), "with a checksum and without");
    let done = store.actions(None, 10).await?;
    let untold = store.actions_to_settle(i64::MAX, 10).await?;
    assert_eq!(untold.len(), 1, "what was told before there was a note of it is not told again");
    assert_eq!(untold[0].new.by, Some((StaffId::new("s1"), "nobody came".to_owned())));
    assert_eq!(done.first().and_then(|it| it.reference.as_deref()), Some("CH-23039-1"));
    assert_eq!(store.understood(&id, 1, 10).await?.len(), 1);
    assert_eq!(store.staff_by_login("ben").await?.staff.id, StaffId::new("s1"));
    assert!(store.session("session", 8999).await?.is_some());
    assert_eq!(store.recent_stints(10).await?[0].lasted_ms, Some(1000));
    assert_eq!(store.open_promises(10).await?.len(), 1);
    let causes = store.causes().await?;
    assert_eq!((causes[0].count, causes[0].centroid.as_slice()), (1, [1.0, 0.0].as_slice()));
    assert_eq!(store.questions(Default::default(), 10).await?[0].before, ["hello"]);
    assert_eq!(store.setting("installation").await?.as_deref(), Some("first"));
    assert_eq!(store.code(&id).await?.map(|it| (it.n_wrong, it.ends_at_ms)), Some((2, 9000)));
    assert_eq!(store.codes_paused("email", 1999).await?, Some(2000));
    assert_eq!(store.codes_paused("email", 2000).await?, None);
    assert_eq!(store.codes_asked("email", "network", 0).await?.0.count, 1);
    let acts = store.demo_acts(&CustomerId::new("all-quiet"), 10).await?;
    assert_eq!((acts.len(), acts[0].key.as_str(), acts[0].at_ms), (1, "stop", 5000));
    Ok(())
}

const FROM_THE_FUTURE: &str = "insert into _sqlx_migrations (version, description, installed_on, success, checksum, \
     execution_time) values (9000, 'from the future', current_timestamp, true, '', 0)";

fn is_refused(opened: Result<Store, StoreError>) {
    let error = opened.err().expect("a newer schema is refused");
    let (known, _) = SAMPLES[SAMPLES.len() - 1];
    assert_eq!(error, StoreError::Newer { found: 9000, known });
    assert!(error.to_string().contains("start the newer program"), "{error}");
}

#[tokio::test]
async fn data_of_every_schema_survives_on_sqlite_and_a_newer_one_is_refused() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("plainbill.db").display());
    let mut connection = SqliteConnection::connect(&url).await?;
    live_through(&mut connection).await?;
    let settings = StoreSettings { data: folder.path().to_owned(), ..StoreSettings::default() };
    for _ in 0..2 {
        let store = Store::open(&settings).await?;
        is_all_there(&store).await?;
        store.close().await;
        let findings = store::check(&settings).await?;
        assert!(findings.is_sound(), "{findings:?}");
        assert_eq!((findings.conversations, findings.events, findings.unchecked), (2, 3, 2));
    }
    sqlx::raw_sql(FROM_THE_FUTURE).execute(&mut connection).await?;
    connection.close().await?;
    is_refused(Store::open(&settings).await);
    Ok(())
}

#[tokio::test]
async fn data_of_every_schema_survives_on_postgresql_and_a_newer_one_is_refused() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    let mut connection = sqlx::PgConnection::connect(&postgres.url()).await?;
    live_through(&mut connection).await?;
    let settings = StoreSettings { url: Some(postgres.url()), ..StoreSettings::default() };
    for _ in 0..2 {
        let store = Store::open(&settings).await?;
        is_all_there(&store).await?;
        store.close().await;
        let findings = store::check(&settings).await?;
        assert!(findings.is_sound(), "{findings:?}");
        assert_eq!((findings.conversations, findings.events, findings.unchecked), (2, 3, 2));
    }
    sqlx::raw_sql(FROM_THE_FUTURE).execute(&mut connection).await?;
    connection.close().await?;
    is_refused(Store::open(&settings).await);
    Ok(())
}

#[tokio::test]
async fn a_damaged_file_is_refused_at_the_start() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = StoreSettings { data: folder.path().to_owned(), ..StoreSettings::default() };
    let store = Store::open(&settings).await?;
    for i in 0..100 {
        store.set_setting(&format!("setting {i}"), "x".repeat(1000)).await?;
    }
    store.close().await;
    let file = folder.path().join("plainbill.db");
    let mut bytes = std::fs::read(&file)?;
    // Past the first pages, which hold the schema: the damage is found by looking, not by opening.
    for byte in bytes.iter_mut().skip(30 * 4096).step_by(7) {
        *byte = !*byte;
    }
    std::fs::write(&file, bytes)?;
    let error = Store::open(&settings).await.err().expect("a damaged file is refused");
    assert!(matches!(error, StoreError::Broken { .. }), "{error}");
    assert!(error.to_string().contains("restore the newest backup"), "{error}");
    std::fs::write(&file, "this is no database at all, it is a shopping list".repeat(200))?;
    let error = Store::open(&settings).await.err().expect("another file is refused");
    assert!(matches!(error, StoreError::Broken { .. }), "{error}");
    Ok(())
}
