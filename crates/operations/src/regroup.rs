//! Bringing a customer to another group of the company, with all that hangs on it.

use crate::error::{Gate, Result};
use crate::terms;
use custos_customers::company::{self, CROSS};
use custos_customers::customer::{self, Status};
use custos_customers::{Code, operator, standing};
use custos_ledger::loans::{self, Lender};
use custos_store::Tx;

/// Brings a customer to another group: what is owed is charged at the old group's rate until now, and at the new one's
/// from here on; a group that does not lend leaves a debtor's rate as it was. Accounts that only the new group offers are
/// not opened, and none is closed. Returns the group that the customer came from.
///
/// # Errors
/// `GATEWAY_CODE_102` for no such customer, `CUSTOMER_API_0000103` for one who leaves or has left, `GATEWAY_CODE_104` for no such group,
/// one of another kind (money of a demo must not become real) or the one that they are in; else the store's.
pub fn regroup(
    tx: &mut Tx<'_>,
    (company_id, number): (i64, &str),
    group_id: i64,
    (reason, actor): (&str, &str),
) -> Result<i64> {
    let found = operator::customer(tx, company_id, number)?;
    let customer = customer::lock(tx, company_id, found.id)?;
    if matches!(customer.status, Status::Closing | Status::Closed | Status::Deleted) {
        return Err(Code::SignInSuspended.refuse().into());
    }
    let groups = company::groups(tx, company_id)?;
    let of = |id| groups.iter().find(|group| group.id == id);
    let refused = || Gate::BadField.field("group");
    let group = of(group_id).filter(|group| group.id != customer.group_id).ok_or_else(refused)?;
    if of(customer.group_id).map(|before| before.kind) != Some(group.kind) {
        return Err(refused());
    }
    let lender = match (terms::lending(group)?, terms::daily_rate(group)?) {
        (Some(_), Some(rate)) => Some(Lender { group_id, rate }),
        _ => None,
    };
    loans::change_group(tx, (company_id, customer.id), CROSS, lender)?;
    standing::set_group(tx, &customer, group_id, (reason, actor))?;
    Ok(customer.group_id)
}
