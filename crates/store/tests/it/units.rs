//! What stays of a unit and what goes, by how it ends.

use crate::common::{Bench, NOW, Refusal, on_both, put, tally_up};
use custos_store::dialect::Engine;
use custos_store::{Error, params};

#[test]
fn what_is_written_can_be_read_at_once() {
    on_both(|bench| {
        for value in 0..200 {
            bench.must(move |tx| put(tx, 1, value));
            assert_eq!(bench.thing(1), Some(value));
        }
    });
}

#[test]
fn a_refused_unit_leaves_nothing() {
    on_both(|bench| {
        let refused: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            put(tx, 1, 10)?;
            put(tx, 2, 20)?;
            Err(Refusal::No("no"))
        });
        assert!(matches!(refused, Err(Refusal::No("no"))));
        assert_eq!((bench.thing(1), bench.thing(2)), (None, None));
    });
}

#[test]
fn counters_stay_when_effects_go() {
    on_both(|bench| {
        let refused: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            tally_up(tx)?;
            tally_up(tx)?;
            put(tx, 1, 10)?;
            put(tx, 1, 11)?;
            Err(Refusal::No("no"))
        });
        assert!(matches!(refused, Err(Refusal::No("no"))));
        assert_eq!((bench.tally(), bench.thing(1)), (2, None));

        let refused: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            tally_up(tx)?;
            Err(Refusal::No("no"))
        });
        assert!(matches!(refused, Err(Refusal::No("no"))));
        assert_eq!(bench.tally(), 3);

        bench.must(|tx| tally_up(tx).and_then(|_| put(tx, 1, 12)));
        assert_eq!((bench.tally(), bench.thing(1)), (4, Some(12)));
    });
}

#[test]
fn a_counter_after_a_change_is_refused() {
    on_both(|bench| {
        let late: Result<(), Error> = bench.store.write_blocking(|tx| {
            put(tx, 1, 10)?;
            tally_up(tx)?;
            Ok(())
        });
        assert!(late.unwrap_err().to_string().contains("a counter after a change"));
        // A change by `RETURNING` is one too.
        let late: Result<(), Error> = bench.store.write_blocking(|tx| {
            tx.value::<i64>("\n INSERT INTO things (id, value) VALUES (1, 1) RETURNING id", &[])?;
            tally_up(tx)?;
            Ok(())
        });
        assert!(late.unwrap_err().to_string().contains("a counter after a change"));
        assert_eq!((bench.tally(), bench.thing(1)), (0, None));
    });
}

#[test]
fn a_failure_of_the_store_takes_counters_back_too() {
    on_both(|bench| {
        let failed: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            tally_up(tx)?;
            tx.value::<i64>("SELECT value FROM things WHERE id = 404", &[])?;
            Ok(())
        });
        assert!(matches!(failed, Err(Refusal::Store(Error::NoRow))));
        assert_eq!(bench.tally(), 0);
    });
}

#[test]
fn a_panic_is_an_error_and_leaves_nothing() {
    on_both(|bench| {
        let panicked: Result<(), Error> = bench.store.write_blocking(|tx| {
            put(tx, 1, 10)?;
            panic!("on purpose");
        });
        assert!(matches!(panicked, Err(Error::Internal(_))));
        let panicked: Result<Vec<i64>, Error> =
            bench.store.read_blocking(|tx| tx.query("SELECT id FROM tallies", &[], |_| panic!("on purpose")));
        assert!(matches!(panicked, Err(Error::Internal(_))));
        assert_eq!(bench.thing(1), None);
        bench.must(|tx| put(tx, 1, 11));
        assert_eq!(bench.thing(1), Some(11));
    });
}

/// PostgreSQL would answer the commit of such a transaction with a rollback that looks like success.
#[test]
fn a_database_error_that_a_rule_ignores_still_ends_the_unit() {
    on_both(|bench| {
        bench.must(|tx| put(tx, 1, 10));
        let ignored: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            put(tx, 2, 20)?;
            let _ = tx.execute("INSERT INTO things (id, value) VALUES (1, 1)", &[]);
            Ok(())
        });
        assert!(matches!(ignored, Err(Refusal::Store(Error::Clash(_)))), "{ignored:?}");
        let renamed: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            tally_up(tx)?;
            tx.execute("INSERT INTO nowhere (id) VALUES (1)", &[]).map_err(|_| Refusal::No("gone"))?;
            Ok(())
        });
        assert!(matches!(renamed, Err(Refusal::Store(Error::Internal(_)))), "{renamed:?}");
        assert_eq!((bench.thing(1), bench.thing(2), bench.tally()), (Some(10), None, 0));
    });
}

#[test]
fn a_clash_is_a_reason_to_refuse() {
    on_both(|bench| {
        bench.must(|tx| put(tx, 1, 10));
        for counts in [true, false] {
            let before = bench.tally();
            let taken: Result<(), Refusal> = bench.store.write_blocking(move |tx| {
                if counts {
                    tally_up(tx)?;
                }
                put(tx, 2, 20)?;
                match tx.execute("INSERT INTO things (id, value) VALUES (1, 1)", &[]) {
                    Err(Error::Clash(_)) => Err(Refusal::No("taken")),
                    other => Ok(other.map(|_| ())?),
                }
            });
            assert!(matches!(taken, Err(Refusal::No("taken"))), "{taken:?}");
            assert_eq!((bench.thing(1), bench.thing(2)), (Some(10), None));
            assert_eq!(bench.tally(), before + i64::from(counts));
        }
        let in_a_counter: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            tally_up(tx)?;
            tx.count("INSERT INTO tallies (id, tries) VALUES (1, 1)", &[])
                .map_err(|_| Refusal::No("taken"))?;
            Ok(())
        });
        assert!(matches!(in_a_counter, Err(Refusal::Store(Error::Clash(_)))), "{in_a_counter:?}");
        assert_eq!(bench.tally(), 1);
    });
}

#[test]
fn a_mapping_that_fails_ends_nothing_by_itself() {
    on_both(|bench| {
        bench.must(|tx| {
            let text: Result<String, Error> = tx.value("SELECT tries FROM tallies WHERE id = 1", &[]);
            text.unwrap_err();
            put(tx, 1, 10)
        });
        assert_eq!(bench.thing(1), Some(10));
    });
}

#[test]
fn a_read_changes_nothing() {
    on_both(|bench| {
        let changed: Result<u64, Error> = bench.store.read_blocking(|tx| put(tx, 1, 10));
        changed.unwrap_err();
        let counted: Result<u64, Error> = bench.store.read_blocking(tally_up);
        counted.unwrap_err();
        let refused: Result<(), Refusal> = bench.store.read_blocking(|_| Err(Refusal::No("no")));
        assert!(matches!(refused, Err(Refusal::No("no"))));
        assert_eq!((bench.thing(1), bench.tally()), (None, 0));
    });
    let bench = Bench::new(Engine::Sqlite);
    let disguised: Result<Vec<i64>, Error> = bench.store.read_blocking(|tx| {
        tx.query("WITH a AS (SELECT 7 AS b) INSERT INTO things SELECT b, b FROM a RETURNING id", &[], |row| {
            row.get(0)
        })
    });
    disguised.unwrap_err();
    assert_eq!(bench.thing(7), None);
}

#[test]
fn values_come_back_as_they_went() {
    on_both(|bench| {
        bench.must(|tx| {
            tx.execute("CREATE TABLE kinds (id BIGINT NOT NULL PRIMARY KEY, a TEXT, b BYTEA, c BIGINT)", &[])
        });
        bench.must(|tx| {
            let sql = "INSERT INTO kinds (id, a, b, c) VALUES ($1, $2, $3, $4)";
            tx.execute(sql, params![1, "ünï 中文 $1 '", &[0_u8, 255], i64::MIN])?;
            tx.execute(sql, params![2, None::<&str>, None::<&[u8]>, None::<i64>])?;
            // Parameters are known by their numbers, not by their order.
            tx.execute("UPDATE kinds SET c = $2 WHERE id = $1", params![1, i64::MAX])
        });
        let rows: Result<_, Error> = bench.store.read_blocking(|tx| {
            tx.query("SELECT a, b, c FROM kinds ORDER BY id", &[], |row| {
                Ok((
                    row.get::<Option<String>>(0)?,
                    row.get::<Option<Vec<u8>>>(1)?,
                    row.get::<Option<i64>>(2)?,
                ))
            })
        });
        let first = (Some("ünï 中文 $1 '".to_owned()), Some(vec![0, 255]), Some(i64::MAX));
        assert_eq!(rows.unwrap(), [first, (None, None, None)]);
    });
}

#[test]
fn a_value_of_the_wrong_type_is_no_other_value() {
    let bench = Bench::new(Engine::Postgres);
    let eight_letters: Result<u64, Error> = bench.store.write_blocking(|tx| {
        tx.execute("INSERT INTO things (id, value) VALUES ($1, 1)", params!["12345678"])
    });
    assert!(matches!(eight_letters, Err(Error::Internal(_))), "{eight_letters:?}");
    let number: Result<u64, Error> = bench.store.write_blocking(|tx| {
        tx.execute("UPDATE companies SET name = $1", params![0x4141_4141_4141_4141_i64])
    });
    assert!(matches!(number, Err(Error::Internal(_))), "{number:?}");
    bench.must(|tx| put(tx, 1, 1));
}

#[test]
fn time_stands_still_in_a_unit_and_ids_rise() {
    on_both(|bench| {
        let clock = bench.clock.clone();
        let (before, after, ids) = bench.must(move |tx| {
            let before = tx.now();
            clock.advance_ms(5);
            Ok((before, tx.now(), [tx.new_id(), tx.new_id(), tx.new_id()]))
        });
        assert_eq!((before, after), (NOW, NOW));
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert_eq!(bench.must(|tx| Ok(tx.now())), NOW + 5);
    });
}

#[test]
fn a_commit_wakes_and_a_rollback_does_not() {
    on_both(|bench| {
        let (ring, rung) = std::sync::mpsc::channel();
        bench.store.on_wake(custos_store::Wake::Outbox, || panic!("on purpose"));
        bench.store.on_wake(custos_store::Wake::Outbox, move || ring.send(()).unwrap());
        let refused: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            put(tx, 1, 1)?;
            tx.wake(custos_store::Wake::Outbox);
            Err(Refusal::No("no"))
        });
        refused.unwrap_err();
        for _ in 1..=3 {
            bench.must(|tx| {
                tx.wake(custos_store::Wake::Outbox);
                tx.wake(custos_store::Wake::Outbox);
                put(tx, 1, 1)
            });
            // The answer does not wait for it.
            rung.recv().unwrap();
        }
        assert!(rung.try_recv().is_err(), "once for each commit");
    });
}
