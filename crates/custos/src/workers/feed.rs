//! The feed of events: giving them their numbers, and sending them to the companies' own systems.

use super::{Bell, Shared};
use custos_customers::company;
use custos_delivery::webhook::{Delivery, Refused, WebhookClient};
use custos_delivery::webhooks::{self, Next, Taken};
use custos_operations::feed;
use custos_store::{DAY_MS, Error as StoreError, Store, Wake, events};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often it is looked for work without being woken: for retries, and for what other processes did.
const POLL: Duration = Duration::from_millis(500);
/// What happens within this time is numbered together.
const BREATH: Duration = Duration::from_millis(10);
/// Events numbered in one transaction.
const BATCH: i64 = 500;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    outcome: &'static str,
}

/// What the feed's workers share.
pub(super) struct Feed {
    client: WebhookClient,
    queued: Bell,
    numbered: Bell,
    numbers: Counter,
    sent: Family<Sent, Counter>,
}

impl Feed {
    pub(super) fn new(client: WebhookClient, registry: &mut Registry) -> Self {
        let (numbers, sent) = (Counter::default(), Family::<Sent, Counter>::default());
        registry.register("custos_events", "Events that got their number", numbers.clone());
        registry.register("custos_webhooks", "Events sent to companies' systems, by outcome", sent.clone());
        Self { client, queued: Bell::default(), numbered: Bell::default(), numbers, sent }
    }

    /// Rings when events have got their numbers.
    pub(super) fn numbered(&self) -> &Bell {
        &self.numbered
    }

    /// Lets all who wait look up.
    pub(super) fn ring(&self) {
        self.queued.ring();
        self.numbered.ring();
    }
}

/// Lets commits wake the workers.
pub(super) fn listen(store: &Store, shared: &Weak<Shared>) {
    let waking = Weak::clone(shared);
    store.on_wake(Wake::Events, move || {
        if let Some(shared) = waking.upgrade() {
            shared.feed.queued.ring();
        }
    });
    let waking = Weak::clone(shared);
    store.on_wake(Wake::Webhooks, move || {
        if let Some(shared) = waking.upgrade() {
            shared.feed.numbered.ring();
        }
    });
}

/// Numbers what waits in a store, company by company; says how many.
///
/// # Errors
/// The store's.
pub(crate) fn number_all(store: &Store) -> Result<u64, custos_operations::error::Error> {
    let mut numbered = 0;
    for company_id in store.read_blocking(events::waiting)? {
        loop {
            let count = store.write_blocking(move |tx| {
                let days =
                    company::find(tx, company_id)?.map_or(30, |company| company.settings.events_kept_days);
                Ok::<_, custos_customers::Error>(events::number_some(tx, company_id, days * DAY_MS, BATCH)?)
            })?;
            numbered += count.unsigned_abs();
            if count < BATCH {
                break;
            }
        }
    }
    Ok(numbered)
}

impl Shared {
    pub(super) fn number_until_stopped(self: &Arc<Self>) {
        let mut heard = 0;
        while !self.is_stopping() {
            match number_all(&self.store) {
                Ok(count) => {
                    self.feed.numbers.inc_by(count);
                }
                Err(error) => tracing::warn!(%error, "events could not be numbered"),
            }
            heard = self.feed.queued.wait(heard, POLL);
            if !self.is_stopping() {
                std::thread::sleep(BREATH);
            }
        }
    }

    pub(super) fn send_events_until_stopped(&self) {
        let mut heard = 0;
        while !self.is_stopping() {
            match self.store.write_blocking(webhooks::take) {
                Ok(Next::Send(taken)) => self.send_event(&Arc::new(*taken)),
                Ok(Next::Again) => {}
                Ok(Next::Nothing) => heard = self.feed.numbered.wait(heard, POLL),
                Err(error) => {
                    tracing::warn!(%error, "the receivers of events can't be read");
                    heard = self.feed.numbered.wait(heard, POLL);
                }
            }
        }
    }

    fn send_event(&self, taken: &Arc<Taken>) {
        let message = match self.store.read_blocking({
            let taken = Arc::clone(taken);
            move |tx| feed::message(tx, taken.company_id, &taken.event)
        }) {
            Ok(message) => message,
            // The lease ends, and the event is sent then.
            Err(error) => {
                tracing::warn!(%error, "an event could not be read");
                return;
            }
        };
        let delivery = Delivery {
            url: &taken.url,
            id: &feed::message_id(&taken.event),
            timestamp_ms: self.store.now_ms(),
            body: &message.to_string(),
            secrets: &taken.secrets,
        };
        let outcome = match self.feed.client.send(&delivery) {
            Ok(()) => {
                let taken = Arc::clone(taken);
                self.store.write_blocking(move |tx| webhooks::delivered(tx, &taken)).map(|()| "delivered")
            }
            Err(refused) => self.event_refused(taken, refused),
        };
        match outcome {
            Ok(outcome) => {
                self.feed.sent.get_or_create(&Sent { outcome }).inc();
            }
            // The lease ends, and the event is sent again: at least once.
            Err(error) => tracing::error!(%error, "what became of an event could not be written down"),
        }
    }

    fn event_refused(&self, taken: &Arc<Taken>, refused: Refused) -> Result<&'static str, StoreError> {
        let (company, webhook, event) = (taken.company_id, taken.id, taken.event.seq);
        tracing::warn!(company, webhook, event, reason = refused.reason, "an event was not taken");
        let taken = Arc::clone(taken);
        let gives_up = self.store.write_blocking(move |tx| webhooks::failed(tx, &taken, &refused))?;
        if gives_up {
            tracing::error!(
                company,
                webhook,
                "a receiver of events is given up; `custos webhook enable` sends to it again"
            );
        }
        Ok(if gives_up { "disabled" } else { "retried" })
    }
}
