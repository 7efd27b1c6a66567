//! `demo`, `serve`, `migrate`.

use crate::config::Config;
use crate::open::{self, DEFAULT_DATA, Source, World};
use crate::server::{Manner, Server};
use crate::telemetry;
use custos_store::Options;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serve customers in production.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Bring the database's schema up to date first
    #[arg(long)]
    migrate: bool,
}

impl Serve {
    pub(super) fn run(&self, source: &Source) -> Result<(), String> {
        let Some(file) = &source.config else {
            return Err("`custos serve` needs --config FILE; to try things out, `custos demo`".to_owned());
        };
        let config = source.load()?;
        let problems = config.unsafe_settings(Some(file));
        if !problems.is_empty() {
            return Err(format!("will not serve with unsafe settings:\n  - {}", problems.join("\n  - ")));
        }
        let telemetry = telemetry::start(&config)?;
        let done = run(&config, Manner { migrate: self.migrate, ..Manner::default() });
        telemetry.flush();
        done
    }
}

/// Runs everything in one directory.
pub(super) fn demo(source: &Source, sample: bool) -> Result<(), String> {
    if source.config.is_some() {
        return Err("`custos demo` takes --data DIR; with a configuration, `custos serve`".to_owned());
    }
    let directory = source.data.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_DATA));
    make_directory(&directory)?;
    let mut config = source.load()?;
    if std::env::var_os("CUSTOS_LOG").is_none() {
        config.log = "warn".to_owned();
    }
    if std::env::var_os("CUSTOS_LOG_FORMAT").is_none() {
        config.log_format = "pretty".to_owned();
    }
    if !config.key_file.exists() {
        open::new_key_file(&config.key_file)?;
    }
    let telemetry = telemetry::start(&config)?;
    if sample {
        crate::sample::fill(&config)?;
    }
    let done = run(&config, Manner { world: World::default(), migrate: true, demo: true });
    telemetry.flush();
    done
}

fn make_directory(directory: &Path) -> Result<(), String> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| format!("{} can't be made: {error}", directory.display()))
}

fn run(config: &Config, manner: Manner) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let demo = manner.demo;
        // Before anything says that the server is there: whoever reads that may ask it to stop at once.
        let mut stop = Stop::listen().map_err(|error| error.to_string())?;
        let server = Server::start(config, manner).await?;
        announce(config, &server, demo);
        stop.asked_for().await;
        tracing::info!("stopping");
        server.stop().await;
        Ok(())
    })
}

/// The signals that ask the program to end.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked_for(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn announce(config: &Config, server: &Server, demo: bool) {
    let scheme = if config.tls_certificate.as_os_str().is_empty() { "http" } else { "https" };
    let base = format!("{scheme}://{}", server.address);
    println!("listening on {base}");
    if let Some(metrics) = server.metrics_address {
        println!("metrics on http://{metrics}/metrics");
    }
    if !demo {
        return;
    }
    println!("\n  API reference   {base}/docs");
    if config.dev_mailbox {
        println!("  mailbox         {base}/dev/mailbox");
    }
    println!("\nA first call:\n");
    println!(
        "  curl -s {base}/api/global/message.app.VerificationApiService.verifyCodeSend \\\n    \
         -H 'companyId: 1' -H 'trace: t1' -H 'lang: en-US' \\\n    \
         -d '{{\"bizType\":\"EMAIL_REGISTER_VERIFICATION_CODE\",\"toUser\":\"ann@example.com\"}}'\n"
    );
}

/// Brings the database's schema up to date.
pub(super) fn migrate(source: &Source, json: bool) -> Result<(), String> {
    let config = source.load()?;
    let store = open::store(&config, &World::default(), Options::COMMAND)?;
    let applied = custos_store::migrate::migrate(&store).map_err(|error| error.to_string())?;
    if json {
        println!("{}", serde_json::json!({ "applied": applied }));
    } else if applied.is_empty() {
        println!("the database is up to date");
    } else {
        applied.iter().for_each(|name| println!("applied {name}"));
    }
    Ok(())
}
