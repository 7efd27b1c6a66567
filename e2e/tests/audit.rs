//! The audit log: it tells what happened, and notices when someone rewrites it.

use e2e::{Backend, DatabaseFile, PASSWORD, Server, md5, on_both};

on_both!(what_operators_do_is_written_down, an_untouched_log_is_in_order);

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
    server.cli(&["audit", "verify", "--json"]).json();
    server.kill();
    server.restart();
    server.verify_audit().succeeds();
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

#[test]
fn a_forged_row_is_named() {
    let server = eventful(Backend::Sqlite);
    let (file, table) = unprotected(&server);
    let forged = file.forge_middle_row(&table);
    drop(file);
    let complaint = server.verify_audit().fails().everything();
    assert!(complaint.contains(&forged), "row {forged} is not named: {complaint}");
}

#[test]
fn a_missing_row_is_noticed() {
    let server = eventful(Backend::Sqlite);
    let (file, table) = unprotected(&server);
    file.delete_middle_row(&table);
    drop(file);
    server.verify_audit().fails();
}
