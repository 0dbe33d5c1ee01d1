//! `plainbill check --store`: whether what was kept is still what it was.

use std::process::ExitCode;

use jiff::Timestamp;

use super::{Print, n, store_settings};
use crate::config::Config;
use crate::conversation::{format, normal};
use crate::store::{self, Damage, DamageKind, Findings, StoreError};

const WHAT_TO_DO: &str = "\
What is named here is not shown in the chat: a line stands in its place, and everything else goes on.
To have it back, stop the server and put the newest backup from before the damage in the store's place; what was written
after that backup is then gone, so keep the damaged store as well. Then have the disk and the memory tested: sound ones
change nothing by themselves.";

/// Names everything in the store that is damaged; exit 1 if there is any.
pub async fn check_store(config: &Config, print: Print) -> anyhow::Result<ExitCode> {
    let findings = match store::check(&store_settings(config)).await {
        Ok(findings) => findings,
        Err(StoreError::NotFound) if config.database.is_empty() => {
            anyhow::bail!("there is no store in {}: name its folder with --data", config.data.display())
        }
        Err(StoreError::NotFound) => anyhow::bail!("there is no store of plainbill's in this database"),
        Err(error) => return Err(error.into()),
    };
    if print.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        print_findings(&findings);
    }
    Ok(if findings.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_findings(findings: &Findings) {
    for fault in &findings.file {
        println!("the file: {}", normal::shown(fault));
    }
    for damage in &findings.damage {
        println!("{}", line(damage));
    }
    let n_more = findings.n_damaged.saturating_sub(findings.damage.len() as u64);
    if 0 < n_more {
        println!("and {n_more} more");
    }
    let count = |it: u64, one, many| format::plural(i64::try_from(it).unwrap_or(i64::MAX), one, many);
    let seen = count(findings.events, "event", "events");
    let within = count(findings.conversations, "conversation", "conversations");
    match findings.is_sound() {
        true => println!("All is as it was kept: {seen} in {within}."),
        false => println!("\n{} among {seen} in {within}.\n{WHAT_TO_DO}", damages(findings)),
    }
    if 0 < findings.unchecked {
        let unchecked = count(findings.unchecked, "event is", "events are");
        println!("{unchecked} from before there were checksums: nothing can be said of those.");
    }
}

fn damages(findings: &Findings) -> String {
    match (findings.n_damaged, findings.file.len()) {
        (0, faults) => format::plural(n(faults), "fault of the file", "faults of the file"),
        (damaged, _) => format::plural(i64::try_from(damaged).unwrap_or(i64::MAX), "damaged place", "damaged places"),
    }
}

fn line(damage: &Damage) -> String {
    let Damage { conversation, seq, at_ms, kind } = damage;
    let kept = at_ms.and_then(|it| Timestamp::from_millisecond(it).ok());
    let kept = kept.map(|it| it.strftime("%F %T UTC").to_string());
    let (what, when) = match seq {
        Some(seq) => (format!("event {seq}"), "kept"),
        None => ("its own row".to_owned(), "last written"),
    };
    let how = match (kind, seq) {
        (DamageKind::Changed, Some(_)) => "changed, it is not what was kept",
        (DamageKind::Changed, None) => "changed, it does not agree with the log",
        (DamageKind::Missing, _) => "missing",
        (DamageKind::Unreadable, _) => "unreadable",
    };
    let when = match (kept, kind) {
        (Some(kept), DamageKind::Missing) => format!(", after {kept}"),
        (Some(kept), _) => format!(", {when} {kept}"),
        (None, _) => String::new(),
    };
    format!("conversation {}, {what}{when}: {how}", normal::shown(conversation.as_str()))
}
