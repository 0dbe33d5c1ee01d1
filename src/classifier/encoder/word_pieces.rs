//! The tokens of plain English in a fraction of the tokenizer's time; what is not plain is left to the tokenizer.

use std::collections::HashMap;

use serde_json::json;
use tokenizers::{Model, ModelWrapper, Tokenizer};

/// Pieces of words with their numbers, for texts of printable ASCII, which most messages are.
///
/// The general tokenizer keeps track of where each letter came from, which nobody here asks.
pub(super) struct WordPieces {
    /// Those that begin a word.
    firsts: HashMap<Box<[u8]>, u32>,
    /// Those that go on with one.
    rests: HashMap<Box<[u8]>, u32>,
    /// Bytes in the longest of them.
    longest: usize,
    /// A word is not taken apart when it is longer than this.
    word_max: usize,
    unknown: u32,
    /// The marks of start and end.
    marks: [u32; 2],
}

impl WordPieces {
    /// Of a tokenizer that works as BERT's without capitals does; nothing of any other.
    pub(super) fn of(tokenizer: &Tokenizer) -> Option<Self> {
        let bert = json!({
            "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
            "lowercase": true,
        });
        let is_bert = serde_json::to_value(tokenizer.get_normalizer()?).ok()? == bert
            && serde_json::to_value(tokenizer.get_pre_tokenizer()?).ok()? == json!({ "type": "BertPreTokenizer" });
        // Words that count as one token wherever they stand; a text with the bracket is left to the tokenizer.
        let mut added = tokenizer.get_added_tokens_decoder().into_values();
        if !is_bert || !added.all(|it| it.content.starts_with('[')) {
            return None;
        }
        let ModelWrapper::WordPiece(model) = tokenizer.get_model() else { return None };
        let marks = <[u32; 2]>::try_from(tokenizer.encode_fast("", true).ok()?.get_ids()).ok()?;
        let (mut firsts, mut rests, mut longest) = (HashMap::new(), HashMap::new(), 0);
        for (piece, id) in model.get_vocab() {
            let (pieces, piece) = match piece.strip_prefix(&model.continuing_subword_prefix) {
                Some(rest) => (&mut rests, rest),
                None => (&mut firsts, piece.as_str()),
            };
            if piece.is_ascii() {
                longest = longest.max(piece.len());
                pieces.insert(piece.as_bytes().into(), id);
            }
        }
        let unknown = model.token_to_id(&model.unk_token)?;
        Some(Self { firsts, rests, longest, word_max: model.max_input_chars_per_word, unknown, marks })
    }

    /// The text's tokens, marks of start and end included; nothing of a text that is not plain.
    pub(super) fn tokens(&self, text: &str) -> Option<Vec<u32>> {
        let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'[';
        if !text.bytes().all(is_plain) {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let mut tokens = Vec::with_capacity(2 + text.len() / 4);
        tokens.push(self.marks[0]);
        for words in lower.as_bytes().split(|byte| *byte == b' ') {
            // Each punctuation mark is a word of its own.
            for word in words.chunk_by(|a, b| !a.is_ascii_punctuation() && !b.is_ascii_punctuation()) {
                self.take_apart(word, &mut tokens);
            }
        }
        tokens.push(self.marks[1]);
        Some(tokens)
    }

    /// The longest piece at the beginning, then the longest that goes on from there: a word that doesn't come out is
    /// unknown as a whole.
    fn take_apart(&self, word: &[u8], tokens: &mut Vec<u32>) {
        let n_before = tokens.len();
        let mut rest = if word.len() <= self.word_max { word } else { &[] };
        let mut pieces = &self.firsts;
        while !rest.is_empty() {
            let ends = (1..=rest.len().min(self.longest)).rev();
            let Some((end, id)) = ends.map(|end| (end, pieces.get(&rest[..end]))).find(|(_, id)| id.is_some()) else {
                break;
            };
            tokens.extend(id);
            rest = &rest[end..];
            pieces = &self.rests;
        }
        if !rest.is_empty() || tokens.len() == n_before {
            tokens.truncate(n_before);
            tokens.push(self.unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::classifier::EngineChoice;
    use crate::classifier::encoder::tests::settings;

    static BOTH: LazyLock<(Tokenizer, WordPieces)> = LazyLock::new(|| {
        let path = settings(EngineChoice::Auto).model_dir.join("tokenizer.json");
        let tokenizer = Tokenizer::from_file(path).expect("it is in the repository");
        let pieces = WordPieces::of(&tokenizer).expect("it is BERT's");
        (tokenizer, pieces)
    });

    fn of_tokenizer(text: &str) -> Vec<u32> {
        BOTH.0.encode_fast(text, true).expect("tokens").get_ids().to_vec()
    }

    #[test]
    fn plain_texts_have_the_tokenizers_own_tokens() {
        let texts = [
            "",
            " ",
            "Why is my bill HIGHER this month?!",
            "it's $12.50 (twice); e-mail me@home.example, ref #A-99/x_y",
            "supercalifragilisticexpialidocious antidisestablishmentarianism zzzzqqqq",
            "a  b   c",
        ];
        for text in texts {
            assert_eq!(BOTH.1.tokens(text).expect("it is plain"), of_tokenizer(text), "{text}");
        }
        for long in [99, 100, 101, 500] {
            let text = format!("pay {} now", "ab".repeat(long)[..long].to_owned());
            assert_eq!(BOTH.1.tokens(&text).expect("it is plain"), of_tokenizer(&text), "{long}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_tokenizer() {
        for text in ["£12", "caf\u{e9}", "[SEP]", "a\tb", "\u{1f4b8}"] {
            assert!(BOTH.1.tokens(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_plain_text_has_the_tokenizers_own_tokens(text in "[ -Z\\\\-~]{0,120}|([a-z]{1,12}[ ',.?!-]{1,2}){0,20}") {
            prop_assert_eq!(BOTH.1.tokens(&text).expect("it is plain"), of_tokenizer(&text));
        }
    }
}
