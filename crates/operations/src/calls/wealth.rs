//! All that the figures of a customer's accounts hang on, read once.

use crate::error::Result;
use crate::shape::{Kept, Shape};
use crate::terms;
use custos_customers::company::{self, CROSS, Company};
use custos_customers::customer::Customer;
use custos_ledger::accounts::{self, Account};
use custos_ledger::margin::{Book, Holding, Terms};
use custos_ledger::place::{self, Kind, Place, Standing};
use custos_ledger::rates::{self, Rates};
use custos_store::Tx;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long an answer about one account is, and a little more.
const ANSWER_BYTES: usize = 1_200;

/// What is asked about a customer's money over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// An account, by its id.
    Account(i64),
    /// All accounts of a trade type together.
    Together(i64),
}

/// A customer's accounts with what stands on them, the company's rates, and the terms of the customer's group.
#[derive(Debug)]
pub(crate) struct Wealth {
    pub(crate) customer_id: i64,
    pub(crate) customer_no: String,
    pub(crate) company_id: i64,
    pub(crate) group_kind: i64,
    pub(crate) rates: Rates,
    accounts: Vec<Account>,
    places: Vec<Standing>,
    terms: Option<Terms>,
    /// What was answered of it: as true as the figures are, and exact arithmetic takes longer than all the rest.
    answers: Mutex<BTreeMap<Asked, Arc<[u8]>>>,
}

impl Wealth {
    /// Reads it.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn read(tx: &mut Tx<'_>, company: &Company, customer: &Customer) -> Result<Self> {
        let group = company::groups(tx, company.id)?.into_iter().find(|group| group.id == customer.group_id);
        Ok(Self {
            customer_id: customer.id,
            customer_no: customer.number.clone(),
            company_id: company.id,
            group_kind: group.as_ref().map_or(0, |group| group.kind),
            rates: rates::read(tx, company.id, &terms::valuation(&company.settings))?,
            accounts: accounts::list(tx, company.id, customer.id)?,
            places: place::all_of(tx, company.id, customer.id)?,
            terms: group.as_ref().map(terms::lending).transpose()?.flatten(),
            answers: Mutex::default(),
        })
    }

    /// The answer to a question, made once.
    pub(crate) fn answer<T: Serialize + Shape>(
        &self,
        asked: Asked,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<Kept<T>> {
        let kept = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).cloned();
        if let Some(kept) = kept {
            return Ok(Kept::new(kept));
        }
        let made = Kept::of(&make()?)?;
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(asked, Arc::clone(&made.0));
        Ok(made)
    }

    /// About how much memory it takes once everything was asked.
    pub(crate) fn bytes(&self) -> u64 {
        let (account, place, rate) = (size_of::<Account>(), size_of::<Standing>(), 4 * size_of::<Rates>());
        let bytes = self.accounts.len() * (account + rate + 2 * ANSWER_BYTES) + self.places.len() * place;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The accounts, by trade type and asset.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The customer's own money on an account, where there ever was any.
    pub(crate) fn own(&self, account: &Account) -> Option<&Standing> {
        let place = Place::of_customer(self.customer_id, account.id, Kind::Own);
        self.places.iter().find(|standing| standing.place == place)
    }

    /// An account's balance and debts.
    pub(crate) fn holding(&self, account: &Account) -> Result<Holding> {
        Ok(Holding::of(self.customer_id, account, &self.places, self.rates.now)?)
    }

    /// The accounts of one trade type, which stand for each other.
    pub(crate) fn book(&self, trade_type: i64) -> Result<Book<'_>> {
        let of_type = self.accounts.iter().filter(|account| account.trade_type == trade_type);
        let holdings = of_type.map(|account| self.holding(account)).collect::<Result<Vec<_>>>()?;
        Ok(Book::new(&holdings, &self.rates, self.terms.as_ref().filter(|_| trade_type == CROSS))?)
    }

    /// The next instant at which a figure changes by itself: a rate grows stale, or a freeze ends.
    pub(crate) fn good_until(&self) -> i64 {
        let thaws = self.places.iter().map(|standing| standing.frozen.until);
        let next = thaws.filter(|until| *until > self.rates.now).min().unwrap_or(i64::MAX);
        next.min(self.rates.good_until())
    }
}
