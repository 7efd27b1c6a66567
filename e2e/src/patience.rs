//! When to kill a server: at random, but not before anything can have happened on a busy machine.

use std::sync::mpsc::channel;
use std::time::Duration;

use crate::fresh;

/// Nothing that takes longer than this for one life is merely slow.
const LONGEST: Duration = Duration::from_secs(60);

/// Waits of random length before each crash. How much happens in one depends on what else the machine does, so
/// the waits become longer for as long as too little has happened, and there are more of them.
pub struct Patience {
    longest: Duration,
    crashes: u32,
}

impl Patience {
    /// Waits of up to so many milliseconds at first.
    #[must_use]
    pub fn of(milliseconds: u64) -> Self {
        Self { longest: Duration::from_millis(milliseconds), crashes: 0 }
    }

    /// How many crashes there were.
    #[must_use]
    pub fn crashes(&self) -> u32 {
        self.crashes
    }

    /// Whether one more crash is due: fewer than `rounds` so far, or not more than `enough` has happened.
    ///
    /// # Panics
    /// Panics when nothing happens however long the waits are.
    pub fn asks_for_more(&mut self, rounds: u32, happened: usize, enough: usize) -> bool {
        let due = enough * self.crashes.min(rounds) as usize / rounds.max(1) as usize;
        if self.crashes > 0 && happened <= due {
            self.longest = self.longest * 5 / 4;
            assert!(
                self.longest < LONGEST,
                "after {} crashes no more than {happened} happened",
                self.crashes
            );
        }
        let is_due = self.crashes < rounds || happened <= enough;
        self.crashes += u32::from(is_due);
        is_due
    }

    /// Waits.
    pub fn wait(&self) {
        let longest = u64::try_from(self.longest.as_millis()).expect("below a minute");
        // Nobody ever sends anything here: this is a wait of random length.
        let (_never, at_random) = channel::<()>();
        let _ = at_random.recv_timeout(Duration::from_millis(5 + fresh::below(longest)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_when_there_were_enough_crashes_and_enough_happened() {
        let mut patience = Patience::of(100);
        assert!(patience.asks_for_more(2, 0, 4));
        assert!(patience.asks_for_more(2, 3, 4));
        assert_eq!(patience.longest, Duration::from_millis(100), "that was enough for half of the way");
        assert!(patience.asks_for_more(2, 4, 4), "too little happened");
        assert_eq!(patience.longest, Duration::from_millis(125));
        assert!(!patience.asks_for_more(2, 5, 4));
        assert_eq!(patience.crashes(), 3);
    }

    #[test]
    #[should_panic(expected = "no more than 0 happened")]
    fn does_not_wait_for_ever() {
        let mut patience = Patience::of(100);
        while patience.asks_for_more(2, 0, 4) {}
    }
}
