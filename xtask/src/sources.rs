//! The house rules that the text of the sources must keep. Each runs as a test too, at the end of this file.

use std::path::{Path, PathBuf};

/// Who may import whom among the workspace's crates: downhill only, and the two sorts of rules not from each other.
const LAYERS: &[(&str, &[&str])] = &[
    ("store", &[]),
    ("delivery", &["store"]),
    ("customers", &["delivery", "store"]),
    ("ledger", &["delivery", "store"]),
    ("operations", &["customers", "ledger", "delivery", "store"]),
    ("gateway", &["operations", "customers", "ledger", "delivery", "store"]),
    ("custos", &["gateway", "operations", "customers", "ledger", "delivery", "store"]),
];
/// Crates that speak no SQL.
const WITHOUT_SQL: &[&str] = &["operations", "gateway", "custos"];
/// Crates that may know of HTTP.
const WITH_HTTP: &[&str] = &["gateway", "custos"];
/// Crates that make HTTP servers or their types.
const HTTP: &[&str] =
    &["axum", "axum-server", "axum-core", "http", "http-body", "hyper", "hyper-util", "tower", "tower-http"];
const LONGEST_FILE: usize = 400;
/// Of the workplace, not of the project: in pieces, so that this file itself is clean.
const FORBIDDEN: &[&str] = &[
    concat!("..", "/shared"),
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("registry.npm", "js.org"),
    concat!("deb.deb", "ian.org"),
];
/// Directories that hold nothing of ours.
const SKIPPED: &[&str] = &["target", ".git", "custos-data", "node_modules"];
/// The lock file names the registry; it is cargo's.
const MADE_BY_TOOLS: &[&str] = &["Cargo.lock"];

/// A file of the workspace with its text.
pub(crate) struct Source {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// Of the crate's own manifest, code and tests.
    pub(crate) fn is_of(&self, krate: &str) -> bool {
        self.path
            .strip_prefix("crates/")
            .and_then(|rest| rest.strip_prefix(krate))
            .is_some_and(|rest| rest.starts_with('/'))
    }

    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs") || self.path.ends_with("_tests.rs")
    }

    /// The lines that are no comment, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Every text file of the workspace.
pub(crate) fn all(root: &Path) -> Result<Vec<Source>, String> {
    let mut sources = Vec::new();
    let mut waiting: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        let told = |error: std::io::Error| format!("{}: {error}", directory.display());
        for entry in std::fs::read_dir(&directory).map_err(told)? {
            let entry = entry.map_err(told)?;
            let path = entry.path();
            // In a second working tree `.git` is a file.
            if SKIPPED.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if entry.file_type().map_err(told)?.is_dir() {
                waiting.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                sources.push(Source { path: relative, text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

/// A dependency as a manifest names it.
pub(crate) struct Dependency<'a> {
    pub(crate) line: usize,
    pub(crate) name: &'a str,
}

/// The dependencies of a manifest, of all sorts.
pub(crate) fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    let mut within = false;
    let mut found = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            within = section.ends_with("dependencies") && !section.starts_with("workspace");
            // `[dependencies.NAME]`
            if let Some((kind, name)) = section.rsplit_once('.')
                && kind.ends_with("dependencies")
                && !kind.starts_with("workspace")
            {
                found.push(Dependency { line: index + 1, name });
            }
        } else if within
            && !line.starts_with('#')
            && let Some((key, _)) = line.split_once('=')
        {
            let name = key.trim().split('.').next().unwrap_or_default();
            found.push(Dependency { line: index + 1, name });
        }
    }
    found
}

/// The crate of `crates/` that a manifest's path belongs to.
fn crate_of(manifest: &Source) -> Option<&str> {
    let (name, file) = manifest.path.strip_prefix("crates/")?.split_once('/')?;
    (file == "Cargo.toml").then_some(name)
}

/// Imports run downhill only.
pub(crate) fn layering(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for manifest in sources {
        let Some(krate) = crate_of(manifest) else { continue };
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == krate) else {
            problems
                .push(format!("{}: the layers of xtask/src/sources.rs have no place for it", manifest.path));
            continue;
        };
        for dependency in dependencies(&manifest.text) {
            let other = match dependency.name {
                "custos" => "custos",
                name => match name.strip_prefix("custos-") {
                    Some(other) => other,
                    None => continue,
                },
            };
            if !below.contains(&other) {
                problems
                    .push(format!("{}:{}: {krate} must not import {other}", manifest.path, dependency.line));
            }
        }
    }
    problems
}

/// SQL stays where the rules are.
pub(crate) fn sql(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    // Tests may look into the database behind a crate's back.
    for source in sources.iter().filter(|source| source.is_rust() && !source.is_test()) {
        if !WITHOUT_SQL.iter().any(|krate| source.is_of(krate)) {
            continue;
        }
        let code: Vec<(usize, &str)> = source.code().collect();
        for (at, (number, line)) in code.iter().enumerate() {
            let update = line.contains("UPDATE ")
                && code
                    .iter()
                    .skip(at)
                    .take(6)
                    .any(|(_, line)| line.contains(" SET ") || line.trim() == "SET");
            let other = ["SELECT ", "INSERT INTO ", "DELETE FROM "].iter().any(|words| line.contains(words));
            if update || other {
                problems.push(format!(
                    "{}:{number}: SQL belongs to customers, ledger, delivery, store",
                    source.path
                ));
            }
        }
    }
    problems
}

/// Whether the words of `code` have `name` followed by `::`.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code.get(..at).and_then(|text| text.chars().next_back());
        let after = code.get(at + name.len()..).unwrap_or_default();
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
        !before.is_some_and(is_word) && after.starts_with("::")
    })
}

/// HTTP types stay in front.
pub(crate) fn http(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources {
        if !source.path.starts_with("crates/") || WITH_HTTP.iter().any(|krate| source.is_of(krate)) {
            continue;
        }
        if crate_of(source).is_some() {
            for dependency in
                dependencies(&source.text).iter().filter(|dependency| HTTP.contains(&dependency.name))
            {
                problems.push(format!(
                    "{}:{}: {} is the gateway's",
                    source.path, dependency.line, dependency.name
                ));
            }
        } else if source.is_rust() {
            for (number, line) in
                source.code().filter(|(_, line)| ["axum", "hyper"].iter().any(|name| names_crate(line, name)))
            {
                problems.push(format!(
                    "{}:{number}: HTTP types belong to the gateway: {}",
                    source.path,
                    line.trim()
                ));
            }
        }
    }
    problems
}

/// Words that have no business in the repository.
pub(crate) fn forbidden(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| !MADE_BY_TOOLS.contains(&source.path.as_str())) {
        for (index, line) in source.text.lines().enumerate() {
            for word in FORBIDDEN.iter().filter(|word| has_path_or_host(line, word)) {
                problems.push(format!("{}:{}: mentions {word}", source.path, index + 1));
            }
        }
    }
    problems
}

/// Whether `line` has `word` where a path or a host begins: `network/` is not `work/`.
fn has_path_or_host(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !(word.starts_with('/')
            && before.is_some_and(|letter| letter.is_alphanumeric() || "._-}*".contains(letter)))
    })
}

/// Lints are expected with a reason, never allowed.
pub(crate) fn allowed_lints(sources: &[Source]) -> Vec<String> {
    let (outer, inner) = (concat!("#[al", "low("), concat!("#![al", "low("));
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        for (number, _) in source.code().filter(|(_, line)| line.contains(outer) || line.contains(inner)) {
            problems.push(format!("{}:{number}: use #[expect(…, reason = …)]", source.path));
        }
    }
    problems
}

/// Examples in documentation are texts: `cargo xtask test` runs no others.
pub(crate) fn examples(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let mut inside = false;
        for (number, line) in source.text.lines().enumerate() {
            let words = line.trim_start();
            let fence = ["/// ```", "//! ```"].iter().find_map(|start| words.strip_prefix(start));
            let Some(kind) = fence else { continue };
            if !inside && !["text", "json", "toml", "sh"].contains(&kind) {
                problems.push(format!("{}:{}: an example that no test runs", source.path, number + 1));
            }
            inside = !inside;
        }
    }
    problems
}

/// Files that are long to read; told, not refused.
pub(crate) fn long_files(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.is_rust() && !source.is_test())
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .map(|(source, lines)| format!("{}: {lines} lines, more than {LONGEST_FILE}", source.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Vec<Source> {
        vec![Source { path: path.to_owned(), text: text.to_owned() }]
    }

    fn of_workspace(rule: fn(&[Source]) -> Vec<String>) {
        let problems = rule(&all(&crate::root()).unwrap());
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    }

    #[test]
    fn imports_run_downhill() {
        of_workspace(layering);
    }

    #[test]
    fn sql_stays_with_the_rules() {
        of_workspace(sql);
    }

    #[test]
    fn http_stays_in_front() {
        of_workspace(http);
    }

    #[test]
    fn nothing_forbidden_is_mentioned() {
        of_workspace(forbidden);
    }

    #[test]
    fn no_lint_is_allowed() {
        of_workspace(allowed_lints);
    }

    #[test]
    fn an_import_uphill_is_found() {
        let uphill = "[dependencies]\ncustos-gateway.workspace = true\n";
        assert_eq!(layering(&source("crates/customers/Cargo.toml", uphill)).len(), 1);
        let sideways = "[dev-dependencies]\ncustos-ledger = { path = \"../ledger\" }\n";
        assert_eq!(layering(&source("crates/customers/Cargo.toml", sideways)).len(), 1);
        let table = "[dependencies.custos-operations]\nworkspace = true\n";
        assert_eq!(layering(&source("crates/store/Cargo.toml", table)).len(), 1);
        assert_eq!(layering(&source("crates/newcomer/Cargo.toml", "")).len(), 1);
        assert!(
            layering(&source("crates/gateway/Cargo.toml", "[dependencies]\ncustos-store.workspace = true"))
                .is_empty()
        );
    }

    #[test]
    fn sql_in_the_wrong_crate_is_found() {
        for statement in
            ["SELECT 1", "INSERT INTO t", "DELETE FROM t", "UPDATE t SET a = 1", "UPDATE t\n    SET a = 1"]
        {
            let text = format!("const Q: &str = \"{statement}\";");
            assert_eq!(sql(&source("crates/gateway/src/lib.rs", &text)).len(), 1, "{statement}");
            assert!(sql(&source("crates/store/src/lib.rs", &text)).is_empty());
            assert!(sql(&source("crates/custos/tests/a.rs", &text)).is_empty());
        }
        assert!(
            sql(&source("crates/gateway/src/lib.rs", "// SELECT what is needed\nlet updated = 1;"))
                .is_empty()
        );
    }

    #[test]
    fn http_in_the_wrong_crate_is_found() {
        assert_eq!(
            http(&source("crates/operations/Cargo.toml", "[dependencies]\naxum.workspace = true")).len(),
            1
        );
        assert_eq!(http(&source("crates/customers/src/a.rs", "use axum::http::StatusCode;")).len(), 1);
        assert!(http(&source("crates/gateway/src/a.rs", "use axum::http::StatusCode;")).is_empty());
        assert!(
            http(&source("crates/delivery/src/a.rs", "use ureq::http::StatusCode; use crate::maxum::A;"))
                .is_empty()
        );
    }

    #[test]
    fn words_of_the_workplace_are_found() {
        for word in FORBIDDEN {
            assert_eq!(forbidden(&source("docs/a.md", &format!("see {word}x"))).len(), 1, "{word}");
        }
        let innocent = format!("a{}x and the net{}", concat!("/wo", "rk/"), concat!("wo", "rk/"));
        assert!(forbidden(&source("docs/a.md", &innocent)).is_empty());
    }

    #[test]
    fn an_allowed_lint_is_found() {
        let text = concat!("#[al", "low(dead_code)]\nfn a() {}");
        assert_eq!(allowed_lints(&source("crates/store/src/a.rs", text)).len(), 1);
    }

    #[test]
    fn an_example_that_would_not_run_is_found() {
        let text = "/// ```\n/// one();\n/// ```\n/// ```json\n/// {}\n/// ```\nfn a() {}";
        assert_eq!(examples(&source("crates/store/src/a.rs", text)).len(), 1);
    }
}
