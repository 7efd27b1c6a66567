//! Rules of money: assets, accounts, transfers, holds, loans, interest, valuation. No credential is known here.
//!
//! Money moves only by [`transfer::post`]: lines that sum to zero for each asset, recorded once and never changed. A
//! balance is what the lines of its place sum to, kept beside them in the same transaction.

pub mod accounts;
pub mod adjust;
pub mod amount;
pub mod assets;
pub mod capital;
pub mod chores;
pub mod closing;
pub mod cover;
mod debts;
pub mod entries;
mod error;
pub mod exact;
mod finding;
pub mod flows;
pub mod holds;
pub mod idempotency;
pub mod interest;
pub mod journal;
pub mod lending;
pub mod loans;
pub mod locks;
pub mod margin;
mod mirror;
pub mod moments;
pub mod place;
pub mod proposals;
pub mod rates;
pub mod reversal;
pub mod transfer;
pub mod verify;

pub use amount::Amount;
pub use error::{Code, Error, Refusal, Result};
