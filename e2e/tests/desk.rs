//! What operators do with money by the command line: proposals, locks, credit limits, rates.

use e2e::{Backend, Client, Server, fresh, on_both, text_of};
use serde_json::{Value, json};

on_both!(
    a_proposal_is_approved_by_someone_else,
    a_lock_is_set_and_lifted,
    without_a_wallet_system_nothing_is_asked
);

fn customer(server: &Server) -> (Client, String) {
    let ada = server.visitor().signs_up_as(&fresh::email());
    (ada.client, ada.number)
}

fn balance(client: &Client) -> String {
    text_of(&client.account(8, "USD")["balance"])
}

fn a_proposal_is_approved_by_someone_else(backend: Backend) {
    let server = Server::start(backend);
    let (client, number) = customer(&server);
    let add = |amount: &str| {
        let wish = ["proposal", "add", "--customer", &number, "--trade-type", "8", "--currency", "USD"];
        server.cli_as("maker", &[&wish[..], &["--amount", amount, "--reason", "a bonus", "--json"]].concat())
    };
    let id = add("12.50").json()["proposal"].to_string();
    assert_eq!(balance(&client), "0.00");
    let waiting = server.cli_json(&["proposal", "list"]);
    assert_eq!(
        (waiting[0]["proposal"].as_str(), &waiting[0]["state"]),
        (Some(id.as_str()), &json!("waiting"))
    );
    server.cli_as("maker", &["proposal", "approve", &id]).fails_with("FUND_0000014");
    server.cli_as("checker", &["proposal", "approve", &id]).succeeds();
    server.cli_as("checker", &["proposal", "approve", &id]).fails_with("FUND_0000013");
    assert_eq!(balance(&client), "12.50");
    add("-12.51").fails_with("FUND_0000001");
    let id = add("-12.50").json()["proposal"].to_string();
    server.cli_as("maker", &["proposal", "reject", &id]).succeeds();
    assert_eq!(balance(&client), "12.50");
    assert_eq!(server.cli_json(&["proposal", "show", &id])[0]["state"], "refused");
    server.cli(&["ledger", "verify"]).succeeds();
}

fn a_lock_is_set_and_lifted(backend: Backend) {
    let server = Server::start(backend);
    let (_, number) = customer(&server);
    let lock = |verb: &str, more: &[&str]| -> Value {
        let all = ["transfer-lock", verb, "--customer", &number, "--trade-type", "8"];
        server.cli_json(&[&all[..], more].concat())
    };
    let told = |value: &Value| (value["in"].as_bool(), value["out"].as_bool());
    assert_eq!(told(&lock("set", &["--transfers", "out", "--hours", "1"])), (Some(false), Some(true)));
    assert_eq!(told(&lock("show", &[])), (Some(false), Some(true)));
    assert_eq!(told(&lock("lift", &[])), (Some(false), Some(false)));
}

fn without_a_wallet_system_nothing_is_asked(backend: Backend) {
    let server = Server::start(backend);
    let (_, number) = customer(&server);
    let wish = ["wallet", "adjust", "--customer", &number, "--currency", "USD", "--amount", "1"];
    let more = ["--operation", "open-position", "--biz-type", "1", "--order", "7"];
    server.cli(&[&wish[..], &more].concat()).fails_with("GATEWAY_CODE_201");
    assert_eq!(server.cli_json(&["wallet", "list"]), json!([]));
    server.cli(&["rates", "fetch"]).fails_with("rates.url");
}
