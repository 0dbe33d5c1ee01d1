//! Decides what to do about what a customer said. Pure: the same input gives the same decision.

use std::collections::BTreeMap;

use crate::content::file::SlotKind;
use crate::content::language::Phrases;
use crate::content::{Content, Intent, SEND_ANOTHER_CODE};
use crate::conversation::{ASKS_CODE, ASKS_EMAIL, Choice, Guess, Owner, ReadAs, Reason, State, Verdict, normal};

pub mod language;
pub mod policy;
pub mod questions;
pub mod readings;
pub mod said;
pub mod slots;

use questions::Contrast;
pub use readings::exact::{may_rest_on, nearest as nearest_told};
pub use readings::follow_up::counting;
pub use readings::intents::{ACT_CONFIDENCE_MIN, may_be_offered};
use readings::{Looked, Reader, Reading};
use said::Said;
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

/// Topics that are gone on with once it is known who asks.
const GO_ON_MAX: usize = 2;

/// What a customer said in one turn, and what the classifier makes of it.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The words, several quick messages joined by line breaks.
    pub text: String,
    /// The id of the choice, where one was tapped.
    pub choice: Option<String>,
    /// What the message says that it isn't about, which is left out of the words where they say what it is about.
    pub contrast: Option<Contrast>,
    /// What the whole text means.
    pub guess: Guess,
    /// Its parts, where it falls into parts.
    pub parts: Vec<Part>,
    /// The urgency rules that are met by the text, or by it and what was said just before, by their places in the content.
    pub urgent: Vec<usize>,
    /// What the bot has told, where the text concludes something from it.
    pub told: Vec<Told>,
    /// The digest of the one-time code that was typed.
    pub code: Option<String>,
}

/// A sentence that the bot has told.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Its words.
    pub sentence: String,
    /// How near the customer's text comes to it: the cosine of their vectors.
    pub near: f32,
}

/// A part of a message that looks like a question or a request of its own.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Its words.
    pub text: String,
    /// What it means.
    pub guess: Guess,
    /// It asks or requests rather than tells.
    pub asks: bool,
    /// What the part before it means: it may lean on that.
    pub after: Option<String>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Answer these, in this order: one, or several questions in one message.
    Answer(Vec<Topic>),
    /// Answer these, and name the part of the message that has not been answered.
    AnswerPart {
        /// What is answered.
        topics: Vec<Topic>,
        /// What is not.
        left: Left,
    },
    /// Answer this, the likelier of two, and say what else may be meant.
    AnswerOr {
        /// What is answered.
        topic: Topic,
        /// The other intent or follow-up.
        other: String,
        /// Which of the two is open: it is asked in words, and not only there to tap.
        open: bool,
    },
    /// The customer has said yes: have it done that this intent's answer asks a yes for.
    Act(Topic),
    /// A yes to what ends something: it is done once the customer names it.
    AskToName,
    /// A person is wished for should something happen: that is promised, and nobody is called yet.
    PersonInCase,
    /// A yes to it that holds only if something else does, in these words: nothing is done.
    YesOnCondition {
        /// The whole message.
        words: String,
    },
    /// The customer has said no to it.
    Declined,
    /// Not now: it stays on offer.
    NotNow,
    /// A yes where several things are on offer: ask which.
    WhichOne,
    /// The answer before did not help: say it in another way, or get a person.
    AnotherWay,
    /// What the customer takes from the answer before is answered by what it said.
    AsSaid {
        /// The sentence that says it, or comes nearest to it.
        sentence: String,
        /// It says the same.
        agrees: bool,
    },
    /// What figures of the answer before come to.
    Sum {
        /// The arithmetic, as it is written: "£30.00 + £12.00 = £42.00".
        working: String,
        /// What it comes to in a year, where that is asked.
        per_year: Option<String>,
    },
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
    /// "Did you mean" one of these two or three intents.
    Offer {
        /// The likeliest.
        first: String,
        /// The next.
        second: String,
        /// One more, where it isn't unlikely.
        third: Option<String>,
    },
    /// Not understood: ask to say it again. `refused`: both choices of "did you mean" were wrong.
    Miss {
        /// Both choices of "did you mean" were wrong.
        refused: bool,
    },
    /// Not in our language: say so and offer a person.
    OtherLanguage,
    /// What was asked beside a wish for a person is answered, and a person gets it.
    AnswerThenPerson {
        /// What is answered.
        topics: Vec<Topic>,
        /// Why a person gets it.
        reason: Reason,
    },
    /// Understood as none of our business: say what we can do and offer a person.
    OutOfScope,
    /// A person must answer.
    HandOff {
        /// Why.
        reason: Reason,
        /// The urgency rule that says so, by its place in the content.
        rule: Option<usize>,
    },
    /// The customer asks for a person, or whether anybody is there, and waits for one already.
    AlreadyInQueue,
    /// The customer asks for a person and talks to one already.
    AlreadyWithPerson,
    /// Urgent words to a person who may not look just now: what to do first is said at once.
    UrgentWithPerson {
        /// The urgency rule that says so, by its place in the content.
        rule: usize,
    },
    /// A person has it or will have it: it is kept for them.
    LeaveToPeople,
    /// Forget what was talked about; the bot answers.
    StartOver,
    /// End the conversation.
    End,
}

/// A part of a message that is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its words.
    pub text: String,
    /// The intents and follow-ups that it may mean, the likeliest first; none where nothing is near.
    pub may_mean: Vec<String>,
    /// The likelier of two was answered for it, and `may_mean` is the other.
    pub likelier: bool,
}

/// One intent, or a follow-up of one, to answer, with what is known for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// The intent, or `intent.follow_up`.
    pub intent: String,
    /// The slots.
    pub slots: BTreeMap<String, String>,
    /// What is being talked about meanwhile, where it is a follow-up: the talk stays there.
    pub within: Option<String>,
}

/// A charge on the account that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCharge {
    /// Its amount in minor units.
    pub amount: i64,
    /// The bill's number.
    pub invoice: String,
    /// What it is called there.
    pub label: String,
    /// Its amount was said.
    pub by_amount: bool,
    /// Enough of its words were said.
    pub by_words: bool,
}

/// What the rules need to know besides the conversation.
pub struct Circumstances<'a> {
    /// What texts are read against: today, the currency, the customer's invoices.
    pub slots: SlotContext<'a>,
    /// Whether we know who the customer is.
    pub verified: bool,
    /// Misses in a row before a person gets it.
    pub misses_max: u32,
    /// People are there now, so that a hand-off that nobody asked for doesn't end in a long wait.
    pub people_are_there: bool,
    /// A visitor can prove who they are by a code.
    pub codes: bool,
    /// The charge on the account that the text names.
    pub charge: Option<NamedCharge>,
    /// The one charge by which the bill of some slots differs from the one before.
    pub only_cause: &'a dyn Fn(&BTreeMap<String, String>) -> Option<NamedCharge>,
    /// Whether a condition of the content holds for an intent and its slots.
    pub holds: &'a dyn Fn(&str, &BTreeMap<String, String>) -> bool,
    /// Whether an intent or a follow-up has an answer for these slots.
    pub answers: &'a dyn Fn(&Intent, &BTreeMap<String, String>) -> bool,
}

impl Circumstances<'_> {
    /// Nothing is known but the conversation itself.
    fn nothing() -> Self {
        Self {
            slots: SlotContext::nothing(),
            verified: true,
            misses_max: u32::MAX,
            people_are_there: false,
            codes: false,
            charge: None,
            only_cause: &|_| None,
            holds: &|_, _| false,
            answers: &|_, _| false,
        }
    }
}

/// Whether a tapped choice is one that the customer could see.
pub fn may_choose(content: &Content, state: &State, choice: &str) -> bool {
    matches!(choice, TALK_TO_HUMAN | START_OVER | END_CHAT)
        || state.offered.iter().any(|it| it.id == choice)
        || content.business.starters.iter().any(|it| it == choice)
}

/// Whether a message may say yes to what the bot's last one asks a yes for.
pub fn confirms(content: &Content, state: &State, choice: Option<&str>, text: &str) -> bool {
    match choice {
        Some(choice) => choice.starts_with(DO),
        None if state.confirms.is_none() => false,
        None => {
            let heard = Heard { text: text.to_owned(), ..Heard::default() };
            let readings = readings::all(content, state, &heard, &Circumstances::nothing());
            readings.iter().any(|it| matches!(it.decision, Decision::Act(_)))
        }
    }
}

/// What a message asks beside the yes that it says to what the bot's last one asks a yes for.
pub fn asked_beside_yes(content: &Content, state: &State, text: &str) -> Option<String> {
    let heard = Heard { text: text.to_owned(), ..Heard::default() };
    let said = Said::of(text, &content.language);
    let look = Looked { content, state, heard: &heard, said: &said, now: &Circumstances::nothing() };
    readings::yes_no::asked_beside(&look).map(|it| it.join(" ")).filter(|it| !it.is_empty())
}

/// The wish for what the bot's last answer leads to and what is asked behind it, where a message has both: "yes do that.
/// and is there a fee for it".
pub fn wish_and_question(content: &Content, state: &State, text: &str) -> Option<(String, String)> {
    if let Some(found) = place_and_question(content, state, text) {
        return Some(found);
    }
    let is_open = state.owner == Owner::Bot && state.asked.is_none() && !state.asked_which && state.confirms.is_none();
    let language = &content.language;
    let mut sentences = questions::sentences(text, language).into_iter();
    let wish = sentences.next().filter(|_| is_open && state.topic.is_some())?;
    let said = Said::of(&wish, language);
    let requests = || (0..said.words.len()).any(|at| 0 < language.requests.at_start(&said.words[at..]));
    let wishes = said.only() == Some(said::YesNo::Yes) && !said.but && requests();
    let rest: Vec<String> = sentences.collect();
    let asks = rest.iter().any(|it| questions::asks_within(it, language));
    (wishes && asks).then(|| (wish, rest.join(" ")))
}

/// Which of two or three it is, and what is asked behind it: "1st one. n the cap??".
fn place_and_question(content: &Content, state: &State, text: &str) -> Option<(String, String)> {
    let (_, from) = readings::choice::place_first(text, &content.language).filter(|_| state.asked_which)?;
    let (place, rest) = (text[..from - 1].trim(), text[from..].trim());
    questions::asks_somewhere(rest, &content.language).then(|| (place.to_owned(), rest.to_owned()))
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
    decide_and_tell(content, state, heard, now).0
}

/// The same, with the ways in which the words can be read, the likeliest first.
pub fn decide_and_tell(
    content: &Content,
    state: &State,
    heard: &Heard,
    now: &Circumstances<'_>,
) -> (Decision, Vec<ReadAs>) {
    if let Some(decision) = fixed(content, state, heard, now) {
        let read = Reading::new(Reader::Fixed, 1.0, "nothing to weigh", decision.clone());
        return (decision, vec![read.kept()]);
    }
    let readings = readings::all(content, state, heard, now);
    let told = readings::kept(&readings);
    let taken = readings.into_iter().next().map(|it| (it.decision, it.sure));
    let (decision, sure) = taken.unwrap_or((Decision::Miss { refused: false }, 0.0));
    let language = &content.language;
    let wants = |it: &String| {
        questions::asks_within(it, language) || questions::requests(it, language) || questions::asks_of_it(it, language)
    };
    let asks = questions::sentences(&heard.text, language).iter().any(wants);
    (settle(state, decision, sure, asks, now), told)
}

/// What has nothing to be weighed against: commands, urgent words, taps, the steps of the proof.
fn fixed(content: &Content, state: &State, heard: &Heard, now: &Circumstances<'_>) -> Option<Decision> {
    let urgent = heard.urgent.first().copied();
    let urgent = urgent.or_else(|| content.urgent_rule(&heard.text)).filter(|_| heard.choice.is_none());
    // Somebody who is at the front already isn't told the same again, but for what to do in danger.
    let again = |rule: &usize| content.urgent.rule.get(*rule).is_some_and(|it| it.each_time);
    let urgent = urgent.filter(|rule| !state.urgent || state.owner == Owner::Bot || again(rule));
    if let Some(rule) = urgent {
        return Some(match state.owner {
            Owner::Staff => Decision::UrgentWithPerson { rule },
            _ => Decision::HandOff { reason: Reason::Urgent, rule: Some(rule) },
        });
    }
    match command_in(content, heard) {
        Some(TALK_TO_HUMAN) => return Some(talk_to_human(state)),
        Some(START_OVER) => return Some(Decision::StartOver),
        Some(_) => return Some(Decision::End),
        None => {}
    }
    match state.owner {
        Owner::Staff | Owner::Nobody => return Some(Decision::LeaveToPeople),
        // Whoever waits and looks whether anybody is there hears how long it takes.
        Owner::Queue if content.language.anybody_there.is(&normal::words(&heard.text)) => {
            return Some(Decision::AlreadyInQueue);
        }
        Owner::Queue | Owner::Bot => {}
    }
    if let Some(decision) = decide_proof(content, state, heard, now) {
        return Some(decision);
    }
    let choice = heard.choice.as_deref()?;
    let said = Said::default();
    let look = Looked { content, state, heard, said: &said, now };
    // A choice that the content has dropped since: take the words for what they are.
    readings::choice::chosen(&look, choice).map(|it| settle(state, it, 1.0, true, now))
}

/// What a decision comes to where somebody waits for a person, or has not been understood before. `asks`: the message
/// asks or requests, and doesn't only tell.
fn settle(state: &State, decision: Decision, sure: f32, asks: bool, now: &Circumstances<'_>) -> Decision {
    if state.owner == Owner::Queue {
        return match decision {
            Decision::Miss { .. } | Decision::OutOfScope | Decision::OtherLanguage | Decision::AnotherWay => {
                Decision::LeaveToPeople
            }
            // In distress nobody is asked which of two it is: what was likely asked is answered.
            Decision::AnswerOr { topic, .. } if asks && state.urgent && !state.asked_which => {
                Decision::Answer(vec![topic])
            }
            // What is told is for the person; what is asked may be asked about.
            Decision::Offer { .. } | Decision::AnswerOr { .. } if !asks || state.urgent || state.asked_which => {
                Decision::LeaveToPeople
            }
            Decision::WhichOne => Decision::AlreadyInQueue,
            Decision::HandOff { reason: Reason::Missed | Reason::Content | Reason::Asked, .. } => {
                Decision::AlreadyInQueue
            }
            // Whoever waits writes for a person: a question back needs more than a likely meaning.
            Decision::Ask { again: false, .. } if sure < CLEARLY_ASKED && !asks => Decision::LeaveToPeople,
            // Who is in distress hears from the bot only what was clearly asked.
            decision
                if state.urgent
                    && !(asks && LIKELY_ASKED <= sure)
                    && sure < CLEARLY_ASKED
                    && !is_about_waiting(&decision) =>
            {
                Decision::LeaveToPeople
            }
            other => other,
        };
    }
    let misses = state.n_misses + 1;
    let gives_up = now.people_are_there && now.misses_max <= misses;
    match decision {
        Decision::Miss { .. } | Decision::OutOfScope | Decision::OtherLanguage if gives_up => {
            Decision::HandOff { reason: Reason::Missed, rule: None }
        }
        Decision::Ask { again: true, .. } if now.misses_max <= misses => match now.people_are_there {
            true => Decision::HandOff { reason: Reason::Missed, rule: None },
            false => Decision::Miss { refused: false },
        },
        // Asked back twice in a row: another question would be one too many.
        Decision::Offer { .. } if now.misses_max.max(2) <= misses => match gives_up {
            true => Decision::HandOff { reason: Reason::Missed, rule: None },
            false => Decision::Miss { refused: false },
        },
        other => other,
    }
}

/// Whether it answers something about the wait for a person.
fn is_about_waiting(decision: &Decision) -> bool {
    let own = |it: &Topic| it.intent.split('.').next() == Some(TALK_TO_HUMAN);
    readings::topics_of(decision).iter().any(own)
}

/// So sure is what was likely asked, in a message that asks.
const LIKELY_ASKED: f32 = 0.7;
/// So sure is what was clearly asked.
const CLEARLY_ASKED: f32 = 0.8;

/// What a wish for a person comes to.
fn talk_to_human(state: &State) -> Decision {
    match state.owner {
        Owner::Queue => Decision::AlreadyInQueue,
        Owner::Staff => Decision::AlreadyWithPerson,
        Owner::Bot | Owner::Nobody => Decision::HandOff { reason: Reason::Asked, rule: None },
    }
}

/// Another code goes where the one before went.
fn send_another_code(state: &State) -> Decision {
    let email = state.slots.get(CODE_EMAIL).cloned();
    email.map_or(Decision::AskEmail { again: false }, |email| Decision::SendCode { email })
}

/// The steps by which a visitor proves who they are; none where the turn is about something else.
fn decide_proof(content: &Content, state: &State, heard: &Heard, now: &Circumstances<'_>) -> Option<Decision> {
    let choice = heard.choice.as_deref();
    if now.verified {
        return proves(heard).then_some(Decision::GoOn);
    }
    match choice {
        Some(VERIFY_ME) => return Some(Decision::AskEmail { again: false }),
        Some(SEND_ANOTHER_CODE) => return Some(send_another_code(state)),
        Some(_) => return None,
        None => {}
    }
    if heard.code.is_some() {
        return Some(Decision::CheckCode);
    }
    let asked = state.asked.as_deref().filter(|it| matches!(*it, ASKS_EMAIL | ASKS_CODE));
    let email = || slots::read(SlotKind::Email, &heard.text, &now.slots);
    let is_on_offer = state.offered.iter().any(|it| it.id == SEND_ANOTHER_CODE);
    let about_code = if is_on_offer { about_the_code(content, heard) } else { None };
    if about_code == Some(AboutCode::Again) {
        return Some(send_another_code(state));
    }
    let Some(asked) = asked else { return wants_code(content, state, heard, now, email()) };
    if let Some(email) = email() {
        return Some(Decision::SendCode { email });
    }
    // Somebody who goes on to another question has it answered; the way back is a tap.
    if heard.guess.verdict == Verdict::Answer && about_code.is_none() {
        return None;
    }
    if now.misses_max <= state.n_misses + 1 {
        return now.people_are_there.then_some(Decision::HandOff { reason: Reason::Missed, rule: None });
    }
    Some(if asked == ASKS_CODE { Decision::AskCode } else { Decision::AskEmail { again: true } })
}

/// What is said of a code that is awaited.
#[derive(PartialEq, Eq)]
enum AboutCode {
    /// It is to be sent again.
    Again,
    /// It hasn't come.
    Missing,
}

fn about_the_code(content: &Content, heard: &Heard) -> Option<AboutCode> {
    let language = &content.language;
    let words = Said::of(&heard.text, language).words;
    // In a longer story it is about something else.
    if ADDRESS_WORDS_MAX < words.len() {
        return None;
    }
    let said = |phrases: &Phrases| phrases.find(&words).is_some();
    match (said(&language.code_again), said(&language.code_missing)) {
        (true, _) => Some(AboutCode::Again),
        (false, true) => Some(AboutCode::Missing),
        (false, false) => None,
    }
}

/// A visitor to whom a code was offered before asks for it in words, or types the address at once.
fn wants_code(
    content: &Content,
    state: &State,
    heard: &Heard,
    now: &Circumstances<'_>,
    email: Option<String>,
) -> Option<Decision> {
    if !now.codes || !state.code_offered {
        return None;
    }
    let said = Said::of(&heard.text, &content.language);
    if let Some(email) = email.filter(|_| said.words.len() <= ADDRESS_WORDS_MAX) {
        return Some(Decision::SendCode { email });
    }
    let label = normal::words(&content.sentences.button_verify_me);
    let names = said.names(&label) && label.iter().any(|it| said.matter.contains(it));
    (names && said.words.len() <= ADDRESS_WORDS_MAX).then_some(Decision::AskEmail { again: false })
}

/// An address with so many words around it is given to be used, and not told in a story; so is a word about the code.
const ADDRESS_WORDS_MAX: usize = 9;

/// Whether somebody says that what they were told is not what they meant: "no, I only asked …", "not the bill".
pub fn objects(content: &Content, text: &str) -> bool {
    let said = said::Said::of(text, &content.language);
    matches!(said.yes_no, Some(said::YesNo::No)) || said.corrects_from.is_some()
}

/// Whether a step towards knowing who the customer is was heard.
pub fn proves(heard: &Heard) -> bool {
    heard.code.is_some() || matches!(heard.choice.as_deref(), Some(VERIFY_ME | SEND_ANOTHER_CODE))
}

/// Goes on with what was asked, in these words, before the customer was known: answers it, or asks for what it needs.
pub fn go_on(content: &Content, topics: &[Topic], text: &str, now: &Circumstances<'_>) -> Option<Decision> {
    let mut known = Vec::new();
    for topic in topics.iter().take(GO_ON_MAX) {
        let Some(intent) = content.answering(&topic.intent) else { continue };
        let before = State { topic: Some(intent.name.clone()), slots: topic.slots.clone(), ..State::default() };
        // Read anew: only now it is known which bills there are.
        match readings::answer_or_ask(intent, readings::read_slots(intent, &before, text, now), now) {
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
    let words = &content.language;
    let commands =
        [(TALK_TO_HUMAN, &words.talk_to_human), (START_OVER, &words.start_over), (END_CHAT, &words.end_chat)];
    if let Some(choice) = &heard.choice {
        return commands.iter().map(|(id, _)| *id).find(|id| id == choice);
    }
    let said = normal::words(&heard.text);
    commands.iter().find(|(_, texts)| texts.is(&said)).map(|(id, _)| *id)
}
