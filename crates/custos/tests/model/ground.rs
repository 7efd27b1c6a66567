//! The two databases, and a fresh one for each test.

use postgres::{Client, NoTls};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A database that is gone with this value.
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

    pub(crate) fn url(&self) -> String {
        match &self.made {
            None => format!("sqlite://{}", self.directory.path().join("custos.db").display()),
            Some(made) => in_database(&made.cluster, &made.name),
        }
    }
}

impl Made {
    fn create() -> Self {
        let Ok(cluster) = std::env::var("CUSTOS_TEST_PG_URL") else {
            panic!("run the tests with `cargo xtask test`: it starts PostgreSQL");
        };
        let place = module_path!().split("::").next().unwrap_or("test");
        let name = format!("{place}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut client = Client::connect(&cluster, NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        Self { cluster, name }
    }
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
