//! A fresh database for each test, and what tests share.

use custos_store::dialect::Engine;
use custos_store::{
    DatabaseUrl, Entropy, Error, Keyring, ManualClock, Options, Parts, SeededEntropy, Store, Tx, UnitError,
    migrate, params,
};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Superuser URL of the server that the test command started.
const SERVER: &str = "CUSTOS_TEST_PG_URL";
static NEXT: AtomicU32 = AtomicU32::new(1);
pub(crate) const NOW: i64 = 1_800_000_000_000;

/// What keeps the database until the test is over.
enum Kept {
    Directory(#[expect(dead_code, reason = "dropped at the end, which removes it")] tempfile::TempDir),
    Database { server: String, name: String },
}

/// A store on an empty database of its own.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) clock: ManualClock,
    url: DatabaseUrl,
    _kept: Kept,
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Self::Database { server, name } = self
            && let Ok(mut client) = postgres::Client::connect(server, postgres::NoTls)
        {
            // What stays behind dies with the server.
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.store.close();
    }
}

fn parts(clock: &ManualClock) -> Parts {
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
    let keys = Keyring::parse(&Keyring::generate(entropy.as_ref()).unwrap()).unwrap();
    Parts { clock: Arc::new(clock.clone()), entropy, keys: Arc::new(keys) }
}

impl Bench {
    /// An empty database without a schema, for a store with so many PostgreSQL threads.
    pub(crate) fn empty(engine: Engine, pg_threads: usize) -> Self {
        let (url, kept) = match engine {
            Engine::Sqlite => {
                let directory = tempfile::tempdir().unwrap();
                (DatabaseUrl::Sqlite(directory.path().join("test.db")), Kept::Directory(directory))
            }
            Engine::Postgres => {
                let Ok(server) = std::env::var(SERVER) else {
                    panic!("run the tests with `cargo xtask test`: it starts PostgreSQL");
                };
                let name = format!("store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
                let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
                client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
                let (address, _) = server.rsplit_once('/').unwrap();
                (DatabaseUrl::Postgres(format!("{address}/{name}")), Kept::Database { server, name })
            }
        };
        let clock = ManualClock::at(NOW);
        let store = Store::open(Options { url: url.clone(), node: 0, pg_threads }, parts(&clock)).unwrap();
        Self { store, clock, url, _kept: kept }
    }

    /// A database with the schema, and two tables to play with: `things`, and `tallies` for counters.
    pub(crate) fn with_threads(engine: Engine, pg_threads: usize) -> Self {
        let bench = Self::empty(engine, pg_threads);
        migrate::migrate(&bench.store).unwrap();
        bench.must(|tx| {
            tx.execute("CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)", &[])?;
            tx.execute("CREATE TABLE tallies (id BIGINT NOT NULL PRIMARY KEY, tries BIGINT NOT NULL)", &[])?;
            tx.execute("INSERT INTO tallies (id, tries) VALUES (1, 0)", &[])
        });
        bench
    }

    pub(crate) fn new(engine: Engine) -> Self {
        Self::with_threads(engine, 8)
    }

    /// Another program's store on the same database.
    pub(crate) fn another(&self, node: u16) -> Store {
        Store::open(Options { url: self.url.clone(), node, pg_threads: 2 }, parts(&self.clock)).unwrap()
    }

    /// The file of an SQLite database.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.url {
            DatabaseUrl::Sqlite(path) => path.clone(),
            DatabaseUrl::Postgres(_) => panic!("no file"),
        }
    }

    /// A connection past the store.
    pub(crate) fn raw_postgres(&self) -> postgres::Client {
        match &self.url {
            DatabaseUrl::Sqlite(_) => panic!("no server"),
            DatabaseUrl::Postgres(url) => postgres::Client::connect(url, postgres::NoTls).unwrap(),
        }
    }

    /// Runs statements past the store.
    pub(crate) fn raw(&self, sql: &str) -> Result<(), String> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => rusqlite::Connection::open(path)
                .and_then(|connection| connection.execute_batch(sql))
                .map_err(|error| error.to_string()),
            DatabaseUrl::Postgres(_) => self
                .raw_postgres()
                .batch_execute(sql)
                .map_err(|error| error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)),
        }
    }

    /// Writes what can't fail.
    pub(crate) fn must<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.store.write_blocking(work).unwrap()
    }

    /// The thing's value.
    pub(crate) fn thing(&self, id: i64) -> Option<i64> {
        self.store
            .read_blocking(move |tx| {
                tx.query_opt("SELECT value FROM things WHERE id = $1", params![id], |row| row.get(0))
            })
            .map_err(|error: Error| error)
            .unwrap()
    }

    /// How often tally 1 was counted up.
    pub(crate) fn tally(&self) -> i64 {
        self.store
            .read_blocking(|tx| tx.value("SELECT tries FROM tallies WHERE id = 1", &[]))
            .map_err(|error: Error| error)
            .unwrap()
    }
}

/// Runs a test on both engines.
pub(crate) fn on_both(test: impl Fn(&Bench)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        eprintln!("on {engine:?}");
        test(&Bench::new(engine));
    }
}

/// A runtime for tests of many tasks.
pub(crate) fn in_runtime<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap().block_on(future)
}

/// Waits until something that other threads do has happened. The bound only ends a test that has failed.
pub(crate) fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < Duration::from_secs(60), "never happened: {what}");
        std::thread::yield_now();
    }
}

/// What a rule answers: a refusal, or the store's failure.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    No(&'static str),
    Store(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl UnitError for Refusal {
    fn store_error(&self) -> Option<&Error> {
        match self {
            Self::No(_) => None,
            Self::Store(error) => Some(error),
        }
    }
}

pub(crate) fn put(tx: &mut Tx<'_>, id: i64, value: i64) -> Result<u64, Error> {
    tx.execute(
        "INSERT INTO things (id, value) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET value = excluded.value",
        params![id, value],
    )
}

/// Counts tally 1 up; stays when the unit is refused.
pub(crate) fn tally_up(tx: &mut Tx<'_>) -> Result<u64, Error> {
    tx.count("UPDATE tallies SET tries = tries + 1 WHERE id = 1", &[])
}
