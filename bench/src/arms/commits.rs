//! One row changed, one commit, over and over, as durable as the server's.

use super::{repeat, timed};
use crate::Outcome;
use postgres::{Client, NoTls};
use rusqlite::Connection;

const ROWS: u64 = 64;
/// Rows are about as long as a customer's.
const FILL: &str = "INSERT INTO bench_rows SELECT n, 'en-US', $1 FROM (WITH RECURSIVE counted(n) AS \
                    (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 64) SELECT n FROM counted) AS counted";
const CHANGE: &str = "UPDATE bench_rows SET lang = $1 WHERE id = $2";

fn language(count: u64) -> &'static str {
    // Each row gets another language each time it comes round.
    if (count / ROWS).is_multiple_of(2) { "zh-CN" } else { "en-US" }
}

/// One connection: SQLite has one writer in any case.
pub(super) fn sqlite(path: &str, seconds: f64) -> Outcome<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; DROP TABLE IF EXISTS bench_rows;
         CREATE TABLE bench_rows (id INTEGER PRIMARY KEY, lang TEXT NOT NULL, other TEXT NOT NULL) STRICT;",
    )?;
    connection.execute(FILL, [&"x".repeat(800)])?;
    let mut change = connection.prepare(CHANGE)?;
    timed(|| {
        repeat(seconds, |count| {
            let row = i64::try_from(count % ROWS)? + 1;
            match change.execute(rusqlite::params![language(count), row])? {
                1 => Ok(()),
                other => Err(format!("{other} rows changed").into()),
            }
        })
    })
}

/// A connection for each writer.
pub(super) fn postgres(url: &str, writers: u64, seconds: f64) -> Outcome<()> {
    let mut first = Client::connect(url, NoTls)?;
    first.batch_execute(
        "DROP TABLE IF EXISTS bench_rows;
         CREATE TABLE bench_rows (id BIGINT PRIMARY KEY, lang TEXT NOT NULL, other TEXT NOT NULL);",
    )?;
    first.execute(FILL, &[&"x".repeat(800)])?;
    let clients = (0..writers).map(|_| Client::connect(url, NoTls)).collect::<Result<Vec<_>, _>>()?;
    timed(|| {
        let threads: Vec<_> = (0..)
            .zip(clients)
            .map(|(number, client)| std::thread::spawn(move || write(client, number, writers, seconds)))
            .collect();
        let mut sum = 0;
        for thread in threads {
            sum += thread.join().map_err(|_| "a writer panicked")??;
        }
        Ok(sum)
    })
}

/// One of several writers: rows of its own, so that none waits for another's lock.
fn write(mut client: Client, number: u64, writers: u64, seconds: f64) -> Outcome<u64> {
    let change = client.prepare(CHANGE)?;
    let own_rows = ROWS.div_ceil(writers);
    repeat(seconds, |count| {
        let row = i64::try_from((number + writers * (count % own_rows)) % ROWS)? + 1;
        let lang = if (count / own_rows).is_multiple_of(2) { "zh-CN" } else { "en-US" };
        match client.execute(&change, &[&lang, &row])? {
            1 => Ok(()),
            other => Err(format!("{other} rows changed").into()),
        }
    })
}
