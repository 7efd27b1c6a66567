//! PostgreSQL as others make it: conflicts, deadlocks, connections that end.

use crate::common::{Bench, put, tally_up};
use custos_store::dialect::Engine;
use custos_store::{Error, Tx, params};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

fn bench(threads: usize) -> Bench {
    let bench = Bench::with_threads(Engine::Postgres, threads);
    bench.must(|tx| put(tx, 1, 1).and_then(|_| put(tx, 2, 1)));
    bench
}

/// What a unit does with its own number, and a call at which it waits for the other.
type Work = fn(&mut Tx<'_>, i64, &dyn Fn()) -> Result<(), Error>;

/// Runs two units that meet in their first run; returns how often they ran in all.
fn meeting(bench: &Bench, work: Work) -> u32 {
    let (barrier, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    std::thread::scope(|scope| {
        for own in [1, 2] {
            let (barrier, runs) = (Arc::clone(&barrier), Arc::clone(&runs));
            scope.spawn(move || {
                let mut first = true;
                let done: Result<(), Error> = bench.store.write_blocking(move |tx| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    let meets = std::mem::replace(&mut first, false);
                    work(tx, own, &|| {
                        if meets {
                            barrier.wait();
                        }
                    })
                });
                done.unwrap();
            });
        }
    });
    runs.load(Ordering::SeqCst)
}

#[test]
fn both_units_of_a_deadlock_succeed() {
    let bench = bench(4);
    let runs = meeting(&bench, |tx, own, meet| {
        const ADD: &str = "UPDATE things SET value = value + 10 WHERE id = $1";
        tx.execute(ADD, params![own])?;
        meet();
        tx.execute(ADD, params![3 - own])?;
        Ok(())
    });
    // The one that was ended may overtake the other on its second run, and meet it again.
    assert!(runs >= 3, "{runs}");
    assert_eq!((bench.thing(1), bench.thing(2)), (Some(21), Some(21)));
}

/// The same where the second change is told of by the commit only.
#[test]
fn a_deadlock_that_the_commit_tells_of_is_run_again() {
    let bench = bench(4);
    let runs = meeting(&bench, |tx, own, meet| {
        const ADD: &str = "UPDATE things SET value = value + 10 WHERE id = $1";
        tx.execute(ADD, params![own])?;
        meet();
        tx.send(ADD, params![3 - own])
    });
    assert!(runs >= 3, "{runs}");
    assert_eq!((bench.thing(1), bench.thing(2)), (Some(21), Some(21)));
}

/// Write skew, which the usual level lets pass and engines that only know SERIALIZABLE answer with 40001.
#[test]
fn a_serialization_failure_is_run_again() {
    let bench = bench(4);
    let runs = meeting(&bench, |tx, own, meet| {
        tx.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", &[])?;
        let both: Vec<i64> = tx.query("SELECT value FROM things ORDER BY id", &[], |row| row.get(0))?;
        meet();
        // At most one of the two may go.
        if both.iter().sum::<i64>() >= 2 {
            tx.execute("UPDATE things SET value = 0 WHERE id = $1", params![own])?;
        }
        Ok(())
    });
    // The second run of the one that was ended may meet the other's commit once more.
    assert!(runs >= 3, "{runs}");
    let left = [bench.thing(1), bench.thing(2)];
    assert!(left == [Some(0), Some(1)] || left == [Some(1), Some(0)], "{left:?}");
}

const OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[test]
fn a_connection_that_ended_between_units_costs_no_failure() {
    let bench = bench(2);
    for round in 0..5 {
        bench.raw(OTHERS).unwrap();
        bench.must(move |tx| put(tx, 1, round));
        bench.raw(OTHERS).unwrap();
        assert_eq!(bench.thing(1), Some(round));
        // Nor where everything goes out with the commit, if they have surely ended by then.
        bench.raw(&OTHERS.replace("(pid)", "(pid, 60000)")).unwrap();
        bench.must(|tx| tx.send("UPDATE things SET value = value + 100 WHERE id = $1", params![1]));
        assert_eq!(bench.thing(1), Some(round + 100));
    }
}

#[test]
fn a_connection_that_ends_within_a_unit_costs_a_second_run() {
    let bench = bench(1);
    let mut runs = 0;
    let ran = bench.must(move |tx| {
        runs += 1;
        tally_up(tx)?;
        if runs == 1 {
            tx.value::<bool>("SELECT pg_terminate_backend(pg_backend_pid())::int::bigint", &[])?;
        }
        put(tx, 1, runs)?;
        Ok(runs)
    });
    assert_eq!((ran, bench.tally(), bench.thing(1)), (2, 1, Some(2)));
}

#[test]
fn a_unit_that_ends_every_connection_is_not_run_for_ever() {
    let bench = bench(1);
    let runs = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&runs);
    let ended: Result<i64, Error> = bench.store.write_blocking(move |tx| {
        count.fetch_add(1, Ordering::SeqCst);
        tx.value("SELECT pg_terminate_backend(pg_backend_pid())::int::bigint", &[])
    });
    assert!(matches!(ended, Err(Error::Unavailable(_))), "{ended:?}");
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    bench.must(|tx| put(tx, 1, 5));
}

/// The answer to a commit is lost: the unit must not run again, since it may have happened.
#[test]
fn a_connection_that_ends_at_the_commit_is_told_and_not_run_again() {
    let bench = bench(1);
    bench
        .raw(
            "CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; \
             CREATE TABLE traps (id BIGINT); \
             CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON traps DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION end_it()",
        )
        .unwrap();
    let before = bench.store.generations().of(9);
    let runs = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&runs);
    let ended: Result<u64, Error> = bench.store.write_blocking(move |tx| {
        count.fetch_add(1, Ordering::SeqCst);
        tx.touch(9);
        tx.execute("INSERT INTO traps (id) VALUES (1)", &[])
    });
    assert!(matches!(ended, Err(Error::Unavailable(_))), "{ended:?}");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_ne!(bench.store.generations().of(9), before);
    bench.must(|tx| put(tx, 1, 5));
    assert_eq!(bench.thing(1), Some(5));
}

#[test]
fn no_connection_is_left_within_a_transaction() {
    let bench = bench(3);
    for number in 0..30 {
        let ended: Result<(), Error> = bench.store.write_blocking(move |tx| {
            put(tx, 1, number)?;
            match number % 4 {
                0 => Ok(()),
                1 => Err(Error::NoRow),
                2 => panic!("on purpose"),
                _ => tx.execute("INSERT INTO nowhere VALUES (1)", &[]).map(|_| ()),
            }
        });
        assert_eq!(ended.is_ok(), number % 4 == 0);
    }
    let idle: i64 = bench
        .raw_postgres()
        .query_one(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'",
            &[],
        )
        .unwrap()
        .get(0);
    assert_eq!(idle, 0);
}

#[test]
fn a_dropped_store_gives_its_connections_back() {
    let bench = bench(1);
    let count = || -> i64 {
        let row = bench.raw_postgres().query_one(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'custos'",
            &[],
        );
        row.unwrap().get(0)
    };
    drop(bench.another(1));
    crate::common::eventually("the other store's connections ended", || count() == 1);
}
