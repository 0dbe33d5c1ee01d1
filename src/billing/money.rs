//! Money: integer minor units with their currency. No floating point touches it.

use std::fmt;

use crate::conversation::format::{self, Locale};

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Pounds sterling.
    pub const GBP: Self = Self(*b"GBP");

    /// Takes three capital letters as a code; whether ISO lists it isn't checked.
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// The code: `GBP`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three ASCII letters, as `new` has checked")
    }

    /// The number of digits after the point.
    pub fn decimals(&self) -> u32 {
        format::decimals(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&code)
            .ok_or_else(|| serde::de::Error::custom(format!("`{code}` is no currency: three capital letters")))
    }
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Money {
    /// In minor units: pence, cents, yen.
    pub minor: i64,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// So many minor units of a currency.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing.
    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// How it reads: `£42.00`.
    pub fn text(self) -> String {
        format::money(self.minor, self.currency.code())
    }

    /// How it reads for somebody: `42,00 £`.
    pub fn text_in(self, locale: Locale) -> String {
        format::money_in(self.minor, self.currency.code(), locale)
    }

    /// The amount without its sign; the smallest amount of all becomes the largest.
    pub fn abs(self) -> Self {
        Self::new(self.minor.saturating_abs(), self.currency)
    }

    /// Both together, unless the currencies differ or it is too much to count.
    pub fn plus(self, other: Self) -> Option<Self> {
        let minor = self.minor.checked_add(other.minor)?;
        (self.currency == other.currency).then_some(Self::new(minor, self.currency))
    }

    /// This without the other, unless the currencies differ or it is too much to count.
    pub fn minus(self, other: Self) -> Option<Self> {
        let minor = self.minor.checked_sub(other.minor)?;
        (self.currency == other.currency).then_some(Self::new(minor, self.currency))
    }

    /// All together, unless the currencies differ or it is too much to count at any step.
    pub fn sum(amounts: impl IntoIterator<Item = Self>, currency: Currency) -> Option<Self> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// The share `parts` of `whole` of it, rounded half away from zero; nothing of nothing.
    pub fn share(self, parts: u32, whole: u32) -> Self {
        if whole == 0 {
            return Self::zero(self.currency);
        }
        let whole = i128::from(whole);
        let product = i128::from(self.minor) * i128::from(parts);
        let rounded = (product * 2 + product.signum() * whole) / (whole * 2);
        let minor = i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX });
        Self::new(minor, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!(Currency::new("GBP"), Some(Currency::GBP));
        for code in ["gbp", "GB", "GBPX", "G1P", "£££", ""] {
            assert_eq!(Currency::new(code), None, "{code}");
        }
    }

    #[test]
    fn amounts_of_two_currencies_are_not_added() {
        let pound = Money::new(100, Currency::GBP);
        let yen = Money::zero(Currency::new("JPY").expect("a code"));
        assert_eq!(pound.plus(yen), None);
        assert_eq!(Money::sum([pound, yen], Currency::GBP), None);
    }

    #[test]
    fn a_share_is_rounded_to_the_nearest_penny() {
        let month = Money::new(3_800, Currency::GBP);
        assert_eq!(month.share(16, 31).minor, 1_961);
        assert_eq!(Money::new(-2_400, Currency::GBP).share(16, 31).minor, -1_239);
        assert_eq!(Money::new(5, Currency::GBP).share(1, 2).minor, 3);
        assert_eq!(Money::new(5, Currency::GBP).share(1, 0).minor, 0);
    }

    proptest! {
        #[test]
        fn arithmetic_never_panics(a: i64, b: i64, parts: u32, whole: u32) {
            let (a, b) = (Money::new(a, Currency::GBP), Money::new(b, Currency::GBP));
            let _ = (a.plus(b), a.minus(b), a.abs(), a.share(parts, whole), a.text());
        }
    }
}
