//! Proving what is owed: debts change by loans, repayments and interest only, and interest is the sum of its hours.

use crate::amount::{self, Amount};
use crate::error::Result;
use crate::finding::Finding;
use crate::lending::DailyRate;
use crate::place::{Kind, Place};
use crate::transfer::Posting;
use crate::{interest, loans};
use custos_store::{Tx, params};
use std::collections::HashMap;

/// Hours of one page.
const PAGE: i64 = 5_000;

/// Whose account.
type Key = (i64, i64);

/// What the transfers say of debts so far.
#[derive(Debug, Default)]
pub(crate) struct Debts {
    /// Interest charged, by account.
    charged: HashMap<Key, Amount>,
}

/// An hour as it is written down, and what the line of the principal that it names says.
struct Hour {
    key: Key,
    hour: i64,
    sequence: i64,
    principal: Amount,
    rate: DailyRate,
    amount: Amount,
    left: Amount,
    line: Option<Amount>,
}

/// How far an account's hours have come.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    hour: i64,
    sequence: i64,
    left: Amount,
    sum: Amount,
}

fn interest_of((owner_id, account_id): Key) -> Place {
    Place::of_customer(owner_id, account_id, Kind::Interest)
}

impl Debts {
    /// Looks at a transfer: one that touches a debt has two lines, of one account or of an account and the company's
    /// interest income, and the direction of what it calls itself.
    pub(crate) fn look(
        &mut self,
        (transfer_id, business_type, is_reversal): (i64, i64, bool),
        lines: &[Posting],
    ) -> std::result::Result<(), Finding> {
        let wrong = Finding::Debt { transfer_id };
        let is_debt = |line: &&Posting| matches!(line.place.kind, Kind::Principal | Kind::Interest);
        let Some(debt) = lines.iter().find(is_debt) else { return Ok(()) };
        let other = match lines {
            [one, two] if one == debt => two,
            [one, _] => one,
            _ => return Err(wrong),
        };
        // A reversal goes the other way.
        let grows = debt.amount.is_negative() != is_reversal;
        let is_own = other.place == Place { kind: Kind::Own, ..debt.place };
        let is_income = other.place.owner_id == 0 && other.place.kind == Kind::InterestIncome;
        let is_right = match (business_type, debt.place.kind) {
            (loans::LOAN, Kind::Principal) => grows && is_own,
            (loans::REPAYMENT, _) => !grows && is_own,
            (interest::BUSINESS_TYPE, Kind::Interest) => grows && is_income,
            _ => false,
        };
        if !is_right {
            return Err(wrong);
        }
        if business_type == interest::BUSINESS_TYPE && !is_reversal {
            let sum = self.charged.entry((debt.place.owner_id, debt.place.id)).or_default();
            *sum = sum.minus(debt.amount).map_err(|_| wrong)?;
        }
        Ok(())
    }

    /// After the last transfer: goes through all hours, account by account.
    pub(crate) fn reached(
        &self,
        tx: &mut Tx<'_>,
        company_id: i64,
    ) -> Result<std::result::Result<(), Finding>> {
        let mut runs: HashMap<Key, Run> = HashMap::new();
        let mut after = (0, 0, 0);
        loop {
            let hours = hours(tx, company_id, after)?;
            let Some(last) = hours.last() else { break };
            after = (last.key.0, last.key.1, last.hour);
            for hour in &hours {
                let run = runs.entry(hour.key).or_default();
                if !follows(run, hour) {
                    return Ok(Err(Finding::Accrual { place: interest_of(hour.key), hour: hour.hour }));
                }
                let Ok(sum) = run.sum.plus(hour.amount) else {
                    return Ok(Err(Finding::Interest { place: interest_of(hour.key) }));
                };
                *run = Run { hour: hour.hour, sequence: hour.sequence, left: hour.left, sum };
            }
        }
        let mut carried = carried(tx, company_id)?;
        let mut keys: Vec<Key> =
            self.charged.keys().chain(runs.keys()).chain(carried.keys()).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let run = runs.get(&key).copied().unwrap_or_default();
            let charged = self.charged.get(&key).copied().unwrap_or_default();
            let is_carried =
                carried.remove(&key).is_some_and(|(hour, left)| hour >= run.hour && left == run.left);
            if charged != run.sum || !is_carried {
                return Ok(Err(Finding::Interest { place: interest_of(key) }));
            }
        }
        Ok(uncharged(tx, company_id)?
            .map_or(Ok(()), |key| Err(Finding::Interest { place: interest_of(key) })))
    }
}

/// Whether an hour is what it must be after the one before it.
fn follows(run: &Run, hour: &Hour) -> bool {
    // Between two hours that do not follow each other all was paid back, and borrowed again: two lines at least.
    let first = run.sequence == 0;
    let next = hour.hour == run.hour + 1 && hour.sequence >= run.sequence;
    let later = hour.hour > run.hour && hour.sequence >= run.sequence.saturating_add(2);
    let due = interest::hourly(hour.principal, hour.rate, run.left);
    (first || next || later)
        && hour.principal.is_positive()
        && hour.line.is_some_and(|line| line.negated().is_ok_and(|owed| owed == hour.principal))
        && due.is_ok_and(|due| due == (hour.amount, hour.left))
}

fn hours(tx: &mut Tx<'_>, company_id: i64, after: (i64, i64, i64)) -> Result<Vec<Hour>> {
    Ok(tx.query(
        "SELECT h.owner_id, h.account_id, h.hour, h.principal_sequence, h.principal, h.daily_rate, h.amount, h.remainder, \
         e.balance FROM ledger_accruals h LEFT JOIN ledger_entries e ON e.company_id = h.company_id \
         AND e.owner_id = h.owner_id AND e.account_id = h.account_id AND e.kind = 2 AND e.stripe = 0 \
         AND e.sequence = h.principal_sequence \
         WHERE h.company_id = $1 AND (h.owner_id, h.account_id, h.hour) > ($2, $3, $4) \
         ORDER BY h.owner_id, h.account_id, h.hour LIMIT $5",
        params![company_id, after.0, after.1, after.2, PAGE],
        |row| {
            Ok(Hour {
                key: (row.get(0)?, row.get(1)?),
                hour: row.get(2)?,
                sequence: row.get(3)?,
                principal: amount::read(row, 4)?,
                rate: DailyRate::from_bytes(&row.get::<Vec<u8>>(5)?)?,
                amount: amount::read(row, 6)?,
                left: amount::read(row, 7)?,
                line: amount::read_opt(row, 8)?,
            })
        },
    )?)
}

/// How far each account says that its interest has come, and what it carries on.
fn carried(tx: &mut Tx<'_>, company_id: i64) -> Result<HashMap<Key, (i64, Amount)>> {
    let rows = tx.query(
        "SELECT owner_id, account_id, accrued_hour, remainder FROM ledger_loans WHERE company_id = $1",
        params![company_id],
        |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, amount::read(row, 3)?))),
    )?;
    Ok(rows.into_iter().collect())
}

/// The first account that owes principal whose hours nobody looks at.
fn uncharged(tx: &mut Tx<'_>, company_id: i64) -> Result<Option<Key>> {
    Ok(tx.query_opt(
        "SELECT a.owner_id, a.id FROM ledger_accounts a LEFT JOIN ledger_loans l ON l.company_id = a.company_id \
         AND l.owner_id = a.owner_id AND l.account_id = a.id AND l.open = 1 \
         WHERE a.company_id = $1 AND a.kind = 2 AND a.balance <> $2 AND l.open IS NULL ORDER BY a.owner_id, a.id LIMIT 1",
        params![company_id, &Amount::ZERO.to_bytes()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}
