//! Many at once: nothing is lost, and no limit is passed.

use crate::common::{Bench, in_runtime, on_both};
use custos_store::audit::{self, Entry, Finding, Verifier};
use custos_store::{Error, Store, params};
use serde_json::json;
use tokio::task::JoinSet;

async fn all<T: Send + 'static, E: std::fmt::Debug + Send + 'static>(
    mut tasks: JoinSet<Result<T, E>>,
) -> Vec<T> {
    let mut results = Vec::new();
    while let Some(result) = tasks.join_next().await {
        results.push(result.unwrap().unwrap());
    }
    results
}

/// Reads, computes, and writes if no one was faster.
async fn increment(store: &Store) -> Result<bool, Error> {
    store
        .write(|tx| {
            let seen: i64 = tx.value("SELECT value FROM things WHERE id = 1", &[])?;
            let done = tx.execute(
                "UPDATE things SET value = $1 WHERE id = 1 AND value = $2",
                params![seen + 1, seen],
            )?;
            Ok(done == 1)
        })
        .await
}

#[test]
fn conditional_increments_lose_nothing() {
    const TASKS: i64 = 64;
    const EACH: i64 = 50;
    on_both(|bench| {
        bench.must(|tx| tx.execute("INSERT INTO things (id, value) VALUES (1, 0)", &[]));
        in_runtime(async {
            let mut tasks = JoinSet::new();
            for _ in 0..TASKS {
                let store = bench.store.clone();
                tasks.spawn(async move {
                    let mut left = EACH;
                    while left > 0 {
                        if increment(&store).await? {
                            left -= 1;
                        }
                    }
                    Ok::<(), Error>(())
                });
            }
            all(tasks).await;
        });
        assert_eq!(bench.thing(1), Some(TASKS * EACH));
    });
}

#[test]
fn of_a_thousand_tries_at_once_exactly_five_are_let_through() {
    on_both(|bench| {
        let reserved = in_runtime(async {
            let mut tasks = JoinSet::new();
            for _ in 0..1_000 {
                let store = bench.store.clone();
                tasks.spawn(async move {
                    store
                        .write(|tx| {
                            tx.count("UPDATE tallies SET tries = tries + 1 WHERE id = 1 AND tries < 5", &[])
                        })
                        .await
                        .map_err(|error: Error| error)
                });
            }
            all(tasks).await.into_iter().sum::<u64>()
        });
        assert_eq!((reserved, bench.tally()), (5, 5));
    });
}

#[test]
fn first_writers_of_one_row_do_not_fail_each_other() {
    on_both(|bench| {
        in_runtime(async {
            let mut tasks = JoinSet::new();
            for _ in 0..200 {
                let store = bench.store.clone();
                tasks.spawn(async move {
                    store
                        .write(|tx| {
                            tx.execute(
                                "INSERT INTO things (id, value) VALUES (9, 1) \
                                 ON CONFLICT (id) DO UPDATE SET value = things.value + 1",
                                &[],
                            )
                        })
                        .await
                        .map_err(|error: Error| error)
                });
            }
            all(tasks).await;
        });
        assert_eq!(bench.thing(9), Some(200));
    });
}

fn entry(company_id: i64, number: i64) -> Entry {
    Entry {
        company_id,
        action: "test",
        outcome: "ok".to_owned(),
        actor: "system".to_owned(),
        customer_id: Some(number),
        address: None,
        trace: None,
        detail: json!({}),
    }
}

/// Chains that do not exist yet, several in one unit, named in either order.
#[test]
fn chains_stay_whole_under_parallel_writers() {
    on_both(|bench| {
        in_runtime(async {
            let mut tasks = JoinSet::new();
            for number in 0..120 {
                let store = bench.store.clone();
                tasks.spawn(async move {
                    store
                        .write(move |tx| {
                            let (first, second) = if number % 2 == 0 { (1, 2) } else { (2, 1) };
                            tx.audit(entry(first, number));
                            tx.audit(entry(second, number));
                            Ok::<(), Error>(())
                        })
                        .await
                });
            }
            all(tasks).await;
        });
        for company in [1, 2] {
            assert_eq!(walk(bench, company), Finding::Whole(120));
        }
    });
}

fn walk(bench: &Bench, company: i64) -> Finding {
    bench
        .store
        .read_blocking(move |tx| Verifier::new(company).finish(tx))
        .map_err(|error: Error| error)
        .unwrap()
}

/// An entry that comes while the chain is walked is not taken for a removed one.
#[test]
fn a_chain_may_grow_while_it_is_walked() {
    on_both(|bench| {
        let company = 1;
        bench.must(move |tx| {
            tx.audit(entry(company, 1));
            Ok(())
        });
        let mut verifier = Verifier::new(company);
        let page: Result<_, Error> = bench.store.read_blocking(move |tx| audit::page(tx, company, 0, 10));
        verifier.check(bench.store.keys(), &page.unwrap()).unwrap();
        bench.must(move |tx| {
            tx.audit(entry(company, 2));
            Ok(())
        });
        let mut verifier = Some(verifier);
        let found: Result<Finding, Error> = bench
            .store
            .read_blocking(move |tx| verifier.take().unwrap_or_else(|| Verifier::new(company)).finish(tx));
        assert_eq!(found.unwrap(), Finding::Whole(2));
    });
}
