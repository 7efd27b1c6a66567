//! The four measurements.

mod outside;
mod reads;
mod sign_ins;
mod writes;

use crate::custos::{self, Running};
use crate::load::{self, Load, Script};
use crate::machine::{self, Cores};
use crate::{Outcome, report};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Connections of a load, unless it says otherwise.
const CONNECTIONS: u8 = 32;
/// What is not counted at the beginning of each side's turn.
const WARM_UP: Duration = Duration::from_millis(500);
/// A load that takes more of its core than this may be what was measured.
const SATURATED: f64 = 0.95;

/// With what, where, and how long.
pub(crate) struct Setting {
    pub(crate) program: PathBuf,
    pub(crate) directory: PathBuf,
    pub(crate) cores: Cores,
    pub(crate) round: Duration,
    pub(crate) rounds: usize,
    pub(crate) pg_url: Option<String>,
}

/// Runs a measurement.
pub(crate) fn run(letter: char, setting: &Setting) -> Outcome<()> {
    match letter {
        'a' => reads::run(setting),
        'b' => sign_ins::run(setting),
        'c' => writes::run(setting),
        _ => outside::run(setting),
    }
}

impl Setting {
    /// The server's command, with its data in a directory of this name.
    fn command(&self, data: &str, database_url: Option<&str>) -> Command {
        custos::command(&self.program, &self.directory.join(data), database_url)
    }

    /// A server that is ready.
    fn server(&self, data: &str, database_url: Option<&str>) -> Outcome<Running> {
        let server = Running::start(self.cores, &mut self.command(data, database_url))?;
        custos::wait_until_ready(server.address)?;
        Ok(server)
    }

    /// The rounds, each begun when the machine is quiet.
    fn each_round(&self, mut round: impl FnMut() -> Outcome<()>) -> Outcome<()> {
        let mut disturbed = 0;
        for _ in 0..self.rounds {
            disturbed += usize::from(!self.cores.wait_for_quiet()?);
            round()?;
        }
        if disturbed > 0 {
            report::remark(&format!(
                "{disturbed} of {} rounds began while others used the cores; load {}",
                self.rounds,
                machine::load_average()
            ));
        }
        Ok(())
    }
}

/// One side's rounds of a load.
#[derive(Default)]
struct Side {
    rate: Vec<f64>,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
    cpu_us: Vec<f64>,
    busy: Vec<f64>,
}

impl Side {
    /// Loads a server for one round and notes what came of it.
    fn load(&mut self, server: &Running, scripts: &[Script], round: Duration) -> Outcome<()> {
        let process = server.process().to_string();
        // The warm-up is not counted in the load's figures, so it must not be in the processor's.
        load::run(server.address, scripts, Duration::ZERO, WARM_UP)?;
        let worked = machine::worked(&process)?;
        let load = load::run(server.address, scripts, Duration::ZERO, round)?;
        self.note(&load, machine::worked(&process)? - worked);
        Ok(())
    }

    fn note(&mut self, load: &Load, worked: Duration) {
        self.rate.push(load.rate);
        self.p50_us.push(load.percentile_us(50));
        self.p99_us.push(load.percentile_us(99));
        self.cpu_us.push(worked.as_secs_f64() * 1e6 / load.replies as f64);
        self.busy.push(load.busy);
    }

    fn tell(&self, name: &str) {
        report::line(&format!("{name}, a second"), &self.rate);
        report::line(&format!("{name}, p50 µs"), &self.p50_us);
        report::line(&format!("{name}, p99 µs"), &self.p99_us);
        report::line(&format!("{name}, processor µs each"), &self.cpu_us);
    }

    /// Says so when the load's core had no more to give.
    fn warn_if_saturated(&self, name: &str) {
        let busy = report::median(&self.busy);
        if busy > SATURATED {
            report::remark(&format!(
                "the load on {name} took {:.0} % of its core: its rate is the load's, not the server's; see the processor's time",
                busy * 100.0
            ));
        }
    }
}
