//! The measurements.

mod growth;
mod ledger;
mod outside;
mod reads;
mod sign_ins;
mod timing;
mod writes;

use crate::custos::{self, Running};
use crate::load::{self, Script};
use crate::machine::{self, Cores};
use crate::{Outcome, report};
use postgres::{Client, NoTls};
use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Connections of a load, unless it says otherwise.
const CONNECTIONS: u16 = 32;
/// What is not counted at the beginning of each side's turn.
const WARM_UP: Duration = Duration::from_millis(500);
/// A load that takes more of its core than this may be what was measured.
const SATURATED: f64 = 0.95;

/// The share of the two cores that others may take in a round that counts.
const QUIET: f64 = 0.05;
/// What a measurement may take longer than it must: waiting for a quiet machine, and repeating disturbed rounds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

/// With what, where, and how long.
pub(crate) struct Setting {
    pub(crate) program: PathBuf,
    pub(crate) directory: PathBuf,
    pub(crate) cores: Cores,
    pub(crate) round: Duration,
    pub(crate) rounds: usize,
    pub(crate) pg_url: Option<String>,
    /// PostgreSQL's own measuring program.
    pub(crate) pgbench: Option<PathBuf>,
    /// What is left of [`PATIENCE`] in this measurement.
    pub(crate) patience: Cell<Duration>,
}

/// Runs a measurement.
pub(crate) fn run(letter: char, setting: &Setting) -> Outcome<()> {
    setting.patience.set(PATIENCE);
    match letter {
        'a' => reads::run(setting),
        'b' => sign_ins::run(setting),
        'c' => writes::run(setting),
        'e' => timing::run(setting),
        'f' => ledger::run(setting),
        'g' => growth::run(setting),
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

    /// A server on a database of its own in PostgreSQL, if there is one. That goes with the cluster that the run is given.
    fn server_on_postgres(&self, name: &str) -> Outcome<Option<Running>> {
        let Some(url) = &self.pg_url else {
            report::remark("not measured on PostgreSQL: no --pg-url was given");
            return Ok(None);
        };
        let (server_url, _) = url.rsplit_once('/').ok_or("a URL without a database")?;
        let name = format!("custos_bench_{name}");
        Client::connect(url, NoTls)?
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        Client::connect(url, NoTls)?.batch_execute(&format!("CREATE DATABASE {name}"))?;
        self.server(&format!("{name}-data"), Some(&format!("{server_url}/{name}"))).map(Some)
    }

    /// Waits for a quiet machine while the patience lasts.
    fn wait_for_quiet(&self) -> Outcome<()> {
        let began = Instant::now();
        self.cores.wait_for_quiet(self.patience.get())?;
        self.patience.set(self.patience.get().saturating_sub(began.elapsed()));
        Ok(())
    }

    /// The rounds, each begun when the machine is quiet. What others did to the two cores meanwhile is what neither this
    /// process nor `servers` did; a round that they disturbed is repeated, and the least disturbed ones count. Without
    /// `servers` (a database does part of the work, and whose it is can't be told) all rounds count.
    fn rounds<R>(&self, servers: &[&Running], mut round: impl FnMut() -> Outcome<R>) -> Outcome<Vec<R>> {
        let ours = || -> Outcome<Duration> {
            servers.iter().try_fold(machine::worked_with_children()?, |sum, server| {
                Ok(sum + machine::worked(&server.process().to_string())?)
            })
        };
        let mut tried: Vec<(f64, R)> = Vec::new();
        loop {
            self.wait_for_quiet()?;
            let (began, busy, own) = (Instant::now(), self.cores.busy()?, ours()?);
            let figures = round()?;
            let others = (self.cores.busy()? - busy).saturating_sub(ours()? - own);
            tried.push((others.div_duration_f64(began.elapsed()) / 2.0, figures));
            if tried.len() > self.rounds {
                // A repeated round.
                self.patience.set(self.patience.get().saturating_sub(began.elapsed()));
            }
            let quiet = tried.iter().filter(|(others, _)| *others < QUIET).count();
            let enough = servers.is_empty() || quiet >= self.rounds || self.patience.get() < began.elapsed();
            if tried.len() >= self.rounds && enough {
                break;
            }
        }
        tried.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        tried.truncate(self.rounds);
        let worst = tried.last().map_or(0.0, |(others, _)| *others);
        if !servers.is_empty() && worst >= QUIET {
            report::remark(&format!(
                "other programs took up to {:.0} % of the two cores during these rounds; load {}",
                worst * 100.0,
                machine::load_average()
            ));
        }
        Ok(tried.into_iter().map(|(_, figures)| figures).collect())
    }
}

/// One side's turn in a round of a load.
struct Turn {
    rate: f64,
    p50_us: f64,
    p99_us: f64,
    cpu_us: f64,
    /// The share of its core that making the load took.
    busy: f64,
}

impl Turn {
    /// Loads a server and tells what came of it.
    fn load(server: &Running, scripts: &[Script], length: Duration) -> Outcome<Self> {
        let process = server.process().to_string();
        // The warm-up is not counted in the load's figures, so it must not be in the processor's.
        load::run(server.address, scripts, Duration::ZERO, WARM_UP)?;
        let worked = machine::worked(&process)?;
        let load = load::run(server.address, scripts, Duration::ZERO, length)?;
        let worked = machine::worked(&process)? - worked;
        Ok(Self {
            rate: load.rate,
            p50_us: load.percentile_us(50),
            p99_us: load.percentile_us(99),
            cpu_us: worked.as_secs_f64() * 1e6 / load.replies as f64,
            busy: load.busy,
        })
    }
}

/// One side's turns in all rounds.
struct Side {
    rate: Vec<f64>,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
    cpu_us: Vec<f64>,
    busy: Vec<f64>,
}

impl Side {
    fn of<'a>(turns: impl Iterator<Item = &'a Turn> + Clone) -> Self {
        let all = |figure: fn(&Turn) -> f64| turns.clone().map(figure).collect();
        Self {
            rate: all(|turn| turn.rate),
            p50_us: all(|turn| turn.p50_us),
            p99_us: all(|turn| turn.p99_us),
            cpu_us: all(|turn| turn.cpu_us),
            busy: all(|turn| turn.busy),
        }
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
