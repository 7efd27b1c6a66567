//! Commits that fail, disks that are full, locks that others hold.

use crate::common::{Bench, on_both, put};
use custos_store::Error;
use custos_store::dialect::Engine;

/// The database finds only at the commit that the unit can't stay.
#[test]
fn a_commit_that_fails_leaves_nothing_and_harms_nothing() {
    on_both(|bench| {
        bench.must(|tx| {
            tx.execute(
                "CREATE TABLE children (parent BIGINT NOT NULL REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)",
                &[],
            )
        });
        let before = bench.store.generations().of(9);
        let orphan: Result<u64, Error> = bench.store.write_blocking(|tx| {
            tx.touch(9);
            put(tx, 1, 10)?;
            tx.execute("INSERT INTO children (parent) VALUES (404)", &[])
        });
        assert!(matches!(orphan, Err(Error::Internal(_))), "{orphan:?}");
        // Whether a commit that failed has happened is not always known: what is cached goes.
        assert_ne!(bench.store.generations().of(9), before);
        assert_eq!(bench.thing(1), None);
        bench.must(|tx| {
            put(tx, 1, 11)?;
            tx.execute("INSERT INTO children (parent) VALUES (1)", &[])
        });
        assert_eq!(bench.thing(1), Some(11));
    });
}

#[test]
fn a_full_disk_is_an_outage_and_no_loss() {
    let bench = Bench::new(Engine::Sqlite);
    bench.must(|tx| put(tx, 1, 10));
    let limit = |pages: &'static str| bench.must(move |tx| tx.query(pages, &[], |_| Ok(())));
    limit("PRAGMA max_page_count = 1");
    let full: Result<(), Error> = bench.store.write_blocking(|tx| {
        put(tx, 2, 20)?;
        tx.execute("CREATE TABLE large (a BLOB)", &[])?;
        tx.execute("INSERT INTO large VALUES (randomblob(10000000))", &[])?;
        Ok(())
    });
    assert!(matches!(full, Err(Error::Unavailable(_))), "{full:?}");
    assert_eq!((bench.thing(1), bench.thing(2)), (Some(10), None));
    limit("PRAGMA max_page_count = 1073741823");
    bench.must(|tx| put(tx, 2, 21));
    assert_eq!(bench.thing(2), Some(21));
}

/// Not even a rule that ends the transaction itself gets its change past the commit.
#[test]
fn a_unit_that_ends_the_batch_itself_fails_it_whole() {
    let bench = Bench::new(Engine::Sqlite);
    let ended: Result<u64, Error> = bench.store.write_blocking(|tx| {
        put(tx, 1, 10)?;
        tx.execute("ROLLBACK", &[])?;
        put(tx, 2, 20)
    });
    assert!(matches!(ended, Err(Error::Unavailable(_))), "{ended:?}");
    assert_eq!(bench.thing(1), None);
    bench.must(|tx| put(tx, 3, 30));
    assert_eq!(bench.thing(3), Some(30));
}

#[test]
fn readers_go_on_while_another_program_holds_the_write_lock() {
    let bench = Bench::new(Engine::Sqlite);
    bench.must(|tx| put(tx, 1, 10));
    let other = rusqlite::Connection::open(bench.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE things SET value = 11 WHERE id = 1").unwrap();
    assert_eq!(bench.thing(1), Some(10));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| bench.must(|tx| put(tx, 2, 20)));
        assert_eq!(bench.thing(1), Some(10));
        other.execute_batch("COMMIT").unwrap();
        waiting.join().unwrap();
    });
    assert_eq!((bench.thing(1), bench.thing(2)), (Some(11), Some(20)));
}
