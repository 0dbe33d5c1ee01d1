//! Somebody says what they did not ask about: what they wrote before is looked at again, without what it was taken for.

use super::listening::listen;
use super::{Outcome, TurnParts, take_heard};
use crate::conversation::{Did, Event, Message, NewEvent, Owner, Seq, State, Verdict, What};
use crate::feedback;
use crate::rules::{Heard, questions};
use crate::store::StoreError;

/// What comes of it; nothing where the words say more than that, or where nothing else comes near.
pub(super) async fn look_again(
    parts: &TurnParts,
    state: &State,
    recent: &[Event],
    seq: Seq,
    text: &str,
) -> Result<Option<Outcome>, StoreError> {
    let only_denies = questions::contrast(text, &parts.content.language).is_some_and(|it| it.meant.is_none());
    let is_open = state.owner == Owner::Bot && state.asked.is_none();
    let Some(topic) = state.topic.as_ref().filter(|_| only_denies && is_open) else { return Ok(None) };
    let Some((before_seq, before)) = feedback::last_said(recent, seq) else { return Ok(None) };
    let state = without_topic(state);
    let before = [(before_seq, before.clone())];
    let (mut heard, looked) = listen(parts, &state, recent, &before, &before[0].1).await;
    leave_out(&mut heard, topic);
    let mut outcome = take_heard(parts, &state, recent, seq, &heard, looked).await?;
    if !outcome.events.iter().all(is_about_something) {
        return Ok(None);
    }
    if let Some(NewEvent { what: What::Message(message), .. }) = outcome.events.first_mut()
        && is_answer(message)
    {
        message.text = format!("{} {}", parts.content.sentences.taken_wrong, message.text);
    }
    Ok(Some(outcome))
}

/// Where the talk was before it came to its topic, with nothing on offer.
fn without_topic(state: &State) -> State {
    let mut state = state.clone();
    let earlier = (!state.earlier.is_empty()).then(|| state.earlier.remove(0)).unzip();
    (state.topic, state.slots) = (earlier.0, earlier.1.unwrap_or_default());
    (state.offered, state.confirms, state.or) = (Vec::new(), None, None);
    state
}

/// Takes a topic, and all that can be asked within it, out of what words may mean.
fn leave_out(heard: &mut Heard, topic: &str) {
    let is_other = |name: &str| name.split('.').next() != Some(topic);
    let guess = &mut heard.guess;
    let was_best = guess.best().is_some_and(|it| !is_other(&it.intent));
    guess.ranked.retain(|it| is_other(&it.intent));
    guess.within.retain(|it| is_other(&it.intent));
    // What is left was second: it is asked about.
    if was_best && guess.verdict == Verdict::Answer {
        guess.verdict = Verdict::AskBack;
    }
    heard.parts.clear();
    heard.urgent.clear();
}

/// Whether an event answers or asks about something, and does no more.
fn is_about_something(event: &NewEvent) -> bool {
    let says = |it: &Message| {
        it.step.as_ref().is_some_and(|it| it.confirms.is_none() && matches!(it.did, Did::Answered | Did::Offered))
    };
    matches!(&event.what, What::Message(message) if says(message))
}

fn is_answer(message: &Message) -> bool {
    message.step.as_ref().is_some_and(|it| it.did == Did::Answered)
}
