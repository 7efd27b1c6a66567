//! Closing an account for good, where identity and money must agree: both are asked in one transaction, the customer's row
//! locked before their accounts.

use crate::error::{Error, Gate, Result};
use custos_customers::changes::By;
use custos_customers::closure::{self, Decision, LONGEST_REASON};
use custos_customers::company::Company;
use custos_customers::step_up::{Given, Warrant};
use custos_ledger::closing;
use custos_store::Tx;

/// A customer asks for closure. Their accounts take no money from now on.
///
/// # Errors
/// The refusal of a need; `CUSTOMER_API_0000127` while something is owed, `0119` while something is under way, `0118` while
/// there is a balance; else the store's.
pub fn ask<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    (given, by): (&Given, &By),
    remark: &str,
) -> Result<()> {
    let leaver = closure::leaver::<W>(tx, company, customer_id, given)?;
    closing::shut(tx, company.id, customer_id)?;
    Ok(closure::ask(tx, company, &leaver, remark, by)?)
}

/// An operator approves: the account is closed for good.
///
/// # Errors
/// `CUSTOMER_API_0000003` when nobody asked, `0113` for an account that is frozen, [`ask`]'s of money, `GATEWAY_CODE_104`
/// for a reason that is none; else the store's.
pub fn approve(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    (actor, reason): (&str, &str),
) -> Result<()> {
    let reason = usable(reason)?;
    let pending = closure::pending(tx, company.id, customer_id)?;
    // They are shut, and nothing can have come in; whoever pays out must still see it proved.
    closing::shut(tx, company.id, customer_id)?;
    Ok(closure::approve(tx, company, &pending, Decision { actor, reason })?)
}

/// An operator rejects: the customer goes on as before, and is told the reason.
///
/// # Errors
/// `CUSTOMER_API_0000003` when nobody asked, `GATEWAY_CODE_104` for a reason that is none; else the store's.
pub fn reject(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    (actor, reason): (&str, &str),
) -> Result<()> {
    let reason = usable(reason)?;
    let pending = closure::pending(tx, company.id, customer_id)?;
    closing::reopen(tx, company.id, customer_id)?;
    Ok(closure::reject(tx, company, &pending, Decision { actor, reason })?)
}

/// A reason is words on one line, short enough for a notice.
fn usable(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    let fits = (1..=LONGEST_REASON).contains(&reason.chars().count());
    if fits && !reason.chars().any(char::is_control) {
        Ok(reason)
    } else {
        Err::<_, Error>(Gate::BadField.field("reason"))
    }
}
