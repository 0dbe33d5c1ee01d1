//! The small words of a language that the rules look for: `intents/languages/<tag>.toml`, checked like all else.

use std::collections::HashSet;

use serde::Deserialize;

use crate::conversation::normal;

/// A language's file. Of a language that the business doesn't speak, `telling` alone is enough.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageFile {
    /// Frequent words of this language that few others have, by which it is recognised.
    pub telling: Vec<String>,
    /// What may begin a question or a request of its own.
    #[serde(default)]
    pub openers: Vec<String>,
    /// What begins a question even after a comma.
    #[serde(default)]
    pub question_words: Vec<String>,
    /// What begins a question that is answered with yes or no.
    #[serde(default)]
    pub yes_or_no_words: Vec<String>,
    /// What joins two sentences where a comma would not.
    #[serde(default)]
    pub joiners: Vec<String>,
    /// What says nothing without the sentence before it, at its beginning.
    #[serde(default)]
    pub leaning: Vec<String>,
    /// What points to the sentence before it, at its end.
    #[serde(default)]
    pub pointing: Vec<String>,
    /// What begins a clause that says what is not wanted.
    #[serde(default)]
    pub refusals: Vec<String>,
    /// What begins a clause that says what is wanted in its place.
    #[serde(default)]
    pub insteads: Vec<String>,
    /// What begins a sentence that says what is not meant.
    #[serde(default)]
    pub denials: Vec<String>,
    /// What says that somebody never wished for what they were taken to wish.
    #[serde(default)]
    pub never_wished: Vec<String>,
    /// What sets one of two against the other: "the difference between".
    #[serde(default)]
    pub comparing: Vec<String>,
    /// What begins a clause that says on what condition something is asked: "if", "as soon as".
    #[serde(default)]
    pub conditions: Vec<String>,
    /// What stands before the new value of something: "change it to".
    #[serde(default)]
    pub changes: Vec<String>,
    /// What means yes.
    #[serde(default)]
    pub yes: Vec<String>,
    /// What means no.
    #[serde(default)]
    pub no: Vec<String>,
    /// Of these, what only wants nothing more.
    #[serde(default)]
    pub dismissals: Vec<String>,
    /// What puts something off.
    #[serde(default)]
    pub later: Vec<String>,
    /// What takes half of a yes back.
    #[serde(default)]
    pub but: Vec<String>,
    /// What stands around a yes, a no or a choice and changes nothing.
    #[serde(default)]
    pub fillers: Vec<String>,
    /// What points to the first of several, the second, the third, in this order, variants with `|`.
    #[serde(default)]
    pub places: Vec<String>,
    /// What refuses all of several.
    #[serde(default)]
    pub neither: Vec<String>,
    /// What stands before what was meant in place of what was understood: "I meant".
    #[serde(default)]
    pub meant_instead: Vec<String>,
    /// What says that something was not told: "you didn't say".
    #[serde(default)]
    pub not_told: Vec<String>,
    /// What begins another matter: "one more thing".
    #[serde(default)]
    pub new_topic: Vec<String>,
    /// What takes all of several.
    #[serde(default)]
    pub both: Vec<String>,
    /// Words that point to several things that were just shown.
    #[serde(default)]
    pub them: Vec<String>,
    /// What stands before the day that a change goes away from.
    #[serde(default)]
    pub away_from: Vec<String>,
    /// What stands before what follows from the words before it.
    #[serde(default)]
    pub so_words: Vec<String>,
    /// What begins a case that may come.
    #[serde(default)]
    pub in_case: Vec<String>,
    /// Words of an "if" that is only polite.
    #[serde(default)]
    pub polite_ifs: Vec<String>,
    /// What begins a question about who is writing.
    #[serde(default)]
    pub asks_who: Vec<String>,
    /// What points to the one that is not being talked about.
    #[serde(default)]
    pub other: Vec<String>,
    /// What points to the one before it in time.
    #[serde(default)]
    pub before: Vec<String>,
    /// What points to the one after it in time.
    #[serde(default)]
    pub after: Vec<String>,
    /// What begins a correction: "I meant the payment".
    #[serde(default)]
    pub corrections: Vec<String>,
    /// Words that carry no matter of their own: articles, pronouns, "and", "about".
    #[serde(default)]
    pub thin: Vec<String>,
    /// Words for a bill or one of several, which carry none either where something else is named.
    #[serde(default)]
    pub thing: Vec<String>,
    /// Whole messages that mean "start over".
    #[serde(default)]
    pub start_over: Vec<String>,
    /// Whole messages that mean "end chat".
    #[serde(default)]
    pub end_chat: Vec<String>,
    /// Whole messages that mean "talk to a person", whatever else is going on.
    #[serde(default)]
    pub talk_to_human: Vec<String>,
    /// A wish for a person, wherever it stands in a message.
    #[serde(default)]
    pub person_wishes: Vec<String>,
    /// What says that it is to come: "will".
    #[serde(default)]
    pub future: Vec<String>,
    /// What says that it is over: "was", "paid".
    #[serde(default)]
    pub past: Vec<String>,
    /// What names the time that comes next: "next month".
    #[serde(default)]
    pub next_time: Vec<String>,
    /// What turns a wish round that stands right behind it: "don't".
    #[serde(default)]
    pub denies: Vec<String>,
    /// What says that what was asked for isn't there: "I don't have it yet".
    #[serde(default)]
    pub not_known: Vec<String>,
    /// What puts figures together: "altogether".
    #[serde(default)]
    pub in_all: Vec<String>,
    /// What asks for a year of it: "a year".
    #[serde(default)]
    pub a_year: Vec<String>,
    /// What follows an amount that is paid each month.
    #[serde(default)]
    pub a_month: Vec<String>,
    /// What begins a conclusion from the answer before: "so".
    #[serde(default)]
    pub concludes: Vec<String>,
    /// What asks at the end whether that is right: "then", "is that right".
    #[serde(default)]
    pub checks: Vec<String>,
    /// What such a conclusion may say beside the figure: "every month", "in all".
    #[serde(default)]
    pub restates: Vec<String>,
    /// What turns it round: "not", "never".
    #[serde(default)]
    pub negations: Vec<String>,
    /// What says that something is not so: "not", "nothing".
    #[serde(default)]
    pub nots: Vec<String>,
    /// What begins a request: "please", "get".
    #[serde(default)]
    pub requests: Vec<String>,
    /// Who speaks: "I", "we".
    #[serde(default)]
    pub first_person: Vec<String>,
    /// Who is spoken to: "you".
    #[serde(default)]
    pub second_person: Vec<String>,
    /// What says that nothing was paid yet: "if I pay", "I can't pay".
    #[serde(default)]
    pub not_paid: Vec<String>,
    /// What says that something was paid just now, perhaps.
    #[serde(default)]
    pub have_paid: Vec<String>,
    /// What says that a question was meant and nothing else: "I only asked".
    #[serde(default)]
    pub only_asks: Vec<String>,
    /// What asks for another code, while one is awaited: "send it again".
    #[serde(default)]
    pub code_again: Vec<String>,
    /// What says that the code hasn't come: "nothing came".
    #[serde(default)]
    pub code_missing: Vec<String>,
    /// Whole messages that only see whether somebody is there: "hello?".
    #[serde(default)]
    pub anybody_there: Vec<String>,
    /// What begins a reply and is no part of it: "I just told you".
    #[serde(default)]
    pub leads: Vec<String>,
    /// Words by which a postal address is known: "road", "street".
    #[serde(default)]
    pub street_words: Vec<String>,
    /// What says the form of a company: "Ltd".
    #[serde(default)]
    pub company_forms: Vec<String>,
    /// What a tax number is called.
    #[serde(default)]
    pub tax_words: Vec<String>,
    /// What stands before a name and is no part of it: "is", "called".
    #[serde(default)]
    pub before_names: Vec<String>,
    /// A wish for the person who was just spoken of: "get me one", "ask them".
    #[serde(default)]
    pub person_pointed: Vec<String>,
    /// Words for the people who could be asked: "colleague".
    #[serde(default)]
    pub person_words: Vec<String>,
    /// What leaves things as they are, and is no wish to leave: "leave it".
    #[serde(default)]
    pub leaves_it: Vec<String>,
    /// What says that somebody is no customer: "not a customer".
    #[serde(default)]
    pub no_account: Vec<String>,
    /// What stands between the first and the last of several months: "to".
    #[serde(default)]
    pub range_words: Vec<String>,
    /// What joins the other half of one question: "or".
    #[serde(default)]
    pub or_words: Vec<String>,
    /// Words of praise: "kind".
    #[serde(default)]
    pub praises: Vec<String>,
    /// What stands before praise that is said in passing: "that's".
    #[serde(default)]
    pub praise_leads: Vec<String>,
    /// What makes praise a yes: "that would be".
    #[serde(default)]
    pub would_be: Vec<String>,
    /// What may stand between: "ever so".
    #[serde(default)]
    pub intensifiers: Vec<String>,
    /// What may stand behind it: "of you".
    #[serde(default)]
    pub praise_ends: Vec<String>,
    /// The months from January on, variants with `|`.
    #[serde(default)]
    pub months: Vec<String>,
}

/// The business's own language, ready to look words up in, and what the others are recognised by.
#[derive(Clone, Debug, Default)]
pub struct Language {
    /// Its tag: `en`.
    pub tag: String,
    /// What may begin a question or a request of its own.
    pub openers: HashSet<String>,
    /// What begins a question even after a comma.
    pub question_words: HashSet<String>,
    /// What begins a question that is answered with yes or no.
    pub yes_or_no_words: HashSet<String>,
    /// What joins two sentences where a comma would not.
    pub joiners: HashSet<String>,
    /// What says nothing without the sentence before it.
    pub leaning: HashSet<String>,
    /// What points to the sentence before it.
    pub pointing: HashSet<String>,
    /// What begins a clause that says what is not wanted.
    pub refusals: Phrases,
    /// What begins a clause that says what is wanted in its place.
    pub insteads: Phrases,
    /// What begins a sentence that says what is not meant.
    pub denials: Phrases,
    /// What says that somebody never wished for what they were taken to wish: "I didn't say I want".
    pub never_wished: Phrases,
    /// What sets one of two against the other.
    pub comparing: Phrases,
    /// What begins a clause that says a condition.
    pub conditions: Phrases,
    /// What stands before the new value of something.
    pub changes: Phrases,
    /// What means yes.
    pub yes: Phrases,
    /// What means no.
    pub no: Phrases,
    /// Of these, what only wants nothing more.
    pub dismissals: Phrases,
    /// What puts something off.
    pub later: Phrases,
    /// What takes half of a yes back.
    pub but: Phrases,
    /// What changes nothing.
    pub fillers: Phrases,
    /// What points to the first, the second, the third.
    pub places: Vec<Phrases>,
    /// What refuses all of several.
    pub neither: Phrases,
    /// What stands before what was meant.
    pub meant_instead: Phrases,
    /// What says that something was not told.
    pub not_told: Phrases,
    /// What begins another matter.
    pub new_topic: Phrases,
    /// What takes all of several.
    pub both: Phrases,
    /// Words that point to several things that were just shown.
    pub them: HashSet<String>,
    /// What stands before the day that a change goes away from.
    pub away_from: Phrases,
    /// What stands before what follows from the words before it.
    pub so_words: HashSet<String>,
    /// What begins a case that may come.
    pub in_case: Phrases,
    /// Words of an "if" that is only polite.
    pub polite_ifs: HashSet<String>,
    /// What begins a question about who is writing.
    pub asks_who: Phrases,
    /// What points to the other one.
    pub other: Phrases,
    /// What points to the one before.
    pub before: Phrases,
    /// What points to the one after.
    pub after: Phrases,
    /// What begins a correction.
    pub corrections: Phrases,
    /// Words without matter.
    pub thin: HashSet<String>,
    /// Words for a bill or one of several.
    pub thing: HashSet<String>,
    /// Whole messages.
    pub start_over: Phrases,
    /// Whole messages.
    pub end_chat: Phrases,
    /// Whole messages.
    pub talk_to_human: Phrases,
    /// A wish for a person, wherever it stands.
    pub person_wishes: Phrases,
    /// What says that it is to come.
    pub future: Phrases,
    /// What says that it is over.
    pub past: Phrases,
    /// What names the time that comes next.
    pub next_time: Phrases,
    /// What turns a wish round that stands right behind it.
    pub denies: Phrases,
    /// What says that what was asked for isn't there.
    pub not_known: Phrases,
    /// What puts figures together.
    pub in_all: Phrases,
    /// What asks for a year of it.
    pub a_year: Phrases,
    /// What follows an amount that is paid each month.
    pub a_month: Phrases,
    /// What begins a conclusion.
    pub concludes: Phrases,
    /// What asks whether it is right.
    pub checks: Phrases,
    /// What a conclusion may say beside the figure.
    pub restates: Phrases,
    /// What turns a sentence round.
    pub negations: Phrases,
    /// What says that something is not so.
    pub nots: Phrases,
    /// What begins a request.
    pub requests: Phrases,
    /// Who speaks.
    pub first_person: Phrases,
    /// Who is spoken to.
    pub second_person: Phrases,
    /// What says that nothing was paid yet.
    pub not_paid: Phrases,
    /// What says that something was paid, just now perhaps: what billing said before may be over.
    pub have_paid: Phrases,
    /// What says that a question was meant.
    pub only_asks: Phrases,
    /// What asks for another code.
    pub code_again: Phrases,
    /// What says that the code hasn't come.
    pub code_missing: Phrases,
    /// Whole messages.
    pub anybody_there: Phrases,
    /// What begins a reply and is no part of it.
    pub leads: Phrases,
    /// Words by which a postal address is known.
    pub street_words: HashSet<String>,
    /// What says the form of a company.
    pub company_forms: HashSet<String>,
    /// What a tax number is called.
    pub tax_words: HashSet<String>,
    /// What stands before a name and is no part of it.
    pub before_names: HashSet<String>,
    /// A wish for the person who was just spoken of.
    pub person_pointed: Phrases,
    /// Words for the people who could be asked.
    pub person_words: HashSet<String>,
    /// What leaves things as they are, and is no wish to leave.
    pub leaves_it: Phrases,
    /// What says that somebody is no customer.
    pub no_account: Phrases,
    /// What stands between the first and the last of several months.
    pub range_words: HashSet<String>,
    /// What joins the other half of one question.
    pub or_words: HashSet<String>,
    /// Words of praise.
    pub praises: Phrases,
    /// What stands before praise that is said in passing.
    pub praise_leads: Phrases,
    /// What makes praise a yes.
    pub would_be: Phrases,
    /// What may stand between.
    pub intensifiers: Phrases,
    /// What may stand behind it.
    pub praise_ends: Phrases,
    /// The months from January on.
    pub months: Vec<HashSet<String>>,
    /// The telling words of each language by its tag, this one among them.
    pub telling: Vec<(String, HashSet<String>)>,
}

/// Phrases as lists of words, the longest first.
#[derive(Clone, Debug, Default)]
pub struct Phrases(Vec<Vec<String>>);

/// Reads a language's file by itself, for tests of the rules.
#[cfg(test)]
pub(crate) fn read(text: &str) -> Result<LanguageFile, toml::de::Error> {
    toml::from_str(text)
}

impl Phrases {
    /// Phrases as somebody types them; without their apostrophes too, as most people type.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut phrases: Vec<Vec<String>> = Vec::new();
        for words in texts.into_iter().map(normal::words).filter(|it| !it.is_empty()) {
            let typed: Vec<String> = words.iter().map(|it| it.replace('\'', "")).collect();
            for phrase in [words, typed] {
                if !phrases.contains(&phrase) {
                    phrases.push(phrase);
                }
            }
        }
        phrases.sort_by_key(|it| std::cmp::Reverse(it.len()));
        Self(phrases)
    }

    /// How many words of the beginning are the longest phrase that stands there; 0 for none.
    pub fn at_start(&self, words: &[String]) -> usize {
        self.0.iter().find(|it| words.starts_with(it)).map_or(0, Vec::len)
    }

    /// Where the first phrase begins that stands in the words, and how long it is.
    pub fn find(&self, words: &[String]) -> Option<(usize, usize)> {
        (0..words.len()).find_map(|at| match self.at_start(&words[at..]) {
            0 => None,
            n => Some((at, n)),
        })
    }

    /// Whether a word stands in one of them.
    pub fn has_word(&self, word: &str) -> bool {
        self.0.iter().flatten().any(|it| it == word)
    }

    /// Whether the words are one of them, neither more nor less.
    pub fn is(&self, words: &[String]) -> bool {
        self.0.iter().any(|it| it == words)
    }
}

impl Language {
    /// The own language's words, with what the others are recognised by.
    pub fn new(tag: &str, all: &[(String, LanguageFile)]) -> Self {
        let nothing = LanguageFile::default();
        let own = all.iter().find(|it| it.0 == tag).map_or(&nothing, |it| &it.1);
        let set = |texts: &[String]| texts.iter().flat_map(|it| normal::words(it)).collect::<HashSet<String>>();
        let phrases = |texts: &[String]| Phrases::of(texts.iter().map(String::as_str));
        // With and without apostrophe, as for phrases.
        let words = |texts: &[String]| {
            let mut words = set(texts);
            words.extend(words.iter().map(|it| it.replace('\'', "")).collect::<Vec<_>>());
            words
        };
        Self {
            tag: tag.to_owned(),
            openers: words(&own.openers),
            question_words: words(&own.question_words),
            yes_or_no_words: words(&own.yes_or_no_words),
            joiners: set(&own.joiners),
            leaning: words(&own.leaning),
            pointing: set(&own.pointing),
            refusals: phrases(&own.refusals),
            insteads: phrases(&own.insteads),
            denials: phrases(&own.denials),
            never_wished: phrases(&own.never_wished),
            comparing: phrases(&own.comparing),
            conditions: phrases(&own.conditions),
            changes: phrases(&own.changes),
            yes: phrases(&own.yes),
            no: phrases(&own.no),
            dismissals: phrases(&own.dismissals),
            later: phrases(&own.later),
            but: phrases(&own.but),
            fillers: phrases(&own.fillers),
            places: own.places.iter().map(|it| Phrases::of(it.split('|'))).collect(),
            neither: phrases(&own.neither),
            meant_instead: phrases(&own.meant_instead),
            not_told: phrases(&own.not_told),
            new_topic: phrases(&own.new_topic),
            both: phrases(&own.both),
            them: words(&own.them),
            away_from: phrases(&own.away_from),
            so_words: words(&own.so_words),
            in_case: phrases(&own.in_case),
            polite_ifs: words(&own.polite_ifs),
            asks_who: phrases(&own.asks_who),
            other: phrases(&own.other),
            before: phrases(&own.before),
            after: phrases(&own.after),
            corrections: phrases(&own.corrections),
            thin: words(&own.thin),
            thing: words(&own.thing),
            start_over: phrases(&own.start_over),
            end_chat: phrases(&own.end_chat),
            talk_to_human: phrases(&own.talk_to_human),
            person_wishes: phrases(&own.person_wishes),
            future: phrases(&own.future),
            past: phrases(&own.past),
            next_time: phrases(&own.next_time),
            denies: phrases(&own.denies),
            not_known: phrases(&own.not_known),
            in_all: phrases(&own.in_all),
            a_year: phrases(&own.a_year),
            a_month: phrases(&own.a_month),
            concludes: phrases(&own.concludes),
            checks: phrases(&own.checks),
            restates: phrases(&own.restates),
            negations: phrases(&own.negations),
            nots: phrases(&own.nots),
            requests: phrases(&own.requests),
            first_person: phrases(&own.first_person),
            second_person: phrases(&own.second_person),
            not_paid: phrases(&own.not_paid),
            have_paid: phrases(&own.have_paid),
            only_asks: phrases(&own.only_asks),
            code_again: phrases(&own.code_again),
            code_missing: phrases(&own.code_missing),
            anybody_there: phrases(&own.anybody_there),
            leads: phrases(&own.leads),
            street_words: words(&own.street_words),
            company_forms: words(&own.company_forms),
            tax_words: words(&own.tax_words),
            before_names: words(&own.before_names),
            person_pointed: phrases(&own.person_pointed),
            person_words: words(&own.person_words),
            leaves_it: phrases(&own.leaves_it),
            no_account: phrases(&own.no_account),
            range_words: words(&own.range_words),
            or_words: words(&own.or_words),
            praises: phrases(&own.praises),
            praise_leads: phrases(&own.praise_leads),
            would_be: phrases(&own.would_be),
            intensifiers: phrases(&own.intensifiers),
            praise_ends: phrases(&own.praise_ends),
            months: own.months.iter().map(|it| it.split('|').map(|it| it.trim().to_lowercase()).collect()).collect(),
            telling: all.iter().map(|(tag, file)| (tag.clone(), set(&file.telling))).collect(),
        }
    }
}

impl LanguageFile {
    /// What the business's own language must have, by key.
    pub(super) fn own_lists(&self) -> Vec<(&'static str, &[String])> {
        vec![
            ("openers", &self.openers),
            ("question_words", &self.question_words),
            ("yes_or_no_words", &self.yes_or_no_words),
            ("joiners", &self.joiners),
            ("leaning", &self.leaning),
            ("pointing", &self.pointing),
            ("refusals", &self.refusals),
            ("insteads", &self.insteads),
            ("denials", &self.denials),
            ("never_wished", &self.never_wished),
            ("comparing", &self.comparing),
            ("conditions", &self.conditions),
            ("changes", &self.changes),
            ("yes", &self.yes),
            ("no", &self.no),
            ("dismissals", &self.dismissals),
            ("later", &self.later),
            ("but", &self.but),
            ("fillers", &self.fillers),
            ("places", &self.places),
            ("neither", &self.neither),
            ("meant_instead", &self.meant_instead),
            ("not_told", &self.not_told),
            ("new_topic", &self.new_topic),
            ("both", &self.both),
            ("them", &self.them),
            ("away_from", &self.away_from),
            ("so_words", &self.so_words),
            ("in_case", &self.in_case),
            ("polite_ifs", &self.polite_ifs),
            ("asks_who", &self.asks_who),
            ("other", &self.other),
            ("before", &self.before),
            ("after", &self.after),
            ("corrections", &self.corrections),
            ("thin", &self.thin),
            ("thing", &self.thing),
            ("start_over", &self.start_over),
            ("end_chat", &self.end_chat),
            ("talk_to_human", &self.talk_to_human),
            ("person_wishes", &self.person_wishes),
            ("future", &self.future),
            ("past", &self.past),
            ("next_time", &self.next_time),
            ("denies", &self.denies),
            ("not_known", &self.not_known),
            ("in_all", &self.in_all),
            ("a_year", &self.a_year),
            ("a_month", &self.a_month),
            ("concludes", &self.concludes),
            ("checks", &self.checks),
            ("restates", &self.restates),
            ("negations", &self.negations),
            ("nots", &self.nots),
            ("requests", &self.requests),
            ("first_person", &self.first_person),
            ("second_person", &self.second_person),
            ("not_paid", &self.not_paid),
            ("have_paid", &self.have_paid),
            ("only_asks", &self.only_asks),
            ("code_again", &self.code_again),
            ("code_missing", &self.code_missing),
            ("anybody_there", &self.anybody_there),
            ("leads", &self.leads),
            ("street_words", &self.street_words),
            ("company_forms", &self.company_forms),
            ("tax_words", &self.tax_words),
            ("before_names", &self.before_names),
            ("person_pointed", &self.person_pointed),
            ("person_words", &self.person_words),
            ("leaves_it", &self.leaves_it),
            ("no_account", &self.no_account),
            ("range_words", &self.range_words),
            ("or_words", &self.or_words),
            ("praises", &self.praises),
            ("praise_leads", &self.praise_leads),
            ("would_be", &self.would_be),
            ("intensifiers", &self.intensifiers),
            ("praise_ends", &self.praise_ends),
            ("months", &self.months),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_as_whole_words_the_longest_first() {
        let phrases = Phrases::of(["yes", "yes please", "don't"]);
        let words = |text: &str| normal::words(text);
        assert_eq!(phrases.at_start(&words("Yes, please do")), 2);
        assert_eq!(phrases.at_start(&words("yesterday")), 0);
        assert_eq!(phrases.find(&words("I dont want it")), Some((1, 1)));
        assert!(phrases.is(&words("YES please!")) && !phrases.is(&words("yes please now")));
    }
}
