//! Notes which test got a good answer of which operation, for the table of operations in the documents.

use std::io::Write as _;

/// Notes an answer in the directory that `CUSTOS_TEST_RECORD` names, if it does: `operation`, `FILE::test`, a line each.
/// What a test does on threads of its own has no name and is left out.
pub(crate) fn note(operation: &str, is_good: bool) {
    let Some(directory) = std::env::var_os("CUSTOS_TEST_RECORD").filter(|_| is_good) else { return };
    let thread = std::thread::current();
    let (Some(test), Some(program)) = (thread.name(), std::env::args().next()) else { return };
    // `target/debug/deps/capital-0123456789abcdef` is the test program `capital`.
    let program = program.rsplit('/').next().unwrap_or_default();
    let program = program.rsplit_once('-').map_or(program, |(name, _)| name);
    let path = std::path::Path::new(&directory).join(std::process::id().to_string());
    let file = std::fs::File::options().create(true).append(true).open(path);
    // One write, so that the lines of tests beside each other stay whole.
    let line = format!("{operation}\t{program}::{test}\n");
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("a place for the notes");
}
