//! All that truly differs between the two engines.

/// Which engine a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// Production, and whatever speaks PostgreSQL's protocol.
    Postgres,
}

/// What makes PostgreSQL compare texts byte by byte, as SQLite does anyway.
const BYTEWISE: &str = " COLLATE \"C\"";

/// A rule's statement in SQLite's words: `$N` becomes `?N` (SQLite numbers `$1` by appearance), row locks go (the one
/// writer holds them all).
#[must_use]
pub fn to_sqlite(sql: &str) -> String {
    let mut out = sql.replace(" FOR UPDATE SKIP LOCKED", "").replace(" FOR UPDATE", "").replace(BYTEWISE, "");
    // Rules never put a dollar sign in a literal; a test over the migrations and the statements' own runs would tell.
    out = out.replace('$', "?");
    out
}

/// A migration's statement in the engine's words: types, and `STRICT` where SQLite has it.
#[must_use]
pub fn schema(engine: Engine, sql: &str) -> String {
    match engine {
        Engine::Postgres => sql.replace(" STRICT", ""),
        Engine::Sqlite => sql.replace("BIGINT", "INTEGER").replace("BYTEA", "BLOB").replace(BYTEWISE, ""),
    }
}

/// Statements that make the database itself refuse update and delete of a table's rows.
#[must_use]
pub fn append_only(engine: Engine, table: &str) -> Vec<String> {
    match engine {
        Engine::Sqlite => ["UPDATE", "DELETE"]
            .iter()
            .map(|verb| {
                format!(
                    "CREATE TRIGGER {table}_no_{} BEFORE {verb} ON {table} \
                     BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
                    verb.to_lowercase()
                )
            })
            .collect(),
        Engine::Postgres => vec![
            "CREATE OR REPLACE FUNCTION custos_refuse_change() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
                .to_owned(),
            format!(
                "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION custos_refuse_change()"
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_gets_numbered_parameters_and_no_locks() {
        assert_eq!(
            to_sqlite("SELECT a FROM t WHERE b = $2 AND c = $1 FOR UPDATE SKIP LOCKED"),
            "SELECT a FROM t WHERE b = ?2 AND c = ?1"
        );
        assert_eq!(to_sqlite("SELECT a FROM t WHERE b = $1 FOR UPDATE"), "SELECT a FROM t WHERE b = ?1");
    }
}
