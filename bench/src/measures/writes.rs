//! (c) Durable changes of one row.

use super::{Setting, Side, Turn};
use crate::custos::{self, Person};
use crate::load::Script;
use crate::report::{self, Aim, ratios};
use crate::{Outcome, arms};
use postgres::{Client, NoTls};

const WRITERS: [u8; 2] = [1, 64];
const OUR_DATABASE: &str = "custos_bench";

pub(super) fn run(setting: &Setting) -> Outcome<()> {
    on_sqlite(setting)?;
    match &setting.pg_url {
        Some(url) => on_postgres(setting, url),
        None => {
            report::remark("not measured on PostgreSQL: `cargo xtask bench c --pg`");
            Ok(())
        }
    }
}

fn scripts(people: &[Person], writers: u8) -> Vec<Script> {
    let some = people.iter().take(usize::from(writers));
    some.map(|person| ["zh-CN", "en-US"].map(|lang| person.changes_language(lang)).to_vec()).collect()
}

fn aim(writers: u8) -> Aim {
    Aim::AtLeast(if writers == 1 { 0.7 } else { 1.0 })
}

fn on_sqlite(setting: &Setting) -> Outcome<()> {
    let server = setting.server("writes", None)?;
    let people = custos::people(server.address, 64)?;
    let raw_file = setting.directory.join("raw.db");
    let raw_file = raw_file.to_str().ok_or("a path that is no text")?;
    let seconds = setting.round.as_secs_f64().to_string();
    for writers in WRITERS {
        report::heading(&format!("(c) changeLang on SQLite, writers: {writers}"));
        let scripts = scripts(&people, writers);
        let rounds = setting.rounds(&[&server], || {
            let ours = Turn::load(&server, &scripts, setting.round)?;
            Ok((ours, arms::raw(setting.cores, &["sqlite", raw_file, &seconds])?.rate))
        })?;
        tell(&rounds, "one connection", writers);
    }
    Ok(())
}

fn on_postgres(setting: &Setting, url: &str) -> Outcome<()> {
    let (server_url, _) = url.rsplit_once('/').ok_or("a URL without a database")?;
    let mut admin = Client::connect(url, NoTls)?;
    admin.batch_execute(&format!("DROP DATABASE IF EXISTS {OUR_DATABASE}"))?;
    admin.batch_execute(&format!("CREATE DATABASE {OUR_DATABASE}"))?;
    let server = setting.server("writes-pg", Some(&format!("{server_url}/{OUR_DATABASE}")))?;
    let people = custos::people(server.address, 64)?;
    let seconds = setting.round.as_secs_f64().to_string();
    for writers in WRITERS {
        report::heading(&format!("(c) changeLang on PostgreSQL, writers: {writers}"));
        let scripts = scripts(&people, writers);
        let connections = writers.to_string();
        let rounds = setting.rounds(&[], || {
            let ours = Turn::load(&server, &scripts, setting.round)?;
            Ok((ours, arms::raw(setting.cores, &["postgres", url, &connections, &seconds])?.rate))
        })?;
        tell(&rounds, if writers == 1 { "one connection" } else { "64 connections" }, writers);
    }
    drop(server);
    Ok(admin.batch_execute(&format!("DROP DATABASE {OUR_DATABASE} WITH (FORCE)"))?)
}

fn tell(rounds: &[(Turn, f64)], how: &str, writers: u8) {
    let ours = Side::of(rounds.iter().map(|(ours, _)| ours));
    let commits: Vec<f64> = rounds.iter().map(|(_, commits)| *commits).collect();
    ours.tell("changes");
    report::line(&format!("bare commits, {how}, a second"), &commits);
    report::held("rate, changes ÷ commits", &ratios(&ours.rate, &commits), aim(writers));
}
