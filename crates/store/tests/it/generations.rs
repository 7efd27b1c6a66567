//! Cached reads die with the commit that makes them old, here and in other programs.

use crate::common::{Bench, Refusal, eventually, on_both, put, tally_up};
use custos_store::dialect::Engine;
use custos_store::{EVERYTHING, Error, Options, Store};

const CUSTOMER: i64 = 4_611_686_018;
const OTHER: i64 = 4_611_686_019;

fn touch(store: &Store, ids: &'static [i64]) {
    let done: Result<(), Error> = store.write_blocking(move |tx| {
        ids.iter().for_each(|id| tx.touch(*id));
        put(tx, 1, 1)?;
        Ok(())
    });
    done.unwrap();
}

#[test]
fn a_commit_touches_before_it_is_answered() {
    on_both(|bench| {
        let generations = bench.store.generations();
        let (own, other) = (generations.of(CUSTOMER), generations.of(OTHER));
        touch(&bench.store, &[CUSTOMER]);
        assert_ne!(generations.of(CUSTOMER), own);
        assert_eq!(generations.of(OTHER), other);
        touch(&bench.store, &[EVERYTHING]);
        assert_ne!(generations.of(OTHER), other);
    });
}

#[test]
fn a_unit_that_was_rolled_back_touches_nothing() {
    on_both(|bench| {
        let before = bench.store.generations().of(CUSTOMER);
        let refused: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            tx.touch(CUSTOMER);
            put(tx, 1, 1)?;
            Err(Refusal::No("no"))
        });
        refused.unwrap_err();
        let failed: Result<(), Error> = bench.store.write_blocking(|tx| {
            tx.touch(CUSTOMER);
            put(tx, 1, 1)?;
            Err(Error::NoRow)
        });
        failed.unwrap_err();
        assert_eq!(bench.store.generations().of(CUSTOMER), before);
    });
}

/// The counter may be the very thing that is cached: a lock, say.
#[test]
fn a_refused_unit_touches_when_its_counters_stay() {
    on_both(|bench| {
        let before = bench.store.generations().of(CUSTOMER);
        let refused: Result<(), Refusal> = bench.store.write_blocking(|tx| {
            tally_up(tx)?;
            tx.touch(CUSTOMER);
            Err(Refusal::No("no"))
        });
        refused.unwrap_err();
        assert_ne!(bench.store.generations().of(CUSTOMER), before);
    });
}

/// Waits until the store hears others, which shows in that everything cached is dropped once.
fn following(bench: &Bench) {
    let before = bench.store.generations().of(OTHER);
    bench.store.follow_others().unwrap();
    eventually("the first look at the others", || bench.store.generations().of(OTHER) != before);
}

#[test]
fn a_command_beside_a_server_is_heard_on_sqlite() {
    let bench = Bench::new(Engine::Sqlite);
    following(&bench);
    let command = bench.another(Options::COMMAND);
    for _ in 0..3 {
        let before = bench.store.generations().of(CUSTOMER);
        touch(&command, &[CUSTOMER]);
        eventually("the command's change", || bench.store.generations().of(CUSTOMER) != before);
    }
}

#[test]
fn another_replica_is_heard_on_postgres() {
    let bench = Bench::new(Engine::Postgres);
    following(&bench);
    let replica = bench.another(1);
    for _ in 0..3 {
        let (own, other) = (bench.store.generations().of(CUSTOMER), bench.store.generations().of(OTHER));
        touch(&replica, &[CUSTOMER]);
        eventually("the replica's change", || bench.store.generations().of(CUSTOMER) != own);
        assert_eq!(bench.store.generations().of(OTHER), other);
    }
    replica.close();
}

/// More ids than one notification holds.
#[test]
fn a_replica_that_changes_very_much_is_heard_too() {
    let bench = Bench::new(Engine::Postgres);
    following(&bench);
    let replica = bench.another(1);
    let before = bench.store.generations().of(CUSTOMER);
    let done: Result<(), Error> = replica.write_blocking(|tx| {
        (0..3_000).for_each(|step| tx.touch(CUSTOMER + step));
        Ok(())
    });
    done.unwrap();
    eventually("the replica's changes", || bench.store.generations().of(CUSTOMER) != before);
    replica.close();
}

#[test]
fn news_that_may_have_been_missed_drop_everything() {
    let bench = Bench::new(Engine::Postgres);
    following(&bench);
    let before = bench.store.generations().of(CUSTOMER);
    bench
        .raw(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        )
        .unwrap();
    eventually("a drop after the loss", || bench.store.generations().of(CUSTOMER) != before);
    let replica = bench.another(1);
    eventually("news after the loss", || {
        let before = bench.store.generations().of(CUSTOMER);
        touch(&replica, &[CUSTOMER]);
        bench.store.generations().of(CUSTOMER) != before
    });
    replica.close();
}
