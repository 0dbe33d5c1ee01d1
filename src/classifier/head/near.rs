//! The examples' vectors in a quarter of their size: whole numbers of eight bits, whose products are quickly made.

use std::ops::Range;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::exact;

/// The largest of a vector's numbers as a whole number. With those of a row, up to 127, it keeps the sum of
/// `NUMBERS_MAX` products below 2³¹.
const ASKED_MAX: f32 = 16_383.0;

/// The largest of a row's numbers as a whole number.
const KEPT_MAX: f32 = 127.0;

/// Numbers in a vector at most.
const NUMBERS_MAX: usize = 1_024;

/// Products that are summed side by side.
const LANES: usize = 32;

/// Rows of unit length, for their cosines to a vector. With 384 numbers a cosine is off by half a thousandth (one
/// standard deviation): less than two engines differ by, or two ways to round the encoder's weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Near {
    /// One row after another.
    #[serde(with = "exact::bytes")]
    numbers: Vec<i8>,
    /// For each row, what one of its whole numbers stands for.
    #[serde(with = "exact::floats")]
    units: Vec<f32>,
}

impl Near {
    /// Keeps these rows.
    pub fn of(rows: ArrayView2<'_, f32>) -> Self {
        assert!(rows.ncols() <= NUMBERS_MAX, "an encoder's vectors are shorter");
        let (mut numbers, mut units) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.nrows()));
        for row in rows.rows() {
            let unit = unit(row.iter(), KEPT_MAX);
            numbers.extend(row.iter().map(|x| (x / unit).round() as i8));
            units.push(unit);
        }
        Self { numbers, units }
    }

    /// The cosines of a range of rows to a vector, which has length one as they have.
    pub fn cosines(&self, asked: &Query, rows: Range<usize>) -> Vec<f32> {
        let n_numbers = asked.numbers.len();
        let mut cosines: Vec<f32> = self.units[rows.clone()].iter().map(|own| own * asked.unit).collect();
        products_of(&self.numbers[rows.start * n_numbers..rows.end * n_numbers], &asked.numbers, &mut cosines);
        cosines
    }
}

/// A vector that rows are compared with, in whole numbers of sixteen bits.
pub struct Query {
    numbers: Vec<i16>,
    /// What one of them stands for.
    unit: f32,
}

impl Query {
    /// The vector that is asked about.
    pub fn of(vector: &[f32]) -> Self {
        let unit = unit(vector.iter(), ASKED_MAX);
        Self { numbers: vector.iter().map(|x| (x / unit).round() as i16).collect(), unit }
    }
}

/// Multiplies each of `to` by a row's product with `asked`. Whole numbers: every processor gives the same.
fn products_of(rows: &[i8], asked: &[i16], to: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "the compiler cannot know that the processor has been asked")]
        // SAFETY: the processor has just said that it has AVX2, which is all that the function asks for.
        unsafe {
            products_with_avx2(rows, asked, to);
        }
        return;
    }
    products(rows, asked, to);
}

/// The same as `products`, in the instructions that most processors have and the program may not take for granted.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn products_with_avx2(rows: &[i8], asked: &[i16], to: &mut [f32]) {
    products(rows, asked, to);
}

#[inline(always)]
fn products(rows: &[i8], asked: &[i16], to: &mut [f32]) {
    let (asked, asked_rest) = asked.as_chunks::<LANES>();
    let n_numbers = asked.len() * LANES + asked_rest.len();
    for (row, to) in rows.chunks_exact(n_numbers.max(1)).zip(to) {
        let (row, row_rest) = row.as_chunks::<LANES>();
        let mut lanes = [0_i32; LANES];
        for (row, asked) in row.iter().zip(asked) {
            for (lane, (a, b)) in lanes.iter_mut().zip(row.iter().zip(asked)) {
                *lane += i32::from(*a) * i32::from(*b);
            }
        }
        let rest = row_rest.iter().zip(asked_rest).map(|(a, b)| i32::from(*a) * i32::from(*b));
        let sum = lanes.into_iter().chain(rest).sum::<i32>();
        *to *= sum as f32;
    }
}

/// What one whole number stands for, so that the largest of the numbers is `max` of them.
fn unit<'a>(numbers: impl Iterator<Item = &'a f32>, max: f32) -> f32 {
    let largest = numbers.fold(0.0_f32, |largest, x| largest.max(x.abs()));
    if 0.0 < largest { largest / max } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::head::tests::clusters;

    #[test]
    fn cosines_are_off_by_no_more_than_rounding_explains() {
        let (rows, _) = clusters(20, 20, 1.0, 1);
        let near = Near::of(rows.view());
        for vector in clusters(20, 2, 1.0, 2).0.rows() {
            let exact = rows.dot(&vector);
            let weight: f32 = vector.iter().map(|x| x.abs()).sum();
            for ((seen, exact), unit) in
                near.cosines(&Query::of(&vector.to_vec()), 0..rows.nrows()).iter().zip(&exact).zip(&near.units)
            {
                assert!((seen - exact).abs() <= 0.5 * unit * weight + 1e-3, "{seen} is not {exact}");
                assert!((seen - exact).abs() < 0.01, "{seen} is not {exact}");
            }
        }
    }

    #[test]
    fn every_processor_gives_the_same() {
        // Lengths that leave a rest, and the largest numbers that there can be.
        for n_numbers in [1, 31, 33, 384, NUMBERS_MAX] {
            let rows: Vec<i8> = (0..3 * n_numbers).map(|i| if i % 7 == 0 { -127 } else { 127 }).collect();
            let asked: Vec<i16> = (0..n_numbers).map(|i| if i % 7 == 0 { -16_383 } else { 16_383 }).collect();
            let (mut one, mut other) = (vec![1.0; 3], vec![1.0; 3]);
            products_of(&rows, &asked, &mut one);
            products(&rows, &asked, &mut other);
            assert_eq!(one, other);
            assert_eq!(one[0], (n_numbers as i64 * 127 * 16_383) as f32);
        }
    }

    #[test]
    fn no_rows_and_rows_of_zeros_are_fine() {
        assert!(Near::of(ndarray::Array2::zeros((0, 0)).view()).cosines(&Query::of(&[]), 0..0).is_empty());
        assert_eq!(Near::of(ndarray::Array2::zeros((2, 3)).view()).cosines(&Query::of(&[0.0; 3]), 0..2), [0.0, 0.0]);
    }
}
