//! Closure against money that is on its way: whoever comes first, nobody leaves with money or debt.

use crate::common::{Backend, Customer, House, on_both};
use custos_customers::changes::By;
use custos_customers::company;
use custos_customers::session::Origin;
use custos_customers::step_up::{Given, Need, Warrant};
use custos_ledger::accounts::{self, Account};
use custos_ledger::capital::{self, Side};
use custos_ledger::cover::Cover;
use custos_ledger::lending::DailyRate;
use custos_ledger::loans::{self, Debtor, Lender};
use custos_ledger::place::{self, Kind};
use custos_ledger::{Amount, adjust, verify};
use custos_operations::error::Error;
use custos_operations::terms::Covering;
use custos_operations::{closing, terms};
use custos_store::Tx;
use std::sync::Barrier;

on_both!(nobody_leaves_with_money_or_debt);

const ROUNDS: usize = 500;
const COMPANY: i64 = 1;

/// Asks for nothing: what must be proved is tried elsewhere.
struct Unproved;

impl Warrant for Unproved {
    const NEEDS: &'static [Need] = &[];
}

fn account(tx: &mut Tx<'_>, customer_id: i64, which: (i64, &str)) -> Result<Account, Error> {
    let all = accounts::list(tx, COMPANY, customer_id)?;
    Ok(all.into_iter().find(|one| (one.trade_type, one.asset.code.as_str()) == which).unwrap())
}

fn adjusts(tx: &mut Tx<'_>, customer_id: i64, account: &Account, amount: Amount) -> Result<(), Error> {
    let wish = adjust::Adjustment {
        company_id: COMPANY,
        customer_id,
        account,
        amount,
        reason: "a race",
        actor: "operator:test",
        key: None,
    };
    let company = company::find(tx, COMPANY)?.unwrap();
    adjust::adjust(tx, &wish, Covering::none(&company).cover())?;
    Ok(())
}

fn leaves(tx: &mut Tx<'_>, id: i64) -> Result<(), Error> {
    let company = company::find(tx, COMPANY)?.unwrap();
    let by = By { session_id: None, origin: Origin::default() };
    closing::ask::<Unproved>(tx, &company, id, (&Given::default(), &by), "")
}

fn is_given(tx: &mut Tx<'_>, id: i64) -> Result<(), Error> {
    let account = account(tx, id, (8, "USD"))?;
    adjusts(tx, id, &account, Amount::of_units(5))
}

fn is_sent_money(tx: &mut Tx<'_>, (from, to): (i64, i64)) -> Result<(), Error> {
    let company = company::find(tx, COMPANY)?.unwrap();
    let (out_of, into) = (account(tx, from, (8, "USD"))?, account(tx, to, (8, "USD"))?);
    let sides = (Side { customer_id: from, account: &out_of }, Side { customer_id: to, account: &into });
    let valuation = terms::valuation(&company.settings);
    let cover = Cover { terms: None, valuation: &valuation };
    capital::transfer(tx, COMPANY, sides, Amount::of_units(1), cover)?;
    Ok(())
}

fn borrows(tx: &mut Tx<'_>, id: i64) -> Result<(), Error> {
    let account = account(tx, id, (3, "USDT"))?;
    let debtor = Debtor { company_id: COMPANY, customer_id: id, account: &account };
    let lender = Lender { group_id: 1, rate: DailyRate::parse("0.0002").unwrap() };
    // As much as stands there.
    loans::borrow(tx, &debtor, lender, Amount::of_units(10), |_, places| {
        let own = places.iter().find(|one| one.place.id == account.id && one.place.kind == Kind::Own);
        Ok(own.map_or(Amount::ZERO, |own| own.balance))
    })?;
    Ok(())
}

fn loses_the_cover(tx: &mut Tx<'_>, id: i64) -> Result<(), Error> {
    let account = account(tx, id, (3, "USDT"))?;
    adjusts(tx, id, &account, Amount::of_units(-100))
}

/// Everything is paid back and taken out, and the customer is here again.
fn starts_anew(tx: &mut Tx<'_>, id: i64, cover: bool) -> Result<(), Error> {
    let company = company::find(tx, COMPANY)?.unwrap();
    let closing = tx.value::<i64>("SELECT count(*) FROM closures WHERE state = 1", &[])? == 1;
    if closing {
        closing::reject(tx, &company, id, ("operator:test", "another round"))?;
    }
    let margin = account(tx, id, (3, "USDT"))?;
    for one in place::all_of(tx, COMPANY, id)? {
        if one.place.kind == Kind::Principal && !one.balance.is_zero() {
            // What is owed may be more than there is.
            adjusts(tx, id, &margin, Amount::of_units(100))?;
            let debtor = Debtor { company_id: COMPANY, customer_id: id, account: &margin };
            loans::repay(tx, &debtor, one.balance.negated()?)?;
        }
    }
    for account in accounts::list(tx, COMPANY, id)? {
        let own = custos_ledger::place::Place::of_customer(id, account.id, Kind::Own);
        let balance = place::look(tx, COMPANY, own, account.asset.id)?.balance;
        if !balance.is_zero() {
            adjusts(tx, id, &account, balance.negated()?)?;
        }
    }
    if cover {
        adjusts(tx, id, &margin, Amount::of_units(100))?;
    }
    Ok(())
}

fn nobody_leaves_with_money_or_debt(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob): (Customer, Customer) = (house.customer(), house.customer());
    house.gives(&bob, (8, "USD"), "100000");
    let (id, other) = (ada.id, bob.id);
    let (mut left, mut stayed) = (0, 0);
    for round in 0..ROUNDS {
        let lends = round % 2 == 0;
        house.write(move |tx| starts_anew(tx, id, lends));
        let start = Barrier::new(3);
        let gone = std::thread::scope(|scope| {
            let leaving = scope.spawn(|| run(&house, &start, move |tx| leaves(tx, id)));
            let first = scope.spawn(|| match lends {
                true => run(&house, &start, move |tx| borrows(tx, id)),
                false => run(&house, &start, move |tx| is_given(tx, id)),
            });
            let second = scope.spawn(|| match lends {
                true => run(&house, &start, move |tx| loses_the_cover(tx, id)),
                false => run(&house, &start, move |tx| is_sent_money(tx, (other, id))),
            });
            let _ = (first.join().unwrap(), second.join().unwrap());
            leaving.join().unwrap()
        });
        let places = house.read(move |tx| Ok(place::all_of(tx, COMPANY, id)?));
        let is_empty = places.iter().all(|one| one.balance.is_zero() && one.held.is_zero());
        let status = house.number(&format!("SELECT status FROM customers WHERE id = {id}"));
        assert_eq!(status == 6, gone, "round {round}");
        assert!(status == 1 || is_empty, "round {round}: left with {places:?}");
        if gone { left += 1 } else { stayed += 1 }
    }
    // Both kinds of rounds were seen, or this has tried nothing.
    assert!(left > 0 && stayed > 0, "{left} left, {stayed} stayed");
    verify::verify(house.store(), COMPANY, |_| ()).unwrap().unwrap();
}

/// Whether it was done once all were ready; a refusal is an answer, anything else is none.
fn run(
    house: &House,
    start: &Barrier,
    work: impl FnMut(&mut Tx<'_>) -> Result<(), Error> + Send + 'static,
) -> bool {
    start.wait();
    match house.store().write_blocking(work) {
        Ok(()) => true,
        Err(Error::Refused { .. }) => false,
        Err(error) => panic!("{error:?}"),
    }
}
