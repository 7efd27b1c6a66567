//! The limits of loans and withdrawals in figures, and that they hold whatever the figures are.

use super::*;
use crate::rates::{Rate, Valuation};
use proptest::prelude::*;

const NOW: i64 = 1_000_000;
const LIMIT: i64 = 1_000;

fn rate(text: &str, age: i64) -> Rate {
    Rate { number: exact::parse(text).unwrap(), quoted_at: Some(NOW - age) }
}

/// USDT 1, BTC 60000, ETH 3000 in USD; OLD is stale, NEW has none.
fn rates() -> Rates {
    let by_code = [
        ("USDT", rate("1", 0)),
        ("BTC", rate("60000", LIMIT - 1)),
        ("ETH", rate("3000", 0)),
        ("OLD", rate("10", LIMIT)),
    ];
    let by_code = by_code.into_iter().map(|(code, rate)| (code.to_owned(), rate)).collect();
    Rates::new(Valuation { currency: "USD".to_owned(), stale_after_ms: LIMIT }, 2, NOW, by_code)
}

fn terms() -> Terms {
    Terms {
        leverage: 3,
        daily_rate: exact::parse("0.0002").unwrap(),
        below_percent: [40, 20, 10],
        limits: BTreeMap::new(),
    }
}

/// An account with decimals as in `1.5 of BTC`; the amounts are texts.
fn holding(code: &str, digits: u32, [balance, held, principal, interest]: [&str; 4]) -> Holding {
    let amount = |text: &str| Amount::parse(text, digits).unwrap();
    Holding {
        account_id: 1,
        code: code.to_owned(),
        digits,
        balance: amount(balance),
        held: amount(held),
        principal: amount(principal),
        interest: amount(interest),
        is_frozen: false,
    }
}

fn usdt(amounts: [&str; 4]) -> Holding {
    holding("USDT", 6, amounts)
}

fn btc(amounts: [&str; 4]) -> Holding {
    holding("BTC", 8, amounts)
}

const NOTHING: [&str; 4] = ["0", "0", "0", "0"];

/// Available loan, withdrawable and tied down of each account.
fn figures(holdings: &[Holding], terms: Option<&Terms>) -> Vec<[String; 3]> {
    let rates = rates();
    let book = Book::new(holdings, &rates, terms).unwrap();
    let text = |amount: Amount, one: &Holding| {
        let text = amount.to_text(one.digits);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    holdings
        .iter()
        .map(|one| {
            [book.available_loan(one), book.withdrawable(one), book.collateral_frozen(one)]
                .map(|amount| text(amount.unwrap(), one))
        })
        .collect()
}

#[test]
fn own_assets_carry_twice_as_much_at_leverage_three() {
    let told = figures(&[usdt(["300", "0", "0", "0"]), btc(NOTHING)], Some(&terms()));
    assert_eq!(told, [["600", "300", "0"], ["0.01", "0", "0"]]);
    // Half of it borrowed: half of the own assets is free.
    let told = figures(&[usdt(["600", "0", "300", "0"]), btc(NOTHING)], Some(&terms()));
    assert_eq!(told, [["300", "150", "450"], ["0.005", "0", "0"]]);
    // All of it, in another asset: nothing is.
    let told = figures(&[usdt(["300", "0", "0", "0"]), btc(["0.01", "0", "0.01", "0"])], Some(&terms()));
    assert_eq!(told, [["0", "0", "300"], ["0", "0", "0.01"]]);
    // Interest counts like principal.
    let told = figures(&[usdt(["300", "0", "0", "100"]), btc(NOTHING)], Some(&terms()));
    assert_eq!(told[0], ["300", "150", "150"]);
}

#[test]
fn what_may_be_borrowed_is_rounded_down() {
    let told = figures(&[usdt(["100", "0", "0", "0"]), btc(NOTHING)], Some(&terms()));
    assert_eq!(told[1][0], "0.00333333");
    // What must stay is rounded up: it is half of what is owed, in coins of 60000 each.
    let told =
        figures(&[usdt(["0", "0", "100.0001", "0"]), btc(["0.00333333", "0", "0", "0"])], Some(&terms()));
    assert_eq!(told[1], ["0.00166665", "0.00083332", "0.00250001"]);
}

#[test]
fn a_limit_of_an_asset_caps_its_principal() {
    let mut terms = terms();
    terms.limits.insert("BTC".to_owned(), exact::parse("0.004").unwrap());
    terms.limits.insert("USDT".to_owned(), exact::parse("0").unwrap());
    let told = figures(&[usdt(["300", "0", "0", "0"]), btc(["0.003", "0", "0.003", "0"])], Some(&terms));
    assert_eq!([&told[0][0], &told[1][0]], ["0", "0.001"]);
    // Someone who owes more than a limit that came later may borrow nothing, which is no error.
    terms.limits.insert("BTC".to_owned(), exact::parse("0.001").unwrap());
    let told = figures(&[usdt(["300", "0", "0", "0"]), btc(["0.003", "0", "0.003", "0"])], Some(&terms));
    assert_eq!(told[1][0], "0");
}

#[test]
fn what_is_held_is_no_collateral() {
    let told = figures(&[usdt(["300", "100", "0", "0"])], Some(&terms()));
    assert_eq!(told, [["400", "200", "0"]]);
    let told = figures(&[usdt(["400", "200", "100", "0"])], Some(&terms()));
    assert_eq!(told, [["100", "50", "150"]]);
}

#[test]
fn what_is_frozen_is_no_collateral() {
    let frozen = Holding { is_frozen: true, ..btc(["0.01", "0", "0", "0"]) };
    assert_eq!(figures(&[frozen.clone(), usdt(NOTHING)], Some(&terms()))[1][0], "0");
    // What is owed on it counts all the same.
    let debtor = Holding { principal: Amount::of_units(1_000), ..frozen };
    let all = [debtor, usdt(["1", "0", "0", "0"])];
    assert_eq!(figures(&all, Some(&terms()))[1][0], "0.2");
}

#[test]
fn without_a_rate_to_believe_nothing_is_lent_and_cover_stays() {
    let old = |amounts| holding("OLD", 2, amounts);
    let new = |amounts| holding("NEW", 2, amounts);
    // Neither is collateral nor can be borrowed; with nothing owed both may leave.
    let told =
        figures(&[old(["10", "0", "0", "0"]), new(["10", "0", "0", "0"]), usdt(NOTHING)], Some(&terms()));
    assert_eq!(told, [["0", "10", "0"], ["0", "10", "0"], ["0", "0", "0"]]);
    // The cover stands without them: they may leave.
    let told = figures(&[old(["10", "0", "0", "0"]), usdt(["600", "0", "300", "0"])], Some(&terms()));
    assert_eq!(told, [["0", "10", "0"], ["300", "150", "450"]]);
    // It does not: nothing may.
    let told = figures(&[old(["10", "0", "0", "0"]), usdt(["300", "0", "300", "0"])], Some(&terms()));
    assert_eq!(told, [["0", "0", "10"], ["0", "0", "300"]]);
    // How much is owed is not known: nothing may, nothing more is lent.
    let told = figures(&[old(["10", "0", "1", "0"]), usdt(["900", "0", "0", "0"])], Some(&terms()));
    assert_eq!(told, [["0", "0", "10"], ["0", "0", "900"]]);
}

#[test]
fn without_terms_nothing_is_lent_and_what_is_owed_ties_all_down() {
    let told = figures(&[usdt(["300", "50", "0", "0"])], None);
    assert_eq!(told, [["0", "250", "0"]]);
    let told = figures(&[usdt(["300", "50", "1", "0"])], None);
    assert_eq!(told, [["0", "0", "250"]]);
}

#[test]
fn risk_has_levels_by_percent_of_the_debt() {
    let (rates, terms) = (rates(), terms());
    let risk = |balance: &str| {
        let holdings = [usdt([balance, "0", "900", "100"])];
        let risk = Book::new(&holdings, &rates, Some(&terms)).unwrap().risk();
        (exact::decimal(&risk.percent.unwrap(), 2), risk.level)
    };
    for (balance, percent, level) in [
        ("1500", "50.00", 0),
        ("1400", "40.00", 0),
        ("1399.999999", "40.00", 1),
        ("1200", "20.00", 1),
        ("1199.99", "20.00", 2),
        ("1100", "10.00", 2),
        ("1099", "9.90", 3),
        ("900", "-10.00", 3),
    ] {
        assert_eq!(risk(balance), (percent.to_owned(), level), "{balance}");
    }
    let calm = Book::new(&[usdt(["1", "0", "0", "0"])], &rates, Some(&terms)).unwrap().risk();
    assert_eq!(calm, Risk { percent: None, level: 0 });
}

#[test]
fn totals_leave_out_what_has_no_rate() {
    let rates = rates();
    let holdings = [
        usdt(["100.5", "20", "10", "1.25"]),
        btc(["0.001", "0", "0", "0"]),
        holding("OLD", 2, ["1", "0", "0", "0"]),
        holding("NEW", 2, ["7", "0", "0", "0"]),
        holding("USD", 2, ["0.01", "0", "0", "0"]),
    ];
    let book = Book::new(&holdings, &rates, None).unwrap();
    let totals = book.totals();
    let told =
        [&totals.balance, &totals.held, &totals.principal, &totals.interest, &totals.owed(), &totals.net()];
    assert_eq!(
        told.map(|number| exact::decimal(number, 2)),
        ["170.51", "20.00", "10.00", "1.25", "11.25", "159.26"]
    );
}

#[test]
fn figures_beyond_all_money_are_no_error() {
    let mut rates = rates();
    rates = Rates::new(
        rates.valuation.clone(),
        2,
        NOW,
        [("USDT", rate("100000000000000000000", 0)), ("ETH", rate("0.000000000000000001", 0))]
            .into_iter()
            .map(|(code, rate)| (code.to_owned(), rate))
            .collect(),
    );
    let holdings = [usdt(["1000000000000000000", "0", "1", "0"]), holding("ETH", 18, NOTHING)];
    let terms = terms();
    let book = Book::new(&holdings, &rates, Some(&terms)).unwrap();
    assert_eq!(book.available_loan(&holdings[1]).unwrap(), Amount::of_units(i128::MAX));
    assert!(book.withdrawable(&holdings[0]).unwrap().is_positive());
}

/// Whether what is owed is covered: the very rule, in the terms of the market.
fn is_covered(holdings: &[Holding], rates: &Rates, terms: &Terms) -> bool {
    let book = Book::new(holdings, rates, Some(terms)).unwrap();
    let totals = book.totals();
    (totals.net() - &totals.held) * exact::whole(terms.leverage - 1) >= totals.owed()
}

fn any_holding(code: &'static str, digits: u32) -> impl Strategy<Value = Holding> {
    let amount = 0_i128..10_i128.pow(12);
    (amount.clone(), 0_i128..=100, amount.clone(), amount).prop_map(
        move |(balance, held, principal, interest)| Holding {
            account_id: 1,
            code: code.to_owned(),
            digits,
            balance: Amount::of_units(balance),
            held: Amount::of_units(balance / 100 * held),
            principal: Amount::of_units(principal / 4),
            interest: Amount::of_units(interest / 1_000),
            is_frozen: false,
        },
    )
}

proptest! {
    #[test]
    fn borrowing_all_keeps_cover_and_one_unit_more_loses_it(
        first in any_holding("USDT", 6), second in any_holding("BTC", 8), leverage in 2_i64..10,
    ) {
        let (rates, terms) = (rates(), Terms { leverage, ..terms() });
        let before = [first, second];
        let all = Book::new(&before, &rates, Some(&terms)).unwrap().available_loan(&before[1]).unwrap();
        let borrowed = |amount: Amount| {
            let mut after = before.clone();
            after[1].balance = after[1].balance.plus(amount).unwrap();
            after[1].principal = after[1].principal.plus(amount).unwrap();
            is_covered(&after, &rates, &terms)
        };
        prop_assert_eq!(borrowed(all), all.is_positive() || is_covered(&before, &rates, &terms));
        prop_assert!(!borrowed(all.plus(Amount::of_units(1)).unwrap()));
    }

    #[test]
    fn withdrawing_all_keeps_cover_and_the_parts_are_the_balance(
        first in any_holding("USDT", 6), second in any_holding("BTC", 8), leverage in 2_i64..10,
    ) {
        let (rates, terms) = (rates(), Terms { leverage, ..terms() });
        let before = [first, second];
        let book = Book::new(&before, &rates, Some(&terms)).unwrap();
        let all = book.withdrawable(&before[0]).unwrap();
        let tied = book.collateral_frozen(&before[0]).unwrap();
        prop_assert!(!all.is_negative() && !tied.is_negative());
        prop_assert_eq!(all.plus(tied).unwrap().plus(before[0].held).unwrap(), before[0].balance);
        let owes = before.iter().any(|one| one.owed().unwrap().is_positive());
        let left = |amount: Amount| {
            let mut after = before.clone();
            after[0].balance = after[0].balance.minus(amount).unwrap();
            is_covered(&after, &rates, &terms)
        };
        if all.is_positive() && owes {
            prop_assert!(left(all));
        }
        if tied.is_positive() {
            prop_assert!(!left(all.plus(Amount::of_units(1)).unwrap()));
        }
    }
}
