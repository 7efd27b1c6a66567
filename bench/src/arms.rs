//! What the server is held against: each a process of its own, started as `bench arm NAME …` on the server's core.

mod argon2id;
mod axum_constant;
mod books;
mod commits;
mod ledger;
mod two_rows;

use crate::machine::Cores;
use crate::{Outcome, custos, machine};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// This program as an arm.
pub(crate) fn command(arguments: &[&str]) -> Outcome<Command> {
    let mut command = custos::bound_to_us(std::env::current_exe()?);
    command.arg("arm").args(arguments);
    Ok(command)
}

/// Runs the arm that the arguments name.
pub(crate) fn run(arguments: &[String]) -> Outcome<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["axum", body] => axum_constant::serve(body),
        ["argon2id", seconds] => argon2id::hash(seconds.parse()?),
        ["sqlite", path, seconds] => commits::sqlite(path, seconds.parse()?),
        ["postgres", url, writers, seconds] => commits::postgres(url, writers.parse()?, seconds.parse()?),
        ["ledger", url, writers, how, seconds] => {
            ledger::transfers(url, writers.parse()?, ledger::How::parse(how)?, seconds.parse()?)
        }
        ["fill", url, transfers] => ledger::fill(url, transfers.parse()?),
        ["copy-books", file, url] => books::copy(file, url),
        ["verify", url] => ledger::verify(url),
        ["two-rows-sqlite", path, seconds] => two_rows::sqlite(path, seconds.parse()?),
        ["two-rows-postgres", url, writers, how, seconds] => {
            two_rows::postgres(url, writers.parse()?, ledger::How::parse(how)?, seconds.parse()?)
        }
        _ => Err("no such arm".into()),
    }
}

/// What a raw loop came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw {
    /// Repetitions a second.
    pub(crate) rate: f64,
    /// Processor time of each, in microseconds.
    pub(crate) cpu_us: f64,
}

/// Runs a raw arm to its end on the server's core.
pub(crate) fn raw(cores: Cores, arguments: &[&str]) -> Outcome<Raw> {
    let child = cores.serve(command(arguments)?.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let output = child.wait_with_output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut fields = text.split_whitespace().map(str::parse::<f64>);
    match (fields.next(), fields.next()) {
        (Some(rate), Some(cpu_us)) if output.status.success() => Ok(Raw { rate: rate?, cpu_us: cpu_us? }),
        _ => Err(format!("the arm {arguments:?} failed ({})", output.status).into()),
    }
}

/// Runs PostgreSQL's own measuring program on the server's core: transactions a second, 0 where it measured none.
pub(crate) fn pgbench(cores: Cores, program: &Path, url: &str, arguments: &[&str]) -> Outcome<f64> {
    let mut command = custos::bound_to_us(program);
    let child = cores.serve(command.args(arguments).arg(url).stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("pgbench {arguments:?} failed ({})", output.status).into());
    }
    Ok(transactions_a_second(&String::from_utf8(output.stdout)?).unwrap_or(0.0))
}

/// What pgbench says: `tps = 1234.5 (without initial connection time)`.
fn transactions_a_second(said: &str) -> Option<f64> {
    said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
}

/// Repeats `work` for so many seconds.
fn repeat(seconds: f64, mut work: impl FnMut(u64) -> Outcome<()>) -> Outcome<u64> {
    let (began, length) = (Instant::now(), Duration::from_secs_f64(seconds));
    let mut count = 0;
    while began.elapsed() < length {
        work(count)?;
        count += 1;
    }
    Ok(count)
}

/// Tells [`raw`] what `work` came to, which says how often it did what it does.
fn timed(work: impl FnOnce() -> Outcome<u64>) -> Outcome<()> {
    let (began, worked) = (Instant::now(), machine::worked("self")?);
    let count = work()? as f64;
    let rate = count / began.elapsed().as_secs_f64();
    let cpu_us = (machine::worked("self")? - worked).as_secs_f64() * 1e6 / count;
    println!("{rate} {cpu_us}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_says_is_understood() {
        let said = "scaling factor: 1\ntps = 1234.567890 (without initial connection time)\n";
        assert_eq!(transactions_a_second(said), Some(1234.56789));
        assert_eq!(transactions_a_second("done in 0.1 s"), None);
    }
}
