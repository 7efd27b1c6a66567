//! Asks companies' services for rates.

use super::Shared;
use custos_customers::company::{self, Company};
use custos_operations::error::Error;
use custos_operations::quotes;
use custos_store::MINUTE_MS;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often it is looked whether one is due.
const LOOK: Duration = Duration::from_secs(10);

impl Shared {
    pub(super) fn quote_until_stopped(&self) {
        let (mut heard, mut next) = (0, Instant::now());
        // When each was asked last by this process, answer or not.
        let mut asked: HashMap<i64, i64> = HashMap::new();
        while !self.is_stopping() {
            if Instant::now() >= next {
                match self.store.read_blocking(|tx| Ok::<_, Error>(company::list(tx)?)) {
                    Ok(companies) => companies
                        .iter()
                        .filter(|company| company.enabled && !company.settings.rates.url.is_empty())
                        .for_each(|company| self.quote(company, &mut asked)),
                    Err(error) => tracing::warn!(%error, "the companies could not be read for their rates"),
                }
                next = Instant::now() + LOOK;
            }
            heard = self.bell.wait(heard, next.saturating_duration_since(Instant::now()));
        }
    }

    fn quote(&self, company: &Company, asked: &mut HashMap<i64, i64>) {
        let (now, pause) = (self.store.now_ms(), company.settings.rates.minutes.saturating_mul(MINUTE_MS));
        let rested = asked.get(&company.id).is_none_or(|at| at.saturating_add(pause) <= now);
        if self.is_stopping() || !rested || !quotes::is_due(&self.store, company).unwrap_or(false) {
            return;
        }
        asked.insert(company.id, now);
        let outcome = match quotes::fetch(&self.store, &self.sinks.quotes, company) {
            Ok(fetched) => {
                tracing::info!(
                    company = company.id,
                    taken = fetched.taken,
                    left_out = fetched.left_out,
                    "rates"
                );
                if fetched.taken > 0 { "taken" } else { "empty" }
            }
            Err(error) => {
                tracing::warn!(company = company.id, %error, "no rates came");
                "failed"
            }
        };
        self.quoted.get_or_create(&super::Quoted { outcome }).inc();
    }
}
