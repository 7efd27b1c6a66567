//! The operations in this process: no server and no HTTP, a clock that the test moves, codes read from the outbox.

use crate::common::{Backend, Ground, generous};
use custos_customers::company::{self, Group, Offer, Offers, Settings};
use custos_customers::hashing::{Hasher, HasherConfig, Md5Secret, PasswordParams, Peppers};
use custos_customers::third_party;
use custos_delivery::reach::Reach;
use custos_delivery::wallet::{LONGEST, WalletClient};
use custos_ledger::assets;
use custos_operations::api::{Api, Call, entries};
use custos_operations::context::{App, CacheLimits};
use custos_operations::error::Error;
use custos_operations::files::Files;
use custos_operations::operation::Entry;
use custos_operations::outside::Outside;
use custos_store::{Keyring, ManualClock, Options, Parts, SeededEntropy, Store, Tx, migrate, params};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Runtime;

/// 2027-01-15 00:00:00 UTC.
const BEGINNING: i64 = 1_799_971_200_000;

/// Every company's Telegram bot.
pub(crate) const BOT: &str = "1001:A-bot-of-all";

/// A second in milliseconds, and its multiples.
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// All of a process but its front door.
pub(crate) struct World {
    runtime: Runtime,
    api: Api,
    clock: ManualClock,
    calls: AtomicU64,
    // Dropped last: the store holds connections to it.
    _ground: Ground,
}

/// Who calls, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) company: i64,
    pub(crate) token: Option<String>,
    pub(crate) address: String,
}

/// What came back. The code is `0` when all went well.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) code: String,
    pub(crate) data: Value,
}

/// The operation that a name, with or without its service, means.
pub(crate) fn entry(name: &str) -> &'static Entry {
    let ending = format!(".{name}");
    let found = entries().iter().find(|entry| entry.name == name || entry.name.ends_with(&ending));
    found.unwrap_or_else(|| panic!("no operation {name}"))
}

impl World {
    pub(crate) fn open(backend: Backend) -> Self {
        let ground = Ground::new(backend);
        let entropy = Arc::new(SeededEntropy::new(1));
        let keys = Arc::new(Keyring::parse(&Keyring::generate(entropy.as_ref()).unwrap()).unwrap());
        let clock = ManualClock::at(BEGINNING);
        let parts = Parts { clock: Arc::new(clock.clone()), entropy, keys: Arc::clone(&keys) };
        // One connection: units run in the order in which they are asked for.
        let options = Options { url: ground.url().parse().unwrap(), node: 0, pg_threads: 1 };
        let store = Store::open(options, parts).unwrap();
        migrate::migrate(&store).unwrap();
        let cheap = PasswordParams { memory_kib: 64, iterations: 1, lanes: 1 };
        let config = HasherConfig { threads: 1, queue_limit: 100, params: cheap };
        let hasher = Hasher::new(config, Peppers::new(keys.peppers()).unwrap()).unwrap();
        let outside = Outside::new(WalletClient::new(LONGEST, Reach::public()));
        let app =
            Arc::new(App::new(store, hasher, None, outside, Files::new(None, None), CacheLimits::default()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let api = Api::new(app, &mut prometheus_client::registry::Registry::default());
        Self { runtime, api, clock, calls: AtomicU64::new(0), _ground: ground }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.api.app().store
    }

    pub(crate) fn now(&self) -> i64 {
        self.store().now_ms()
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.clock.advance_ms(ms);
    }

    /// Changes the database behind the operations.
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

    /// A company whose limits of sending nobody reaches.
    pub(crate) fn company(&self) -> i64 {
        self.write(|tx| {
            let mut settings = Settings { code_pause_seconds: 0, ..Settings::default() };
            generous(&mut settings);
            let id = company::add(tx, None, "Model", &settings)?;
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
            third_party::set_secret(tx, id, third_party::BOT_TOKEN, Some(BOT))?;
            Ok(id)
        })
    }

    /// Calls an operation, and waits for what it leaves behind.
    pub(crate) fn call(&self, caller: &Caller, name: &str, body: &Value) -> Reply {
        let entry = entry(name);
        let (company, body) = (caller.company.to_string(), body.to_string());
        let trace = format!("t{}", self.calls.fetch_add(1, Ordering::Relaxed));
        let call = Call {
            prefix: entry.prefix,
            name: entry.name,
            company: Some(&company),
            trace: Some(&trace),
            token: caller.token.as_deref(),
            lang: Some("en-US"),
            idempotency_key: None,
            body: body.as_bytes(),
            address: &caller.address,
            country: None,
            agent: "model",
            admit: &|_| true,
        };
        self.runtime.block_on(async {
            let answer = self.api.call(call).await;
            // A session's use is noted after the answer.
            while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
            match answer.result {
                Ok(payload) => {
                    Reply { code: "0".to_owned(), data: serde_json::from_slice(payload.as_bytes()).unwrap() }
                }
                Err(error) => {
                    assert!(!error.is_unexpected(), "{name} {body}: {error}");
                    Reply { code: error.code().to_owned(), data: Value::Null }
                }
            }
        })
    }

    /// Whether a password, as clients send it, is the one of a stored hash.
    pub(crate) fn fits(&self, sent: &str, stored: Option<&str>) -> bool {
        let secret = Md5Secret::parse(sent).unwrap();
        self.runtime.block_on(self.api.app().hasher.verify(secret, stored)).unwrap().matches
    }

    /// Takes the codes out of the company's outbox; the newest, if there was one that is for someone.
    pub(crate) fn take_code(&self, company: i64) -> Option<String> {
        self.write(move |tx| {
            let rows = tx.query(
                "DELETE FROM outbox WHERE company_id = $1 AND template = 'code' AND state = 'waiting' \
                 RETURNING id, payload",
                params![company],
                |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?)),
            )?;
            let newest = rows.into_iter().max_by_key(|(id, _)| *id);
            Ok(newest.and_then(|(id, sealed)| {
                let plain = tx.keys().open(&format!("outbox:{id}"), &sealed).unwrap();
                let payload: Value = serde_json::from_slice(&plain).unwrap();
                // One for no one is there only so that time does not tell.
                (payload["void"] == false).then(|| payload["code"].as_str().unwrap().to_owned())
            }))
        })
    }
}

impl Reply {
    pub(crate) fn text(&self, field: &str) -> String {
        self.data[field].as_str().unwrap_or_else(|| panic!("no {field} in {self:?}")).to_owned()
    }
}
