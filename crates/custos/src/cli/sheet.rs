//! CSV for spreadsheets: no cell of it is a formula.

use super::out::{Done, Failure};
use std::io::{BufWriter, Stdout};

/// A CSV file on its way to standard output.
pub(super) struct Sheet {
    writer: csv::Writer<BufWriter<Stdout>>,
}

impl Sheet {
    /// One with these columns.
    pub(super) fn begin(columns: &[&str]) -> Done<Self> {
        let writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(BufWriter::new(std::io::stdout()));
        let mut sheet = Self { writer };
        sheet.writer.write_record(columns).map_err(told)?;
        Ok(sheet)
    }

    /// Adds a row.
    pub(super) fn row<T: AsRef<str>>(&mut self, cells: &[T]) -> Done {
        self.writer.write_record(cells.iter().map(|cell| harmless(cell.as_ref()))).map_err(told)
    }

    /// Everything is written.
    pub(super) fn end(mut self) -> Done {
        self.writer.flush().map_err(|error| told(error.into()))
    }
}

fn told(error: csv::Error) -> Failure {
    match error.kind() {
        csv::ErrorKind::Io(io) if io.kind() == std::io::ErrorKind::BrokenPipe => Failure::PipeClosed,
        _ => Failure::Said(format!("the result can't be written: {error}")),
    }
}

/// A cell that a spreadsheet would take for a formula begins with an apostrophe; a plain number stays one.
fn harmless(cell: &str) -> String {
    let starts = |text: &str| {
        text.starts_with([
            '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
        ])
    };
    let is_number = cell.strip_prefix('-').is_some_and(|rest| {
        !rest.is_empty()
            && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && rest.bytes().filter(|byte| *byte == b'.').count() <= 1
    });
    // Blanks in front do not keep a spreadsheet from it.
    if !is_number && (starts(cell) || starts(cell.trim_start())) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for bad in [
            "=1+1",
            "+1",
            "-1+1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "  =1",
            "-",
            "-1.2.3",
            "=cmd|' /C calc'!A0",
            "＝1",
        ] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        for good in ["", "a=1", "12.50", "-12.50", "-3", "Ada", "a@x.com", "1-2"] {
            assert_eq!(harmless(good), good);
        }
    }
}
