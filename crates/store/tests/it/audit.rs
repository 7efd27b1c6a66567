//! The chain of entries: what was written stays, and whoever changes it is found.

use crate::common::{Bench, Refusal, on_both, put, tally_up};
use custos_store::audit::{self, Entry, Finding, Verifier};
use custos_store::dialect::Engine;
use custos_store::{Error, params};
use serde_json::json;

fn entry(company_id: i64, outcome: &str) -> Entry {
    Entry {
        company_id,
        action: "sign_in",
        outcome: outcome.to_owned(),
        actor: "customer".to_owned(),
        customer_id: Some(77),
        address: Some("192.0.2.1".to_owned()),
        trace: None,
        detail: json!({ "how": outcome }),
    }
}

/// Five entries in company 1, one in company 2.
fn written(bench: &Bench) {
    for number in 1..=5 {
        bench.must(move |tx| {
            tx.audit(entry(1, &format!("ok{number}")));
            Ok(())
        });
    }
    bench.must(|tx| {
        tx.audit(Entry { customer_id: None, address: None, ..entry(2, "other") });
        Ok(())
    });
}

fn outcomes(bench: &Bench, company: i64) -> Vec<String> {
    let page: Result<_, Error> = bench.store.read_blocking(move |tx| audit::page(tx, company, 0, 100));
    page.unwrap().into_iter().map(|stored| stored.outcome).collect()
}

/// Walks the chain two entries at a time.
fn verify(bench: &Bench, company: i64) -> Finding {
    let found: Result<Finding, Error> = bench.store.read_blocking(move |tx| {
        let mut verifier = Verifier::new(company);
        loop {
            let page = audit::page(tx, company, verifier.seq(), 2)?;
            if page.is_empty() {
                return verifier.finish(tx);
            }
            if let Err(finding) = verifier.check(tx.keys(), &page) {
                return Ok(finding);
            }
        }
    });
    found.unwrap()
}

/// Does what the triggers refuse, as someone with the database in hand could.
fn tamper(bench: &Bench, sql: &str) {
    let (open, shut) = match bench.store.engine() {
        Engine::Sqlite => ("DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete", ""),
        Engine::Postgres => {
            ("ALTER TABLE audit_log DISABLE TRIGGER ALL", "ALTER TABLE audit_log ENABLE TRIGGER ALL")
        }
    };
    bench.raw(open).unwrap();
    bench.raw(sql).unwrap();
    bench.raw(shut).unwrap();
}

#[test]
fn an_untouched_chain_is_whole() {
    on_both(|bench| {
        written(bench);
        assert_eq!((verify(bench, 1), verify(bench, 2)), (Finding::Whole(5), Finding::Whole(1)));
        assert_eq!(verify(bench, 3), Finding::Whole(0));
        let chains: Result<_, Error> = bench.store.read_blocking(audit::chains);
        assert_eq!(chains.unwrap(), [(1, 5), (2, 1)]);
        let heads: Result<_, Error> =
            bench.store.read_blocking(|tx| Ok((audit::head(tx, 1)?, audit::head(tx, 2)?)));
        let (first, second) = heads.unwrap();
        assert_eq!((first.len(), second.len()), (64, 64));
        assert_ne!(first, second);
    });
}

#[test]
fn the_database_itself_refuses_changes() {
    on_both(|bench| {
        written(bench);
        for sql in ["UPDATE audit_log SET outcome = 'x'", "DELETE FROM audit_log WHERE seq = 5"] {
            let told = bench.raw(sql).unwrap_err();
            assert!(told.contains("append-only"), "{told}");
        }
        if bench.store.engine() == Engine::Postgres {
            assert!(bench.raw("TRUNCATE audit_log").unwrap_err().contains("append-only"));
        }
        let through_the_store: Result<u64, Error> =
            bench.store.write_blocking(|tx| tx.execute("DELETE FROM audit_log", &[]));
        through_the_store.unwrap_err();
        assert_eq!(verify(bench, 1), Finding::Whole(5));
    });
}

#[test]
fn every_edited_column_is_found() {
    for column in [
        "at = at + 1",
        "action = 'other'",
        "outcome = 'other'",
        "actor = 'other'",
        "customer_id = 78",
        "customer_id = NULL",
        "address = ''",
        "trace = 'other'",
        "detail = '{}'",
    ] {
        let bench = Bench::new(Engine::Sqlite);
        written(&bench);
        tamper(&bench, &format!("UPDATE audit_log SET {column} WHERE company_id = 1 AND seq = 3"));
        assert_eq!(
            verify(&bench, 1),
            Finding::Broken { seq: 3, what: "edited or out of its place" },
            "{column}"
        );
        assert_eq!(verify(&bench, 2), Finding::Whole(1));
    }
}

#[test]
fn tampering_is_found_and_named() {
    let moved = "UPDATE audit_log SET seq = 100 WHERE company_id = 1 AND seq = 2; \
                 UPDATE audit_log SET seq = 2 WHERE company_id = 1 AND seq = 4; \
                 UPDATE audit_log SET seq = 4 WHERE company_id = 1 AND seq = 100";
    let copied = "INSERT INTO audit_log SELECT 1, 6, at, action, outcome, actor, customer_id, address, trace, detail, \
                  hash FROM audit_log WHERE company_id = 2";
    let broken = |seq, what| Finding::Broken { seq, what };
    let cases = [
        (
            "UPDATE audit_log SET outcome = 'x' WHERE company_id = 1 AND seq = 4",
            broken(4, "edited or out of its place"),
        ),
        ("DELETE FROM audit_log WHERE company_id = 1 AND seq = 3", broken(3, "removed")),
        ("DELETE FROM audit_log WHERE company_id = 1 AND seq = 1", broken(1, "removed")),
        (moved, broken(2, "edited or out of its place")),
        ("DELETE FROM audit_log WHERE company_id = 1 AND seq > 3", broken(4, "removed from the end")),
        ("DELETE FROM audit_log WHERE company_id = 1", broken(1, "removed from the end")),
        (copied, broken(6, "edited or out of its place")),
        ("DELETE FROM audit_heads WHERE company_id = 1", broken(5, "without a head")),
        ("UPDATE audit_heads SET seq = 3 WHERE company_id = 1", broken(4, "beyond the head")),
        (
            "UPDATE audit_heads SET hash = (SELECT hash FROM audit_heads WHERE company_id = 2) WHERE company_id = 1",
            broken(5, "not what the head says"),
        ),
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for (sql, finding) in &cases {
            let bench = Bench::with_threads(engine, 1);
            written(&bench);
            tamper(&bench, sql);
            assert_eq!(verify(&bench, 1), *finding, "{engine:?}: {sql}");
            assert_eq!(verify(&bench, 2), Finding::Whole(1));
        }
    }
}

#[test]
fn a_chain_without_its_head_is_still_listed() {
    on_both(|bench| {
        written(bench);
        bench.raw("DELETE FROM audit_heads WHERE company_id = 1").unwrap();
        let chains: Result<_, Error> = bench.store.read_blocking(audit::chains);
        assert_eq!(chains.unwrap(), [(1, 0), (2, 1)]);
    });
}

#[test]
fn another_key_file_makes_another_chain() {
    let (own, other) = (Bench::new(Engine::Sqlite), custos_store::SeededEntropy::new(8));
    written(&own);
    let keys = custos_store::Keyring::parse(&custos_store::Keyring::generate(&other).unwrap()).unwrap();
    let page: Result<_, Error> = own.store.read_blocking(|tx| audit::page(tx, 1, 0, 100));
    let found = Verifier::new(1).check(&keys, &page.unwrap());
    assert_eq!(found, Err(Finding::Broken { seq: 1, what: "edited or out of its place" }));
}

#[test]
fn entries_of_a_refused_unit_go_and_its_refusal_stays() {
    on_both(|bench| {
        // Whatever came before: nothing, a counter, an effect, both.
        for (counts, changes) in [(false, false), (true, false), (false, true), (true, true)] {
            let before = (bench.tally(), outcomes(bench, 1).len());
            let refused: Result<(), Refusal> = bench.store.write_blocking(move |tx| {
                if counts {
                    tally_up(tx)?;
                }
                tx.audit_refusal(entry(1, "first thought"));
                if changes {
                    put(tx, 1, 10)?;
                }
                tx.audit(entry(1, "never"));
                tx.audit_refusal(entry(1, "refused"));
                Err(Refusal::No("no"))
            });
            assert!(matches!(refused, Err(Refusal::No("no"))), "{counts} {changes}: {refused:?}");
            assert_eq!(bench.thing(1), None);
            assert_eq!(bench.tally(), before.0 + i64::from(counts));
            assert_eq!(outcomes(bench, 1).len(), before.1 + 1, "{counts} {changes}");
        }
        assert!(outcomes(bench, 1).iter().all(|outcome| outcome == "refused"));
        assert_eq!(verify(bench, 1), Finding::Whole(4));
    });
}

#[test]
fn a_refusal_for_a_clash_leaves_its_entry() {
    on_both(|bench| {
        bench.must(|tx| put(tx, 1, 10));
        let taken: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            put(tx, 2, 20)?;
            tx.audit_refusal(entry(1, "taken"));
            tx.execute("INSERT INTO things (id, value) VALUES (1, 1)", &[])
                .map_err(|_| Refusal::No("taken"))?;
            Ok(())
        });
        assert!(matches!(taken, Err(Refusal::No("taken"))), "{taken:?}");
        assert_eq!((bench.thing(2), outcomes(bench, 1)), (None, vec!["taken".to_owned()]));
    });
}

#[test]
fn a_refusal_that_did_not_come_leaves_no_entry() {
    on_both(|bench| {
        bench.must(|tx| {
            tx.audit_refusal(entry(1, "refused"));
            put(tx, 1, 10)?;
            tx.audit(entry(1, "ok"));
            Ok(())
        });
        assert_eq!(outcomes(bench, 1), ["ok"]);
        let failed: Result<(), Error> = bench.store.write_blocking(|tx| {
            tx.audit_refusal(entry(1, "refused"));
            tx.audit(entry(1, "ok"));
            Err(Error::NoRow)
        });
        failed.unwrap_err();
        assert_eq!(outcomes(bench, 1), ["ok"]);
    });
}

#[test]
fn a_customers_entries_are_found_newest_first() {
    on_both(|bench| {
        written(bench);
        bench.must(|tx| {
            tx.audit(Entry { customer_id: Some(5), ..entry(1, "another's") });
            Ok(())
        });
        let found: Result<_, Error> = bench.store.read_blocking(|tx| audit::of_customer(tx, 1, 77, 2, 1));
        let (total, entries) = found.unwrap();
        let outcomes: Vec<String> = entries.into_iter().map(|stored| stored.outcome).collect();
        assert_eq!((total, outcomes), (5, vec!["ok4".to_owned(), "ok3".to_owned()]));
        let stored: Result<i64, Error> = bench
            .store
            .read_blocking(|tx| tx.value("SELECT count(*) FROM audit_log WHERE company_id = $1", params![1]));
        assert_eq!(stored.unwrap(), 6);
    });
}
