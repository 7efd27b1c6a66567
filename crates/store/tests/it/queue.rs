//! Units that wait: together in one commit, in bounded number, for callers that may be gone.

use crate::common::{Bench, Refusal, put};
use custos_store::dialect::Engine;
use custos_store::{Error, Store};
use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

type Waiting<T, E> = Pin<Box<dyn Future<Output = Result<T, E>>>>;

/// Hands a unit over without waiting for it.
fn hand_over<T, E>(
    future: impl Future<Output = Result<T, E>> + 'static,
) -> Result<Waiting<T, E>, Result<T, E>> {
    let mut future: Waiting<T, E> = Box::pin(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => Ok(future),
        Poll::Ready(result) => Err(result),
    }
}

/// Holds the only thread that writes until the gate is opened (or dropped).
fn shut(store: &Store) -> mpsc::Sender<()> {
    let (gate, closed) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel();
    let store = store.clone();
    std::thread::spawn(move || {
        store.write_blocking(move |_| -> Result<(), Error> {
            let _ = entered.send(());
            let _ = closed.recv();
            Ok(())
        })
    });
    inside.recv().unwrap();
    gate
}

fn finish<T, E>(waiting: Result<Waiting<T, E>, Result<T, E>>) -> Result<T, E> {
    match waiting {
        Ok(future) => crate::common::in_runtime(future),
        Err(result) => result,
    }
}

/// In this order, in one commit on SQLite: right, refused, panicking, with a database error, right.
#[test]
fn units_of_one_batch_do_not_harm_each_other() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let bench = Bench::with_threads(engine, 1);
        let gate = shut(&bench.store);
        let unit = |id: i64, end: fn() -> Result<(), Refusal>| {
            let store = bench.store.clone();
            hand_over(async move {
                store
                    .write(move |tx| {
                        put(tx, id, id)?;
                        end()
                    })
                    .await
            })
        };
        let first = unit(1, || Ok(()));
        let refused = unit(2, || Err(Refusal::No("no")));
        let panicking = unit(3, || panic!("on purpose"));
        let store = bench.store.clone();
        let wrong: Result<Waiting<u64, Error>, _> = hand_over(async move {
            store
                .write(|tx| {
                    put(tx, 4, 4)?;
                    tx.execute("INSERT INTO things (id, value) VALUES (4, 5)", &[])
                })
                .await
        });
        let last = unit(5, || Ok(()));
        drop(gate);
        finish(first).unwrap();
        assert!(matches!(finish(refused), Err(Refusal::No("no"))));
        assert!(matches!(finish(panicking), Err(Refusal::Store(Error::Internal(_)))));
        assert!(matches!(finish(wrong), Err(Error::Clash(_))));
        finish(last).unwrap();
        let stored: Vec<Option<i64>> = (1..=5).map(|id| bench.thing(id)).collect();
        assert_eq!(stored, [Some(1), None, None, None, Some(5)]);
    }
}

#[test]
fn more_than_may_wait_is_told_that_the_store_is_busy() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let bench = Bench::with_threads(engine, 1);
        let gate = shut(&bench.store);
        let mut waiting = Vec::new();
        let busy = loop {
            let store = bench.store.clone();
            match hand_over(async move { store.write(|_| Ok::<(), Error>(())).await }) {
                Ok(future) => waiting.push(future),
                Err(result) => break result,
            }
            assert!(waiting.len() < 100_000, "the queue has no bound");
        };
        assert!(matches!(busy, Err(Error::Busy)), "{busy:?}");
        drop(gate);
        for future in waiting {
            finish(Ok(future)).unwrap();
        }
        bench.must(|tx| put(tx, 1, 1));
    }
}

#[test]
fn a_unit_whose_caller_has_gone_is_done_all_the_same() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let bench = Bench::with_threads(engine, 1);
        let gate = shut(&bench.store);
        let store = bench.store.clone();
        drop(hand_over(async move { store.write(|tx| put(tx, 1, 10)).await }));
        drop(gate);
        // Its turn comes after the one that was left alone.
        bench.must(|tx| put(tx, 2, 20));
        assert_eq!((bench.thing(1), bench.thing(2)), (Some(10), Some(20)));
    }
}

#[test]
fn a_closed_pool_ends_what_waits_and_refuses_what_comes() {
    let bench = Bench::with_threads(Engine::Postgres, 1);
    let gate = shut(&bench.store);
    let store = bench.store.clone();
    let waiting = hand_over(async move { store.write(|tx| put(tx, 1, 10)).await });
    bench.store.close();
    drop(gate);
    finish(waiting).unwrap();
    let late: Result<u64, Error> = bench.store.write_blocking(|tx| put(tx, 2, 20));
    assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
}
