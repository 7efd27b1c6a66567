//! Borrowing on margin accounts, interest by the hour, paying back, and the flows of all three.

use crate::common::{BAD_FIELD, Backend, Client, Customer, HOUR, House, MISSING_FIELD, on_both};
use custos_ledger::accounts::{self, Account};
use custos_ledger::interest;
use custos_ledger::place::{self, Kind, Place};
use custos_ledger::verify::verify;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

const CROSS: i64 = 3;
const NOT_ENOUGH: &str = "FUND_0000001";
const OVER_LIMIT: &str = "FUND_0000002";
const NOTHING_OWED: &str = "FUND_0000004";
const OTHER_REQUEST: &str = "FUND_0000007";
const NO_RATE: &str = "FUND_0000011";
const NOT_FOUND: &str = "CUSTOMER_API_0000003";

on_both!(
    a_customer_borrows_what_the_assets_allow,
    other_assets_count_too,
    what_is_no_loan_is_refused,
    nothing_is_lent_where_the_group_lends_nothing,
    nothing_is_lent_on_a_rate_that_is_old,
    interest_is_charged_and_paid_first,
    no_more_is_taken_than_is_owed,
    a_repayment_must_be_covered,
    flows_are_told_page_by_page,
    flows_are_the_callers_own,
    a_crowd_of_loans_stays_within_the_limit,
    a_group_asks_another_rate_from_now_on,
    a_key_takes_effect_once,
);

fn account(house: &House, customer: &Customer, currency: &'static str) -> Account {
    let (company, id) = (customer.company, customer.id);
    let all = house.read(move |tx| Ok(accounts::list(tx, company, id)?));
    all.into_iter().find(|account| account.trade_type == CROSS && account.asset.code == currency).unwrap()
}

/// Own money, principal and interest of the margin account of a currency.
pub(crate) fn stands(house: &House, customer: &Customer, currency: &'static str) -> [String; 3] {
    let (company, id) = (customer.company, customer.id);
    let account = account(house, customer, currency);
    house.read(move |tx| {
        let mut told = [const { String::new() }; 3];
        for (slot, kind) in told.iter_mut().zip([Kind::Own, Kind::Principal, Kind::Interest]) {
            let place = Place::of_customer(id, account.id, kind);
            *slot = place::look(tx, company, place, account.asset.id)?.balance.to_text(account.digits());
        }
        Ok(told)
    })
}

fn body(currency: &str, amount: impl Into<Value>) -> Value {
    json!({ "tradeType": 3, "accountCurrency": currency, "amount": amount.into() })
}

#[track_caller]
pub(crate) fn borrows(client: &Client, currency: &str, amount: &str, due: &str) {
    client.call("manualLoan", body(currency, amount)).is(due);
}

#[track_caller]
fn repays(client: &Client, currency: &str, amount: &str, due: &str) {
    client.call("manualRepayment", body(currency, amount)).is(due);
}

/// What is due is charged, as the worker would in time.
pub(crate) fn charges(house: &House) {
    while house.write(|tx| Ok(interest::accrue_some(tx, 100)?)) > 0 {}
}

#[track_caller]
pub(crate) fn proves(house: &House) {
    verify(house.store(), 1, |_| {}).unwrap().unwrap();
}

fn a_customer_borrows_what_the_assets_allow(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    borrows(&ada.home, "USDT", "0.000001", OVER_LIMIT);
    house.gives(&ada, (CROSS, "USDT"), "1000");
    // Leverage 3: twice the own assets may be borrowed.
    borrows(&ada.home, "USDT", "2000.000001", OVER_LIMIT);
    borrows(&ada.home, "USDT", "500", "0");
    borrows(&ada.home, "USDT", "1500.000001", OVER_LIMIT);
    // A currency is found whatever its letters' case, and an amount comes as a number as well; `data` is there.
    let reply = ada.home.call("manualLoan", body("usdt", 1500));
    assert!(reply.data().is_object());
    borrows(&ada.home, "USDT", "0.000001", OVER_LIMIT);
    assert_eq!(stands(&house, &ada, "USDT"), ["3000.000000", "-2000.000000", "0.000000"]);
    let told = ada.account((CROSS, "USDT"));
    assert_eq!((&told["availableLoan"], &told["liabilities"]), (&json!("0.000000"), &json!("2000.000000")));
    proves(&house);
}

fn other_assets_count_too(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "BTC"), "0.01");
    house.gives(&ada, (CROSS, "ETH"), "0.2");
    // 600 USD in bitcoin and 600 in ether: 2400 may be borrowed, of which 1200 in bitcoin.
    assert_eq!(ada.account((CROSS, "BTC"))["availableLoan"], "0.04000000");
    borrows(&ada.home, "BTC", "0.04000001", OVER_LIMIT);
    borrows(&ada.home, "BTC", "0.02", "0");
    assert_eq!(ada.account((CROSS, "USDT"))["availableLoan"], "1200.000000");
    borrows(&ada.home, "USDT", "1200.000001", OVER_LIMIT);
    borrows(&ada.home, "USDT", "1200", "0");
    borrows(&ada.home, "ETH", "0.000000000000000001", OVER_LIMIT);
    proves(&house);
}

fn what_is_no_loan_is_refused(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "USDT"), "1000");
    let before = house.snapshot();
    for operation in ["manualLoan", "manualRepayment"] {
        let tries = |change: &dyn Fn(&mut Value), due: &str| {
            let mut asked = body("USDT", "1");
            change(&mut asked);
            let reply = ada.home.call(operation, asked);
            reply.is(due);
            reply
        };
        for trade_type in [1, 2, 5, 8] {
            tries(&|asked| asked["tradeType"] = trade_type.into(), BAD_FIELD).naming("tradeType");
        }
        for currency in ["EUR", "USD", "NONE"] {
            tries(&|asked| asked["accountCurrency"] = currency.into(), NOT_FOUND);
        }
        for amount in ["0", "-1", "1.0000001", "1e2", "one", "1,5"] {
            tries(&|asked| asked["amount"] = amount.into(), BAD_FIELD).naming("amount");
        }
        let raw = br#"{"tradeType":3,"accountCurrency":"USDT","amount":1e2}"#;
        let entry = crate::common::entry(operation);
        ada.home.send(entry, &crate::common::address_of(entry), raw).is(BAD_FIELD).naming("amount");
        for field in ["tradeType", "accountCurrency", "amount"] {
            tries(&|asked| asked[field] = Value::Null, MISSING_FIELD).naming(field);
        }
    }
    before.is_still(&house.snapshot(), "refused loans and repayments");
}

fn nothing_is_lent_where_the_group_lends_nothing(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "USDT"), "1000");
    house.lends(|lending| *lending = None);
    borrows(&ada.home, "USDT", "1", OVER_LIMIT);
    assert_eq!(stands(&house, &ada, "USDT")[0], "1000.000000");
}

fn nothing_is_lent_on_a_rate_that_is_old(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "USDT"), "1000");
    house.set(1, |settings| settings.rate_stale_hours = 24);
    house.advance(24 * HOUR - 1);
    borrows(&ada.home, "USDT", "1", "0");
    house.advance(1);
    borrows(&ada.home, "USDT", "1", NO_RATE);
    // What is owed is paid back without one.
    repays(&ada.home, "USDT", "1", "0");
    assert_eq!(stands(&house, &ada, "USDT")[0], "1000.000000");
}

fn interest_is_charged_and_paid_first(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "USDT"), "1000");
    borrows(&ada.home, "USDT", "1200", "0");
    house.advance(HOUR - 1);
    charges(&house);
    assert_eq!(stands(&house, &ada, "USDT")[2], "0.000000");
    house.advance(1);
    charges(&house);
    // 1200 × 0.0002 ÷ 24.
    assert_eq!(stands(&house, &ada, "USDT")[2], "-0.010000");
    // A day: 0.24 in all, paid by what is enough for that and a part of the loan.
    house.advance(23 * HOUR);
    repays(&ada.home, "USDT", "200.24", "0");
    assert_eq!(stands(&house, &ada, "USDT"), ["1999.760000", "-1000.000000", "0.000000"]);
    proves(&house);
}

fn no_more_is_taken_than_is_owed(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "USDT"), "1000");
    repays(&ada.home, "USDT", "1", NOTHING_OWED);
    borrows(&ada.home, "USDT", "1200", "0");
    house.advance(HOUR);
    let reply = ada.home.call("manualRepayment", body("USDT", "2200"));
    assert!(reply.data().is_object());
    assert_eq!(stands(&house, &ada, "USDT"), ["999.990000", "0.000000", "0.000000"]);
    repays(&ada.home, "USDT", "1", NOTHING_OWED);
    house.advance(10 * HOUR);
    charges(&house);
    assert_eq!(stands(&house, &ada, "USDT")[2], "0.000000");
    proves(&house);
}

fn a_repayment_must_be_covered(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "BTC"), "1");
    borrows(&ada.home, "USDT", "1200", "0");
    house.gives(&ada, (CROSS, "USDT"), "-1000");
    let before = house.snapshot();
    repays(&ada.home, "USDT", "200.000001", NOT_ENOUGH);
    before.is_still(&house.snapshot(), "a repayment that is not covered");
    repays(&ada.home, "USDT", "200", "0");
    assert_eq!(stands(&house, &ada, "USDT"), ["0.000000", "-1000.000000", "0.000000"]);
}

fn flows(client: &Client, more: Value) -> Value {
    let mut asked = json!({ "tradeType": 3 });
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.call("queryLiabilitiesWaterByPage", asked).data().clone()
}

/// Kind and amounts of each record.
fn kinds(page: &Value) -> Vec<(i64, String, String)> {
    let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
    page["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            let kind = record["businessType1"].as_i64().unwrap();
            (kind, text(record, "liabilitiesPrincipal"), text(record, "interest"))
        })
        .collect()
}

fn flows_are_told_page_by_page(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "USDT"), "1000");
    assert_eq!(flows(&ada.home, json!({})), json!({ "total": 0, "size": 20, "current": 1, "records": [] }));
    let began = house.now();
    borrows(&ada.home, "USDT", "1200", "0");
    borrows(&ada.home, "BTC", "0.001", "0");
    house.advance(2 * HOUR + 5);
    repays(&ada.home, "USDT", "1", "0");
    let page = flows(&ada.home, json!({ "size": "100" }));
    let row = |kind, principal: &str, interest: &str| (kind, principal.to_owned(), interest.to_owned());
    // Each hour of bitcoin's is five sixths of a unit: rounded to one, twice.
    let all = [
        row(22001, "0.980000", "0.000000"),
        row(22002, "0.000000", "0.020000"),
        row(23001, "0.00000000", "0.00000002"),
        row(23001, "0.000000", "0.020000"),
        row(20001, "0.00100000", "0.00000000"),
        row(20001, "1200.000000", "0.000000"),
    ];
    let mut told = kinds(&page);
    // Interest of several assets that is charged together comes in the order of the assets.
    told[2..4].sort_by(|a, b| b.1.cmp(&a.1));
    assert_eq!(told.len(), 6);
    assert_eq!((page["total"].as_i64(), page["size"].as_i64()), (Some(6), Some(100)));
    assert_eq!((&told[..2], &told[4..]), (&all[..2], &all[4..]));
    let usdt = account(&house, &ada, "USDT");
    let charged = began + 2 * HOUR;
    assert_eq!(
        page["records"][0],
        json!({
            "id": page["records"][0]["id"], "accountId": usdt.id, "remark": "repayment", "createdBy": ada.id,
            "createTime": charged + 5, "updateBy": ada.id, "updateTime": charged + 5, "businessType": 22,
            "businessType1": 22001, "customerNo": ada.number, "digits": 6, "liabilitiesPrincipal": "0.980000",
            "interest": "0.000000", "interestUpdateTime": charged, "currency": "USDT", "liabilities": "0.980000",
        })
    );
    let interest = &page["records"].as_array().unwrap()[2..4];
    assert!(interest.iter().all(|record| record["businessType"] == 23 && record["createdBy"] == 0));
    // Page by page it is the same, each id once.
    let mut paged = Vec::new();
    for current in 1..=4 {
        let one = flows(&ada.home, json!({ "size": 2, "current": current }));
        assert_eq!(one["total"], 6);
        paged.extend(one["records"].as_array().unwrap().clone());
    }
    assert_eq!(Value::Array(paged), page["records"]);

    let total = |more: Value| flows(&ada.home, more)["total"].as_i64().unwrap();
    let of_kind = |kind: i64| kinds(&flows(&ada.home, json!({ "liabilitiesType": kind })));
    assert_eq!(of_kind(1), all[4..]);
    assert_eq!(of_kind(2), all[..2]);
    assert_eq!(total(json!({ "endTime": began })), 2);
    assert_eq!(total(json!({ "startTime": began + 1 })), 4);
    assert_eq!(total(json!({ "startTime": began, "endTime": began + 2 * HOUR + 5 })), 6);
    assert_eq!(total(json!({ "accountId": usdt.id })), 4);
    assert_eq!(total(json!({ "assetsId": usdt.asset.id })), 4);
    assert_eq!(total(json!({ "accountId": usdt.id, "liabilitiesType": 1 })), 1);
    assert_eq!(total(json!({ "tradeType": 5 })), 0);
    for (field, value) in
        [("size", 101), ("size", 0), ("current", 0), ("liabilitiesType", 3), ("tradeType", 0)]
    {
        let mut asked = json!({ "tradeType": 3 });
        asked[field] = value.into();
        ada.home.call("queryLiabilitiesWaterByPage", asked).is(BAD_FIELD).naming(field);
    }
}

fn flows_are_the_callers_own(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let (ada, ben, eve) = (house.customer(), house.customer(), house.customer_of(other));
    house.gives(&ada, (CROSS, "USDT"), "1000");
    house.gives(&ben, (CROSS, "USDT"), "1000");
    borrows(&ada.home, "USDT", "100", "0");
    let account = account(&house, &ada, "USDT");
    for stranger in [&ben, &eve] {
        for more in [json!({}), json!({ "accountId": account.id }), json!({ "assetsId": account.asset.id })] {
            let page = flows(&stranger.home, more);
            assert_eq!((&page["total"], &page["records"]), (&json!(0), &json!([])));
        }
    }
    // What one owes is nothing that the other could pay, and no reason to lend the other less.
    repays(&ben.home, "USDT", "1", NOTHING_OWED);
    borrows(&ben.home, "USDT", "2000", "0");
    // The other company has no such account.
    borrows(&eve.home, "USDT", "1", NOT_FOUND);
    borrows(&eve.home, "USD", "1", NOT_FOUND);
    assert_eq!(stands(&house, &ada, "USDT"), ["1100.000000", "-100.000000", "0.000000"]);
}

/// Sixty-four at once, in two currencies, the customer's first loans.
fn a_crowd_of_loans_stays_within_the_limit(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "USDT"), "1000");
    let lent = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for number in 0..64 {
            let (client, lent) = (&ada.home, &lent);
            scope.spawn(move || {
                let asked = if number % 2 == 0 { body("USDT", "120") } else { body("BTC", "0.002") };
                let reply = client.call("manualLoan", asked);
                match reply.code() {
                    "0" => drop(lent.fetch_add(1, Ordering::Relaxed)),
                    _ => drop(reply.is(OVER_LIMIT)),
                }
            });
        }
    });
    // 2000 USD in parts of 120.
    assert_eq!(lent.into_inner(), 16);
    borrows(&ada.home, "USDT", "80.000001", OVER_LIMIT);
    borrows(&ada.home, "USDT", "80", "0");
    proves(&house);
}

fn a_group_asks_another_rate_from_now_on(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "USDT"), "1000");
    borrows(&ada.home, "USDT", "1200", "0");
    house.advance(10 * HOUR);
    house.lends(|lending| lending.as_mut().unwrap().daily_rate = "0.002".to_owned());
    house.advance(10 * HOUR);
    charges(&house);
    assert_eq!(stands(&house, &ada, "USDT")[2], "-1.100000");
    proves(&house);
}

fn a_key_takes_effect_once(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (CROSS, "USDT"), "1000");
    let keyed = ada.home.with("idempotency-key", Some("one"));
    borrows(&keyed, "USDT", "2000", "0");
    // What is left would not do for another.
    borrows(&keyed, "USDT", "2000.00", "0");
    borrows(&keyed, "USDT", "1999", OTHER_REQUEST);
    borrows(&keyed, "BTC", "2000", OTHER_REQUEST);
    // Of another operation it is another key.
    for _ in 0..3 {
        repays(&keyed, "USDT", "500", "0");
    }
    repays(&keyed, "USDT", "501", OTHER_REQUEST);
    assert_eq!(stands(&house, &ada, "USDT"), ["2500.000000", "-1500.000000", "0.000000"]);
    // A refused one stores nothing.
    let other = ada.home.with("idempotency-key", Some("two"));
    borrows(&other, "USDT", "500.000001", OVER_LIMIT);
    borrows(&other, "USDT", "500", "0");
    borrows(&ada.home.with("idempotency-key", Some("two words")), "USDT", "1", BAD_FIELD);
}
