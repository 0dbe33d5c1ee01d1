//! Templates and conditions: compiled once when content is loaded, filled with facts when we speak.
//!
//! Strict and bounded: a name that is not there, a figure that is missing and a loop without end are errors,
//! and errors are values. Nothing else in the program knows which template language this is.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use minijinja::value::{Kwargs, Serde, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value};
use serde::Serialize;

use crate::conversation::format::{self, Locale, Style};

/// Steps that one text may take; the longest of ours takes a few hundred.
const FUEL_MAX: u64 = 50_000;

/// Characters that one text may become; a longer one is an error and not a wall of text.
const TEXT_CHARS_MAX: usize = 8_000;

/// Signs that join texts, in one text at most: each may double what there is.
const JOINS_MAX: usize = 8;

/// What makes much of little, and what tells of more than the facts: content has no need of it.
const NOT_HERE: (&[&str], &[&str]) = (
    &["replace", "indent", "batch", "slice", "format", "tojson", "pprint", "chain", "zip", "urlencode"],
    &["debug", "dict"],
);

/// The filters that are ours.
pub const FILTERS: &[&str] = &["money", "rule_money", "date", "day", "month", "plural", "list", "plus_days"];

/// Filters of the template language that content may use, for hints.
pub const OTHER_FILTERS: &[&str] =
    &["lower", "upper", "capitalize", "length", "first", "last", "round", "join", "default"];

/// Texts are filled within so many steps, but a step that joins a text to itself doubles it.
fn refuse_what_grows(text: &str) -> Result<(), TemplateError> {
    let n_joins = text.matches('~').count();
    let carries_on = text.contains("namespace(");
    let what = match () {
        () if JOINS_MAX < n_joins => format!("`~` joins texts more than {JOINS_MAX} times; write them side by side"),
        () if carries_on && 0 < n_joins => "`namespace` and `~` in one text may grow without end".to_owned(),
        () => return Ok(()),
    };
    Err(TemplateError { line: 1, what })
}

/// Facts, ready to fill templates with; cheap to clone.
#[derive(Clone, Debug)]
pub struct TemplateFacts(Value);

impl TemplateFacts {
    /// Takes anything that serializes to a map of names and facts.
    pub fn new(facts: &impl Serialize) -> Self {
        Self(Value::from(Serde(facts)))
    }
}

/// Why a text could not be made, or a condition not be decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    /// The line in the template, from 1.
    pub line: usize,
    /// What is wrong, for the people who write content.
    pub what: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl From<Error> for TemplateError {
    fn from(error: Error) -> Self {
        let what = match (error.kind(), error.detail()) {
            (ErrorKind::OutOfFuel, _) => "it takes too many steps".to_owned(),
            (ErrorKind::UndefinedError, None) => "a fact is not there".to_owned(),
            (kind, None) => kind.to_string(),
            (ErrorKind::SyntaxError | ErrorKind::InvalidOperation, Some(detail)) => detail.to_owned(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
        };
        Self { line: error.line().unwrap_or(1), what }
    }
}

/// All templates and conditions of one set of content, found by their own text.
pub struct Templates {
    environment: Environment<'static>,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Templates({})", self.environment.templates().count())
    }
}

impl Templates {
    /// No templates yet; amounts without another currency among the facts are in this one.
    pub fn new(currency: &str) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL_MAX));
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        NOT_HERE.0.iter().for_each(|it| environment.remove_filter(it));
        NOT_HERE.1.iter().for_each(|it| environment.remove_global(it));
        environment.set_formatter(|out, state, value| {
            let shown = match value.kind() {
                ValueKind::Undefined | ValueKind::String | ValueKind::Number => true,
                ValueKind::None => return Err(invalid("a fact is `none` where it should be shown")),
                _ => false,
            };
            if !shown {
                return Err(invalid(format!("a {} cannot be shown; pick a part of it", value.kind())));
            }
            minijinja::escape_formatter(out, state, value)
        });
        let currency = currency.to_owned();
        let of_rules = currency.clone();
        // A rule's amount is the business's, whatever the account is in.
        environment.add_filter("rule_money", move |state: &State, amount: Value| {
            Ok::<_, Error>(format::money_in(whole("rule_money", &amount)?, &of_rules, locale(state)))
        });
        environment.add_filter("money", move |state: &State, amount: Value| {
            let given = state.lookup("currency");
            let currency = given.as_ref().and_then(Value::as_str).unwrap_or(&currency);
            Ok::<_, Error>(format::money_in(whole("money", &amount)?, currency, locale(state)))
        });
        environment
            .add_filter("date", |state: &State, date: Value| Ok::<_, Error>(style(state)?.date(civil("date", &date)?)));
        environment
            .add_filter("day", |state: &State, date: Value| Ok::<_, Error>(style(state)?.day(civil("day", &date)?)));
        environment.add_filter("plus_days", |date: Value, n: Value| {
            let days = jiff::Span::new().try_days(whole("plus_days", &n)?);
            let later = civil("plus_days", &date)?;
            let later = days.and_then(|days| later.checked_add(days));
            later.map(|it| it.to_string()).map_err(|_| invalid("`plus_days` leads to a day that no calendar has"))
        });
        environment.add_filter("month", |state: &State, date: Value| {
            Ok::<_, Error>(format::month(civil("month", &date)?, today(state)?))
        });
        environment.add_filter("plural", |n: Value, one: &str, many: &str| {
            Ok::<_, Error>(format::plural(whole("plural", &n)?, one, many))
        });
        environment.add_filter("join", |texts: Value, between: Option<&str>| {
            let texts: Vec<String> = texts.try_iter()?.map(|it| it.to_string()).collect();
            let between = between.unwrap_or_default();
            let n_bytes = texts.iter().map(String::len).sum::<usize>() + between.len().saturating_mul(texts.len());
            if TEXT_CHARS_MAX < n_bytes {
                return Err(invalid("`join` makes a text that is too long"));
            }
            Ok(texts.join(between))
        });
        environment.add_filter("list", |texts: Value, options: Kwargs| {
            let attribute: Option<&str> = options.get("attribute")?;
            options.assert_all_used()?;
            let mut found = Vec::new();
            for text in texts.try_iter()? {
                let text = match attribute {
                    Some(name) => text.get_attr(name)?,
                    None => text,
                };
                match text.as_str() {
                    Some(text) => found.push(text.to_owned()),
                    None => return Err(invalid("`list` joins texts; name their part with `list(attribute=\"…\")`")),
                }
            }
            Ok(format::list(&found))
        });
        Self { environment }
    }

    /// Compiles a text for [`Templates::render`].
    pub fn add_text(&mut self, text: &str) -> Result<(), TemplateError> {
        refuse_what_grows(text)?;
        Ok(self.environment.add_template_owned(text.to_owned(), text.to_owned())?)
    }

    /// Compiles a condition for [`Templates::holds`].
    pub fn add_condition(&mut self, condition: &str) -> Result<(), TemplateError> {
        refuse_what_grows(condition)?;
        // By itself first: what is not one whole expression could end the block around it.
        self.environment.compile_expression_owned(condition.to_owned())?;
        let source = format!("{{% if ({condition}) %}}{HOLDS}{{% endif %}}");
        Ok(self.environment.add_template_owned(name_of_condition(condition), source)?)
    }

    /// Fills a text that was compiled when the content was loaded; tidies white space.
    pub fn render(&self, text: &str, facts: &TemplateFacts) -> Result<String, TemplateError> {
        let filled = self.fill(text, facts)?;
        if TEXT_CHARS_MAX < filled.len() {
            return Err(TemplateError { line: 1, what: "the text gets too long".to_owned() });
        }
        Ok(tidy(&filled))
    }

    /// Whether a condition holds that was compiled when the content was loaded.
    pub fn holds(&self, condition: &str, facts: &TemplateFacts) -> Result<bool, TemplateError> {
        Ok(self.fill(&name_of_condition(condition), facts)? == HOLDS)
    }

    fn fill(&self, name: &str, facts: &TemplateFacts) -> Result<String, TemplateError> {
        match self.environment.get_template(name) {
            Ok(template) => Ok(template.render(facts.0.clone())?),
            Err(_) => Err(TemplateError { line: 1, what: "this text is not part of the content".to_owned() }),
        }
    }

    /// The names, with dots, that a compiled text needs from the facts.
    pub(super) fn names_in_text(&self, text: &str) -> BTreeSet<String> {
        self.names(text)
    }

    /// The names, with dots, that a compiled condition needs from the facts.
    pub(super) fn names_in_condition(&self, condition: &str) -> BTreeSet<String> {
        self.names(&name_of_condition(condition))
    }

    fn names(&self, name: &str) -> BTreeSet<String> {
        match self.environment.get_template(name) {
            Ok(template) => template.undeclared_variables(true).into_iter().collect(),
            Err(_) => BTreeSet::new(),
        }
    }

    /// Whether a name is a function of the template language.
    pub(super) fn is_function(&self, name: &str) -> bool {
        name != "debug" && self.environment.globals().any(|(it, _)| it == name)
    }

    /// The filters and tests named in a text or condition that do not exist: line, kind and name.
    pub(super) fn unknown_words(&self, text: &str, whole_is_code: bool) -> Vec<(usize, &'static str, String)> {
        let mut unknown = Vec::new();
        for (line, kind, name) in words_of_code(text, whole_is_code) {
            let question = format!("{{% if '{name}' is {kind} %}}{HOLDS}{{% endif %}}");
            if self.environment.render_str(&question, ()).is_ok_and(|it| it != HOLDS) {
                unknown.push((line, kind, name));
            }
        }
        unknown
    }

    /// The names of filters, for "did you mean".
    pub(super) fn filters() -> impl Iterator<Item = &'static str> {
        FILTERS.iter().chain(OTHER_FILTERS).copied()
    }
}

const HOLDS: &str = "1";

/// Conditions and texts share one table: no text begins like this, since it would not compile.
fn name_of_condition(condition: &str) -> String {
    format!("{{% when %}}{condition}")
}

fn invalid(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, what.into())
}

/// A whole number, also as text: slots hold amounts as text.
fn whole(filter: &str, value: &Value) -> Result<i64, Error> {
    let number = match value.as_str() {
        Some(text) => text.parse().ok(),
        None if matches!(value.kind(), ValueKind::Number) => i64::try_from(value.clone()).ok(),
        None => None,
    };
    number.ok_or_else(|| invalid(format!("`{filter}` needs a whole number, not {}", in_words(value))))
}

fn civil(filter: &str, value: &Value) -> Result<Date, Error> {
    let date = value.as_str().and_then(|it| it.parse().ok());
    date.ok_or_else(|| invalid(format!("`{filter}` needs a date, not {}", in_words(value))))
}

fn today(state: &State) -> Result<Date, Error> {
    let today = state.lookup("today").unwrap_or(Value::UNDEFINED);
    civil("today", &today)
}

/// How the customer writes numbers and dates; the British way where the facts don't say.
fn locale(state: &State) -> Locale {
    state.lookup("locale").as_ref().and_then(Value::as_str).and_then(Locale::of).unwrap_or_default()
}

fn style(state: &State) -> Result<Style, Error> {
    Ok(Style { locale: locale(state), today: today(state)? })
}

fn in_words(value: &Value) -> String {
    match value.kind() {
        ValueKind::None => "`none`".to_owned(),
        ValueKind::Undefined => "a fact that is not there".to_owned(),
        ValueKind::String => format!("the text \"{value}\""),
        ValueKind::Number => format!("the number {value}"),
        kind => format!("a {kind}"),
    }
}

/// Filters (`| name`) and tests (`is name`) in the code parts of a template.
fn words_of_code(text: &str, whole_is_code: bool) -> Vec<(usize, &'static str, String)> {
    let mut words = Vec::new();
    let mut line = 1;
    let mut in_code = whole_is_code;
    let mut quote = None;
    let mut before = "";
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let n_bytes = letter.len_utf8();
        if letter == '\n' {
            line += 1;
        }
        match (in_code, quote) {
            (false, _) if rest.starts_with("{{") || rest.starts_with("{%") => in_code = true,
            (false, _) => {}
            (true, Some(open)) => {
                if letter == open {
                    quote = None;
                }
            }
            (true, None) if !whole_is_code && (rest.starts_with("}}") || rest.starts_with("%}")) => {
                in_code = false;
                before = "";
            }
            (true, None) if letter == '"' || letter == '\'' => {
                quote = Some(letter);
                before = "";
            }
            (true, None) if letter.is_alphabetic() || letter == '_' => {
                let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                match (before, word) {
                    ("|", name) => words.push((line, "filter", name.to_owned())),
                    ("is", "not") => {
                        rest = after;
                        continue;
                    }
                    ("is", name) => words.push((line, "test", name.to_owned())),
                    _ => {}
                }
                before = word;
                rest = after;
                continue;
            }
            (true, None) if letter.is_whitespace() => {}
            (true, None) => before = &rest[..n_bytes],
        }
        rest = &rest[n_bytes..];
    }
    words
}

/// Takes out what blocks of a template leave behind: double spaces, spaces before a stop, empty lines in lists.
fn tidy(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        for stop in [".", ",", "?"] {
            words = words.replace(&format!(" {stop} "), &format!("{stop} "));
            if let Some(start) = words.strip_suffix(&format!(" {stop}")) {
                words = format!("{start}{stop}");
            }
        }
        lines.push(words);
    }
    let mut tidy: Vec<String> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        if line.is_empty() {
            let next = lines[i..].iter().find(|it| !it.is_empty());
            let after_item = tidy.last().is_some_and(|it| is_item(it));
            let needless = match (tidy.last(), next) {
                (None, _) | (_, None) => true,
                (Some(last), Some(next)) => last.is_empty() || (after_item && is_item(next)),
            };
            if needless {
                continue;
            }
        }
        tidy.push(line.clone());
    }
    tidy.join("\n")
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ") || line.starts_with("• ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(text: &str) -> Result<String, TemplateError> {
        render_in("en", text)
    }

    fn render_in(locale: &str, text: &str) -> Result<String, TemplateError> {
        let mut templates = Templates::new("GBP");
        templates.add_text(text)?;
        let facts = json!({
            "locale": locale,
            "today": "2026-06-16", "n": 1200, "text": "499", "date": "2026-06-03", "old": "2024-12-25",
            "nothing": null, "items": [{"name": "a"}, {"name": "b"}, {"name": "c"}], "words": ["x", "y"],
            "change": null,
        });
        templates.render(text, &TemplateFacts::new(&facts))
    }

    fn check(text: &str, wanted: &str) {
        assert_eq!(render(text).as_deref(), Ok(wanted), "{text}");
    }

    #[test]
    fn filters_speak_our_way() {
        check("{{ n | money }}", "£12.00");
        check("{{ text | money }}", "£4.99");
        check("{{ date | date }}", "Wednesday 3 June");
        check("{{ date | day }} and {{ old | day }}", "3 June and 25 December 2024");
        check("{{ date | month }}", "June");
        check("{{ 1 | plural('day', 'days') }}, {{ 3 | plural('day', 'days') }}", "1 day, 3 days");
        check("{{ words | list }}", "x and y");
        check("{{ items | list(attribute='name') }}", "a, b and c");
        check("<b> & {{ 'co' | upper }}", "<b> & CO");
    }

    #[test]
    fn filters_write_as_the_customer_does() {
        for (locale, wanted) in [
            ("en-US", "£12.00 by Wednesday, June 3, or December 25, 2024"),
            ("de", "12,00\u{a0}£ by Wednesday 3 June, or 25 December 2024"),
            ("tlh", "£12.00 by Wednesday 3 June, or 25 December 2024"),
        ] {
            let text = "{{ n | money }} by {{ date | date }}, or {{ old | day }}";
            assert_eq!(render_in(locale, text).as_deref(), Ok(wanted), "{locale}");
        }
    }

    #[test]
    fn what_is_not_there_is_never_shown() {
        for text in [
            "{{ nothing }}",
            "{{ missing }}",
            "{{ nothing.total }}",
            "{{ nothing | money }}",
            "{{ missing | money }}",
            "{{ n | date }}",
            "{{ words }}",
            "{{ items[0] }}",
            "{{ items[9].name }}",
            "{{ 1.5 | money }}",
            "{% if missing %}x{% endif %}",
            "{{ n == 1 }}",
        ] {
            assert!(render(text).is_err(), "{text} gives {:?}", render(text));
        }
    }

    #[test]
    fn an_endless_text_is_an_error() {
        let text = "{% for i in range(9000) %}{% for j in range(9000) %}x{% endfor %}{% endfor %}";
        let error = render(text).expect_err("it takes too many steps");
        assert_eq!(error.what, "it takes too many steps");
        assert!(render("{% for i in range(900) %}a long line of words {% endfor %}").is_err());
    }

    #[test]
    fn errors_name_their_line() {
        assert_eq!(render("one\ntwo {{ nothing }}").expect_err("none is not shown").line, 2);
        assert_eq!(render("one\ntwo\n{% if %}").expect_err("it does not compile").line, 3);
    }

    #[test]
    fn white_space_that_blocks_leave_is_gone() {
        check("You owe {% if n %}this{% endif %} .", "You owe this.");
        check("Two  spaces {% if false %}x{% endif %} here", "Two spaces here");
        check(
            "Because:\n{% for item in items %}\n- {{ item.name }}\n{% endfor %}\nEnd.",
            "Because:\n\n- a\n- b\n- c\n\nEnd.",
        );
        check("\n\nOne.\n\n\n\nTwo.\n", "One.\n\nTwo.");
    }

    #[test]
    fn conditions_hold_or_not() {
        let mut templates = Templates::new("GBP");
        let facts = TemplateFacts::new(&json!({"change": null, "n": 3}));
        for (condition, wanted) in [
            ("n > 2", Some(true)),
            ("n > 3", Some(false)),
            ("change and change.total > 0", Some(false)),
            ("missing", None),
        ] {
            templates.add_condition(condition).expect("it compiles");
            assert_eq!(templates.holds(condition, &facts).ok(), wanted, "{condition}");
        }
        assert!(templates.holds("never added", &facts).is_err());
    }

    #[test]
    fn an_amount_of_a_rule_stays_in_the_currency_of_the_business() {
        let mut templates = Templates::new("GBP");
        let text = "{{ 500 | money }} and {{ 500 | rule_money }}";
        templates.add_text(text).expect("it compiles");
        for (currency, wanted) in [("USD", "$5.00 and £5.00"), ("JPY", "¥500 and £5.00"), ("GBP", "£5.00 and £5.00")]
        {
            let filled = templates.render(text, &TemplateFacts::new(&json!({"currency": currency})));
            assert_eq!(filled.as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn a_condition_cannot_leave_its_block() {
        let mut templates = Templates::new("GBP");
        assert!(templates.add_condition("true) %}1{% endif %}{% if (true").is_err());
        assert!(templates.add_condition("").is_err());
    }

    #[test]
    fn no_text_grows_without_end() {
        let doubles = "{% set ns = namespace(x='a') %}{% for i in [1,2,3] %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";
        let by_hand = "{% set x = 'a' %}".to_owned() + &"{% set x = x ~ x %}".repeat(40);
        for text in [doubles, &by_hand] {
            assert!(Templates::new("GBP").add_text(text).is_err_and(|it| it.what.contains('~')), "{text}");
        }
        for text in [
            "{{ 'a' * 1000000000 }}",
            "{{ 'aa' | replace('a', 'aaaa') }}",
            "{{ 'abc' | indent(1000000000) }}",
            "{{ range(100000000) | list }}",
            "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m('a') }}",
            "{{ debug() }}",
            "{{ ('a' * 5000) | join('a' * 5000) }}",
        ] {
            let mut templates = Templates::new("GBP");
            let filled =
                templates.add_text(text).and_then(|()| templates.render(text, &TemplateFacts::new(&json!({}))));
            assert!(filled.is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_that_no_calendar_has_is_an_error() {
        for text in ["{{ '2026-11-03' | plus_days(99999999) }}", "{{ '2026-11-03' | plus_days(9999999999999) }}"] {
            assert!(render(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unknown_filters_and_tests_are_found_with_their_line() {
        let templates = Templates::new("GBP");
        let text = "a | b\n{{ n | moneey }} {{ 'x | no' | lower }}\n{% if n is not nonne %}{% endif %}";
        assert_eq!(
            templates.unknown_words(text, false),
            [(2, "filter", "moneey".to_owned()), (3, "test", "nonne".to_owned())]
        );
        assert_eq!(templates.unknown_words("n | lenth > 2", true), [(1, "filter", "lenth".to_owned())]);
    }

    #[test]
    fn names_have_dots_and_leave_out_what_the_template_sets() {
        let mut templates = Templates::new("GBP");
        let text = "{% set a = invoice.total %}{{ a }}{% for x in change.causes %}{{ x.text }}{% endfor %}";
        templates.add_text(text).expect("it compiles");
        let names = templates.names_in_text(text);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["change.causes", "invoice.total"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z{}%|'\" .\\n\\-]{0,80}") {
            let _ = render(&text);
            let _ = Templates::new("GBP").unknown_words(&text, false);
            let _ = Templates::new("GBP").add_condition(&text);
        }
    }
}
