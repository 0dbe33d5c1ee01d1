//! Keeps numbers as text without losing a bit of them: their bytes in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ndarray::{Array1, Array2};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// A list of `i8`.
pub mod bytes {
    use super::{Deserializer, Serializer, read, write};

    pub(crate) fn serialize<S: Serializer>(numbers: &[i8], to: S) -> Result<S::Ok, S::Error> {
        write(numbers.iter().map(|x| x.to_le_bytes()), to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<i8>, D::Error> {
        read(from, i8::from_le_bytes)
    }
}

/// A list of `f32`.
pub mod floats {
    use super::{Deserializer, Serializer, read, write};

    pub(crate) fn serialize<S: Serializer>(numbers: &[f32], to: S) -> Result<S::Ok, S::Error> {
        write(numbers.iter().map(|x| x.to_le_bytes()), to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f32>, D::Error> {
        read(from, f32::from_le_bytes)
    }
}

/// A row of `f32`.
pub mod row {
    use super::{Array1, Deserializer, Serializer, floats, write};

    pub(crate) fn serialize<S: Serializer>(row: &Array1<f32>, to: S) -> Result<S::Ok, S::Error> {
        write(row.iter().map(|x| x.to_le_bytes()), to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Array1<f32>, D::Error> {
        floats::deserialize(from).map(Array1::from)
    }
}

/// Rows of `f32`, with their number first.
pub mod matrix {
    use super::{Array2, Deserialize, Deserializer, Error, Serializer, floats};

    #[derive(serde::Serialize, Deserialize)]
    struct Shape {
        n_rows: usize,
        #[serde(with = "floats")]
        numbers: Vec<f32>,
    }

    pub(crate) fn serialize<S: Serializer>(matrix: &Array2<f32>, to: S) -> Result<S::Ok, S::Error> {
        let shape = Shape { n_rows: matrix.nrows(), numbers: matrix.iter().copied().collect() };
        serde::Serialize::serialize(&shape, to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Array2<f32>, D::Error> {
        let Shape { n_rows, numbers } = Shape::deserialize(from)?;
        let n_columns = numbers.len().checked_div(n_rows).unwrap_or(0);
        Array2::from_shape_vec((n_rows, n_columns), numbers).map_err(D::Error::custom)
    }
}

/// One `f64`.
pub mod double {
    use super::{Deserializer, Serializer, doubles};

    pub(crate) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        doubles::serialize(&[*number], to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        doubles::deserialize(from).map(|[number]| number)
    }
}

/// An array of `f64`.
pub mod doubles {
    use super::{Deserializer, Error, Serializer, read, write};

    pub(crate) fn serialize<S: Serializer, const N: usize>(numbers: &[f64; N], to: S) -> Result<S::Ok, S::Error> {
        write(numbers.iter().map(|x| x.to_le_bytes()), to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[f64; N], D::Error> {
        let numbers: Vec<f64> = read(from, f64::from_le_bytes)?;
        <[f64; N]>::try_from(numbers).map_err(|_| D::Error::custom("another number of numbers"))
    }
}

fn write<S: Serializer, const N: usize>(numbers: impl Iterator<Item = [u8; N]>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&STANDARD.encode(numbers.flatten().collect::<Vec<u8>>()))
}

fn read<'de, D: Deserializer<'de>, T, const N: usize>(from: D, number: fn([u8; N]) -> T) -> Result<Vec<T>, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(from)?;
    let bytes = STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)?;
    let (numbers, rest) = bytes.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(D::Error::custom("half a number at the end"));
    }
    Ok(numbers.iter().map(|bytes| number(*bytes)).collect())
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        #[serde(with = "bytes")]
        bytes: Vec<i8>,
        #[serde(with = "floats")]
        floats: Vec<f32>,
        #[serde(with = "row")]
        row: Array1<f32>,
        #[serde(with = "matrix")]
        matrix: Array2<f32>,
        #[serde(with = "doubles")]
        doubles: [f64; 3],
        #[serde(with = "double")]
        double: f64,
    }

    #[test]
    fn what_is_read_is_what_was_written_to_the_last_bit() {
        let all = All {
            bytes: vec![-127, 0, 5],
            floats: vec![0.1, f32::MIN_POSITIVE, -3.0e38],
            row: Array1::from(vec![1.0 / 3.0]),
            matrix: Array2::from_shape_fn((2, 3), |(i, j)| (i as f32 + 0.1) / (j as f32 + 0.7)),
            doubles: [1.0 / 3.0, -2.0f64.sqrt(), 5e-324],
            double: 0.1 + 0.2,
        };
        let text = serde_json::to_string(&all).expect("text");
        assert_eq!(serde_json::from_str::<All>(&text).expect("the same"), all);
    }

    #[test]
    fn half_a_number_is_a_fault() {
        let text = serde_json::to_string(&STANDARD.encode([0_u8; 7])).expect("text");
        let read = floats::deserialize(&mut serde_json::Deserializer::from_str(&text));
        assert!(read.is_err());
    }
}
