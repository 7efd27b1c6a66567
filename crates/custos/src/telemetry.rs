//! Logs: structured, to standard error.

use crate::config::Config;
use tracing_subscriber::EnvFilter;

/// Starts logging as the configuration says. A second call is ignored: tests start several servers in one process.
///
/// # Errors
/// The filter can't be read.
pub(crate) fn start(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| format!("log: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if config.log_format == "json" {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.compact().try_init()
    };
    // Someone has set a subscriber already.
    let _ = started;
    Ok(())
}
