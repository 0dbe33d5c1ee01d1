//! Examples of other intents that would come near one that changes something, for `plainbill check`.

use serde::Serialize;

use super::{explain::percent, open_classifier};
use crate::classifier::Lessons;
use crate::config::Config;
use crate::content::Content;
use crate::conversation::{Verdict, format};
use crate::rules::ACT_CONFIDENCE_MIN;

/// An example that would be taken for a wish to have something done, and is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearAct {
    /// The intent that changes something.
    pub act: String,
    /// The intent that the example is of.
    pub intent: String,
    /// Its words.
    pub text: String,
    /// How sure it would be, 0 to 1.
    pub confidence: f32,
}

/// All of them, each judged by a head that has not seen it, the surest first.
pub async fn near_acts(config: &Config, content: &Content) -> anyhow::Result<Vec<NearAct>> {
    let review = open_classifier(config)?.review(&Lessons::of(content)).await?;
    let acts = |name: &str| content.intents.get(name).is_some_and(|it| it.acts());
    let mut near: Vec<NearAct> = (review.held.into_iter())
        .filter(|it| it.guess.verdict == Verdict::Answer)
        .filter_map(|it| {
            let best = it.guess.best()?;
            let wrong = best.intent != it.intent && acts(&best.intent) && ACT_CONFIDENCE_MIN <= best.confidence;
            let (act, confidence) = (best.intent.clone(), best.confidence);
            wrong.then_some(NearAct { act, intent: it.intent, text: it.text, confidence })
        })
        .collect();
    near.sort_by(|one, other| {
        (&one.act, other.confidence).partial_cmp(&(&other.act, one.confidence)).unwrap_or(std::cmp::Ordering::Equal)
    });
    Ok(near)
}

/// Prints them for people.
pub fn print(near: &[NearAct]) {
    if near.is_empty() {
        println!("\nNo example of another intent comes near one that changes something.");
        return;
    }
    let n = i64::try_from(near.len()).unwrap_or(i64::MAX);
    println!(
        "\n{} of another intent would be taken for a wish to change something, if it weren't known. \
         The customer would still be asked for a yes:",
        format::plural(n, "example", "examples")
    );
    for it in near {
        println!("  {}: \"{}\" is {} ({})", it.act, it.text, it.intent, percent(it.confidence));
    }
}
