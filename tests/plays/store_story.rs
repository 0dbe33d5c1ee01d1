//! The store's whole story, told on SQLite and on PostgreSQL: every function, races, full disks, lost servers, the bus.

use std::collections::BTreeSet;
use std::time::Duration;

use plainbill::conversation::{
    Candidate, ConversationId, CustomerId, Epoch, Guess, Message, NewEvent, Owner, OwnerChange, Rating, Reason, Sender,
    Seq, StaffId, Verdict, What,
};
use plainbill::store::{
    self, ActionEnd, Append, AssignTo, CodeChange, CodeLimits, CodeRecord, Expect, List, NewAction, NewPromise,
    NewQuestion, NewStaff, Opening, Promise, QuestionFilter, Role, Stint, Store, StoreError, StoreSettings, Trouble,
    Typing, Why,
};

use crate::postgres::{Nats, Postgres};

/// Longer than anything here takes; whoever waits this long has lost something.
const TOO_LONG: Duration = Duration::from_secs(30);

fn id(text: &str) -> ConversationId {
    ConversationId::new(text)
}

fn says(from: Sender, text: &str) -> NewEvent {
    let name = (from == Sender::Staff).then(|| "Ben".to_owned());
    NewEvent { from, name, what: What::Message(Message { text: text.to_owned(), ..Message::default() }) }
}

fn changes(owner: Owner, epoch: Epoch, staff: Option<&str>, reason: Reason) -> NewEvent {
    let change = OwnerChange { owner, epoch, staff: staff.map(StaffId::new), reason, urgent: reason == Reason::Urgent };
    NewEvent { from: Sender::System, name: None, what: What::Owner(change) }
}

/// An append that opens the conversation where needed.
fn append(conversation: &str, at_ms: i64, events: Vec<NewEvent>) -> Append {
    let opening = Opening { secret_hash: format!("hash of {conversation}"), ..Opening::default() };
    Append { opening: Some(opening), events, ..Append::new(id(conversation), at_ms) }
}

fn keyed(append: Append, key: &str) -> Append {
    Append { key: Some(key.to_owned()), ..append }
}

async fn texts(store: &Store, conversation: &str) -> anyhow::Result<Vec<String>> {
    let events = store.events(&id(conversation), 0, 1000).await?;
    Ok(events
        .into_iter()
        .map(|logged| match logged.event.what {
            What::Message(message) => message.text,
            other => other.kind().to_owned(),
        })
        .collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_of_the_store_on_sqlite() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = StoreSettings { data: folder.path().join("data 50%? #1"), ..StoreSettings::default() };
    story(&settings).await?;
    for name in ["plainbill.db", "plainbill.db-wal"] {
        use std::os::unix::fs::PermissionsExt;
        if let Ok(about) = std::fs::metadata(settings.data.join(name)) {
            assert_eq!(about.permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_of_the_store_on_postgresql() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    story(&StoreSettings { url: Some(postgres.url()), ..StoreSettings::default() }).await
}

async fn story(settings: &StoreSettings) -> anyhow::Result<()> {
    let store = Store::open(settings).await?;
    a_conversation_is_kept(&store).await?;
    what_is_expected_is_checked(&store).await?;
    the_owner_changes(&store).await?;
    feedback_is_kept(&store).await?;
    staff_come_and_go(&store).await?;
    settings_are_kept(&store).await?;
    codes_are_counted(&store).await?;
    what_was_given_up_and_ends_is_told(&store).await?;
    appends_race(&store).await?;
    store.probe(1).await?;
    store.close().await;
    let refused = store.append(append("c1", 1, vec![])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "a closed store refuses: {refused:?}");
    let again = Store::open(settings).await?;
    assert_eq!(again.events(&id("race"), 0, 1000).await?.len(), 800, "all is there after a restart");
    again.close().await;
    let findings = store::check(settings).await?;
    assert!(findings.is_sound() && findings.unchecked == 0, "{findings:?}");
    Ok(())
}

/// An action whose end nobody knew, of which the conversation was told so: once it ends, that is told too, and once.
async fn what_was_given_up_and_ends_is_told(store: &Store) -> anyhow::Result<()> {
    store.append(append("given up", 1_000, vec![says(Sender::Customer, "the late fee")])).await?;
    let new = |conversation: &str, key: &str| NewAction {
        key: key.to_owned(),
        action: "take_off_late_fee".to_owned(),
        customer: CustomerId::new("first-late-fee"),
        conversation: id(conversation),
        seq: 1,
        clause: "late_fee, version 1".to_owned(),
        deed: "{}".to_owned(),
        words: "{}".to_owned(),
        by: None,
        letter: None,
    };
    let tells = |at_ms: i64| Append {
        tells: vec!["fee".to_owned()],
        ..append("given up", at_ms, vec![says(Sender::Bot, "…")])
    };
    store.begin_action(new("given up", "fee"), 1_000, 61_000).await?;
    store.give_up_action("fee", "billing never answered").await?;
    store.append(tells(2_000)).await?;
    assert_eq!(store.action("fee").await?.map(|it| it.told), Some(true));
    let done = ActionEnd::Done { reference: "CR-1".to_owned(), on: "2026-06-16".to_owned() };
    assert!(!store.end_action("fee", done.clone(), 3_000).await?.told, "nobody has been told of the end");
    assert_eq!(store.actions_to_settle(3_000, 10).await?.len(), 1);
    store.append(tells(4_000)).await?;
    assert_eq!(store.append(tells(5_000)).await.err(), Some(StoreError::Conflict), "it is told once");
    store.begin_action(new("given up", "other fee"), 6_000, 66_000).await?;
    store.end_action("other fee", done, 7_000).await?;
    assert!(store.actions_to_settle(65_999, 10).await?.is_empty(), "it is left to whoever began it");
    assert_eq!(store.actions_to_settle(66_000, 10).await?.len(), 1);
    Ok(())
}

/// One-time codes: as many as the limits allow, five tries, once.
async fn codes_are_counted(store: &Store) -> anyhow::Result<()> {
    let code = CodeRecord {
        digest: "digest".into(),
        email: "email".into(),
        customer: Some(CustomerId::new("price-rise")),
        n_wrong: 0,
        ends_at_ms: 9_000,
    };
    let limits = CodeLimits { per_email: 2, per_network: 3, since_ms: 0 };
    let new = |code: &CodeRecord| CodeChange::New {
        code: code.clone(),
        network: "network".into(),
        limits,
        letter_due_ms: 3_000,
    };
    let keep = async |change: CodeChange, at_ms: i64| {
        let events = vec![says(Sender::Bot, "…")];
        store.append(Append { code: Some(change), ..append("codes", at_ms, events) }).await
    };
    keep(new(&code), 1_000).await?;
    assert_eq!(store.code(&id("codes")).await?, Some(code.clone()));
    for n_wrong in 1..5 {
        keep(CodeChange::Wrong { tries_max: 5 }, 1_100).await?;
        assert_eq!(store.code(&id("codes")).await?.map(|it| it.n_wrong), Some(n_wrong));
    }
    assert_eq!(store.codes_paused("email", 0).await?, None);
    keep(CodeChange::Wrong { tries_max: 5 }, 1_200).await?;
    assert_eq!((store.code(&id("codes")).await?, store.codes_paused("email", 0).await?), (None, Some(1_200)));
    let gone = keep(CodeChange::Wrong { tries_max: 5 }, 1_300).await;
    assert_eq!(gone.err(), Some(StoreError::Conflict));
    keep(new(&code), 2_000).await?;
    assert_eq!(keep(new(&code), 2_100).await.err(), Some(StoreError::Conflict), "the address has had enough");
    let other = CodeRecord { email: "other".into(), ..code.clone() };
    keep(new(&other), 2_200).await?;
    assert_eq!(
        keep(new(&CodeRecord { email: "third".into(), ..other }), 2_300).await.err(),
        Some(StoreError::Conflict)
    );
    let (for_email, from_network) = store.codes_asked("email", "network", 0).await?;
    assert_eq!((for_email.count, for_email.first_at_ms, from_network.count), (2, Some(1_000), 3));
    keep(CodeChange::Used, 2_400).await?;
    assert_eq!(keep(CodeChange::Used, 2_500).await.err(), Some(StoreError::Conflict), "a code counts once");

    let verified = |customer: &str| {
        let what = What::Verified { customer: CustomerId::new(customer), until_ms: i64::MAX, by: None };
        let expect = Expect { unverified: true, ..Expect::default() };
        Append { expect, ..append("codes", 3_000, vec![NewEvent { from: Sender::System, name: None, what }]) }
    };
    store.append(verified("price-rise")).await?;
    let refused = store.append(verified("one-off-fee")).await;
    assert_eq!(refused.err(), Some(StoreError::Conflict), "nobody becomes somebody else");
    store.change_secret(&id("codes"), "another hash").await?;
    assert_eq!(store.conversation(&id("codes")).await?.secret_hash, "another hash");
    Ok(())
}

async fn a_conversation_is_kept(store: &Store) -> anyhow::Result<()> {
    assert_eq!(store.conversation(&id("c1")).await, Err(StoreError::NotFound));
    let nowhere = Append { opening: None, ..append("c1", 1000, vec![says(Sender::Customer, "hello")]) };
    assert_eq!(store.append(nowhere).await, Err(StoreError::NotFound));

    let mut first = keyed(append("c1", 1000, vec![says(Sender::Customer, "why is it £4.00 more? 📈\0")]), "k1");
    first.opening = Some(Opening {
        secret_hash: "hash".into(),
        customer: Some(CustomerId::new("price-rise")),
        locale: Some("en-GB".into()),
        page_url: Some("https://shop.example/\0bills".into()),
        verified_until_ms: i64::MAX,
    });
    let kept = store.append(first.clone()).await?;
    assert_eq!((kept.seq, kept.at_ms, kept.repeated, kept.events.len()), (1, 1000, false, 1));
    assert_eq!(kept.events[0].key.as_deref(), Some("k1"));
    assert_eq!(store.unanswered(10).await?, [id("c1")]);

    assert_eq!(store.find_key(&id("c1"), "k1").await?, Some((1, 1000)));
    assert_eq!(store.find_key(&id("c1"), "k2").await?, None);
    let late = Append { at_ms: 9000, expect: Expect { epoch: Some(77), ..Expect::default() }, ..first.clone() };
    let again = store.append(late).await?;
    assert_eq!((again.seq, again.at_ms, again.repeated, again.events.len()), (1, 1000, true, 0));

    let guess = Guess {
        verdict: Verdict::Answer,
        ranked: vec![Candidate { intent: "explain_bill_increase".into(), confidence: 0.93 }],
        known: 0.8,
        ..Guess::none()
    };
    let mut reply = append("c1", 1100, vec![says(Sender::Bot, "The price rose."), says(Sender::Bot, "Anything else?")]);
    reply.answered = Some(1);
    reply.understood = vec![(1, guess.clone())];
    let replied = store.append(reply.clone()).await?;
    assert_eq!((replied.seq, replied.events.len(), replied.events[0].event.seq), (3, 2, 2));
    assert_eq!(store.append(reply).await, Err(StoreError::Conflict), "one message is answered once");
    assert_eq!(store.understood(&id("c1"), 1, 3).await?, [(1, guess)]);
    assert!(store.unanswered(10).await?.is_empty());

    let rating = What::Rating(Rating { about: 2, score: 1, comment: Some("clear \0".into()) });
    let verified = What::Verified { customer: CustomerId::new("all-quiet"), until_ms: i64::MAX, by: None };
    let system = |what| NewEvent { from: Sender::System, name: None, what };
    store.append(append("c1", 1200, vec![system(rating.clone()), system(verified)])).await?;
    let events = store.events(&id("c1"), 3, 1).await?;
    assert_eq!((events.len(), events[0].event.seq, &events[0].event.what), (1, 4, &rating));
    assert!(store.events(&id("nowhere"), 0, 10).await?.is_empty());

    let record = store.conversation(&id("c1")).await?;
    assert_eq!((record.last_seq, record.customer_seq, record.answered_seq), (5, 1, 1));
    assert_eq!((record.opened_at_ms, record.last_at_ms, record.epoch), (1000, 1200, 0));
    assert_eq!((record.owner, record.staff.as_ref(), record.reason, record.urgent), (Owner::Bot, None, None, false));
    assert_eq!(record.customer, Some(CustomerId::new("all-quiet")));
    assert_eq!((record.secret_hash.as_str(), record.last_text.as_str()), ("hash", "why is it £4.00 more? 📈"));
    assert_eq!(
        (record.locale.as_deref(), record.page_url.as_deref()),
        (Some("en-GB"), Some("https://shop.example/bills"))
    );
    assert_eq!(store.list(List::Bot, 10).await?, [record]);

    store.append(append("long", 1, vec![says(Sender::Customer, &"ü".repeat(500))])).await?;
    assert_eq!(store.conversation(&id("long")).await?.last_text, "ü".repeat(120));
    let nothing = store.append(append("empty", 5, vec![])).await?;
    assert_eq!((nothing.seq, store.conversation(&id("empty")).await?.last_seq), (0, 0));
    Ok(())
}

async fn what_is_expected_is_checked(store: &Store) -> anyhow::Result<()> {
    store.append(append("c2", 1, vec![says(Sender::Customer, "one")])).await?;
    store.append(append("c2", 2, vec![says(Sender::Customer, "two")])).await?;
    let mismatches = [
        Expect { epoch: Some(1), ..Expect::default() },
        Expect { owner: Some(Owner::Staff), ..Expect::default() },
        Expect { staff: Some(StaffId::new("s1")), ..Expect::default() },
        Expect { seen: Some(1), ..Expect::default() },
    ];
    for expect in mismatches {
        let reply = Append { expect: expect.clone(), ..append("c2", 3, vec![says(Sender::Bot, "no")]) };
        assert_eq!(store.append(reply).await, Err(StoreError::Conflict), "{expect:?}");
    }
    let holds = Expect { epoch: Some(0), owner: Some(Owner::Bot), seen: Some(2), ..Expect::default() };
    let reply = Append { expect: holds, answered: Some(2), ..append("c2", 3, vec![says(Sender::Bot, "yes")]) };
    assert_eq!(store.append(reply).await?.seq, 3);
    let skipped = append("c2", 4, vec![changes(Owner::Queue, 2, None, Reason::Asked)]);
    assert_eq!(store.append(skipped).await, Err(StoreError::Conflict), "epochs have no gaps");
    assert_eq!(texts(store, "c2").await?, ["one", "two", "yes"]);
    Ok(())
}

async fn the_owner_changes(store: &Store) -> anyhow::Result<()> {
    let waiting = |name, at_ms, reason| {
        let events = vec![says(Sender::Customer, "a person please"), changes(Owner::Queue, 1, None, reason)];
        let promise = Some(NewPromise { due_at_ms: at_ms + 60_000, text: "A colleague writes by 9:00.".into() });
        store.append(Append { promise, ..append(name, at_ms, events) })
    };
    waiting("w1", 1000, Reason::Asked).await?;
    waiting("w2", 2000, Reason::Missed).await?;
    waiting("w3", 3000, Reason::Urgent).await?;
    assert_eq!(store.queue().await?, [id("w3"), id("w1"), id("w2")]);
    let list = store.list(List::Waiting, 2).await?;
    assert_eq!(list.iter().map(|record| &record.id).collect::<Vec<_>>(), [&id("w3"), &id("w1")]);
    assert_eq!((list[1].queued_at_ms, list[1].reason, list[0].urgent), (Some(1000), Some(Reason::Asked), true));
    assert_eq!(store.open_promises(10).await?.len(), 3);
    let promised = Promise {
        conversation: id("w1"),
        seq: 2,
        due_at_ms: 61_000,
        text: "A colleague writes by 9:00.".into(),
        made_at_ms: 1000,
    };
    assert_eq!(store.open_promises(1).await?, [promised]);

    store.append(append("w1", 5000, vec![changes(Owner::Staff, 2, Some("s1"), Reason::Taken)])).await?;
    assert_eq!(store.recent_stints(10).await?, [Stint { waited_ms: 4000, lasted_ms: None }]);
    let record = store.list(List::Mine(StaffId::new("s1")), 10).await?.remove(0);
    assert_eq!((record.queued_at_ms, record.epoch, record.answered_seq), (None, 2, 0));
    assert!(store.list(List::Mine(StaffId::new("s2")), 10).await?.is_empty());
    store.append(append("w1", 5500, vec![says(Sender::Staff, "Good morning")])).await?;
    assert_eq!(store.conversation(&id("w1")).await?.answered_seq, 1);
    assert_eq!(store.open_promises(10).await?.len(), 2, "the promise is kept");
    let bot = Append {
        expect: Expect { owner: Some(Owner::Bot), ..Expect::default() },
        ..append("w1", 5600, vec![says(Sender::Bot, "I can help")])
    };
    assert_eq!(store.append(bot).await, Err(StoreError::Conflict), "the bot is silent once a person has it");
    let back_and_forth =
        vec![changes(Owner::Queue, 3, None, Reason::HandedBack), changes(Owner::Staff, 4, Some("s2"), Reason::Taken)];
    store.append(append("w1", 6000, back_and_forth)).await?;
    let stints = store.recent_stints(10).await?;
    assert_eq!(stints, [Stint { waited_ms: 0, lasted_ms: None }, Stint { waited_ms: 4000, lasted_ms: Some(1000) }]);
    store.append(append("w1", 7000, vec![changes(Owner::Nobody, 5, None, Reason::Closed)])).await?;
    store.append(append("w2", 7000, vec![changes(Owner::Nobody, 2, None, Reason::Ended)])).await?;
    assert_eq!(store.list(List::Closed, 10).await?.len(), 2);
    assert_eq!(store.open_promises(10).await?.len(), 1, "nobody waits after the end");
    Ok(())
}

async fn feedback_is_kept(store: &Store) -> anyhow::Result<()> {
    let question = |name: &str, seq: Seq, why| NewQuestion {
        id: name.into(),
        seq,
        text: "do you take seashells\0".into(),
        why,
        guess: Guess::none(),
        before: vec!["hello".into()],
    };
    store.record_question(&id("c1"), question("q1", 1, Why::Missed), 10).await?;
    store.record_question(&id("c1"), question("q2", 1, Why::Missed), 20).await?;
    store.record_question(&id("c1"), question("q3", 1, Why::ThumbsDown), 30).await?;
    let nowhere = store.record_question(&id("nowhere"), question("q4", 1, Why::Missed), 40).await;
    assert_eq!(nowhere, Err(StoreError::NotFound));
    let with_questions = Append { questions: vec![question("q5", 1, Why::Refused)], ..append("w2", 50, vec![]) };
    store.append(with_questions).await?;

    let open = store.questions_without_cause(10).await?;
    assert_eq!(open.iter().map(|q| q.id.as_str()).collect::<Vec<_>>(), ["q1", "q3", "q5"]);
    assert_eq!((open[0].text.as_str(), open[0].asked_at_ms, open[0].solved), ("do you take seashells", 10, false));
    assert_eq!((open[2].owner, open[2].reason, open[2].solved), (Owner::Nobody, Some(Reason::Ended), true));

    let new = AssignTo::New { id: "shells".into(), name: "Odd ways to pay".into() };
    store.assign_cause("q1", &[1.0, 0.5], new.clone(), &[1.0, 0.5], 60).await?;
    store.assign_cause("q3", &[0.0, 0.5], AssignTo::Existing("shells".into()), &[0.5, 0.5], 70).await?;
    let taken = store.assign_cause("q5", &[1.0], new, &[1.0], 80).await;
    assert_eq!(taken, Err(StoreError::Conflict));
    let missing = store.assign_cause("q5", &[1.0], AssignTo::Existing("gone".into()), &[1.0], 80).await;
    assert_eq!(missing, Err(StoreError::NotFound));
    let lone = AssignTo::New { id: "lone".into(), name: "Nobody's".into() };
    assert_eq!(store.assign_cause("gone", &[1.0], lone, &[1.0], 80).await, Err(StoreError::NotFound));

    let causes = store.causes().await?;
    assert_eq!(causes.len(), 1, "a cause without its question is not kept");
    assert_eq!((causes[0].name.as_str(), causes[0].status.as_str(), causes[0].count), ("Odd ways to pay", "open", 2));
    assert_eq!((causes[0].created_at_ms, causes[0].centroid.as_slice()), (60, [0.5, 0.5].as_slice()));
    store.change_cause("shells", None, Some("owned")).await?;
    store.change_cause("shells", Some("Seashells"), None).await?;
    let changed = store.causes().await?.remove(0);
    assert_eq!((changed.name.as_str(), changed.status.as_str()), ("Seashells", "owned"));
    assert_eq!(store.change_cause("gone", None, None).await, Err(StoreError::NotFound));
    let of_cause = QuestionFilter { cause: Some("shells".into()), why: None };
    let found = store.questions(of_cause, 10).await?;
    assert_eq!(found.iter().map(|q| q.id.as_str()).collect::<Vec<_>>(), ["q3", "q1"]);
    assert_eq!(found[1].vector.as_deref(), Some([1.0, 0.5].as_slice()));
    let refused = QuestionFilter { cause: None, why: Some(Why::Refused) };
    assert_eq!(store.questions(refused, 10).await?.len(), 1);
    assert_eq!(store.questions(QuestionFilter::default(), 2).await?.len(), 2);

    store.change_cause("shells", None, Some("closed")).await?;
    store.assign_cause("q5", &[1.0, 1.0], AssignTo::Existing("shells".into()), &[0.5, 0.5], 90).await?;
    assert_eq!(store.causes().await?[0].status, "open", "who asks again opens it again");
    Ok(())
}

async fn staff_come_and_go(store: &Store) -> anyhow::Result<()> {
    let new = |name: &str, login: &str| NewStaff {
        id: StaffId::new(name),
        login: login.into(),
        name: "Ben".into(),
        role: Role::Answers,
        password_hash: "phc-1".into(),
    };
    store.add_staff(new("s1", "ben"), 10).await?;
    store.add_staff(new("s2", "ada"), 20).await?;
    assert_eq!(store.add_staff(new("s3", "ben"), 30).await, Err(StoreError::Conflict));
    let all = store.all_staff().await?;
    assert_eq!(all.iter().map(|staff| staff.login.as_str()).collect::<Vec<_>>(), ["ada", "ben"]);
    let ben = StaffId::new("s1");
    let staff = store.staff(&ben).await?;
    assert_eq!((staff.role, staff.name.as_str(), staff.added_at_ms), (Role::Answers, "Ben", 10));
    assert_eq!(store.staff_by_login("ben").await?.password_hash, "phc-1");
    assert_eq!(store.staff_by_login("eve").await.err(), Some(StoreError::NotFound));

    store.open_session("h1", &ben, 100, 200).await?;
    assert_eq!(store.session("h1", 199).await?, Some(staff));
    assert_eq!(store.session("h1", 200).await?, None);
    assert_eq!(store.session("other", 100).await?, None);
    store.close_session("h1").await?;
    store.close_session("h1").await?;
    assert_eq!(store.session("h1", 100).await?, None);
    store.open_session("h2", &ben, 100, 200).await?;
    store.set_password(&ben, "phc-2").await?;
    assert_eq!(store.session("h2", 100).await?, None, "a new password ends sessions");
    assert_eq!(store.staff_by_login("ben").await?.password_hash, "phc-2");
    store.open_session("h3", &ben, 100, 200).await?;
    store.remove_staff(&ben).await?;
    assert_eq!(store.session("h3", 100).await?, None, "whoever is removed is out");
    assert_eq!(store.remove_staff(&ben).await, Err(StoreError::NotFound));
    assert_eq!(store.set_password(&ben, "x").await, Err(StoreError::NotFound));
    assert_eq!(store.open_session("h4", &ben, 100, 200).await, Err(StoreError::NotFound));
    assert_eq!((Role::parse("manages"), Role::parse("owns")), (Some(Role::Manages), None));
    Ok(())
}

async fn settings_are_kept(store: &Store) -> anyhow::Result<()> {
    assert_eq!(store.setting("key").await?, None);
    let tries = (0..10).map(|i| store.set_setting_if_absent("key", format!("value {i}")));
    let standing: BTreeSet<String> = futures_util::future::try_join_all(tries).await?.into_iter().collect();
    assert_eq!(standing.len(), 1, "all get the same");
    assert_eq!(store.setting("key").await?, standing.first().cloned());
    store.set_setting("key", "other").await?;
    assert_eq!(store.setting("key").await?.as_deref(), Some("other"));
    Ok(())
}

/// Runs tasks at once and returns what came of each.
async fn at_once<T: Send + 'static>(tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
    let results = futures_util::future::join_all(tasks).await;
    results.into_iter().map(|result| result.expect("no task panics")).collect()
}

async fn appends_race(store: &Store) -> anyhow::Result<()> {
    // Eight write a hundred each, and each message is sent twice.
    let writers = (0..16).map(|w| {
        let store = store.clone();
        async move {
            let mut kept = Vec::new();
            for i in 0..100 {
                let text = format!("{}-{i}", w / 2);
                kept.push(store.append(keyed(append("race", i, vec![says(Sender::Customer, &text)]), &text)).await);
            }
            kept
        }
    });
    let kept: Vec<_> = at_once(writers).await.into_iter().flatten().collect::<Result<_, _>>()?;
    assert_eq!(kept.iter().filter(|kept| !kept.repeated).count(), 800);
    let places: BTreeSet<Seq> = kept.iter().map(|kept| kept.seq).collect();
    assert!(places.iter().copied().eq(1..=800), "each place is given once, without gaps");
    let log = store.events(&id("race"), 0, 1000).await?;
    assert!(log.iter().map(|logged| logged.event.seq).eq(1..=800));
    for pair in kept.chunks(200) {
        // The same key got the same place from both of its writers.
        assert!(pair[..100].iter().map(|kept| kept.seq).eq(pair[100..].iter().map(|kept| kept.seq)));
    }

    store.append(append("prize", 1, vec![changes(Owner::Queue, 1, None, Reason::Asked)])).await?;
    let takers = (0..20).map(|i| {
        let (store, staff) = (store.clone(), format!("s{i}"));
        let take = append("prize", 2, vec![changes(Owner::Staff, 2, Some(&staff), Reason::Taken)]);
        let expect = Expect { epoch: Some(1), owner: Some(Owner::Queue), ..Expect::default() };
        async move { store.append(Append { expect, ..take }).await.map(|_| staff) }
    });
    let takes = at_once(takers).await;
    let winners: Vec<_> = takes.iter().filter_map(|take| take.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1, "exactly one takes it");
    assert_eq!(store.conversation(&id("prize")).await?.staff, Some(StaffId::new(winners[0].as_str())));
    assert_eq!(takes.iter().filter(|take| **take == Err(StoreError::Conflict)).count(), 19);
    Ok(())
}

#[tokio::test]
async fn a_full_queue_is_told_at_once_and_harms_nobody_in_it() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let settings =
        StoreSettings { data: folder.path().into(), write_queue_max: 4, group_max: 2, ..StoreSettings::default() };
    let store = Store::open(&settings).await?;
    let rush = (0..100).map(|i| store.append(append("c", i, vec![says(Sender::Customer, "hurry")])));
    let kept = futures_util::future::join_all(rush).await;
    let n_busy = kept.iter().filter(|kept| kept.as_ref().is_err_and(StoreError::is_busy)).count();
    let n_kept = kept.iter().filter(|kept| kept.is_ok()).count();
    assert!(0 < n_busy && 0 < n_kept && n_busy + n_kept == 100, "{n_busy} busy, {n_kept} kept");
    assert_eq!(store.events(&id("c"), 0, 1000).await?.len(), n_kept);
    store.close().await;
    Ok(())
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_acks_again_once_there_is_room() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = StoreSettings { data: folder.path().into(), pages_max: Some(200), ..StoreSettings::default() };
    let store = Store::open(&settings).await?;
    let say = |i: i64| store.append(append("c", i, vec![says(Sender::Customer, &"x".repeat(3000))]));
    say(0).await?;
    // Another program's ballast, which our limit does not hold back, fills the file.
    let url = format!("sqlite://{}", folder.path().join("plainbill.db").display());
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await?;
    sqlx::raw_sql("create table ballast (x); insert into ballast values (zeroblob(1000000))")
        .execute(&mut other)
        .await?;
    let mut n_kept = 1;
    let error = loop {
        match say(n_kept).await {
            Ok(_) => n_kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Unavailable { trouble: Trouble::Full, .. }), "{error:?}");
    assert!(store.probe(1).await.is_ok() || say(n_kept).await.is_err(), "it stays so while the disk is full");
    assert_eq!(store.events(&id("c"), 0, 1000).await?.len(), usize::try_from(n_kept)?, "reads go on");
    sqlx::raw_sql("drop table ballast").execute(&mut other).await?;
    assert_eq!(i64::from(say(n_kept).await?.seq), n_kept + 1, "what was refused left no gap");
    store.close().await;
    sqlx::Connection::close(other).await?;
    Store::open(&settings).await?.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_postgresql_is_told_soon_and_nothing_is_lost_or_doubled() -> anyhow::Result<()> {
    let mut postgres = Postgres::start();
    let store = Store::open(&StoreSettings { url: Some(postgres.url()), ..StoreSettings::default() }).await?;
    let say = |text: &str| store.append(keyed(append("c", 1, vec![says(Sender::Customer, text)]), text));
    for round in 0..3 {
        say(&format!("before {round}")).await?;
        postgres.stop();
        let begun = std::time::Instant::now();
        let refused = say(&format!("while {round}")).await;
        assert!(matches!(refused, Err(StoreError::Unavailable { trouble: Trouble::Lost, .. })), "{refused:?}");
        let read = store.conversation(&id("c")).await;
        assert!(matches!(read, Err(StoreError::Unavailable { .. })), "{read:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "both are told within their limits");
        postgres.start_again();
        say(&format!("while {round}")).await?;
        say(&format!("before {round}")).await?;
    }
    let expected: Vec<String> = (0..3).flat_map(|i| [format!("before {i}"), format!("while {i}")]).collect();
    assert_eq!(texts(&store, "c").await?, expected);
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_hear_of_each_other_with_nats_and_without() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    let mut nats = Nats::start();
    // So rarely polled, only NATS can be what carried a hint.
    let by_nats = StoreSettings {
        url: Some(postgres.url()),
        nats: Some(nats.url()),
        poll_every: TOO_LONG * 10,
        ..StoreSettings::default()
    };
    let by_polling = StoreSettings { poll_every: Duration::from_millis(20), ..by_nats.clone() };
    let (one, two) = (Store::open(&by_nats).await?, Store::open(&by_nats).await?);
    let (mut watch, mut typing, mut news) = (two.watch(&id("c")), two.typing(&id("c")), two.changes());
    let say = |store: &Store, at_ms: i64| {
        let store = store.clone();
        async move { store.append(append("c", at_ms, vec![says(Sender::Customer, "hello")])).await.map(|kept| kept.seq) }
    };
    // Until both are connected, hints may get lost: speak until one is heard.
    let first = tokio::time::timeout(TOO_LONG, async {
        for i in 0.. {
            say(&one, i).await?;
            if tokio::time::timeout(Duration::from_millis(200), watch.changed()).await.is_ok() {
                break;
            }
        }
        anyhow::Ok(*watch.borrow_and_update())
    });
    assert!(0 < first.await??);
    assert_eq!(tokio::time::timeout(TOO_LONG, news.recv()).await??, id("c"));
    let signs = Typing { from: Sender::Customer, on: true };
    one.tell_typing(&id("c"), signs);
    assert_eq!(tokio::time::timeout(TOO_LONG, typing.recv()).await??, signs);

    // Both write to the same conversations at once: one order, no gaps, no deadlock.
    let writers = (0..8).map(|w: usize| {
        let store = if w.is_multiple_of(2) { one.clone() } else { two.clone() };
        async move {
            for i in 0..50 {
                let name = ["d1", "d2", "d3"][(w + i) % 3];
                let key = format!("{}-{i}", w / 2);
                store.append(keyed(append(name, 1, vec![says(Sender::Customer, &key)]), &format!("{key}-{w}"))).await?;
                store.append(keyed(append("shared", 1, vec![says(Sender::Customer, &key)]), &key)).await?;
            }
            Ok::<_, StoreError>(())
        }
    });
    at_once(writers).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut n_events = 0;
    for name in ["d1", "d2", "d3", "shared"] {
        let log = one.events(&id(name), 0, 1000).await?;
        assert!(log.iter().zip(1..).all(|(logged, place)| logged.event.seq == place), "{name} has gaps");
        n_events += log.len();
    }
    assert_eq!(n_events, 400 + 200);
    let findings = store::check(&by_nats).await?;
    assert!(findings.is_sound() && findings.unchecked == 0, "each event follows the other node's: {findings:?}");

    // Without NATS, writing goes on, and polling finds what hints would have told.
    nats.stop();
    let three = Store::open(&by_polling).await?;
    let mut polled = three.watch(&id("c"));
    let newest = say(&one, 1).await?;
    tokio::time::timeout(TOO_LONG, polled.wait_for(|seen| *seen == newest)).await??;
    nats.start_again();
    let heard = tokio::time::timeout(TOO_LONG, async {
        loop {
            say(&one, 1).await?;
            if tokio::time::timeout(Duration::from_millis(200), watch.changed()).await.is_ok() {
                return anyhow::Ok(*watch.borrow_and_update());
            }
        }
    });
    assert!(newest < heard.await??, "hints come again once NATS is back");
    for store in [one, two, three] {
        store.close().await;
    }
    Ok(())
}
