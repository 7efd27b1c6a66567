//! What must be removed in time, in bounded batches, while requests run.

use crate::{Result, Store, params};

/// A table whose rows expire, and the statement that removes some of them: `$1` is now, `$2` the batch's size.
#[derive(Debug, Clone, Copy)]
pub struct Expiry {
    /// The job's name, as metrics and `/readyz` tell it.
    pub job: &'static str,
    /// The table it keeps small.
    pub table: &'static str,
    /// The statement.
    pub sql: &'static str,
}

/// Rows a batch removes: a few milliseconds of a writer's time.
pub const BATCH: i64 = 500;

/// Removes one batch; returns how many rows went.
///
/// # Errors
/// The database's.
pub fn remove_batch(store: &Store, expiry: Expiry) -> Result<u64> {
    store.write_blocking(move |tx| {
        let now = tx.now();
        tx.execute(expiry.sql, params![now, BATCH])
    })
}
