//! Runs every talk that stands in the content, each as one test, with the real classifier.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use plainbill::classifier::{Classifier, EngineChoice, Lessons, Settings, encoder};
use plainbill::content::Content;
use plainbill::talks;

fn main() {
    encoder::silence_telemetry();
    let arguments = Arguments::from_args();
    let content = match Content::load(Path::new("intents")) {
        Ok(content) => Arc::new(content),
        Err(faults) => {
            for fault in &faults {
                eprintln!("{fault}");
            }
            panic!("the content has {} faults", faults.len());
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let library = PathBuf::from("vendor/onnxruntime/libonnxruntime.so");
    let settings = Settings {
        model_dir: "models".into(),
        library: library.is_file().then_some(library),
        engine: EngineChoice::Auto,
        workers: 0,
        queue_max: 64,
        cache_dir: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))),
        tokens_max: 64,
    };
    let classifier = Classifier::start(&settings).expect("the model is in the repository");
    runtime.block_on(classifier.learn(&Lessons::of(&content))).expect("the content can be learnt");
    let runtime = Arc::new(runtime);
    let trials = talks::all(&content)
        .into_iter()
        .map(|talk| {
            let (content, classifier, runtime) = (content.clone(), classifier.clone(), runtime.clone());
            Trial::test(talk.title.clone(), move || {
                runtime.block_on(talks::run(&content, &classifier, &talk)).map(drop).map_err(Failed::from)
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
