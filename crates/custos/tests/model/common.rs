//! What is shared with the tests of the whole server in this process.

#[path = "../in_process/common/database.rs"]
mod database;
#[path = "../matrix/shared.rs"]
mod shared;

pub(crate) use database::{Backend, Ground, on_both};
pub(crate) use shared::{generous, widget};
