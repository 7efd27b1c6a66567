//! (c) Durable changes of one row.

use super::{Setting, Side, Turn};
use crate::custos::{self, Person, Running};
use crate::load::Script;
use crate::report::{self, Aim, ratios};
use crate::{Outcome, arms};

const WRITERS: [u16; 2] = [1, 64];

pub(super) fn run(setting: &Setting) -> Outcome<()> {
    on_sqlite(setting)?;
    on_postgres(setting)
}

fn scripts(people: &[Person], writers: u16) -> Vec<Script> {
    let some = people.iter().take(usize::from(writers));
    some.map(|person| ["zh-CN", "en-US"].map(|lang| person.changes_language(lang)).to_vec()).collect()
}

fn aim(writers: u16) -> Aim {
    Aim::AtLeast(if writers == 1 { 0.7 } else { 1.0 })
}

fn on_sqlite(setting: &Setting) -> Outcome<()> {
    let server = setting.server("writes", None)?;
    let file = setting.directory.join("raw.db");
    let file = file.to_str().ok_or("a path that is no text")?;
    let seconds = setting.round.as_secs_f64().to_string();
    // SQLite has one writer in any case: more connections would only wait for each other.
    let commits = |_| Ok(arms::raw(setting.cores, &["sqlite", file, &seconds])?.rate);
    compare(setting, &server, "SQLite", &[&server], &commits)
}

fn on_postgres(setting: &Setting) -> Outcome<()> {
    let Some(server) = setting.server_on_postgres("writes")? else { return Ok(()) };
    let url = setting.pg_url.as_deref().unwrap_or_default();
    let seconds = setting.round.as_secs_f64().to_string();
    let commits =
        |writers: u16| Ok(arms::raw(setting.cores, &["postgres", url, &writers.to_string(), &seconds])?.rate);
    compare(setting, &server, "PostgreSQL", &[], &commits)
}

/// `counted` are the processes that work for the measurement; see [`Setting::rounds`].
fn compare(
    setting: &Setting,
    server: &Running,
    engine: &str,
    counted: &[&Running],
    commits: &dyn Fn(u16) -> Outcome<f64>,
) -> Outcome<()> {
    let people = custos::people(server.address, WRITERS[1])?;
    for writers in WRITERS {
        report::heading(&format!("(c) changeLang on {engine}, writers: {writers}"));
        let scripts = scripts(&people, writers);
        let rounds = setting.rounds(counted, || {
            let ours = Turn::load(server, &scripts, setting.round)?;
            Ok((ours, commits(writers)?))
        })?;
        let ours = Side::of(rounds.iter().map(|(ours, _)| ours));
        let commits: Vec<f64> = rounds.iter().map(|(_, commits)| *commits).collect();
        ours.tell("changes");
        report::line("bare commits, a second", &commits);
        report::held("rate, changes ÷ commits", &ratios(&ours.rate, &commits), aim(writers));
        if writers == 1 {
            tell_of_the_way(setting, server, &scripts, &ours.rate, &commits)?;
        }
    }
    Ok(())
}

/// A single writer waits for the way to the server and back too, which a bare commit does not have: the same way to a
/// bare handler, and what both come to.
fn tell_of_the_way(
    setting: &Setting,
    server: &Running,
    scripts: &[Script],
    changes: &[f64],
    commits: &[f64],
) -> Outcome<()> {
    let request = scripts.first().and_then(|script| script.first()).ok_or("nobody")?;
    let (bare, _) = super::reads::bare(setting, server, request)?;
    let way = Turn::load(&bare, scripts, setting.round)?.rate;
    let both: Vec<f64> = commits.iter().map(|commits| 1.0 / (1.0 / commits + 1.0 / way)).collect();
    report::line("requests to a bare axum handler, a second", &[way]);
    report::line("rate, changes ÷ (commit and bare request)", &ratios(changes, &both));
    Ok(())
}
