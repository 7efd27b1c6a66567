//! (a) What a signed-in customer reads: their record, and their balances.

use super::{CONNECTIONS, Setting, Side, Turn};
use crate::custos::{self, Person, Running};
use crate::http::{connect, exchange};
use crate::load::Script;
use crate::report::{self, Aim, ratios};
use crate::{Outcome, arms};
use std::net::Ipv4Addr;

/// Each of the people reads over a connection of their own.
pub(super) fn scripts(people: &[Person]) -> Vec<Script> {
    people.iter().map(|person| vec![person.reads()]).collect()
}

/// A bare handler that answers with what the server answers to this request; and how long that is.
pub(super) fn bare(setting: &Setting, server: &Running, request: &[u8]) -> Outcome<(Running, usize)> {
    let (_, body) = exchange(&mut connect(Ipv4Addr::LOCALHOST, server.address)?, request)?;
    let file = setting.directory.join("constant");
    std::fs::write(&file, &body)?;
    let file = file.to_str().ok_or("a path that is no text")?;
    Ok((Running::start(setting.cores, &mut arms::command(&["axum", file])?)?, body.len()))
}

pub(super) fn run(setting: &Setting) -> Outcome<()> {
    let server = setting.server("reads", None)?;
    let people = custos::people(server.address, CONNECTIONS)?;
    compare(setting, &server, "findCustomerInfo", &scripts(&people))?;
    for (name, balance) in [
        ("queryAccountById", custos::ACCOUNT),
        ("queryCustomerAssets", custos::ASSETS),
        ("queryCustomerAssetsInfo", custos::TOTALS),
    ] {
        let scripts: Vec<Script> = people.iter().map(|person| vec![person.asks(balance)]).collect();
        compare(setting, &server, name, &scripts)?;
    }
    Ok(())
}

/// What each of the scripts asks first is what the bare handler answers.
fn compare(setting: &Setting, server: &Running, name: &str, scripts: &[Script]) -> Outcome<()> {
    let request = scripts.first().and_then(|script| script.first()).ok_or("nobody")?;
    let (bare, length) = bare(setting, server, request)?;
    report::heading(&format!("(a) {name}, signed in, {CONNECTIONS} connections, {length} bytes"));
    let rounds = setting.rounds(&[server, &bare], || {
        let ours = Turn::load(server, scripts, setting.round)?;
        Ok((ours, Turn::load(&bare, scripts, setting.round)?))
    })?;
    let (ours, theirs) =
        (Side::of(rounds.iter().map(|(ours, _)| ours)), Side::of(rounds.iter().map(|(_, theirs)| theirs)));
    ours.tell("custos");
    theirs.tell("bare axum");
    report::held("rate, custos ÷ axum", &ratios(&ours.rate, &theirs.rate), Aim::AtLeast(0.5));
    report::line("processor time, axum ÷ custos", &ratios(&theirs.cpu_us, &ours.cpu_us));
    report::held("p99, custos ÷ axum", &ratios(&ours.p99_us, &theirs.p99_us), Aim::AtMost(2.0));
    report::line("the load's share of its core, custos", &ours.busy);
    report::line("the load's share of its core, axum", &theirs.busy);
    ours.warn_if_saturated("custos");
    theirs.warn_if_saturated("axum");
    Ok(())
}
