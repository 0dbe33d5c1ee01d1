//! The real classifier, as every test of the whole program starts it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use plainbill::classifier::{Classifier, EngineChoice, Lessons, Settings, encoder};
use plainbill::content::Content;
use tokio::sync::OnceCell;

/// The one classifier of a test program, taught with the content that it is first asked for with.
///
/// What it learns is kept in the target folder, so that only the first program of a build has to fit it.
pub async fn classifier(content: &Content) -> Classifier {
    static STARTED: OnceLock<Classifier> = OnceLock::new();
    static TAUGHT: OnceCell<()> = OnceCell::const_new();
    let classifier = STARTED.get_or_init(start);
    let learn = async {
        classifier.learn(&Lessons::of(content)).await.expect("the content can be learnt");
    };
    TAUGHT.get_or_init(|| learn).await;
    classifier.clone()
}

fn start() -> Classifier {
    encoder::silence_telemetry();
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so");
    let settings = Settings {
        model_dir: "models".into(),
        library: library.is_file().then(|| library.to_owned()),
        engine: EngineChoice::Auto,
        workers: 2,
        queue_max: 256,
        wait_max: Duration::from_secs(60),
        cache_dir: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))),
        tokens_max: 64,
    };
    Classifier::start(&settings).expect("the model is in the repository")
}
