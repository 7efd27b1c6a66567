//! What can't be reached from outside: the server in this process, with a clock that the tests move, on both databases.
//!
//! Run with `cargo xtask test`, which starts the PostgreSQL that half of these need.
#![cfg(test)]

mod attacks;
mod caches;
mod clock;
mod common;
mod expiry;
mod gate;
mod isolation;
mod lockout;
#[path = "../matrix/mod.rs"]
mod matrix;
mod mfa;
mod mfa_lock;
mod refusals;
mod refusals_of_codes;
mod sending;
mod sms;
mod standing;
mod texts;
