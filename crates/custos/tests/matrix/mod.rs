//! Each operation that takes a code, a password or a `googleCode`, against each way in which one can be bad.
//!
//! What an operation asks for is read from its own declaration (`Operation::PROOFS`) and from its fields, so a new
//! operation is tried by itself; one that nobody has said how to fill fails the tests and says what to add.

mod aftermath;
mod asks;
mod body;
mod cells;
mod old_passwords;
mod scene;
mod shared;
mod spoils;
mod table;
