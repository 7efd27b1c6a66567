//! The two databases, and a fresh one for each test.

use custos_store::migrate;
use custos_store::{Keyring, Options, OsEntropy, Parts, Store, SystemClock};
use postgres::{Client, NoTls};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// Superuser URL of the cluster that the test command started.
const CLUSTER: &str = "CUSTOS_TEST_PG_URL";

static NEXT: AtomicU32 = AtomicU32::new(1);

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// Makes two tests of each named function, one a database.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name($crate::common::Backend::Sqlite); })+
        }
        mod postgres {
            $(#[test] fn $name() { super::$name($crate::common::Backend::Postgres); })+
        }
    };
}
pub(crate) use on_both;

/// A database, and a directory for what else a server keeps; both are gone with this value.
pub(crate) struct Ground {
    directory: TempDir,
    made: Option<Made>,
}

/// A PostgreSQL database of our own making.
struct Made {
    cluster: String,
    name: String,
}

impl Ground {
    pub(crate) fn new(backend: Backend) -> Self {
        let made = (backend == Backend::Postgres).then(Made::create);
        Self { directory: tempfile::tempdir().unwrap(), made }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn url(&self) -> String {
        match &self.made {
            None => format!("sqlite://{}", self.directory().join("custos.db").display()),
            Some(made) => in_database(&made.cluster, &made.name),
        }
    }
}

impl Made {
    fn create() -> Self {
        let Ok(cluster) = std::env::var(CLUSTER) else {
            panic!("run the tests with `cargo xtask test`: it starts PostgreSQL");
        };
        let name = format!("in_process_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut client = Client::connect(&cluster, NoTls).unwrap();
        let template = TEMPLATE.get_or_init(|| template(&mut client, &cluster));
        client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
        Self { cluster, name }
    }
}

/// A database with the schema and nothing else, made once: applying all migrations for each test would take longer than
/// most tests do.
static TEMPLATE: OnceLock<String> = OnceLock::new();

fn template(client: &mut Client, cluster: &str) -> String {
    let name = format!("in_process_template_{}", std::process::id());
    client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let keys = Keyring::parse(&Keyring::generate(&OsEntropy).unwrap()).unwrap();
    let parts = Parts { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy), keys: Arc::new(keys) };
    let url = in_database(cluster, &name).parse().unwrap();
    let store = Store::open(Options { url, node: 0, pg_threads: 1 }, parts).unwrap();
    migrate::migrate(&store).unwrap();
    store.close();
    drop(store);
    let left = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    client.batch_execute(&left).unwrap();
    name
}

impl Drop for Made {
    fn drop(&mut self) {
        // What is left over dies with the cluster.
        if let Ok(mut client) = Client::connect(&self.cluster, NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

/// The cluster's URL with another database name; its query stays.
fn in_database(cluster: &str, name: &str) -> String {
    let (address, query) = cluster.split_once('?').unwrap_or((cluster, ""));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let host_end = address[after_scheme..].find('/').map_or(address.len(), |at| after_scheme + at);
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{}/{name}{separator}{query}", &address[..host_end])
}
