//! `custos keys`.
//!
//! Rotating is safe while servers run, in this order: a new key is added that stands by, so that every process learns
//! to open with it; then it may seal; then what older keys sealed is sealed again. Nothing is lost if it stops between:
//! run it again.

use super::out::{Done, Failure, actor, fields, say, tell};
use crate::key_watch::POLL;
use crate::open::{self, Source};
use custos_customers::reseal::{self, Column};
use custos_store::{KeyFile, Keyring, OsEntropy, Store, audit};
use serde_json::json;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Values sealed again in one transaction.
const BATCH: i64 = 200;
/// A process has read the changed key file after this many looks at it.
const LOOKS: u32 = 4;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Write a new key file that only its owner can read
    New {
        /// Where; an existing file is left alone
        file: PathBuf,
    },
    /// Show which keys the key file holds and what still uses the older ones, never the keys
    Status,
    /// Make a new key and seal everything again under it, while servers run
    Rotate {
        /// Seal again under the newest key; make none
        #[arg(long)]
        resume: bool,
    },
    /// Take keys out that nothing uses any more
    Retire,
}

pub(super) fn run(command: &Command, source: &Source, json: bool) -> Done {
    match command {
        Command::New { file } => {
            open::new_key_file(file)?;
            tell(json, &json!({ "file": file }), || {
                format!(
                    "wrote {}\nKeep a copy in a safe place, apart from the database's backups: without it nothing \
                     that is sealed can be opened.",
                    file.display()
                )
            })
        }
        Command::Status => status(source, json),
        Command::Rotate { resume } => rotate(source, *resume, json),
        Command::Retire => retire(source, json),
    }
}

/// What is not under the newest key.
struct Stale {
    values: Vec<(&'static str, i64)>,
    passwords: i64,
}

impl Stale {
    fn read(store: &Store) -> Result<Self, Failure> {
        Ok(store.read_blocking(|tx| {
            let mut values = Vec::new();
            for column in Column::ALL {
                values.push((column.table(), column.stale(tx)?));
            }
            let passwords = reseal::stale_passwords(tx, tx.keys().newest())?;
            Ok::<_, custos_customers::Error>(Self { values, passwords })
        })?)
    }

    fn sealed(&self) -> i64 {
        self.values.iter().map(|(_, count)| count).sum()
    }
}

fn status(source: &Source, json: bool) -> Done {
    let (config, store) = open::command_store(source)?;
    let (ids, newest) = (store.keys().ids(), store.keys().newest());
    let mode = std::fs::metadata(&config.key_file).map_or(0, |meta| meta.mode() & 0o777);
    let stale = Stale::read(&store)?;
    let tables: serde_json::Map<String, serde_json::Value> =
        stale.values.iter().map(|(table, count)| ((*table).to_owned(), json!(count))).collect();
    let value = json!({
        "file": config.key_file, "mode": format!("{mode:03o}"), "ids": ids, "newest": newest,
        "sealedByOlder": tables, "passwordsByOlder": stale.passwords,
    });
    tell(json, &value, || {
        let told: Vec<String> = ids.iter().map(u32::to_string).collect();
        let mut rows = vec![
            ("file", config.key_file.display().to_string()),
            ("mode", format!("{mode:03o}")),
            ("keys", told.join(", ")),
            ("newest", format!("{newest} (seals and peppers; the others only open)")),
        ];
        rows.extend(
            stale.values.iter().map(|(table, count)| (*table, format!("{count} sealed by older keys"))),
        );
        rows.push((
            "passwords",
            format!("{} by older keys, remade as their owners sign in", stale.passwords),
        ));
        fields(&rows)
    })
}

/// Replaces the key file whole, or not at all.
fn write(path: &Path, file: &KeyFile) -> Result<(), Failure> {
    let text = file.to_text().map_err(|error| Failure::Said(error.to_string()))?;
    // What will be read must be readable.
    Keyring::parse(&text).map_err(|error| Failure::Said(error.to_string()))?;
    let new = path.with_extension("new");
    let told = |error: std::io::Error| Failure::Said(format!("{} can't be written: {error}", new.display()));
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .map_err(told)?;
    out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).map_err(told)?;
    std::fs::rename(&new, path).map_err(told)?;
    // The name is durable only with its directory.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(told)
}

fn read(path: &Path) -> Result<KeyFile, Failure> {
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::Said(format!("{} can't be read: {error}", path.display())))?;
    KeyFile::parse(&text).map_err(|error| Failure::Said(error.to_string()))
}

/// Every process that watches the file has read it after this.
fn let_servers_read(json: bool) {
    if !json {
        eprintln!("waiting for running servers to read the key file");
    }
    std::thread::sleep(POLL * LOOKS);
}

fn rotate(source: &Source, resume: bool, json: bool) -> Done {
    let (config, store) = open::command_store(source)?;
    if !resume {
        let mut file = read(&config.key_file)?;
        file.add_standby(&OsEntropy).map_err(|error| Failure::Said(error.to_string()))?;
        write(&config.key_file, &file)?;
        let_servers_read(json);
    }
    // Also ends what an earlier rotation left standing by.
    let mut file = read(&config.key_file)?;
    file.activate();
    write(&config.key_file, &file)?;
    let text = file.to_text().map_err(|error| Failure::Said(error.to_string()))?;
    store.keys().reload(&text).map_err(|error| Failure::Said(error.to_string()))?;
    let_servers_read(json);
    let done = reseal_all(&store, json)?;
    let newest = store.keys().newest();
    note(&store, "keys.rotate", newest, done)?;
    tell(json, &json!({ "newest": newest, "resealed": done }), || {
        format!(
            "key {newest} seals now; {done} values were sealed again\n`custos keys retire` takes old keys out"
        )
    })
}

fn reseal_all(store: &Store, json: bool) -> Result<u64, Failure> {
    let total = Stale::read(store)?.sealed();
    let mut done = 0;
    for column in Column::ALL {
        loop {
            let batch = store.write_blocking(move |tx| column.reseal(tx, BATCH))?;
            if batch == 0 {
                break;
            }
            done += batch;
            if !json {
                eprint!("\r{done} of {total} values sealed again ");
            }
        }
    }
    if done > 0 && !json {
        eprintln!();
    }
    Ok(done)
}

fn retire(source: &Source, json: bool) -> Done {
    let (config, store) = open::command_store(source)?;
    let stale = Stale::read(&store)?;
    if stale.sealed() > 0 {
        return Err(Failure::Said(format!(
            "{} values are sealed by older keys: `custos keys rotate --resume` first",
            stale.sealed()
        )));
    }
    if stale.passwords > 0 {
        return say(&format!(
            "{} customers have passwords by older keys, remade as they sign in: no key is retired yet",
            stale.passwords
        ));
    }
    let newest = store.keys().newest();
    let old: Vec<u32> = store.keys().ids().into_iter().filter(|id| *id < newest).collect();
    let mut file = read(&config.key_file)?;
    file.remove(&old);
    write(&config.key_file, &file)?;
    note(&store, "keys.retire", newest, u64::try_from(old.len()).unwrap_or(u64::MAX))?;
    tell(json, &json!({ "retired": old }), || format!("{} keys retired", old.len()))
}

/// Writes into the deployment's audit chain what was done to the keys.
fn note(store: &Store, action: &'static str, newest: u32, count: u64) -> Done {
    let by = actor();
    store.write_blocking(move |tx| {
        tx.audit(audit::Entry {
            company_id: audit::DEPLOYMENT,
            action,
            outcome: "ok".to_owned(),
            actor: by.clone(),
            customer_id: None,
            address: None,
            trace: None,
            detail: json!({ "newest": newest, "count": count }),
        });
        Ok::<_, custos_store::Error>(())
    })?;
    Ok(())
}
