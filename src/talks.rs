//! Runs the talks that stand in the content: real classifier, real rules, demo billing data, no store.

pub mod figures;

use jiff::civil::DateTime;

use std::sync::Arc;

use crate::actions::Actions;
use crate::billing::Billing;
use crate::billing::demo::Demo;
use crate::classifier::Classifier;
use crate::content::Content;
use crate::content::file::{TalkFile, TalkStep};
use crate::conversation::{
    Card, Choice, ConversationId, CustomerId, Did, Event, Message, NewEvent, Owner, Receipt, Sender, Seq, State, What,
};
use crate::handoff::{self, Line};
use crate::rules;
use crate::store::StoreError;
use crate::turn::{self, Outcome, Parts};
use figures::Tally;

/// When a talk takes place that doesn't say: a Tuesday within the opening hours.
const AT: &str = "2026-06-16T10:00";
/// Misses in a row before a person gets it, as the settings have it by default.
const MISSES_MAX: u32 = 2;

/// One talk of the content.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The intent in whose file it stands.
    pub intent: String,
    /// `stage/intent: name`.
    pub title: String,
    /// What is said and what must follow.
    pub file: TalkFile,
}

/// All talks of the content, sorted by title.
pub fn all(content: &Content) -> Vec<Talk> {
    let mut talks: Vec<Talk> = Vec::new();
    for intent in content.intents.values() {
        for file in &intent.file.talk {
            let title = format!("{}/{}: {}", intent.stage, intent.name, file.name);
            talks.push(Talk { intent: intent.name.clone(), title, file: file.clone() });
        }
    }
    talks.sort_by(|one, other| one.title.cmp(&other.title));
    talks
}

/// Runs one talk. What went otherwise than written is the error; a known failure that passes is one too.
pub async fn run(content: &Arc<Content>, classifier: &Classifier, talk: &Talk) -> Result<Tally, String> {
    let result = play(content, classifier, &talk.file).await;
    match (result, talk.file.known_failure) {
        (Err(_), true) => Ok(Tally::default()),
        (Ok(_), true) => Err("it is marked `known_failure` and passes: take the mark out".to_owned()),
        (result, false) => result,
    }
}

/// A conversation in memory.
struct Stage {
    parts: Parts,
    state: State,
    events: Vec<Event>,
    n_answered: usize,
}

async fn play(content: &Arc<Content>, classifier: &Classifier, talk: &TalkFile) -> Result<Tally, String> {
    let at: DateTime = talk.at.as_deref().unwrap_or(AT).parse().map_err(|error| format!("`at` is no time: {error}"))?;
    let at = at.to_zoned(content.hours.time_zone.clone()).map_err(|error| format!("`at` is no time: {error}"))?;
    let line = Line { minutes_each: content.hours.minutes_per_conversation, n_staff: 1, ..Line::default() };
    let wait = |place| handoff::wait(content, at.timestamp(), &line, place);
    let billing: Arc<dyn Billing> = Arc::new(Demo::on(at.date()));
    let parts = Parts {
        content: Arc::clone(content),
        classifier: Some(Arc::new(classifier.clone())),
        actions: Arc::new(Actions::in_memory(Arc::clone(&billing))),
        billing,
        conversation: ConversationId::new("talk"),
        locale: None,
        now: at.timestamp(),
        wait: wait(Some(1)),
        wait_if_queued: wait(Some(1)),
        wait_if_urgent: wait(Some(1)),
        misses_max: MISSES_MAX,
        settle_max: jiff::SignedDuration::MAX,
        codes: None,
    };
    let mut stage = Stage { parts, state: State::default(), events: Vec::new(), n_answered: 0 };
    if let Some(account) = &talk.account {
        if crate::billing::demo::account(account, at.date()).is_none() {
            return Err(format!("there is no demo customer `{account}`"));
        }
        stage.keep(Sender::System, What::Verified { customer: CustomerId::new(account.clone()) });
    }
    let mut outcome = Outcome::default();
    let mut tally = Tally::default();
    for (index, step) in talk.steps.iter().enumerate() {
        let said = match (&step.customer, &step.taps) {
            (Some(text), _) => Some(Message { text: text.clone(), ..Message::default() }),
            (None, Some(choice)) => Some(stage.tap(choice).map_err(|fault| format!("step {}: {fault}", index + 1))?),
            (None, None) => None,
        };
        if let Some(message) = said {
            tally.customer(message.choice.is_some());
            stage.keep(Sender::Customer, What::Message(message));
            outcome = stage.answer().await.map_err(|error| format!("step {}: {error}", index + 1))?;
            tally.reply(content, &outcome);
        }
        check(step, &outcome, &stage)
            .map_err(|fault| format!("step {}: {fault}\n{}", index + 1, stage.transcript()))?;
    }
    Ok(tally)
}

impl Stage {
    fn keep(&mut self, from: Sender, what: What) {
        let event = Event { seq: self.state.seq + 1, at_ms: 0, from, name: None, what };
        self.state.apply(&event);
        self.events.push(event);
    }

    fn tap(&self, choice: &str) -> Result<Message, String> {
        let content = &self.parts.content;
        if !rules::may_choose(content, &self.state, choice) {
            return Err(format!("`{choice}` is not there to tap"));
        }
        let text = rules::label_of(content, &self.state, choice);
        Ok(Message { text, choice: Some(choice.to_owned()), ..Message::default() })
    }

    async fn answer(&mut self) -> Result<Outcome, StoreError> {
        let unanswered: Vec<(Seq, Message)> = (self.events.iter().skip(self.n_answered))
            .filter_map(|it| match (&it.what, it.from) {
                (What::Message(message), Sender::Customer) => Some((it.seq, message.clone())),
                _ => None,
            })
            .collect();
        let outcome = turn::take(&self.parts, &self.state, &self.events, &unanswered).await?;
        for NewEvent { from, what, .. } in outcome.events.clone() {
            self.keep(from, what);
        }
        self.n_answered = self.events.len();
        Ok(outcome)
    }

    fn transcript(&self) -> String {
        let line = |event: &Event| match &event.what {
            What::Message(message) => {
                let choices: Vec<&str> = message.choices.iter().map(|it| it.id.as_str()).collect();
                Some(format!("    {:?}: {} {choices:?}", event.from, message.text.replace('\n', " / ")))
            }
            What::Owner(change) => Some(format!("    -> {} ({})", change.owner.as_str(), change.reason.as_str())),
            What::Receipt(receipt) => Some(format!("    receipt: {} {:?}", receipt.text, receipt.undo)),
            _ => None,
        };
        self.events.iter().filter_map(line).collect::<Vec<_>>().join("\n")
    }
}

fn check(step: &TalkStep, outcome: &Outcome, stage: &Stage) -> Result<(), String> {
    let messages: Vec<&Message> = (outcome.events.iter())
        .filter_map(|it| match &it.what {
            What::Message(message) => Some(message),
            _ => None,
        })
        .collect();
    let said = one_line(&messages.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join("\n"));
    let receipts: Vec<&Receipt> = (outcome.events.iter())
        .filter_map(|it| match &it.what {
            What::Receipt(receipt) => Some(receipt),
            _ => None,
        })
        .collect();
    let choices: Vec<&Choice> =
        messages.iter().flat_map(|it| &it.choices).chain(receipts.iter().flat_map(|it| &it.choices)).collect();
    let steps: Vec<_> = messages.iter().filter_map(|it| it.step.as_ref()).collect();
    for text in step.says.iter().flat_map(|it| it.all()) {
        if !said.contains(&one_line(text)) {
            return Err(format!("it doesn't say `{text}`"));
        }
    }
    for text in step.says_not.iter().flat_map(|it| it.all()) {
        if said.contains(&one_line(text)) {
            return Err(format!("it says `{text}`"));
        }
    }
    for id in step.offers.iter().flatten() {
        if !choices.iter().any(|it| it.id == *id) {
            return Err(format!("it doesn't offer `{id}`"));
        }
    }
    if let Some(slot) = &step.asks
        && !steps.iter().any(|it| it.asks.as_ref() == Some(slot))
    {
        return Err(format!("it doesn't ask for `{slot}`"));
    }
    if let Some(intents) = &step.did_you_mean {
        let offered = steps.iter().any(|it| it.did == Did::Offered);
        if !offered || !intents.iter().all(|id| choices.iter().any(|it| it.id == *id)) {
            return Err(format!("it doesn't ask whether {intents:?} is meant"));
        }
    }
    if let Some(intent) = &step.understood {
        let guessed = outcome.understood.iter().filter_map(|it| it.1.best()).any(|it| it.intent == *intent);
        if !guessed && !steps.iter().any(|it| it.intent.as_ref() == Some(intent)) {
            let guesses: Vec<_> = outcome.understood.iter().map(|it| &it.1.ranked).collect();
            return Err(format!("it isn't understood as `{intent}`, but {guesses:?}"));
        }
    }
    for text in step.card.iter().flat_map(|it| it.all()) {
        let cards = messages.iter().filter_map(|it| it.card.as_ref()).map(words_of);
        if !cards.into_iter().any(|it| it.contains(text.as_str())) {
            return Err(format!("no card says `{text}`"));
        }
    }
    for text in step.receipt.iter().flat_map(|it| it.all()) {
        let words = |it: &&&Receipt| one_line(&[it.text.as_str(), it.undo.as_deref().unwrap_or("")].join(" "));
        if !receipts.iter().any(|it| words(&it).contains(&one_line(text))) {
            return Err(format!("no receipt says `{text}`"));
        }
    }
    if let Some(hands_off) = step.hands_off
        && (stage.state.owner == Owner::Queue) != hands_off
    {
        return Err(format!("hands_off is {}", !hands_off));
    }
    if let Some(urgent) = step.urgent {
        let is = outcome.events.iter().any(|it| matches!(&it.what, What::Owner(change) if change.urgent));
        if is != urgent {
            return Err(format!("urgent is {is}"));
        }
    }
    if let Some(why) = &step.records
        && !outcome.questions.iter().any(|it| it.why.as_str() == why)
    {
        return Err(format!("no question is recorded as `{why}`"));
    }
    Ok(())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words_of(card: &Card) -> String {
    let mut words = vec![card.title.clone()];
    for row in card.rows.iter().chain(&card.total) {
        let parts = [Some(&row.label), row.detail.as_ref(), row.amount.as_ref(), row.mark.as_ref()];
        words.push(parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "));
    }
    words.extend(card.note.clone());
    words.join("\n")
}
