//! How often one client may call: politeness, held in memory. Limits that must hold live in the database.

use crate::rate_limit::{Decision, Limiter, Quota, address_key};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use custos_operations::operation::Class;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Calls a minute, by class of operation. The bursts are a quarter of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Reads from one address.
    pub read: u32,
    /// Writes from one address.
    pub write: u32,
    /// Sign-ins and registrations from one address.
    pub sign_in: u32,
    /// Codes asked for from one address.
    pub send: u32,
    /// Calls of one customer, from wherever.
    pub customer: u32,
    /// Calls from one address beyond which HTTP 429 answers.
    pub flood: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { read: 6_000, write: 2_400, sign_in: 600, send: 240, customer: 6_000, flood: 60_000 }
    }
}

/// Addresses, and customers, that are told apart at once.
const CAPACITY: usize = 65_536;

/// All limiters.
#[derive(Debug)]
pub(crate) struct Limits {
    read: Limiter,
    write: Limiter,
    sign_in: Limiter,
    send: Limiter,
    customer: Limiter,
    flood: Limiter,
}

impl Limits {
    pub(crate) fn new(quotas: Quotas) -> Self {
        let limiter = |per_minute: u32| {
            Limiter::new(Quota { per_minute: per_minute.max(1), burst: (per_minute / 4).max(1) }, CAPACITY)
        };
        Self {
            read: limiter(quotas.read),
            write: limiter(quotas.write),
            sign_in: limiter(quotas.sign_in),
            send: limiter(quotas.send),
            customer: limiter(quotas.customer),
            flood: limiter(quotas.flood),
        }
    }

    /// Whether the address calls so often that it is no person.
    pub(crate) fn flood(&self, address: IpAddr, now_ms: i64) -> Decision {
        self.flood.check(&address_key(address), now_ms)
    }

    /// Whether the address may call an operation of this class.
    pub(crate) fn class(&self, class: Class, address: IpAddr, now_ms: i64) -> Decision {
        let limiter = match class {
            Class::Read => &self.read,
            Class::Write | Class::Probe => &self.write,
            Class::SignIn => &self.sign_in,
            Class::Send => &self.send,
        };
        limiter.check(&address_key(address), now_ms)
    }

    /// Whether the customer may call.
    pub(crate) fn customer(&self, customer_id: i64, now_ms: i64) -> Decision {
        self.customer.check(&customer_id, now_ms)
    }
}

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// The misspelling is the documented name.
const REMAIRING: HeaderName = HeaderName::from_static("x-ratelimit-remairing");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Tells the client how it stands.
pub(crate) fn tell(decision: &Decision, headers: &mut HeaderMap) {
    headers.insert(LIMIT, HeaderValue::from(decision.limit));
    headers.insert(REMAINING, HeaderValue::from(decision.remaining));
    headers.insert(REMAIRING, HeaderValue::from(decision.remaining));
    headers.insert(RESET, HeaderValue::from(decision.reset_s));
}
