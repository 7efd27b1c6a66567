//! Money for customers, put where it is by real transfers.

use super::house::House;
use super::people::Customer;
use custos_customers::{company, customer};
use custos_ledger::accounts::{self, Account};
use custos_ledger::place::{Frozen, Kind, Place};
use custos_ledger::rates::{self, Quoted, Source};
use custos_ledger::transfer::{self, Posting, Transfer};
use custos_ledger::{Amount, adjust, holds, place};
use custos_operations::terms::Covering;
use custos_store::Tx;
use serde_json::{Value, json};

/// A customer's account: trade type and currency.
pub(crate) type Which = (i64, &'static str);

fn account_of(tx: &mut Tx<'_>, company: i64, customer: i64, which: Which) -> Account {
    let all = accounts::list(tx, company, customer).unwrap();
    all.into_iter().find(|one| (one.trade_type, one.asset.code.as_str()) == which).unwrap()
}

impl House {
    /// Gives a customer money out of the float, or takes it back, whatever becomes of the cover of loans.
    pub(crate) fn gives(&self, customer: &Customer, which: Which, amount: &'static str) {
        let (company_id, customer_id) = (customer.company, customer.id);
        self.write(move |tx| {
            let account = account_of(tx, company_id, customer_id, which);
            let (asset_id, amount) = (account.asset.id, Amount::parse(amount, account.digits()).unwrap());
            let line = |place, amount| Posting { place, asset_id, amount, business_type1: 0 };
            let own = Place::of_customer(customer_id, account.id, Kind::Own);
            let float = Place::of_company(Kind::Float, asset_id, customer_id);
            let transfer = Transfer {
                business_type: adjust::BUSINESS_TYPE,
                reason: "a test",
                actor: "operator:test",
                effective_at: None,
                reverses: None,
                postings: &[line(own, amount), line(float, amount.negated().unwrap())],
            };
            Ok(transfer::post(tx, company_id, &transfer).map(|_| ())?)
        });
    }

    /// Lets a customer owe principal and interest; what is lent comes to the account.
    pub(crate) fn owes(
        &self,
        customer: &Customer,
        which: Which,
        principal: &'static str,
        interest: &'static str,
    ) {
        let (company, id) = (customer.company, customer.id);
        self.write(move |tx| {
            let account = account_of(tx, company, id, which);
            let asset_id = account.asset.id;
            let line = |place, amount: Amount| Posting { place, asset_id, amount, business_type1: 0 };
            let at = |kind| Place::of_customer(id, account.id, kind);
            let income = Place::of_company(Kind::InterestIncome, asset_id, id);
            let amount = |text| Amount::parse(text, account.digits()).unwrap();
            let lines = |from, to, amount: Amount| [line(from, amount.negated().unwrap()), line(to, amount)];
            for postings in [
                lines(at(Kind::Principal), at(Kind::Own), amount(principal)),
                lines(at(Kind::Interest), income, amount(interest)),
            ] {
                if postings[1].amount.is_zero() {
                    continue;
                }
                let (reason, actor) = ("a test", "operator:test");
                let (effective_at, reverses) = (None, None);
                let postings = &postings;
                let transfer =
                    Transfer { business_type: 20, reason, actor, effective_at, reverses, postings };
                transfer::post(tx, company, &transfer)?;
            }
            Ok(())
        });
    }

    /// Sets money of a customer aside for an hour.
    pub(crate) fn holds(&self, customer: &Customer, which: Which, amount: &'static str) {
        let (company, id) = (customer.company, customer.id);
        self.write(move |tx| {
            let account = account_of(tx, company, id, which);
            let wanted = holds::Wanted {
                place: Place::of_customer(id, account.id, Kind::Own),
                asset_id: account.asset.id,
                amount: Amount::parse(amount, account.digits()).unwrap(),
                reason: "a test",
                ends_at: tx.now() + super::HOUR,
            };
            let whose = customer::find(tx, company, id)?.unwrap();
            let home = company::find(tx, company)?.unwrap();
            let covering = Covering::of(tx, &home, &whose)?;
            Ok(holds::reserve(tx, company, wanted, covering.cover()).map(|_| ())?)
        });
    }

    /// Closes an account to money out, in or both for some time.
    pub(crate) fn freezes(&self, customer: &Customer, which: Which, bits: i64, ms: i64) {
        let (company, id) = (customer.company, customer.id);
        self.write(move |tx| {
            let account = account_of(tx, company, id, which);
            let own = Place::of_customer(id, account.id, Kind::Own);
            let frozen = Frozen { bits, until: tx.now() + ms };
            Ok(place::freeze(tx, company, (own, account.asset.id), frozen, "a test")?)
        });
    }

    /// Names a rate of company 1.
    pub(crate) fn rate(&self, base: &str, quote: &str, rate: &str) {
        let quoted = Quoted::new(base, quote, rate).unwrap();
        self.write(move |tx| Ok(rates::set(tx, 1, "USD", &quoted, (Source::Operator, "operator:test"))?));
    }
}

impl Customer {
    /// An account as its owner reads it.
    #[track_caller]
    pub(crate) fn account(&self, (trade_type, currency): Which) -> Value {
        let body = json!({ "tradeType": trade_type, "currency": currency });
        self.home.call("queryAccountById", body).data().clone()
    }

    /// All accounts of a trade type as their owner reads them.
    #[track_caller]
    pub(crate) fn together(&self, trade_type: i64) -> Value {
        self.home.call("queryCustomerAssetsInfo", json!({ "tradeType": trade_type })).data().clone()
    }
}
