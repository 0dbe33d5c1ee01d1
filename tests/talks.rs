//! Runs every talk that stands in the content, each as one test, with the real classifier.

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use plainbill::content::Content;
use plainbill::talks;

mod support;

fn main() {
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
    let classifier = runtime.block_on(support::classifier(&content));
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
