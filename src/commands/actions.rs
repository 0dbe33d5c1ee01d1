//! `plainbill actions`: the audit of what was done in billing for customers.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::commands::{Print, open_store};
use crate::config::Config;
use crate::store::ActionStatus;

/// Lines that are printed at most.
const LINES_MAX: u32 = 1_000;

/// What to show.
#[derive(Debug, Args)]
pub struct ActionsFlags {
    /// Only those of which it is not known whether billing has done them
    #[arg(long)]
    begun: bool,
    #[command(flatten)]
    print: Print,
}

/// Prints the audit, the newest first.
pub async fn actions(config: &Config, flags: ActionsFlags) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let records = store.actions(flags.begun.then_some(ActionStatus::Begun), LINES_MAX).await?;
    store.close().await;
    let mut list = Vec::new();
    for record in records {
        let at = Timestamp::from_millisecond(record.begun_at_ms).unwrap_or_default();
        let result = match record.status {
            ActionStatus::Begun => "begun",
            ActionStatus::Done => "done",
            ActionStatus::Refused => "refused",
        };
        let end = record.reference.as_ref().or(record.why.as_ref());
        if !flags.print.json {
            let new = &record.new;
            let end = end.map_or("", String::as_str);
            let by = new.by.as_ref().map(|(staff, reason)| format!("  by {staff}: {reason}")).unwrap_or_default();
            println!("{at:.0}  {result:7}  {:18}  {}  {}  {end}{by}", new.action, new.customer, new.clause);
        }
        list.push(json!({
            "key": record.new.key,
            "action": record.new.action,
            "customer": record.new.customer,
            "conversation": record.new.conversation,
            "seq": record.new.seq,
            "clause": record.new.clause,
            "staff": record.new.by.as_ref().map(|it| it.0.as_str()),
            "reason": record.new.by.as_ref().map(|it| it.1.as_str()),
            "deed": serde_json::from_str::<serde_json::Value>(&record.new.deed).unwrap_or_default(),
            "result": result,
            "reference": record.reference,
            "why": record.why,
            "told": record.told,
            "begun_at_ms": record.begun_at_ms,
            "ended_at_ms": record.ended_at_ms,
        }));
    }
    match flags.print.json {
        true => println!("{}", serde_json::to_string_pretty(&list)?),
        false if list.is_empty() => println!("Nothing has been done for a customer yet."),
        false => {}
    }
    Ok(ExitCode::SUCCESS)
}
