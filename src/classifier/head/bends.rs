//! How the loss bends, guessed from the rows alone before the first step, so that the fit needs a third of the steps.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

use super::exact;

/// Rows that are looked at: more tell nothing new about how they are spread.
const ROWS_MAX: usize = 1_024;

/// The inverse of an estimate of the loss's second derivatives, the same for every class.
///
/// A row bends the loss of a class by `p (1 - p)`, which at the best point comes to about one row's weight divided by
/// the number of classes. Only the speed of the fit hangs on how good that estimate is, never what it finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bends {
    /// `[numbers + 1, numbers + 1]`; the last one is for the bias.
    #[serde(with = "exact::matrix")]
    inverse: Array2<f32>,
}

impl Bends {
    /// Of these rows, `[n, numbers]`, for a fit with so many classes.
    pub fn of(rows: ArrayView2<'_, f32>, n_classes: usize) -> Self {
        let (n, n_numbers) = rows.dim();
        let every = n.div_ceil(ROWS_MAX).max(1);
        let seen = rows.slice(s![..;every, ..]);
        let bend = every as f64 / n_classes.max(1) as f64;
        let products = seen.t().dot(&seen);
        let sums = seen.sum_axis(Axis(0));

        let size = n_numbers + 1;
        let mut matrix = vec![0.0_f64; size * size];
        for (i, products) in products.rows().into_iter().enumerate() {
            for (to, product) in matrix[i * size..].iter_mut().zip(products) {
                *to = bend * f64::from(*product);
            }
            // The pull to zero, which all weights feel.
            matrix[i * size + i] += 1.0;
        }
        for (to, sum) in matrix[n_numbers * size..].iter_mut().zip(&sums) {
            *to = bend * f64::from(*sum);
        }
        // The bias feels no pull; a thousandth keeps the matrix positive definite.
        matrix[size * size - 1] = bend * seen.nrows() as f64 * 1.001 + 1e-3;
        Self { inverse: inverse(&mut matrix, size) }
    }

    /// Turns a slope, a class's numbers after another's and then the biases, into the step that would level it.
    pub fn level(&self, slope: &mut [f32], n_classes: usize) {
        let size = self.inverse.nrows();
        let n_weights = n_classes * (size - 1);
        let mut with_bias = Array2::zeros((n_classes, size));
        let (weights, biases) = slope.split_at_mut(n_weights);
        for ((mut to, from), bias) in with_bias.rows_mut().into_iter().zip(weights.chunks_exact(size - 1)).zip(&*biases)
        {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            to[size - 1] = *bias;
        }
        let mut levelled = Array2::zeros(with_bias.dim());
        general_mat_mul(1.0, &with_bias, &self.inverse, 0.0, &mut levelled);
        for ((from, to), bias) in levelled.rows().into_iter().zip(weights.chunks_exact_mut(size - 1)).zip(biases) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            *bias = from[size - 1];
        }
    }
}

/// The inverse of a positive definite matrix by Cholesky's decomposition; its lower half is used, and spoilt.
fn inverse(matrix: &mut [f64], size: usize) -> Array2<f32> {
    for i in 0..size {
        let (above, own) = matrix.split_at_mut(i * size);
        for j in 0..i {
            let other = &above[j * size..][..=j];
            own[j] = (own[j] - dot(&own[..j], &other[..j])) / other[j];
        }
        own[i] = (own[i] - dot(&own[..i], &own[..i])).sqrt();
    }
    // The inverse of the lower half: each row is made from those above it.
    let mut lower = vec![0.0_f64; size * size];
    for i in 0..size {
        let (above, own) = lower.split_at_mut(i * size);
        let factors = &matrix[i * size..][..=i];
        for (j, factor) in factors[..i].iter().enumerate() {
            let other = &above[j * size..][..=j];
            own.iter_mut().zip(other).for_each(|(to, from)| *to -= factor * from);
        }
        own[..i].iter_mut().for_each(|x| *x /= factors[i]);
        own[i] = 1.0 / factors[i];
    }
    let lower = lower.iter().map(|x| *x as f32).collect();
    let lower = Array2::from_shape_vec((size, size), lower).expect("it was made with this size");
    lower.t().dot(&lower)
}

/// In lanes, so that it is fast.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a8, a_rest), (b8, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (a, b) in a8.iter().zip(b8) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::head::tests::clusters;

    #[test]
    fn the_inverse_undoes_the_matrix() {
        let a = Array2::from_shape_fn((9, 9), |(i, j)| 1.0 / (1.0 + (i as f64 - j as f64).abs()));
        let undone = inverse(&mut a.iter().copied().collect::<Vec<_>>(), 9).dot(&a.mapv(|x| x as f32));
        for ((i, j), x) in undone.indexed_iter() {
            assert!((x - f32::from(u8::from(i == j))).abs() < 1e-4, "{i} {j} {x}");
        }
    }

    #[test]
    fn a_levelled_slope_still_points_the_same_way() {
        let (rows, _) = clusters(3, 5, 0.5, 1);
        let bends = Bends::of(rows.view(), 3);
        let slope: Vec<f32> = (0..3 * 33).map(|i| (i as f32).sin()).collect();
        let mut step = slope.clone();
        bends.level(&mut step, 3);
        assert!(0.0 < slope.iter().zip(&step).map(|(a, b)| a * b).sum::<f32>());
    }
}
