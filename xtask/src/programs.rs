//! The test programs that a build made, two at a time: one after the other they leave half of the machine idle.

use crate::process;
use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

/// How many run at once.
const AT_ONCE: usize = 2;
/// Those that take longest, by name: they begin first, so that none is left running alone at the end.
const LONGEST: [&str; 7] =
    ["in_process", "money_crash", "it", "races_of_credentials", "contacts", "crash", "authenticator"];

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    name: String,
    path: PathBuf,
    /// Where tests of this package expect to stand.
    package: PathBuf,
}

impl Program {
    /// The program that a line of cargo's messages tells of, if it tells of one. The messages are cargo's own, with one
    /// object a line; the fields looked for hold paths of ours and names, without escapes.
    fn read(line: &str) -> Option<Self> {
        let path = PathBuf::from(field(line, "executable")?);
        let package = PathBuf::from(field(line, "manifest_path")?).parent()?.to_owned();
        let file = path.file_name()?.to_str()?;
        let name = file.rsplit_once('-').map_or(file, |(name, _)| name).to_owned();
        // What was built beside the tests, to be run by them.
        let (_, profile) = line.split_once("\"profile\":")?;
        let (profile, _) = profile.split_once('}')?;
        profile.ends_with("\"test\":true").then_some(Self { name, path, package })
    }

    /// The package's name and the program's, as a heading.
    fn heading(&self) -> String {
        let package = self.package.file_name().unwrap_or_default().to_string_lossy();
        format!("{package}: {}", self.name)
    }
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":\""))?;
    Some(rest.split_once('"')?.0)
}

/// Builds with `command`, and says which programs there are, longest first.
pub(crate) fn built(command: &mut Command) -> Result<Vec<Program>, String> {
    let text =
        process::output(command.args(["--message-format=json-render-diagnostics"]).stderr(Stdio::inherit()))?;
    let mut programs: Vec<Program> = text.lines().filter_map(Program::read).collect();
    let rank =
        |program: &Program| LONGEST.iter().position(|name| *name == program.name).unwrap_or(LONGEST.len());
    programs.sort_by_key(rank);
    Ok(programs)
}

/// Runs them all whatever some come to; hands each line of their output to `see`. Says which ones failed.
pub(crate) fn run(
    programs: Vec<Program>,
    prepare: &(dyn Fn(&mut Command) + Sync),
    see: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<String>, String> {
    let queue = Mutex::new(VecDeque::from(programs));
    let printed = Mutex::new((see, Vec::new()));
    let worker = || -> Result<(), String> {
        loop {
            let next = queue.lock().map_err(|error| error.to_string())?.pop_front();
            let Some(program) = next else { return Ok(()) };
            eprintln!("+ {}", program.heading());
            let began = Instant::now();
            let (output, is_good) = output_of(&program, prepare)?;
            let mut printed = printed.lock().map_err(|error| error.to_string())?;
            let (see, failed) = &mut *printed;
            let heading = format!("\n== {} ({:.1} s)\n", program.heading(), began.elapsed().as_secs_f64());
            // Whoever reads along may have gone; the rest is still to be run.
            let _ = std::io::stdout().write_all(heading.as_bytes());
            let _ = std::io::stdout().write_all(&output);
            String::from_utf8_lossy(&output).lines().for_each(&mut **see);
            if !is_good {
                failed.push(program.heading());
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a runner broke".to_owned())?)
    })?;
    printed.into_inner().map(|(_, failed)| failed).map_err(|error| error.to_string())
}

/// What a program says in both its outputs, in the order in which it said it, and whether all went well.
fn output_of(program: &Program, prepare: &(dyn Fn(&mut Command) + Sync)) -> Result<(Vec<u8>, bool), String> {
    let told = |error: std::io::Error| format!("{}: {error}", program.heading());
    let (mut reader, writer) = std::io::pipe().map_err(told)?;
    let mut command = Command::new(&program.path);
    command.current_dir(&program.package).stdin(Stdio::null());
    command.stdout(writer.try_clone().map_err(told)?).stderr(writer);
    prepare(&mut command);
    let mut child = command.spawn().map_err(told)?;
    // The command holds the pipe's other end, which must be gone for the output to end.
    drop(command);
    let mut output = Vec::new();
    reader.read_to_end(&mut output).map_err(told)?;
    Ok((output, child.wait().map_err(told)?.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_what_cargo_says() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/x/e2e/Cargo.toml","target":{"name":"crash","test":true},"profile":{"opt_level":"0","test":true},"executable":"/x/target/debug/deps/crash-0f","fresh":true}"#;
        let program = Program::read(line).unwrap();
        assert_eq!(program.heading(), "e2e: crash");
        assert_eq!(program.path, PathBuf::from("/x/target/debug/deps/crash-0f"));
        assert_eq!(Program::read(&line.replace("\"test\":true},\"exec", "\"test\":false},\"exec")), None);
        assert_eq!(Program::read(&line.replace("\"/x/target/debug/deps/crash-0f\"", "null")), None);
    }

    #[test]
    fn a_program_that_fails_is_named_and_the_others_run() {
        let program = |name: &str| Program {
            name: name.to_owned(),
            path: PathBuf::from(format!("/bin/{name}")),
            package: PathBuf::from("/"),
        };
        let mut lines = Vec::new();
        let prepare = |command: &mut Command| {
            command.arg("words");
        };
        let all = vec![program("false"), program("echo"), program("echo")];
        let failed = run(all, &prepare, &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(failed, [": false"]);
        assert_eq!(lines, ["words", "words"]);
    }
}
