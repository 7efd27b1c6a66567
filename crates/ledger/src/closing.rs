//! The accounts of who leaves: shut to money once nothing is in them and nothing is owed, and opened again.
//!
//! A shut account has a ceiling of zero, which the posting function and the database itself hold: whatever money is under
//! way to it, from wherever, comes before the shutting, which then sees it, or is refused after it.

use crate::accounts;
use crate::amount::Amount;
use crate::error::{Code, Result};
use crate::interest;
use crate::place::{self, Kind, Place};
use crate::proposals;
use custos_store::{Tx, params};

/// Shuts all accounts of a customer to money, until the transaction ends at least. To be called by whoever has locked the
/// customer's row: accounts that are opened meanwhile wait for it (by the key that refers to it).
///
/// # Errors
/// `CUSTOMER_API_0000127` while something is owed, `0119` while something is set aside or an adjustment waits for its approval, `0118` while there is a balance;
/// else the store's.
pub fn shut(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<()> {
    // Borrowers before places, as everywhere; interest that is due is a debt too.
    for trade_type in trade_types_of_loans(tx, company_id, customer_id)? {
        interest::bring_up(tx, company_id, customer_id, trade_type)?;
    }
    place::lock_all_of(tx, company_id, customer_id)?;
    // A first deposit would make its row beside us: it shall find ours.
    for account in accounts::list(tx, company_id, customer_id)? {
        let own = Place::of_customer(customer_id, account.id, Kind::Own);
        place::lock(tx, company_id, own, account.asset.id)?;
    }
    // Again, for what those have left whom we have waited for. Nobody makes another place of the customer's now, since
    // every transfer to or from them locks an own one.
    let places = place::lock_all_of(tx, company_id, customer_id)?;
    let is_debt = |kind| matches!(kind, Kind::Principal | Kind::Interest);
    if places.iter().any(|one| is_debt(one.place.kind) && !one.balance.is_zero()) {
        return Err(Code::LeavesDebt.refuse());
    }
    if places.iter().any(|one| !one.held.is_zero()) || proposals::any_open(tx, company_id, customer_id)? {
        return Err(Code::LeavesProposal.refuse());
    }
    if places.iter().any(|one| !one.balance.is_zero()) {
        return Err(Code::LeavesBalance.refuse());
    }
    tx.execute(
        "UPDATE ledger_accounts SET ceiling = $4 WHERE company_id = $1 AND owner_id = $2 AND kind = $3",
        params![company_id, customer_id, Kind::Own.number(), &Amount::ZERO.to_bytes()],
    )?;
    let now = tx.now();
    tx.execute(
        "INSERT INTO ledger_leavers (company_id, owner_id, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        params![company_id, customer_id, now],
    )?;
    tx.touch_view(customer_id);
    Ok(())
}

/// Opens a customer's accounts to money again.
///
/// # Errors
/// The store's.
pub fn reopen(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<()> {
    place::lock_all_of(tx, company_id, customer_id)?;
    tx.execute(
        "UPDATE ledger_accounts SET ceiling = NULL WHERE company_id = $1 AND owner_id = $2 AND kind = $3",
        params![company_id, customer_id, Kind::Own.number()],
    )?;
    tx.execute(
        "DELETE FROM ledger_leavers WHERE company_id = $1 AND owner_id = $2",
        params![company_id, customer_id],
    )?;
    tx.touch_view(customer_id);
    Ok(())
}

/// Whether a customer's accounts are shut.
pub(crate) fn is_shut(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<bool> {
    let since: Option<i64> = tx.query_opt(
        "SELECT since FROM ledger_leavers WHERE company_id = $1 AND owner_id = $2",
        params![company_id, customer_id],
        |row| row.get(0),
    )?;
    Ok(since.is_some())
}

fn trade_types_of_loans(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<i64>> {
    Ok(tx.query(
        "SELECT trade_type FROM ledger_borrowers WHERE company_id = $1 AND owner_id = $2 ORDER BY trade_type",
        params![company_id, customer_id],
        |row| row.get(0),
    )?)
}
