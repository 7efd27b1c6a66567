//! Interest on loans, charged soon after each whole hour; after a downtime, all hours that were missed.

use super::BREATH;
use crate::lending;
use custos_ledger::interest;
use custos_operations::error::Error;
use custos_store::Store;
use custos_store::chores::BATCH;

/// Charges what is due, batch by batch, until nothing is or the program stops.
pub(super) fn charge(store: &Store, is_stopping: impl Fn() -> bool) {
    // What a group asks now holds for no hour that has passed, so that hours may be charged all the same.
    if let Err(error) = store.write_blocking(lending::note_all) {
        tracing::warn!(%error, "the rates of groups could not be noted");
    }
    while !is_stopping() {
        match store.write_blocking(|tx| Ok::<_, Error>(interest::accrue_some(tx, BATCH)?)) {
            Ok(0) => break,
            Ok(hours) => tracing::info!(hours, "interest charged"),
            Err(error) => {
                tracing::warn!(%error, "interest could not be charged");
                break;
            }
        }
        std::thread::sleep(BREATH);
    }
}
