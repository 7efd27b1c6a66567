//! Where an account stands by an operator's word: out of use, locked, or neither.

use crate::customer::{self, Customer, Status};
use crate::error::Result;
use crate::{freezes, passwords, session};
use custos_store::{Tx, audit, events, params};
use serde_json::json;

/// Takes an account out of use, or brings it back; its sessions end.
///
/// # Errors
/// `CUSTOMER_API_0000003`, or the store's.
pub fn set_status(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    status: Status,
    actor: &str,
) -> Result<()> {
    let number = match status {
        Status::Normal | Status::Locked => 1,
        Status::Disabled => 2,
        Status::Deleted => 3,
        Status::Closed => 4,
        Status::Closing => 6,
    };
    customer::lock(tx, company_id, customer_id)?;
    tx.execute(
        "UPDATE customers SET status = $3 WHERE company_id = $1 AND id = $2",
        params![company_id, customer_id, number],
    )?;
    if matches!(status, Status::Deleted | Status::Closed) {
        // The addresses are free for someone else from now on.
        tx.execute(
            "UPDATE customers SET email = NULL, phone_area = NULL, phone = NULL WHERE company_id = $1 AND id = $2",
            params![company_id, customer_id],
        )?;
    }
    session::end_all(tx, company_id, customer_id, None)?;
    operator_entry(tx, company_id, customer_id, "customer.status", actor, &format!("{status:?}"), "");
    Ok(events::emit(tx, company_id, "customer.status_changed", customer_id, json!({ "status": number }))?)
}

/// Brings a customer to another group. What hangs on the group besides is the caller's.
///
/// # Errors
/// The store's.
pub fn set_group(
    tx: &mut Tx<'_>,
    customer: &Customer,
    group_id: i64,
    (reason, actor): (&str, &str),
) -> Result<()> {
    tx.execute(
        "UPDATE customers SET group_id = $3 WHERE company_id = $1 AND id = $2",
        params![customer.company_id, customer.id, group_id],
    )?;
    tx.touch_view(customer.id);
    let detail = json!({ "before": customer.group_id, "after": group_id, "reason": reason });
    tx.audit(audit::Entry::by_hand(customer.company_id, "customer.group", actor, Some(customer.id), detail));
    let told = json!({ "before": customer.group_id, "group": group_id });
    Ok(events::emit(tx, customer.company_id, "customer.group_changed", customer.id, told)?)
}

/// Locks an account until an operator unlocks it, or lifts that lock and those that wrong passwords have drawn. Locking
/// ends its sessions. Freezes of single scopes stand apart from it and stay.
///
/// # Errors
/// `CUSTOMER_API_0000003`, or the store's.
pub fn set_lock(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, locked: bool, actor: &str) -> Result<()> {
    set_lock_because(tx, (company_id, customer_id), locked, "", actor)
}

/// The same, with the reason for the audit log; empty for none.
///
/// # Errors
/// As [`set_lock`].
pub fn set_lock_because(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    locked: bool,
    reason: &str,
    actor: &str,
) -> Result<()> {
    let found = customer::lock(tx, company_id, customer_id)?;
    let until = if locked { customer::LOCKED_BY_OPERATOR } else { 0 };
    tx.execute(
        "UPDATE customers SET locked_until = $3 WHERE company_id = $1 AND id = $2",
        params![company_id, customer_id, until],
    )?;
    tx.touch(customer_id);
    if locked {
        session::end_all(tx, company_id, customer_id, None)?;
    } else {
        passwords::forget_sign_ins(tx, &found)?;
    }
    operator_entry(
        tx,
        company_id,
        customer_id,
        "customer.lock",
        actor,
        if locked { "locked" } else { "unlocked" },
        reason,
    );
    if locked {
        return Ok(events::emit(tx, company_id, "customer.frozen", customer_id, json!({ "scope": "all" }))?);
    }
    // Who hears that all is lifted would let a customer withdraw whose withdrawals are still frozen.
    let still: Vec<&str> =
        freezes::list(tx, company_id, customer_id)?.iter().map(|freeze| freeze.scope.as_str()).collect();
    let told = json!({ "scope": "all", "stillFrozen": still });
    Ok(events::emit(tx, company_id, "customer.unfrozen", customer_id, told)?)
}

/// Under what the wrong tries are counted that an unlock leaves as they are: of the authenticator, of the fund password.
#[must_use]
pub fn guards_that_stay(tx: &Tx<'_>, customer: &customer::Customer) -> [[u8; 32]; 2] {
    passwords::guards_that_stay(tx, customer)
}

fn operator_entry(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    action: &'static str,
    actor: &str,
    outcome: &str,
    reason: &str,
) {
    let detail = if reason.is_empty() { json!({}) } else { json!({ "reason": reason }) };
    tx.audit(audit::Entry {
        company_id,
        action,
        outcome: outcome.to_owned(),
        actor: actor.to_owned(),
        customer_id: Some(customer_id),
        address: None,
        trace: None,
        detail,
    });
}
