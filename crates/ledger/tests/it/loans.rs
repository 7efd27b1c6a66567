//! Loans, repayments, and the hours between them.

use crate::books::{Books, COMPANY, ETH, USD, code, no_loans, own, transfer, units};
use crate::common::{Bench, on_both};
use custos_ledger::accounts::Account;
use custos_ledger::assets::Asset;
use custos_ledger::flows::{self, Direction, Filter, Flow};
use custos_ledger::interest::{self, HOUR_MS};
use custos_ledger::lending::{self, DailyRate};
use custos_ledger::loans::{self, Debtor, Lender, Repaid};
use custos_ledger::place::{Frozen, Kind, Place, freeze};
use custos_ledger::{Amount, Code, Result, reversal};

pub(crate) const ADA: i64 = 101;
const BEN: i64 = 102;
/// CROSS.
pub(crate) const CROSS: i64 = 3;
pub(crate) const GROUP: i64 = 9;
pub(crate) const NO_LIMIT: i128 = i128::MAX;

/// The CROSS account of a customer: the same number as theirs for dollars, a thousand more for ether.
pub(crate) fn account(customer: i64, asset_id: i64) -> Account {
    let (id, code, digits) =
        if asset_id == ETH { (customer + 1_000, "ETH", 18) } else { (customer, "USD", 2) };
    Account {
        id,
        trade_type: CROSS,
        asset: Asset { id: asset_id, code: code.to_owned(), digits },
        created_at: 0,
    }
}

pub(crate) trait Borrowing {
    fn sets_rate(&self, rate: &'static str);
    fn borrows(&self, customer: i64, asset_id: i64, amount: i128, limit: i128) -> Result<()>;
    fn repays(&self, customer: i64, asset_id: i64, amount: i128) -> Result<Repaid>;
    /// Charges what is due, in steps of so many hours.
    fn accrues(&self, most: i64);
    /// What is owed: principal and interest.
    fn owes(&self, customer: i64, asset_id: i64) -> (i128, i128);
    fn flows(&self, customer: i64, filter: Filter, size: i64, skip: i64) -> (i64, Vec<Flow>);
}

impl Borrowing for Bench {
    fn sets_rate(&self, rate: &'static str) {
        let rate = DailyRate::parse(rate).unwrap();
        self.tries(move |tx| lending::note_rate(tx, COMPANY, GROUP, CROSS, rate)).unwrap();
    }

    fn borrows(&self, customer: i64, asset_id: i64, amount: i128, limit: i128) -> Result<()> {
        self.tries(move |tx| {
            let account = account(customer, asset_id);
            let debtor = Debtor { company_id: COMPANY, customer_id: customer, account: &account };
            let rate = lending::rate(tx, COMPANY, GROUP, CROSS)?.unwrap();
            let lender = Lender { group_id: GROUP, rate };
            loans::borrow(tx, &debtor, lender, units(amount), |_, places| {
                // What all principal may come to, whatever the assets are worth.
                let owed: i128 = places
                    .iter()
                    .filter(|standing| standing.place.kind == Kind::Principal)
                    .map(|standing| -standing.balance.units())
                    .sum();
                Ok(units(limit - owed))
            })
        })
    }

    fn repays(&self, customer: i64, asset_id: i64, amount: i128) -> Result<Repaid> {
        self.tries(move |tx| {
            let account = account(customer, asset_id);
            let debtor = Debtor { company_id: COMPANY, customer_id: customer, account: &account };
            loans::repay(tx, &debtor, units(amount))
        })
    }

    fn accrues(&self, most: i64) {
        while self.tries(move |tx| interest::accrue_some(tx, most)).unwrap() > 0 {}
    }

    fn owes(&self, customer: i64, asset_id: i64) -> (i128, i128) {
        let id = account(customer, asset_id).id;
        let owed = |kind| -self.balance(Place::of_customer(customer, id, kind));
        (owed(Kind::Principal), owed(Kind::Interest))
    }

    fn flows(&self, customer: i64, filter: Filter, size: i64, skip: i64) -> (i64, Vec<Flow>) {
        self.store.read_blocking(move |tx| flows::page(tx, COMPANY, customer, &filter, (size, skip))).unwrap()
    }
}

/// Hours go by.
pub(crate) fn later(bench: &Bench, hours: i64) {
    bench.clock.advance_ms(hours * HOUR_MS);
}

pub(crate) fn furnished(bench: &Bench) {
    bench.furnish();
    bench.sets_rate("0.0002");
}

#[test]
fn a_loan_is_money_and_debt_of_one_account() {
    on_both(|bench| {
        furnished(bench);
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        assert_eq!(bench.balance(own(ADA)), 240_000);
        assert_eq!(bench.owes(ADA, USD), (240_000, 0));
        assert_eq!(code(bench.borrows(ADA, USD, 0, NO_LIMIT)), Code::BadField);
        assert_eq!(code(bench.borrows(ADA, USD, -1, NO_LIMIT)), Code::BadField);
        bench.proves().unwrap();
    });
}

#[test]
fn interest_comes_by_the_hour_and_is_paid_first() {
    on_both(|bench| {
        furnished(bench);
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        bench.clock.advance_ms(HOUR_MS - 1);
        bench.accrues(100);
        assert_eq!(bench.owes(ADA, USD), (240_000, 0));
        bench.clock.advance_ms(1);
        bench.accrues(100);
        assert_eq!(bench.owes(ADA, USD), (240_000, 2));
        later(bench, 9);
        // A repayment charges what is due by itself.
        let repaid = bench.repays(ADA, USD, 100_000).unwrap();
        assert_eq!((repaid.interest.units(), repaid.principal.units()), (20, 99_980));
        assert_eq!(bench.owes(ADA, USD), (140_020, 0));
        assert_eq!(bench.balance(own(ADA)), 140_000);
        bench.proves().unwrap();
    });
}

#[test]
fn no_more_is_paid_than_owed_nor_than_is_there() {
    on_both(|bench| {
        furnished(bench);
        assert_eq!(code(bench.repays(ADA, USD, 1)), Code::NothingOwed);
        bench.borrows(ADA, USD, 10_000, NO_LIMIT).unwrap();
        bench.tries(|tx| transfer(tx, own(ADA), own(BEN), 4_000)).unwrap();
        assert_eq!(code(bench.repays(ADA, USD, 6_001)), Code::NotEnough);
        assert_eq!(code(bench.repays(ADA, USD, 0)), Code::BadField);
        bench.tries(|tx| transfer(tx, own(BEN), own(ADA), 4_000)).unwrap();
        bench.deposits(ADA, 500);
        let repaid = bench.repays(ADA, USD, i128::MAX).unwrap();
        assert_eq!(repaid, Repaid { interest: Amount::ZERO, principal: units(10_000) });
        assert_eq!((bench.owes(ADA, USD), bench.balance(own(ADA))), ((0, 0), 500));
        assert_eq!(code(bench.repays(ADA, USD, 1)), Code::NothingOwed);
        bench.proves().unwrap();
    });
}

#[test]
fn a_refused_repayment_pays_no_interest_either() {
    on_both(|bench| {
        furnished(bench);
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        later(bench, 1);
        bench.tries(|tx| transfer(tx, own(ADA), own(BEN), 239_990)).unwrap();
        assert_eq!(code(bench.repays(ADA, USD, 11)), Code::NotEnough);
        bench.accrues(100);
        assert_eq!((bench.owes(ADA, USD), bench.balance(own(ADA))), ((240_000, 2), 10));
    });
}

#[test]
fn a_frozen_account_neither_borrows_nor_pays() {
    on_both(|bench| {
        furnished(bench);
        bench.borrows(ADA, USD, 10_000, NO_LIMIT).unwrap();
        let frozen = Frozen { bits: Frozen::DEBIT | Frozen::CREDIT, until: i64::MAX };
        bench.tries(move |tx| freeze(tx, COMPANY, (own(ADA), USD), frozen, "a test")).unwrap();
        assert_eq!(code(bench.borrows(ADA, USD, 1, NO_LIMIT)), Code::Frozen);
        assert_eq!(code(bench.repays(ADA, USD, 1)), Code::Frozen);
        // Interest goes on.
        later(bench, 24);
        bench.accrues(100);
        assert_eq!(bench.owes(ADA, USD), (10_000, 2));
    });
}

#[test]
fn hours_after_downtime_come_to_the_same() {
    on_both(|bench| {
        furnished(bench);
        for customer in [ADA, BEN] {
            bench.borrows(customer, USD, 123_457, NO_LIMIT).unwrap();
        }
        let mut seen = Vec::new();
        for _ in 0..50 {
            later(bench, 1);
            // Ada's hours come one by one, Ben's all at once.
            bench.tries(|tx| interest::bring_up(tx, COMPANY, ADA, CROSS)).unwrap();
            seen.push(bench.owes(ADA, USD).1);
        }
        assert_eq!(bench.owes(BEN, USD).1, 0);
        bench.accrues(7);
        assert_eq!(bench.owes(BEN, USD), bench.owes(ADA, USD));
        // 50 hours of 1234.57 at 0.02 %: 51.44 cents.
        assert_eq!(seen.last(), Some(&51));
        assert_eq!(bench.number("SELECT count(*) FROM ledger_accruals"), 100);
        bench.proves().unwrap();
    });
}

#[test]
fn late_hours_are_charged_at_the_rate_that_stood() {
    on_both(|bench| {
        furnished(bench);
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        later(bench, 10);
        // Just at the tenth hour, which was the old rate's.
        bench.sets_rate("0.002");
        later(bench, 10);
        bench.sets_rate("0");
        bench.sets_rate("0.0002");
        later(bench, 10);
        bench.accrues(100);
        assert_eq!(bench.owes(ADA, USD), (240_000, 10 * 2 + 10 * 20 + 10 * 2));
        bench.proves().unwrap();
    });
}

#[test]
fn nothing_is_charged_between_two_loans() {
    on_both(|bench| {
        furnished(bench);
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        later(bench, 1);
        bench.deposits(ADA, 1_000);
        bench.repays(ADA, USD, NO_LIMIT).unwrap();
        later(bench, 100);
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        later(bench, 3);
        bench.accrues(100);
        assert_eq!(bench.owes(ADA, USD), (240_000, 6));
        assert_eq!(bench.number("SELECT count(*) FROM ledger_accruals"), 4);
        bench.proves().unwrap();
    });
}

#[test]
fn what_is_undone_is_charged_until_then() {
    on_both(|bench| {
        furnished(bench);
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        bench.repays(ADA, USD, 240_000).unwrap();
        let last = bench.number("SELECT MAX(id) FROM ledger_transfers");
        later(bench, 5);
        // Nothing was owed for five hours; from now on it is again.
        let undo = move |tx: &mut custos_store::Tx<'_>| {
            reversal::reverse(tx, COMPANY, last, None, ("a mistake", "operator:test"), no_loans())
                .map(|posted| posted.id)
        };
        bench.tries(undo).unwrap();
        later(bench, 5);
        let loan = bench.number("SELECT MIN(id) FROM ledger_transfers");
        bench
            .tries(move |tx| {
                reversal::reverse(tx, COMPANY, loan, None, ("never asked for", "operator:test"), no_loans())
                    .map(|posted| posted.id)
            })
            .unwrap();
        later(bench, 5);
        bench.accrues(100);
        assert_eq!((bench.owes(ADA, USD), bench.balance(own(ADA))), ((0, 10), 0));
        // What was undone is told as what it was, less.
        let flows = bench.flows(ADA, everything(), 10, 0).1;
        let told: Vec<_> = flows.iter().map(|flow| (flow.business_type, flow.principal.units())).collect();
        assert_eq!(told, [(20, -240_000), (23, 0), (22, -240_000), (22, 240_000), (20, 240_000)]);
        bench.proves().unwrap();
    });
}

fn everything() -> Filter {
    Filter {
        trade_type: CROSS,
        direction: Direction::All,
        from: 0,
        until: i64::MAX,
        account_id: None,
        asset_id: None,
    }
}

#[test]
fn flows_are_told_newest_first() {
    on_both(|bench| {
        furnished(bench);
        let began = bench.store.now_ms();
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        bench.borrows(ADA, ETH, 1, NO_LIMIT).unwrap();
        bench.borrows(BEN, USD, 7, NO_LIMIT).unwrap();
        later(bench, 3);
        bench.repays(ADA, USD, 10).unwrap();
        let told = |filter, size, skip| {
            let (total, flows) = bench.flows(ADA, filter, size, skip);
            let flows: Vec<_> = flows
                .iter()
                .map(|flow| {
                    let amounts = (flow.principal.units(), flow.interest.units());
                    (flow.business_type1, amounts, flow.at - began, flow.charged_until - began)
                })
                .collect();
            (total, flows)
        };
        let charged = 3 * HOUR_MS;
        let all = [
            (22001, (4, 0), charged, charged),
            (22002, (0, 6), charged, charged),
            (23001, (0, 6), charged, charged),
            (20001, (1, 0), 0, 0),
            (20001, (240_000, 0), 0, 0),
        ];
        assert_eq!(told(everything(), 10, 0), (5, all.to_vec()));
        assert_eq!(told(everything(), 2, 1), (5, all[1..3].to_vec()));
        let loans = Filter { direction: Direction::Loans, ..everything() };
        assert_eq!(told(loans, 10, 0), (2, all[3..].to_vec()));
        let repayments = Filter { direction: Direction::Repayments, ..everything() };
        assert_eq!(told(repayments, 10, 0), (2, all[..2].to_vec()));
        let of_ether = Filter { asset_id: Some(ETH), ..everything() };
        assert_eq!(told(of_ether, 10, 0), (1, all[3..4].to_vec()));
        let of_dollars = Filter { account_id: Some(ADA), ..everything() };
        assert_eq!(told(of_dollars, 10, 0).0, 4);
        let of_ben = Filter { account_id: Some(BEN), ..everything() };
        assert_eq!(told(of_ben, 10, 0).0, 0);
        let late = Filter { from: began + 1, ..everything() };
        assert_eq!(told(late, 10, 0).0, 3);
        let early = Filter { until: began, ..everything() };
        assert_eq!(told(early, 10, 0).0, 2);
        assert_eq!(told(Filter { trade_type: 5, ..everything() }, 10, 0), (0, Vec::new()));
    });
}
