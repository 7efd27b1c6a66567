//! Rules of identity: who a customer is, how they prove it, and what that allows. No balance is known here.

pub mod agent;
pub mod changes;
pub mod chores;
pub mod common_passwords;
pub mod company;
pub mod contacts;
pub mod countries;
pub mod customer;
pub mod data_key;
pub mod email;
pub mod enrolment;
mod error;
pub mod files;
pub mod geoip;
pub mod hashing;
pub mod limits;
pub mod mfa;
pub mod notices;
pub mod number;
pub mod operator;
pub mod passwords;
pub mod phone;
pub mod places;
pub mod register;
pub mod reseal;
pub mod session;
pub mod sign_in;
pub mod sms;
pub mod standing;
pub mod step_up;
pub mod third_party;
mod time;
pub mod totp;
pub mod verification;

pub use error::{Code, Error, Refusal, Result};
