//! What runs beside requests: delivery of the outbox, the removal of what expired, interest, and rates.

mod feed;
mod nats;
mod quoter;
mod sweeper;

pub(crate) use feed::number_all;
pub(crate) use nats::client as nats_client;

use custos_customers::{company, credit_limit, third_party};
use custos_delivery::nats::NatsClient;
use custos_delivery::outbox::{self, Failure, Taken};
use custos_delivery::quotes::QuotesClient;
use custos_delivery::sms::{Sms, SmsDriver};
use custos_delivery::smtp::{Email, SmtpMailer};
use custos_delivery::telegram::TelegramBot;
use custos_delivery::templates::{self, Template};
use custos_delivery::texts::Texts;
use custos_delivery::webhook::WebhookClient;
use custos_delivery::{Channel, SendError};
use custos_gateway::mailbox::{Mail, Mailbox};
use custos_operations::context::App;
use custos_operations::credit_limit::undo;
use custos_store::{Error as StoreError, Store, Wake};
use parking_lot::{Condvar, Mutex};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a taken message stays taken: longer than any driver's timeout, so that none is sent twice by slowness.
const LEASE_MS: i64 = 40_000;
/// Messages taken at once: one, so that none waits with its lease running while another is being sent.
const TAKEN: i64 = 1;
/// Threads that send events: so many receivers can be slow at once before others wait for them.
const WEBHOOK_WORKERS: usize = 4;
/// How often the outbox is looked at without being woken: for retries, and for other processes' messages.
const POLL: Duration = Duration::from_millis(500);

/// Where messages go.
#[derive(Debug)]
pub(crate) struct Sinks {
    /// Mails.
    pub mail: Option<SmtpMailer>,
    /// Text messages.
    pub sms: Option<SmsDriver>,
    /// What has no sink of its own, in the demo.
    pub mailbox: Option<Arc<Mailbox>>,
    /// The sender of mails shows this name's company.
    pub texts: Texts,
    /// The demo prints what it keeps.
    pub prints: bool,
    /// Where customers reach this server, for links; set once the address is known.
    pub public_url: Arc<OnceLock<String>>,
    /// Where Telegram's Bot API is.
    pub telegram_api_url: String,
    /// The way to services that name exchange rates.
    pub quotes: QuotesClient,
    /// The way to those who want to be told of events.
    pub webhooks: WebhookClient,
    /// The way to the stream that takes events, where there is one.
    pub nats: Option<NatsClient>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    channel: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Quoted {
    outcome: &'static str,
}

/// The workers, until they are stopped.
pub(crate) struct Workers {
    shared: Arc<Shared>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

struct Shared {
    store: Store,
    app: Arc<App>,
    sinks: Sinks,
    stopping: AtomicBool,
    bell: Bell,
    /// When a worker of each channel last looked at the outbox.
    looked_at: [AtomicI64; Channel::ALL.len()],
    sent: Family<Sent, Counter>,
    quoted: Family<Quoted, Counter>,
    /// Bots by company, with the token that each was made for.
    bots: Mutex<BTreeMap<i64, (String, TelegramBot)>>,
    feed: feed::Feed,
    nats_counts: nats::Counts,
}

/// What a thread does until all are stopped.
type Work = fn(&Arc<Shared>);

/// Wakes all who wait.
#[derive(Default)]
struct Bell {
    rung: Mutex<u64>,
    sound: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock() += 1;
        self.sound.notify_all();
    }

    /// Waits until it rings after `heard`, at most `longest`; returns what is to be heard next time.
    fn wait(&self, heard: u64, longest: Duration) -> u64 {
        let mut rung = self.rung.lock();
        if *rung == heard {
            self.sound.wait_for(&mut rung, longest);
        }
        *rung
    }
}

impl Workers {
    /// Starts delivering and removing.
    ///
    /// # Errors
    /// A thread can't be started.
    pub(crate) fn start(
        app: &Arc<App>,
        sinks: Sinks,
        registry: &mut prometheus_client::registry::Registry,
    ) -> std::io::Result<Self> {
        let sent = Family::<Sent, Counter>::default();
        registry.register("custos_messages", "Messages by channel and outcome", sent.clone());
        let quoted = Family::<Quoted, Counter>::default();
        registry.register("custos_rate_fetches", "Questions for exchange rates by outcome", quoted.clone());
        let feed = feed::Feed::new(sinks.webhooks.clone(), registry);
        let nats_counts = nats::Counts::new(sinks.nats.is_some(), registry);
        let shared = Arc::new(Shared {
            store: app.store.clone(),
            app: Arc::clone(app),
            sinks,
            stopping: AtomicBool::new(false),
            bell: Bell::default(),
            looked_at: std::array::from_fn(|_| AtomicI64::new(app.store.now_ms())),
            sent,
            quoted,
            bots: Mutex::new(BTreeMap::new()),
            feed,
            nats_counts,
        });
        feed::listen(&app.store, &Arc::downgrade(&shared));
        let waking = Arc::downgrade(&shared);
        app.store.on_wake(Wake::Outbox, move || {
            if let Some(shared) = waking.upgrade() {
                shared.bell.ring();
            }
        });
        let mut threads = Vec::new();
        for (channel, count) in
            [(Channel::Email, 4), (Channel::Sms, 4), (Channel::Telegram, 1), (Channel::Wallet, 2)]
        {
            for number in 0..count {
                let shared = Arc::clone(&shared);
                threads.push(
                    std::thread::Builder::new()
                        .name(format!("custos-{}-{number}", channel.as_str()))
                        .spawn(move || shared.deliver_until_stopped(channel))?,
                );
            }
        }
        for number in 0..WEBHOOK_WORKERS {
            let sending = Arc::clone(&shared);
            threads.push(
                std::thread::Builder::new()
                    .name(format!("custos-webhook-{number}"))
                    .spawn(move || sending.send_events_until_stopped())?,
            );
        }
        let mut alone: Vec<(&str, Work)> = vec![
            ("custos-rates", |shared| shared.quote_until_stopped()),
            ("custos-events", |shared| shared.number_until_stopped()),
            ("custos-sweep", |shared| shared.sweep_until_stopped()),
        ];
        if shared.sinks.nats.is_some() {
            alone.push(("custos-nats", |shared| shared.push_events_until_stopped()));
        }
        for (name, work) in alone {
            let shared = Arc::clone(&shared);
            threads.push(std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared))?);
        }
        Ok(Self { shared, threads })
    }

    /// Milliseconds since the workers of the most silent channel last looked at the outbox.
    #[must_use]
    pub(crate) fn silence_ms(&self) -> i64 {
        let oldest = self.shared.looked_at.iter().map(|at| at.load(Ordering::Relaxed)).min();
        self.shared.store.now_ms() - oldest.unwrap_or(0)
    }

    /// Lets what is being sent be sent, then ends.
    pub(crate) fn stop(self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.bell.ring();
        self.shared.feed.ring();
        for thread in self.threads {
            // A worker that panicked has told so already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn deliver_until_stopped(&self, channel: Channel) {
        let mut heard = 0;
        while !self.is_stopping() {
            let taken = self.store.write_blocking(move |tx| outbox::take(tx, channel, TAKEN, LEASE_MS));
            self.note_look(channel);
            match taken {
                Ok(taken) if !taken.is_empty() => taken.iter().for_each(|taken| self.deliver(channel, taken)),
                Ok(_) => heard = self.bell.wait(heard, POLL),
                Err(error) => {
                    tracing::warn!(%error, channel = channel.as_str(), "the outbox can't be read");
                    heard = self.bell.wait(heard, POLL);
                }
            }
        }
    }

    fn note_look(&self, channel: Channel) {
        let place = Channel::ALL.iter().position(|known| *known == channel);
        if let Some(at) = place.and_then(|place| self.looked_at.get(place)) {
            at.store(self.store.now_ms(), Ordering::Relaxed);
        }
    }

    fn deliver(&self, channel: Channel, taken: &Taken) {
        let (id, attempts) = (taken.id, taken.attempts);
        let is_void = taken.payload.as_ref().is_some_and(|payload| payload.void);
        let outcome = match (!is_void).then(|| self.send(channel, taken)) {
            None => {
                self.store.write_blocking(move |tx| outbox::withhold(tx, id, attempts)).map(|()| "suppressed")
            }
            Some(Ok(())) => {
                self.store.write_blocking(move |tx| outbox::delivered(tx, id, attempts)).map(|()| "delivered")
            }
            Some(Err(error)) => self.failed(taken, &error).map(|dead| if dead { "dead" } else { "retried" }),
        };
        match outcome {
            Ok(outcome) => {
                self.sent.get_or_create(&Sent { channel: channel.as_str(), outcome }).inc();
                tracing::info!(
                    id,
                    channel = channel.as_str(),
                    to = taken.masked,
                    template = taken.template,
                    outcome
                );
            }
            // The lease ends, and the message is sent again: at least once.
            Err(error) => tracing::error!(%error, id, "what became of a message could not be written down"),
        }
    }

    fn failed(&self, taken: &Taken, error: &SendError) -> Result<bool, StoreError> {
        tracing::warn!(id = taken.id, to = taken.masked, attempt = taken.attempts, %error, "not delivered");
        let (reason, permanent, wait_s) = (error.to_string(), error.is_permanent(), error.retry_after_s());
        let patient = taken.template == credit_limit::UNDO;
        let copy = Taken {
            id: taken.id,
            company_id: taken.company_id,
            template: taken.template.clone(),
            masked: taken.masked.clone(),
            attempts: taken.attempts,
            payload: taken.payload.as_ref().map(|payload| payload.without_words()),
        };
        self.store.write_blocking(move |tx| {
            outbox::failed(tx, &copy, &Failure { reason: &reason, permanent, wait_s, patient })
        })
    }

    fn send(&self, channel: Channel, taken: &Taken) -> Result<(), SendError> {
        let permanent = |text: &str| SendError::Permanent(text.to_owned());
        let payload = taken.payload.as_ref().ok_or_else(|| permanent("the message can't be opened"))?;
        if payload.useful_until <= self.store.now_ms() {
            return Err(permanent("expired before it could be sent"));
        }
        if channel == Channel::Wallet {
            let id = payload.to.parse().map_err(|_| permanent("no credit limit is named"))?;
            return undo(&self.store, &self.app.outside, taken.company_id, id);
        }
        let template = Template::parse(&taken.template).ok_or_else(|| permanent("unknown template"))?;
        let company_id = taken.company_id;
        let company = self
            .store
            .read_blocking(move |tx| company::find(tx, company_id))
            .map_err(|error| SendError::Temporary(error.to_string()))?
            .ok_or_else(|| permanent("the company is gone"))?;
        let overrides =
            company.texts.iter().map(|(lang, key, text)| (lang.as_str(), key.as_str(), text.as_str()));
        let texts = self.sinks.texts.with_overrides(overrides);
        let linked = self.with_link(&payload.vars);
        let mut vars: Vec<(&str, &str)> =
            linked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if let Some(code) = &payload.code {
            vars.push(("code", code));
        }
        let rendered = templates::render(&texts, template, channel, &payload.lang, &company.name, &vars);
        match (channel, &self.sinks.mail, &self.sinks.sms) {
            (Channel::Email, Some(mailer), _) => mailer.send(&Email {
                to: &payload.to,
                from_name: Some(&company.name),
                subject: rendered.subject.as_deref().unwrap_or(&company.name),
                text: &rendered.text,
                html: rendered.html.as_deref(),
                reference: &taken.id.to_string(),
                at_ms: self.store.now_ms(),
            }),
            (Channel::Sms, _, Some(driver)) => driver.send(&Sms {
                to: &payload.to,
                code: payload.code.as_deref(),
                text: &rendered.text,
                lang: &payload.lang,
                company: company.id,
            }),
            (Channel::Telegram, _, _) if self.sinks.mailbox.is_none() => {
                self.bot(company.id)?.send_message(&payload.to, &rendered.text)
            }
            _ => self.keep(channel, taken, payload, rendered.subject, rendered.text),
        }
    }

    /// The variables with the link's token made into the link.
    fn with_link(&self, vars: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut vars = vars.clone();
        if let Some(token) = vars.get_mut("link") {
            let base = self.sinks.public_url.get().map_or("", |url| url.trim_end_matches('/'));
            *token = format!("{base}/freeze/{token}");
        }
        vars
    }

    /// The company's bot. Its token is read each time, so that a new one counts at once.
    fn bot(&self, company_id: i64) -> Result<TelegramBot, SendError> {
        let token = self
            .store
            .read_blocking(move |tx| third_party::secret(tx, company_id, third_party::BOT_TOKEN))
            .map_err(|error| SendError::Temporary(error.to_string()))?
            .ok_or_else(|| SendError::Permanent("the company has no Telegram bot".to_owned()))?;
        let mut bots = self.bots.lock();
        if let Some((_, bot)) = bots.get(&company_id).filter(|(known, _)| *known == token) {
            return Ok(bot.clone());
        }
        let bot = TelegramBot::new(&self.sinks.telegram_api_url, &token).map_err(SendError::Permanent)?;
        bots.insert(company_id, (token, bot.clone()));
        Ok(bot)
    }

    /// The demo's way: the message is shown on this machine.
    fn keep(
        &self,
        channel: Channel,
        taken: &Taken,
        payload: &outbox::Payload,
        subject: Option<String>,
        text: String,
    ) -> Result<(), SendError> {
        let Some(mailbox) = &self.sinks.mailbox else {
            return Err(SendError::Permanent(format!("no {} is configured", channel.as_str())));
        };
        if self.sinks.prints {
            let code = payload.code.as_deref().unwrap_or("-");
            println!("mailbox: {} to {}: code {code}", channel.as_str(), payload.to);
        }
        mailbox.put(Mail {
            id: 0,
            at: self.store.now_ms(),
            company: taken.company_id,
            channel: channel.as_str().to_owned(),
            to: payload.to.clone(),
            code: payload.code.clone(),
            subject,
            text,
        });
        Ok(())
    }
}
