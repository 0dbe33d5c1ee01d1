//! Finds out whether a pooler stands before PostgreSQL that gives each transaction another connection.
//!
//! Through such a one, what we set on a connection reaches other programs' transactions and not all of ours, and what we
//! have prepared is sometimes not there. PgBouncer doesn't say how it pools, so it is tried out: two of our connections
//! must each keep a server process of their own.

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions, Connection, Row};

use super::StoreError;

/// How often it is tried. A pooler that is busy may give us two processes by chance.
const ROUNDS: u32 = 5;
/// The SQLSTATE with which PgBouncer refuses what its way of pooling can't do.
const PROTOCOL_VIOLATION: &str = "08P01";

/// Fails with [`StoreError::Pooled`] where a connection doesn't keep its server process. Leaves nothing set anywhere.
pub(super) async fn refuse(options: &AnyConnectOptions) -> Result<(), StoreError> {
    let (mut one, mut two) = (options.connect().await?, options.connect().await?);
    for _ in 0..ROUNDS {
        let first = process(&mut one).await?;
        sqlx::raw_sql("begin").execute(&mut two).await.map_err(refused)?;
        // While the second one is in a transaction, nobody else can have its process; the first one still has its own.
        if process(&mut two).await? == first || process(&mut one).await? != first {
            return Err(StoreError::Pooled);
        }
        sqlx::raw_sql("rollback").execute(&mut two).await?;
    }
    one.close().await.ok();
    two.close().await.ok();
    Ok(())
}

/// Pooling by statement, PgBouncer ends a connection that begins a transaction, as a breach of the protocol. PostgreSQL
/// itself has nothing against it.
fn refused(error: sqlx::Error) -> StoreError {
    let is_breach = error.as_database_error().and_then(|inner| inner.code()).is_some_and(|it| it == PROTOCOL_VIOLATION);
    if is_breach { StoreError::Pooled } else { error.into() }
}

/// The server process that a statement runs in.
async fn process(connection: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    // Not prepared: that would already need a connection that stays.
    sqlx::raw_sql("select pg_backend_pid()::bigint").fetch_one(connection).await?.try_get(0)
}
