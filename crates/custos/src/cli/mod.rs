//! The command line.

mod serve;

use crate::open::Source;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Customer accounts for brokers and exchanges.
#[derive(Debug, Parser)]
#[command(name = "custos", version, about, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    source: Source,
    /// Tell results as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything in one directory, with no configuration and no other service
    Demo,
    /// Serve customers in production
    Serve(serve::Serve),
    /// Bring the database's schema up to date
    Migrate,
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Demo => serve::demo(&cli.source),
        Command::Serve(serve) => serve.run(&cli.source),
        Command::Migrate => serve::migrate(&cli.source, cli.json),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("custos: {error}");
            ExitCode::FAILURE
        }
    }
}
