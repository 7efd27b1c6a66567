//! The server: all parts put together, started, and stopped.

use crate::config::Config;
use crate::key_watch;
use crate::open::{self, World};
use crate::workers::{Sinks, Workers, nats_client};
use axum::Router;
use axum::http::HeaderName;
use custos_customers::geoip::GeoIp;
use custos_customers::hashing::{Hasher, HasherConfig, PasswordParams};
use custos_customers::phone;
use custos_delivery::outbox;
use custos_delivery::quotes::QuotesClient;
use custos_delivery::reach::Reach;
use custos_delivery::sms::SmsDriver;
use custos_delivery::smtp::SmtpMailer;
use custos_delivery::texts::Texts;
use custos_delivery::vault::Vault;
use custos_delivery::wallet::{LONGEST, WalletClient};
use custos_delivery::webhook::WebhookClient;
use custos_gateway::client_address::{ForwardHeader, Network, TrustedProxies};
use custos_gateway::cors::Cors;
use custos_gateway::health::{self, Probe, Refresh};
use custos_gateway::listener::{self, ListenConfig, Running, TlsFiles};
use custos_gateway::mailbox::{self, Mailbox};
use custos_gateway::{Gateway, Setup};
use custos_operations::api::Api;
use custos_operations::context::{App, CacheLimits};
use custos_operations::files::Files;
use custos_operations::outside::Outside;
use custos_store::migrate::{self, State};
use custos_store::{DatabaseUrl, Store};
use parking_lot::RwLock;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A delivery worker that has not looked at the outbox for so long is stuck.
const STUCK_MS: i64 = 120_000;

/// A server at work.
pub struct Server {
    /// Where clients call.
    pub address: SocketAddr,
    /// Where metrics are told.
    pub metrics_address: Option<SocketAddr>,
    gateway: Arc<Gateway>,
    running: Running,
    metrics: Option<Running>,
    workers: Arc<RwLock<Option<Workers>>>,
    store: Store,
    stopping: Arc<AtomicBool>,
    patience: Duration,
}

/// How the server is started.
#[derive(Clone, Default)]
pub struct Manner {
    /// Time and randomness.
    pub world: World,
    /// Apply missing migrations.
    pub migrate: bool,
    /// The demo: makes its company, prints its mailbox.
    pub demo: bool,
}

impl Server {
    /// Starts a server.
    ///
    /// # Errors
    /// Words for the operator.
    pub async fn start(config: &Config, manner: Manner) -> Result<Self, String> {
        let (own, demo) = (config.clone(), manner.demo);
        // Connecting and migrating block, and PostgreSQL's client runs a runtime of its own.
        let store = tokio::task::spawn_blocking(move || {
            let store = open::store(&own, &manner.world, own.node)?;
            bring_up_to_date(&store, manner.migrate)?;
            if demo {
                crate::demo_company::ensure(&store).map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(store)
        })
        .await
        .map_err(|error| error.to_string())??;
        store.follow_others().map_err(|error| error.to_string())?;
        let stopping = Arc::new(AtomicBool::new(false));
        // The first phone number costs a hundred times the next one.
        std::thread::spawn(phone::warm_up);

        let mut registry = Registry::default();
        let app = Arc::new(app(config, &store)?);
        registry.register(
            "custos_password_verifications",
            "Passwords compared with a stored hash",
            app.verifications.clone(),
        );
        app.outside.register(&mut registry);
        key_watch::start(&config.key_file, &app, &stopping).map_err(|error| error.to_string())?;
        let mailbox = config.dev_mailbox.then(|| Arc::new(Mailbox::default()));
        let sinks = sinks(config, mailbox.clone(), demo)?;
        let public_url = Arc::clone(&sinks.public_url);
        let listener = bind(&config.listen)?;
        // Set here and nowhere else, before a worker could need it.
        let base = base_url(config, &listener)?;
        app.files.set_base(&base);
        let _ = public_url.set(base);
        let workers = Workers::start(&app, sinks, &mut registry).map_err(|error| error.to_string())?;
        let workers = Arc::new(RwLock::new(Some(workers)));
        let refresh = gauges(&store, &app, &mut registry);
        let api = Api::new(app, &mut registry);
        let gateway = Arc::new(Gateway::new(api, Texts::builtin(), setup(config)?));

        let mut routes =
            custos_gateway::routes(Arc::clone(&gateway)).merge(health::routes(probe(&store, &workers)));
        if let Some(mailbox) = mailbox {
            routes = routes.merge(mailbox::routes(mailbox));
        }
        let running = listen(config, listener, true, routes).await?;
        let metrics = match config.metrics_listen.as_str() {
            "" => None,
            address => {
                let routes = health::metrics_routes(Arc::new(RwLock::new(registry)), refresh);
                Some(listen(config, bind(address)?, false, routes).await?)
            }
        };
        Ok(Self {
            address: running.address,
            metrics_address: metrics.as_ref().map(|metrics| metrics.address),
            gateway,
            running,
            metrics,
            workers,
            store,
            stopping,
            patience: Duration::from_secs(config.shutdown_seconds),
        })
    }

    /// The store underneath.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Stops accepting, lets what runs end within the deadline, lets messages that are being sent be sent.
    pub async fn stop(self) {
        self.gateway.drain();
        self.running.stop(self.patience).await;
        if let Some(metrics) = self.metrics {
            metrics.stop(Duration::from_secs(1)).await;
        }
        let workers = self.workers.write().take();
        if let Some(workers) = workers {
            // Joining threads would hold the runtime up.
            let _ = tokio::task::spawn_blocking(move || workers.stop()).await;
        }
        self.stopping.store(true, Ordering::SeqCst);
        self.store.close();
    }
}

pub(crate) fn bring_up_to_date(store: &Store, migrate: bool) -> Result<(), String> {
    let told = |error: custos_store::Error| error.to_string();
    if migrate {
        for name in migrate::migrate(store).map_err(told)? {
            tracing::info!(name, "migration applied");
        }
    }
    match migrate::state(store).map_err(told)? {
        State::Current => Ok(()),
        State::Behind(missing) => Err(format!(
            "the database lacks {missing} migrations: run `custos migrate`, or start with --migrate"
        )),
        State::Newer(version) => Err(format!(
            "the database has schema version {version}, newer than this program: use a newer one"
        )),
        State::Altered(version) => Err(format!("schema version {version} is not this program's")),
    }
}

/// Password hashing as it is configured.
pub(crate) fn hasher(config: &Config, store: &Store) -> Result<Hasher, String> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = if config.hash_threads == 0 { cores } else { config.hash_threads };
    let hashing = HasherConfig {
        threads,
        queue_limit: config.hash_queue,
        params: PasswordParams {
            memory_kib: config.hash_memory_kib,
            iterations: config.hash_iterations,
            ..PasswordParams::default()
        },
    };
    let peppers = key_watch::peppers(store)?;
    Hasher::new(hashing, peppers).map_err(|error| error.to_string())
}

pub(crate) fn app(config: &Config, store: &Store) -> Result<App, String> {
    let hasher = hasher(config, store)?;
    let geoip = geoip(config)?;
    let outside = Outside::new(wallet(config)?);
    let scanner = Some(config.clamd.clone()).filter(|address| !address.is_empty());
    let files = Files::new(vault(config)?, scanner);
    Ok(App::new(store.clone(), hasher, geoip, outside, files, CacheLimits::default()))
}

/// The way to companies' wallet systems.
///
/// # Errors
/// Words for the operator.
pub(crate) fn wallet(config: &Config) -> Result<WalletClient, String> {
    let timeout = Duration::from_millis(config.wallet_timeout_ms);
    if timeout.is_zero() || timeout > LONGEST {
        return Err(format!("wallet_timeout_ms is a number from 1 to {}", LONGEST.as_millis()));
    }
    Ok(WalletClient::new(timeout, reach("wallet_networks", &config.wallet_networks)?))
}

/// Public addresses, and those of the networks that a key names.
pub(crate) fn reach(key: &str, networks: &[String]) -> Result<Reach, String> {
    let networks = networks.iter().map(|text| Network::parse(text.trim()));
    let networks: Vec<Network> =
        networks.collect::<Result<_, _>>().map_err(|error| format!("{key}: {error}"))?;
    Ok(Reach::new(move |address| networks.iter().any(|network| network.contains(address))))
}

/// Where customers' files lie: where the configuration says, else beside the SQLite database.
///
/// # Errors
/// Words for the operator.
pub(crate) fn vault(config: &Config) -> Result<Option<Vault>, String> {
    if !config.files_url.is_empty() {
        return Vault::open(&config.files_url).map(Some).map_err(|error| error.to_string());
    }
    match config.database()? {
        DatabaseUrl::Sqlite(path) => Ok(Some(Vault::Disk(path.with_file_name("files")))),
        DatabaseUrl::Postgres(_) => Ok(None),
    }
}

/// The file of countries, when one is named.
///
/// # Errors
/// Words for the operator.
pub(crate) fn geoip(config: &Config) -> Result<Option<GeoIp>, String> {
    if config.geoip_file.as_os_str().is_empty() {
        return Ok(None);
    }
    GeoIp::open(&config.geoip_file).map(Some).map_err(|error| format!("geoip_file: {error}"))
}

/// The drivers that the configuration names.
///
/// # Errors
/// Words for the operator.
pub(crate) fn sinks(config: &Config, mailbox: Option<Arc<Mailbox>>, prints: bool) -> Result<Sinks, String> {
    let mail = match config.smtp_url.as_str() {
        "" => None,
        url => {
            let mailer = SmtpMailer::from_url(url).map_err(|error| format!("smtp_url: {error}"))?;
            Some(match config.smtp_from.as_str() {
                "" => mailer,
                from => mailer.with_from(from).map_err(|error| format!("smtp_from: {error}"))?,
            })
        }
    };
    let sms = match config.sms_url.as_str() {
        "" => None,
        url => Some(SmsDriver::from_url(url).map_err(|error| format!("sms_url: {error}"))?),
    };
    Ok(Sinks {
        mail,
        sms,
        mailbox,
        texts: Texts::builtin(),
        prints,
        public_url: Arc::default(),
        telegram_api_url: config.telegram_api_url.clone(),
        quotes: QuotesClient::new(reach("wallet_networks", &config.wallet_networks)?),
        webhooks: WebhookClient::new(reach("webhook_networks", &config.webhook_networks)?),
        nats: nats_client(config)?,
    })
}

/// Whose word about the client is taken.
fn proxies(config: &Config) -> Result<TrustedProxies, String> {
    let header = match config.forward_header.to_ascii_lowercase().as_str() {
        "x-forwarded-for" => ForwardHeader::XForwardedFor,
        "forwarded" => ForwardHeader::Forwarded,
        _ => return Err("forward_header is x-forwarded-for or forwarded".to_owned()),
    };
    TrustedProxies::parse(&config.trusted_proxies, header)
        .map_err(|error| format!("trusted_proxies: {error}"))
}

/// The front door's setup.
///
/// # Errors
/// Words for the operator.
pub(crate) fn setup(config: &Config) -> Result<Setup, String> {
    let country_header = match config.country_header.as_str() {
        "" => None,
        name => {
            Some(HeaderName::try_from(name).map_err(|_| "country_header is no header's name".to_owned())?)
        }
    };
    Ok(Setup {
        proxies: proxies(config)?,
        country_header,
        cors: Cors::new(&config.cors_origins).map_err(|error| format!("cors_origins: {error}"))?,
        quotas: config.limits,
        request_timeout: Duration::from_secs(config.request_timeout_seconds.max(1)),
    })
}

fn bind(address: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| format!("can't listen on {address}: {error}"))
}

/// Where customers reach this server.
fn base_url(config: &Config, listener: &TcpListener) -> Result<String, String> {
    if !config.public_url.is_empty() {
        return Ok(config.public_url.clone());
    }
    let scheme = if config.tls_certificate.as_os_str().is_empty() { "http" } else { "https" };
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok(format!("{scheme}://{address}"))
}

async fn listen(
    config: &Config,
    listener: TcpListener,
    public: bool,
    routes: Router,
) -> Result<Running, String> {
    let tls = (public && !config.tls_certificate.as_os_str().is_empty())
        .then(|| TlsFiles { certificate: config.tls_certificate.clone(), key: config.tls_key.clone() });
    let how = ListenConfig {
        tls,
        max_connections: config.max_connections,
        max_connections_of_host: config.max_connections_of_host,
        proxies: proxies(config)?,
        ..ListenConfig::new(listener)
    };
    listener::serve(how, routes).await.map_err(|error| error.to_string())
}

fn probe(store: &Store, workers: &Arc<RwLock<Option<Workers>>>) -> Probe {
    let (store, workers) = (store.clone(), Arc::clone(workers));
    Arc::new(move || {
        let (store, workers) = (store.clone(), Arc::clone(&workers));
        Box::pin(async move {
            let mut missing = Vec::new();
            if let Err(error) = store.ping().await {
                // The address is public: the story is for the log.
                tracing::error!(%error, "not ready");
                missing.push("database: it does not answer".to_owned());
            }
            let silence = workers.read().as_ref().map(Workers::silence_ms);
            if silence.is_none_or(|silence| silence > STUCK_MS) {
                missing.push("outbox: its workers do not answer".to_owned());
            }
            missing
        })
    })
}

/// Gauges, brought up to date whenever they are asked for.
fn gauges(store: &Store, app: &Arc<App>, registry: &mut Registry) -> Refresh {
    let (waiting, dead, oldest, queue) =
        (Gauge::<i64>::default(), Gauge::<i64>::default(), Gauge::<i64>::default(), Gauge::<i64>::default());
    registry.register("custos_outbox_waiting", "Messages to be delivered", waiting.clone());
    registry.register("custos_outbox_dead", "Messages given up", dead.clone());
    registry.register(
        "custos_outbox_oldest_ms",
        "How long the oldest due message has waited",
        oldest.clone(),
    );
    registry.register("custos_hash_queue", "Password hashes that wait", queue.clone());
    let (store, app) = (store.clone(), Arc::clone(app));
    Arc::new(move || {
        queue.set(i64::try_from(app.hasher.queue_len()).unwrap_or(i64::MAX));
        if let Ok(backlog) = store.read_blocking(outbox::backlog) {
            waiting.set(backlog.waiting);
            dead.set(backlog.dead);
            oldest.set(backlog.oldest_ms);
        }
    })
}
