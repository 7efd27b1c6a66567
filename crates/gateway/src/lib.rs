//! The front door.
pub mod client_address;
pub mod cors;
pub mod listener;
pub mod rate_limit;
pub mod swagger_ui;
