//! (g) Whether transfers slow down as the books grow, and how fast grown books are proved.

use super::Setting;
use crate::Outcome;
use crate::arms;
use crate::report::{self, Aim, ratios};
use postgres::{Client, NoTls};

/// Transfers of two lines: ten thousand postings, and ten million.
const SMALL: u64 = 5_000;
const GROWN: u64 = 5_000_000;
/// How much slower transfers may be in the grown books.
const SLOWER: f64 = 1.3;
/// Seconds that the proof of the grown books may take.
const PROVED_WITHIN: f64 = 60.0;

/// Books of one size on each database.
struct Books {
    file: String,
    postgres: Option<String>,
}

impl Books {
    fn fill(setting: &Setting, name: &str, transfers: u64) -> Outcome<Self> {
        let file = setting.directory.join(format!("{name}.db"));
        let file = file.to_str().ok_or("a path that is no text")?.to_owned();
        let sqlite = format!("sqlite://{file}");
        let filled = arms::raw(setting.cores, &["fill", &sqlite, &transfers.to_string()])?;
        report::line(&format!("{name}: transfers made a second, 500 at once, on SQLite"), &[filled.rate]);
        let Some(url) = &setting.pg_url else {
            return Ok(Self { file, postgres: None });
        };
        let (server, _) = url.rsplit_once('/').ok_or("a URL without a database")?;
        let postgres = format!("{server}/custos_bench_{name}");
        let database = format!("custos_bench_{name}");
        Client::connect(url, NoTls)?
            .batch_execute(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))?;
        Client::connect(url, NoTls)?.batch_execute(&format!("CREATE DATABASE {database}"))?;
        let copied = arms::raw(setting.cores, &["copy-books", &file, &postgres])?;
        report::line(&format!("{name}: rows copied a second into PostgreSQL"), &[copied.rate]);
        Ok(Self { file, postgres: Some(postgres) })
    }
}

pub(super) fn run(setting: &Setting) -> Outcome<()> {
    report::heading("(g) books are filled");
    let small = Books::fill(setting, "small", SMALL)?;
    let grown = Books::fill(setting, "grown", GROWN)?;
    let sqlite = |books: &Books| format!("sqlite://{}", books.file);
    compare(setting, "SQLite", &sqlite(&small), &sqlite(&grown))?;
    match (&small.postgres, &grown.postgres) {
        (Some(small), Some(grown)) => compare(setting, "PostgreSQL", small, grown),
        _ => {
            report::remark("not measured on PostgreSQL: no --pg-url was given");
            Ok(())
        }
    }
}

fn compare(setting: &Setting, engine: &str, small: &str, grown: &str) -> Outcome<()> {
    let seconds = setting.round.as_secs_f64().to_string();
    for (writers, how) in [(1, "apart"), (64, "apart"), (64, "hot"), (64, "reading")] {
        report::heading(&format!("(g) transfers on {engine}, writers: {writers}, {how}"));
        let rounds = setting.rounds(&[], || {
            let of = |url| arms::raw(setting.cores, &["ledger", url, &writers.to_string(), how, &seconds]);
            Ok((of(small)?, of(grown)?))
        })?;
        let (small, grown): (Vec<f64>, Vec<f64>) =
            rounds.iter().map(|(small, grown)| (small.rate, grown.rate)).unzip();
        report::line(&format!("a second, after {} lines", 2 * SMALL), &small);
        report::line(&format!("a second, after {} lines", 2 * GROWN), &grown);
        report::held("rate, small ÷ grown", &ratios(&small, &grown), Aim::AtMost(SLOWER));
    }
    report::heading(&format!("(g) the grown books proved on {engine}"));
    let proved = arms::raw(setting.cores, &["verify", grown])?;
    report::line("lines, a second", &[proved.rate]);
    // More lines than were filled in: those of the measurement before.
    report::held("seconds for ten million lines", &[1e7 / proved.rate], Aim::AtMost(PROVED_WITHIN));
    Ok(())
}
