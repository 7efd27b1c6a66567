//! Closure, and lists of customers in and out, by the command line; and SIGKILL in the middle of each.

use e2e::{Backend, Client, Server, fresh, on_both, text_of};
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    an_operator_decides_about_closures,
    a_closure_happens_whole_or_not_at_all,
    an_import_that_is_killed_goes_on,
    lists_go_out_without_formulas,
);

const LEAVING: &str = "CUSTOMER_API_0000004";
const GONE: &str = "CUSTOMER_API_0000103";
const ROUNDS: u64 = 5;

fn adjusts(server: &Server, number: &str, amount: &str) -> e2e::Outcome {
    server.cli(&[
        "ledger",
        "adjust",
        "--customer",
        number,
        "--trade-type",
        "8",
        "--currency",
        "USD",
        "--amount",
        amount,
        "--reason",
        "a test",
    ])
}

fn in_state(server: &Server, state: &str) -> Vec<String> {
    let all = server.cli_json(&["closure", "list", "--state", state, "--limit", "1000"]);
    all.as_array().expect("a list").iter().map(|one| text_of(&one["customerNo"])).collect()
}

fn leaves(client: &Client) {
    client.call("destroy", json!({ "remark": "=moving(on)" })).data();
}

fn an_operator_decides_about_closures(backend: Backend) {
    let server = Server::start(backend);
    let (ada, bob) = (server.visitor().signs_up(), server.visitor().signs_up());
    server
        .cli(&["closure", "approve", &ada.number, "--reason", "as asked"])
        .fails_with("CUSTOMER_API_0000003");
    adjusts(&server, &ada.number, "1").succeeds();
    ada.client.call("destroy", json!({})).refused("CUSTOMER_API_0000118");
    adjusts(&server, &ada.number, "-1").succeeds();
    leaves(&ada.client);
    leaves(&bob.client);
    adjusts(&server, &ada.number, "1").fails_with(LEAVING);
    assert_eq!(in_state(&server, "waiting"), [ada.number.clone(), bob.number.clone()]);
    assert!(server.cli(&["closure", "list"]).succeeds().stdout.contains("=moving(on)"));
    server.cli(&["closure", "approve", &ada.number]).fails();
    server.cli(&["closure", "approve", &ada.number, "--reason", "as asked"]).succeeds();
    server.cli(&["closure", "reject", &bob.number, "--reason", "an order is open"]).succeeds();
    assert_eq!(in_state(&server, "approved"), [ada.number.as_str()]);
    assert_eq!(in_state(&server, "rejected"), [bob.number.as_str()]);
    assert_eq!(server.customer_json("show", &ada.number)["status"], 4);
    assert_eq!(server.visitor().signs_in(&bob.name).record()["status"], 1);
    adjusts(&server, &ada.number, "1").fails_with(GONE);
    adjusts(&server, &bob.number, "1").succeeds();
    server.cli(&["ledger", "verify"]).succeeds();
    server.verify_audit().succeeds();
}

fn a_closure_happens_whole_or_not_at_all(backend: Backend) {
    let server = Server::start(backend);
    for _ in 0..ROUNDS {
        let ada = server.visitor().signs_up();
        let asked = std::thread::scope(|scope| {
            let asking = scope.spawn(|| ada.client.try_call("destroy", json!({})).is_ok());
            std::thread::sleep(Duration::from_micros(fresh::below(4_000)));
            server.kill();
            asking.join().expect("a thread")
        });
        server.restart();
        let status = server.customer_json("show", &ada.number)["status"].clone();
        let is_leaving = status == 6;
        assert!(is_leaving || (!asked && status == 1), "{status}, acknowledged: {asked}");
        assert_eq!(in_state(&server, "waiting").contains(&ada.number), is_leaving);
        assert_eq!(
            adjusts(&server, &ada.number, "1").code != 0,
            is_leaving,
            "money comes in exactly if they stay"
        );
        if !is_leaving {
            adjusts(&server, &ada.number, "-1").succeeds();
            leaves(&server.visitor().signs_in(&ada.name));
        }
        let approve = ["closure", "approve", ada.number.as_str(), "--reason", "as asked"];
        let told = server.cli_killed_within(&approve, Duration::from_millis(fresh::below(120)));
        let shown = server.customer_json("show", &ada.number);
        let is_closed = shown["status"] == 4;
        assert!(is_closed || (!told && shown["status"] == 6), "{shown}, acknowledged: {told}");
        assert_eq!(shown["email"] == Value::Null, is_closed, "{shown}");
        assert_eq!(in_state(&server, "approved").contains(&ada.number), is_closed);
        assert_eq!(in_state(&server, "waiting").contains(&ada.number), !is_closed);
        adjusts(&server, &ada.number, "1").fails_with(if is_closed { GONE } else { LEAVING });
    }
    server.cli(&["ledger", "verify"]).succeeds();
    server.verify_audit().succeeds();
}

/// The rows of a CSV list, without its heading.
fn exported(server: &Server, what: &str, more: &[&str]) -> Vec<String> {
    let told = server.cli(&[&["export", what, "--csv"], more].concat()).succeeds();
    assert!(told.stdout.ends_with("\r\n"));
    told.stdout.lines().skip(1).map(|line| line.trim_end().to_owned()).collect()
}

fn an_import_that_is_killed_goes_on(backend: Backend) {
    let server = Server::start(backend);
    let rows = 4_000;
    let mut text = "email,country,name\n".to_owned();
    for row in 0..rows {
        text.push_str(&format!("row{row}@import.example.com,CN,Row {row}\n"));
    }
    let file = server.data().join("customers.csv");
    std::fs::write(&file, text).expect("a file");
    let import = ["import", "customers", file.to_str().expect("a path")];
    // Longer each time, since there is no telling how long a busy machine takes.
    let (mut kills, mut longest) = (0, Duration::from_millis(50));
    while !server.cli_killed_within(&import, longest) {
        (kills, longest) = (kills + 1, longest * 3 / 2);
        let there = exported(&server, "customers", &[]).len();
        assert_eq!(there % 500, 0, "a piece in part, after {kills} kills");
        if there == rows {
            // Killed after all was done, and before that was told.
            break;
        }
    }
    assert!(kills > 0);
    let all = exported(&server, "customers", &["--unmask"]);
    assert_eq!(all.len(), rows);
    for row in [0, 499, 500, rows - 1] {
        let address = format!(",row{row}@import.example.com,");
        assert_eq!(all.iter().filter(|line| line.contains(&address)).count(), 1);
    }
    server.cli(&import).fails();
    server.cli(&["ledger", "verify"]).succeeds();
    server.verify_audit().succeeds();
}

fn lists_go_out_without_formulas(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let file = server.data().join("one.csv");
    let text = "email,country,name,address\nb@import.example.com,CN,\"=HYPERLINK(\"\"x\"\")\",\"1, Lane\"\n";
    std::fs::write(&file, text).expect("a file");
    let report = server.cli_json(&["import", "customers", file.to_str().expect("a path")]);
    assert_eq!((&report["added"], &report["startByReset"]), (&json!(1), &json!(1)));
    adjusts(&server, &ada.number, "12.5").succeeds();

    let masked = exported(&server, "customers", &[]).join("\n");
    assert!(masked.contains("\"'=HYPERLINK(\"\"x\"\")\"") && masked.contains("***"), "{masked}");
    assert!(!masked.contains(&ada.name) && !masked.contains("1, Lane"), "{masked}");
    let whole = exported(&server, "customers", &["--unmask"]).join("\n");
    assert!(whole.contains(&ada.name) && whole.contains("\"1, Lane\""), "{whole}");
    assert!(server.audit_log().iter().any(|row| row["action"] == "customer.export_unmasked"));
    let entries = exported(&server, "entries", &[]);
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().any(|line| line.ends_with(",USD,-12.50")), "{entries:?}");
    assert!(
        entries.iter().any(|line| line.contains(&ada.number) && line.ends_with(",USD,12.50")),
        "{entries:?}"
    );
    assert!(exported(&server, "audit", &[]).iter().any(|line| line.contains(",ledger.adjust,")));

    let data = server.cli(&["customer", "export", &ada.number]).succeeds();
    let data: Value = serde_json::from_str(&data.stdout).expect("JSON");
    assert_eq!(data["contacts"]["email"], ada.name.as_str());
    assert_eq!(data["statement"][0]["amount"], "12.50");
    server.cli(&["customer", "export", "1"]).fails();
}
