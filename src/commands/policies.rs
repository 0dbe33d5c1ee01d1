//! `plainbill policies`: the rules in force, and what they would have done to the past.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::billing::demo::Demo;
use crate::billing::{self, Account, Billing, Money};
use crate::commands::{Print, n, open_content, open_store};
use crate::config::Config;
use crate::content::Content;
use crate::conversation::format;
use crate::rules::policy::{self, Ruling};

/// Customers whom one dry run looks at.
const CUSTOMERS_MAX: usize = 100_000;

/// What to show.
#[derive(Debug, Args)]
pub struct PoliciesFlags {
    /// Dry run: the first day of the past to look at
    #[arg(long, value_name = "DATE", requires = "to")]
    from: Option<Date>,
    /// Dry run: the last day of it
    #[arg(long, value_name = "DATE", requires = "from")]
    to: Option<Date>,
    /// The rules as they hold for this staff member
    #[arg(long, value_name = "LOGIN", conflicts_with = "from")]
    staff: Option<String>,
    #[command(flatten)]
    print: Print,
}

/// Prints the rules of today, or what they would have done.
pub async fn policies(config: &Config, flags: PoliciesFlags) -> anyhow::Result<ExitCode> {
    let content = open_content(config)?;
    let zone = content.hours.time_zone.clone();
    match (flags.from, flags.to) {
        (Some(from), Some(to)) => {
            anyhow::ensure!(from <= to, "--from {from} is after --to {to}");
            let store = open_store(config).await?;
            let source = billing::open(&config.billing, &config.limits, zone.clone(), jiff::Timestamp::now)?;
            let now = move || jiff::Timestamp::now().to_zoned(zone.clone());
            let billing: Arc<dyn Billing> = source.unwrap_or_else(|| Arc::new(Demo::new(store.clone(), "", now)));
            let run = dry_run(&content, billing.as_ref(), from, to).await?;
            store.close().await;
            match flags.print.json {
                true => println!("{}", serde_json::to_string_pretty(&run.json())?),
                false => print!("{}", run.text()),
            }
        }
        _ => list(&content, jiff::Timestamp::now().to_zoned(zone).date(), flags.staff.as_deref(), flags.print)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(content: &Content, today: Date, staff: Option<&str>, print: Print) -> anyhow::Result<()> {
    let mut rules = Vec::new();
    for (name, rule) in content.clauses(today) {
        let rule = staff.and_then(|it| content.clause_for(it, &name, today)).unwrap_or(rule);
        if !print.json {
            println!("{:>8}  {}: {}", rule.value, policy::cite(&rule), rule.about);
            for band in &rule.bands {
                println!("{:>8}  up to {}", band.value, band.up_to);
            }
        }
        rules.push(json!({
            "name": name, "version": rule.version, "from": rule.from, "value": rule.value, "about": rule.about,
        }));
    }
    if print.json {
        println!("{}", serde_json::to_string_pretty(&rules)?);
    }
    Ok(())
}

/// How many fees, and how much in each currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sum {
    n: u32,
    minor: BTreeMap<String, i64>,
}

impl Sum {
    fn add(&mut self, amount: Money) {
        self.n += 1;
        let minor = self.minor.entry(amount.currency.code().to_owned()).or_default();
        *minor = minor.saturating_add(amount.minor);
    }

    fn text(&self) -> String {
        let amounts: Vec<String> = self.minor.iter().map(|(code, minor)| format::money(*minor, code)).collect();
        match amounts.is_empty() {
            true => "0 fees".to_owned(),
            false => format!("{}, {}", format::plural(i64::from(self.n), "fee", "fees"), format::list(&amounts)),
        }
    }
}

/// What the rules would have done to the late fees of a time.
#[derive(Clone, Debug)]
struct DryRun {
    from: Date,
    to: Date,
    n_customers: usize,
    n_unread: usize,
    granted: BTreeMap<String, Sum>,
    left: BTreeMap<String, Sum>,
}

async fn dry_run(content: &Content, billing: &dyn Billing, from: Date, to: Date) -> anyhow::Result<DryRun> {
    let customers = billing.customers(CUSTOMERS_MAX).await?;
    anyhow::ensure!(!customers.is_empty(), "the billing source has no list of customers: there is nothing to run over");
    let (granted, left) = (BTreeMap::new(), BTreeMap::new());
    let mut run = DryRun { from, to, n_customers: customers.len(), n_unread: 0, granted, left };
    for customer in &customers {
        match billing.account(customer).await {
            Ok(account) => run.add(content, &account),
            Err(_) => run.n_unread += 1,
        }
    }
    Ok(run)
}

impl DryRun {
    /// Each fee by the rules of its day, whether or not it was taken off since.
    fn add(&mut self, content: &Content, account: &Account) {
        for fee in account.late_fees.iter().filter(|it| self.from <= it.on && it.on <= self.to) {
            let ruling = policy::waive(&content.clauses(fee.on), account, fee);
            let clause = ruling.clause().to_owned();
            let sums = if matches!(ruling, Ruling::Grant { .. }) { &mut self.granted } else { &mut self.left };
            sums.entry(clause).or_default().add(fee.amount);
        }
    }

    fn whole(sums: &BTreeMap<String, Sum>) -> Sum {
        let mut whole = Sum::default();
        for sum in sums.values() {
            whole.n += sum.n;
            for (code, minor) in &sum.minor {
                let all = whole.minor.entry(code.clone()).or_default();
                *all = all.saturating_add(*minor);
            }
        }
        whole
    }

    fn text(&self) -> String {
        let span = format!("{} to {}", self.from, self.to);
        let mut text = format!("{span}: this would have waived {}.\n", Self::whole(&self.granted).text());
        for (clause, sum) in &self.granted {
            text += &format!("  {clause}: {}\n", sum.text());
        }
        text += &format!("Left to a colleague: {}.\n", Self::whole(&self.left).text());
        for (clause, sum) in &self.left {
            text += &format!("  {clause}: {}\n", sum.text());
        }
        text += &format!("Looked at {}", format::plural(n(self.n_customers), "customer", "customers"));
        if 0 < self.n_unread {
            text += &format!(", of whom {} could not be read", self.n_unread);
        }
        text + ".\n"
    }

    fn json(&self) -> Value {
        let part = |sums: &BTreeMap<String, Sum>| {
            let clauses: Vec<Value> = sums
                .iter()
                .map(|(clause, sum)| json!({ "clause": clause, "fees": sum.n, "minor": sum.minor }))
                .collect();
            let whole = Self::whole(sums);
            json!({ "fees": whole.n, "minor": whole.minor, "clauses": clauses })
        };
        json!({
            "from": self.from.to_string(),
            "to": self.to.to_string(),
            "waived": part(&self.granted),
            "left": part(&self.left),
            "customers": self.n_customers,
            "unread": self.n_unread,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[tokio::test]
    async fn a_dry_run_counts_every_fee_of_its_time_once_by_clause() {
        let content = Content::load("intents".as_ref()).expect("the content has no faults");
        let demo = Demo::on(date(2026, 10, 16));
        let (from, to) = (date(2026, 7, 1), date(2026, 9, 30));
        let run = dry_run(&content, &demo, from, to).await.expect("the demo has customers");
        let mut n_fees = 0;
        for customer in demo.customers(CUSTOMERS_MAX).await.expect("the demo answers") {
            let account = demo.account(&customer).await.expect("the demo answers");
            n_fees += account.late_fees.iter().filter(|it| from <= it.on && it.on <= to).count();
        }
        let (granted, left) = (DryRun::whole(&run.granted), DryRun::whole(&run.left));
        assert_eq!(granted.n + left.n, u32::try_from(n_fees).expect("a few"));
        assert!(0 < granted.n && granted.minor["GBP"] == i64::from(granted.n) * 500, "{granted:?}");
        let text = run.text();
        assert!(text.starts_with("2026-07-01 to 2026-09-30: this would have waived "), "{text}");
        assert!(text.contains("late_fee_waive_months, version 1, from 1 January 2026: "), "{text}");
        assert_eq!(run.json()["waived"]["fees"], granted.n);
    }
}
