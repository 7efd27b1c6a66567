//! Rates that a service names: asked now and then for each company that has one.

use crate::error::Error;
use crate::terms;
use custos_customers::company::Company;
use custos_customers::third_party;
use custos_delivery::quotes::QuotesClient;
use custos_ledger::assets;
use custos_ledger::rates::{self, MOST_AT_ONCE, Quoted, Source};
use custos_store::{MINUTE_MS, Store};

/// Who says so, in the audit log.
const ACTOR: &str = "system:rates";

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// Rates that were taken.
    pub taken: usize,
    /// Rates of assets that the company does not have, and those that can't be read.
    pub left_out: usize,
}

/// Asks the company's service, and takes the rates between assets that the company has. Blocks.
///
/// # Errors
/// In words for the operator's log.
pub fn fetch(store: &Store, client: &QuotesClient, company: &Company) -> Result<Fetched, String> {
    let (id, settings) = (company.id, &company.settings);
    let told = |error: Error| error.to_string();
    let token = store
        .read_blocking(move |tx| Ok::<_, Error>(third_party::secret(tx, id, third_party::RATES_TOKEN)?))
        .map_err(told)?;
    let quotes = client.ask(&settings.rates.url, token.as_deref())?;
    let valuation = terms::valuation(settings).currency;
    store
        .write_blocking(move |tx| {
            let known = assets::list(tx, id)?;
            let is_known = |code: &str| code == valuation || known.iter().any(|asset| asset.code == code);
            let mut taken: Vec<Quoted> = Vec::new();
            for quote in &quotes.all {
                if !is_known(&quote.base) || !is_known(&quote.quote) {
                    continue;
                }
                let Ok(quoted) = Quoted::new(&quote.base, &quote.quote, &quote.rate) else { continue };
                // Of a pair that is told twice the first counts.
                let is_new = taken.iter().all(|before| before.in_order() != quoted.in_order());
                if is_new && taken.len() < MOST_AT_ONCE {
                    taken.push(quoted);
                }
            }
            let at = quotes.at.unwrap_or(i64::MAX);
            rates::load_as_of(tx, id, &valuation, &taken, (Source::Provider, ACTOR), at)?;
            let left_out = quotes.all.len() + quotes.unreadable - taken.len();
            Ok::<_, Error>(Fetched { taken: taken.len(), left_out })
        })
        .map_err(told)
}

/// Whether the company's service is to be asked now, for all that the database knows: another server may have done so.
///
/// # Errors
/// The store's.
pub fn is_due(store: &Store, company: &Company) -> Result<bool, Error> {
    let (id, pause) = (company.id, company.settings.rates.minutes.saturating_mul(MINUTE_MS));
    if company.settings.rates.url.is_empty() {
        return Ok(false);
    }
    store.read_blocking(move |tx| {
        let last = rates::last_provided(tx, id)?;
        Ok(last.is_none_or(|at| at.saturating_add(pause) <= tx.now()))
    })
}
