//! The shapes of content files: which keys there are, and what their values look like.
//!
//! They repeat `file.rs` so that all faults of a file can be told together, with hints; serde stops at the first.
//! A test keeps the two alike, and what serde alone refuses is still a fault.

use strum::VariantNames;

use super::file::{Action, BandsBy, CardKind, Need, SlotKind, Then};

/// What a value must look like.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number that fits `i64`.
    Whole,
    /// A whole number, zero or more, that fits `u32`.
    Count,
    /// A number.
    Number,
    /// A list of texts.
    Texts,
    /// One text or a list of texts.
    TextOrTexts,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A table with these keys.
    Table(&'static [KeyShape]),
    /// A list of tables with these keys.
    Tables(&'static [KeyShape]),
    /// A table whose keys are names, and whose values look like this.
    Named(&'static Shape),
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub struct KeyShape {
    /// Its name.
    pub name: &'static str,
    /// What its value must look like.
    pub shape: Shape,
    /// It must be there.
    pub required: bool,
}

pub(super) const fn must(name: &'static str, shape: Shape) -> KeyShape {
    KeyShape { name, shape, required: true }
}

pub(super) const fn may(name: &'static str, shape: Shape) -> KeyShape {
    KeyShape { name, shape, required: false }
}

/// `intents/<stage>/<intent>.toml`.
pub const INTENT: &[KeyShape] = &[
    must("about", Shape::Text),
    must("button", Shape::Text),
    must("means", Shape::Text),
    must("examples", Shape::Texts),
    may("needs", Shape::Words(Need::VARIANTS)),
    may("unverified", Shape::Text),
    may("sign_in", Shape::Flag),
    may("small_talk", Shape::Flag),
    may("suggestion", Shape::Flag),
    may("gives_way", Shape::Flag),
    may("when_named", Shape::Word(&["charge", "bill"])),
    must("budget", Shape::Table(BUDGET)),
    may("slots", Shape::Named(&Shape::Table(SLOT))),
    may("answer", Shape::Tables(ANSWER)),
    may("follow_up", Shape::Tables(FOLLOW_UP)),
    may("talk", Shape::Tables(TALK)),
];

/// `[[follow_up]]` of an intent.
pub const FOLLOW_UP: &[KeyShape] = &[
    must("name", Shape::Text),
    must("about", Shape::Text),
    must("button", Shape::Text),
    must("means", Shape::Text),
    must("examples", Shape::Texts),
    may("also_in", Shape::Texts),
    may("when", Shape::Text),
    may("goes_to", Shape::Text),
    may("takes", Shape::Text),
    may("with", Shape::Named(&Shape::Text)),
    may("another_way", Shape::Flag),
    may("gives_way", Shape::Flag),
    may("unverified", Shape::Text),
    may("sign_in", Shape::Flag),
    may("answer", Shape::Tables(ANSWER)),
];

/// `budget` of an intent.
pub const BUDGET: &[KeyShape] = &[must("turns", Shape::Count), must("taps", Shape::Count), must("typed", Shape::Count)];

/// `[slots.<name>]` of an intent.
pub const SLOT: &[KeyShape] = &[
    must("kind", Shape::Word(SlotKind::VARIANTS)),
    must("ask", Shape::Text),
    must("ask_again", Shape::Text),
    may("optional", Shape::Flag),
    may("when", Shape::Text),
    may("words", Shape::Texts),
    may("from_words", Shape::Count),
    may("offers", Shape::Named(&Shape::Text)),
    may("ahead", Shape::Flag),
    may("instead_of", Shape::Text),
];

/// `[[answer]]` of an intent, `[[follow_up.answer]]` of a follow-up.
pub const ANSWER: &[KeyShape] = &[
    may("when", Shape::Text),
    must("say", Shape::Text),
    may("choices", Shape::Texts),
    may("card", Shape::Word(CardKind::VARIANTS)),
    may("then", Shape::Word(Then::VARIANTS)),
    may("survey", Shape::Flag),
    may("action", Shape::Word(Action::VARIANTS)),
    may("confirm", Shape::Text),
    may("done", Shape::Text),
    may("refused", Shape::Text),
    may("undo", Shape::Text),
];

/// `[[talk]]` of an intent.
pub const TALK: &[KeyShape] = &[
    must("name", Shape::Text),
    may("account", Shape::Text),
    may("at", Shape::Text),
    may("known_failure", Shape::Flag),
    must("steps", Shape::Tables(STEP)),
];

/// One step of a talk.
pub const STEP: &[KeyShape] = &[
    may("customer", Shape::Text),
    may("taps", Shape::Text),
    may("says", Shape::TextOrTexts),
    may("says_not", Shape::TextOrTexts),
    may("offers", Shape::Texts),
    may("asks", Shape::Text),
    may("did_you_mean", Shape::Texts),
    may("understood", Shape::Text),
    may("card", Shape::TextOrTexts),
    may("hands_off", Shape::Flag),
    may("urgent", Shape::Flag),
    may("records", Shape::Text),
    may("receipt", Shape::TextOrTexts),
];

/// `intents/business.toml`.
pub const BUSINESS: &[KeyShape] = &[
    must("name", Shape::Text),
    must("country", Shape::Text),
    must("currency", Shape::Text),
    must("time_zone", Shape::Text),
    must("language", Shape::Text),
    must("emergency_number", Shape::Text),
    must("phone", Shape::Text),
    must("email", Shape::Text),
    must("address", Shape::Text),
    must("pay_url", Shape::Text),
    must("greeting", Shape::Text),
    must("starters", Shape::Texts),
    must("privacy", Shape::Text),
    must("payment_methods", Shape::Texts),
    must("hours", Shape::Table(HOURS)),
    must("understanding", Shape::Table(THRESHOLDS)),
    must("cost", Shape::Table(COST)),
];

/// `[hours]` of the business.
pub const HOURS: &[KeyShape] = &[
    must("text", Shape::Text),
    may("week", Shape::Named(&Shape::Text)),
    may("holidays", Shape::Texts),
    must("minutes_per_conversation", Shape::Count),
];

/// `[understanding]` of the business.
pub const THRESHOLDS: &[KeyShape] = &[
    must("wrong_answers", Shape::Number),
    may("answer", Shape::Number),
    may("ask_back", Shape::Number),
    may("known", Shape::Number),
];

/// `[cost]` of the business.
pub const COST: &[KeyShape] = &[must("per_contact_minor", Shape::Whole)];

/// `intents/urgent.toml`.
pub const URGENT: &[KeyShape] = &[must("rule", Shape::Tables(URGENT_RULE))];

/// `[[rule]]` of what is urgent.
pub const URGENT_RULE: &[KeyShape] = &[
    must("name", Shape::Text),
    must("phrases", Shape::Texts),
    may("unless", Shape::Texts),
    may("each_time", Shape::Flag),
    must("say", Shape::Text),
];

/// `intents/policies.toml`.
pub const POLICIES: &[KeyShape] = &[must("policy", Shape::Tables(POLICY))];

/// `[[policy]]` of the rules.
pub const POLICY: &[KeyShape] = &[
    must("name", Shape::Text),
    must("from", Shape::Text),
    must("about", Shape::Text),
    must("value", Shape::Whole),
    may("version", Shape::Count),
    may("by", Shape::Word(BandsBy::VARIANTS)),
    may("bands", Shape::Tables(BAND)),
    may("staff", Shape::Text),
];

/// One of the `bands` of a rule.
pub const BAND: &[KeyShape] = &[must("up_to", Shape::Whole), must("value", Shape::Whole)];

/// `intents/words.toml`.
pub const WORDS: &[KeyShape] = &[must("instead", Shape::Tables(WORD)), may("explained", Shape::Named(&Shape::Text))];

/// `[[instead]]` of the words.
pub const WORD: &[KeyShape] = &[must("not", Shape::Texts), must("but", Shape::Text)];

impl Shape {
    /// What a value must be, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Shape::Text | Shape::Word(_) => "a text",
            Shape::Flag => "true or false",
            Shape::Whole => "a whole number",
            Shape::Count => "a whole number, zero or more",
            Shape::Number => "a number",
            Shape::Texts | Shape::Words(_) => "a list of texts",
            Shape::TextOrTexts => "a text or a list of texts",
            Shape::Table(_) | Shape::Named(_) => "a table",
            Shape::Tables(_) => "a list of tables",
        }
    }

    /// How a key of this shape is written.
    pub fn example(self, name: &str) -> String {
        match self {
            Shape::Text | Shape::TextOrTexts => format!("`{name} = \"…\"`"),
            Shape::Flag => format!("`{name} = true`"),
            Shape::Whole | Shape::Count => format!("`{name} = 1`"),
            Shape::Number => format!("`{name} = 0.5`"),
            Shape::Texts => format!("`{name} = [\"…\", \"…\"]`"),
            Shape::Word(words) => format!("`{name} = \"{}\"`", words.first().unwrap_or(&"…")),
            Shape::Words(words) => format!("`{name} = [\"{}\"]`", words.first().unwrap_or(&"…")),
            Shape::Table(keys) => {
                let keys: Vec<_> = keys.iter().filter(|it| it.required).map(|it| format!("{} = …", it.name)).collect();
                format!("`{name} = {{ {} }}`", keys.join(", "))
            }
            Shape::Tables(_) => format!("`[[{name}]]` with its keys below"),
            Shape::Named(_) => format!("`[{name}]` with its keys below"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::json;
    use strum::IntoEnumIterator;

    use super::*;
    use crate::content::file::*;

    /// Learns the names of a struct's fields from serde, so that shapes and types cannot drift apart.
    struct Fields<'a>(&'a mut Vec<&'static str>);

    impl<'de> serde::Deserializer<'de> for Fields<'_> {
        type Error = serde::de::value::Error;

        fn deserialize_struct<V: serde::de::Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.extend(fields);
            Err(serde::de::Error::custom("the names are all that was wanted"))
        }

        fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(serde::de::Error::custom("not a struct"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    fn same_keys<T: DeserializeOwned>(keys: &[KeyShape]) {
        let mut fields = Vec::new();
        let _ = T::deserialize(Fields(&mut fields));
        let names: Vec<_> = keys.iter().map(|it| it.name).collect();
        assert_eq!(fields, names, "{}", std::any::type_name::<T>());
    }

    #[test]
    fn words_of_shapes_are_those_that_the_types_read() {
        fn each<T: DeserializeOwned>(words: &[&str]) {
            for word in words {
                serde_json::from_value::<T>(json!(word)).expect(word);
            }
        }
        each::<Action>(Action::VARIANTS);
        each::<BandsBy>(BandsBy::VARIANTS);
        each::<CardKind>(CardKind::VARIANTS);
        each::<Need>(Need::VARIANTS);
        each::<SlotKind>(SlotKind::VARIANTS);
        each::<Then>(Then::VARIANTS);
        assert!(Action::iter().all(|it| Action::VARIANTS.contains(&it.as_str())));
    }

    #[test]
    fn shapes_have_the_keys_of_the_types() {
        same_keys::<IntentFile>(INTENT);
        same_keys::<Budget>(BUDGET);
        same_keys::<SlotFile>(SLOT);
        same_keys::<AnswerFile>(ANSWER);
        same_keys::<FollowUpFile>(FOLLOW_UP);
        same_keys::<TalkFile>(TALK);
        same_keys::<TalkStep>(STEP);
        same_keys::<BusinessFile>(BUSINESS);
        same_keys::<HoursFile>(HOURS);
        same_keys::<Thresholds>(THRESHOLDS);
        same_keys::<CostFile>(COST);
        same_keys::<UrgentFile>(URGENT);
        same_keys::<UrgentRule>(URGENT_RULE);
        same_keys::<PoliciesFile>(POLICIES);
        same_keys::<PolicyFile>(POLICY);
        same_keys::<BandFile>(BAND);
        same_keys::<WordsFile>(WORDS);
        same_keys::<WordFile>(WORD);
    }
}
