//! What operators do with customers at the command line, and the feed of events.

use e2e::{Backend, Server, on_both};
use serde_json::Value;

on_both!(customers_are_found_frozen_and_told_of, receivers_of_events_are_kept);

fn customers_are_found_frozen_and_told_of(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let found = server.cli_json(&["customer", "search", &ada.name]);
    assert_eq!(
        (&found["total"], &found["customers"][0]["customerNo"]),
        (&"1".into(), &ada.number.as_str().into())
    );
    assert!(!found.to_string().contains(&ada.name), "masked: {found}");
    let shown = server.cli_json(&["customer", "search", &ada.name, "--unmask", "ticket 17"]);
    assert!(shown.to_string().contains(&ada.name), "{shown}");

    server.cli(&["customer", "freeze", &ada.number, "--scope", "withdraw", "--hours", "1"]).fails();
    let freeze = [
        "customer",
        "freeze",
        &ada.number,
        "--scope",
        "withdraw",
        "--hours",
        "1",
        "--reason",
        "a court order",
    ];
    server.cli(&freeze).succeeds();
    assert_eq!(ada.client.record()["withdraw"], 0);
    assert_eq!(server.customer_json("freezes", &ada.number)[0]["scope"], "withdraw");
    server
        .cli(&["customer", "unfreeze", &ada.number, "--scope", "withdraw", "--reason", "lifted"])
        .succeeds();
    assert_eq!(ada.client.record()["withdraw"], 1);

    server.cli(&["customer", "notes", &ada.number, "--add", "rings often"]).succeeds();
    assert_eq!(server.customer_json("notes", &ada.number)[0]["text"], "rings often");
    server.cli(&["customer", "tags", &ada.number, "--add", "vip"]).succeeds();
    assert_eq!(server.cli_json(&["customer", "search", "--tag", "vip"])["total"], "1");
    server.cli(&["customer", "reset-mfa", &ada.number, "--reason", "lost"]).fails();

    let past = server.customer_json("timeline", &ada.number);
    let whats: Vec<&Value> = past["moments"].as_array().unwrap().iter().map(|one| &one["what"]).collect();
    for what in ["register", "customer.unmask", "customer.freeze", "customer.unfreeze", "customer.note"] {
        assert!(whats.contains(&&what.into()), "{what} in {past}");
    }
    let told = server.cli(&["events", "list"]).succeeds().stdout;
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&Value> = told.iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["customer.registered", "customer.frozen", "customer.unfrozen"]);
    assert_eq!(server.cli(&["events", "list", "--after", "2"]).succeeds().stdout.lines().count(), 1);
}

fn receivers_of_events_are_kept(backend: Backend) {
    let server = Server::start(backend);
    for bad in ["ftp://x.example.com", "https://user:hunter2@x.example.com"] {
        let told = server.cli(&["webhook", "add", bad]).fails().everything();
        assert!(!told.contains("hunter2"), "{told}");
    }
    let added =
        server.cli_json(&["webhook", "add", "https://x.example.com/hook", "--types", "kyc.*,closure.asked"]);
    let id = added["id"].to_string();
    let secret = added["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{added}");
    let listed = server.cli_json(&["webhook", "list"]);
    assert_eq!((&listed[0]["id"], &listed[0]["enabled"]), (&added["id"], &true.into()));
    assert!(!listed.to_string().contains(&secret), "a secret is told once");
    let rotated = server.cli_json(&["webhook", "rotate", &id]);
    assert_ne!(rotated["secret"], secret.as_str());
    server.cli(&["webhook", "enable", &id, "--skip"]).succeeds();
    server.cli(&["webhook", "remove", &id]).succeeds();
    server.cli(&["webhook", "remove", &id]).fails();
    assert_eq!(server.cli_json(&["webhook", "list"]), Value::Array(Vec::new()));
}
