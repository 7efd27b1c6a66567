//! `cargo xtask test`: everything the tests need, then the tests.

use crate::answered::Notes;
use crate::cluster::{Cluster, is_root};
use crate::{Outcome, process, programs};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// How it is called.
pub(crate) const USAGE: &str = "test [--quick] [--nextest] [--write-operations] [-- CARGO TEST ARGUMENTS]
      All tests against both databases; installs PostgreSQL, nats-server and hledger where they are missing.
      --quick    without the end-to-end tests
      --nextest  by cargo-nextest, if you have it
      --write-operations  also writes the documents' table of operations
      --         these arguments instead of the whole workspace: `cargo xtask test -- -p custos-store`";

#[derive(Default)]
struct Wishes<'a> {
    quick: bool,
    nextest: bool,
    write_operations: bool,
    instead: Option<&'a [String]>,
}

impl Wishes<'_> {
    /// Whether cargo's own runner has a say in what runs.
    fn is_cargos(&self) -> bool {
        self.nextest || self.instead.is_some()
    }

    /// Whether every test runs, so that what no test did can be told.
    fn is_whole(&self) -> bool {
        self.instead.is_none() && !self.quick
    }

    /// Whether tests that start NATS are among those asked for.
    fn wants_nats(&self) -> bool {
        let Some(arguments) = self.instead else { return true };
        let names_packages = arguments.iter().any(|argument| argument == "-p" || argument == "--package");
        !names_packages || arguments.iter().any(|argument| argument == "custos")
    }

    /// Whether the end-to-end tests are among those asked for.
    fn wants_program(&self) -> bool {
        match self.instead {
            // Whoever tests one crate need not have the others in order.
            Some(arguments) => arguments.iter().any(|argument| argument == "e2e"),
            None => !self.quick,
        }
    }
}

/// The NATS that tests of pushed events start, each its own.
fn nats_server() -> Result<(), String> {
    if process::output(Command::new("nats-server").arg("--version")).is_ok() {
        return Ok(());
    }
    if !is_root()? {
        return Err("the tests run nats-server; run `apt-get install nats-server` as root".to_owned());
    }
    process::install("nats-server")?;
    // The package starts a server for everybody, which no one here has asked for.
    match Path::new("/run/systemd/system").exists() {
        true => process::must(Command::new("systemctl").args(["disable", "--now", "nats-server"])),
        false => Ok(()),
    }
}

/// An accountant's program, which the end-to-end tests hold against the ledger.
fn hledger() -> Result<(), String> {
    let found = process::output(Command::new("hledger").arg("--version"));
    match found {
        Ok(_) => Ok(()),
        Err(_) if is_root()? => process::install("hledger"),
        Err(_) => Err("the tests run hledger; run `apt-get install hledger` as root".to_owned()),
    }
}

fn wishes(arguments: &[String]) -> Result<Wishes<'_>, String> {
    let mut wishes = Wishes::default();
    let mut rest = arguments;
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "--quick" => wishes.quick = true,
            "--nextest" => wishes.nextest = true,
            "--write-operations" => wishes.write_operations = true,
            "--" => {
                wishes.instead = Some(after);
                break;
            }
            other => return Err(format!("unknown argument {other}\n  cargo xtask {USAGE}")),
        }
        rest = after;
    }
    Ok(wishes)
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let wishes = wishes(arguments)?;
    let mut times = Times::default();
    if wishes.wants_program() {
        times.measure("hledger", hledger)?;
    }
    if wishes.wants_nats() {
        times.measure("nats-server", nats_server)?;
    }
    let cluster = times.measure("PostgreSQL", Cluster::start)?;
    let notes = Notes::begin()?;
    let prepare = |command: &mut Command, binary: &Path| {
        command.env("CUSTOS_TEST_PG_URL", cluster.url()).env("CUSTOS_BIN", binary);
        notes.wanted_from(command);
    };
    let result = if wishes.is_cargos() {
        through_cargo(&wishes, &mut times, &prepare)
    } else {
        two_at_a_time(&wishes, &mut times, &prepare)
    };
    println!("took: {}", times.0);
    let (totals, mut failed) = result?;
    if !wishes.nextest {
        println!("{} passed, {} failed, {} skipped", totals.passed, totals.failed, totals.ignored);
    }
    if wishes.is_whole() {
        failed.extend(notes.judge(&binary()?, wishes.write_operations)?);
    }
    if failed.is_empty() {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(format!("not well:\n  {}", failed.join("\n  ")))
    }
}

/// What the tests say of themselves, and what was not well.
type Ended = Result<(Totals, Vec<String>), String>;
/// Gives a command that runs tests what they need.
type Prepare<'a> = &'a (dyn Fn(&mut Command, &Path) + Sync);

/// All that cargo's own runner can do: one test program after the other.
fn through_cargo(wishes: &Wishes<'_>, times: &mut Times, prepare: Prepare<'_>) -> Ended {
    times.measure("build", || {
        build_program(wishes)?;
        process::must(&mut tests(wishes, &["--no-run"]))
    })?;
    let mut totals = Totals::default();
    let status = times.measure("tests", || {
        let mut command = tests(wishes, &[]);
        prepare(&mut command, &binary()?);
        process::run_seen(&mut command, |line| totals.add(line))
    })?;
    Ok((totals, if status.success() { Vec::new() } else { vec![status.to_string()] }))
}

fn two_at_a_time(wishes: &Wishes<'_>, times: &mut Times, prepare: Prepare<'_>) -> Ended {
    let programs = times.measure("build", || {
        build_program(wishes)?;
        programs::built(&mut tests(wishes, &["--no-run"]))
    })?;
    let mut totals = Totals::default();
    let binary = binary()?;
    let failed = times.measure("tests", || {
        programs::run(programs, &|command| prepare(command, &binary), &mut |line| totals.add(line))
    })?;
    Ok((totals, failed))
}

/// Builds the program that the end-to-end tests start, before the tests' time begins.
fn build_program(wishes: &Wishes<'_>) -> Result<(), String> {
    match wishes.wants_program() {
        true => process::must(process::cargo().args(["build", "--package", "custos"])),
        false => Ok(()),
    }
}

fn tests(wishes: &Wishes<'_>, more: &[&str]) -> Command {
    let mut command = process::cargo();
    if wishes.nextest {
        command.args(["nextest", "run"]);
    } else {
        command.arg("test");
    }
    command.args(more);
    match wishes.instead {
        Some(arguments) => {
            command.args(arguments);
        }
        None => {
            command.args(["--workspace", "--no-fail-fast"]);
            if wishes.quick {
                command.args(["--exclude", "e2e"]);
            }
        }
    }
    command
}

/// The program that was just built; it lies beside this one.
fn binary() -> Result<std::path::PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    Ok(own.with_file_name("custos"))
}

/// How long each part took, as text.
#[derive(Default)]
struct Times(String);

impl Times {
    fn measure<T>(&mut self, part: &str, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = work();
        let comma = if self.0.is_empty() { "" } else { ", " };
        // Writing into a String can't fail.
        let _ = write!(self.0, "{comma}{part} {:.1} s", began.elapsed().as_secs_f64());
        result
    }
}

/// The sum of what the test programs say of themselves.
#[derive(Default, Debug, PartialEq, Eq)]
struct Totals {
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Totals {
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else { continue };
            let number = number.parse::<u32>().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_the_sum_over_test_programs() {
        let mut totals = Totals::default();
        totals.add(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        totals.add("test a::b ... ok");
        totals.add(
            "test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s",
        );
        assert_eq!(totals, Totals { passed: 5, failed: 5, ignored: 1 });
    }

    #[test]
    fn what_follows_two_dashes_goes_to_cargo() {
        let arguments = ["--quick", "--", "-p", "x", "--quick"].map(str::to_owned);
        let wishes = wishes(&arguments).unwrap();
        assert!(wishes.quick && !wishes.nextest);
        assert_eq!(wishes.instead, Some(&arguments[2..]));
        assert!(super::wishes(&["--fast".to_owned()]).is_err());
        let wants = |text: &str| {
            let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            super::wishes(&arguments).unwrap().wants_program()
        };
        assert!(wants("") && wants("-- -p e2e") && !wants("--quick") && !wants("-- -p xtask"));
        let wants_nats = |text: &str| {
            let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            super::wishes(&arguments).unwrap().wants_nats()
        };
        assert!(
            wants_nats("") && wants_nats("--quick") && wants_nats("-- nats") && wants_nats("-- -p custos")
        );
        assert!(!wants_nats("-- -p xtask"));
    }
}
