//! `plainbill bench`: how fast and how large the classifier is on this machine, each time beside the bare encoder's.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use crate::classifier::encoder::Model;
use crate::classifier::{Classifier, ClassifierError, EngineChoice, Lessons, Settings};
use crate::commands::{Print, classifier_settings, open_content};
use crate::config::Config;

use measure::{Callers, Learning, OneMessage};
use turns::Turns;

mod measure;
pub mod sentences;
mod turns;

/// Intents of our own content, more or less, and of one that is twice as large.
const SIZES: [usize; 2] = [47, sentences::INTENTS_MAX];

/// All figures.
#[derive(Debug, Serialize)]
struct Figures {
    /// Cores that the program may use; as many workers.
    cores: usize,
    /// What the system says of its load before, over one, five and fifteen minutes.
    load: Option<String>,
    /// Resident with as many workers as cores before anything is learnt, in megabytes, with the first of the engines.
    resident_unlearnt_mb: Option<f64>,
    learning: Vec<Learning>,
    turns: Turns,
    engines: Vec<EngineFigures>,
}

/// Those that hang on what runs the encoder.
#[derive(Debug, Serialize)]
struct EngineFigures {
    engine: &'static str,
    one_message: Vec<OneMessage>,
    callers: Vec<Callers>,
}

/// Runs the command; takes about a minute.
pub async fn bench(config: &Config, print: Print) -> anyhow::Result<ExitCode> {
    let kept = Scratch::new()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let settings = Settings { cache_dir: Some(kept.0.clone()), workers: cores, ..classifier_settings(config) };
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    let load = load.map(|it| it.split(' ').take(3).collect::<Vec<_>>().join(" "));

    let unlearnt = Classifier::start(&settings)?;
    let resident_unlearnt_mb = measure::resident_mb();
    drop(unlearnt);
    let mut learning = Vec::new();
    for n_intents in SIZES {
        let name = format!("{n_intents} intents with {} examples each", sentences::EXAMPLES_EACH);
        learning.push(measure::learning(&settings, name, sentences::lessons(n_intents)).await?);
    }
    let content = Arc::new(open_content(config)?);
    let lessons = Lessons::of(&content);
    let n_examples = lessons.examples.len() + lessons.follow_ups.len();
    let name = format!("our own content, {} intents with {n_examples} examples in all", content.intents.len());
    learning.push(measure::learning(&settings, name, lessons).await?);
    let turns = turns::measure(&settings, &content).await?;
    let mut engines = Vec::new();
    for engine in [EngineChoice::OnnxRuntime, EngineChoice::Rten] {
        // On a thread of the runtime, as messages of customers are.
        match tokio::spawn(of_engine(Settings { engine, ..settings.clone() })).await? {
            Ok(figures) => engines.push(figures),
            Err(ClassifierError::NoEngine { why }) => eprintln!("Without ONNX Runtime: {why}."),
            Err(error) => return Err(error.into()),
        }
    }
    let figures = Figures { cores, load, resident_unlearnt_mb, learning, turns, engines };
    match print.json {
        true => println!("{}", serde_json::to_string_pretty(&figures)?),
        false => show(&figures),
    }
    Ok(ExitCode::SUCCESS)
}

async fn of_engine(settings: Settings) -> Result<EngineFigures, ClassifierError> {
    let model = Model::open(&settings)?;
    let lessons = sentences::lessons(SIZES[0]);
    let classifier = Classifier::start(&settings)?;
    classifier.learn(&lessons).await?;
    let one_message = measure::one_message(&model, &classifier).await?;
    let callers = measure::callers(&model, &classifier, settings.workers).await?;
    Ok(EngineFigures { engine: classifier.engine(), one_message, callers })
}

fn show(figures: &Figures) {
    let mb = |it: Option<f64>| it.map_or("?".to_owned(), |mb| format!("{mb:.0} MB"));
    println!("{} cores, load {}", figures.cores, figures.load.as_deref().unwrap_or("?"));
    println!("resident before learning, {} workers: {}", figures.cores, mb(figures.resident_unlearnt_mb));
    for it in &figures.learning {
        println!("\n{}", it.of);
        let line = |name: &str, ms: f64| println!("  {name:<48} {ms:>9.1} ms");
        if let Some(begun) = it.begun_ms {
            line("guesses by some of the examples", begun);
        }
        line("learnt from nothing", it.cold_ms);
        line("learnt from kept vectors", it.from_vectors_ms);
        if let Some(cpu) = it.from_vectors_cpu_ms {
            line("  of the processor's time", cpu);
        }
        line("started, with a kept head", it.start_with_kept_head_ms);
        line("  of that, the workers", it.start_ms);
        line("one more example answered", it.one_more_ms);
        line("  and the whole fit done", it.settled_ms);
        line("one message before", it.message_ms);
        line("  the slowest while learning", it.slowest_message_ms);
        println!("  {:<48} {:>9.1} µs", "the head's guess", it.head_us);
        println!("  {:<48} {:>12}", "resident", mb(it.resident_mb));
    }
    let turns = &figures.turns;
    println!("\n{} turns of our own talks, ms", turns.n);
    println!("  the whole:          p50 {:>7.2}   p99 {:>7.2}", turns.whole_ms_p50, turns.whole_ms_p99);
    println!("  beside the encoder: p50 {:>7.2}   p99 {:>7.2}", turns.own_ms_p50, turns.own_ms_p99);
    for it in &figures.engines {
        println!("\n{}", it.engine);
        println!(
            "  ms        bare:  min     p50     p99    whole:  min     p50     p99   added: min       p50       cpu"
        );
        for one in &it.one_message {
            let [bare, bare_p50, bare_p99] = [one.bare_ms_min, one.bare_ms_p50, one.bare_ms_p99];
            let [added_min, added] = [one.added_min, one.added].map(|it| percent(Some(it)));
            print!("  {:>2} tokens  {bare:>8.2}{bare_p50:>8.2}{bare_p99:>8.2}", one.tokens);
            print!("  {:>11.2}{:>8.2}{:>8.2}", one.ms_min, one.ms_p50, one.ms_p99);
            println!("  {added_min:>12}  {added}  {}", percent(one.added_cpu));
        }
        let tokenizer = it.one_message.iter().map(|one| format!("{:.1}", one.tokenizer_us));
        println!("  the tokenizer, µs: {}", tokenizer.collect::<Vec<_>>().join(", "));
        println!("  callers   messages/s   bare   share    (cpu)");
        for many in &it.callers {
            let [share, share_cpu] = [Some(many.share), many.share_cpu].map(percent);
            print!("  {:>7}   {:>10.0}  {:>5.0}", many.callers, many.per_second, many.bare_per_second);
            println!("  {share}  {share_cpu}");
        }
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| format!("{:>7}", "?"), |share| format!("{:>5.1} %", share * 100.0))
}

/// A folder that goes when the command ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> std::io::Result<Self> {
        let dir = std::env::temp_dir().join(format!("plainbill-bench-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(why) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} could not be removed: {why}", self.0.display());
        }
    }
}
