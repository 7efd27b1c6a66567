//! `custos keys`.

use super::out::{Done, Failure, fields, tell};
use crate::open::{self, Source};
use serde_json::json;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Write a new key file that only its owner can read
    New {
        /// Where; an existing file is left alone
        file: PathBuf,
    },
    /// Show which keys the key file holds, never the keys
    Status,
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
    }
}

fn status(source: &Source, json: bool) -> Done {
    let config = source.load()?;
    if config.key_file.as_os_str().is_empty() {
        return Err(Failure::Said("key_file is not set; `custos keys new FILE` makes one".to_owned()));
    }
    let keys = open::keys(&config)?;
    let (ids, newest) = (keys.ids(), keys.newest());
    let standby: Vec<u32> = ids.iter().copied().filter(|id| *id > newest).collect();
    let mode = std::fs::metadata(&config.key_file).map_or(0, |meta| meta.mode() & 0o777);
    let mode = format!("{mode:03o}");
    let value =
        json!({ "file": config.key_file, "mode": mode, "ids": ids, "newest": newest, "standby": standby });
    tell(json, &value, || {
        let listed = |ids: &[u32]| match ids {
            [] => "-".to_owned(),
            ids => ids.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
        };
        fields(&[
            ("file", config.key_file.display().to_string()),
            ("mode", mode.clone()),
            ("keys", listed(&ids)),
            ("newest", format!("{newest}, which seals; older ones only open")),
            ("standing by", listed(&standby)),
        ])
    })
}
