//! The server with a hand-moved clock, and looks behind its counter.

use super::client::{Client, Mail};
use super::database::{Backend, Ground};
use custos::config::Config;
use custos::open::{World, new_key_file};
use custos::server::{Manner, Server};
use custos_customers::company::{self, Group, Lending, Offer, Offers, Settings};
use custos_ledger::assets;
use custos_ledger::lending::{DailyRate, note_rate};
use custos_operations::error::Error;
use custos_store::{ManualClock, OsEntropy, Store, Tx};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// 2027-01-15 08:00:00 UTC: sixteen hours before the day's end.
const BEGINNING: i64 = 1_800_000_000_000;

/// What a test waits for comes within this, or never.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server at work.
pub(crate) struct House {
    server: Option<Server>,
    runtime: Runtime,
    config: Config,
    clock: ManualClock,
    ground: Arc<Ground>,
}

impl House {
    /// A server with the demo's company.
    pub(crate) fn open(backend: Backend) -> Self {
        Self::open_with(backend, |_| ())
    }

    /// The same with more in the configuration.
    pub(crate) fn open_with(backend: Backend, configure: impl FnOnce(&mut Config)) -> Self {
        let ground = Ground::new(backend);
        let mut config = config_on(&ground);
        configure(&mut config);
        Self::start(config, ManualClock::at(BEGINNING), Arc::new(ground))
    }

    /// A second server on the same database, by the same clock.
    pub(crate) fn replica(&self) -> Self {
        self.replica_with(|_| ())
    }

    /// A server on the same database that is configured otherwise.
    pub(crate) fn replica_with(&self, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { node: self.config.node + 1, ..self.config.clone() };
        configure(&mut config);
        Self::start(config, self.clock.clone(), Arc::clone(&self.ground))
    }

    fn start(config: Config, clock: ManualClock, ground: Arc<Ground>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let world = World { clock: Arc::new(clock.clone()), entropy: Arc::new(OsEntropy) };
        let manner = Manner { world, migrate: true, demo: true };
        let server = runtime.block_on(Server::start(&config, manner)).unwrap();
        Self { server: Some(server), runtime, config, clock, ground }
    }

    /// Where customers' files lie.
    pub(crate) fn files(&self) -> PathBuf {
        PathBuf::from(&self.config.files_url)
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.server().address
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn store(&self) -> &Store {
        self.server().store()
    }

    /// A store as a command beside the server opens it.
    pub(crate) fn command_store(&self) -> Store {
        let world = World { clock: Arc::new(self.clock.clone()), entropy: Arc::new(OsEntropy) };
        custos::open::store(&self.config, &world, custos_store::Options::COMMAND).unwrap()
    }

    pub(crate) fn now(&self) -> i64 {
        self.store().now_ms()
    }

    /// Moves the clock. What is being delivered is let arrive first: were its lease overtaken, it would arrive twice,
    /// and a test that waits for a newer code would take the older for it.
    pub(crate) fn advance(&self, ms: i64) {
        self.settle();
        self.clock.advance_ms(ms);
    }

    /// Moves the clock though something may be on its way.
    pub(crate) fn jump(&self, ms: i64) {
        self.clock.advance_ms(ms);
    }

    /// Moves the clock to an instant that lies ahead.
    pub(crate) fn advance_to(&self, at: i64) {
        assert!(at >= self.now(), "the clock goes forward");
        self.advance(at - self.now());
    }

    /// A client of company 1 at an address that no other client has.
    pub(crate) fn visitor(&self) -> Client {
        Client::new(self.server().address)
    }

    /// Changes the database behind the counter.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.store().write_blocking(work).unwrap()
    }

    /// Looks into the database.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.store().read_blocking(work).unwrap()
    }

    /// The one number that a query without parameters answers with.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let sql = leaked(sql);
        self.read(move |tx| Ok(tx.value::<i64>(sql, &[])?))
    }

    /// Changes a company's settings.
    pub(crate) fn set(&self, company_id: i64, change: impl Fn(&mut Settings) + Send + 'static) {
        self.write(move |tx| {
            let mut company = company::find(tx, company_id)?.unwrap();
            change(&mut company.settings);
            Ok(company::set(tx, &company)?)
        });
    }

    /// Changes on what terms the default group of company 1 lends on CROSS accounts.
    pub(crate) fn lends(&self, change: impl Fn(&mut Option<Lending>) + Send + 'static) {
        self.write(move |tx| {
            let mut group = company::groups(tx, 1)?.into_iter().find(|group| group.is_default).unwrap();
            let offers = &mut group.offers.accounts;
            let offer = offers.iter_mut().find(|offer| offer.trade_type == company::CROSS).unwrap();
            change(&mut offer.lending);
            if let Some(lending) = &offer.lending {
                let rate = DailyRate::parse(&lending.daily_rate).unwrap();
                note_rate(tx, 1, group.id, company::CROSS, rate)?;
            }
            Ok(company::set_group(tx, 1, &group)?)
        });
    }

    /// Another company, with assets and a group that opens accounts.
    pub(crate) fn add_company(&self, enabled: bool) -> i64 {
        self.write(move |tx| {
            let settings = Settings { code_pause_seconds: 0, check_status_open: true, ..Settings::default() };
            let id = company::add(tx, None, "Other", &settings)?;
            assets::add(tx, id, "USD", 2)?;
            let accounts = vec![Offer::new(8, &["USD"])];
            let group = Group {
                id: 0,
                name: "Standard".to_owned(),
                kind: 0,
                opens_accounts: true,
                is_default: true,
                offers: Offers { accounts },
            };
            company::add_group(tx, id, &group)?;
            let mut company = company::find(tx, id)?.unwrap();
            company.enabled = enabled;
            company::set(tx, &company)?;
            Ok(id)
        })
    }

    /// All mails and text messages that were delivered, newest first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.visitor().mails()
    }

    /// How many messages were delivered, and how many were for no one and went nowhere, once nothing is on its way.
    pub(crate) fn sent_and_withheld(&self) -> (i64, i64) {
        self.settle();
        (
            self.number("SELECT count(*) FROM outbox WHERE state = 'delivered'"),
            self.number(
                "SELECT count(*) FROM outbox WHERE state = 'suppressed' AND reason = 'not_a_customer'",
            ),
        )
    }

    /// Waits until nothing is on its way; what was to be delivered is in the mailbox then.
    pub(crate) fn settle(&self) {
        eventually("an empty outbox", || {
            (self.number("SELECT count(*) FROM outbox WHERE state = 'waiting'") == 0).then_some(())
        });
        // Events get their numbers beside requests, too.
        eventually("numbers for all events", || {
            (self.number("SELECT count(*) FROM event_queue") == 0).then_some(())
        });
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }
}

/// What servers on this ground are configured with.
pub(crate) fn config_on(ground: &Ground) -> Config {
    let key_file = ground.directory().join("keys.toml");
    new_key_file(&key_file).unwrap();
    let mut config = Config {
        listen: "127.0.0.1:0".to_owned(),
        metrics_listen: String::new(),
        database_url: ground.url(),
        database_connections: 4,
        key_file,
        files_url: ground.directory().join("files").display().to_string(),
        dev_mailbox: true,
        // Clients say by a header where they are.
        trusted_proxies: vec!["127.0.0.1".to_owned()],
        hash_threads: 2,
        hash_memory_kib: 64,
        hash_iterations: 1,
        ..Config::default()
    };
    // Politeness is not what is tested here, and with a clock that stands still it would never be forgiven.
    let limits = &mut config.limits;
    for limit in [
        &mut limits.read,
        &mut limits.write,
        &mut limits.sign_in,
        &mut limits.send,
        &mut limits.customer,
        &mut limits.flood,
    ] {
        *limit = 10_000_000;
    }
    config
}

/// Asks again and again, for a bounded time, until there is an answer.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A statement that a test has put together: the store takes only those that live as long as the program.
pub(crate) fn leaked(sql: impl Into<String>) -> &'static str {
    Box::leak(sql.into().into_boxed_str())
}
