//! Where the store lies: finding it, connecting to it, checking it, and bringing its schema up to date.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, ConnectOptions, Connection};

use super::{StoreError, StoreSettings, Trouble, pooling};

/// All schemas, oldest first. Their own lock is the connection's, and stays on it when they fail: we take another.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut all = sqlx::migrate!("src/store/migrations");
    all.set_locking(false);
    all
});

/// What every SQLite connection is told. The wait for locks comes first, because the next line may need it.
const SQLITE_SETUP: &str = "\
    pragma busy_timeout = 5000;
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
    pragma journal_size_limit = 67108864;";

/// What every PostgreSQL connection is told: an answer means durable, and nobody waits for ever.
const POSTGRES_SETUP: &str = "\
    set synchronous_commit = on;
    set default_transaction_isolation = 'read committed';
    set statement_timeout = '10s';
    set lock_timeout = '5s';
    set idle_in_transaction_session_timeout = '15s';";

/// Lets one node after the other bring the schema up to date: the lock is the transaction's, and ends with it whatever
/// happens. A large table may take longer than what a connection has otherwise. The number only has to be ours.
const POSTGRES_MIGRATION_SETUP: &str = "\
    set local statement_timeout = 0;
    set local lock_timeout = '60s';
    select pg_advisory_xact_lock(8098926405172553324);";

/// Held until the transaction ends by whoever takes somebody away who manages. The number only has to be ours.
const POSTGRES_MANAGERS_LOCK: &str = "select pg_advisory_xact_lock(8098926405172553325)";

/// The SQLite file in the data folder.
const FILE: &str = "plainbill.db";

/// The longest wait for a new connection; SQLite's is above its wait for locks.
const SQLITE_CONNECT_WAIT: Duration = Duration::from_secs(6);
const POSTGRES_CONNECT_WAIT: Duration = Duration::from_secs(2);
/// The longest that it may take, at the start, to find out whether connections stay ours: some twenty ways there and back.
const POSTGRES_POOLER_WAIT: Duration = Duration::from_secs(10);

/// An SQLite file or a PostgreSQL database.
#[derive(Clone)]
pub(super) struct Place {
    options: AnyConnectOptions,
    /// The SQLite file; none is PostgreSQL.
    file: Option<PathBuf>,
    pages_max: Option<u32>,
}

impl Place {
    /// Finds the place that the settings name, and makes folder and file where they are missing.
    pub fn find(settings: &StoreSettings) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (url, file) = match &settings.url {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => (url.clone(), None),
            Some(_) => return Err(StoreError::broken("the store's address must begin with postgres://")),
            None => {
                let file = make_file(&settings.data).map_err(|error| {
                    StoreError::broken(format_args!("{} cannot be used: {error}", settings.data.display()))
                })?;
                (sqlite_url(&file)?, Some(file))
            }
        };
        let options = AnyConnectOptions::from_str(&url)?;
        Ok(Self { options, file, pages_max: settings.pages_max })
    }

    /// As [`Place::find`], or [`StoreError::NotFound`] where there is no file.
    pub fn find_existing(settings: &StoreSettings) -> Result<Self, StoreError> {
        if settings.url.is_none() && !settings.data.join(FILE).is_file() {
            return Err(StoreError::NotFound);
        }
        Self::find(settings)
    }

    /// Several nodes may write here.
    pub fn is_postgres(&self) -> bool {
        self.file.is_none()
    }

    /// The statement that begins a write: on SQLite one that takes the lock at once, so that it waits for it.
    pub fn begin(&self) -> &'static str {
        if self.is_postgres() { "begin" } else { "begin immediate" }
    }

    /// The statement after which nobody else changes who manages; none where a write has the whole store for itself.
    pub fn lock_of_managers(&self) -> Option<&'static str> {
        self.is_postgres().then_some(POSTGRES_MANAGERS_LOCK)
    }

    /// Fails where connections to PostgreSQL don't stay ours.
    pub async fn refuse_pooler(&self) -> Result<(), StoreError> {
        if !self.is_postgres() {
            return Ok(());
        }
        let found = tokio::time::timeout(POSTGRES_POOLER_WAIT, pooling::refuse(&self.options)).await;
        found.unwrap_or_else(|_| Err(StoreError::unavailable(Trouble::Lost, "connecting took too long")))
    }

    /// A connection that is set up.
    pub async fn connect(&self) -> Result<AnyConnection, StoreError> {
        let connecting = async {
            let mut connection = self.options.connect().await?;
            set_up(&mut connection, self.is_postgres(), self.pages_max).await?;
            Ok::<_, sqlx::Error>(connection)
        };
        let wait = if self.is_postgres() { POSTGRES_CONNECT_WAIT } else { SQLITE_CONNECT_WAIT };
        match tokio::time::timeout(wait, connecting).await {
            Ok(connection) => connection.map_err(|error| self.wrong(error)),
            Err(_) => Err(StoreError::unavailable(Trouble::Lost, "connecting took too long")),
        }
    }

    /// The pool for reads; it connects when it is first asked.
    pub fn pool(&self, settings: &StoreSettings) -> AnyPool {
        let postgres = self.is_postgres();
        let pages_max = self.pages_max;
        AnyPoolOptions::new()
            .max_connections(settings.readers_max)
            .acquire_timeout(settings.read_wait)
            .test_before_acquire(postgres)
            .after_connect(move |connection, _| Box::pin(set_up(connection, postgres, pages_max)))
            .connect_lazy_with(self.options.clone())
    }

    /// Refuses a damaged SQLite file, and a PostgreSQL database that doesn't hold every letter.
    pub async fn check(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let Some(file) = &self.file else { return refuse_encoding(connection).await };
        let found: Vec<(String,)> = match sqlx::query_as("pragma quick_check(3)").fetch_all(connection).await {
            Ok(found) => found,
            // Where the damage is in what tells one table from the other, SQLite cannot even look.
            Err(error) => return Err(self.wrong(error)),
        };
        match found.as_slice() {
            [(word,)] if word == "ok" => Ok(()),
            faults => Err(StoreError::broken(format_args!(
                "{} is damaged, restore the newest backup ({})",
                file.display(),
                faults.iter().map(|(fault,)| fault.as_str()).collect::<Vec<_>>().join("; "),
            ))),
        }
    }

    /// What SQLite finds wrong with its file, at most a hundred lines; nothing where all is well, or on PostgreSQL.
    pub async fn integrity(&self, connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
        if self.is_postgres() {
            return Ok(Vec::new());
        }
        let found: Vec<(String,)> = match sqlx::query_as("pragma integrity_check(100)").fetch_all(connection).await {
            Ok(found) => found,
            Err(error) => return Err(self.wrong(error)),
        };
        Ok(found.into_iter().map(|(fault,)| fault).filter(|it| it != "ok").collect())
    }

    /// Whether a store is there and has the newest schema.
    pub async fn knows_schema(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let found = sqlx::query_as("select max(version) from _sqlx_migrations").fetch_one(connection).await;
        let found: i64 = match found {
            Ok((Some(found),)) => found,
            Ok((None,)) => return Err(StoreError::NotFound),
            Err(error) if is_corrupt(&error) => return Err(self.wrong(error)),
            Err(error) => match error.into() {
                // There is no such table: what is here is none of ours.
                StoreError::Broken { .. } => return Err(StoreError::NotFound),
                error => return Err(error),
            },
        };
        let known = newest();
        match found.cmp(&known) {
            Ordering::Less => Err(StoreError::Older { found, known }),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(StoreError::Newer { found, known }),
        }
    }

    /// A failure; of a damaged SQLite file it says what to do.
    fn wrong(&self, error: sqlx::Error) -> StoreError {
        match &self.file {
            Some(file) if is_corrupt(&error) => {
                let file = file.display();
                StoreError::broken(format_args!("{file} is damaged, restore the newest backup ({error})"))
            }
            _ => error.into(),
        }
    }

    /// Brings the schema up to date, all of it or nothing.
    pub async fn migrate(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let mut tx = connection.begin_with(self.begin()).await?;
        if self.is_postgres() {
            sqlx::raw_sql(POSTGRES_MIGRATION_SETUP).execute(&mut *tx).await?;
        }
        MIGRATIONS.run(&mut *tx).await.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => self.wrong(error),
            MigrateError::VersionMismatch(version) => StoreError::broken(format_args!(
                "what it says of its schema {version} is not what this program wrote: it is damaged, restore the newest \
                 backup, or it is another program's"
            )),
            MigrateError::VersionMissing(found) => StoreError::Newer { found, known: newest() },
            other => StoreError::broken(other),
        })?;
        tx.commit().await.map_err(|error| self.wrong(error))
    }

    /// Moves what SQLite's log still holds into the file. Failing is harmless: the next start does it.
    pub async fn tidy_up(&self) {
        if self.is_postgres() {
            return;
        }
        if let Ok(mut connection) = self.connect().await {
            sqlx::raw_sql("pragma wal_checkpoint(truncate)").execute(&mut connection).await.ok();
            connection.close().await.ok();
        }
    }
}

/// Names and messages come in all letters: in another encoding the first `ł` would be an error in mid-conversation.
async fn refuse_encoding(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let found: (String, String) =
        sqlx::query_as("select current_database()::text, current_setting('server_encoding')::text")
            .fetch_one(connection)
            .await?;
    match found {
        (_, encoding) if encoding == "UTF8" => Ok(()),
        (name, encoding) => Err(StoreError::broken(format_args!(
            "the database `{name}` has the encoding {encoding}, which doesn't hold every letter: make another one with \
             create database plainbill encoding 'UTF8' template template0"
        ))),
    }
}

/// The newest schema that this program knows.
fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Whether SQLite says that the file is damaged, or none of its own.
fn is_corrupt(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|inner| inner.code()?.parse::<i32>().ok());
    code.is_some_and(|code| matches!(code % 256, 11 | 26))
}

async fn set_up(connection: &mut AnyConnection, postgres: bool, pages_max: Option<u32>) -> Result<(), sqlx::Error> {
    let words = if postgres { POSTGRES_SETUP } else { SQLITE_SETUP };
    sqlx::raw_sql(words).execute(&mut *connection).await?;
    if let (false, Some(pages)) = (postgres, pages_max) {
        // A number is all that goes into the text.
        sqlx::raw_sql(AssertSqlSafe(format!("pragma max_page_count = {pages}"))).execute(connection).await?;
    }
    Ok(())
}

/// The folder in which the SQLite file of a data folder really lies, or will lie, whatever links lead there.
pub(super) fn folder_of_file(data: &Path) -> std::io::Result<PathBuf> {
    match data.join(FILE).canonicalize() {
        Ok(file) => Ok(file.parent().map_or_else(|| data.to_path_buf(), Path::to_path_buf)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => data.canonicalize(),
        Err(error) => Err(error),
    }
}

/// Makes the folder and the file, which nobody else may read; SQLite gives its side files the same mode.
fn make_file(data: &Path) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(data)?;
    let file = data.canonicalize()?.join(FILE);
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let opened = options.open(&file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        opened.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    drop(opened);
    Ok(file)
}

/// The file's address, with every byte escaped that means something in an address.
fn sqlite_url(file: &Path) -> Result<String, StoreError> {
    let path = file.to_str().ok_or_else(|| StoreError::broken("the data folder's name is not UTF-8"))?;
    let mut url = String::from("sqlite://");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_may_have_any_name() {
        let url = sqlite_url(Path::new("/srv/50% off? #1/plainbill.db")).expect("it is UTF-8");
        assert_eq!(url, "sqlite:///srv/50%25%20off%3F%20%231/plainbill.db");
    }
}
