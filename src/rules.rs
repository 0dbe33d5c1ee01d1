//! Decides what to do about what a customer said. Pure: the same input gives the same decision.

use std::collections::BTreeMap;

use crate::content::file::{Need, SlotKind};
use crate::content::{Content, Intent, SEND_ANOTHER_CODE, SOMETHING_ELSE};
use crate::conversation::{ASKS_CODE, ASKS_EMAIL, Choice, Guess, Owner, Reason, State, Verdict};

pub mod language;
pub mod policy;
pub mod questions;
pub mod slots;

use slots::SlotContext;

/// The commands that work in every state, as ids of choices.
pub const TALK_TO_HUMAN: &str = "talk_to_human";
/// Forgets what was being talked about and goes back to the bot.
pub const START_OVER: &str = "start_over";
/// Ends the conversation.
pub const END_CHAT: &str = "end_chat";
/// Lets a visitor prove who they are with a code by e-mail; on offer where an answer needs it.
pub const VERIFY_ME: &str = "verify_me";
/// The slot in which the address for the code is remembered.
pub const CODE_EMAIL: &str = ASKS_EMAIL;
/// The intent that stands for everything that isn't ours to answer.
pub const OUT_OF_SCOPE: &str = "out_of_scope";

/// How the ids of buttons begin that have something done: `do:late_fee_waiver`.
pub const DO: &str = "do:";

/// A part of a message says less than the whole: it counts from this confidence on.
const PART_CONFIDENCE_MIN: f32 = 0.65;

/// From here on it is likelier that a message isn't ours to answer than that it means anything else.
const OUTSIDE_CONFIDENCE_MIN: f32 = 0.5;

/// Answers that one message may get.
const TOPICS_MAX: usize = 2;

/// What a customer said in one turn, and what the classifier makes of it.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The words, several quick messages joined by line breaks.
    pub text: String,
    /// The id of the choice, where one was tapped.
    pub choice: Option<String>,
    /// What the whole text means.
    pub guess: Guess,
    /// What its parts mean, where it falls into parts.
    pub parts: Vec<(String, Guess)>,
    /// The digest of the one-time code that was typed.
    pub code: Option<String>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Answer these, in this order: one, or two questions in one message.
    Answer(Vec<Topic>),
    /// The customer has said yes: have it done that this intent's answer asks a yes for.
    Act(Topic),
    /// The customer has said no to it.
    Declined,
    /// Ask for a fact.
    Ask {
        /// For which intent.
        intent: String,
        /// Which fact.
        slot: String,
        /// What is known by now.
        slots: BTreeMap<String, String>,
        /// The customer was asked before and said something else: ask in other words.
        again: bool,
    },
    /// Ask to which address the bills go, to send a code there.
    AskEmail {
        /// There was none in the reply: ask in other words.
        again: bool,
    },
    /// Send a code to this address, if it is one of ours.
    SendCode {
        /// The address.
        email: String,
    },
    /// Ask for the code again: there was none in the reply.
    AskCode,
    /// See whether the code that was typed is the one that was sent.
    CheckCode,
    /// The customer is known already: go on with what was asked before.
    GoOn,
    /// "Did you mean" one of these two intents.
    Offer {
        /// The likelier.
        first: String,
        /// The other.
        second: String,
    },
    /// Not understood: ask to say it again. `refused`: both choices of "did you mean" were wrong.
    Miss {
        /// Both choices of "did you mean" were wrong.
        refused: bool,
    },
    /// Not in our language: say so and offer a person.
    OtherLanguage,
    /// Understood as none of our business: say what we can do and offer a person.
    OutOfScope,
    /// A person must answer.
    HandOff {
        /// Why.
        reason: Reason,
        /// The urgency rule that says so, by its place in the content.
        rule: Option<usize>,
    },
    /// The customer asks for a person and waits for one already.
    AlreadyInQueue,
    /// The customer asks for a person and talks to one already.
    AlreadyWithPerson,
    /// A person has it or will have it: keep silent.
    LeaveToPeople,
    /// Forget what was talked about; the bot answers.
    StartOver,
    /// End the conversation.
    End,
}

/// One intent to answer, with what is known for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// The intent.
    pub intent: String,
    /// The slots.
    pub slots: BTreeMap<String, String>,
}

/// What the rules need to know besides the conversation.
pub struct Circumstances<'a> {
    /// What texts are read against: today, the currency, the customer's invoices.
    pub slots: SlotContext<'a>,
    /// Whether we know who the customer is.
    pub verified: bool,
    /// Misses in a row before a person gets it.
    pub misses_max: u32,
    /// Whether a condition of the content holds for an intent and its slots.
    pub holds: &'a dyn Fn(&str, &BTreeMap<String, String>) -> bool,
}

/// Whether a tapped choice is one that the customer could see.
pub fn may_choose(content: &Content, state: &State, choice: &str) -> bool {
    matches!(choice, TALK_TO_HUMAN | START_OVER | END_CHAT)
        || state.offered.iter().any(|it| it.id == choice)
        || content.business.starters.iter().any(|it| it == choice)
}

/// Whether a message says yes to what the bot's last one asks a yes for.
pub fn confirms(state: &State, choice: Option<&str>, text: &str) -> bool {
    match choice {
        Some(choice) => choice.starts_with(DO),
        None => state.confirms.is_some() && chosen_in_words(state, text).is_some_and(|it| it.starts_with(DO)),
    }
}

/// The words under which a choice stands in the log.
pub fn label_of(content: &Content, state: &State, choice: &str) -> String {
    let offered = || state.offered.iter().find(|it| it.id == choice).map(|it| it.label.clone());
    offered().or_else(|| content.button(choice).map(str::to_owned)).unwrap_or_else(|| choice.to_owned())
}

/// Choices with their labels, as a message carries them.
pub fn choices(content: &Content, state: &State, ids: &[String]) -> Vec<Choice> {
    ids.iter().map(|id| Choice { id: id.clone(), label: label_of(content, state, id) }).collect()
}

/// Decides what to do about what was heard.
pub fn decide(content: &Content, state: &State, heard: &Heard, now: &Circumstances<'_>) -> Decision {
    if let Some(command) = command_in(content, heard) {
        return match (command, state.owner) {
            (TALK_TO_HUMAN, Owner::Queue) => Decision::AlreadyInQueue,
            (TALK_TO_HUMAN, Owner::Staff) => Decision::AlreadyWithPerson,
            (TALK_TO_HUMAN, _) => Decision::HandOff { reason: Reason::Asked, rule: None },
            (START_OVER, _) => Decision::StartOver,
            _ => Decision::End,
        };
    }
    if state.owner != Owner::Bot {
        return Decision::LeaveToPeople;
    }
    if heard.choice.is_none()
        && let Some(rule) = content.urgent_rule(&heard.text)
    {
        return Decision::HandOff { reason: Reason::Urgent, rule: Some(rule) };
    }
    if let Some(decision) = decide_proof(state, heard, now) {
        return decision;
    }
    match &heard.choice {
        Some(choice) => decide_choice(content, state, heard, choice, now),
        None => decide_text(content, state, heard, now),
    }
}

/// The steps by which a visitor proves who they are; none where the turn is about something else.
fn decide_proof(state: &State, heard: &Heard, now: &Circumstances<'_>) -> Option<Decision> {
    let choice = heard.choice.as_deref();
    if now.verified {
        return proves(heard).then_some(Decision::GoOn);
    }
    match choice {
        Some(VERIFY_ME) => return Some(Decision::AskEmail { again: false }),
        Some(SEND_ANOTHER_CODE) => {
            let email = state.slots.get(CODE_EMAIL).cloned();
            return Some(email.map_or(Decision::AskEmail { again: false }, |email| Decision::SendCode { email }));
        }
        Some(_) => return None,
        None => {}
    }
    if heard.code.is_some() {
        return Some(Decision::CheckCode);
    }
    let asked = state.asked.as_deref().filter(|it| matches!(*it, ASKS_EMAIL | ASKS_CODE))?;
    if let Some(email) = slots::read(SlotKind::Email, &heard.text, &now.slots) {
        return Some(Decision::SendCode { email });
    }
    // Somebody who goes on to another question has it answered; the way back is a tap.
    if heard.guess.verdict == Verdict::Answer {
        return None;
    }
    if now.misses_max <= state.n_misses + 1 {
        return Some(Decision::HandOff { reason: Reason::Missed, rule: None });
    }
    Some(if asked == ASKS_CODE { Decision::AskCode } else { Decision::AskEmail { again: true } })
}

/// Whether a step towards knowing who the customer is was heard.
pub fn proves(heard: &Heard) -> bool {
    heard.code.is_some() || matches!(heard.choice.as_deref(), Some(VERIFY_ME | SEND_ANOTHER_CODE))
}

/// Goes on with what was asked, in these words, before the customer was known: answers it, or asks for what it needs.
pub fn go_on(content: &Content, topics: &[Topic], text: &str, now: &Circumstances<'_>) -> Option<Decision> {
    let mut known = Vec::new();
    for topic in topics.iter().take(TOPICS_MAX) {
        let Some(intent) = content.intents.get(&topic.intent) else { continue };
        let before = State { topic: Some(intent.name.clone()), slots: topic.slots.clone(), ..State::default() };
        // Read anew: only now it is known which bills there are.
        match answer_or_ask(intent, read_slots(intent, &before, text, now), now) {
            Decision::Answer(found) => known.extend(found),
            ask if topics.len() == 1 => return Some(ask),
            // As with two questions in one message: the one that can be answered at once is.
            _ => {}
        }
    }
    (!known.is_empty()).then_some(Decision::Answer(known))
}

/// The command that a tap or a whole message stands for.
fn command_in(content: &Content, heard: &Heard) -> Option<&'static str> {
    let commands = [
        (TALK_TO_HUMAN, &content.sentences.talk_to_human),
        (START_OVER, &content.sentences.start_over),
        (END_CHAT, &content.sentences.end_chat),
    ];
    if let Some(choice) = &heard.choice {
        return commands.iter().map(|(id, _)| *id).find(|id| id == choice);
    }
    let said = bare(&heard.text);
    commands.iter().find(|(_, texts)| texts.contains(&said)).map(|(id, _)| *id)
}

/// A text in lower case without punctuation, single-spaced.
fn bare(text: &str) -> String {
    let letters: String =
        text.chars().map(|it| if it.is_alphanumeric() || it == '\'' { it.to_ascii_lowercase() } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn decide_choice(content: &Content, state: &State, heard: &Heard, choice: &str, now: &Circumstances<'_>) -> Decision {
    if choice == SOMETHING_ELSE {
        return missed(state, now, true);
    }
    if let Some(name) = choice.strip_prefix(DO) {
        let Some(intent) = content.intents.get(name) else { return missed(state, now, false) };
        let slots = if state.topic.as_deref() == Some(name) { state.slots.clone() } else { BTreeMap::new() };
        return Decision::Act(Topic { intent: intent.name.clone(), slots });
    }
    if let Some((kind, value)) = choice.split_once(':') {
        let Some(intent) = state.topic.as_deref().and_then(|it| content.intents.get(it)) else {
            return missed(state, now, false);
        };
        let mut slots = state.slots.clone();
        let is_own = intent.file.slots.get(kind).is_some_and(|it| it.offers.contains_key(value));
        let slot = state.asked.clone().filter(|_| !is_own).unwrap_or_else(|| kind.to_owned());
        slots.insert(slot, value.to_owned());
        return answer_or_ask(intent, slots, now);
    }
    match content.intents.get(choice) {
        Some(intent) => answer_or_ask(intent, carried_over(intent, state), now),
        // A choice that the content has dropped since: take the words for what they are.
        None => decide_question(content, state, heard, now),
    }
}

fn decide_text(content: &Content, state: &State, heard: &Heard, now: &Circumstances<'_>) -> Decision {
    if state.confirms.is_some()
        && let Some(chosen) = chosen_in_words(state, &heard.text)
    {
        return match chosen == SOMETHING_ELSE {
            true => Decision::Declined,
            false => decide_choice(content, state, heard, &chosen, now),
        };
    }
    if state.asked_which
        && let Some(chosen) = chosen_in_words(state, &heard.text)
    {
        return decide_choice(content, state, heard, &chosen, now);
    }
    if let (Some(asked), Some(topic)) = (&state.asked, state.topic.as_deref().and_then(|it| content.intents.get(it)))
        && topic.file.slots.contains_key(asked)
    {
        return decide_reply(content, state, heard, topic, asked, now);
    }
    decide_question(content, state, heard, now)
}

/// The customer was asked for a fact: take it, or see that the subject has changed.
fn decide_reply(
    content: &Content,
    state: &State,
    heard: &Heard,
    topic: &Intent,
    asked: &str,
    now: &Circumstances<'_>,
) -> Decision {
    let read = topic.file.slots.get(asked).and_then(|slot| slots::read_slot(slot, &heard.text, &now.slots));
    if let Some(value) = read {
        let mut slots = state.slots.clone();
        slots.insert(asked.to_owned(), value);
        return answer_or_ask(topic, slots, now);
    }
    let elsewhere = heard.guess.best().is_some_and(|it| it.intent != topic.name);
    if heard.guess.verdict == Verdict::Answer && elsewhere {
        return decide_question(content, state, heard, now);
    }
    if now.misses_max <= state.n_misses + 1 {
        return Decision::HandOff { reason: Reason::Missed, rule: None };
    }
    Decision::Ask { intent: topic.name.clone(), slot: asked.to_owned(), slots: state.slots.clone(), again: true }
}

/// A question, or two, or nothing that we know.
fn decide_question(content: &Content, state: &State, heard: &Heard, now: &Circumstances<'_>) -> Decision {
    if questions::is_gibberish(&heard.text) {
        return missed(state, now, false);
    }
    if language::is_foreign(&heard.text, &content.business.language) {
        return match missed(state, now, false) {
            Decision::Miss { .. } => Decision::OtherLanguage,
            hand_off => hand_off,
        };
    }
    let intents = sure_intents(content, heard);
    let mut topics = Vec::new();
    for intent in &intents {
        let slots = read_slots(intent, state, &heard.text, now);
        match answer_or_ask(intent, slots, now) {
            Decision::Answer(found) => topics.extend(found),
            ask if intents.len() == 1 => return ask,
            // Of two questions the one that can be answered at once is; the other one's turn comes by its button.
            _ => {}
        }
    }
    if !topics.is_empty() {
        topics.truncate(TOPICS_MAX);
        return Decision::Answer(topics);
    }
    let sure_that_not_ours =
        heard.guess.best().is_some_and(|it| it.intent == OUT_OF_SCOPE && OUTSIDE_CONFIDENCE_MIN <= it.confidence);
    if sure_that_not_ours && state.n_misses + 1 < now.misses_max {
        return Decision::OutOfScope;
    }
    let two: Vec<&str> = (heard.guess.ranked.iter().map(|it| it.intent.as_str()))
        .filter(|name| *name != OUT_OF_SCOPE)
        .filter(|name| content.intents.get(*name).is_some_and(|it| !it.file.small_talk))
        .take(2)
        .collect();
    match (heard.guess.verdict, two.as_slice()) {
        (Verdict::AskBack, [first, second]) if state.n_misses + 1 < now.misses_max.max(2) => {
            Decision::Offer { first: (*first).to_owned(), second: (*second).to_owned() }
        }
        _ => missed(state, now, false),
    }
}

/// The intents that the classifier is sure of: of the parts where they differ, else of the whole.
///
/// Small talk gives way to a question in the same message.
fn sure_intents<'a>(content: &'a Content, heard: &Heard) -> Vec<&'a Intent> {
    let sure = |guess: &Guess| {
        let best = guess.best().filter(|it| guess.verdict == Verdict::Answer && it.intent != OUT_OF_SCOPE)?;
        content.intents.get(&best.intent)
    };
    let whole = sure(&heard.guess);
    let mut found: Vec<&Intent> = Vec::new();
    for (_, guess) in &heard.parts {
        let surely = guess.best().is_some_and(|it| PART_CONFIDENCE_MIN <= it.confidence);
        if let Some(intent) = sure(guess).filter(|_| surely)
            && found.iter().all(|it| it.name != intent.name)
        {
            found.push(intent);
        }
    }
    if found.iter().chain(whole.iter()).any(|it| !it.file.small_talk) {
        found.retain(|it| !it.file.small_talk);
    }
    match (found.as_slice(), whole) {
        ([], None) => Vec::new(),
        ([], Some(whole)) => vec![whole],
        // One part carries the message, or the whole says more than its only sure part.
        ([_], Some(whole)) if !whole.file.small_talk => vec![whole],
        _ => found,
    }
}

/// Answers an intent, or asks for the first fact that it needs and does not have.
fn answer_or_ask(intent: &Intent, slots: BTreeMap<String, String>, now: &Circumstances<'_>) -> Decision {
    let unknown_customer = intent.file.needs.contains(&Need::Verified) && !now.verified;
    if !unknown_customer {
        for (name, slot) in &intent.file.slots {
            let wanted = !slot.optional && !slots.contains_key(name);
            if wanted && slot.when.as_deref().is_none_or(|when| (now.holds)(when, &slots)) {
                return Decision::Ask { intent: intent.name.clone(), slot: name.clone(), slots, again: false };
            }
        }
    }
    Decision::Answer(vec![Topic { intent: intent.name.clone(), slots }])
}

/// What a text says for an intent's slots, over what was said before for the same intent.
fn read_slots(intent: &Intent, state: &State, text: &str, now: &Circumstances<'_>) -> BTreeMap<String, String> {
    let mut slots = BTreeMap::new();
    if state.topic.as_deref() == Some(intent.name.as_str()) {
        slots = carried_over(intent, state);
    }
    for (name, slot) in &intent.file.slots {
        // Any text would do for a text: it has to be asked for.
        if slot.kind == SlotKind::Text {
            continue;
        }
        if let Some(value) = slots::read_slot(slot, text, &now.slots) {
            slots.insert(name.clone(), value);
        }
    }
    slots
}

/// The slots of the last topic that this intent knows too: nobody is asked twice which bill it is.
fn carried_over(intent: &Intent, state: &State) -> BTreeMap<String, String> {
    // Words and texts were said about another matter.
    let stays = |kind| !matches!(kind, SlotKind::Words | SlotKind::Text);
    let known = |name: &String| intent.file.slots.get(name).is_some_and(|it| stays(it.kind));
    state.slots.iter().filter(|(name, _)| known(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn missed(state: &State, now: &Circumstances<'_>, refused: bool) -> Decision {
    if now.misses_max <= state.n_misses + 1 {
        return Decision::HandOff { reason: Reason::Missed, rule: None };
    }
    Decision::Miss { refused }
}

/// The choice that a customer typed rather than tapped: its label, "the first one", "neither".
fn chosen_in_words(state: &State, text: &str) -> Option<String> {
    let said = bare(text);
    let place = match said.as_str() {
        "1" | "first" | "the first" | "the first one" | "first one" | "yes" | "yeah" | "yep" | "yes please" => Some(0),
        "2" | "second" | "the second" | "the second one" | "second one" => Some(1),
        _ => None,
    };
    if let Some(place) = place {
        return state.offered.get(place).map(|it| it.id.clone());
    }
    let no = [
        "no",
        "nope",
        "no thanks",
        "no thank you",
        "neither",
        "none",
        "neither of them",
        "none of these",
        "no neither",
    ];
    if no.contains(&said.as_str()) {
        return Some(SOMETHING_ELSE.to_owned());
    }
    state.offered.iter().find(|it| bare(&it.label) == said).map(|it| it.id.clone())
}
