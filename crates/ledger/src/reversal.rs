//! Undoing a transfer by another that names it.

use crate::accounts;
use crate::amount::Amount;
use crate::cover::{self, Cover};
use crate::entries;
use crate::error::{Code, Result};
use crate::interest;
use crate::loans::Debtor;
use crate::place::Kind;
use crate::transfer::{self, Posted, Posting, Transfer};
use custos_store::{Tx, audit, params};
use serde_json::json;

/// Whose money it would be that undoing a transfer takes away, if any customer's.
///
/// # Errors
/// The store's.
pub fn loser(tx: &mut Tx<'_>, company_id: i64, transfer_id: i64) -> Result<Option<i64>> {
    let lines = entries::of_transfer(tx, company_id, transfer_id)?;
    let gained = lines.iter().find(|line| line.place.kind == Kind::Own && line.amount.is_positive());
    Ok(gained.map(|line| line.place.owner_id))
}

/// Undoes a transfer, once: in whole, or (for a transfer of two lines) a part of it.
///
/// # Errors
/// `CUSTOMER_API_0000003` for no such transfer, `FUND_0000008` when it is reversed already or is itself a reversal,
/// `GATEWAY_CODE_104` for a part that is none, `FUND_0000001` when loans would lose their cover (`cover` is that of the
/// [`loser`]); those of the transfer; else the store's.
pub fn reverse(
    tx: &mut Tx<'_>,
    company_id: i64,
    transfer_id: i64,
    part: Option<Amount>,
    (reason, actor): (&str, &str),
    cover: Cover<'_>,
) -> Result<Posted> {
    let original = tx.query_opt(
        "SELECT business_type, reverses FROM ledger_transfers WHERE company_id = $1 AND id = $2 FOR UPDATE",
        params![company_id, transfer_id],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
    )?;
    let (business_type, reverses) = original.ok_or_else(|| Code::NotFound.refuse())?;
    // Of two that undo one transfer, the second is told so, whatever its lines would meet.
    let undone: i64 = tx.value(
        "SELECT count(*) FROM ledger_transfers WHERE company_id = $1 AND reverses = $2 AND reverses <> 0",
        params![company_id, transfer_id],
    )?;
    if reverses != 0 || undone != 0 {
        return Err(Code::Reversed.refuse());
    }
    let lines = entries::of_transfer(tx, company_id, transfer_id)?;
    if let Some(debt) = lines.iter().find(|line| matches!(line.place.kind, Kind::Principal | Kind::Interest))
    {
        interest::reopen(tx, company_id, debt.place)?;
    }
    let mut postings = Vec::with_capacity(lines.len());
    for line in &lines {
        let amount = match part {
            None => line.amount.negated()?,
            Some(part)
                if lines.len() == 2 && part.is_positive() && part.units() <= line.amount.units().abs() =>
            {
                if line.amount.is_positive() {
                    part.negated()?
                } else {
                    part
                }
            }
            Some(_) => return Err(Code::BadField.with(&["amount"])),
        };
        postings.push(Posting {
            place: line.place,
            asset_id: line.asset_id,
            amount,
            business_type1: line.business_type1,
        });
    }
    keep_cover(tx, company_id, &postings, cover)?;
    let posted = transfer::post(
        tx,
        company_id,
        &Transfer {
            business_type,
            reason,
            actor,
            effective_at: None,
            reverses: Some(transfer_id),
            postings: &postings,
        },
    )?;
    let customer_id = lines.iter().map(|line| line.place.owner_id).find(|owner| *owner != 0);
    let detail = json!({ "transfer": posted.id, "reverses": transfer_id, "part": part.is_some() });
    tx.audit(audit::Entry::by_hand(company_id, "ledger.reverse", actor, customer_id, detail));
    Ok(posted)
}

/// What is taken from a margin account is never so much that loans lose their cover. Where a debt goes with it, as when a
/// loan is undone, the rest counts.
fn keep_cover(tx: &mut Tx<'_>, company_id: i64, postings: &[Posting], cover: Cover<'_>) -> Result<()> {
    let company = postings.iter().map(|posting| posting.place).find(|place| place.owner_id == 0);
    for taken in postings.iter().filter(|one| one.place.kind == Kind::Own && one.amount.is_negative()) {
        let place = taken.place;
        let mut lost = taken.amount.negated()?;
        for debt in postings.iter().filter(|one| one.place.kind != Kind::Own) {
            if (debt.place.owner_id, debt.place.id) == (place.owner_id, place.id) {
                lost = lost.minus(debt.amount)?;
            }
        }
        if !lost.is_positive() {
            continue;
        }
        if let Some(account) = accounts::find(tx, company_id, place.owner_id, place.id)? {
            let debtor = Debtor { company_id, customer_id: place.owner_id, account: &account };
            let other = postings.iter().map(|one| one.place).find(|other| *other != place);
            cover::ask(tx, &debtor, lost, cover, company.or(other))?;
        }
    }
    Ok(())
}
