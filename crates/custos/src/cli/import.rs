//! `custos import`.

use super::group::Owner;
use super::out::{Done, Failure, actor, fields, say, settle};
use super::progress::Progress;
use crate::config::Config;
use crate::import::{self, Report, Stage, Wish};
use crate::open::{self, Source};
use crate::server;
use custos_customers::import::Over;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Take customers over from a CSV file: all of it is checked before any row is written
    Customers(Customers),
}

#[derive(Debug, clap::Args)]
pub(super) struct Customers {
    /// The file; its first line names the columns
    file: PathBuf,
    #[command(flatten)]
    owner: Owner,
    /// What password hashes were made over: `md5`, the 32 hex digits that clients send (lower case), or `plain`, what people
    /// type, which can't be checked here: those customers start by a reset
    #[arg(long, default_value = "md5")]
    hashes_over: HashesOver,
    /// Write the good rows though there are bad ones
    #[arg(long)]
    skip_refused: bool,
    /// Only check the file
    #[arg(long)]
    check: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum HashesOver {
    Md5,
    Plain,
}

/// More refusals than these are counted only.
const MOST_TOLD: usize = 1_000;

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    let Command::Customers(wish) = command;
    let (config, store) = open::command_store(source)?;
    // A piece of the file is hashed at once.
    let config = Config { hash_queue: config.hash_queue.max(import::MOST_HASHES), ..config };
    let hasher = server::hasher(&config, &store)?;
    let only_checks = wish.check;
    let wish = Wish {
        file: wish.file,
        company_id: wish.owner.company,
        over: match wish.hashes_over {
            HashesOver::Md5 => Over::Md5,
            HashesOver::Plain => Over::Plain,
        },
        skips_refused: wish.skip_refused,
        only_checks,
        actor: actor(),
    };
    let mut progress = Progress::new(json);
    let done = import::run(&store, &hasher, &wish, &mut |stage, done, total| match stage {
        Stage::Checking => progress.show("checking", done, total),
        Stage::Writing => progress.show("writing", done, total),
    });
    progress.end();
    settle();
    match done {
        Ok(report) => {
            told(&report, true, json)?;
            // A check that found something fails, as a script expects.
            if only_checks && !report.refused.is_empty() { Err(Failure::Told) } else { Ok(()) }
        }
        Err(import::Failure::Refused(report)) => {
            told(&report, false, json)?;
            Err(Failure::Said(
                "nothing was written; mend these rows, or leave them out with --skip-refused".to_owned(),
            ))
        }
        Err(import::Failure::Said(words)) => Err(Failure::Said(words)),
        Err(import::Failure::Rule(error)) => Err(error.into()),
    }
}

fn told(report: &Report, is_done: bool, json: bool) -> Done {
    let passwords = &report.passwords;
    let resets = passwords.absent + passwords.common + passwords.uncheckable;
    let first = report.refused.iter().take(MOST_TOLD);
    if json {
        let refused: Value =
            first.map(|(line, why)| json!({ "line": line, "why": why })).collect::<Vec<_>>().into();
        let value = json!({
            "ok": is_done,
            "rows": report.rows,
            "added": report.added,
            "doneBefore": report.done_before,
            "passwords": {
                "kept": passwords.kept,
                "absent": passwords.absent,
                "common": passwords.common,
                "uncheckable": passwords.uncheckable,
            },
            "startByReset": resets,
            "refused": report.refused.len(),
            "refusedRows": refused,
        });
        return say(&value.to_string());
    }
    for (line, why) in first {
        say(&format!("line {line}: {why}"))?;
    }
    if report.refused.len() > MOST_TOLD {
        say(&format!("and {} more", report.refused.len() - MOST_TOLD))?;
    }
    let count = |number: i64| number.to_string();
    say(fields(&[
        ("rows", count(report.rows)),
        ("refused", report.refused.len().to_string()),
        ("done by earlier runs", count(report.done_before)),
        ("added", count(report.added)),
        ("passwords that work", count(passwords.kept)),
        ("start by a reset", count(resets)),
        ("  without a password", count(passwords.absent)),
        ("  with a common one", count(passwords.common)),
        ("  with a hash that can't be checked", count(passwords.uncheckable)),
    ])
    .trim_end())
}
