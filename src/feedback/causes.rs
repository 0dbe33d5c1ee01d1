//! Groups questions that are near the same, so that a cause is seen and not its many wordings.
//!
//! Leader clustering over sentence vectors: a question joins the nearest group when it is near enough to that group's
//! mean, and begins a new one otherwise. Groups keep their ids, so that staff can name, own and close them.

use crate::classifier::{Classifier, ClassifierError};
use crate::store::{AssignTo, Cause, Store, StoreError};

/// From this cosine with a group's mean on, a question belongs to it.
const NEAR_MIN: f32 = 0.62;
/// Questions that one round takes up; the rest waits for the next.
const ROUND_MAX: u32 = 200;
/// Characters of a question that make a group's first name.
const NAME_CHARS_MAX: usize = 80;

/// Why questions could not be grouped.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The classifier failed.
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
}

/// Puts every question that has no cause yet into one. Returns how many there were.
pub async fn group(store: &Store, classifier: &Classifier, now_ms: i64) -> Result<usize, GroupError> {
    let mut n = 0;
    loop {
        let questions = store.questions_without_cause(ROUND_MAX).await?;
        if questions.is_empty() {
            return Ok(n);
        }
        let mut causes = store.causes().await?;
        for question in questions {
            let vector = classifier.vector(&question.text).await?;
            let nearest = nearest(&causes, &vector).map(|index| &mut causes[index]);
            match nearest {
                Some(cause) => {
                    let mean = moved_mean(&cause.centroid, cause.count, &vector);
                    let to = AssignTo::Existing(cause.id.clone());
                    store.assign_cause(&question.id, &vector, to, &mean, now_ms).await?;
                    cause.centroid = mean;
                    cause.count += 1;
                }
                None => {
                    let id = uuid::Uuid::now_v7().to_string();
                    let name: String = question.text.chars().take(NAME_CHARS_MAX).collect();
                    let to = AssignTo::New { id: id.clone(), name: name.clone() };
                    store.assign_cause(&question.id, &vector, to, &vector, now_ms).await?;
                    let status = "open".to_owned();
                    causes.push(Cause { id, name, status, created_at_ms: now_ms, centroid: vector, count: 1 });
                }
            }
            n += 1;
        }
    }
}

fn nearest(causes: &[Cause], vector: &[f32]) -> Option<usize> {
    let near = |cause: &Cause| cosine(&cause.centroid, vector);
    let (index, nearness) = causes.iter().map(near).enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (NEAR_MIN <= nearness).then_some(index)
}

/// The mean of a group after one more; as long as one, like the vectors.
fn moved_mean(mean: &[f32], count: u64, vector: &[f32]) -> Vec<f32> {
    let weight = count as f32;
    let sum: Vec<f32> = mean.iter().zip(vector).map(|(a, b)| a * weight + b).collect();
    let length = sum.iter().map(|it| it * it).sum::<f32>().sqrt().max(f32::EPSILON);
    sum.into_iter().map(|it| it / length).collect()
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let dot: f32 = one.iter().zip(other).map(|(a, b)| a * b).sum();
    let length = |it: &[f32]| it.iter().map(|x| x * x).sum::<f32>().sqrt();
    dot / (length(one) * length(other)).max(f32::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(centroid: Vec<f32>) -> Cause {
        Cause { id: "c".into(), name: "c".into(), status: "open".into(), created_at_ms: 0, centroid, count: 1 }
    }

    #[test]
    fn a_question_joins_the_nearest_group_only_when_it_is_near() {
        let causes = [cause(vec![1.0, 0.0]), cause(vec![0.0, 1.0])];
        assert_eq!(nearest(&causes, &[0.9, 0.1]), Some(0));
        assert_eq!(nearest(&causes, &[-1.0, -0.1]), None);
        assert_eq!(nearest(&[], &[1.0, 0.0]), None);
    }

    #[test]
    fn the_mean_stays_as_long_as_one() {
        let mean = moved_mean(&[1.0, 0.0], 3, &[0.0, 1.0]);
        assert!((mean.iter().map(|it| it * it).sum::<f32>() - 1.0).abs() < 1e-5);
    }
}
