//! Opening accounts, and finding them: by whom, and by what.

use crate::common::{
    BAD_FIELD, Backend, Customer, House, MISSING_FIELD, NOT_FOUND, fresh_email, on_both, registration,
};
use serde_json::{Value, json};

on_both!(
    what_is_missing_and_offered_is_opened,
    opening_again_changes_nothing,
    an_account_is_found_by_its_id_or_its_currency,
    neither_id_nor_currency_is_a_missing_field,
    only_some_trade_types_have_figures,
    accounts_of_others_are_not_there,
    balances_are_summed_by_asset,
    the_map_tells_the_currencies_asked_for,
    the_record_tells_accounts_as_the_query_does,
    assets_are_listed,
    a_read_knows_of_every_change_before_it,
);

/// A customer of company 1 with a wallet in USD and nothing else.
fn with_one_wallet(house: &House) -> Customer {
    let (visitor, email) = (house.visitor(), fresh_email());
    let mut body = registration(&email, &visitor.code("EMAIL_REGISTER", &email));
    body["tradeTypeCurrencyList"] = json!([{ "tradeType": 8, "allCurrency": "USD" }]);
    let reply = visitor.call("register", body);
    Customer {
        home: visitor.with_token(&reply.text("token")),
        id: reply.data()["id"].as_i64().unwrap(),
        company: 1,
        number: reply.text("customerNo"),
        email,
    }
}

/// Trade type and currency of each account.
fn named(accounts: &Value) -> Vec<(i64, &str)> {
    let all = accounts.as_array().unwrap().iter();
    all.map(|one| (one["tradeType"].as_i64().unwrap(), one["currency"].as_str().unwrap())).collect()
}

fn what_is_missing_and_offered_is_opened(backend: Backend) {
    let house = House::open(backend);
    let ada = with_one_wallet(&house);
    let list = json!([
        { "tradeType": 3, "allCurrency": "BTC, USDT" },
        { "tradeType": "5", "allCurrency": ["ETH"], "protocol": true },
        // Neither has the group.
        { "tradeType": 3, "allCurrency": "XRP,USD" },
        { "tradeType": 7, "allCurrency": "USD" },
        { "tradeType": 8 },
    ]);
    let reply = ada.home.call("openAccount", json!({ "tradeTypeCurrencyList": list }));
    let due = [(3, "USDT"), (3, "BTC"), (5, "ETH"), (8, "USD")];
    assert_eq!(named(reply.data()), due);
    let record = ada.home.call("findCustomerInfo", json!({})).data().clone();
    assert_eq!(named(&record["accountList"]), due);
    ada.home.call("openAccount", json!({})).is(MISSING_FIELD).naming("tradeTypeCurrencyList");
    ada.home.call("openAccount", json!({ "tradeTypeCurrencyList": "all" })).is(BAD_FIELD);
    assert_eq!(house.number("SELECT count(*) FROM accounts"), 4);
}

fn opening_again_changes_nothing(backend: Backend) {
    let house = House::open(backend);
    let ada = with_one_wallet(&house);
    let body = json!({ "tradeTypeCurrencyList": [{ "tradeType": 8, "allCurrency": "USD,USDT" }] });
    let first = ada.home.call("openAccount", body.clone()).data().clone();
    assert_eq!(named(&first), [(8, "USD"), (8, "USDT")]);
    house.advance(1_000);
    let before = house.snapshot();
    assert_eq!(*ada.home.call("openAccount", body).data(), first);
    let nothing = json!({ "tradeTypeCurrencyList": [] });
    assert_eq!(*ada.home.call("openAccount", nothing).data(), first);
    before.is_still(&house.snapshot(), "accounts that are there");
}

fn an_account_is_found_by_its_id_or_its_currency(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (3, "BTC"), "1.5");
    let by = |operation: &str, body: Value| ada.home.call(operation, body);
    let found = by("queryAccountById", json!({ "tradeType": 3, "currency": "BTC" })).data().clone();
    assert_eq!((&found["balance"], &found["tradeType"]), (&json!("1.50000000"), &json!(3)));
    let id = &found["accountId"];
    for (operation, body) in [
        ("queryAccountById", json!({ "tradeType": 3, "accountId": id })),
        ("queryAccountById", json!({ "tradeType": "3", "accountId": id.to_string(), "currency": "" })),
        // The id decides.
        ("queryAccountById", json!({ "tradeType": 3, "accountId": id, "currency": "ETH" })),
        ("queryAccountById", json!({ "tradeType": 3, "currency": "btc" })),
        ("queryAccountAssetsInfo", json!({ "tradeType": 3, "accountId": id })),
        ("queryAccountAssetsInfo", json!({ "tradeType": 3, "accountCurrency": "BTC" })),
    ] {
        assert_eq!(*by(operation, body.clone()).data(), found, "{operation} {body}");
    }
    for body in [
        json!({ "tradeType": 3, "currency": "XRP" }),
        json!({ "tradeType": 4, "currency": "BTC" }),
        json!({ "tradeType": 5, "accountId": id }),
        json!({ "tradeType": 3, "accountId": 1 }),
    ] {
        by("queryAccountById", body.clone()).is(NOT_FOUND);
    }
}

fn neither_id_nor_currency_is_a_missing_field(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for (operation, body) in [
        ("queryAccountById", json!({ "tradeType": 3 })),
        ("queryAccountById", json!({ "tradeType": 3, "accountId": "", "currency": null })),
        // That is how the other operation calls it.
        ("queryAccountById", json!({ "tradeType": 3, "accountCurrency": "BTC" })),
        ("queryAccountAssetsInfo", json!({ "tradeType": 3 })),
        ("queryAccountAssetsInfo", json!({ "tradeType": 3, "currency": "BTC" })),
    ] {
        ada.home.call(operation, body).is(MISSING_FIELD).naming("accountId");
    }
    ada.home.call("queryAccountById", json!({ "currency": "BTC" })).is(MISSING_FIELD).naming("tradeType");
}

fn only_some_trade_types_have_figures(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for trade_type in [1, 2, 4, 6, 7, 9] {
        let body = json!({ "tradeType": trade_type, "accountCurrency": "USD" });
        ada.home.call("queryCustomerAssetsInfo", body.clone()).is(BAD_FIELD).naming("tradeType");
        ada.home.call("queryAccountAssetsInfo", body).is(BAD_FIELD).naming("tradeType");
    }
    let wallet = json!({ "tradeType": 8, "accountCurrency": "USD" });
    ada.home.call("queryAccountAssetsInfo", wallet).is(BAD_FIELD).naming("tradeType");
    for trade_type in [3, 5, 8] {
        assert_eq!(ada.together(trade_type)["tradeType"], trade_type);
    }
    for which in [(1, "USD"), (2, "USD"), (3, "USDT"), (5, "USDT"), (8, "USD")] {
        assert_eq!(ada.account(which)["tradeType"], which.0);
    }
}

fn accounts_of_others_are_not_there(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let (ada, ben, eve) = (house.customer(), house.customer(), house.customer_of(other));
    house.gives(&ada, (8, "USD"), "100");
    house.gives(&ada, (3, "USDT"), "100");
    for (which, operation) in [
        ((8, "USD"), "queryAccountById"),
        ((3, "USDT"), "queryAccountById"),
        ((3, "USDT"), "queryAccountAssetsInfo"),
    ] {
        let body = json!({ "tradeType": which.0, "accountId": ada.account(which)["accountId"] });
        ada.home.call(operation, body.clone()).is("0");
        for thief in [&ben, &eve] {
            thief.home.call(operation, body.clone()).is(NOT_FOUND);
        }
    }
    // Nor do their sums count it.
    for thief in [&ben, &eve] {
        let sums = thief.home.call("queryCustomerAssets", json!({})).data().clone();
        let is_nothing = |one: &Value| one["balance"].as_str().unwrap().trim_matches(['0', '.']).is_empty();
        assert!(sums.as_array().unwrap().iter().all(is_nothing), "{sums}");
        assert_eq!(thief.together(8)["totalBalance"], "0.00");
    }
    // A company's assets are its own.
    let codes = |customer: &Customer| {
        let all = customer.home.call("getAssetsList", json!({})).data().clone();
        all.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&eve), ["USD"]);
    assert_eq!(codes(&ben), ["USD", "EUR", "USDT", "BTC", "ETH"]);
}

fn balances_are_summed_by_asset(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for (which, amount) in [
        ((1, "USD"), "1.25"),
        ((2, "USD"), "2"),
        ((8, "USD"), "4.01"),
        ((3, "USDT"), "8"),
        ((8, "USDT"), "0.000001"),
        ((5, "ETH"), "0.000000000000000001"),
    ] {
        house.gives(&ada, which, amount);
    }
    let sums = |body: Value| {
        let all = ada.home.call("queryCustomerAssets", body).data().clone();
        let one = |row: &Value| {
            assert!(row["assetsId"].as_i64() > Some(0) && row["digits"].is_i64(), "{row}");
            format!("{} {}", row["currency"].as_str().unwrap(), row["balance"].as_str().unwrap())
        };
        all.as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    let all = ["USD 7.26", "USDT 8.000001", "BTC 0.00000000", "ETH 0.000000000000000001"];
    assert_eq!(sums(json!({})), all);
    assert_eq!(sums(json!({ "tradeType": "" })), all);
    assert_eq!(sums(json!({ "tradeType": 8 })), ["USD 4.01", "USDT 0.000001"]);
    assert_eq!(sums(json!({ "tradeType": 7 })), Vec::<String>::new());
}

fn the_map_tells_the_currencies_asked_for(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (5, "BTC"), "0.5");
    house.gives(&ada, (5, "USDT"), "1");
    let asked = |currencies: Value| {
        let body = json!({ "tradeType": 5, "accountCurrency": currencies });
        let told = ada.home.call("queryCustomerAssetsInfo", body).data().clone();
        // Whatever is asked for, the totals are whole.
        assert_eq!(told["totalBalance"], "30001.00");
        told["accountInfoMap"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(asked(json!("")), ["BTC", "ETH", "USDT"]);
    assert_eq!(asked(json!("BTC, eth,XRP")), ["BTC", "ETH"]);
    assert_eq!(asked(json!("XRP")), Vec::<String>::new());
    let told = ada.together(5);
    assert_eq!(told["accountInfoMap"]["BTC"], ada.account((5, "BTC")));
}

fn the_record_tells_accounts_as_the_query_does(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.gives(&ada, (3, "ETH"), "2");
    house.owes(&ada, (3, "USDT"), "1000", "0.5");
    let record = ada.home.call("findCustomerInfo", json!({})).data().clone();
    let accounts = record["accountList"].as_array().unwrap();
    assert_eq!(accounts.len(), 10);
    for account in accounts {
        let body = json!({ "tradeType": account["tradeType"], "accountId": account["accountId"] });
        assert_eq!(ada.home.call("queryAccountById", body).data(), account);
    }
}

fn assets_are_listed(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let list = |body: Value| ada.home.call("getAssetsList", body).data().clone();
    let all = list(json!({}));
    assert_eq!(all.as_array().unwrap().len(), 5);
    assert_eq!(all, list(json!({ "type": 0 })));
    assert_eq!(all, list(json!({ "type": "1" })));
    assert_eq!(list(json!({ "type": 2 })), json!([]));
    ada.home.call("getAssetsList", json!({ "type": 3 })).is(BAD_FIELD).naming("type");
    let btc = all.as_array().unwrap().iter().find(|one| one["code"] == "BTC").unwrap();
    assert_eq!((&btc["digits"], &btc["status"], &btc["type"]), (&json!(8), &json!(1), &json!(1)));
    // The house was opened at this instant, and the clock stands still.
    assert_eq!(btc["createTime"], house.now());
    assert_eq!(btc["id"], ada.account((3, "BTC"))["assetsId"]);
}

/// What a read hangs on is kept between reads.
fn a_read_knows_of_every_change_before_it(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let balance = |due: &str, field: &str| {
        assert_eq!(ada.account((3, "BTC"))[field], due, "{field}");
        let sums = ada.home.call("queryCustomerAssets", json!({ "tradeType": 3 })).data().clone();
        let btc = sums.as_array().unwrap().iter().find(|one| one["currency"] == "BTC").unwrap().clone();
        if field == "balance" {
            assert_eq!(btc["balance"], due);
        }
    };
    balance("0.00000000", "balance");
    house.gives(&ada, (3, "BTC"), "1");
    balance("1.00000000", "balance");
    house.holds(&ada, (3, "BTC"), "0.25");
    balance("0.75000000", "available");
    house.rate("BTC", "USD", "50000");
    balance("50000.00", "wholeWarehouseBalance");
    house.set(1, |settings| settings.valuation_currency = "BTC".to_owned());
    balance("1.00000000", "wholeWarehouseBalance");
    house.owes(&ada, (3, "BTC"), "0.5", "0");
    balance("0.50000000", "liabilities");
}
