//! Looks over the examples: what each is taken for by a head that has not seen it, and which say the same elsewhere.

use ndarray::ArrayView2;
use serde::Serialize;

use super::calibrate::{self, Quality};
use super::{Bounds, Head, Taught};
use crate::content::file::Thresholds;
use crate::conversation::Guess;

/// Two examples of different intents that are as near as this say the same: one of them is in the wrong place.
pub const TWIN_COSINE: f32 = 0.85;

/// What the examples say about themselves.
#[derive(Clone, Debug)]
pub struct Review {
    /// Each example, as judged by a head that has not seen it nor those most like it.
    pub held: Vec<Held>,
    /// Pairs that say the same in different intents, nearest first.
    pub twins: Vec<Twin>,
    /// The figures of all of it.
    pub quality: Quality,
    /// When a guess is good enough, as it follows from the examples.
    pub bounds: Bounds,
}

/// One example and what it is taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Its intent.
    pub intent: String,
    /// Its words.
    pub text: String,
    /// What it is taken for.
    pub guess: Guess,
}

/// Two examples that say the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Twin {
    /// The cosine of the two.
    pub cosine: f32,
    /// The first one's intent and words.
    pub first: (String, String),
    /// The other one's.
    pub second: (String, String),
}

impl Review {
    /// Judges all examples; takes as long as fitting.
    pub fn of(taught: Taught, thresholds: Thresholds, n_threads: usize) -> Self {
        let twins = twins(&taught);
        let (intents, texts, labels) = (taught.intents.clone(), taught.texts.clone(), taught.labels.clone());
        let (head, mut judged) = Head::fit_and_judge(taught, thresholds, n_threads);
        judged.sort_by_key(|it| it.row);
        let held = judged.iter().map(|it| Held {
            intent: intents[labels[it.row]].clone(),
            text: texts[it.row].clone(),
            guess: head.conclude(&it.evidence),
        });
        Self { held: held.collect(), twins, quality: Quality::of(&judged, &head), bounds: head.bounds() }
    }
}

fn twins(taught: &Taught) -> Vec<Twin> {
    let mut twins = Vec::new();
    let example = |row: usize| (taught.intents[taught.labels[row]].clone(), taught.texts[row].clone());
    let mut start = 0;
    for block in calibrate::blocks(taught.rows.view()) {
        for (i, j, cosine) in near_pairs(block.dot(&taught.rows.t()).view()) {
            let i = start + i;
            if i < j && taught.labels[i] != taught.labels[j] {
                twins.push(Twin { cosine, first: example(i), second: example(j) });
            }
        }
        start += block.nrows();
    }
    twins.sort_by(|one, other| other.cosine.total_cmp(&one.cosine));
    twins
}

fn near_pairs(cosines: ArrayView2<'_, f32>) -> Vec<(usize, usize, f32)> {
    let near = cosines.indexed_iter().filter(|(_, cosine)| TWIN_COSINE <= **cosine);
    near.map(|((i, j), cosine)| (i, j, *cosine)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::head::tests::clusters;

    const THRESHOLDS: Thresholds = Thresholds { wrong_answers: 0.03, answer: None, ask_back: 0.25, known: 0.4 };

    #[test]
    fn an_example_in_the_wrong_place_is_told_with_its_twin() {
        let (rows, labels) = clusters(5, 20, 0.4, 3);
        let name = |label: usize| format!("intent-{label}");
        let mut examples: Vec<(String, String, Vec<f32>)> = rows
            .rows()
            .into_iter()
            .zip(&labels)
            .enumerate()
            .map(|(i, (row, &label))| (name(label), format!("text {i}"), row.to_vec()))
            .collect();
        // The words of the eighth example, which belongs to intent 3, stand in intent 0 too.
        examples.push((name(0), "astray".to_owned(), rows.row(8).to_vec()));
        let named = examples.iter().map(|(intent, text, row)| (intent.as_str(), text.as_str(), row.as_slice()));
        let review = Review::of(Taught::new(named, "oos"), THRESHOLDS, 2);
        assert_eq!(review.held.len(), examples.len());
        let astray = review.held.iter().find(|it| it.text == "astray").expect("it is judged");
        assert_eq!(astray.intent, "intent-0");
        assert_eq!(astray.guess.best().expect("it is ranked").intent, "intent-3");
        let twin = &review.twins[0];
        assert_eq!((twin.first.1.as_str(), twin.second.1.as_str()), ("astray", "text 8"));
        assert!(0.99 < twin.cosine);
    }
}
