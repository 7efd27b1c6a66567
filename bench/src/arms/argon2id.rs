//! Argon2id and nothing else.

use super::{repeat, timed};
use crate::Outcome;
use argon2_rust::params::{Memory, TagLen};
use argon2_rust::{Algorithm, Argon2, Params, Version};

/// The server's default costs.
const MEMORY_KIB: u64 = 19 * 1024;
const ITERATIONS: u32 = 2;

/// Hashes as the server does: one thread, memory taken once and wiped after each.
pub(super) fn hash(seconds: f64) -> Outcome<()> {
    let costs = Params::builder()
        .memory(Memory::kib(MEMORY_KIB))
        .passes(ITERATIONS)
        .lanes(1)
        .threads(1)
        .tag_len(TagLen::bytes(32))
        .build()?;
    let mut hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, costs).hasher();
    let mut tag = [0; 32];
    let mut one = |number: u64| -> Outcome<()> {
        let salt = u128::from(number).to_be_bytes();
        hasher.hash_into_with_ad(&[7; 16], &salt, &[9; 32], &[], &mut tag)?;
        std::hint::black_box(&tag);
        Ok(())
    };
    // The first one takes the memory.
    one(0)?;
    timed(|| repeat(seconds, one))
}
