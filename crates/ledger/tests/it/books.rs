//! A company with two assets, and what tests do with its books.

use crate::common::Bench;
use custos_ledger::cover::Cover;
use custos_ledger::place::{self, Kind, Place, Standing};
use custos_ledger::rates::Valuation;
use custos_ledger::transfer::{self, Posted, Posting, Transfer};
use custos_ledger::verify::{Finding, Seen, verify};
use custos_ledger::{Amount, Code, Error, Result, assets};
use custos_store::{Tx, params};
use std::sync::LazyLock;

pub(crate) const COMPANY: i64 = 7;
/// Two decimals.
pub(crate) const USD: i64 = 1;
/// Eighteen.
pub(crate) const ETH: i64 = 2;

/// What holds where nobody has borrowed.
pub(crate) fn no_loans() -> Cover<'static> {
    static VALUATION: LazyLock<Valuation> =
        LazyLock::new(|| Valuation { currency: "USD".to_owned(), stale_after_ms: 0 });
    Cover { terms: None, valuation: &VALUATION }
}

/// So many units.
pub(crate) fn units(units: i128) -> Amount {
    Amount::of_units(units)
}

/// The money of a customer, who has one account whose number is theirs.
pub(crate) fn own(customer: i64) -> Place {
    Place::of_customer(customer, customer, Kind::Own)
}

/// The company's float that deals with a customer.
pub(crate) fn float(customer: i64) -> Place {
    Place::of_company(Kind::Float, USD, customer)
}

pub(crate) fn posting(place: Place, amount: i128) -> Posting {
    Posting { place, asset_id: USD, amount: units(amount), business_type1: 0 }
}

/// Records a transfer.
pub(crate) fn post(tx: &mut Tx<'_>, postings: &[Posting]) -> Result<Posted> {
    let transfer = Transfer {
        business_type: 4,
        reason: "a test",
        actor: "operator:test",
        effective_at: None,
        reverses: None,
        postings,
    };
    transfer::post(tx, COMPANY, &transfer)
}

/// From one place to another.
pub(crate) fn transfer(tx: &mut Tx<'_>, from: Place, to: Place, amount: i128) -> Result<Posted> {
    post(tx, &[posting(from, -amount), posting(to, amount)])
}

pub(crate) trait Books {
    /// Adds the company and its assets.
    fn furnish(&self);
    /// Writes, and says why not.
    fn tries<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T>;
    /// Gives a customer money out of the float.
    fn deposits(&self, customer: i64, amount: i128) -> Posted;
    fn standing(&self, place: Place) -> Standing;
    fn balance(&self, place: Place) -> i128 {
        self.standing(place).balance.units()
    }
    /// Proves the books.
    fn proves(&self) -> std::result::Result<Seen, Finding>;
    /// The one number that a query answers with.
    fn number(&self, sql: &'static str) -> i64;
}

impl Books for Bench {
    fn furnish(&self) {
        self.tries(|tx| {
            let sql = "INSERT INTO companies (id, name, state, settings, created_at, updated_at) \
                       VALUES ($1, 'Test', 1, '{}', 0, 0)";
            tx.execute(sql, params![COMPANY])?;
            assets::add(tx, COMPANY, "USD", 2)?;
            assets::add(tx, COMPANY, "ETH", 18)
        })
        .unwrap();
    }

    fn tries<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.store.write_blocking(work)
    }

    fn deposits(&self, customer: i64, amount: i128) -> Posted {
        self.tries(move |tx| transfer(tx, float(customer), own(customer), amount)).unwrap()
    }

    fn standing(&self, place: Place) -> Standing {
        self.store.read_blocking(move |tx| place::look(tx, COMPANY, place, USD)).unwrap()
    }

    fn proves(&self) -> std::result::Result<Seen, Finding> {
        verify(&self.store, COMPANY, |_| {}).unwrap()
    }

    fn number(&self, sql: &'static str) -> i64 {
        self.store.read_blocking(move |tx| Ok::<_, Error>(tx.value::<i64>(sql, &[])?)).unwrap()
    }
}

/// The code of a refusal.
#[track_caller]
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T>) -> Code {
    match result {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("no refusal: {other:?}"),
    }
}
