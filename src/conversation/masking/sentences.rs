//! Words that go on a sentence after "my password is", and so are no password.

use std::ops::Range;
use std::sync::LazyLock;

use super::names::{LONG_LETTERS, WordSet, is_slip};
use super::text::Text;

/// What people say of a password in place of the password.
const WORDS: &str = "\
    a abgelaufen about above accepted access accessible account actually after again all almost alphanumeric \
    already also always am an and annoying another any anymore anyone anything anyway apparently are as ask asked \
    at auto available away back bad barred basically be because been before being below best better bit blank \
    blocked both broken but by bye call came can cancel cannot cant case change changed characters cheers clearly \
    code come comes completely complex compromised continue correct could couldnt currently dead dear definitely \
    deleted did didnt different difficult digits dimenticata do does doesnt done dont download due each easier \
    easy either email emailed empty enough enter errada errado errata esqueci even ever every everytime exactly \
    expire expired expiring failed fails falsch false faux few fine first for forgot forgotten from fully gesperrt \
    get gets getting give go goes gone good got great guys had happens hard has have havent having he hello help \
    her here hey hi his hm hmm how however i id if ill im impossible in incorrect incorrecta incorrecte incorrecto \
    insecure instead into invalid invalide is isnt it its ive just keep keeps kindly known kwijt last later let \
    like likely link linked locked login long longer lost lots love mail mal mandatory mate may maybe me mean \
    meant mine missing months more most much mum must my nah name nearly need needed needs neither never new next \
    nicht nie niet no nobody none nope nor not nothing now nowhere null numbers numeric of off often ok okay old \
    olvidada olvidado on once one only open optional or order other otherwise oublie our out outdated over own pas \
    password passwords pasted pay pending perdida perdu perfectly please pls plz pointless possible possibly \
    private probably problem proceed question quicker quite random rather really refused register rejected \
    required reset resets right rubbish safe safer said same saved saying says sbagliata scaduta secret secure see \
    seems send sent set she short shorter should shown shows simpler sir slow so some somehow someone something \
    somewhere soon sorry still stolen stored strong stronger stuck such super sure ta taken temporary terrible \
    than thank thanks that thats the their them then there these they thing thinks this those though through thx \
    till time to today together tomorrow too totally tried true unable unbekannt unclear under ungultig unique \
    unknown unless unlocked unset until up updated upto us use used useless usually valid vergessen vergeten \
    verkeerd verlopen very via view want was wasnt way we weak weg well were werent what whats when whenever where \
    whether which while who whom whose why will with within without wont work worked working works would wrong \
    wrongly yeah year years yes yesterday yet you your youre yours zapomnialem zle не неверный";

static SENTENCE: LazyLock<WordSet> = LazyLock::new(|| WordSet::new(WORDS));

/// How words end that say what became of something: "expired", "being", "readable", "wrongly".
const ENDINGS: [&str; 8] = ["ed", "ing", "able", "ly", "n't", "less", "tent", "ous"];

/// Whether a word goes on a sentence.
pub fn is_sentence(text: &Text, place: &Range<usize>) -> bool {
    let letters = &text.lower[place.clone()];
    let bare = letters.trim_matches(|it: char| !it.is_alphanumeric());
    // "reset.I": one of two words that are glued.
    let first = bare.split([',', '.', ';', '?', '!', ')', '(']).next().unwrap_or(bare);
    let word: String = first.chars().filter(|it| *it != '\'').collect();
    let plain = first.chars().all(|it| it.is_alphabetic() || it == '\'' || it == '-');
    let slipped = || word.len() >= LONG_LETTERS - 1 && plain && SENTENCE.iter().any(|it| is_slip(&word, it));
    SENTENCE.contains(&word)
        || slipped()
        || plain && ENDINGS.iter().any(|it| first.ends_with(it) && it.len() + 2 < first.len())
}
