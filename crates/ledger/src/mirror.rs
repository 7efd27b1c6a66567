//! Proving reversals: each is the mirror of the transfer that it names, in whole or (of two lines) in part.

use crate::amount::{self, Amount};
use crate::error::Result;
use crate::place::Place;
use custos_store::{Row, Tx, params};
use std::collections::BTreeMap;

/// Reversals of one page.
const PAGE: i64 = 500;

/// What a line says, but for its amount.
type What = (Place, i64, i64);
/// The lines of transfers, by the reversal that they belong to.
type Lines = BTreeMap<i64, BTreeMap<What, Amount>>;

/// The first reversal that mirrors nothing.
pub(crate) fn first_wrong(tx: &mut Tx<'_>, company_id: i64) -> Result<Option<i64>> {
    let mut after = 0;
    loop {
        let reversals = tx.query(
            "SELECT r.id, r.business_type, o.business_type, o.reverses FROM ledger_transfers r \
             LEFT JOIN ledger_transfers o ON o.company_id = r.company_id AND o.id = r.reverses \
             WHERE r.company_id = $1 AND r.reverses <> 0 AND r.reverses > $2 ORDER BY r.reverses LIMIT $3",
            params![company_id, after, PAGE],
            |row| {
                let original: Option<(i64, i64)> = row.get::<Option<i64>>(2)?.zip(row.get::<Option<i64>>(3)?);
                Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, original))
            },
        )?;
        let until = tx.query_opt(
            "SELECT reverses FROM ledger_transfers WHERE company_id = $1 AND reverses <> 0 AND reverses > $2 \
             ORDER BY reverses LIMIT 1 OFFSET $3",
            params![company_id, after, PAGE - 1],
            |row| row.get::<i64>(0),
        )?;
        let last = until.unwrap_or(i64::MAX);
        let own = collected(tx.query(
            concat!(
                "SELECT e.owner_id, e.account_id, e.kind, e.stripe, e.asset_id, e.business_type1, e.amount, r.id ",
                "FROM ledger_transfers r JOIN ledger_entries e ON e.company_id = r.company_id AND e.transfer_id = r.id ",
                "WHERE r.company_id = $1 AND r.reverses <> 0 AND r.reverses > $2 AND r.reverses <= $3"
            ),
            params![company_id, after, last],
            line_of,
        )?);
        let undone = collected(tx.query(
            concat!(
                "SELECT e.owner_id, e.account_id, e.kind, e.stripe, e.asset_id, e.business_type1, e.amount, r.id ",
                "FROM ledger_transfers r JOIN ledger_entries e ON e.company_id = r.company_id AND e.transfer_id = r.reverses ",
                "WHERE r.company_id = $1 AND r.reverses <> 0 AND r.reverses > $2 AND r.reverses <= $3"
            ),
            params![company_id, after, last],
            line_of,
        )?);
        for (id, business_type, original) in reversals {
            let is_mirror = original == Some((business_type, 0))
                && own.get(&id).zip(undone.get(&id)).is_some_and(|(own, undone)| mirrors(own, undone));
            if !is_mirror {
                return Ok(Some(id));
            }
        }
        match until {
            Some(until) => after = until,
            None => return Ok(None),
        }
    }
}

fn line_of(row: &Row<'_>) -> custos_store::Result<(i64, What, Amount)> {
    let what = (Place::of_row(row)?, row.get(4)?, row.get(5)?);
    Ok((row.get(7)?, what, amount::read(row, 6)?))
}

fn collected(rows: Vec<(i64, What, Amount)>) -> Lines {
    let mut all = Lines::new();
    for (id, what, amount) in rows {
        all.entry(id).or_default().insert(what, amount);
    }
    all
}

/// Whether each line goes back where the other came from: all of it, or (of two lines) a part.
fn mirrors(own: &BTreeMap<What, Amount>, undone: &BTreeMap<What, Amount>) -> bool {
    if !own.keys().eq(undone.keys()) {
        return false;
    }
    let mut pairs = own.values().zip(undone.values());
    if undone.len() != 2 {
        return pairs.all(|(own, undone)| undone.negated().is_ok_and(|back| back == *own));
    }
    pairs.all(|(own, undone)| {
        own.is_negative() != undone.is_negative()
            && own.units().unsigned_abs() <= undone.units().unsigned_abs()
    })
}
