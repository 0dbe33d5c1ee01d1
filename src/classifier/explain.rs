//! Says why a text is taken for what it is, and what the examples say about themselves, for people who write content.

use std::collections::BTreeSet;

use serde::Serialize;

use super::encoder;
use super::head::{Bounds, Taught, review::Review};
use super::learning::{Clean, n_cores};
use super::{Classifier, ClassifierError, Lessons};
use crate::conversation::Guess;

/// Intents that are explained.
const INTENTS_MAX: usize = 3;

/// Examples that are shown of each.
const EXAMPLES_MAX: usize = 3;

/// Why a text is taken for what it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reasons {
    /// What it is taken for.
    pub guess: Guess,
    /// When a guess is good enough.
    pub bounds: Bounds,
    /// The examples that are nearest to it, of the likeliest intents, likeliest first.
    pub nearest: Vec<NearestOf>,
}

/// The examples of one intent that are nearest to a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearestOf {
    /// The intent.
    pub intent: String,
    /// Words and cosine, nearest first.
    pub examples: Vec<NearExample>,
}

/// An example and how near it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearExample {
    /// Its words.
    pub text: String,
    /// The cosine to the text in question, 1 for the same.
    pub cosine: f32,
}

impl Classifier {
    /// The guess, with what led to it.
    ///
    /// # Errors
    /// `NotTaught`, `Overloaded`, `Broken`.
    pub async fn explain(&self, text: &str) -> Result<Reasons, ClassifierError> {
        let guess = self.guess(text).await?;
        let read = self.mended(&encoder::clean(text));
        let vector = if guess.ranked.is_empty() { Vec::new() } else { self.vector(&read).await? };
        let head = self.parts.head.load();
        let head = head.as_ref().ok_or(ClassifierError::NotTaught)?;
        let near = |(text, cosine): (&str, f32)| NearExample { text: text.to_owned(), cosine };
        let nearest = guess.ranked.iter().take(INTENTS_MAX).map(|it| NearestOf {
            intent: it.intent.clone(),
            examples: head.nearest(&vector, &it.intent, EXAMPLES_MAX).into_iter().map(near).collect(),
        });
        let nearest = nearest.collect();
        Ok(Reasons { guess, bounds: head.bounds(), nearest })
    }

    /// Judges the lessons by themselves, each example by a head that has not seen it; what was learnt before stays.
    ///
    /// # Errors
    /// `TooFewIntents`, `Broken`.
    pub async fn review(&self, lessons: &Lessons) -> Result<Review, ClassifierError> {
        let clean = lessons.examples.iter().map(|it| (it.intent.clone(), encoder::clean(&it.text)));
        let examples: BTreeSet<Clean> = clean.filter(|it| !it.1.is_empty()).collect();
        let (vectors, _) = self.encode(&examples).await?;
        let (thresholds, out_of_scope) = (lessons.thresholds, lessons.out_of_scope.clone());
        let reviewed = tokio::task::spawn_blocking(move || {
            let row = |(intent, text)| Some((intent, text, vectors.get(text)?));
            let named = examples.iter().map(|(intent, text)| (intent.as_str(), text.as_str()));
            let taught = Taught::new(named.filter_map(row), &out_of_scope);
            let n_intents = taught.intents.len();
            if n_intents < 2 {
                Err(ClassifierError::TooFewIntents { n_intents })
            } else {
                Ok(Review::of(taught, thresholds, n_cores()))
            }
        });
        reviewed.await.map_err(|e| ClassifierError::Broken(format!("judging the examples stopped: {e}")))?
    }
}
