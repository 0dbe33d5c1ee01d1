//! Several things in one message: each part that asks is read by itself, and what is left unanswered is named.

use std::collections::BTreeMap;

use super::{Looked, Reader, Reading, TOPICS_MAX, choice, going_on, topics_of, unit};
use crate::content::file::{SlotKind, Then};
use crate::conversation::State;
use crate::rules::said::Said;
use crate::rules::{Decision, Heard, Left, Part, Topic, questions};

/// What brings a person before others takes more than a likely part.
const HANDS_OFF_MIN: f32 = 0.88;
/// A part says less than the whole: it counts from this confidence on.
const PART_CONFIDENCE_MIN: f32 = 0.65;
/// So sure is a part that asks that it may speak for a message that tells something first.
const BESIDE_WHOLE_MIN: f32 = 0.8;
/// So sure is a part that names another day for what changes something.
const ANOTHER_DAY: f32 = 0.88;
/// So sure is a part that names what is offered.
const POINTED_AT: f32 = 0.86;
/// So sure are two questions of which each may mean something else: more than asking which of the two it is.
const EACH_OF_TWO: f32 = 0.6;
/// So sure is the likelier of two that a part may mean.
const LIKELIER: f32 = 0.65;
/// From here on a part may mean this.
const NEAR_MIN: f32 = 0.15;
/// "What on earth" is no question that could be left unanswered, and means nothing.
const NAMED_WORDS_MIN: usize = 4;
/// What asks counts in place of a message that tells too, where it is so much surer.
const SURER: f32 = 0.05;
/// So sure is what the whole means that its parts say nothing better.
const BEYOND_DOUBT: f32 = 0.93;
/// How sure several answers are, beyond each.
const SEVERAL: f32 = 0.02;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let unit = unit(look, &look.heard.text, &look.heard.guess);
    if let Some(decision) = unit.as_ref().and_then(|it| each_of_offered(look, &it.decision)) {
        let because = "each of two questions may mean one of the two that the whole may mean";
        return Some(Reading::new(Reader::Parts, EACH_OF_TWO, because, decision));
    }
    let whole = unit.filter(|it| is_answer(&it.decision));
    let mut found = Found::default();
    for part in &look.heard.parts {
        found.add(look, part, whole.as_ref());
    }
    let Found { mut topics, left, beside_whole } = found;
    yield_to_tasks(look, &mut topics);
    topics.truncate(TOPICS_MAX);
    let sure = topics.iter().map(|it| it.1).fold(1.0, f32::min);
    let names: Vec<&str> = topics.iter().map(|it| it.0.intent.as_str()).collect();
    let because = format!("several things: {}", names.join(", "));
    let of_parts = |topics: Vec<Topic>, left: Option<Left>| match left {
        Some(left) => Decision::AnswerPart { topics, left },
        None => Decision::Answer(topics),
    };
    let (decision, sure) = match (topics.len(), whole) {
        (0, _) => return None,
        // A complaint around a task: the task counts.
        (1, Some(whole))
            if topics_of(&whole.decision).iter().all(|it| gives_way(look, it)) && !gives_way(look, &topics[0].0) =>
        {
            (of_parts(bare(topics), left), whole.weight() + SEVERAL)
        }
        // "What can you do?" behind what it is about.
        (1, Some(whole))
            if gives_way(look, &topics[0].0) && topics_of(&whole.decision).iter().any(|it| !gives_way(look, it)) =>
        {
            return None;
        }
        // The whole is answered, and another question is not.
        (1, Some(whole)) if left.is_some() => {
            (of_parts(topics_of(&whole.decision).to_vec(), left), whole.weight() + SEVERAL)
        }
        // What asks says better what is meant than all of the story with it, unless that is beyond doubt.
        (1, Some(whole))
            if whole.sure + SURER < topics[0].1
                || (whole.sure < BEYOND_DOUBT && BESIDE_WHOLE_MIN <= topics[0].1 && tells_first(look)) =>
        {
            (Decision::Answer(bare(topics)), whole.weight() + SEVERAL)
        }
        // One part carries the message, or the whole says more than its only sure part.
        (1, Some(_)) => return None,
        // What only tells something beside a question is no complaint of its own: "I hardly phone anybody".
        (1, None) if gives_way(look, &topics[0].0) && tells_beside(look, &topics[0].0) => return None,
        (1, None) => (of_parts(bare(topics), left), sure),
        (n, whole) => {
            let left = left.filter(|_| n < TOPICS_MAX);
            // What a part means only because the whole does adds nothing to how sure it is.
            let sure = if beside_whole { 0.0 } else { sure };
            (of_parts(bare(topics), left), sure.max(whole.map_or(0.0, |it| it.weight())) + SEVERAL)
        }
    };
    Some(Reading::new(Reader::Parts, sure, because, decision))
}

/// Where the whole may mean one of two, and one question of it may mean the one and another the other: both.
fn each_of_offered(look: &Looked<'_>, decision: &Decision) -> Option<Decision> {
    let (first, second) = match decision {
        Decision::Offer { first, second, .. } => (first, second),
        Decision::AnswerOr { topic, other, .. } => (&topic.intent, other),
        _ => return None,
    };
    let asking = || look.heard.parts.iter().filter(|it| it.asks);
    if asking().count() != 2 {
        return None;
    }
    let may_mean = |part: &Part, name: &String| {
        let reading = unit(look, &part.text, &part.guess);
        may_mean(look, part, reading.as_ref()).contains(name)
    };
    let part_of = |name: &String, other: &String| asking().find(|it| may_mean(it, name) && !may_mean(it, other));
    let mut topics = Vec::new();
    for (name, other) in [(first, second), (second, first)] {
        let part = part_of(name, other)?;
        let reading = super::named(look, name, &part.text, &part.guess)?;
        topics.extend(topics_of(&reading.decision).iter().cloned());
    }
    (topics.len() == 2).then_some(Decision::Answer(topics))
}

/// The topic again with another day, where a part that asks names one and nothing else: "…, can it be the 2nd instead?".
fn another_day(look: &Looked<'_>, part: &Part) -> Option<Topic> {
    let topic = look.content.intents.get(look.state.topic.as_deref()?).filter(|it| it.acts())?;
    let heard = Heard { text: part.text.clone(), guess: part.guess.clone(), ..Heard::default() };
    let said = Said::of(&part.text, &look.content.language);
    let reading = going_on::read(&Looked { heard: &heard, said: &said, ..*look }).filter(|_| part.asks)?;
    let [found] = topics_of(&reading.decision) else { return None };
    let is_day = |it: &&String| topic.file.slots.get(*it).is_some_and(|it| it.kind == SlotKind::Date);
    let changed = found.slots.iter().any(|(name, value)| is_day(&name) && look.state.slots.get(name) != Some(value));
    (changed && found.intent == topic.name).then(|| found.clone())
}

/// Whether a part that only tells is all that a message means by itself, with more beside it.
fn tells_beside(look: &Looked<'_>, topic: &Topic) -> bool {
    let mut parts = look.heard.parts.iter();
    1 < look.heard.parts.len() && parts.any(|it| !it.asks && part_means(it, topic))
}

/// What the parts of a message come to.
#[derive(Default)]
struct Found {
    /// What is answered, in the order of the message, each with how sure it is.
    topics: Vec<(Topic, f32)>,
    /// The first part that asks and isn't answered.
    left: Option<Left>,
    /// One of the topics stands there because the whole means it.
    beside_whole: bool,
}

impl Found {
    fn add(&mut self, look: &Looked<'_>, part: &Part, whole: Option<&Reading>) {
        if !part.asks && whole.is_some() {
            return;
        }
        // A part leans on the one before it.
        let within = match &part.after {
            Some(after) if look.state.topic.as_ref() != Some(after) => {
                let earlier = look.state.topic.iter().map(|it| (it.clone(), look.state.slots.clone())).collect();
                Some(State { topic: Some(after.clone()), slots: BTreeMap::new(), earlier, ..look.state.clone() })
            }
            _ => None,
        };
        let look = &Looked { state: within.as_ref().unwrap_or(look.state), ..*look };
        if let Some(decision) = choice::pointed_at(look, &part.text)
            && let [topic] = topics_of(&decision)
        {
            return self.push(topic, POINTED_AT);
        }
        if let Some(topic) = another_day(look, part) {
            return self.push(&topic, ANOTHER_DAY);
        }
        let reading = unit(look, &part.text, &part.guess);
        let enough = |it: &&Reading| match hands_off_urgently(look, it) {
            true => HANDS_OFF_MIN <= it.sure,
            false => PART_CONFIDENCE_MIN <= it.sure,
        };
        if let Some(reading) = reading.as_ref().filter(enough)
            && let [topic] = topics_of(&reading.decision)
        {
            return self.push(topic, reading.sure);
        }
        let is_new = |it: &Topic| self.topics.iter().all(|known| known.0.intent != it.intent);
        if part.asks
            && self.left.is_none()
            && let Some(Decision::AnswerOr { topic, other, .. }) = reading.as_ref().map(|it| &it.decision)
            && is_new(topic)
            && !whole.is_some_and(|it| topics_of(&it.decision).iter().any(|it| it.intent == topic.intent))
        {
            return self.push_likelier(part, topic, other);
        }
        let may_mean = may_mean(look, part, reading.as_ref());
        // "Ok but what about mine" has nothing of its own that could be left unanswered.
        let is_thin = || Said::of(&part.text, &look.content.language).matter.is_empty();
        let is_short = questions::words(&part.text).count() < NAMED_WORDS_MIN || is_thin();
        // "Can you do that" only points to what was said.
        if !part.asks || is_thin() || (is_short && may_mean.is_empty()) {
            return;
        }
        let of_whole = whole.map(|it| topics_of(&it.decision)).unwrap_or_default();
        let is_meant = |it: &Topic| may_mean.contains(&it.intent) || part_means(part, it);
        // What may mean the same as the whole, or as another part, is answered with it.
        if let Some(topic) = of_whole.iter().find(|it| is_meant(it)) {
            self.beside_whole = true;
            self.push(topic, whole.map_or(0.0, |it| it.sure));
        } else if self.left.is_none() && !self.topics.iter().any(|it| is_meant(&it.0)) {
            self.left = Some(Left { text: part.text.clone(), may_mean, likelier: false });
        }
    }

    /// The likelier of two that a part may mean, with the other to be named beside it, once in a message.
    fn push_likelier(&mut self, part: &Part, topic: &Topic, other: &str) {
        self.push(topic, LIKELIER);
        let left = Left { text: part.text.clone(), may_mean: vec![other.to_owned()], likelier: true };
        self.left.get_or_insert(left);
    }

    fn push(&mut self, topic: &Topic, sure: f32) {
        if self.topics.iter().all(|it| it.0.intent != topic.intent) {
            self.topics.push((topic.clone(), sure));
        }
    }
}

/// Whether what a part means would bring a person at once: "so in summer I pay nothing?" is no distress.
fn hands_off_urgently(look: &Looked<'_>, reading: &Reading) -> bool {
    let urgent = |it: &Topic| {
        let intent = look.content.answering(&it.intent);
        intent.is_some_and(|it| it.file.answer.iter().any(|it| it.then == Then::HandOffUrgent))
    };
    topics_of(&reading.decision).iter().any(urgent)
}

/// What a part may mean that isn't clear: at most two that may be asked about.
fn may_mean(look: &Looked<'_>, part: &Part, reading: Option<&Reading>) -> Vec<String> {
    let named: Vec<String> = match reading.map(|it| &it.decision) {
        Some(Decision::Offer { first, second, .. }) => vec![first.clone(), second.clone()],
        Some(Decision::AnswerOr { topic, other, .. }) => vec![topic.intent.clone(), other.clone()],
        Some(Decision::Ask { intent, .. }) => vec![intent.clone()],
        Some(Decision::Answer(topics)) => topics.iter().map(|it| it.intent.clone()).collect(),
        _ => {
            let near = part.guess.ranked.iter().filter(|it| NEAR_MIN <= it.confidence);
            near.map(|it| it.intent.clone()).collect()
        }
    };
    named.into_iter().filter(|it| super::intents::may_be_offered(look.content, it)).take(2).collect()
}

/// Whether the likeliest meaning of a part is this.
fn part_means(part: &Part, topic: &Topic) -> bool {
    part.guess.best().is_some_and(|it| it.intent == topic.intent)
}

/// Whether a message begins by telling something and then asks.
fn tells_first(look: &Looked<'_>) -> bool {
    !look.said.asks && look.heard.parts.iter().any(|it| it.asks)
}

fn bare(topics: Vec<(Topic, f32)>) -> Vec<Topic> {
    topics.into_iter().map(|it| it.0).collect()
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
    look.content.answering(&topic.intent).is_some_and(|it| it.file.small_talk || it.file.gives_way)
}
