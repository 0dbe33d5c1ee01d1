//! One turn: what the customer said → guess → decide → answer, ask, do or hand off. What is said is not kept here.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::actions::{Actions, Paper};
use crate::answers::{Speaker, facts};
use crate::billing::{Account, Billing, BillingError, Changed, Plan};
use crate::classifier::Classifier;
use crate::content::Content;
use crate::conversation::{
    ConversationId, CustomerId, Did, Event, Guess, Message, NewEvent, Owner, ReadAs, Reason, Sender, Seq, State, Step,
    What,
};
use crate::handoff;
use crate::identity::codes::Codes;
use crate::mail::Letter;
use crate::rules::policy::Past;
use crate::rules::slots::SlotContext;
use crate::rules::{self, Circumstances, Decision, Heard};
use crate::store::{CodeChange, NewPromise, NewQuestion, StoreError};

mod again;
mod deeds;
mod handing_off;
mod listening;
mod proof;
mod reply;
mod said_before;
mod settle;
mod staying;
mod taken_wrong;
mod told_colleague;

pub use listening::about_urgent_words;
pub use settle::{letter_lost, settle};

use listening::listen;
use proof::{AskedBefore, Proof};
use reply::Reply;

/// What a turn works with.
pub struct TurnParts {
    /// What we know to answer.
    pub content: Arc<Content>,
    /// What is meant; absent while the model is missing.
    pub classifier: Option<Arc<Classifier>>,
    /// The customers' own facts.
    pub billing: Arc<dyn Billing>,
    /// The language tag of the customer's browser.
    pub locale: Option<String>,
    /// What changes something for them.
    pub actions: Arc<Actions>,
    /// Where it is said.
    pub conversation: ConversationId,
    /// Now.
    pub now: Timestamp,
    /// What can be said about waiting, where the conversation waits already.
    pub wait: handoff::Wait,
    /// The same if it were handed off now.
    pub wait_if_queued: handoff::Wait,
    /// The same if it were handed off as urgent.
    pub wait_if_urgent: handoff::Wait,
    /// Misses in a row before a person gets it.
    pub misses_max: u32,
    /// Billing is asked for so long what came of something; then a person looks.
    pub settle_max: SignedDuration,
    /// How long a code shows who a customer is.
    pub verified_for: SignedDuration,
    /// How this conversation's customer can prove who they are by e-mail; none where letters reach nobody.
    pub codes: Option<CodesHere>,
}

/// One-time codes, in one conversation.
pub struct CodesHere {
    /// All of them.
    pub codes: Arc<Codes>,
    /// The network address that the customer wrote from.
    pub network: String,
}

/// What a turn wants to be kept.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The bot's words and changes of owner, in order.
    pub events: Vec<NewEvent>,
    /// What each of the customer's messages was taken for.
    pub understood: Vec<(Seq, Guess)>,
    /// What could not be answered well.
    pub questions: Vec<NewQuestion>,
    /// When somebody will answer by.
    pub promise: Option<NewPromise>,
    /// What becomes of the conversation's one-time code.
    pub code: Option<CodeChange>,
    /// The keys of actions whose end is told.
    pub tells: Vec<String>,
    /// What is to be sent once all of this is kept.
    pub letter: Option<Letter>,
    /// Only the messages up to this one are answered; all, when absent.
    pub answered: Option<Seq>,
    /// Answers to what was asked, and those with facts of the customer's own account.
    pub n_answers: u32,
    /// See `n_answers`.
    pub n_own: u32,
}

impl Outcome {
    /// Whoever waits for a person isn't offered one.
    fn offer_no_person(&mut self) {
        if self.events.iter().any(|it| matches!(it.what, What::Owner(_))) {
            return;
        }
        for event in &mut self.events {
            if let What::Message(message) = &mut event.what {
                message.choices.retain(|it| it.id != rules::TALK_TO_HUMAN);
            }
        }
    }

    /// With what came of the rest of the same message.
    fn go_on(&mut self, rest: Self) {
        self.events.extend(rest.events);
        self.understood.extend(rest.understood);
        self.questions.extend(rest.questions);
        self.tells.extend(rest.tells);
        self.promise = rest.promise.or(self.promise.take());
        self.code = rest.code.or(self.code.take());
        self.letter = rest.letter.or(self.letter.take());
        self.n_answers += rest.n_answers;
        self.n_own += rest.n_own;
    }
}

/// The state once these have been kept.
fn after(state: &State, events: &[NewEvent]) -> State {
    let mut state = state.clone();
    for NewEvent { from, name, what } in events.iter().cloned() {
        state.apply(&Event { seq: state.seq + 1, at_ms: 0, from, name, what });
    }
    state
}

/// Takes one turn over what the customer has said and nobody has answered. `recent` ends with it.
///
/// What the customer has said yes to is done here, and written down with it: a turn that is taken again after a crash
/// finds it and says the same. An error means that it could not be written down, and that nothing was done.
pub async fn take(
    parts: &TurnParts,
    state: &State,
    recent: &[Event],
    unanswered: &[(Seq, Message)],
) -> Result<Outcome, StoreError> {
    let unanswered = since_the_bot_spoke(state, recent, unanswered);
    let counting: Vec<(Seq, Message)> =
        unanswered.iter().filter(|(seq, message)| !is_over(recent, *seq, message)).cloned().collect();
    if counting.is_empty() && !unanswered.is_empty() {
        return Ok(said_once(parts));
    }
    let unanswered = counting.as_slice();
    let whose = state.customer.is_some();
    let state = &state.at(parts.now.as_millisecond());
    let (Some((first, _)), Some((last, _))) = (unanswered.first(), unanswered.last()) else {
        return Ok(Outcome::default());
    };
    // What was begun in their name is told whatever they have shown meanwhile.
    if whose && let Some(begun) = parts.actions.begun_by(&parts.conversation, *first, *last).await? {
        return settle::finish(parts, state, recent, begun).await;
    }
    // A yes has a turn of its own: what was said after it is about what came of it.
    let yes =
        unanswered.iter().position(|it| rules::confirms(&parts.content, state, it.1.choice.as_deref(), &it.1.text));
    let end = yes.filter(|it| unanswered[*it].1.choice.is_some()).map_or(unanswered.len(), |it| it + 1);
    let (unanswered, rest) = unanswered.split_at(end);
    let Some((seq, last)) = unanswered.last() else { return Ok(Outcome::default()) };
    // A no may be to something that is begun: nobody else sees to it meanwhile.
    let _alone = match &state.customer {
        Some(customer) if yes.is_some() || state.confirms.is_some() => Some(parts.actions.alone(customer).await),
        _ => None,
    };
    if let [(_, only)] = unanswered
        && only.choice.is_none()
        && parts.content.urgent_rule(&only.text).is_none()
        && let Some((wish, question)) = rules::wish_and_question(&parts.content, state, &only.text)
    {
        let mut outcome = hear_and_take(parts, state, recent, *seq, wish).await?;
        let state = after(state, &outcome.events);
        outcome.go_on(hear_and_take(parts, &state, recent, *seq, question).await?);
        return Ok(outcome);
    }
    if let [(_, only)] = unanswered
        && only.choice.is_none()
        && let Some(outcome) = taken_wrong::look_again(parts, state, recent, *seq, &only.text).await?
    {
        return Ok(outcome);
    }
    let (heard, looked) = listen(parts, state, recent, unanswered, last).await;
    let mut outcome = take_heard(parts, state, recent, *seq, &heard, looked).await?;
    if outcome.events.iter().any(|it| matches!(it.what, What::Receipt(_)))
        && let Some(asked) = rules::asked_beside_yes(&parts.content, state, &heard.text)
    {
        // What was asked beside the yes is about what came of it.
        let state = after(state, &outcome.events);
        outcome.go_on(hear_and_take(parts, &state, recent, *seq, asked).await?);
    }
    outcome.answered = (!rest.is_empty()).then_some(*seq);
    Ok(outcome)
}

/// Takes a turn over some words of a message alone.
async fn hear_and_take(
    parts: &TurnParts,
    state: &State,
    recent: &[Event],
    seq: Seq,
    text: String,
) -> Result<Outcome, StoreError> {
    let message = Message { text, ..Message::default() };
    let (heard, looked) = listen(parts, state, recent, &[(seq, message.clone())], &message).await;
    take_heard(parts, state, recent, seq, &heard, looked).await
}

/// Whether a tap was for something that has been done since it came in: a finger that taps three times means it once,
/// and by then the same place may offer to undo it.
fn is_over(recent: &[Event], seq: Seq, message: &Message) -> bool {
    let is_act = message.choice.as_deref().is_some_and(|it| it.starts_with(rules::DO));
    let is_done = |it: &Event| seq < it.seq && it.from == Sender::Bot && matches!(it.what, What::Receipt(_));
    is_act && recent.iter().any(is_done)
}

fn said_once(parts: &TurnParts) -> Outcome {
    let today = parts.now.to_zoned(parts.content.hours.time_zone.clone()).date();
    let speaker = Speaker::new(&parts.content, None, &[], false, today, "");
    let text = speaker.sentence(&parts.content.sentences.tapped_again, Default::default()).unwrap_or_default();
    let message = Message { text, step: Some(step(Did::Talked)), ..Message::default() };
    let said = NewEvent { from: Sender::Bot, name: None, what: What::Message(message) };
    Outcome { events: vec![said], ..Outcome::default() }
}

/// While somebody waits for a person all that they write stays unanswered, and the bot looks at each message once: what
/// came before its last word has had its turn.
fn since_the_bot_spoke<'a>(state: &State, recent: &[Event], unanswered: &'a [(Seq, Message)]) -> &'a [(Seq, Message)] {
    if state.owner != Owner::Queue {
        return unanswered;
    }
    let spoke = recent.iter().rev().find(|it| it.from == Sender::Bot).map_or(0, |it| it.seq);
    &unanswered[unanswered.partition_point(|it| it.0 < spoke)..]
}

/// Takes one turn over something that was heard up to `seq`. `looked`: the classifier could look at it.
pub async fn take_heard(
    parts: &TurnParts,
    state: &State,
    recent: &[Event],
    seq: Seq,
    heard: &Heard,
    looked: bool,
) -> Result<Outcome, StoreError> {
    let since_paying = since_paying_began(parts, recent);
    let may_be_paying = since_paying.is_some();
    let known = Known::look(parts, state, may_be_paying || says_paid(parts, heard)).await?;
    let account = known.account();
    let before = match rules::proves(heard) {
        true => AskedBefore::find(&parts.content, recent),
        false => AskedBefore::default(),
    };
    let pays_later = !says_paid(parts, heard) && speaks_of_paying_later(parts, since_paying.unwrap_or_default(), heard);
    // Once it is known who asked, the question is the one from before.
    let text = if known.verified && !before.text.is_empty() { &before.text } else { &heard.text };
    let speaker = known
        .speaker(parts, text)
        .after(state.last_said.as_deref())
        .with_wait(words_of(parts, state, wait_now(parts, state)))
        .to_a_stranger(!known.verified && is_stranger(parts, recent, heard))
        .while_paying(may_be_paying && !told_of_paying(parts, recent) && !pays_later);
    let (decision, then, readings) = decide(parts, state, heard, looked, &known, &speaker, &before);
    let proof = Proof::take(parts, &decision, heard).await;
    if let Some(Proof::Right { customer, change }) = &proof
        && state.lapsed.as_ref().is_none_or(|it| it == customer)
    {
        return go_on_as(parts, state, recent, seq, heard, customer.clone(), change.clone()).await;
    }
    let mut reply = Reply {
        parts,
        state,
        recent,
        seq,
        heard,
        speaker: &speaker,
        account,
        pages: BTreeMap::new(),
        ran: BTreeMap::new(),
        outcome: Outcome::default(),
        readings,
    };
    if looked && state.owner != Owner::Staff && heard.choice.is_none() && heard.code.is_none() {
        reply.outcome.understood.push((seq, heard.guess.clone()));
    }
    let paper = Paper { content: &parts.content, account, style: speaker.style() };
    let prepared = reply.prepare(then.as_ref().unwrap_or(&decision), &paper).await?;
    let said = prepared.and_then(|()| match (&proof, &decision) {
        (Some(proof), _) => reply.say_proof(proof),
        (None, Decision::GoOn) => reply.go_on(then.as_ref(), known.is_down()),
        (None, decision) => reply.say(decision, known.is_down()),
    });
    if let Err(error) = said {
        reply.break_off(&error);
    }
    if state.owner == Owner::Queue {
        reply.outcome.offer_no_person();
    }
    Ok(reply.outcome)
}

/// What is to be done, and where the customer is only now known, what is to be said to the question from before.
fn decide(
    parts: &TurnParts,
    state: &State,
    heard: &Heard,
    looked: bool,
    known: &Known,
    speaker: &Speaker<'_>,
    before: &AskedBefore,
) -> (Decision, Option<Decision>, Vec<ReadAs>) {
    let listed = known.account().map_or(&[][..], |it| &it.invoices);
    let invoices: Vec<(String, jiff::civil::Date)> = listed.iter().map(|it| (it.number.clone(), it.issued)).collect();
    let talked_about = speaker.talked_about(&state.slots);
    let circumstances = Circumstances {
        slots: SlotContext {
            today: known.today,
            currency: &parts.content.business.currency,
            language: speaker.locale(),
            invoices: &invoices,
            current: talked_about.as_deref(),
            shown: &state.shown,
            words: Some(&parts.content.language),
        },
        verified: known.verified,
        misses_max: parts.misses_max,
        people_are_there: parts.wait_if_queued.open,
        codes: parts.codes.is_some(),
        charge: speaker.named_charge(),
        only_cause: &|slots| speaker.only_cause(slots),
        holds: &|condition, slots| speaker.holds(condition, slots),
        answers: &|intent, slots| speaker.answers(intent, slots),
    };
    let (decision, readings) = rules::decide_and_tell(&parts.content, state, heard, &circumstances);
    match decision {
        // Nobody looked at the words, so it is not the customer who has to say them again.
        Decision::Miss { refused: false } if !looked => {
            (Decision::HandOff { reason: Reason::Trouble, rule: None }, None, readings)
        }
        Decision::GoOn => {
            let then = rules::go_on(&parts.content, &before.topics, &before.text, &circumstances);
            (Decision::GoOn, then, readings)
        }
        decision => (decision, None, readings),
    }
}

/// So long after a way to pay was shown, the account may change at any moment.
const PAYING_MAX: SignedDuration = SignedDuration::from_mins(30);

/// The wait of whoever waits, else what it would be.
fn wait_now<'a>(parts: &'a TurnParts, state: &State) -> &'a handoff::Wait {
    if state.owner == Owner::Queue { &parts.wait } else { &parts.wait_if_queued }
}

/// A wait as answers and conditions see it.
fn words_of(parts: &TurnParts, state: &State, wait: &handoff::Wait) -> facts::WaitFacts {
    facts::WaitFacts {
        waiting: state.owner == Owner::Queue,
        open: wait.open,
        place: wait.place,
        minutes: wait.minutes,
        back: wait.back.clone(),
        hours: parts.content.hours.text.clone(),
    }
}

/// What was said since the customer was shown a way to pay, a moment ago: what billing said before may be over. Nothing
/// where none was shown.
fn since_paying_began<'a>(parts: &TurnParts, recent: &'a [Event]) -> Option<&'a [Event]> {
    let pay_url = &parts.content.business.pay_url;
    let shows = |it: &Message| it.page.is_some() || (!pay_url.is_empty() && it.text.contains(pay_url.as_str()));
    let since = (parts.now - PAYING_MAX).as_millisecond();
    let is_shown = |it: &Event| {
        let shown = matches!(&it.what, What::Message(message) if shows(message));
        since <= it.at_ms && it.from == Sender::Bot && shown
    };
    recent.iter().rposition(is_shown).map(|at| &recent[at..])
}

/// Whether the customer has read already that a payment takes a few minutes: once is enough.
fn told_of_paying(parts: &TurnParts, recent: &[Event]) -> bool {
    let sentence = parts.content.sentences.just_paid.as_str();
    let tells = |it: &Event| matches!(&it.what, What::Message(message) if message.text.contains(sentence));
    recent.iter().filter(|it| it.from == Sender::Bot).any(tells)
}

/// Whether somebody whom we don't know has said that they are no customer.
fn is_stranger(parts: &TurnParts, recent: &[Event], heard: &Heard) -> bool {
    let says = |text: &str| parts.content.language.no_account.find(&crate::conversation::normal::words(text)).is_some();
    let mut theirs = recent.iter().filter(|it| it.from == Sender::Customer);
    says(&heard.text) || theirs.any(|it| matches!(&it.what, What::Message(message) if says(&message.text)))
}

/// Whether the customer says that something was paid: billing may know it by now.
fn says_paid(parts: &TurnParts, heard: &Heard) -> bool {
    let words = crate::conversation::normal::words(&heard.text);
    parts.content.language.have_paid.find(&words).is_some()
}

/// Whether the customer says, or has said since then, that they haven't paid: then nothing is on its way.
fn speaks_of_paying_later(parts: &TurnParts, since: &[Event], heard: &Heard) -> bool {
    let says = |text: &str| parts.content.language.not_paid.find(&crate::conversation::normal::words(text)).is_some();
    let mut theirs = since.iter().filter(|it| it.from == Sender::Customer);
    says(&heard.text) || theirs.any(|it| matches!(&it.what, What::Message(message) if says(&message.text)))
}

/// What is known of the customer at the time of the turn.
struct Known {
    account: Option<Result<Account, BillingError>>,
    plans: Vec<Plan>,
    past: Vec<Past>,
    verified: bool,
    accounts: bool,
    lapsed: bool,
    today: jiff::civil::Date,
}

impl Known {
    /// `anew`: nothing that is held from before counts.
    async fn look(parts: &TurnParts, state: &State, anew: bool) -> Result<Self, StoreError> {
        let customer = state.customer.as_ref().filter(|_| parts.billing.has_accounts());
        if let Some(customer) = customer.filter(|_| anew) {
            parts.billing.forget(&Changed::of(customer));
        }
        let (account, past) = match customer {
            Some(customer) => (Some(parts.billing.account(customer).await), parts.actions.past(customer).await?),
            None => (None, Vec::new()),
        };
        if matches!(account, Some(Err(BillingError::NotFound))) {
            tracing::warn!("billing knows no account under the id that the site's token names: is `sub` billing's id?");
        }
        Ok(Self {
            account,
            past,
            plans: parts.billing.plans().await.unwrap_or_default(),
            verified: customer.is_some(),
            accounts: parts.billing.has_accounts(),
            lapsed: state.lapsed.is_some(),
            today: parts.now.to_zoned(parts.content.hours.time_zone.clone()).date(),
        })
    }

    fn account(&self) -> Option<&Account> {
        self.account.as_ref().and_then(|it| it.as_ref().ok())
    }

    fn is_down(&self) -> bool {
        matches!(self.account, Some(Err(BillingError::Unreachable | BillingError::Broken | BillingError::NotFound)))
    }

    fn speaker<'a>(&'a self, parts: &'a TurnParts, text: &'a str) -> Speaker<'a> {
        Speaker::new(&parts.content, self.account(), &self.plans, self.verified, self.today, text)
            .with_past(&self.past)
            .in_locale(parts.locale.as_deref())
            .with_codes(parts.codes.is_some())
            .with_accounts(self.accounts)
            .once_known(self.lapsed)
    }
}

/// The same turn, now that a code has shown who the customer is: that is kept first, then all that is said.
async fn go_on_as(
    parts: &TurnParts,
    state: &State,
    recent: &[Event],
    seq: Seq,
    heard: &Heard,
    customer: CustomerId,
    change: Option<CodeChange>,
) -> Result<Outcome, StoreError> {
    let until_ms = parts.now.checked_add(parts.verified_for).map_or(i64::MAX, |it| it.as_millisecond());
    let has_code = |it: &&Event| matches!(&it.what, What::Message(message) if message.code.is_some());
    let by = recent.iter().rev().find(has_code).map(|it| it.seq);
    let verified = What::Verified { customer: customer.clone(), until_ms, by };
    let state = State { customer: Some(customer), verified_until_ms: until_ms, lapsed: None, ..state.clone() };
    let mut outcome = Box::pin(take_heard(parts, &state, recent, seq, heard, true)).await?;
    outcome.events.insert(0, NewEvent { from: Sender::System, name: None, what: verified });
    outcome.code = change;
    Ok(outcome)
}

fn step(did: Did) -> Step {
    Step { did, ..Step::default() }
}
