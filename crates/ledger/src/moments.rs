//! When a customer's money moved, newest first.

use crate::amount::Amount;
use crate::error::Result;
use crate::place::Kind;
use crate::{accounts, entries};
use custos_store::{Tx, params};

/// A transfer, as one of its customers sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: i64,
    /// The transfer.
    pub transfer_id: i64,
    /// `businessType`.
    pub business_type: i64,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub actor: String,
    /// What came to the customer's accounts (above zero) or left them, with the accounts' ids and currencies.
    pub lines: Vec<(i64, String, String)>,
}

/// The customer's transfers before an instant, and at that instant those with a smaller id.
///
/// # Errors
/// The store's.
pub fn of_customer(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    (at, transfer_id): (i64, i64),
    limit: i64,
) -> Result<Vec<Moment>> {
    let mut all = tx.query(
        "SELECT recorded_at, id, business_type, reason, actor FROM ledger_transfers WHERE company_id = $1 AND id IN \
         (SELECT transfer_id FROM ledger_entries WHERE company_id = $1 AND owner_id = $2 AND kind = 1) \
         AND (recorded_at < $3 OR (recorded_at = $3 AND id < $4)) ORDER BY recorded_at DESC, id DESC LIMIT $5",
        params![company_id, customer_id, at, transfer_id, limit],
        |row| {
            Ok(Moment {
                at: row.get(0)?,
                transfer_id: row.get(1)?,
                business_type: row.get(2)?,
                reason: row.get(3)?,
                actor: row.get(4)?,
                lines: Vec::new(),
            })
        },
    )?;
    let accounts = accounts::list(tx, company_id, customer_id)?;
    for moment in &mut all {
        for entry in entries::of_transfer(tx, company_id, moment.transfer_id)? {
            let account = accounts.iter().find(|account| account.id == entry.place.id);
            if entry.place.owner_id != customer_id || entry.place.kind != Kind::Own {
                continue;
            }
            let Some(account) = account else { continue };
            let amount: Amount = entry.amount;
            moment.lines.push((account.id, account.asset.code.clone(), amount.to_text(account.digits())));
        }
    }
    Ok(all)
}
