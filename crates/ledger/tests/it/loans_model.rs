//! Random loans, repayments, rates and jumps of the clock, against exact fractions that are never rounded.

use crate::books::{Books, ETH, USD, float, post, units};
use crate::common::Bench;
use crate::loans::{Borrowing, NO_LIMIT, account};
use custos_ledger::interest::HOUR_MS;
use custos_ledger::place::{Kind, Place};
use custos_ledger::transfer::Posting;
use custos_ledger::{Code, Error};
use custos_store::dialect::Engine;
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Step {
    Borrow(i64, i64, i128),
    Repay(i64, i64, i128),
    Deposit(i64, i64, i128),
    Rate(usize),
    /// The clock goes on by so many milliseconds.
    Jump(i64),
    /// The clock goes on to just the next whole hour.
    ToTheHour,
    /// Some of what is due is charged, at most so many hours at once.
    Accrue(i64),
}

const RATES: [&str; 5] = ["0.0002", "0", "0.000000000000000001", "0.013717421", "1"];

fn step() -> impl Strategy<Value = Step> {
    let who = 1_i64..=2;
    let asset = prop_oneof![Just(USD), Just(ETH)];
    let amount = prop_oneof![4 => 1_i128..1_000_000, 1 => 1_i128..10_i128.pow(24)];
    let jump = prop_oneof![1_i64..HOUR_MS, HOUR_MS..40 * HOUR_MS];
    let all = (who, asset, amount);
    prop_oneof![
        3 => all.clone().prop_map(|(who, asset, amount)| Step::Borrow(who, asset, amount)),
        3 => all.clone().prop_map(|(who, asset, amount)| Step::Repay(who, asset, amount)),
        1 => all.prop_map(|(who, asset, amount)| Step::Deposit(who, asset, amount)),
        1 => (0..RATES.len()).prop_map(Step::Rate),
        3 => jump.prop_map(Step::Jump),
        1 => Just(Step::ToTheHour),
        2 => (1_i64..30).prop_map(Step::Accrue),
    ]
}

#[derive(Debug)]
struct Debt {
    own: i128,
    principal: i128,
    /// Interest owed, in whole units.
    interest: i128,
    /// Interest ever charged.
    charged: i128,
    /// Interest that ever fell due, exactly.
    due: BigRational,
}

fn fraction(units: i128) -> BigRational {
    BigRational::from_integer(BigInt::from(units))
}

/// To the nearest whole number, halves to the even one.
fn nearest(exact: &BigRational) -> i128 {
    let half = BigRational::new(BigInt::from(1), BigInt::from(2));
    let up = (exact + &half).floor().to_integer();
    let up = i128::try_from(up).unwrap();
    if exact + half == fraction(up) && up % 2 != 0 { up - 1 } else { up }
}

/// The daily rate of a decimal text.
fn exactly(text: &str) -> BigRational {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let numerator: BigInt = format!("{whole}{decimals}").parse().unwrap();
    BigRational::new(numerator, BigInt::from(10).pow(decimals.len() as u32))
}

struct Model {
    now: i64,
    rate: BigRational,
    debts: BTreeMap<(i64, i64), Debt>,
}

impl Model {
    fn new(now: i64) -> Self {
        let one = || Debt { own: 0, principal: 0, interest: 0, charged: 0, due: fraction(0) };
        let debts = [(1, USD), (1, ETH), (2, USD), (2, ETH)].map(|key| (key, one()));
        Self { now, rate: exactly(RATES[0]), debts: debts.into() }
    }

    /// Every whole hour on the way falls due.
    fn go_to(&mut self, now: i64) {
        for _ in self.now.div_euclid(HOUR_MS)..now.div_euclid(HOUR_MS) {
            for debt in self.debts.values_mut().filter(|debt| debt.principal > 0) {
                debt.due += fraction(debt.principal) * &self.rate / fraction(24);
                let charge = nearest(&(&debt.due - fraction(debt.charged)));
                debt.charged += charge;
                debt.interest += charge;
            }
        }
        self.now = now;
    }

    fn play(&mut self, bench: &Bench, step: &Step) {
        match *step {
            Step::Borrow(who, asset, amount) => {
                bench.borrows(who, asset, amount, NO_LIMIT).unwrap();
                let debt = self.debts.get_mut(&(who, asset)).unwrap();
                debt.principal += amount;
                debt.own += amount;
            }
            Step::Repay(who, asset, amount) => {
                let result = bench.repays(who, asset, amount);
                let debt = self.debts.get_mut(&(who, asset)).unwrap();
                let interest = debt.interest.min(amount);
                let principal = debt.principal.min(amount - interest);
                let refusal = if interest + principal == 0 {
                    Some(Code::NothingOwed)
                } else {
                    (debt.own < interest + principal).then_some(Code::NotEnough)
                };
                match (result, refusal) {
                    (Err(Error::Refused(refusal)), Some(due)) => assert_eq!(refusal.code, due),
                    (Ok(repaid), None) => {
                        assert_eq!(
                            (repaid.interest.units(), repaid.principal.units()),
                            (interest, principal)
                        );
                        debt.interest -= interest;
                        debt.principal -= principal;
                        debt.own -= interest + principal;
                    }
                    other => panic!("{other:?}"),
                }
            }
            Step::Deposit(who, asset, amount) => {
                bench.tries(move |tx| deposit(tx, who, asset, amount)).unwrap();
                self.debts.get_mut(&(who, asset)).unwrap().own += amount;
            }
            Step::Rate(number) => {
                bench.sets_rate(RATES[number]);
                self.rate = exactly(RATES[number]);
            }
            Step::Jump(by) => self.jump(bench, by),
            Step::ToTheHour => self.jump(bench, HOUR_MS - self.now.rem_euclid(HOUR_MS)),
            Step::Accrue(most) => {
                bench.tries(move |tx| custos_ledger::interest::accrue_some(tx, most)).unwrap();
            }
        }
    }

    fn jump(&mut self, bench: &Bench, by: i64) {
        bench.clock.advance_ms(by);
        self.go_to(self.now + by);
    }
}

fn deposit(
    tx: &mut custos_store::Tx<'_>,
    who: i64,
    asset_id: i64,
    amount: i128,
) -> custos_ledger::Result<()> {
    let to = Place::of_customer(who, account(who, asset_id).id, Kind::Own);
    let from = Place { id: asset_id, ..float(who) };
    let line = |place, amount| Posting { place, asset_id, amount: units(amount), business_type1: 0 };
    let postings = [line(to, amount), line(from, -amount)];
    post(tx, &postings).map(|_| ())
}

fn agree(engine: Engine, cases: u32) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&prop::collection::vec(step(), 1..60), |steps| {
            let bench = Bench::new(engine);
            bench.furnish();
            bench.sets_rate(RATES[0]);
            let mut model = Model::new(bench.store.now_ms());
            for step in &steps {
                model.play(&bench, step);
            }
            bench.accrues(50);
            for (&(who, asset), debt) in &model.debts {
                prop_assert_eq!(bench.owes(who, asset), (debt.principal, debt.interest));
                let own = Place::of_customer(who, account(who, asset).id, Kind::Own);
                prop_assert_eq!(bench.balance(own), debt.own);
                // However many hours were rounded: never off by more than half a unit.
                let off = (&debt.due - fraction(debt.charged)) * fraction(2);
                prop_assert!(off <= fraction(1) && off >= fraction(-1));
            }
            let proof = bench.proves();
            prop_assert!(proof.is_ok(), "{:?}", proof);
            Ok(())
        })
        .unwrap();
}

#[test]
fn debts_are_those_of_exact_fractions_on_sqlite() {
    agree(Engine::Sqlite, 48);
}

#[test]
fn debts_are_those_of_exact_fractions_on_postgres() {
    agree(Engine::Postgres, 12);
}
