//! Taking customers over from another system: the file is read three times, so that it may be larger than the memory.
//!
//! Once for its fingerprint, by which a run that was killed goes on; once to check every row, before any is written; once to
//! write them, some hundreds in a transaction.

mod lines;

use self::lines::{Lines, Seen, unreadable};
use custos_customers::company::{self, Company, Group};
use custos_customers::hashing::{HashError, Hasher, SALT_LEN};
use custos_customers::import::{self, Checks, Journal, LOOKED_UP, Over, Piece, Ready, Row, Secret, Why};
use custos_ledger::accounts;
use custos_operations::error::Error;
use custos_store::Store;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Rows of one transaction.
const PIECE: usize = 500;
/// Hashes that wait at once, at most: two of each row.
pub const MOST_HASHES: usize = 2 * PIECE;

/// What is to be taken over.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The file, with a first line that names its columns.
    pub file: PathBuf,
    /// For which company.
    pub company_id: i64,
    /// What hashes were made over.
    pub over: Over,
    /// Write the good rows though there are bad ones.
    pub skips_refused: bool,
    /// Only check.
    pub only_checks: bool,
    /// Who.
    pub actor: String,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows of the file.
    pub rows: i64,
    /// Customers added by this run.
    pub added: i64,
    /// Rows that earlier runs were done with.
    pub done_before: i64,
    /// Login passwords by what becomes of them.
    pub passwords: Passwords,
    /// Lines that were refused, and why.
    pub refused: BTreeMap<u64, String>,
}

/// Login passwords of rows that are not refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passwords {
    /// They work as they are.
    pub kept: i64,
    /// There was none.
    pub absent: i64,
    /// One that everybody guesses: its owner starts by a reset.
    pub common: i64,
    /// A hash that can't be checked: its owner starts by a reset.
    pub uncheckable: i64,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// In words for the operator.
    #[error("{0}")]
    Said(String),
    /// Rows are refused, and nothing was written.
    #[error("some rows are refused")]
    Refused(Box<Report>),
    /// A rule's, or the store's.
    #[error("{}", .0.code())]
    Rule(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}

impl From<HashError> for Failure {
    fn from(error: HashError) -> Self {
        Self::Rule(error.into())
    }
}

/// What the run is at: told now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Checking rows.
    Checking,
    /// Writing rows.
    Writing,
}

/// Someone who is shown how far it has come: rows done, and rows in all (0 for not known yet).
pub type Watcher<'a> = &'a mut dyn FnMut(Stage, i64, i64);

/// Checks the whole file, and writes it if all of it is good.
///
/// # Errors
/// The file can't be read or was taken over already; rows are refused; else the store's.
pub fn run(store: &Store, hasher: &Hasher, wish: &Wish, watch: Watcher<'_>) -> Result<Report, Failure> {
    let company_id = wish.company_id;
    let (company, groups) = store.read_blocking(move |tx| {
        let company = company::find(tx, company_id)?;
        Ok::<_, Error>((company, company::groups(tx, company_id)?))
    })?;
    let company = company.ok_or_else(|| Failure::Said(format!("there is no company {company_id}")))?;
    let fingerprint = fingerprint(wish)?;
    let known =
        store.read_blocking(move |tx| Ok::<_, Error>(import::journal(tx, company_id, &fingerprint)?))?;
    if known.is_some_and(|journal| journal.finished) {
        return Err(Failure::Said("this file was taken over already, to its end".to_owned()));
    }
    let run = Run {
        store,
        hasher,
        wish,
        company: &company,
        groups: &groups,
        fingerprint,
        done: known.map_or(0, |Journal { done, .. }| done),
    };
    let mut report = run.check(watch)?;
    if wish.only_checks {
        return Ok(report);
    }
    if !report.refused.is_empty() && !wish.skips_refused {
        return Err(Failure::Refused(Box::new(report)));
    }
    run.write(&mut report, watch)?;
    Ok(report)
}

struct Run<'a> {
    store: &'a Store,
    hasher: &'a Hasher,
    wish: &'a Wish,
    company: &'a Company,
    groups: &'a [Group],
    fingerprint: [u8; 32],
    /// Rows that earlier runs were done with.
    done: i64,
}

/// Of the file, and of how it is read: another way would make other customers of it.
fn fingerprint(wish: &Wish) -> Result<[u8; 32], Failure> {
    let mut file = File::open(&wish.file).map_err(|error| unreadable(&wish.file, &error))?;
    let how = [u8::from(wish.over == Over::Plain), u8::from(wish.skips_refused)];
    let (mut hash, mut buffer) = (Sha256::new_with_prefix(how), vec![0; 1 << 16]);
    loop {
        let count = file.read(&mut buffer).map_err(|error| unreadable(&wish.file, &error))?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
    }
    Ok(hash.finalize().into())
}

impl Run<'_> {
    fn checks(&self) -> Checks<'_> {
        Checks { company: self.company, groups: self.groups, over: self.wish.over }
    }

    fn check(&self, watch: Watcher<'_>) -> Result<Report, Failure> {
        let (checks, mut lines) = (self.checks(), Lines::open(&self.wish.file)?);
        let mut report = Report { done_before: self.done, ..Report::default() };
        let (mut seen, mut waiting) = (Seen::default(), Vec::with_capacity(LOOKED_UP));
        while let Some(line) = lines.next()? {
            let is_new = report.rows >= self.done;
            report.rows += 1;
            match lines.row(&checks, &line) {
                Err(words) => {
                    report.refused.insert(line.number, words);
                }
                Ok(row) => {
                    if let Some(words) = seen.complaint(&row) {
                        report.refused.insert(line.number, words.to_owned());
                        continue;
                    }
                    report.passwords.count(&row.login);
                    // Those who are there already are not in their own way.
                    if is_new {
                        waiting.push((line.number, row));
                    }
                }
            }
            if waiting.len() == LOOKED_UP {
                self.look_up(&mut waiting, &mut report)?;
                watch(Stage::Checking, report.rows, 0);
            }
        }
        self.look_up(&mut waiting, &mut report)?;
        watch(Stage::Checking, report.rows, report.rows);
        Ok(report)
    }

    fn look_up(&self, waiting: &mut Vec<(u64, Row)>, report: &mut Report) -> Result<(), Failure> {
        let company_id = self.company.id;
        let rows = std::mem::take(waiting);
        let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
        let taken = self.store.read_blocking(move |tx| {
            let rows: Vec<&Row> = rows.iter().map(|(_, row)| row).collect();
            Ok::<_, Error>(import::taken(tx, company_id, &rows)?)
        })?;
        for (place, words) in taken {
            if let Some(line) = lines.get(place) {
                report.refused.insert(*line, words.to_owned());
            }
        }
        Ok(())
    }

    fn write(&self, report: &mut Report, watch: Watcher<'_>) -> Result<(), Failure> {
        let (company_id, fingerprint, total) = (self.company.id, self.fingerprint, report.rows);
        let actor = self.wish.actor.clone();
        let newest = self.store.write_blocking(move |tx| {
            import::begin(tx, company_id, (&fingerprint, total), &actor)?;
            Ok::<_, Error>(import::newest(tx, company_id)?)
        })?;
        // One that was killed has not waited for the clock.
        self.wait_for(newest);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| Failure::Said(error.to_string()))?;
        let (checks, mut lines) = (self.checks(), Lines::open(&self.wish.file)?);
        let (mut index, mut from, mut piece) = (0, self.done, Vec::with_capacity(PIECE));
        let mut numbers = BTreeMap::new();
        loop {
            let line = lines.next()?;
            let is_last = line.is_none();
            if let Some(line) = line {
                if index >= self.done && !report.refused.contains_key(&line.number) {
                    let row = lines.row(&checks, &line).map_err(|_| changed(&self.wish.file))?;
                    numbers.insert(index, line.number);
                    piece.push((index, row));
                }
                index += 1;
            }
            let is_full = index - from >= i64::try_from(PIECE).unwrap_or(i64::MAX);
            if is_full || is_last {
                if is_last && index != total {
                    return Err(changed(&self.wish.file));
                }
                let ready = runtime.block_on(self.hashed(std::mem::take(&mut piece)))?;
                let (added, late) = self.write_piece((from, index, is_last), ready)?;
                report.added += added;
                for row in late {
                    let line = numbers.get(&row).copied().unwrap_or(0);
                    report
                        .refused
                        .insert(line, "somebody has taken the address or number meanwhile".to_owned());
                }
                numbers.clear();
                from = index;
                watch(Stage::Writing, index, total);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// With the hashes of their passwords, made by all hashing threads at once.
    async fn hashed(&self, rows: Vec<(i64, Row)>) -> Result<Vec<Ready>, Failure> {
        let mut all = Vec::with_capacity(rows.len());
        for (index, row) in rows {
            let (login, fund) = (self.begins(&row.login)?, self.begins(&row.fund)?);
            all.push((index, row, login, fund));
        }
        let mut ready = Vec::with_capacity(all.len());
        for (index, row, login, fund) in all {
            ready.push(Ready { index, row, login: login.text().await?, fund: fund.text().await? });
        }
        Ok(ready)
    }

    fn begins(&self, secret: &Secret) -> Result<Hashing, Failure> {
        match secret {
            Secret::None(_) => Ok(Hashing::Done(None)),
            Secret::Foreign(foreign) => Ok(Hashing::Done(Some(self.hasher.take_over(foreign)?))),
            Secret::Md5(secret) => {
                let (hasher, secret) = (self.hasher.clone(), secret.clone());
                let mut salt = [0; SALT_LEN];
                self.store.parts().entropy.fill(&mut salt).map_err(Error::from)?;
                Ok(Hashing::UnderWay(tokio::spawn(async move { hasher.hash(secret, salt).await })))
            }
        }
    }

    fn write_piece(
        &self,
        (from, until, is_last): (i64, i64, bool),
        rows: Vec<Ready>,
    ) -> Result<(i64, Vec<i64>), Failure> {
        let (company, groups) = (self.company.clone(), self.groups.to_vec());
        let (fingerprint, actor) = (self.fingerprint, self.wish.actor.clone());
        let (added, late, last_id) = self.store.write_blocking(move |tx| {
            let piece = Piece { fingerprint: &fingerprint, from, until, is_last, actor: &actor };
            let import::Written { added, late } = import::write(tx, &company, piece, &rows)?;
            for group in &groups {
                let members: Vec<i64> =
                    added.iter().filter(|(_, of)| *of == group.id).map(|(id, _)| *id).collect();
                if !members.is_empty() {
                    accounts::open_new(tx, company.id, &members, &custos_operations::terms::accounts(group))?;
                }
            }
            Ok::<_, Error>((i64::try_from(added.len()).unwrap_or(0), late, tx.new_id()))
        })?;
        self.wait_for(last_id);
        Ok((added, late))
    }

    /// A quick run hands out ids of instants that are still to come: no later command shall meet them.
    fn wait_for(&self, id: i64) {
        let ahead = custos_store::instant_of(id).saturating_sub(self.store.now_ms());
        std::thread::sleep(std::time::Duration::from_millis(
            ahead.clamp(-1, 10_000).saturating_add(1).unsigned_abs(),
        ));
    }
}

fn changed(file: &Path) -> Failure {
    Failure::Said(format!("{} has changed while it was read; begin again", file.display()))
}

/// A hash that is there, or being made.
enum Hashing {
    Done(Option<String>),
    UnderWay(tokio::task::JoinHandle<Result<String, HashError>>),
}

impl Hashing {
    async fn text(self) -> Result<Option<String>, Failure> {
        match self {
            Self::Done(text) => Ok(text),
            Self::UnderWay(task) => {
                let made = task.await.map_err(|error| Failure::Said(error.to_string()))?;
                Ok(Some(made?))
            }
        }
    }
}

impl Passwords {
    fn count(&mut self, secret: &Secret) {
        let slot = match secret {
            Secret::Md5(_) | Secret::Foreign(_) => &mut self.kept,
            Secret::None(Why::Absent) => &mut self.absent,
            Secret::None(Why::Common) => &mut self.common,
            Secret::None(Why::Uncheckable) => &mut self.uncheckable,
        };
        *slot += 1;
    }
}
