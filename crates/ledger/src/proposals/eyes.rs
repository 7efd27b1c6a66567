//! How many people an adjustment takes, and that what the second one reads is what will be made.

use super::{Proposal, Wish};
use crate::amount::{self, Amount};
use crate::error::{Code, Result};
use custos_store::{HOUR_MS, Tx, params};
use subtle::ConstantTimeEq;

/// How many people it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// One.
    Two,
    /// Two.
    Four,
    /// One, for so much of an asset within 24 hours, given and taken together; two beyond that. A limit for each single
    /// one would be none: it could be stayed below all day long.
    FourBeyond(Amount),
}

/// Who decides.
#[derive(Debug, Clone, Copy)]
pub struct Checker<'a> {
    /// As the audit log names them.
    pub name: &'a str,
    /// As the back office knows them; 0 for the command line.
    pub id: i64,
}

const ALONE_WITHIN_MS: i64 = 24 * HOUR_MS;

fn size(amount: Amount) -> Result<Amount> {
    if amount.is_negative() { amount.negated() } else { Ok(amount) }
}

/// Whether it takes a second person. The asset is locked, so that two at once do not each find the limit untouched.
pub(super) fn waits(tx: &mut Tx<'_>, wish: &Wish<'_>) -> Result<bool> {
    let limit = match wish.eyes {
        Eyes::Two => return Ok(false),
        Eyes::Four => return Ok(true),
        Eyes::FourBeyond(limit) => limit,
    };
    let asset_id = wish.account.asset.id;
    tx.query_opt(
        "SELECT id FROM assets WHERE company_id = $1 AND id = $2 FOR UPDATE",
        params![wish.company_id, asset_id],
        |_| Ok(()),
    )?;
    let since = tx.now() - ALONE_WITHIN_MS;
    let before = tx.query(
        "SELECT p.amount FROM ledger_proposals p JOIN accounts a ON a.company_id = p.company_id \
         AND a.customer_id = p.owner_id AND a.id = p.account_id WHERE p.company_id = $1 AND p.state = 2 \
         AND p.created_at > $2 AND p.hash IS NULL AND a.asset_id = $3 \
         AND (p.maker = $4 OR (p.maker_id <> 0 AND p.maker_id = $5))",
        params![wish.company_id, since, asset_id, wish.maker, wish.maker_id],
        |row| amount::read(row, 0),
    )?;
    let mut all = size(wish.amount)?;
    for one in before {
        all = all.plus(size(one)?)?;
    }
    Ok(all > limit)
}

/// Covers everything that the second person reads and that will be done.
pub(super) fn hash(tx: &Tx<'_>, company_id: i64, of: &Proposal) -> [u8; 32] {
    let numbers =
        [company_id, of.id, of.customer_id, of.account_id, of.business_type, of.maker_id, of.open_until];
    let numbers = numbers.map(i64::to_be_bytes);
    let mut parts: Vec<&[u8]> = numbers.iter().map(<[u8; 8]>::as_slice).collect();
    let amount = of.amount.to_bytes();
    parts.extend([amount.as_slice(), of.remark.as_bytes(), of.maker.as_bytes()]);
    tx.keys().keyed_hash("ledger proposal", &parts)
}

/// Refuses what is not as it was proposed.
pub(super) fn is_as_proposed(tx: &Tx<'_>, company_id: i64, found: &Proposal) -> Result<()> {
    let expected = hash(tx, company_id, found);
    let is_same = found.hash.as_deref().is_some_and(|hash| bool::from(expected.ct_eq(hash)));
    if !is_same {
        tracing::error!(company_id, proposal = found.id, "a proposal is not what was proposed");
        return Err(Code::NotFound.refuse());
    }
    Ok(())
}
