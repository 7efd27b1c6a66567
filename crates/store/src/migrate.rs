//! Schema changes: numbered, applied once, each with a checksum of what was applied.
//!
//! Expand, then fill in the background, then contract: a migration adds, and never rewrites a large table; a start never
//! waits for a backfill; a column is dropped one release after the last program that reads it.

use crate::dialect::{self, Engine};
use crate::{Error, Param, Result, Store};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Counted from 1, without gaps.
    pub version: i64,
    /// What it is about.
    pub name: &'static str,
    /// Statements, each ended by `;` at a line's end. `-- append-only: TABLE` makes a table refuse update and delete.
    pub sql: &'static str,
}

/// All steps, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "foundation", sql: include_str!("../migrations/0001_foundation.sql") },
    Migration { version: 2, name: "credentials", sql: include_str!("../migrations/0002_credentials.sql") },
    Migration {
        version: 3,
        name: "telegram_starts",
        sql: include_str!("../migrations/0003_telegram_starts.sql"),
    },
    Migration { version: 4, name: "ledger", sql: include_str!("../migrations/0004_ledger.sql") },
    Migration { version: 5, name: "rates", sql: include_str!("../migrations/0005_rates.sql") },
    Migration { version: 6, name: "loans", sql: include_str!("../migrations/0006_loans.sql") },
    Migration {
        version: 7,
        name: "customer_keys",
        sql: include_str!("../migrations/0007_customer_keys.sql"),
    },
    Migration { version: 8, name: "files", sql: include_str!("../migrations/0008_files.sql") },
    Migration { version: 9, name: "kyc", sql: include_str!("../migrations/0009_kyc.sql") },
    Migration {
        version: 10,
        name: "customer_extends",
        sql: include_str!("../migrations/0010_customer_extends.sql"),
    },
    Migration { version: 11, name: "closures", sql: include_str!("../migrations/0011_closures.sql") },
    Migration { version: 12, name: "imports", sql: include_str!("../migrations/0012_imports.sql") },
    Migration {
        version: 13,
        name: "credit_limits",
        sql: include_str!("../migrations/0013_credit_limits.sql"),
    },
    Migration { version: 14, name: "money_desk", sql: include_str!("../migrations/0014_money_desk.sql") },
    Migration { version: 15, name: "events", sql: include_str!("../migrations/0015_events.sql") },
    Migration { version: 16, name: "office", sql: include_str!("../migrations/0016_office.sql") },
    Migration { version: 17, name: "staff", sql: include_str!("../migrations/0017_staff.sql") },
    Migration {
        version: 18,
        name: "office_proposals",
        sql: include_str!("../migrations/0018_office_proposals.sql"),
    },
    Migration { version: 19, name: "kyc_verdicts", sql: include_str!("../migrations/0019_kyc_verdicts.sql") },
    Migration { version: 20, name: "four_eyes", sql: include_str!("../migrations/0020_four_eyes.sql") },
    Migration { version: 21, name: "nats", sql: include_str!("../migrations/0021_nats.sql") },
    Migration { version: 22, name: "news", sql: include_str!("../migrations/0022_news.sql") },
];

/// How a database stands to this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Everything is applied.
    Current,
    /// So many steps are missing.
    Behind(usize),
    /// Made by a newer program.
    Newer(i64),
    /// A step was applied that this program knows with other words.
    Altered(i64),
}

fn checksum(migration: &Migration) -> String {
    HEXLOWER.encode(&Sha256::digest(migration.sql.as_bytes()))
}

fn statements(engine: Engine, sql: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut current = String::new();
    for line in sql.lines() {
        if let Some(table) = line.trim().strip_prefix("-- append-only:") {
            all.extend(dialect::append_only(engine, table.trim()));
        } else if !line.trim_start().starts_with("--") && !line.trim().is_empty() {
            current.push_str(line);
            current.push('\n');
            if line.trim_end().ends_with(';') {
                all.push(dialect::schema(engine, current.trim_end().trim_end_matches(';')));
                current.clear();
            }
        }
    }
    all
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY, \
                     name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL) STRICT";

/// How the store's database stands.
///
/// # Errors
/// The database's.
pub fn state(store: &Store) -> Result<State> {
    let mut admin = store.admin()?;
    let known = match store.engine() {
        Engine::Sqlite => {
            "SELECT count(*), '' FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
        }
        Engine::Postgres => {
            "SELECT count(*), '' FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = 'schema_migrations'"
        }
    };
    if admin.query(known, &[])?.first().is_none_or(|(count, _)| *count == 0) {
        return Ok(State::Behind(MIGRATIONS.len()));
    }
    let applied = admin.query("SELECT version, checksum FROM schema_migrations ORDER BY version", &[])?;
    if let Some((newest, _)) = applied.last()
        && MIGRATIONS.last().is_none_or(|last| *newest > last.version)
    {
        return Ok(State::Newer(*newest));
    }
    for migration in MIGRATIONS {
        match applied.iter().find(|(version, _)| *version == migration.version) {
            Some((version, sum)) if *sum != checksum(migration) => return Ok(State::Altered(*version)),
            _ => {}
        }
    }
    match MIGRATIONS.len().saturating_sub(applied.len()) {
        0 => Ok(State::Current),
        missing => Ok(State::Behind(missing)),
    }
}

/// Applies what is missing, each step whole or not at all; returns the names of those applied.
///
/// # Errors
/// The database's; or it is newer than this program, or altered.
pub fn migrate(store: &Store) -> Result<Vec<&'static str>> {
    match state(store)? {
        State::Newer(version) => {
            return Err(Error::Internal(format!(
                "the database has schema version {version}, newer than this program knows; use a newer program"
            )));
        }
        State::Altered(version) => {
            return Err(Error::Internal(format!(
                "schema version {version} was applied with other words than this program's; use the program that made it"
            )));
        }
        State::Current | State::Behind(_) => {}
    }
    let engine = store.engine();
    let mut admin = store.admin()?;
    let table = dialect::schema(engine, TABLE);
    // `IF NOT EXISTS` does not help two PostgreSQL sessions that make one table at once: one fails, after which the
    // other's is there.
    admin.batch(&table).or_else(|_| admin.batch(&table))?;
    let mut names = Vec::new();
    for migration in MIGRATIONS {
        admin.batch(if engine == Engine::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
        let step = apply(&mut admin, engine, migration, store.now_ms());
        match step {
            Ok(true) => {
                admin.batch("COMMIT")?;
                names.push(migration.name);
            }
            Ok(false) => admin.batch("ROLLBACK")?,
            Err(error) => {
                // The first error is the one to tell.
                let _ = admin.batch("ROLLBACK");
                return Err(error);
            }
        }
    }
    Ok(names)
}

fn apply(
    admin: &mut crate::store::Admin,
    engine: Engine,
    migration: &Migration,
    now_ms: i64,
) -> Result<bool> {
    if engine == Engine::Postgres {
        // Two replicas that migrate at once: the second waits here, then finds the step done.
        admin.batch(
            "SET LOCAL lock_timeout = 0; LOCK TABLE schema_migrations IN EXCLUSIVE MODE; SET LOCAL lock_timeout = '10s'",
        )?;
    }
    let done = admin.query(
        "SELECT version, checksum FROM schema_migrations WHERE version = $1",
        &[Param::Int(migration.version)],
    )?;
    if !done.is_empty() {
        return Ok(false);
    }
    for statement in statements(engine, migration.sql) {
        admin.batch(&statement).map_err(|error| Error::Internal(format!("{error} in: {statement}")))?;
    }
    // Name and checksum are ours: no quote can be in them.
    admin.batch(&format!(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ({}, '{}', '{}', {now_ms})",
        migration.version,
        migration.name,
        checksum(migration)
    ))?;
    Ok(true)
}
