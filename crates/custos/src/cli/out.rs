//! What every command needs: failures, tables, the operator's name, and the wait for the server.

use custos_customers::operator;
use custos_delivery::texts::Texts;
use custos_store::{Error as StoreError, UnitError};
use serde_json::Value;
use std::io::Write as _;
use std::time::Duration;

/// Why a command ends badly.
#[derive(Debug)]
pub(super) enum Failure {
    /// In words for the operator.
    Said(String),
    /// The store's.
    Store(StoreError),
    /// What is wrong has been told as the command's result.
    Told,
    /// Whoever read the output wants no more of it.
    PipeClosed,
}

/// What a command ends with.
pub(super) type Done<T = ()> = Result<T, Failure>;

impl Failure {
    /// What is to be told on standard error, if anything.
    pub(super) fn words(&self) -> Option<String> {
        match self {
            Self::Said(words) => Some(words.clone()),
            Self::Store(error) => Some(error.to_string()),
            Self::Told | Self::PipeClosed => None,
        }
    }
}

impl From<String> for Failure {
    fn from(words: String) -> Self {
        Self::Said(words)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<custos_operations::error::Error> for Failure {
    fn from(error: custos_operations::error::Error) -> Self {
        match error {
            custos_operations::error::Error::Store(error) => Self::Store(error),
            error => {
                let words = Texts::builtin().error_text("en-US", error.code(), error.params());
                Self::Said(format!("{words} ({})", error.code()))
            }
        }
    }
}

impl From<custos_customers::Error> for Failure {
    fn from(error: custos_customers::Error) -> Self {
        custos_operations::error::Error::from(error).into()
    }
}

impl From<custos_ledger::Error> for Failure {
    fn from(error: custos_ledger::Error) -> Self {
        custos_operations::error::Error::from(error).into()
    }
}

impl From<operator::Error> for Failure {
    fn from(error: operator::Error) -> Self {
        match error {
            operator::Error::Said(words) => Self::Said(words),
            operator::Error::Rule(error) => error.into(),
        }
    }
}

impl UnitError for Failure {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Said(_) | Self::Told | Self::PipeClosed => None,
        }
    }
}

/// Writes a line of the result.
pub(super) fn say(line: &str) -> Done {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::PipeClosed,
        _ => Failure::Said(format!("the result can't be written: {error}")),
    })
}

/// Writes the result as JSON, or in words.
pub(super) fn tell(json: bool, value: &Value, words: impl FnOnce() -> String) -> Done {
    if json { say(&value.to_string()) } else { say(words().trim_end()) }
}

/// Who is at the keyboard, as the audit log names them.
pub(super) fn actor() -> String {
    let name = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name = name.unwrap_or_else(|| rustix::process::getuid().as_raw().to_string());
    let plain: String =
        name.chars().filter(|c| c.is_alphanumeric() || "._-@\\".contains(*c)).take(64).collect();
    format!("operator:{plain}")
}

/// Waits until a server beside this command has seen what was changed, so that whoever runs the command and then calls
/// the server finds the change made.
///
/// On SQLite a server looks every 20 ms whether another process has committed: two looks later, and some time for a busy
/// machine, it has dropped what it had cached. On PostgreSQL the news is on its way before the commit is acknowledged
/// here, but a busy server may take a moment to hear it.
pub(super) fn settle() {
    std::thread::sleep(Duration::from_millis(60));
}

/// Rows under a heading, aligned.
pub(super) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut lines = vec![heads.iter().map(|head| (*head).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()));
    aligned(&lines)
}

/// Names and values, one a line.
pub(super) fn fields(pairs: &[(&str, String)]) -> String {
    let lines: Vec<Vec<String>> =
        pairs.iter().map(|(name, value)| vec![(*name).to_owned(), plain(value)]).collect();
    aligned(&lines)
}

fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            lines.iter().filter_map(|line| line.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, wide) in line.iter().zip(&widths) {
            row.push_str(cell);
            row.extend(std::iter::repeat_n(' ', wide.saturating_sub(width(cell)) + 2));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// Without what could steer a terminal: much of what is shown was written by strangers.
pub(super) fn plain(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// Columns on a terminal: East Asian wide letters take two.
fn width(text: &str) -> usize {
    let wide = |c: char| {
        matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd)
    };
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

/// An instant for people; `-` for none.
pub(super) fn when(at_ms: i64) -> String {
    if at_ms <= 0 { "-".to_owned() } else { operator::utc_text(at_ms) }
}

/// `yes` or `no`.
pub(super) fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// The known word that is nearest to one that is not known.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 4.min(candidate.len() / 2))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_is_in_them() {
        let rows =
            [vec!["第二公司".to_owned(), "1".to_owned()], vec!["a\u{1b}[31mb".to_owned(), "22".to_owned()]];
        let text = table(&["NAME", "ID"], &rows);
        assert_eq!(text, "NAME      ID\n第二公司  1\na\u{fffd}[31mb   22\n");
    }

    #[test]
    fn words_far_from_all_known_have_no_nearest() {
        assert_eq!(nearest("langauges", ["languages", "node"]), Some("languages"));
        assert_eq!(nearest("zzzz", ["languages", "node"]), None);
    }
}
