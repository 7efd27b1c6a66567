//! A small model of accounts, against the operations on a real store: random sequences of everything that customers of
//! two companies do. After each step the two must agree.
//!
//! `CUSTOS_TEST_LONG=5000 cargo xtask test -- -p custos --test model` plays so many sequences, each time others.
#![cfg(test)]

mod agree;
mod change;
mod codes;
mod common;
mod factor;
mod operations;
mod play;
mod rules;
mod state;
mod steps;
mod world;

use common::{Backend, on_both};
use play::Play;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use world::World;

on_both!(the_operations_and_the_model_agree);

/// Sequences in a short run.
const SHORT: u32 = 12;
/// The short run plays the same sequences each time: whoever changes nothing sees no other result.
const SEED: u64 = 20_270_115;

fn the_operations_and_the_model_agree(backend: Backend) {
    let long = std::env::var("CUSTOS_TEST_LONG").ok().map(|text| text.parse::<u32>().unwrap());
    let config = Config {
        cases: long.unwrap_or(SHORT),
        rng_seed: if long.is_some() { RngSeed::Random } else { RngSeed::Fixed(SEED) },
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    let world = World::open(backend);
    let ended = TestRunner::new(config).run(&steps::sequences(), |steps| {
        Play::new(&world).all(&steps);
        Ok(())
    });
    match ended {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => panic!("{why}\nafter {steps:#?}"),
        Err(error) => panic!("{error}"),
    }
}
