//! From nothing to the schema, once, whoever else does it at the same time.

use crate::common::{Bench, on_both};
use custos_store::Error;
use custos_store::dialect::Engine;
use custos_store::migrate::{MIGRATIONS, State, migrate, state};
use std::sync::Barrier;

fn newest() -> i64 {
    MIGRATIONS.last().unwrap().version
}

#[test]
fn versions_have_no_gaps() {
    for (index, migration) in MIGRATIONS.iter().enumerate() {
        assert_eq!(migration.version, i64::try_from(index).unwrap() + 1);
    }
}

#[test]
fn an_empty_database_is_brought_up_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let bench = Bench::empty(engine, 1);
        assert_eq!(state(&bench.store).unwrap(), State::Behind(MIGRATIONS.len()));
        let names: Vec<&str> = MIGRATIONS.iter().map(|migration| migration.name).collect();
        assert_eq!(migrate(&bench.store).unwrap(), names);
        assert_eq!(state(&bench.store).unwrap(), State::Current);
        assert!(migrate(&bench.store).unwrap().is_empty());
        assert_eq!(state(&bench.store).unwrap(), State::Current);
    }
}

#[test]
fn a_database_that_lacks_a_step_is_behind() {
    on_both(|bench| {
        bench.raw(&format!("DELETE FROM schema_migrations WHERE version = {}", newest())).unwrap();
        assert_eq!(state(&bench.store).unwrap(), State::Behind(1));
    });
}

#[test]
fn a_newer_database_is_left_alone() {
    on_both(|bench| {
        let newer = newest() + 1;
        bench.raw(&format!("INSERT INTO schema_migrations VALUES ({newer}, 'to come', 'x', 1)")).unwrap();
        assert_eq!(state(&bench.store).unwrap(), State::Newer(newer));
        assert!(migrate(&bench.store).unwrap_err().to_string().contains("newer"));
    });
}

#[test]
fn an_altered_step_is_refused() {
    on_both(|bench| {
        bench.raw("UPDATE schema_migrations SET checksum = 'other' WHERE version = 1").unwrap();
        assert_eq!(state(&bench.store).unwrap(), State::Altered(1));
        assert!(migrate(&bench.store).unwrap_err().to_string().contains("other words"));
    });
}

#[test]
fn programs_that_migrate_at_once_do_it_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let bench = Bench::empty(engine, 1);
        let stores: Vec<_> = (1..=4).map(|node| bench.another(node)).collect();
        let start = Barrier::new(stores.len());
        let applied: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = stores
                .iter()
                .map(|store| {
                    scope.spawn(|| {
                        start.wait();
                        migrate(store).unwrap().len()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(applied, MIGRATIONS.len());
        assert_eq!(state(&bench.store).unwrap(), State::Current);
        stores.iter().for_each(custos_store::Store::close);
    }
}

#[test]
fn a_step_that_fails_leaves_nothing() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let bench = Bench::empty(engine, 1);
        bench.raw("CREATE TABLE audit_log (in_the_way BIGINT)").unwrap();
        let told = migrate(&bench.store).unwrap_err().to_string();
        assert!(told.contains("CREATE TABLE audit_log"), "{told}");
        assert_eq!(state(&bench.store).unwrap(), State::Behind(MIGRATIONS.len()));
        let companies: Result<i64, Error> =
            bench.store.read_blocking(|tx| tx.value("SELECT count(*) FROM companies", &[]));
        companies.unwrap_err();

        bench.raw("DROP TABLE audit_log").unwrap();
        migrate(&bench.store).unwrap();
        assert_eq!(state(&bench.store).unwrap(), State::Current);
    }
}
