//! Guesses what a customer means: encodes the text, and asks the head that was fitted to the content's examples.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::content::Content;
use crate::content::file::Thresholds;
use crate::conversation::Guess;

use encoder::Model;
use head::calibrate::Quality;
use head::{Bounds, Head};
use kept::Heads;
use learning::Learnt;
use newest::Newest;
use queue::{MakeWork, Queue, Work};
use spelling::Spelling;
use vectors::Vectors;

pub mod encoder;
pub mod explain;
pub mod head;
pub mod kept;
mod learning;
pub mod memory;
mod newest;
pub mod queue;
mod sealed;
pub mod spelling;
pub mod vectors;

/// How the classifier is started.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder with `encoder.onnx` and `tokenizer.json`; damage is found where it has a `SHA256SUMS`.
    pub model_dir: PathBuf,
    /// ONNX Runtime's library, where it is not beside the program, in `ORT_DYLIB_PATH` or in `vendor/onnxruntime`.
    pub library: Option<PathBuf>,
    /// What runs the encoder.
    pub engine: EngineChoice,
    /// Threads, each with a session of its own; 0: one for each core.
    pub workers: usize,
    /// Messages that wait; above it a guess is `Overloaded`.
    pub queue_max: usize,
    /// How long one waits at most; above it a guess is `Overloaded`.
    pub wait_max: Duration,
    /// Where vectors of examples and the fitted head are kept; nowhere, when absent.
    pub cache_dir: Option<PathBuf>,
    /// Tokens of a text that are looked at, marks of start and end included.
    pub tokens_max: usize,
}

/// What runs the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// ONNX Runtime where its library is found, else rten.
    #[default]
    Auto,
    /// ONNX Runtime or nothing.
    OnnxRuntime,
    /// rten, in pure Rust.
    Rten,
}

/// Why there is no guess.
#[derive(Debug, thiserror::Error)]
pub enum ClassifierError {
    /// A file of the model cannot be read.
    #[error("the classifier's file {} cannot be read: {why}; set `models` to the folder that has it", .path.display())]
    Missing {
        /// Which.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// A file of the model is not what it should be.
    #[error("the classifier's file {} is damaged: {why}; put back the one that plainbill came with", .path.display())]
    Corrupt {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// ONNX Runtime was demanded by name and cannot be had.
    #[error("ONNX Runtime cannot be used: {why}; run models/fetch_onnxruntime.sh, or set `engine` to \"auto\"")]
    NoEngine {
        /// What was tried.
        why: String,
    },
    /// Too many messages wait already.
    #[error("the classifier has too many messages waiting")]
    Overloaded,
    /// `learn` has not been called, or has never succeeded.
    #[error("the classifier has not been taught any intent yet")]
    NotTaught,
    /// There is nothing to choose between.
    #[error("the content has examples of {n_intents} intents; the classifier needs two at least")]
    TooFewIntents {
        /// How many intents have examples.
        n_intents: usize,
    },
    /// Something failed for this text alone.
    #[error("the classifier could not read the text: {0}")]
    Broken(String),
}

/// What `learn` learns from.
#[derive(Clone, Debug, PartialEq)]
pub struct Lessons {
    /// How customers say what they mean.
    pub examples: Vec<Example>,
    /// How they say what they can mean within a topic only; the intent is the follow-up's name.
    pub follow_ups: Vec<Example>,
    /// When a guess is good enough.
    pub thresholds: Thresholds,
    /// The intent that stands for out of scope.
    pub out_of_scope: String,
}

impl Lessons {
    /// What there is to learn in a set of content.
    pub fn of(content: &Content) -> Self {
        let example = |(intent, text): (&str, &str)| Example { intent: intent.to_owned(), text: text.to_owned() };
        Self {
            examples: content.examples().map(example).collect(),
            follow_ups: content.follow_up_examples().map(example).collect(),
            thresholds: content.business.understanding,
            out_of_scope: OUT_OF_SCOPE.to_owned(),
        }
    }

    /// About `n` of the examples, evenly from all intents and follow-ups, and some of each.
    fn few(&self, n: usize) -> Self {
        const EACH_MIN: usize = 4;
        let every = (self.examples.len() + self.follow_ups.len()).div_ceil(n.max(1)).max(1);
        let thin = |examples: &[Example]| {
            let mut n_of: BTreeMap<&str, usize> = BTreeMap::new();
            let mut kept = Vec::new();
            for example in examples {
                let n = n_of.entry(&example.intent).or_default();
                if *n < EACH_MIN || n.is_multiple_of(every) {
                    kept.push(example.clone());
                }
                *n += 1;
            }
            kept
        };
        Self { examples: thin(&self.examples), follow_ups: thin(&self.follow_ups), ..self.clone() }
    }
}

/// Sentences of the bot whose vectors are held, 1.5 KiB each.
const OURS_MAX: usize = 1_024;

/// The intent that stands for everything that isn't ours to answer.
pub const OUT_OF_SCOPE: &str = "out_of_scope";

/// One way to say what an intent means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The intent's name.
    pub intent: String,
    /// The customer's words.
    pub text: String,
}

/// How what was learnt got into the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fitting {
    /// By fitting and calibrating a new head.
    Whole,
    /// By a few steps of the head that was there; the whole fit follows.
    Nudged,
    /// Not at all: the head was kept since it was last fitted to the same.
    Kept,
}

/// What `learn` did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitReport {
    /// Examples learnt from; the same words twice in one intent count once.
    pub n_examples: usize,
    /// Intents among which guesses choose.
    pub n_intents: usize,
    /// Examples whose vectors were not kept from before.
    pub n_encoded: usize,
    /// Time for encoding those, in milliseconds.
    pub encode_ms: f64,
    /// Time for fitting and calibrating, in milliseconds; of a head that was kept, what it took then.
    pub fit_ms: f64,
    /// How good it is on the examples, each judged by a head that had not seen it; after a nudge, as it was before.
    pub quality: Quality,
    /// When a guess is good enough, as it follows from the lessons.
    pub bounds: Bounds,
    /// How it was done.
    pub fitting: Fitting,
}

/// Guesses what texts mean. Clones share everything; guesses go on while it learns.
#[derive(Clone)]
pub struct Classifier {
    parts: Arc<Parts>,
}

struct Parts {
    engine: &'static str,
    /// What the encoder knows whole.
    words: Arc<HashMap<String, u32>>,
    queue: Queue,
    spelling: ArcSwap<Spelling>,
    head: ArcSwapOption<Head>,
    vectors: Mutex<Vectors>,
    /// Vectors of sentences that the bot has said.
    ours: Mutex<Newest<String, Arc<[f32]>>>,
    heads: Heads,
    /// What was learnt last; held while learning, so that lessons come one after the other.
    learnt: tokio::sync::Mutex<Option<Learnt>>,
    /// How often it has learnt.
    n_learnt: AtomicU64,
    /// Which of these has come to a head that is fitted wholly.
    settled: watch::Sender<u64>,
    /// Held by the whole fit that follows a nudge.
    settling: tokio::sync::Mutex<()>,
}

impl Classifier {
    /// Reads the model and starts the workers; takes some hundred milliseconds of the calling thread.
    ///
    /// It guesses once it has learnt.
    ///
    /// # Errors
    /// `Missing`, `Corrupt`, `NoEngine`, and `Broken` when the system gives no thread.
    pub fn start(settings: &Settings) -> Result<Self, ClassifierError> {
        let model = Arc::new(Model::open(settings)?);
        let engine = model.engine_name();
        let vectors = Vectors::open(settings.cache_dir.clone(), model.fingerprint());
        let heads = Heads::open(settings.cache_dir.clone(), model.fingerprint());
        let words = Arc::new(model.words());
        let make: MakeWork = Arc::new(move || work(&model));
        let n_workers = match settings.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        let queue = Queue::start(n_workers, settings.queue_max.max(1), settings.wait_max, &make)?;
        let parts = Parts {
            engine,
            words,
            queue,
            spelling: ArcSwap::default(),
            head: ArcSwapOption::empty(),
            vectors: Mutex::new(vectors),
            ours: Mutex::new(Newest::new(OURS_MAX)),
            heads,
            learnt: tokio::sync::Mutex::default(),
            n_learnt: AtomicU64::default(),
            settled: watch::Sender::new(0),
            settling: tokio::sync::Mutex::default(),
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// What runs the encoder: `onnxruntime` or `rten`.
    pub fn engine(&self) -> &'static str {
        self.parts.engine
    }

    /// The text's vector: 384 floats of length 1, near to those of texts that mean alike.
    ///
    /// # Errors
    /// `Overloaded`, `Broken`.
    pub async fn vector(&self, text: &str) -> Result<Vec<f32>, ClassifierError> {
        self.parts.queue.ask(encoder::clean(text)).await
    }

    /// How near a text comes to each of some others, in their order: the cosine of their vectors.
    ///
    /// # Errors
    /// `Overloaded`, `Broken`.
    pub async fn nearness(&self, text: &str, others: &[String]) -> Result<Vec<f32>, ClassifierError> {
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let vector = self.parts.queue.ask(self.mended(&encoder::clean(text))).await?;
        let mut near = Vec::with_capacity(others.len());
        for other in others {
            let other = self.vector_of_ours(other).await?;
            near.push(vector.iter().zip(other.iter()).map(|(one, other)| one * other).sum());
        }
        Ok(near)
    }

    /// The vector of something that we say ourselves, and so again and again.
    async fn vector_of_ours(&self, text: &str) -> Result<Arc<[f32]>, ClassifierError> {
        let known = || self.parts.ours.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(vector) = known().get(text) {
            return Ok(vector);
        }
        let vector: Arc<[f32]> = self.vector(text).await?.into();
        known().keep(text.to_owned(), Arc::clone(&vector));
        Ok(vector)
    }

    /// What the text means; no idea for a text without words.
    ///
    /// # Errors
    /// `NotTaught`, `Overloaded`, `Broken`.
    pub async fn guess(&self, text: &str) -> Result<Guess, ClassifierError> {
        self.guess_within(text, &[]).await
    }

    /// The same while something is being talked about: `counting` names the follow-ups that count in it.
    ///
    /// # Errors
    /// As `guess`.
    pub async fn guess_within(&self, text: &str, counting: &[&str]) -> Result<Guess, ClassifierError> {
        let text = encoder::clean(text);
        if text.is_empty() {
            return Ok(Guess::none());
        }
        if self.parts.head.load().is_none() {
            return Err(ClassifierError::NotTaught);
        }
        let vector = self.parts.queue.ask(self.mended(&text)).await?;
        let head = self.parts.head.load();
        head.as_ref().map(|head| head.guess_within(&vector, counting)).ok_or(ClassifierError::NotTaught)
    }

    /// What a text with this vector means.
    ///
    /// # Errors
    /// `NotTaught`.
    pub fn guess_of(&self, vector: &[f32]) -> Result<Guess, ClassifierError> {
        let head = self.parts.head.load();
        head.as_ref().map(|head| head.guess(vector)).ok_or(ClassifierError::NotTaught)
    }

    /// A clean text with the slips of typing mended, by the words of what was learnt.
    fn mended(&self, text: &str) -> String {
        self.parts.spelling.load().mend(text)
    }
}

/// What a worker does: from a clean text to its vector.
fn work(model: &Arc<Model>) -> Result<Work, ClassifierError> {
    let (model, mut encoder) = (model.clone(), model.encoder()?);
    Ok(Box::new(move |text| {
        let vector = encoder.encode(&model.tokens(text)?)?;
        if vector.iter().all(|number| number.is_finite()) {
            Ok(vector)
        } else {
            Err(ClassifierError::Broken("the encoder's vector is not of numbers".to_owned()))
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::encoder::tests::{engines, settings};
    use super::*;
    use crate::conversation::Verdict;

    const TAUGHT: [(&str, [&str; 6]); 3] = [
        (
            "explain_bill_increase",
            [
                "why did my bill go up",
                "this month is dearer than last month, how come",
                "my invoice is higher than usual",
                "bill has risen by ten pounds??",
                "I normally pay less, why more now",
                "the total jumped since may",
            ],
        ),
        (
            "refund_status",
            [
                "where is my refund",
                "still no money back after two weeks",
                "when does the refund arrive",
                "you promised to send my money back, it isn't here",
                "has my refund been sent yet",
                "refund not received",
            ],
        ),
        (
            "out_of_scope",
            [
                "what's the weather like",
                "write me a poem about cats",
                "who won the match last night",
                "my router keeps blinking red",
                "best pizza in town",
                "translate hello to french",
            ],
        ),
    ];

    pub(super) fn lessons() -> Lessons {
        let example = |intent: &str, text: &str| Example { intent: intent.to_owned(), text: text.to_owned() };
        let examples = TAUGHT.iter().flat_map(|(intent, texts)| texts.iter().map(move |text| example(intent, text)));
        Lessons {
            examples: examples.collect(),
            follow_ups: Vec::new(),
            thresholds: Thresholds { wrong_answers: 0.03, answer: Some(0.5), ask_back: 0.3, known: 0.3 },
            out_of_scope: "out_of_scope".into(),
        }
    }

    #[tokio::test]
    async fn it_guesses_what_it_was_taught() {
        for engine in engines() {
            let classifier = Classifier::start(&settings(engine)).expect("it starts");
            assert!(matches!(classifier.guess("hello").await, Err(ClassifierError::NotTaught)));
            let report = classifier.learn(&lessons()).await.expect("it learns");
            assert_eq!((report.n_examples, report.n_intents, report.n_encoded), (20, 3, 20));

            let guess = classifier.guess("how come my bill is more than it was last month?").await.expect("a guess");
            assert_eq!(guess.best().expect("it is ranked").intent, "explain_bill_increase");
            assert_eq!(guess.verdict, Verdict::Answer);
            let outside = classifier.guess("tell me a story about a dragon").await.expect("a guess");
            assert_eq!(outside.verdict, Verdict::NoIdea);
        }
    }

    #[tokio::test]
    async fn a_text_without_words_gives_no_idea() {
        let classifier = Classifier::start(&settings(EngineChoice::Rten)).expect("it starts");
        assert_eq!(classifier.guess(" \u{0}\n").await.expect("a guess"), Guess::none());
    }

    #[tokio::test]
    async fn ten_thousand_characters_are_fine() {
        let classifier = Classifier::start(&settings(engines()[0])).expect("it starts");
        classifier.learn(&lessons()).await.expect("it learns");
        for text in ["bill ".repeat(2_000), "x".repeat(10_000), "💸".repeat(10_000)] {
            classifier.guess(&text).await.expect("a guess");
        }
    }

    #[tokio::test]
    async fn what_was_encoded_once_is_not_encoded_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let settings = Settings { cache_dir: Some(dir.path().to_owned()), ..settings(engines()[0]) };
        let first = Classifier::start(&settings).expect("it starts");
        assert_eq!(first.learn(&lessons()).await.expect("it learns").n_encoded, 20);
        let again = Classifier::start(&settings).expect("it starts");
        let mut more = lessons();
        more.examples.push(Example { intent: "refund_status".into(), text: "refund where".into() });
        assert_eq!(again.learn(&more).await.expect("it learns").n_encoded, 1);
        let text = "where is the money you owe me";
        first.learn(&more).await.expect("it learns");
        assert_eq!(first.guess(text).await.expect("a guess"), again.guess(text).await.expect("a guess"));
    }

    #[tokio::test]
    async fn lessons_that_teach_nothing_leave_the_earlier_ones() {
        let classifier = Classifier::start(&settings(engines()[0])).expect("it starts");
        classifier.learn(&lessons()).await.expect("it learns");
        let mut one = lessons();
        one.examples.retain(|example| example.intent == "refund_status");
        assert!(matches!(classifier.learn(&one).await, Err(ClassifierError::TooFewIntents { n_intents: 1 })));
        classifier.guess("where is my refund").await.expect("a guess");
    }
}
