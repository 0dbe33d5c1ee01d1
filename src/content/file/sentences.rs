//! How `intents/sentences.toml` looks: what we say outside any intent.

use serde::Deserialize;

/// `intents/sentences.toml`: what we say outside any intent. Templates like answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentencesFile {
    /// Not sure, before two choices: "I'm not sure I've got that. Is it about …?" with `first` and `second`.
    pub did_you_mean: String,
    /// What else may be meant, beside an answer; `first` is it.
    pub or_meant: String,
    /// The button beside the two choices.
    pub something_else: String,
    /// After "something else" or a first miss.
    pub say_it_again: String,
    /// Not understood again: other words, the topics that are there to tap, a person.
    pub miss_again: String,
    /// The customer says that the answer didn't help: what is there to tap, a person.
    pub another_way: String,
    /// The customer says what they didn't ask about: before the answer to what they wrote before, without that.
    pub taken_wrong: String,
    /// A yes where several things are on offer, before the choices.
    pub which_one: String,
    /// The same once more.
    pub which_one_again: String,
    /// A yes, without naming it, to what ends something; `first` is its button.
    pub ask_to_name: String,
    /// What is offered already is asked for in other words; `first` says what it is, `second` is its button.
    pub offer_stands: String,
    /// Not now: it stays on offer.
    pub not_now: String,
    /// A part of the message that has not been answered, after the answers; `first` is its words.
    pub not_answered: String,
    /// A yes that holds only if something else does; `first` is the words.
    pub on_condition: String,
    /// The same, with buttons for what it may mean.
    pub which_part: String,
    /// The customer writes on while waiting, after `kept_for_person`.
    pub kept_again: String,
    /// After the last miss, before the hand-off.
    pub do_not_know: String,
    /// Handed off within the hours; `wait.place`, `wait.minutes`.
    pub in_queue: String,
    /// Handed off outside the hours; `wait.back`.
    pub closed: String,
    /// The customer writes while waiting, outside the hours or in them: it is kept for the person.
    pub kept_for_person: String,
    /// Asks for a person while already waiting.
    pub already_in_queue: String,
    /// Asks for a person while one has the conversation; `staff`.
    pub already_with_person: String,
    /// A person has taken it; `staff`. Shown in the middle.
    pub taken: String,
    /// A person has given it back to the bot; `staff`. Shown in the middle.
    pub handed_back: String,
    /// The person who had it has gone, and it waits for another.
    pub waits_again: String,
    /// Closed by staff. Shown in the middle.
    pub closed_by_staff: String,
    /// Ended by the customer. Shown in the middle.
    pub ended: String,
    /// The customer writes after the end. Shown in the middle.
    pub reopened: String,
    /// In the place of a message that can no longer be read as it was kept. Shown in the middle.
    pub damaged: String,
    /// After "start over".
    pub started_over: String,
    /// The survey's sentence.
    pub survey: String,
    /// After a rating.
    pub thanks_for_rating: String,
    /// A needed fact is the account, and we don't know who it is; comes after an intent's `unverified`.
    pub check_it_is_you: String,
    /// The same where a code can be sent by e-mail: comes with the button for it.
    pub check_by_code: String,
    /// To which address do the bills go? A code is sent there.
    pub ask_email: String,
    /// There was no address in the reply.
    pub ask_email_again: String,
    /// The same words whether the address is one of ours or not; `proof.email`, `proof.minutes`.
    pub code_sent: String,
    /// Another one for the same address.
    pub code_sent_again: String,
    /// There was no code in the reply.
    pub ask_code_again: String,
    /// Another code than the one that was sent; `proof.tries` are left.
    pub code_wrong: String,
    /// Wrong too often, or too many codes; it works again in `proof.minutes`.
    pub code_paused: String,
    /// The code was valid for a time that is over.
    pub code_ended: String,
    /// The code was right; the answer to the earlier question follows.
    pub code_right: String,
    /// After it, where nothing was asked before.
    pub go_on: String,
    /// The subject of the letter with the code.
    pub code_subject: String,
    /// The letter; `proof.code`, `proof.minutes`.
    pub code_letter: String,
    /// Billing cannot be reached.
    pub billing_down: String,
    /// The change of a bill does not add up; a person gets it.
    pub does_not_add_up: String,
    /// Something of ours is broken or overloaded; a person gets it.
    pub trouble: String,
    /// The same answer would come a second time in a row: said before it.
    pub same_answer: String,
    /// A person is wished for should something happen: one is there then, and nobody is called yet.
    pub person_in_case: String,
    /// The customer has said back what the answer before said: `first` is the sentence that says it.
    pub as_said: String,
    /// The customer concludes something from an answer: `first` is the sentence of it that comes nearest.
    pub to_be_exact: String,
    /// A figure is what two of the answer before come to: `first` is the working.
    pub adds_up: String,
    /// What something paid each month comes to in a year: `first` is the working, `second` the sum.
    pub in_a_year: String,
    /// What was asked for has been done before.
    pub done_already: String,
    /// Billing's answer was lost: nobody knows whether it was done.
    pub not_sure_done: String,
    /// Billing never answered, for so long that a person looks: nobody knows whether it was done; `deed.on`.
    pub never_heard: String,
    /// The customer says no after billing's answer was lost: nobody knows whether it was done, and a person looks.
    pub given_up: String,
    /// The letter with the code may not have left us; a new one is offered.
    pub letter_lost: String,
    /// A colleague has taken a late fee off; `staff`, `deed.amount`, `deed.month`, `deed.reason`.
    pub goodwill_fee: String,
    /// A colleague has given something back; `staff`, `deed.amount`, `deed.reason`.
    pub goodwill_credit: String,
    /// How to undo either.
    pub goodwill_undo: String,
    /// It turned out later that billing has refused it; `staff`, `deed.amount`.
    pub goodwill_failed: String,
    /// Billing never said what became of what a colleague wanted to give; `deed.on`.
    pub goodwill_unheard: String,
    /// The subject of the letter to the old address after a change of address.
    pub moved_subject: String,
    /// The letter; `deed.to`, `deed.on`, `deed.at`.
    pub moved_letter: String,
    /// The button that tries again then.
    pub button_try_again: String,
    /// The customer says no to what was to be confirmed.
    pub not_changed: String,
    /// The button for something was tapped again before it was done: it is done, once.
    pub tapped_again: String,
    /// After an answer about what is owed, where something is owed in another currency; `account.other_owed`.
    pub other_currency: String,
    /// Instead of `check_it_is_you`, where it was known once: the proof has ended.
    pub check_again: String,
    /// The same with a code by e-mail as another way.
    pub check_again_by_code: String,
    /// A code has shown somebody else than whose conversation it is.
    pub other_account: String,
    /// Beside an answer about owing: a payment is on its way.
    pub payment_coming: String,
    /// The same: a payment should have been here by now.
    pub payment_missing: String,
    /// The same: something stands in the customer's favour.
    pub in_favour: String,
    /// The same: more came in than the bills ask for.
    pub overpaid: String,
    /// The same: somebody was led to paying a moment ago.
    pub just_paid: String,
    /// A page: the link that led to it has ended, or never was one.
    pub page_ended: String,
    /// A page: billing has no page to lead to right now.
    pub page_away: String,
    /// The page at the server's own address, where customers have nothing to do.
    pub front_page: String,
    /// The same: the link for staff.
    pub front_staff: String,
    /// A card number was masked; said once before the answer.
    pub card_masked: String,
    /// The message is in another language than the business's; a person is offered.
    pub other_language: String,
    /// The button of the command "talk to a person".
    pub button_talk_to_human: String,
    /// The button of the command "start over".
    pub button_start_over: String,
    /// The button of the command "end chat".
    pub button_end_chat: String,
    /// The button of the command that has a code sent by e-mail.
    pub button_verify_me: String,
    /// The button that has it sent again.
    pub button_send_another_code: String,
}
