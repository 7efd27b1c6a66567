//! What can't be reached from outside: the server in this process, with a clock that the tests move, on both databases.
//!
//! Run with `cargo xtask test`, which starts the PostgreSQL that half of these need.

mod clock;
mod common;
mod gate;
mod lockout;
mod mfa;
mod mfa_lock;
mod sending;
mod standing;
