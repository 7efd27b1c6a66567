//! One transaction, as a rule sees it.

use crate::dialect::Engine;
use crate::generations::Touch;
use crate::ids::IdMaker;
use crate::value::Raw;
use crate::{Column, Entropy, Error, Keyring, Param, Result, Row, audit, pg_link, sqlite};

/// A worker that a commit may wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Messages wait to be delivered.
    Outbox,
    /// Events wait for their numbers.
    Events,
    /// Events have been numbered, and may be sent.
    Webhooks,
}

/// The connection under a transaction.
pub(crate) enum Link<'c> {
    Sqlite(&'c mut sqlite::Link),
    Pg(&'c mut pg_link::Link),
}

/// What a transaction is handed besides its connection.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'c> {
    pub(crate) ids: &'c IdMaker,
    pub(crate) entropy: &'c dyn Entropy,
    pub(crate) keys: &'c Keyring,
    pub(crate) now_ms: i64,
}

/// Where a unit stands between its attempt counters and its effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing written yet, or counters only.
    Counting,
    /// Effects behind an inner savepoint: a refusal takes them back and leaves the counters.
    Guarded,
    /// Effects with no counter before them.
    Plain,
}

/// What is to happen when the transaction has committed.
#[derive(Debug, Default, Clone)]
pub(crate) struct AfterCommit {
    pub(crate) touched: Vec<Touch>,
    pub(crate) wakes: Vec<Wake>,
}

/// One open transaction. A rule has no other way to the database, the clock, ids or randomness.
pub struct Tx<'c> {
    link: Link<'c>,
    around: Surroundings<'c>,
    writable: bool,
    counted: bool,
    phase: Phase,
    /// The first error that the database gave: PostgreSQL has given the transaction up, so neither engine goes on.
    failed: Option<Error>,
    entries: Vec<audit::Entry>,
    refusal_entry: Option<audit::Entry>,
    audit_origin: Option<(String, String)>,
    after: AfterCommit,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(link: Link<'c>, around: Surroundings<'c>, writable: bool) -> Self {
        Self {
            link,
            around,
            writable,
            counted: false,
            phase: Phase::Counting,
            failed: None,
            entries: Vec::new(),
            refusal_entry: None,
            audit_origin: None,
            after: AfterCommit::default(),
        }
    }

    /// The instant of this transaction, in milliseconds since 1970. It stands still within one transaction.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.around.now_ms
    }

    /// A new id, later than all before it.
    #[must_use]
    pub fn new_id(&self) -> i64 {
        self.around.ids.next(self.around.now_ms)
    }

    /// Random bytes fit for a secret.
    ///
    /// # Errors
    /// The source of randomness is out of order.
    pub fn random<const N: usize>(&self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.around.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The keys that seal columns and make keyed hashes.
    #[must_use]
    pub fn keys(&self) -> &'c Keyring {
        self.around.keys
    }

    /// Which engine is underneath; for reports, never for rules.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.link {
            Link::Sqlite(_) => Engine::Sqlite,
            Link::Pg(_) => Engine::Postgres,
        }
    }

    /// Runs a statement that changes something; returns the number of rows it touched.
    ///
    /// # Errors
    /// The database's refusal, which ends the unit, since PostgreSQL gives up a transaction at its first error: after a
    /// [`Error::Clash`] the rule may still refuse, in its own words; otherwise nothing stays, whatever the rule makes
    /// of it. A rule that means to go on after a clash writes `ON CONFLICT DO NOTHING` and looks at the count.
    pub fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        self.begin_effects()?;
        self.run(sql, params)
    }

    /// Changes something without waiting for an answer: on PostgreSQL it goes out with the next statement, which then
    /// tells what was wrong with it, or else with the commit. For changes that can't fail but by a mistake or a
    /// conflict, and whose count nobody needs.
    ///
    /// # Errors
    /// As [`Tx::execute`], of this one or of one before it.
    pub fn send(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<()> {
        self.begin_effects()?;
        self.still_good()?;
        let sent = match &mut self.link {
            Link::Sqlite(link) => link.execute(sql, params).map(|_| ()),
            Link::Pg(link) => link.keep_change(sql, params),
        };
        sent.map_err(|error| self.fail(error))
    }

    /// Runs a statement whose effect stays when the unit is refused: an attempt counter. Only before other changes.
    ///
    /// # Errors
    /// The database's refusal, or a change came first.
    pub fn count(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        if !self.writable || self.phase != Phase::Counting {
            return Err(Error::Internal(format!("a counter after a change: {sql}")));
        }
        self.counted = true;
        self.run(sql, params)
    }

    /// From here on this read sees the database as it stands at one instant, however many statements it takes. To be
    /// called first in a read.
    ///
    /// # Errors
    /// The database's, or the unit writes.
    pub fn one_instant(&mut self) -> Result<()> {
        if self.writable {
            return Err(Error::Internal("a unit that writes sees what others commit".to_owned()));
        }
        match &mut self.link {
            // A read is one transaction, which sees one instant.
            Link::Sqlite(_) => {}
            Link::Pg(link) => link.begin_snapshot(),
        }
        Ok(())
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// The database's, or the mapping's.
    pub fn query<T>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let words = sql.trim_start();
        if ["UPDATE", "INSERT", "DELETE"].iter().any(|change| words.starts_with(change)) {
            self.begin_effects()?;
        }
        self.still_good()?;
        let answer = match &mut self.link {
            Link::Sqlite(link) => sqlite_rows(link, sql, params, map),
            Link::Pg(link) => {
                link.query(sql, params).map(|rows| rows.iter().map(|row| map(&Row(Raw::Pg(row)))).collect())
            }
        };
        answer.unwrap_or_else(|error| Err(self.fail(error)))
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// The database's, or the mapping's.
    pub fn query_opt<T>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, params, map)?.into_iter().next())
    }

    /// The row that must be there.
    ///
    /// # Errors
    /// [`Error::NoRow`] when it is not; else the database's.
    pub fn query_one<T>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.query_opt(sql, params, map)?.ok_or(Error::NoRow)
    }

    /// The one value of the one row that must be there.
    ///
    /// # Errors
    /// As [`Tx::query_one`].
    pub fn value<T: Column>(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<T> {
        self.query_one(sql, params, |row| row.get(0))
    }

    /// Cached reads of `id` (a customer or a company) die when this transaction commits.
    pub fn touch(&mut self, id: i64) {
        self.note(Touch::Whole(id));
    }

    /// Cached reads of what is shown of `id` die when this transaction commits; its sessions' copies live on. For a
    /// change on which no session and no right hangs.
    pub fn touch_view(&mut self, id: i64) {
        self.note(Touch::View(id));
    }

    fn note(&mut self, what: Touch) {
        if !self.after.touched.contains(&what) {
            self.after.touched.push(what);
        }
    }

    /// Wakes a worker when this transaction commits.
    pub fn wake(&mut self, whom: Wake) {
        if !self.after.wakes.contains(&whom) {
            self.after.wakes.push(whom);
        }
    }

    /// Puts an entry into the company's audit chain. All entries are written last, so that the chain's head is the
    /// last row a transaction locks.
    pub fn audit(&mut self, entry: audit::Entry) {
        self.entries.push(entry.from(self.audit_origin.as_ref()));
    }

    /// From now on entries that name neither address nor trace get these.
    pub fn audit_from(&mut self, address: &str, trace: &str) {
        self.audit_origin = Some((address.to_owned(), trace.to_owned()));
    }

    /// The entry to be written if the unit is refused from here on; it takes the place of one named before.
    pub fn audit_refusal(&mut self, entry: audit::Entry) {
        self.refusal_entry = Some(entry.from(self.audit_origin.as_ref()));
    }

    fn run(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        self.still_good()?;
        let touched = match &mut self.link {
            Link::Sqlite(link) => link.execute(sql, params),
            Link::Pg(link) => link.execute(sql, params),
        };
        touched.map_err(|error| self.fail(error))
    }

    /// Notes that the database gave an error.
    fn fail(&mut self, error: Error) -> Error {
        self.failed.get_or_insert(error).clone()
    }

    /// An error once the database has given one.
    fn still_good(&self) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// The error that the database gave, if it has.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failed.clone()
    }

    fn begin_effects(&mut self) -> Result<()> {
        if !self.writable {
            return Err(Error::Internal("a change within a read".to_owned()));
        }
        self.still_good()?;
        if self.phase == Phase::Counting {
            self.phase = if self.counted {
                self.raw(pg_link::SAVEPOINT)?;
                Phase::Guarded
            } else {
                Phase::Plain
            };
        }
        Ok(())
    }

    /// Runs a statement of the transaction's own plumbing.
    fn raw(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.link {
            Link::Sqlite(link) => link.raw(sql),
            Link::Pg(link) => {
                link.keep(sql);
                Ok(())
            }
        }
    }

    /// Takes back everything the unit has done, and stands at its beginning again.
    fn start_over(&mut self) -> Result<()> {
        match &mut self.link {
            Link::Sqlite(link) => link.raw(sqlite::TAKE_UNIT_BACK),
            Link::Pg(link) => {
                link.roll_back();
                link.begin();
                Ok(())
            }
        }
    }

    /// Ends a unit that succeeded: the audit entries go in.
    pub(crate) fn finish(mut self) -> Result<AfterCommit> {
        let entries = std::mem::take(&mut self.entries);
        if !entries.is_empty() {
            self.begin_effects()?;
            audit::append(&mut self, entries)?;
        }
        Ok(self.after)
    }

    /// Ends a unit that was refused. `Some` when counters or the entry are to be committed all the same: then the
    /// effects have been taken back. `None`: nothing is worth keeping, roll everything back.
    ///
    /// What was to be touched is: a counter that stays may be what is cached, and a touch too many costs a read.
    pub(crate) fn refuse(mut self) -> Result<Option<AfterCommit>> {
        let clash = self.failed.take();
        if let (Some(clash), Phase::Counting) = (clash, self.phase) {
            // Nothing to take it back to but the beginning, and the counters are not worth a second run.
            return Err(clash);
        }
        let entry = self.refusal_entry.take();
        if !self.writable || (!self.counted && entry.is_none()) {
            return Ok(None);
        }
        match self.phase {
            Phase::Counting => {}
            Phase::Guarded => match &mut self.link {
                Link::Sqlite(link) => link.raw("ROLLBACK TO SAVEPOINT effects")?,
                Link::Pg(link) => link.take_effects_back(),
            },
            Phase::Plain => self.start_over()?,
        }
        if let Some(entry) = entry {
            self.phase = Phase::Guarded;
            audit::append(&mut self, vec![entry])?;
        }
        Ok(Some(self.after))
    }
}

/// The mapped rows of an answer. The outer error is the database's, the inner one the mapping's.
fn sqlite_rows<T>(
    link: &mut sqlite::Link,
    sql: &'static str,
    params: &[Param<'_>],
    mut map: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Result<Vec<T>>> {
    let mut statement = link.prepare(sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(params))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        match map(&Row(Raw::Sqlite(row))) {
            Ok(value) => all.push(value),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(all))
}
