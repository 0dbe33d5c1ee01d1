//! `plainbill chat`: talks like the widget, in a terminal or from a file of turns.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use jiff::civil::DateTime;

use super::{open_content, taught};
use crate::billing::demo::Demo;
use crate::billing::{self, Billing};
use crate::config::Config;
use crate::conversation::{Card, Message, NewEvent, OwnerChange, Receipt, Sender, What};
use crate::talks::Stage;

/// Begins a line that taps a choice by its place or its id.
const TAP: &str = "/tap ";

/// What can be set.
#[derive(Debug, Args)]
pub struct ChatFlags {
    /// The customer who speaks; a visitor whom we don't know, when absent
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Say after each turn how the words were read
    #[arg(long)]
    explain: bool,
    /// Read the customer's turns from this file, one a line; `/tap 1` taps the first button
    #[arg(long, value_name = "FILE")]
    turns: Option<PathBuf>,
    /// When it takes place, where the business is: 2026-06-16T10:00 [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime>,
}

/// Runs the command.
pub async fn chat(config: &Config, flags: ChatFlags) -> anyhow::Result<ExitCode> {
    let content = Arc::new(open_content(config)?);
    let classifier = taught(config, &content).await?;
    let zone = content.hours.time_zone.clone();
    let now = match flags.at {
        Some(at) => at.to_zoned(zone.clone()).context("there is no such time where the business is")?.timestamp(),
        None => jiff::Timestamp::now(),
    };
    let source = billing::open(&config.billing, &config.limits, zone.clone(), jiff::Timestamp::now)?;
    let billing: Arc<dyn Billing> = source.unwrap_or_else(|| Arc::new(Demo::on(now.to_zoned(zone).date())));
    let mut stage = Stage::new(&content, &classifier, billing, now);
    if let Some(customer) = &flags.customer {
        stage.verify(customer);
    }
    match &flags.turns {
        Some(file) => {
            let turns = read(file)?;
            for line in turns.lines().filter(|it| !it.trim().is_empty() && !it.starts_with('#')) {
                println!("> {line}");
                turn(&mut stage, line, flags.explain).await?;
            }
        }
        None => by_hand(&mut stage, flags.explain).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))
}

/// Reads turns as they are typed, until the input ends.
async fn by_hand(stage: &mut Stage, explain: bool) -> anyhow::Result<()> {
    let prompt = std::io::stdin().is_terminal();
    if prompt {
        println!("You are the customer. `/tap 1` taps the first button; Ctrl+D ends.");
    }
    let mut lines = std::io::stdin().lock().lines();
    loop {
        if prompt {
            print!("> ");
            std::io::stdout().flush()?;
        }
        let Some(line) = lines.next() else { return Ok(()) };
        let line = line.context("the line could not be read")?;
        if !line.trim().is_empty() {
            turn(stage, &line, explain).await?;
        }
    }
}

async fn turn(stage: &mut Stage, line: &str, explain: bool) -> anyhow::Result<()> {
    let outcome = match line.strip_prefix(TAP) {
        Some(choice) => {
            let place = choice.trim().parse::<usize>().ok().and_then(|it| it.checked_sub(1));
            let by_place = place.and_then(|it| stage.state().offered.get(it)).map(|it| it.id.clone());
            match stage.tap(&by_place.unwrap_or_else(|| choice.trim().to_owned())).await {
                Ok(outcome) => outcome,
                Err(why) => {
                    println!("  ({why})");
                    return Ok(());
                }
            }
        }
        None => stage.say(line).await?,
    };
    if outcome.events.is_empty() {
        println!("  (nothing is said)");
    }
    for event in &outcome.events {
        print_event(event, explain);
    }
    Ok(())
}

fn print_event(event: &NewEvent, explain: bool) {
    match &event.what {
        What::Message(message) => print_message(event.from, message, explain),
        What::Receipt(Receipt { text, undo, choices, .. }) => {
            println!("  receipt: {}", indented(text));
            if let Some(undo) = undo {
                println!("    {undo}");
            }
            print_choices(choices.iter().map(|it| it.label.as_str()));
        }
        What::Survey { text } => println!("  survey: {text} (1 to 5)"),
        What::Owner(OwnerChange { owner, reason, urgent, .. }) => {
            println!("  -> {} ({}){}", owner.as_str(), reason.as_str(), if *urgent { ", urgent" } else { "" });
        }
        What::Verified { customer, .. } => println!("  -> it is {customer}"),
        What::Rating(_) | What::Damaged => {}
    }
}

fn print_message(from: Sender, message: &Message, explain: bool) {
    let who = if from == Sender::Bot { "bot" } else { "note" };
    println!("  {who}: {}", indented(&message.text));
    if let Some(card) = &message.card {
        print_card(card);
    }
    print_choices(message.choices.iter().map(|it| it.label.as_str()));
    let readings = message.step.iter().flat_map(|it| &it.readings);
    for read in readings.filter(|_| explain) {
        println!("    ~ {:.2} {}: {}", read.sure, read.by, read.because);
    }
}

fn print_choices<'a>(labels: impl Iterator<Item = &'a str>) {
    let labels: Vec<String> = labels.enumerate().map(|(i, label)| format!("[{} {label}]", i + 1)).collect();
    if !labels.is_empty() {
        println!("    {}", labels.join(" "));
    }
}

fn print_card(card: &Card) {
    println!("    | {}", card.title);
    for row in card.rows.iter().chain(&card.total) {
        let parts = [Some(&row.label), row.detail.as_ref(), row.amount.as_ref(), row.mark.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        println!("    |   {}", parts.join("  "));
    }
    if let Some(note) = &card.note {
        println!("    | {note}");
    }
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n    ")
}
