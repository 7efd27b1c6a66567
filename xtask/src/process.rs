//! Running other programs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitStatus, Stdio};

/// Cargo, as the one that runs this task, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::root());
    // What cargo tells this program of its package is not for what is built next: build scripts that look at it would
    // run anew whenever cargo is called now from here and now from a shell.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|own| name.to_string_lossy().starts_with(own)) {
            command.env_remove(name);
        }
    }
    command
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    command.get_args().fold(name, |line, argument| line + " " + &argument.to_string_lossy())
}

/// Says what is run, runs it with this program's own output, and tells how it ended.
pub(crate) fn run(command: &mut Command) -> Result<ExitStatus, String> {
    eprintln!("+ {}", shown(command));
    command.status().map_err(|error| format!("can't run `{}`: {error}", shown(command)))
}

/// As [`run`]; anything but success is an error.
pub(crate) fn must(command: &mut Command) -> Result<(), String> {
    let status = run(command)?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", shown(command))) }
}

/// Installs one of Debian's packages; for root.
pub(crate) fn install(package: &str) -> Result<(), String> {
    eprintln!("{package} is not installed; installing Debian's package");
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        command
    };
    must(apt().arg("update"))?;
    must(apt().args(["install", "-y", package]))
}

/// Runs a command quietly and returns what it printed; a failure is told with its error output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("can't run `{}`: {error}", shown(command)))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{}` failed ({}):\n{}", shown(command), output.status, told.trim_end()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// As [`run`], and hands each line of the output to `see` on its way.
pub(crate) fn run_seen(command: &mut Command, mut see: impl FnMut(&str)) -> Result<ExitStatus, String> {
    eprintln!("+ {}", shown(command));
    let told = |error: std::io::Error| error.to_string();
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(told)?;
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).map_err(told)? > 0 {
            // Whoever reads along may have gone; the command is still to be waited for.
            let _ = std::io::stdout().write_all(&line);
            see(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    child.wait().map_err(told)
}
