//! `plainbill eval`: how well labelled texts are understood.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::classifier::{Example, Lessons, OUT_OF_SCOPE};
use crate::commands::{Print, open_classifier, open_content};
use crate::config::Config;
use crate::conversation::{Guess, Verdict};

use typos::Typist;

pub mod typos;
pub mod within;

/// What labelled data calls out of scope.
const OOS: &str = "oos";
/// Bins of the expected calibration error.
const BINS: usize = 15;

/// Where slips begin, so that they are the same each time.
const SEED: u64 = 1;

/// One labelled line.
#[derive(Clone, Debug, Deserialize)]
struct Line {
    text: String,
    intent: String,
    /// What was being talked about; then the intent may be a follow-up's name.
    within: Option<String>,
}

/// The figures; shares as 0 to 1.
#[derive(Debug, Serialize)]
struct Figures {
    /// Lines judged.
    n: usize,
    /// Exact label; `no_idea` counts as `oos`, `ask_back` as its first guess.
    accuracy: f64,
    /// The same over lines whose label isn't `oos`.
    in_scope_accuracy: f64,
    /// Of the same lines, those whose first guess is right, however sure: what papers call accuracy.
    first_guess_accuracy: f64,
    /// Of the same lines, those that are answered at once, and rightly.
    right_at_once: f64,
    /// Of the same lines, those that are answered rightly, or where "did you mean" offers the right one.
    right_or_offered: f64,
    /// The mean over labels of F1.
    macro_f1: f64,
    /// Of the lines out of scope, those that were taken for it.
    oos_recall: f64,
    /// Of the lines that were taken for out of scope, those that are.
    oos_precision: f64,
    /// The chance that a line out of scope looks less known than one in scope (area under the ROC curve).
    oos_auroc: f64,
    /// Lines that were not answered.
    abstain_rate: f64,
    /// Decided `answer`, and wrong, of all.
    wrong_answer_rate: f64,
    /// Expected calibration error of the first guess, 15 bins (Naeini et al., 2015).
    ece: f64,
    /// How much oftener the first guess is right than its confidence says; below 0 where it promises too much.
    caution: f64,
    /// Milliseconds of one text, median.
    ms_p50: f64,
    /// The same, 99th percentile.
    ms_p99: f64,
    /// Milliseconds to fit, without encoding.
    fit_ms: f64,
    /// What ran the encoder.
    engine: &'static str,
}

/// Runs the command.
pub async fn eval(
    config: &Config,
    data: &Path,
    train: Option<&Path>,
    with_typos: bool,
    print: Print,
) -> anyhow::Result<ExitCode> {
    let mut lines = read(data)?;
    if with_typos {
        let mut typist = Typist::new(SEED);
        lines.iter_mut().for_each(|it| it.text = typist.types(&it.text));
    }
    anyhow::ensure!(!lines.is_empty(), "{} has no lines", data.display());
    let lessons = lessons(config, train)?;
    let classifier = open_classifier(config)?;
    let report = classifier.learn(&lessons).await?;
    if lines.iter().any(|it| it.within.is_some()) {
        let figures = within::judge(&open_content(config)?, &classifier, data, print.json).await?;
        return show(&serde_json::to_value(&figures)?, print);
    }
    let mut guesses = Vec::with_capacity(lines.len());
    let mut ms = Vec::with_capacity(lines.len());
    for line in &lines {
        let started = Instant::now();
        guesses.push(classifier.guess(&line.text).await?);
        ms.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    ms.sort_by(f64::total_cmp);
    let figures = Figures {
        ms_p50: percentile(&ms, 0.5),
        ms_p99: percentile(&ms, 0.99),
        fit_ms: report.fit_ms,
        engine: classifier.engine(),
        ..judge(&lines, &guesses)
    };
    show(&serde_json::to_value(&figures)?, print)
}

fn show(figures: &serde_json::Value, print: Print) -> anyhow::Result<ExitCode> {
    match print.json {
        true => println!("{}", serde_json::to_string_pretty(&figures)?),
        false => {
            for (name, value) in figures.as_object().into_iter().flatten() {
                println!("{name:<20} {value}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The content's examples, or those of a file in their place.
pub fn lessons(config: &Config, train: Option<&Path>) -> anyhow::Result<Lessons> {
    let mut lessons = Lessons::of(&open_content(config)?);
    if let Some(train) = train {
        let example = |it: Line| Example { intent: to_ours(&it.intent).to_owned(), text: it.text };
        lessons.examples = read(train)?.into_iter().map(example).collect();
    }
    Ok(lessons)
}

fn read(path: &Path) -> anyhow::Result<Vec<Line>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, it)| !it.trim().is_empty());
    lines
        .map(|(index, it)| {
            serde_json::from_str(it).with_context(|| format!("{}:{} has a fault", path.display(), index + 1))
        })
        .collect()
}

fn to_ours(label: &str) -> &str {
    if label == OOS { OUT_OF_SCOPE } else { label }
}

/// The label that a guess stands for.
fn label(guess: &Guess) -> &str {
    match (guess.verdict, guess.best()) {
        (Verdict::Answer | Verdict::AskBack, Some(best)) if best.intent != OUT_OF_SCOPE => &best.intent,
        _ => OOS,
    }
}

/// Whether the first guess is this label.
fn is_first(label: &str, guess: &Guess) -> bool {
    guess.best().is_some_and(|best| best.intent == to_ours(label))
}

/// Whether a line in scope is answered, and rightly.
fn is_right_at_once(label: &str, guess: &Guess) -> bool {
    label != OOS && guess.verdict == Verdict::Answer && is_first(label, guess)
}

/// Whether "did you mean" offers this label.
fn is_offered(label: &str, guess: &Guess) -> bool {
    label != OOS && guess.verdict == Verdict::AskBack && guess.ranked.iter().take(2).any(|it| it.intent == label)
}

fn judge(lines: &[Line], guesses: &[Guess]) -> Figures {
    let pairs: Vec<(&str, &Guess)> = lines.iter().map(|it| it.intent.as_str()).zip(guesses).collect();
    let share = |n: usize, of: usize| if of == 0 { 0.0 } else { n as f64 / of as f64 };
    let count = |test: &dyn Fn(&str, &Guess) -> bool| pairs.iter().filter(|(is, guess)| test(is, guess)).count();
    let n = pairs.len();
    let n_oos = count(&|is, _| is == OOS);
    let taken_for_oos = count(&|_, guess| label(guess) == OOS);
    let both_oos = count(&|is, guess| is == OOS && label(guess) == OOS);
    Figures {
        n,
        accuracy: share(count(&|is, guess| is == label(guess)), n),
        in_scope_accuracy: share(count(&|is, guess| is != OOS && is == label(guess)), n - n_oos),
        first_guess_accuracy: share(count(&|is, guess| is != OOS && is_first(is, guess)), n - n_oos),
        right_at_once: share(count(&is_right_at_once), n - n_oos),
        right_or_offered: share(count(&|is, guess| is_right_at_once(is, guess) || is_offered(is, guess)), n - n_oos),
        macro_f1: macro_f1(&pairs),
        oos_recall: share(both_oos, n_oos),
        oos_precision: share(both_oos, taken_for_oos),
        oos_auroc: auroc(&pairs),
        abstain_rate: share(count(&|_, guess| guess.verdict != Verdict::Answer), n),
        wrong_answer_rate: share(count(&|is, guess| guess.verdict == Verdict::Answer && is != label(guess)), n),
        ece: ece(&pairs),
        caution: caution(&pairs),
        ms_p50: 0.0,
        ms_p99: 0.0,
        fit_ms: 0.0,
        engine: "",
    }
}

fn macro_f1(pairs: &[(&str, &Guess)]) -> f64 {
    // Per label: hits, lines, guesses.
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for (is, guess) in pairs {
        let guessed = label(guess);
        counts.entry(is).or_default().1 += 1;
        counts.entry(guessed).or_default().2 += 1;
        if *is == guessed {
            counts.entry(is).or_default().0 += 1;
        }
    }
    let scores: Vec<f64> = (counts.values())
        .filter(|(_, lines, _)| 0 < *lines)
        .map(|(hits, lines, guesses)| 2.0 * *hits as f64 / (lines + guesses) as f64)
        .collect();
    if scores.is_empty() { 0.0 } else { scores.iter().sum::<f64>() / scores.len() as f64 }
}

/// By the Mann-Whitney statistic over ranks, ties counted half.
fn auroc(pairs: &[(&str, &Guess)]) -> f64 {
    let mut scored: Vec<(f32, bool)> = pairs.iter().map(|(is, guess)| (1.0 - guess.known, *is == OOS)).collect();
    scored.sort_by(|one, other| one.0.total_cmp(&other.0));
    let n_oos = scored.iter().filter(|it| it.1).count();
    let n_in = scored.len() - n_oos;
    if n_oos == 0 || n_in == 0 {
        return 0.0;
    }
    let mut ranks_of_oos = 0.0;
    for tied in scored.chunk_by(|one, other| one.0 == other.0) {
        let before = scored.partition_point(|it| it.0 < tied[0].0);
        let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        ranks_of_oos += rank * tied.iter().filter(|it| it.1).count() as f64;
    }
    let n_oos = n_oos as f64;
    (ranks_of_oos - n_oos * (n_oos + 1.0) / 2.0) / (n_oos * n_in as f64)
}

fn ece(pairs: &[(&str, &Guess)]) -> f64 {
    let mut bins = [(0_usize, 0.0_f64, 0_usize); BINS];
    for (is, guess) in pairs {
        let Some(best) = guess.best() else { continue };
        let confidence = f64::from(best.confidence.clamp(0.0, 1.0));
        let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += 1;
        bin.1 += confidence;
        bin.2 += usize::from(is_first(is, guess));
    }
    let n: usize = bins.iter().map(|it| it.0).sum();
    let gap = |it: &(usize, f64, usize)| (it.1 - it.2 as f64).abs();
    if n == 0 { 0.0 } else { bins.iter().map(gap).sum::<f64>() / n as f64 }
}

/// The share that is right less the mean confidence, of the first guesses.
fn caution(pairs: &[(&str, &Guess)]) -> f64 {
    let best =
        |(is, guess): &(&str, &Guess)| Some((f64::from(u8::from(is_first(is, guess))), guess.best()?.confidence));
    let seen: Vec<(f64, f32)> = pairs.iter().filter_map(best).collect();
    let gaps: f64 = seen.iter().map(|(is_right, confidence)| is_right - f64::from(*confidence)).sum();
    gaps / seen.len().max(1) as f64
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let index = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Candidate;

    fn line(intent: &str) -> Line {
        Line { text: String::new(), intent: intent.to_owned(), within: None }
    }

    fn guess(intent: &str, verdict: Verdict, confidence: f32, known: f32) -> Guess {
        Guess { verdict, ranked: vec![Candidate { intent: intent.to_owned(), confidence }], known, ..Guess::none() }
    }

    #[test]
    fn figures_of_a_small_case_are_right() {
        let lines = [line("a"), line("b"), line("oos"), line("oos")];
        let guesses = [
            guess("a", Verdict::Answer, 1.0, 0.9),
            guess("a", Verdict::Answer, 1.0, 0.8),
            guess("a", Verdict::NoIdea, 0.0, 0.1),
            guess("b", Verdict::AskBack, 0.0, 0.85),
        ];
        let figures = judge(&lines, &guesses);
        assert_eq!(figures.accuracy, 0.5);
        assert_eq!(figures.in_scope_accuracy, 0.5);
        assert_eq!((figures.right_at_once, figures.right_or_offered), (0.5, 0.5));
        assert_eq!(figures.oos_recall, 0.5);
        assert_eq!(figures.oos_precision, 1.0);
        assert_eq!(figures.abstain_rate, 0.5);
        assert_eq!(figures.wrong_answer_rate, 0.25);
        assert_eq!(figures.oos_auroc, 0.75);
        assert_eq!(figures.ece, 0.25);
        // One of four is right; two promise to be.
        assert_eq!(figures.caution, -0.25);
    }

    #[test]
    fn a_right_first_guess_counts_however_unsure() {
        let figures = judge(
            &[line("a"), line("b"), line("oos")],
            &[
                guess("a", Verdict::NoIdea, 0.1, 0.0),
                guess("a", Verdict::Answer, 1.0, 0.9),
                guess(OUT_OF_SCOPE, Verdict::NoIdea, 0.9, 0.0),
            ],
        );
        assert_eq!((figures.first_guess_accuracy, figures.in_scope_accuracy), (0.5, 0.0));
    }
}
