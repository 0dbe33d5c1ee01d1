//! Words that go on a sentence after "my password is", and so are no password.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::text::Text;

/// What people say of a password in place of the password.
const WORDS: &str = "\
    a about above accepted access accessible account actually after again all almost already also always am an and annoying \
    another any anymore anyone anything anyway apparently are as ask asked at auto available away back bad barred basically be \
    because been before being below best better bit blank blocked both broken but by bye call came can cannot cant case change \
    changed cheers clearly code come comes completely compromised correct could couldnt currently dead definitely dear \
    deleted did didnt different difficult do does doesnt done dont due each easy either email emailed empty enough even ever \
    every everytime exactly expired expiring failed fails fails false few fine first for forgot forgotten from fully get gets \
    getting give go goes gone good got great guys had happens hard has have havent having he hello help her here hey hi his \
    hm hmm how however i id if ill im impossible in incorrect instead insecure into invalid is isnt it its ive just keep keeps \
    kindly known last later let like likely link linked locked login long longer lost lots love mail mate may maybe me mean \
    meant mine missing months more most much must mum my nah name nearly need needed needs neither never new next no nobody \
    none nope nor not nothing now null of off often ok okay old on once one only open or other otherwise our out outdated over \
    own password passwords pasted pending perfectly please pls plz pointless possible possibly private probably problem \
    question quite random rather really refused rejected required reset resets right rubbish safe said same saved saying says \
    secret secure see seems send sent set she short should shown shows sir slow so some somehow someone something somewhere \
    soon sorry still stolen stored stuck such super sure ta taken terrible than thank thanks that thats the their them then \
    there these they thing thinks this those though through thx till time to today together tomorrow too totally true tried \
    unable under unclear unknown unless unlocked unset until up updated upto us use used useless usually valid very via want \
    was wasnt way we weak well were werent what whats when whenever where whether which while who whom whose why will with \
    within without wont work worked working works would wrong wrongly yeah year years yes yesterday nowhere pay continue proceed view download enter register order cancel access unique strong complex \
    alphanumeric numeric numbers digits characters yet you your youre yours \
    falsch vergessen nicht ungultig weg abgelaufen gesperrt unbekannt oublie perdu incorrecte invalide faux pas expire \
    incorrecta incorrecto olvidada olvidado mal no perdida sbagliata scaduta dimenticata errata errada esqueci errado verkeerd \
    vergeten verlopen niet kwijt zle nie zapomnialem не неверный";

static WORDS_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split_whitespace().collect());

/// How words end that say what became of something: "expired", "being", "readable", "wrongly".
const ENDINGS: [&str; 5] = ["ed", "ing", "able", "ly", "n't"];

/// Whether a word goes on a sentence.
pub fn is_sentence(text: &Text, place: &Range<usize>) -> bool {
    let letters = &text.lower[place.clone()];
    let bare = letters.trim_matches(|it: char| !it.is_alphanumeric());
    // "reset.I": one of two words that are glued.
    let first = bare.split([',', '.', ';', '?', '!', ')', '(']).next().unwrap_or(bare);
    let word: String = first.chars().filter(|it| *it != '\'').collect();
    let plain = first.chars().all(|it| it.is_alphabetic() || it == '\'' || it == '-');
    WORDS_SET.contains(word.as_str()) || plain && ENDINGS.iter().any(|it| first.ends_with(it) && it.len() + 2 < first.len())
}
