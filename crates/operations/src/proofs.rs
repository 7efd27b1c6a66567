//! What each operation needs proved, as the table in `docs/security.md`, made from the operations themselves.

use crate::api::entries;
use std::fmt::Write as _;

/// The table in Markdown.
#[must_use]
pub fn table() -> String {
    let mut out = String::from("| operation | needs |\n| --- | --- |\n");
    for entry in entries().iter().filter(|entry| !entry.proofs.is_empty()) {
        let short = entry.name.rsplit('.').next().unwrap_or(entry.name);
        let needs: Vec<&str> = entry.proofs.iter().map(|need| need.describe()).collect();
        // Writing into a String can't fail.
        let _ = writeln!(out, "| `{short}` | {} |", needs.join("; "));
    }
    out
}

#[cfg(test)]
mod tests {
    /// Where the table stands in the document.
    const MARKS: (&str, &str) = ("<!-- proofs: made from the code -->\n", "<!-- end of proofs -->");

    /// `CUSTOS_TEST_UPDATE_DOCS=1 cargo test -p custos-operations proofs` writes it anew.
    #[test]
    fn the_document_has_the_table_that_the_code_makes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/security.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (before, rest) = text.split_once(MARKS.0).expect("the table's beginning");
        let (held, after) = rest.split_once(MARKS.1).expect("the table's end");
        let made = super::table();
        if std::env::var_os("CUSTOS_TEST_UPDATE_DOCS").is_some() {
            std::fs::write(path, format!("{before}{}{made}{}{after}", MARKS.0, MARKS.1)).unwrap();
        } else {
            assert_eq!(held, made, "docs/security.md is behind the code");
        }
    }
}
