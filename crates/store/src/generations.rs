//! How cached reads learn that they are old.
//!
//! Whoever caches something of a customer notes the customer's generation *before* reading the database, and keeps it
//! with the copy. A commit that touches the customer moves the generation on before it is acknowledged, so a copy is
//! good exactly while its generation is still the current one: a read that raced with the commit carries the old one.

use std::sync::atomic::{AtomicU64, Ordering};

const SLOTS: usize = 4096;

/// Touched instead of an id: what many customers' copies hold has changed, such as their group.
pub const EVERYTHING: i64 = 0;

/// Counters that move on when what they stand for may have changed. Ids share slots; sharing only costs a re-read.
#[derive(Debug)]
pub struct Generations {
    slots: Vec<AtomicU64>,
    all: AtomicU64,
}

impl Default for Generations {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(), all: AtomicU64::new(0) }
    }
}

impl Generations {
    fn slot(&self, id: i64) -> Option<&AtomicU64> {
        // Ids are time-ordered: a multiplicative hash spreads neighbours over the slots.
        let spread = id.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52;
        self.slots.get(usize::try_from(spread).unwrap_or(0) % SLOTS)
    }

    /// The generation of `id` now. Take it before the read whose result it will guard.
    #[must_use]
    pub fn of(&self, id: i64) -> u64 {
        let own = self.slot(id).map_or(0, |slot| slot.load(Ordering::Acquire));
        own.wrapping_add(self.all.load(Ordering::Acquire) << 32)
    }

    /// Moves `id` on; [`EVERYTHING`] moves all.
    pub fn touch(&self, id: i64) {
        if id == EVERYTHING {
            self.touch_all();
        } else if let Some(slot) = self.slot(id) {
            slot.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Moves everything on: another program changed the database, or news may have been missed.
    pub fn touch_all(&self) {
        self.all.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touch_moves_exactly_what_it_should() {
        let generations = Generations::default();
        let before = (generations.of(7), generations.of(8));
        generations.touch(7);
        assert_ne!(before.0, generations.of(7));
        assert_eq!(before.1, generations.of(8));
        generations.touch_all();
        assert_ne!(before.1, generations.of(8));
    }
}
