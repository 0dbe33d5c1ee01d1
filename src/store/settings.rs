//! Keeps what the program decides once, by name.

use super::{Store, StoreError};

const ONE: &str = "select value from settings where name = $1";

impl Store {
    /// What is kept under a name.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let rows = sqlx::query_as(ONE).bind(name);
        let row: Option<(String,)> = self.read(rows.fetch_optional(&self.inner.pool)).await?;
        Ok(row.map(|(value,)| value))
    }

    /// Keeps a value under a name that has none, and returns the one that stands: of many who try at once, on whatever
    /// node, all get the same.
    pub async fn set_setting_if_absent(&self, name: &str, value: impl Into<String>) -> Result<String, StoreError> {
        let (name, value) = (name.to_owned(), value.into());
        self.inner
            .writer
            .write("", move |tx| {
                let (name, value) = (name.clone(), value.clone());
                Box::pin(async move {
                    sqlx::query("insert into settings (name, value) values ($1, $2) on conflict (name) do nothing")
                        .bind(name.as_str())
                        .bind(value)
                        .execute(&mut tx.db)
                        .await?;
                    let (stands,): (String,) = sqlx::query_as(ONE).bind(name).fetch_one(&mut tx.db).await?;
                    Ok(stands)
                })
            })
            .await
    }

    /// Keeps a value under a name, in place of the one before.
    pub async fn set_setting(&self, name: &str, value: impl Into<String>) -> Result<(), StoreError> {
        let (name, value) = (name.to_owned(), value.into());
        self.inner
            .writer
            .write("", move |tx| {
                let (name, value) = (name.clone(), value.clone());
                Box::pin(async move {
                    sqlx::query(
                        "insert into settings (name, value) values ($1, $2) \
                     on conflict (name) do update set value = excluded.value",
                    )
                    .bind(name)
                    .bind(value)
                    .execute(&mut tx.db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }
}
