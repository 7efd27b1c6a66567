//! How cached reads learn that they are old.
//!
//! Whoever caches something of a customer notes the customer's generation *before* reading the database, and keeps it
//! with the copy. A commit that touches the customer moves the generation on before it is acknowledged, so a copy is
//! good exactly while its generation is still the current one: a read that raced with the commit carries the old one.

use std::sync::atomic::{AtomicU64, Ordering};

const SLOTS: usize = 4096;

/// Touched instead of an id: what many customers' copies hold has changed, such as their group.
pub const EVERYTHING: i64 = 0;

/// What of a customer or company has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// Anything: what its sessions and rights hang on too.
    Whole(i64),
    /// Only what is shown of it.
    View(i64),
}

impl Touch {
    pub(crate) fn id(self) -> i64 {
        match self {
            Self::Whole(id) | Self::View(id) => id,
        }
    }
}

/// How processes tell each other: the id, with a `v` behind it when only the view has changed.
impl std::fmt::Display for Touch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(id) => write!(out, "{id}"),
            Self::View(id) => write!(out, "{id}v"),
        }
    }
}

impl std::str::FromStr for Touch {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_suffix('v') {
            Some(id) => id.parse().map(Self::View),
            None => text.parse().map(Self::Whole),
        }
    }
}

/// Counters that move on when what they stand for may have changed. Ids share slots; sharing only costs a re-read.
#[derive(Debug)]
pub struct Generations {
    wholes: Vec<AtomicU64>,
    views: Vec<AtomicU64>,
    all: AtomicU64,
}

impl Default for Generations {
    fn default() -> Self {
        let slots = || (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self { wholes: slots(), views: slots(), all: AtomicU64::new(0) }
    }
}

/// The counter of `id`.
fn slot(slots: &[AtomicU64], id: i64) -> Option<&AtomicU64> {
    // Ids are time-ordered: a multiplicative hash spreads neighbours over the slots.
    let spread = id.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52;
    slots.get(usize::try_from(spread).unwrap_or(0) % SLOTS)
}

fn read(slots: &[AtomicU64], id: i64) -> u64 {
    slot(slots, id).map_or(0, |slot| slot.load(Ordering::Acquire))
}

impl Generations {
    /// The generation of `id` now. Take it before the read whose result it will guard.
    #[must_use]
    pub fn of(&self, id: i64) -> u64 {
        read(&self.wholes, id).wrapping_add(self.all.load(Ordering::Acquire) << 32)
    }

    /// The generation of what is shown of `id`: it moves on with `id`, and by itself.
    #[must_use]
    pub fn of_view(&self, id: i64) -> u64 {
        self.of(id).wrapping_add(read(&self.views, id))
    }

    /// Moves what has changed on; [`EVERYTHING`] moves all.
    pub fn touch(&self, what: Touch) {
        let slots = match what {
            Touch::Whole(EVERYTHING) | Touch::View(EVERYTHING) => return self.touch_all(),
            Touch::Whole(_) => &self.wholes,
            Touch::View(_) => &self.views,
        };
        if let Some(slot) = slot(slots, what.id()) {
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
        generations.touch(Touch::Whole(7));
        assert_ne!(before.0, generations.of(7));
        assert_eq!(before.1, generations.of(8));
        generations.touch_all();
        assert_ne!(before.1, generations.of(8));
    }

    #[test]
    fn a_view_moves_alone_and_with_its_whole() {
        let generations = Generations::default();
        let (whole, view) = (generations.of(7), generations.of_view(7));
        generations.touch(Touch::View(7));
        assert_eq!(whole, generations.of(7));
        let seen = generations.of_view(7);
        assert_ne!(view, seen);
        generations.touch(Touch::Whole(7));
        assert_ne!(seen, generations.of_view(7));
    }

    #[test]
    fn what_is_told_is_understood() {
        for touch in [Touch::Whole(12), Touch::View(12), Touch::Whole(EVERYTHING)] {
            assert_eq!(touch.to_string().parse(), Ok(touch));
        }
        assert!("12w".parse::<Touch>().is_err());
    }
}
