//! Configuration: a TOML file, overridden by `CUSTOS_*` variables. One flat list of keys, so that each has a variable.

use custos_gateway::Quotas;
use custos_store::DatabaseUrl;
use serde::{Deserialize, Serialize};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// All settings of a deployment, with their defaults.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where clients call.
    pub listen: String,
    /// Where customers reach this server, for links in messages; the address listened on when empty.
    pub public_url: String,
    /// Where metrics are told; empty for nowhere.
    pub metrics_listen: String,
    /// `sqlite:///var/lib/custos/custos.db` or `postgres://user:password@host/database`.
    pub database_url: String,
    /// PostgreSQL connections.
    pub database_connections: usize,
    /// This process among those that share the database, 0 to 30.
    pub node: u16,
    /// The file with the keys, readable by the server only.
    pub key_file: PathBuf,
    /// `smtp://`, `smtps://`.
    pub smtp_url: String,
    /// The sender of mails.
    pub smtp_from: String,
    /// An HTTP address for text messages, or `twilio://`, `vonage://`.
    pub sms_url: String,
    /// Where Telegram's Bot API is.
    pub telegram_api_url: String,
    /// Where an OpenTelemetry collector takes traces (OTLP over HTTP); empty for nowhere. Needs the feature `otlp`.
    pub otlp_url: String,
    /// Keep mails and text messages in memory and show them at `/dev/mailbox`; the demo's way.
    pub dev_mailbox: bool,
    /// The certificate chain, PEM.
    pub tls_certificate: PathBuf,
    /// Its key, PEM.
    pub tls_key: PathBuf,
    /// Addresses or networks whose word is believed about a client's address.
    pub trusted_proxies: Vec<String>,
    /// `x-forwarded-for` or `forwarded`: the one that the proxy writes.
    pub forward_header: String,
    /// The header by which such a proxy names the client's country.
    pub country_header: String,
    /// A MaxMind-format file of countries.
    pub geoip_file: PathBuf,
    /// Origins whose pages may call, such as `https://app.example.com`.
    pub cors_origins: Vec<String>,
    /// Milliseconds that a company's wallet system may take to answer, at most 3000.
    pub wallet_timeout_ms: u64,
    /// Addresses or networks that are not public, and where such a system may be all the same.
    pub wallet_networks: Vec<String>,
    /// Where customers' files lie: a directory, or `s3://KEY:SECRET@HOST/BUCKET?region=REGION`; beside the SQLite database
    /// when empty.
    pub files_url: String,
    /// Where a virus scanner (clamd) listens, `host:port`; empty for none.
    pub clamd: String,
    /// Addresses or networks that are not public, and where events may be sent all the same.
    pub webhook_networks: Vec<String>,
    /// NATS servers that events are pushed to: `nats://HOST:PORT` or `tls://HOST:PORT`, by commas; empty for none.
    pub nats_url: String,
    /// The file with the credentials for them, readable by the server only.
    pub nats_credentials_file: PathBuf,
    /// The credentials themselves, meant for the variable.
    pub nats_credentials: String,
    /// The certificates, PEM, that theirs are signed with; those of the system when empty.
    pub nats_ca_file: PathBuf,
    /// The stream of JetStream that takes events.
    pub nats_stream: String,
    /// What the subjects of events begin with.
    pub nats_subject_prefix: String,
    /// Make the stream when it is missing.
    pub nats_stream_create: bool,
    /// Seconds that a body may take to arrive, and an operation to answer.
    pub request_timeout_seconds: u64,
    /// Seconds that a stop waits for what runs.
    pub shutdown_seconds: u64,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once of one host that is no trusted proxy.
    pub max_connections_of_host: usize,
    /// Threads that hash passwords; 0 for one a core.
    pub hash_threads: usize,
    /// Password hashes that may wait; more are told to come again.
    pub hash_queue: usize,
    /// Argon2id's memory in KiB.
    pub hash_memory_kib: u32,
    /// Argon2id's iterations.
    pub hash_iterations: u32,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter.
    pub log: String,
    /// `json` or `pretty`.
    pub log_format: String,
    /// Calls a minute, by class.
    pub limits: Quotas,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            metrics_listen: "127.0.0.1:9090".to_owned(),
            database_url: String::new(),
            database_connections: 12,
            node: 0,
            key_file: PathBuf::new(),
            smtp_url: String::new(),
            smtp_from: String::new(),
            sms_url: String::new(),
            telegram_api_url: custos_delivery::telegram::DEFAULT_BASE_URL.to_owned(),
            otlp_url: String::new(),
            dev_mailbox: false,
            tls_certificate: PathBuf::new(),
            tls_key: PathBuf::new(),
            trusted_proxies: Vec::new(),
            forward_header: "x-forwarded-for".to_owned(),
            country_header: String::new(),
            geoip_file: PathBuf::new(),
            cors_origins: Vec::new(),
            wallet_timeout_ms: 3_000,
            wallet_networks: Vec::new(),
            files_url: String::new(),
            clamd: String::new(),
            webhook_networks: Vec::new(),
            nats_url: String::new(),
            nats_credentials_file: PathBuf::new(),
            nats_credentials: String::new(),
            nats_ca_file: PathBuf::new(),
            nats_stream: "CUSTOS_EVENTS".to_owned(),
            nats_subject_prefix: "custos.events".to_owned(),
            nats_stream_create: false,
            request_timeout_seconds: 30,
            shutdown_seconds: 20,
            max_connections: 10_000,
            max_connections_of_host: 2_000,
            hash_threads: 0,
            hash_queue: 256,
            hash_memory_kib: 19 * 1024,
            hash_iterations: 2,
            log: "info".to_owned(),
            log_format: "json".to_owned(),
            limits: Quotas::default(),
        }
    }
}

/// How a variable's text becomes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Flag,
    List,
    Table,
}

/// Every key. The test below holds it against the struct.
const KEYS: &[(&str, Kind)] = &[
    ("listen", Kind::Text),
    ("public_url", Kind::Text),
    ("metrics_listen", Kind::Text),
    ("database_url", Kind::Text),
    ("database_connections", Kind::Number),
    ("node", Kind::Number),
    ("key_file", Kind::Text),
    ("smtp_url", Kind::Text),
    ("smtp_from", Kind::Text),
    ("sms_url", Kind::Text),
    ("telegram_api_url", Kind::Text),
    ("otlp_url", Kind::Text),
    ("dev_mailbox", Kind::Flag),
    ("tls_certificate", Kind::Text),
    ("tls_key", Kind::Text),
    ("trusted_proxies", Kind::List),
    ("forward_header", Kind::Text),
    ("country_header", Kind::Text),
    ("geoip_file", Kind::Text),
    ("cors_origins", Kind::List),
    ("wallet_timeout_ms", Kind::Number),
    ("wallet_networks", Kind::List),
    ("files_url", Kind::Text),
    ("clamd", Kind::Text),
    ("webhook_networks", Kind::List),
    ("nats_url", Kind::Text),
    ("nats_credentials_file", Kind::Text),
    ("nats_credentials", Kind::Text),
    ("nats_ca_file", Kind::Text),
    ("nats_stream", Kind::Text),
    ("nats_subject_prefix", Kind::Text),
    ("nats_stream_create", Kind::Flag),
    ("request_timeout_seconds", Kind::Number),
    ("shutdown_seconds", Kind::Number),
    ("max_connections", Kind::Number),
    ("max_connections_of_host", Kind::Number),
    ("hash_threads", Kind::Number),
    ("hash_queue", Kind::Number),
    ("hash_memory_kib", Kind::Number),
    ("hash_iterations", Kind::Number),
    ("log", Kind::Text),
    ("log_format", Kind::Text),
    ("limits", Kind::Table),
];

/// Keys whose values can hold a secret.
pub(crate) const SECRETS: [&str; 6] =
    ["database_url", "smtp_url", "sms_url", "files_url", "nats_url", "nats_credentials"];

const PREFIX: &str = "CUSTOS_";
/// Variables of our own tests, which are no settings.
const NOT_SETTINGS: [&str; 2] = ["CUSTOS_TEST_", "CUSTOS_BIN"];

fn nearest(key: &str) -> Option<&'static str> {
    KEYS.iter()
        .map(|(known, _)| (strsim::damerau_levenshtein(key, known), *known))
        .min()
        .filter(|(distance, _)| *distance <= 4)
        .map(|(_, known)| known)
}

fn unknown(what: &str, key: &str, show: impl Fn(&str) -> String) -> String {
    match nearest(key) {
        Some(known) => format!("unknown {what} {}; did you mean {}?", show(key), show(known)),
        None => format!("unknown {what} {}; `custos config print` shows all", show(key)),
    }
}

/// The text of a file and the environment made into a configuration.
///
/// # Errors
/// Words for the operator, without a secret in them.
pub fn parse(
    file: Option<&str>,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Config, String> {
    let mut table = match file {
        None => toml::Table::new(),
        Some(text) => {
            toml::from_str::<toml::Table>(text).map_err(|error| format!("not TOML: {}", error.message()))?
        }
    };
    if let Some(key) = table.keys().find(|key| !KEYS.iter().any(|(known, _)| known == key)) {
        return Err(unknown("key", key, |key| format!("`{key}`")));
    }
    for (name, text) in environment {
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        if NOT_SETTINGS.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let key = key.to_lowercase();
        let Some((known, kind)) = KEYS.iter().find(|(known, _)| *known == key) else {
            return Err(unknown("variable", &key, |key| format!("{PREFIX}{}", key.to_uppercase())));
        };
        table.insert((*known).to_owned(), value(&name, &text, *kind)?);
    }
    // A wrong value could be a secret in the wrong place: only where it is, not what it is.
    toml::Value::Table(table).try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

fn value(name: &str, text: &str, kind: Kind) -> Result<toml::Value, String> {
    let number =
        || text.parse::<i64>().map(toml::Value::Integer).map_err(|_| format!("{name} is a whole number"));
    match kind {
        Kind::Text => Ok(toml::Value::String(text.to_owned())),
        Kind::Number => number(),
        Kind::Flag => {
            text.parse::<bool>().map(toml::Value::Boolean).map_err(|_| format!("{name} is true or false"))
        }
        Kind::List => Ok(toml::Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| toml::Value::String(item.to_owned()))
                .collect(),
        )),
        Kind::Table => toml::from_str::<toml::Table>(&format!("value = {text}"))
            .ok()
            .and_then(|mut table| table.remove("value"))
            .ok_or_else(|| format!("{name} is an inline table, such as {{ read = 600 }}")),
    }
}

/// Reads the configuration file and the environment.
///
/// # Errors
/// Words for the operator.
pub fn load(file: Option<&Path>) -> Result<Config, String> {
    let text = match file {
        None => None,
        Some(path) => Some(
            std::fs::read_to_string(path)
                .map_err(|error| format!("{} can't be read: {error}", path.display()))?,
        ),
    };
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    parse(text.as_deref(), environment).map_err(|error| match file {
        Some(path) => format!("{}: {error}", path.display()),
        None => error,
    })
}

impl Config {
    /// The database's address.
    ///
    /// # Errors
    /// Words for the operator.
    pub fn database(&self) -> Result<DatabaseUrl, String> {
        if self.database_url.is_empty() {
            return Err(
                "database_url is not set: sqlite:///var/lib/custos/custos.db or postgres://…".to_owned()
            );
        }
        self.database_url.parse().map_err(|error| format!("database_url: {error}"))
    }

    /// What is unsafe about serving with these settings, each with its mend.
    #[must_use]
    pub fn unsafe_settings(&self, file: Option<&Path>) -> Vec<String> {
        let mut all = Vec::new();
        if self.key_file.as_os_str().is_empty() {
            all.push(
                "no key_file: secrets could not be sealed. `custos keys new FILE` makes one; set key_file to it"
                    .to_owned(),
            );
        } else if let Some(problem) = exposure(&self.key_file) {
            all.push(format!("key_file {problem}"));
        }
        if let Some(path) = file
            && self.has_plain_secrets()
            && let Some(problem) = exposure(path)
        {
            all.push(format!("the configuration holds a password and {problem}"));
        }
        if !self.nats_credentials_file.as_os_str().is_empty()
            && let Some(problem) = exposure(&self.nats_credentials_file)
        {
            all.push(format!("nats_credentials_file {problem}"));
        }
        if self.dev_mailbox {
            all.push("dev_mailbox is on: codes would be shown instead of sent. Remove it".to_owned());
        }
        if self.smtp_url.is_empty() {
            all.push("no smtp_url: mails would go nowhere. Set it to your mail server's address".to_owned());
        }
        if self.public_url.is_empty() {
            all.push(
                "no public_url: links in messages would lead nowhere. Set it to where customers reach you"
                    .to_owned(),
            );
        }
        if !self.tls_key.as_os_str().is_empty()
            && let Some(problem) = exposure(&self.tls_key)
        {
            all.push(format!("tls_key {problem}"));
        }
        if let Err(problem) = self.database() {
            all.push(problem);
        }
        if self.node > 30 {
            all.push("node is a number from 0 to 30, another one for each process on a database".to_owned());
        }
        all
    }

    /// Whether a URL carries a password.
    fn has_plain_secrets(&self) -> bool {
        [&self.database_url, &self.smtp_url, &self.sms_url, &self.files_url]
            .iter()
            .any(|url| masked_url(url) != **url)
            || !self.nats_credentials.is_empty()
    }
}

/// What is wrong about who can read a file.
fn exposure(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Err(error) => Some(format!("{} can't be read: {error}", path.display())),
        Ok(meta) if meta.mode() & 0o077 != 0 => Some(format!(
            "{} can be read by others (mode {:03o}): chmod 600 {}",
            path.display(),
            meta.mode() & 0o777,
            path.display()
        )),
        Ok(_) => None,
    }
}

/// The value of one of [`SECRETS`] as it may be shown.
pub(crate) fn masked(key: &str, value: &str) -> String {
    match key {
        "nats_credentials" if !value.is_empty() => "***".to_owned(),
        // Serving refuses such an address; what comes before the @ may be a token.
        "nats_url" if value.contains('@') => "***".to_owned(),
        _ => masked_url(value),
    }
}

/// A URL with its password and query values hidden.
#[must_use]
pub fn masked_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (main, query) = rest.split_once('?').map_or((rest, None), |(main, query)| (main, Some(query)));
    let main = match main.rsplit_once('@') {
        None => main.to_owned(),
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{host}"),
            None => format!("{user}@{host}"),
        },
    };
    let query = query.map(|query| {
        let hidden: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                // Whatever a provider calls its key, it is not shown; these are our own parameters.
                Some((name, _))
                    if !["tls", "from", "hello", "base_url", "sslmode", "region", "plain"]
                        .contains(&name) =>
                {
                    format!("{name}=***")
                }
                _ => pair.to_owned(),
            })
            .collect();
        format!("?{}", hidden.join("&"))
    });
    format!("{scheme}://{main}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        parse(Some(file), variables)
    }

    #[test]
    fn variables_override_the_file() {
        let config = with(
            "listen = \"a:1\"\nnode = 3",
            &[
                ("CUSTOS_LISTEN", "b:2"),
                ("CUSTOS_TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16"),
                ("CUSTOS_TEST_PG_URL", "not a setting"),
                ("PATH", "/bin"),
            ],
        )
        .unwrap();
        assert_eq!(config.listen, "b:2");
        assert_eq!(config.node, 3);
        assert_eq!(config.trusted_proxies, ["10.0.0.1", "10.1.0.0/16"]);
    }

    #[test]
    fn unknown_keys_suggest_the_nearest() {
        assert!(with("smpt_url = \"x\"", &[]).unwrap_err().contains("`smtp_url`"));
        assert!(with("", &[("CUSTOS_SMPT_URL", "x")]).unwrap_err().contains("CUSTOS_SMTP_URL"));
        assert!(with("[limits]\nreed = 1", &[]).unwrap_err().contains("read"));
    }

    #[test]
    fn every_key_of_the_struct_has_a_variable_and_the_other_way_round() {
        let shown = format!("{:?}", Config::default());
        for (key, kind) in KEYS {
            assert!(shown.contains(&format!("{key}: ")), "{key}");
            if *kind == Kind::Number {
                assert!(with("", &[(&format!("CUSTOS_{}", key.to_uppercase()), "7")]).is_ok(), "{key}");
            }
        }
        let told = with("zzzzzzzzzz = 1", &[]).unwrap_err();
        assert!(told.contains("config print"), "{told}");
        // serde names the fields that it knows in this error; each must be in the list.
        let error = toml::from_str::<Config>("zzz = 1").unwrap_err().to_string();
        for field in error.split('`').skip(3).step_by(2) {
            assert!(KEYS.iter().any(|(key, _)| *key == field), "{field}");
        }
    }

    #[test]
    fn passwords_in_urls_are_hidden() {
        assert_eq!(masked_url("postgres://u:secret@h/d"), "postgres://u:***@h/d");
        assert_eq!(masked_url("smtp://u:s@e:c@h:25?tls=none"), "smtp://u:***@h:25?tls=none");
        assert_eq!(masked_url("https://h/x?api_key=abc&tls=none"), "https://h/x?api_key=***&tls=none");
        assert_eq!(masked_url("sqlite:///x.db"), "sqlite:///x.db");
        assert_eq!(masked("nats_url", "nats://a:1,nats://b:2"), "nats://a:1,nats://b:2");
        assert_eq!(masked("nats_url", "nats://secret@a:1"), "***");
        assert_eq!(masked("nats_credentials", "user:secret"), "***");
        assert_eq!(masked("nats_credentials", ""), "");
    }

    #[test]
    fn serving_names_each_unsafe_setting() {
        let told = with("dev_mailbox = true", &[]).unwrap().unsafe_settings(None);
        for word in ["key_file", "dev_mailbox", "smtp_url", "database_url"] {
            assert!(told.iter().any(|line| line.contains(word)), "{word}");
        }
    }
}
