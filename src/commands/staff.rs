//! `plainbill staff`: who may sign in, and what they may do.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::commands::{Print, open_store};
use crate::config::Config;
use crate::conversation::{StaffId, normal};
use crate::identity::secrets;
use crate::server;
use crate::store::{NewStaff, Role, Staff, Store, StoreError};

/// Who is made on the first start.
pub const FIRST_LOGIN: &str = "admin";
/// The first name that customers see until it is changed.
const FIRST_NAME: &str = "Alex";

/// How many logins are tried for them.
const FIRST_LOGINS_MAX: u32 = 100;

/// The longest login and name, in bytes; a sign-in looks for none that is longer.
const NAME_BYTES_MAX: usize = 200;

/// What can be done about staff.
#[derive(Debug, Subcommand)]
pub enum StaffCommand {
    /// Adds somebody; the password is made and printed once
    Add {
        /// What they sign in with
        login: String,
        /// The first name that customers see
        #[arg(long)]
        name: String,
        /// What they may do
        #[arg(long, value_enum, default_value = "answers")]
        role: RoleFlag,
    },
    /// Everybody
    List(Print),
    /// Makes a new password and prints it once
    Password {
        /// Whose
        login: String,
    },
    /// Takes somebody away; their sessions end
    Remove {
        /// Whom
        login: String,
    },
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleFlag {
    /// Read everything
    Reads,
    /// And answer customers
    Answers,
    /// And change content, causes and staff
    Manages,
}

impl From<RoleFlag> for Role {
    fn from(role: RoleFlag) -> Self {
        match role {
            RoleFlag::Reads => Role::Reads,
            RoleFlag::Answers => Role::Answers,
            RoleFlag::Manages => Role::Manages,
        }
    }
}

/// Runs a staff command.
pub async fn staff(config: &Config, command: StaffCommand) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    match command {
        StaffCommand::Add { login, name, role } => {
            let password = add(&store, &login, &name, role.into()).await?;
            let password =
                password.with_context(|| format!("`{login}` is there already: `plainbill staff password {login}`"))?;
            println!("{login} signs in with the password {password}");
            if !somebody_manages(&store).await? {
                println!("Nobody manages yet: the first start of `plainbill serve` adds `{FIRST_LOGIN}`, who does");
            }
        }
        StaffCommand::List(print) => list(&store, print).await?,
        StaffCommand::Password { login } => {
            let staff = find(&store, &login).await?;
            let password = secrets::random();
            store.set_password(&staff.id, &server::hash_password(&password)?).await?;
            println!("{login} signs in with the password {password}");
        }
        StaffCommand::Remove { login } => {
            let staff = find(&store, &login).await?;
            store.remove_staff(&staff.id).await.map_err(|error| match error {
                StoreError::Conflict => anyhow::anyhow!(
                    "`{login}` is the last one who manages, and nobody could take their place: add another one first, \
                     `plainbill staff add LOGIN --name NAME --role manages`"
                ),
                error => error.into(),
            })?;
            println!("{login} is gone");
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Who was added on the first start.
pub struct First {
    /// What they sign in with.
    pub login: String,
    /// With which password; it is shown once.
    pub password: String,
}

/// Where nobody manages adds somebody who does. None where there is somebody already, be it from another node's first
/// start in this same moment: that one shows the password.
pub async fn add_first(store: &Store) -> anyhow::Result<Option<First>> {
    // Whoever only answers may have the login already.
    for login in
        std::iter::once(FIRST_LOGIN.to_owned()).chain((2..FIRST_LOGINS_MAX).map(|n| format!("{FIRST_LOGIN}{n}")))
    {
        if somebody_manages(store).await? {
            return Ok(None);
        }
        if let Some(password) = add(store, &login, FIRST_NAME, Role::Manages).await? {
            return Ok(Some(First { login, password }));
        }
    }
    anyhow::bail!(
        "nobody manages, and somebody else has each login: `plainbill staff add LOGIN --name NAME --role manages`"
    )
}

async fn somebody_manages(store: &Store) -> anyhow::Result<bool> {
    Ok(store.all_staff().await?.iter().any(|it| it.role == Role::Manages))
}

/// Adds somebody and returns the password; none where the login is taken.
async fn add(store: &Store, login: &str, name: &str, role: Role) -> anyhow::Result<Option<String>> {
    anyhow::ensure!(!login.trim().is_empty() && !name.trim().is_empty(), "login and name must not be empty");
    let is_plain = |it: &str| it.len() <= NAME_BYTES_MAX && normal::shown(it) == it && !it.contains(char::is_control);
    anyhow::ensure!(
        is_plain(login) && is_plain(name),
        "login and name may have {NAME_BYTES_MAX} bytes at most, and no letters that steer a terminal or turn words"
    );
    let password = secrets::random();
    let new = NewStaff {
        id: StaffId::new(uuid::Uuid::now_v7().to_string()),
        login: login.to_owned(),
        name: name.to_owned(),
        role,
        password_hash: server::hash_password(&password)?,
    };
    match store.add_staff(new, jiff::Timestamp::now().as_millisecond()).await {
        Ok(()) => Ok(Some(password)),
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error).context("they could not be added"),
    }
}

async fn find(store: &Store, login: &str) -> anyhow::Result<Staff> {
    match store.staff_by_login(login).await {
        Ok(found) => Ok(found.staff),
        Err(StoreError::NotFound) => {
            anyhow::bail!("nobody signs in as `{}`: see `plainbill staff list`", normal::shown(login))
        }
        Err(error) => Err(error).context("staff could not be read"),
    }
}

async fn list(store: &Store, print: Print) -> anyhow::Result<()> {
    let all = store.all_staff().await?;
    if print.json {
        let all: Vec<_> = all
            .iter()
            .map(|it| json!({ "id": it.id.as_str(), "login": it.login, "name": it.name, "role": it.role.as_str() }))
            .collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    for it in all {
        println!("{:<20} {:<20} {}", normal::shown(&it.login), normal::shown(&it.name), it.role.as_str());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreSettings;

    #[tokio::test]
    async fn the_first_start_adds_whoever_manages_whatever_others_are_there() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = StoreSettings { data: folder.path().to_owned(), ..StoreSettings::default() };
        let store = Store::open(&settings).await.expect("it opens");
        for login in ["boss", FIRST_LOGIN] {
            assert!(add(&store, login, "Bo", Role::Answers).await.expect("it works").is_some());
        }
        assert!(!somebody_manages(&store).await.expect("it can be read"));
        let first = add_first(&store).await.expect("it works").expect("nobody manages");
        let added = store.staff_by_login(&first.login).await.expect("they are there").staff;
        assert_eq!((added.login.as_str(), added.role), ("admin2", Role::Manages));
        assert!(add_first(&store).await.expect("it works").is_none(), "somebody manages");
        store.close().await;
    }
}
