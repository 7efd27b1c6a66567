//! Questions to companies' wallet systems: bounded in number and time, and not asked of one that does not answer.

use crate::error::{Error, Gate, Result};
use custos_delivery::breaker::Breaker;
use custos_delivery::wallet::{NoAnswer, Question, WalletClient};
use custos_store::Store;
use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;

/// Questions under way at once; each has a thread.
const MOST: usize = 64;
/// Of one company: a slow system of one must not keep the others' customers waiting.
const MOST_OF_COMPANY: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    path: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Path {
    path: &'static str,
}

#[derive(Debug)]
struct Counts {
    asked: Family<Asked, Counter>,
    seconds: Family<Path, Histogram, fn() -> Histogram>,
}

/// What is known of one company's system.
#[derive(Debug)]
struct Door {
    breaker: Mutex<Breaker>,
    places: Arc<Semaphore>,
}

/// The way to all companies' systems.
#[derive(Debug)]
pub struct Outside {
    client: WalletClient,
    places: Arc<Semaphore>,
    doors: Mutex<HashMap<i64, Arc<Door>>>,
    counts: Arc<Counts>,
}

fn buckets() -> Histogram {
    Histogram::new([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0])
}

impl Outside {
    /// The way by this client.
    #[must_use]
    pub fn new(client: WalletClient) -> Self {
        let counts = Counts { asked: Family::default(), seconds: Family::new_with_constructor(buckets) };
        Self {
            client,
            places: Arc::new(Semaphore::new(MOST)),
            doors: Mutex::default(),
            counts: Arc::new(counts),
        }
    }

    /// Tells the counts to whoever asks for metrics.
    pub fn register(&self, registry: &mut Registry) {
        let (asked, seconds) = (self.counts.asked.clone(), self.counts.seconds.clone());
        registry.register("custos_wallet_calls", "Calls to wallet systems by outcome", asked);
        registry.register("custos_wallet_call_seconds", "Time that wallet systems take", seconds);
    }

    fn door(&self, company_id: i64) -> Arc<Door> {
        let mut doors = self.doors.lock();
        let door = doors.entry(company_id).or_insert_with(|| {
            let places = Arc::new(Semaphore::new(MOST_OF_COMPANY));
            Arc::new(Door { breaker: Mutex::default(), places })
        });
        Arc::clone(door)
    }

    /// Asks, once. The question goes on to its end though the client has gone, so that what became of it is counted.
    ///
    /// # Errors
    /// `GATEWAY_CODE_011` when the system is slow, down, or was so just now; `GATEWAY_CODE_013` for an answer that is none.
    pub async fn ask(&self, store: &Store, question: Question) -> Result<Map<String, Value>> {
        let (door, path) = (self.door(question.company_id), question.path);
        let count = |outcome| {
            self.counts.asked.get_or_create(&Asked { path, outcome }).inc();
        };
        let (Ok(own), Ok(common)) =
            (Arc::clone(&door.places).try_acquire_owned(), Arc::clone(&self.places).try_acquire_owned())
        else {
            count("crowded");
            return Err(Gate::OutsideDown.refuse());
        };
        if !door.breaker.lock().admits(store.now_ms()) {
            count("not_asked");
            return Err(Gate::OutsideDown.refuse());
        }
        let (client, counts, store) = (self.client.clone(), Arc::clone(&self.counts), store.clone());
        let asking = tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            let answer = client.ask(&question);
            counts.seconds.get_or_create(&Path { path }).observe(began.elapsed().as_secs_f64());
            let outcome = match &answer {
                Ok(_) => "answered",
                Err(NoAnswer::Refused) => "refused",
                Err(NoAnswer::Unusable(_)) => "unusable",
                Err(NoAnswer::Silent(_)) => "silent",
            };
            counts.asked.get_or_create(&Asked { path, outcome }).inc();
            if let Err(error) = &answer {
                let (company, trace) = (question.company_id, &question.trace);
                tracing::warn!(company, trace, path, %error, "a wallet system gave no answer");
            }
            // Whatever it says of one customer, it is there: strangers' numbers must not shut a company's door.
            let answered = !matches!(answer, Err(NoAnswer::Silent(_)));
            door.breaker.lock().tell(answered, store.now_ms());
            drop((own, common));
            answer
        });
        match asking.await {
            Ok(Ok(data)) => Ok(data),
            Ok(Err(NoAnswer::Silent(_))) => Err(Gate::OutsideDown.refuse()),
            Ok(Err(NoAnswer::Unusable(_) | NoAnswer::Refused)) => Err(Gate::OutsideUnusable.refuse()),
            Err(error) => Err(Error::Internal(format!("a question to a wallet system: {error}"))),
        }
    }
}
