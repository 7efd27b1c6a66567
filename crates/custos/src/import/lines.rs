//! The file, row by row.

use super::Failure;
use custos_customers::import::{self, Checks, Row};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

pub(super) fn unreadable(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Said(format!("{}: {error}", file.display()))
}

/// A row of the file as it stands there.
pub(super) struct Line {
    pub(super) number: u64,
    cells: csv::StringRecord,
}

/// The rows of the file, and its columns.
pub(super) struct Lines {
    path: PathBuf,
    reader: csv::Reader<File>,
    places: BTreeMap<&'static str, usize>,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let heads = reader.headers().map_err(|error| unreadable(path, &error))?.clone();
        let mut places = BTreeMap::new();
        for (place, head) in heads.iter().enumerate() {
            let head = head.trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
            let known = import::COLUMNS.iter().find(|(name, _)| *name == head).map(|(name, _)| *name);
            let names = || import::COLUMNS.map(|(name, _)| name).join(", ");
            let name = known.ok_or_else(|| {
                Failure::Said(format!("no column is called {head:?}; there are {}", names()))
            })?;
            if places.insert(name, place).is_some() {
                return Err(Failure::Said(format!("two columns are called {name}")));
            }
        }
        Ok(Self { path: path.to_owned(), reader, places })
    }

    pub(super) fn next(&mut self) -> Result<Option<Line>, Failure> {
        let mut cells = csv::StringRecord::new();
        match self.reader.read_record(&mut cells) {
            Ok(true) => {
                let number = cells.position().map_or(0, csv::Position::line);
                Ok(Some(Line { number, cells }))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(unreadable(&self.path, &error)),
        }
    }

    /// Holds a row against the checks.
    pub(super) fn row(&self, checks: &Checks<'_>, line: &Line) -> Result<Row, String> {
        // Every column of the first line has a place.
        if line.cells.len() != self.places.len() {
            return Err(format!("{} cells, where the first line has others", line.cells.len()));
        }
        checks.row(|name| {
            let cell = self.places.get(name).and_then(|place| line.cells.get(*place));
            cell.unwrap_or("").to_owned()
        })
    }
}

/// What rows of one file may not share, in a few bytes each.
#[derive(Default)]
pub(super) struct Seen(HashSet<[u8; 16]>);

impl Seen {
    /// `false` when it was there already.
    fn add(&mut self, what: &str, text: &str) -> bool {
        let hash: [u8; 32] =
            Sha256::new_with_prefix(what).chain_update([0]).chain_update(text).finalize().into();
        hash.first_chunk::<16>().is_none_or(|short| self.0.insert(*short))
    }

    pub(super) fn complaint(&mut self, row: &Row) -> Option<&'static str> {
        let email = row.email.as_ref().is_none_or(|email| self.add("email", email.as_str()));
        let phone = row.phone.as_ref().is_none_or(|phone| self.add("phone", &import::spelt(phone)));
        let number = row.number.as_ref().is_none_or(|number| self.add("number", number));
        match (email, phone, number) {
            (false, _, _) => Some("email: on an earlier line too"),
            (_, false, _) => Some("phone: on an earlier line too"),
            (_, _, false) => Some("number: on an earlier line too"),
            _ => None,
        }
    }
}
