//! The head: what a vector means, how sure that is, and whether the content knows anything like it.

use std::collections::BTreeMap;
use std::ops::Range;

use ndarray::{Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

use crate::content::file::Thresholds;
use crate::conversation::{Candidate, Guess, Verdict};

use bends::Bends;
use calibrate::{Judged, N_PARTS, Quality, Scales, Scope};
use evidence::Evidence;
use follow_ups::FollowUps;
use logistic::{Start, Weights};
use near::{Near, Query};

pub mod bends;
pub mod calibrate;
pub mod discriminant;
pub mod evidence;
pub mod exact;
pub mod follow_ups;
pub mod logistic;
pub mod near;
pub mod review;
pub mod turns;

/// Intents in a guess.
const RANKED_MAX: usize = 5;

/// Steps that a head takes towards examples that came to the others; most of the way, in a tenth of the time.
const NUDGE_STEPS: usize = 2;

/// The examples that a head is fitted to, with their vectors.
#[derive(Clone, Serialize, Deserialize)]
pub struct Taught {
    /// The intents' names in order.
    pub intents: Vec<String>,
    /// Which of the intents stands for out of scope.
    pub out_of_scope: Option<usize>,
    /// The examples' vectors, `[examples, numbers]`; none in a fitted head, which has them smaller.
    #[serde(skip)]
    pub rows: Array2<f32>,
    /// For each example, its intent as an index.
    pub labels: Vec<usize>,
    /// For each example, its words.
    pub texts: Vec<String>,
}

impl Taught {
    /// Gathers examples as (intent, text, vector); their order doesn't matter, and the same one twice counts once.
    pub fn new<'a>(examples: impl Iterator<Item = (&'a str, &'a str, &'a [f32])>, out_of_scope: &str) -> Self {
        let sorted: BTreeMap<(&str, &str), &[f32]> =
            examples.map(|(intent, text, row)| ((intent, text), row)).collect();
        let n_numbers = sorted.values().next().map_or(0, |row| row.len());
        let mut intents: Vec<String> = Vec::new();
        let (mut labels, mut texts) = (Vec::with_capacity(sorted.len()), Vec::with_capacity(sorted.len()));
        let mut numbers = Vec::with_capacity(sorted.len() * n_numbers);
        for ((intent, text), row) in &sorted {
            if intents.last().is_none_or(|last| last != intent) {
                intents.push((*intent).to_owned());
            }
            labels.push(intents.len() - 1);
            texts.push((*text).to_owned());
            numbers.extend_from_slice(row);
        }
        let rows =
            Array2::from_shape_vec((labels.len(), n_numbers), numbers).expect("one encoder's vectors have one length");
        Self { out_of_scope: intents.iter().position(|intent| intent == out_of_scope), intents, rows, labels, texts }
    }

    /// Each intent that has examples, with the places of these, which stand together.
    fn runs(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let mut end = 0;
        self.labels.chunk_by(|one, other| one == other).map(move |run| {
            let start = end;
            end += run.len();
            (run[0], start..end)
        })
    }

    /// The same without the vectors, for a head that has them smaller.
    fn without_rows(&self) -> Self {
        let Self { intents, out_of_scope, labels, texts, .. } = self;
        let (intents, labels, texts) = (intents.clone(), labels.clone(), texts.clone());
        Self { intents, out_of_scope: *out_of_scope, rows: Array2::default((0, 0)), labels, texts }
    }

    /// The same intents with only these examples.
    fn only(&self, rows: &[usize]) -> Self {
        Self {
            intents: self.intents.clone(),
            out_of_scope: self.out_of_scope,
            rows: self.rows.select(Axis(0), rows),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            texts: rows.iter().map(|&row| self.texts[row].clone()).collect(),
        }
    }
}

/// Fitted to the examples; guessing takes some ten microseconds and never fails.
#[derive(Clone, Serialize, Deserialize)]
pub struct Head {
    taught: Taught,
    near: Near,
    weights: Weights,
    /// For nudges.
    bends: Bends,
    scales: Scales,
    scope: Scope,
    out_of_scope: Option<usize>,
    thresholds: Thresholds,
    /// At least this confidence to answer: as the thresholds say, else as follows from their share of wrong answers.
    sure_from: f32,
    /// What can be meant within a topic only.
    follow_ups: FollowUps,
}

impl Head {
    /// Fits and calibrates; the same examples give the same head, on any number of threads.
    ///
    /// Takes as long as one fit and, shared by the threads, five that are a third as long.
    pub fn fit(taught: Taught, thresholds: Thresholds, n_threads: usize) -> (Self, Quality) {
        let (head, judged) = Self::fit_and_judge(taught, thresholds, n_threads);
        let quality = Quality::of(&judged, &head);
        (head, quality)
    }

    /// The same, with what a head that had not seen it says of each example.
    pub fn fit_and_judge(mut taught: Taught, thresholds: Thresholds, n_threads: usize) -> (Self, Vec<Judged>) {
        let n_intents = taught.intents.len();
        let (bends, parts) = (Bends::of(taught.rows.view(), n_intents), calibrate::parts(&taught));
        let start = Start { bends: Some(&bends), ..Start::default() };
        let weights = logistic::fit(taught.rows.view(), &taught.labels, n_intents, start);
        // Those that judge begin where the head ended: most of the way is the same, and they forget what they don't see.
        let start = Start { weights: Some(&weights), ..start };
        let judge = |part| calibrate::judge(&taught, &parts, part, start);
        let judged: Vec<_> = turns::in_turns(N_PARTS, n_threads, judge).into_iter().flatten().collect();
        let scales = Scales::fit(&judged);
        let scope = Scope::fit(&judged, taught.out_of_scope);
        let out_of_scope = taught.out_of_scope;
        let near = Near::of(std::mem::take(&mut taught.rows).view());
        let follow_ups = FollowUps::default();
        let mut head =
            Self { taught, near, weights, bends, scales, scope, out_of_scope, thresholds, sure_from: 1.0, follow_ups };
        head.sure_from = thresholds.answer.unwrap_or_else(|| calibrate::sure_from(&judged, &head));
        (head, judged)
    }

    /// When a guess of this head is good enough.
    pub fn bounds(&self) -> Bounds {
        let Thresholds { ask_back, known, .. } = self.thresholds;
        Bounds { answer: self.sure_from, ask_back, known }
    }

    /// A head for nearly the same examples of the same intents: most of the way to its own weights, and calibrated as
    /// this one is. Nothing where the intents differ.
    pub fn nudged(&self, taught: &Taught, thresholds: Thresholds) -> Option<Self> {
        if taught.intents != self.taught.intents || taught.out_of_scope != self.out_of_scope {
            return None;
        }
        let start = Start { bends: Some(&self.bends), weights: Some(&self.weights), n_steps: Some(NUDGE_STEPS) };
        let weights = logistic::fit(taught.rows.view(), &taught.labels, taught.intents.len(), start);
        let near = Near::of(taught.rows.view());
        let sure_from = thresholds.answer.unwrap_or(self.sure_from);
        let (bends, scales, scope) = (self.bends.clone(), self.scales, self.scope.clone());
        let (taught, out_of_scope) = (taught.without_rows(), self.out_of_scope);
        let follow_ups = self.follow_ups.clone();
        Some(Self { taught, near, weights, bends, scales, scope, out_of_scope, thresholds, sure_from, follow_ups })
    }

    /// What the vector means.
    ///
    /// No idea where the likeliest is out of scope or the content knows nothing near it; `ranked` is filled even then.
    /// Out of scope is ranked only where it is the likeliest, so that nobody is ever asked whether they meant it.
    pub fn guess(&self, vector: &[f32]) -> Guess {
        self.guess_within(vector, &[])
    }

    /// The same while something is being talked about: `counting` names the follow-ups that count in it.
    pub fn guess_within(&self, vector: &[f32], counting: &[&str]) -> Guess {
        let logits = self.weights.logits_of(ArrayView1::from(vector));
        let asked = Query::of(vector);
        let evidence = Evidence::weigh(logits.view(), &self.taught, |rows| self.near.cosines(&asked, rows));
        let within = match counting {
            [] => Vec::new(),
            counting => {
                let rows: Vec<Range<usize>> = self.taught.runs().map(|it| it.1).collect();
                let intents = follow_ups::Intents { names: &self.taught.intents, rows: &rows, near: &self.near };
                self.follow_ups.ranked(ArrayView1::from(vector), &asked, counting, &intents)
            }
        };
        Guess { within, ..self.conclude(&evidence) }
    }

    /// What can be meant within a topic only.
    pub fn follow_ups(&self) -> &FollowUps {
        &self.follow_ups
    }

    /// The same head with these follow-ups.
    pub fn with_follow_ups(self, follow_ups: FollowUps) -> Self {
        Self { follow_ups, ..self }
    }

    /// What the evidence comes to.
    pub fn conclude(&self, evidence: &Evidence) -> Guess {
        let odds = self.scales.probabilities(evidence);
        let known = self.scope.known(&evidence.signs(self.out_of_scope));
        let mut order: Vec<usize> = (0..odds.len()).collect();
        order.sort_by(|&a, &b| odds[b].total_cmp(&odds[a]));
        let is_outside = order.first().is_some_and(|&best| Some(best) == self.out_of_scope);
        if !is_outside {
            order.retain(|&intent| Some(intent) != self.out_of_scope);
        }
        order.truncate(RANKED_MAX);
        let candidate = |&i: &usize| Candidate { intent: self.taught.intents[i].clone(), confidence: odds[i] };
        let ranked: Vec<Candidate> = order.iter().map(candidate).collect();
        let confidence = ranked.first().map_or(0.0, |best| best.confidence);
        let verdict = if is_outside || known < self.thresholds.known || confidence < self.thresholds.ask_back {
            Verdict::NoIdea
        } else if confidence < self.sure_from {
            Verdict::AskBack
        } else {
            Verdict::Answer
        };
        Guess { verdict, ranked, known, within: Vec::new() }
    }

    /// The intent's examples that are nearest to the vector, nearest first, at most `n`: words and cosine.
    pub fn nearest(&self, vector: &[f32], intent: &str, n: usize) -> Vec<(&str, f32)> {
        let Some(label) = self.taught.intents.iter().position(|it| it == intent) else { return Vec::new() };
        let Some(rows) = self.taught.runs().find(|it| it.0 == label).map(|it| it.1) else { return Vec::new() };
        let texts = self.taught.texts[rows.clone()].iter().map(String::as_str);
        let mut own: Vec<(&str, f32)> = texts.zip(self.near.cosines(&Query::of(vector), rows)).collect();
        own.sort_by(|one, other| other.1.total_cmp(&one.1));
        own.truncate(n);
        own
    }
}

/// When a guess is good enough, as fitted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// At least this calibrated confidence to answer.
    pub answer: f32,
    /// At least this to ask "did you mean".
    pub ask_back: f32,
    /// At least this near to the content.
    pub known: f32,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const THRESHOLDS: Thresholds = Thresholds { wrong_answers: 0.03, answer: Some(0.6), ask_back: 0.3, known: 0.4 };

    /// Numbers between -1 and 1, the same for the same seed (an LCG with Knuth's constants).
    pub(crate) fn noise(seed: u64) -> impl FnMut() -> f32 {
        let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
        }
    }

    /// Unit vectors around one center per class: rows and labels.
    pub(crate) fn clusters(n_classes: usize, n_each: usize, spread: f32, seed: u64) -> (Array2<f32>, Vec<usize>) {
        const N_NUMBERS: usize = 32;
        let mut centers = noise(7);
        let centers = Array2::from_shape_simple_fn((n_classes, N_NUMBERS), &mut centers);
        let mut around = noise(seed);
        let labels: Vec<usize> = (0..n_classes * n_each).map(|i| i % n_classes).collect();
        let mut rows = centers.select(Axis(0), &labels);
        for mut row in rows.rows_mut() {
            row.mapv_inplace(|x| x + spread * 2.0 * around());
            let length = row.dot(&row).sqrt();
            row /= length;
        }
        (rows, labels)
    }

    /// The index and the size of the largest.
    fn likeliest(odds: &[f32]) -> (usize, f32) {
        let best = odds.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        best.unwrap_or((0, 0.0))
    }

    pub(crate) fn share_right(logits: &Array2<f32>, labels: &[usize]) -> f32 {
        let best = |row: ArrayView1<'_, f32>| likeliest(&row.to_vec()).0;
        let n_right = logits.rows().into_iter().zip(labels).filter(|(row, label)| best(*row) == **label).count();
        n_right as f32 / labels.len() as f32
    }

    type Named = (String, String, Vec<f32>);

    /// The rows as examples of `intent-0` …; one class is out of scope where that is asked for.
    fn named(rows: &Array2<f32>, labels: &[usize], out_of_scope: Option<usize>) -> Vec<Named> {
        let name =
            |label: usize| if Some(label) == out_of_scope { "oos".to_owned() } else { format!("intent-{label}") };
        let rows = rows.rows().into_iter().zip(labels).enumerate();
        rows.map(|(i, (row, &label))| (name(label), i.to_string(), row.to_vec())).collect()
    }

    fn gather<'a>(examples: impl Iterator<Item = &'a Named>) -> Taught {
        Taught::new(examples.map(|(intent, text, row)| (intent.as_str(), text.as_str(), row.as_slice())), "oos")
    }

    pub(crate) fn taught(rows: &Array2<f32>, labels: &[usize], out_of_scope: Option<usize>) -> Taught {
        gather(named(rows, labels, out_of_scope).iter())
    }

    fn ece(head: &Head, taught: &Taught, rows: &Array2<f32>, labels: &[usize]) -> f32 {
        let unseen: Vec<_> = Evidence::of_all(rows.view(), &head.weights, taught)
            .into_iter()
            .zip(labels)
            .enumerate()
            .map(|(row, (evidence, &label))| Judged { row, label, evidence })
            .collect();
        Quality::of(&unseen, head).ece
    }

    #[test]
    fn an_example_is_guessed_as_its_own_intent() {
        let (rows, labels) = clusters(8, 12, 0.3, 1);
        let (head, quality) = Head::fit(taught(&rows, &labels, None), THRESHOLDS, 2);
        let guess = head.guess(&rows.row(3).to_vec());
        assert_eq!(guess.verdict, Verdict::Answer);
        assert_eq!(guess.best().expect("it is ranked").intent, "intent-3");
        assert_eq!(guess.ranked.len(), RANKED_MAX);
        assert!(guess.ranked.is_sorted_by(|a, b| a.confidence >= b.confidence));
        assert!(quality.accuracy > 0.95);
    }

    #[test]
    fn calibration_makes_confidence_honest_on_unseen_rows() {
        // One draw's error differs by half from another's.
        const DRAWS: u64 = 4;
        let (mut calibrated, mut raw) = (0.0, 0.0);
        for draw in 0..DRAWS {
            let (rows, labels) = clusters(10, 30, 1.3, 2 * draw + 1);
            let (unseen, unseen_labels) = clusters(10, 100, 1.3, 2 * draw + 2);
            let taught = taught(&rows, &labels, None);
            let (mut head, _) = Head::fit(taught.clone(), THRESHOLDS, 2);
            calibrated += ece(&head, &taught, &unseen, &unseen_labels) / DRAWS as f32;
            head.scales = Scales { logit: 1.0, nearest: 0.0 };
            raw += ece(&head, &taught, &unseen, &unseen_labels) / DRAWS as f32;
        }
        assert!(calibrated < raw, "{calibrated} is not below {raw}");
        assert!(calibrated < 0.06, "{calibrated}");
    }

    #[test]
    fn the_same_examples_in_any_order_on_any_threads_give_the_same_guess() {
        let (rows, labels) = clusters(6, 20, 1.0, 3);
        let examples = named(&rows, &labels, Some(5));
        let (first, quality) = Head::fit(gather(examples.iter()), THRESHOLDS, 2);
        let (second, again) = Head::fit(gather(examples.iter().rev().chain(&examples)), THRESHOLDS, 1);
        assert_eq!(quality, again);
        for row in clusters(6, 5, 1.0, 4).0.rows() {
            assert_eq!(first.guess(&row.to_vec()), second.guess(&row.to_vec()));
        }
    }

    #[test]
    fn a_nudged_head_is_near_to_one_that_is_fitted_wholly() {
        let (rows, labels) = clusters(6, 30, 1.0, 5);
        let examples = named(&rows, &labels, Some(5));
        let (before, _) = Head::fit(gather(examples[1..].iter()), THRESHOLDS, 1);
        let (mut whole, _) = Head::fit(gather(examples.iter()), THRESHOLDS, 1);
        // A nudge leaves the calibration as it was; what is compared is how far the weights have come.
        (whole.scales, whole.scope) = (before.scales, before.scope.clone());
        let nudged = before.nudged(&gather(examples.iter()), THRESHOLDS).expect("the intents are the same");
        let confidence = |head: &Head| head.guess(&examples[0].2).best().expect("it is ranked").confidence;
        assert!(confidence(&before) + 0.01 < confidence(&nudged), "the new example is seen at once");
        for row in clusters(6, 20, 1.0, 9).0.rows() {
            let (one, other) = (nudged.guess(&row.to_vec()), whole.guess(&row.to_vec()));
            let [one, other] = [&one, &other].map(|guess| guess.best().expect("it is ranked").confidence);
            // A tenth of what that example changes of its own guess, at least.
            assert!((one - other).abs() < 0.01, "{one} is not {other}");
        }
        let others = gather(examples.iter().filter(|it| it.0 != "intent-0"));
        assert!(before.nudged(&others, THRESHOLDS).is_none());
    }

    #[test]
    fn what_lies_outside_is_not_known() {
        let (rows, labels) = clusters(6, 30, 0.5, 5);
        let (head, quality) = Head::fit(taught(&rows, &labels, Some(5)), THRESHOLDS, 2);
        assert!(quality.scope_auroc.expect("both kinds are there") > 0.95);
        let outside = head.guess(&rows.row(5).to_vec());
        assert_eq!(outside.verdict, Verdict::NoIdea);
        assert_eq!(outside.best().expect("it is ranked").intent, "oos");
        let inside = head.guess(&rows.row(0).to_vec());
        assert!(outside.known < inside.known);
        assert!(inside.ranked.iter().all(|candidate| candidate.intent != "oos"));
    }

    #[test]
    fn without_examples_of_out_of_scope_far_texts_are_still_less_known() {
        let (rows, labels) = clusters(6, 30, 0.5, 5);
        let (head, _) = Head::fit(taught(&rows, &labels, None), THRESHOLDS, 2);
        let far: Vec<f32> = rows.row(0).iter().map(|x| -x).collect();
        assert!(head.guess(&far).known < 0.5);
        assert!(head.guess(&rows.row(0).to_vec()).known > 0.5);
    }

    #[test]
    fn wrong_answers_stay_within_the_stated_share() {
        let (rows, labels) = clusters(10, 30, 1.3, 1);
        let (unseen, unseen_labels) = clusters(10, 200, 1.3, 2);
        let mut answered_before = 1.0;
        for wrong_answers in [0.1, 0.03, 0.01, 0.0] {
            let thresholds = Thresholds { wrong_answers, answer: None, ..THRESHOLDS };
            let (head, quality) = Head::fit(taught(&rows, &labels, Some(9)), thresholds, 2);
            assert!(quality.wrong_answers <= wrong_answers, "{quality:?}");
            assert!(quality.answered <= answered_before, "fewer wrong answers never mean more answers");
            answered_before = quality.answered;
            let wrong = |(row, label): (ArrayView1<'_, f32>, &usize)| {
                let guess = head.guess(&row.to_vec());
                let is = if *label == 9 { "oos".to_owned() } else { format!("intent-{label}") };
                guess.verdict == Verdict::Answer && guess.best().expect("it is ranked").intent != is
            };
            let n_wrong = unseen.rows().into_iter().zip(&unseen_labels).filter(|it| wrong((it.0, it.1))).count();
            let seen = n_wrong as f32 / unseen_labels.len() as f32;
            assert!(seen <= wrong_answers + 0.02, "stated {wrong_answers}, seen {seen}");
        }
    }

    #[test]
    fn with_few_examples_the_bound_is_the_one_that_is_documented() {
        let (rows, labels) = clusters(3, 8, 0.3, 6);
        let (head, _) = Head::fit(taught(&rows, &labels, None), Thresholds { answer: None, ..THRESHOLDS }, 2);
        assert_eq!(head.bounds().answer, calibrate::SURE_FROM);
    }

    #[test]
    fn the_nearest_examples_of_an_intent_come_in_order() {
        let (rows, labels) = clusters(4, 10, 0.5, 8);
        let (head, _) = Head::fit(taught(&rows, &labels, None), THRESHOLDS, 2);
        let nearest = head.nearest(&rows.row(5).to_vec(), "intent-1", 3);
        assert_eq!(nearest.len(), 3);
        assert_eq!(nearest[0].0, "5");
        assert!(nearest.is_sorted_by(|one, other| one.1 >= other.1));
        assert!(head.nearest(&rows.row(5).to_vec(), "no such", 3).is_empty());
    }

    #[test]
    fn one_example_per_intent_is_enough_to_start() {
        let (rows, labels) = clusters(3, 1, 0.3, 6);
        let (head, quality) = Head::fit(taught(&rows, &labels, None), THRESHOLDS, 2);
        assert_eq!(head.guess(&rows.row(2).to_vec()).best().expect("it is ranked").intent, "intent-2");
        assert_eq!(quality, Quality::default());
    }
}
