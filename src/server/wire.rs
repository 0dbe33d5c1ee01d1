//! Turns events of the log into the frames that customers and staff see. What customers must not see is left out here.

use crate::answers;
use crate::console::causes::Caused;
use crate::console::conversations::{self, Detail, UnderstoodEvent};
use crate::content::Content;
use crate::conversation::{Card, Choice, Did, Guess, Owner, OwnerChange, ReadAs, Reason, Row, Sender, Verdict, What};
use crate::feedback;
use crate::handoff;
use crate::server::protocol::{
    CauseRow, ConversationDetail, ConversationRow, QuestionRow, StaffMember, Understood, WireCard, WireChoice,
    WireEvent, WireGuess, WireReading, WireReceipt, WireRow,
};
use crate::store::{Logged, Question, Staff};

/// The kind of event whose text is a line in the middle.
const LINE: &str = "owner";

/// An event as the customer sees it.
pub fn for_customer(content: &Content, logged: &Logged) -> WireEvent {
    let event = &logged.event;
    let mut wire = WireEvent {
        seq: event.seq,
        at: event.at_ms,
        from: sender(event.from).to_owned(),
        name: event.name.clone(),
        kind: event.what.kind().to_owned(),
        text: None,
        choices: None,
        card: None,
        owner: None,
        about: None,
        rateable: None,
        score: None,
        receipt: None,
        key: None,
        understood: None,
        read_as: None,
    };
    if event.from == Sender::Customer {
        wire.key = logged.key.clone();
    }
    match &event.what {
        What::Message(message) => {
            wire.text = Some(message.text.clone());
            wire.choices = (!message.choices.is_empty()).then(|| message.choices.iter().map(choice).collect());
            wire.card = message.card.as_ref().map(card);
            let answered = message.step.as_ref().is_some_and(|it| it.did == Did::Answered);
            wire.rateable = answered.then_some(true);
        }
        What::Owner(change) => {
            wire.owner = Some(change.owner.as_str().to_owned());
            wire.text = owner_in_words(content, change, event.name.as_deref());
        }
        What::Rating(rating) => {
            wire.about = Some(rating.about);
            wire.score = Some(rating.score);
            wire.text = rating.comment.clone();
        }
        What::Receipt(receipt) => {
            wire.text = Some(receipt.text.clone());
            wire.choices = (!receipt.choices.is_empty()).then(|| receipt.choices.iter().map(choice).collect());
            let (reference, undo) = (receipt.reference.clone(), receipt.undo.clone());
            wire.receipt = Some(WireReceipt { reference, undo, clause: None });
        }
        What::Survey { text } => wire.text = Some(text.clone()),
        What::Verified { .. } => {}
        // Clients show such a line in the middle, as something that nobody has said.
        What::Damaged => {
            wire.kind = LINE.to_owned();
            wire.text = Some(answers::with_staff(content, &content.sentences.damaged, None));
        }
    }
    wire
}

/// An event as staff see it: with what the bot understood, and the rule that a receipt goes by.
fn for_staff(content: &Content, logged: &Logged, guess: Option<&Guess>) -> WireEvent {
    let read_as = match &logged.event.what {
        What::Message(message) => message.step.as_ref().map(|it| readings(&it.readings)),
        _ => None,
    };
    let read_as = read_as.filter(|it| !it.is_empty());
    let mut wire = WireEvent { key: None, understood: guess.map(understood), read_as, ..for_customer(content, logged) };
    if let (What::Receipt(receipt), Some(shown)) = (&logged.event.what, &mut wire.receipt) {
        shown.clause = receipt.clause.clone();
    }
    wire
}

/// Some events as staff see them.
pub fn all_for_staff(content: &Content, events: &[UnderstoodEvent]) -> Vec<WireEvent> {
    events.iter().map(|it| for_staff(content, &it.logged, it.guess.as_ref())).collect()
}

/// The ways in which a message was read, those that were weighed and left far behind not among them.
fn readings(readings: &[ReadAs]) -> Vec<WireReading> {
    let told = readings.iter().filter(|it| TOLD_MIN <= it.sure);
    told.map(|it| WireReading { by: it.by.clone(), sure: it.sure, because: it.because.clone() }).collect()
}

/// A reading that is less sure says nothing.
const TOLD_MIN: f32 = 0.2;

/// A guess for staff.
pub fn understood(guess: &Guess) -> Understood {
    Understood { decision: verdict(guess.verdict).to_owned(), guesses: guesses(guess) }
}

/// The likeliest intents of a guess.
pub fn guesses(guess: &Guess) -> Vec<WireGuess> {
    guess.ranked.iter().map(|it| WireGuess { intent: it.intent.clone(), confidence: it.confidence }).collect()
}

/// The word for a verdict.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Answer => "answer",
        Verdict::AskBack => "ask_back",
        Verdict::NoIdea => "no_idea",
    }
}

/// A card with finished texts.
pub fn card(card: &Card) -> WireCard {
    WireCard {
        title: card.title.clone(),
        rows: card.rows.iter().map(row).collect(),
        total: card.total.as_ref().map(row),
        note: card.note.clone(),
    }
}

fn row(row: &Row) -> WireRow {
    WireRow { label: row.label.clone(), detail: row.detail.clone(), amount: row.amount.clone(), mark: row.mark.clone() }
}

/// Something to tap.
pub fn choice(choice: &Choice) -> WireChoice {
    WireChoice { id: choice.id.clone(), label: choice.label.clone() }
}

fn sender(from: Sender) -> &'static str {
    match from {
        Sender::Customer => "customer",
        Sender::Bot => "bot",
        Sender::Staff => "staff",
        Sender::System => "system",
    }
}

/// The sentence in the middle that says who speaks from here; none where the bot's own words have said it.
fn owner_in_words(content: &Content, change: &OwnerChange, staff: Option<&str>) -> Option<String> {
    let sentences = &content.sentences;
    let sentence = match (change.owner, change.reason) {
        // Somebody who has it already hasn't joined once more, nor read what is urgent.
        (Owner::Staff, Reason::Urgent) => return None,
        (Owner::Staff, _) => &sentences.taken,
        (Owner::Bot, Reason::HandedBack) => &sentences.handed_back,
        (Owner::Queue, Reason::Left) => &sentences.waits_again,
        (Owner::Bot, Reason::Reopened) => &sentences.reopened,
        (Owner::Nobody, Reason::Ended) => &sentences.ended,
        (Owner::Nobody, _) => &sentences.closed_by_staff,
        (Owner::Bot | Owner::Queue, _) => return None,
    };
    Some(answers::with_staff(content, sentence, staff))
}

/// A staff member as clients see them.
pub fn staff_member(staff: &Staff) -> StaffMember {
    StaffMember {
        id: staff.id.to_string(),
        login: staff.login.clone(),
        name: staff.name.clone(),
        role: staff.role.as_str().to_owned(),
    }
}

/// A conversation as a row of a list.
pub fn row_of_list(row: &conversations::ListRow) -> ConversationRow {
    let record = &row.record;
    ConversationRow {
        id: record.id.to_string(),
        owner: record.owner.as_str().to_owned(),
        customer: row.customer.clone(),
        staff: row.staff.as_ref().map(staff_member),
        reason: record.reason.map(|it| handoff::reason_in_words(it).to_owned()),
        urgent: record.urgent,
        waiting_since: record.queued_at_ms.filter(|_| record.owner == Owner::Queue),
        last_text: record.last_text.clone(),
        last_at: record.last_at_ms,
        seq: record.last_seq,
        customer_seq: record.customer_seq,
        online: row.online,
    }
}

/// One conversation, whole.
pub fn detail(content: &Content, detail: &Detail) -> ConversationDetail {
    ConversationDetail {
        row: row_of_list(&detail.row),
        events: all_for_staff(content, &detail.events),
        flagged: detail.flagged.clone(),
        account: detail.account.as_ref().map(card),
        invoice: detail.invoice.as_ref().map(card),
        verified_until: detail.verified_until_ms,
    }
}

/// Questions with one root cause.
pub fn cause(caused: &Caused) -> CauseRow {
    CauseRow {
        id: caused.cause.id.clone(),
        name: caused.cause.name.clone(),
        count: caused.count,
        cost: caused.cost.clone(),
        status: caused.cause.status.clone(),
        questions: caused.questions.iter().map(question).collect(),
    }
}

/// A question as staff see it.
pub fn question(question: &Question) -> QuestionRow {
    QuestionRow {
        id: question.id.clone(),
        conversation: question.conversation.to_string(),
        seq: question.seq,
        text: question.text.clone(),
        why: question.why.as_str().to_owned(),
        guesses: guesses(&question.guess),
        before: question.before.clone(),
        outcome: feedback::outcome_in_words(question.owner, question.reason).to_owned(),
        at: question.asked_at_ms,
    }
}
