//! What the database holds, to see that a refusal has written nothing.

use super::house::{House, leaked};
use custos_store::dialect::Engine;
use std::collections::BTreeMap;

/// Counters of tries and sends, and the log of refusals: these are written by refusals on purpose.
const KEPT_OF_REFUSALS: [&str; 5] =
    ["window_counts", "recent_times", "try_guards", "audit_log", "audit_heads"];

/// Rows by table, as text; nothing of what refusals may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<String, Vec<String>>);

impl House {
    /// Everything that is written down once all messages are delivered.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.settle();
        let engine = self.store().engine();
        let tables: Vec<String> = self.texts(match engine {
            Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            Engine::Postgres => {
                "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public' \
                 ORDER BY table_name"
            }
        });
        let tables = tables.into_iter().filter(|table| !KEPT_OF_REFUSALS.contains(&table.as_str()));
        Snapshot(tables.map(|table| (table.clone(), self.rows(engine, &table))).collect())
    }

    fn rows(&self, engine: Engine, table: &str) -> Vec<String> {
        let mut columns = self.texts(&match engine {
            Engine::Sqlite => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY name"),
            Engine::Postgres => format!(
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_schema = 'public' \
                 AND table_name = '{table}' ORDER BY column_name"
            ),
        });
        // Wrong tries of a code are counted beside it.
        columns.retain(|column| !(table == "verification_codes" && column == "attempts"));
        let shown: Vec<String> = columns
            .iter()
            .map(|column| match engine {
                Engine::Sqlite => format!("'{column}=' || quote({column})"),
                Engine::Postgres => format!("'{column}=' || coalesce(CAST({column} AS TEXT), 'NULL')"),
            })
            .collect();
        self.texts(&format!("SELECT {} FROM {table} ORDER BY 1", shown.join(" || ' ' || ")))
    }

    /// The one text of each row.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let sql = leaked(sql);
        self.read(move |tx| Ok(tx.query(sql, &[], |row| row.get::<String>(0))?))
    }
}

impl Snapshot {
    /// The same without a table.
    pub(crate) fn but(mut self, table: &str) -> Self {
        assert!(self.0.remove(table).is_some(), "no table {table}");
        self
    }

    /// Nothing has changed since.
    #[track_caller]
    pub(crate) fn is_still(&self, now: &Self, after: &str) {
        for (table, rows) in &self.0 {
            assert_eq!(Some(rows), now.0.get(table), "{after} has written into {table}");
        }
    }
}
