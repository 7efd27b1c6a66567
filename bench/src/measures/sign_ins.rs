//! (b) Signing in by password, and what reads suffer from it.

use super::{CONNECTIONS, Setting, Side, Turn, WARM_UP, reads};
use crate::load::{self, Script};
use crate::report::{self, Aim, ratios};
use crate::{Outcome, arms, custos};
use std::time::Duration;

pub(super) fn run(setting: &Setting) -> Outcome<()> {
    let server = setting.server("sign-ins", None)?;
    let people = custos::people(server.address, 2 * CONNECTIONS)?;
    let (signing_in, reading) = people.split_at(usize::from(CONNECTIONS));
    // Two accounts a connection: nobody signs in twice at once.
    let sign_ins: Vec<Script> =
        signing_in.iter().zip(reading).map(|(one, other)| vec![one.signs_in(), other.signs_in()]).collect();
    let seconds = setting.round.as_secs_f64().to_string();

    report::heading(&format!("(b) sign-ins by password, {CONNECTIONS} connections, one hashing thread"));
    let rounds = setting.rounds(&[&server], || {
        let ours = Turn::load(&server, &sign_ins, setting.round)?;
        Ok((ours, arms::raw(setting.cores, &["argon2id", &seconds])?))
    })?;
    let ours = Side::of(rounds.iter().map(|(ours, _)| ours));
    let (hashes, hash_cpu_us): (Vec<f64>, Vec<f64>) =
        rounds.iter().map(|(_, raw)| (raw.rate, raw.cpu_us)).unzip();
    ours.tell("sign-ins");
    report::line("bare Argon2id, a second", &hashes);
    report::line("bare Argon2id, processor µs each", &hash_cpu_us);
    report::held("rate, sign-ins ÷ hashes", &ratios(&ours.rate, &hashes), Aim::AtLeast(0.9));
    report::line("processor time, hash ÷ sign-in", &ratios(&hash_cpu_us, &ours.cpu_us));

    report::heading(&format!(
        "    findCustomerInfo on {CONNECTIONS} connections while {CONNECTIONS} others sign in without a pause"
    ));
    let reads = reads::scripts(reading);
    let rounds = setting.rounds(&[&server], || {
        let calm = Turn::load(&server, &reads, setting.round)?;
        let (address, sign_ins) = (server.address, &sign_ins);
        std::thread::scope(|scope| {
            let length = WARM_UP + setting.round;
            let others = scope.spawn(move || load::run(address, sign_ins, Duration::ZERO, length));
            let storm = Turn::load(&server, &reads, setting.round);
            let others = others.join().map_err(|_| "the storm panicked")??;
            Ok((calm, storm?, others.rate))
        })
    })?;
    let calm = Side::of(rounds.iter().map(|(calm, ..)| calm));
    let storm = Side::of(rounds.iter().map(|(_, storm, _)| storm));
    let stormy_sign_ins: Vec<f64> = rounds.iter().map(|(.., rate)| *rate).collect();
    report::line("reads in calm, a second", &calm.rate);
    report::line("reads in calm, p99 µs", &calm.p99_us);
    report::line("reads in the storm, a second", &storm.rate);
    report::line("reads in the storm, p50 µs", &storm.p50_us);
    report::line("reads in the storm, p99 µs", &storm.p99_us);
    report::line("sign-ins in the storm, a second", &stormy_sign_ins);
    report::line("p99, storm ÷ calm", &ratios(&storm.p99_us, &calm.p99_us));
    Ok(())
}
