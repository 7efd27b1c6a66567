//! PostgreSQL: a pool of threads, each with a connection and its prepared statements; a transaction a unit.
//!
//! READ COMMITTED on purpose: every invariant is held by a conditional write, a unique index or a locked row, and the
//! audit chain's head, which all writers of a company lock last, would abort every second transaction under a stricter
//! level. Engines that only know SERIALIZABLE run the same units; their 40001 is retried here.

use crate::error::is_lost;
use crate::pg_tls;
use crate::store::Shared;
use crate::tx::{AfterCommit, Link as AnyLink, Tx};
use crate::unit::{AnyUnit, Verdict};
use crate::{Error, Param, Result};
use parking_lot::{Condvar, Mutex};
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::{Client, Row, RowIter, Statement};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

const QUEUE_LENGTH: usize = 8_192;
const TRIES: u32 = 12;
/// The channel on which replicas tell each other whose cached reads are old.
pub(crate) const CHANNEL: &str = "custos_touch";
/// PostgreSQL takes less than 8,000 bytes in one notification.
const LONGEST_NEWS: usize = 7_900;

/// One connection with its prepared statements.
pub(crate) struct Link {
    client: Client,
    /// Keyed by the address of the rule's text, which is `'static`: whatever has its address and length is that text.
    statements: HashMap<(usize, usize), Statement>,
    /// The connection has ended, or its transaction can't be: it must not be used again. The client itself learns of
    /// an end only when it is next used.
    lost: bool,
}

impl Link {
    pub(crate) fn open(url: &str) -> Result<Self> {
        let mut config: postgres::Config =
            url.parse().map_err(|error: postgres::Error| Error::Internal(error.to_string()))?;
        config.connect_timeout(Duration::from_secs(5)).application_name("custos");
        // A server that vanished without a word must not hold a thread for hours.
        config.keepalives_idle(Duration::from_secs(30));
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(45));
        }
        let mut client = pg_tls::connect(&config)?;
        client.batch_execute(
            "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
             SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'",
        )?;
        Ok(Self { client, statements: HashMap::new(), lost: false })
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement> {
        let key = (sql.as_ptr().addr(), sql.len());
        if let Some(statement) = self.statements.get(&key) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).map_err(|error| self.told(error))?;
        self.statements.insert(key, statement.clone());
        Ok(statement)
    }

    pub(crate) fn query(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let statement = self.prepared(sql)?;
        let rows = self.client.query_raw(&statement, params.iter()).and_then(RowIter::collect);
        rows.map_err(|error| self.told(error))
    }

    pub(crate) fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        let statement = self.prepared(sql)?;
        let touched = self.client.query_raw(&statement, params.iter()).and_then(|mut rows| {
            while rows.next()?.is_some() {}
            Ok(rows.rows_affected().unwrap_or(0))
        });
        touched.map_err(|error| self.told(error))
    }

    pub(crate) fn raw(&mut self, sql: &'static str) -> Result<()> {
        self.batch(sql)
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        self.client.batch_execute(sql).map_err(|error| self.told(error))
    }

    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Notes whether the connection ended with this error.
    fn told(&mut self, error: postgres::Error) -> Error {
        self.lost |= is_lost(&error);
        error.into()
    }

    /// Ends the transaction without a trace. A connection that can't is not used again: whatever came next would run
    /// within the old transaction.
    fn roll_back(&mut self) {
        if self.raw("ROLLBACK").is_err() {
            self.lost = true;
        }
    }

    fn is_usable(&self) -> bool {
        !self.lost && !self.client.is_closed()
    }
}

/// Work for a pool thread.
struct Job {
    unit: Box<dyn AnyUnit>,
    writable: bool,
}

#[derive(Default)]
struct Queue {
    /// What waits, and whether the store is closed.
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
        if jobs.1 {
            return Err(Error::Unavailable("the store is closed".to_owned()));
        }
        if jobs.0.len() >= QUEUE_LENGTH {
            return Err(Error::Busy);
        }
        jobs.0.push_back(Job { unit, writable });
        drop(jobs);
        self.queue.arrived.notify_one();
        Ok(())
    }

    /// A connection for migrations, which may take their time.
    pub(crate) fn link(&self) -> Result<Link> {
        let mut link = Link::open(&self.url)?;
        link.batch("SET statement_timeout = 0")?;
        Ok(link)
    }

    pub(crate) fn close(&self) {
        self.queue.jobs.lock().1 = true;
        self.queue.arrived.notify_all();
    }
}

impl Drop for Pg {
    fn drop(&mut self) {
        self.close();
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
        let mut unit = job.unit;
        let end = work(&mut link, url, unit.as_mut(), job.writable, shared);
        unit.answer(end);
    }
}

/// The connection, made anew if it has ended.
fn usable<'l>(link: &'l mut Option<Link>, url: &str) -> Result<&'l mut Link> {
    if link.as_ref().is_some_and(Link::is_usable)
        && let Some(link) = link
    {
        return Ok(link);
    }
    // The old one goes first: it may be the server's last free place.
    *link = None;
    let new = Link::open(url).inspect_err(|error| tracing::warn!(%error, "cannot reach PostgreSQL"));
    Ok(link.insert(new.map_err(|error| Error::Unavailable(error.to_string()))?))
}

/// What one try came to.
enum Attempt {
    /// The unit has its end.
    Done(Result<()>),
    /// Another transaction was in the way.
    Conflict(Error),
    /// The connection ended before the commit was asked for: nothing has happened.
    Lost,
}

/// Runs a unit until it has its end. A connection that ended unnoticed while it was idle (the server was started anew)
/// costs a new connection and no failure.
fn work(
    link: &mut Option<Link>,
    url: &str,
    unit: &mut dyn AnyUnit,
    writable: bool,
    shared: &Shared,
) -> Result<()> {
    let (mut tries, mut losses) = (0, 0);
    loop {
        let open = usable(link, url)?;
        match if writable { write(open, unit, shared) } else { read(open, unit, shared) } {
            Attempt::Done(end) => return end,
            Attempt::Lost if losses == 0 => losses += 1,
            Attempt::Lost => {
                return Err(Error::Unavailable("the connection to PostgreSQL was lost".to_owned()));
            }
            Attempt::Conflict(error) => {
                tries += 1;
                if tries >= TRIES {
                    return Err(error);
                }
                std::thread::sleep(shared.backoff(tries));
            }
        }
    }
}

/// A read needs no transaction of its own: each statement sees one snapshot, and what is cached is guarded by
/// generations.
fn read(link: &mut Link, unit: &mut dyn AnyUnit, shared: &Shared) -> Attempt {
    let verdict = unit.run(Tx::new(AnyLink::Pg(link), shared.surroundings(), false));
    if link.lost {
        return Attempt::Lost;
    }
    match verdict {
        Verdict::Commit(_) | Verdict::RollBack => Attempt::Done(Ok(())),
        Verdict::Again(error) => Attempt::Conflict(error),
    }
}

fn write(link: &mut Link, unit: &mut dyn AnyUnit, shared: &Shared) -> Attempt {
    if let Err(error) = link.raw("BEGIN") {
        return if link.lost { Attempt::Lost } else { Attempt::Done(Err(error)) };
    }
    let verdict = unit.run(Tx::new(AnyLink::Pg(link), shared.surroundings(), true));
    if link.lost {
        return Attempt::Lost;
    }
    match verdict {
        Verdict::Commit(after) => match link.raw("COMMIT") {
            Ok(()) => {
                tell_replicas(link, &after);
                shared.after_commit(&after);
                Attempt::Done(Ok(()))
            }
            Err(conflict @ Error::Conflict(_)) => {
                link.roll_back();
                Attempt::Conflict(conflict)
            }
            Err(error) => {
                // It may have been committed and only the answer lost: what is cached must go in either case.
                shared.after_commit(&after);
                link.lost = true;
                Attempt::Done(Err(error))
            }
        },
        Verdict::RollBack => {
            link.roll_back();
            Attempt::Done(Ok(()))
        }
        Verdict::Again(conflict) => {
            link.roll_back();
            Attempt::Conflict(conflict)
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
    let mut payload = told.join(",");
    if payload.len() > LONGEST_NEWS {
        payload = crate::EVERYTHING.to_string();
    }
    if let Err(error) = link.query("SELECT pg_notify('custos_touch', $1)", &[Param::Text(&payload)]) {
        tracing::warn!(%error, "replicas learn of a change by its age only");
    }
}
