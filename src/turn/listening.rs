//! What a message says before anything is decided: urgent words, what the classifier makes of it and of its parts, and what
//! it may conclude from.

use jiff::{SignedDuration, Timestamp};

use super::{TurnParts, handing_off, step};
use crate::answers::Speaker;
use crate::classifier::Classifier;
use crate::content::Content;
use crate::content::language::Language;
use crate::conversation::{
    Candidate, Did, Event, Message, NewEvent, Owner, OwnerChange, Reason, Sender, Seq, State, Verdict, What,
};
use crate::rules::questions::{self, Contrast};
use crate::rules::said::{Said, YesNo};
use crate::rules::{self, Heard, Part, Told};

/// The urgency rules that are met by what was said, or by it together with what was said just before: "there is a smell
/// of", "gas in my flat". What met a rule by itself before has been heard.
fn urgent_in(parts: &TurnParts, recent: &[Event], unanswered: &[(Seq, Message)], text: &str) -> Vec<usize> {
    let content = &parts.content;
    let now = content.urgent_rules(text);
    let since = (parts.now - JUST_BEFORE_MAX).as_millisecond();
    let first = unanswered.first().map_or(Seq::MAX, |it| it.0);
    let said = |it: &Event| match (&it.what, it.from) {
        (What::Message(message), Sender::Customer) if message.choice.is_none() => Some(message.text.clone()),
        _ => None,
    };
    let before = recent.iter().rev().filter(|it| it.seq < first && since <= it.at_ms).find_map(said);
    let Some(before) = before.filter(|_| now.is_empty()) else { return now };
    let heard = content.urgent_rules(&before);
    let together = content.urgent_rules(&format!("{before} {text}"));
    together.into_iter().filter(|it| !heard.contains(it)).collect()
}

/// What was said no longer ago than this may go on with what is said now.
const JUST_BEFORE_MAX: SignedDuration = SignedDuration::from_mins(2);

/// What is said and done at once about urgent words that stand where nobody answers, in the comment to a rating; nothing
/// where there are none.
pub fn about_urgent_words(content: &Content, state: &State, now: Timestamp, text: &str) -> Vec<NewEvent> {
    let rules = content.urgent_rules(text);
    let Some(first) = rules.first() else { return Vec::new() };
    let today = now.to_zoned(content.hours.time_zone.clone()).date();
    let speaker = Speaker::new(content, None, &[], false, today, text);
    let Ok(text) = handing_off::what_to_do_first(content, &speaker, *first, &rules) else { return Vec::new() };
    let is_with_person = state.owner == Owner::Staff;
    let (from, step) = if is_with_person { (Sender::System, None) } else { (Sender::Bot, Some(step(Did::HandedOff))) };
    let what = What::Message(Message { text, step, ..Message::default() });
    let change = OwnerChange {
        owner: if is_with_person { Owner::Staff } else { Owner::Queue },
        epoch: state.epoch + 1,
        staff: state.staff.clone().filter(|_| is_with_person),
        reason: Reason::Urgent,
        urgent: true,
    };
    let name = state.staff_name.clone().filter(|_| is_with_person);
    vec![NewEvent { from, name: None, what }, NewEvent { from: Sender::System, name, what: What::Owner(change) }]
}

/// What was said, and what the classifier makes of it. `false`: it could not look.
pub(super) async fn listen(
    parts: &TurnParts,
    state: &State,
    recent: &[Event],
    unanswered: &[(Seq, Message)],
    last: &Message,
) -> (Heard, bool) {
    if last.choice.is_some() {
        return (Heard { choice: last.choice.clone(), ..Heard::default() }, true);
    }
    let texts: Vec<&str> = unanswered.iter().filter(|it| it.1.choice.is_none()).map(|it| it.1.text.as_str()).collect();
    let code = unanswered.iter().rev().find_map(|it| it.1.code.clone());
    let mut heard = Heard { text: texts.join("\n"), code, ..Heard::default() };
    heard.urgent = urgent_in(parts, recent, unanswered, &heard.text);
    if heard.code.is_some() {
        return (heard, true);
    }
    let Some(classifier) = parts.classifier.as_ref().filter(|_| state.owner != Owner::Staff) else {
        return (heard, state.owner != Owner::Bot);
    };
    let language = &parts.content.language;
    heard.contrast = questions::contrast(&heard.text, language).filter(|it| stands_alone(state, it, language));
    if let Some(meant) = heard.contrast.as_ref().and_then(|it| it.meant.clone()) {
        heard.text = meant;
    }
    let counting = rules::counting(&parts.content, state);
    let meant = questions::meant(&heard.text, language);
    match classifier.guess_within(&meant, &counting).await {
        Ok(guess) => heard.guess = guess,
        Err(error) => {
            tracing::warn!(%error, "the classifier could not look at a message");
            return (heard, false);
        }
    }
    heard.told = told(parts, classifier, state, recent, &heard.text).await;
    // What is beyond doubt for the whole is what its parts are about.
    let whole = heard.guess.best().filter(|it| heard.guess.verdict == Verdict::Answer && BEYOND_DOUBT <= it.confidence);
    let leads_on = |it: &&Candidate| {
        let intent = parts.content.intents.get(&it.intent);
        intent.is_some_and(|it| !it.file.small_talk && !it.file.gives_way && !it.file.suggestion)
    };
    let whole = whole.filter(leads_on).map(|it| it.intent.clone());
    let mut after: Option<String> = whole.clone();
    for text in questions::parts(&meant, language) {
        let mut counting = counting.clone();
        counting.extend(after.iter().flat_map(|it| parts.content.follow_ups_in(it)).map(|it| it.intent.name.as_str()));
        // A part that cannot be looked at is left to the whole.
        if let Ok(guess) = classifier.guess_within(&text, &counting).await {
            let asks = questions::asks_somewhere(&text, language);
            // What is only told within a topic begins no other.
            let leads = guess.verdict == Verdict::Answer && (asks || state.topic.is_none());
            let means = guess.best().filter(|_| leads).map(|it| it.intent.clone());
            heard.parts.push(Part { text, guess, asks, after: after.clone() });
            after = whole.clone().or(means).or(after);
        }
    }
    (heard, true)
}

/// Whether what is meant can be read without what isn't. "Not that payment, the one before" needs both; and what is done is
/// decided by the whole message: "I didn't say no, I said yes".
fn stands_alone(state: &State, contrast: &Contrast, language: &Language) -> bool {
    let Some(meant) = &contrast.meant else { return true };
    let said = Said::of(meant, language);
    let agrees = state.confirms.is_some() && said.yes_no == Some(YesNo::Yes);
    let points = [&language.turns_to, &language.other, &language.before, &language.after];
    let only_points =
        said.words.iter().all(|it| language.thin.contains(it) || points.iter().any(|words| words.has_word(it)));
    !agrees && !only_points
}

/// So sure of the whole of a message, its parts are read within that.
const BEYOND_DOUBT: f32 = 0.93;

/// Messages of the bot from which somebody still concludes something.
const CONCLUDED_FROM_MAX: usize = 3;

/// What the bot has told not long ago, and how near a text comes to each sentence of it, where it concludes something.
async fn told(parts: &TurnParts, classifier: &Classifier, state: &State, recent: &[Event], text: &str) -> Vec<Told> {
    let mut told = Vec::new();
    for event in recent.iter().rev().filter(|it| it.from == Sender::Bot) {
        match &event.what {
            What::Message(Message { text, step: Some(step), .. }) if step.did == Did::Answered => {
                told.push(text.as_str())
            }
            What::Receipt(receipt) => told.push(receipt.text.as_str()),
            _ => {}
        }
        // What was told before something was done may not be so any more.
        if matches!(event.what, What::Receipt(_)) || told.len() == CONCLUDED_FROM_MAX {
            break;
        }
    }
    // What was told to a customer isn't repeated while it isn't known any more who writes.
    if state.lapsed.is_some() {
        told.clear();
    }
    let sentences = rules::may_rest_on(&parts.content.language, state, &told, text);
    // What can't be looked at is left to the other readers.
    let nearness = classifier.nearness(text, &sentences).await.unwrap_or_default();
    sentences.into_iter().zip(nearness).map(|(sentence, near)| Told { sentence, near }).collect()
}
