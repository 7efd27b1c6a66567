//! Any sequence of units leaves what a map in memory says it should.

use crate::common::{Bench, Refusal, put};
use custos_store::dialect::Engine;
use custos_store::{Error, params};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy)]
enum End {
    Commit,
    Refuse,
    Fail,
}

#[derive(Debug, Clone)]
enum Step {
    Put(i64, i64),
    Remove(i64),
    Add(i64, i64),
    /// As `Add`, without waiting for an answer.
    Send(i64, i64),
}

#[derive(Debug, Clone)]
struct Unit {
    counts: Vec<i64>,
    steps: Vec<Step>,
    end: End,
}

type Things = BTreeMap<i64, i64>;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Model {
    things: Things,
    tallies: Things,
}

impl Model {
    fn apply(&mut self, unit: &Unit) {
        let before = self.clone();
        for id in &unit.counts {
            *self.tallies.entry(*id).or_default() += 1;
        }
        let counted = self.tallies.clone();
        for step in &unit.steps {
            match *step {
                Step::Put(id, value) => {
                    self.things.insert(id, value);
                }
                Step::Remove(id) => {
                    self.things.remove(&id);
                }
                Step::Add(id, more) | Step::Send(id, more) => {
                    if let Some(value) = self.things.get_mut(&id) {
                        *value += more;
                    }
                }
            }
        }
        match unit.end {
            End::Commit => {}
            End::Refuse => *self = Self { things: before.things, tallies: counted },
            End::Fail => *self = before,
        }
    }
}

fn run(bench: &Bench, unit: Unit) -> Result<(), Refusal> {
    bench.store.write_blocking(move |tx| {
        for id in &unit.counts {
            tx.count(
                "INSERT INTO tallies (id, tries) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET tries = tallies.tries + 1",
                params![*id],
            )?;
        }
        for step in &unit.steps {
            match *step {
                Step::Put(id, value) => put(tx, id, value)?,
                Step::Remove(id) => tx.execute("DELETE FROM things WHERE id = $1", params![id])?,
                Step::Add(id, more) => {
                    tx.execute("UPDATE things SET value = value + $2 WHERE id = $1", params![id, more])?
                }
                Step::Send(id, more) => {
                    tx.send("UPDATE things SET value = value + $2 WHERE id = $1", params![id, more])?;
                    0
                }
            };
        }
        match unit.end {
            End::Commit => Ok(()),
            End::Refuse => Err(Refusal::No("no")),
            End::Fail => Err(Refusal::Store(Error::NoRow)),
        }
    })
}

fn stored(bench: &Bench) -> Model {
    let all: Result<Model, Error> = bench.store.read_blocking(|tx| {
        let pair = |row: &custos_store::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(Model {
            things: tx.query("SELECT id, value FROM things", &[], pair)?.into_iter().collect(),
            tallies: tx.query("SELECT id, tries FROM tallies", &[], pair)?.into_iter().collect(),
        })
    });
    all.unwrap()
}

fn units() -> impl Strategy<Value = Vec<Unit>> {
    let step = prop_oneof![
        (0..4_i64, -9..9_i64).prop_map(|(id, value)| Step::Put(id, value)),
        (0..4_i64).prop_map(Step::Remove),
        (0..4_i64, -9..9_i64).prop_map(|(id, more)| Step::Add(id, more)),
        (0..4_i64, -9..9_i64).prop_map(|(id, more)| Step::Send(id, more)),
        (0..4_i64, -9..9_i64).prop_map(|(id, more)| Step::Send(id, more)),
    ];
    let end = prop_oneof![Just(End::Commit), Just(End::Refuse), Just(End::Fail)];
    let unit = (prop::collection::vec(0..3_i64, 0..3), prop::collection::vec(step, 0..5), end)
        .prop_map(|(counts, steps, end)| Unit { counts, steps, end });
    prop::collection::vec(unit, 1..20)
}

fn check(bench: &Bench, units: Vec<Unit>) -> Result<(), TestCaseError> {
    let mut model = stored(bench);
    for unit in units {
        model.apply(&unit);
        let end = run(bench, unit.clone());
        let as_meant = matches!(
            (unit.end, end),
            (End::Commit, Ok(()))
                | (End::Refuse, Err(Refusal::No(_)))
                | (End::Fail, Err(Refusal::Store(Error::NoRow)))
        );
        prop_assert!(as_meant);
        prop_assert_eq!(&stored(bench), &model);
    }
    Ok(())
}

/// One database for all cases: each begins where the last has ended, as the model does.
fn compare(engine: Engine, cases: u32) {
    let bench = Bench::new(engine);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config).run(&units(), |units| check(&bench, units)).unwrap();
}

#[test]
fn sqlite_does_what_the_model_does() {
    compare(Engine::Sqlite, 200);
}

#[test]
fn postgres_does_what_the_model_does() {
    compare(Engine::Postgres, 40);
}
