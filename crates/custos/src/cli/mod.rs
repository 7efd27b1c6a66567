//! The command line: one file a command.

mod audit;
mod closure;
mod company;
mod config;
mod customer;
mod doctor;
mod events;
mod export;
mod group;
mod import;
mod journal;
mod keys;
mod kyc;
mod ledger;
mod news;
mod office;
mod out;
mod outbox;
mod progress;
mod proposal;
mod rates;
mod serve;
mod settings;
mod sheet;
mod staff;
mod transfer_lock;
mod wallet;

use crate::open::Source;
use clap::{CommandFactory as _, Parser, Subcommand};
use out::{Done, Failure};
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
    Demo {
        /// Fill the company with people who have done something
        #[arg(long)]
        sample: bool,
    },
    /// Serve customers in production
    Serve(serve::Serve),
    /// Bring the database's schema up to date
    Migrate,
    /// Companies, their settings and texts
    #[command(subcommand)]
    Company(company::Command),
    /// Groups of customers
    #[command(subcommand)]
    Group(group::Command),
    /// Customers, their locks and sessions
    #[command(subcommand)]
    Customer(customer::Command),
    /// Customers who ask to leave
    #[command(subcommand)]
    Closure(closure::Command),
    /// Take customers over from another system
    #[command(subcommand)]
    Import(import::Command),
    /// Write lists as CSV
    #[command(subcommand)]
    Export(export::Command),
    /// Those who work in the back office, their roles, and programs that do
    #[command(subcommand)]
    Staff(staff::Command),
    /// Messages on their way out
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::Command),
    /// Money: balances, statements, adjustments, proofs
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Adjustments of customers' money that a second person approves
    #[command(subcommand)]
    Proposal(proposal::Command),
    /// Closing a customer's accounts to transfers for a while
    #[command(subcommand)]
    TransferLock(transfer_lock::Command),
    /// What assets are worth in each other
    #[command(subcommand)]
    Rates(rates::Command),
    /// Who customers are: what is asked, and what waits for a decision
    #[command(subcommand)]
    Kyc(kyc::Command),
    /// Credit limits in the company's own wallet system
    #[command(subcommand)]
    Wallet(wallet::Command),
    /// What happened, as other systems are told
    #[command(subcommand)]
    Events(events::Events),
    /// Systems that events are sent to
    #[command(subcommand)]
    Webhook(events::Webhooks),
    /// Announcements to a company's customers
    #[command(subcommand)]
    Notice(news::Notices),
    /// The products that a company trades
    #[command(subcommand)]
    Products(news::Products),
    /// Look for what is wrong, and say what mends it
    Doctor,
    /// Settings of the deployment
    #[command(subcommand)]
    Config(config::Command),
    /// The key file
    #[command(subcommand)]
    Keys(keys::Command),
    /// Print the API document (OpenAPI 3.1)
    Openapi {
        /// A line an operation instead: name, who may call it, topic, what it does
        #[arg(long)]
        lines: bool,
        /// The document of the back office
        #[arg(long, conflicts_with = "lines")]
        office: bool,
    },
    /// Print a script that completes commands in a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command, &cli.source, cli.json) {
        Ok(()) | Err(Failure::PipeClosed) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(words) = failure.words() {
                eprintln!("custos: {words}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, source: &Source, json: bool) -> Done {
    match command {
        Command::Demo { sample } => Ok(serve::demo(source, sample)?),
        Command::Serve(serve) => Ok(serve.run(source)?),
        Command::Migrate => Ok(serve::migrate(source, json)?),
        Command::Company(command) => company::run(command, source, json),
        Command::Group(command) => group::run(command, source, json),
        Command::Customer(command) => customer::run(command, source, json),
        Command::Closure(command) => closure::run(command, source, json),
        Command::Import(command) => import::run(command, source, json),
        Command::Export(command) => export::run(command, source),
        Command::Staff(command) => staff::run(command, source, json),
        Command::Outbox(command) => outbox::run(&command, source, json),
        Command::Audit(command) => audit::run(&command, source, json),
        Command::Ledger(command) => ledger::run(command, source, json),
        Command::Proposal(command) => proposal::run(command, source, json),
        Command::TransferLock(command) => transfer_lock::run(&command, source, json),
        Command::Rates(command) => rates::run(command, source, json),
        Command::Kyc(command) => kyc::run(command, source, json),
        Command::Wallet(command) => wallet::run(command, source, json),
        Command::Notice(command) => news::run_notices(command, source, json),
        Command::Products(command) => news::run_products(command, source, json),
        Command::Events(command) => events::run_events(&command, source, json),
        Command::Webhook(command) => events::run_webhooks(command, source, json),
        Command::Doctor => doctor::run(source, json),
        Command::Config(command) => config::run(&command, source, json),
        Command::Keys(command) => keys::run(&command, source, json),
        Command::Openapi { lines, office } => openapi(lines, office),
        Command::Completions { shell } => completions(shell),
    }
}

fn openapi(lines: bool, office: bool) -> Done {
    if lines {
        return out::say(custos_operations::openapi::lines().trim_end());
    }
    let document = if office {
        custos_operations::openapi::office_document(env!("CARGO_PKG_VERSION"))
    } else {
        custos_operations::openapi::document(env!("CARGO_PKG_VERSION"))
    };
    out::say(&serde_json::to_string_pretty(&document).map_err(|error| Failure::Said(error.to_string()))?)
}

fn completions(shell: clap_complete::Shell) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "custos", &mut script);
    out::say(String::from_utf8_lossy(&script).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn typos_are_answered_with_what_was_meant() {
        for (typed, meant) in
            [(["custos", "compnay", "list"], "company"), (["custos", "customer", "unlokc"], "unlock")]
        {
            let told = Cli::try_parse_from(typed).unwrap_err().to_string();
            assert!(told.contains(meant), "{told}");
        }
    }
}
