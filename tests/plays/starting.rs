//! Starts that meet others: a second server on one folder, two first starts on one database, a pooler before it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use plainbill::config::IdentityKey;
use plainbill::conversation::{ConversationId, CustomerId, Message, NewEvent, Sender, StaffId, What};
use plainbill::identity::Identity;
use plainbill::store::{self, Append, NewStaff, Opening, Role, Store, StoreError, StoreSettings};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::house::{Customer, PATIENCE, classifier, key};
use crate::killing::{METRICS_LISTEN, Program, free_port};
use crate::postgres::{Bouncer, Postgres};
use crate::reference::{KEY, Reference};
use crate::settling::customer_at;

/// `plainbill` with these words and this folder.
fn plainbill(words: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
    command.args(words).arg("--data").arg(data).env(METRICS_LISTEN, "127.0.0.1:0");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_a_folder_says_who_has_it_and_commands_work_beside_the_first() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let first = Program::start(data.path(), free_port()).await;
    let second = plainbill(&["serve", "--listen", "127.0.0.1:0"], data.path()).output()?;
    assert_eq!(second.status.code(), Some(1));
    let words = String::from_utf8_lossy(&second.stderr).into_owned();
    for part in ["another server works on", &format!("process {} on ", first.id()), ", since 20", "stop it first"] {
        assert!(words.contains(part), "{part:?} is not in: {words}");
    }
    for words in [
        &["staff", "add", "ben", "--name", "Ben"][..],
        &["staff", "list"],
        &["causes"],
        &["actions"],
        &["check", "--store"],
    ] {
        let done = plainbill(words, data.path()).output()?;
        assert!(done.status.success(), "{words:?} beside a server: {done:?}");
    }
    // Killed, it leaves nothing behind that keeps the next one out.
    first.kill();
    Program::start(data.path(), free_port()).await.kill();
    Ok(())
}

/// A server that keeps what it prints.
struct Printing {
    child: Child,
    address: SocketAddr,
}

impl Printing {
    fn start(data: &Path, database: &str) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = plainbill(&["serve", "--listen", &address.to_string()], data);
        command.env("PLAINBILL_DATABASE", database).stdout(Stdio::piped()).stderr(Stdio::null());
        Self { child: command.spawn().expect("the program starts"), address }
    }

    async fn is_up(&mut self) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while reqwest::get(format!("http://{}/healthz", self.address)).await.is_err() {
            let ended = self.child.try_wait().expect("it can be asked");
            assert!(ended.is_none() && tokio::time::Instant::now() < until, "it does not come up: {ended:?}");
            tokio::task::yield_now().await;
        }
    }

    /// Ends it, and returns what it has printed.
    fn ends(mut self) -> String {
        self.child.kill().expect("it can be killed");
        let printed = self.child.wait_with_output().expect("it has ended");
        String::from_utf8_lossy(&printed.stdout).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_first_starts_on_one_database_both_come_up_and_one_shows_the_password() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    // What the plays' classifier has learnt, these need not learn.
    classifier().await;
    let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
    for folder in &folders {
        for file in std::fs::read_dir(env!("CARGO_TARGET_TMPDIR"))?.flatten() {
            if file.path().extension().is_some_and(|it| it == "bin") {
                std::fs::copy(file.path(), folder.path().join(file.file_name()))?;
            }
        }
    }
    let mut servers = folders.each_ref().map(|it| Printing::start(it.path(), &postgres.url()));
    for server in &mut servers {
        server.is_up().await;
    }
    let printed = servers.map(Printing::ends);
    let n_passwords = printed.iter().filter(|it| it.contains("the first password stands in")).count();
    assert_eq!(n_passwords, 1, "{printed:?}");
    // It stands in the one folder, for the server's own user only, and in nothing that a log may keep.
    let files: Vec<_> = folders.iter().map(|it| it.path().join("first-password")).filter(|it| it.exists()).collect();
    let [file] = files.as_slice() else { anyhow::bail!("{} files have a first password", files.len()) };
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(file)?) & 0o777, 0o600);
    let password = std::fs::read_to_string(file)?;
    assert!(12 <= password.trim().len() && printed.iter().all(|it| !it.contains(password.trim())), "{printed:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_that_take_the_last_two_away_who_manage_one_is_refused() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    let settings = StoreSettings { url: Some(postgres.url()), readers_max: 1, ..StoreSettings::default() };
    let nodes = [Store::open(&settings).await?, Store::open(&settings).await?];
    let ids = ["one", "two"].map(StaffId::new);
    let manages = |id: &StaffId| NewStaff {
        id: id.clone(),
        login: id.as_str().to_owned(),
        name: "Ada".to_owned(),
        role: Role::Manages,
        password_hash: "phc".to_owned(),
    };
    for round in 0..20 {
        for id in &ids {
            match nodes[0].add_staff(manages(id), round).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (one, two) = tokio::join!(nodes[0].remove_staff(&ids[0]), nodes[1].remove_staff(&ids[1]));
        let refused: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
        assert_eq!(refused, [StoreError::Conflict], "round {round}");
        assert_eq!(nodes[0].all_staff().await?.len(), 1, "round {round}");
    }
    for node in nodes {
        node.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn many_first_openings_of_one_database_at_once_all_succeed() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    let settings = StoreSettings { url: Some(postgres.url()), readers_max: 1, ..StoreSettings::default() };
    let openings = futures_util::future::join_all((0..6).map(|_| Store::open(&settings))).await;
    for opened in openings {
        opened?.close().await;
    }
    Ok(())
}

/// Longer than PostgreSQL takes to notice that the other side has gone.
const ROLLED_BACK_WITHIN: Duration = Duration::from_secs(5);

/// Advisory locks that anybody has, and what another program finds set on the connection that it gets through a pooler.
async fn left_behind(postgres: &Postgres, through: &str) -> anyhow::Result<(i64, String, String)> {
    let mut direct = PgConnection::connect(&postgres.url()).await?;
    let locks = "select count(*) from pg_locks where locktype = 'advisory'";
    // A connection that was given up is rolled back a moment later; one that lives on would hold its locks for minutes.
    let until = Instant::now() + ROLLED_BACK_WITHIN;
    let n_locks = loop {
        let (n_locks,): (i64,) = sqlx::query_as(locks).fetch_one(&mut direct).await?;
        if n_locks == 0 || until < Instant::now() {
            break n_locks;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let mut other = PgConnection::connect(through).await?;
    let read = "select current_setting('statement_timeout'), current_setting('lock_timeout')";
    let (statement, lock): (String, String) = sqlx::query_as(read).fetch_one(&mut other).await?;
    Ok((n_locks, statement, lock))
}

#[tokio::test(flavor = "multi_thread")]
async fn pooling_by_statement_is_refused_in_plain_words() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    let Some(bouncer) = Bouncer::start(&postgres, "statement") else { return Ok(()) };
    let settings = StoreSettings { url: Some(bouncer.url()), ..StoreSettings::default() };
    assert_eq!(Store::open(&settings).await.err(), Some(StoreError::Pooled));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pooling_by_transaction_is_refused_in_plain_words_and_leaves_nothing_behind() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    let Some(bouncer) = Bouncer::start(&postgres, "transaction") else { return Ok(()) };
    let settings = StoreSettings { url: Some(bouncer.url()), ..StoreSettings::default() };
    for _ in 0..10 {
        let refused = Store::open(&settings).await.err();
        assert_eq!(refused, Some(StoreError::Pooled));
    }
    assert_eq!(store::check(&settings).await.err(), Some(StoreError::Pooled));
    assert!(StoreError::Pooled.to_string().contains("pool_mode = session"));
    assert_eq!(left_behind(&postgres, &bouncer.url()).await?, (0, "0".to_owned(), "0".to_owned()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_hold_every_letter_is_refused_at_the_start() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    let mut direct = PgConnection::connect(&postgres.url()).await?;
    sqlx::raw_sql("create database old encoding 'LATIN1' template template0").execute(&mut direct).await?;
    let url = postgres.url().replace("/postgres", "/old");
    let refused = Store::open(&StoreSettings { url: Some(url), ..StoreSettings::default() }).await.err();
    let said = refused.map(|it| it.to_string()).unwrap_or_default();
    assert!(said.contains("`old` has the encoding LATIN1") && said.contains("encoding 'UTF8'"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pooling_by_session_works_and_leaves_nothing_behind() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    let Some(bouncer) = Bouncer::start(&postgres, "session") else { return Ok(()) };
    let settings = StoreSettings { url: Some(bouncer.url()), readers_max: 2, ..StoreSettings::default() };
    let (id, opening) = (ConversationId::new("c"), Some(Opening::default()));
    let message = What::Message(Message { text: "hello".to_owned(), ..Message::default() });
    let events = vec![NewEvent { from: Sender::Customer, name: None, what: message }];
    for at_ms in 1..=3 {
        let store = Store::open(&settings).await?;
        store
            .append(Append { opening: opening.clone(), events: events.clone(), ..Append::new(id.clone(), at_ms) })
            .await?;
        store.close().await;
    }
    let store = Store::open(&settings).await?;
    assert_eq!(store.events(&id, 0, 10).await?.len(), 3);
    store.close().await;
    assert_eq!(left_behind(&postgres, &bouncer.url()).await?, (0, "0".to_owned(), "0".to_owned()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_frees_its_lock_while_its_connection_lives_on() -> anyhow::Result<()> {
    let postgres = Postgres::start();
    let settings = StoreSettings { url: Some(postgres.url()), ..StoreSettings::default() };
    Store::open(&settings).await?.close().await;
    let mut direct = PgConnection::connect(&postgres.url()).await?;
    // The newest schema is to be made again, over what stands there: it fails half-way.
    sqlx::raw_sql("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)")
        .execute(&mut direct)
        .await?;
    let Some(bouncer) = Bouncer::start(&postgres, "session") else { return Ok(()) };
    let pooled = StoreSettings { url: Some(bouncer.url()), ..settings.clone() };
    for settings in [&settings, &pooled] {
        let failed = Store::open(settings).await.err().expect("it is there already").to_string();
        assert!(failed.contains("already exists"), "{failed}");
        let (n_locks, ..) = left_behind(&postgres, &bouncer.url()).await?;
        assert_eq!(n_locks, 0);
    }
    Ok(())
}

/// Settings of a real business whose billing stands at this address.
fn settings(data: &Path, billing: &str, keys: &[IdentityKey]) -> std::io::Result<PathBuf> {
    let keys = keys.iter().map(|it| format!("{{ kid = \"{}\", secret = \"{}\" }}", it.kid, it.secret));
    let keys = keys.collect::<Vec<_>>().join(", ");
    let billing = format!("[billing]\nsource = \"http\"\nurl = \"{billing}\"\nkey = \"{KEY}\"\n");
    let file = data.join("plainbill.toml");
    std::fs::write(&file, format!("demo = false\nidentity_keys = [{keys}]\n\n{billing}"))?;
    Ok(file)
}

/// What the server says to a token.
async fn welcome(address: SocketAddr, key: &IdentityKey) -> Value {
    let now = jiff::Timestamp::now().as_second();
    let token =
        Identity::new(vec![key.clone()], 600).token(&CustomerId::new("bill-late"), now).expect("there is a key");
    let mut customer = Customer::connect(address, None).await;
    customer.send(json!({ "type": "hello", "identity": token })).await;
    customer.frame().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_changed_in_the_settings_counts_without_a_restart() -> anyhow::Result<()> {
    let reference = Reference::start(jiff::Zoned::now().date()).await;
    let billing = format!("http://{}/plainbill", reference.address);
    let next = IdentityKey { kid: "next".into(), secret: "n".repeat(40), ..IdentityKey::default() };
    let data = tempfile::tempdir()?;
    let file = settings(data.path(), &billing, &[key()])?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
    command.arg("--config").arg(&file);
    let server = Program::start_with(command, data.path(), free_port()).await;
    assert_eq!(welcome(server.address, &key()).await["type"], "welcome");
    assert_eq!(welcome(server.address, &next).await["code"], "bad_identity");
    settings(data.path(), &billing, std::slice::from_ref(&next))?;
    let until = tokio::time::Instant::now() + PATIENCE;
    while welcome(server.address, &next).await["type"] != "welcome" {
        assert!(tokio::time::Instant::now() < until, "the next key never counts");
        // Each try is a connection, and a stranger gets only so many a minute.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(welcome(server.address, &key()).await["code"], "bad_identity");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_certificates_needs_none_for_what_is_not_encrypted() -> anyhow::Result<()> {
    let reference = Reference::start(jiff::Zoned::now().date()).await;
    let data = tempfile::tempdir()?;
    let file = settings(data.path(), &format!("http://{}/plainbill", reference.address), &[key()])?;
    let bare = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
        command.arg("--config").arg(&file).env("SSL_CERT_FILE", "/nowhere/at/all").env_remove("SSL_CERT_DIR");
        command
    };
    let server = Program::start_with(bare(), data.path(), free_port()).await;
    let mut customer = customer_at(&server, "bill-late").await;
    customer.says("how much do I owe?").await;
    assert!(customer.hears().await.contains('£'));
    server.kill();
    // What is encrypted is refused at the start, and the sentence says what to do.
    settings(data.path(), "https://billing.example/plainbill", &[key()])?;
    let mut encrypted = bare();
    encrypted.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path()).env(METRICS_LISTEN, "127.0.0.1:0");
    let refused = encrypted.output()?;
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(words.contains("certificates") && words.contains("ca-certificates"), "{words}");
    Ok(())
}
