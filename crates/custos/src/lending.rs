//! What groups ask for loans, told to the ledger, which knows no groups' settings.

use custos_customers::company::{self, Group};
use custos_ledger::lending;
use custos_operations::error::Error;
use custos_operations::terms;
use custos_store::Tx;

/// Notes what a group asks from now on. To be called in the transaction that adds or changes it.
///
/// # Errors
/// The store's.
pub(crate) fn note(tx: &mut Tx<'_>, company_id: i64, group: &Group) -> Result<(), Error> {
    if let Some(rate) = terms::daily_rate(group)? {
        lending::note_rate(tx, company_id, group.id, company::CROSS, rate)?;
    }
    Ok(())
}

/// Notes what all groups ask, for those that were changed by another way.
///
/// # Errors
/// The store's.
pub(crate) fn note_all(tx: &mut Tx<'_>) -> Result<(), Error> {
    for company in company::list(tx)? {
        for group in company::groups(tx, company.id)? {
            note(tx, company.id, &group)?;
        }
    }
    Ok(())
}
