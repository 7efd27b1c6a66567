//! The store: carries units to the engine that the URL names.

use crate::dialect::Engine;
use crate::ids::{COMMAND_NODE, IdMaker};
use crate::tx::{AfterCommit, Surroundings};
use crate::unit::{AnyUnit, UnitError, unit};
use crate::{Clock, Entropy, Error, Generations, Keyring, Result, Tx, Wake, pg, pg_link, sqlite};
use parking_lot::RwLock;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`.
    Sqlite(PathBuf),
    /// `postgres://…` or `postgresql://…`.
    Postgres(String),
}

impl std::str::FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err("a SQLite URL names a file: sqlite:///var/lib/custos/custos.db".to_owned());
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            text.parse::<tokio_postgres::Config>().map_err(|error| error.to_string())?;
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err("a database URL begins with sqlite:// or postgres://".to_owned())
    }
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the data is.
    pub url: DatabaseUrl,
    /// This process among those that share the database: 0 to 30; [`Options::COMMAND`] for the command line.
    pub node: u16,
    /// PostgreSQL connections for units.
    pub pg_threads: usize,
}

impl Options {
    /// The node number of commands that run beside a server.
    pub const COMMAND: u16 = COMMAND_NODE;
}

/// What a store is handed.
#[derive(Clone)]
pub struct Parts {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Seals and hashes.
    pub keys: Arc<Keyring>,
}

/// Whom a commit wakes, and how.
type Waker = (Wake, Box<dyn Fn() + Send + Sync>);

/// What the engines share.
pub(crate) struct Shared {
    parts: Parts,
    ids: IdMaker,
    pub(crate) generations: Arc<Generations>,
    wakers: RwLock<Vec<Waker>>,
    /// A command beside a server marks each commit, so that the server drops what it has cached.
    marks_epoch: bool,
    pub(crate) stopping: AtomicBool,
}

impl Shared {
    pub(crate) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            ids: &self.ids,
            entropy: self.parts.entropy.as_ref(),
            keys: &self.parts.keys,
            now_ms: self.parts.clock.now_ms(),
        }
    }

    pub(crate) fn before_commit(&self, link: &mut sqlite::Link, afters: &[AfterCommit]) -> Result<()> {
        if self.marks_epoch && afters.iter().any(|after| !after.touched.is_empty()) {
            link.raw("UPDATE cache_epoch SET epoch = epoch + 1")?;
        }
        Ok(())
    }

    /// Cached reads of what was committed die. Before the caller is answered.
    pub(crate) fn forget(&self, after: &AfterCommit) {
        for touch in &after.touched {
            self.generations.touch(*touch);
        }
    }

    /// Wakes the workers that have something to do now. After the caller is answered: how long that takes must not
    /// tell the caller whether there is.
    pub(crate) fn wake(&self, after: &AfterCommit) {
        if !after.wakes.is_empty() {
            for (wake, call) in self.wakers.read().iter() {
                // What has been committed is answered, whatever becomes of the worker.
                if after.wakes.contains(wake) && catch_unwind(AssertUnwindSafe(call)).is_err() {
                    tracing::error!(?wake, "waking a worker panicked");
                }
            }
        }
    }

    /// How long to wait before try number `tries`: 1, 2, 4 … ms, with jitter so that rivals part.
    pub(crate) fn backoff(&self, tries: u32) -> Duration {
        let mut byte = [0];
        // Without randomness the rivals merely part more slowly.
        let _ = self.parts.entropy.fill(&mut byte);
        let [jitter] = byte;
        Duration::from_micros((500_u64 << tries.min(7)) * (256 + u64::from(jitter)) / 256)
    }
}

enum Database {
    Sqlite(sqlite::Sqlite),
    Pg(pg::Pg),
}

/// A handle on the database; clones share it.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
    database: Arc<Database>,
    options: Arc<Options>,
}

impl Store {
    /// Opens the database. Makes an empty one where SQLite has none; changes no schema.
    ///
    /// # Errors
    /// The database can't be opened or reached.
    pub fn open(options: Options, parts: Parts) -> Result<Self> {
        let shared = Arc::new(Shared {
            parts,
            ids: IdMaker::new(options.node),
            generations: Arc::new(Generations::default()),
            wakers: RwLock::new(Vec::new()),
            marks_epoch: options.node == COMMAND_NODE,
            stopping: AtomicBool::new(false),
        });
        let database = match &options.url {
            DatabaseUrl::Sqlite(path) => Database::Sqlite(sqlite::Sqlite::open(path, &shared)?),
            DatabaseUrl::Postgres(url) => Database::Pg(pg::Pg::open(url, options.pg_threads, &shared)?),
        };
        Ok(Self { shared, database: Arc::new(database), options: Arc::new(options) })
    }

    /// Which engine is underneath.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match *self.database {
            Database::Sqlite(_) => Engine::Sqlite,
            Database::Pg(_) => Engine::Postgres,
        }
    }

    /// The time as the store tells it.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.shared.parts.clock.now_ms()
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &Keyring {
        &self.shared.parts.keys
    }

    /// What the store was handed.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.shared.parts
    }

    /// How cached reads learn that they are old.
    #[must_use]
    pub fn generations(&self) -> &Arc<Generations> {
        &self.shared.generations
    }

    /// Calls `call` after each commit that wakes `wake`.
    pub fn on_wake(&self, wake: Wake, call: impl Fn() + Send + Sync + 'static) {
        self.shared.wakers.write().push((wake, Box::new(call)));
    }

    /// Runs `work` in a transaction that is durable before this returns. A refusal (an error of `work` that is no
    /// store error) takes back everything but counted attempts.
    ///
    /// # Errors
    /// What `work` returns; or the store's, when nothing has happened, or (a lost connection at the commit) it is not
    /// known whether it has.
    pub async fn write<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        let (unit, answer) = unit(work);
        self.submit(unit, true)?;
        received(answer.await)
    }

    /// [`Store::write`] for threads that no runtime runs on.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        let (unit, answer) = unit(work);
        self.submit(unit, true)?;
        received(answer.blocking_recv())
    }

    /// Runs `work`, which may only look.
    ///
    /// # Errors
    /// What `work` returns, or the store's.
    pub async fn read<T, E, F>(&self, mut work: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        match &*self.database {
            Database::Sqlite(sqlite) => sqlite.read(&self.shared, &mut work),
            Database::Pg(_) => {
                let (unit, answer) = unit(work);
                self.submit(unit, false)?;
                received(answer.await)
            }
        }
    }

    /// [`Store::read`] for threads that no runtime runs on.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_blocking<T, E, F>(&self, mut work: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: UnitError,
        F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    {
        match &*self.database {
            Database::Sqlite(sqlite) => sqlite.read(&self.shared, &mut work),
            Database::Pg(_) => {
                let (unit, answer) = unit(work);
                self.submit(unit, false)?;
                received(answer.blocking_recv())
            }
        }
    }

    /// Whether the database answers, and with the schema's own table.
    ///
    /// # Errors
    /// It doesn't.
    pub async fn ping(&self) -> Result<()> {
        self.read(|tx| tx.value::<i64>("SELECT count(*) FROM schema_migrations", &[]).map(|_| ())).await
    }

    fn submit(&self, unit: Box<dyn AnyUnit>, writable: bool) -> Result<()> {
        match &*self.database {
            Database::Sqlite(sqlite) => sqlite.submit(unit),
            Database::Pg(pg) => pg.submit(unit, writable),
        }
    }

    /// A plain connection for migrations.
    pub(crate) fn admin(&self) -> Result<Admin> {
        Ok(match &*self.database {
            Database::Sqlite(sqlite) => Admin::Sqlite(sqlite.link()?),
            Database::Pg(pg) => Admin::Pg(Box::new(pg.link()?)),
        })
    }

    /// Starts listening for changes that other processes make: replicas on PostgreSQL, commands beside a server on
    /// SQLite. Cached reads are only coherent while this runs.
    ///
    /// # Errors
    /// The thread can't be started.
    pub fn follow_others(&self) -> Result<()> {
        let (shared, options) = (Arc::clone(&self.shared), Arc::clone(&self.options));
        std::thread::Builder::new()
            .name("custos-follow".to_owned())
            .spawn(move || match &options.url {
                DatabaseUrl::Sqlite(path) => crate::follow::sqlite(path, &shared),
                DatabaseUrl::Postgres(url) => crate::follow::postgres(url, &shared),
            })
            .map(|_| ())
            .map_err(|error| Error::Internal(error.to_string()))
    }

    /// Ends the threads that follow others and, on PostgreSQL, the pool once it is empty.
    pub fn close(&self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        if let Database::Pg(pg) = &*self.database {
            pg.close();
        }
    }
}

fn received<T, E: UnitError>(
    answer: std::result::Result<std::result::Result<T, E>, oneshot::error::RecvError>,
) -> std::result::Result<T, E> {
    answer.unwrap_or_else(|_| Err(Error::Unavailable("the store has ended".to_owned()).into()))
}

/// A connection outside the units.
pub(crate) enum Admin {
    Sqlite(sqlite::Link),
    Pg(Box<pg_link::Link>),
}

impl Admin {
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(link) => link.batch(sql),
            Self::Pg(link) => link.batch(sql),
        }
    }

    pub(crate) fn query(
        &mut self,
        sql: &'static str,
        params: &[crate::Param<'_>],
    ) -> Result<Vec<(i64, String)>> {
        match self {
            Self::Sqlite(link) => {
                let mut statement = link.prepare(sql)?;
                let rows = statement
                    .query_map(rusqlite::params_from_iter(params), |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<rusqlite::Result<Vec<_>>>()?;
                Ok(rows)
            }
            Self::Pg(link) => link
                .query(sql, params)?
                .iter()
                .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
                .collect::<std::result::Result<Vec<_>, tokio_postgres::Error>>()
                .map_err(Error::from),
        }
    }
}
