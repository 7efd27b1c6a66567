//! Random sequences against sums kept in the test.

use crate::books::{Books, COMPANY, USD, float, no_loans, own, transfer, units};
use crate::common::Bench;
use custos_ledger::{Code, Error, holds};
use custos_store::dialect::Engine;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const PEOPLE: i64 = 3;

#[derive(Debug, Clone)]
enum Step {
    Deposit(i64, i128),
    Pay(i64, i64, i128),
    Hold(i64, i128),
    Release(usize),
    Take(usize, i128),
}

fn step() -> impl Strategy<Value = Step> {
    let (who, amount) = (1..=PEOPLE, 1_i128..200);
    prop_oneof![
        (who.clone(), amount.clone()).prop_map(|(a, n)| Step::Deposit(a, n)),
        (who.clone(), who.clone(), amount.clone()).prop_map(|(a, b, n)| Step::Pay(a, b, n)),
        (who, amount.clone()).prop_map(|(a, n)| Step::Hold(a, n)),
        (0_usize..8).prop_map(Step::Release),
        (0_usize..8, amount).prop_map(|(hold, n)| Step::Take(hold, n)),
    ]
}

#[derive(Default)]
struct Sums {
    balance: [i128; PEOPLE as usize + 1],
    held: [i128; PEOPLE as usize + 1],
    /// Whose, how much, its id, and whether it is open.
    holds: Vec<(usize, i128, i64, bool)>,
}

impl Sums {
    fn free(&self, who: usize) -> i128 {
        self.balance[who] - self.held[who]
    }

    fn open(&mut self, number: usize) -> Option<&mut (usize, i128, i64, bool)> {
        self.holds.get_mut(number).filter(|hold| hold.3)
    }

    /// Plays a step on both; whether the ledger did what was due.
    fn play(&mut self, bench: &Bench, step: &Step) {
        let refused = |result: Result<i64, Error>, due: Code| match result {
            Err(Error::Refused(refusal)) => assert_eq!(refusal.code, due),
            other => panic!("{other:?} instead of {due:?}"),
        };
        match *step {
            Step::Deposit(who, amount) => {
                bench.deposits(who, amount);
                self.balance[who as usize] += amount;
            }
            Step::Pay(from, to, amount) => {
                let result =
                    bench.tries(move |tx| transfer(tx, own(from), own(to), amount).map(|posted| posted.id));
                if from == to {
                    refused(result, Code::BadField);
                } else if self.free(from as usize) < amount {
                    refused(result, Code::NotEnough);
                } else {
                    result.unwrap();
                    self.balance[from as usize] -= amount;
                    self.balance[to as usize] += amount;
                }
            }
            Step::Hold(who, amount) => {
                let result = bench.tries(move |tx| {
                    let wanted = holds::Wanted {
                        place: own(who),
                        asset_id: USD,
                        amount: units(amount),
                        reason: "a test",
                        ends_at: i64::MAX,
                    };
                    holds::reserve(tx, COMPANY, wanted, no_loans())
                });
                if self.free(who as usize) < amount {
                    refused(result, Code::NotEnough);
                } else {
                    self.holds.push((who as usize, amount, result.unwrap(), true));
                    self.held[who as usize] += amount;
                }
            }
            Step::Release(number) => {
                let Some((who, amount, id, open)) = self.open(number) else { return };
                *open = false;
                let (who, amount, id) = (*who, *amount, *id);
                bench.tries(move |tx| holds::release(tx, COMPANY, who as i64, id)).unwrap();
                self.held[who] -= amount;
            }
            Step::Take(number, part) => {
                let Some((who, amount, id, open)) = self.open(number) else { return };
                let (who, amount, id) = (*who, *amount, *id);
                let taken = part <= amount;
                *open = !taken;
                let result = bench.tries(move |tx| {
                    let to = (units(part), float(who as i64));
                    holds::take(tx, COMPANY, (who as i64, id), to, (4, "a test", "system"))
                        .map(|posted| posted.id)
                });
                if taken {
                    result.unwrap();
                    self.held[who] -= amount;
                    self.balance[who] -= part;
                } else {
                    refused(result, Code::BadField);
                }
            }
        }
    }
}

fn agree(engine: Engine, cases: u32) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&prop::collection::vec(step(), 1..40), |steps| {
            let bench = Bench::new(engine);
            bench.furnish();
            let mut sums = Sums::default();
            for step in &steps {
                sums.play(&bench, step);
            }
            for who in 1..=PEOPLE {
                let standing = bench.standing(own(who));
                prop_assert_eq!(standing.balance.units(), sums.balance[who as usize]);
                prop_assert_eq!(standing.held.units(), sums.held[who as usize]);
            }
            prop_assert!(bench.proves().is_ok());
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_ledger_and_the_sums_agree_on_sqlite() {
    agree(Engine::Sqlite, 24);
}

#[test]
fn the_ledger_and_the_sums_agree_on_postgres() {
    agree(Engine::Postgres, 8);
}
