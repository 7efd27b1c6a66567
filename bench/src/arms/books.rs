//! Books of SQLite, copied into PostgreSQL: millions of transfers made there one by one would take an hour.

use super::{ledger, timed};
use crate::Outcome;
use postgres::{Client, NoTls};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use std::io::Write;

/// What books are, in an order that references allow.
const TABLES: [&str; 3] = ["ledger_accounts", "ledger_transfers", "ledger_entries"];
const BUFFER: usize = 1 << 20;

/// Copies them row by row; what is told is rows a second.
pub(super) fn copy(file: &str, url: &str) -> Outcome<()> {
    drop(ledger::open(url, 1)?);
    let from = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut to = Client::connect(url, NoTls)?;
    timed(|| {
        let mut copied = 0;
        for table in TABLES {
            copied += copy_table(&from, &mut to, table)?;
        }
        // Statements that are sent together are one transaction, which a vacuum can not be part of.
        to.batch_execute("VACUUM ANALYZE")?;
        to.batch_execute("CHECKPOINT")?;
        Ok(copied)
    })
}

fn copy_table(from: &Connection, to: &mut Client, table: &str) -> Outcome<u64> {
    let mut all = from.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = all.column_names().collect::<Vec<_>>().join(", ");
    let width = all.column_count();
    let mut copy = to.copy_in(&format!("COPY {table} ({columns}) FROM STDIN"))?;
    let mut rows = all.query([])?;
    let mut buffer = Vec::with_capacity(BUFFER);
    while let Some(row) = rows.next()? {
        write_row(row, width, &mut buffer)?;
        if buffer.len() > BUFFER / 2 {
            copy.write_all(&buffer)?;
            buffer.clear();
        }
    }
    copy.write_all(&buffer)?;
    Ok(copy.finish()?)
}

/// One line of PostgreSQL's text format.
fn write_row(row: &Row<'_>, width: usize, line: &mut Vec<u8>) -> Outcome<()> {
    for column in 0..width {
        if column > 0 {
            line.push(b'\t');
        }
        match row.get_ref(column)? {
            ValueRef::Null => line.extend(b"\\N"),
            ValueRef::Integer(number) => write!(line, "{number}")?,
            ValueRef::Real(_) => return Err("books have no floating-point numbers".into()),
            ValueRef::Text(text) => {
                for byte in text {
                    match byte {
                        b'\\' => line.extend(b"\\\\"),
                        b'\n' => line.extend(b"\\n"),
                        b'\r' => line.extend(b"\\r"),
                        b'\t' => line.extend(b"\\t"),
                        other => line.push(*other),
                    }
                }
            }
            ValueRef::Blob(bytes) => {
                line.extend(b"\\\\x");
                for byte in bytes {
                    write!(line, "{byte:02x}")?;
                }
            }
        }
    }
    line.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_as_copy_reads_them() {
        let connection = Connection::open_in_memory().unwrap();
        let written = |sql: &str| {
            let mut line = Vec::new();
            connection.query_row(sql, [], |row| Ok(write_row(row, 4, &mut line).map(|()| line))).unwrap()
        };
        let line = written("SELECT -7, NULL, 'a' || char(9, 92, 10) || 'b', x'00ff'").unwrap();
        assert_eq!(String::from_utf8(line).unwrap(), "-7\t\\N\ta\\t\\\\\\nb\t\\\\x00ff\n");
        assert!(written("SELECT 1.5, 1, 1, 1").is_err());
    }
}
