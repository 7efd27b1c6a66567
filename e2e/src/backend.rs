//! The two databases, and a fresh one for each server.

use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};

/// Superuser URL of the cluster that the test command started.
const CLUSTER: &str = "CUSTOS_TEST_PG_URL";

static NEXT_DATABASE: AtomicU32 = AtomicU32::new(1);

/// The database a server keeps its data in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in the data directory.
    Sqlite,
    /// A database of its own in the test cluster.
    Postgres,
}

/// A PostgreSQL database that lives as long as this value.
pub(crate) struct PostgresDatabase {
    name: String,
    cluster: String,
}

impl PostgresDatabase {
    pub(crate) fn create() -> Self {
        let Ok(cluster) = std::env::var(CLUSTER) else {
            panic!("run the tests with `cargo xtask test`: it starts PostgreSQL");
        };
        let number = NEXT_DATABASE.fetch_add(1, Ordering::Relaxed);
        let name = format!("e2e_{}_{number}", std::process::id());
        connect(&cluster).batch_execute(&format!("CREATE DATABASE {name}")).expect("CREATE DATABASE");
        Self { name, cluster }
    }

    pub(crate) fn url(&self) -> String {
        in_database(&self.cluster, &self.name)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // A leftover database dies with the cluster, so a failure here is nobody's problem.
        if let Ok(mut client) = Client::connect(&self.cluster, NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap_or_else(|error| panic!("cannot reach {CLUSTER}: {error}"))
}

/// The cluster's URL with another database name; the query (`?host=/socket/dir`) stays.
fn in_database(cluster: &str, name: &str) -> String {
    let (address, query) = cluster.split_once('?').unwrap_or((cluster, ""));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let host_end = address[after_scheme..].find('/').map_or(address.len(), |at| after_scheme + at);
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{}/{name}{separator}{query}", &address[..host_end])
}

#[cfg(test)]
mod tests {
    use super::in_database;

    #[test]
    fn the_database_name_is_put_into_the_url() {
        assert_eq!(in_database("postgres://u:p@h:5/postgres", "x"), "postgres://u:p@h:5/x");
        assert_eq!(in_database("postgres://h:5", "x"), "postgres://h:5/x");
        assert_eq!(in_database("postgres:///postgres?host=/tmp/s", "x"), "postgres:///x?host=/tmp/s");
        assert_eq!(in_database("postgres://h:5/?sslmode=disable", "x"), "postgres://h:5/x?sslmode=disable");
    }
}
