//! The embedded engine: one writer thread that commits what waits together, readers on the caller's own thread.

use crate::dialect::to_sqlite;
use crate::store::Shared;
use crate::tx::{Link as AnyLink, Tx};
use crate::unit::{AnyUnit, UnitError, Verdict, run_once};
use crate::{Error, Param, Result};
use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OpenFlags};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// Units that may wait for the writer; more are told that the store is busy.
const QUEUE_LENGTH: usize = 8_192;
/// Units in one commit. Bounds how long the first of them waits for the last.
const BATCH_LENGTH: usize = 256;
/// Connections kept for reading.
const IDLE_READERS: usize = 16;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Undoes the unit that is running.
pub(crate) const TAKE_UNIT_BACK: &str = "ROLLBACK TO unit";

/// One connection with its statements in SQLite's words.
pub(crate) struct Link {
    connection: Connection,
    /// Keyed by the address of the rule's text, which is `'static`: translated once, then looked up without hashing it.
    translated: HashMap<(usize, usize), String>,
}

impl Link {
    fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(512);
        // Without it a statement whose parameters might bear on its plan is compiled anew for each execution.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; \
             PRAGMA wal_autocheckpoint = 2000;",
        )?;
        Ok(Self { connection, translated: HashMap::new() })
    }

    pub(crate) fn prepare(&mut self, sql: &'static str) -> Result<CachedStatement<'_>> {
        let text = self.translated.entry((sql.as_ptr().addr(), sql.len())).or_insert_with(|| to_sqlite(sql));
        Ok(self.connection.prepare_cached(text)?)
    }

    pub(crate) fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        let touched = self.prepare(sql)?.execute(rusqlite::params_from_iter(params))?;
        Ok(u64::try_from(touched).unwrap_or(u64::MAX))
    }

    pub(crate) fn raw(&mut self, sql: &'static str) -> Result<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.connection.execute_batch(sql)?)
    }
}

/// The SQLite half of a store.
pub(crate) struct Sqlite {
    path: PathBuf,
    idle: Mutex<Vec<Link>>,
    queue: SyncSender<Box<dyn AnyUnit>>,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, shared: &Arc<Shared>) -> Result<Self> {
        let link = Link::open(path)?;
        let (queue, waiting) = sync_channel(QUEUE_LENGTH);
        let writer_shared = Arc::clone(shared);
        std::thread::Builder::new()
            .name("custos-writer".to_owned())
            .spawn(move || write_forever(link, &waiting, &writer_shared))
            .map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { path: path.to_owned(), idle: Mutex::new(Vec::new()), queue })
    }

    pub(crate) fn submit(&self, unit: Box<dyn AnyUnit>) -> Result<()> {
        self.queue.try_send(unit).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Unavailable("the writer has ended".to_owned()),
        })
    }

    /// Runs a read here and now: a hop to another thread costs more than the read.
    pub(crate) fn read<T, E: UnitError>(
        &self,
        shared: &Shared,
        work: &mut impl FnMut(&mut Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut link = match self.idle.lock().pop() {
            Some(link) => link,
            None => {
                let mut link = Link::open(&self.path)?;
                link.batch("PRAGMA query_only = ON")?;
                link
            }
        };
        link.raw("BEGIN DEFERRED")?;
        let tx = Tx::new(AnyLink::Sqlite(&mut link), shared.surroundings(), false);
        let (result, _) = run_once(tx, work);
        // A connection whose transaction can't be ended is dropped, which ends it.
        if link.raw("COMMIT").is_ok() {
            let mut idle = self.idle.lock();
            if idle.len() < IDLE_READERS {
                idle.push(link);
            }
        }
        result
    }

    /// A connection for migrations and other work of its own.
    pub(crate) fn link(&self) -> Result<Link> {
        Link::open(&self.path)
    }
}

/// The writer: takes what is waiting, runs each unit in a savepoint of its own, commits once, then answers all.
fn write_forever(mut link: Link, waiting: &Receiver<Box<dyn AnyUnit>>, shared: &Shared) {
    let mut batch = Vec::with_capacity(BATCH_LENGTH);
    while let Ok(first) = waiting.recv() {
        batch.push(first);
        while batch.len() < BATCH_LENGTH {
            match waiting.try_recv() {
                Ok(next) => batch.push(next),
                Err(_) => break,
            }
        }
        write_batch(&mut link, &mut batch, shared);
    }
}

fn write_batch(link: &mut Link, batch: &mut Vec<Box<dyn AnyUnit>>, shared: &Shared) {
    if let Err(error) = link.raw("BEGIN IMMEDIATE") {
        // Another process holds the lock for longer than anyone should wait; or a transaction could not be ended.
        let error = match error {
            Error::Conflict(told) => Error::Unavailable(told),
            other => other,
        };
        let _ = link.raw("ROLLBACK");
        for unit in batch.drain(..) {
            unit.answer(Err(error.clone()));
        }
        return;
    }
    let mut afters = Vec::with_capacity(batch.len() + 1);
    let mut broken = None;
    for unit in batch.iter_mut() {
        match run_guarded(link, unit.as_mut(), shared) {
            Ok(Some(after)) => afters.push(after),
            Ok(None) => {}
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
    }
    let end = match broken {
        None => shared.before_commit(link, &afters).and_then(|()| link.raw("COMMIT")),
        Some(error) => Err(error),
    };
    match end {
        Ok(()) => {
            for after in &afters {
                shared.forget(after);
            }
            for unit in batch.drain(..) {
                unit.answer(Ok(()));
            }
            for after in &afters {
                shared.wake(after);
            }
        }
        Err(error) => {
            // The transaction may already be gone (disk full); then this fails, and that is well.
            let _ = link.raw("ROLLBACK");
            // A commit that failed in its last step may yet be found in the log after a crash; a touch costs little.
            for after in &afters {
                shared.forget(after);
            }
            tracing::error!(%error, units = batch.len(), "commit failed");
            for unit in batch.drain(..) {
                unit.answer(Err(error.clone()));
            }
        }
    }
}

/// Runs one unit in its savepoint. An error is one of the transaction as a whole.
fn run_guarded(
    link: &mut Link,
    unit: &mut dyn AnyUnit,
    shared: &Shared,
) -> Result<Option<crate::tx::AfterCommit>> {
    link.raw("SAVEPOINT unit")?;
    let verdict = unit.run(Tx::new(AnyLink::Sqlite(link), shared.surroundings(), true));
    if link.connection.is_autocommit() {
        // SQLite answers some failures (full disk, failed read) by rolling back the whole transaction.
        return Err(Error::Unavailable("the database gave the transaction up".to_owned()));
    }
    match verdict {
        Verdict::Commit(after) => {
            link.raw("RELEASE unit")?;
            Ok(Some(after))
        }
        // With one writer there is no one to conflict with inside a transaction that holds the write lock.
        Verdict::RollBack | Verdict::Again(_) => {
            link.raw(TAKE_UNIT_BACK)?;
            link.raw("RELEASE unit")?;
            Ok(None)
        }
    }
}
