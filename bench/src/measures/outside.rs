//! (d) What can be seen from outside: memory, start, size.

use super::{CONNECTIONS, Setting, WARM_UP, reads};
use crate::custos::{self, Running};
use crate::{Outcome, load, machine, report};
use std::time::{Duration, Instant};

const STARTS: usize = 10;
/// By then what a start leaves to do afterwards is done.
const SETTLED: Duration = Duration::from_secs(2);

fn start_ms(setting: &Setting, data: &str) -> Outcome<(Running, f64)> {
    let began = Instant::now();
    let server = setting.server(data, None)?;
    Ok((server, began.elapsed().as_secs_f64() * 1e3))
}

pub(super) fn run(setting: &Setting) -> Outcome<()> {
    report::heading("(d) the program from outside");
    let (mut empty, mut full, mut idle, mut highest) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    setting.wait_for_quiet()?;
    for number in 0..STARTS {
        empty.push(start_ms(setting, &format!("start-{number}"))?.1);
        let (server, ms) = start_ms(setting, &format!("start-{number}"))?;
        full.push(ms);
        if number < 3 {
            std::thread::sleep(SETTLED);
            let (now, high) = machine::resident_kib(server.process())?;
            idle.push(now as f64 / 1024.0);
            highest.push(high as f64 / 1024.0);
        }
    }
    report::line("start to ready, ms", &full);
    report::line("first start to ready (makes the database), ms", &empty);
    report::line("resident when idle, MiB", &idle);
    report::line("resident at its highest so far, MiB", &highest);

    let server = setting.server("memory", None)?;
    let people = custos::people(server.address, CONNECTIONS)?;
    load::run(server.address, &reads::scripts(&people), WARM_UP, setting.round)?;
    let (now, _) = machine::resident_kib(server.process())?;
    report::line("resident after sign-ups and reads, MiB", &[now as f64 / 1024.0]);
    let length = std::fs::metadata(&setting.program)?.len();
    report::line("size of the program, MiB", &[length as f64 / f64::from(1 << 20)]);
    Ok(())
}
