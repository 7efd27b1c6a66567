//! What we take from others: is it used, may we use it, is it there twice.

use crate::process;
use crate::sources::{Source, dependencies};
use std::collections::BTreeSet;

/// Licences that ask for no more than to be named. Kept in step with `deny.toml`, which a test compares.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];
/// Packages whose library has another name than the package.
const LIBRARY_NAMES: &[(&str, &str)] = &[("md-5", "md5"), ("argon2-rust", "argon2")];

/// Dependencies that no source of their crate mentions.
pub(crate) fn unused(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for manifest in sources.iter().filter(|source| source.path.ends_with("/Cargo.toml")) {
        let directory = manifest.path.trim_end_matches("Cargo.toml");
        let mut own: Vec<&Source> = sources
            .iter()
            .filter(|source| source.path.starts_with(directory) && source.path.ends_with(".rs"))
            .collect();
        // Tests may share a file with another package's.
        let shared: Vec<&Source> = own
            .iter()
            .flat_map(|source| source.text.lines().filter_map(shared_file))
            .flat_map(|end| sources.iter().filter(move |source| source.path.ends_with(end)))
            .collect();
        own.extend(shared);
        for dependency in dependencies(&manifest.text) {
            let usual = dependency.name.replace('-', "_");
            let other = LIBRARY_NAMES
                .iter()
                .find(|(package, _)| *package == dependency.name)
                .map(|(_, library)| *library);
            let used = own.iter().any(|source| {
                has_word(&source.text, &usual) || other.is_some_and(|library| has_word(&source.text, library))
            });
            if !used {
                problems
                    .push(format!("{}:{}: {} is not used", manifest.path, dependency.line, dependency.name));
            }
        }
    }
    problems
}

/// The end of the path in `#[path = "../../…/FILE"]`.
fn shared_file(line: &str) -> Option<&str> {
    let path = line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]")?;
    path.starts_with("../").then(|| path.trim_start_matches("../"))
}

fn has_word(text: &str, word: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Whether a licence expression can be met with [`LICENCES`].
fn may_use(expression: &str) -> bool {
    // Older packages write `/` for `OR`.
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) && rest.is_empty()
}

fn any_of(rest: &mut &[&str]) -> bool {
    let mut met = all_of(rest);
    while let Some((&"OR", after)) = rest.split_first() {
        *rest = after;
        // Both sides are read, whichever is met.
        met |= all_of(rest);
    }
    met
}

fn all_of(rest: &mut &[&str]) -> bool {
    let mut met = one(rest);
    while let Some((&"AND", after)) = rest.split_first() {
        *rest = after;
        met &= one(rest);
    }
    met
}

fn one(rest: &mut &[&str]) -> bool {
    let Some((&first, after)) = rest.split_first() else { return false };
    *rest = after;
    if first == "(" {
        let met = any_of(rest);
        let Some((&")", after)) = rest.split_first() else { return false };
        *rest = after;
        return met;
    }
    if let [with, exception, after @ ..] = *rest
        && *with == "WITH"
    {
        *rest = after;
        return LICENCES.contains(&format!("{first} WITH {exception}").as_str());
    }
    LICENCES.contains(&first)
}

/// Packages whose licence is not among ours. Reads what cargo has; fetches nothing.
pub(crate) fn licences() -> Result<Vec<String>, String> {
    let listed = process::output(process::cargo().args([
        "tree",
        "--workspace",
        "--locked",
        "--offline",
        "--prefix=none",
        "--no-dedupe",
        "--format={p}\t{l}",
    ]))?;
    let all: BTreeSet<(&str, &str)> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
    Ok(all
        .into_iter()
        .filter(|(_, licence)| !may_use(licence))
        .map(|(package, licence)| format!("{package}: licence `{licence}`"))
        .collect())
}

/// Packages that are there in several versions.
pub(crate) fn duplicates() -> Result<Vec<String>, String> {
    let listed = process::output(process::cargo().args([
        "tree",
        "--workspace",
        "--locked",
        "--offline",
        "--duplicates",
        "--depth=0",
        "--prefix=none",
        "--format={p}",
    ]))?;
    let all: BTreeSet<&str> = listed.lines().filter(|line| !line.is_empty()).collect();
    Ok(all.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions_are_understood() {
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0 OR MIT",
            "MIT/Apache-2.0",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
            "MIT AND (ISC OR GPL-2.0)",
        ] {
            assert!(may_use(good), "{good}");
        }
        for bad in
            ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT)", "GPL-2.0 WITH LLVM-exception", "MIT MIT"]
        {
            assert!(!may_use(bad), "{bad}");
        }
    }

    #[test]
    fn both_lists_of_licences_are_one() {
        let file = std::fs::read_to_string(crate::root().join("deny.toml")).unwrap();
        let allowed = file.split_once("allow = [").unwrap().1.split_once(']').unwrap().0;
        let allowed: Vec<&str> = allowed
            .split(',')
            .map(|one| one.trim().trim_matches('"'))
            .filter(|one| !one.is_empty())
            .collect();
        assert_eq!(allowed, LICENCES);
    }

    #[test]
    fn a_dependency_that_nothing_mentions_is_found() {
        let file = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let sources = [
            file("crates/a/Cargo.toml", "[dependencies]\nmd-5.workspace = true\nserde.workspace = true\n"),
            file("crates/a/src/lib.rs", "use md5::Md5; use serde_json::Value;"),
        ];
        assert_eq!(unused(&sources), ["crates/a/Cargo.toml:3: serde is not used"]);
        let shared = [
            file("crates/a/Cargo.toml", "[dev-dependencies]\nserde.workspace = true\n"),
            file("crates/a/tests/it.rs", "#[path = \"../../b/tests/common.rs\"]\nmod common;"),
            file("crates/b/tests/common.rs", "use serde::Serialize;"),
        ];
        assert_eq!(unused(&shared), [""; 0]);
    }
}
