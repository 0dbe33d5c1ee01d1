//! Fits multinomial logistic regression with L2 by L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.4).
//!
//! It begins with a guess of how the loss bends (`Bends`), and where it can with weights that are nearly right already.

use std::collections::VecDeque;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use serde::{Deserialize, Serialize};

use super::bends::Bends;
use super::exact;

/// How much a row of data counts against the size of the weights; 30 did best of 3 to 300 on few examples per intent.
const ROW_WEIGHT: f32 = 30.0;

/// Steps at most; sets of billing's size need about twenty-five.
const STEPS_MAX: usize = 80;

/// It is done when two steps in a row have each lowered the loss by a smaller share than this.
const SHARE_MIN: f64 = 3e-5;

/// Pairs of step and change of gradient that are remembered.
const MEMORY: usize = 8;

/// A step that was too long is made this much shorter at most, and by half at least.
const SHORTEN_MAX: f64 = 0.05;

/// Shortenings of a step before the point counts as the best there is.
const SHORTENINGS_MAX: usize = 20;

/// One weight per class and number of a vector, and one bias per class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Weights {
    /// `[classes, numbers]`.
    #[serde(with = "exact::matrix")]
    pub matrix: Array2<f32>,
    /// `[classes]`.
    #[serde(with = "exact::row")]
    pub bias: Array1<f32>,
}

impl Weights {
    /// The log-odds of each class for each row, `[rows, classes]`; those of a row have a mean of zero.
    pub fn logits(&self, rows: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut logits = rows.dot(&self.matrix.t()) + &self.bias;
        for mut row in logits.rows_mut() {
            let mean = row.mean().unwrap_or(0.0);
            row -= mean;
        }
        logits
    }

    /// The same for one row; far faster than a matrix of one row.
    pub fn logits_of(&self, row: ArrayView1<'_, f32>) -> Array1<f32> {
        let mut logits = self.matrix.dot(&row) + &self.bias;
        let mean = logits.mean().unwrap_or(0.0);
        logits -= mean;
        logits
    }
}

/// Where a fit begins.
#[derive(Clone, Copy, Default)]
pub struct Start<'a> {
    /// How the loss bends, where it is known of nearly the same rows.
    pub bends: Option<&'a Bends>,
    /// Weights that fit nearly the same rows, of the same classes; all zero, where absent.
    pub weights: Option<&'a Weights>,
    /// So many steps, near the lowest point or not; as many as it takes, where absent.
    pub n_steps: Option<usize>,
}

/// The weights that explain best which class each row belongs to; the same input gives the same weights.
///
/// `rows` is `[n, numbers]`; `labels` are below `n_classes`, one for each row. The loss has one lowest point, so where
/// the fit begins decides only how soon it is there.
pub fn fit(rows: ArrayView2<'_, f32>, labels: &[usize], n_classes: usize, start: Start<'_>) -> Weights {
    let own_bends = if start.bends.is_none() { Some(Bends::of(rows, n_classes)) } else { None };
    let bends = start.bends.or(own_bends.as_ref()).expect("one of the two was made");
    let mut problem = Problem {
        rows,
        labels,
        n_classes,
        odds: Array2::zeros((rows.nrows(), n_classes)),
        slope: Array2::zeros((n_classes, rows.ncols())),
    };
    let mut at: Vec<f32> = match start.weights {
        Some(near) => near.matrix.iter().chain(&near.bias).copied().collect(),
        None => vec![0.0; n_classes * (rows.ncols() + 1)],
    };
    let mut slope = vec![0.0; at.len()];
    let mut loss = problem.look(&at, &mut slope);
    let mut memory: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let mut n_small = 0;
    for _ in 0..start.n_steps.unwrap_or(STEPS_MAX) {
        let mut way = direction(&slope, &memory, bends, n_classes);
        let mut descent = dot(&way, &slope);
        if descent >= 0.0 {
            // Rounding has spoilt the memory: start over without.
            memory.clear();
            way = direction(&slope, &memory, bends, n_classes);
            descent = dot(&way, &slope);
        }
        let Some(next) = problem.walk(&at, &way, loss, descent) else { break };
        let change: Vec<f32> = next.slope.iter().zip(&slope).map(|(new, old)| new - old).collect();
        let step: Vec<f32> = next.at.iter().zip(&at).map(|(new, old)| new - old).collect();
        let bend = dot(&step, &change);
        if bend > 0.0 {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            let mut levelled = change.clone();
            bends.level(&mut levelled, n_classes);
            let scale = bend / dot(&change, &levelled);
            memory.push_back(Pair { step, change, bend, scale });
        }
        n_small = if loss - next.loss <= SHARE_MIN * loss { n_small + 1 } else { 0 };
        (at, slope, loss) = (next.at, next.slope, next.loss);
        if 2 <= n_small && start.n_steps.is_none() {
            break;
        }
    }
    let bias = Array1::from(at.split_off(n_classes * rows.ncols()));
    let matrix =
        Array2::from_shape_vec((n_classes, rows.ncols()), at).expect("the bias is split off, the matrix is left");
    Weights { matrix, bias }
}

/// What L-BFGS remembers of one step.
struct Pair {
    step: Vec<f32>,
    change: Vec<f32>,
    bend: f64,
    /// What makes the guess of the bends right along this step.
    scale: f64,
}

struct Point {
    at: Vec<f32>,
    slope: Vec<f32>,
    loss: f64,
}

struct Problem<'a> {
    rows: ArrayView2<'a, f32>,
    labels: &'a [usize],
    n_classes: usize,
    odds: Array2<f32>,
    slope: Array2<f32>,
}

impl Problem<'_> {
    /// The loss at a point, and its slope there.
    fn look(&mut self, at: &[f32], slope: &mut [f32]) -> f64 {
        let n_weights = self.n_classes * self.rows.ncols();
        let (weights, bias) = at.split_at(n_weights);
        let shape = (self.n_classes, self.rows.ncols());
        let matrix = ArrayView2::from_shape(shape, weights).expect("split at the matrix's size");
        general_mat_mul(1.0, &self.rows, &matrix.t(), 0.0, &mut self.odds);

        let mut misfit = 0.0_f64;
        for (mut row, &label) in self.odds.rows_mut().into_iter().zip(self.labels) {
            let row = row.as_slice_mut().expect("rows of a fresh matrix lie in one piece");
            misfit -= f64::from(to_misses(row, bias, label));
        }
        // `odds` now has, per row, the probabilities less one at the label: the slope of the misfit.
        general_mat_mul(ROW_WEIGHT, &self.odds.t(), &self.rows, 0.0, &mut self.slope);
        let (slope_weights, slope_bias) = slope.split_at_mut(n_weights);
        let from = self.slope.as_slice().expect("a fresh matrix lies in one piece");
        for ((out, from), weight) in slope_weights.iter_mut().zip(from).zip(weights) {
            *out = from + weight;
        }
        for (out, from) in slope_bias.iter_mut().zip(self.odds.sum_axis(Axis(0))) {
            *out = ROW_WEIGHT * from;
        }
        f64::from(ROW_WEIGHT) * misfit + 0.5 * dot(weights, weights)
    }

    /// A point along the way that is lower by as much as the slope lets hope (Armijo's rule), if there is one.
    fn walk(&mut self, at: &[f32], way: &[f32], loss: f64, descent: f64) -> Option<Point> {
        let mut length = 1.0_f32;
        let mut slope = vec![0.0; at.len()];
        for _ in 0..SHORTENINGS_MAX {
            let next: Vec<f32> = at.iter().zip(way).map(|(at, way)| at + length * way).collect();
            let seen = self.look(&next, &mut slope);
            if seen <= loss + 1e-4 * f64::from(length) * descent {
                return Some(Point { at: next, slope, loss: seen });
            }
            // Where the parabola through what is known has its lowest point.
            let lowest = -descent * f64::from(length) / (2.0 * (seen - loss - f64::from(length) * descent));
            length *= as_f32(lowest.clamp(SHORTEN_MAX, 0.5));
        }
        None
    }
}

/// Turns a row's logits (without bias) to probabilities less one at the label; returns the label's log-probability.
fn to_misses(row: &mut [f32], bias: &[f32], label: usize) -> f32 {
    let mut top = f32::MIN;
    for (logit, bias) in row.iter_mut().zip(bias) {
        *logit += bias;
        top = top.max(*logit);
    }
    let at_label = row[label] - top;
    let mut sum = 0.0;
    for odds in row.iter_mut() {
        *odds = (*odds - top).exp();
        sum += *odds;
    }
    for odds in row.iter_mut() {
        *odds /= sum;
    }
    row[label] -= 1.0;
    at_label - sum.ln()
}

/// The way down from here, by what is remembered of the bends, and by the guess of them where nothing is.
fn direction(slope: &[f32], memory: &VecDeque<Pair>, bends: &Bends, n_classes: usize) -> Vec<f32> {
    let mut way: Vec<f32> = slope.iter().map(|x| -x).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let share = dot(&pair.step, &way) / pair.bend;
        add(&mut way, -share, &pair.change);
        shares.push(share);
    }
    bends.level(&mut way, n_classes);
    if let Some(last) = memory.back() {
        way.iter_mut().for_each(|x| *x *= as_f32(last.scale));
    }
    for (pair, share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = dot(&pair.change, &way) / pair.bend;
        add(&mut way, share - back, &pair.step);
    }
    way
}

/// In eight lanes, so that it is fast, each in double precision, so that it is exact enough.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0_f64; 8];
    for (a, b) in a8.iter().zip(b8) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += f64::from(*a) * f64::from(*b);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    lanes.iter().sum::<f64>() + rest
}

fn add(to: &mut [f32], share: f64, what: &[f32]) {
    let share = as_f32(share);
    for (to, what) in to.iter_mut().zip(what) {
        *to += share * what;
    }
}

fn as_f32(x: f64) -> f32 {
    x as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::head::tests::{clusters, share_right};

    #[test]
    fn separable_classes_are_separated() {
        let (rows, labels) = clusters(6, 20, 0.3, 1);
        let weights = fit(rows.view(), &labels, 6, Start::default());
        assert!(share_right(&weights.logits(rows.view()), &labels) >= 0.99);
    }

    #[test]
    fn the_slope_vanishes_at_the_best_point() {
        let (rows, labels) = clusters(4, 25, 1.0, 2);
        let weights = fit(rows.view(), &labels, 4, Start::default());
        let mut problem = Problem {
            rows: rows.view(),
            labels: &labels,
            n_classes: 4,
            odds: Array2::zeros((rows.nrows(), 4)),
            slope: Array2::zeros((4, rows.ncols())),
        };
        let size = 4 * (rows.ncols() + 1);
        let (mut first, mut last) = (vec![0.0; size], vec![0.0; size]);
        let start = problem.look(&vec![0.0; size], &mut first);
        let at: Vec<f32> = weights.matrix.iter().chain(&weights.bias).copied().collect();
        let end = problem.look(&at, &mut last);
        assert!(end < start);
        assert!(dot(&last, &last).sqrt() < 0.02 * dot(&first, &first).sqrt());
    }

    #[test]
    fn wherever_it_begins_it_ends_at_the_same_weights() {
        let (rows, labels) = clusters(5, 40, 1.0, 4);
        let cold = fit(rows.view(), &labels, 5, Start::default());
        let (others, other_labels) = clusters(5, 30, 1.2, 8);
        let other = fit(others.view(), &other_labels, 5, Start::default());
        let bends = Bends::of(others.view(), 5);
        let start = Start { weights: Some(&other), bends: Some(&bends), n_steps: None };
        let warm = fit(rows.view(), &labels, 5, start);
        // Both stop within a ten-thousandth of the lowest loss; of log-odds that span ten, that leaves a hundredth.
        let (cold, warm) = (cold.logits(rows.view()), warm.logits(rows.view()));
        let square = (&cold - &warm).mapv(|x| x * x).mean().expect("there are rows").sqrt();
        let span = cold.iter().copied().fold(0.0, f32::max) - cold.iter().copied().fold(0.0, f32::min);
        assert!(square < 0.01 * span, "{square} of {span}");
    }

    #[test]
    fn a_class_without_rows_is_never_likely() {
        let (rows, labels) = clusters(3, 10, 0.3, 3);
        let logits = fit(rows.view(), &labels, 5, Start::default()).logits(rows.view());
        for row in logits.rows() {
            assert!(row[3] < row[0].max(row[1]).max(row[2]));
        }
    }
}
