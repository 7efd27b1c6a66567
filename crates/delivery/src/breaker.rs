//! A breaker: who has not answered for a while is not asked for a while.

/// So many failures in a row open it.
const FAILURES: u32 = 5;
/// Until the next trial.
const PAUSE_MS: i64 = 30_000;

/// The state of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// While open: when one call is let through to see.
    trial_at: i64,
}

impl Breaker {
    /// Whether a call may be made. While it is open, one is let through after each pause.
    #[must_use]
    pub fn admits(&mut self, now_ms: i64) -> bool {
        if self.failures < FAILURES {
            return true;
        }
        if now_ms < self.trial_at {
            return false;
        }
        // The others wait for what this one tells; should it tell nothing, there is another trial.
        self.trial_at = now_ms.saturating_add(PAUSE_MS);
        true
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.failures >= FAILURES
    }

    /// A call was answered, or not.
    pub fn tell(&mut self, answered: bool, now_ms: i64) {
        if answered {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.trial_at = now_ms.saturating_add(PAUSE_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(times: u32) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..times {
            assert!(breaker.admits(0));
            breaker.tell(false, 0);
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row() {
        let mut breaker = failed(FAILURES - 1);
        assert!(breaker.admits(0));
        breaker.tell(true, 0);
        assert_eq!(breaker, Breaker::default());
        let mut breaker = failed(FAILURES);
        assert!(breaker.is_open() && !breaker.admits(0) && !breaker.admits(PAUSE_MS - 1));
    }

    #[test]
    fn one_trial_after_each_pause() {
        let mut breaker = failed(FAILURES);
        assert!(breaker.admits(PAUSE_MS));
        assert!(!breaker.admits(PAUSE_MS));
        breaker.tell(false, PAUSE_MS + 10);
        assert!(!breaker.admits(2 * PAUSE_MS));
        assert!(breaker.admits(2 * PAUSE_MS + 10));
        // One that never tells does not keep it shut for ever.
        assert!(breaker.admits(3 * PAUSE_MS + 10));
        breaker.tell(true, 3 * PAUSE_MS + 20);
        assert!(!breaker.is_open() && breaker.admits(3 * PAUSE_MS + 20));
    }
}
