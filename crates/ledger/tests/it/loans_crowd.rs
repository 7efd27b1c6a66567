//! Many borrowers at once, and one borrower many times at once.

use crate::books::{Books, COMPANY, ETH, USD, code, float, own, transfer, units};
use crate::common::{Bench, on_both};
use crate::loans::{ADA, Borrowing, CROSS, GROUP, NO_LIMIT, account, furnished, later};
use custos_ledger::lending::DailyRate;
use custos_ledger::loans::{self, Debtor, Lender};
use custos_ledger::place::Kind;
use custos_ledger::{Code, Result};
use std::sync::atomic::{AtomicI64, Ordering};

/// Sixty-four at once, the first loan of all among them, in two assets: together they stay within the limit.
#[test]
fn a_crowd_does_not_borrow_beyond_the_limit() {
    on_both(|bench| {
        furnished(bench);
        let (lent, refused) = (AtomicI64::new(0), AtomicI64::new(0));
        std::thread::scope(|scope| {
            for number in 0..64 {
                let (lent, refused) = (&lent, &refused);
                scope.spawn(move || {
                    let asset = if number % 2 == 0 { USD } else { ETH };
                    match bench.borrows(ADA, asset, 10, 200) {
                        Ok(()) => lent.fetch_add(1, Ordering::Relaxed),
                        result => {
                            assert_eq!(code(result), Code::OverLimit);
                            refused.fetch_add(1, Ordering::Relaxed)
                        }
                    };
                });
            }
        });
        assert_eq!((lent.into_inner(), refused.into_inner()), (20, 44));
        assert_eq!(bench.owes(ADA, USD).0 + bench.owes(ADA, ETH).0, 200);
        bench.proves().unwrap();
    });
}

/// A first loan on what is there, and taking it away, at the same moment: one of them is refused.
#[test]
fn cover_is_not_taken_away_from_under_a_loan() {
    on_both(|bench| {
        furnished(bench);
        for customer in 1..=40 {
            bench.deposits(customer, 1_000);
            let (lent, taken) = std::thread::scope(|scope| {
                let lent = scope.spawn(move || lends_on_cover(bench, customer));
                let taken = scope.spawn(move || takes_what_is_free(bench, customer));
                (lent.join().unwrap(), taken.join().unwrap())
            });
            assert_ne!(lent.is_ok(), taken.is_ok(), "{lent:?} {taken:?}");
            let owed = if lent.is_ok() { 1_000 } else { 0 };
            assert_eq!((bench.owes(customer, USD).0, bench.balance(own(customer))), (owed, 2 * owed));
        }
        bench.proves().unwrap();
    });
}

/// A loan of as much as there is.
fn lends_on_cover(bench: &Bench, customer: i64) -> Result<()> {
    bench.tries(move |tx| {
        let account = account(customer, USD);
        let debtor = Debtor { company_id: COMPANY, customer_id: customer, account: &account };
        let lender = Lender { group_id: GROUP, rate: DailyRate::parse("0.0002").unwrap() };
        loans::borrow(tx, &debtor, lender, units(1_000), |_, places| {
            Ok(places.iter().map(|standing| standing.balance).min().unwrap_or_default())
        })
    })
}

/// All of the customer's money, unless something is owed.
fn takes_what_is_free(bench: &Bench, customer: i64) -> Result<()> {
    bench.tries(move |tx| {
        let places = loans::stand_still(tx, COMPANY, customer, CROSS)?;
        if places.iter().any(|standing| standing.place.kind == Kind::Principal) {
            return Err(Code::NotEnough.refuse());
        }
        transfer(tx, own(customer), float(customer), 1_000).map(|_| ())
    })
}

/// Workers of two servers and the borrowers themselves charge each hour once.
#[test]
fn a_crowd_charges_each_hour_once() {
    on_both(|bench| {
        furnished(bench);
        let borrowers: Vec<i64> = (ADA..ADA + 12).collect();
        for borrower in &borrowers {
            bench.borrows(*borrower, USD, 240_000, NO_LIMIT).unwrap();
            bench.borrows(*borrower, ETH, 2_400_000, NO_LIMIT).unwrap();
        }
        later(bench, 24);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| bench.accrues(30));
            }
            for borrower in &borrowers {
                scope.spawn(|| bench.repays(*borrower, USD, 48).unwrap());
            }
        });
        for borrower in &borrowers {
            assert_eq!(bench.owes(*borrower, USD), (240_000, 0));
            assert_eq!(bench.owes(*borrower, ETH), (2_400_000, 480));
        }
        assert_eq!(bench.number("SELECT count(*) FROM ledger_accruals"), 2 * 12 * 24);
        bench.proves().unwrap();
    });
}
