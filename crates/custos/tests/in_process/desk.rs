//! What operators do with customers' money, as the command line and the back office share it.

use crate::common::{Backend, Customer, HOUR, House, Which, on_both};
use custos_customers::company;
use custos_customers::customer::Status;
use custos_ledger::locks::{self, Transfers};
use custos_ledger::proposals::{Checker, State};
use custos_ledger::verify::verify;
use custos_operations::desk::{self, Change};
use custos_operations::error::{Error, Result};
use serde_json::json;

on_both!(
    an_adjustment_leaves_loans_their_cover,
    a_proposal_is_made_by_a_second_person,
    nobody_who_leaves_gets_or_loses_money,
    locked_accounts_take_part_in_no_transfer,
    rates_and_trade_types_are_told,
    a_frozen_account_is_no_collateral,
);

const USDT: Which = (3, "USDT");
const WALLET: Which = (8, "USDT");

/// What is given to or taken from an account, at once or by proposal.
fn change(
    house: &House,
    customer: &Customer,
    (trade_type, currency): Which,
    amount: &'static str,
    waits: Option<bool>,
) -> Result<i64> {
    let number = customer.number.clone();
    house.store().write_blocking(move |tx| {
        let company = company::find(tx, 1)?.unwrap();
        let which = desk::Which { customer: &number, trade_type, account_id: None, currency };
        let change = Change { amount, reason: "a test", actor: "operator:maker", key: None };
        match waits {
            None => Ok(desk::adjust(tx, &company, which, change)?.2.transfer_id),
            Some(waits) => desk::propose(tx, &company, which, change, waits),
        }
    })
}

fn approve(house: &House, id: i64, checker: &'static str) -> Result<i64> {
    house.store().write_blocking(move |tx| {
        let company = company::find(tx, 1)?.unwrap();
        desk::approve(tx, &company, id, Checker { name: checker, id: 0 })
    })
}

#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().code()
}

fn is_whole(house: &House) {
    verify(house.store(), 1, |_| {}).unwrap().unwrap();
}

fn an_adjustment_leaves_loans_their_cover(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    change(&house, &ada, USDT, "100", None).unwrap();
    ada.home
        .call("manualLoan", json!({ "tradeType": 3, "accountCurrency": "USDT", "amount": "100" }))
        .is("0");
    // 200 there, 100 owed: 50 of them must stay on top of it.
    assert_eq!(ada.account(USDT)["withdrawAmount"], "50.000000");
    for waits in [None, Some(false), Some(true)] {
        assert_eq!(code(change(&house, &ada, USDT, "-50.000001", waits)), "FUND_0000001");
    }
    let taken = change(&house, &ada, USDT, "-50", None).unwrap();
    assert_eq!(code(change(&house, &ada, USDT, "-0.000001", None)), "FUND_0000001");
    // Undone, it may be taken again; what was given first may not be undone while a loan leans on it.
    let undo = |id: i64| {
        house.store().write_blocking(move |tx| {
            let company = company::find(tx, 1)?.unwrap();
            Ok::<_, Error>(desk::reverse(tx, &company, id, None, ("a mistake", "operator:test"))?.id)
        })
    };
    undo(taken).unwrap();
    let first = house.number("SELECT MIN(id) FROM ledger_transfers");
    assert_eq!(code(undo(first)), "FUND_0000001");
    is_whole(&house);
}

fn a_proposal_is_made_by_a_second_person(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let id = change(&house, &ada, WALLET, "12.5", Some(true)).unwrap();
    assert_eq!(ada.account(WALLET)["balance"], "0.000000");
    assert_eq!(code(approve(&house, id, "operator:maker")), "FUND_0000014");
    approve(&house, id, "operator:checker").unwrap();
    assert_eq!(code(approve(&house, id, "operator:checker")), "FUND_0000013");
    assert_eq!(ada.account(WALLET)["balance"], "12.500000");
    let (told, whose, account) = house.read(move |tx| desk::proposal(tx, 1, id));
    assert_eq!((told.state, whose.id, account.trade_type), (State::Made, ada.id, 8));
    let other = house.add_company(true);
    let stolen = house.store().read_blocking(move |tx| desk::proposal(tx, other, id));
    assert_eq!(code(stolen), "CUSTOMER_API_0000003");
    is_whole(&house);
}

fn nobody_who_leaves_gets_or_loses_money(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    change(&house, &ada, WALLET, "5", None).unwrap();
    let waits = change(&house, &ada, WALLET, "1", Some(true)).unwrap();
    for (status, due) in [(Status::Closing, "CUSTOMER_API_0000004"), (Status::Closed, "CUSTOMER_API_0000103")]
    {
        house.put_into_status(&ada, status);
        for amount in ["1", "-1"] {
            for way in [None, Some(false), Some(true)] {
                assert_eq!(code(change(&house, &ada, WALLET, amount, way)), due);
            }
        }
        assert_eq!(code(approve(&house, waits, "operator:checker")), due);
    }
    assert_eq!(house.number("SELECT count(*) FROM ledger_proposals WHERE state = 1"), 1);
    assert_eq!(house.number("SELECT count(*) FROM ledger_transfers"), 1);
}

fn locked_accounts_take_part_in_no_transfer(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    change(&house, &ada, WALLET, "10", None).unwrap();
    let lock = |trade_type: i64, transfers: Transfers| {
        let id = ada.id;
        house.write(move |tx| {
            let until = tx.now() + HOUR;
            Ok(locks::lock(tx, (1, id), (trade_type, transfers), until, "operator:test")?)
        });
    };
    let accounts = |which: Which| ada.account(which)["accountId"].clone();
    let moves = |from: Which, to: Which| {
        let body = json!({
            "accountId": accounts(from), "toTradeType": to.0, "toCustomerNo": ada.number, "amount": "1",
        });
        ada.home.call("capitalTransfer", body)
    };
    moves(WALLET, USDT).is("0");
    lock(3, Transfers::In);
    moves(WALLET, USDT).is("FUND_0000005");
    moves(USDT, WALLET).is("0");
    lock(3, Transfers::Out);
    moves(USDT, WALLET).is("FUND_0000005");
    house.advance(HOUR);
    moves(WALLET, USDT).is("0");
    is_whole(&house);
}

fn rates_and_trade_types_are_told(backend: Backend) {
    let house = House::open(backend);
    let rate = |from: &'static str, to: &'static str| {
        house.store().read_blocking(move |tx| {
            let company = company::find(tx, 1)?.unwrap();
            desk::exchange_rate(tx, &company, (from, to))
        })
    };
    let told = rate("btc", "USDT").unwrap();
    assert_eq!((told.rate.as_str(), told.source.digits, told.target.digits), ("60000", 8, 6));
    assert_eq!(rate("ETH", "BTC").unwrap().rate, "0.05");
    assert_eq!(code(rate("BTC", "XYZ")), "CUSTOMER_API_0000315");
    let types = house.read(|tx| desk::trade_types(tx, 1));
    let told: Vec<_> = types.iter().map(|one| (one.number, one.name, one.groups.len())).collect();
    assert_eq!(
        told,
        [(1, "CFD_MM", 3), (2, "CFD_WBW", 3), (3, "CROSS", 3), (5, "MATCH", 3), (8, "WALLET", 3)]
    );
    let codes: Vec<_> = types[2].groups[0].assets.iter().map(|(asset, _)| asset.code.as_str()).collect();
    assert_eq!(codes, ["USDT", "BTC", "ETH"]);
}

fn a_frozen_account_is_no_collateral(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (3, "BTC"), "0.01");
    assert_eq!(ada.account(USDT)["availableLoan"], "1200.000000");
    house.freezes(&ada, (3, "BTC"), 1, HOUR);
    assert_eq!(ada.account(USDT)["availableLoan"], "0.000000");
    ada.home
        .call("manualLoan", json!({ "tradeType": 3, "accountCurrency": "USDT", "amount": "1" }))
        .is("FUND_0000002");
    house.advance(HOUR);
    assert_eq!(ada.account(USDT)["availableLoan"], "1200.000000");
}
