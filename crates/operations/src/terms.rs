//! What companies and groups have set about money, as the ledger's rules take it.

use crate::error::{Error, Result};
use custos_customers::company::{CROSS, Group, Settings};
use custos_ledger::exact;
use custos_ledger::lending::DailyRate;
use custos_ledger::margin::Terms;
use custos_ledger::rates::Valuation;
use custos_store::HOUR_MS;

/// What a company's totals are told in, and for how long its rates are believed.
#[must_use]
pub fn valuation(settings: &Settings) -> Valuation {
    Valuation {
        currency: settings.valuation_currency.clone(),
        stale_after_ms: settings.rate_stale_hours.saturating_mul(HOUR_MS),
    }
}

/// On what terms a group's customers may borrow on CROSS accounts, if they may.
///
/// # Errors
/// Terms that were not checked when they were set.
pub fn lending(group: &Group) -> Result<Option<Terms>> {
    let Some(lending) = group.offers.lending(CROSS) else { return Ok(None) };
    let number = |text: &str| {
        exact::parse(text)
            .ok_or_else(|| Error::Internal(format!("{text:?} in the terms of group {}", group.id)))
    };
    let limits = lending.limits.iter().map(|(code, limit)| Ok((code.clone(), number(limit)?)));
    Ok(Some(Terms {
        leverage: lending.leverage,
        daily_rate: number(&lending.daily_rate)?,
        below_percent: [lending.warn_below_percent, lending.call_below_percent, lending.close_below_percent],
        limits: limits.collect::<Result<_>>()?,
    }))
}

/// What a group asks a day for loans on CROSS accounts, if it lends.
///
/// # Errors
/// Terms that were not checked when they were set.
pub fn daily_rate(group: &Group) -> Result<Option<DailyRate>> {
    let Some(lending) = group.offers.lending(CROSS) else { return Ok(None) };
    let rate = DailyRate::parse(&lending.daily_rate);
    let wrong = || Error::Internal(format!("{:?} in the terms of group {}", lending.daily_rate, group.id));
    rate.map(Some).ok_or_else(wrong)
}
