//! Renders what we say: an intent's answer, a question, a sentence of the house, with the customer's own facts.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::billing::{Account, Plan};
use crate::content::file::{CardKind, Then};
use crate::content::template;
use crate::content::{Content, Intent};
use crate::conversation::Card;

pub mod cards;
pub mod facts;

pub use crate::content::template::TemplateError;
use facts::{Facts, FactsInput, Proof, Wait};

/// Everything that words are made from in one turn.
#[derive(Clone, Debug)]
pub struct Speaker<'a> {
    content: &'a Content,
    account: Option<&'a Account>,
    plans: &'a [Plan],
    verified: bool,
    today: Date,
    text: &'a str,
    policy: BTreeMap<String, i64>,
    slot_names: Vec<String>,
    codes: bool,
}

/// What a sentence of the house is about, besides the facts.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The first name of the staff member.
    pub staff: Option<&'a str>,
    /// The first thing that may have been meant.
    pub first: Option<&'a str>,
    /// The second.
    pub second: Option<&'a str>,
    /// What can be said about waiting.
    pub wait: Option<&'a Wait>,
    /// How far the proof by a one-time code is.
    pub proof: Option<&'a Proof>,
}

/// An answer in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The words.
    pub text: String,
    /// What may be tapped, by id.
    pub choices: Vec<String>,
    /// The figures.
    pub card: Option<Card>,
    /// What follows.
    pub then: Then,
    /// Ask how easy it was.
    pub survey: bool,
}

impl<'a> Speaker<'a> {
    /// Speaks to the customer of `account`, or to a visitor. `text` is what they said.
    pub fn new(
        content: &'a Content,
        account: Option<&'a Account>,
        plans: &'a [Plan],
        verified: bool,
        today: Date,
        text: &'a str,
    ) -> Self {
        let slots = content.intents.values().flat_map(|it| it.file.slots.keys().cloned());
        let mut slot_names: Vec<String> = slots.collect();
        slot_names.sort();
        slot_names.dedup();
        Self { content, account, plans, verified, today, text, policy: content.policy(today), slot_names, codes: false }
    }

    /// The same, where a visitor can have a code sent by e-mail.
    pub fn with_codes(self, codes: bool) -> Self {
        Self { codes, ..self }
    }

    fn input<'b>(&'b self, slots: &'b BTreeMap<String, String>, wait: &'b Wait, about: About<'b>) -> FactsInput<'b> {
        FactsInput {
            business: &self.content.business,
            policy: &self.policy,
            plans: self.plans,
            verified: self.verified,
            account: self.account,
            today: self.today,
            slot_names: &self.slot_names,
            slots,
            text: self.text,
            wait,
            staff: about.staff,
            first: about.first,
            second: about.second,
            proof: about.proof,
        }
    }

    /// Whether a condition of the content holds for these slots; one that cannot be decided does not.
    pub fn holds(&self, condition: &str, slots: &BTreeMap<String, String>) -> bool {
        let wait = Wait::default();
        let facts = Facts::new(&self.input(slots, &wait, About::default()));
        self.content.holds(condition, &template::Facts::new(&facts)).unwrap_or(false)
    }

    /// Whether the change of the bill in question can be told to the penny; so it can where there is none.
    pub fn change_adds_up(&self, slots: &BTreeMap<String, String>) -> bool {
        let wait = Wait::default();
        self.input(slots, &wait, About::default()).change().is_none_or(|it| it.complete)
    }

    /// The answer of an intent, with what the customer has told us for it.
    pub fn answer(
        &self,
        intent: &Intent,
        slots: &BTreeMap<String, String>,
        wait: &Wait,
    ) -> Result<Answer, TemplateError> {
        let input = self.input(slots, wait, About::default());
        let facts = template::Facts::new(&Facts::new(&input));
        if let (true, false, Some(general)) = (intent.needs_verified(), self.verified, &intent.file.unverified) {
            let sentences = &self.content.sentences;
            let check = if self.codes { &sentences.check_by_code } else { &sentences.check_it_is_you };
            let check = self.content.render(check, &facts)?;
            let ways = ["verify_me", "talk_to_human"].map(str::to_owned);
            return Ok(Answer {
                text: format!("{}\n\n{check}", self.content.render(general, &facts)?),
                choices: if self.codes { ways.to_vec() } else { Vec::new() },
                card: None,
                then: Then::Wait,
                survey: false,
            });
        }
        let place = self.content.answer(intent, &facts);
        let Some(answer) = place.and_then(|it| intent.file.answer.get(it)) else {
            return Err(TemplateError { line: 1, what: format!("{} has no answer that fits", intent.name) });
        };
        let card = answer.card.and_then(|kind| cards::card(kind, &input));
        Ok(Answer {
            text: self.content.render(&answer.say, &facts)?,
            choices: answer.choices.clone(),
            card,
            then: answer.then,
            survey: answer.survey,
        })
    }

    /// A sentence of the house, a question for a slot, or what an urgency rule says.
    pub fn sentence(&self, sentence: &str, about: About<'_>) -> Result<String, TemplateError> {
        let (slots, nothing) = (BTreeMap::new(), Wait::default());
        let wait = about.wait.unwrap_or(&nothing);
        let facts = Facts::new(&self.input(&slots, wait, about));
        self.content.render(sentence, &template::Facts::new(&facts))
    }

    /// A card of the account, for the console.
    pub fn card(&self, kind: CardKind) -> Option<Card> {
        let (slots, wait) = (BTreeMap::new(), Wait::default());
        cards::card(kind, &self.input(&slots, &wait, About::default()))
    }
}

/// A sentence about a staff member; nothing where it cannot be made.
pub fn with_staff(content: &Content, sentence: &str, staff: Option<&str>) -> String {
    // These sentences hold on any day.
    let day = Date::constant(2026, 1, 1);
    let speaker = Speaker::new(content, None, &[], false, day, "");
    speaker.sentence(sentence, About { staff, ..About::default() }).unwrap_or_default()
}
