//! Cores, and who uses them.

use crate::Outcome;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Where what is measured runs, and where the load comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    server: usize,
    load: usize,
}

impl Cores {
    /// The first two cores that this process may use; a single one is both.
    pub(crate) fn find() -> Outcome<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let server = cores.next().ok_or("no core may be used")?;
        Ok(Self { server, load: cores.next().unwrap_or(server) })
    }

    /// In words.
    pub(crate) fn told(self) -> String {
        if self.server == self.load {
            format!("server AND load on core {}: the figures are worth little", self.server)
        } else {
            format!("server on core {}, load on core {}", self.server, self.load)
        }
    }

    /// From now on this thread and what it starts run on the load's core.
    pub(crate) fn make_load_here(self) -> Outcome<()> {
        pin(self.load)
    }

    /// Starts a program on the server's core.
    pub(crate) fn serve(self, command: &mut Command) -> Outcome<Child> {
        // A child inherits the affinity of the thread that starts it.
        pin(self.server)?;
        let child = command.spawn();
        pin(self.load)?;
        child.map_err(|error| format!("{}: {error}", command.get_program().display()).into())
    }

    /// Waits until hardly anyone else uses the two cores, for as long as `patience` lasts.
    pub(crate) fn wait_for_quiet(self, patience: Duration) -> Outcome<()> {
        let began = Instant::now();
        while began.elapsed() < patience {
            let (before, then) = (self.busy()?, Instant::now());
            std::thread::sleep(Duration::from_millis(300));
            let busy = (self.busy()? - before).as_secs_f64() / then.elapsed().as_secs_f64();
            if busy < 0.1 {
                break;
            }
        }
        Ok(())
    }

    /// How long the two cores have worked, for whomever.
    pub(crate) fn busy(self) -> Outcome<Duration> {
        let all = std::fs::read_to_string("/proc/stat")?;
        let mut ticks = 0;
        for core in [self.server, self.load] {
            let name = format!("cpu{core} ");
            let line = all.lines().find_map(|line| line.strip_prefix(name.as_str()));
            let fields = numbers(line.ok_or("/proc/stat lacks a core")?);
            // user nice system idle iowait irq softirq steal
            ticks += fields.iter().take(8).sum::<u64>() - fields.iter().skip(3).take(2).sum::<u64>();
        }
        Ok(of_ticks(ticks))
    }
}

fn pin(core: usize) -> Outcome<()> {
    let mut only = CpuSet::new();
    only.set(core);
    Ok(sched_setaffinity(None, &only)?)
}

/// Linux tells times to programs in hundredths of a second, whatever it counts in itself.
fn of_ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 10)
}

fn numbers(text: &str) -> Vec<u64> {
    text.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect()
}

/// How long a process (its number, `self`) or a thread (`thread-self`) has worked.
pub(crate) fn worked(whose: &str) -> Outcome<Duration> {
    times(whose, 2)
}

/// How long this process and those of its children that have ended have worked.
pub(crate) fn worked_with_children() -> Outcome<Duration> {
    times("self", 4)
}

/// The sum of the first of: user, system, children's user, children's system.
fn times(whose: &str, count: usize) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{whose}/stat"))?;
    // The name in brackets may hold anything.
    let (_, rest) = stat.rsplit_once(')').ok_or("/proc/…/stat has no name")?;
    Ok(of_ticks(numbers(rest).iter().skip(11).take(count).sum()))
}

/// A process's resident memory in KiB, now and at its highest.
pub(crate) fn resident_kib(process: u32) -> Outcome<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        numbers(line).first().copied().ok_or_else(|| format!("/proc/…/status lacks {name}"))
    };
    Ok((field("VmRSS:")?, field("VmHWM:")?))
}

/// The first three figures of `/proc/loadavg`.
pub(crate) fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted() {
        let before = worked("thread-self").unwrap();
        let mut sum = 0_u64;
        while worked("thread-self").unwrap() == before {
            sum = std::hint::black_box(sum.wrapping_mul(3) + 1);
        }
        let cores = Cores::find().unwrap();
        assert!(cores.busy().unwrap() > Duration::ZERO);
        assert!(resident_kib(std::process::id()).unwrap().0 > 0);
    }
}
