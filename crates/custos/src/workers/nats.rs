//! Pushing events into a stream of NATS, company by company. It has a thread of its own, so that nothing else waits when
//! NATS does not answer.

use super::{POLL, Shared};
use crate::config::Config;
use custos_delivery::nats::{Message, NatsClient, Pushed, Settings};
use custos_delivery::nats_positions::{self, Taken};
use custos_operations::feed;
use custos_store::Error as StoreError;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::time::{Duration, Instant};

/// What has been pushed is written down at least this often: well before the lease on the company's feed ends, with a last
/// push of [`custos_delivery::nats::LONGEST`] after it.
const STRETCH: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What is told of it.
pub(super) struct Counts {
    events: Family<Outcome, Counter>,
    waiting: Gauge,
}

impl Counts {
    /// Told only where there is NATS.
    pub(super) fn new(is_used: bool, registry: &mut Registry) -> Self {
        let counts = Self { events: Family::default(), waiting: Gauge::default() };
        if is_used {
            registry.register(
                "custos_nats_events",
                "Events pushed to NATS, by outcome",
                counts.events.clone(),
            );
            registry.register(
                "custos_nats_waiting",
                "Events that NATS has not acknowledged yet",
                counts.waiting.clone(),
            );
        }
        counts
    }

    fn count(&self, outcome: &'static str, events: u64) {
        if events > 0 {
            self.events.get_or_create(&Outcome { outcome }).inc_by(events);
        }
    }
}

/// The way to NATS that the configuration names.
///
/// # Errors
/// Words for the operator, without a secret in them.
pub(crate) fn client(config: &Config) -> Result<Option<NatsClient>, String> {
    if config.nats_url.is_empty() {
        return Ok(None);
    }
    NatsClient::new(Settings {
        url: config.nats_url.clone(),
        credentials_file: config.nats_credentials_file.clone(),
        credentials: config.nats_credentials.as_str().into(),
        ca_file: config.nats_ca_file.clone(),
        stream: config.nats_stream.clone(),
        subject_prefix: config.nats_subject_prefix.clone(),
        creates_stream: config.nats_stream_create,
    })
    .map(Some)
}

impl Shared {
    pub(super) fn push_events_until_stopped(&self) {
        let Some(client) = &self.sinks.nats else { return };
        let mut heard = 0;
        while !self.is_stopping() {
            let worked = self.push_some(client).unwrap_or_else(|error| {
                // The lease ends, and the events are pushed again: at least once.
                tracing::warn!(%error, "events could not be pushed to NATS, or not written down as pushed");
                false
            });
            if !worked {
                self.note_waiting();
                heard = self.feed.numbered().wait(heard, POLL);
            }
        }
    }

    fn note_waiting(&self) {
        if let Ok(all) = self.store.read_blocking(nats_positions::list) {
            self.nats_counts.waiting.set(all.iter().map(|one| one.newest - one.position).sum());
        }
    }

    /// Pushes some events of one company; whether there may be more to do at once.
    fn push_some(&self, client: &NatsClient) -> Result<bool, StoreError> {
        if !self.store.read_blocking(nats_positions::is_due)? {
            return Ok(false);
        }
        let Some(taken) = self.store.write_blocking(nats_positions::take)? else { return Ok(false) };
        let company = taken.company_id;
        if taken.missed > 0 {
            tracing::error!(company, events = taken.missed, "events went before NATS could take them");
            self.nats_counts.count("missed", taken.missed.unsigned_abs());
        }
        let (last, problem) = self.push_taken(client, &taken);
        let Some(problem) = problem else {
            let position = last.unwrap_or_else(|| taken.last());
            return self.store.write_blocking(move |tx| nats_positions::pushed(tx, &taken, position));
        };
        tracing::warn!(company, reason = problem, "an event was not taken by NATS");
        self.nats_counts.count("retried", 1);
        self.store.write_blocking(move |tx| nats_positions::failed(tx, &taken, last, &problem))
    }

    /// Pushes what was taken, each when the one before is acknowledged. Tells the number of the last one that was, if any,
    /// and why the one after it was not.
    fn push_taken(&self, client: &NatsClient, taken: &Taken) -> (Option<i64>, Option<String>) {
        let (began, mut last) = (Instant::now(), None);
        for event in &taken.events {
            if last.is_some() && (began.elapsed() > STRETCH || self.is_stopping()) {
                break;
            }
            let (company_id, read) = (taken.company_id, event.clone());
            let body = match self.store.read_blocking(move |tx| feed::message(tx, company_id, &read)) {
                Ok(message) => message.to_string(),
                Err(error) => return (last, Some(format!("the event can't be read: {error}"))),
            };
            let id = feed::message_id(event);
            match client.push(&Message { company_id, kind: &event.kind, id: &id, body }) {
                Ok(Pushed::New) => self.nats_counts.count("pushed", 1),
                Ok(Pushed::Duplicate) => self.nats_counts.count("duplicate", 1),
                Err(problem) => return (last, Some(problem)),
            }
            last = Some(event.seq);
        }
        (last, None)
    }
}
