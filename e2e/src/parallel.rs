//! Doing things at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

/// Runs `action(0)` to `action(count - 1)` in a thread each, all let go at once.
pub fn all_at_once<R: Send>(count: usize, action: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let barrier = Barrier::new(count);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|number| {
                let (barrier, action) = (&barrier, &action);
                scope.spawn(move || {
                    barrier.wait();
                    action(number)
                })
            })
            .collect();
        // A panic goes on in the test's own thread, with its message.
        let join = |thread: std::thread::ScopedJoinHandle<'_, R>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}

/// Runs `action(0)` to `action(jobs - 1)`, `workers` of them at a time.
pub fn spread_over<R: Send>(workers: usize, jobs: usize, action: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(jobs)));
    all_at_once(workers, |_| {
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= jobs {
                return;
            }
            let result = action(job);
            results.lock().expect("no worker panics with it").push(result);
        }
    });
    results.into_inner().expect("no worker panics with it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_once() {
        assert_eq!(all_at_once(4, |n| n * 2), [0, 2, 4, 6]);
        let mut done = spread_over(3, 100, |n| n);
        done.sort_unstable();
        assert_eq!(done, (0..100).collect::<Vec<_>>());
    }
}
