//! Time-ordered integers below 2^53, because the clients are JavaScript.
//!
//! 41 bits of milliseconds since 2025 (until 2094), 5 bits of node, 7 bits of sequence.

use std::sync::atomic::{AtomicI64, Ordering};

const EPOCH_MS: i64 = 1_735_689_600_000;
const NODE_BITS: u32 = 5;
const SEQUENCE_BITS: u32 = 7;

/// The node number of commands that run beside a server; a configuration names a lower one.
pub(crate) const COMMAND_NODE: u16 = 31;

/// Makes ids for one node.
#[derive(Debug)]
pub(crate) struct IdMaker {
    node: i64,
    /// The last (milliseconds << SEQUENCE_BITS | sequence) handed out.
    last: AtomicI64,
}

impl IdMaker {
    /// Ids of `node`.
    #[must_use]
    pub(crate) fn new(node: u16) -> Self {
        Self { node: i64::from(node.min(COMMAND_NODE)), last: AtomicI64::new(0) }
    }

    /// The next id: later than every one before it, even if the clock stands still or goes back.
    #[must_use]
    pub(crate) fn next(&self, now_ms: i64) -> i64 {
        let floor = now_ms.saturating_sub(EPOCH_MS).max(0) << SEQUENCE_BITS;
        let mut last = self.last.load(Ordering::Relaxed);
        loop {
            let next = floor.max(last + 1);
            match self.last.compare_exchange_weak(last, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => {
                    let sequence = next & ((1 << SEQUENCE_BITS) - 1);
                    let millis = next >> SEQUENCE_BITS;
                    return (millis << (NODE_BITS + SEQUENCE_BITS)) | (self.node << SEQUENCE_BITS) | sequence;
                }
                Err(now) => last = now,
            }
        }
    }
}

/// When an id was made, or, for one of a maker who was faster than the clock, when it might have been.
#[must_use]
pub fn instant_of(id: i64) -> i64 {
    (id >> (NODE_BITS + SEQUENCE_BITS)).saturating_add(EPOCH_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_and_stay_exact_in_a_double() {
        let ids = IdMaker::new(3);
        let mut last = 0;
        for step in 0..2_000 {
            // The clock stands still for 300 ids at a time, and once goes back.
            let now = EPOCH_MS + 1_000 + if step == 900 { -500 } else { step / 300 };
            let id = ids.next(now);
            assert!(id > last && id < (1 << 53), "{id} after {last}");
            last = id;
        }
    }

    #[test]
    fn nodes_never_meet() {
        let now = EPOCH_MS + 99;
        let of = |node| {
            let ids = IdMaker::new(node);
            (0..500).map(|_| ids.next(now)).collect::<std::collections::HashSet<_>>()
        };
        assert!(of(1).is_disjoint(&of(2)));
    }
}
