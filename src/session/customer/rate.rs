//! The customer rates an answer, or fills in the survey. A bad rating makes a question of what was asked.

use crate::conversation::normal::is_blank;
use crate::conversation::{Event, NewEvent, Rating, Sender, What, masking};
use crate::feedback;
use crate::session::task::{RECENT_MAX, Session};
use crate::session::{Kept, SessionError};
use crate::store::{Append, Expect, NewQuestion};
use crate::turn;

/// The customer rates an answer, or fills in the survey.
#[derive(Debug)]
pub struct Rate {
    /// The client's key.
    pub key: String,
    /// What is rated and how.
    pub rating: Rating,
}

impl Session {
    /// Keeps a rating of something that stands in the log.
    pub(in crate::session) async fn rate(&mut self, rate: Rate) -> Result<Kept, SessionError> {
        self.catch_up().await?;
        if self.state.seq == 0 || self.state.seq < rate.rating.about {
            return Err(SessionError::NotFound);
        }
        let rating = without_secrets(rate.rating, self.parts.config.limits.text_chars_max)?;
        let questions = self.questions_of(&rating).await?;
        // Who is in danger may say so in the last place where there is a field to write in.
        let (content, now) = (self.parts.contents.current(), self.parts.clock.now());
        let urgent = rating.comment.as_ref().map(|it| turn::about_urgent_words(&content, &self.state, now, it));
        let mut events = vec![NewEvent { from: Sender::Customer, name: None, what: What::Rating(rating) }];
        events.extend(urgent.into_iter().flatten());
        let expect = Expect { epoch: (1 < events.len()).then_some(self.state.epoch), ..Expect::default() };
        let append = Append { key: Some(rate.key), questions, ..self.append(expect, events) };
        let kept = Kept::from(&self.keep(append).await?);
        self.parts.feedback_came.notify_one();
        Ok(kept)
    }

    async fn questions_of(&mut self, rating: &Rating) -> Result<Vec<NewQuestion>, SessionError> {
        let from = rating.about.saturating_sub(RECENT_MAX as u32);
        let before = self.parts.store.events(&self.id, from, 2 * RECENT_MAX as u32).await?;
        let before: Vec<Event> = before.into_iter().map(|it| it.event).collect();
        let understood = self.parts.store.understood(&self.id, from, rating.about).await?;
        Ok(feedback::question_of_rating(&before, &understood, rating).into_iter().collect())
    }
}

/// A rating as it may be kept.
fn without_secrets(rating: Rating, chars_max: usize) -> Result<Rating, SessionError> {
    if chars_max < rating.comment.as_ref().map_or(0, |it| it.chars().count()) {
        return Err(SessionError::TooLong);
    }
    let comment = rating.comment.map(|it| masking::mask(it.trim()).text).filter(|it| !is_blank(it));
    Ok(Rating { comment, ..rating })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commented(comment: &str) -> Result<Option<String>, SessionError> {
        let rating = Rating { about: 1, score: 2, comment: Some(comment.to_owned()) };
        without_secrets(rating, 30).map(|it| it.comment)
    }

    #[test]
    fn a_comment_is_kept_without_secrets_and_only_where_it_says_something() {
        assert_eq!(commented(" too slow ").expect("it is short"), Some("too slow".to_owned()));
        assert_eq!(commented(" \u{200b} ").expect("it is short"), None);
        let masked = commented("my card 4242 4242 4242 4242").expect("it is short").expect("it says something");
        assert!(!masked.contains("4242 4242"), "{masked}");
        assert!(matches!(commented(&"x".repeat(31)), Err(SessionError::TooLong)));
    }
}
