//! Measures the server against its parts, side by side in one run. `cargo xtask bench` builds and calls this.
//!
//! One core serves, the other makes the load. The two sides of a comparison take turns over several rounds, so that
//! whatever else the machine does meets both; what is told is the median of the rounds and their spread.

mod arms;
mod custos;
mod http;
mod load;
mod machine;
mod measures;
mod place;
mod report;
mod samples;

use machine::Cores;
use measures::Setting;
use place::Place;
use std::cell::Cell;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What most functions here return. Anything that goes wrong ends the run.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What can be measured.
const LETTERS: &str = "abcdefg";
/// What is measured unless it is said: all but the growth of the books, which takes a quarter of an hour by itself.
const USUAL: &str = "abcdef";
/// After how many seconds a run is given up, without and with the growth of the books.
const LIMIT: u64 = 590;
const LONG_LIMIT: u64 = 3000;
const USAGE: &str =
    "bench [a] [b] [c] [d] [e] [f] [g] [--seconds N] [--rounds N] [--limit N] [--custos FILE] [--pg-url URL] [--pgbench FILE]
  a  record and balances, against a bare axum handler  b  sign-ins, against bare Argon2id
  c  changeLang, against bare one-row commits          d  memory, start, size
  e  whether the time of an answer tells that an account exists
  f  the ledger's transfers, against bare changes of two rows; how fast books are proved
  g  the same in books of 10 thousand and 10 million lines (a quarter of an hour)
  Without a letter: a to f. --seconds: of each side in each round; --rounds: their number.
  --limit: after so many seconds the run is given up, whatever it is at.
  --custos: the program to be measured, instead of the one that lies beside this one.
  --pg-url: a PostgreSQL that may be written to, for the same on PostgreSQL.
  --pgbench: PostgreSQL's own measuring program, for (f).";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((first, rest)) if first == "arm" => arms::run(rest),
        _ => wishes(&arguments).and_then(|wishes| measure(&wishes)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // A database's error says what it was only in its source.
            let source = problem.source().map_or_else(String::new, |source| format!(": {source}"));
            eprintln!("bench: {problem}{source}");
            ExitCode::FAILURE
        }
    }
}

struct Wishes {
    letters: String,
    seconds: f64,
    rounds: usize,
    limit: Duration,
    custos: Option<PathBuf>,
    pg_url: Option<String>,
    pgbench: Option<PathBuf>,
}

fn wishes(arguments: &[String]) -> Outcome<Wishes> {
    let mut wishes = Wishes {
        letters: String::new(),
        seconds: 1.5,
        rounds: 5,
        limit: Duration::ZERO,
        custos: None,
        pg_url: None,
        pgbench: None,
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value\n{USAGE}"));
        match argument.as_str() {
            "--seconds" => wishes.seconds = value()?.parse()?,
            "--rounds" => wishes.rounds = value()?.parse()?,
            "--limit" => wishes.limit = Duration::from_secs(value()?.parse()?),
            "--custos" => wishes.custos = Some(value()?.into()),
            "--pg-url" => wishes.pg_url = Some(value()?.clone()),
            "--pgbench" => wishes.pgbench = Some(value()?.into()),
            letter if letter.len() == 1 && LETTERS.contains(letter) => wishes.letters.push_str(letter),
            other => return Err(format!("unknown argument {other}\n{USAGE}").into()),
        }
    }
    if wishes.letters.is_empty() {
        wishes.letters = USUAL.to_owned();
    }
    if wishes.limit.is_zero() {
        let limit = if wishes.letters.contains('g') { LONG_LIMIT } else { LIMIT };
        wishes.limit = Duration::from_secs(limit);
    }
    if !(wishes.seconds.is_finite() && wishes.seconds > 0.0 && wishes.rounds > 0) {
        return Err("--seconds and --rounds are positive".into());
    }
    Ok(wishes)
}

fn measure(wishes: &Wishes) -> Outcome<()> {
    let own = std::env::current_exe()?;
    let program = wishes.custos.clone().unwrap_or_else(|| own.with_file_name("custos"));
    if !program.exists() {
        return Err(format!("{} is not built; `cargo xtask bench` builds it", program.display()).into());
    }
    // Beside the program, on a real disk: the temporary directory may be memory, where a commit costs nothing.
    let place = Place::make(own.parent().ok_or("this program has no directory")?)?;
    place.give_up_after(wishes.limit);
    let cores = Cores::find()?;
    cores.make_load_here()?;
    let setting = Setting {
        program,
        directory: place.path().to_owned(),
        cores,
        round: Duration::from_secs_f64(wishes.seconds),
        rounds: wishes.rounds,
        pg_url: wishes.pg_url.clone(),
        pgbench: wishes.pgbench.clone(),
        patience: Cell::new(measures::PATIENCE),
    };
    println!("{}; load {}", cores.told(), machine::load_average());
    let mut failed = String::new();
    for letter in LETTERS.chars().filter(|letter| wishes.letters.contains(*letter)) {
        // What fails takes no one else's figures away.
        if let Err(problem) = measures::run(letter, &setting) {
            report::remark(&format!("({letter}) FAILED: {problem}"));
            failed.push(letter);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {failed}").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_options_mix() {
        let given = |text: &str| wishes(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let some = given("c --seconds 0.5 a").unwrap();
        assert_eq!((some.letters.as_str(), some.seconds, some.rounds), ("ca", 0.5, 5));
        let usual = given("--rounds 3").unwrap();
        assert_eq!((usual.letters.as_str(), usual.limit.as_secs()), (USUAL, LIMIT));
        assert_eq!(given("g").unwrap().limit.as_secs(), LONG_LIMIT);
        assert_eq!(given("g --limit 5").unwrap().limit.as_secs(), 5);
        for bad in ["h", "ab", "--seconds", "--seconds 0", "--rounds x"] {
            assert!(given(bad).is_err(), "{bad}");
        }
    }
}
