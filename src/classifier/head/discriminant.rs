//! A linear discriminant with one covariance for all classes (Fisher, 1936), shrunk towards a sphere (Friedman, 1989): fitted
//! in closed form, so that classes of a few examples each are told apart at once.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::exact;

/// How far the covariance is shrunk towards a sphere, 0 to 1. Between 0.5 and 0.7 it makes no difference.
const SHRINKAGE: f32 = 0.6;

/// For each class a direction and an offset; their scores differ by log-odds, up to a scale.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Discriminant {
    n_numbers: usize,
    #[serde(with = "exact::floats")]
    directions: Vec<f32>,
    #[serde(with = "exact::floats")]
    offsets: Vec<f32>,
}

impl Discriminant {
    /// Fits to rows, each with its class from 0 to `n_classes`. Nothing comes of no rows.
    pub fn fit(rows: ArrayView2<'_, f32>, labels: &[usize], n_classes: usize) -> Self {
        let (n_rows, n_numbers) = rows.dim();
        if n_rows == 0 || n_classes == 0 {
            return Self::default();
        }
        let mut means = Array2::<f32>::zeros((n_classes, n_numbers));
        let mut counts = vec![0.0_f32; n_classes];
        for (row, &label) in rows.rows().into_iter().zip(labels) {
            means.row_mut(label).scaled_add(1.0, &row);
            counts[label] += 1.0;
        }
        for (mut mean, &n) in means.rows_mut().into_iter().zip(&counts) {
            mean /= n.max(1.0);
        }
        let mut weighted = means.clone();
        for (mut mean, &n) in weighted.rows_mut().into_iter().zip(&counts) {
            mean *= n;
        }
        let mut covariance = (rows.t().dot(&rows) - weighted.t().dot(&means)) / n_rows as f32;
        let sphere = covariance.diag().sum() / n_numbers as f32;
        covariance *= 1.0 - SHRINKAGE;
        covariance.diag_mut().mapv_inplace(|it| it + SHRINKAGE * sphere + f32::EPSILON);
        let directions = solve(covariance, &means);
        let offsets: Array1<f32> = (&directions * &means).sum_axis(Axis(1)) * -0.5;
        Self { n_numbers, directions: directions.into_raw_vec_and_offset().0, offsets: offsets.to_vec() }
    }

    /// The score of one class.
    pub fn score(&self, vector: ArrayView1<'_, f32>, class: usize) -> f32 {
        let direction = &self.directions[class * self.n_numbers..(class + 1) * self.n_numbers];
        vector.dot(&ArrayView1::from(direction)) + self.offsets[class]
    }
}

/// The rows `x` for which `x · matrix` are these rows, by the Cholesky factor of the symmetric, positive matrix.
fn solve(mut matrix: Array2<f32>, rows: &Array2<f32>) -> Array2<f32> {
    let n = matrix.nrows();
    for i in 0..n {
        for j in 0..=i {
            let (above, left) = (matrix.row(i), matrix.row(j));
            let sum = matrix[[i, j]] - above.slice(ndarray::s![..j]).dot(&left.slice(ndarray::s![..j]));
            matrix[[i, j]] = if i == j { sum.max(f32::MIN_POSITIVE).sqrt() } else { sum / matrix[[j, j]] };
        }
    }
    let mut solved = rows.clone();
    for mut row in solved.rows_mut() {
        for i in 0..n {
            let sum = row[i] - matrix.row(i).slice(ndarray::s![..i]).dot(&row.slice(ndarray::s![..i]));
            row[i] = sum / matrix[[i, i]];
        }
        for i in (0..n).rev() {
            let below = matrix.column(i);
            let sum = row[i] - below.slice(ndarray::s![i + 1..]).dot(&row.slice(ndarray::s![i + 1..]));
            row[i] = sum / matrix[[i, i]];
        }
    }
    solved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::head::tests::clusters;

    #[test]
    fn what_is_like_a_class_scores_highest_there() {
        let (rows, labels) = clusters(12, 8, 0.6, 3);
        let fitted = Discriminant::fit(rows.view(), &labels, 12);
        let (asked, wanted) = clusters(12, 4, 0.6, 4);
        let best = |row: ArrayView1<'_, f32>| {
            (0..12).max_by(|a, b| fitted.score(row, *a).total_cmp(&fitted.score(row, *b))).expect("there are classes")
        };
        let n_right = asked.rows().into_iter().zip(&wanted).filter(|(row, label)| best(*row) == **label).count();
        assert!(45 <= n_right, "{n_right} of {}", wanted.len());
    }

    #[test]
    fn a_system_of_equations_is_solved() {
        let matrix = ndarray::array![[4.0, 2.0, 0.0], [2.0, 5.0, 1.0], [0.0, 1.0, 3.0]];
        let wanted = ndarray::array![[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]];
        let found = solve(matrix.clone(), &wanted.dot(&matrix));
        assert!((&found - &wanted).iter().all(|it| it.abs() < 1e-4), "{found}");
        assert_eq!(Discriminant::fit(Array2::zeros((0, 3)).view(), &[], 0), Discriminant::default());
    }
}
