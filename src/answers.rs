//! Renders what we say: an intent's answer, a question, a sentence of the house, with the customer's own facts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;

use crate::billing::find::Named;
use crate::billing::{Account, Money, PaymentStatus, Plan};
use crate::content::file::{Action, AnswerFile, CardKind, SlotKind, Then};
use crate::content::template;
use crate::content::{Content, Intent};
use crate::conversation::format::{Locale, Style};
use crate::conversation::{Card, normal};
use crate::rules::policy::{Book, Past, Ruling};
use crate::rules::{NamedCharge, TALK_TO_HUMAN, slots};

pub mod cards;
pub mod facts;

pub use crate::content::template::TemplateError;
use facts::{DeedFacts, Facts, FactsInput, POLICY_ARRIVAL, Proof, WaitFacts};

/// Everything that words are made from in one turn.
#[derive(Clone, Debug)]
pub struct Speaker<'a> {
    content: &'a Content,
    account: Option<&'a Account>,
    plans: Vec<Plan>,
    verified: bool,
    today: Date,
    locale: Option<&'a str>,
    text: &'a str,
    policy: BTreeMap<String, i64>,
    book: Book,
    past: &'a [Past],
    slot_names: Vec<String>,
    codes: bool,
    last_said: Option<&'a str>,
    may_be_paying: bool,
    accounts: bool,
    once_known: bool,
    stranger: bool,
    wait: WaitFacts,
    made: Made,
}

/// The facts that were made for some slots: many conditions are looked at with the same ones.
#[derive(Debug, Default)]
struct Made(Mutex<Vec<(BTreeMap<String, String>, template::TemplateFacts)>>);

impl Clone for Made {
    /// What is cloned is cloned to be changed.
    fn clone(&self) -> Self {
        Self::default()
    }
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
    pub wait: Option<&'a WaitFacts>,
    /// How far the proof by a one-time code is.
    pub proof: Option<&'a Proof>,
    /// What was done.
    pub deed: Option<&'a DeedFacts>,
    /// A page that billing hosts for this.
    pub link: Option<&'a str>,
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
    /// It has facts of the customer's own account.
    pub is_own: bool,
    /// What is done with it, where something is.
    pub deed: Option<DeedWords>,
}

/// The words around something that is done, all of them made before it is done.
#[derive(Clone, Debug, PartialEq)]
pub struct DeedWords {
    /// What.
    pub action: Action,
    /// What the rules say to it now.
    pub ruling: Ruling,
    /// The button that says yes; none where it is done at once.
    pub confirm: Option<String>,
    /// What the receipt says.
    pub done: String,
    /// What is said when billing refuses.
    pub refused: String,
    /// How to undo it.
    pub undo: Option<String>,
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
        // Amounts in templates are of one currency: a price in another one would be said as one of ours.
        let currency = account.filter(|_| verified).map_or(content.business.currency.as_str(), |it| it.currency.code());
        slot_names.sort();
        slot_names.dedup();
        Self {
            content,
            account,
            plans: plans.iter().filter(|it| it.price.currency.code() == currency).cloned().collect(),
            verified,
            today,
            locale: None,
            text,
            policy: content.policy(today),
            book: content.clauses(today),
            past: &[],
            slot_names,
            codes: false,
            last_said: None,
            may_be_paying: false,
            accounts: true,
            once_known: false,
            stranger: false,
            wait: WaitFacts::default(),
            made: Made::default(),
        }
    }

    /// The same, after these words of the bot: how to sign in isn't said twice in a row.
    pub fn after(self, last_said: Option<&'a str>) -> Self {
        Self { last_said, ..self }
    }

    /// The same, where the customer was led to paying a moment ago: what came of it may not be seen yet.
    pub fn while_paying(self, may_be_paying: bool) -> Self {
        Self { may_be_paying, ..self }
    }

    /// The same, where the customer has said that they are none: nobody sends them to sign in.
    pub fn to_a_stranger(self, stranger: bool) -> Self {
        Self { stranger, ..self }
    }

    /// Writes numbers and dates as people of a language tag do, where it is known.
    pub fn in_locale(self, locale: Option<&'a str>) -> Self {
        Self { locale, made: Made::default(), ..self }
    }

    /// The tag by which numbers and dates are written and read: the customer's where it is known, else the business's.
    pub fn locale(&self) -> &'a str {
        self.locale.filter(|it| Locale::of(it).is_some()).unwrap_or(&self.content.business.language)
    }

    /// How numbers and dates are written.
    pub fn style(&self) -> Style {
        let (slots, wait) = (BTreeMap::new(), WaitFacts::default());
        self.input(&slots, &wait, About::default()).style()
    }

    /// The same, knowing what was done for the customer before.
    pub fn with_past(mut self, past: &'a [Past]) -> Self {
        self.past = past;
        self.made = Made::default();
        self
    }

    /// The same, with what conditions may ask of the wait for a person.
    pub fn with_wait(self, wait: WaitFacts) -> Self {
        Self { wait, made: Made::default(), ..self }
    }

    /// The same, where a visitor can have a code sent by e-mail.
    pub fn with_codes(mut self, codes: bool) -> Self {
        self.codes = codes;
        self
    }

    /// The same, where it was known once who the customer is, and has to be shown again.
    pub fn once_known(mut self, once_known: bool) -> Self {
        self.once_known = once_known;
        self
    }

    /// The same, where there are no accounts at all: nobody is asked to sign in for more.
    pub fn with_accounts(mut self, accounts: bool) -> Self {
        self.accounts = accounts;
        self.made = Made::default();
        self
    }

    fn input<'b>(
        &'b self,
        slots: &'b BTreeMap<String, String>,
        wait: &'b WaitFacts,
        about: About<'b>,
    ) -> FactsInput<'b> {
        FactsInput {
            business: &self.content.business,
            policy: &self.policy,
            book: &self.book,
            past: self.past,
            link: about.link,
            plans: &self.plans,
            has_accounts: self.accounts,
            verified: self.verified,
            account: self.account,
            today: self.today,
            locale: self.locale,
            slot_names: &self.slot_names,
            slots,
            text: self.text,
            last_said: self.last_said,
            wait,
            staff: about.staff,
            first: about.first,
            second: about.second,
            proof: about.proof,
            deed: about.deed,
            language: Some(&self.content.language),
        }
    }

    /// The facts for these slots, where nothing else is known.
    fn facts(&self, slots: &BTreeMap<String, String>) -> template::TemplateFacts {
        let mut made = self.made.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, facts)) = made.iter().find(|it| it.0 == *slots) {
            return facts.clone();
        }
        let facts = template::TemplateFacts::new(&Facts::new(&self.input(slots, &self.wait, About::default())));
        made.push((slots.clone(), facts.clone()));
        facts
    }

    /// Whether a condition of the content holds for these slots; one that cannot be decided does not.
    pub fn holds(&self, condition: &str, slots: &BTreeMap<String, String>) -> bool {
        self.content.holds(condition, &self.facts(slots)).unwrap_or(false)
    }

    /// Whether the change of the bill in question can be told to the penny; so it can where there is none.
    pub fn change_adds_up(&self, slots: &BTreeMap<String, String>) -> bool {
        let wait = WaitFacts::default();
        self.input(slots, &wait, About::default()).change().is_none_or(|it| it.complete)
    }

    /// The charge that the customer pointed out, for slots: its amount in minor units and its bill.
    pub fn pointed_out(&self, slots: &BTreeMap<String, String>) -> Option<(i64, String)> {
        let wait = WaitFacts::default();
        let input = self.input(slots, &wait, About::default());
        let account = input.known()?;
        let charge = account.find_charge(input.invoice(), &Named { text: self.text, ..Named::default() })?;
        Some((charge.line?.amount.minor, charge.invoice.number.clone()))
    }

    /// The charge on the account that the customer's words name: by its amount, or by words enough of its label.
    pub fn named_charge(&self) -> Option<NamedCharge> {
        let (slots, wait) = (BTreeMap::new(), WaitFacts::default());
        let input = self.input(&slots, &wait, About::default());
        let account = input.known()?;
        let amount = slots::read(SlotKind::Money, self.text, &input.slot_context());
        let amount = amount.and_then(|it| it.parse().ok()).map(|it| Money::new(it, account.currency));
        let by_amount = amount.and_then(|_| account.find_charge(None, &Named { amount, text: self.text, on: None }));
        let charge = match by_amount {
            Some(charge) => charge,
            None => account.find_charge(None, &Named { text: self.text, ..Named::default() })?,
        };
        // "Put me back on Basic", "is my £30 lost": a plan's name or price alone names no line that is called so.
        let is_plan = |label: &str| self.plans.iter().any(|it| it.name.eq_ignore_ascii_case(label));
        let both = by_amount.is_some() && charge.line.is_some_and(|it| it.is_named_in(self.text));
        if !both && charge.line.is_some_and(|it| is_plan(&it.label)) {
            return None;
        }
        let (label, said) = match charge.line {
            Some(line) => (line.label.clone(), line.amount.minor),
            None => (charge.invoice.number.clone(), charge.invoice.total.minor),
        };
        Some(NamedCharge {
            amount: said,
            invoice: charge.invoice.number.clone(),
            by_amount: by_amount.is_some(),
            by_words: charge.line.is_some_and(|it| it.is_named_in(self.text)),
            label,
        })
    }

    /// The one charge by which the bill in question differs from the one before.
    pub fn only_cause(&self, slots: &BTreeMap<String, String>) -> Option<NamedCharge> {
        let wait = WaitFacts::default();
        let input = self.input(slots, &wait, About::default());
        let change = input.change().filter(|it| it.complete)?;
        let [cause] = change.causes.as_slice() else { return None };
        let invoice = input.invoice()?;
        let line = invoice.lines.get(cause.line?)?;
        (0 < cause.amount.minor).then(|| NamedCharge {
            amount: line.amount.minor,
            invoice: invoice.number.clone(),
            label: line.label.clone(),
            by_amount: false,
            by_words: false,
        })
    }

    /// The number of the bill that is being talked about: the one that was named, else the newest.
    pub fn talked_about(&self, slots: &BTreeMap<String, String>) -> Option<String> {
        let wait = WaitFacts::default();
        self.input(slots, &wait, About::default()).invoice().map(|it| it.number.clone())
    }

    /// Whether an intent or a follow-up has an answer for these slots; for a visitor the general one counts.
    pub fn answers(&self, intent: &Intent, slots: &BTreeMap<String, String>) -> bool {
        if intent.needs_verified() && !self.verified {
            return intent.file.unverified.is_some();
        }
        self.content.answer(intent, &self.facts(slots)).is_some()
    }

    /// What the answer of an intent would have done, where the customer is known and the rules allow it.
    pub fn deed(&self, intent: &Intent, slots: &BTreeMap<String, String>) -> Option<(&'a AnswerFile, Action, Ruling)> {
        let wait = WaitFacts::default();
        let input = self.input(slots, &wait, About::default());
        input.known()?;
        let place = self.content.answer(intent, &self.facts(slots))?;
        let answer = self.content.answering(&intent.name)?.file.answer.get(place)?;
        Some((answer, answer.action?, input.may(answer.action?)?))
    }

    /// The answer of an intent, with what the customer has told us for it, and the page that billing hosts for it.
    pub fn answer(
        &self,
        intent: &Intent,
        slots: &BTreeMap<String, String>,
        wait: &WaitFacts,
        link: Option<&str>,
    ) -> Result<Answer, TemplateError> {
        let input = self.input(slots, wait, About { link, ..About::default() });
        let facts = template::TemplateFacts::new(&Facts::new(&input));
        if let (true, false, Some(general)) = (intent.needs_verified(), self.verified, &intent.file.unverified) {
            let sentences = &self.content.sentences;
            let check = match (self.once_known, self.codes) {
                (false, false) => &sentences.check_it_is_you,
                (false, true) => &sentences.check_by_code,
                (true, false) => &sentences.check_again,
                (true, true) => &sentences.check_again_by_code,
            };
            let check = self.render(check, &facts)?;
            let ways = ["verify_me", TALK_TO_HUMAN].map(str::to_owned);
            let general = self.render(general, &facts)?;
            // Nobody is pressed who was told so just now, or has all that there is to say.
            let complete = (!intent.file.sign_in && !self.once_known) || !self.accounts || self.stranger;
            let told = complete || self.last_said.is_some_and(|it| it.contains(&check));
            return Ok(Answer {
                text: if told { general } else { format!("{general}\n\n{check}") },
                choices: match () {
                    () if self.codes => ways.to_vec(),
                    // What is left to do, a person does.
                    () if complete => vec![TALK_TO_HUMAN.to_owned()],
                    () => Vec::new(),
                },
                card: None,
                then: Then::Wait,
                survey: false,
                is_own: false,
                deed: None,
            });
        }
        let place = self.content.answer(intent, &facts);
        let Some(answer) = place.and_then(|it| intent.file.answer.get(it)) else {
            return Err(TemplateError { line: 1, what: format!("{} has no answer that fits", intent.name) });
        };
        let card = answer.card.and_then(|kind| cards::card(kind, &input));
        let mut text = self.render(&answer.say, &facts)?;
        for sentence in self.beside(answer) {
            let also = self.render(sentence, &facts)?;
            text = format!("{}\n\n{also}", text.trim_end());
        }
        Ok(Answer {
            text,
            choices: answer.choices.clone(),
            card,
            then: answer.then,
            survey: answer.survey,
            is_own: self.verified && (answer.card.is_some() || self.content.speaks_of_account(&answer.say)),
            deed: match (answer.action, answer.action.and_then(|it| input.may(it))) {
                (Some(action), Some(ruling)) => Some(self.deed_words(answer, action, ruling, &facts)?),
                _ => None,
            },
        })
    }

    /// What of the account no answer about owing may leave out, where the answer doesn't say it itself: said in one place,
    /// so that no intent has to remember.
    fn beside(&self, answer: &AnswerFile) -> Vec<&'a String> {
        let Some(account) = self.account.filter(|_| speaks_of_owing(answer)) else { return Vec::new() };
        let sentences = &self.content.sentences;
        let owes = 0 < account.balance().minor;
        let arrival_days = self.policy.get(POLICY_ARRIVAL).copied();
        let sent = account.payments.iter().filter(|it| owes && it.status == PaymentStatus::Pending);
        let (missing, coming): (Vec<_>, Vec<_>) = sent.partition(|it| it.is_missing(arrival_days, self.today));
        let is_coming = !coming.is_empty();
        let says = |words: &[&str]| words.iter().any(|it| answer.say.contains(it));
        let mut beside = Vec::new();
        if is_coming && !says(&["'pending'", "\"pending\"", "payment.status"]) {
            beside.push(&sentences.payment_coming);
        }
        if !missing.is_empty() && !says(&["'missing'", "\"missing\""]) {
            beside.push(&sentences.payment_missing);
        }
        if 0 < account.credit.minor && owes && !says(&["account.credit", "credit."]) {
            beside.push(&sentences.in_favour);
        }
        if 0 < account.overpaid().minor && !says(&["account.overpaid", "duplicate"]) {
            beside.push(&sentences.overpaid);
        }
        // Once is enough, where something is called open, and not before the way to pay was on the screen.
        if owes && self.may_be_paying && !is_coming && !pays(answer) && says(&["owed", "balance"]) {
            beside.push(&sentences.just_paid);
        }
        if !account.owed_elsewhere().is_empty() {
            beside.push(&sentences.other_currency);
        }
        beside
    }

    /// A text of the content, filled in; whatever stands in the facts, it neither steers nor turns what is around it.
    fn render(&self, text: &str, facts: &template::TemplateFacts) -> Result<String, TemplateError> {
        self.content.render(text, facts).map(|it| normal::shown(&it))
    }

    fn deed_words(
        &self,
        answer: &AnswerFile,
        action: Action,
        ruling: Ruling,
        facts: &template::TemplateFacts,
    ) -> Result<DeedWords, TemplateError> {
        let render = |text: &Option<String>| text.as_ref().map(|it| self.render(it, facts)).transpose();
        Ok(DeedWords {
            action,
            ruling,
            confirm: render(&answer.confirm)?,
            done: render(&answer.done)?.unwrap_or_default(),
            refused: render(&answer.refused)?.unwrap_or_default(),
            undo: render(&answer.undo)?,
        })
    }

    /// A sentence of the house, a question for a slot, or what an urgency rule says.
    pub fn sentence(&self, sentence: &str, about: About<'_>) -> Result<String, TemplateError> {
        let (slots, nothing) = (BTreeMap::new(), WaitFacts::default());
        let wait = about.wait.unwrap_or(&nothing);
        let facts = Facts::new(&self.input(&slots, wait, about));
        self.render(sentence, &template::TemplateFacts::new(&facts))
    }

    /// A card of the account, for the console.
    pub fn card(&self, kind: CardKind) -> Option<Card> {
        let (slots, wait) = (BTreeMap::new(), WaitFacts::default());
        cards::card(kind, &self.input(&slots, &wait, About::default()))
    }
}

/// Whether an answer leads to a page for paying.
fn pays(answer: &AnswerFile) -> bool {
    matches!(answer.action, Some(Action::PayPage | Action::AutopayPage))
}

/// Whether an answer speaks of what is owed, or leads to paying it.
fn speaks_of_owing(answer: &AnswerFile) -> bool {
    const OWING: [&str; 6] =
        ["account.balance", "open[", "in open", "invoice.owed", "may.give_more_days", "may.pay_in_parts"];
    // What is left where no condition on the balance holds names no fact, only this.
    const IN_WORDS: [&str; 2] = ["owe nothing", "owe anything"];
    let acts = matches!(answer.action, Some(Action::GiveMoreDays | Action::PayInParts));
    let says = |it: &&str| answer.say.contains(*it);
    let asks = |it: &&str| answer.when.as_ref().is_some_and(|when| when.contains(*it));
    acts || pays(answer) || OWING.iter().any(|it| says(it) || asks(it)) || IN_WORDS.iter().any(says)
}

/// A sentence about a staff member; nothing where it cannot be made.
pub fn with_staff(content: &Content, sentence: &str, staff: Option<&str>) -> String {
    // These sentences hold on any day.
    let day = Date::constant(2026, 1, 1);
    let speaker = Speaker::new(content, None, &[], false, day, "");
    speaker.sentence(sentence, About { staff, ..About::default() }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::billing::demo;

    /// What only somebody can keep who has an account to look at.
    const PROMISES: &[&str] = &[
        "know it's you",
        "once I know",
        "once you've signed in",
        "I can show",
        "I show",
        "I can list",
        "I can look",
        "I can add up",
        "I can e-mail",
        "I can see how far",
        "on your account yet",
    ];

    /// Every answer that somebody gets of whom nothing is known, with the name of what it answers.
    fn answers_to_a_visitor(content: &Content, accounts: bool) -> Vec<(String, Answer)> {
        let speaker = Speaker::new(content, None, &[], false, date(2026, 6, 16), "").with_accounts(accounts);
        let (slots, wait) = (BTreeMap::new(), WaitFacts::default());
        let counts = |when: Option<&String>| when.is_none_or(|it| speaker.holds(it, &slots));
        let follow_ups = content.follow_ups.values().filter(|it| counts(it.file.when.as_ref())).map(|it| &it.intent);
        (content.intents.values().chain(follow_ups))
            .filter_map(|it| Some((it.name.clone(), speaker.answer(it, &slots, &wait, None).ok()?)))
            .collect()
    }

    #[test]
    fn without_accounts_nothing_is_promised_that_needs_one_and_a_person_is_one_tap_away() {
        let content = Content::load("intents".as_ref()).expect("the content has no faults");
        let promises = |it: &str| PROMISES.iter().find(|promise| it.contains(**promise));
        let mut broken = Vec::new();
        for (name, answer) in answers_to_a_visitor(&content, false) {
            if let Some(promise) = promises(&answer.text) {
                broken.push(format!("{name} promises \"{promise}\": {}", answer.text));
            }
            let general = content.answering(&name).is_some_and(Intent::needs_verified);
            assert!(!general || answer.choices == ["talk_to_human"], "{name}: {:?}", answer.choices);
        }
        assert!(broken.is_empty(), "\n{}", broken.join("\n"));
        let with_accounts = answers_to_a_visitor(&content, true);
        assert!(20 < with_accounts.iter().filter(|it| promises(&it.1.text).is_some()).count(), "the words are found");
    }

    /// What the customer of an account is told by some intents, in words.
    fn told(content: &Content, account: &Account, intents: &[&str]) -> Vec<String> {
        let speaker = Speaker::new(content, Some(account), &[], true, date(2026, 6, 16), "");
        let (slots, wait) = (BTreeMap::new(), WaitFacts::default());
        let answer = |it: &&str| {
            let intent = content.intents.get(*it).expect("it is in the content");
            speaker.answer(intent, &slots, &wait, None).expect("an answer fits").text
        };
        intents.iter().map(answer).collect()
    }

    #[test]
    fn what_came_in_beyond_the_bills_is_said_wherever_owing_is() {
        let content = Content::load("intents".as_ref()).expect("the content has no faults");
        for (id, at) in [("all-quiet", 0), ("bill-late", 1)] {
            let mut account = demo::account(id, date(2026, 6, 16)).expect("a demo customer");
            account.invoices[at].paid.minor += 2_000;
            for said in told(&content, &account, &["check_balance_due", "make_payment"]) {
                assert!(said.contains("£20.00 more came in"), "{id}: {said}");
            }
        }
        let mut account = demo::account("bill-late", date(2026, 6, 16)).expect("a demo customer");
        (account.invoices[1].total.minor, account.invoices[1].paid.minor) = (-500, 0);
        for said in told(&content, &account, &["check_balance_due", "make_payment"]) {
            assert!(said.contains("£5.00 is in your favour"), "{said}");
        }
    }

    #[test]
    fn amounts_of_rules_are_told_in_the_currency_of_the_business() {
        let content = Content::load("intents".as_ref()).expect("the content has no faults");
        let mut account = demo::account("bill-late", date(2026, 6, 16)).expect("a demo customer");
        let currency = crate::billing::Currency::new("USD").expect("a code");
        account.currency = currency;
        for invoice in &mut account.invoices {
            (invoice.total.currency, invoice.paid.currency) = (currency, currency);
        }
        for said in told(&content, &account, &["late_payment_policy"]) {
            assert!(said.contains("£5.00") && !said.contains("$5.00") && !said.contains("$35.00"), "{said}");
        }
        let speaker = Speaker::new(&content, Some(&account), &[], true, date(2026, 6, 16), "");
        let intent = content.intents.get("payment_extension").expect("it is in the content");
        let deed = speaker.deed(intent, &BTreeMap::new());
        assert!(!matches!(deed, Some((_, _, Ruling::Grant { .. }))), "{deed:?}");
    }

    #[test]
    fn no_amount_of_a_rule_is_written_in_the_currency_of_the_account() {
        let content = Content::load("intents".as_ref()).expect("the content has no faults");
        let intents =
            content.intents.values().map(|it| &it.file).chain(content.follow_ups.values().map(|it| &it.intent.file));
        let says: Vec<&String> =
            intents.flat_map(|it| it.unverified.iter().chain(it.answer.iter().map(|it| &it.say))).collect();
        let is_wrong = |it: &str| {
            it.split("policy.").skip(1).any(|it| {
                let name = it.trim_start_matches(|it: char| it.is_ascii_lowercase() || it == '_');
                name.starts_with(" | money")
            })
        };
        let wrong: Vec<_> = says.iter().filter(|it| is_wrong(it)).collect();
        assert!(100 < says.len() && wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_bill_that_asked_for_nothing_is_not_called_paid() {
        let content = Content::load("intents".as_ref()).expect("the content has no faults");
        let mut account = demo::account("all-quiet", date(2026, 6, 16)).expect("a demo customer");
        (account.invoices[0].total.minor, account.invoices[0].paid.minor) = (0, 0);
        for said in told(&content, &account, &["check_balance_due"]) {
            assert!(said.contains("There was nothing to pay for your June bill.") && !said.contains("£0.00"), "{said}");
        }
    }

    #[test]
    fn a_payment_past_its_time_is_told_as_missing_and_not_as_coming() {
        let content = Content::load("intents".as_ref()).expect("the content has no faults");
        let mut account = demo::account("payment-pending", date(2026, 6, 16)).expect("a demo customer");
        account.payments[0].on = date(2026, 5, 12);
        let intents = ["make_payment", "check_balance_due", "check_due_date", "payment_confirmation"];
        for said in told(&content, &account, &intents) {
            assert!(said.contains("should have been here by Friday 15 May"), "{said}");
            assert!(!said.contains("on its way") && !said.contains("don't have to pay"), "{said}");
        }
        account.payments[0].on = date(2026, 6, 15);
        for said in told(&content, &account, &intents) {
            assert!(said.contains("on its way") && !said.contains("should have been"), "{said}");
        }
    }

    #[test]
    fn who_has_all_that_there_is_to_say_is_not_sent_to_sign_in_and_can_get_a_person() {
        let content = Content::load("intents".as_ref()).expect("the content has no faults");
        for (name, answer) in answers_to_a_visitor(&content, true) {
            let intent = content.answering(&name).expect("it has just answered");
            if intent.needs_verified() {
                let sent = answer.text.contains("I need to check it's you");
                assert_eq!(sent, intent.file.sign_in, "{name}: {}", answer.text);
                assert_eq!(answer.choices.is_empty(), sent, "{name}");
            }
        }
    }
}
