//! Money set aside: reserved first, then taken in full or in part, or let go.

use crate::accounts;
use crate::amount::{self, Amount};
use crate::cover::{self, Cover};
use crate::error::{Code, Result};
use crate::loans::Debtor;
use crate::place::{self, Place, Standing};
use crate::transfer::{self, Posted, Posting, Transfer};
use custos_store::{Error as StoreError, Tx, params};

/// How a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Set aside.
    Open,
    /// Taken, in full or in part; the rest is free again.
    Posted,
    /// Let go.
    Released,
    /// Its time was over.
    Expired,
}

impl State {
    const fn number(self) -> i64 {
        match self {
            Self::Open => 1,
            Self::Posted => 2,
            Self::Released => 3,
            Self::Expired => 4,
        }
    }
}

/// What is to be set aside.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Where: a customer's own money.
    pub place: Place,
    /// In which asset.
    pub asset_id: i64,
    /// How much, above zero.
    pub amount: Amount,
    /// Why.
    pub reason: &'a str,
    /// Until when.
    pub ends_at: i64,
}

/// Sets money aside; returns the hold's id.
///
/// # Errors
/// `GATEWAY_CODE_104` for an amount not above zero or an end that has passed, `FUND_0000001` when less may leave, `0005`
/// while frozen; else the store's.
pub fn reserve(tx: &mut Tx<'_>, company_id: i64, wanted: Wanted<'_>, cover: Cover<'_>) -> Result<i64> {
    if !wanted.amount.is_positive() {
        return Err(Code::BadField.with(&["amount"]));
    }
    let (id, now) = (tx.new_id(), tx.now());
    if wanted.ends_at <= now {
        return Err(Code::BadField.with(&["endsAt"]));
    }
    if wanted.place.kind != place::Kind::Own {
        return Err(StoreError::Internal("only a customer's own money is set aside".to_owned()).into());
    }
    let customer_id = wanted.place.owner_id;
    // What is set aside is about to leave: it secures no loan any more.
    if let Some(account) = accounts::find(tx, company_id, customer_id, wanted.place.id)? {
        let debtor = Debtor { company_id, customer_id, account: &account };
        cover::ask(tx, &debtor, wanted.amount, cover, None)?;
    }
    let standing = place::lock(tx, company_id, wanted.place, wanted.asset_id)?;
    if standing.asset_id != wanted.asset_id {
        return Err(transfer::other_asset());
    }
    // As if it left: the same floor, the same freeze.
    standing.after(wanted.amount.negated()?, now)?;
    set_held(tx, company_id, &standing, standing.held.plus(wanted.amount)?)?;
    tx.execute(
        "INSERT INTO ledger_holds (company_id, owner_id, id, account_id, amount, posted, state, reason, created_at, \
         ends_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9)",
        params![
            company_id,
            wanted.place.owner_id,
            id,
            wanted.place.id,
            &wanted.amount.to_bytes(),
            &Amount::ZERO.to_bytes(),
            wanted.reason,
            now,
            wanted.ends_at
        ],
    )?;
    Ok(id)
}

fn set_held(tx: &mut Tx<'_>, company_id: i64, standing: &Standing, held: Amount) -> Result<()> {
    let place = standing.place;
    tx.execute(
        "UPDATE ledger_accounts SET held = $6 \
         WHERE company_id = $1 AND owner_id = $2 AND id = $3 AND kind = $4 AND stripe = $5",
        params![company_id, place.owner_id, place.id, place.kind.number(), place.stripe, &held.to_bytes()],
    )?;
    tx.touch_view(place.owner_id);
    Ok(())
}

/// Ends an open hold; returns how much it was.
fn end(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    id: i64,
    state: State,
    posted: Amount,
) -> Result<Amount> {
    let account_id: Option<i64> = tx.query_opt(
        "SELECT account_id FROM ledger_holds WHERE company_id = $1 AND owner_id = $2 AND id = $3",
        params![company_id, customer_id, id],
        |row| row.get(0),
    )?;
    let account_id = account_id.ok_or_else(|| Code::NotFound.refuse())?;
    let place = Place::of_customer(customer_id, account_id, place::Kind::Own);
    // What is over can't be taken any more, whether or not a worker has come by.
    let alive_after = if state == State::Posted { tx.now() } else { i64::MIN };
    // The account's row first, as everywhere; who holds it decides about its holds.
    let standing = place::lock(tx, company_id, place, 0)?;
    let amount = tx.query_opt(
        "UPDATE ledger_holds SET state = $4, posted = $5 \
         WHERE company_id = $1 AND owner_id = $2 AND id = $3 AND state = 1 AND ends_at > $6 RETURNING amount",
        params![company_id, customer_id, id, state.number(), &posted.to_bytes(), alive_after],
        |row| amount::read(row, 0),
    )?;
    let amount = amount.ok_or_else(|| Code::HoldEnded.refuse())?;
    set_held(tx, company_id, &standing, standing.held.minus(amount)?)?;
    Ok(amount)
}

/// Lets a hold go.
///
/// # Errors
/// `CUSTOMER_API_0000003`, `FUND_0000009` when it is no longer open; else the store's.
pub fn release(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, id: i64) -> Result<()> {
    end(tx, company_id, customer_id, id, State::Released, Amount::ZERO).map(|_| ())
}

/// Takes `amount` of a hold to another place; the rest is free again.
///
/// # Errors
/// `CUSTOMER_API_0000003`, `FUND_0000009` when it is no longer open, `GATEWAY_CODE_104` for more than is held or nothing;
/// those of the transfer; else the store's.
pub fn take(
    tx: &mut Tx<'_>,
    company_id: i64,
    (customer_id, id): (i64, i64),
    (amount, to): (Amount, Place),
    (business_type, reason, actor): (i64, &str, &str),
) -> Result<Posted> {
    let found = tx.query_opt(
        "SELECT h.account_id, a.asset_id FROM ledger_holds h JOIN ledger_accounts a ON a.company_id = h.company_id \
         AND a.owner_id = h.owner_id AND a.id = h.account_id AND a.kind = 1 \
         WHERE h.company_id = $1 AND h.owner_id = $2 AND h.id = $3",
        params![company_id, customer_id, id],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
    )?;
    let (account_id, asset_id) = found.ok_or_else(|| Code::NotFound.refuse())?;
    let from = Place::of_customer(customer_id, account_id, place::Kind::Own);
    if to < from {
        // Places are locked in their order, here too.
        place::lock(tx, company_id, to, asset_id)?;
    }
    let held = end(tx, company_id, customer_id, id, State::Posted, amount)?;
    if !amount.is_positive() || amount > held {
        return Err(Code::BadField.with(&["amount"]));
    }
    let postings = [
        Posting { place: from, asset_id, amount: amount.negated()?, business_type1: 0 },
        Posting { place: to, asset_id, amount, business_type1: 0 },
    ];
    transfer::post(
        tx,
        company_id,
        &Transfer { business_type, reason, actor, effective_at: None, reverses: None, postings: &postings },
    )
}

/// Lets go of some of the holds whose time is over; returns how many. For a worker: each call is one transaction.
///
/// # Errors
/// The store's.
pub fn expire_some(tx: &mut Tx<'_>, most: i64) -> Result<i64> {
    let now = tx.now();
    let mut due = tx.query(
        "SELECT company_id, owner_id, account_id, id FROM ledger_holds WHERE state = 1 AND ends_at <= $1 \
         ORDER BY ends_at LIMIT $2",
        params![now, most],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?, row.get::<i64>(3)?)),
    )?;
    // In the order of the places that they lock.
    due.sort_unstable();
    let mut ended = 0;
    for (company_id, customer_id, _, id) in due {
        match end(tx, company_id, customer_id, id, State::Expired, Amount::ZERO) {
            Ok(_) => ended += 1,
            // Another worker, or its owner, was faster.
            Err(crate::Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}
