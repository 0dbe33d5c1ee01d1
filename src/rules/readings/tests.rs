//! Tests of what a message comes to where what it may mean is given.

use std::path::Path;

use super::*;
use crate::rules::slots::SlotContext;

fn content() -> Content {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("intents");
    Content::load(&folder).expect("the content has no faults")
}

/// What a message comes to in a topic, where what it may mean there is given with its share.
fn decided(content: &Content, topic: &str, text: &str, within: &[(&str, f32)]) -> Decision {
    let of = |it: &(&str, f32)| Candidate { intent: it.0.to_owned(), confidence: it.1 };
    let guess = Guess { within: within.iter().map(of).collect(), known: 1.0, ..Guess::default() };
    let state = State { topic: Some(topic.to_owned()), last_said: Some("It's so.".to_owned()), ..State::default() };
    let heard = Heard { text: text.to_owned(), guess, ..Heard::default() };
    let now = Circumstances {
        slots: SlotContext { words: Some(&content.language), ..SlotContext::nothing() },
        holds: &|_, _| true,
        answers: &|_, _| true,
        ..Circumstances::nothing()
    };
    crate::rules::decide(content, &state, &heard, &now)
}

#[test]
fn the_likelier_of_two_is_answered_and_the_other_named() {
    let content = content();
    let two = [("refund_request.sure", 0.36), ("refund_request.if_no", 0.3)];
    match decided(&content, "refund_request", "will that come off", &two) {
        Decision::AnswerOr { topic, other, .. } => {
            assert_eq!((topic.intent.as_str(), other.as_str()), ("refund_request.sure", "refund_request.if_no"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_clear_and_leaves_room_for_another_is_answered_with_that_beside_it() {
    let content = content();
    let decide = |within: &[(&str, f32)]| decided(&content, "refund_request", "will that come off", within);
    let other = |decision: Decision| match decision {
        Decision::AnswerOr { topic, other, .. } if topic.intent == "refund_request.sure" => Some(other),
        Decision::Answer(topics) if topics[0].intent == "refund_request.sure" => None,
        other => panic!("{other:?}"),
    };
    let room = [("refund_request.sure", 0.6), ("refund_request.if_no", 0.2)];
    assert_eq!(other(decide(&room)).as_deref(), Some("refund_request.if_no"));
    let far_behind = [("refund_request.sure", 0.6), ("refund_request.if_no", 0.1)];
    assert_eq!(other(decide(&far_behind)), None);
    // Nobody is offered a change beside an answer.
    let acts = [("refund_request.sure", 0.6), ("cancel_subscription", 0.2)];
    assert_eq!(other(decide(&acts)), None);
}

#[test]
fn where_neither_is_likely_or_something_would_be_done_it_is_asked_which() {
    let content = content();
    let unlikely = [("refund_request.sure", 0.25), ("refund_request.if_no", 0.2)];
    assert!(matches!(decided(&content, "refund_request", "will that come off", &unlikely), Decision::Offer { .. }));
    let acts = [("late_fee_waiver", 0.36), ("late_payment_policy", 0.3)];
    assert!(matches!(decided(&content, "explain_charge", "will that come off", &acts), Decision::Offer { .. }));
}

#[test]
fn what_was_never_wished_for_is_not_offered() {
    let content = content();
    for text in ["no I didn't say I want to leave", "who said I'm leaving", "I'm not asking you to end it"] {
        let decision = decided(&content, "explain_bill_increase", text, &[("cancel_subscription", 0.9)]);
        assert_eq!(decision, Decision::Declined, "{text}");
    }
    for text in ["I didn't say I want to leave, just tell me the fee", "I want to leave"] {
        let decision = decided(&content, "explain_bill_increase", text, &[("cancel_subscription", 0.9)]);
        assert_ne!(decision, Decision::Declined, "{text}");
    }
}

#[test]
fn a_wish_for_what_comes_next_and_a_question_are_two() {
    let content = content();
    let state = State { topic: Some("check_balance_due".to_owned()), ..State::default() };
    let found = |text: &str| crate::rules::wish_and_question(&content, &state, text);
    let both = found("yes do that. and is there a fee for it");
    assert_eq!(both, Some(("yes do that.".to_owned(), "and is there a fee for it".to_owned())));
    for text in
        ["yes exactly. so when do I pay?", "yes do that", "no. is there a fee", "yes but not now. is there a fee"]
    {
        assert_eq!(found(text), None, "{text}");
    }
}
