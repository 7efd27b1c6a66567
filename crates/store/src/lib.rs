//! The database and what every rule is handed: transactions, migrations, ids, clock, randomness, keys.
//!
//! Rules are plain functions over a [`Tx`]. [`Store::write`] and [`Store::read`] carry them to a connection; nothing
//! can be awaited while a transaction is open, and a unit has no effect but through its `Tx`, so that it may run again
//! after a serialization failure.
#![doc(test(attr(deny(warnings))))]

pub mod audit;
pub mod chores;
mod clock;
mod data_key;
pub mod dialect;
mod entropy;
mod error;
pub mod events;
mod follow;
mod generations;
mod ids;
mod key_file;
mod keyring;
pub mod migrate;
mod pg;
mod pg_link;
mod pg_tls;
mod sqlite;
mod store;
mod tx;
mod unit;
mod value;

pub use clock::{Clock, ManualClock, SystemClock};
pub use data_key::DataKey;
pub use entropy::{Entropy, OsEntropy, SeededEntropy};
pub use error::{Error, Result};
pub use generations::{EVERYTHING, Generations};
pub use ids::instant_of;
pub use key_file::KeyFile;
pub use keyring::{KeyError, Keyring};
pub use store::{DatabaseUrl, Options, Parts, Store};
pub use tx::{Tx, Wake};
pub use unit::UnitError;
pub use value::{Column, Param, Row};

/// One second in the unit of every stored time.
pub const SECOND_MS: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// The parameters of a statement, in the order of `$1`, `$2`, ….
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Param::from($value)),*] };
}
