//! Keeps the people of the business, and who of them is signed in.

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Store, StoreError, parse_word};
use crate::conversation::StaffId;

/// Where a write of who manages stands among those of conversations, so that two nodes take their locks in one order.
const MANAGERS_LANE: &str = "managers";

/// What a staff member may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks at conversations and figures.
    Reads,
    /// Takes conversations and answers.
    Answers,
    /// Changes content, staff and settings.
    Manages,
}

impl Role {
    /// The word under which the store and the command line know this role.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Reads => "reads",
            Role::Answers => "answers",
            Role::Manages => "manages",
        }
    }

    /// The role of this word.
    pub fn parse(text: &str) -> Option<Self> {
        parse_word(text).ok()
    }
}

/// One person of the business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// Their id.
    pub id: StaffId,
    /// What they sign in with.
    pub login: String,
    /// The first name, which customers see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When they were added, in milliseconds since 1970.
    pub added_at_ms: i64,
}

/// A staff member to be added.
#[derive(Clone)]
pub struct NewStaff {
    /// Their id.
    pub id: StaffId,
    /// What they sign in with; nobody else has it.
    pub login: String,
    /// The first name, which customers see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The password, hashed.
    pub password_hash: String,
}

impl fmt::Debug for NewStaff {
    /// Leaves out the password's hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewStaff").field("id", &self.id).field("login", &self.login).finish_non_exhaustive()
    }
}

/// What a sign-in is checked against.
#[derive(Clone)]
pub struct Login {
    /// Whose it is.
    pub staff: Staff,
    /// The password, hashed.
    pub password_hash: String,
}

impl fmt::Debug for Login {
    /// Leaves out the password's hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("staff", &self.staff).finish_non_exhaustive()
    }
}

#[derive(FromRow)]
struct StaffRow {
    id: String,
    login: String,
    name: String,
    role: String,
    password_hash: String,
    added_at_ms: i64,
}

impl StaffRow {
    fn login(self) -> Result<Login, StoreError> {
        let staff = Staff {
            id: StaffId::new(self.id),
            login: self.login,
            name: self.name,
            role: parse_word(&self.role)?,
            added_at_ms: self.added_at_ms,
        };
        Ok(Login { staff, password_hash: self.password_hash })
    }

    fn staff(self) -> Result<Staff, StoreError> {
        Ok(self.login()?.staff)
    }
}

impl Store {
    /// Adds a staff member. [`StoreError::Conflict`] when the id or the login is taken.
    pub async fn add_staff(&self, new: NewStaff, at_ms: i64) -> Result<(), StoreError> {
        self.inner
            .writer
            .write("", move |tx| {
                let new = new.clone();
                Box::pin(async move {
                    sqlx::query(
                        "insert into staff (id, login, name, role, password_hash, added_at_ms) \
                     values ($1, $2, $3, $4, $5, $6)",
                    )
                    .bind(new.id.as_str())
                    .bind(new.login)
                    .bind(new.name)
                    .bind(new.role.as_str())
                    .bind(new.password_hash)
                    .bind(at_ms)
                    .execute(&mut tx.db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// The staff member who signs in with this, or [`StoreError::NotFound`].
    pub async fn staff_by_login(&self, login: &str) -> Result<Login, StoreError> {
        let rows = sqlx::query_as::<_, StaffRow>("select * from staff where login = $1").bind(login);
        self.read(rows.fetch_one(&self.inner.pool)).await?.login()
    }

    /// One staff member, or [`StoreError::NotFound`].
    pub async fn staff(&self, id: &StaffId) -> Result<Staff, StoreError> {
        let rows = sqlx::query_as::<_, StaffRow>("select * from staff where id = $1").bind(id.as_str());
        self.read(rows.fetch_one(&self.inner.pool)).await?.staff()
    }

    /// All staff, in the order of their logins.
    pub async fn all_staff(&self) -> Result<Vec<Staff>, StoreError> {
        let rows = sqlx::query_as::<_, StaffRow>("select * from staff order by login");
        self.read(rows.fetch_all(&self.inner.pool)).await?.into_iter().map(StaffRow::staff).collect()
    }

    /// Changes a password and ends all sessions that were opened with the old one.
    pub async fn set_password(&self, id: &StaffId, password_hash: &str) -> Result<(), StoreError> {
        let (id, password_hash) = (id.clone(), password_hash.to_owned());
        self.inner
            .writer
            .write("", move |tx| {
                let (id, password_hash) = (id.clone(), password_hash.clone());
                Box::pin(async move {
                    let changed = sqlx::query("update staff set password_hash = $2 where id = $1")
                        .bind(id.as_str())
                        .bind(password_hash)
                        .execute(&mut tx.db)
                        .await?;
                    found(changed.rows_affected())?;
                    sqlx::query("delete from staff_sessions where staff_id = $1")
                        .bind(id.as_str())
                        .execute(&mut tx.db)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Removes a staff member and ends their sessions. What they wrote stays; the conversations they have
    /// are left behind ([`Store::left_behind`]).
    pub async fn remove_staff(&self, id: &StaffId) -> Result<(), StoreError> {
        let (id, lock) = (id.clone(), self.inner.place.lock_of_managers());
        self.inner
            .writer
            .write(MANAGERS_LANE, move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    // Of two nodes that take the last two away, the second has to see what the first has done.
                    if let Some(lock) = lock {
                        sqlx::raw_sql(lock).execute(&mut tx.db).await?;
                    }
                    // Their sessions go with the row.
                    let removed = sqlx::query(
                        "delete from staff where id = $1 and (role <> 'manages' \
                         or exists (select 1 from staff where role = 'manages' and id <> $1))",
                    );
                    if 0 < removed.bind(id.as_str()).execute(&mut tx.db).await?.rows_affected() {
                        return Ok(());
                    }
                    let (n,): (i64,) = sqlx::query_as("select count(*) from staff where id = $1")
                        .bind(id.as_str())
                        .fetch_one(&mut tx.db)
                        .await?;
                    Err(if n == 0 { StoreError::NotFound } else { StoreError::Conflict })
                })
            })
            .await
    }

    /// Opens a session by the SHA-256 of its token, and forgets all that have expired.
    pub async fn open_session(
        &self,
        hash: &str,
        staff: &StaffId,
        now_ms: i64,
        expires_at_ms: i64,
    ) -> Result<(), StoreError> {
        let (hash, staff) = (hash.to_owned(), staff.clone());
        self.inner
            .writer
            .write("", move |tx| {
                let (hash, staff) = (hash.clone(), staff.clone());
                Box::pin(async move {
                    sqlx::query("delete from staff_sessions where expires_at_ms <= $1")
                        .bind(now_ms)
                        .execute(&mut tx.db)
                        .await?;
                    sqlx::query(
                    "insert into staff_sessions (hash, staff_id, opened_at_ms, expires_at_ms) values ($1, $2, $3, $4)",
                )
                .bind(hash)
                .bind(staff.as_str())
                .bind(now_ms)
                .bind(expires_at_ms)
                .execute(&mut tx.db)
                .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Whose session it is; none when there is none or it has expired.
    pub async fn session(&self, hash: &str, now_ms: i64) -> Result<Option<Staff>, StoreError> {
        let rows = sqlx::query_as::<_, StaffRow>(
            "select staff.* from staff_sessions join staff on staff.id = staff_sessions.staff_id \
             where staff_sessions.hash = $1 and $2 < staff_sessions.expires_at_ms",
        )
        .bind(hash)
        .bind(now_ms);
        self.read(rows.fetch_optional(&self.inner.pool)).await?.map(StaffRow::staff).transpose()
    }

    /// Ends a session. It does not matter whether it was there.
    pub async fn close_session(&self, hash: &str) -> Result<(), StoreError> {
        let hash = hash.to_owned();
        self.inner
            .writer
            .write("", move |tx| {
                let hash = hash.clone();
                Box::pin(async move {
                    sqlx::query("delete from staff_sessions where hash = $1").bind(hash).execute(&mut tx.db).await?;
                    Ok(())
                })
            })
            .await
    }
}

fn found(n_rows: u64) -> Result<(), StoreError> {
    if n_rows == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}
