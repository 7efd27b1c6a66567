//! Many at once: nothing is lost, nothing made, no one waits for ever.

use crate::books::{Books, own, transfer};
use crate::common::on_both;
use custos_ledger::{Code, Error};
use std::sync::atomic::{AtomicU64, Ordering};

const ACCOUNTS: i64 = 10;
const THREADS: u64 = 64;
const EACH: u64 = 25;

#[test]
fn a_crowd_moves_money_among_ten_accounts() {
    on_both(|bench| {
        bench.furnish();
        for account in 1..=ACCOUNTS {
            bench.deposits(account, 1_000);
        }
        let refused = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let refused = &refused;
                scope.spawn(move || {
                    // Any fixed sequence does: what is random is who comes when.
                    let mut state = thread.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
                    let mut next = move |below: u64| {
                        state ^= state << 13;
                        state ^= state >> 7;
                        state ^= state << 17;
                        state % below
                    };
                    for _ in 0..EACH {
                        let from = next(10) as i64 + 1;
                        let to = (from + next(9) as i64) % ACCOUNTS + 1;
                        let amount = i128::from(next(400)) + 1;
                        match bench.tries(move |tx| transfer(tx, own(from), own(to), amount)) {
                            Ok(_) => {}
                            Err(Error::Refused(refusal)) if refusal.code == Code::NotEnough => {
                                refused.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
        });
        let total: i128 = (1..=ACCOUNTS).map(|account| bench.balance(own(account))).sum();
        assert_eq!(total, 10_000);
        let seen = bench.proves().unwrap();
        assert_eq!(seen.transfers + refused.into_inner(), 10 + THREADS * EACH);
    });
}
