//! Rules of identity: who a customer is, how they prove it, and what that allows. No balance is known here.

pub mod chores;
pub mod common_passwords;
pub mod company;
pub mod countries;
pub mod customer;
pub mod email;
mod error;
pub mod geoip;
pub mod hashing;
pub mod limits;
pub mod mfa;
pub mod notices;
pub mod number;
pub mod phone;
pub mod places;
pub mod register;
pub mod session;
pub mod sign_in;
pub mod sms;
mod time;
pub mod totp;
pub mod verification;

pub use error::{Code, Error, Refusal, Result};
