//! `custos doctor`: looks for what is wrong, and says what mends it.

mod checks;

use super::out::{Done, Failure, plain, table, tell};
use crate::open::{self, Source, World};
use custos_customers::company;
use custos_customers::operator;
use custos_delivery::outbox::{self, Backlog};
use custos_delivery::outbox_admin;
use custos_store::dialect::Engine;
use custos_store::migrate::{self, State};
use custos_store::{DatabaseUrl, Error as StoreError, MINUTE_MS, Options, Store, SystemClock};
use serde::Serialize;

/// One finding.
#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    ok: bool,
    detail: String,
    /// What mends it; empty when all is well.
    remedy: String,
}

impl Check {
    fn well(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: true, detail: detail.into(), remedy: String::new() }
    }

    fn ill(check: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, ok: false, detail: detail.into(), remedy: remedy.into() }
    }
}

pub(super) fn run(source: &Source, json: bool) -> Done {
    let config = source.load()?;
    let mut all = vec![checks::key_file(&config)];
    let store = match open_store(&config) {
        Ok(store) => Some(store),
        Err(check) => {
            all.push(check);
            None
        }
    };
    let mut texts_go_out = true;
    if let Some(store) = &store {
        all.push(database(store));
        let migrations = migrations(store);
        let is_current = migrations.ok;
        all.push(migrations);
        all.push(clock(store, &config));
        if is_current {
            all.push(outbox(store));
            texts_go_out = store
                .read_blocking(company::list)
                .is_ok_and(|all| all.iter().any(|company| company.enabled && company.settings.sms.enabled));
        }
    }
    all.push(checks::smtp(&config));
    all.push(checks::sms(&config, texts_go_out));
    all.push(checks::certificate(&config));
    all.push(checks::disk(&config));

    let is_well = all.iter().all(|check| check.ok);
    let value = serde_json::to_value(&all).map_err(|error| Failure::Said(error.to_string()))?;
    tell(json, &value, || words(&all))?;
    if is_well { Ok(()) } else { Err(Failure::Told) }
}

fn words(all: &[Check]) -> String {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|check| {
            let mark = if check.ok { "ok" } else { "FAIL" };
            let detail = match check.remedy.as_str() {
                "" => check.detail.clone(),
                remedy => format!("{}. Remedy: {remedy}", check.detail.trim_end_matches('.')),
            };
            vec![check.check.to_owned(), mark.to_owned(), plain(&detail)]
        })
        .collect();
    table(&["CHECK", "", "FINDING"], &rows)
}

fn open_store(config: &crate::config::Config) -> Result<Store, Check> {
    let ill = |detail: String, remedy: &str| Err(Check::ill("database", detail, remedy));
    match config.database() {
        Err(problem) => return ill(problem, "set database_url"),
        // Opening would make it.
        Ok(DatabaseUrl::Sqlite(path)) if !path.exists() => {
            return ill(
                format!("there is no {}", path.display()),
                "check database_url or --data; `custos migrate` makes a new database there",
            );
        }
        Ok(_) => {}
    }
    open::store(config, &World::default(), Options::COMMAND).or_else(|problem| {
        ill(problem, "see that key_file and database_url are right, the database runs and lets this user in")
    })
}

fn database(store: &Store) -> Check {
    match store.read_blocking(operator::database_facts) {
        Ok((version, _)) => {
            let engine = match store.engine() {
                Engine::Sqlite => "SQLite",
                Engine::Postgres => "PostgreSQL",
            };
            Check::well("database", format!("{engine} {version} answers"))
        }
        Err(error) => {
            Check::ill("database", error.to_string(), "see that the database runs and this user may read it")
        }
    }
}

fn migrations(store: &Store) -> Check {
    const CHECK: &str = "migrations";
    match migrate::state(store) {
        Ok(State::Current) => Check::well(CHECK, "all are applied"),
        Ok(State::Behind(missing)) => {
            Check::ill(CHECK, format!("{missing} are missing"), "run `custos migrate`")
        }
        Ok(State::Newer(version)) => Check::ill(
            CHECK,
            format!("schema version {version} is newer than this program"),
            "use the program that made it, or a newer one",
        ),
        Ok(State::Altered(version)) => Check::ill(
            CHECK,
            format!("schema version {version} is not this program's"),
            "use the program that made it, or restore a backup",
        ),
        Err(error) => Check::ill(CHECK, error.to_string(), "see that this user may read the schema"),
    }
}

/// More than this apart, codes and locks end at the wrong time.
const CLOCK_SLACK_MS: i64 = 5_000;

fn clock(store: &Store, config: &crate::config::Config) -> Check {
    use custos_store::Clock as _;
    const CHECK: &str = "clock";
    let there = match store.read_blocking(operator::database_facts) {
        Ok((_, Some(there))) => Ok(("the database's", there)),
        Ok((_, None)) => checks::file_time(config).map(|there| ("the file system's", there)),
        Err(error) => Err(error.to_string()),
    };
    match there {
        Ok((whose, there)) => {
            let apart = (SystemClock.now_ms() - there).abs();
            let detail = format!("{apart} ms from {whose}");
            if apart <= CLOCK_SLACK_MS {
                Check::well(CHECK, detail)
            } else {
                Check::ill(CHECK, detail, "keep the clocks of all machines right with NTP")
            }
        }
        Err(problem) => Check::ill(
            CHECK,
            problem,
            "let this user write where the database is, so that its time can be read",
        ),
    }
}

/// A message that has been due for so long will not be what its reader waits for.
const LATE_MS: i64 = 5 * MINUTE_MS;

fn outbox(store: &Store) -> Check {
    const CHECK: &str = "outbox";
    let read =
        store.read_blocking(|tx| Ok::<_, StoreError>((outbox::backlog(tx)?, outbox_admin::last_day(tx)?)));
    match read {
        Err(error) => Check::ill(CHECK, error.to_string(), "see that the database answers"),
        Ok((backlog, (delivered, dead))) => outbox_finding(&backlog, delivered, dead),
    }
}

fn outbox_finding(backlog: &Backlog, delivered: i64, dead: i64) -> Check {
    const CHECK: &str = "outbox";
    let Backlog { waiting, dead: all_dead, oldest_ms } = *backlog;
    let detail = format!(
        "{waiting} waiting (the oldest due for {} s), {all_dead} given up ({dead} of them in a day that saw {delivered} \
         delivered)",
        oldest_ms / 1_000
    );
    if oldest_ms > LATE_MS {
        return Check::ill(
            CHECK,
            detail,
            "see that a server runs and reaches the mail server; `custos outbox list --state waiting` has the reasons",
        );
    }
    // Some addresses don't exist. More than one in ten is no chance.
    if dead.saturating_mul(10) > dead + delivered {
        return Check::ill(
            CHECK,
            detail,
            "`custos outbox list` has the reasons; then `custos outbox retry --all-dead`",
        );
    }
    Check::well(CHECK, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outbox_is_ill_when_mail_waits_long_or_dies_often() {
        let backlog = |oldest_ms| Backlog { waiting: 1, dead: 3, oldest_ms };
        assert!(outbox_finding(&backlog(1_000), 0, 0).ok);
        assert!(outbox_finding(&backlog(1_000), 27, 3).ok);
        assert!(!outbox_finding(&backlog(1_000), 26, 3).ok);
        assert!(!outbox_finding(&backlog(LATE_MS + 1), 100, 0).ok);
    }

    #[test]
    fn a_failure_comes_with_its_remedy_on_one_line() {
        let text = words(&[Check::well("disk", "fine"), Check::ill("smtp", "no answer.", "set smtp_url")]);
        assert!(text.contains("FAIL  no answer. Remedy: set smtp_url"), "{text}");
        assert_eq!(text.lines().count(), 3);
    }
}
