//! The program: command line, configuration, wiring, workers.

pub mod cli;
pub mod config;
mod demo_company;
pub mod import;
mod key_watch;
mod kyc_plan;
mod lending;
pub mod open;
#[cfg(feature = "otlp")]
mod otlp;
pub mod sample;
pub mod server;
mod telemetry;
mod workers;
