//! Accounts, rates and the terms of loans: set at the command line, read by customers.

use e2e::{Backend, Customer, Server, account_in, fresh, on_both};
use serde_json::{Value, json};

on_both!(
    money_is_worth_its_rate,
    a_file_of_rates_is_taken_whole_or_not_at_all,
    rates_are_each_companys_own,
    terms_of_loans_are_set_by_group,
    front_ends_open_their_whole_list,
    accounts_stay_as_they_are_over_a_restart,
);

fn customer(server: &Server) -> Customer {
    server.visitor().signs_up_as(&fresh::email())
}

#[track_caller]
fn gives(server: &Server, number: &str, (trade_type, currency): (&str, &str), amount: &str) {
    let account = ["--customer", number, "--trade-type", trade_type, "--currency", currency];
    let what = ["--amount", amount, "--reason", "a test"];
    server.cli(&[&["ledger", "adjust"][..], &account, &what].concat()).succeeds();
}

#[track_caller]
fn together(ada: &Customer, trade_type: i64) -> Value {
    ada.client.call("queryCustomerAssetsInfo", json!({ "tradeType": trade_type })).data()
}

#[track_caller]
fn account(ada: &Customer, trade_type: i64, currency: &str) -> Value {
    ada.client.call("queryAccountById", json!({ "tradeType": trade_type, "currency": currency })).data()
}

fn money_is_worth_its_rate(backend: Backend) {
    let server = Server::start(backend);
    let ada = customer(&server);
    gives(&server, &ada.number, ("3", "BTC"), "0.5");
    gives(&server, &ada.number, ("3", "USDT"), "1000.123456");
    let before = together(&ada, 3);
    assert_eq!(before["totalBalance"], "31000.12");
    assert_eq!(before["accountInfoMap"]["BTC"]["wholeWarehouseBalance"], "30000.00");
    assert_eq!(before["accountInfoMap"]["USDT"]["availableLoan"], "62000.246912");
    // The next read knows of it, the record that was kept as well.
    assert_eq!(account_in(&ada.client.record(), 3, "BTC")["wholeWarehouseRate"], "60000");
    let set = ["rates", "set", "--company", "1", "--base", "BTC", "--quote", "USD", "--rate", "70000.5"];
    server.cli(&set).succeeds();
    assert_eq!(account_in(&ada.client.record(), 3, "BTC")["wholeWarehouseRate"], "70000.5");
    assert_eq!(together(&ada, 3)["totalBalance"], "36000.37");
    let sums = ada.client.call("queryCustomerAssets", json!({})).data();
    let btc = sums.as_array().expect("assets").iter().find(|one| one["currency"] == "BTC").expect("bitcoins");
    assert_eq!((&btc["balance"], &btc["digits"]), (&json!("0.50000000"), &json!(8)));
    server.cli(&["ledger", "verify"]).succeeds();
}

/// The rates of company 1 as texts.
fn rates(server: &Server) -> Vec<String> {
    let text = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    let all = server.cli_json(&["rates", "list"]);
    let row = |row: &Value| format!("{}/{} {}", text(row, "base"), text(row, "quote"), text(row, "rate"));
    all.as_array().expect("rates").iter().map(row).collect()
}

fn a_file_of_rates_is_taken_whole_or_not_at_all(backend: Backend) {
    let server = Server::start(backend);
    let demo = ["BTC/USD 60000", "ETH/USD 3000", "EUR/USD 1.1", "USDT/USD 1"];
    assert_eq!(rates(&server), demo);
    let load = |text: &str| server.cli_with_input(&["rates", "load", "-"], text);
    for (text, line) in [
        ("BTC,USD,61000\nXRP,USD,1\n", "line 2"),
        ("base,quote,rate\nBTC,USD,61000\nETH,USD,-1\n", "line 3"),
        ("BTC,USD\n", "line 1"),
        ("BTC,USD,61000\n\nUSD,BTC,0.1\n", "line 3"),
    ] {
        let told = load(text).fails();
        assert!(told.everything().contains(line), "{text:?}: {told:?}");
        assert_eq!(rates(&server), demo, "{text:?}");
    }
    load("base,quote,rate\nBTC,USD,61000\nUSD,EUR,0.8\n").succeeds();
    assert_eq!(rates(&server), ["BTC/USD 61000", "ETH/USD 3000", "USD/EUR 0.8", "USDT/USD 1"]);
    for odd in ["0", "1e3", "", "1,5"] {
        server.cli(&["rates", "set", "--base", "BTC", "--quote", "USD", "--rate", odd]).fails();
    }
    server.verify_audit().succeeds();
    let noted = server.audit_log().iter().filter(|entry| entry["action"] == "rates.set").count();
    assert_eq!(noted, 2, "the demo's own and the file");
}

fn rates_are_each_companys_own(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other").to_string();
    assert_eq!(server.cli_json(&["rates", "list", "--company", &other]), json!([]));
    let set = ["rates", "set", "--company", &other, "--base", "BTC", "--quote", "USD", "--rate", "1"];
    server.cli(&set).succeeds();
    assert_eq!(rates(&server)[0], "BTC/USD 60000");
    server.cli(&["rates", "list", "--company", "99"]).fails();
}

fn terms_of_loans_are_set_by_group(backend: Backend) {
    let server = Server::start(backend);
    let ada = customer(&server);
    gives(&server, &ada.number, ("3", "USDT"), "100");
    let standard =
        server.groups_of(1).iter().find(|group| group["default"] == true).expect("a default")["id"]
            .to_string();
    let set = |arguments: &[&str]| server.cli(&[&["group", "set", &standard], arguments].concat());
    let told = || {
        let told = account(&ada, 3, "USDT");
        ["marginRadio", "interestProportion", "availableLoan"]
            .map(|name| told[name].as_str().expect("a text").to_owned())
    };
    assert_eq!(told(), ["3", "0.0002", "200.000000"]);
    set(&["--lending", "leverage=5,daily_rate=0.00050,limits.USDT=350"]).succeeds();
    assert_eq!(told(), ["5", "0.0005", "350.000000"]);
    // They stay when the accounts are set anew.
    set(&["--accounts", "3:USDT,BTC;8:USD"]).succeeds();
    assert_eq!(told(), ["5", "0.0005", "350.000000"]);
    for odd in ["leverage=0", "daily_rate=5", "limits.XRP=1", "rate=1", "leverage"] {
        set(&["--lending", odd]).fails();
    }
    set(&["--lending", "none"]).succeeds();
    assert_eq!(told(), ["1", "0", "0.000000"]);
    set(&["--accounts", "8:USD", "--lending", "leverage=3"]).fails();
    assert_eq!(told(), ["1", "0", "0.000000"]);
}

fn front_ends_open_their_whole_list(backend: Backend) {
    let server = Server::start(backend);
    let code_to = fresh::email();
    let visitor = server.visitor();
    let mut form = visitor.code("EMAIL_REGISTER", &code_to).email_sign_up(&code_to);
    form["tradeTypeCurrencyList"] = json!([{ "tradeType": 8, "allCurrency": "USD" }]);
    let ada = visitor.becomes(&code_to, visitor.call("register", form));
    assert_eq!(ada.client.record()["accountList"].as_array().map(Vec::len), Some(1));
    let list = json!({ "tradeTypeCurrencyList": [
        { "tradeType": 3, "allCurrency": "USDT,BTC,DOGE", "mobileReg": {} },
        { "tradeType": 8, "allCurrency": "USD" },
    ]});
    let opened = ada.client.call("openAccount", list.clone()).data();
    assert_eq!(opened, ada.client.record()["accountList"]);
    assert_eq!(opened.as_array().map(Vec::len), Some(3));
    assert_eq!(ada.client.call("openAccount", list).data(), opened);
    let assets = ada.client.call("config.app.AppAssetsDubboService.getAssetsList", json!({})).data();
    assert_eq!(assets.as_array().map(Vec::len), Some(5));
}

fn accounts_stay_as_they_are_over_a_restart(backend: Backend) {
    let server = Server::start(backend);
    let ada = customer(&server);
    gives(&server, &ada.number, ("5", "ETH"), "0.000000000000000001");
    let before = (together(&ada, 5), account(&ada, 5, "ETH"));
    server.kill();
    server.restart();
    let client = server.visitor().with_token(ada.client.token());
    let ada = Customer { client, ..ada };
    assert_eq!((together(&ada, 5), account(&ada, 5, "ETH")), before);
}
