//! Money set aside.

use crate::books::{Books, COMPANY, ETH, USD, code, float, no_loans, own, transfer, units};
use crate::common::{Bench, on_both};
use custos_ledger::{Code, Error, Result, holds};

const ADA: i64 = 101;

fn reserve(bench: &Bench, amount: i128) -> Result<i64> {
    reserve_for(bench, amount, 1_000)
}

fn reserve_for(bench: &Bench, amount: i128, ms: i64) -> Result<i64> {
    bench.tries(move |tx| {
        let ends_at = tx.now() + ms;
        let wanted = holds::Wanted {
            place: own(ADA),
            asset_id: USD,
            amount: units(amount),
            reason: "a test",
            ends_at,
        };
        holds::reserve(tx, COMPANY, wanted, no_loans())
    })
}

fn held(bench: &Bench) -> i128 {
    bench.standing(own(ADA)).held.units()
}

#[test]
fn what_is_set_aside_is_not_free() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        let hold = reserve(bench, 60).unwrap();
        assert_eq!(code(reserve(bench, 41)), Code::NotEnough);
        assert_eq!(code(reserve(bench, 0)), Code::BadField);
        assert_eq!(code(bench.tries(|tx| transfer(tx, own(ADA), float(ADA), 41))), Code::NotEnough);
        bench.tries(|tx| transfer(tx, own(ADA), float(ADA), 40)).unwrap();
        bench.proves().unwrap();

        bench.tries(move |tx| holds::release(tx, COMPANY, ADA, hold)).unwrap();
        assert_eq!((bench.balance(own(ADA)), held(bench)), (60, 0));
        assert_eq!(code(bench.tries(move |tx| holds::release(tx, COMPANY, ADA, hold))), Code::HoldEnded);
        assert_eq!(code(bench.tries(|tx| holds::release(tx, COMPANY, ADA, 5))), Code::NotFound);
        // Another customer's.
        assert_eq!(code(bench.tries(move |tx| holds::release(tx, COMPANY, ADA + 1, hold))), Code::NotFound);
    });
}

#[test]
fn a_hold_is_taken_once_and_the_rest_is_free() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        let hold = reserve(bench, 60).unwrap();
        let take = |amount: i128| {
            bench.tries(move |tx| {
                let to = (units(amount), float(ADA));
                holds::take(tx, COMPANY, (ADA, hold), to, (4, "a test", "system"))
            })
        };
        assert_eq!(code(take(61)), Code::BadField);
        assert_eq!(code(take(0)), Code::BadField);
        assert_eq!(held(bench), 60);
        take(25).unwrap();
        assert_eq!((bench.balance(own(ADA)), held(bench)), (75, 0));
        assert_eq!(code(take(1)), Code::HoldEnded);
        bench.proves().unwrap();
    });
}

#[test]
fn what_is_over_can_not_be_taken() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        for ms in [-1, 0] {
            assert_eq!(code(reserve_for(bench, 60, ms)), Code::BadField);
        }
        let hold = reserve(bench, 60).unwrap();
        let take = move |tx: &mut custos_store::Tx<'_>| {
            holds::take(tx, COMPANY, (ADA, hold), (units(60), float(ADA)), (4, "a test", "system"))
        };
        bench.clock.advance_ms(1_000);
        // No worker has come by yet.
        assert_eq!(code(bench.tries(take)), Code::HoldEnded);
        assert_eq!((bench.balance(own(ADA)), held(bench)), (100, 60));
        bench.tries(move |tx| holds::release(tx, COMPANY, ADA, hold)).unwrap();
        assert_eq!(held(bench), 0);
        bench.proves().unwrap();
    });
}

#[test]
fn only_a_customers_own_money_in_its_own_asset_is_set_aside() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        for (place, asset_id) in [(float(ADA), USD), (own(ADA), ETH)] {
            let reserved = bench.tries(move |tx| {
                let ends_at = tx.now() + 1_000;
                let wanted = holds::Wanted { place, asset_id, amount: units(1), reason: "a test", ends_at };
                holds::reserve(tx, COMPANY, wanted, no_loans())
            });
            assert!(matches!(reserved, Err(Error::Store(_))), "{place:?}");
        }
        assert_eq!(held(bench), 0);
    });
}

#[test]
fn a_hold_ends_by_the_clock() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        for _ in 0..3 {
            reserve(bench, 20).unwrap();
        }
        let expire = || bench.tries(|tx| holds::expire_some(tx, 2)).unwrap();
        bench.clock.advance_ms(999);
        assert_eq!((expire(), held(bench)), (0, 60));
        bench.clock.advance_ms(1);
        assert_eq!((expire(), expire(), expire(), held(bench)), (2, 1, 0, 0));
        bench.proves().unwrap();
    });
}
