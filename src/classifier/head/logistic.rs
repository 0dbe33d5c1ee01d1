//! Fits multinomial logistic regression with L2 by L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.4).

use std::collections::VecDeque;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// How much a row of data counts against the size of the weights; 30 did best of 3 to 300 on few examples per intent.
const ROW_WEIGHT: f32 = 30.0;

/// Steps at most; sets of billing's size need about forty.
const STEPS_MAX: usize = 80;

/// It is done when two steps in a row have each lowered the loss by a smaller share than this.
const SHARE_MIN: f64 = 1e-4;

/// Pairs of step and change of gradient that are remembered.
const MEMORY: usize = 8;

/// Halvings of a step before the point counts as the best there is.
const HALVINGS_MAX: usize = 20;

/// One weight per class and number of a vector, and one bias per class.
#[derive(Clone, Debug)]
pub struct Weights {
    /// `[classes, numbers]`.
    pub matrix: Array2<f32>,
    /// `[classes]`.
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
}

/// The weights that explain best which class each row belongs to; the same input gives the same weights.
///
/// `rows` is `[n, numbers]`; `labels` are below `n_classes`, one for each row.
pub fn fit(rows: ArrayView2<'_, f32>, labels: &[usize], n_classes: usize) -> Weights {
    let mut problem = Problem {
        rows,
        labels,
        n_classes,
        odds: Array2::zeros((rows.nrows(), n_classes)),
        slope: Array2::zeros((n_classes, rows.ncols())),
    };
    let mut at = vec![0.0_f32; n_classes * (rows.ncols() + 1)];
    let mut slope = vec![0.0; at.len()];
    let mut loss = problem.look(&at, &mut slope);
    let mut memory: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let mut n_small = 0;
    for _ in 0..STEPS_MAX {
        let mut way = direction(&slope, &memory);
        let mut descent = dot(&way, &slope);
        if descent >= 0.0 {
            // Rounding has spoilt the memory: start over from plain descent.
            memory.clear();
            way = direction(&slope, &memory);
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
            memory.push_back(Pair { step, change, bend });
        }
        n_small = if loss - next.loss <= SHARE_MIN * loss { n_small + 1 } else { 0 };
        (at, slope, loss) = (next.at, next.slope, next.loss);
        if n_small >= 2 {
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
        for _ in 0..HALVINGS_MAX {
            let next: Vec<f32> = at.iter().zip(way).map(|(at, way)| at + length * way).collect();
            let seen = self.look(&next, &mut slope);
            if seen <= loss + 1e-4 * f64::from(length) * descent {
                return Some(Point { at: next, slope, loss: seen });
            }
            length *= 0.5;
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

/// The way down from here, by what is remembered of the bends.
fn direction(slope: &[f32], memory: &VecDeque<Pair>) -> Vec<f32> {
    let mut way: Vec<f32> = slope.iter().map(|x| -x).collect();
    let Some(last) = memory.back() else {
        // The first step has length one at most: nothing is known of the bend yet.
        let scale = 1.0 / dot(&way, &way).sqrt().max(1.0);
        way.iter_mut().for_each(|x| *x *= as_f32(scale));
        return way;
    };
    let mut shares = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let share = dot(&pair.step, &way) / pair.bend;
        add(&mut way, -share, &pair.change);
        shares.push(share);
    }
    let scale = last.bend / dot(&last.change, &last.change);
    way.iter_mut().for_each(|x| *x *= as_f32(scale));
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
        let weights = fit(rows.view(), &labels, 6);
        assert!(share_right(&weights.logits(rows.view()), &labels) >= 0.99);
    }

    #[test]
    fn the_slope_vanishes_at_the_best_point() {
        let (rows, labels) = clusters(4, 25, 1.0, 2);
        let weights = fit(rows.view(), &labels, 4);
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
    fn a_class_without_rows_is_never_likely() {
        let (rows, labels) = clusters(3, 10, 0.3, 3);
        let logits = fit(rows.view(), &labels, 5).logits(rows.view());
        for row in logits.rows() {
            assert!(row[3] < row[0].max(row[1]).max(row[2]));
        }
    }
}
