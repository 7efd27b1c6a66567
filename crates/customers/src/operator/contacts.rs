//! Replacing an address of a customer who has lost the old one, by operators' word.

use super::{Error, Result, checked_reason, company, customer};
use crate::changes::{self, By};
use crate::contacts;
use crate::customer::{self as people, Customer};
use crate::error::Code;
use crate::notices;
use crate::session::Origin;
use crate::verification::Recipient;
use custos_store::{Tx, audit};
use serde_json::json;

/// Whether an address can take the place of the customer's own of that kind, or be their first.
///
/// # Errors
/// No such customer, one who leaves or has left, an address that is theirs already or another's; else the store's.
pub fn check_contact(
    tx: &mut Tx<'_>,
    (company_id, number): (i64, &str),
    new: &Recipient,
) -> Result<Customer> {
    let company = company(tx, company_id)?;
    let found = customer(tx, company_id, number)?;
    let customer = people::lock(tx, company_id, found.id)?;
    // The addresses of who has left are free for others; who is leaving is told at the ones they have.
    if customer.status.is_out_of_use() || customer.status == people::Status::Closing {
        return Err(Error::Said(format!("customer {number} leaves, or is out of use")));
    }
    if Recipient::own(new.channel(), &customer).ok().as_ref() == Some(new) {
        return Err(Error::Said("the customer has that address already".to_owned()));
    }
    if contacts::is_anothers(tx, &company, &customer, new)? {
        return Err(Error::Said("another customer has that address".to_owned()));
    }
    Ok(customer)
}

/// Replaces it. All sessions end, the cool-off starts, and the old address, the other ones and the new one are told, each
/// with a link that freezes the account.
///
/// # Errors
/// As [`check_contact`]'s, and no reason.
pub fn change_contact(
    tx: &mut Tx<'_>,
    (company_id, number): (i64, &str),
    new: &Recipient,
    reason: &str,
    actor: &str,
) -> Result<()> {
    let reason = checked_reason(reason)?;
    let before = check_contact(tx, (company_id, number), new)?;
    let company = company(tx, company_id)?;
    let old = Recipient::own(new.channel(), &before).map_or_else(|_| String::new(), |own| own.masked());
    let change = match contacts::write(tx, &company, &before, new) {
        // A customer was faster with the same address.
        Err(crate::Error::Store(custos_store::Error::Clash(_))) => {
            return Err(Error::Said("another customer has that address".to_owned()));
        }
        written => written?,
    };
    let by = By { session_id: None, origin: Origin::default() };
    changes::follow_as(tx, &company, &before, change, (&by, actor))?;
    let after = people::find(tx, company_id, before.id)?.ok_or_else(|| Code::NotFound.refuse())?;
    // A change by the customer proves the new address; this one does not, so it must be told.
    let link = changes::freeze_link(tx, &after)?;
    let vars = [("what", change.as_str()), ("link", link.as_str())];
    notices::tell_at(tx, &company, new, &after.lang, "credential-changed", &vars)?;
    let detail = json!({ "reason": reason, "what": change.as_str(), "address": [old, new.masked()] });
    tx.audit(audit::Entry::by_hand(company_id, "customer.change_contact", actor, Some(before.id), detail));
    Ok(())
}
