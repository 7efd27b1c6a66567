//! Reading Fluent source just far enough to know its keys and its variables. The Fluent crate
//! parses the same text for real; its syntax tree is not reachable through `fluent-bundle`.

use std::collections::{BTreeMap, BTreeSet};

/// The messages of a resource: key and pattern source. Keys stand at the start of a line, and
/// what belongs to them is indented.
pub(super) fn messages(source: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut current: Option<(String, String)> = None;
    for line in source.lines() {
        let head = line
            .split_once('=')
            .filter(|_| line.starts_with(|c: char| c.is_ascii_alphabetic()))
            .map(|(key, pattern)| (key.trim_end().to_owned(), pattern.trim_start().to_owned()));
        if let Some(head) = head {
            found.extend(current.replace(head));
        } else if line.starts_with('#') {
            found.extend(current.take());
        } else if let Some((_, pattern)) = &mut current {
            pattern.push('\n');
            pattern.push_str(line);
        }
    }
    found.extend(current);
    found
}

/// What the scanner is inside of.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    /// `{ … }` up to `->`.
    Expression,
    /// The variants after `->`, whose values are text again.
    Variants,
}

/// The variables a pattern uses. A placeable must begin with a variable, a literal or another
/// placeable: references to other messages, terms and functions are refused, so that a company's
/// own text can neither pull in others nor run in circles.
pub(super) fn variables(pattern: &str) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    let mut inside: Vec<Inside> = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, inside.last().copied()) {
            ('{', _) => {
                inside.push(Inside::Expression);
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                let allowed = |c: &char| matches!(c, '$' | '"' | '{') || c.is_ascii_digit();
                if !chars.peek().is_some_and(allowed) {
                    return Err("only variables like { $company } may stand in braces".to_owned());
                }
            }
            ('}', Some(_)) => {
                inside.pop();
            }
            ('"', Some(Inside::Expression)) => {
                while let Some(c) = chars.next() {
                    if c == '\\' {
                        chars.next();
                    } else if c == '"' {
                        break;
                    }
                }
            }
            ('-', Some(Inside::Expression)) if chars.peek() == Some(&'>') => {
                inside.pop();
                inside.push(Inside::Variants);
            }
            ('$', Some(Inside::Expression)) => {
                let mut name = String::new();
                while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
                    name.push(c);
                }
                found.insert(name);
            }
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str) -> Vec<String> {
        variables(pattern).unwrap().into_iter().collect()
    }

    #[test]
    fn finds_variables_and_nothing_else() {
        assert_eq!(names("costs $5, { $a } and {$b-c}"), ["a", "b-c"]);
        assert_eq!(names(r#"{ "$not \" $this" } { $yes }"#), ["yes"]);
        let select = "{ $n ->\n [one] a \"quote { $x }\n *[other] $no { $y }\n } { $z }";
        assert_eq!(names(select), ["n", "x", "y", "z"]);
    }

    #[test]
    fn refuses_references_to_other_texts() {
        for pattern in ["{ other-key }", "{ -term }", "{ NUMBER($n) }", "{ $n -> *[other] { key } }", "{"] {
            assert!(variables(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn splits_a_resource_into_messages() {
        let found = messages("# note\na = one\n    two = 2\n\n## part\nb-c =\n    three\n");
        let found: Vec<_> = found.into_iter().collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], ("a".to_owned(), "one\n    two = 2\n".to_owned()));
        assert_eq!(found[1], ("b-c".to_owned(), "\n    three".to_owned()));
    }
}
