//! The flows of debts: loans, repayments and interest as customers look them up.

use crate::amount::{self, Amount};
use crate::error::Result;
use crate::interest::{self, HOUR_MS};
use crate::loans;
use custos_store::{Param, Row, Tx, params};

/// Which flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Loans, repayments and interest.
    All,
    /// Loans.
    Loans,
    /// Repayments.
    Repayments,
}

impl Direction {
    /// The first and the last `businessType1`.
    const fn bounds(self) -> (i64, i64) {
        match self {
            Self::All => (0, i64::MAX),
            Self::Loans => (loans::LOAN_PRINCIPAL, loans::LOAN_PRINCIPAL),
            Self::Repayments => (loans::REPAID_PRINCIPAL, loans::REPAID_INTEREST),
        }
    }
}

/// Of which accounts, and when. Both ends of the time are within it.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// The trade type.
    pub trade_type: i64,
    /// Which.
    pub direction: Direction,
    /// From when on.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// Only this account.
    pub account_id: Option<i64>,
    /// Only this asset.
    pub asset_id: Option<i64>,
}

/// One flow: by how much a debt changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The transfer.
    pub id: i64,
    /// The account.
    pub account_id: i64,
    /// The asset's code.
    pub currency: String,
    /// The asset's decimals.
    pub digits: i64,
    /// 20 a loan, 22 a repayment, 23 interest.
    pub business_type: i64,
    /// 20001, 22001, 22002 or 23001.
    pub business_type1: i64,
    /// Principal lent or paid back; below zero when that was undone.
    pub principal: Amount,
    /// Interest charged or paid; below zero when that was undone.
    pub interest: Amount,
    /// When.
    pub at: i64,
    /// Until when interest was charged by then.
    pub charged_until: i64,
    /// Why.
    pub reason: String,
    /// Who: `customer`, `operator:NAME`, `system`.
    pub actor: String,
}

macro_rules! matching {
    () => {
        "FROM ledger_entries e JOIN ledger_loans l ON l.company_id = e.company_id AND l.owner_id = e.owner_id \
         AND l.account_id = e.account_id JOIN ledger_transfers t ON t.company_id = e.company_id AND t.id = e.transfer_id \
         JOIN assets s ON s.company_id = e.company_id AND s.id = e.asset_id \
         WHERE e.company_id = $1 AND e.owner_id = $2 AND e.kind IN (2, 3) AND l.trade_type = $3 \
         AND e.business_type1 BETWEEN $4 AND $5 AND e.recorded_at BETWEEN $6 AND $7 \
         AND (e.account_id = $8 OR $8 = 0) AND (e.asset_id = $9 OR $9 = 0)"
    };
}

fn flow_of(row: &Row<'_>) -> custos_store::Result<Flow> {
    let (business_type, kind) = (row.get::<i64>(4)?, row.get::<i64>(6)?);
    let amount = amount::read(row, 7)?;
    // Repayments bring debts up towards zero, the others down.
    let moved = match business_type {
        loans::REPAYMENT => amount,
        _ => Amount::of_units(amount.units().saturating_neg()),
    };
    let at: i64 = row.get(8)?;
    Ok(Flow {
        id: row.get(0)?,
        account_id: row.get(1)?,
        currency: row.get(2)?,
        digits: row.get(3)?,
        business_type,
        business_type1: row.get(5)?,
        principal: if kind == 2 { moved } else { Amount::ZERO },
        interest: if kind == 2 { Amount::ZERO } else { moved },
        at,
        // Whatever changes a debt charges what is due first.
        charged_until: interest::hour_of(at).saturating_mul(HOUR_MS),
        reason: row.get(9)?,
        actor: row.get(10)?,
    })
}

/// How many flows of a customer match, and `size` of them after `skip`, newest first.
///
/// # Errors
/// The store's.
pub fn page(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    filter: &Filter,
    (size, skip): (i64, i64),
) -> Result<(i64, Vec<Flow>)> {
    let (first, last) = filter.direction.bounds();
    let matching: [Param<'_>; 9] = [
        company_id.into(),
        customer_id.into(),
        filter.trade_type.into(),
        first.into(),
        last.into(),
        filter.from.into(),
        filter.until.into(),
        filter.account_id.unwrap_or(0).into(),
        filter.asset_id.unwrap_or(0).into(),
    ];
    let total = tx.value(concat!("SELECT count(*) ", matching!()), &matching)?;
    let mut values = matching.to_vec();
    values.extend_from_slice(params![size, skip]);
    let flows = tx.query(
        concat!(
            "SELECT e.transfer_id, e.account_id, s.code, s.digits, t.business_type, e.business_type1, e.kind, e.amount, \
             e.recorded_at, t.reason, t.actor ",
            matching!(),
            " ORDER BY e.transfer_id DESC LIMIT $10 OFFSET $11"
        ),
        &values,
        flow_of,
    )?;
    Ok((total, flows))
}
