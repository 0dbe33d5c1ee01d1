//! Turns a text into a vector: the tokenizer, and the ONNX encoder behind one trait with two engines.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokenizers::Tokenizer;

use super::{ClassifierError, EngineChoice, Settings};
use word_pieces::WordPieces;

mod onnxruntime;
mod pure_rust;
mod word_pieces;

/// Numbers in a vector.
pub const VECTOR_LEN: usize = 384;

/// Characters of a text that are looked at; of a longer one, the first half and the last half of this.
const TEXT_CHARS_MAX: usize = 2_000;

/// The encoder has positions for no more tokens.
const POSITIONS_MAX: usize = 512;

/// Fewer tokens than this (two of them marks of start and end) would not hold a sentence.
const TOKENS_MIN: usize = 8;

/// The switch that keeps Microsoft's builds of ONNX Runtime from calling home. `ort`'s own switch does not stop them.
const TELEMETRY_SWITCH: &str = "ORT_DISABLE_TELEMETRY";

/// Makes sure that ONNX Runtime never calls home; it is not loaded unless this was done.
///
/// Must be the first line of `main`, before any other thread exists; so `main` starts its async runtime itself, after this.
#[expect(
    unsafe_code,
    reason = "setting the environment is unsafe once other threads read it; ONNX Runtime reads nothing else"
)]
pub fn silence_telemetry() {
    if !is_silent() {
        // SAFETY: called before any other thread is started, as promised above.
        unsafe { std::env::set_var(TELEMETRY_SWITCH, "1") };
    }
}

fn is_silent() -> bool {
    std::env::var(TELEMETRY_SWITCH).is_ok_and(|value| value == "1" || value == "true")
}

/// Runs the encoder on one message at a time; a worker owns one.
pub trait Encoder: Send {
    /// The vector of the tokens, `VECTOR_LEN` floats of length 1.
    fn encode(&mut self, tokens: &[u32]) -> Result<Vec<f32>, ClassifierError>;
}

/// The encoder's files, read and checked once, from which each worker gets an `Encoder` of its own.
pub struct Model {
    tokenizer: Tokenizer,
    word_pieces: Option<WordPieces>,
    engine: Engine,
    tokens_max: usize,
    fingerprint: String,
}

enum Engine {
    OnnxRuntime(onnxruntime::Recipe),
    Rten(pure_rust::Recipe),
}

impl Model {
    /// Reads `encoder.onnx` and `tokenizer.json` and chooses the engine.
    ///
    /// # Errors
    /// `Missing` and `Corrupt` name the file; `Corrupt` also where a file is not as `SHA256SUMS` beside it says.
    /// `NoEngine` when ONNX Runtime was demanded and cannot be had.
    pub fn open(settings: &Settings) -> Result<Self, ClassifierError> {
        let sums = Sums::read(&settings.model_dir)?;
        let (encoder, encoder_hash) = sums.check("encoder.onnx")?;
        let (at, tokenizer_hash) = sums.check("tokenizer.json")?;
        let tokenizer = guarded(&at, || Tokenizer::from_file(&at).map_err(|e| e.to_string()))?;
        if tokenizer.get_padding().is_some() || tokenizer.get_truncation().is_some() {
            let why = "it pads or truncates, which makes every message as slow as the longest".to_owned();
            return Err(ClassifierError::Corrupt { path: at, why });
        }

        let word_pieces = WordPieces::of(&tokenizer);
        let engine = choose(settings, &encoder, &encoder_hash)?;
        let tokens_max = settings.tokens_max.clamp(TOKENS_MIN, POSITIONS_MAX);
        let mut model = Self { tokenizer, word_pieces, engine, tokens_max, fingerprint: String::new() };
        let says = format!("{} {encoder_hash} {tokenizer_hash} {tokens_max} {TEXT_CHARS_MAX}", model.engine_name());
        model.fingerprint = hex(&Sha256::digest(says));
        Ok(model)
    }

    /// `onnxruntime` or `rten`.
    pub fn engine_name(&self) -> &'static str {
        match &self.engine {
            Engine::OnnxRuntime(_) => "onnxruntime",
            Engine::Rten(_) => "rten",
        }
    }

    /// Changes whenever the same text would get another vector: engine, model, tokenizer, lengths.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The words in small letters that the tokenizer knows whole, each with its place: the frequent ones come first.
    pub fn words(&self) -> HashMap<String, u32> {
        let is_word = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_lowercase());
        // Tokenizers with pieces of sentences mark what begins a word.
        let bare = |(token, place): (String, u32)| (token.trim_start_matches('\u{2581}').to_owned(), place);
        self.tokenizer.get_vocab(false).into_iter().map(bare).filter(|it| is_word(&it.0)).collect()
    }

    /// A new session, for one worker.
    ///
    /// # Errors
    /// `Corrupt` when the engine cannot read the model.
    pub fn encoder(&self) -> Result<Box<dyn Encoder>, ClassifierError> {
        match &self.engine {
            Engine::OnnxRuntime(recipe) => recipe.encoder(),
            Engine::Rten(recipe) => Ok(recipe.encoder()),
        }
    }

    /// The tokens of a text that was made `clean`, marks of start and end included, at most as many as set.
    ///
    /// A question may stand at the start or at the end of a long story, so the middle is what gives way.
    ///
    /// # Errors
    /// `Broken` when the tokenizer cannot take the text.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>, ClassifierError> {
        let ids = match self.word_pieces.as_ref().and_then(|it| it.tokens(text)) {
            Some(ids) => ids,
            None => {
                let encoding = self.tokenizer.encode_fast(text, true);
                encoding.map_err(|e| ClassifierError::Broken(e.to_string()))?.get_ids().to_vec()
            }
        };
        if ids.len() <= self.tokens_max {
            return Ok(ids);
        }
        let n_head = self.tokens_max.div_ceil(2);
        let n_tail = self.tokens_max - n_head;
        Ok([&ids[..n_head], &ids[ids.len() - n_tail..]].concat())
    }
}

/// ONNX Runtime where it may be and can be had, else rten; what was asked for by name is never replaced.
fn choose(settings: &Settings, encoder: &Path, hash: &str) -> Result<Engine, ClassifierError> {
    if settings.engine != EngineChoice::Rten {
        match load_library(settings) {
            Ok(()) => return Ok(Engine::OnnxRuntime(onnxruntime::Recipe::new(encoder, hash))),
            Err(why) if settings.engine == EngineChoice::OnnxRuntime => return Err(ClassifierError::NoEngine { why }),
            Err(why) => tracing::warn!(%why, "ONNX Runtime is not there; rten runs the model instead, a little slower"),
        }
    }
    Ok(Engine::Rten(pure_rust::Recipe::new(encoder)?))
}

fn load_library(settings: &Settings) -> Result<(), String> {
    if !is_silent() {
        return Err(format!("{TELEMETRY_SWITCH}=1 is not set, and without it the library calls home"));
    }
    onnxruntime::load(&library_places(settings))
}

/// Where ONNX Runtime's library may lie, likeliest first.
fn library_places(settings: &Settings) -> Vec<PathBuf> {
    let name = match std::env::consts::OS {
        "macos" => "libonnxruntime.dylib",
        "windows" => "onnxruntime.dll",
        _ => "libonnxruntime.so",
    };
    let from_environment = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join(name)));
    // Absolute, since a bare name would make the system search its own folders.
    let vendored = std::env::current_dir().ok().map(|dir| dir.join("vendor/onnxruntime").join(name));
    let places = [settings.library.clone(), from_environment, beside, vendored];
    places.into_iter().flatten().filter(|place| !place.as_os_str().is_empty()).collect()
}

/// The text without control characters, with plain quotes and single spaces, and not longer than is looked at.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len().min(4 * TEXT_CHARS_MAX));
    let n_chars = text.chars().count();
    let half = TEXT_CHARS_MAX / 2;
    for (i, c) in text.chars().enumerate() {
        if n_chars > TEXT_CHARS_MAX && i >= half && i < n_chars - half {
            if i == half {
                cleaned.push(' ');
            }
            continue;
        }
        let c = match c {
            '\u{2018}' | '\u{2019}' | '\u{02bc}' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            c if c.is_control() || c.is_whitespace() => ' ',
            c => c,
        };
        if c != ' ' || !cleaned.ends_with(' ') {
            cleaned.push(c);
        }
    }
    cleaned.trim().to_owned()
}

/// What the files in a model's folder must be, from its `SHA256SUMS`; a folder without one is taken as it is.
///
/// The engines read damaged files in native code, so damage is found before they see them.
struct Sums<'a> {
    dir: &'a Path,
    lines: String,
}

impl<'a> Sums<'a> {
    fn read(dir: &'a Path) -> Result<Self, ClassifierError> {
        let path = dir.join("SHA256SUMS");
        match fs::read_to_string(&path) {
            Ok(lines) => Ok(Self { dir, lines }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Self { dir, lines: String::new() }),
            Err(e) => Err(ClassifierError::Corrupt { path, why: e.to_string() }),
        }
    }

    /// The file's path and its SHA-256, which is as it should be.
    fn check(&self, name: &str) -> Result<(PathBuf, String), ClassifierError> {
        let path = self.dir.join(name);
        let seen = hash_of(&path)?;
        let expected = self.lines.lines().find_map(|line| {
            let (hash, file) = line.split_once("  ")?;
            (file.trim() == name).then_some(hash)
        });
        match expected {
            Some(expected) if expected != seen => {
                let why = format!("its SHA-256 is {seen}, but SHA256SUMS says {expected}");
                Err(ClassifierError::Corrupt { path, why })
            }
            _ => Ok((path, seen)),
        }
    }
}

/// The file's SHA-256 in hexadecimal, read in small pieces, since memory once taken for a large file is not given back.
fn hash_of(path: &Path) -> Result<String, ClassifierError> {
    let missing = |e: io::Error| ClassifierError::Missing { path: path.to_owned(), why: e.to_string() };
    let mut file = fs::File::open(path).map_err(missing)?;
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash).map_err(missing)?;
    Ok(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs what reads a model file; its error or its panic says that the file is corrupt.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, String>) -> Result<T, ClassifierError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(why)) => Err(ClassifierError::Corrupt { path: path.to_owned(), why }),
        Err(_) => Err(ClassifierError::Corrupt { path: path.to_owned(), why: "reading it panicked".to_owned() }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    const SENTENCES: [&str; 4] = [
        "why is my bill higher this month?",
        "I paid on Friday and you still say it's late",
        "ok",
        "hello, I moved to a new flat in May and wonder if the bill for the old one can be sent there, thanks",
    ];

    pub(crate) fn settings(engine: EngineChoice) -> Settings {
        Settings {
            model_dir: Path::new(env!("CARGO_MANIFEST_DIR")).join("models"),
            library: None,
            engine,
            workers: 1,
            queue_max: 64,
            wait_max: std::time::Duration::from_secs(60),
            cache_dir: None,
            tokens_max: 64,
        }
    }

    /// The engines that can run here; says so loudly where ONNX Runtime cannot.
    pub(crate) fn engines() -> Vec<EngineChoice> {
        static READY: LazyLock<bool> = LazyLock::new(|| {
            silence_telemetry();
            let found = load_library(&settings(EngineChoice::OnnxRuntime));
            if let Err(why) = &found {
                eprintln!("SKIPPED for ONNX Runtime: {why}; run models/fetch_onnxruntime.sh vendor/onnxruntime");
            }
            found.is_ok()
        });
        if *READY { vec![EngineChoice::OnnxRuntime, EngineChoice::Rten] } else { vec![EngineChoice::Rten] }
    }

    fn vector(model: &Model, text: &str) -> Vec<f32> {
        let mut encoder = model.encoder().expect("a session");
        encoder.encode(&model.tokens(&clean(text)).expect("tokens")).expect("a vector")
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// A folder with the real tokenizer and these bytes as the encoder.
    fn folder(encoder: &[u8]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        let from = settings(EngineChoice::Auto).model_dir;
        fs::copy(from.join("tokenizer.json"), dir.path().join("tokenizer.json")).expect("copied");
        fs::write(dir.path().join("encoder.onnx"), encoder).expect("written");
        dir
    }

    fn open(dir: &Path, engine: EngineChoice) -> Result<Box<dyn Encoder>, ClassifierError> {
        Model::open(&Settings { model_dir: dir.to_owned(), ..settings(engine) })?.encoder()
    }

    #[test]
    fn vectors_have_length_one_and_put_like_by_like() {
        for engine in engines() {
            let model = Model::open(&settings(engine)).expect("the model");
            let [high, more, close] =
                ["why is my bill so high", "my invoice is more than usual", "please close my account"]
                    .map(|text| vector(&model, text));
            assert_eq!(high.len(), VECTOR_LEN);
            assert!((cosine(&high, &high) - 1.0).abs() < 1e-3);
            assert!(cosine(&high, &more) > cosine(&high, &close) + 0.1);
        }
    }

    #[test]
    fn both_engines_agree() {
        let [first, second] = engines()[..] else { return };
        let (first, second) =
            (Model::open(&settings(first)).expect("one"), Model::open(&settings(second)).expect("two"));
        assert_ne!(first.fingerprint(), second.fingerprint());
        for text in SENTENCES {
            let near = cosine(&vector(&first, text), &vector(&second, text));
            assert!(near >= 0.99, "{text}: {near}");
        }
    }

    #[test]
    fn a_damaged_model_is_an_error_that_names_the_file() {
        let whole = fs::read(settings(EngineChoice::Auto).model_dir.join("encoder.onnx")).expect("the model");
        let cuts = [0, 1, 1_000, whole.len() / 2, whole.len() - 1];
        let damaged = cuts.iter().map(|&cut| whole[..cut].to_vec()).chain([b"no model at all".repeat(1_000)]);
        for bytes in damaged {
            let dir = folder(&bytes);
            for engine in engines() {
                let error = open(dir.path(), engine).err().expect("it is damaged").to_string();
                assert!(error.contains("encoder.onnx"), "{error}");
            }
        }
    }

    #[test]
    fn a_model_that_is_not_as_its_checksum_says_is_not_even_tried() {
        let dir = folder(b"anything");
        fs::write(dir.path().join("SHA256SUMS"), "00  tokenizer.json\n00  encoder.onnx\n").expect("written");
        let error = open(dir.path(), EngineChoice::Rten).err().expect("it is damaged");
        assert!(matches!(error, ClassifierError::Corrupt { .. }));
        assert!(error.to_string().contains("SHA-256"), "{error}");
    }

    #[test]
    fn a_missing_model_is_an_error_that_says_what_to_do() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = open(dir.path(), EngineChoice::Auto).err().expect("it is missing");
        assert!(matches!(error, ClassifierError::Missing { .. }));
        assert!(error.to_string().contains("set `models`"), "{error}");
    }

    #[test]
    fn a_damaged_tokenizer_is_an_error_that_names_the_file() {
        let dir = folder(b"anything");
        fs::write(dir.path().join("tokenizer.json"), "{\"model\":").expect("written");
        let error = open(dir.path(), EngineChoice::Auto).err().expect("it is damaged").to_string();
        assert!(error.contains("tokenizer.json"), "{error}");
    }

    #[test]
    fn a_long_text_keeps_its_start_and_its_end() {
        let model = Model::open(&settings(EngineChoice::Rten)).expect("the model");
        let long = format!("why so high {} cancel my account", "la ".repeat(5_000));
        let tokens = model.tokens(&clean(&long)).expect("tokens");
        assert_eq!(tokens.len(), 64);
        let [start, end] = ["why so high", "cancel my account"].map(|text| model.tokens(text).expect("tokens"));
        assert_eq!(tokens[..4], start[..4]);
        assert_eq!(tokens[60..], end[1..]);
        assert!(clean(&long).chars().count() <= TEXT_CHARS_MAX + 1);
    }

    #[test]
    fn control_characters_and_curly_quotes_make_no_difference() {
        assert_eq!(clean(" I\u{2019}m\u{0}\t\r\n  late\u{7} "), "I'm late");
        assert_eq!(clean("\u{0}\u{1} \n"), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_text_at_all_gives_a_vector(text in "\\PC{0,300}|[\\x00-\\x7f]{0,100}|[\u{1f300}-\u{1faff}\u{200d}\u{fe0f}]{1,40}") {
            static MODEL: LazyLock<Model> = LazyLock::new(|| Model::open(&settings(engines()[0])).expect("the model"));
            let vector = vector(&MODEL, &text);
            prop_assert!(vector.iter().all(|number| number.is_finite()));
        }
    }
}
