//! The audit log: it tells what happened, and notices when someone rewrites it.

use e2e::{Backend, DatabaseFile, PASSWORD, Server, md5, on_both};

on_both!(
    what_operators_do_is_written_down,
    an_untouched_log_is_in_order,
    a_log_in_use_is_in_order,
    the_log_names_the_operator,
);

/// A server that has something in its log.
fn eventful(backend: Backend) -> Server {
    let server = Server::start(backend);
    for _ in 0..3 {
        let ada = server.visitor().signs_up();
        server.customer("lock", &ada.number).succeeds();
        server.customer("unlock", &ada.number).succeeds();
    }
    server
}

fn what_operators_do_is_written_down(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let before = server.audit_log().len();
    server.customer("lock", &ada.number).succeeds();
    let log = server.audit_log();
    assert!(log.len() > before, "{log:?}");
    let told = format!("{log:?}");
    assert!(told.contains("lock"), "{told}");
    for secret in [md5(PASSWORD), ada.client.token().to_owned(), ada.name] {
        assert!(!told.contains(&secret), "{told}");
    }
}

fn an_untouched_log_is_in_order(backend: Backend) {
    let server = eventful(backend);
    server.verify_audit().succeeds();
    let report = server.cli_json(&["audit", "verify"]);
    assert_eq!(report["ok"], true, "{report}");
    let whole: Vec<_> = report["chains"].as_array().into_iter().flatten().collect();
    let own = whole.iter().find(|chain| chain["company"] == 1).expect("the demo company's chain");
    assert_eq!(
        own["entries"].as_u64().and_then(|count| usize::try_from(count).ok()),
        Some(server.audit_log().len())
    );
    assert_eq!(own["head"].as_str().map(str::len), Some(64), "{report}");
    server.kill();
    server.restart();
    server.verify_audit().succeeds();
}

/// A server that goes on writing must not look like someone who removes entries.
fn a_log_in_use_is_in_order(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    e2e::all_at_once(2, |n| {
        if n == 0 {
            for _ in 0..10 {
                server.verify_audit().succeeds();
            }
        } else {
            for _ in 0..40 {
                server.visitor().signs_in(&ada.name);
            }
        }
    });
}

fn the_log_names_the_operator(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    server.cli(&["company", "set", "1", "--setting", "cool_off_hours=1"]).succeeds();
    server.end_sessions(&ada.number).succeeds();
    server.customer("disable", &ada.number).succeeds();
    let log = server.audit_log();
    for action in ["company.set", "customer.sessions", "customer.status"] {
        let entry =
            log.iter().find(|entry| entry["action"] == action).unwrap_or_else(|| panic!("{action}: {log:?}"));
        assert!(entry["actor"].as_str().is_some_and(|actor| actor.starts_with("operator:")), "{entry}");
    }
}

/// Stops the server and hands out its log, unprotected.
fn unprotected(server: &Server) -> (DatabaseFile, String) {
    assert!(server.stop());
    let file = server.database_file();
    let table = file.table("audit");
    assert!(file.rows(&table) >= 6, "{} rows in {table}", file.rows(&table));
    assert!(!file.can_update(&table), "the database lets {table} be rewritten");
    file.disarm(&table);
    (file, table)
}

/// The place of the row in the middle: only the demo company has a chain, and its entries are counted from 1.
fn middle(file: &DatabaseFile, table: &str) -> i64 {
    file.rows(table) / 2 + 1
}

/// The company and the place of the first wrong row.
fn broken(server: &Server) -> (i64, i64) {
    let outcome = server.cli(&["audit", "verify", "--json"]).fails();
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let chains = report["chains"].as_array().expect("chains");
    let chain = chains.iter().find(|chain| chain["ok"] == false).expect("a broken one");
    (chain["company"].as_i64().expect("a number"), chain["seq"].as_i64().expect("a number"))
}

#[test]
fn a_forged_row_is_named() {
    let server = eventful(Backend::Sqlite);
    let (file, table) = unprotected(&server);
    let seq = middle(&file, &table);
    let company: i64 = file.forge_middle_row(&table).parse().expect("a company's id");
    drop(file);
    let complaint = server.verify_audit().fails().everything();
    assert!(complaint.contains(&format!("company {company}: entry {seq} ")), "{complaint}");
    assert_eq!(broken(&server), (company, seq));
}

#[test]
fn a_missing_row_is_noticed() {
    let server = eventful(Backend::Sqlite);
    let (file, table) = unprotected(&server);
    let seq = middle(&file, &table);
    file.delete_middle_row(&table);
    drop(file);
    server.verify_audit().fails();
    assert_eq!(broken(&server), (1, seq));
}
