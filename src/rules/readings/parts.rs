//! Several things in one message: each part that asks is read by itself, and what is left unanswered is named.

use std::collections::BTreeMap;

use super::{Looked, Reader, Reading, topics_of, unit};
use crate::conversation::{Guess, State};
use crate::rules::{Decision, Topic, questions};

/// A part says less than the whole: it counts from this confidence on.
const PART_CONFIDENCE_MIN: f32 = 0.65;
/// Where the whole means something by itself, another part has to be as sure as that.
const BESIDE_WHOLE_MIN: f32 = 0.8;
/// Answers that one message may get.
const TOPICS_MAX: usize = 3;
/// "What on earth" is no question that could be left unanswered.
const NAMED_WORDS_MIN: usize = 4;
/// What asks counts in place of a message that tells too, where it is so much surer.
const SURER: f32 = 0.05;
/// So sure is what the whole means that its parts say nothing better.
const BEYOND_DOUBT: f32 = 0.93;
/// How sure several answers are, beyond each.
const SEVERAL: f32 = 0.02;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let whole = unit(look, &look.heard.text, &look.heard.guess).filter(|it| is_answer(&it.decision));
    let floor = if whole.is_some() { BESIDE_WHOLE_MIN } else { PART_CONFIDENCE_MIN };
    let mut found: Vec<(Topic, f32)> = Vec::new();
    let mut left = None;
    for part in &look.heard.parts {
        // A part leans on the one before it.
        let within = match &part.after {
            Some(after) if look.state.topic.as_ref() != Some(after) => {
                let earlier = look.state.topic.iter().map(|it| (it.clone(), look.state.slots.clone())).collect();
                Some(State { topic: Some(after.clone()), slots: BTreeMap::new(), earlier, ..look.state.clone() })
            }
            _ => None,
        };
        let look = &Looked { state: within.as_ref().unwrap_or(look.state), ..*look };
        let floor = if part.asks { PART_CONFIDENCE_MIN } else { floor };
        let reading = unit(look, &part.text, &part.guess).filter(|it| floor <= it.sure);
        let topics = reading.as_ref().map(|it| topics_of(&it.decision)).unwrap_or_default();
        match (topics, reading.as_ref()) {
            ([topic], Some(reading)) if part.asks || whole.is_none() => {
                if found.iter().all(|it| it.0.intent != topic.intent) {
                    found.push((topic.clone(), reading.sure));
                }
            }
            // Something that has to be asked back first has its turn later.
            (_, Some(_)) => {}
            // What may mean the same as the whole is answered with it.
            (_, None)
                if part.asks
                    && left.is_none()
                    && NAMED_WORDS_MIN <= questions::words(&part.text).count()
                    && !is_within(&part.guess, whole.as_ref()) =>
            {
                left = Some(part.text.clone());
            }
            (_, None) => {}
        }
    }
    yield_to_tasks(look, &mut found);
    found.truncate(TOPICS_MAX);
    let sure = found.iter().map(|it| it.1).fold(1.0, f32::min);
    let names: Vec<&str> = found.iter().map(|it| it.0.intent.as_str()).collect();
    let because = format!("several things: {}", names.join(", "));
    match (found.len(), whole) {
        (0, _) => None,
        // A complaint around a task: the task counts.
        (1, Some(whole))
            if topics_of(&whole.decision).iter().all(|it| gives_way(look, it)) && !gives_way(look, &found[0].0) =>
        {
            let decision = Decision::Answer(topics(found));
            Some(Reading::new(Reader::Parts, whole.sure + SEVERAL, because, decision))
        }
        // The whole is answered, and another question is not.
        (1, Some(whole)) if left.is_some() => {
            let topics = topics_of(&whole.decision).to_vec();
            let decision = Decision::AnswerPart { topics, left: left.unwrap_or_default() };
            Some(Reading::new(Reader::Parts, whole.sure + SEVERAL, because, decision))
        }
        // What asks says better what is meant than all of the story with it, unless that is beyond doubt.
        (1, Some(whole))
            if whole.sure + SURER < found[0].1
                || (whole.sure < BEYOND_DOUBT && BESIDE_WHOLE_MIN <= found[0].1 && tells_first(look)) =>
        {
            let decision = Decision::Answer(topics(found));
            Some(Reading::new(Reader::Parts, whole.sure + SEVERAL, because, decision))
        }
        // One part carries the message, or the whole says more than its only sure part.
        (1, Some(_)) => None,
        (1, None) => {
            let decision = match left {
                Some(left) => Decision::AnswerPart { topics: topics(found), left },
                None => Decision::Answer(topics(found)),
            };
            Some(Reading::new(Reader::Parts, sure, because, decision))
        }
        (_, whole) => {
            let sure = sure.max(whole.map_or(0.0, |it| it.sure)) + SEVERAL;
            let decision = match left {
                Some(left) if found.len() < TOPICS_MAX => Decision::AnswerPart { topics: topics(found), left },
                _ => Decision::Answer(topics(found)),
            };
            Some(Reading::new(Reader::Parts, sure, because, decision))
        }
    }
}

/// Whether a message begins by telling something and then asks.
fn tells_first(look: &Looked<'_>) -> bool {
    !look.said.asks && look.heard.parts.iter().any(|it| it.asks)
}

/// Whether the likeliest meaning of a part is what the whole is answered with.
fn is_within(guess: &Guess, whole: Option<&Reading>) -> bool {
    let best = guess.best().map(|it| it.intent.as_str());
    whole.is_some_and(|it| topics_of(&it.decision).iter().any(|it| Some(it.intent.as_str()) == best))
}

fn topics(found: Vec<(Topic, f32)>) -> Vec<Topic> {
    found.into_iter().map(|it| it.0).collect()
}

fn is_answer(decision: &Decision) -> bool {
    matches!(decision, Decision::Answer(_) | Decision::Ask { .. })
}

/// Small talk and complaints give way to what there is to do in the same message.
fn yield_to_tasks(look: &Looked<'_>, found: &mut Vec<(Topic, f32)>) {
    if found.iter().any(|it| !gives_way(look, &it.0)) {
        found.retain(|it| !gives_way(look, &it.0));
    }
}

fn gives_way(look: &Looked<'_>, topic: &Topic) -> bool {
    look.content.intents.get(&topic.intent).is_some_and(|it| it.file.small_talk || it.file.gives_way)
}
