//! Learns how far the head may be trusted, from what it says of examples that it was not shown.

use ndarray::{Array2, ArrayView2, Axis};

use serde::{Deserialize, Serialize};

use super::logistic::Start;
use super::{Evidence, Head, Taught, exact};
use crate::conversation::Verdict;

/// Parts into which the examples are divided; each part is judged by a head that has seen only the others.
pub const N_PARTS: usize = 5;

/// Two examples of one intent that are as near as this say nearly the same, and stay in the same part.
///
/// Customers find words that no example has; a head that has seen nearly the same words would be judged too kindly.
const SAME_COSINE: f32 = 0.9;

/// Fewer out-of-scope examples than this tell nothing about what lies outside.
const OUTSIDE_MIN: usize = 20;

/// Fewer judged examples than this tell nothing about confidence.
const JUDGED_MIN: usize = 20;

/// Fewer judged examples than this tell nothing about a share of a few in a hundred.
const RATE_MIN: usize = 100;

/// The confidence to answer from where too few were judged.
pub const SURE_FROM: f32 = 0.7;

/// Bins of confidence for the calibration error, as in Guo et al., ICML 2017.
const N_BINS: usize = 15;

const NEWTON_STEPS: usize = 30;

/// Evidence for one example from a head that had not seen it.
pub struct Judged {
    /// Which of the examples it is.
    pub row: usize,
    /// Its intent, as an index.
    pub label: usize,
    /// What the head saw.
    pub evidence: Evidence,
}

/// Judges the examples of one part by a head that was fitted without it, from the start given; see `parts`.
///
/// An example whose intent has no other is left out: nothing could have known it.
pub fn judge(taught: &Taught, parts: &[usize], part: usize, start: Start<'_>) -> Vec<Judged> {
    let (shown, hidden): (Vec<usize>, Vec<usize>) = (0..parts.len()).partition(|&row| parts[row] != part);
    let shown = taught.only(&shown);
    let hidden: Vec<usize> = hidden.into_iter().filter(|&row| shown.labels.contains(&taught.labels[row])).collect();
    if hidden.is_empty() || shown.labels.is_empty() {
        return Vec::new();
    }
    let weights = super::logistic::fit(shown.rows.view(), &shown.labels, taught.intents.len(), start);
    let rows = taught.rows.select(Axis(0), &hidden);
    let evidence = Evidence::of_all(rows.view(), &weights, &shown);
    let judged = |(&row, evidence)| Judged { row, label: taught.labels[row], evidence };
    hidden.iter().zip(evidence).map(judged).collect()
}

/// The part of each example, the same each time; examples that are alike, or linked by others that are, share one.
///
/// Each group of likenesses goes, the largest first, to the part that has the fewest of its intent by then.
pub fn parts(taught: &Taught) -> Vec<usize> {
    let mut parts = vec![0; taught.labels.len()];
    for intent in 0..taught.intents.len() {
        let rows: Vec<usize> = (0..parts.len()).filter(|&row| taught.labels[row] == intent).collect();
        let own = taught.rows.select(Axis(0), &rows);
        let cosines = own.dot(&own.t());
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for i in 0..rows.len() {
            let is_near = |group: &Vec<usize>| group.iter().any(|&j| SAME_COSINE <= cosines[(i, j)]);
            let mut group = vec![i];
            groups.extract_if(.., |it| is_near(it)).for_each(|near| group.extend(near));
            groups.push(group);
        }
        groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group.iter().min().copied()));
        let mut sizes = [0; N_PARTS];
        for group in groups {
            // Intents begin at different parts, so that small ones don't all fall into the first.
            let turn = |part: usize| (part + N_PARTS - intent % N_PARTS) % N_PARTS;
            let part = (0..N_PARTS).min_by_key(|&part| (sizes[part], turn(part))).unwrap_or_default();
            sizes[part] += group.len();
            group.into_iter().for_each(|i| parts[rows[i]] = part);
        }
    }
    parts
}

/// So many unseen examples are enough to measure on.
const UNSEEN_MIN: usize = 500;

/// The smallest confidence from which on wrong answers are at most the stated share of all that was judged.
///
/// What is out of scope and would be answered counts as wrong. The encoder has learnt from four fifths of the content
/// that ships, and flatters it: where enough of those that it hasn't seen were judged, they alone count. With too few
/// judged it is `SURE_FROM`.
pub fn sure_from(judged: &[Judged], head: &Head) -> f32 {
    let ask_back = head.thresholds.ask_back;
    if judged.len() < RATE_MIN {
        return SURE_FROM.max(ask_back);
    }
    let unseen: Vec<&Judged> = judged.iter().filter(|it| is_kept_apart(&head.taught.texts[it.row])).collect();
    let judged: Vec<&Judged> = if UNSEEN_MIN <= unseen.len() { unseen } else { judged.iter().collect() };
    let may_answer = |it: &&Judged| {
        let guess = head.conclude(&it.evidence);
        let best = guess.best()?;
        let is_wrong = best.intent != head.taught.intents[it.label];
        (guess.verdict != Verdict::NoIdea && is_wrong).then_some(best.confidence)
    };
    let mut wrong: Vec<f32> = judged.iter().filter_map(may_answer).collect();
    wrong.sort_by(|one, other| other.total_cmp(one));
    let n_allowed = (f64::from(head.thresholds.wrong_answers) * judged.len() as f64) as usize;
    // The most confident of the wrong answers that may not be given.
    wrong.get(n_allowed).map_or(ask_back, |confidence| confidence.next_up())
}

/// Whether the encoder's training leaves an example of the content out: one in five, by FNV-1a of 64 bits (Fowler, Noll,
/// Vo) over its lower case; `models/training/train_encoder.py` draws the same line.
fn is_kept_apart(text: &str) -> bool {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    const ONE_IN: u64 = 5;
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    text.to_lowercase().as_bytes().iter().fold(OFFSET, step).is_multiple_of(ONE_IN)
}

/// How logits and nearness to each intent's nearest examples add up to calibrated log-odds.
///
/// With one scale it would be temperature scaling (Guo et al., ICML 2017); the second weighs the nearest examples in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scales {
    /// For the logits.
    pub logit: f32,
    /// For the mean cosine to an intent's nearest examples.
    pub nearest: f32,
}

impl Default for Scales {
    fn default() -> Self {
        Self { logit: 1.0, nearest: 5.0 }
    }
}

impl Scales {
    /// The scales under which the judged examples are likeliest; the default where there are too few.
    pub fn fit(judged: &[Judged]) -> Self {
        if judged.len() < JUDGED_MIN {
            return Self::default();
        }
        let fitted = Self::descend(judged, true);
        if fitted.nearest >= 0.0 { fitted } else { Self::descend(judged, false) }
    }

    /// Newton's method on a convex loss with one or two unknowns.
    fn descend(judged: &[Judged], with_nearest: bool) -> Self {
        let mut at = [1.0, 0.0];
        for _ in 0..NEWTON_STEPS {
            let (mut slope, mut bend) = ([0.0; 2], [[1e-6, 0.0], [0.0, 1e-6]]);
            for Judged { label, evidence, .. } in judged {
                let odds = Self::of(at).probabilities(evidence);
                let sides = |k: usize| [f64::from(evidence.logits[k]), f64::from(evidence.nearest[k])];
                let (mut mean, mut square) = ([0.0; 2], [[0.0; 2]; 2]);
                for (k, &p) in odds.iter().enumerate() {
                    let side = sides(k);
                    for i in 0..2 {
                        mean[i] += f64::from(p) * side[i];
                        for j in 0..2 {
                            square[i][j] += f64::from(p) * side[i] * side[j];
                        }
                    }
                }
                let right = sides(*label);
                for i in 0..2 {
                    slope[i] += mean[i] - right[i];
                    for j in 0..2 {
                        bend[i][j] += square[i][j] - mean[i] * mean[j];
                    }
                }
            }
            let step = if with_nearest {
                solve([[bend[0][0], bend[0][1], slope[0]], [bend[1][0], bend[1][1], slope[1]]])
            } else {
                [slope[0] / bend[0][0], 0.0]
            };
            // No more than a halving at a time, so that it never runs past zero.
            at = [(at[0] - step[0]).max(0.5 * at[0]), at[1] - step[1].clamp(-10.0, 10.0)];
            if step.iter().all(|x| x.abs() < 1e-4) {
                break;
            }
        }
        Self::of(at)
    }

    fn of(at: [f64; 2]) -> Self {
        Self { logit: at[0] as f32, nearest: at[1] as f32 }
    }

    /// The calibrated probability of each intent; they sum to 1.
    pub fn probabilities(&self, evidence: &Evidence) -> Vec<f32> {
        let sides = evidence.logits.iter().zip(&evidence.nearest);
        let mut odds: Vec<f32> = sides.map(|(logit, cosine)| self.logit * logit + self.nearest * cosine).collect();
        let top = odds.iter().copied().fold(f32::MIN, f32::max);
        odds.iter_mut().for_each(|x| *x = (*x - top).exp());
        let sum: f32 = odds.iter().sum();
        odds.iter_mut().for_each(|x| *x /= sum);
        odds
    }
}

/// Signs of being in scope, each the larger the likelier: see `Evidence::signs`.
pub const N_SIGNS: usize = 4;

/// How the signs add up to the probability of being in scope, were in and out equally frequent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    #[serde(with = "exact::doubles")]
    weights: [f64; N_SIGNS],
    #[serde(with = "exact::double")]
    bias: f64,
}

impl Scope {
    /// Fitted to the judged examples, those of out of scope against the others.
    ///
    /// With too few of out of scope, nearness and the head's strongest logit count alike,
    /// and a text that is as far off as the farthest twentieth of the examples gets one half.
    pub fn fit(judged: &[Judged], out_of_scope: Option<usize>) -> Self {
        let signs: Vec<[f64; N_SIGNS]> = judged.iter().map(|j| j.evidence.signs(out_of_scope)).collect();
        let is_inside: Vec<bool> = judged.iter().map(|j| Some(j.label) != out_of_scope).collect();
        let n_outside = is_inside.iter().filter(|inside| !**inside).count();
        let n_inside = judged.len() - n_outside;
        if n_inside < JUDGED_MIN {
            return Self { weights: [0.0; N_SIGNS], bias: 2.0 };
        }
        let spread = Spread::of(&signs);
        if n_outside < OUTSIDE_MIN {
            let mut scope = spread.scope([1.5, 1.5, 0.0, 0.0], 0.0);
            let inside = signs.iter().zip(&is_inside).filter(|(_, inside)| **inside);
            let mut sums: Vec<f64> = inside.map(|(signs, _)| scope.sum(signs)).collect();
            sums.sort_by(f64::total_cmp);
            scope.bias -= sums[sums.len() / 20];
            return scope;
        }
        let share = |n: usize| 0.5 / n as f64;
        let rows: Vec<([f64; N_SIGNS], f64, f64)> = signs
            .iter()
            .zip(&is_inside)
            .map(|(signs, &inside)| {
                let weight = share(if inside { n_inside } else { n_outside }) * judged.len() as f64;
                (spread.standard(signs), f64::from(u8::from(inside)), weight)
            })
            .collect();
        // A sign that would speak for the opposite is noise: it goes, so that more of a sign is never less in scope.
        let mut used = [true; N_SIGNS];
        loop {
            let (weights, bias) = newton(&rows, used);
            match (0..N_SIGNS).filter(|&i| used[i]).find(|&i| weights[i] < 0.0) {
                Some(wrong) => used[wrong] = false,
                None => return spread.scope(weights, bias),
            }
        }
    }

    fn sum(&self, signs: &[f64; N_SIGNS]) -> f64 {
        self.bias + self.weights.iter().zip(signs).map(|(weight, sign)| weight * sign).sum::<f64>()
    }

    /// 0 for far outside of what the content knows, to 1.
    pub fn known(&self, signs: &[f64; N_SIGNS]) -> f32 {
        sigmoid(self.sum(signs)) as f32
    }
}

/// Mean and standard deviation of each sign.
struct Spread {
    mean: [f64; N_SIGNS],
    deviation: [f64; N_SIGNS],
}

impl Spread {
    fn of(signs: &[[f64; N_SIGNS]]) -> Self {
        let n = signs.len() as f64;
        let mean = std::array::from_fn(|i| signs.iter().map(|s| s[i]).sum::<f64>() / n);
        let deviation = std::array::from_fn(|i| {
            let variance = signs.iter().map(|s| (s[i] - mean[i]).powi(2)).sum::<f64>() / n;
            variance.sqrt().max(1e-9)
        });
        Self { mean, deviation }
    }

    fn standard(&self, signs: &[f64; N_SIGNS]) -> [f64; N_SIGNS] {
        std::array::from_fn(|i| (signs[i] - self.mean[i]) / self.deviation[i])
    }

    /// Weights for standardised signs, as weights for the signs themselves.
    fn scope(&self, weights: [f64; N_SIGNS], bias: f64) -> Scope {
        let weights: [f64; N_SIGNS] = std::array::from_fn(|i| weights[i] / self.deviation[i]);
        let bias = bias - weights.iter().zip(&self.mean).map(|(weight, mean)| weight * mean).sum::<f64>();
        Scope { weights, bias }
    }
}

/// Logistic regression with a slight pull to zero, by Newton's method: weights and bias, 0 where not used.
fn newton(rows: &[([f64; N_SIGNS], f64, f64)], used: [bool; N_SIGNS]) -> ([f64; N_SIGNS], f64) {
    const N: usize = N_SIGNS + 1;
    let mut at = [0.0; N];
    for _ in 0..NEWTON_STEPS {
        let mut system = [[0.0; N + 1]; N];
        for (i, row) in system.iter_mut().enumerate() {
            row[i] = if i < N_SIGNS { 1.0 } else { 1e-9 };
            row[N] = if i < N_SIGNS { at[i] } else { 0.0 };
        }
        for (signs, inside, weight) in rows {
            let side: [f64; N] = std::array::from_fn(|i| match signs.get(i) {
                Some(sign) if used[i] => *sign,
                Some(_) => 0.0,
                None => 1.0,
            });
            let p = sigmoid(at.iter().zip(&side).map(|(a, s)| a * s).sum());
            for i in 0..N {
                system[i][N] += weight * (p - inside) * side[i];
                for j in 0..N {
                    system[i][j] += weight * p * (1.0 - p) * side[i] * side[j];
                }
            }
        }
        let step = solve(system);
        for (at, step) in at.iter_mut().zip(step) {
            *at -= step.clamp(-5.0, 5.0);
        }
        if step.iter().all(|x| x.abs() < 1e-6) {
            break;
        }
    }
    (std::array::from_fn(|i| at[i]), at[N_SIGNS])
}

/// Solves a small system with a positive definite left side; the right side is its last column.
fn solve<const N: usize, const M: usize>(mut system: [[f64; M]; N]) -> [f64; N] {
    for i in 0..N {
        let pivot = system[i];
        for (j, row) in system.iter_mut().enumerate() {
            if j != i {
                let share = row[i] / pivot[i];
                row.iter_mut().zip(pivot).for_each(|(x, p)| *x -= share * p);
            }
        }
    }
    std::array::from_fn(|i| system[i][M - 1] / system[i][i])
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// How good the head is on the judged examples; shares of all that was judged, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Examples that were judged.
    pub n: usize,
    /// The share whose likeliest intent is right, out of scope among them.
    pub accuracy: f32,
    /// Answered.
    pub answered: f32,
    /// Answered, and wrong.
    pub wrong_answers: f32,
    /// Asked back.
    pub asked_back: f32,
    /// Not understood or out of scope: asked to say it again, or handed to a person.
    pub not_understood: f32,
    /// The share of what is in scope that is answered rightly; none where nothing in scope was judged.
    pub in_scope_answered: Option<f32>,
    /// The share of what is out of scope that is not answered; none where there was nothing out of scope.
    pub outside_kept_out: Option<f32>,
    /// Expected calibration error of the likeliest intent's confidence, 0 to 1.
    pub ece: f32,
    /// How well `known` tells in scope from out of scope: area under the ROC curve; none without both kinds.
    pub scope_auroc: Option<f32>,
}

impl Quality {
    /// Measures the head on what was judged.
    pub fn of(judged: &[Judged], head: &Head) -> Self {
        let mut bins = [(0_usize, 0.0_f32); N_BINS];
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        let mut quality = Self { n: judged.len(), ..Self::default() };
        let one = 1.0 / judged.len().max(1) as f32;
        let (mut n_inside_answered, mut n_outside_kept) = (0, 0);
        for Judged { label, evidence, .. } in judged {
            let guess = head.conclude(evidence);
            let Some(best) = guess.best() else { continue };
            let is_right = best.intent == head.taught.intents[*label];
            let bin = &mut bins[((best.confidence * N_BINS as f32) as usize).min(N_BINS - 1)];
            *bin = (bin.0 + usize::from(is_right), bin.1 + best.confidence);
            let is_outside = Some(*label) == head.out_of_scope;
            if is_outside {
                outside.push(guess.known)
            } else {
                inside.push(guess.known)
            }
            let is_answered = guess.verdict == Verdict::Answer;
            n_inside_answered += usize::from(is_answered && is_right);
            n_outside_kept += usize::from(is_outside && !is_answered);
            quality.accuracy += if is_right { one } else { 0.0 };
            quality.wrong_answers += if is_answered && !is_right { one } else { 0.0 };
            *match guess.verdict {
                Verdict::Answer => &mut quality.answered,
                Verdict::AskBack => &mut quality.asked_back,
                Verdict::NoIdea => &mut quality.not_understood,
            } += one;
        }
        let share = |n: usize, of: usize| (of > 0).then(|| n as f32 / of as f32);
        quality.in_scope_answered = share(n_inside_answered, inside.len());
        quality.outside_kept_out = share(n_outside_kept, outside.len());
        quality.ece = bins.iter().map(|(right, confidence)| (*right as f32 - confidence).abs() * one).sum();
        quality.scope_auroc = auroc(&inside, outside);
        quality
    }
}

/// The share of pairs in which the one inside is above the one outside, ties counting half.
fn auroc(inside: &[f32], mut outside: Vec<f32>) -> Option<f32> {
    if inside.is_empty() || outside.is_empty() {
        return None;
    }
    outside.sort_by(f32::total_cmp);
    let beaten = |x: &f32| outside.partition_point(|y| y < x) + outside.partition_point(|y| y <= x);
    let n_twice: usize = inside.iter().map(beaten).sum();
    Some((n_twice as f64 / (2 * inside.len() * outside.len()) as f64) as f32)
}

/// The rows of `taught` in blocks, so that the cosines of very many examples don't fill the memory.
pub fn blocks(rows: ArrayView2<'_, f32>) -> impl Iterator<Item = Array2<f32>> {
    const BLOCK: usize = 256;
    (0..rows.nrows()).step_by(BLOCK).map(move |start| {
        let end = (start + BLOCK).min(rows.nrows());
        rows.slice(ndarray::s![start..end, ..]).to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_example_in_five_is_kept_apart_as_the_training_does() {
        assert!(is_kept_apart("I get an error when I click pay"), "11e5 2034 301a 5f42 is one of five");
        let n = (0..5_000).filter(|it| is_kept_apart(&format!("question number {it}"))).count();
        assert!((900..1_100).contains(&n), "{n} of 5000");
    }
}
