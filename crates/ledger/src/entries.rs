//! Looking at what was recorded: lines of a transfer, statements, balances of the past.

use crate::amount::{self, Amount};
use crate::error::{Code, Result};
use crate::place::Place;
use custos_store::{Row, Tx, params};

/// One line as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub place: Place,
    /// Its number within the place, from 1.
    pub sequence: i64,
    /// The transfer that it is part of.
    pub transfer_id: i64,
    /// In which asset.
    pub asset_id: i64,
    /// `businessType` of the transfer.
    pub business_type: i64,
    /// `businessType1` of the line.
    pub business_type1: i64,
    /// How much came, or went.
    pub amount: Amount,
    /// The balance after it.
    pub balance: Amount,
    /// When it was recorded.
    pub recorded_at: i64,
    /// When it takes effect.
    pub effective_at: i64,
    /// Why.
    pub reason: String,
}

macro_rules! select {
    () => {
        "SELECT e.owner_id, e.account_id, e.kind, e.stripe, e.sequence, e.transfer_id, e.asset_id, t.business_type, \
         e.business_type1, e.amount, e.balance, e.recorded_at, e.effective_at, t.reason FROM ledger_entries e \
         JOIN ledger_transfers t ON t.company_id = e.company_id AND t.id = e.transfer_id "
    };
}

fn entry_of(row: &Row<'_>) -> custos_store::Result<Entry> {
    Ok(Entry {
        place: Place::of_row(row)?,
        sequence: row.get(4)?,
        transfer_id: row.get(5)?,
        asset_id: row.get(6)?,
        business_type: row.get(7)?,
        business_type1: row.get(8)?,
        amount: amount::read(row, 9)?,
        balance: amount::read(row, 10)?,
        recorded_at: row.get(11)?,
        effective_at: row.get(12)?,
        reason: row.get(13)?,
    })
}

/// The lines of a transfer, in the order of their places.
///
/// # Errors
/// The store's.
pub fn of_transfer(tx: &mut Tx<'_>, company_id: i64, transfer_id: i64) -> Result<Vec<Entry>> {
    Ok(tx.query(
        concat!(
            select!(),
            "WHERE e.company_id = $1 AND e.transfer_id = $2 ORDER BY e.owner_id, e.account_id, e.kind, e.stripe"
        ),
        params![company_id, transfer_id],
        entry_of,
    )?)
}

/// Decimals of the asset that a transfer moves.
///
/// # Errors
/// `CUSTOMER_API_0000003` for no such transfer; else the store's.
pub fn digits_of(tx: &mut Tx<'_>, company_id: i64, transfer_id: i64) -> Result<u32> {
    let digits: Option<i64> = tx.query_opt(
        "SELECT a.digits FROM ledger_entries e JOIN assets a ON a.company_id = e.company_id AND a.id = e.asset_id \
         WHERE e.company_id = $1 AND e.transfer_id = $2",
        params![company_id, transfer_id],
        |row| row.get(0),
    )?;
    digits.and_then(|digits| u32::try_from(digits).ok()).ok_or_else(|| Code::NotFound.refuse())
}

/// A page of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// What to ask for next; `None` at the end. Opaque; new entries do not shift the pages after it.
    pub cursor: Option<String>,
}

/// The most lines of a page.
pub const MOST_LINES: i64 = 1000;

/// A statement of a place, newest first, page by page.
///
/// # Errors
/// `GATEWAY_CODE_104` for a cursor that is none; else the store's.
pub fn statement(
    tx: &mut Tx<'_>,
    company_id: i64,
    place: Place,
    cursor: Option<&str>,
    size: i64,
) -> Result<Page> {
    let size = size.clamp(1, MOST_LINES);
    let before = match cursor {
        None => i64::MAX,
        Some(text) => text.parse().map_err(|_| Code::BadField.with(&["cursor"]))?,
    };
    let entries = tx.query(
        concat!(
            select!(),
            "WHERE e.company_id = $1 AND e.owner_id = $2 AND e.account_id = $3 AND e.kind = $4 AND e.stripe = $5 \
             AND e.sequence < $6 ORDER BY e.sequence DESC LIMIT $7"
        ),
        params![company_id, place.owner_id, place.id, place.kind.number(), place.stripe, before, size],
        entry_of,
    )?;
    let cursor = entries.last().map(|entry| entry.sequence).filter(|sequence| *sequence > 1);
    Ok(Page { entries, cursor: cursor.map(|sequence| sequence.to_string()) })
}

/// The balance of a place as of an instant, by what took effect until then.
///
/// # Errors
/// The store's.
pub fn balance_at(tx: &mut Tx<'_>, company_id: i64, place: Place, at: i64) -> Result<Amount> {
    // The last line recorded until then tells it, but for those whose effect is dated apart from their record.
    let last: Option<Vec<u8>> = tx.query_opt(
        "SELECT balance FROM ledger_entries WHERE company_id = $1 AND owner_id = $2 AND account_id = $3 AND kind = $4 \
         AND stripe = $5 AND recorded_at <= $6 ORDER BY sequence DESC LIMIT 1",
        params![company_id, place.owner_id, place.id, place.kind.number(), place.stripe, at],
        |row| row.get(0),
    )?;
    let mut balance = last.map_or(Ok(Amount::ZERO), |bytes| Amount::from_bytes(&bytes))?;
    let dated = tx.query(
        "SELECT amount, recorded_at FROM ledger_entries WHERE company_id = $1 AND owner_id = $2 AND account_id = $3 \
         AND kind = $4 AND stripe = $5 AND recorded_at <> effective_at \
         AND ((recorded_at > $6 AND effective_at <= $6) OR (recorded_at <= $6 AND effective_at > $6))",
        params![company_id, place.owner_id, place.id, place.kind.number(), place.stripe, at],
        |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<i64>(1)?)),
    )?;
    for (bytes, recorded_at) in dated {
        let amount = Amount::from_bytes(&bytes)?;
        balance = if recorded_at > at { balance.plus(amount)? } else { balance.minus(amount)? };
    }
    Ok(balance)
}
