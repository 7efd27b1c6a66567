//! PostgreSQL: a pool of threads, each with a connection and its prepared statements; a transaction a unit.
//!
//! READ COMMITTED on purpose: every invariant is held by a conditional write, a unique index or a locked row, and the
//! audit chain's head, which all writers of a company lock last, would abort every second transaction under a stricter
//! level. Engines that only know SERIALIZABLE run the same units; their 40001 is retried here.

use crate::pg_link::{Commit, Link};
use crate::store::Shared;
use crate::tx::{AfterCommit, Link as AnyLink, Tx};
use crate::unit::{AnyUnit, Verdict};
use crate::{Error, Result};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;

const QUEUE_LENGTH: usize = 8_192;
const TRIES: u32 = 12;
/// The channel on which replicas tell each other whose cached reads are old.
pub(crate) const CHANNEL: &str = "custos_touch";
/// PostgreSQL takes less than 8,000 bytes in one notification.
const LONGEST_NEWS: usize = 7_900;

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
        match work(&mut link, url, unit.as_mut(), job.writable, shared) {
            Ok(after) => {
                unit.answer(Ok(()));
                shared.wake(&after);
            }
            Err(error) => unit.answer(Err(error)),
        }
    }
}

/// The connection, made anew if it has ended.
fn usable<'l>(link: &'l mut Option<Link>, url: &str) -> Result<&'l mut Link> {
    if link.as_mut().is_some_and(Link::is_usable)
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
    /// The unit has its end, and what follows from it.
    Done(Result<AfterCommit>),
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
) -> Result<AfterCommit> {
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

/// A read needs no transaction of its own, unless it asks for one instant: each statement sees one snapshot, and what is
/// cached is guarded by generations.
fn read(link: &mut Link, unit: &mut dyn AnyUnit, shared: &Shared) -> Attempt {
    let verdict = unit.run(Tx::new(AnyLink::Pg(link), shared.surroundings(), false));
    if link.is_lost() {
        return Attempt::Lost;
    }
    // Of one instant, if it was one. Whether it can be ended or not, its answer is there.
    link.roll_back();
    match verdict {
        Verdict::Commit(_) | Verdict::RollBack => Attempt::Done(Ok(AfterCommit::default())),
        Verdict::Again(error) => Attempt::Conflict(error),
    }
}

fn write(link: &mut Link, unit: &mut dyn AnyUnit, shared: &Shared) -> Attempt {
    link.begin();
    let verdict = unit.run(Tx::new(AnyLink::Pg(link), shared.surroundings(), true));
    if link.is_lost() {
        return Attempt::Lost;
    }
    match verdict {
        Verdict::Commit(after) => commit(link, after, shared),
        Verdict::RollBack => {
            link.roll_back();
            Attempt::Done(Ok(AfterCommit::default()))
        }
        Verdict::Again(conflict) => {
            link.roll_back();
            Attempt::Conflict(conflict)
        }
    }
}

/// Commits and tells the other replicas before the caller is answered. A `NOTIFY` within the transaction would hold a
/// lock of the whole database until its commit was durable; as a transaction of its own it holds it for microseconds.
fn commit(link: &mut Link, after: AfterCommit, shared: &Shared) -> Attempt {
    let (committed, told) = link.commit(news(&after).as_deref());
    if !matches!(committed, Commit::TakenBack(_)) {
        // What was committed, or may have been with only the answer lost: what is cached of it must go.
        shared.forget(&after);
    }
    match committed {
        Commit::Done => {
            if let Err(error) = told {
                tracing::warn!(%error, "replicas learn of a change by its age only");
            }
            Attempt::Done(Ok(after))
        }
        Commit::TakenBack(conflict @ Error::Conflict(_)) => Attempt::Conflict(conflict),
        Commit::TakenBack(error) => Attempt::Done(Err(error)),
        Commit::Unknown(error) => {
            link.lose();
            Attempt::Done(Err(error))
        }
    }
}

/// What tells other replicas whose cached reads are old.
fn news(after: &AfterCommit) -> Option<String> {
    if after.touched.is_empty() {
        return None;
    }
    let told: Vec<String> = after.touched.iter().map(ToString::to_string).collect();
    let mut payload = told.join(",");
    if payload.len() > LONGEST_NEWS {
        payload = crate::EVERYTHING.to_string();
    }
    // Digits, commas and the letter of a view: nothing that could end the text.
    Some(format!("NOTIFY {CHANNEL}, '{payload}'"))
}
