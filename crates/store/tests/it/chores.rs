//! Removing what has expired, while others write.

use crate::common::on_both;
use custos_store::chores::{BATCH, Expiry, remove_batch};
use custos_store::{Error, params};
use std::sync::atomic::{AtomicBool, Ordering};

const EXPIRED: i64 = 20_000;
const KEPT: i64 = 300;
const COUNTS: Expiry = Expiry {
    job: "expire_window_counts",
    table: "window_counts",
    sql: "DELETE FROM window_counts WHERE (subject) IN \
          (SELECT subject FROM window_counts WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
};

#[test]
fn what_has_expired_goes_in_batches_while_others_write() {
    on_both(|bench| {
        let now = bench.store.now_ms();
        bench.must(move |tx| {
            for number in 0..EXPIRED + KEPT {
                let expires_at = if number < EXPIRED { now - number % 1_000 } else { now + 1 };
                tx.execute(
                    "INSERT INTO window_counts (subject, used, expires_at) VALUES ($1, 1, $2)",
                    params![&number.to_be_bytes(), expires_at],
                )?;
            }
            tx.execute("INSERT INTO things (id, value) VALUES (1, 0)", &[])
        });
        let removing = AtomicBool::new(true);
        let written = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut done = 0_i64;
                        while removing.load(Ordering::SeqCst) {
                            bench.must(|tx| {
                                tx.execute("UPDATE things SET value = value + 1 WHERE id = 1", &[])
                            });
                            done += 1;
                        }
                        done
                    })
                })
                .collect();
            let mut removed = 0;
            loop {
                let batch = remove_batch(&bench.store, COUNTS).unwrap();
                assert!(batch <= u64::try_from(BATCH).unwrap());
                removed += batch;
                if batch == 0 {
                    break;
                }
            }
            removing.store(false, Ordering::SeqCst);
            assert_eq!(removed, u64::try_from(EXPIRED).unwrap());
            writers.into_iter().map(|writer| writer.join().unwrap()).sum::<i64>()
        });
        assert_eq!(bench.thing(1), Some(written));
        let left: Result<i64, Error> =
            bench.store.read_blocking(|tx| tx.value("SELECT count(*) FROM window_counts", &[]));
        assert_eq!(left.unwrap(), KEPT);
    });
}
