//! PostgreSQL: a pool of threads, each with a connection and its prepared statements; a transaction a unit.
//!
//! READ COMMITTED on purpose: every invariant is held by a conditional write, a unique index or a locked row, and the
//! audit chain's head, which all writers of a company lock last, would abort every second transaction under a stricter
//! level. Engines that only know SERIALIZABLE run the same units; their 40001 is retried here.

use crate::pg_tls;
use crate::store::Shared;
use crate::tx::{AfterCommit, Link as AnyLink, Tx};
use crate::unit::{AnyUnit, Verdict};
use crate::{Error, Param, Result};
use parking_lot::{Condvar, Mutex};
use postgres::{Client, Row, Statement};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

const QUEUE_LENGTH: usize = 8_192;
const TRIES: u32 = 12;
/// The channel on which replicas tell each other whose cached reads are old.
pub(crate) const CHANNEL: &str = "custos_touch";

/// One connection with its prepared statements.
pub(crate) struct Link {
    client: Client,
    statements: HashMap<(usize, usize), Statement>,
}

impl Link {
    pub(crate) fn open(url: &str) -> Result<Self> {
        let mut config: postgres::Config =
            url.parse().map_err(|error: postgres::Error| Error::Internal(error.to_string()))?;
        config.connect_timeout(Duration::from_secs(5)).application_name("custos");
        let mut client = pg_tls::connect(&config)?;
        client.batch_execute(
            "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
             SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'",
        )?;
        Ok(Self { client, statements: HashMap::new() })
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement> {
        let key = (sql.as_ptr().addr(), sql.len());
        if let Some(statement) = self.statements.get(&key) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(key, statement.clone());
        Ok(statement)
    }

    pub(crate) fn query(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let statement = self.prepared(sql)?;
        Ok(self.client.query_raw(&statement, params.iter())?.collect_rows()?)
    }

    pub(crate) fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        let statement = self.prepared(sql)?;
        let mut rows = self.client.query_raw(&statement, params.iter())?;
        while postgres::fallible_iterator::FallibleIterator::next(&mut rows)?.is_some() {}
        Ok(rows.rows_affected().unwrap_or(0))
    }

    pub(crate) fn raw(&mut self, sql: &'static str) -> Result<()> {
        Ok(self.client.batch_execute(sql)?)
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.client.batch_execute(sql)?)
    }

    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    fn is_usable(&self) -> bool {
        !self.client.is_closed()
    }
}

trait CollectRows {
    fn collect_rows(self) -> std::result::Result<Vec<Row>, postgres::Error>;
}

impl CollectRows for postgres::RowIter<'_> {
    fn collect_rows(self) -> std::result::Result<Vec<Row>, postgres::Error> {
        postgres::fallible_iterator::FallibleIterator::collect(self)
    }
}

/// Work for a pool thread.
struct Job {
    unit: Box<dyn AnyUnit>,
    writable: bool,
}

#[derive(Default)]
struct Queue {
    jobs: Mutex<(VecDeque<Job>, bool)>,
    arrived: Condvar,
}

/// The PostgreSQL half of a store.
pub(crate) struct Pg {
    url: String,
    queue: Arc<Queue>,
}

impl Pg {
    pub(crate) fn open(url: &str, threads: usize, shared: &Arc<Shared>) -> Result<Self> {
        let queue = Arc::new(Queue::default());
        // The first connection is made here, so that a wrong address is told at once.
        let mut first = Some(Link::open(url)?);
        for number in 0..threads.max(1) {
            let (url, queue, shared) = (url.to_owned(), Arc::clone(&queue), Arc::clone(shared));
            let link = first.take();
            std::thread::Builder::new()
                .name(format!("custos-pg-{number}"))
                .spawn(move || work_forever(link, &url, &queue, &shared))
                .map_err(|error| Error::Internal(error.to_string()))?;
        }
        Ok(Self { url: url.to_owned(), queue })
    }

    pub(crate) fn submit(&self, unit: Box<dyn AnyUnit>, writable: bool) -> Result<()> {
        let mut jobs = self.queue.jobs.lock();
        if jobs.0.len() >= QUEUE_LENGTH {
            return Err(Error::Busy);
        }
        jobs.0.push_back(Job { unit, writable });
        drop(jobs);
        self.queue.arrived.notify_one();
        Ok(())
    }

    pub(crate) fn link(&self) -> Result<Link> {
        Link::open(&self.url)
    }

    pub(crate) fn close(&self) {
        self.queue.jobs.lock().1 = true;
        self.queue.arrived.notify_all();
    }
}

fn work_forever(mut link: Option<Link>, url: &str, queue: &Queue, shared: &Shared) {
    loop {
        let job = {
            let mut jobs = queue.jobs.lock();
            loop {
                if let Some(job) = jobs.0.pop_front() {
                    break job;
                }
                if jobs.1 {
                    return;
                }
                queue.arrived.wait(&mut jobs);
            }
        };
        if !link.as_ref().is_some_and(Link::is_usable) {
            link = match Link::open(url) {
                Ok(link) => Some(link),
                Err(error) => {
                    tracing::warn!(%error, "cannot reach PostgreSQL");
                    job.unit.answer(Err(Error::Unavailable(error.to_string())));
                    continue;
                }
            };
        }
        let Some(open) = link.as_mut() else { continue };
        let mut unit = job.unit;
        let end = if job.writable { write(open, unit.as_mut(), shared) } else { read(open, unit.as_mut(), shared) };
        unit.answer(end);
    }
}

/// A read needs no transaction of its own: each statement sees one snapshot, and what is cached is guarded by
/// generations.
fn read(link: &mut Link, unit: &mut dyn AnyUnit, shared: &Shared) -> Result<()> {
    match unit.run(Tx::new(AnyLink::Pg(link), shared.surroundings(), false)) {
        Verdict::Commit(_) | Verdict::RollBack => Ok(()),
        Verdict::Again(error) => Err(error),
    }
}

fn write(link: &mut Link, unit: &mut dyn AnyUnit, shared: &Shared) -> Result<()> {
    let mut tries = 0;
    loop {
        tries += 1;
        let conflict = match attempt(link, unit, shared)? {
            None => return Ok(()),
            Some(conflict) => conflict,
        };
        if tries >= TRIES {
            return Err(conflict);
        }
        std::thread::sleep(shared.backoff(tries));
    }
}

/// One try. `Some` is the conflict that asks for another.
fn attempt(link: &mut Link, unit: &mut dyn AnyUnit, shared: &Shared) -> Result<Option<Error>> {
    link.raw("BEGIN")?;
    match unit.run(Tx::new(AnyLink::Pg(link), shared.surroundings(), true)) {
        Verdict::Commit(after) => match link.raw("COMMIT") {
            Ok(()) => {
                tell_replicas(link, &after);
                shared.after_commit(&after);
                Ok(None)
            }
            Err(conflict @ Error::Conflict(_)) => {
                let _ = link.raw("ROLLBACK");
                Ok(Some(conflict))
            }
            Err(error) => Err(error),
        },
        Verdict::RollBack => {
            // A connection that can't roll back is closed by its next user, which rolls back.
            let _ = link.raw("ROLLBACK");
            Ok(None)
        }
        Verdict::Again(conflict) => {
            link.raw("ROLLBACK")?;
            Ok(Some(conflict))
        }
    }
}

/// Tells the other replicas before the caller is answered. A `NOTIFY` within the transaction would hold a lock of the
/// whole database until its commit was durable; as a transaction of its own it holds it for microseconds.
fn tell_replicas(link: &mut Link, after: &AfterCommit) {
    if after.touched.is_empty() {
        return;
    }
    let told: Vec<String> = after.touched.iter().map(i64::to_string).collect();
    let payload = told.join(",");
    if let Err(error) = link.query("SELECT pg_notify('custos_touch', $1)", &[Param::Text(&payload)]) {
        tracing::warn!(%error, "replicas learn of a change by its age only");
    }
}
