//! `custos config`.

use super::out::{Done, Failure, say, tell};
use crate::config::{Config, SECRETS, masked_url};
use crate::open::Source;
use crate::server;
use custos_gateway::Quotas;
use custos_gateway::client_address::{ForwardHeader, TrustedProxies};
use custos_gateway::cors::Cors;
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
    let proxies = TrustedProxies::parse(&config.trusted_proxies, ForwardHeader::XForwardedFor);
    let cors = Cors::new(&config.cors_origins);
    let header = config.forward_header.to_ascii_lowercase();
    [
        server::sinks(config, None, false).err(),
        proxies.err().map(|error| format!("trusted_proxies: {error}")),
        cors.err().map(|error| format!("cors_origins: {error}")),
        (header != "x-forwarded-for" && header != "forwarded")
            .then(|| "forward_header is x-forwarded-for or forwarded".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn print(source: &Source, json: bool) -> Done {
    let settings = masked(effective(&source.load()?));
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
            *url = masked_url(url);
        }
    }
    settings
}

/// Every setting by its key. That none is left out is the compiler's to see: `..` is not written here.
fn effective(config: &Config) -> Table {
    let Config {
        listen,
        metrics_listen,
        public_url,
        database_url,
        database_connections,
        node,
        key_file,
        smtp_url,
        smtp_from,
        sms_url,
        telegram_api_url,
        dev_mailbox,
        tls_certificate,
        tls_key,
        trusted_proxies,
        forward_header,
        country_header,
        geoip_file,
        cors_origins,
        request_timeout_seconds,
        shutdown_seconds,
        max_connections,
        hash_threads,
        hash_queue,
        hash_memory_kib,
        hash_iterations,
        log,
        log_format,
        limits,
    } = config;
    let text = |text: &String| Value::String(text.clone());
    let path = |path: &std::path::PathBuf| Value::String(path.display().to_string());
    let list = |items: &[String]| Value::Array(items.iter().map(text).collect());
    let pairs = [
        ("listen", text(listen)),
        ("metrics_listen", text(metrics_listen)),
        ("public_url", text(public_url)),
        ("database_url", text(database_url)),
        ("database_connections", number(*database_connections)),
        ("node", number(*node)),
        ("key_file", path(key_file)),
        ("smtp_url", text(smtp_url)),
        ("smtp_from", text(smtp_from)),
        ("sms_url", text(sms_url)),
        ("telegram_api_url", text(telegram_api_url)),
        ("dev_mailbox", Value::Boolean(*dev_mailbox)),
        ("tls_certificate", path(tls_certificate)),
        ("tls_key", path(tls_key)),
        ("trusted_proxies", list(trusted_proxies)),
        ("forward_header", text(forward_header)),
        ("country_header", text(country_header)),
        ("geoip_file", path(geoip_file)),
        ("cors_origins", list(cors_origins)),
        ("request_timeout_seconds", number(*request_timeout_seconds)),
        ("shutdown_seconds", number(*shutdown_seconds)),
        ("max_connections", number(*max_connections)),
        ("hash_threads", number(*hash_threads)),
        ("hash_queue", number(*hash_queue)),
        ("hash_memory_kib", number(*hash_memory_kib)),
        ("hash_iterations", number(*hash_iterations)),
        ("log", text(log)),
        ("log_format", text(log_format)),
        ("limits", quotas(limits)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn quotas(limits: &Quotas) -> Value {
    let Quotas { read, write, sign_in, send, customer, flood } = *limits;
    let pairs = [
        ("read", read),
        ("write", write),
        ("sign_in", sign_in),
        ("send", send),
        ("customer", customer),
        ("flood", flood),
    ];
    Value::Table(pairs.into_iter().map(|(key, quota)| (key.to_owned(), number(quota))).collect())
}

fn number(value: impl TryInto<i64>) -> Value {
    Value::Integer(value.try_into().unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn what_is_printed_is_the_same_configuration() {
        let file =
            "listen = \"[::1]:1\"\ncors_origins = [\"https://a.example\"]\nnode = 3\n[limits]\nread = 7";
        let config = config::parse(Some(file), std::iter::empty()).unwrap();
        let printed = toml::to_string(&effective(&config)).unwrap();
        let again = config::parse(Some(&printed), std::iter::empty()).unwrap();
        assert_eq!(format!("{again:?}"), format!("{config:?}"));
    }

    #[test]
    fn passwords_are_hidden() {
        let file = "database_url = \"postgres://u:geheim@h/d\"\nsmtp_url = \"smtp://u:geheim@h\"\n\
                    sms_url = \"https://u:geheim@h/?token=geheim\"";
        let config = config::parse(Some(file), std::iter::empty()).unwrap();
        let printed = toml::to_string(&masked(effective(&config))).unwrap();
        assert!(!printed.contains("geheim") && printed.contains("postgres://u:***@h/d"), "{printed}");
    }

    #[test]
    fn what_keeps_a_server_from_starting_is_named() {
        let file =
            "trusted_proxies = [\"x\"]\ncors_origins = [\"*\"]\nforward_header = \"via\"\nsmtp_url = \"x\"";
        let told = unusable_settings(&config::parse(Some(file), std::iter::empty()).unwrap()).join("\n");
        for key in ["trusted_proxies", "cors_origins", "forward_header", "smtp_url"] {
            assert!(told.contains(key), "{key}: {told}");
        }
    }
}
