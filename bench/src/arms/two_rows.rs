//! What a transfer is at the least: two rows changed in one transaction, as durable as the ledger's.

use super::ledger::How;
use super::{repeat, timed};
use crate::Outcome;
use postgres::{Client, NoTls};
use rusqlite::Connection;

const TABLE: &str = "DROP TABLE IF EXISTS bench_balances;
                     CREATE TABLE bench_balances (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL);";
const FILL: &str = "INSERT INTO bench_balances SELECT n, 0 FROM (WITH RECURSIVE counted(n) AS \
                    (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < 129) SELECT n FROM counted) AS counted";
const CHANGE: &str = "UPDATE bench_balances SET balance = balance + $1 WHERE id = $2";

/// One connection: SQLite has one writer in any case.
pub(super) fn sqlite(path: &str, seconds: f64) -> Outcome<()> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    connection.execute_batch(&TABLE.replace("BIGINT PRIMARY", "INTEGER PRIMARY"))?;
    connection.execute(FILL, [])?;
    timed(|| {
        repeat(seconds, |count| {
            let amount = if count.is_multiple_of(2) { 1 } else { -1 };
            let transaction = connection.transaction()?;
            for (row, amount) in [(2, -amount), (3, amount)] {
                transaction.prepare_cached(CHANGE)?.execute([amount, row])?;
            }
            Ok(transaction.commit()?)
        })
    })
}

/// A connection for each writer, who changes two rows of their own, or one of their own and one of all.
pub(super) fn postgres(url: &str, writers: u64, how: How, seconds: f64) -> Outcome<()> {
    let mut first = Client::connect(url, NoTls)?;
    first.batch_execute(TABLE)?;
    first.execute(FILL, &[])?;
    let clients = (0..writers).map(|_| Client::connect(url, NoTls)).collect::<Result<Vec<_>, _>>()?;
    timed(|| {
        let threads: Vec<_> = (1..)
            .zip(clients)
            .map(|(writer, client)| std::thread::spawn(move || write(client, writer, how, seconds)))
            .collect();
        let mut sum = 0;
        for thread in threads {
            sum += thread.join().map_err(|_| "a writer panicked")??;
        }
        Ok(sum)
    })
}

fn write(mut client: Client, writer: i64, how: How, seconds: f64) -> Outcome<u64> {
    let change = client.prepare(CHANGE)?;
    let from = if how == How::Hot { 0 } else { 2 * writer };
    repeat(seconds, |_| {
        let mut transaction = client.transaction()?;
        transaction.execute(&change, &[&-1_i64, &from])?;
        transaction.execute(&change, &[&1_i64, &(2 * writer + 1)])?;
        Ok(transaction.commit()?)
    })
}
