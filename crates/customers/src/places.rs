//! From where and with what an account has been used: a known address has tries of its own, and news of a new device
//! or country goes to the customer.

use crate::error::Result;
use crate::session::Origin;
use custos_store::{DAY_MS, Tx, params};

const ADDRESS_LIFE_MS: i64 = 30 * DAY_MS;
const DEVICE_LIFE_MS: i64 = 365 * DAY_MS;

/// What is remembered of an origin.
#[derive(Debug, Clone, Copy)]
enum Aspect {
    Address,
    Device,
    Country,
}

fn place(tx: &Tx<'_>, aspect: Aspect, origin: &Origin) -> [u8; 32] {
    let device = origin.device.to_be_bytes();
    match aspect {
        Aspect::Address => tx.keys().keyed_hash("place address", &[network(&origin.address).as_bytes()]),
        Aspect::Device => tx.keys().keyed_hash("place device", &[&device, origin.agent.as_bytes()]),
        Aspect::Country => tx.keys().keyed_hash("place country", &[origin.country.as_bytes()]),
    }
}

/// The address as it is counted: IPv6 by its /64.
#[must_use]
pub fn network(address: &str) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
        _ => address.to_owned(),
    }
}

fn is_known(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, place: &[u8; 32]) -> Result<bool> {
    let now = tx.now();
    let found: Option<i64> = tx.query_opt(
        "SELECT expires_at FROM known_places WHERE company_id = $1 AND customer_id = $2 AND place = $3 \
         AND expires_at > $4",
        params![company_id, customer_id, place, now],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Whether the account was signed in to from this address within 30 days.
///
/// # Errors
/// The store's.
pub fn is_known_address(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, origin: &Origin) -> Result<bool> {
    let place = place(tx, Aspect::Address, origin);
    is_known(tx, company_id, customer_id, &place)
}

/// What is new about an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// A device that this account was not used with.
    pub device: bool,
    /// A country that it was not used from.
    pub country: bool,
}

/// Remembers an origin; says what is new about it.
///
/// # Errors
/// The store's.
pub fn remember(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, origin: &Origin) -> Result<News> {
    let mut news = News { device: false, country: false };
    for (aspect, life) in [
        (Aspect::Address, ADDRESS_LIFE_MS),
        (Aspect::Device, DEVICE_LIFE_MS),
        (Aspect::Country, DEVICE_LIFE_MS),
    ] {
        if matches!(aspect, Aspect::Country) && origin.country.is_empty() {
            continue;
        }
        let place = place(tx, aspect, origin);
        let known = is_known(tx, company_id, customer_id, &place)?;
        match aspect {
            Aspect::Device => news.device = !known,
            Aspect::Country => news.country = !known,
            Aspect::Address => {}
        }
        let expires = tx.now() + life;
        tx.execute(
            "INSERT INTO known_places (company_id, customer_id, place, expires_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (company_id, customer_id, place) DO UPDATE SET expires_at = excluded.expires_at",
            params![company_id, customer_id, &place, expires],
        )?;
    }
    Ok(news)
}
