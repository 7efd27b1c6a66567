//! What companies and groups have set about money, as the ledger's rules take it.

use crate::error::{Error, Result};
use custos_customers::company::{self, CROSS, Company, Group, Offer, Settings};
use custos_customers::customer::Customer;
use custos_ledger::accounts::Wanted;
use custos_ledger::cover::Cover;
use custos_ledger::exact;
use custos_ledger::lending::DailyRate;
use custos_ledger::margin::Terms;
use custos_ledger::rates::Valuation;
use custos_store::{HOUR_MS, Tx};

/// What a company's totals are told in, and for how long its rates are believed.
#[must_use]
pub fn valuation(settings: &Settings) -> Valuation {
    Valuation {
        currency: settings.valuation_currency.clone(),
        stale_after_ms: settings.rate_stale_hours.saturating_mul(HOUR_MS),
    }
}

/// All accounts that a group offers.
#[must_use]
pub fn accounts(group: &Group) -> Vec<Wanted> {
    let of = |offer: &Offer| -> Vec<Wanted> {
        offer.currencies.iter().map(|code| (offer.trade_type, code.clone())).collect()
    };
    group.offers.accounts.iter().flat_map(of).collect()
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

/// What decides how much may leave a customer's margin accounts, read for one transaction.
#[derive(Debug, Clone)]
pub struct Covering {
    terms: Option<Terms>,
    valuation: Valuation,
}

impl Covering {
    /// That of a customer.
    ///
    /// # Errors
    /// Terms that were not checked when they were set, or the store's.
    pub fn of(tx: &mut Tx<'_>, company: &Company, customer: &Customer) -> Result<Self> {
        let groups = company::groups(tx, company.id)?;
        let group = groups.iter().find(|group| group.id == customer.group_id);
        let terms = group.map(lending).transpose()?.flatten();
        Ok(Self { terms, ..Self::none(company) })
    }

    /// That of nobody to whom is lent.
    #[must_use]
    pub fn none(company: &Company) -> Self {
        Self { terms: None, valuation: valuation(&company.settings) }
    }

    /// As the ledger's rules take it.
    #[must_use]
    pub fn cover(&self) -> Cover<'_> {
        Cover { terms: self.terms.as_ref(), valuation: &self.valuation }
    }
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
