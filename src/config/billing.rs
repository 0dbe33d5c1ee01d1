//! Where billing data comes from.

use serde::{Deserialize, Serialize};

/// Where billing data comes from, and with which keys.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BillingConfig {
    /// `demo` (with `demo = true` only), `none` for general answers without anybody's figures, `stripe`, or `http` for the business's own endpoint (`docs/billing-api.openapi.json`).
    pub source: String,
    /// Where the endpoint is, https unless it is on this machine; for Stripe empty but in tests.
    pub url: String,
    /// The endpoint's bearer key, or Stripe's secret or restricted key.
    pub key: String,
    /// Stripe's keys that sign its notices, as `whsec_…`; two at most, so that one can be rolled. None: no notices.
    pub webhook_keys: Vec<String>,
    /// The version of Stripe's API that is asked for.
    pub stripe_version: String,
    /// The key in Stripe's metadata under which a customer's id in the business's own systems stands; empty: the ids
    /// that the business's site signs are Stripe's own (`cus_…`).
    pub customer_metadata: String,
    /// Where Stripe's hosted pages lead back to; empty: where Stripe's own settings say.
    pub return_url: String,
    /// The time in days that a bill leaves for paying once it is no longer collected by itself.
    pub days_until_due: u32,
}

impl Default for BillingConfig {
    fn default() -> Self {
        Self {
            source: "demo".into(),
            url: String::new(),
            key: String::new(),
            webhook_keys: Vec::new(),
            stripe_version: "2025-03-31.basil".into(),
            customer_metadata: String::new(),
            return_url: String::new(),
            days_until_due: 14,
        }
    }
}

impl std::fmt::Debug for BillingConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BillingConfig").field("source", &self.source).field("url", &self.url).finish_non_exhaustive()
    }
}

impl BillingConfig {
    pub(super) fn check(&self, demo: bool) -> anyhow::Result<()> {
        anyhow::ensure!(
            matches!(self.source.as_str(), "demo" | "none" | "stripe" | "http"),
            "billing.source is `{}`: it may be stripe, http, none (general answers only) or demo",
            self.source
        );
        if self.source == "demo" {
            anyhow::ensure!(
                demo,
                "billing.source is `demo` and demo is false: made-up accounts are for trying out only. \
                 Set demo = true, or billing.source = \"none\" for general answers until your billing is connected"
            );
            return Ok(());
        }
        if self.source == "none" {
            return Ok(());
        }
        anyhow::ensure!(
            !demo,
            "demo is true and billing.source is `{}`: the demo shop lets anybody be any customer, so set demo = false",
            self.source
        );
        anyhow::ensure!(
            !self.key.is_empty(),
            "billing.key is missing, which billing.source = \"{}\" needs: set it under [billing] in the settings file, \
             or PLAINBILL_BILLING_KEY in the environment",
            self.source
        );
        anyhow::ensure!(
            self.source == "stripe" || !self.url.is_empty(),
            "billing.url is missing, which billing.source = \"http\" needs: the address of your endpoint, \
             as https://billing.your-shop.example/plainbill"
        );
        anyhow::ensure!(
            self.webhook_keys.len() <= 2 && self.webhook_keys.iter().all(|it| !it.is_empty()),
            "billing.webhook_keys may have two keys at most, and none that is empty: the current one and the next"
        );
        let is_date = |it: &str| it.parse::<jiff::civil::Date>().is_ok();
        anyhow::ensure!(
            self.stripe_version.get(..10).is_some_and(is_date),
            "billing.stripe_version is `{}`: it begins with a date, as in 2025-03-31.basil",
            self.stripe_version
        );
        anyhow::ensure!(0 < self.days_until_due, "billing.days_until_due is 0: it must be at least 1");
        Ok(())
    }
}
