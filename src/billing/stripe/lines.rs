//! What a line of Stripe's is: its name, its kind and its price, in the shape of 2025-03-31 and in the one before.

use std::collections::HashMap;

use super::api::{id_of, whole};
use crate::billing::reading::{At, Unexpected, line_kinds};
use crate::billing::{LineKind, Money};

/// A line's or an invoice item's metadata may say under this key what kind of line it is: `late_fee`.
pub const KIND_KEY: &str = "plainbill_kind";
/// An invoice item with one of these in its words is a late fee, where its metadata doesn't say.
const LATE_FEE_WORDS: [&str; 2] = ["late fee", "late payment"];

/// What stands elsewhere in Stripe and is needed to read an invoice.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Products' names by id.
    pub products: HashMap<String, String>,
    /// Whether a price is by use, by its id.
    pub metered: HashMap<String, bool>,
    /// Tax rates by id.
    pub rates: HashMap<String, TaxRate>,
}

/// A rate of tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxRate {
    /// What it is called: "VAT".
    pub label: String,
    /// In percent, where that is a whole number.
    pub percent: Option<u32>,
}

/// What a line says of where it comes from, in both shapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineOrigin {
    /// It comes with a subscription, and not from an item that somebody added.
    pub recurring: bool,
    /// It is for a part of a period.
    pub proration: bool,
    /// The product's id.
    pub product: Option<String>,
    /// The product's name, where it stands there.
    pub name: Option<String>,
    /// The price's id.
    pub price: Option<String>,
    /// Whether the price is by use, where that stands there.
    pub metered: Option<bool>,
}

impl LineOrigin {
    /// Reads it from a line.
    pub fn of(line: &At<'_>) -> Result<Self, Unexpected> {
        if let Some(parent) = line.get("parent").some() {
            let kind = parent.object()?.get("type").text()?;
            let price = line.get("pricing").get("price_details");
            return Ok(Self {
                recurring: kind == "subscription_item_details",
                proration: parent.get(kind).get("proration").is_true()?,
                product: id_of(&price.get("product"))?,
                price: id_of(&price.get("price"))?,
                ..Self::default()
            });
        }
        let priced = Priced::of(line)?;
        Ok(Self {
            recurring: line.get("type").text_or_none()? == Some("subscription"),
            proration: line.get("proration").is_true()?,
            product: priced.product,
            name: priced.name,
            price: priced.id,
            metered: priced.metered,
        })
    }
}

/// The price of a line or of a subscription's item: a `price`, or the `plan` that came before it.
#[derive(Clone, Debug, Default)]
pub struct Priced<'a> {
    /// Where it stands.
    pub at: Option<At<'a>>,
    /// Its id.
    pub id: Option<String>,
    /// The product's id.
    pub product: Option<String>,
    /// The product's name, where it stands there.
    pub name: Option<String>,
    /// Whether it is by use.
    pub metered: Option<bool>,
}

impl<'a> Priced<'a> {
    /// Reads it from what has a price.
    pub fn of(at: &At<'a>) -> Result<Self, Unexpected> {
        let (price, plan) = (at.get("price"), at.get("plan"));
        let Some(priced) = whole(&price).or_else(|| whole(&plan)) else {
            return Ok(Self { id: id_of(&price)?, ..Self::default() });
        };
        let product = priced.get("product");
        let by_product = whole(&product).map(|it| it.get("name").words()).transpose()?.flatten();
        let usage = match priced.get("recurring").get("usage_type").text_or_none()? {
            Some(usage) => Some(usage),
            None => priced.get("usage_type").text_or_none()?,
        };
        Ok(Self {
            id: id_of(&priced)?,
            product: id_of(&product)?,
            // Plans had the name themselves before there were products.
            name: by_product.or(priced.get("name").words()?),
            metered: usage.map(|it| it == "metered"),
            at: Some(priced),
        })
    }
}

/// What a line is called: the product's name for what comes again, so that a new price is no new name.
pub fn label(origin: &LineOrigin, words: Option<&str>, known: &Catalog) -> String {
    let product = origin.product.as_ref().and_then(|it| known.products.get(it)).or(origin.name.as_ref());
    let plain = words.map(plain_description);
    let label = match origin.recurring || origin.proration {
        true => product.map(String::as_str).or(plain),
        false => words.or(product.map(String::as_str)),
    };
    label.filter(|it| !it.is_empty()).unwrap_or("Charge").to_owned()
}

/// Stripe's own words without the count, the price and the days, which stand elsewhere.
fn plain_description(words: &str) -> &str {
    let words = words.split_once(" × ").map_or(words, |it| it.1);
    let words = words.strip_prefix("Unused time on ").or(words.strip_prefix("Remaining time on ")).unwrap_or(words);
    let words = words.split_once(" (at ").map_or(words, |it| it.0);
    words.rsplit_once(" after ").map_or(words, |it| it.0).trim()
}

/// What a line is for: what its metadata says, else what its price and its words show.
pub fn kind(
    at: &At<'_>,
    origin: &LineOrigin,
    label: &str,
    amount: Money,
    known: &Catalog,
) -> Result<LineKind, Unexpected> {
    let said = at.get("metadata").get(KIND_KEY).words()?;
    if let Some((_, kind)) = said.and_then(|said| line_kinds().into_iter().find(|it| it.0 == said)) {
        return Ok(kind);
    }
    let by_price = || origin.price.as_ref().and_then(|it| known.metered.get(it)).copied();
    let metered = origin.metered.or_else(by_price).unwrap_or(false);
    let label = label.to_lowercase();
    Ok(match () {
        () if origin.proration => LineKind::PartMonth,
        () if origin.recurring && metered => LineKind::Usage,
        () if origin.recurring => LineKind::Plan,
        () if 0 < amount.minor && LATE_FEE_WORDS.iter().any(|it| label.contains(it)) => LineKind::LateFee,
        () if amount.minor < 0 && label.contains("refund") => LineKind::Refund,
        () if amount.minor < 0 => LineKind::Credit,
        () => LineKind::OneOff,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::billing::Currency;

    fn kind_of(line: &Value, minor: i64) -> LineKind {
        let at = At::new(line, "line");
        let origin = LineOrigin::of(&at).expect("the line is right");
        let label = label(&origin, line["description"].as_str(), &Catalog::default());
        kind(&at, &origin, &label, Money::new(minor, Currency::GBP), &Catalog::default()).expect("the line is right")
    }

    fn item(words: &str, proration: bool) -> Value {
        json!({ "type": "invoiceitem", "description": words, "proration": proration, "price": null })
    }

    #[test]
    fn words_of_stripes_own_are_cut_to_what_is_sold() {
        for (words, plain) in [
            ("1 × Fibre 100 (at £30.00 / month)", "Fibre 100"),
            ("Unused time on TV Basic after 16 May 2026", "TV Basic"),
            ("Remaining time on 2 × TV Basic after 16 May 2026", "TV Basic"),
            ("Engineer visit", "Engineer visit"),
            ("", ""),
        ] {
            assert_eq!(plain_description(words), plain, "{words}");
        }
    }

    #[test]
    fn an_item_is_what_its_words_and_its_sign_show() {
        assert_eq!(kind_of(&item("Engineer visit", false), 1_200), LineKind::OneOff);
        assert_eq!(kind_of(&item("LATE PAYMENT charge", false), 500), LineKind::LateFee);
        assert_eq!(kind_of(&item("Late fee given back", false), -500), LineKind::Credit);
        assert_eq!(kind_of(&item("Refund for the router", false), -500), LineKind::Refund);
        assert_eq!(kind_of(&item("Unused time on TV", true), -500), LineKind::PartMonth);
    }

    #[test]
    fn what_the_metadata_says_goes_first_where_it_is_a_word_that_is_known() {
        let mut line = item("Admin charge", false);
        line["metadata"] = json!({ KIND_KEY: "late_fee" });
        assert_eq!(kind_of(&line, 500), LineKind::LateFee);
        line["metadata"] = json!({ KIND_KEY: "surcharge" });
        assert_eq!(kind_of(&line, 500), LineKind::OneOff);
    }

    #[test]
    fn a_line_by_use_is_told_by_its_price() {
        let price = json!({ "id": "price_1", "product": "prod_1", "recurring": { "usage_type": "metered" } });
        let line = json!({ "type": "subscription", "description": "Calls", "price": price });
        assert_eq!(kind_of(&line, 450), LineKind::Usage);
        let plan = json!({ "id": "plan_1", "product": "prod_1", "usage_type": "licensed", "name": "Fibre" });
        let line = json!({ "type": "subscription", "description": "Fibre", "plan": plan });
        assert_eq!(kind_of(&line, 3_000), LineKind::Plan);
    }
}
