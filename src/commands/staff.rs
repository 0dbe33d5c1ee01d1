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

/// On an empty store adds somebody who manages, and returns the password, to be shown once. None where there is somebody
/// already, be it from another node's first start in this same moment: that one shows the password.
pub async fn add_first(store: &Store) -> anyhow::Result<Option<String>> {
    if !store.all_staff().await?.is_empty() {
        return Ok(None);
    }
    add(store, FIRST_LOGIN, FIRST_NAME, Role::Manages).await
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
