//! `cargo xtask bench`: the release program against its parts.

use crate::cluster::Cluster;
use crate::{Outcome, process};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// How it is called.
pub(crate) const USAGE: &str = "bench [a] [b] [c] [d] [e] [f] [g] [--seconds N] [--rounds N] [--limit N]
      The release program's speed, side by side with that of its parts; a PostgreSQL is started and stopped for it.
      a reads  b sign-ins  c writes  d memory, start, size  e does time tell of accounts
      f the ledger  g the ledger's growth to ten million lines (a quarter of an hour); a to f without a letter
      --seconds  of each side in each round     --rounds  how many
      --limit    after so many seconds (590, with g 3000) the run is given up";

/// Where files outlive a restart: a commit into a temporary directory that is memory would cost nothing.
const ON_DISK: &str = "/var/tmp";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    // Each by itself: together, one's features would be built into the other.
    for package in ["custos", "bench"] {
        process::must(process::cargo().args(["build", "--release", "--package", package]))?;
    }
    let program = program()?;
    let cluster = if wants_database(arguments) { Some(Cluster::start_in(Path::new(ON_DISK))?) } else { None };
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(cluster) = &cluster {
        command.args(["--pg-url", &cluster.url()]).arg("--pgbench").arg(cluster.program("pgbench"));
    }
    let ended = process::run(&mut command)?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Only (c), (e), (f) and (g) use a database server. What is no letter is left to the program that measures.
fn wants_database(arguments: &[String]) -> bool {
    let has = |letters: &[&str]| arguments.iter().any(|argument| letters.contains(&argument.as_str()));
    has(&["c", "e", "f", "g"]) || !has(&["a", "b", "d"])
}

/// What was just built; this program lies beside it, in the directory of another profile.
fn program() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let profiles = own.parent().and_then(Path::parent).ok_or("this program lies in no target directory")?;
    Ok(profiles.join("release").join("bench"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_started_for_those_who_use_it() {
        let wants =
            |text: &str| wants_database(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert!(wants("") && wants("c") && wants("a e") && wants("--rounds 3"));
        assert!(!wants("a") && !wants("b d --seconds 1"));
    }
}
