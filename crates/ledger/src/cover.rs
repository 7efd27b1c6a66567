//! What may leave a margin account: never so much that the customer's loans lose their cover.

use crate::amount::Amount;
use crate::error::{Code, Result};
use crate::interest;
use crate::loans::{self, Debtor};
use crate::margin::{Book, Holding, Terms};
use crate::place::{self, Place};
use crate::rates::{self, Valuation};
use custos_store::Tx;

/// The trade type whose balances are collateral: CROSS.
const MARGIN: i64 = 3;

/// What decides how much may leave a margin account.
#[derive(Debug, Clone, Copy)]
pub struct Cover<'a> {
    /// On what terms the customer's group lends, if it does.
    pub terms: Option<&'a Terms>,
    /// By what the accounts are valued.
    pub valuation: &'a Valuation,
}

/// Refuses `amount` where less may leave; all that the customer has and owes stays as it is until the transaction ends. Of
/// accounts that are no margin accounts nothing is asked. `other` is the place where the amount goes to.
///
/// # Errors
/// `FUND_0000001` when less may leave; as [`interest::bring_up`].
pub(crate) fn ask(
    tx: &mut Tx<'_>,
    debtor: &Debtor<'_>,
    amount: Amount,
    cover: Cover<'_>,
    other: Option<Place>,
) -> Result<()> {
    let (company_id, customer_id) = (debtor.company_id, debtor.customer_id);
    if debtor.account.trade_type != MARGIN {
        return Ok(());
    }
    // Borrowers are locked before places, and what is due is charged. Then all of the customer's places are locked; another
    // one that comes before them is locked before.
    interest::bring_up(tx, company_id, customer_id, MARGIN)?;
    if let Some(other) = other.filter(|other| other.owner_id < customer_id) {
        place::lock(tx, company_id, other, debtor.account.asset.id)?;
    }
    if amount > withdrawable(tx, debtor, cover)? {
        return Err(Code::NotEnough.refuse());
    }
    Ok(())
}

/// What may leave a margin account: it stays so until the transaction ends.
fn withdrawable(tx: &mut Tx<'_>, debtor: &Debtor<'_>, cover: Cover<'_>) -> Result<Amount> {
    let places = loans::stand_still(tx, debtor.company_id, debtor.customer_id, MARGIN)?;
    let holdings = loans::holdings(tx, debtor, &places)?;
    let rates = rates::read(tx, debtor.company_id, cover.valuation)?;
    let own = Holding::of(debtor.customer_id, debtor.account, &places, tx.now())?;
    if own.is_frozen {
        return Err(Code::Frozen.refuse());
    }
    Book::new(&holdings, &rates, cover.terms)?.withdrawable(&own)
}
