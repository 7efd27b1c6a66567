//! What collateral carries: how much may be borrowed on accounts that stand for each other, what loans tie down, and
//! how near they are to losing their cover. Nothing here touches the database.
//!
//! With a leverage of N, own assets of 1 carry loans of N − 1. What is owed is therefore covered while
//! `net × (N − 1) ≥ owed`. Two figures of the net are told apart: the one that clients read counts all that has a rate;
//! the one that decides on loans and withdrawals is careful. It leaves out what is held, since it may leave at any time,
//! what stands on a frozen account, which could not pay, and what has no rate that can be believed.

use crate::accounts::Account;
use crate::amount::Amount;
use crate::error::Result;
use crate::exact::{self, Rounding};
use crate::place::{Frozen, Kind, Place, Standing};
use crate::rates::Rates;
use num_rational::BigRational;
use std::collections::BTreeMap;

/// On what terms is lent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Own and borrowed assets together are at most so many times the own ones; at least 2.
    pub leverage: i64,
    /// Interest of a day on the principal, as a fraction of it.
    pub daily_rate: BigRational,
    /// Net assets below so many percent of what is owed are risk level 1, 2, 3.
    pub below_percent: [i64; 3],
    /// The most principal of an asset, in coins; assets that are not in it have no limit.
    pub limits: BTreeMap<String, BigRational>,
}

impl Terms {
    /// What own assets of 1 carry.
    fn carries(&self) -> BigRational {
        exact::whole(self.leverage.saturating_sub(1).max(0))
    }
}

/// What stands on one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The account.
    pub account_id: i64,
    /// Its asset's code.
    pub code: String,
    /// Its asset's decimals.
    pub digits: u32,
    /// The posted balance.
    pub balance: Amount,
    /// What of it is set aside.
    pub held: Amount,
    /// Principal owed: zero or above.
    pub principal: Amount,
    /// Interest owed: zero or above.
    pub interest: Amount,
    /// Nothing may leave it now: it could not pay a debt either.
    pub is_frozen: bool,
}

impl Holding {
    /// An account as the customer's places tell it at an instant.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn of(customer_id: i64, account: &Account, places: &[Standing], now: i64) -> Result<Self> {
        let at = |kind| {
            let place = Place::of_customer(customer_id, account.id, kind);
            places.iter().find(|standing| standing.place == place)
        };
        let balance = |kind| at(kind).map_or(Amount::ZERO, |standing| standing.balance);
        Ok(Self {
            account_id: account.id,
            code: account.asset.code.clone(),
            digits: account.digits(),
            balance: balance(Kind::Own),
            held: at(Kind::Own).map_or(Amount::ZERO, |own| own.held),
            // A debt is a balance below zero.
            principal: balance(Kind::Principal).negated()?,
            interest: balance(Kind::Interest).negated()?,
            is_frozen: at(Kind::Own)
                .is_some_and(|own| own.frozen.until > now && own.frozen.bits & Frozen::DEBIT != 0),
        })
    }

    /// What is not held; never below zero.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn available(&self) -> Result<Amount> {
        Ok(self.balance.minus(self.held)?.max(Amount::ZERO))
    }

    /// Principal and interest owed.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn owed(&self) -> Result<Amount> {
        self.principal.plus(self.interest)
    }

    fn coins(&self, amount: Amount) -> BigRational {
        exact::coins(amount, self.digits)
    }
}

/// Sums over accounts in the valuation currency, exactly. What has no rate is left out; what has a stale one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Posted balances.
    pub balance: BigRational,
    /// What is held.
    pub held: BigRational,
    /// Principal owed.
    pub principal: BigRational,
    /// Interest owed.
    pub interest: BigRational,
}

impl Totals {
    /// What is owed.
    #[must_use]
    pub fn owed(&self) -> BigRational {
        &self.principal + &self.interest
    }

    /// Balances less what is owed.
    #[must_use]
    pub fn net(&self) -> BigRational {
        &self.balance - self.owed()
    }
}

/// How near loans are to losing their cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// Net assets in percent of what is owed; `None` where nothing is.
    pub percent: Option<BigRational>,
    /// 0 none, 1 a warning, 2 more own assets are asked for, 3 to be closed.
    pub level: i64,
}

/// What is sure, whatever becomes of holds and rates that are in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Careful {
    net: BigRational,
    owed: BigRational,
    /// Something is owed in an asset whose rate can't be believed: no one knows how much.
    is_blind: bool,
    owes: bool,
}

/// Accounts that stand for each other: a customer's accounts of one trade type.
#[derive(Debug, Clone)]
pub struct Book<'a> {
    rates: &'a Rates,
    terms: Option<&'a Terms>,
    totals: Totals,
    careful: Careful,
}

impl<'a> Book<'a> {
    /// Sums them up. Without terms nothing is lent, and what is owed all the same ties everything down.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn new(holdings: &[Holding], rates: &'a Rates, terms: Option<&'a Terms>) -> Result<Self> {
        let zero = exact::zero;
        let mut totals = Totals { balance: zero(), held: zero(), principal: zero(), interest: zero() };
        let mut careful = Careful { net: zero(), owed: zero(), is_blind: false, owes: false };
        for one in holdings {
            let owed = one.owed()?;
            careful.owes |= owed.is_positive();
            if let Some(rate) = rates.of(&one.code) {
                let worth = |amount| one.coins(amount) * &rate.number;
                totals.balance += worth(one.balance);
                totals.held += worth(one.held);
                totals.principal += worth(one.principal);
                totals.interest += worth(one.interest);
            }
            match rates.fresh(&one.code) {
                Some(rate) => {
                    let sure = if one.is_frozen { Amount::ZERO } else { one.available()? };
                    careful.net += one.coins(sure.minus(owed)?) * &rate.number;
                    careful.owed += one.coins(owed) * &rate.number;
                }
                None => careful.is_blind |= owed.is_positive(),
            }
        }
        Ok(Self { rates, terms, totals, careful })
    }

    /// The sums that clients read.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// On what terms is lent.
    #[must_use]
    pub fn terms(&self) -> Option<&'a Terms> {
        self.terms
    }

    /// How near the loans are to losing their cover.
    #[must_use]
    pub fn risk(&self) -> Risk {
        let owed = self.totals.owed();
        if !exact::is_positive(&owed) {
            return Risk { percent: None, level: 0 };
        }
        let percent = self.totals.net() / owed * exact::whole(100);
        let below = |bound: &&i64| percent < exact::whole(**bound);
        let levels = self.terms.map_or(0, |terms| terms.below_percent.iter().filter(below).count());
        Risk { percent: Some(percent), level: i64::try_from(levels).unwrap_or(3) }
    }

    /// How much more of an account's asset may be borrowed: what the net assets carry less what is owed, by the asset's
    /// rate, rounded down, and not beyond the limit of the asset.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn available_loan(&self, one: &Holding) -> Result<Amount> {
        let (Some(terms), Some(rate)) = (self.terms, self.rates.fresh(&one.code)) else {
            return Ok(Amount::ZERO);
        };
        if self.careful.is_blind {
            return Ok(Amount::ZERO);
        }
        let mut coins = (&self.careful.net * terms.carries() - &self.careful.owed) / &rate.number;
        if let Some(limit) = terms.limits.get(&one.code) {
            coins = coins.min(limit - one.coins(one.principal));
        }
        // No asset has more.
        coins = coins.min(one.coins(Amount::of_units(i128::MAX)));
        if exact::is_positive(&coins) {
            exact::rounded(&coins, one.digits, Rounding::Down)
        } else {
            Ok(Amount::ZERO)
        }
    }

    /// What may leave an account now: nothing that is held, and no more than what the loans do not need for their cover.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn withdrawable(&self, one: &Holding) -> Result<Amount> {
        let available = one.available()?;
        if !self.careful.owes {
            return Ok(available);
        }
        let Some(terms) = self.terms.filter(|terms| terms.leverage > 1 && !self.careful.is_blind) else {
            return Ok(Amount::ZERO);
        };
        let spare = &self.careful.net - &self.careful.owed / terms.carries();
        if !exact::is_positive(&spare) {
            return Ok(Amount::ZERO);
        }
        match self.rates.fresh(&one.code) {
            Some(rate) => {
                let coins = (spare / &rate.number).min(one.coins(available));
                exact::rounded(&coins, one.digits, Rounding::Down)
            }
            // The cover stands without it.
            None => Ok(available),
        }
    }

    /// What the loans tie down of an account: the rest of what is not held.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn collateral_frozen(&self, one: &Holding) -> Result<Amount> {
        one.available()?.minus(self.withdrawable(one)?)
    }
}

#[cfg(test)]
mod tests;
