//! The command line: what is typed, and what each command does.

use std::io::BufRead;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use serde_json::json;

use crate::classifier::explain::Reasons;
use crate::classifier::{Classifier, EngineChoice, FitReport, Lessons, Settings};
use crate::config::{Config, IdentityKey, listen};
use crate::content::{Content, Fault};
use crate::conversation::{CustomerId, Verdict, format, normal};
use crate::identity::{Identity, secrets};
use crate::store::{QuestionFilter, Store, StoreSettings};
use crate::talks::figures::TalkFigures;
use crate::{feedback, talks};

mod actions;
mod acts;
pub mod bench;
mod chat;
mod check_store;
mod cross_validate;
pub mod eval;
mod explain;
mod policies;
mod serve;
mod staff;

/// Tokens of a message that the encoder looks at.
const TOKENS_MAX: usize = 64;
/// Questions that `causes` prints for each cause.
const QUESTIONS_MAX: u32 = 50;
/// The name of the demo's identity key, which is made on the first start.
const OWN_KEY: &str = "own";

/// Answers customers' questions about their bills on the business's own machine.
#[derive(Debug, Parser)]
#[command(name = "plainbill", version, propagate_version = true)]
pub struct Flags {
    /// The folder with the store [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The folder with the content [default: ./intents]
    #[arg(long, global = true, value_name = "DIR")]
    intents: Option<PathBuf>,
    /// The settings [default: ./plainbill.toml where it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server; with no settings file: demo billing data and the demo shop at /
    Serve {
        /// Where customers and staff reach it
        #[arg(long, value_name = "ADDRESS", value_parser = listen::read)]
        listen: Option<SocketAddr>,
    },
    /// Every fault in the content, with file, line and a hint, and how well it will understand; exit 1 if there is any
    Check {
        /// Only the faults, without how well it will understand: quick
        #[arg(long)]
        faults: bool,
        /// In place of the content: is what was kept still what it was? Also beside a running server
        #[arg(long, conflicts_with = "faults")]
        store: bool,
        #[command(flatten)]
        print: Print,
    },
    /// Runs every talk in the content
    Test {
        /// Only talks whose title has these words
        filter: Option<String>,
        /// The talks in this folder or file in place of the content's own
        #[arg(long, value_name = "PATH")]
        talks: Option<PathBuf>,
        /// Also what the talks cost customers: turns and taps for each action, and who finishes it
        #[arg(long)]
        figures: bool,
        #[command(flatten)]
        print: Print,
    },
    /// Talks like the widget, in the terminal or from a file of turns
    Chat(chat::ChatFlags),
    /// What a text means; without TEXT reads JSON lines with `text` from standard input
    Classify {
        /// The text
        text: Option<String>,
        /// Say why: when it is sure enough, and the nearest examples
        #[arg(long, requires = "text")]
        explain: bool,
        #[command(flatten)]
        print: Print,
    },
    /// Figures for labelled JSON lines (`text`, `intent`; `oos` for out of scope)
    Eval {
        /// The lines to judge by
        #[arg(long, value_name = "FILE", required_unless_present = "cross_validate")]
        data_file: Option<PathBuf>,
        /// Judge the examples by themselves: intents, confusions, examples to move
        #[arg(long, conflicts_with = "data_file")]
        cross_validate: bool,
        /// Learn from these lines in place of the content's examples
        #[arg(long, value_name = "FILE")]
        train: Option<PathBuf>,
        /// Make a slip of typing in every fourth word first
        #[arg(long, conflicts_with = "cross_validate")]
        typos: bool,
        #[command(flatten)]
        print: Print,
    },
    /// How fast and how large the classifier is on this machine; takes about a minute
    Bench(Print),
    /// Causes of unanswered questions by cost
    Causes(Print),
    /// The rules in force; with --from and --to what they would have done to the past
    Policies(policies::PoliciesFlags),
    /// What was done in billing for customers: who, what, by which rule, when, with what result
    Actions(actions::ActionsFlags),
    /// A signed identity token for a customer, for the demo or for trying out
    Token {
        /// The customer's id
        #[arg(long, value_name = "ID")]
        customer: String,
    },
    /// People of the business who may sign in
    Staff {
        #[command(subcommand)]
        command: staff::StaffCommand,
    },
}

/// How to print.
#[derive(Clone, Copy, Debug, Args)]
pub struct Print {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs what was typed.
pub async fn run(flags: Flags) -> anyhow::Result<ExitCode> {
    let mut config = Config::read(flags.config.as_deref())?;
    if let Some(data) = flags.data {
        config.data = data;
    }
    if let Some(intents) = flags.intents {
        config.intents = intents;
    }
    config.intents = beside_program(&config.intents);
    config.models = beside_program(&config.models);
    match flags.command {
        Command::Serve { listen } => {
            if let Some(listen) = listen {
                config.listen = listen;
            }
            serve::serve(config).await
        }
        Command::Check { store: true, print, .. } => check_store::check_store(&config, print).await,
        Command::Check { faults, print, .. } => check(&config, faults, print).await,
        Command::Test { filter, talks, figures, print } => {
            test(&config, filter.as_deref(), talks.as_deref(), figures, print).await
        }
        Command::Chat(flags) => chat::chat(&config, flags).await,
        Command::Classify { text: Some(text), explain: true, print } => explain::explain(&config, &text, print).await,
        Command::Classify { text, print, .. } => classify(&config, text, print).await,
        Command::Eval { data_file: Some(data), train, typos, print, .. } => {
            eval::eval(&config, &data, train.as_deref(), typos, print).await
        }
        Command::Eval { train, print, .. } => cross_validate::cross_validate(&config, train.as_deref(), print).await,
        Command::Bench(print) => bench::bench(&config, print).await,
        Command::Causes(print) => causes(&config, print).await,
        Command::Policies(flags) => policies::policies(&config, flags).await,
        Command::Actions(flags) => actions::actions(&config, flags).await,
        Command::Token { customer } => token(&config, customer).await,
        Command::Staff { command } => staff::staff(&config, command).await,
    }
}

/// A relative folder that is not here may stand beside the program, as in a release that was copied.
fn beside_program(path: &Path) -> PathBuf {
    if path.is_absolute() || path.exists() {
        return path.to_path_buf();
    }
    let folder = std::env::current_exe().ok().and_then(|it| it.parent().map(|it| it.join(path)));
    folder.filter(|it| it.exists()).unwrap_or_else(|| path.to_path_buf())
}

/// Where the store lies, as the settings say.
fn store_settings(config: &Config) -> StoreSettings {
    let text = |it: &String| (!it.is_empty()).then(|| it.clone());
    StoreSettings {
        url: text(&config.database),
        data: config.data.clone(),
        nats: text(&config.nats),
        write_queue_max: config.limits.write_queue_max,
        group_max: config.limits.group_max,
        events_max: config.limits.events_max.max(1_000),
        ..StoreSettings::default()
    }
}

/// Opens the store as the settings say.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let opened = Store::open(&store_settings(config)).await;
    opened.with_context(|| match config.database.as_str() {
        "" => format!("the store in {} could not be opened", config.data.display()),
        _ => "the store that `database` names could not be opened".to_owned(),
    })
}

/// Loads the content, or prints every fault and fails.
pub fn open_content(config: &Config) -> anyhow::Result<Content> {
    Content::load(&config.intents).map_err(|faults| {
        print_faults(&faults);
        anyhow::anyhow!("the content has {}: see above", format::plural(n(faults.len()), "fault", "faults"))
    })
}

/// Starts the classifier as the settings say.
pub fn open_classifier(config: &Config) -> anyhow::Result<Classifier> {
    Ok(Classifier::start(&classifier_settings(config))?)
}

/// How the settings want the classifier to be started.
fn classifier_settings(config: &Config) -> Settings {
    let engine = match config.engine.as_str() {
        "onnxruntime" => EngineChoice::OnnxRuntime,
        "rten" => EngineChoice::Rten,
        _ => EngineChoice::Auto,
    };
    Settings {
        model_dir: config.models.clone(),
        library: find_library(&config.onnxruntime),
        engine,
        workers: config.limits.classifier_workers,
        queue_max: config.limits.classifier_queue_max,
        wait_max: Duration::from_millis(config.limits.classifier_ms_max),
        cache_dir: Some(config.data.clone()),
        tokens_max: TOKENS_MAX,
    }
}

/// ONNX Runtime's library: where the settings say, beside the program, or where `make run` puts it.
fn find_library(set: &Path) -> Option<PathBuf> {
    if !set.as_os_str().is_empty() {
        return Some(set.to_path_buf());
    }
    let name = format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let program = std::env::current_exe().ok().and_then(|it| it.parent().map(|it| it.join(&name)));
    let here = std::env::current_dir().ok().map(|it| it.join("vendor/onnxruntime").join(&name));
    [program, here].into_iter().flatten().find(|it| it.is_file())
}

/// The content's examples as lessons, learnt.
async fn taught(config: &Config, content: &Content) -> anyhow::Result<Classifier> {
    let classifier = open_classifier(config)?;
    let lessons = Lessons::of(content);
    classifier.learn(&lessons).await.context("the classifier could not learn the content")?;
    Ok(classifier)
}

/// Who customers are: by the keys of the settings, or by one of our own that is made on the first start.
pub async fn identity(config: &Config, store: &Store) -> anyhow::Result<Identity> {
    let mut keys = config.identity_keys.clone();
    if keys.is_empty() {
        let secret = store.set_setting_if_absent("identity_secret", secrets::random()).await;
        let secret = secret.context("the identity key could not be kept")?;
        keys.push(IdentityKey { kid: OWN_KEY.to_owned(), secret, ..IdentityKey::default() });
    }
    Ok(Identity::new(keys, config.limits.identity_seconds_max))
}

fn print_faults(faults: &[Fault]) {
    for fault in faults {
        eprintln!("{fault}");
    }
}

fn print_warnings(warnings: &[Fault]) {
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
}

/// What was found in a folder, in one line.
fn print_found(config: &Config, faults: &[Fault], warnings: &[Fault]) {
    let folder = config.intents.display();
    match (n(faults.len()), n(warnings.len())) {
        (0, 0) => println!("No faults in {folder}."),
        (0, n) => println!("No faults in {folder}, and {}: it runs.", format::plural(n, "warning", "warnings")),
        (n, _) => eprintln!("{} in {folder}.", format::plural(n, "fault", "faults")),
    }
}

async fn check(config: &Config, only_faults: bool, print: Print) -> anyhow::Result<ExitCode> {
    let (content, faults) = match Content::load(&config.intents) {
        Ok(content) => (Some(content), Vec::new()),
        Err(faults) => (None, faults),
    };
    let warnings = content.as_ref().map(|it| it.warnings.as_slice()).unwrap_or_default();
    if !print.json {
        print_faults(&faults);
        print_warnings(warnings);
        print_found(config, &faults, warnings);
    }
    let (expected, near) = match &content {
        Some(content) if !only_faults => {
            let expected = expect(config, content).await;
            (Some(expected), acts::near_acts(config, content).await.unwrap_or_default())
        }
        _ => (None, Vec::new()),
    };
    match (print.json, expected) {
        (true, expected) => {
            let report = expected.as_ref().and_then(|it| it.as_ref().ok());
            let why_not = expected.as_ref().and_then(|it| it.as_ref().err()).map(|why| format!("{why:#}"));
            let expected = report.map(|it| json!({ "quality": it.quality, "bounds": it.bounds }));
            let all = json!({
                "faults": faults, "warnings": warnings, "expected": expected, "why_not": why_not, "near_acts": near,
            });
            println!("{}", serde_json::to_string_pretty(&all)?);
        }
        (false, Some(Ok(report))) => {
            print_expected(&report);
            acts::print(&near);
        }
        (false, Some(Err(why))) => println!("How well it will understand cannot be said: {why:#}"),
        (false, None) => {}
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the examples let expect of the understanding.
async fn expect(config: &Config, content: &Content) -> anyhow::Result<FitReport> {
    Ok(open_classifier(config)?.learn(&Lessons::of(content)).await?)
}

fn print_expected(FitReport { quality, bounds, .. }: &FitReport) {
    let lines = [
        ("answered", quality.answered),
        ("asked \"did you mean\"", quality.asked_back),
        ("not understood, so asked again or given to a person", quality.not_understood),
        ("answered with confidence, and wrong", quality.wrong_answers),
        ("expected calibration error", quality.ece),
    ];
    println!("\nWhat to expect of 100 messages, by {} examples, each judged without those like it:", quality.n);
    for (what, share) in lines {
        println!("{:>6.1}  {what}", share * 100.0);
    }
    println!("It answers from a confidence of {:.0} % on.", bounds.answer * 100.0);
    println!("Customers find other words than examples do: `plainbill eval` with their own questions says more.");
}

async fn test(
    config: &Config,
    filter: Option<&str>,
    files: Option<&Path>,
    figures: bool,
    print: Print,
) -> anyhow::Result<ExitCode> {
    let content = Arc::new(open_content(config)?);
    let classifier = taught(config, &content).await?;
    let (mut n_passed, mut failed) = (0, Vec::new());
    let mut counted = TalkFigures::default();
    let talks = match files {
        Some(files) => talks::in_files(files).map_err(anyhow::Error::msg)?,
        None => talks::all(&content),
    };
    for talk in talks {
        if filter.is_some_and(|it| !talk.title.contains(it)) {
            continue;
        }
        match talks::run(&content, &classifier, &talk).await {
            Ok(tally) => {
                n_passed += 1;
                counted.add(&tally);
            }
            Err(fault) => {
                if !print.json {
                    println!("FAILED {}\n  {fault}", talk.title);
                }
                failed.push(json!({ "talk": talk.title, "fault": fault }));
            }
        }
    }
    match print.json {
        true => {
            let figures = figures.then(|| counted.json());
            let all = json!({ "passed": n_passed, "failed": failed, "figures": figures });
            println!("{}", serde_json::to_string_pretty(&all)?);
        }
        false => {
            println!("{n_passed} passed, {} failed", failed.len());
            if figures {
                print!("{}", counted.text());
            }
        }
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn classify(config: &Config, text: Option<String>, print: Print) -> anyhow::Result<ExitCode> {
    let content = open_content(config)?;
    let classifier = taught(config, &content).await?;
    if let Some(text) = text {
        let line = classified(&classifier, &text).await?;
        match print.json {
            true => println!("{line}"),
            false => {
                println!("{}", line["decision"].as_str().unwrap_or_default());
                for rival in line["rivals"].as_array().into_iter().flatten() {
                    let share = rival["confidence"].as_f64().unwrap_or_default() * 100.0;
                    println!("{share:5.1} %  {}", rival["intent"].as_str().unwrap_or_default());
                }
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.context("standard input could not be read")?;
        if line.trim().is_empty() {
            continue;
        }
        let asked: serde_json::Value =
            serde_json::from_str(&line).with_context(|| format!("line {} is not JSON", index + 1))?;
        let text = asked["text"].as_str().with_context(|| format!("line {} has no `text`", index + 1))?;
        println!("{}", classified(&classifier, text).await?);
    }
    Ok(ExitCode::SUCCESS)
}

/// One line of `classify`: `rivals` are the likeliest intents, the first included.
async fn classified(classifier: &Classifier, text: &str) -> anyhow::Result<serde_json::Value> {
    let guess = classifier.guess(text).await?;
    Ok(json!({
        "text": text,
        "decision": name_of(guess.verdict),
        "intent": guess.best().map(|it| &it.intent),
        "confidence": guess.best().map(|it| it.confidence),
        "known": guess.known,
        "rivals": guess.ranked,
    }))
}

fn name_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Answer => "answer",
        Verdict::AskBack => "ask_back",
        Verdict::NoIdea => "no_idea",
    }
}

async fn causes(config: &Config, print: Print) -> anyhow::Result<ExitCode> {
    let content = open_content(config)?;
    let store = open_store(config).await?;
    // The server groups as questions come in; what came while it was down is grouped here.
    if !store.questions_without_cause(1).await?.is_empty() {
        let classifier = open_classifier(config)?;
        feedback::causes::group(&store, &classifier, jiff::Timestamp::now().as_millisecond()).await?;
    }
    let mut list = Vec::new();
    for cause in store.causes().await? {
        let filter = QuestionFilter { cause: Some(cause.id.clone()), ..QuestionFilter::default() };
        let questions = store.questions(filter, QUESTIONS_MAX).await?;
        let minor =
            i64::try_from(cause.count).unwrap_or(i64::MAX).saturating_mul(content.business.cost.per_contact_minor);
        let cost = format::money(minor, &content.business.currency);
        if !print.json {
            println!("{cost:>10}  {:>4} x  {} ({})", cause.count, normal::shown(&cause.name), cause.status);
        }
        let texts: Vec<_> = questions.iter().map(|it| json!({ "text": it.text, "why": it.why.as_str() })).collect();
        list.push(json!({
            "id": cause.id,
            "name": cause.name,
            "count": cause.count,
            "cost": cost,
            "status": cause.status,
            "questions": texts,
        }));
    }
    match print.json {
        true => println!("{}", serde_json::to_string_pretty(&list)?),
        false if list.is_empty() => println!("No unanswered questions yet."),
        false => {}
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn token(config: &Config, customer: String) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let identity = identity(config, &store).await?;
    println!("{}", identity.token(&CustomerId::new(customer), jiff::Timestamp::now().as_second())?);
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn n(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
