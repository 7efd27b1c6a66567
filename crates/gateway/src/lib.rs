//! The front door: addresses, headers, envelope, limits, health, documents.

mod address;
mod call;
pub mod client_address;
pub mod cors;
mod envelope;
pub mod health;
mod limits;
mod links;
pub mod listener;
pub mod mailbox;
pub mod rate_limit;
pub mod swagger_ui;
mod upload;

pub use limits::Quotas;

use axum::Router;
use axum::http::HeaderName;
use client_address::TrustedProxies;
use cors::Cors;
use custos_customers::company::Company;
use custos_delivery::texts::Texts;
use custos_operations::api::Api;
use limits::Limits;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How the front door is set up.
#[derive(Debug)]
pub struct Setup {
    /// Whose word is believed about a client's address.
    pub proxies: TrustedProxies,
    /// The header by which such a proxy names the client's country.
    pub country_header: Option<HeaderName>,
    /// Whose pages may call.
    pub cors: Cors,
    /// How often a client may call.
    pub quotas: Quotas,
    /// How long a body may take to arrive, and an operation to answer.
    pub request_timeout: Duration,
}

/// The front door.
#[derive(Debug)]
pub struct Gateway {
    api: Api,
    texts: Texts,
    company_texts: Mutex<HashMap<i64, (Arc<Company>, Texts)>>,
    limits: Limits,
    proxies: TrustedProxies,
    country_header: Option<HeaderName>,
    cors: Cors,
    request_timeout: Duration,
    draining: AtomicBool,
    uploads: Semaphore,
}

impl Gateway {
    /// The front door to `api`.
    #[must_use]
    pub fn new(api: Api, texts: Texts, setup: Setup) -> Self {
        Self {
            api,
            texts,
            company_texts: Mutex::new(HashMap::new()),
            limits: Limits::new(setup.quotas),
            proxies: setup.proxies,
            country_header: setup.country_header,
            cors: setup.cors,
            request_timeout: setup.request_timeout,
            draining: AtomicBool::new(false),
            uploads: Semaphore::new(upload::AT_ONCE),
        }
    }

    /// From now on new requests are told to go elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// The texts in the company's own words.
    fn texts_of(&self, company: Option<&Arc<Company>>) -> Texts {
        let Some(company) = company.filter(|company| !company.texts.is_empty()) else {
            return self.texts.clone();
        };
        let mut kept = self.company_texts.lock();
        match kept.get(&company.id).filter(|(of, _)| Arc::ptr_eq(of, company)) {
            Some((_, texts)) => texts.clone(),
            None => {
                let overrides = company.texts.iter();
                let texts = self.texts.with_overrides(
                    overrides.map(|(lang, key, pattern)| (lang.as_str(), key.as_str(), pattern.as_str())),
                );
                kept.insert(company.id, (Arc::clone(company), texts.clone()));
                texts
            }
        }
    }
}

/// All routes of the public address.
pub fn routes(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .merge(swagger_ui::routes())
        .merge(health::document_routes())
        .merge(links::routes())
        .merge(upload::routes())
        .fallback(call::answer)
        .with_state(gateway)
}
