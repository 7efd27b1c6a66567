//! The figures of accounts: what is free, what is owed, what may be borrowed, and what it is all worth.

use crate::common::{Backend, Customer, HOUR, House, Which, on_both};
use custos_ledger::place::Frozen;
use serde_json::Value;

on_both!(
    every_figure_of_an_account_with_a_loan,
    totals_add_up,
    only_margin_accounts_are_lent_on,
    what_is_held_is_neither_free_nor_collateral,
    a_frozen_account_lets_nothing_out,
    the_limit_of_an_asset_caps_its_loans,
    risk_rises_as_the_cover_falls,
    what_has_no_rate_is_left_out_and_named,
    a_stale_rate_is_marked_and_not_lent_on,
    a_rate_turned_round_values_too,
    a_group_that_does_not_lend,
);

const USDT: Which = (3, "USDT");
const BTC: Which = (3, "BTC");

/// These fields of an object.
#[track_caller]
fn are(object: &Value, fields: &[(&str, &str)]) {
    for (name, due) in fields {
        assert_eq!(object[name], *due, "{name} of {object}");
    }
}

/// A customer who has 0.01 BTC, worth 600, and owes 300 USDT with half a dollar of interest, of which 100 are spent.
fn debtor(house: &House) -> Customer {
    let ada = house.customer();
    house.gives(&ada, BTC, "0.01");
    house.owes(&ada, USDT, "300", "0.5");
    house.gives(&ada, USDT, "-100");
    ada
}

fn every_figure_of_an_account_with_a_loan(backend: Backend) {
    let house = House::open(backend);
    let ada = debtor(&house);
    // Net: 600 + 200 − 300.5 = 499.5. It carries 999, of which 300.5 are used. For cover 150.25 must stay: 349.25 are free.
    are(
        &ada.account(USDT),
        &[
            ("balance", "200.000000"),
            ("available", "200.000000"),
            ("frozen", "0.000000"),
            ("lockAmount", "0.000000"),
            ("liabilitiesPrincipal", "300.000000"),
            ("interest", "0.500000"),
            ("liabilities", "300.500000"),
            ("netAssets", "-100.500000"),
            ("equity", "200.000000"),
            ("freeMargin", "200.000000"),
            ("profit", "0.000000"),
            ("margin", "0.000000"),
            ("lockMargin", "0.000000"),
            ("availableLoan", "698.500000"),
            ("withdrawAmount", "200.000000"),
            ("notWithdrawAmount", "0.000000"),
            ("collateralFrozen", "0.000000"),
            ("interestProportion", "0.0002"),
            ("marginRadio", "3"),
            ("wholeWarehouseRate", "1"),
            ("wholeWarehouseBalance", "200.00"),
            ("formulaSymbol", "multiply"),
        ],
    );
    are(
        &ada.account(BTC),
        &[
            ("balance", "0.01000000"),
            ("netAssets", "0.01000000"),
            // 698.5 ÷ 60000, rounded down.
            ("availableLoan", "0.01164166"),
            // 349.25 ÷ 60000, rounded down.
            ("withdrawAmount", "0.00582083"),
            ("notWithdrawAmount", "0.00417917"),
            ("collateralFrozen", "0.00417917"),
            ("wholeWarehouseRate", "60000"),
            ("wholeWarehouseBalance", "600.00"),
        ],
    );
}

fn totals_add_up(backend: Backend) {
    let house = House::open(backend);
    let ada = debtor(&house);
    house.holds(&ada, USDT, "50");
    let told = ada.together(3);
    are(
        &told,
        &[
            ("currency", "USD"),
            ("totalBalance", "800.00"),
            ("totalAvailable", "750.00"),
            ("totalLiabilitiesPrincipal", "300.00"),
            ("totalInterest", "0.50"),
            ("totalLiabilities", "300.50"),
            ("totalNetAssets", "499.50"),
            // 499.5 ÷ 300.5
            ("closeProportion", "166.22"),
            ("customerNo", &ada.number),
        ],
    );
    assert_eq!((&told["digits"], &told["riskLevel"], &told["companyId"]), (&2.into(), &0.into(), &1.into()));
    assert_eq!((&told["leftOut"], &told["staleRates"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    // Halves of a cent: the parts are rounded, the sums are those of the parts.
    let ben = house.customer();
    house.gives(&ben, USDT, "10.005");
    house.owes(&ben, USDT, "0.015", "0.005");
    let told = ben.together(3);
    are(
        &told,
        &[
            ("totalBalance", "10.02"),
            ("totalLiabilitiesPrincipal", "0.02"),
            ("totalInterest", "0.00"),
            ("totalLiabilities", "0.02"),
            ("totalNetAssets", "10.00"),
        ],
    );
    let calm = house.customer().together(3);
    are(&calm, &[("totalBalance", "0.00"), ("totalNetAssets", "0.00"), ("closeProportion", "0.00")]);
    assert_eq!(calm["riskLevel"], 0);
}

fn only_margin_accounts_are_lent_on(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for which in [(1, "USD"), (2, "USD"), (5, "USDT"), (8, "USD")] {
        house.gives(&ada, which, "100");
        are(&ada.account(which), &[("interestProportion", "0"), ("marginRadio", "1")]);
        let loan = ada.account(which)["availableLoan"].as_str().unwrap().to_owned();
        assert!(loan.trim_matches(['0', '.']).is_empty(), "{which:?}: {loan}");
    }
    // Nor are they collateral of those.
    are(&ada.account(USDT), &[("availableLoan", "0.000000")]);
    house.gives(&ada, USDT, "100");
    are(&ada.account(USDT), &[("availableLoan", "200.000000"), ("withdrawAmount", "100.000000")]);
    are(&ada.account((3, "ETH")), &[("availableLoan", "0.066666666666666666")]);
}

fn what_is_held_is_neither_free_nor_collateral(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, USDT, "300");
    house.owes(&ada, USDT, "100", "0");
    house.holds(&ada, USDT, "200");
    are(
        &ada.account(USDT),
        &[
            ("balance", "400.000000"),
            ("available", "200.000000"),
            ("frozen", "200.000000"),
            ("lockAmount", "200.000000"),
            // 200 − 100 of net assets are sure; they carry 200, of which 100 are used.
            ("availableLoan", "100.000000"),
            ("withdrawAmount", "50.000000"),
            ("collateralFrozen", "150.000000"),
            ("notWithdrawAmount", "350.000000"),
        ],
    );
}

fn a_frozen_account_lets_nothing_out(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let wallet = (8, "USD");
    house.gives(&ada, wallet, "10");
    let in_the_record = || {
        let record = ada.home.call("findCustomerInfo", serde_json::json!({})).data().clone();
        let accounts = record["accountList"].as_array().unwrap().clone();
        accounts.into_iter().find(|one| one["tradeType"] == 8 && one["currency"] == "USD").unwrap()
    };
    let both = || [ada.account(wallet), in_the_record()];
    house.freezes(&ada, wallet, Frozen::DEBIT, HOUR);
    for told in both() {
        are(&told, &[("available", "10.00"), ("withdrawAmount", "0.00"), ("notWithdrawAmount", "10.00")]);
        assert_eq!(told["status"], 2);
    }
    house.freezes(&ada, wallet, Frozen::CREDIT, HOUR);
    both().iter().for_each(|told| are(told, &[("withdrawAmount", "10.00")]));
    house.freezes(&ada, wallet, Frozen::DEBIT | Frozen::CREDIT, HOUR);
    both().iter().for_each(|told| assert_eq!(told["status"], 1));
    // The freeze ends by the clock alone, for the record that was kept as well.
    house.advance(HOUR);
    for told in both() {
        are(&told, &[("withdrawAmount", "10.00")]);
        assert_eq!(told["status"], 2);
    }
}

fn the_limit_of_an_asset_caps_its_loans(backend: Backend) {
    let house = House::open(backend);
    let ada = debtor(&house);
    let limit = |text: &'static str| {
        house.lends(move |lending| {
            let limits = &mut lending.as_mut().unwrap().limits;
            limits.insert("USDT".to_owned(), text.to_owned());
        });
    };
    limit("350.5");
    are(&ada.account(USDT), &[("availableLoan", "50.500000")]);
    are(&ada.account(BTC), &[("availableLoan", "0.01164166")]);
    limit("299");
    are(&ada.account(USDT), &[("availableLoan", "0.000000")]);
}

fn risk_rises_as_the_cover_falls(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, BTC, "0.01");
    house.owes(&ada, USDT, "1000", "0");
    house.gives(&ada, USDT, "-200");
    for (rate, percent, level) in [
        ("60000", "40.00", 0),
        ("59999", "40.00", 1),
        ("40000", "20.00", 1),
        ("39990", "19.99", 2),
        ("30000", "10.00", 2),
        ("29000", "9.00", 3),
        ("10000", "-10.00", 3),
    ] {
        house.rate("BTC", "USD", rate);
        let told = ada.together(3);
        are(&told, &[("closeProportion", percent)]);
        assert_eq!(told["riskLevel"], level, "at {rate}");
        // Below 50 % a loan of three times the net is no longer covered.
        are(&ada.account(USDT), &[("availableLoan", "0.000000"), ("withdrawAmount", "0.000000")]);
    }
}

fn what_has_no_rate_is_left_out_and_named(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, USDT, "100");
    house.gives(&ada, BTC, "1");
    house.write(|tx| Ok(tx.execute("DELETE FROM rates WHERE base = 'BTC'", &[]).map(|_| tx.touch(0))?));
    let told = ada.together(3);
    are(&told, &[("totalBalance", "100.00"), ("totalNetAssets", "100.00")]);
    assert_eq!(told["leftOut"], Value::from(vec!["BTC"]));
    are(
        &told["accountInfoMap"]["BTC"],
        &[
            ("balance", "1.00000000"),
            ("withdrawAmount", "1.00000000"),
            ("availableLoan", "0.00000000"),
            ("wholeWarehouseRate", "0"),
            ("wholeWarehouseBalance", "0.00"),
        ],
    );
    are(&ada.account(USDT), &[("availableLoan", "200.000000")]);
}

fn a_stale_rate_is_marked_and_not_lent_on(backend: Backend) {
    let house = House::open(backend);
    let ada = debtor(&house);
    house.set(1, |settings| settings.rate_stale_hours = 2);
    house.advance(HOUR);
    house.rate("USDT", "USD", "1");
    let record = || {
        let record = ada.home.call("findCustomerInfo", serde_json::json!({})).data().clone();
        record["accountList"].as_array().unwrap().iter().find(|one| one["tradeType"] == 3).unwrap().clone()
    };
    are(&record(), &[("currency", "USDT"), ("availableLoan", "698.500000")]);
    house.advance(HOUR);
    // Neither the session nor a kept record outlives the rate.
    let told = ada.together(3);
    assert_eq!(told["staleRates"], Value::from(vec!["BTC", "ETH"]));
    assert_eq!(told["leftOut"], Value::Array(vec![]));
    are(&told, &[("totalBalance", "800.00"), ("totalNetAssets", "499.50")]);
    // Without the bitcoins what is owed has no cover that is sure.
    for account in [&told["accountInfoMap"]["USDT"], &record()] {
        are(account, &[("availableLoan", "0.000000"), ("withdrawAmount", "0.000000")]);
    }
    are(&told["accountInfoMap"]["BTC"], &[("availableLoan", "0.00000000"), ("withdrawAmount", "0.00000000")]);
    house.rate("BTC", "USD", "60000");
    are(&record(), &[("availableLoan", "698.500000")]);
}

fn a_rate_turned_round_values_too(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (5, "BTC"), "0.3");
    house.rate("USD", "BTC", "0.00003");
    let told = ada.account((5, "BTC"));
    // A third has no end; the worth of 0.3 is exact all the same.
    are(&told, &[("wholeWarehouseRate", "33333.333333333333333333"), ("wholeWarehouseBalance", "10000.00")]);
}

fn a_group_that_does_not_lend(backend: Backend) {
    let house = House::open(backend);
    let (ada, ben) = (debtor(&house), house.customer());
    house.gives(&ben, USDT, "100");
    house.lends(|lending| *lending = None);
    are(
        &ben.account(USDT),
        &[
            ("availableLoan", "0.000000"),
            ("interestProportion", "0"),
            ("marginRadio", "1"),
            ("withdrawAmount", "100.000000"),
        ],
    );
    // Whoever owes something still keeps the cover.
    are(&ada.account(BTC), &[("availableLoan", "0.00000000"), ("withdrawAmount", "0.00000000")]);
}
