//! Money that customers move, and what they have in the company's own wallet system, against the program.

use e2e::{Backend, Client, Customer, PATIENCE, Server, WalletSystem, fresh, on_both, password};
use serde_json::{Value, json};
use std::time::Instant;

on_both!(
    a_transfer_takes_effect_once_though_the_server_is_killed,
    others_get_something_where_the_company_allows_it,
    the_wallet_system_is_asked,
    the_wallet_system_is_set_up_with_care,
);

const TRANSFER: &str = "fund.app.DepositAppDubboService.capitalTransfer";
const RECORD: &str = "fund.app.DepositAppDubboService.capitalTransferRecord";
const OUTSIDE: &str = "customer.app.CustomerWebApiService.queryLatestBalanceOfUserAccountInExternalSystem";
const KEY: &str = include_str!("../../crates/delivery/tests/drivers/wallet_key.pem");

/// A customer with 100 dollars in the wallet.
fn saver(server: &Server) -> Customer {
    let ada = server.visitor().signs_up();
    let float = ["ledger", "adjust", "--customer", &ada.number, "--trade-type", "8", "--currency", "USD"];
    server.cli(&[&float[..], &["--amount", "100", "--reason", "a test"]].concat()).succeeds();
    ada
}

fn account(client: &Client, trade_type: i64) -> Value {
    client.account(trade_type, "USD")
}

/// Out of the wallet.
fn transfer(client: &Client, to: &str, trade_type: i64, amount: &str) -> Value {
    json!({
        "accountId": account(client, 8)["accountId"], "toTradeType": trade_type, "toCustomerNo": to, "amount": amount,
    })
}

fn a_transfer_takes_effect_once_though_the_server_is_killed(backend: Backend) {
    let server = Server::start(backend);
    let ada = saver(&server);
    let body = transfer(&ada.client, &ada.number, 1, "30.5");
    let send = |client: &Client, body: &Value| {
        client.request(TRANSFER).header("Idempotency-Key", "a-key").json(body).send()
    };
    let first = send(&ada.client, &body).data();
    assert_eq!(first["surplusAmount"], "69.50");
    server.kill();
    server.restart();
    let client = server.visitor().with_token(ada.client.token());
    assert_eq!(send(&client, &body).data(), first);
    send(&client, &transfer(&client, &ada.number, 1, "30.6")).refused("FUND_0000007");
    client.call(TRANSFER, transfer(&client, &ada.number, 1, "69.51")).refused("FUND_0000001");
    for (trade_type, due) in [(8, "69.50"), (1, "30.50")] {
        assert_eq!(account(&client, trade_type)["balance"], due);
    }
    let page = client.call(RECORD, json!({})).data();
    assert_eq!((&page["total"], &page["records"][0]["outAmount"]), (&json!(1), &json!("30.50")));
    server.cli(&["ledger", "verify"]).succeeds();
}

fn others_get_something_where_the_company_allows_it(backend: Backend) {
    let server = Server::start(backend);
    let (ada, ben) = (saver(&server), server.visitor().signs_up());
    let body = transfer(&ada.client, &ben.number, 8, "1");
    ada.client.call(TRANSFER, body.clone()).refused("FUND_0000010");
    server.cli(&["company", "set", "1", "--setting", "transfers_to_others=true"]).succeeds();
    assert_eq!(ada.client.call(TRANSFER, body).data()["surplusAmount"], "99.00");
    assert_eq!(account(&ben.client, 8)["balance"], "1.00");
    server.cli(&["ledger", "verify"]).succeeds();
    server.cli(&["audit", "verify"]).succeeds();
}

fn the_wallet_system_is_asked(backend: Backend) {
    let server = Server::start_with(backend, &[("CUSTOS_WALLET_NETWORKS", "127.0.0.1, ::1")]);
    let system = WalletSystem::start("1234.5", 2);
    let (visitor, email) = (server.visitor(), fresh::email());
    let code = visitor.code("EMAIL_REGISTER", &email);
    let form = json!({
        "type": 1, "loginName": email, "country": "ISO_3166_156", "registerSource": 2, "pwd": password(),
        "verifyCode": code.digits, "sendToken": code.ticket, "thirdServerCode": "outside-7",
    });
    let ada = visitor.becomes(&email, visitor.call("register", form));
    ada.client.call(OUTSIDE, json!({})).refused("GATEWAY_CODE_201");
    server.cli_with_input(&["company", "secret", "1", "wallet_signing_key"], KEY).succeeds();
    let address = format!("wallet.url={}/hooks", system.url());
    server.cli(&["company", "set", "1", "--setting", &address]).succeeds();
    let due = json!({ "amount": "1234.50", "currency": "USD", "amountDigits": "2" });
    assert_eq!(ada.client.call(OUTSIDE, json!({})).data(), due);
    let asked = system.asked();
    assert_eq!((asked.len(), asked[0].0.as_str()), (1, "/hooks/get-user-amount"));
    assert_eq!(
        (&asked[0].1["thirdServerCode"], &asked[0].1["userName"]),
        (&json!("outside-7"), &json!(ada.number))
    );
    assert_eq!(server.metric("custos_wallet_calls_total"), 1);
    // By the command line its limits are adjusted, and what was adjusted is undone.
    let wish = ["wallet", "adjust", "--customer", &ada.number, "--currency", "USD", "--amount", "12.5"];
    let done = server.cli_json(
        &[&wish[..], &["--operation", "open-position", "--biz-type", "1", "--order", "7"]].concat(),
    );
    assert_eq!(done["state"], "done");
    let asked = system.asked();
    assert_eq!(asked[1].0, "/hooks/external-system-credit-limit-adjustment");
    server.cli(&["wallet", "cancel", &done["id"].to_string(), "--reason", "it failed"]).succeeds();
    let listed = || server.cli_json(&["wallet", "list"])[0]["state"].clone();
    let deadline = Instant::now() + PATIENCE;
    while listed() != "undone" {
        assert!(Instant::now() < deadline, "waited in vain for the undoing");
    }
    let asked = system.asked();
    assert_eq!(asked[2].0, "/hooks/cancel-external-system-credit-limit-adjustment");
    assert_eq!(asked[2].1["reverseRequestUniqueNo"], asked[1].1["requestUniqueNo"]);
    // Whoever is not known there is not asked about.
    server.visitor().signs_up().client.call(OUTSIDE, json!({})).refused("GATEWAY_CODE_201");
    assert_eq!(system.asked().len(), 3);
    let line = KEY.lines().nth(1).expect("a line of the key");
    assert!(!server.written().contains(line), "the key is in the log");
}

fn the_wallet_system_is_set_up_with_care(backend: Backend) {
    let server = Server::start(backend);
    for (value, word) in [
        ("wallet.url=wallet.example.com", "wallet.url"),
        ("wallet.url=ftp://wallet.example.com", "https://"),
        ("wallet.url=https://ada:hunter2@wallet.example.com", "no user"),
        ("wallet.currency=U S D", "wallet.currency"),
    ] {
        let told = server.cli(&["company", "set", "1", "--setting", value]).fails().everything();
        assert!(told.contains(word) && !told.contains("hunter2"), "{told}");
    }
    for key in ["hunter2", &KEY.replace("PRIVATE", "PUBLIC")] {
        let told = server
            .cli_with_input(&["company", "secret", "1", "wallet_signing_key"], key)
            .fails()
            .everything();
        assert!(told.contains("openssl") && !told.contains("hunter2"), "{told}");
    }
    server.cli_with_input(&["company", "secret", "1", "wallet_signing_key"], KEY).succeeds();
    let shown = server.cli(&["company", "show", "1"]).succeeds().stdout;
    assert!(shown.contains("wallet.url") && shown.contains("transfers_to_others"), "{shown}");
}
