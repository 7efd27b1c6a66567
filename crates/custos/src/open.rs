//! Opening what a configuration names.

use crate::config::{self, Config};
use custos_store::migrate::{self, State};
use custos_store::{Clock, Entropy, Keyring, Options, OsEntropy, Parts, Store, SystemClock};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a command finds its settings: `--data DIR` of the demo, or `--config FILE`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Source {
    /// The demo's directory
    #[arg(long, value_name = "DIR", conflicts_with = "config", global = true)]
    pub data: Option<PathBuf>,
    /// The configuration file
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// The demo's directory when none is named.
pub const DEFAULT_DATA: &str = "./custos-data";

impl Source {
    /// The settings. Without `--config` they are the demo's.
    ///
    /// # Errors
    /// Words for the operator.
    pub fn load(&self) -> Result<Config, String> {
        match &self.config {
            Some(path) => config::load(Some(path)),
            None => {
                let directory = self.data.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_DATA));
                demo(&directory)
            }
        }
    }
}

/// The demo's settings: all in one directory, overridden by the environment.
fn demo(directory: &Path) -> Result<Config, String> {
    let mut config = config::load(None)?;
    let absolute = std::path::absolute(directory).map_err(|error| error.to_string())?;
    if config.database_url.is_empty() {
        config.database_url = format!("sqlite://{}", absolute.join("custos.db").display());
    }
    if config.key_file.as_os_str().is_empty() {
        config.key_file = absolute.join("keys.toml");
    }
    config.dev_mailbox = config.smtp_url.is_empty() || config.sms_url.is_empty();
    Ok(config)
}

/// Writes a new key file that only its owner can read.
///
/// # Errors
/// It is there already, or can't be written.
pub fn new_key_file(path: &Path) -> Result<(), String> {
    let text = Keyring::generate(&OsEntropy).map_err(|error| error.to_string())?;
    let told = |error: std::io::Error| format!("{} can't be written: {error}", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(told)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(told)
}

/// The keys of a deployment.
///
/// # Errors
/// The file can't be read, or is none.
pub fn keys(config: &Config) -> Result<Keyring, String> {
    let path = &config.key_file;
    let text = std::fs::read_to_string(path)
        .map(zeroize::Zeroizing::new)
        .map_err(|error| format!("key_file {} can't be read: {error}", path.display()))?;
    Keyring::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Time and randomness, handed in so that tests move the clock.
#[derive(Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes secrets.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for World {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy) }
    }
}

/// Opens the store. `node` is this process's number.
///
/// # Errors
/// Words for the operator.
pub fn store(config: &Config, world: &World, node: u16) -> Result<Store, String> {
    let parts = Parts {
        clock: Arc::clone(&world.clock),
        entropy: Arc::clone(&world.entropy),
        keys: Arc::new(keys(config)?),
    };
    let options = Options { url: config.database()?, node, pg_threads: config.database_connections };
    Store::open(options, parts).map_err(|error| error.to_string())
}

/// Opens the store for a command that runs beside a server, and makes sure that the schema is this program's.
///
/// # Errors
/// Words for the operator.
pub fn command_store(source: &Source) -> Result<(Config, Store), String> {
    let config = source.load()?;
    let store = store(&config, &World::default(), Options::COMMAND)?;
    match migrate::state(&store).map_err(|error| error.to_string())? {
        State::Current => Ok((config, store)),
        State::Behind(missing) => {
            Err(format!("the database lacks {missing} migrations: run `custos migrate` first"))
        }
        State::Newer(version) => Err(format!(
            "the database has schema version {version}, newer than this program: use a newer one"
        )),
        State::Altered(version) => Err(format!("schema version {version} is not this program's")),
    }
}
