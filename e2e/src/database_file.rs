//! Someone with access to the database file, and no good intentions.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value;

/// A SQLite database found in a data directory.
pub struct DatabaseFile(Connection);

impl DatabaseFile {
    pub(crate) fn find(directory: &Path) -> Self {
        let path = files(directory)
            .into_iter()
            .find(|path| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0")))
            .unwrap_or_else(|| panic!("no SQLite database in {}", directory.display()));
        Self(Connection::open(path).expect("the database"))
    }

    /// The table whose name holds `word`; with several, the one that has the most rows.
    pub fn table(&self, word: &str) -> String {
        let names = self.texts(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%' || ?1 || '%'",
            word,
        );
        let largest = names.into_iter().max_by_key(|name| self.rows(name));
        largest.unwrap_or_else(|| panic!("no table has {word} in its name"))
    }

    /// How many rows a table has.
    pub fn rows(&self, table: &str) -> i64 {
        self.0.query_row(&format!("SELECT COUNT(*) FROM \"{table}\""), [], |row| row.get(0)).expect("a count")
    }

    /// Takes away whatever in the database protects this table.
    pub fn disarm(&self, table: &str) {
        let triggers =
            self.texts("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1", table);
        for trigger in triggers {
            self.0.execute_batch(&format!("DROP TRIGGER \"{trigger}\"")).expect("DROP TRIGGER");
        }
    }

    /// Changes one text of the row in the middle, and says how that row is called.
    pub fn forge_middle_row(&self, table: &str) -> String {
        let (rowid, id) = self.middle_row(table);
        let column = self.text_column(table, rowid);
        let changed = self.0.execute(
            &format!("UPDATE \"{table}\" SET \"{column}\" = \"{column}\" || 'x' WHERE rowid = ?1"),
            [rowid],
        );
        assert_eq!(changed, Ok(1), "{column} of {table}");
        id
    }

    /// Deletes the row in the middle.
    pub fn delete_middle_row(&self, table: &str) {
        let (rowid, _) = self.middle_row(table);
        let deleted = self.0.execute(&format!("DELETE FROM \"{table}\" WHERE rowid = ?1"), [rowid]);
        assert_eq!(deleted, Ok(1), "a row of {table}");
    }

    /// Tries to change a row through the protection. Whether the database let it happen.
    pub fn can_update(&self, table: &str) -> bool {
        let (rowid, _) = self.middle_row(table);
        let column = self.text_column(table, rowid);
        let update = format!("UPDATE \"{table}\" SET \"{column}\" = 'x' WHERE rowid = ?1");
        self.0.execute(&update, [rowid]).is_ok()
    }

    /// The rowid of the row in the middle, and its `id` (or first column).
    fn middle_row(&self, table: &str) -> (i64, String) {
        let middle = self.rows(table) / 2;
        let columns = self.texts("SELECT name FROM pragma_table_info(?1)", table);
        let id = columns.iter().find(|name| *name == "id").or(columns.first()).expect("a column");
        let query = format!("SELECT rowid, \"{id}\" FROM \"{table}\" ORDER BY rowid LIMIT 1 OFFSET ?1");
        self.0
            .query_row(&query, [middle], |row| {
                let id = match row.get::<_, Value>(1)? {
                    Value::Integer(number) => number.to_string(),
                    Value::Text(text) => text,
                    other => format!("{other:?}"),
                };
                Ok((row.get(0)?, id))
            })
            .expect("a row in the middle")
    }

    /// A column of this row that holds a text.
    fn text_column(&self, table: &str, rowid: i64) -> String {
        let columns = self.texts("SELECT name FROM pragma_table_info(?1)", table);
        let is_text = |column: &String| {
            let query = format!("SELECT typeof(\"{column}\") FROM \"{table}\" WHERE rowid = ?1");
            self.0.query_row(&query, [rowid], |row| row.get::<_, String>(0)).is_ok_and(|kind| kind == "text")
        };
        columns.into_iter().find(is_text).unwrap_or_else(|| panic!("no text in {table}"))
    }

    fn texts(&self, query: &str, parameter: &str) -> Vec<String> {
        let mut statement = self.0.prepare(query).expect(query);
        let rows = statement.query_map([parameter], |row| row.get(0)).expect(query);
        rows.collect::<Result<_, _>>().expect(query)
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protected_table_is_forged() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.db");
        let setup = "CREATE TABLE audit_log (id INTEGER, what TEXT);
                     INSERT INTO audit_log VALUES (11, 'a'), (12, 'b'), (13, 'c');
                     CREATE TRIGGER keep BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'no'); END;";
        Connection::open(path).unwrap().execute_batch(setup).unwrap();
        let file = DatabaseFile::find(directory.path());
        let table = file.table("audit");
        assert_eq!((table.as_str(), file.rows(&table)), ("audit_log", 3));
        assert!(!file.can_update(&table));
        file.disarm(&table);
        assert_eq!(file.forge_middle_row(&table), "12");
        file.delete_middle_row(&table);
        assert_eq!(file.rows(&table), 2);
    }
}
