//! The small words of a language that the rules look for: `intents/languages/<tag>.toml`, checked like all else.

use std::collections::HashSet;

use serde::Deserialize;

use super::shapes::{KeyShape, Shape, may, must};
use crate::conversation::normal;

mod phrases;

pub use phrases::Phrases;

/// Single words in their normal form, with and without their apostrophes.
pub type Words = HashSet<String>;

/// Declares each list once: its key in the file, as what it is looked up, and what it is for.
macro_rules! lists {
    ($(#[doc = $telling:literal])+ telling; $($(#[doc = $doc:literal])+ $name:ident: $type:ty,)+) => {
        /// A language's file. Of a language that the business doesn't speak, `telling` alone is enough.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct LanguageFile {
            $(#[doc = $telling])+
            pub telling: Vec<String>,
            $($(#[doc = $doc])+ #[serde(default)] pub $name: Vec<String>,)+
        }

        impl LanguageFile {
            /// The keys of such a file.
            pub const KEYS: &[KeyShape] =
                &[must("telling", Shape::Texts), $(may(stringify!($name), Shape::Texts),)+];

            /// What each list is, by key, as the docs say it.
            pub const MEANINGS: &[(&str, &str)] = &[("telling", concat!($($telling),+)), $((stringify!($name), concat!($($doc),+)),)+];

            /// What the business's own language must have, by key.
            pub(super) fn own_lists(&self) -> Vec<(&'static str, &[String])> {
                vec![$((stringify!($name), self.$name.as_slice()),)+]
            }
        }

        /// The business's own language, ready to look words up in, and what the others are recognised by.
        #[derive(Clone, Debug, Default)]
        pub struct Language {
            /// Its tag: `en`.
            pub tag: String,
            /// The telling words of each language by its tag, this one among them.
            pub telling: Vec<(String, Words)>,
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        impl Language {
            /// The own language's words, with what the others are recognised by.
            pub fn new(tag: &str, all: &[(String, LanguageFile)]) -> Self {
                let nothing = LanguageFile::default();
                let own = all.iter().find(|it| it.0 == tag).map_or(&nothing, |it| &it.1);
                Self {
                    tag: tag.to_owned(),
                    telling: all.iter().map(|(tag, file)| (tag.clone(), words_of(&file.telling))).collect(),
                    $($name: LookedUp::of(&own.$name),)+
                }
            }
        }
    };
}

lists! {
    /// Frequent words of this language that few others have, by which it is recognised.
    telling;
    /// What may begin a question or a request of its own.
    openers: Words,
    /// What begins a question even after a comma.
    question_words: Words,
    /// What begins a question that is answered with yes or no.
    yes_or_no_words: Words,
    /// What stands behind such a word where a question begins: "can you", "is it".
    subjects: Words,
    /// What joins two sentences where a comma would not.
    joiners: Words,
    /// What says nothing without the sentence before it, at its beginning.
    leaning: Words,
    /// What points to the sentence before it, at its end.
    pointing: Words,
    /// What begins a clause that says what is not wanted.
    refusals: Phrases,
    /// What begins a clause that says what is wanted in its place.
    insteads: Phrases,
    /// What begins a sentence that says what is not meant.
    denials: Phrases,
    /// What says that somebody never wished for what they were taken to wish: nothing is offered to be done then.
    never_wished: Phrases,
    /// What sets one of two against the other: "the difference between".
    comparing: Phrases,
    /// What begins a clause that says on what condition something is asked: "if", "as soon as".
    conditions: Phrases,
    /// What says at the beginning that something is agreed to only so: "only if", "as long as".
    provisos: Phrases,
    /// What stands before the new value of something: "change it to".
    changes: Phrases,
    /// What means yes.
    yes: Phrases,
    /// What means no.
    no: Phrases,
    /// Of these, what only wants nothing more.
    dismissals: Phrases,
    /// What puts something off.
    later: Phrases,
    /// What takes half of a yes back.
    but: Phrases,
    /// What stands around a yes, a no or a choice and changes nothing.
    fillers: Phrases,
    /// What points to the first of several, the second, the third, in this order, variants with a stroke.
    places: Vec<Phrases>,
    /// What refuses all of several.
    neither: Phrases,
    /// What stands before what was meant in place of what was understood: "I meant".
    meant_instead: Phrases,
    /// What somebody who says "I didn't …" or "I'm not …" before it was taken for, and wasn't: "talking about", "ask
    /// if".
    speaks_of: Phrases,
    /// What begins a clause that says what a message isn't about: "this isn't about", "nobody mentioned".
    not_about: Phrases,
    /// What begins the clause behind it that says what it is about: "I asked", "it's about".
    turns_to: Phrases,
    /// Where people are met: a wish to talk to somebody there isn't one for a person in this chat.
    meeting_places: Words,
    /// What ends a sentence that only takes note: "No fee, ok.".
    acknowledges: Words,
    /// What says that something was not told: "you didn't say".
    not_told: Phrases,
    /// What begins another matter: "one more thing".
    new_topic: Phrases,
    /// What takes all of several: "both", "all of them".
    both: Phrases,
    /// Words that point to several things that were just shown: "send them to me".
    them: Words,
    /// What stands before the day that a change goes away from: "from the 1st to the 15th", "instead of the 1st".
    away_from: Phrases,
    /// What stands before what follows from the words before it: "I get paid on the 25th, so the 27th".
    so_words: Words,
    /// What begins a question that only wonders: "what if I", "so if I".
    what_ifs: Phrases,
    /// What the bot's own answers call a colleague with, so that one has to come.
    calls_somebody: Phrases,
    /// What begins a case that may come: "can I get a person if it doesn't arrive" calls nobody yet.
    in_case: Phrases,
    /// Words of an "if" that is only polite: "if possible", "if that's ok".
    polite_ifs: Words,
    /// What begins a question about who is writing: "is this a real person" wishes for nobody.
    asks_who: Phrases,
    /// What points to the one that is not being talked about.
    other: Phrases,
    /// What points to the one before it in time.
    before: Phrases,
    /// What points to the one after it in time.
    after: Phrases,
    /// What begins a correction: "I meant the payment".
    corrections: Phrases,
    /// Words that carry no matter of their own: articles, pronouns, "and", "about".
    thin: Words,
    /// Words for a bill or one of several, which carry none either where something else is named.
    thing: Words,
    /// Whole messages that mean "start over".
    start_over: Phrases,
    /// Whole messages that mean "end chat".
    end_chat: Phrases,
    /// Whole messages that mean "talk to a person", whatever else is going on.
    talk_to_human: Phrases,
    /// A wish for a person, wherever it stands in a message.
    person_wishes: Phrases,
    /// What says that something is to come: in "will January be the same" no bill is named.
    future: Phrases,
    /// What says that it is over: "was", "paid".
    past: Phrases,
    /// What names the time that comes next: "next month".
    next_time: Phrases,
    /// What turns a wish round that stands right behind it: "don't".
    denies: Phrases,
    /// What says that what was asked for isn't there: "I don't have it yet".
    not_known: Phrases,
    /// What puts figures together: "in all", "altogether".
    in_all: Phrases,
    /// What asks for a year of it: "a year", "per year".
    a_year: Phrases,
    /// What follows an amount that is paid each month: "a month".
    a_month: Phrases,
    /// What begins a conclusion from the answer before: "so".
    concludes: Phrases,
    /// What asks at the end whether that is right: "then", "is that right".
    checks: Phrases,
    /// What such a conclusion may say beside the figure: "every month", "in all".
    restates: Phrases,
    /// What turns it round: "not", "never".
    negations: Phrases,
    /// What says that something is not so: "not", "nothing".
    nots: Phrases,
    /// What begins a request: "please", "get".
    requests: Phrases,
    /// Who speaks: "I", "we".
    first_person: Phrases,
    /// Who is spoken to: "you".
    second_person: Phrases,
    /// What says that nothing was paid yet: "if I pay", "I can't pay".
    not_paid: Phrases,
    /// What says that something was paid, just now perhaps: the account is asked for anew.
    have_paid: Phrases,
    /// What says that a question was meant and nothing else: "I only asked".
    only_asks: Phrases,
    /// What asks for another code, while one is awaited: "send it again".
    code_again: Phrases,
    /// What says that the code hasn't come: "nothing came".
    code_missing: Phrases,
    /// Whole messages that only see whether somebody is there: "hello?".
    anybody_there: Phrases,
    /// What begins a reply and is no part of it: "I just told you".
    leads: Phrases,
    /// Words by which a postal address is known: "road", "street".
    street_words: Words,
    /// What says the form of a company, by which its name is known: "ltd".
    company_forms: Words,
    /// What a tax number is called: "vat".
    tax_words: Words,
    /// What stands before a name and is no part of it: "is", "called".
    before_names: Words,
    /// A wish for the person whom the last message spoke of: "get me one", "ask them".
    person_pointed: Phrases,
    /// Words for the people who could be asked: "colleague".
    person_words: Words,
    /// What wishes for the person that is named behind it: "put me through to".
    person_verbs: Phrases,
    /// What may stand between: "a real".
    person_adjectives: Words,
    /// What behind a word for people makes it nobody of ours: "else".
    person_others: Words,
    /// What a person is to do, behind "can a colleague": "look".
    person_helps: Phrases,
    /// What leaves things as they are, and is no wish to leave: "leave it".
    leaves_it: Phrases,
    /// What makes words of an offer a statement about it, and no yes: "it's off", "I'd take it off"
    states: Words,
    /// What says that somebody is no customer: "not a customer"; they aren't sent to sign in.
    no_account: Phrases,
    /// What stands between the first and the last of several months: "to".
    range_words: Words,
    /// What joins the other half of one question: "or".
    or_words: Words,
    /// Words of praise: "kind".
    praises: Phrases,
    /// What stands before praise that is said in passing: "that's", "how".
    praise_leads: Phrases,
    /// What makes praise a yes: "that would be".
    would_be: Phrases,
    /// What may stand between: "ever so".
    intensifiers: Phrases,
    /// What may stand behind it: "of you".
    praise_ends: Phrases,
    /// What the bot's own answers ask for a month with: "tell me its month".
    asks_month: Phrases,
    /// The months from January on, variants with a stroke.
    months: Vec<Words>,
}

/// What a list of texts is looked up as.
trait LookedUp {
    fn of(texts: &[String]) -> Self;
}

impl LookedUp for Words {
    fn of(texts: &[String]) -> Self {
        let mut words = words_of(texts);
        words.extend(words.iter().map(|it| it.replace('\'', "")).collect::<Vec<_>>());
        words
    }
}

impl LookedUp for Phrases {
    fn of(texts: &[String]) -> Self {
        Phrases::of(texts.iter().map(String::as_str))
    }
}

/// Places in an order, the variants of each with `|`.
impl LookedUp for Vec<Phrases> {
    fn of(texts: &[String]) -> Self {
        texts.iter().map(|it| Phrases::of(it.split('|'))).collect()
    }
}

impl LookedUp for Vec<Words> {
    fn of(texts: &[String]) -> Self {
        texts.iter().map(|it| it.split('|').map(|it| it.trim().to_lowercase()).collect()).collect()
    }
}

fn words_of(texts: &[String]) -> Words {
    texts.iter().flat_map(|it| normal::words(it)).collect()
}

/// Reads a language's file by itself, for tests of the rules.
#[cfg(test)]
pub(crate) fn read(text: &str) -> Result<LanguageFile, toml::de::Error> {
    toml::from_str(text)
}
