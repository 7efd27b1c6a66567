//! What falls due by the clock: expired rows go, holds end, interest is charged.

use super::Shared;
use crate::lending;
use custos_ledger::{holds, interest};
use custos_operations::files::remove_due;
use custos_store::Tx;
use custos_store::chores::{self, BATCH, Expiry};
use std::time::{Duration, Instant};

/// How often it is looked for.
const SWEEP: Duration = Duration::from_secs(60);
/// Between two batches others get their turn.
const BREATH: Duration = Duration::from_millis(5);

impl Shared {
    pub(super) fn sweep_until_stopped(&self) {
        let mut heard = 0;
        let mut next = Instant::now();
        while !self.is_stopping() {
            if Instant::now() >= next {
                let all = [custos_customers::chores::EXPIRIES, custos_ledger::chores::EXPIRIES];
                for expiry in all.into_iter().flatten() {
                    self.sweep(*expiry);
                }
                // Money that was set aside for a time is free again when it is over.
                self.work_off(("holds ended by time", "holds could not be ended"), |tx| {
                    holds::expire_some(tx, BATCH)
                });
                self.charge_interest();
                self.remove_files();
                next = Instant::now() + SWEEP;
            }
            heard = self.bell.wait(heard, next.saturating_duration_since(Instant::now()));
        }
    }

    /// Works off what is due, batch by batch, until a batch finds nothing, one fails, or the program stops.
    fn work_off(
        &self,
        (done, not_done): (&str, &str),
        batch: fn(&mut Tx<'_>) -> Result<i64, custos_ledger::Error>,
    ) {
        while !self.is_stopping() {
            match self.store.write_blocking(batch) {
                Ok(0) => break,
                Ok(count) => tracing::info!(count, "{done}"),
                Err(error) => {
                    tracing::warn!(%error, "{not_done}");
                    break;
                }
            }
            std::thread::sleep(BREATH);
        }
    }

    /// Charges interest soon after each whole hour; after a downtime, for all hours that were missed.
    fn charge_interest(&self) {
        // What a group asks now holds for no hour that has passed, so that hours may be charged all the same.
        if let Err(error) = self.store.write_blocking(lending::note_all) {
            tracing::warn!(%error, "the rates of groups could not be noted");
        }
        self.work_off(("interest charged", "interest could not be charged"), |tx| {
            interest::accrue_some(tx, BATCH)
        });
    }

    /// Removes files whose time is over: from the vault first, so that none is left there that no row knows of.
    fn remove_files(&self) {
        let Some(vault) = &self.sinks.vault else { return };
        match remove_due(&self.store, vault, &|| self.is_stopping()) {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "files removed"),
            Err(error) => tracing::warn!(%error, "files could not be removed"),
        }
    }

    fn sweep(&self, expiry: Expiry) {
        let mut removed = 0;
        while !self.is_stopping() {
            match chores::remove_batch(&self.store, expiry) {
                Ok(count) => {
                    removed += count;
                    if count < BATCH.unsigned_abs() {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, job = expiry.job, "expired rows could not be removed");
                    break;
                }
            }
            std::thread::sleep(BREATH);
        }
        if removed > 0 {
            tracing::info!(job = expiry.job, removed, "expired rows removed");
        }
    }
}
