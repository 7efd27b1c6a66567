//! (f) The ledger.

use super::Setting;
use crate::Outcome;
use crate::arms::{self, Raw};
use crate::report::{self, Aim, ratios};
use postgres::{Client, NoTls};

/// Transfers in the books that are proved: so many that the time of a page says something.
const PROVED: u64 = 100_000;

/// What is compared: writers, between whom money moves, and what the ratio should come to.
const CASES: [(u16, &str, Option<Aim>); 4] = [
    (1, "apart", Some(Aim::AtLeast(0.7))),
    (64, "apart", Some(Aim::AtLeast(0.7))),
    (64, "hot", Some(Aim::AtLeast(3.0))),
    (64, "reading", None),
];

pub(super) fn run(setting: &Setting) -> Outcome<()> {
    let path = |name: &str| -> Outcome<String> {
        Ok(setting.directory.join(name).to_str().ok_or("a path that is no text")?.to_owned())
    };
    let (books, raw) = (format!("sqlite://{}", path("ledger.db")?), path("two-rows.db")?);
    let seconds = setting.round.as_secs_f64().to_string();
    // SQLite has one writer in any case: more connections would only wait for each other, on whichever row.
    let bare = |_, _: &str| arms::raw(setting.cores, &["two-rows-sqlite", &raw, &seconds]);
    compare(setting, "SQLite", &books, &bare)?;
    prove(setting, "SQLite", &format!("sqlite://{}", path("proved.db")?))?;

    let Some(url) = &setting.pg_url else {
        report::remark("not measured on PostgreSQL: no --pg-url was given");
        return Ok(());
    };
    let (server, _) = url.rsplit_once('/').ok_or("a URL without a database")?;
    for name in ["custos_bench_ledger", "custos_bench_proved"] {
        Client::connect(url, NoTls)?
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        Client::connect(url, NoTls)?.batch_execute(&format!("CREATE DATABASE {name}"))?;
    }
    let bare = |writers: u16, how: &str| {
        arms::raw(setting.cores, &["two-rows-postgres", url, &writers.to_string(), how, &seconds])
    };
    compare(setting, "PostgreSQL", &format!("{server}/custos_bench_ledger"), &bare)?;
    pgbench(setting, &format!("{server}/custos_bench_ledger"), url)?;
    prove(setting, "PostgreSQL", &format!("{server}/custos_bench_proved"))
}

fn compare(
    setting: &Setting,
    engine: &str,
    url: &str,
    bare: &dyn Fn(u16, &str) -> Outcome<Raw>,
) -> Outcome<()> {
    let seconds = setting.round.as_secs_f64().to_string();
    for (writers, how, aim) in CASES {
        report::heading(&format!("(f) transfers on {engine}, writers: {writers}, {how}"));
        let rounds = setting.rounds(&[], || {
            let ours = arms::raw(setting.cores, &["ledger", url, &writers.to_string(), how, &seconds])?;
            Ok((ours, bare(writers, how)?))
        })?;
        let all = |figure: fn(&(Raw, Raw)) -> f64| rounds.iter().map(figure).collect::<Vec<f64>>();
        let (ours, bare) = (all(|(ours, _)| ours.rate), all(|(_, bare)| bare.rate));
        report::line("transfers, a second", &ours);
        report::line("transfers, processor µs each", &all(|(ours, _)| ours.cpu_us));
        report::line("bare changes of two rows, a second", &bare);
        let ratio = ratios(&ours, &bare);
        match aim {
            Some(aim) => report::held("rate, transfers ÷ bare", &ratio, aim),
            None => report::line("rate, transfers ÷ bare (which read nothing)", &ratio),
        }
    }
    Ok(())
}

/// How fast books are proved.
fn prove(setting: &Setting, engine: &str, url: &str) -> Outcome<()> {
    report::heading(&format!("(f) books of {PROVED} transfers proved on {engine}"));
    arms::raw(setting.cores, &["fill", url, &PROVED.to_string()])?;
    let proved = arms::raw(setting.cores, &["verify", url])?;
    report::line("lines, a second", &[proved.rate]);
    report::line("lines, processor µs each", &[proved.cpu_us]);
    Ok(())
}

/// Transfers beside PostgreSQL's own measure: its script like TPC-B changes three rows, reads one and adds a line.
fn pgbench(setting: &Setting, ours: &str, url: &str) -> Outcome<()> {
    let Some(program) = &setting.pgbench else {
        report::remark("not measured beside pgbench: no --pgbench was given");
        return Ok(());
    };
    let seconds = setting.round.as_secs_f64().ceil().to_string();
    // A branch for each writer, or one branch that all write to.
    for (how, scale) in [("apart", "64"), ("hot", "1")] {
        report::heading(&format!("(f) transfers beside pgbench's TPC-B-like script, writers: 64, {how}"));
        arms::pgbench(setting.cores, program, url, &["-i", "-I", "dtGvp", "-q", "-s", scale])?;
        let rounds = setting.rounds(&[], || {
            let transfers = arms::raw(setting.cores, &["ledger", ours, "64", how, &seconds])?;
            let script = ["-n", "-M", "prepared", "-c", "64", "-T", &seconds];
            Ok((transfers.rate, arms::pgbench(setting.cores, program, url, &script)?))
        })?;
        let (ours, theirs): (Vec<f64>, Vec<f64>) = rounds.into_iter().unzip();
        report::line("transfers, a second", &ours);
        report::line("pgbench's transactions, a second", &theirs);
        report::line("rate, transfers ÷ pgbench", &ratios(&ours, &theirs));
    }
    Ok(())
}
