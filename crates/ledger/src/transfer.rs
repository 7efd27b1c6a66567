//! Transfers: how money moves, and the only way it does.

use crate::amount::Amount;
use crate::error::{Code, Error, Result};
use crate::interest;
use crate::place::{self, Place, Standing};
use custos_store::{Error as StoreError, Keyring, Tx, events, params};
use serde_json::json;
use std::collections::BTreeMap;

/// One line of a transfer: an amount that comes to a place (above zero) or leaves it (below).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Where.
    pub place: Place,
    /// In which asset.
    pub asset_id: i64,
    /// How much.
    pub amount: Amount,
    /// `businessType1` of this line; 0 for none.
    pub business_type1: i64,
}

/// A set of postings that happen together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// `businessType`.
    pub business_type: i64,
    /// Why, for people.
    pub reason: &'a str,
    /// Who: `customer`, `operator:NAME`, `system`.
    pub actor: &'a str,
    /// When it takes effect; now for `None`.
    pub effective_at: Option<i64>,
    /// The transfer that this one undoes.
    pub reverses: Option<i64>,
    /// The lines.
    pub postings: &'a [Posting],
}

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where.
    pub place: Place,
    /// The balance after it.
    pub balance: Amount,
    /// What of it is set aside.
    pub held: Amount,
}

/// A transfer that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Its id.
    pub id: i64,
    /// Its lines, in the order of their places.
    pub lines: Vec<Line>,
}

impl Posted {
    /// The balance of a place after it.
    #[must_use]
    pub fn balance(&self, place: Place) -> Option<Amount> {
        self.line(place).map(|line| line.balance)
    }

    /// What is free in a place after it.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn available(&self, place: Place) -> Result<Amount> {
        self.line(place).map_or(Ok(Amount::ZERO), |line| line.balance.minus(line.held))
    }

    fn line(&self, place: Place) -> Option<&Line> {
        self.lines.iter().find(|line| line.place == place)
    }
}

/// Lines are few; more is a mistake of the caller.
const MOST_LINES: usize = 64;

/// Records a transfer: locks its places in their order, checks floors, ceilings and freezes, moves the balances, and
/// writes the lines. For each asset the lines sum to zero.
///
/// # Errors
/// `FUND_0000001` when less is free than leaves, `0003`, `0005`, `0006`; else the store's.
pub fn post(tx: &mut Tx<'_>, company_id: i64, transfer: &Transfer<'_>) -> Result<Posted> {
    let postings = merged(transfer.postings)?;
    let (id, now) = (tx.new_id(), tx.now());
    let wanted: Vec<(Place, i64)> =
        postings.iter().map(|posting| (posting.place, posting.asset_id)).collect();
    let mut recorded_at = now;
    let mut moved = Vec::with_capacity(postings.len());
    for (posting, standing) in postings.iter().zip(place::lock_all(tx, company_id, &wanted)?) {
        if standing.asset_id != posting.asset_id {
            return Err(other_asset());
        }
        let balance = standing.after(posting.amount, now)?;
        // Within a place time never goes back, whatever several servers' clocks say.
        recorded_at = recorded_at.max(standing.last_at);
        moved.push((standing, balance));
    }
    let effective_at = transfer.effective_at.unwrap_or(recorded_at);
    let head = Head { company_id, id, recorded_at, effective_at };
    tx.send(
        "INSERT INTO ledger_transfers (company_id, id, business_type, reason, actor, reverses, recorded_at, effective_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            company_id,
            id,
            transfer.business_type,
            transfer.reason,
            transfer.actor,
            transfer.reverses.unwrap_or(0),
            recorded_at,
            effective_at
        ],
    )?;
    let digest = digest(tx.keys(), &head, transfer, &postings);
    let mut lines = Vec::with_capacity(postings.len());
    let mut entries = Vec::with_capacity(postings.len());
    for (posting, (standing, balance)) in postings.iter().zip(moved) {
        entries.push(move_balance(tx, &head, posting, &standing, balance, &digest)?);
        lines.push(Line { place: posting.place, balance, held: standing.held });
    }
    write_entries(tx, &head, &entries)?;
    tell(tx, &head, transfer, &postings)?;
    Ok(Posted { id, lines })
}

/// Tells other systems of a transfer of a customer's, but for the interest of each hour: that would be most of all that
/// there is to tell.
fn tell(tx: &mut Tx<'_>, head: &Head, transfer: &Transfer<'_>, postings: &[Posting]) -> Result<()> {
    let mut customers: Vec<i64> = postings.iter().map(|posting| posting.place.owner_id).collect();
    customers.retain(|id| *id != 0);
    customers.dedup();
    let Some(first) = customers.first().copied() else { return Ok(()) };
    if transfer.business_type == interest::BUSINESS_TYPE {
        return Ok(());
    }
    let data = json!({
        "transferId": head.id,
        "businessType": transfer.business_type,
        "reverses": transfer.reverses,
        "customerIds": customers,
    });
    Ok(events::emit(tx, head.company_id, "transfer.posted", first, data)?)
}

/// A place holds one asset; a posting in another is a mistake of the program.
pub(crate) fn other_asset() -> Error {
    StoreError::Internal("a posting in another asset than its place's".to_owned()).into()
}

/// What all lines of a transfer share.
pub(crate) struct Head {
    pub(crate) company_id: i64,
    pub(crate) id: i64,
    pub(crate) recorded_at: i64,
    pub(crate) effective_at: i64,
}

/// The lines by place, those of one place made one, none of them nothing; they must sum to zero by asset.
fn merged(postings: &[Posting]) -> Result<Vec<Posting>> {
    if postings.len() > MOST_LINES {
        return Err(StoreError::Internal(format!("{} lines in one transfer", postings.len())).into());
    }
    let mut by_place: BTreeMap<Place, Posting> = BTreeMap::new();
    let mut sums: BTreeMap<i64, Amount> = BTreeMap::new();
    for posting in postings {
        // A company's places are numbered by their assets.
        if posting.place.owner_id == 0 && posting.place.id != posting.asset_id {
            return Err(other_asset());
        }
        let sum = sums.entry(posting.asset_id).or_default();
        *sum = sum.plus(posting.amount)?;
        match by_place.get_mut(&posting.place) {
            Some(known) if known.asset_id != posting.asset_id => return Err(other_asset()),
            Some(known) => known.amount = known.amount.plus(posting.amount)?,
            None => {
                by_place.insert(posting.place, *posting);
            }
        }
    }
    if let Some((asset_id, sum)) = sums.iter().find(|(_, sum)| !sum.is_zero()) {
        return Err(
            StoreError::Internal(format!("a transfer leaves {sum:?} of asset {asset_id} over")).into()
        );
    }
    let postings: Vec<Posting> = by_place.into_values().filter(|posting| !posting.amount.is_zero()).collect();
    if postings.is_empty() {
        return Err(Code::BadField.with(&["amount"]));
    }
    Ok(postings)
}

/// A keyed hash over all that a transfer says, which each of its lines binds into its account's chain.
pub(crate) fn digest(keys: &Keyring, head: &Head, transfer: &Transfer<'_>, postings: &[Posting]) -> [u8; 32] {
    let numbers = [
        head.company_id,
        head.id,
        head.recorded_at,
        head.effective_at,
        transfer.business_type,
        transfer.reverses.unwrap_or(0),
    ]
    .map(i64::to_be_bytes);
    let lines: Vec<[u8; 64]> = postings.iter().map(bytes_of).collect();
    let mut parts: Vec<&[u8]> = numbers.iter().map(<[u8; 8]>::as_slice).collect();
    parts.extend([transfer.reason.as_bytes(), transfer.actor.as_bytes()]);
    parts.extend(lines.iter().map(<[u8; 64]>::as_slice));
    keys.keyed_hash("ledger transfer", &parts)
}

/// A line in 64 bytes.
fn bytes_of(posting: &Posting) -> [u8; 64] {
    let place = posting.place;
    let numbers = [
        place.owner_id,
        place.id,
        place.kind.number(),
        place.stripe,
        posting.asset_id,
        posting.business_type1,
    ];
    let mut bytes = [0; 64];
    let all = numbers.iter().flat_map(|number| number.to_be_bytes()).chain(posting.amount.to_bytes());
    for (slot, byte) in bytes.iter_mut().zip(all) {
        *slot = byte;
    }
    bytes
}

/// The hash of an account's next line.
pub(crate) fn link(
    keys: &Keyring,
    before: &[u8; 32],
    sequence: i64,
    balance: Amount,
    digest: &[u8; 32],
) -> [u8; 32] {
    keys.keyed_hash("ledger entry", &[before, &sequence.to_be_bytes(), &balance.to_bytes(), digest])
}

/// What a place keeps of its last line. It can't be made without the key, so that whoever removes the last lines can't
/// put the place back to the one before.
pub(crate) fn seal(keys: &Keyring, hash: &[u8; 32]) -> [u8; 32] {
    keys.keyed_hash("ledger head", &[hash])
}

/// Moves a place's balance; what is to be written about it comes back.
fn move_balance(
    tx: &mut Tx<'_>,
    head: &Head,
    posting: &Posting,
    standing: &Standing,
    balance: Amount,
    digest: &[u8; 32],
) -> Result<Entry> {
    let (place, sequence) = (posting.place, standing.sequence + 1);
    let hash = link(tx.keys(), &standing.head, sequence, balance, digest);
    let first = |known: i64, happens: bool| if known == 0 && happens { head.recorded_at } else { known };
    let first_in = first(standing.first_in_at, posting.amount.is_positive());
    let first_out = first(standing.first_out_at, posting.amount.is_negative());
    tx.send(
        "UPDATE ledger_accounts SET balance = $6, sequence = $7, head = $8, first_in_at = $9, first_out_at = $10, \
         last_at = $11 \
         WHERE company_id = $1 AND owner_id = $2 AND id = $3 AND kind = $4 AND stripe = $5",
        params![
            head.company_id,
            place.owner_id,
            place.id,
            place.kind.number(),
            place.stripe,
            &balance.to_bytes(),
            sequence,
            &seal(tx.keys(), &hash),
            first_in,
            first_out,
            head.recorded_at
        ],
    )?;
    if place.owner_id != 0 {
        tx.touch_view(place.owner_id);
    }
    Ok(Entry { posting: *posting, sequence, balance: balance.to_bytes(), hash })
}

/// A line as it is kept.
struct Entry {
    posting: Posting,
    sequence: i64,
    balance: [u8; 16],
    hash: [u8; 32],
}

/// Writes the lines, two at a time: most transfers have two, and each statement costs a database server about as much as a
/// row does.
fn write_entries(tx: &mut Tx<'_>, head: &Head, entries: &[Entry]) -> Result<()> {
    macro_rules! insert {
        ($($more:literal)?) => {
            concat!(
                "INSERT INTO ledger_entries (company_id, transfer_id, recorded_at, effective_at, owner_id, account_id, kind, \
                 stripe, sequence, asset_id, business_type1, amount, balance, hash) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                $($more)?
            )
        };
    }
    const ONE: &str = insert!();
    const TWO: &str = insert!(", ($1, $2, $3, $4, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)");
    for entries in entries.chunks(2) {
        let bytes: Vec<[u8; 16]> = entries.iter().map(|entry| entry.posting.amount.to_bytes()).collect();
        let mut values = params![head.company_id, head.id, head.recorded_at, head.effective_at].to_vec();
        for (entry, amount) in entries.iter().zip(&bytes) {
            let place = entry.posting.place;
            values.extend_from_slice(params![
                place.owner_id,
                place.id,
                place.kind.number(),
                place.stripe,
                entry.sequence,
                entry.posting.asset_id,
                entry.posting.business_type1,
                amount,
                &entry.balance,
                &entry.hash
            ]);
        }
        tx.send(if entries.len() == 2 { TWO } else { ONE }, &values)?;
    }
    Ok(())
}
