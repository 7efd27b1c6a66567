//! Proving the books: everything that the balances say is worked out again from the lines.
//!
//! Works on a live database: all is read as it stands at one instant. Ids are made before their transfers are recorded,
//! so that in reads of several instants a transfer could turn up behind the page that it belongs to. Lines are read in
//! the order of their transfers, page by page.

use crate::amount::{self, Amount};
use crate::debts::Debts;
use crate::error::Result;
pub use crate::finding::Finding;
use crate::mirror;
use crate::place::{self, Kind, Place, Standing, hash_of};
use crate::transfer::{Head, Posting, Transfer, digest, link, seal};
use custos_store::{Keyring, Store, Tx, params};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Transfers of one page.
const PAGE: i64 = 2_000;

/// How far a place's lines have come.
#[derive(Debug, Clone, Default)]
struct Run {
    sequence: i64,
    head: [u8; 32],
    balance: Amount,
    /// Lines that came before their turn: ids are made before the rows are locked.
    waiting: BTreeMap<i64, Next>,
}

#[derive(Debug, Clone)]
struct Next {
    amount: Amount,
    balance: Amount,
    hash: [u8; 32],
    digest: [u8; 32],
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Transfers.
    pub transfers: u64,
    /// Lines.
    pub lines: u64,
}

/// Proves a company's books; the inner error is the first thing that is wrong. `progress` is told after each page; when
/// the read has to be begun again, it counts from the start.
///
/// # Errors
/// The store's.
pub fn verify(
    store: &Store,
    company_id: i64,
    mut progress: impl FnMut(Seen) + Send + 'static,
) -> Result<std::result::Result<Seen, Finding>> {
    let keys = Arc::clone(&store.parts().keys);
    store.read_blocking(move |tx| {
        tx.one_instant()?;
        prove(tx, &keys, company_id, &mut progress)
    })
}

fn prove(
    tx: &mut Tx<'_>,
    keys: &Keyring,
    company_id: i64,
    progress: &mut impl FnMut(Seen),
) -> Result<std::result::Result<Seen, Finding>> {
    let claims = place::all(tx, company_id)?.into_iter().map(|claim| (claim.place, claim)).collect();
    let (debts, seen) = (Debts::default(), Seen::default());
    let mut books = Books { claims, runs: HashMap::new(), debts, seen };
    let mut after = 0;
    loop {
        let page = page(tx, company_id, after)?;
        let Some(until) = page.until() else { break };
        if let Err(finding) = books.look(keys, page) {
            return Ok(Err(finding));
        }
        progress(books.seen);
        after = until;
    }
    if let Err(finding) = books.reached() {
        return Ok(Err(finding));
    }
    if let Some(place) = other_asset(tx, company_id)? {
        return Ok(Err(Finding::Differs { place }));
    }
    if let Some(transfer_id) = mirror::first_wrong(tx, company_id)? {
        return Ok(Err(Finding::Reversal { transfer_id }));
    }
    if let Err(finding) = held(tx, company_id)? {
        return Ok(Err(finding));
    }
    Ok(books.debts.reached(tx, company_id)?.map(|()| books.seen))
}

/// A proof under way.
struct Books {
    /// What each place said when the proof began.
    claims: HashMap<Place, Standing>,
    runs: HashMap<Place, Run>,
    debts: Debts,
    seen: Seen,
}

pub(crate) struct Header {
    pub(crate) head: Head,
    pub(crate) business_type: i64,
    pub(crate) reason: String,
    pub(crate) actor: String,
    pub(crate) reverses: i64,
}

/// Some transfers, and all lines up to the last of them.
pub(crate) struct Page {
    pub(crate) transfers: Vec<Header>,
    pub(crate) lines: Vec<Line>,
}

impl Page {
    /// The last transfer that it tells of; `None` for an empty page.
    pub(crate) fn until(&self) -> Option<i64> {
        let last = self.transfers.last().map(|header| header.head.id);
        last.or_else(|| self.lines.last().map(|line| line.transfer_id))
    }
}

pub(crate) struct Line {
    pub(crate) transfer_id: i64,
    sequence: i64,
    balance: Amount,
    hash: [u8; 32],
    recorded_at: i64,
    effective_at: i64,
    pub(crate) posting: Posting,
}

pub(crate) fn page(tx: &mut Tx<'_>, company_id: i64, after: i64) -> Result<Page> {
    let transfers = tx.query(
        "SELECT id, business_type, reason, actor, reverses, recorded_at, effective_at FROM ledger_transfers \
         WHERE company_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        params![company_id, after, PAGE],
        |row| {
            Ok(Header {
                head: Head {
                    company_id,
                    id: row.get(0)?,
                    recorded_at: row.get(5)?,
                    effective_at: row.get(6)?,
                },
                business_type: row.get(1)?,
                reason: row.get(2)?,
                actor: row.get(3)?,
                reverses: row.get(4)?,
            })
        },
    )?;
    // After the last transfer nothing may be left: lines that are there name none.
    let until = transfers.last().map_or(i64::MAX, |last| last.head.id);
    let lines = tx.query(
        "SELECT owner_id, account_id, kind, stripe, sequence, transfer_id, asset_id, business_type1, amount, balance, \
         hash, recorded_at, effective_at FROM ledger_entries WHERE company_id = $1 AND transfer_id > $2 AND transfer_id <= $3 \
         ORDER BY transfer_id, owner_id, account_id, kind, stripe LIMIT $4",
        params![company_id, after, until, PAGE * 64],
        |row| {
            Ok(Line {
                sequence: row.get(4)?,
                transfer_id: row.get(5)?,
                posting: Posting {
                    place: Place::of_row(row)?,
                    asset_id: row.get(6)?,
                    business_type1: row.get(7)?,
                    amount: amount::read(row, 8)?,
                },
                balance: amount::read(row, 9)?,
                hash: hash_of(row.get(10)?)?,
                recorded_at: row.get(11)?,
                effective_at: row.get(12)?,
            })
        },
    )?;
    Ok(Page { transfers, lines })
}

impl Books {
    fn look(&mut self, keys: &Keyring, page: Page) -> std::result::Result<(), Finding> {
        let mut lines = page.lines.into_iter().peekable();
        for header in &page.transfers {
            let id = header.head.id;
            let mut own = Vec::new();
            while let Some(line) = lines.next_if(|line| line.transfer_id <= id) {
                if line.transfer_id != id {
                    return Err(Finding::Orphaned { transfer_id: line.transfer_id });
                }
                own.push(line);
            }
            self.transfer(keys, header, own)?;
        }
        match lines.next() {
            Some(line) => Err(Finding::Orphaned { transfer_id: line.transfer_id }),
            None => Ok(()),
        }
    }

    fn transfer(
        &mut self,
        keys: &Keyring,
        header: &Header,
        lines: Vec<Line>,
    ) -> std::result::Result<(), Finding> {
        let transfer_id = header.head.id;
        self.seen.transfers += 1;
        if lines.is_empty() {
            return Err(Finding::Empty { transfer_id });
        }
        let mut sums: BTreeMap<i64, Amount> = BTreeMap::new();
        for line in &lines {
            let asset_id = line.posting.asset_id;
            let sum = sums.entry(asset_id).or_default();
            // Sums that go round by 2^128 are no zero.
            *sum =
                sum.plus(line.posting.amount).map_err(|_| Finding::Unbalanced { transfer_id, asset_id })?;
        }
        if let Some((asset_id, _)) = sums.iter().find(|(_, sum)| !sum.is_zero()) {
            return Err(Finding::Unbalanced { transfer_id, asset_id: *asset_id });
        }
        let postings: Vec<Posting> = lines.iter().map(|line| line.posting).collect();
        self.debts.look((transfer_id, header.business_type, header.reverses != 0), &postings)?;
        let transfer = Transfer {
            business_type: header.business_type,
            reason: &header.reason,
            actor: &header.actor,
            effective_at: None,
            reverses: Some(header.reverses).filter(|reverses| *reverses != 0),
            postings: &postings,
        };
        let digest = digest(keys, &header.head, &transfer, &postings);
        for line in lines {
            self.seen.lines += 1;
            let (place, dates) = (line.posting.place, (line.recorded_at, line.effective_at));
            if dates != (header.head.recorded_at, header.head.effective_at) {
                return Err(Finding::Broken { place, sequence: line.sequence });
            }
            if self.claims.get(&place).is_none_or(|claim| claim.asset_id != line.posting.asset_id) {
                return Err(Finding::Differs { place });
            }
            let next = Next { amount: line.posting.amount, balance: line.balance, hash: line.hash, digest };
            self.line(keys, place, line.sequence, next)?;
        }
        Ok(())
    }

    fn line(
        &mut self,
        keys: &Keyring,
        place: Place,
        sequence: i64,
        next: Next,
    ) -> std::result::Result<(), Finding> {
        let run = self.runs.entry(place).or_default();
        if sequence <= run.sequence || run.waiting.insert(sequence, next).is_some() {
            return Err(Finding::Broken { place, sequence });
        }
        while let Some(next) = run.waiting.remove(&(run.sequence + 1)) {
            let sequence = run.sequence + 1;
            let sum = run.balance.plus(next.amount).ok();
            if sum != Some(next.balance)
                || link(keys, &run.head, sequence, next.balance, &next.digest) != next.hash
            {
                return Err(Finding::Broken { place, sequence });
            }
            (run.sequence, run.head, run.balance) = (sequence, seal(keys, &next.hash), next.balance);
        }
        Ok(())
    }

    /// After the last page, every place must say what its lines have come to.
    fn reached(&self) -> std::result::Result<(), Finding> {
        let mut places: Vec<Place> = self.claims.keys().chain(self.runs.keys()).copied().collect();
        places.sort_unstable();
        places.dedup();
        let nothing = Run::default();
        for place in places {
            let run = self.runs.get(&place).unwrap_or(&nothing);
            let claim = self.claims.get(&place).ok_or(Finding::Differs { place })?;
            if !run.waiting.is_empty() || run.sequence < claim.sequence {
                return Err(Finding::Missing { place, sequence: run.sequence + 1 });
            }
            if (claim.sequence, claim.head, claim.balance) != (run.sequence, run.head, run.balance) {
                return Err(Finding::Differs { place });
            }
            let below = claim.floor.is_some_and(|floor| claim.balance < floor);
            let above = claim.ceiling.is_some_and(|ceiling| claim.balance > ceiling);
            let owed = matches!(place.kind, Kind::Principal | Kind::Interest) && claim.balance.is_positive();
            // What is held is not free, and nobody holds less than nothing.
            let free = claim.balance.minus(claim.held).is_ok_and(|free| !free.is_negative());
            let own = place.kind == Kind::Own && !free;
            if below || above || owed || own || claim.held.is_negative() {
                return Err(Finding::OutOfBounds { place });
            }
        }
        Ok(())
    }
}

/// The first place of a customer in another asset than the account that it is part of.
fn other_asset(tx: &mut Tx<'_>, company_id: i64) -> Result<Option<Place>> {
    Ok(tx.query_opt(
        "SELECT l.owner_id, l.id, l.kind, l.stripe FROM ledger_accounts l JOIN accounts a \
         ON a.company_id = l.company_id AND a.customer_id = l.owner_id AND a.id = l.id \
         WHERE l.company_id = $1 AND a.asset_id <> l.asset_id ORDER BY l.owner_id, l.id, l.kind LIMIT 1",
        params![company_id],
        Place::of_row,
    )?)
}

/// What is held against the open holds, in one read: one statement sees one instant on either engine.
fn held(tx: &mut Tx<'_>, company_id: i64) -> Result<std::result::Result<(), Finding>> {
    let zero = Amount::ZERO.to_bytes();
    let rows = tx.query(
        "SELECT a.owner_id, a.id, a.held, h.amount FROM ledger_accounts a LEFT JOIN ledger_holds h \
         ON h.company_id = a.company_id AND h.owner_id = a.owner_id AND h.account_id = a.id AND h.state = 1 \
         WHERE a.company_id = $1 AND a.kind = 1 AND (a.held <> $2 OR h.amount IS NOT NULL)",
        params![company_id, &zero],
        |row| {
            let place = Place::of_customer(row.get(0)?, row.get(1)?, Kind::Own);
            let held = amount::read(row, 2)?;
            let one = amount::read_opt(row, 3)?;
            Ok((place, held, one.unwrap_or_default()))
        },
    )?;
    let mut sums: BTreeMap<Place, (Amount, Amount)> = BTreeMap::new();
    for (place, held, one) in rows {
        let sum = sums.entry(place).or_insert((held, Amount::ZERO));
        match sum.1.plus(one) {
            Ok(more) if !one.is_negative() => sum.1 = more,
            _ => return Ok(Err(Finding::Held { place })),
        }
    }
    let wrong = sums.into_iter().find(|(_, (held, sum))| held != sum);
    Ok(wrong.map_or(Ok(()), |(place, _)| Err(Finding::Held { place })))
}
