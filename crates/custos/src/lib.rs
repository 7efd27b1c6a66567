//! The program: command line, configuration, wiring, workers.

pub mod cli;
pub mod config;
mod demo_company;
mod key_watch;
mod lending;
pub mod open;
#[cfg(feature = "otlp")]
mod otlp;
pub mod server;
mod telemetry;
mod workers;
