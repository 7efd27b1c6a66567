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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Questions under way at once; each has a thread.
const MOST: usize = 64;
/// Of one company: a slow system of one must not keep the others' customers waiting.
const MOST_OF_COMPANY: usize = 16;
/// About one customer: nobody may hold all places of a company.
const MOST_OF_CUSTOMER: usize = 2;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    path: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Path {
    path: &'static str,
}

#[derive(Debug, Clone)]
struct Counts {
    asked: Family<Asked, Counter>,
    seconds: Family<Path, Histogram, fn() -> Histogram>,
}

/// What is known of one company's system.
#[derive(Debug)]
struct Door {
    breaker: Mutex<Breaker>,
    places: Arc<Semaphore>,
    /// Questions under way about each customer.
    about: Mutex<HashMap<i64, usize>>,
}

/// One of the places of a company's door, and of a customer's before it; given back when dropped.
#[derive(Debug)]
struct Admitted {
    door: Arc<Door>,
    customer_id: i64,
    _own: OwnedSemaphorePermit,
    _common: OwnedSemaphorePermit,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        leave(&self.door, self.customer_id);
    }
}

/// The way to all companies' systems.
#[derive(Debug)]
pub struct Outside {
    client: WalletClient,
    places: Arc<Semaphore>,
    doors: Mutex<HashMap<i64, Arc<Door>>>,
    counts: Counts,
}

fn buckets() -> Histogram {
    Histogram::new([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0])
}

impl Outside {
    /// The way by this client.
    #[must_use]
    pub fn new(client: WalletClient) -> Self {
        let counts = Counts { asked: Family::default(), seconds: Family::new_with_constructor(buckets) };
        Self { client, places: Arc::new(Semaphore::new(MOST)), doors: Mutex::default(), counts }
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
            Arc::new(Door { breaker: Mutex::default(), places, about: Mutex::default() })
        });
        Arc::clone(door)
    }

    /// Lets a question through, or says why it is not asked.
    fn admit(&self, store: &Store, question: &Question) -> Result<Admitted> {
        let path = question.path;
        let admitted = self.place(question.company_id, question.customer_id, path)?;
        if !admitted.door.breaker.lock().admits(store.now_ms()) {
            self.count(path, "not_asked");
            return Err(Gate::OutsideDown.refuse());
        }
        Ok(admitted)
    }

    fn count(&self, path: &'static str, outcome: &'static str) {
        self.counts.asked.get_or_create(&Asked { path, outcome }).inc();
    }

    /// Takes a place of all, of the company's, and of the customer's.
    fn place(&self, company_id: i64, customer_id: i64, path: &'static str) -> Result<Admitted> {
        let door = self.door(company_id);
        {
            let mut about = door.about.lock();
            let under_way = about.entry(customer_id).or_insert(0);
            if *under_way >= MOST_OF_CUSTOMER {
                self.count(path, "crowded");
                return Err(Gate::TooFrequent.refuse());
            }
            *under_way += 1;
        }
        let places =
            (Arc::clone(&door.places).try_acquire_owned(), Arc::clone(&self.places).try_acquire_owned());
        let (Ok(own), Ok(common)) = places else {
            leave(&door, customer_id);
            self.count(path, "crowded");
            return Err(Gate::OutsideDown.refuse());
        };
        Ok(Admitted { door, customer_id, _own: own, _common: common })
    }

    /// Asks, once. The question goes on to its end though the client has gone, so that what became of it is counted.
    ///
    /// # Errors
    /// `GATEWAY_CODE_011` when the system is slow, down, or was so just now; `GATEWAY_CODE_013` for an answer that is none;
    /// `GATEWAY_CODE_018` for a customer about whom several are under way.
    pub async fn ask(&self, store: &Store, question: Question) -> Result<Map<String, Value>> {
        self.tell(store, question).await?.map_err(|no_answer| match no_answer {
            NoAnswer::Silent(_) => Gate::OutsideDown.refuse(),
            NoAnswer::Unusable(_) | NoAnswer::Refused(_) => Gate::OutsideUnusable.refuse(),
        })
    }

    /// The same, and tells what became of it.
    ///
    /// # Errors
    /// Those of [`Outside::ask`] where nothing was asked.
    pub async fn tell(&self, store: &Store, question: Question) -> Result<Told> {
        let admitted = self.admit(store, &question)?;
        let (client, counts, store) = (self.client.clone(), self.counts.clone(), store.clone());
        let asking =
            tokio::task::spawn_blocking(move || asked(&client, &counts, &store, admitted, &question));
        asking.await.map_err(|error| Error::Internal(format!("a question to a wallet system: {error}")))
    }

    /// The same for a thread that may wait.
    ///
    /// # Errors
    /// Those of [`Outside::ask`] where nothing was asked.
    pub fn tell_blocking(&self, store: &Store, question: &Question) -> Result<Told> {
        let admitted = self.admit(store, question)?;
        Ok(asked(&self.client, &self.counts, store, admitted, question))
    }
}

/// What became of a question that was asked.
pub type Told = std::result::Result<Map<String, Value>, NoAnswer>;

fn leave(door: &Door, customer_id: i64) {
    let mut about = door.about.lock();
    match about.get_mut(&customer_id) {
        Some(count) if *count > 1 => *count -= 1,
        _ => drop(about.remove(&customer_id)),
    }
}

fn asked(
    client: &WalletClient,
    counts: &Counts,
    store: &Store,
    admitted: Admitted,
    question: &Question,
) -> Told {
    let (path, began) = (question.path, Instant::now());
    let answer = client.ask(question);
    counts.seconds.get_or_create(&Path { path }).observe(began.elapsed().as_secs_f64());
    let outcome = match &answer {
        Ok(_) => "answered",
        Err(NoAnswer::Refused(_)) => "refused",
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
    admitted.door.breaker.lock().tell(answered, store.now_ms());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use custos_delivery::reach::Reach;
    use std::time::Duration;

    #[test]
    fn nobody_holds_all_places_of_a_door() {
        let outside = Outside::new(WalletClient::new(Duration::from_secs(1), Reach::public()));
        let mut held: Vec<Admitted> = Vec::new();
        let mut takes = |customer: i64| match outside.place(7, customer, "/x") {
            Ok(admitted) => {
                held.push(admitted);
                "0"
            }
            Err(error) => error.code(),
        };
        assert_eq!([takes(1), takes(1), takes(1)], ["0", "0", "GATEWAY_CODE_018"]);
        for other in 2..9 {
            assert_eq!([takes(other), takes(other)], ["0", "0"]);
        }
        // Sixteen of the company are under way.
        assert_eq!(takes(9), "GATEWAY_CODE_011");
        held.truncate(1);
        assert_eq!(outside.door(7).about.lock().len(), 1);
        drop(held);
        assert!(outside.door(7).about.lock().is_empty());
    }
}
