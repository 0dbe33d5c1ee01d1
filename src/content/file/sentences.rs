//! What we say outside any intent, each declared once: its key in `intents/sentences.toml`, how it is checked, and what
//! `docs/content.md` says of it.

use serde::Deserialize;

use crate::content::shapes::{KeyShape, Shape, must};

/// What a sentence is, and so how it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentenceKind {
    /// A text with facts, as answers are.
    Told,
    /// The few words of a button.
    Button,
}

/// Declares each sentence once.
macro_rules! sentences {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident,)+) => {
        /// `intents/sentences.toml`.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct SentencesFile {
            $($(#[doc = $doc])+ pub $name: String,)+
        }

        impl SentencesFile {
            /// The keys of the file; each must be there.
            pub const KEYS: &[KeyShape] = &[$(must(stringify!($name), Shape::Text),)+];

            /// What each is, by key, as the docs say it.
            pub const MEANINGS: &[(&str, &str)] = &[$((stringify!($name), concat!($($doc),+)),)+];

            /// All of one kind, by key.
            pub(in crate::content) fn all(&self, kind: SentenceKind) -> Vec<(&'static str, &str)> {
                let all = [$((SentenceKind::$kind, stringify!($name), self.$name.as_str()),)+];
                all.into_iter().filter(|it| it.0 == kind).map(|it| (it.1, it.2)).collect()
            }
        }
    };
}

sentences! {
    /// Not sure, before two choices or three: "I'm not sure I've got that. Is it about …?" with `first` (of three, two
    /// with a comma) and `second`.
    did_you_mean: Told,
    /// Beside an answer to the likelier of two: what else may be meant is `first`, and stands below to tap.
    or_meant: Told,
    /// The button beside the two choices.
    something_else: Button,
    /// After "something else" or a first miss.
    say_it_again: Told,
    /// Not understood again: other words, the topics that are there to tap, a person.
    miss_again: Told,
    /// The customer says that the answer didn't help: what is there to tap, a person.
    another_way: Told,
    /// The customer says what they didn't ask about: before the answer to what they wrote before, without that.
    taken_wrong: Told,
    /// A yes where several things are on offer, before the choices.
    which_one: Told,
    /// The same once more.
    which_one_again: Told,
    /// A yes, without naming it, to what ends something; `first` is its button.
    ask_to_name: Told,
    /// What is offered already is asked for again in other words; `first` says what it is, `second` is its button.
    offer_stands: Told,
    /// Not now: it stays on offer.
    not_now: Told,
    /// A part of the message that has not been answered, after the answers; `first` is its words.
    not_answered: Told,
    /// A yes that holds only if something else does; `first` is the words.
    on_condition: Told,
    /// The same, with buttons for what it may mean.
    which_part: Told,
    /// The customer writes on while waiting, after `kept_for_person`.
    kept_again: Told,
    /// After the last miss, before the hand-off.
    do_not_know: Told,
    /// Handed off within the hours; `wait.place`, `wait.minutes`.
    in_queue: Told,
    /// Handed off outside the hours; `wait.back`.
    closed: Told,
    /// The customer writes while waiting, outside the hours or in them: it is kept for the person.
    kept_for_person: Told,
    /// Asks for a person while already waiting.
    already_in_queue: Told,
    /// Asks for a person while one has the conversation; `staff`.
    already_with_person: Told,
    /// A person has taken it; `staff`. Shown in the middle.
    taken: Told,
    /// A person has given it back to the bot; `staff`. Shown in the middle.
    handed_back: Told,
    /// The person who had it has gone, say at the end of a shift, and it waits for another. Shown in the middle.
    waits_again: Told,
    /// Closed by staff. Shown in the middle.
    closed_by_staff: Told,
    /// Ended by the customer. Shown in the middle.
    ended: Told,
    /// The customer writes after the end. Shown in the middle.
    reopened: Told,
    /// In place of a message that can no longer be read as it was kept. Shown in the middle.
    damaged: Told,
    /// After "start over".
    started_over: Told,
    /// The survey's sentence.
    survey: Told,
    /// A needed fact is the account, and we don't know who it is; comes after an intent's `unverified`.
    check_it_is_you: Told,
    /// The same where a code can be sent by e-mail: comes with the button for it.
    check_by_code: Told,
    /// To which address do the bills go? A code is sent there.
    ask_email: Told,
    /// There was no address in the reply.
    ask_email_again: Told,
    /// The same words whether the address is one of ours or not; `proof.email`, `proof.minutes`.
    code_sent: Told,
    /// Another one for the same address.
    code_sent_again: Told,
    /// There was no code in the reply.
    ask_code_again: Told,
    /// Another code than the one that was sent; `proof.tries` are left.
    code_wrong: Told,
    /// Wrong too often, or too many codes; it works again in `proof.minutes`.
    code_paused: Told,
    /// The code was valid for a time that is over.
    code_ended: Told,
    /// The code was right; the answer to the earlier question follows.
    code_right: Told,
    /// After it, where nothing was asked before.
    go_on: Told,
    /// The subject of the letter with the code.
    code_subject: Told,
    /// The letter; `proof.code`, `proof.minutes`.
    code_letter: Told,
    /// Billing cannot be reached.
    billing_down: Told,
    /// Something of ours is broken or overloaded; a person gets it.
    trouble: Told,
    /// The same answer would come a second time in a row: said before it.
    same_answer: Told,
    /// A person is wished for should something happen: one is there then, and nobody is called yet.
    person_in_case: Told,
    /// The customer has said back what the answer before said; `first` is the sentence that says it.
    as_said: Told,
    /// The customer concludes something from an answer; `first` is the sentence of it that comes nearest.
    to_be_exact: Told,
    /// A figure that the customer names is what two figures of the answer before come to; `first` is the working.
    adds_up: Told,
    /// What something paid each month comes to in a year; `first` is the working, `second` the sum.
    in_a_year: Told,
    /// What was asked for has been done before.
    done_already: Told,
    /// Billing's answer was lost: nobody knows whether it was done.
    not_sure_done: Told,
    /// Billing never answered, for so long that a person looks: nobody knows whether it was done; `deed.on`.
    never_heard: Told,
    /// The customer says no after billing's answer was lost: nobody knows whether it was done, and a person looks.
    given_up: Told,
    /// The letter with the code may not have left us; a new one is offered.
    letter_lost: Told,
    /// A colleague has taken a late fee off; `staff`, `deed.amount`, `deed.month`, `deed.reason`.
    goodwill_fee: Told,
    /// A colleague has given something back; `staff`, `deed.amount`, `deed.reason`.
    goodwill_credit: Told,
    /// How to undo either.
    goodwill_undo: Told,
    /// It turned out later that billing has refused it; `staff`, `deed.amount`.
    goodwill_failed: Told,
    /// Billing never said what became of what a colleague wanted to give; `deed.on`.
    goodwill_unheard: Told,
    /// The subject of the letter to the old address after a change of address.
    moved_subject: Told,
    /// The letter; `deed.to`, `deed.on`, `deed.at`.
    moved_letter: Told,
    /// The button that tries again then.
    button_try_again: Button,
    /// The customer says no to what was to be confirmed.
    not_changed: Told,
    /// The button for something was tapped again before it was done: it is done, once.
    tapped_again: Told,
    /// After an answer about what is owed, where something is owed in another currency; `account.other_owed`.
    other_currency: Told,
    /// To look at the account again: who it is was shown too long ago, and signing in shows it.
    check_again: Told,
    /// The same, where a code by e-mail is another way.
    check_again_by_code: Told,
    /// A code was right, and for another account than the one in this chat.
    other_account: Told,
    /// Beside an answer about owing: a payment is on its way.
    payment_coming: Told,
    /// The same: a payment should have been here by now.
    payment_missing: Told,
    /// The same: something stands in the customer's favour.
    in_favour: Told,
    /// The same: more came in than the bills ask for, or a bill came out below zero. An answer is about owing where it
    /// names a fact of owing, such as `account.balance`, in its words or its condition.
    overpaid: Told,
    /// The same: somebody was led to paying a moment ago.
    just_paid: Told,
    /// A page: the link that led to it has ended, or never was one.
    page_ended: Told,
    /// A page: billing has no page to lead to right now.
    page_away: Told,
    /// The page at the server's own address, without the demo: what this is.
    front_page: Told,
    /// The same: the link for staff.
    front_staff: Told,
    /// A card number was masked; said once before the answer.
    card_masked: Told,
    /// The message is in another language than the business's; a person is offered.
    other_language: Told,
    /// The button of the command "talk to a person".
    button_talk_to_human: Button,
    /// The button of the command "start over".
    button_start_over: Button,
    /// The button of the command "end chat".
    button_end_chat: Button,
    /// The button of the command that has a code sent by e-mail.
    button_verify_me: Button,
    /// The button that has it sent again.
    button_send_another_code: Button,
}
