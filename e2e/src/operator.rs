//! The operator at the command line. The shape of the commands is in this file.

use std::io::Write;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Server;

/// What a command did.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code.
    pub code: i32,
    /// Its output.
    pub stdout: String,
    /// Its complaints.
    pub stderr: String,
}

impl Outcome {
    /// It must have gone well.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// It must have failed, saying why.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert_ne!(self.code, 0, "{self:?}");
        assert!(!self.everything().trim().is_empty(), "a failure without a word");
        self
    }

    /// It must have failed with this code.
    #[track_caller]
    pub fn fails_with(self, code: &str) -> Self {
        let this = self.fails();
        assert!(this.everything().contains(code), "{this:?}");
        this
    }

    /// Its output as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        let this = self.succeeds();
        serde_json::from_str(&this.stdout).unwrap_or_else(|error| panic!("{error}: {this:?}"))
    }

    /// Output and complaints together.
    pub fn everything(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

fn run(mut command: Command, input: &str) -> Outcome {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program");
    // A command that reads nothing may be gone by now.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the program");
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Server {
    /// Runs `custos ARGUMENTS --data DIR` beside the running server.
    pub fn cli(&self, arguments: &[&str]) -> Outcome {
        self.cli_with_input(arguments, "")
    }

    /// The same, with this as its standard input.
    pub fn cli_with_input(&self, arguments: &[&str], input: &str) -> Outcome {
        run(self.command(arguments), input)
    }

    /// The same for an operator of this name.
    pub fn cli_as(&self, name: &str, arguments: &[&str]) -> Outcome {
        let mut command = self.command(arguments);
        command.env("USER", name);
        run(command, "")
    }

    /// Runs a command and ends it with SIGKILL after so long; says whether it had ended by itself, and well, before.
    pub fn cli_killed_within(&self, arguments: &[&str], longest: Duration) -> bool {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program");
        let deadline = Instant::now() + longest;
        loop {
            match child.try_wait().expect("a child") {
                Some(status) => return status.success(),
                None if Instant::now() >= deadline => break,
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        child.kill().expect("a child");
        child.wait().expect("a child").success()
    }

    /// The same with `--json`, read as JSON.
    #[track_caller]
    pub fn cli_json(&self, arguments: &[&str]) -> Value {
        self.cli(&[arguments, &["--json"]].concat()).json()
    }

    /// `custos company add`: the new company's id.
    #[track_caller]
    pub fn add_company(&self, name: &str) -> i64 {
        let company = self.cli_json(&["company", "add", "--name", name]);
        company["id"].as_i64().unwrap_or_else(|| panic!("`id` in {company}"))
    }

    /// `custos company VERB ID`.
    pub fn company(&self, verb: &str, company: i64) -> Outcome {
        self.cli(&["company", verb, &company.to_string()])
    }

    /// `custos customer VERB NUMBER --company 1`: `show`, `lock`, `unlock`, `disable`, `enable`, `sessions`.
    pub fn customer(&self, verb: &str, number: &str) -> Outcome {
        self.cli(&["customer", verb, number, "--company", "1"])
    }

    /// `custos customer VERB NUMBER --company 1 --json`.
    #[track_caller]
    pub fn customer_json(&self, verb: &str, number: &str) -> Value {
        self.cli_json(&["customer", verb, number, "--company", "1"])
    }

    /// Ends all sessions of a customer.
    pub fn end_sessions(&self, number: &str) -> Outcome {
        self.cli(&["customer", "sessions", number, "--company", "1", "--end"])
    }

    /// The rows that `custos customer list` shows of a company.
    #[track_caller]
    pub fn customers_of(&self, company: i64) -> Vec<Value> {
        rows(self.cli_json(&["customer", "list", "--company", &company.to_string()]))
    }

    /// The rows that `custos group list` shows of a company.
    #[track_caller]
    pub fn groups_of(&self, company: i64) -> Vec<Value> {
        rows(self.cli_json(&["group", "list", "--company", &company.to_string()]))
    }

    /// The rows of the demo company's audit log, oldest first.
    #[track_caller]
    pub fn audit_log(&self) -> Vec<Value> {
        rows(self.cli_json(&["audit", "tail", "--company", "1", "--lines", "10000"]))
    }

    /// `custos audit verify`.
    pub fn verify_audit(&self) -> Outcome {
        self.cli(&["audit", "verify"])
    }
}

#[track_caller]
fn rows(json: Value) -> Vec<Value> {
    match json {
        Value::Array(rows) => rows,
        other => panic!("a list was due: {other}"),
    }
}

/// A field as text, whether it is a JSON text or number.
pub fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
