//! Interest on loans: what falls due each hour, exactly.
//!
//! At each whole hour (of UTC) every loan is charged a twenty-fourth of the daily rate on the principal, both as they
//! stood just before it. Each hour is rounded to whole units, halves to even, and what rounding took or gave is carried
//! into the next, exactly: so it does not matter whether hours are charged one by one or a week late.

use crate::amount::{self, Amount, half_even};
use crate::error::{Code, Error, Result};
use crate::lending::{self, DailyRate};
use crate::place::{self, Kind, Place};
use crate::transfer::{self, Posting, Transfer};
use custos_store::{Error as StoreError, Row, Tx, params};
use std::collections::BTreeSet;

/// `businessType` of interest.
pub const BUSINESS_TYPE: i64 = 23;
/// `businessType1` of interest.
pub const BUSINESS_TYPE1: i64 = 23001;
/// An hour.
pub const HOUR_MS: i64 = 3_600_000;

/// Hours a day times the units of a rate of 1: what a remainder is counted in.
const PARTS: i128 = 24 * DailyRate::ONE;

/// The whole hours that have passed since 1970.
#[must_use]
pub const fn hour_of(at: i64) -> i64 {
    at.div_euclid(HOUR_MS)
}

/// An hour's interest on `principal` (zero or above) with what was left of the hours before; and what is left of this
/// one. What is left is counted in parts of 1 / (24 × 10^18) of a unit, and is at most half a unit either way.
///
/// # Errors
/// `FUND_0000003` beyond 128 bits.
pub fn hourly(principal: Amount, rate: DailyRate, left: Amount) -> Result<(Amount, Amount)> {
    // Principal times rate may not fit. Its whole multiples of the divisor give whole units; the rest, below the divisor,
    // times a rate of at most 1 does fit.
    let (whole, rest) = (principal.units().div_euclid(PARTS), principal.units().rem_euclid(PARTS));
    let sum = |a: i128, b: i128| a.checked_add(b).ok_or_else(|| Code::TooLarge.refuse());
    let product = |a: i128, b: i128| a.checked_mul(b).ok_or_else(|| Code::TooLarge.refuse());
    let parts = sum(product(rest, rate.units())?, left.units())?;
    let units = half_even(parts, PARTS);
    let left = sum(parts, -product(units, PARTS)?)?;
    Ok((Amount::of_units(sum(product(whole, rate.units())?, units)?), Amount::of_units(left)))
}

/// How far an account's interest has come.
#[derive(Debug, Clone, Copy)]
struct Loan {
    company_id: i64,
    owner_id: i64,
    account_id: i64,
    trade_type: i64,
    asset_id: i64,
    accrued_hour: i64,
    left: Amount,
}

impl Loan {
    fn principal(&self) -> Place {
        Place::of_customer(self.owner_id, self.account_id, Kind::Principal)
    }

    fn income(&self) -> Place {
        Place::of_company(Kind::InterestIncome, self.asset_id, self.owner_id)
    }
}

fn loan_of(row: &Row<'_>) -> custos_store::Result<Loan> {
    Ok(Loan {
        company_id: row.get(0)?,
        owner_id: row.get(1)?,
        account_id: row.get(2)?,
        trade_type: row.get(3)?,
        asset_id: row.get(4)?,
        accrued_hour: row.get(5)?,
        left: amount::read(row, 6)?,
    })
}

/// The open loans of a borrower, whose row is locked.
fn open_loans(tx: &mut Tx<'_>, company_id: i64, owner_id: i64, trade_type: i64) -> Result<Vec<Loan>> {
    Ok(tx.query(
        "SELECT company_id, owner_id, account_id, trade_type, asset_id, accrued_hour, remainder FROM ledger_loans \
         WHERE company_id = $1 AND owner_id = $2 AND trade_type = $3 AND open = 1",
        params![company_id, owner_id, trade_type],
        loan_of,
    )?)
}

/// Charges what is due on all debts of a borrower, up to now. The borrower stays locked until the transaction ends.
/// `false` when they never borrowed in this trade type.
///
/// # Errors
/// `FUND_0000003` beyond 128 bits; else the store's.
pub fn bring_up(tx: &mut Tx<'_>, company_id: i64, owner_id: i64, trade_type: i64) -> Result<bool> {
    let Some(group_id) = lending::lock_borrower(tx, company_id, owner_id, trade_type)? else {
        return Ok(false);
    };
    let mut loans = open_loans(tx, company_id, owner_id, trade_type)?;
    // In the order of the company's places that they lock.
    loans.sort_unstable_by_key(Loan::income);
    for loan in loans {
        charge(tx, &loan, group_id, i64::MAX)?;
    }
    Ok(true)
}

/// Charges some of what is due, at most so many hours of accounts; returns how many it was, each account that can't be
/// charged counted as one. Such an account is left alone for an hour. For a worker: each call is one transaction.
///
/// # Errors
/// The store's.
pub fn accrue_some(tx: &mut Tx<'_>, most: i64) -> Result<i64> {
    let now = tx.now();
    let hour = hour_of(now);
    let due: BTreeSet<(i64, i64, i64)> = tx
        .query(
            "SELECT company_id, owner_id, trade_type FROM ledger_loans WHERE open = 1 AND accrued_hour < $1 \
             AND left_until <= $3 ORDER BY accrued_hour LIMIT $2",
            params![hour, most, now],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?
        .into_iter()
        .collect();
    let mut loans = Vec::new();
    // All borrowers first, in their order, then the company's places in theirs: no two workers wait for each other.
    for (company_id, owner_id, trade_type) in due {
        if let Some(group_id) = lending::lock_borrower(tx, company_id, owner_id, trade_type)? {
            let open = open_loans(tx, company_id, owner_id, trade_type)?;
            loans.extend(
                open.into_iter().filter(|loan| loan.accrued_hour < hour).map(|loan| (loan, group_id)),
            );
        }
    }
    loans.sort_unstable_by_key(|(loan, _)| (loan.company_id, loan.income()));
    let mut hours = 0;
    for (loan, group_id) in loans {
        if hours >= most {
            break;
        }
        match charge(tx, &loan, group_id, most - hours) {
            Ok(charged) => hours += charged,
            // A debt that can't grow any further, or that something is wrong with, must not keep others from being charged.
            Err(error @ (Error::Refused(_) | Error::Store(StoreError::Internal(_)))) => {
                tracing::warn!(company = loan.company_id, account = loan.account_id, %error, "interest is left uncharged");
                leave(tx, &loan)?;
                // It is settled for now, so that whoever works the batches off goes on to the next.
                hours += 1;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(hours)
}

/// Leaves a loan alone for an hour.
fn leave(tx: &mut Tx<'_>, loan: &Loan) -> Result<()> {
    let until = tx.now() + HOUR_MS;
    tx.execute(
        "UPDATE ledger_loans SET left_until = $4 WHERE company_id = $1 AND owner_id = $2 AND account_id = $3",
        params![loan.company_id, loan.owner_id, loan.account_id, until],
    )?;
    Ok(())
}

/// One hour of an account, as it is written down.
struct Hour {
    hour: i64,
    rate: DailyRate,
    amount: Amount,
    left: Amount,
}

/// Charges at most so many hours of an account; returns how many.
fn charge(tx: &mut Tx<'_>, loan: &Loan, group_id: i64, most: i64) -> Result<i64> {
    let until = hour_of(tx.now()).min(loan.accrued_hour.saturating_add(most));
    if until <= loan.accrued_hour {
        return Ok(0);
    }
    // Every change of the principal locks the borrower and charges what is due first: since the last hour charged it has
    // been what it is now.
    let standing = place::look(tx, loan.company_id, loan.principal(), loan.asset_id)?;
    let principal = standing.balance.negated()?;
    if principal.is_zero() {
        set(tx, loan, hour_of(tx.now()), loan.left, false)?;
        return Ok(until - loan.accrued_hour);
    }
    let rates = lending::rates(tx, loan.company_id, group_id, loan.trade_type)?;
    let (mut hours, mut left, mut total) = (Vec::new(), loan.left, Amount::ZERO);
    for hour in loan.accrued_hour + 1..=until {
        let rate = rates.before(hour.saturating_mul(HOUR_MS)).ok_or_else(no_rate)?;
        let (amount, remains) = hourly(principal, rate, left)?;
        (left, total) = (remains, total.plus(amount)?);
        hours.push(Hour { hour, rate, amount, left });
    }
    let transfer_id = if total.is_zero() { 0 } else { post(tx, loan, total)? };
    for row in &hours {
        tx.execute(
            "INSERT INTO ledger_accruals (company_id, owner_id, account_id, hour, transfer_id, principal_sequence, \
             principal, daily_rate, amount, remainder) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            params![
                loan.company_id,
                loan.owner_id,
                loan.account_id,
                row.hour,
                transfer_id,
                standing.sequence,
                &principal.to_bytes(),
                &row.rate.to_bytes(),
                &row.amount.to_bytes(),
                &row.left.to_bytes()
            ],
        )?;
    }
    set(tx, loan, until, left, true)?;
    Ok(until - loan.accrued_hour)
}

fn no_rate() -> Error {
    StoreError::Internal("a loan in a group that never told a rate".to_owned()).into()
}

fn post(tx: &mut Tx<'_>, loan: &Loan, total: Amount) -> Result<i64> {
    let debt = Place::of_customer(loan.owner_id, loan.account_id, Kind::Interest);
    let line =
        |place, amount| Posting { place, asset_id: loan.asset_id, amount, business_type1: BUSINESS_TYPE1 };
    let postings = [line(loan.income(), total), line(debt, total.negated()?)];
    let transfer = Transfer {
        business_type: BUSINESS_TYPE,
        reason: "interest",
        actor: "system",
        effective_at: None,
        reverses: None,
        postings: &postings,
    };
    Ok(transfer::post(tx, loan.company_id, &transfer)?.id)
}

fn set(tx: &mut Tx<'_>, loan: &Loan, hour: i64, left: Amount, open: bool) -> Result<()> {
    tx.execute(
        "UPDATE ledger_loans SET accrued_hour = $4, remainder = $5, open = $6 \
         WHERE company_id = $1 AND owner_id = $2 AND account_id = $3",
        params![loan.company_id, loan.owner_id, loan.account_id, hour, &left.to_bytes(), i64::from(open)],
    )?;
    Ok(())
}

/// Has an account's hours looked at from now on: its principal is about to grow. The borrower is locked, and what was due
/// is charged.
///
/// # Errors
/// The store's.
pub(crate) fn open(
    tx: &mut Tx<'_>,
    (company_id, owner_id): (i64, i64),
    (account_id, trade_type, asset_id): (i64, i64, i64),
) -> Result<()> {
    let hour = hour_of(tx.now());
    tx.execute(
        "INSERT INTO ledger_loans (company_id, owner_id, account_id, trade_type, asset_id, open, accrued_hour, remainder) \
         VALUES ($1, $2, $3, $4, $5, 1, $6, $7) ON CONFLICT (company_id, owner_id, account_id) \
         DO UPDATE SET open = 1, accrued_hour = CASE WHEN ledger_loans.accrued_hour > excluded.accrued_hour \
         THEN ledger_loans.accrued_hour ELSE excluded.accrued_hour END WHERE ledger_loans.open = 0",
        params![
            company_id,
            owner_id,
            account_id,
            trade_type,
            asset_id,
            hour,
            &Amount::ZERO.to_bytes()
        ],
    )?;
    Ok(())
}

/// Charges what is due before a debt is changed by undoing something, and has its hours looked at from now on.
///
/// # Errors
/// As [`bring_up`].
pub(crate) fn reopen(tx: &mut Tx<'_>, company_id: i64, debt: Place) -> Result<()> {
    let known = tx.query_opt(
        "SELECT trade_type, asset_id FROM ledger_loans WHERE company_id = $1 AND owner_id = $2 AND account_id = $3",
        params![company_id, debt.owner_id, debt.id],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
    )?;
    let Some((trade_type, asset_id)) = known else { return Ok(()) };
    bring_up(tx, company_id, debt.owner_id, trade_type)?;
    open(tx, (company_id, debt.owner_id), (debt.id, trade_type, asset_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> DailyRate {
        DailyRate::parse(text).unwrap()
    }

    #[test]
    fn an_hour_is_a_twenty_fourth_of_a_day() {
        // 2,400.00 at 0.02 % a day: 48 cents a day, 2 an hour.
        let (amount, left) = hourly(Amount::of_units(240_000), rate("0.0002"), Amount::ZERO).unwrap();
        assert_eq!((amount.units(), left.units()), (2, 0));
    }

    #[test]
    fn what_is_less_than_a_unit_is_carried() {
        // 600.00 at 0.02 %: half a cent an hour, of which every other rounds to nothing.
        let mut left = Amount::ZERO;
        let mut charged = Vec::new();
        for _ in 0..6 {
            let (amount, remains) = hourly(Amount::of_units(60_000), rate("0.0002"), left).unwrap();
            charged.push(amount.units());
            left = remains;
        }
        assert_eq!(charged, [0, 1, 0, 1, 0, 1]);
        assert!(left.is_zero());
    }

    #[test]
    fn the_largest_debts_are_exact() {
        let most = Amount::of_units(10_i128.pow(36));
        let (amount, left) = hourly(most, rate("1"), Amount::ZERO).unwrap();
        // 10^36 = 24 × 41666… + 16.
        assert_eq!(amount.units(), 10_i128.pow(36) / 24 + 1);
        assert_eq!(left.units(), -8 * DailyRate::ONE);
        assert!(hourly(Amount::of_units(i128::MAX), rate("1"), left).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_is_lost(principal in 0_i128..=10_i128.pow(19), units in 0_i128..=10_i128.pow(18), left in -(PARTS / 2)..=PARTS / 2) {
            let (amount, after) = hourly(Amount::of_units(principal), DailyRate::of_units(units).unwrap(), Amount::of_units(left)).unwrap();
            prop_assert_eq!(principal * units + left, amount.units() * PARTS + after.units());
            prop_assert!(after.units().abs() * 2 <= PARTS);
            prop_assert!(!amount.is_negative());
        }
    }
}
