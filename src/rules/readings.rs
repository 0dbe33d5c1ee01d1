//! The ways in which a message can be read in its conversation, and the one place that chooses between them.
//!
//! Each reader looks at the message in one way and says how sure it is and why. Nothing here knows another reader; what
//! is likelier stands in the numbers. After Larsson's issue-based dialogue management (2002): the newest question first,
//! then the topic, then older ones; and Bohus and Rudnicky's grounding by how sure one is.

use std::collections::BTreeMap;

use super::said::{Said, stands_in};
use super::{Circumstances, Decision, Heard, OUT_OF_SCOPE, Topic, slots};
use crate::content::file::{SlotKind, Then};
use crate::content::{Content, Intent};
use crate::conversation::{Candidate, Guess, Owner, ReadAs, State, Verdict, normal};

mod account;
mod check;
pub(super) mod choice;
pub(super) mod exact;
pub mod follow_up;
mod going_on;
pub(super) mod intents;
mod parts;
mod reply;
pub mod sums;
pub(super) mod yes_no;

pub(super) use intents::{answer_or_ask, read_slots};

/// Readings that are kept with the turn: the one that was taken, and those that came near.
const KEPT_MAX: usize = 4;

/// What answers the bot's last question is as much likelier to be meant, and what goes on with the topic.
const NEWEST_QUESTION: f32 = 0.25;
const TOPIC: f32 = 0.08;

/// What was weighed and not chosen stands far behind, for people to see.
const BEHIND: f32 = 0.1;

/// Taken for a yes, and none beyond doubt: whatever else is understood goes before it.
const DOUBTFUL: f32 = 0.1;

/// One way to understand a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Who reads it so.
    pub by: Reader,
    /// The intent or follow-up that it is read as, where it is one.
    pub what: Option<String>,
    /// How sure, 0 to 1.
    pub sure: f32,
    /// Why, for people.
    pub because: String,
    /// What would be done.
    pub decision: Decision,
}

/// The readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// An answer to what the bot asked for.
    Reply,
    /// Yes, no or not yet.
    YesNo,
    /// A choice in words.
    Choice,
    /// The topic again, with another bill, day, amount.
    GoingOn,
    /// What can be meant within the topic only.
    FollowUp,
    /// The last answer said back, to be sure.
    Check,
    /// Something that stands on the account.
    Account,
    /// An intent by itself.
    Intent,
    /// Several of these in one message.
    Parts,
    /// Out of scope, too unsure, not words.
    Unsure,
    /// A tap, a command, an urgent word, a step of the proof: nothing to weigh.
    Fixed,
}

impl Reader {
    /// The word under which it is kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Reader::Reply => "reply",
            Reader::YesNo => "yes_no",
            Reader::Choice => "choice",
            Reader::GoingOn => "going_on",
            Reader::FollowUp => "follow_up",
            Reader::Check => "check",
            Reader::Account => "account",
            Reader::Intent => "intent",
            Reader::Parts => "parts",
            Reader::Unsure => "unsure",
            Reader::Fixed => "fixed",
        }
    }
}

/// Everything that a reader may look at.
#[derive(Clone, Copy)]
pub(super) struct Looked<'a> {
    pub(super) content: &'a Content,
    pub(super) state: &'a State,
    pub(super) heard: &'a Heard,
    pub(super) said: &'a Said,
    pub(super) now: &'a Circumstances<'a>,
}

impl Reading {
    pub(super) fn new(by: Reader, sure: f32, because: impl Into<String>, decision: Decision) -> Self {
        Self { by, what: None, sure, because: because.into(), decision }
    }

    /// How much it counts against others: the newest question comes first, then the topic, then everything else.
    fn weight(&self) -> f32 {
        let nearness = match self.by {
            Reader::Reply | Reader::YesNo | Reader::Choice => NEWEST_QUESTION,
            Reader::GoingOn | Reader::FollowUp | Reader::Check => TOPIC,
            _ => 0.0,
        };
        self.sure + nearness
    }

    /// The same, read as this intent or follow-up.
    pub(super) fn of(self, name: &str) -> Self {
        Self { what: Some(name.to_owned()), ..self }
    }

    /// The same, counted only where what it was weighed against is not there.
    fn behind(self) -> Self {
        Self { sure: BEHIND * self.sure, ..self }
    }

    /// As it is kept with the turn.
    pub fn kept(&self) -> ReadAs {
        let (by, what) = (self.by.as_str().to_owned(), self.what.clone());
        ReadAs { by, what, sure: self.sure, because: self.because.clone() }
    }
}

/// All readings of a message, the likeliest first; there is always one.
pub(super) fn all(content: &Content, state: &State, heard: &Heard, now: &Circumstances<'_>) -> Vec<Reading> {
    let said = Said::of(&heard.text, &content.language);
    let look = Looked { content, state, heard, said: &said, now };
    let mut readings = Vec::new();
    readings.extend(reply::read(&look));
    readings.extend(yes_no::read(&look));
    readings.extend(choice::read(&look));
    // What was told to a customer isn't repeated while it isn't known any more who writes.
    if state.lapsed.is_none() {
        readings.extend(check::read(&look));
        readings.extend(exact::read(&look));
        readings.extend(sums::read(&look));
    }
    readings.extend(going_on::read(&look));
    readings.extend(account::read(&look));
    readings.extend(unit(&look, &heard.text, &heard.guess).map(|it| beside_another(&look, it)));
    let by_itself = intents::likeliest(&look, &heard.text, &heard.guess);
    readings.extend(by_itself.filter(|_| !heard.guess.within.is_empty()).map(Reading::behind));
    readings.extend(intents::read_person(&look));
    readings.extend(parts::read(&look));
    readings.extend(intents::read_unsure(&look));
    if intents::wishes_in_case(&look) {
        readings.iter_mut().for_each(|it| intents::put_off_person(&mut it.decision));
    }
    if yes_no::never_wished(&look) || yes_no::leaves_it(&look) {
        readings.retain(|it| !does_or_offers_to(&look, &it.decision));
    }
    // Nothing is done for less than a plain yes; what is on offer stays.
    if readings.iter().any(|it| matches!(it.decision, Decision::Act(_))) && !yes_no::agrees_plainly(&look) {
        readings.retain(|it| !matches!(it.decision, Decision::Act(_)));
        readings.push(Reading::new(Reader::YesNo, DOUBTFUL, "no plain yes to what is offered", Decision::NotNow));
    }
    // A stable sort: of equals the reader that stands first counts.
    readings.sort_by(|one, other| other.weight().total_cmp(&one.weight()));
    readings
}

/// Whether a decision answers, asks about or offers what changes something.
fn does_or_offers_to(look: &Looked<'_>, decision: &Decision) -> bool {
    let acts = |name: &String| look.content.answering(name).is_some_and(Intent::acts);
    match decision {
        Decision::Ask { intent, .. } => acts(intent),
        Decision::Offer { first, second, third } => {
            [Some(first), Some(second), third.as_ref()].into_iter().flatten().any(acts)
        }
        Decision::Act(_) | Decision::AskToName => true,
        decision => topics_of(decision).iter().any(|it| acts(&it.intent)),
    }
}

/// What is kept of them.
pub fn kept(readings: &[Reading]) -> Vec<ReadAs> {
    readings.iter().take(KEPT_MAX).map(Reading::kept).collect()
}

/// What a guess says of a text, within the topic or by itself: what to answer, how sure, who reads it so, and why.
pub(super) fn unit(look: &Looked<'_>, text: &str, guess: &Guess) -> Option<Reading> {
    let by_itself = intents::likeliest(look, text, guess);
    let state = look.state;
    let nothing_before = state.topic.is_none() && state.aside.is_none() && state.owner == Owner::Bot;
    if guess.within.is_empty()
        || intents::not_words(look)
        || (nothing_before && begins_alone(guess, by_itself.as_ref()))
    {
        return by_itself;
    }
    // "One more thing, did you get my payment", "sorry, I meant my payment": what is clear by itself needs no topic.
    let language = &look.content.language;
    let bare = without_lead_words(look, text);
    let begins_anew = 0 < language.new_topic.at_start(&bare).max(language.meant_instead.at_start(&bare));
    if begins_anew && by_itself.as_ref().is_some_and(|it| it.by == Reader::Intent && NEW_TOPIC_MIN <= it.sure) {
        return by_itself;
    }
    // An idea was taken note of: what is clear by itself is another matter.
    let aside = state.topic.as_deref().and_then(|it| look.content.intents.get(it)).is_some_and(|it| it.file.suggestion);
    let says_enough = ASIDE_WORDS_MIN <= look.said.words.len() && state.owner == Owner::Bot;
    if aside && says_enough && by_itself.as_ref().is_some_and(|it| it.what != state.topic && BEYOND_DOUBT <= it.sure) {
        return by_itself;
    }
    // None of our business, and nothing within the topic comes before that.
    if guess.within.first().is_some_and(|it| it.intent == OUT_OF_SCOPE) {
        return by_itself;
    }
    let mut within = may_be_meant(look, text, guess).into_iter();
    let Some((likely, best)) = within.next().filter(|it| OFFER_MIN <= it.0) else { return by_itself };
    let next = within.next();
    // What is beyond doubt by itself, and comes near here too, needs nothing within the topic to speak for it.
    let beyond_doubt =
        |it: &Reading| by_itself.as_ref().is_some_and(|one| one.what == it.what && BEYOND_DOUBT <= one.sure);
    let is_clear = match best.decision {
        // "Sorry, that wasn't what you needed" helps nobody who only said something else.
        Decision::AnotherWay => UNHAPPY_MIN <= likely,
        _ => stands_out(likely, next.as_ref().map_or(0.0, |it| it.0)) || beyond_doubt(&best),
    };
    if is_clear {
        return Some(best);
    }
    // Who waits for a person is rather answered what is likely than asked back.
    let waits = state.owner == Owner::Queue;
    let likely_alone = |it: &Reading| {
        waits && by_itself.as_ref().is_some_and(|one| one.what == it.what && LIKELY_WHILE_WAITING <= one.sure)
    };
    if likely_alone(&best) {
        return Some(best);
    }
    if let Some((_, other)) = next.as_ref().filter(|it| beyond_doubt(&it.1) || likely_alone(&it.1)) {
        return Some(other.clone());
    }
    if let Some((_, other)) = next.as_ref() {
        match (is_named(look, text, &best), is_named(look, text, other)) {
            (true, false) => return Some(best),
            (false, true) => return Some(other.clone()),
            _ => {}
        }
    }
    // Nothing within the topic is clear, and by itself it is.
    let another = |it: &&Reading| it.by == Reader::Intent && it.what != state.topic && CLEAR_BY_ITSELF <= it.sure;
    if let Some(other) = by_itself.as_ref().filter(another) {
        return Some(other.clone());
    }
    let may_be_offered = |it: &Reading| it.what.clone().filter(|name| intents::may_be_offered(look.content, name));
    let first = may_be_offered(&best);
    let mut others = next.into_iter().chain(within).filter_map(|it| Some((it.0, may_be_offered(&it.1)?)));
    let two = first.clone().or_else(|| others.next().map(|it| it.1)).zip(others.next().map(|it| it.1));
    let third = others.next().filter(|it| THIRD_MIN <= it.0).map(|it| it.1);
    match two {
        Some((first, other)) => {
            let because = format!("{first} or {other}, not sure which");
            let plain =
                plain_topic(look, &best).filter(|_| LIKELIER_MIN <= likely && best.what.as_ref() == Some(&first));
            let decision = match plain {
                Some(topic) => Decision::AnswerOr { topic, other, open: true },
                None => Decision::Offer { first, second: other, third },
            };
            Some(Reading::new(Reader::Unsure, OFFER, because, decision))
        }
        None if first.is_some() => Some(best),
        None => by_itself,
    }
}

/// A reading that is clear and yet leaves room for another: it is answered, with the other beside it to tap.
fn beside_another(look: &Looked<'_>, reading: Reading) -> Reading {
    // Who waits for a person is answered what is clear, and asked nothing.
    let with_bot = look.state.owner == Owner::Bot;
    let Some(topic) = plain_topic(look, &reading).filter(|_| with_bot) else { return reading };
    let mut may_be = may_be_meant(look, &look.heard.text, &look.heard.guess).into_iter();
    let (Some((likely, first)), Some((share, second))) = (may_be.next(), may_be.next()) else { return reading };
    let leaves_room = first.what == reading.what && likely < SURE_ALONE && ANOTHER_MIN <= share;
    let other =
        second.what.filter(|it| leaves_room && !is_named(look, &look.heard.text, &first) && offers_to_tell(look, it));
    match other {
        Some(other) => {
            let because = format!("{}, or {other}", reading.because);
            Reading { because, decision: Decision::AnswerOr { topic, other, open: false }, ..reading }
        }
        None => reading,
    }
}

/// Whether a name can be offered, and tells something where it is taken up: nobody is offered a change beside an answer.
fn offers_to_tell(look: &Looked<'_>, name: &str) -> bool {
    let acts = |it: &Intent| it.acts() || it.file.answer.iter().any(|it| it.then != Then::Wait);
    intents::may_be_offered(look.content, name) && look.content.answering(name).is_some_and(|it| !acts(it))
}

/// What a reading answers, where that only tells something: it does no harm where another thing was meant.
fn plain_topic(look: &Looked<'_>, reading: &Reading) -> Option<Topic> {
    let [topic] = topics_of(&reading.decision) else { return None };
    let intent = look.content.answering(&topic.intent)?;
    let only_tells = !intent.acts() && intent.file.answer.iter().all(|it| it.then == Then::Wait);
    only_tells.then(|| topic.clone())
}

/// The words of a text without fillers and joiners before them.
fn without_lead_words(look: &Looked<'_>, text: &str) -> Vec<String> {
    let language = &look.content.language;
    let is_lead = |it: &String| language.joiners.contains(it) || language.fillers.is(std::slice::from_ref(it));
    normal::words(text).into_iter().skip_while(is_lead).collect()
}

/// Whether a text says just what a reading is about, in the words that its button and "is it about …?" have: asking it
/// back would only repeat it.
fn is_named(look: &Looked<'_>, text: &str, reading: &Reading) -> bool {
    let language = &look.content.language;
    let Some(name) = reading.what.as_deref() else { return false };
    let means = look.content.means(name).unwrap_or_default();
    let button = look.content.button(name).unwrap_or_default();
    let words = normal::words(&format!("{means} {button}"));
    let telling = |it: &String| !language.thin.contains(it) && !language.thing.contains(it);
    let mut told = normal::words(text).into_iter().filter(telling).peekable();
    told.peek().is_some() && told.all(|it| stands_in(&words, &it))
}

/// Whether a message that nothing was said before is an intent by itself or nothing at all: what counts in every topic
/// has to be meant beyond doubt, or something that is near to the content and isn't sure by itself.
fn begins_alone(guess: &Guess, by_itself: Option<&Reading>) -> bool {
    let beyond_doubt = |it: &Candidate| it.intent.contains('.') && BEGINS_MIN <= it.confidence;
    match by_itself {
        Some(_) => !guess.within.first().is_some_and(beyond_doubt),
        // What stands among the examples word for word is known.
        None => guess.known < KNOWN_MIN && !guess.within.first().is_some_and(|it| SAID_BEFORE <= it.confidence),
    }
}

/// With fewer words a message leans on what was said before.
const ASIDE_WORDS_MIN: usize = 4;
/// So sure is what begins another matter.
const NEW_TOPIC_MIN: f32 = 0.7;
/// So likely is a follow-up that stands at the beginning.
const BEGINS_MIN: f32 = 0.8;
/// So likely is at least what was said in these very words before.
const SAID_BEFORE: f32 = 0.99;
/// Less near to the content than this, nothing is looked for.
const KNOWN_MIN: f32 = 0.5;

/// What may be meant within the topic and has an answer here, the likeliest first, each with its share.
///
/// A follow-up that leads on to an intent and that intent mean the same, and so do follow-ups of one name in several
/// topics: they count together, and the follow-up takes along what is known.
fn may_be_meant(look: &Looked<'_>, text: &str, guess: &Guess) -> Vec<(f32, Reading)> {
    let mut found: Vec<(&str, f32, Reading)> = Vec::new();
    for candidate in &guess.within {
        let Some(reading) = as_meant(look, candidate, guess, text) else { continue };
        let asks_for = follow_up::asks_for(look.content, &candidate.intent);
        match found.iter_mut().find(|it| it.0 == asks_for) {
            Some((_, share, taken)) => {
                *share += candidate.confidence;
                if taken.by == Reader::Intent && reading.by == Reader::FollowUp {
                    *taken = Reading { sure: taken.sure.max(reading.sure), ..reading };
                }
            }
            None => found.push((asks_for, candidate.confidence, reading)),
        }
    }
    // What the last answer leads to is likelier to be meant next.
    let is_offered = |asks_for: &str, reading: &Reading| {
        look.state.offered.iter().any(|it| it.id == asks_for || Some(&it.id) == reading.what.as_ref())
    };
    for (asks_for, share, reading) in &mut found {
        *share *= if is_offered(asks_for, reading) { OFFERED } else { 1.0 };
    }
    let found: Vec<(f32, Reading)> = found.into_iter().map(|(_, share, reading)| (share, reading)).collect();
    // What gives way counts only where what doesn't would not be clear without it.
    let giving: f32 = found.iter().filter(|it| gives_way(look, &it.1)).map(|it| it.0).sum();
    if 0.0 < giving {
        let left = (1.0 - giving).max(f32::EPSILON);
        let own = found.iter().filter(|it| !gives_way(look, &it.1) && OWN_MIN <= it.0);
        let own = by_share(own.map(|it| (it.0 / left, it.1.clone())).collect());
        if own.first().is_some_and(|it| stands_out(it.0, own.get(1).map_or(0.0, |it| it.0))) {
            return own;
        }
    }
    by_share(found)
}

/// The likeliest first; together no more than all.
fn by_share(mut found: Vec<(f32, Reading)>) -> Vec<(f32, Reading)> {
    let sum = found.iter().map(|it| it.0).sum::<f32>().max(1.0);
    found.iter_mut().for_each(|it| it.0 /= sum);
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    found
}

/// Whether what is this likely is clear enough to be answered, beside the next.
fn stands_out(likely: f32, next: f32) -> bool {
    ANSWER_MIN <= likely || (LEADING_MIN <= likely && LEAD_MIN <= likely / next.max(f32::EPSILON))
}

/// What may be meant within the topic as a reading; nothing where it has no answer here.
fn as_meant(look: &Looked<'_>, candidate: &Candidate, guess: &Guess, text: &str) -> Option<Reading> {
    if look.content.follow_ups.contains_key(&candidate.intent) {
        return follow_up::as_meant(look, &candidate.intent, candidate.confidence, text);
    }
    if candidate.intent == OUT_OF_SCOPE {
        return None;
    }
    // By itself it may be surer than here, where much else may be meant.
    let by_itself = guess.best().filter(|it| it.intent == candidate.intent && guess.verdict == Verdict::Answer);
    let surer = by_itself.filter(|it| candidate.confidence < it.confidence).unwrap_or(candidate);
    intents::as_meant(look, surer, guess, text)
}

/// Whether a reading is a follow-up that gives way to what the topic has of its own.
fn gives_way(look: &Looked<'_>, reading: &Reading) -> bool {
    let follow_up = reading.what.as_deref().and_then(|it| look.content.follow_ups.get(it));
    follow_up.is_some_and(|it| it.file.gives_way)
}

/// What a text comes to where it is known which intent or follow-up it means.
pub(super) fn named(look: &Looked<'_>, name: &str, text: &str, guess: &Guess) -> Option<Reading> {
    let ranked = guess.within.iter().chain(&guess.ranked).find(|it| it.intent == name).cloned();
    let candidate = ranked.unwrap_or_else(|| Candidate { intent: name.to_owned(), confidence: 0.0 });
    as_meant(look, &candidate, guess, text)
}

/// Within a topic, from here on it is answered; or from here on, where it is so many times likelier than anything else.
const ANSWER_MIN: f32 = 0.45;
const LEADING_MIN: f32 = 0.33;
const LEAD_MIN: f32 = 2.0;
/// From here on somebody says that the answer didn't help.
const UNHAPPY_MIN: f32 = 0.6;
/// From here on it is asked whether it was meant.
const OFFER_MIN: f32 = 0.12;
/// What is less likely than this is no rival to what gives way.
const OWN_MIN: f32 = 0.04;
/// So much likelier is what stands there to tap.
const OFFERED: f32 = 1.8;
/// So sure is an intent by itself that nothing within the topic has to speak for it.
const BEYOND_DOUBT: f32 = 0.97;
/// So sure is an intent by itself that is answered to somebody who waits for a person, where it comes near here too.
const LIKELY_WHILE_WAITING: f32 = 0.9;
/// So sure is an intent by itself that goes before asking which of two things of the topic is meant.
const CLEAR_BY_ITSELF: f32 = 0.99;
/// From here on the likelier of two is answered, with the other beside it to tap: to be asked which is a step more. Of
/// 208 such reactions the answer was meant in half, the other in a quarter; below it in a third and a fifth.
const LIKELIER_MIN: f32 = 0.3;
/// A clear one that is surer than this needs none beside it; and another one that is less likely isn't named. Of 2,281
/// reactions, 363 that were answered as meant get one named too, and with 95 that were answered otherwise it is the right one.
const SURE_ALONE: f32 = 0.8;
const ANOTHER_MIN: f32 = 0.16;
/// Asked which of two it is.
const OFFER: f32 = 0.4;
/// From here on a third one is named when it is asked which is meant: of 123 reactions for which neither of two was right it
/// was the third in 35.
const THIRD_MIN: f32 = 0.08;

/// The topics of a decision that answers, none of others.
pub(super) fn topics_of(decision: &Decision) -> &[Topic] {
    match decision {
        Decision::Answer(topics) => topics,
        _ => &[],
    }
}

/// The same for each of the bills that the words put side by side: "October, then September and November".
pub(super) fn of_each_bill(look: &Looked<'_>, text: &str, decision: Decision) -> Decision {
    let [topic] = topics_of(&decision) else { return decision };
    let Some(intent) = look.content.answering(&topic.intent).filter(|it| !it.acts()) else { return decision };
    let Some((name, _)) = intent.file.slots.iter().find(|it| it.1.kind == SlotKind::Invoice) else { return decision };
    let numbers = slots::read_bills(text, &look.now.slots);
    if !numbers.is_empty() {
        let of = |number: String| {
            let mut slots = with(&topic.slots, name, number);
            intents::without_replaced(intent, &mut slots);
            Topic { slots, ..topic.clone() }
        };
        return Decision::Answer(numbers.into_iter().take(BILLS_MAX).map(of).collect());
    }
    decision
}

/// Bills that are shown to one message that names several: half a year.
const BILLS_MAX: usize = 6;

/// Answers that one message may get.
pub(super) const TOPICS_MAX: usize = 3;

/// Slots with one more.
pub(super) fn with(slots: &BTreeMap<String, String>, name: &str, value: String) -> BTreeMap<String, String> {
    let mut slots = slots.clone();
    slots.insert(name.to_owned(), value);
    slots
}

#[cfg(test)]
mod tests;
