//! Borrowing on the customer's own assets, and paying back.
//!
//! A loan puts money into an account and what is owed for it into the principal of the same account; a repayment takes it
//! back from both. What all loans of a customer in one trade type may come to is bounded by what all their accounts in it
//! are worth.

use crate::accounts::{self, Account};
use crate::amount::Amount;
use crate::error::{Code, Result};
use crate::interest;
use crate::lending::{self, DailyRate};
use crate::margin::{Book, Holding, Terms};
use crate::place::{self, Kind, Place, Standing};
use crate::rates::{self, Valuation};
use crate::transfer::{self, Posting, Transfer};
use custos_store::Tx;

/// `businessType` of a loan that a customer took.
pub const LOAN: i64 = 20;
/// `businessType1` of its principal.
pub const LOAN_PRINCIPAL: i64 = 20001;
/// `businessType` of a repayment that a customer made.
pub const REPAYMENT: i64 = 22;
/// `businessType1` of principal paid back.
pub const REPAID_PRINCIPAL: i64 = 22001;
/// `businessType1` of interest paid.
pub const REPAID_INTEREST: i64 = 22002;

/// Who lends, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Lender {
    /// The group.
    pub group_id: i64,
    /// What it asks a day.
    pub rate: DailyRate,
}

/// Whose account.
#[derive(Debug, Clone, Copy)]
pub struct Debtor<'a> {
    /// The company.
    pub company_id: i64,
    /// The customer.
    pub customer_id: i64,
    /// Their account.
    pub account: &'a Account,
}

impl Debtor<'_> {
    fn place(&self, kind: Kind) -> Place {
        Place::of_customer(self.customer_id, self.account.id, kind)
    }

    /// Moves debt and money of the account by as much, the money up and the debt down for an amount above zero.
    fn moves(
        &self,
        tx: &mut Tx<'_>,
        (kind, amount): (Kind, Amount),
        (business_type, business_type1, reason): (i64, i64, &str),
    ) -> Result<()> {
        let asset_id = self.account.asset.id;
        let line = |kind, amount| Posting { place: self.place(kind), asset_id, amount, business_type1 };
        let postings = [line(Kind::Own, amount), line(kind, amount.negated()?)];
        let transfer = Transfer {
            business_type,
            reason,
            actor: "customer",
            effective_at: None,
            reverses: None,
            postings: &postings,
        };
        transfer::post(tx, self.company_id, &transfer)?;
        Ok(())
    }
}

/// Lends `amount`. `limit` tells what may be borrowed in the account's asset, given how the customer's places stand: they
/// stay so until the transaction ends.
///
/// # Errors
/// `GATEWAY_CODE_104` for nothing, `FUND_0000002` beyond the limit, `0003`, `0005` while frozen; what `limit` returns; else
/// the store's.
pub fn borrow(
    tx: &mut Tx<'_>,
    debtor: &Debtor<'_>,
    lender: Lender,
    amount: Amount,
    limit: impl FnOnce(&mut Tx<'_>, &[Standing]) -> Result<Amount>,
) -> Result<()> {
    if !amount.is_positive() {
        return Err(Code::BadField.with(&["amount"]));
    }
    let (company_id, customer_id) = (debtor.company_id, debtor.customer_id);
    let (account, trade_type) = (debtor.account, debtor.account.trade_type);
    // Only where none is known: what a request has read of the group may be older than the last change.
    if lending::rate(tx, company_id, lender.group_id, trade_type)?.is_none() {
        lending::note_rate(tx, company_id, lender.group_id, trade_type, lender.rate)?;
    }
    if !interest::bring_up(tx, company_id, customer_id, trade_type)? {
        lending::set_borrower(tx, company_id, customer_id, trade_type, lender.group_id)?;
        // Of two first loans the second has waited here for the first, and finds its debt.
        interest::bring_up(tx, company_id, customer_id, trade_type)?;
    }
    // Who has come to another group borrows on its terms from now on.
    lending::set_borrower(tx, company_id, customer_id, trade_type, lender.group_id)?;
    let places = place::lock_all_of(tx, company_id, customer_id)?;
    if amount > limit(tx, &places)? {
        return Err(Code::OverLimit.refuse());
    }
    interest::open(tx, (company_id, customer_id), (account.id, trade_type, account.asset.id))?;
    debtor.moves(tx, (Kind::Principal, amount), (LOAN, LOAN_PRINCIPAL, "loan"))
}

/// What may be borrowed in the account's asset on these terms, given how the customer's places stand.
///
/// # Errors
/// `FUND_0000011` for an asset without a rate that can be believed, `FUND_0000003`; else the store's.
pub fn available(
    tx: &mut Tx<'_>,
    debtor: &Debtor<'_>,
    (terms, valuation): (&Terms, &Valuation),
    places: &[Standing],
) -> Result<Amount> {
    let rates = rates::read(tx, debtor.company_id, valuation)?;
    let code = &debtor.account.asset.code;
    if rates.fresh(code).is_none() {
        return Err(Code::NoRate.with(&[code, &valuation.currency]));
    }
    let holdings = holdings(tx, debtor, places)?;
    let own = Holding::of(debtor.customer_id, debtor.account, places, tx.now())?;
    Book::new(&holdings, &rates, Some(terms))?.available_loan(&own)
}

/// What stands on all accounts that stand for each other with the debtor's, given how the customer's places stand.
pub(crate) fn holdings(tx: &mut Tx<'_>, debtor: &Debtor<'_>, places: &[Standing]) -> Result<Vec<Holding>> {
    let accounts = accounts::list(tx, debtor.company_id, debtor.customer_id)?;
    let together = accounts.iter().filter(|account| account.trade_type == debtor.account.trade_type);
    let now = tx.now();
    together.map(|account| Holding::of(debtor.customer_id, account, places, now)).collect()
}

/// Charges what is due on a customer's debts of a trade type, and keeps all that the customer has and owes as it is until
/// the transaction ends. For whoever takes money away that may be the cover of loans: a loan that is being made at the same
/// moment is either seen here, or sees what was taken.
///
/// # Errors
/// As [`interest::bring_up`].
pub fn stand_still(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    trade_type: i64,
) -> Result<Vec<Standing>> {
    let borrows = interest::bring_up(tx, company_id, customer_id, trade_type)?;
    let places = place::lock_all_of(tx, company_id, customer_id)?;
    // A first loan, which was waited for at the places, has put a debt where there was no row to be locked.
    if !borrows && interest::bring_up(tx, company_id, customer_id, trade_type)? {
        return place::lock_all_of(tx, company_id, customer_id);
    }
    Ok(places)
}

/// Someone has come to another group: what is due until now is charged at the rate of the one before, and the new one's
/// holds from here on. A group that does not lend leaves a debtor on the terms of before. To be called in the transaction
/// that changes the group.
///
/// # Errors
/// As [`interest::bring_up`].
pub fn change_group(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    trade_type: i64,
    lender: Option<Lender>,
) -> Result<()> {
    if !interest::bring_up(tx, company_id, customer_id, trade_type)? {
        return Ok(());
    }
    let Some(lender) = lender else { return Ok(()) };
    if lending::rate(tx, company_id, lender.group_id, trade_type)?.is_none() {
        lending::note_rate(tx, company_id, lender.group_id, trade_type, lender.rate)?;
    }
    lending::set_borrower(tx, company_id, customer_id, trade_type, lender.group_id)
}

/// What a repayment went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repaid {
    /// Interest.
    pub interest: Amount,
    /// Principal.
    pub principal: Amount,
}

/// Pays back at most `amount`, never more than is owed: interest first, then principal.
///
/// # Errors
/// `GATEWAY_CODE_104` for nothing, `FUND_0000004` when nothing is owed, `FUND_0000001` when less is free than is to be paid,
/// `0005` while frozen; else the store's.
pub fn repay(tx: &mut Tx<'_>, debtor: &Debtor<'_>, amount: Amount) -> Result<Repaid> {
    if !amount.is_positive() {
        return Err(Code::BadField.with(&["amount"]));
    }
    let account = debtor.account;
    interest::bring_up(tx, debtor.company_id, debtor.customer_id, account.trade_type)?;
    let mut owed = |kind| -> Result<Amount> {
        place::look(tx, debtor.company_id, debtor.place(kind), account.asset.id)?.balance.negated()
    };
    let interest = owed(Kind::Interest)?.min(amount);
    let principal = owed(Kind::Principal)?.min(amount.minus(interest)?);
    if interest.is_zero() && principal.is_zero() {
        return Err(Code::NothingOwed.refuse());
    }
    let parts = [(Kind::Interest, interest, REPAID_INTEREST), (Kind::Principal, principal, REPAID_PRINCIPAL)];
    // Two transfers, so that each is a flow of its own with its own number, and can be undone by itself.
    for (kind, part, business_type1) in parts {
        if part.is_positive() {
            debtor.moves(tx, (kind, part.negated()?), (REPAYMENT, business_type1, "repayment"))?;
        }
    }
    Ok(Repaid { interest, principal })
}
