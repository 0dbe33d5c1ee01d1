//! `plainbill serve`: puts the parts together and runs until a signal comes.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use crate::app::App;
use crate::billing::demo::Demo;
use crate::billing::{self, Billing};
use crate::clock::Clock;
use crate::commands::{identity, open_classifier, open_store, staff, store_settings};
use crate::config::{Config, unknown_variables};
use crate::content::Contents;
use crate::identity::codes::Codes;
use crate::identity::pages::Pages;
use crate::mail::Mailbox;
use crate::parts::Made;
use crate::{server, store, telemetry};

/// Runs the server.
pub async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let _log = telemetry::start_log();
    warn_of_unknown_variables();
    let contents = match Contents::open_in(&config.intents, &config.data) {
        Ok(contents) => contents,
        Err(faults) => {
            super::print_faults(&faults);
            anyhow::bail!("the content has faults: see above");
        }
    };
    contents.current().log_warnings();
    // Held until the end.
    let _held = store::hold(&store_settings(&config))?;
    let store = open_store(&config).await?;
    let identity = identity(&config, &store).await?;
    let mailbox = Mailbox::open(&config)?;
    let codes = Codes::open(&store, &config).await.context("the secret for one-time codes could not be kept")?;
    let pages = Pages::open(&store, &config.limits).await.context("the secret for links could not be kept")?;
    let classifier = match open_classifier(&config) {
        Ok(classifier) => Some(classifier),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "no classifier: every message goes to a person");
            None
        }
    };
    if let Err(error) = telemetry::start_metrics(config.metrics_listen) {
        tracing::warn!(error = format!("{error:#}"), "no metrics");
    }
    let time_zone = contents.current().hours.time_zone.clone();
    let zone = time_zone.clone();
    let listener = server::bind(config.listen, &config.limits)?;
    let address = listener.local_addr()?;
    let site = match config.public_url.as_str() {
        "" => format!("{}://{address}", if config.https { "https" } else { "http" }),
        public_url => public_url.to_owned(),
    };
    let now = move || jiff::Timestamp::now().to_zoned(time_zone.clone());
    let named = [("billing.url", &config.billing.url), ("billing.key", &config.billing.key)];
    let unused: Vec<&str> = named.iter().filter(|it| !it.1.is_empty()).map(|it| it.0).collect();
    let source = billing::open(&config.billing, &config.limits, zone, jiff::Timestamp::now)?;
    if source.as_ref().is_some_and(|it| !it.has_accounts()) {
        if !unused.is_empty() {
            tracing::warn!("{} set and not used, because billing.source is none", unused.join(" and "));
        }
        tracing::warn!(
            "billing.source is none: customers get general answers without their own figures; \
             set it to stripe or http once your billing is connected (docs/billing.md)"
        );
    }
    let billing: Arc<dyn Billing> = source.unwrap_or_else(|| Arc::new(Demo::new(store.clone(), site.clone(), now)));
    let first = staff::add_first(&store).await?;
    let engine = classifier.as_ref().map_or("none", |it| it.engine());
    let (demo, data) = (config.demo, config.data.clone());
    let app = App::new(Made {
        config,
        store,
        contents,
        classifier,
        billing,
        identity,
        mailbox,
        codes,
        pages,
        clock: Clock::system(),
    });
    if let Some(first) = first {
        tell_first_password(&first, &data, &site)?;
    }
    if demo {
        say(&format!("The demo shop is at {site}/"));
    }
    tracing::info!(%address, engine, "plainbill is up");
    server::serve(app, listener, signal()).await?;
    Ok(ExitCode::SUCCESS)
}

/// A slip in the name of a variable leaves the setting as it was.
fn warn_of_unknown_variables() {
    let unknown = unknown_variables();
    if unknown.is_empty() {
        return;
    }
    let told = unknown.iter().map(|(name, near)| match near {
        Some(near) => format!("{name} (did you mean {near}?)"),
        None => name.clone(),
    });
    let variables = told.collect::<Vec<_>>().join(", ");
    tracing::warn!(variables, "these variables are no settings, and change nothing: see docs/settings.md");
}

/// Where the first password stands, in the data folder, where nobody looks at a terminal.
const FIRST_PASSWORD: &str = "first-password";

/// Shows the first password once: to whoever sits at the terminal, else in a file that only the server's own user reads.
/// What a service prints ends in a log.
fn tell_first_password(first: &staff::First, data: &Path, site: &str) -> anyhow::Result<()> {
    let staff::First { login, password } = first;
    if std::io::stdout().is_terminal() {
        say(&format!("Staff sign in at {site}/console as `{login}` with the password `{password}`."));
        say(&format!("It is shown once. `plainbill staff password {login}` sets another."));
        return Ok(());
    }
    let file = data.join(FIRST_PASSWORD);
    write_secret(&file, password).with_context(|| format!("{} could not be written", file.display()))?;
    say(&format!(
        "Staff sign in at {site}/console as `{login}`; the first password stands in {}. Delete the file then.",
        file.display()
    ));
    Ok(())
}

/// Makes the file anew: one that was there before would keep who may read it, or lead elsewhere.
fn write_secret(file: &Path, secret: &str) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(file)?, "{secret}")
}

/// Says something on standard output, where anybody listens there.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Resolves when the program is asked to end.
async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminate = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut terminate) => terminate.recv().await,
                Err(_) => std::future::pending().await,
            }
        };
        // A terminal that closes ends the program as well: then too everybody may finish.
        let hang_up = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) {
                Ok(mut hang_up) => hang_up.recv().await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate => {}
            _ = hang_up => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = interrupt.await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_for_its_owner_only_whatever_file_was_there_before() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("first-password");
        std::fs::write(&file, "a longer one from before").expect("it can be written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("it is ours");
        for secret in ["one", "two"] {
            write_secret(&file, secret).expect("it can be written");
            assert_eq!(std::fs::read_to_string(&file).expect("it is there"), format!("{secret}\n"));
            let mode = std::fs::metadata(&file).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
