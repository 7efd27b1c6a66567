//! Developer tasks: `cargo xtask TASK`. One file a task; a new one is a module, a line of [`TASKS`], and its text.

mod answered;
mod bench;
mod check;
mod cluster;
mod documents;
mod packages;
mod process;
mod programs;
mod sources;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What a task returns: the exit code, or what went wrong in a sentence.
type Outcome = Result<ExitCode, String>;

struct Task {
    name: &'static str,
    usage: &'static str,
    run: fn(&[String]) -> Outcome,
}

const TASKS: &[Task] = &[
    Task { name: "test", usage: test::USAGE, run: test::run },
    Task { name: "bench", usage: bench::USAGE, run: bench::run },
    Task { name: "check", usage: check::USAGE, run: check::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        return usage();
    };
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        return usage();
    };
    (task.run)(rest).unwrap_or_else(|problem| {
        eprintln!("xtask {name}: {problem}");
        ExitCode::FAILURE
    })
}

fn usage() -> ExitCode {
    eprintln!("Tasks:");
    for task in TASKS {
        eprintln!("  cargo xtask {}", task.usage);
    }
    ExitCode::from(2)
}

/// The root of the workspace.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}
