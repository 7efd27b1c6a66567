//! `cargo xtask check`: all that can be said of the sources without running them.

use crate::documents;
use crate::sources::{self, Source};
use crate::{Outcome, packages, process};
use std::process::{Command, ExitCode, Stdio};

/// How it is called.
pub(crate) const USAGE: &str = "check
      Format, lints, layering, forbidden words, unused dependencies, licences, duplicates.";

/// A rule over the sources, by name.
type Rule = (&'static str, fn(&[Source]) -> Vec<String>);

const RULES: &[Rule] = &[
    ("layering", sources::layering),
    ("SQL only with the rules", sources::sql),
    ("HTTP only in front", sources::http),
    ("forbidden words", sources::forbidden),
    ("tests that documents name", documents::named_tests),
    ("allowed lints", sources::allowed_lints),
    ("examples", sources::examples),
    ("unused dependencies", packages::unused),
];

/// What has been said so far.
#[derive(Default)]
struct Report {
    failed: Vec<String>,
}

impl Report {
    fn say(&mut self, name: &str, problems: &[String]) {
        println!("{name}: {}", if problems.is_empty() { "ok" } else { "FAILED" });
        for problem in problems {
            println!("  {problem}");
        }
        if !problems.is_empty() {
            self.failed.push(name.to_owned());
        }
    }

    fn warn(name: &str, remarks: &[String]) {
        println!(
            "{name}: {}",
            if remarks.is_empty() { "none".to_owned() } else { remarks.len().to_string() }
        );
        for remark in remarks {
            println!("  {remark}");
        }
    }

    fn command(&mut self, name: &str, command: &mut Command) {
        let problems = match process::run(command) {
            Ok(status) if status.success() => Vec::new(),
            Ok(status) => vec![status.to_string()],
            Err(problem) => vec![problem],
        };
        self.say(name, &problems);
    }

    /// A subcommand of cargo that not everybody has.
    fn command_if_installed(&mut self, tool: &str, arguments: &[&str]) {
        let name = format!("cargo {tool}");
        let there = process::cargo()
            .args([tool, "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if there {
            self.command(&name, process::cargo().arg(tool).args(arguments));
        } else {
            println!("{name}: skipped: not installed");
        }
    }
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if let Some(other) = arguments.first() {
        return Err(format!("unknown argument {other}\n  cargo xtask {USAGE}"));
    }
    let mut report = Report::default();
    let sources = sources::all(&crate::root())?;
    for (name, rule) in RULES {
        report.say(name, &rule(&sources));
    }
    Report::warn("long files", &sources::long_files(&sources));
    match packages::licences() {
        Ok(problems) => report.say("licences", &problems),
        Err(problem) => report.say("licences", &[problem]),
    }
    Report::warn("packages in several versions", &packages::duplicates()?);
    report.command("format", process::cargo().args(["fmt", "--all", "--check"]));
    report.command(
        "clippy",
        process::cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    );
    // Advisories need a database that must be fetched; `cargo deny check` alone looks at those too.
    report.command_if_installed("deny", &["--offline", "check", "bans", "licenses", "sources"]);
    report.command_if_installed("machete", &[]);
    if report.failed.is_empty() {
        println!("all is well");
        return Ok(ExitCode::SUCCESS);
    }
    println!("failed: {}", report.failed.join(", "));
    Ok(ExitCode::FAILURE)
}
