//! Whether what was taken for a yes is one beyond doubt: nothing is done for a question, a condition, a quote or a thought.

use super::{plain, turns_round, wishes_for_more, words_of_days, words_that_name};
use crate::content::language::Language;
use crate::conversation::normal;
use crate::rules::readings::Looked;
use crate::rules::said::{Said, YesNo, is_tagged, stands_in, without_fillers};
use crate::rules::{DO, questions};

/// Whether some sentence has done what is on offer, and none asks about just that, says more of it or takes it back.
pub(in crate::rules::readings) fn agrees_plainly(look: &Looked<'_>) -> bool {
    let Some(offer) = look.state.offered.iter().find(|it| it.id.starts_with(DO)) else { return true };
    let names = words_that_name(look, offer);
    let sentences = questions::sentences(&look.heard.text, &look.content.language);
    let asks = sentences.iter().any(|it| asks(it, &look.content.language));
    let mut agrees = false;
    for sentence in &sentences {
        match asks_or_tells(look, sentence, &names, asks) {
            Says::Agrees => agrees = true,
            Says::TakesBack => return false,
            Says::Else => {}
        }
    }
    agrees
}

/// What a sentence says to what is on offer.
enum Says {
    Agrees,
    TakesBack,
    Else,
}

fn asks_or_tells(look: &Looked<'_>, sentence: &str, names: &[String], beside_question: bool) -> Says {
    let language = &look.content.language;
    if asks(sentence, language) {
        return if agrees_before_asking(look, sentence, names) { Says::Agrees } else { Says::Else };
    }
    let said = Said::of(sentence, language);
    let rest = beyond_consent(&said, names, language);
    let takes_back = [&language.no, &language.later, &language.but, &language.refusals, &language.provisos];
    if takes_back.iter().any(|it| it.find(&rest).is_some()) {
        return Says::TakesBack;
    }
    // "Yes. On 12 January": the other day is what is wanted.
    let other = names_another_figure(look, &said.words, names) && !wishes_for_more(&said, names, language);
    if other && said.words.len() <= OTHER_FIGURE_WORDS_MAX {
        return Says::TakesBack;
    }
    let agrees =
        || commits(look, sentence, names, beside_question) || begins_with_yes(look, sentence, names, beside_question);
    if !other && agrees() { Says::Agrees } else { Says::Else }
}

/// "Yes please, have it checked, and let me know by e-mail": the yes stands in the first clause, and none of the others only
/// tells of what is on offer, "yes, it was switched off".
fn begins_with_yes(look: &Looked<'_>, sentence: &str, names: &[String], beside_question: bool) -> bool {
    let language = &look.content.language;
    let mut clauses = sentence.split(',').map(str::trim);
    let Some(first) = clauses.next() else { return false };
    let tells_of_it = |clause: &str| {
        let said = Said::of(clause, language);
        states(&beyond_consent(&said, names, language), language) && said.matter.iter().all(|it| stands_in(names, it))
    };
    is_strong(&Said::of(first, language), language)
        && commits(look, first, names, beside_question)
        && !clauses.any(tells_of_it)
}

/// Whether a month is named that isn't on offer, or a figure that the bot hasn't named for it either.
fn names_another_figure(look: &Looked<'_>, words: &[String], names: &[String]) -> bool {
    let months = &look.content.language.months;
    let is_digit = |it: &String| it.starts_with(|letter: char| letter.is_ascii_digit());
    let days = words_of_days(look);
    let told = normal::words(look.state.last_said.as_deref().unwrap_or_default());
    let on_offer = |it: &String| names.iter().chain(&days).any(|known| bare(known) == bare(it));
    let was_told = |it: &String| told.iter().any(|known| bare(known) == bare(it));
    words.iter().any(|it| {
        let is_month = months.iter().any(|month| month.contains(it));
        (is_month && !on_offer(it)) || (is_digit(it) && !on_offer(it) && !was_told(it))
    })
}

/// A figure without what makes it an ordinal, and without cents that aren't there: "5" of "5.00".
fn bare(word: &str) -> &str {
    let word = plain(word);
    word.strip_suffix(".00").or_else(|| word.strip_suffix(",00")).unwrap_or(word)
}

/// In more words a figure is part of something that is told beside the yes.
const OTHER_FIGURE_WORDS_MAX: usize = 8;

/// "Yes, end it, and will I get a receipt": the yes stands before what is asked, and that isn't whether.
fn agrees_before_asking(look: &Looked<'_>, sentence: &str, names: &[String]) -> bool {
    let language = &look.content.language;
    let said = Said::of(sentence, language);
    // "Yes and how long does it take until it shows".
    let n_begins = said.words.len() - said.rest.len();
    let joins = |at: usize| said.words.get(at).is_some_and(|it| language.joiners.contains(it));
    let asked_at_once = joins(n_begins) || n_begins.checked_sub(1).is_some_and(joins);
    let asked = said.rest.join(" ");
    if said.yes_no == Some(YesNo::Yes)
        && !said.but
        && asked_at_once
        && !sentence.contains(',')
        && is_strong(&said, language)
        && questions::asks(&asked, language)
        && !asks_about_offer(&asked, names, language)
    {
        return true;
    }
    let mut commas = sentence.match_indices(',').map(|it| it.0);
    commas.any(|at| {
        let (first, rest) = (&sentence[..at], sentence[at + 1..].trim());
        let said = Said::of(first, language);
        let asked = without_joiner(rest, language);
        let is_wish = said.yes_no == Some(YesNo::Yes) && (is_strong(&said, language) || requests(&said, language));
        // "Ok, end it on the 24th, is that free?" hangs on the answer.
        let adds = is_strong(&said, language) || asked.len() < rest.len();
        let points = normal::words(rest).iter().any(|it| language.pointing.contains(it)) && asked.len() == rest.len();
        is_wish
            && adds
            && !points
            && questions::asks(asked, language)
            && !asks_about_offer(asked, names, language)
            && commits(look, first, names, true)
    })
}

fn without_joiner<'a>(text: &'a str, language: &Language) -> &'a str {
    match text.split_once(' ') {
        Some((first, rest)) if language.joiners.contains(&first.to_lowercase()) => rest,
        _ => text,
    }
}

/// Whether a question is about what is on offer itself: "what if I want to end my service later".
fn asks_about_offer(question: &str, names: &[String], language: &Language) -> bool {
    let words = normal::words(question);
    let from = words.iter().take_while(|it| language.joiners.contains(*it)).count();
    0 < language.conditions.at_start(&words[from..]) || Said::of(question, language).names(names)
}

/// Whether a sentence that doesn't ask has it done: a yes alone, or the words of the offer as somebody wishes for them, "end
/// it then", and not as they are told or quoted, "so it ends then".
fn commits(look: &Looked<'_>, sentence: &str, names: &[String], beside_question: bool) -> bool {
    let language = &look.content.language;
    let said = Said::of(sentence, language);
    let is_yes = said.yes_no == Some(YesNo::Yes) && !said.but;
    if is_yes && said.rest.is_empty() {
        // "Right. And can I still pay all at once" only takes note.
        return !beside_question || is_strong(&said, language);
    }
    let rest = beyond_consent(&said, names, language);
    if turns_round(&rest, language) || states(&rest, language) {
        return false;
    }
    let named = [names, &words_of_days(look)].concat();
    (is_yes && said.rest_repeats(&named, language))
        || said.names(&named)
        || said.place.is_some()
        || super::agrees(look, &said.words, names)
}

/// The words of a sentence that neither agree nor wish, nor name what is on offer: in what is left a yes may be taken back.
fn beyond_consent(said: &Said, names: &[String], language: &Language) -> Vec<String> {
    let words = &said.words;
    let n_begins = words.len() - said.rest.len();
    let mut at = if said.yes_no == Some(YesNo::Yes) { n_begins } else { 0 };
    let mut rest = Vec::new();
    while at < words.len() {
        let left = &words[at..];
        let n_filler = language.fillers.at_start(left);
        let n_filler = if n_filler == 1 && language.states.contains(&left[0]) { 0 } else { n_filler };
        let n = language.yes.at_start(left).max(language.requests.at_start(left)).max(n_filler);
        match n {
            0 if names.contains(&words[at]) => at += 1,
            0 => {
                rest.push(words[at].clone());
                at += 1;
            }
            n => at += n,
        }
    }
    rest
}

/// Whether words tell or ask something: "it's off", "you'd take it off", "why it ends", "this one or that".
fn states(words: &[String], language: &Language) -> bool {
    let asks = |it: &String| language.question_words.contains(it) && !language.fillers.is(std::slice::from_ref(it));
    words.iter().any(|it| language.states.contains(it) || language.or_words.contains(it) || asks(it))
}

fn requests(said: &Said, language: &Language) -> bool {
    (0..said.words.len()).any(|at| 0 < language.requests.at_start(&said.words[at..]))
}

/// Whether a yes is more than what takes note: "ok", "right", "great".
fn is_strong(said: &Said, language: &Language) -> bool {
    let yes = &said.words[..said.words.len() - said.rest.len()];
    let tells = without_fillers(yes, language);
    // "Ok do it" is made of small words that are more together.
    let more_together = |at: usize| {
        let (left, fillers) = (&yes[at..], &language.fillers);
        let n = language.yes.at_start(left);
        fillers.at_start(left) < n && without_fillers(&left[..n], language).is_empty()
    };
    !tells.iter().all(|it| language.acknowledges.contains(it)) || (0..yes.len()).any(more_together)
}

/// Whether a sentence asks, from its beginning or behind something.
fn asks(sentence: &str, language: &Language) -> bool {
    let words = normal::words(sentence);
    let only_agrees = || Said::of(sentence, language).only() == Some(YesNo::Yes);
    sentence.trim_end().ends_with(['?', '？'])
        || is_tagged(&words, language)
        || (questions::asks_within(sentence, language) && !begins_as_wish(&words, language) && !only_agrees())
}

/// "Do it", "yes please, have it checked": what may begin a question begins a wish.
fn begins_as_wish(words: &[String], language: &Language) -> bool {
    let from = language.fillers.at_start(words);
    let asks = |it: &[String]| it.windows(2).any(|it| questions::begins_question(&it[0], &it[1], language));
    let is_wish = |at: usize| {
        let n = language.yes.at_start(&words[at..]).max(language.requests.at_start(&words[at..]));
        // "Yes, will you do it soon" asks.
        0 < n && !asks(&without_requests(&words[at + n..], language))
    };
    is_wish(0) || is_wish(from)
}

/// Words without those that wish for something: "have it checked" is no question.
fn without_requests(words: &[String], language: &Language) -> Vec<String> {
    let mut rest = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match language.requests.at_start(&words[at..]) {
            0 => {
                rest.push(words[at].clone());
                at += 1;
            }
            n => at += n,
        }
    }
    rest
}
