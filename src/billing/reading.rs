//! Reads JSON that another machine wrote: what is missing may be missing, what is wrong is said with its place.
//!
//! Fields that nobody asks for are passed over, so that the other side can grow. What stands in a wrong field is never
//! said, only what kind of thing it is: it may be a customer's.

use jiff::civil::Date;
use serde_json::Value;

use super::{Currency, LineKind, Money};

/// No amount on a bill is larger, in minor units: so all amounts of an account can be summed without loss.
const AMOUNT_MAX: i64 = 100_000_000_000_000;

/// The words for what a line is for, which are those that templates know.
pub fn line_kinds() -> [(&'static str, LineKind); LineKind::ALL.len()] {
    LineKind::ALL.map(|it| (it.as_str(), it))
}

/// Something isn't as it was agreed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is {found}; {expected} was expected")]
pub struct Unexpected {
    /// Where it stands: `account.invoices[2].due`.
    pub path: String,
    /// What should be there.
    pub expected: &'static str,
    /// What kind of thing is there.
    pub found: &'static str,
}

/// A place in a JSON value.
#[derive(Clone, Debug)]
pub struct At<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> At<'a> {
    /// The whole value, under the name that faults begin with.
    pub fn new(value: &'a Value, name: &str) -> Self {
        Self { value, path: name.to_owned() }
    }

    /// A field; nothing where there is none.
    pub fn get(&self, name: &str) -> At<'a> {
        At { value: self.value.get(name).unwrap_or(&Value::Null), path: format!("{}.{name}", self.path) }
    }

    /// What stands there.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Whether there is nothing: the field is missing or null.
    pub fn is_none(&self) -> bool {
        self.value.is_null()
    }

    /// The place itself, where there is something.
    pub fn some(&self) -> Option<Self> {
        (!self.is_none()).then(|| self.clone())
    }

    /// The place itself, if an object stands there.
    pub fn object(&self) -> Result<Self, Unexpected> {
        if self.value.is_object() { Ok(self.clone()) } else { Err(self.wrong("an object")) }
    }

    /// A text.
    pub fn text(&self) -> Result<&'a str, Unexpected> {
        self.value.as_str().ok_or_else(|| self.wrong("a text"))
    }

    /// A text, or nothing.
    pub fn text_or_none(&self) -> Result<Option<&'a str>, Unexpected> {
        self.some().map(|it| it.text()).transpose()
    }

    /// A text that isn't empty, or nothing.
    pub fn words(&self) -> Result<Option<String>, Unexpected> {
        let text = self.text_or_none()?.map(str::trim).filter(|it| !it.is_empty());
        Ok(text.map(str::to_owned))
    }

    /// A whole number.
    pub fn int(&self) -> Result<i64, Unexpected> {
        self.value.as_i64().ok_or_else(|| self.wrong("a whole number"))
    }

    /// A whole number, or nothing.
    pub fn int_or_none(&self) -> Result<Option<i64>, Unexpected> {
        self.some().map(|it| it.int()).transpose()
    }

    /// True or false; nothing is false.
    pub fn is_true(&self) -> Result<bool, Unexpected> {
        match self.value {
            Value::Null => Ok(false),
            Value::Bool(is) => Ok(*is),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// Each of a list; nothing is an empty list.
    pub fn each(&self) -> Result<Vec<At<'a>>, Unexpected> {
        let list = match self.value {
            Value::Null => return Ok(Vec::new()),
            Value::Array(list) => list,
            _ => return Err(self.wrong("a list")),
        };
        let at = |(index, value)| At { value, path: format!("{}[{index}]", self.path) };
        Ok(list.iter().enumerate().map(at).collect())
    }

    /// Each of a list that must be there.
    pub fn all(&self) -> Result<Vec<At<'a>>, Unexpected> {
        if self.is_none() { Err(self.wrong("a list")) } else { self.each() }
    }

    /// A date as `2026-06-16`.
    pub fn date(&self) -> Result<Date, Unexpected> {
        const EXPECTED: &str = "a date as 2026-06-16";
        let text = self.value.as_str().ok_or_else(|| self.wrong(EXPECTED))?;
        // Only the plain form: a time that is cut off could be of the day before, elsewhere.
        let is_plain = text.len() == 10;
        text.parse().ok().filter(|_| is_plain).ok_or_else(|| self.wrong(EXPECTED))
    }

    /// A date, or nothing.
    pub fn date_or_none(&self) -> Result<Option<Date>, Unexpected> {
        self.some().map(|it| it.date()).transpose()
    }

    /// A code of a currency in three letters, large or small.
    pub fn currency(&self) -> Result<Currency, Unexpected> {
        let code = self.text()?.to_ascii_uppercase();
        Currency::new(&code).ok_or_else(|| self.wrong("a currency's code of three letters"))
    }

    /// An amount as `{"minor": 500, "currency": "GBP"}`, of this currency.
    pub fn money(&self, currency: Currency) -> Result<Money, Unexpected> {
        let own = self.object()?.get("currency").currency()?;
        if own != currency {
            return Err(self.get("currency").wrong("the account's own currency"));
        }
        let minor = self.get("minor");
        let amount = Some(minor.int()?).filter(|it| (-AMOUNT_MAX..=AMOUNT_MAX).contains(it));
        Ok(Money::new(amount.ok_or_else(|| minor.wrong("an amount that a bill may have"))?, currency))
    }

    /// An amount of zero or more.
    pub fn sum(&self, currency: Currency) -> Result<Money, Unexpected> {
        let amount = self.money(currency)?;
        if amount.minor < 0 { Err(self.get("minor").wrong("zero or more")) } else { Ok(amount) }
    }

    /// An amount of zero or more, or nothing.
    pub fn sum_or_none(&self, currency: Currency) -> Result<Option<Money>, Unexpected> {
        self.some().map(|it| it.sum(currency)).transpose()
    }

    /// An amount, or nothing.
    pub fn money_or_none(&self, currency: Currency) -> Result<Option<Money>, Unexpected> {
        self.some().map(|it| it.money(currency)).transpose()
    }

    /// One of these words, as what it stands for.
    pub fn one_of<T: Copy>(&self, words: &[(&str, T)], expected: &'static str) -> Result<T, Unexpected> {
        let text = self.text()?;
        words.iter().find(|it| it.0 == text).map(|it| it.1).ok_or_else(|| self.wrong(expected))
    }

    /// The fault that something else should stand here.
    pub fn wrong(&self, expected: &'static str) -> Unexpected {
        let found = match self.value {
            Value::Null => "missing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Unexpected { path: self.path.clone(), expected, found }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_names_the_place_and_not_what_stands_there() {
        let value = json!({ "invoices": [{ "due": "2026-06-15" }, { "due": "when Ada Lovelace pays" }] });
        let at = At::new(&value, "account");
        let due = |index: usize| at.get("invoices").each().expect("a list")[index].get("due").date();
        assert_eq!(due(0), Ok(date(2026, 6, 15)));
        let fault = due(1).expect_err("it is no date").to_string();
        assert_eq!(fault, "`account.invoices[1].due` is a text; a date as 2026-06-16 was expected");
    }

    #[test]
    fn what_is_missing_is_nothing_and_what_is_wrong_is_a_fault() {
        let value = json!({ "a": 1, "b": null, "c": "x" });
        let at = At::new(&value, "it");
        assert_eq!(at.get("a").int_or_none(), Ok(Some(1)));
        assert_eq!(at.get("b").int_or_none(), Ok(None));
        assert_eq!(at.get("d").int_or_none(), Ok(None));
        assert!(at.get("c").int_or_none().is_err());
        assert!(at.get("a").words().is_err() && at.get("a").is_true().is_err() && at.get("a").each().is_err());
    }

    #[test]
    fn an_amount_of_another_currency_is_a_fault() {
        let value = json!({ "minor": 500, "currency": "EUR" });
        assert!(At::new(&value, "it").money(Currency::GBP).is_err());
        let yen = Currency::new("JPY").expect("a code");
        let value = json!({ "minor": 500, "currency": "JPY", "new": "field" });
        assert_eq!(At::new(&value, "it").money(yen), Ok(Money::new(500, yen)));
        let value = json!({ "minor": 5.5, "currency": "JPY" });
        assert!(At::new(&value, "it").money(yen).is_err());
    }

    #[test]
    fn an_amount_beyond_all_bills_is_a_fault_and_a_sum_is_never_below_zero() {
        let read = |minor: i64| {
            let value = json!({ "minor": minor, "currency": "GBP" });
            let at = At::new(&value, "it");
            (at.money(Currency::GBP).is_ok(), at.sum(Currency::GBP).is_ok())
        };
        assert_eq!((read(AMOUNT_MAX), read(-AMOUNT_MAX)), ((true, true), (true, false)));
        assert_eq!(
            (read(AMOUNT_MAX + 1), read(i64::MIN), read(i64::MAX)),
            ((false, false), (false, false), (false, false))
        );
        assert_eq!((read(0), read(-1)), ((true, true), (true, false)));
    }

    #[test]
    fn a_time_is_no_date() {
        let value = json!("2026-06-15T23:30:00Z");
        assert!(At::new(&value, "it").date().is_err());
    }
}
