//! The program without its door, at a time that is moved by hand.

use crate::config::Config;
use crate::demo_company;
use crate::open::{self, World};
use crate::server;
use crate::workers::Workers;
use custos_customers::company;
use custos_gateway::mailbox::Mailbox;
use custos_ledger::idempotency::{self, FOR_EVER, Key};
use custos_ledger::interest;
use custos_operations::api::{Api, Call, entries};
use custos_operations::desk::{self, Change, Which};
use custos_operations::error::{Error, Result as Done};
use custos_store::{Clock as _, ManualClock, OsEntropy, Store, SystemClock, Tx};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Whose hand it is.
pub(super) const OPERATOR: &str = "operator:sample";
/// The MD5 of everybody's password, `Custos-Sample-1`.
const PASSWORD: &str = "41ce8b8d67104e42b48fe13b0b4b806f";
/// A code arrives within this, or never.
const PATIENCE: Duration = Duration::from_secs(20);

/// Someone of the sample.
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) number: String,
    token: String,
}

/// The program, a mailbox that nobody else reads, and the clock.
pub(super) struct Stage {
    api: Api,
    store: Store,
    mailbox: Arc<Mailbox>,
    workers: Workers,
    clock: ManualClock,
    runtime: Runtime,
    is_fresh: bool,
}

impl Stage {
    /// Sets it up; in a fresh directory so many milliseconds ago.
    pub(super) fn set(config: &Config, ago_ms: i64) -> Result<Self, String> {
        let clock = ManualClock::at(SystemClock.now_ms());
        let open = |clock: &ManualClock| {
            let world = World { clock: Arc::new(clock.clone()), entropy: Arc::new(OsEntropy) };
            open::store(config, &world, config.node)
        };
        let mut store = open(&clock)?;
        server::bring_up_to_date(&store, true)?;
        let found = store.read_blocking(|tx| Ok::<_, Error>(company::find(tx, demo_company::ID)?));
        let is_fresh = found.map_err(|error| error.to_string())?.is_none();
        if is_fresh {
            store.close();
            clock.advance_ms(-ago_ms);
            store = open(&clock)?;
        }
        demo_company::ensure(&store).map_err(|error| error.to_string())?;
        // Whatever is configured, nothing of this goes out.
        let quiet = Config { smtp_url: String::new(), sms_url: String::new(), ..config.clone() };
        let mailbox = Arc::new(Mailbox::default());
        let sinks = server::sinks(&quiet, Some(Arc::clone(&mailbox)), false)?;
        let app = Arc::new(server::app(&quiet, &store)?);
        let mut registry = Registry::default();
        let workers = Workers::start(&app, sinks, &mut registry).map_err(|error| error.to_string())?;
        let api = Api::new(app, &mut registry);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        Ok(Self { api, store, mailbox, workers, clock, runtime, is_fresh })
    }

    /// Ends what runs, so that the server can begin.
    pub(super) fn clear(self) {
        self.workers.stop();
        self.store.close();
    }

    /// Changes something as an operator does.
    pub(super) fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Done<T> + Send + 'static,
    ) -> Result<T, String> {
        self.store.write_blocking(work).map_err(|error| error.to_string())
    }

    /// Whether a part of the sample is there already.
    pub(super) fn is_done(&self, part: &'static str) -> Result<bool, String> {
        Ok(self.write(move |tx| Ok(idempotency::claim(tx, mark(part), FOR_EVER)?))?.as_deref()
            == Some("done"))
    }

    /// Notes that it is.
    pub(super) fn done(&self, part: &'static str) -> Result<(), String> {
        self.write(move |tx| Ok(idempotency::answer(tx, mark(part), "done")?))
    }

    /// Calls an operation; returns its data.
    pub(super) fn call(
        &self,
        who: Option<&Person>,
        operation: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Value, String> {
        let entry = entries().iter().find(|entry| entry.name.rsplit(['.', '/']).next() == Some(operation));
        let entry = entry.ok_or_else(|| format!("no operation {operation}"))?;
        let (company, bytes) = (demo_company::ID.to_string(), body.to_string());
        let answer = self.runtime.block_on(self.api.call(Call {
            prefix: entry.prefix,
            name: entry.name,
            company: Some(&company),
            trace: Some("sample"),
            token: who.map(|who| who.token.as_str()),
            lang: Some("en-US"),
            idempotency_key: key,
            body: bytes.as_bytes(),
            address: "127.0.0.1",
            country: None,
            agent: "custos demo --sample",
            admit: &|_| true,
        }));
        let payload = answer.result.map_err(|error| format!("{operation} of the sample: {error}"))?;
        serde_json::from_slice(payload.as_bytes()).map_err(|error| error.to_string())
    }

    /// Signs someone up by e-mail, or in who is there already.
    pub(super) fn person(&self, email: &str) -> Result<Person, String> {
        let name = json!({ "type": 1, "loginName": email });
        let data = if self.call(None, "checkCustomerExist", &name, None)? == 1 {
            let body = json!({ "type": 1, "loginName": email, "loginPwd": PASSWORD, "device": 2 });
            self.call(None, "login", &body, None)?
        } else {
            let asked = json!({ "bizType": "EMAIL_REGISTER_VERIFICATION_CODE", "toUser": email });
            let ticket = self.call(None, "verifyCodeSend", &asked, None)?;
            let body = json!({
                "type": 1, "loginName": email, "country": "ISO_3166_156", "registerSource": 2, "pwd": PASSWORD,
                "verifyCode": self.code(email)?, "sendToken": ticket.get("token"),
            });
            self.call(None, "register", &body, None)?
        };
        let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Person {
            id: data.get("id").and_then(Value::as_i64).unwrap_or(0),
            number: text("customerNo"),
            token: text("token"),
        })
    }

    /// The code that was sent to an address.
    fn code(&self, email: &str) -> Result<String, String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let mails = self.mailbox.all();
            if let Some(code) = mails.into_iter().filter(|mail| mail.to == email).find_map(|mail| mail.code) {
                return Ok(code);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(format!("no code came for {email}"))
    }

    /// Gives someone money out of the company's float, or takes it back; returns the transfer.
    pub(super) fn gives(
        &self,
        to: &Person,
        (trade_type, currency): (i64, &'static str),
        amount: &'static str,
        (reason, key): (&'static str, &'static str),
    ) -> Result<i64, String> {
        let number = to.number.clone();
        self.write(move |tx| {
            let company = demo(tx)?;
            let which = Which { customer: &number, trade_type, account_id: None, currency };
            let change = Change { amount, reason, actor: OPERATOR, key: Some(key) };
            Ok(desk::adjust(tx, &company, which, change)?.2.transfer_id)
        })
    }

    /// Proposes to give someone money; it waits for a second person.
    pub(super) fn proposes(
        &self,
        to: &Person,
        (trade_type, currency): (i64, &'static str),
        amount: &'static str,
        (reason, key): (&'static str, &'static str),
    ) -> Result<(), String> {
        let number = to.number.clone();
        self.write(move |tx| {
            let company = demo(tx)?;
            let which = Which { customer: &number, trade_type, account_id: None, currency };
            let change = Change { amount, reason, actor: OPERATOR, key: Some(key) };
            desk::propose(tx, &company, which, change, true).map(|_| ())
        })
    }

    /// Undoes a transfer, unless that was done.
    pub(super) fn undoes(&self, transfer: i64, reason: &'static str) -> Result<(), String> {
        self.write(move |tx| {
            let company = demo(tx)?;
            match desk::reverse(tx, &company, transfer, None, (reason, OPERATOR)) {
                Err(error) if error.code() != custos_ledger::Code::Reversed.as_str() => Err(error),
                _ => Ok(()),
            }
        })
    }

    /// Lets time pass, if there is any, and charges what falls due in it.
    pub(super) fn pass(&self, ms: i64) -> Result<(), String> {
        if self.is_fresh {
            self.clock.advance_ms(ms);
        }
        while self.write(|tx| Ok(interest::accrue_some(tx, 500)?))? > 0 {}
        Ok(())
    }
}

fn mark(part: &'static str) -> Key<'static> {
    Key { company_id: demo_company::ID, scope: "sample", key: part, request: b"" }
}

fn demo(tx: &mut Tx<'_>) -> Done<company::Company> {
    company::find(tx, demo_company::ID)?.ok_or_else(|| custos_store::Error::NoRow.into())
}
