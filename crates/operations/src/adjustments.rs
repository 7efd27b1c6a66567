//! Adjustments of customers' money as proposals: they wait in the ledger, beside what they hold up, and are listed and
//! decided like all others.

use crate::desk;
use crate::error::{Gate, Result};
use crate::proposals::Desk;
use custos_customers::staff::sessions::Kind;
use custos_customers::staff::{Officer, Permission};
use custos_ledger::accounts;
use custos_ledger::proposals::{self, Checker, Proposal, State};
use custos_store::Tx;
use serde_json::{Value, json};

/// Their name in the setting `office.one_person` and in the list of proposals.
pub const ADJUSTMENT: &str = "money.adjust";

/// Refuses what waits and was proposed by a program that nobody answers for: nobody could be kept from approving what
/// they had it propose.
///
/// # Errors
/// `GATEWAY_CODE_019`; else the store's.
pub fn has_an_owner(tx: &mut Tx<'_>, officer: &Officer, id: i64) -> Result<()> {
    if officer.person.is_some() {
        return Ok(());
    }
    let waits =
        proposals::find(tx, officer.company_id, id)?.is_some_and(|found| found.state == State::Waiting);
    if waits { Err(Gate::NotPermitted.refuse()) } else { Ok(()) }
}

/// Makes what was proposed; returns the transfer.
///
/// # Errors
/// `GATEWAY_CODE_019` for a program and for who lacks the permission; as [`desk::approve`].
pub fn approve(tx: &mut Tx<'_>, desk: Desk<'_>, id: i64) -> Result<i64> {
    let officer = desk.officer;
    // A program has no eyes.
    if officer.kind != Kind::Member || !officer.may(Permission::ApproveMoney) {
        return Err(Gate::NotPermitted.refuse());
    }
    let name = officer.actor();
    desk::approve(tx, &desk.cx.company, id, Checker { name: &name, id: officer.id })
}

/// Refuses what was proposed; whoever proposed it takes it back so, whatever they are allowed.
///
/// # Errors
/// `GATEWAY_CODE_019` for a program of others and for who lacks the permission; as [`proposals::reject`].
pub fn reject(tx: &mut Tx<'_>, desk: Desk<'_>, id: i64) -> Result<()> {
    let (company_id, officer) = (desk.cx.company.id, desk.officer);
    let name = officer.actor();
    let is_own = proposals::find(tx, company_id, id)?
        .is_some_and(|found| found.is_of(Checker { name: &name, id: officer.person.unwrap_or(0) }));
    let decides = officer.kind == Kind::Member && officer.may(Permission::ApproveMoney);
    if !is_own && !decides {
        return Err(Gate::NotPermitted.refuse());
    }
    Ok(proposals::reject(tx, company_id, id, &name)?)
}

/// How a proposal stands, by the names that all proposals have.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Waiting => "open",
        State::Made => "approved",
        State::Refused => "rejected",
        State::Lapsed => "lapsed",
    }
}

/// What was proposed, for who looks at it.
///
/// # Errors
/// The store's.
pub(crate) fn shown(tx: &mut Tx<'_>, company_id: i64, one: &Proposal) -> Result<Value> {
    let account = accounts::find(tx, company_id, one.customer_id, one.account_id)?;
    Ok(account.map_or(Value::Null, |account| {
        json!({
            "accountId": account.id, "tradeType": account.trade_type, "accountCurrency": account.asset.code,
            "amount": one.amount.to_text(account.digits()),
        })
    }))
}
