//! Money that customers move between accounts of one asset.

use crate::accounts::Account;
use crate::amount::{self, Amount};
use crate::cover::{self, Cover};
use crate::error::{Code, Result};
use crate::loans::Debtor;
use crate::locks;
use crate::place::{Kind, Place};
use crate::transfer::{self, Posting, Transfer};
use custos_store::{Param, Row, Tx, params};

/// `businessType` of such a move.
pub const BUSINESS_TYPE: i64 = 5;

/// An account and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The customer.
    pub customer_id: i64,
    /// Their account.
    pub account: &'a Account,
}

impl Side<'_> {
    fn place(self) -> Place {
        Place::of_customer(self.customer_id, self.account.id, Kind::Own)
    }
}

/// What was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The transfer.
    pub transfer_id: i64,
    /// What is still free where it came from.
    pub free: Amount,
}

/// Moves `amount`, never more than is free, and out of a margin account no more than the cover of its loans leaves.
///
/// # Errors
/// `GATEWAY_CODE_104` for nothing, or for accounts of two assets or one account; `FUND_0000001` when less may leave; `0005`
/// while frozen or locked; else the store's.
pub fn transfer(
    tx: &mut Tx<'_>,
    company_id: i64,
    (from, to): (Side<'_>, Side<'_>),
    amount: Amount,
    cover: Cover<'_>,
) -> Result<Moved> {
    if !amount.is_positive() {
        return Err(Code::BadField.with(&["amount"]));
    }
    let (out_of, into, asset_id) = (from.place(), to.place(), from.account.asset.id);
    if out_of == into || to.account.asset.id != asset_id {
        return Err(Code::BadField.with(&["toAccountId"]));
    }
    locks::check(
        tx,
        company_id,
        (from.customer_id, from.account.trade_type),
        (to.customer_id, to.account.trade_type),
    )?;
    let debtor = Debtor { company_id, customer_id: from.customer_id, account: from.account };
    cover::ask(tx, &debtor, amount, cover, Some(into))?;
    let line = |place, amount| Posting { place, asset_id, amount, business_type1: 0 };
    let posted = transfer::post(
        tx,
        company_id,
        &Transfer {
            business_type: BUSINESS_TYPE,
            reason: "transfer between accounts",
            actor: "customer",
            effective_at: None,
            reverses: None,
            postings: &[line(out_of, amount.negated()?), line(into, amount)],
        },
    )?;
    Ok(Moved { transfer_id: posted.id, free: posted.available(out_of)? })
}

/// Which moves. Both ends of the time are within it.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// From when on.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// Out of or into this trade type.
    pub trade_type: Option<i64>,
    /// Of this asset.
    pub asset_id: Option<i64>,
}

/// One end of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The account; `None` for another customer's.
    pub account_id: Option<i64>,
    /// Its trade type.
    pub trade_type: i64,
}

/// A move as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it came from.
    pub out_of: End,
    /// Where it went.
    pub into: End,
    /// The asset's code.
    pub currency: String,
    /// The asset's decimals.
    pub digits: i64,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: i64,
}

// Seen from a line of the customer's own; a move between two accounts of theirs has two such lines, of which the one that
// went out is taken.
macro_rules! matching {
    () => {
        "FROM ledger_entries e JOIN ledger_transfers t ON t.company_id = e.company_id AND t.id = e.transfer_id \
         JOIN ledger_entries o ON o.company_id = e.company_id AND o.transfer_id = e.transfer_id AND o.kind = 1 \
         AND (o.owner_id <> e.owner_id OR o.account_id <> e.account_id) \
         JOIN accounts a ON a.company_id = e.company_id AND a.customer_id = e.owner_id AND a.id = e.account_id \
         JOIN accounts b ON b.company_id = o.company_id AND b.customer_id = o.owner_id AND b.id = o.account_id \
         JOIN assets s ON s.company_id = e.company_id AND s.id = e.asset_id \
         WHERE e.company_id = $1 AND e.owner_id = $2 AND e.kind = 1 AND t.business_type = $3 \
         AND (e.amount < $4 OR o.owner_id <> e.owner_id) AND e.recorded_at BETWEEN $5 AND $6 \
         AND (a.trade_type = $7 OR b.trade_type = $7 OR $7 = 0) AND (e.asset_id = $8 OR $8 = 0)"
    };
}

fn record_of(row: &Row<'_>) -> custos_store::Result<Record> {
    let mine = End { account_id: Some(row.get(0)?), trade_type: row.get(1)? };
    let is_mine = row.get::<i64>(2)? == row.get::<i64>(3)?;
    let other = End { account_id: is_mine.then_some(row.get(4)?), trade_type: row.get(5)? };
    let amount = amount::read(row, 8)?;
    let (out_of, into) = if amount.is_negative() { (mine, other) } else { (other, mine) };
    Ok(Record {
        out_of,
        into,
        currency: row.get(6)?,
        digits: row.get(7)?,
        amount: Amount::of_units(amount.units().saturating_abs()),
        at: row.get(9)?,
    })
}

/// How many moves of a customer match, and `size` of them after `skip`, newest first.
///
/// # Errors
/// The store's.
pub fn page(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    filter: &Filter,
    (size, skip): (i64, i64),
) -> Result<(i64, Vec<Record>)> {
    let zero = Amount::ZERO.to_bytes();
    let matching: [Param<'_>; 8] = [
        company_id.into(),
        customer_id.into(),
        BUSINESS_TYPE.into(),
        (&zero).into(),
        filter.from.into(),
        filter.until.into(),
        filter.trade_type.unwrap_or(0).into(),
        filter.asset_id.unwrap_or(0).into(),
    ];
    let total = tx.value(concat!("SELECT count(*) ", matching!()), &matching)?;
    let mut values = matching.to_vec();
    values.extend_from_slice(params![size, skip]);
    let records = tx.query(
        concat!(
            "SELECT e.account_id, a.trade_type, e.owner_id, o.owner_id, o.account_id, b.trade_type, s.code, s.digits, \
             e.amount, e.recorded_at ",
            matching!(),
            " ORDER BY e.transfer_id DESC LIMIT $9 OFFSET $10"
        ),
        &values,
        record_of,
    )?;
    Ok((total, records))
}
