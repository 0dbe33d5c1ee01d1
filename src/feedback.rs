//! What the bot could not answer well, kept as questions with all that is needed to mend it.

use crate::conversation::{Event, Guess, Message, Owner, Rating, Reason, Sender, Seq, What};
use crate::store::{NewQuestion, Why};

pub mod causes;

/// Lines of the talk before a question that are kept with it.
const BEFORE_MAX: usize = 6;
/// Characters of each such line.
const LINE_CHARS_MAX: usize = 200;
/// A score at or under this on a survey of five is a complaint about the conversation.
const SURVEY_BAD_MAX: u8 = 2;

/// A question for something that a customer said, with what was said before it.
pub fn question(events: &[Event], seq: Seq, text: &str, why: Why, guess: Guess) -> NewQuestion {
    NewQuestion {
        id: uuid::Uuid::now_v7().to_string(),
        seq,
        text: text.to_owned(),
        why,
        guess,
        before: before(events, seq),
    }
}

/// The question behind a bad rating: what the customer had said before the rated answer.
pub fn question_of_rating(events: &[Event], understood: &[(Seq, Guess)], rating: &Rating) -> Option<NewQuestion> {
    let rated = events.iter().find(|it| it.seq == rating.about)?;
    let bad = match rated.what {
        What::Message(_) => rated.from == Sender::Bot && rating.score == 0,
        What::Survey { .. } => rating.score <= SURVEY_BAD_MAX,
        _ => false,
    };
    if !bad {
        return None;
    }
    let (seq, message) = last_said(events, rating.about)?;
    let guess = understood.iter().find(|it| it.0 == seq).map(|it| it.1.clone()).unwrap_or_default();
    Some(question(events, seq, &message.text, Why::ThumbsDown, guess))
}

/// The last thing that the customer said, in words, before `seq`.
pub fn last_said(events: &[Event], seq: Seq) -> Option<(Seq, &Message)> {
    events.iter().rev().filter(|it| it.seq < seq && is_said(it)).find_map(|it| match &it.what {
        What::Message(message) => Some((it.seq, message)),
        _ => None,
    })
}

/// Whether the customer says something in words, rather than tap what is offered.
pub fn is_said(event: &Event) -> bool {
    matches!(&event.what, What::Message(message) if event.from == Sender::Customer && message.choice.is_none())
}

fn before(events: &[Event], seq: Seq) -> Vec<String> {
    let mut lines: Vec<String> = (events.iter().rev().filter(|it| it.seq < seq))
        .filter_map(|it| match &it.what {
            What::Message(message) => Some(line(it.from, &message.text)),
            _ => None,
        })
        .take(BEFORE_MAX)
        .collect();
    lines.reverse();
    lines
}

fn line(from: Sender, text: &str) -> String {
    let who = match from {
        Sender::Customer => "Customer",
        Sender::Bot => "Bot",
        Sender::Staff => "Colleague",
        Sender::System => "Note",
    };
    let text: String = text.chars().take(LINE_CHARS_MAX).collect();
    format!("{who}: {text}")
}

/// How it went on after a question, for staff.
pub fn outcome_in_words(owner: Owner, reason: Option<Reason>) -> &'static str {
    match (owner, reason) {
        (Owner::Queue, _) => "Waits for a person.",
        (Owner::Staff, _) => "A person has it.",
        (Owner::Nobody, Some(Reason::Closed)) => "A person closed it.",
        (Owner::Nobody, _) => "The customer ended it.",
        (Owner::Bot, Some(Reason::HandedBack)) => "A person helped and gave it back.",
        (Owner::Bot, _) => "Stayed with the bot.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(seq: Seq, from: Sender, text: &str) -> Event {
        let message = Message { text: text.to_owned(), ..Message::default() };
        Event { seq, at_ms: 0, from, name: None, what: What::Message(message) }
    }

    #[test]
    fn a_thumb_down_is_about_what_the_customer_had_asked() {
        let events = [
            said(1, Sender::Customer, "why did it go up"),
            said(2, Sender::Bot, "It didn't."),
            said(3, Sender::Customer, "it did"),
            said(4, Sender::Bot, "No."),
        ];
        let rating = Rating { about: 2, score: 0, comment: None };
        let question = question_of_rating(&events, &[], &rating).expect("a bad rating makes a question");
        assert_eq!(question.text, "why did it go up");
        assert_eq!(question.seq, 1);
    }

    #[test]
    fn a_thumb_up_is_no_question() {
        let events = [said(1, Sender::Customer, "a"), said(2, Sender::Bot, "b")];
        assert!(question_of_rating(&events, &[], &Rating { about: 2, score: 1, comment: None }).is_none());
    }
}
