//! `plainbill eval --cross-validate`: judges the examples by themselves, and names those to move or to add.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use super::explain::percent;
use super::{Print, eval, open_classifier};
use crate::classifier::OUT_OF_SCOPE;
use crate::classifier::head::review::{Held, Review, Twin};
use crate::config::Config;
use crate::conversation::Verdict;

/// Intents with fewer examples than this need more.
const EXAMPLES_MIN: usize = 25;
/// Intents of which a smaller share than this is recognised need more, or other, examples.
const RECALL_MIN: f32 = 0.6;
/// Confusions and twins that are printed as text; JSON has all.
const PRINTED_MAX: usize = 15;
/// Examples that are printed of a confusion.
const PRINTED_EXAMPLES_MAX: usize = 3;

/// How well one intent's examples are told from the others'.
#[derive(Debug, PartialEq, Serialize)]
struct IntentFigures {
    intent: String,
    /// Examples that were judged.
    examples: usize,
    /// Of the examples that were taken for it, the share that is; none where nothing was.
    precision: Option<f32>,
    /// Of its examples, the share that was taken for it.
    recall: f32,
}

/// Examples of one intent that read like another.
#[derive(Debug, PartialEq, Serialize)]
struct Confusion {
    intent: String,
    reads_like: String,
    /// With how sure that is, surest first.
    examples: Vec<Confused>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Confused {
    text: String,
    confidence: f32,
}

/// Runs the command.
pub async fn cross_validate(config: &Config, train: Option<&Path>, print: Print) -> anyhow::Result<ExitCode> {
    let lessons = eval::lessons(config, train)?;
    let review = open_classifier(config)?.review(&lessons).await?;
    let (intents, confusions) = (intents(&review.held), confusions(&review.held));
    if print.json {
        let need_more: Vec<_> =
            intents.iter().filter_map(|it| Some(json!({ "intent": it.intent, "why": needs(it)? }))).collect();
        let all = json!({
            "quality": review.quality,
            "bounds": review.bounds,
            "intents": intents,
            "confusions": confusions,
            "twins": review.twins,
            "need_more": need_more,
        });
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        print_review(&review, &intents, &confusions);
    }
    Ok(ExitCode::SUCCESS)
}

/// What an example is taken for: the likeliest, or out of scope where there is no idea.
fn taken_for(held: &Held) -> &str {
    let best = held.guess.best().filter(|_| held.guess.verdict != Verdict::NoIdea);
    best.map_or(OUT_OF_SCOPE, |it| it.intent.as_str())
}

fn intents(held: &[Held]) -> Vec<IntentFigures> {
    // Per intent: its examples, those taken for it, and both.
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for it in held {
        let taken = taken_for(it);
        counts.entry(&it.intent).or_default().0 += 1;
        counts.entry(taken).or_default().1 += 1;
        counts.entry(taken).or_default().2 += usize::from(taken == it.intent);
    }
    let with_examples = counts.into_iter().filter(|(_, it)| 0 < it.0);
    let figures = |(intent, (own, taken, both)): (&str, (usize, usize, usize))| IntentFigures {
        intent: intent.to_owned(),
        examples: own,
        precision: (0 < taken).then(|| both as f32 / taken as f32),
        recall: both as f32 / own as f32,
    };
    with_examples.map(figures).collect()
}

/// Pairs of intents, the one with the most examples that read like the other first.
fn confusions(held: &[Held]) -> Vec<Confusion> {
    let mut pairs: BTreeMap<(&str, &str), Vec<Confused>> = BTreeMap::new();
    for it in held {
        let Some(best) = it.guess.best().filter(|best| best.intent != it.intent) else { continue };
        let confused = Confused { text: it.text.clone(), confidence: best.confidence };
        pairs.entry((&it.intent, &best.intent)).or_default().push(confused);
    }
    let mut confusions: Vec<Confusion> = pairs
        .into_iter()
        .map(|((intent, reads_like), mut examples)| {
            examples.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
            Confusion { intent: intent.to_owned(), reads_like: reads_like.to_owned(), examples }
        })
        .collect();
    confusions.sort_by_key(|it| std::cmp::Reverse(it.examples.len()));
    confusions
}

/// Why an intent needs more examples; nothing where it has enough.
fn needs(it: &IntentFigures) -> Option<String> {
    if it.examples < EXAMPLES_MIN {
        return Some(format!("{} examples of {EXAMPLES_MIN} at least", it.examples));
    }
    (it.recall < RECALL_MIN).then(|| format!("recognised in {} of its examples", percent(it.recall)))
}

fn print_review(review: &Review, intents: &[IntentFigures], confusions: &[Confusion]) {
    let quality = &review.quality;
    println!("{} examples, each judged by a head that has not seen it nor those like it.", quality.n);
    println!(
        "Right {}; answered {}, of all wrongly {}; asked back {}; calibration error {}; answers from {} on.\n",
        percent(quality.accuracy),
        percent(quality.answered),
        percent(quality.wrong_answers),
        percent(quality.asked_back),
        percent(quality.ece),
        percent(review.bounds.answer),
    );
    println!("{:<32}{:>9}{:>11}{:>9}", "intent", "examples", "precision", "recall");
    for it in intents {
        let precision = it.precision.map_or_else(|| "–".to_owned(), percent);
        println!("{:<32}{:>9}{:>11}{:>9}", it.intent, it.examples, precision, percent(it.recall));
    }
    println!("\nConfusions: examples to move, or to tell apart with more of both.");
    for it in confusions.iter().take(PRINTED_MAX) {
        println!("  {} of {} read like {}", it.examples.len(), it.intent, it.reads_like);
        for example in it.examples.iter().take(PRINTED_EXAMPLES_MAX) {
            let sure = percent(example.confidence);
            println!("    «{}» is in {} but reads like {} ({sure})", example.text, it.intent, it.reads_like);
        }
    }
    if !review.twins.is_empty() {
        println!("\nThe same in two intents: one of the two is in the wrong place.");
    }
    for Twin { cosine, first, second } in review.twins.iter().take(PRINTED_MAX) {
        println!("  {cosine:.2}  «{}» ({}) and «{}» ({})", first.1, first.0, second.1, second.0);
    }
    let more: Vec<_> = intents.iter().filter_map(|it| Some((it, needs(it)?))).collect();
    if !more.is_empty() {
        println!("\nIntents that need more examples.");
    }
    for (it, why) in more {
        println!("  {:<32}{why}", it.intent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Candidate, Guess};

    fn held(intent: &str, taken_for: &str, confidence: f32, verdict: Verdict) -> Held {
        let ranked = vec![Candidate { intent: taken_for.to_owned(), confidence }];
        Held {
            intent: intent.to_owned(),
            text: format!("{intent} {confidence}"),
            guess: Guess { verdict, ranked, known: 1.0, ..Guess::none() },
        }
    }

    #[test]
    fn figures_and_confusions_of_a_small_case_are_right() {
        let held = [
            held("fee", "fee", 0.9, Verdict::Answer),
            held("fee", "later", 0.6, Verdict::AskBack),
            held("fee", "later", 0.8, Verdict::Answer),
            held("later", "later", 0.9, Verdict::Answer),
            held("later", "later", 0.1, Verdict::NoIdea),
        ];
        let [fee, later] = &intents(&held)[..] else { panic!("two intents have examples") };
        assert_eq!((fee.examples, fee.precision, fee.recall), (3, Some(1.0), 1.0 / 3.0));
        assert_eq!((later.examples, later.precision, later.recall), (2, Some(1.0 / 3.0), 0.5));
        let [only] = &confusions(&held)[..] else { panic!("one pair is confused") };
        assert_eq!((only.intent.as_str(), only.reads_like.as_str()), ("fee", "later"));
        assert_eq!(only.examples.iter().map(|it| it.confidence).collect::<Vec<_>>(), [0.8, 0.6]);
        assert!(needs(fee).expect("it has three").contains("3 examples"));
        assert_eq!(needs(&IntentFigures { examples: 40, recall: 0.9, intent: "x".into(), precision: None }), None);
    }
}
