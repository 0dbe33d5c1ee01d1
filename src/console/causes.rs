//! The causes of questions that the bot could not answer well, and what customers suggest.

use crate::conversation::format;
use crate::parts::Parts;
use crate::store::{Cause, Question, QuestionFilter, StoreError, Why};

/// Questions shown under one cause.
const QUESTIONS_MAX: u32 = 50;

/// A cause with its newest questions.
#[derive(Clone, Debug, PartialEq)]
pub struct Caused {
    /// The cause.
    pub cause: Cause,
    /// How many questions it has.
    pub count: u32,
    /// What they cost so far, as a finished text.
    pub cost: String,
    /// The newest of them.
    pub questions: Vec<Question>,
}

/// All causes.
pub async fn all(parts: &Parts) -> Result<Vec<Caused>, StoreError> {
    let mut all = Vec::new();
    for cause in parts.store.causes().await? {
        all.push(with_questions(parts, cause).await?);
    }
    Ok(all)
}

/// What customers suggest.
pub async fn suggestions(parts: &Parts) -> Result<Vec<Question>, StoreError> {
    let filter = QuestionFilter { why: Some(Why::Suggestion), ..QuestionFilter::default() };
    parts.store.questions(filter, parts.config.limits.rows_max).await
}

/// Gives a cause another name or status, and says how it is now.
pub async fn change(parts: &Parts, id: &str, name: Option<&str>, status: Option<&str>) -> Result<Caused, StoreError> {
    parts.store.change_cause(id, name, status).await?;
    let cause = parts.store.causes().await?.into_iter().find(|it| it.id == id).ok_or(StoreError::NotFound)?;
    with_questions(parts, cause).await
}

async fn with_questions(parts: &Parts, cause: Cause) -> Result<Caused, StoreError> {
    let filter = QuestionFilter { cause: Some(cause.id.clone()), ..QuestionFilter::default() };
    let questions = parts.store.questions(filter, QUESTIONS_MAX).await?;
    let business = &parts.contents.current().business;
    let count = u32::try_from(cause.count).unwrap_or(u32::MAX);
    let minor = i64::from(count).saturating_mul(business.cost.per_contact_minor);
    Ok(Caused { cause, count, cost: format::money(minor, &business.currency), questions })
}
