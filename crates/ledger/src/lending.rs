//! On what terms groups lend, since when, and who borrows.

use crate::amount::{Amount, MOST_DIGITS};
use crate::error::Result;
use custos_store::{Error as StoreError, Tx, params};

/// The part of the principal that falls due a day: 0.0002 is 0.02 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyRate(Amount);

impl DailyRate {
    /// The units of a rate of 1, which doubles a debt in a day: the highest.
    pub(crate) const ONE: i128 = 10_i128.pow(MOST_DIGITS);

    /// Reads decimal text with at most 18 decimals, from 0 to 1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::of_units(Amount::parse(text, MOST_DIGITS)?.units())
    }

    /// So many units of 10^-18.
    #[must_use]
    pub fn of_units(units: i128) -> Option<Self> {
        (0..=Self::ONE).contains(&units).then_some(Self(Amount::of_units(units)))
    }

    pub(crate) fn units(self) -> i128 {
        self.0.units()
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> custos_store::Result<Self> {
        Self::of_units(Amount::from_bytes(bytes)?.units())
            .ok_or_else(|| StoreError::Internal("a daily rate that is none".to_owned()))
    }
}

/// The rates of a group in a trade type, the oldest first.
#[derive(Debug, Clone)]
pub(crate) struct RateHistory(Vec<(i64, DailyRate)>);

impl RateHistory {
    /// The one that stood just before an instant. Servers' clocks differ a little, so that the first may be dated after a
    /// loan that was made on it.
    pub(crate) fn before(&self, at: i64) -> Option<DailyRate> {
        let stood = self.0.iter().rev().find(|(since, _)| *since < at);
        stood.or_else(|| self.0.first()).map(|(_, rate)| *rate)
    }
}

pub(crate) fn rates(tx: &mut Tx<'_>, company_id: i64, group_id: i64, trade_type: i64) -> Result<RateHistory> {
    Ok(RateHistory(tx.query(
        "SELECT since, daily_rate FROM ledger_loan_rates WHERE company_id = $1 AND group_id = $2 AND trade_type = $3 \
         ORDER BY since",
        params![company_id, group_id, trade_type],
        |row| Ok((row.get(0)?, DailyRate::from_bytes(&row.get::<Vec<u8>>(1)?)?)),
    )?))
}

/// What a group asks now; `None` for one that never told.
///
/// # Errors
/// The store's.
pub fn rate(tx: &mut Tx<'_>, company_id: i64, group_id: i64, trade_type: i64) -> Result<Option<DailyRate>> {
    Ok(last(tx, company_id, group_id, trade_type)?.map(|(_, rate)| rate))
}

fn last(
    tx: &mut Tx<'_>,
    company_id: i64,
    group_id: i64,
    trade_type: i64,
) -> Result<Option<(i64, DailyRate)>> {
    Ok(tx.query_opt(
        "SELECT since, daily_rate FROM ledger_loan_rates WHERE company_id = $1 AND group_id = $2 AND trade_type = $3 \
         ORDER BY since DESC LIMIT 1",
        params![company_id, group_id, trade_type],
        |row| Ok((row.get::<i64>(0)?, DailyRate::from_bytes(&row.get::<Vec<u8>>(1)?)?)),
    )?)
}

/// Notes what a group asks from now on; nothing when that is what it asked already. To be called by whoever changes a
/// group; a worker does so too, for changes that did not come by there.
///
/// # Errors
/// The store's.
pub fn note_rate(
    tx: &mut Tx<'_>,
    company_id: i64,
    group_id: i64,
    trade_type: i64,
    rate: DailyRate,
) -> Result<()> {
    let last = last(tx, company_id, group_id, trade_type)?;
    if last.is_some_and(|(_, known)| known == rate) {
        return Ok(());
    }
    // Two changes within a millisecond, or by servers whose clocks differ: the later one still counts.
    let since = last.map_or(tx.now(), |(since, _)| tx.now().max(since.saturating_add(1)));
    tx.execute(
        "INSERT INTO ledger_loan_rates (company_id, group_id, trade_type, since, daily_rate) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        params![company_id, group_id, trade_type, since, &rate.to_bytes()],
    )?;
    Ok(())
}

/// Locks a borrower until the transaction ends; returns the group on whose terms they borrow, or `None` for a customer
/// who never borrowed in this trade type.
pub(crate) fn lock_borrower(
    tx: &mut Tx<'_>,
    company_id: i64,
    owner_id: i64,
    trade_type: i64,
) -> Result<Option<i64>> {
    Ok(tx.query_opt(
        "SELECT group_id FROM ledger_borrowers WHERE company_id = $1 AND owner_id = $2 AND trade_type = $3 FOR UPDATE",
        params![company_id, owner_id, trade_type],
        |row| row.get(0),
    )?)
}

/// Makes someone a borrower, or moves one to another group's terms. Whoever calls it has locked the borrower or finds them
/// locked after it.
pub(crate) fn set_borrower(
    tx: &mut Tx<'_>,
    company_id: i64,
    owner_id: i64,
    trade_type: i64,
    group_id: i64,
) -> Result<()> {
    tx.execute(
        "INSERT INTO ledger_borrowers (company_id, owner_id, trade_type, group_id) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (company_id, owner_id, trade_type) DO UPDATE SET group_id = excluded.group_id",
        params![company_id, owner_id, trade_type, group_id],
    )?;
    Ok(())
}
