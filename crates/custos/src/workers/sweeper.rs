//! What falls due by the clock: expired rows go, holds end, interest is charged.

use super::Shared;
use crate::lending;
use custos_customers::{credit_limit, erasure, kyc};
use custos_ledger::{holds, interest};
use custos_operations::files::remove_due;
use custos_store::chores::{self, BATCH, Expiry};
use custos_store::{Tx, UnitError};
use std::fmt::Display;
use std::time::{Duration, Instant};

/// How often it is looked for.
const SWEEP: Duration = Duration::from_secs(60);
/// Customers reminded in one transaction: each is locked until its end.
const REMINDED: i64 = 50;
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
                self.work_off(
                    ("documents that expire looked at", "documents that expire could not be looked at"),
                    |tx| kyc::remind_some(tx, REMINDED),
                );
                self.charge_interest();
                self.remove_files();
                // Each is a dozen statements.
                self.work_off(("closed accounts erased", "closed accounts could not be erased"), |tx| {
                    erasure::erase_some(tx, BATCH / 10)
                });
                self.give_up_requests();
                next = Instant::now() + SWEEP;
            }
            heard = self.bell.wait(heard, next.saturating_duration_since(Instant::now()));
        }
    }

    /// Works off what is due, batch by batch, until a batch finds nothing, one fails, or the program stops.
    fn work_off<E: UnitError + Display>(
        &self,
        (done, not_done): (&str, &str),
        batch: fn(&mut Tx<'_>) -> Result<i64, E>,
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
        let Some(vault) = self.app.files.vault() else { return };
        match remove_due(&self.store, vault, &|| self.is_stopping()) {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "files removed"),
            Err(error) => tracing::warn!(%error, "files could not be removed"),
        }
    }

    /// Requests to wallet systems whose outcome nobody has told are to be undone.
    fn give_up_requests(&self) {
        match self.store.write_blocking(|tx| credit_limit::give_up_some(tx, BATCH)) {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "credit limits of unknown outcome are being undone"),
            Err(error) => tracing::warn!(%error, "credit limits of unknown outcome could not be looked for"),
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
