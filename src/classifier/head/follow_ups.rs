//! What can be meant within a topic only: an intent that counts only in the context of another, as long as it is talked about.
//!
//! Follow-ups and intents are classes of one discriminant, so that their scores can be compared; a follow-up competes with
//! those that count in the same topic and with all intents, and the topic speaks for it.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate};
use serde::{Deserialize, Serialize};

use super::discriminant::Discriminant;
use super::near::{Asked, Near};
use crate::conversation::Candidate;

/// Of those that count, the likeliest are told.
const RANKED_MAX: usize = 3;

/// The line of log-odds by how far a follow-up leads the best intent, fitted to the content's own follow-ups, each judged
/// by others of its kind, against labelled questions asked within other topics than their own.
const AT_LEAD: f32 = 0.07;
const WITHIN_TOPIC: f32 = 0.6;

/// From this cosine on, an example was said word for word, or nearly.
const SAID_BEFORE: f32 = 0.975;

/// How likely it was meant then.
const SAID_BEFORE_CONFIDENCE: f32 = 0.99;

/// The examples of all follow-ups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FollowUps {
    /// The intents come first among the classes.
    n_intents: usize,
    names: Vec<(String, Range<usize>)>,
    near: Option<Near>,
    discriminant: Discriminant,
}

impl FollowUps {
    /// Fits follow-ups, each a name and a vector, the same names side by side, beside the intents' rows.
    pub fn fit<'a>(
        examples: impl Iterator<Item = (&'a str, &'a [f32])>,
        intents: ArrayView2<'_, f32>,
        labels: &[usize],
        n_intents: usize,
    ) -> Self {
        let mut names: Vec<(String, Range<usize>)> = Vec::new();
        let mut labels = labels.to_vec();
        let (mut numbers, mut n_rows) = (Vec::new(), 0);
        for (name, row) in examples {
            match names.last_mut().filter(|it| it.0 == name) {
                Some((_, rows)) => rows.end += 1,
                None => names.push((name.to_owned(), n_rows..n_rows + 1)),
            }
            labels.push(n_intents + names.len() - 1);
            numbers.extend_from_slice(row);
            n_rows += 1;
        }
        let own = Array2::from_shape_vec((n_rows, intents.ncols()), numbers);
        let Some(own) = own.ok().filter(|_| 0 < n_rows) else { return Self::default() };
        let all = concatenate(Axis(0), &[intents, own.view()]).expect("one encoder's vectors have one length");
        let discriminant = Discriminant::fit(all.view(), &labels, n_intents + names.len());
        Self { n_intents, names, near: Some(Near::of(own.view())), discriminant }
    }

    /// The likeliest of those that count now, best first, each with how likely it was meant.
    pub fn ranked(&self, vector: ArrayView1<'_, f32>, asked: &Asked, counting: &[&str]) -> Vec<Candidate> {
        let Some(near) = &self.near else { return Vec::new() };
        let score = |class: usize| self.discriminant.score(vector, class);
        let best_intent = (0..self.n_intents).map(score).fold(f32::MIN, f32::max);
        let mut ranked: Vec<Candidate> = (self.names.iter().enumerate())
            .filter(|(_, (name, _))| counting.contains(&name.as_str()))
            .map(|(i, (name, rows))| {
                let said_before = near.cosines(asked, rows.clone()).into_iter().any(|it| SAID_BEFORE <= it);
                let odds = AT_LEAD * (score(self.n_intents + i) - best_intent) + WITHIN_TOPIC;
                let confidence = 1.0 / (1.0 + (-odds).exp());
                let confidence = if said_before { confidence.max(SAID_BEFORE_CONFIDENCE) } else { confidence };
                Candidate { intent: name.clone(), confidence }
            })
            .collect();
        ranked.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
        ranked.truncate(RANKED_MAX);
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::head::tests::clusters;

    #[test]
    fn only_those_that_count_are_ranked_the_likeliest_first() {
        let (rows, labels) = clusters(4, 6, 0.3, 5);
        let names = ["a.one", "a.two"];
        let own: Vec<(&str, Vec<f32>)> = rows
            .rows()
            .into_iter()
            .zip(&labels)
            .filter(|it| 2 <= *it.1)
            .map(|(row, label)| (names[*label - 2], row.to_vec()))
            .collect();
        let intents: Vec<usize> = labels.iter().copied().filter(|it| *it < 2).collect();
        let fitted = FollowUps::fit(
            own.iter().map(|(name, row)| (*name, row.as_slice())),
            rows.slice(ndarray::s![..intents.len(), ..]),
            &intents,
            2,
        );
        let (asked, wanted) = clusters(4, 3, 0.3, 6);
        for (row, label) in asked.rows().into_iter().zip(&wanted) {
            let ranked = fitted.ranked(row, &Asked::of(&row.to_vec()), &names);
            match label {
                2.. => assert_eq!(ranked[0].intent, names[label - 2], "{ranked:?}"),
                _ => assert!(ranked[0].confidence < 0.65, "{ranked:?}"),
            }
        }
        let row = asked.row(0);
        assert!(fitted.ranked(row, &Asked::of(&row.to_vec()), &[]).is_empty());
        let said = Asked::of(&own[0].1);
        assert!(SAID_BEFORE_CONFIDENCE <= fitted.ranked(ArrayView1::from(&own[0].1), &said, &["a.one"])[0].confidence);
        assert!(FollowUps::default().ranked(row, &said, &["a.one"]).is_empty());
    }
}
