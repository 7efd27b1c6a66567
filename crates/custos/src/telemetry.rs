//! Logs to standard error, structured; and traces by OTLP where the program was built with them.

use crate::config::Config;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// What must be ended so that nothing told is lost.
#[derive(Debug, Default)]
pub(crate) struct Telemetry {
    #[cfg(feature = "otlp")]
    traces: Option<crate::otlp::Traces>,
}

impl Telemetry {
    /// Sends what waits.
    pub(crate) fn flush(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.end();
        }
    }
}

/// Starts logging as the configuration says. A second call keeps the first one's subscriber: tests start several
/// servers in one process.
///
/// # Errors
/// The filter can't be read, or traces are asked for that this program can't send.
pub(crate) fn start(config: &Config) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| format!("log: {error}"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if config.log_format == "json" {
        lines.json().flatten_event(true).with_filter(filter).boxed()
    } else {
        lines.compact().with_filter(filter).boxed()
    };
    let (layers, telemetry) = with_traces(config, vec![lines])?;
    // Someone has set a subscriber already.
    let _ = tracing_subscriber::registry().with(layers).try_init();
    Ok(telemetry)
}

type Layers = Vec<Box<dyn Layer<Registry> + Send + Sync>>;

#[cfg(feature = "otlp")]
fn with_traces(config: &Config, mut layers: Layers) -> Result<(Layers, Telemetry), String> {
    if config.otlp_url.is_empty() {
        return Ok((layers, Telemetry::default()));
    }
    let (layer, traces) = crate::otlp::start(&config.otlp_url)?;
    layers.push(layer);
    Ok((layers, Telemetry { traces: Some(traces) }))
}

#[cfg(not(feature = "otlp"))]
fn with_traces(config: &Config, layers: Layers) -> Result<(Layers, Telemetry), String> {
    if config.otlp_url.is_empty() {
        return Ok((layers, Telemetry::default()));
    }
    Err("otlp_url is set, but this program was built without traces: build it with --features otlp"
        .to_owned())
}
