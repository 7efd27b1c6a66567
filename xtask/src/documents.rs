//! What the documents say that can be looked up.

use crate::sources::Source;

/// Every test that a document names as `file.rs::test` is there.
pub(crate) fn named_tests(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for document in sources.iter().filter(|source| source.path.starts_with("docs/")) {
        for (number, line) in document.text.lines().enumerate() {
            for named in line.split('`').filter(|text| text.contains(".rs::")) {
                let Some((file, test)) = named.split_once("::") else { continue };
                let declared = [format!("fn {test}("), format!("fn {test}<")];
                let is_there = sources.iter().any(|source| {
                    source.path.ends_with(file) && declared.iter().any(|words| source.text.contains(words))
                });
                if !is_there {
                    problems.push(format!("{}:{}: no test {named}", document.path, number + 1));
                }
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_name_tests_that_there_are() {
        let problems = named_tests(&crate::sources::all(&crate::root()).unwrap());
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    }

    #[test]
    fn a_test_that_is_not_there_is_found() {
        let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let sources = [
            source("docs/a.md", "| `races.rs::one_wins` | `races.rs::none_wins` |"),
            source("e2e/tests/races.rs", "fn one_wins(backend: Backend) {}"),
        ];
        assert_eq!(named_tests(&sources).len(), 1);
    }
}
