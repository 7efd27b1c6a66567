//! Money by the command line, beside a running server.

use e2e::{Backend, Client, Server, fresh, on_both, text_of};
use serde_json::Value;

on_both!(
    an_adjustment_is_seen_at_once,
    a_key_takes_effect_once,
    what_is_not_there_is_not_taken,
    a_transfer_is_undone_once,
    a_statement_tells_what_came_and_went,
    books_survive_a_kill,
    companies_have_books_of_their_own,
);

/// A customer and their number.
fn customer(server: &Server) -> (Client, String) {
    let ada = server.visitor().signs_up_as(&fresh::email());
    (ada.client, ada.number)
}

/// The arguments of an adjustment of the wallet in USD.
fn adjust<'a>(number: &'a str, amount: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["ledger", "adjust", "--customer", number, "--trade-type", "8", "--currency", "USD"];
    all.extend(["--amount", amount, "--reason", "a test"]);
    all.extend(more);
    all
}

/// The wallet in USD as the customer reads it.
fn wallet(client: &Client) -> Value {
    client.account(8, "USD")
}

#[track_caller]
fn is_whole(server: &Server) {
    server.cli(&["ledger", "verify"]).succeeds();
}

fn an_adjustment_is_seen_at_once(backend: Backend) {
    let server = Server::start(backend);
    let (client, number) = customer(&server);
    assert_eq!(wallet(&client)["balance"], "0.00");
    let told = server.cli_json(&adjust(&number, "120.50", &[]));
    assert_eq!((&told["balance"], &told["amount"]), (&"120.50".into(), &"120.50".into()));
    let after = wallet(&client);
    for field in ["balance", "available", "equity", "withdrawAmount", "netAssets", "wholeWarehouseBalance"] {
        assert_eq!(after[field], "120.50", "{field}");
    }
    assert!(after["firstDepositTime"].as_i64() > Some(0));
    assert_eq!(after["firstWithdrawTime"], 0);
    server.cli(&adjust(&number, "-20.5", &[])).succeeds();
    assert_eq!(wallet(&client)["balance"], "100.00");
    assert!(wallet(&client)["firstWithdrawTime"].as_i64() > Some(0));
    is_whole(&server);
}

fn a_key_takes_effect_once(backend: Backend) {
    let server = Server::start(backend);
    let (client, number) = customer(&server);
    let first = server.cli_json(&adjust(&number, "7", &["--key", "k1"]));
    let again = server.cli_json(&adjust(&number, "7", &["--key", "k1"]));
    assert_eq!(first, again);
    server.cli(&adjust(&number, "8", &["--key", "k1"])).fails_with("FUND_0000007");
    assert_eq!(wallet(&client)["balance"], "7.00");
}

fn what_is_not_there_is_not_taken(backend: Backend) {
    let server = Server::start(backend);
    let (client, number) = customer(&server);
    server.cli(&adjust(&number, "5", &[])).succeeds();
    server.cli(&adjust(&number, "-5.01", &[])).fails_with("FUND_0000001");
    // Never rounded, never guessed.
    for odd in ["1.005", "1e3", "", "five", "0"] {
        server.cli(&adjust(&number, odd, &[])).fails();
    }
    assert_eq!(wallet(&client)["balance"], "5.00");
    is_whole(&server);
}

fn a_transfer_is_undone_once(backend: Backend) {
    let server = Server::start(backend);
    let (client, number) = customer(&server);
    let transfer = server.cli_json(&adjust(&number, "30", &[]))["transfer"].to_string();
    let undo = |more: &[&str]| {
        let mut all = vec!["ledger", "reverse", transfer.as_str(), "--reason", "a mistake"];
        all.extend(more);
        server.cli(&all)
    };
    undo(&["--amount", "30.01"]).fails();
    undo(&["--amount", "12.25"]).succeeds();
    assert_eq!(wallet(&client)["balance"], "17.75");
    undo(&[]).fails_with("FUND_0000008");
    is_whole(&server);
}

fn a_statement_tells_what_came_and_went(backend: Backend) {
    let server = Server::start(backend);
    let (_, number) = customer(&server);
    for amount in ["1", "2", "3"] {
        server.cli(&adjust(&number, amount, &[])).succeeds();
    }
    let account = ["--customer", &number, "--trade-type", "8", "--currency", "usd"];
    let page = |more: &[&str]| {
        let mut all = vec!["ledger", "statement"];
        all.extend(account);
        all.extend(["--size", "2"]);
        all.extend(more);
        server.cli_json(&all)
    };
    let first = page(&[]);
    assert_eq!(first["entries"][0]["amount"], "3.00");
    assert_eq!(first["entries"][0]["balance"], "6.00");
    let rest = page(&["--cursor", &text_of(&first["cursor"])]);
    assert_eq!(rest["entries"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest["entries"][0]["amount"], "1.00");
    assert!(rest["cursor"].is_null());
    let balances = server.cli_json(&["ledger", "balance", "--customer", &number]);
    let wallet = balances.as_array().expect("accounts").iter().find(|one| one["balance"] == "6.00");
    assert_eq!(wallet.expect("a wallet")["currency"], "USD");
}

fn books_survive_a_kill(backend: Backend) {
    let server = Server::start(backend);
    let (client, number) = customer(&server);
    for round in 1..=5 {
        server.cli(&adjust(&number, "10", &[])).succeeds();
        server.kill();
        server.restart();
        let client = server.visitor().with_token(client.token());
        assert_eq!(wallet(&client)["balance"], format!("{round}0.00"));
        is_whole(&server);
    }
}

fn companies_have_books_of_their_own(backend: Backend) {
    let server = Server::start(backend);
    let (client, number) = customer(&server);
    let other = server.add_company("Other").to_string();
    let there = adjust(&number, "10", &["--company", &other]);
    server.cli(&there).fails();
    let transfer = server.cli_json(&adjust(&number, "10", &[]))["transfer"].to_string();
    let undo = ["ledger", "reverse", &transfer, "--company", &other, "--reason", "a mistake"];
    server.cli(&undo).fails_with("CUSTOMER_API_0000003");
    assert_eq!(wallet(&client)["balance"], "10.00");
}
