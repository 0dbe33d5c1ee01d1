//! Stripe's times and amounts as days and money.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::billing::reading::{At, Unexpected};
use crate::billing::{Currency, Money};

/// The day of a time in seconds since 1970, in the business's time zone.
pub fn day(at: &At<'_>, zone: &TimeZone) -> Result<Date, Unexpected> {
    let seconds = at.int()?;
    let time = Timestamp::from_second(seconds).map_err(|_| at.wrong("a time in seconds since 1970"))?;
    Ok(time.to_zoned(zone.clone()).date())
}

/// The day of a time, or nothing.
pub fn day_or_none(at: &At<'_>, zone: &TimeZone) -> Result<Option<Date>, Unexpected> {
    at.some().map(|it| day(&it, zone)).transpose()
}

/// The last day of a period that ends at a time: the time itself belongs to the next.
pub fn last_day(at: &At<'_>, zone: &TimeZone) -> Result<Date, Unexpected> {
    let seconds = at.int()?.saturating_sub(1);
    let time = Timestamp::from_second(seconds).map_err(|_| at.wrong("a time in seconds since 1970"))?;
    Ok(time.to_zoned(zone.clone()).date())
}

/// The time at which a day ends, in seconds since 1970.
pub fn end_of(date: Date, zone: &TimeZone) -> Option<i64> {
    let next = date.tomorrow().ok()?;
    Some(next.to_zoned(zone.clone()).ok()?.timestamp().as_second())
}

/// An amount of Stripe's, which counts some currencies in hundredths that have none by ISO 4217, and the other way.
///
/// From Stripe's list of currencies with special cases: ISK and UGX are counted in hundredths for old times' sake, MGA
/// without.
pub fn money(at: &At<'_>, currency: Currency) -> Result<Money, Unexpected> {
    let amount = at.int()?;
    match stripe_decimals(currency).cmp(&currency.decimals()) {
        std::cmp::Ordering::Equal => Ok(Money::new(amount, currency)),
        std::cmp::Ordering::Greater if amount % 100 == 0 => Ok(Money::new(amount / 100, currency)),
        std::cmp::Ordering::Greater => Err(at.wrong("an amount that is a multiple of 100")),
        std::cmp::Ordering::Less => {
            let minor = amount.checked_mul(100).ok_or_else(|| at.wrong("an amount that can be counted"))?;
            Ok(Money::new(minor, currency))
        }
    }
}

/// An amount; nothing is zero.
pub fn money_or_zero(at: &At<'_>, currency: Currency) -> Result<Money, Unexpected> {
    Ok(at.some().map(|it| money(&it, currency)).transpose()?.unwrap_or(Money::zero(currency)))
}

/// An amount as Stripe counts it; none where Stripe cannot count it.
pub fn stripe_amount(money: Money) -> Option<i64> {
    match stripe_decimals(money.currency).cmp(&money.currency.decimals()) {
        std::cmp::Ordering::Equal => Some(money.minor),
        std::cmp::Ordering::Greater => money.minor.checked_mul(100),
        std::cmp::Ordering::Less => (money.minor % 100 == 0).then_some(money.minor / 100),
    }
}

fn stripe_decimals(currency: Currency) -> u32 {
    match currency.code() {
        "ISK" | "UGX" => 2,
        "MGA" => 0,
        _ => currency.decimals(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_a_day_where_the_business_is() {
        let value = json!(1_780_354_800); // 2026-06-01 23:00 UTC
        let at = At::new(&value, "it");
        let london = TimeZone::get("Europe/London").expect("it is bundled");
        assert_eq!(day(&at, &london), Ok(date(2026, 6, 2)));
        assert_eq!(day(&at, &TimeZone::UTC), Ok(date(2026, 6, 1)));
        assert_eq!(last_day(&at, &london), Ok(date(2026, 6, 1)), "midnight belongs to the next day");
        assert_eq!(end_of(date(2026, 6, 1), &london), Some(1_780_354_800));
        assert!(day(&At::new(&json!(i64::MAX), "it"), &london).is_err());
    }

    #[test]
    fn every_currency_has_as_many_decimals_as_stripe_gives_it() {
        for (code, stripe, minor) in [
            ("GBP", 4_200, 4_200),
            ("JPY", 4_200, 4_200),
            ("KWD", 4_200, 4_200),
            ("ISK", 4_200, 42),
            ("UGX", 500, 5),
            ("MGA", 42, 4_200),
        ] {
            let currency = Currency::new(code).expect("a code");
            let value = json!(stripe);
            assert_eq!(money(&At::new(&value, "it"), currency), Ok(Money::new(minor, currency)), "{code}");
            assert_eq!(stripe_amount(Money::new(minor, currency)), Some(stripe), "{code}");
        }
        let isk = Currency::new("ISK").expect("a code");
        assert!(money(&At::new(&json!(4_250), "it"), isk).is_err());
    }
}
