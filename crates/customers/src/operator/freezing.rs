//! Freezing customers, whole or in part, and taking a lost second factor off, each with a reason.

use super::{Error, Result, checked_reason, company, customer};
use crate::changes::{self, By, Change};
use crate::customer as people;
use crate::freezes::{Scope, WITHOUT_END};
use crate::session::{self, Origin};
use crate::{limits, mfa, standing};
use custos_store::{DAY_MS, Tx, audit, events, params};
use serde_json::json;

/// The longest time of a freeze that has an end.
const LONGEST_MS: i64 = 3_660 * DAY_MS;

/// Locks a customer until unlocked, or lifts every lock and forgets wrong tries; says why.
///
/// # Errors
/// No such customer, no reason, or the store's.
pub fn lock_because(
    tx: &mut Tx<'_>,
    (company_id, number): (i64, &str),
    locked: bool,
    reason: &str,
    actor: &str,
) -> Result<()> {
    let reason = checked_reason(reason)?;
    let customer = customer(tx, company_id, number)?;
    Ok(standing::set_lock_because(tx, (company_id, customer.id), locked, reason, actor)?)
}

/// Freezes one scope of a customer, until an instant or (`None`) an operator's word. A freeze of the same scope that there
/// is takes the new words. Freezing sign-in ends the customer's sessions.
///
/// # Errors
/// No such customer, no reason, an end that has passed or is too far; else the store's.
pub fn freeze(
    tx: &mut Tx<'_>,
    (company_id, number): (i64, &str),
    scope: Scope,
    until: Option<i64>,
    reason: &str,
    actor: &str,
) -> Result<()> {
    let reason = checked_reason(reason)?;
    let now = tx.now();
    if until.is_some_and(|until| until <= now || until > now + LONGEST_MS) {
        return Err(Error::Said("a freeze ends later than now, and within ten years".to_owned()));
    }
    let found = customer(tx, company_id, number)?;
    let customer = people::lock(tx, company_id, found.id)?;
    let until_ms = until.unwrap_or(WITHOUT_END);
    tx.execute(
        "INSERT INTO customer_freezes (company_id, customer_id, scope, reason, actor, created_at, until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (company_id, customer_id, scope) \
         DO UPDATE SET reason = excluded.reason, actor = excluded.actor, created_at = excluded.created_at, \
         until = excluded.until",
        params![company_id, customer.id, scope.as_str(), reason, actor, now, until_ms],
    )?;
    if scope == Scope::SignIn {
        session::end_all(tx, company_id, customer.id, None)?;
    }
    tx.touch(customer.id);
    let detail = json!({ "scope": scope.as_str(), "reason": reason, "until": until });
    tx.audit(audit::Entry::by_hand(company_id, "customer.freeze", actor, Some(customer.id), detail));
    let told = json!({ "scope": scope.as_str(), "until": until });
    Ok(events::emit(tx, company_id, "customer.frozen", customer.id, told)?)
}

/// Lifts the freeze of one scope. Says whether there was one that held.
///
/// # Errors
/// No such customer, no reason, or the store's.
pub fn unfreeze(
    tx: &mut Tx<'_>,
    (company_id, number): (i64, &str),
    scope: Scope,
    reason: &str,
    actor: &str,
) -> Result<bool> {
    let reason = checked_reason(reason)?;
    let found = customer(tx, company_id, number)?;
    let customer = people::lock(tx, company_id, found.id)?;
    let until: Option<i64> = tx.query_opt(
        "DELETE FROM customer_freezes WHERE company_id = $1 AND customer_id = $2 AND scope = $3 RETURNING until",
        params![company_id, customer.id, scope.as_str()],
        |row| row.get(0),
    )?;
    if until.is_none_or(|until| until <= tx.now()) {
        return Ok(false);
    }
    tx.touch(customer.id);
    let detail = json!({ "scope": scope.as_str(), "reason": reason });
    tx.audit(audit::Entry::by_hand(company_id, "customer.unfreeze", actor, Some(customer.id), detail));
    events::emit(tx, company_id, "customer.unfrozen", customer.id, json!({ "scope": scope.as_str() }))?;
    Ok(true)
}

/// Takes the authenticator of a customer who has lost it off, with its recovery codes: tells every contact, starts the
/// cool-off, ends all sessions.
///
/// # Errors
/// No such customer, one without MFA, no reason, or the store's.
pub fn reset_mfa(
    tx: &mut Tx<'_>,
    (company_id, number): (i64, &str),
    reason: &str,
    actor: &str,
) -> Result<()> {
    let reason = checked_reason(reason)?;
    let company = company(tx, company_id)?;
    let found = customer(tx, company_id, number)?;
    let customer = people::lock(tx, company_id, found.id)?;
    if !customer.has_mfa() {
        return Err(Error::Said(format!("customer {number} has no authenticator")));
    }
    for sql in [
        "DELETE FROM totp_secrets WHERE company_id = $1 AND customer_id = $2",
        "DELETE FROM recovery_codes WHERE company_id = $1 AND customer_id = $2",
        "UPDATE customers SET mfa_id = 0 WHERE company_id = $1 AND id = $2",
    ] {
        tx.execute(sql, params![company_id, customer.id])?;
    }
    // A row of wrong codes of the old authenticator says nothing of the next one.
    let subject = mfa::guard_subject(tx, &customer);
    limits::forget(tx, &subject)?;
    let by = By { session_id: None, origin: Origin::default() };
    changes::follow_as(tx, &company, &customer, Change::MfaOff, (&by, actor))?;
    let detail = json!({ "reason": reason });
    tx.audit(audit::Entry::by_hand(company_id, "customer.reset_mfa", actor, Some(customer.id), detail));
    Ok(())
}
