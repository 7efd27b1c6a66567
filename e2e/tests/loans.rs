//! Loans as a customer of the running program takes them and pays them back, beside the command line.

use std::sync::atomic::{AtomicI64, Ordering};

use e2e::{Backend, Client, Server, all_at_once, fresh, on_both};
use serde_json::{Value, json};

on_both!(a_loan_is_in_the_books, a_group_changes_its_terms, loans_survive_a_kill);

const OVER_LIMIT: &str = "FUND_0000002";

/// A customer with 1000 USDT on their margin account.
fn customer(server: &Server) -> Client {
    let ada = server.visitor().signs_up_as(&fresh::email());
    let asked = ["ledger", "adjust", "--customer", &ada.number, "--trade-type", "3", "--currency", "USDT"];
    let more = ["--amount", "1000", "--reason", "a test"];
    server.cli(&[asked.as_slice(), more.as_slice()].concat()).succeeds();
    ada.client
}

fn usdt(amount: &str) -> Value {
    json!({ "tradeType": 3, "accountCurrency": "USDT", "amount": amount })
}

fn borrows(client: &Client, amount: &str) -> e2e::Reply {
    client.call("fund.app.DepositAppDubboService.manualLoan", usdt(amount))
}

fn repays(client: &Client, amount: &str) -> e2e::Reply {
    client.call("fund.app.DepositAppDubboService.manualRepayment", usdt(amount))
}

fn flows(client: &Client) -> Value {
    client
        .call("customer.app.CustomerWebApiService.queryLiabilitiesWaterByPage", json!({ "tradeType": 3 }))
        .data()
}

/// The margin account in USDT as the customer reads it.
fn account(client: &Client) -> Value {
    client.account(3, "USDT")
}

#[track_caller]
fn is_whole(server: &Server) {
    server.cli(&["ledger", "verify"]).succeeds();
}

fn a_loan_is_in_the_books(backend: Backend) {
    let server = Server::start(backend);
    let client = customer(&server);
    borrows(&client, "2000.01").refused(OVER_LIMIT);
    borrows(&client, "2000").data();
    assert_eq!(account(&client)["balance"], "3000.000000");
    repays(&client, "500").data();
    assert_eq!(account(&client)["balance"], "2500.000000");
    let page = flows(&client);
    let records = page["records"].as_array().expect("records");
    // The hour may have turned between the two.
    let (newest, oldest) = (&records[0], &records[records.len() - 1]);
    assert_eq!((&newest["businessType"], &oldest["businessType"]), (&json!(22), &json!(20)));
    assert_eq!(oldest["liabilitiesPrincipal"], "2000.000000");
    is_whole(&server);
}

fn a_group_changes_its_terms(backend: Backend) {
    let server = Server::start(backend);
    let client = customer(&server);
    borrows(&client, "1000").data();
    let groups = server.cli_json(&["group", "list"]);
    let standard = groups.as_array().expect("groups").iter().find(|group| group["name"] == "Standard");
    let id = standard.expect("the demo's group")["id"].to_string();
    let set = |terms: &str| server.cli(&["group", "set", &id, "--lending", terms]);
    set("leverage=2,daily_rate=0.001").succeeds();
    // Once the own assets, which is lent already.
    borrows(&client, "0.000001").refused(OVER_LIMIT);
    set("none").succeeds();
    borrows(&client, "0.000001").refused(OVER_LIMIT);
    set("leverage=3,daily_rate=0.0002,limits.USDT=1500").succeeds();
    borrows(&client, "500.000001").refused(OVER_LIMIT);
    borrows(&client, "500").data();
    set("leverage=3,daily_rate=2").fails();
    repays(&client, "2000").data();
    is_whole(&server);
}

/// Loans and repayments by several clients of one customer; what was acknowledged is there after a SIGKILL, and no more than
/// what was asked for.
fn loans_survive_a_kill(backend: Backend) {
    const CLIENTS: usize = 4;
    let server = Server::start(backend);
    let mut client = customer(&server);
    let mut least = 0;
    let mut most = 0;
    for round in 1..=5 {
        let (asked, told) = (AtomicI64::new(0), AtomicI64::new(0));
        all_at_once(CLIENTS, |_| {
            loop {
                asked.fetch_add(1, Ordering::SeqCst);
                let operation = "fund.app.DepositAppDubboService.manualLoan";
                let Ok(reply) = client.try_call(operation, usdt("0.5")) else { return };
                reply.data();
                // Somewhere amid them, a little later each round.
                if told.fetch_add(1, Ordering::SeqCst) + 1 == 7 * round {
                    server.kill();
                }
            }
        });
        least += told.into_inner();
        most += asked.into_inner();
        server.restart();
        client = server.visitor().with_token(client.token());
        let loans = flows(&client)["total"].as_i64().expect("a total");
        assert!((least..=most).contains(&loans), "{loans} loans, {least} told, {most} asked for");
        let cents = loans * 50;
        assert_eq!(account(&client)["balance"], format!("{}.{:02}0000", 1000 + cents / 100, cents % 100));
        is_whole(&server);
        (least, most) = (loans, loans);
    }
}
