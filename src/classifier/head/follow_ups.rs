//! What can be meant within a topic only: an intent that counts only in the context of another, as long as it is talked about.
//!
//! Follow-ups and intents are classes of one discriminant, so that their scores can be compared; a follow-up competes with
//! those that count in the same topic and with all intents, and the topic speaks for it.

use std::collections::HashSet;
use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate};
use serde::{Deserialize, Serialize};

use super::discriminant::Discriminant;
use super::near::{Near, Query};
use crate::conversation::Candidate;

/// So many of the likeliest are told.
const RANKED_MAX: usize = 5;

/// Of so many with the highest score of the discriminant, the nearest examples are looked at.
const COMPARED_MAX: usize = 12;

/// What the nearest example weighs beside the discriminant, what the topic speaks for its follow-ups, and the
/// temperature of the softmax: near the best of some twenty, on 901 reactions kept apart within 48 topics (right 63 %,
/// offered 15 %, wrong 13 %) and 600 labelled questions asked within other topics than their own (right 84 %, wrong 8 %).
/// More weight for the topic understands more of the first and loses more of the second.
const AT_NEAREST: f32 = 120.0;
const WITHIN_TOPIC: f32 = 24.0;
const TEMPERATURE: f32 = 13.0;

/// Of the three nearest examples the nearest counts this much more.
const NEAREST: f32 = 0.75;
const NEAREST_MAX: usize = 3;

/// From this cosine on, an example was said word for word, or nearly.
const SAID_BEFORE: f32 = 0.995;

/// How likely it was meant then.
const SAID_BEFORE_CONFIDENCE: f32 = 0.99;

/// The intents' examples, to be compared with as well: in the order of the classes, side by side.
pub struct Intents<'a> {
    /// Their names.
    pub names: &'a [String],
    /// For each, the places of its examples.
    pub rows: &'a [Range<usize>],
    /// The examples.
    pub near: &'a Near,
}

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

    /// What is likeliest meant, best first, of the follow-ups that count now and of all intents.
    pub fn ranked(
        &self,
        vector: ArrayView1<'_, f32>,
        asked: &Query,
        counting: &[&str],
        intents: &Intents<'_>,
    ) -> Vec<Candidate> {
        let Some(near) = &self.near else { return Vec::new() };
        let counting: HashSet<&str> = counting.iter().copied().collect();
        let counts = self.names.iter().enumerate().filter(|(_, (name, _))| counting.contains(name.as_str()));
        let own = counts.map(|(i, (name, rows))| {
            (name, near, rows, WITHIN_TOPIC + self.discriminant.score(vector, self.n_intents + i), true)
        });
        let all = intents.names.iter().zip(intents.rows).enumerate();
        let others = all.map(|(i, (name, rows))| (name, intents.near, rows, self.discriminant.score(vector, i), false));
        let mut scored: Vec<_> = own.chain(others).collect();
        scored.sort_by(|one, other| other.3.total_cmp(&one.3));
        scored.truncate(COMPARED_MAX);
        let scored: Vec<(&String, f32, bool)> = (scored.into_iter())
            .map(|(name, near, rows, score, is_own)| {
                let mut cosines = near.cosines(asked, rows.clone());
                cosines.sort_by(|one, other| other.total_cmp(one));
                cosines.truncate(NEAREST_MAX);
                let nearest = cosines.first().copied().unwrap_or_default();
                let mean = cosines.iter().sum::<f32>() / cosines.len().max(1) as f32;
                let weight = score + AT_NEAREST * (NEAREST * nearest + (1.0 - NEAREST) * mean);
                (name, weight / TEMPERATURE, is_own && SAID_BEFORE <= nearest)
            })
            .collect();
        let most = scored.iter().map(|it| it.1).fold(f32::MIN, f32::max);
        let sum: f32 = scored.iter().map(|it| (it.1 - most).exp()).sum();
        let mut ranked: Vec<Candidate> = (scored.into_iter())
            .map(|(name, weight, said_before)| {
                let confidence = (weight - most).exp() / sum;
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
        let of_first: Vec<usize> = (0..rows.nrows()).filter(|it| labels[*it] < 2).collect();
        let first: Vec<usize> = of_first.iter().map(|it| labels[*it]).collect();
        let fitted = FollowUps::fit(
            own.iter().map(|(name, row)| (*name, row.as_slice())),
            rows.select(Axis(0), &of_first).view(),
            &first,
            2,
        );
        let intent_names = ["a".to_owned(), "b".to_owned()];
        let of_intents: Vec<usize> = (0..rows.nrows()).filter(|it| labels[*it] < 2).collect();
        let (near, sorted) = {
            let mut sorted = of_intents;
            sorted.sort_by_key(|it| labels[*it]);
            (Near::of(rows.select(Axis(0), &sorted).view()), sorted)
        };
        let n_first = sorted.iter().filter(|it| labels[**it] == 0).count();
        let places = [0..n_first, n_first..sorted.len()];
        let intents = Intents { names: &intent_names, rows: &places, near: &near };
        let (asked, wanted) = clusters(4, 3, 0.3, 6);
        for (row, label) in asked.rows().into_iter().zip(&wanted) {
            let ranked = fitted.ranked(row, &Query::of(&row.to_vec()), &names, &intents);
            let meant = match label {
                2.. => names[label - 2],
                _ => &intent_names[*label],
            };
            assert_eq!(ranked[0].intent, meant, "{ranked:?}");
            assert!(ranked.iter().map(|it| it.confidence).sum::<f32>() < 1.001, "{ranked:?}");
        }
        let row = asked.row(0);
        let only_intents = fitted.ranked(row, &Query::of(&row.to_vec()), &[], &intents);
        assert!(only_intents.iter().all(|it| !it.intent.contains('.')), "{only_intents:?}");
        let said = Query::of(&own[0].1);
        let ranked = fitted.ranked(ArrayView1::from(&own[0].1), &said, &["a.one"], &intents);
        assert!(SAID_BEFORE_CONFIDENCE <= ranked[0].confidence);
        assert!(FollowUps::default().ranked(row, &said, &["a.one"], &intents).is_empty());
    }
}
