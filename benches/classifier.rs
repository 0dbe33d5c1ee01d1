//! The classifier's parts one by one: `cargo bench`. For figures to tell others, `plainbill bench` is the command.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use divan::{Bencher, counter::ItemsCount};
use plainbill::classifier::encoder::{self, Encoder, Model};
use plainbill::classifier::head::{Head, Taught};
use plainbill::classifier::spelling::Spelling;
use plainbill::classifier::{Classifier, EngineChoice, Lessons, OUT_OF_SCOPE, Settings};
use plainbill::commands::bench::sentences;
use tokio::runtime::Runtime;

const ENGINES: [EngineChoice; 2] = [EngineChoice::OnnxRuntime, EngineChoice::Rten];
const LENGTHS: [usize; 3] = [8, 16, 32];
const SIZES: [usize; 2] = [47, 100];

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads"));

fn main() {
    encoder::silence_telemetry();
    divan::main();
}

fn settings(engine: EngineChoice, workers: usize) -> Settings {
    Settings {
        model_dir: Path::new(env!("CARGO_MANIFEST_DIR")).join("models"),
        library: None,
        engine,
        workers,
        queue_max: 1_000,
        wait_max: Duration::from_secs(60),
        cache_dir: None,
        tokens_max: 64,
    }
}

/// The model on this engine, or on the one that is there.
fn model(engine: EngineChoice) -> Model {
    let open = |engine| Model::open(&settings(engine, 1));
    open(engine).or_else(|_| open(EngineChoice::Rten)).expect("the model is in the repository")
}

fn text_of(model: &Model, n_tokens: usize) -> String {
    sentences::text_of(n_tokens, 0, |text| model.tokens(text).expect("plain words").len())
}

/// The examples of so many intents with their vectors, which take seconds to make and are made once.
fn taught(n_intents: usize) -> Taught {
    static MADE: LazyLock<Mutex<HashMap<usize, Taught>>> = LazyLock::new(Mutex::default);
    let make = || {
        let Lessons { examples, .. } = sentences::lessons(n_intents);
        let model = model(EngineChoice::Auto);
        let mut encoder = model.encoder().expect("a session");
        let mut encode = |text: &str| encoder.encode(&model.tokens(text).expect("plain words")).expect("a vector");
        let vectors: Vec<Vec<f32>> = examples.iter().map(|it| encode(&it.text)).collect();
        let rows = examples.iter().zip(&vectors);
        Taught::new(rows.map(|(it, row)| (it.intent.as_str(), it.text.as_str(), row.as_slice())), OUT_OF_SCOPE)
    };
    MADE.lock().unwrap_or_else(PoisonError::into_inner).entry(n_intents).or_insert_with(make).clone()
}

fn head(n_intents: usize) -> Head {
    Head::fit(taught(n_intents), sentences::lessons(n_intents).thresholds, 2).0
}

#[divan::bench(args = LENGTHS)]
fn tokenizer(bencher: Bencher<'_, '_>, n_tokens: usize) {
    let model = model(EngineChoice::Rten);
    let text = text_of(&model, n_tokens);
    bencher.bench(|| model.tokens(&text));
}

#[divan::bench(args = LENGTHS)]
fn spelling(bencher: Bencher<'_, '_>, n_tokens: usize) {
    let model = model(EngineChoice::Rten);
    let text = text_of(&model, n_tokens);
    let Lessons { examples, .. } = sentences::lessons(SIZES[0]);
    let spelling = Spelling::of(examples.iter().map(|it| it.text.as_str()), Arc::new(model.words()));
    bencher.bench(|| spelling.mend(&text));
}

#[divan::bench(args = LENGTHS)]
fn clean(bencher: Bencher<'_, '_>, n_tokens: usize) {
    let text = text_of(&model(EngineChoice::Rten), n_tokens);
    bencher.bench(|| encoder::clean(&text));
}

#[divan::bench(args = ENGINES, consts = LENGTHS)]
fn bare_encoder<const N_TOKENS: usize>(bencher: Bencher<'_, '_>, engine: &EngineChoice) {
    let model = model(*engine);
    let tokens = model.tokens(&text_of(&model, N_TOKENS)).expect("plain words");
    let mut encoder: Box<dyn Encoder> = model.encoder().expect("a session");
    bencher.bench_local(|| encoder.encode(&tokens));
}

#[divan::bench(args = ENGINES, consts = LENGTHS)]
fn whole_guess<const N_TOKENS: usize>(bencher: Bencher<'_, '_>, engine: &EngineChoice) {
    let text = text_of(&model(EngineChoice::Rten), N_TOKENS);
    let classifier = Classifier::start(&settings(*engine, 1))
        .or_else(|_| Classifier::start(&settings(EngineChoice::Rten, 1)))
        .expect("it starts");
    RUNTIME.block_on(classifier.learn(&sentences::lessons(SIZES[0]))).expect("it learns");
    bencher.bench_local(|| RUNTIME.block_on(classifier.guess(&text)));
}

#[divan::bench(args = SIZES)]
fn heads_guess(bencher: Bencher<'_, '_>, n_intents: usize) {
    let head = head(n_intents);
    let vector = taught(n_intents).rows.row(7).to_vec();
    bencher.bench(|| head.guess(&vector));
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn fit_on_two_threads(bencher: Bencher<'_, '_>, n_intents: usize) {
    let thresholds = sentences::lessons(n_intents).thresholds;
    let n_examples = n_intents * sentences::EXAMPLES_EACH;
    bencher
        .counter(ItemsCount::new(n_examples))
        .with_inputs(|| taught(n_intents))
        .bench_values(|taught| Head::fit(taught, thresholds, 2).1);
}

#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn nudge_by_one_example(bencher: Bencher<'_, '_>, n_intents: usize) {
    let thresholds = sentences::lessons(n_intents).thresholds;
    let head = head(n_intents);
    bencher.with_inputs(|| taught(n_intents)).bench_values(|taught| head.nudged(&taught, thresholds));
}
