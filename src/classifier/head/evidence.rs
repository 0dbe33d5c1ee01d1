//! What speaks for each intent: the head's log-odds, and how near its examples are.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, s};

use super::Taught;
use super::calibrate::{self, N_SIGNS};
use super::logistic::Weights;

/// An intent's nearest examples whose mean cosine speaks for it, at most; where there are many, one alone may be a fluke.
const N_NEAREST_OWN: usize = 3;

/// Examples of an intent for one of these: up to so many have one nearest.
const EXAMPLES_FOR_ONE: usize = 16;

/// Intents whose examples are compared, those with the strongest logits, and out of scope beside them. No other has a
/// chance, and their examples would have to come from slow memory.
const COMPARED_MAX: usize = 16;

/// In-scope examples whose mean cosine says how near a text is to the content.
const N_NEAREST_INSIDE: usize = 5;

/// The same for examples of out of scope, which lie more thinly.
const N_NEAREST_OUTSIDE: usize = 3;

/// What speaks for each intent, and for being in scope at all.
pub struct Evidence {
    /// The head's log-odds of each intent.
    pub logits: Vec<f32>,
    /// The mean cosine to each intent's nearest examples, one to `N_NEAREST_OWN`; of one that is not compared, or has
    /// none, that of the farthest.
    pub nearest: Vec<f32>,
    /// The mean cosine to the nearest in-scope examples.
    near_inside: f32,
    /// The mean cosine to the nearest examples of out of scope.
    near_outside: f32,
}

impl Evidence {
    /// For many vectors at once, `[n, numbers]`.
    pub fn of_all(vectors: ArrayView2<'_, f32>, weights: &Weights, taught: &Taught) -> Vec<Self> {
        let mut all = Vec::with_capacity(vectors.nrows());
        for block in calibrate::blocks(vectors) {
            let (logits, cosines) = (weights.logits(block.view()), block.dot(&taught.rows.t()));
            let both = logits.rows().into_iter().zip(cosines.rows());
            all.extend(both.map(|(logits, c)| Self::weigh(logits, taught, |rows| c.slice(s![rows]).to_vec())));
        }
        all
    }

    /// `cosines` gives those of a range of examples, one for each.
    pub fn weigh(logits: ArrayView1<'_, f32>, taught: &Taught, cosines: impl Fn(Range<usize>) -> Vec<f32>) -> Self {
        let mut falling = logits.to_vec();
        falling.sort_by(|one, other| other.total_cmp(one));
        let weakest = falling.get(COMPARED_MAX - 1).copied().unwrap_or(f32::MIN);
        let mut nearest: Vec<Option<f32>> = vec![None; logits.len()];
        let mut inside = Nearest::<N_NEAREST_INSIDE>::default();
        let mut outside = Nearest::<N_NEAREST_OUTSIDE>::default();
        for (label, rows) in taught.runs() {
            let is_outside = Some(label) == taught.out_of_scope;
            if logits[label] < weakest && !is_outside {
                continue;
            }
            let own = cosines(rows);
            let mut nearest_own = Nearest::<N_NEAREST_OWN>::default();
            own.iter().for_each(|cosine| nearest_own.see(*cosine));
            nearest[label] = Some(nearest_own.mean(own.len().div_ceil(EXAMPLES_FOR_ONE)));
            if is_outside {
                own.iter().for_each(|cosine| outside.see(*cosine));
            } else {
                own.iter().for_each(|cosine| inside.see(*cosine));
            }
        }
        // Those left out lie farther still, nobody knows how much: with 0 it would be surer than it may.
        let farthest = nearest.iter().flatten().copied().fold(1.0, f32::min);
        let nearest = nearest.into_iter().map(|it| it.unwrap_or(farthest)).collect();
        let (near_inside, near_outside) = (inside.mean(N_NEAREST_INSIDE), outside.mean(N_NEAREST_OUTSIDE));
        Self { logits: logits.to_vec(), nearest, near_inside, near_outside }
    }

    /// Signs of being in scope: nearness to it, the strongest logit in it, its lead over out of scope, distance to that.
    pub fn signs(&self, out_of_scope: Option<usize>) -> [f64; N_SIGNS] {
        let inside = self.logits.iter().enumerate().filter(|(intent, _)| Some(*intent) != out_of_scope);
        let best = f64::from(inside.map(|(_, logit)| *logit).fold(f32::MIN, f32::max));
        let lead = out_of_scope.map_or(0.0, |intent| best - f64::from(self.logits[intent]));
        [f64::from(self.near_inside), best, lead, -f64::from(self.near_outside)]
    }
}

/// The largest few of the cosines seen.
struct Nearest<const N: usize> {
    falling: [f32; N],
    n_seen: usize,
}

impl<const N: usize> Default for Nearest<N> {
    fn default() -> Self {
        Self { falling: [f32::MIN; N], n_seen: 0 }
    }
}

impl<const N: usize> Nearest<N> {
    fn see(&mut self, cosine: f32) {
        self.n_seen += 1;
        if cosine <= self.falling[N - 1] {
            return;
        }
        let place = self.falling.partition_point(|&other| other >= cosine);
        self.falling[place..].rotate_right(1);
        self.falling[place] = cosine;
    }

    /// The mean of the `n` largest, or of as many as there are.
    fn mean(&self, n: usize) -> f32 {
        let n = n.min(self.n_seen).min(N);
        self.falling[..n].iter().sum::<f32>() / n.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::classifier::head::tests::{clusters, taught};

    #[test]
    fn of_many_examples_the_three_nearest_speak_and_of_few_the_nearest() {
        let cosines = [0.9, 0.8, 0.7, 0.1, 0.5, 0.6];
        let nearest_of = |n_first: usize| {
            // The first intent has these cosines and far more examples, the second the rest.
            let far = std::iter::repeat_n(-1.0, n_first - 4);
            let cosines: Vec<f32> =
                cosines[..4].iter().copied().chain(far).chain(cosines[4..].iter().copied()).collect();
            let labels = (0..cosines.len()).map(|i| usize::from(n_first <= i)).collect();
            let (rows, _) = clusters(2, 1, 0.3, 1);
            let taught = Taught { labels, ..taught(&rows, &[0, 1], None) };
            Evidence::weigh(Array2::zeros((1, 2)).row(0), &taught, |rows| cosines[rows].to_vec()).nearest
        };
        assert_eq!(nearest_of(EXAMPLES_FOR_ONE), [0.9, 0.6]);
        assert_eq!(nearest_of(EXAMPLES_FOR_ONE + 1), [0.85, 0.6]);
        let [many, few] = nearest_of(100 * EXAMPLES_FOR_ONE)[..] else { panic!("there are two intents") };
        assert!((many - 0.8).abs() < 1e-6 && few == 0.6, "{many}, {few}");
    }

    #[test]
    fn intents_without_a_chance_are_not_compared_and_out_of_scope_always_is() {
        let n_intents = 2 * COMPARED_MAX;
        let (rows, labels) = clusters(n_intents, 1, 0.3, 1);
        // The last one stands for out of scope and has the weakest logit.
        let taught = taught(&rows, &labels, Some(n_intents - 1));
        let logits: Vec<f32> =
            taught.intents.iter().map(|it| if it == "oos" { -99.0 } else { -number_in(it) }).collect();
        let asked = std::cell::RefCell::new(Vec::new());
        let cosines = |rows: Range<usize>| {
            let label = taught.labels[rows.start];
            asked.borrow_mut().push(taught.intents[label].clone());
            vec![0.9 + logits[label] / 100.0; rows.len()]
        };
        let evidence = Evidence::weigh(ArrayView1::from(&logits), &taught, cosines);
        let mut asked = asked.into_inner();
        asked.sort_by_key(|it| if it == "oos" { n_intents } else { number_in(it) as usize });
        let strongest = (0..COMPARED_MAX).map(|i| format!("intent-{i}")).chain(["oos".to_owned()]);
        assert_eq!(asked, strongest.collect::<Vec<_>>());
        let left_out = evidence.nearest.iter().zip(&taught.intents).filter(|it| !asked.contains(it.1));
        let farthest = evidence.nearest.iter().copied().fold(1.0, f32::min);
        assert_eq!(left_out.map(|it| *it.0).collect::<Vec<_>>(), vec![farthest; COMPARED_MAX - 1]);
    }

    fn number_in(intent: &str) -> f32 {
        intent.trim_start_matches("intent-").parse().expect("a number")
    }
}
