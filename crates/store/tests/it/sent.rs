//! Changes whose answer nobody waits for.

use crate::common::{Bench, Refusal, on_both, put, tally_up};
use custos_store::{Error, Tx, params};

const NEW: &str = "INSERT INTO things (id, value) VALUES ($1, $2)";

type Work = fn(&mut Tx<'_>) -> Result<(), Error>;

fn new(tx: &mut Tx<'_>, id: i64, value: i64) -> Result<(), Error> {
    tx.send(NEW, params![id, value])
}

fn value(tx: &mut Tx<'_>, id: i64) -> Result<i64, Error> {
    tx.value("SELECT value FROM things WHERE id = $1", params![id])
}

#[test]
fn they_are_seen_by_what_comes_after_and_stay() {
    on_both(|bench| {
        let seen = bench.must(|tx| {
            new(tx, 1, 10)?;
            let seen = value(tx, 1)?;
            tx.send("UPDATE things SET value = value + 1 WHERE id = $1", params![1])?;
            Ok(seen)
        });
        assert_eq!((seen, bench.thing(1)), (10, Some(11)));
        // A unit of nothing else.
        bench.must(|tx| new(tx, 2, 20));
        assert_eq!(bench.thing(2), Some(20));
        assert!(bench.store.read_blocking(|tx| new(tx, 3, 30)).is_err());
        assert_eq!(bench.thing(3), None);
    });
}

#[test]
fn however_many_there_are_they_keep_their_order() {
    on_both(|bench| {
        bench.must(|tx| {
            put(tx, 1, 0)?;
            // Not the same in another order.
            for number in 0..100 {
                tx.send(
                    "UPDATE things SET value = (value * 3 + $2) % 1000003 WHERE id = $1",
                    params![1, number],
                )?;
            }
            Ok(())
        });
        let due = (0..100).fold(0, |value, number| (value * 3 + number) % 1_000_003);
        assert_eq!(bench.thing(1), Some(due));
    });
}

#[test]
fn one_that_fails_takes_the_unit_with_it_wherever_it_is_told() {
    on_both(|bench| {
        bench.must(|tx| put(tx, 1, 10));
        let touched = bench.store.generations().of(9);
        let units: [Work; 4] = [
            // Told by the commit,
            |tx| put(tx, 2, 20).and_then(|_| new(tx, 1, 11)),
            |tx| new(tx, 1, 11).and_then(|()| new(tx, 2, 20)),
            // by the next question,
            |tx| new(tx, 1, 11).and_then(|()| value(tx, 1)).and_then(|_| new(tx, 2, 20)),
            // and however deaf the rule is.
            |tx| {
                let _ = new(tx, 1, 11);
                let _ = value(tx, 1);
                put(tx, 2, 20).map(|_| ()).or(Ok(()))
            },
        ];
        for unit in units {
            let ended: Result<(), Error> = bench.store.write_blocking(move |tx| {
                tx.touch(9);
                unit(tx)
            });
            assert!(matches!(ended, Err(Error::Clash(_))), "{ended:?}");
            assert_eq!((bench.thing(1), bench.thing(2)), (Some(10), None));
            // What was surely taken back makes no copy old.
            assert_eq!(bench.store.generations().of(9), touched);
        }
        // The connections are as good as before.
        for id in 10..30 {
            bench.must(move |tx| new(tx, id, id));
            assert_eq!(bench.thing(id), Some(id));
        }
    });
}

fn refused(bench: &Bench, work: Work) {
    let refused: Result<(), Refusal> = bench.store.write_blocking(move |tx| {
        tally_up(tx)?;
        work(tx)?;
        Err(Refusal::No("no"))
    });
    assert!(matches!(refused, Err(Refusal::No("no"))));
}

#[test]
fn a_refusal_takes_them_back_and_leaves_the_counters() {
    on_both(|bench| {
        bench.must(|tx| put(tx, 1, 10));
        // They have not gone out; they have; some have. One that would have failed never does.
        let works: [Work; 4] = [
            |tx| new(tx, 2, 20),
            |tx| new(tx, 2, 20).and_then(|()| value(tx, 1)).map(|_| ()),
            |tx| new(tx, 2, 20).and_then(|()| value(tx, 1)).and_then(|_| new(tx, 3, 30)),
            |tx| tx.send("UPDATE things SET value = 11 WHERE id = $1", params![1]),
        ];
        for (round, work) in (1..).zip(works) {
            refused(bench, work);
            assert_eq!((bench.tally(), bench.thing(1)), (round, Some(10)));
            assert_eq!((bench.thing(2), bench.thing(3)), (None, None));
        }
    });
}

/// A program's mistake must not commit the half of a unit.
#[test]
fn one_whose_parameters_do_not_fit_takes_the_unit_with_it() {
    on_both(|bench| {
        let units: [Work; 3] = [
            |tx| tx.send(NEW, params![2, "x"]),
            |tx| tx.send(NEW, params![2]),
            |tx| tx.send("UPDATE things SET value = 11 WHERE id = $1", params!["x"]),
        ];
        for unit in units {
            let ended: Result<(), Error> = bench.store.write_blocking(move |tx| {
                put(tx, 1, 10)?;
                unit(tx)
            });
            // SQLite finds no fault with a text that is compared with a number.
            if ended.is_ok() {
                bench.must(|tx| tx.execute("DELETE FROM things", &[]));
            }
            assert_eq!((bench.thing(1), bench.thing(2)), (None, None));
        }
    });
}

#[test]
fn a_counter_that_clashes_takes_the_others_with_it() {
    on_both(|bench| {
        let ended: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            tally_up(tx)?;
            let _ = tx.count("INSERT INTO tallies (id, tries) VALUES (1, 1)", &[]);
            put(tx, 1, 10).map_err(|_| Refusal::No("no"))?;
            Ok(())
        });
        // Nobody is told that the try was counted.
        assert!(matches!(ended, Err(Refusal::Store(Error::Clash(_)))), "{ended:?}");
        assert_eq!((bench.tally(), bench.thing(1)), (0, None));
    });
}
