//! Rules of money: assets and the accounts that customers hold in them. No credential is known here.

pub mod accounts;
pub mod assets;
mod error;

pub use error::{Code, Error, Refusal, Result};
