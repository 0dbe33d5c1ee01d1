//! Damaged stores: what was said is shown as it was said, or as a line that says so; `check --store` names all of it.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use plainbill::conversation::{
    ConversationId, Message, NewEvent, Owner, OwnerChange, Reason, Sender, Seq, StaffId, What,
};
use plainbill::store::{
    self, Append, Damage, DamageKind, Findings, Logged, Opening, Role, Store, StoreError, StoreSettings,
};
use serde_json::Value;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use crate::house::{Customer, House, Plan};
use crate::postgres::Postgres;

/// Damaged files, each in another way.
const FILES: u64 = 120;
/// Conversations in the store that is damaged.
const CONVERSATIONS: usize = 12;
/// What the content says in the place of what is damaged.
const LINE: &str = "A message here is damaged and can't be shown.";

fn says(from: Sender, text: String) -> NewEvent {
    let name = (from == Sender::Staff).then(|| "Ben".to_owned());
    NewEvent { from, name, what: What::Message(Message { text, ..Message::default() }) }
}

fn changes(owner: Owner, epoch: u32, staff: Option<&str>, reason: Reason) -> NewEvent {
    let change = OwnerChange { owner, epoch, staff: staff.map(StaffId::new), reason, urgent: false };
    NewEvent { from: Sender::System, name: None, what: What::Owner(change) }
}

fn id(n: usize) -> ConversationId {
    ConversationId::new(format!("conversation-{n}"))
}

/// A talk of eight events: with the bot, then with a person.
async fn talk(store: &Store, n: usize) -> Result<(), StoreError> {
    let steps = [
        vec![says(Sender::Customer, format!("Why is bill {n} of mine £{n}.00 higher than the one before?"))],
        vec![says(Sender::Bot, format!("The price rose by £{n}.00.")), says(Sender::Bot, "Anything else?".into())],
        vec![
            says(Sender::Customer, "I never agreed to that.".repeat(1 + n)),
            changes(Owner::Queue, 1, None, Reason::Asked),
        ],
        vec![changes(Owner::Staff, 2, Some("ben"), Reason::Taken)],
        vec![says(Sender::Staff, format!("You did, on {n} March, and I have the letter here."))],
        vec![says(Sender::Customer, format!("Ah. Then please show me letter {n}."))],
    ];
    for (events, i) in steps.into_iter().zip(0..) {
        let opening = Some(Opening { secret_hash: "hash".into(), ..Opening::default() });
        let key = Some(format!("key-{n}-{i}"));
        store.append(Append { opening, key, events, ..Append::new(id(n), 1_000_000 + i * 1_000) }).await?;
    }
    Ok(())
}

/// Numbers by chance, the same each time (xorshift64, Marsaglia 2003).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).expect("it is below a usize")
    }
}

/// What people see of a store: each conversation's log, and its line in the lists.
async fn seen(store: &Store) -> Result<Vec<(Vec<Logged>, Option<String>)>, StoreError> {
    let mut all = Vec::new();
    for n in 0..CONVERSATIONS {
        let line = store.conversation(&id(n)).await.ok().map(|it| it.last_text);
        all.push((store.events(&id(n), 0, 1_000).await?, line));
    }
    Ok(all)
}

#[tokio::test]
async fn in_120_damaged_files_no_changed_words_are_shown_and_every_change_is_named() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = StoreSettings { data: folder.path().to_owned(), ..StoreSettings::default() };
    let store = Store::open(&settings).await?;
    for n in 0..CONVERSATIONS {
        talk(&store, n).await?;
    }
    let sound = seen(&store).await?;
    store.close().await;
    assert!(store::check(&settings).await?.is_sound());
    let file = folder.path().join("plainbill.db");
    let url = format!("sqlite://{}", file.display());
    let sound_bodies = bodies(&url).await?;
    let whole = std::fs::read(&file)?;
    // Where the words stand, as bytes of the file.
    let words: Vec<usize> = (whole.windows(8).enumerate())
        .filter(|(_, bytes)| bytes == b"\"text\":\"")
        .flat_map(|(at, _)| at + 8..at + 8 + whole[at + 8..].iter().position(|it| *it == b'"').unwrap_or(0))
        .collect();
    assert!(2_000 < words.len(), "the words are found");

    let (mut n_refused, mut n_shown, mut n_named) = (0, 0, 0);
    for seed in 1..=FILES {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for _ in 0..8 {
            chance.below(2);
        }
        let mut bytes = whole.clone();
        // Two files in three in the words, the third anywhere after the schema's page.
        for _ in 0..1 + chance.below(3) {
            let at = match seed % 3 {
                0 => 4096 + chance.below(bytes.len() - 4096),
                _ => words[chance.below(words.len())],
            };
            bytes[at] ^= 1 << chance.below(8);
        }
        if bytes == whole {
            continue;
        }
        for side in ["-wal", "-shm"] {
            std::fs::remove_file(folder.path().join(format!("plainbill.db{side}"))).ok();
        }
        std::fs::write(&file, &bytes)?;
        let store = match Store::open(&settings).await {
            Ok(store) => store,
            Err(error) => {
                assert!(error.to_string().contains("restore"), "file {seed}: {error}");
                n_refused += 1;
                continue;
            }
        };
        let now = seen(&store).await?;
        store.close().await;
        let findings = store::check(&settings).await?;
        let mut differs = false;
        for (n, ((events, line), (sound_events, sound_line))) in now.iter().zip(&sound).enumerate() {
            for (event, sound) in events.iter().zip(sound_events) {
                assert!(event == sound || event.event.what == What::Damaged, "file {seed} shows {event:?}");
                let place = (event != sound).then_some(Some(event.event.seq));
                let named =
                    |place: Option<Seq>| findings.damage.iter().any(|it| it.conversation == id(n) && it.seq == place);
                assert!(place.is_none_or(named), "file {seed}: {place:?} of {n} is not named: {findings:?}");
                differs |= place.is_some();
            }
            assert!(events.len() <= sound_events.len(), "file {seed} shows more than was said");
            differs |= events.len() < sound_events.len() || line != sound_line;
        }
        assert!(!differs || !findings.is_sound(), "file {seed} differs, and nothing is named");
        // Some of the words are what SQLite has left behind where it divided a page, and nobody reads them.
        let has_changed = bodies(&url).await.ok().as_ref() != Some(&sound_bodies);
        assert!(!has_changed || !findings.is_sound(), "words of file {seed} were changed, and nothing is named");
        n_shown += u64::from(differs);
        n_named += u64::from(!findings.is_sound());
    }
    println!("of {FILES} files {n_refused} were refused, {n_shown} showed a line, {n_named} were named");
    assert!(60 < n_shown && 60 < n_named, "the damage was where it shows");
    Ok(())
}

async fn does(url: &str, statement: &str) -> anyhow::Result<()> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// All that was said, byte by byte.
async fn bodies(url: &str) -> anyhow::Result<String> {
    let mut connection = AnyConnection::connect(url).await?;
    let all = sqlx::query_as("select group_concat(hex(body)) from (select body from events order by rowid)");
    let (all,): (String,) = all.fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(all)
}

fn damage(n: usize, seq: Option<Seq>, kind: DamageKind, at_ms: i64) -> Damage {
    Damage { conversation: id(n), seq, at_ms: Some(at_ms), kind }
}

/// What a conversation's first event could have been: it fits itself, and not what came after it.
async fn another_first_event(n: usize) -> anyhow::Result<(String, i64)> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&StoreSettings { data: folder.path().to_owned(), ..StoreSettings::default() }).await?;
    let (opening, key) = (Some(Opening::default()), Some(format!("key-{n}-0")));
    let events = vec![says(Sender::Customer, "Why is it lower?".into())];
    store.append(Append { opening, key, events, ..Append::new(id(n), 1_000_000) }).await?;
    store.close().await;
    let mut connection =
        AnyConnection::connect(&format!("sqlite://{}", folder.path().join("plainbill.db").display())).await?;
    Ok(sqlx::query_as("select body, checksum from events").fetch_one(&mut connection).await?)
}

/// Damage of every kind, done by hand in a store at this address, and what is said of it.
async fn is_named(settings: &StoreSettings, url: &str) -> anyhow::Result<()> {
    let store = Store::open(settings).await?;
    for n in 0..CONVERSATIONS {
        talk(&store, n).await?;
    }
    let (events, conversations) = (8 * CONVERSATIONS as u64, CONVERSATIONS as u64);
    let sound = Findings { events, conversations, ..Findings::default() };
    assert_eq!(store::check(settings).await?, sound, "beside a store that is open");

    for statement in [
        "update events set body = replace(body, '£0.00', '£9.00') where conversation_id = 'conversation-0' and seq = 1",
        "update events set at_ms = at_ms + 1 where conversation_id = 'conversation-1' and seq = 8",
        "delete from events where conversation_id = 'conversation-2' and seq = 4",
        "delete from events where conversation_id = 'conversation-3' and seq in (7, 8)",
        // Two that change places.
        "update events set seq = 90 where conversation_id = 'conversation-4' and seq = 2",
        "update events set seq = 2 where conversation_id = 'conversation-4' and seq = 3",
        "update events set seq = 3 where conversation_id = 'conversation-4' and seq = 90",
        "update conversations set last_text = 'Show me nothing.' where id = 'conversation-5'",
        "update conversations set owner = 'bot' where id = 'conversation-6'",
        "update conversations set last_seq = 5 where id = 'conversation-7'",
        // From before there were checksums.
        "update events set checksum = null, checksum_before = null where conversation_id = 'conversation-8'",
        // A checksum that is lost.
        "update events set checksum = null where conversation_id = 'conversation-9' and seq = 3",
        "update events set body = '{' where conversation_id = 'conversation-8' and seq = 3",
    ] {
        does(url, statement).await.map_err(|error| error.context(statement))?;
    }
    let (body, checksum) = another_first_event(10).await?;
    let (which, other) =
        ("conversation_id = 'conversation-10' and seq = 1", format!("body = '{body}', checksum = {checksum}"));
    does(url, &format!("update events set {other} where {which}")).await?;
    use DamageKind::{Changed, Missing, Unreadable};
    let found = store::check(settings).await?;
    let named = |n: usize| found.damage.iter().filter(|it| it.conversation == id(n)).cloned().collect::<Vec<_>>();
    assert_eq!(named(0), [damage(0, Some(1), Changed, 1_000_000)]);
    assert_eq!(named(1), [damage(1, Some(8), Changed, 1_005_001)]);
    assert_eq!(named(2), [damage(2, Some(4), Missing, 1_001_000)]);
    assert_eq!(named(3), [damage(3, Some(7), Missing, 1_003_000), damage(3, Some(8), Missing, 1_003_000)]);
    assert_eq!(named(4), [damage(4, Some(2), Changed, 1_001_000), damage(4, Some(3), Changed, 1_001_000)]);
    assert_eq!(named(5), [damage(5, None, Changed, 1_005_000)]);
    assert_eq!(named(6), [damage(6, None, Changed, 1_005_000)]);
    assert_eq!(named(7), [damage(7, None, Changed, 1_005_000)]);
    assert_eq!(named(8), [damage(8, Some(3), Unreadable, 1_001_000)]);
    assert_eq!(named(9), [damage(9, Some(3), Changed, 1_001_000)]);
    assert_eq!(named(10), [damage(10, Some(1), Changed, 1_000_000)]);
    assert_eq!(named(11), []);
    assert_eq!((found.unchecked, found.n_damaged), (8, 13));

    // The rest goes on, for whoever reads and whoever writes.
    for n in (0..CONVERSATIONS).filter(|n| *n != 7) {
        store
            .append(Append { events: vec![says(Sender::Bot, "Go on.".into())], ..Append::new(id(n), 2_000_000) })
            .await?;
        let events = store.events(&id(n), 0, 100).await?;
        assert!(events.iter().zip(1..).all(|(it, place)| it.event.seq == place), "{n}: {events:?}");
        let damaged = events.iter().filter(|it| it.event.what == What::Damaged).map(|it| it.event.seq);
        assert!(damaged.eq(named(n).into_iter().filter_map(|it| it.seq)), "{n}: {events:?}");
    }
    store.close().await;
    Ok(())
}

#[tokio::test]
async fn every_kind_of_damage_is_named_on_sqlite() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = StoreSettings { data: folder.path().to_owned(), ..StoreSettings::default() };
    is_named(&settings, &format!("sqlite://{}", folder.path().join("plainbill.db").display())).await
}

#[tokio::test]
async fn every_kind_of_damage_is_named_on_postgresql() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    is_named(&StoreSettings { url: Some(postgres.url()), ..StoreSettings::default() }, &postgres.url()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_talk_with_damage_in_it_goes_on_for_customer_and_staff() -> anyhow::Result<()> {
    let plan = |data: &Arc<tempfile::TempDir>| Plan {
        classifier: false,
        data: data.clone(),
        store: StoreSettings { data: data.path().to_owned(), ..StoreSettings::default() },
        ..Plan::default()
    };
    let data = Arc::new(tempfile::tempdir()?);
    let house = House::with(plan(&data)).await;
    let mut customer = house.visitor().await;
    customer.says("why is my bill higher this month?").await;
    customer.sees_owner().await;
    let n_events = customer.events.len();
    house.close().await;
    // What was said, and who has the conversation since.
    let url = format!("sqlite://{}", data.path().join("plainbill.db").display());
    does(
        &url,
        "update events set body = replace(body, 'higher', 'lower') where kind = 'message' and sender = 'customer'",
    )
    .await?;
    does(&url, "update events set body = cast(x'ff00ff' as text) where kind = 'owner'").await?;

    let house = House::with(plan(&data)).await;
    let mut ben = house.staff("Ben", Role::Answers).await;
    let mut again: Customer = customer.comes_back(house.address, 0).await;
    while again.events.len() < n_events {
        again.frame().await;
    }
    let lines: Vec<&Value> = again.events.iter().filter(|it| it["text"] == LINE).collect();
    assert_eq!(lines.len(), 2, "{:#?}", again.events);
    assert!(lines.iter().all(|it| it["kind"] == "owner" && it["from"] == "system" && it.get("owner").is_none()));
    assert!(!again.events.iter().any(|it| it["text"].as_str().is_some_and(|it| it.contains("lower"))));
    again.says("hello?").await;
    ben.takes(&again.conversation).await;
    ben.replies(&again.conversation, "Something broke here. What was it about?").await;
    while again.hears().await != "Something broke here. What was it about?" {}
    again.says("my bill").await;
    let (status, detail) = ben.get(&format!("conversations/{}", again.conversation)).await;
    let n_lines = detail["events"].as_array().map(|all| all.iter().filter(|it| it["text"] == LINE).count());
    assert_eq!((status, n_lines), (200, Some(2)), "{detail}");
    house.close().await;
    Ok(())
}

fn checks(data: &Path, json: bool) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
    command.args(["check", "--store", "--data"]).arg(data).args(json.then_some("--json"));
    command.output().expect("the program runs")
}

#[tokio::test]
async fn check_store_says_in_words_and_in_json_what_is_damaged_and_exits_1() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let nowhere = checks(&folder.path().join("none"), false);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("there is no store in"), "{nowhere:?}");
    assert!(!folder.path().join("none").exists(), "looking makes nothing");

    let settings = StoreSettings { data: folder.path().to_owned(), ..StoreSettings::default() };
    let store = Store::open(&settings).await?;
    talk(&store, 1).await?;
    let sound = checks(folder.path(), false);
    assert_eq!(sound.status.code(), Some(0), "{sound:?}");
    assert_eq!(String::from_utf8(sound.stdout)?, "All is as it was kept: 8 events in 1 conversation.\n");

    let url = format!("sqlite://{}", folder.path().join("plainbill.db").display());
    does(&url, "update events set name = 'Bob' where seq = 7").await?;
    does(&url, "update events set checksum = null, checksum_before = null where seq = 8").await?;
    does(&url, "update events set body = cast(x'ff00ff' as text) where seq = 3").await?;
    let found = checks(folder.path(), false);
    assert_eq!(found.status.code(), Some(1));
    let words = String::from_utf8(found.stdout)?;
    for line in [
        "conversation conversation-1, event 3, kept 1970-01-01 00:16:41 UTC: unreadable\n",
        "conversation conversation-1, event 7, kept 1970-01-01 00:16:44 UTC: changed, it is not what was kept\n",
        "damaged places among 8 events in 1 conversation.\n",
        "put the newest backup",
        "1 event is from before there were checksums",
    ] {
        assert!(words.contains(line), "{line:?} is not in:\n{words}");
    }
    let found: Value = serde_json::from_slice(&checks(folder.path(), true).stdout)?;
    assert_eq!((&found["events"], &found["unchecked"], &found["file"]), (&8.into(), &1.into(), &Value::Array(vec![])));
    let seven =
        serde_json::json!({ "conversation": "conversation-1", "seq": 7, "at_ms": 1_004_000, "kind": "changed" });
    assert!(found["damage"].as_array().is_some_and(|it| it.contains(&seven)), "{found:#}");
    store.close().await;
    Ok(())
}
