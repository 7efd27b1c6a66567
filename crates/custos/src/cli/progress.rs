//! How far a long command has come, on standard error, where it spoils no result.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// On a terminal a bar is drawn so often; elsewhere a line is written, more seldom.
const REDRAWN: Duration = Duration::from_millis(100);
const TOLD: Duration = Duration::from_secs(10);
const WIDTH: usize = 30;

/// A bar.
pub(super) struct Progress {
    on_terminal: bool,
    drawn_at: Option<Instant>,
    began: Instant,
    quiet: bool,
}

impl Progress {
    /// One that says nothing when `quiet`.
    pub(super) fn new(quiet: bool) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        Self { on_terminal, drawn_at: None, began: Instant::now(), quiet }
    }

    /// `done` of `total` (0 for not known) are done.
    pub(super) fn show(&mut self, doing: &str, done: i64, total: i64) {
        let pause = if self.on_terminal { REDRAWN } else { TOLD };
        let is_due = self.drawn_at.is_none_or(|at| at.elapsed() >= pause);
        if self.quiet || !(is_due || (self.on_terminal && done == total)) {
            return;
        }
        self.drawn_at = Some(Instant::now());
        let line = line(doing, done, total, self.began.elapsed());
        // Whoever does not see it misses nothing.
        let _ = if self.on_terminal {
            write!(std::io::stderr(), "\r\u{1b}[K{line}")
        } else {
            writeln!(std::io::stderr(), "{line}")
        };
    }

    /// Leaves the line that was drawn on.
    pub(super) fn end(&mut self) {
        if self.on_terminal && self.drawn_at.take().is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }
}

fn line(doing: &str, done: i64, total: i64, passed: Duration) -> String {
    let a_second = done.unsigned_abs().saturating_mul(1_000)
        / u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(1);
    if total <= 0 {
        return format!("{doing}: {done} ({a_second}/s)");
    }
    let share = |of: usize| {
        let part = done.clamp(0, total).unsigned_abs().saturating_mul(of.try_into().unwrap_or(u64::MAX));
        usize::try_from(part / total.unsigned_abs()).unwrap_or(of)
    };
    let full = share(WIDTH);
    let bar = format!("{}{}", "#".repeat(full), "-".repeat(WIDTH - full));
    format!("{doing}: [{bar}] {}% {done} of {total} ({a_second}/s)", share(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_what_is_done() {
        let told = line("writing", 5, 10, Duration::from_secs(1));
        assert_eq!(told, format!("writing: [{}{}] 50% 5 of 10 (5/s)", "#".repeat(15), "-".repeat(15)));
        assert_eq!(line("checking", 7, 0, Duration::from_secs(2)), "checking: 7 (3/s)");
        assert!(line("writing", 11, 10, Duration::ZERO).contains("100%"));
    }
}
