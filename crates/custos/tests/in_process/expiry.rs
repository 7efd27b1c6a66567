//! What has expired goes in small batches, while requests run and are answered.

use crate::common::{Backend, DAY, House, leaked, on_both};
use custos_customers::chores::EXPIRIES;
use custos_store::chores::{BATCH, remove_batch};
use custos_store::dialect::Engine;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

on_both!(a_million_expired_rows_go_while_requests_run, every_table_that_expires_has_its_job);

/// Rows in each of two tables.
const EACH: i64 = 500_000;
/// Calls that are answered meanwhile, at the least.
const CALLS: u64 = 100;

/// Makes expired rows, all by one statement a table.
fn fill(house: &House) {
    let (numbers, hash) = match house.store().engine() {
        Engine::Sqlite => (
            format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EACH}) "),
            "CAST(printf('%032d', i) AS BLOB)",
        ),
        Engine::Postgres => (
            format!("WITH n (i) AS (SELECT * FROM generate_series(1::bigint, {EACH}::bigint)) "),
            "decode(lpad(i::text, 32, '0'), 'hex')",
        ),
    };
    let past = house.now() - DAY;
    let counts = format!(
        "{numbers} INSERT INTO window_counts (subject, used, expires_at) SELECT {hash}, 1, {past} + i % 1000 FROM n"
    );
    let sessions = format!(
        "{numbers} INSERT INTO sessions (token_hash, id, company_id, customer_id, device, agent, address, country, \
         signed_in_at, seen_at, ends_at, expires_at) SELECT {hash}, i, 1, i, 1, 'agent', '192.0.2.1', '', {past}, \
         {past}, {past}, {past} + i % 1000 FROM n"
    );
    for statement in [counts, sessions] {
        let statement = leaked(statement);
        let made = house.write(move |tx| Ok(tx.execute(statement, &[])?));
        assert_eq!(made, EACH.unsigned_abs());
    }
}

fn expired(house: &House) -> i64 {
    let count = |table: &str| {
        house.number(&format!("SELECT count(*) FROM {table} WHERE expires_at <= {}", house.now()))
    };
    count("window_counts") + count("sessions")
}

fn a_million_expired_rows_go_while_requests_run(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    fill(&house);
    let gone = AtomicBool::new(false);
    let calls = thread::scope(|scope| {
        let client = scope.spawn(|| {
            let mut calls = 0_u64;
            while !gone.load(Ordering::SeqCst) {
                let lang = if calls.is_multiple_of(2) { "zh-CN" } else { "en-US" };
                ada.home.call("changeLang", json!({ "newLang": lang })).is("0");
                ada.home.call("findPhoneAndEmail", json!({})).is("0");
                calls += 1;
            }
            calls
        });
        let ours = EXPIRIES.iter().filter(|expiry| ["window_counts", "sessions"].contains(&expiry.table));
        for expiry in ours {
            loop {
                let removed = remove_batch(house.store(), *expiry).unwrap();
                assert!(removed <= BATCH.unsigned_abs(), "a batch of {removed}");
                if removed == 0 {
                    break;
                }
            }
        }
        gone.store(true, Ordering::SeqCst);
        client.join().unwrap()
    });
    assert!(calls >= CALLS, "only {calls} calls were answered meanwhile");
    assert_eq!(expired(&house), 0);
    // What has not expired is still there.
    assert_eq!(house.number("SELECT count(*) FROM sessions"), 1);
    ada.home.call("findCustomerInfo", json!({})).is("0");
}

/// Tables with an end in them: each is named by one job, and each job's statement is understood by both databases.
fn every_table_that_expires_has_its_job(backend: Backend) {
    let house = House::open(backend);
    let tables = house.texts(match house.store().engine() {
        Engine::Sqlite => {
            "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
             AND c.name = 'expires_at' ORDER BY m.name"
        }
        Engine::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.columns WHERE table_schema = 'public' \
             AND column_name = 'expires_at' ORDER BY table_name"
        }
    });
    let all: Vec<_> = EXPIRIES.iter().chain(custos_ledger::chores::EXPIRIES).collect();
    let mut named: Vec<&str> = all.iter().map(|expiry| expiry.table).collect();
    named.sort_unstable();
    assert_eq!(tables, named);
    for expiry in all {
        assert_eq!(remove_batch(house.store(), *expiry).unwrap(), 0, "{}", expiry.job);
    }
}
