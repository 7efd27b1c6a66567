//! What can go wrong below the rules.

/// A failure of the store. None of these is a customer's fault.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Another transaction was in the way; the unit may run again.
    #[error("conflict with another transaction: {0}")]
    Conflict(String),
    /// A unique index has such a row already.
    #[error("clash with another row: {0}")]
    Clash(String),
    /// The database cannot be reached or refuses to write (down, disk full, …).
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// More work is waiting than the store accepts.
    #[error("the store is busy")]
    Busy,
    /// A row that must be there is not.
    #[error("no row where one was expected")]
    NoRow,
    /// A mistake in the program or in the database's content.
    #[error("{0}")]
    Internal(String),
}

/// The store's result.
pub type Result<T> = std::result::Result<T, Error>;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match &error {
            rusqlite::Error::QueryReturnedNoRows => Self::NoRow,
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Conflict(error.to_string()),
                // SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE.
                ErrorCode::ConstraintViolation if matches!(failure.extended_code, 1555 | 2067) => {
                    Self::Clash(error.to_string())
                }
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory => Self::Unavailable(error.to_string()),
                _ => Self::Internal(error.to_string()),
            },
            _ => Self::Internal(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(state) = error.code() else {
            use std::error::Error as _;
            let told =
                error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
            // The rest are values that don't fit their columns: a mistake of the program.
            return if is_lost(&error) { Self::Unavailable(told) } else { Self::Internal(told) };
        };
        // `Display` leaves the server's own words out; they are in the source.
        let told = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
        match state.code() {
            // Serialization failure, deadlock, lock not available.
            "40001" | "40P01" | "55P03" => Self::Conflict(told),
            "23505" => Self::Clash(told),
            code if code.starts_with("08") || code.starts_with("57P") || code.starts_with("53") => {
                Self::Unavailable(told)
            }
            // Read-only transaction: a standby, or a disk that the operator protected; a statement that took too
            // long; a transaction that idled too long.
            "25006" | "57014" | "25P03" => Self::Unavailable(told),
            _ => Self::Internal(told),
        }
    }
}

/// Whether the connection that gave `error` has ended.
pub(crate) fn is_lost(error: &tokio_postgres::Error) -> bool {
    use std::error::Error as _;
    use tokio_postgres::error::Severity;
    if let Some(told) = error.as_db_error() {
        return matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
    }
    error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>())
}
