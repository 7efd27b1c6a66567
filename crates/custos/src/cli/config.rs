//! `custos config`.

use super::out::{Done, Failure, say, tell};
use crate::config::{self, Config, SECRETS};
use crate::open::Source;
use crate::server;
use serde_json::json;
use toml::{Table, Value};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Say what is wrong or unsafe about the settings; with --config, as `custos serve` would
    Check,
    /// Show all settings as they are in effect, with passwords hidden
    Print,
}

pub(super) fn run(command: &Command, source: &Source, json: bool) -> Done {
    match command {
        Command::Check => check(source, json),
        Command::Print => print(source, json),
    }
}

fn check(source: &Source, json: bool) -> Done {
    let config = source.load()?;
    let mut problems = match &source.config {
        Some(file) => config.unsafe_settings(Some(file)),
        // The demo is unsafe on purpose.
        None => config.database().err().into_iter().collect(),
    };
    problems.extend(unusable_settings(&config));
    tell(json, &json!({ "ok": problems.is_empty(), "problems": problems }), || {
        if problems.is_empty() {
            "the settings are sound".to_owned()
        } else {
            format!("wrong or unsafe settings:\n  - {}", problems.join("\n  - "))
        }
    })?;
    if problems.is_empty() { Ok(()) } else { Err(Failure::Told) }
}

/// What keeps a server from starting.
fn unusable_settings(config: &Config) -> Vec<String> {
    [
        server::sinks(config, None, false).err(),
        server::setup(config).err(),
        server::geoip(config).err(),
        server::wallet(config).err(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn print(source: &Source, json: bool) -> Done {
    let settings = masked(effective(&source.load()?)?);
    if json {
        let value = serde_json::to_value(&settings).map_err(|error| Failure::Said(error.to_string()))?;
        say(&value.to_string())
    } else {
        let text = toml::to_string(&settings).map_err(|error| Failure::Said(error.to_string()))?;
        say(text.trim_end())
    }
}

/// The settings without the passwords in them.
fn masked(mut settings: Table) -> Table {
    for key in SECRETS {
        if let Some(Value::String(url)) = settings.get_mut(key) {
            *url = config::masked(key, url);
        }
    }
    settings
}

/// Every setting by its key.
fn effective(config: &Config) -> Result<Table, String> {
    Table::try_from(config).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_the_same_configuration() {
        let file =
            "listen = \"[::1]:1\"\ncors_origins = [\"https://a.example\"]\nnode = 3\n[limits]\nread = 7";
        let config = config::parse(Some(file), std::iter::empty()).unwrap();
        let printed = toml::to_string(&effective(&config).unwrap()).unwrap();
        let again = config::parse(Some(&printed), std::iter::empty()).unwrap();
        assert_eq!(format!("{again:?}"), format!("{config:?}"));
    }

    #[test]
    fn passwords_are_hidden() {
        let file = "database_url = \"postgres://u:geheim@h/d\"\nsmtp_url = \"smtp://u:geheim@h\"\n\
                    sms_url = \"https://u:geheim@h/?token=geheim\"";
        let config = config::parse(Some(file), std::iter::empty()).unwrap();
        let printed = toml::to_string(&masked(effective(&config).unwrap())).unwrap();
        assert!(!printed.contains("geheim") && printed.contains("postgres://u:***@h/d"), "{printed}");
    }

    #[test]
    fn what_keeps_a_server_from_starting_is_named() {
        let file = "cors_origins = [\"*\"]\ngeoip_file = \"/nowhere\"\nsmtp_url = \"x\"\n\
                    wallet_timeout_ms = 3001";
        let told = unusable_settings(&config::parse(Some(file), std::iter::empty()).unwrap()).join("\n");
        for key in ["cors_origins", "geoip_file", "smtp_url", "wallet_timeout_ms"] {
            assert!(told.contains(key), "{key}: {told}");
        }
    }
}
