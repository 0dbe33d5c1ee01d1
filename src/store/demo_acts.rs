//! Keeps what was changed in the demo's billing.

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

use super::{Store, StoreError, without_nul};
use crate::conversation::CustomerId;

/// Something that was changed for a customer of the demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoAct {
    /// Who it was changed for.
    pub customer: CustomerId,
    /// The key of whoever asked; a customer has one act for each.
    pub key: String,
    /// What was changed, as JSON.
    pub act: String,
    /// What was answered, as JSON.
    pub done: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

impl FromRow<'_, AnyRow> for DemoAct {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            customer: CustomerId::new(row.try_get::<String, _>("customer")?),
            key: row.try_get("key")?,
            act: row.try_get("act")?,
            done: row.try_get("done")?,
            at_ms: row.try_get("at_ms")?,
        })
    }
}

impl Store {
    /// What was changed for a customer of the demo, at most `max`, in the order in which it was.
    pub async fn demo_acts(&self, customer: &CustomerId, max: u32) -> Result<Vec<DemoAct>, StoreError> {
        let rows = sqlx::query_as(
            "select customer, key, act, done, at_ms from demo_acts where customer = $1 order by n limit $2",
        )
        .bind(customer.as_str())
        .bind(i64::from(max));
        self.read(rows.fetch_all(&self.inner.pool)).await
    }

    /// The customers of the demo for whom anything was changed, at most `max`.
    pub async fn changed_demo_customers(&self, max: u32) -> Result<Vec<CustomerId>, StoreError> {
        let rows = sqlx::query_as("select distinct customer from demo_acts order by customer limit $1");
        let rows: Vec<(String,)> = self.read(rows.bind(i64::from(max)).fetch_all(&self.inner.pool)).await?;
        Ok(rows.into_iter().map(|(customer,)| CustomerId::new(customer)).collect())
    }

    /// Keeps an act as a customer's `n`th, counted from 1. `Conflict`: there is one already, or one with this key.
    pub async fn keep_demo_act(&self, n: i64, act: DemoAct) -> Result<(), StoreError> {
        self.inner
            .writer
            .write("", move |tx| {
                let act = act.clone();
                Box::pin(async move {
                    sqlx::query(
                        "insert into demo_acts (customer, n, key, act, done, at_ms) values ($1, $2, $3, $4, $5, $6)",
                    )
                    .bind(act.customer.as_str())
                    .bind(n)
                    .bind(without_nul(&act.key))
                    .bind(without_nul(&act.act))
                    .bind(without_nul(&act.done))
                    .bind(act.at_ms)
                    .execute(&mut tx.db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }
}
