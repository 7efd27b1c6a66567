//! A request that names a key takes effect once.

use crate::error::{Code, Result};
use custos_store::{DAY_MS, Tx, params};

/// How long a key is kept that no transfer hangs on.
pub const LIFE_MS: i64 = 7 * DAY_MS;
/// Keys of transfers are kept for ever.
pub const FOR_EVER: i64 = i64::MAX;

/// Whose key, for what.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The company.
    pub company_id: i64,
    /// Caller and operation: the same key of another caller, or for something else, is another key.
    pub scope: &'a str,
    /// The key.
    pub key: &'a str,
    /// The request in its canonical form.
    pub request: &'a [u8],
}

fn fingerprint(tx: &Tx<'_>, key: Key<'_>) -> [u8; 32] {
    tx.keys().keyed_hash("idempotent request", &[key.scope.as_bytes(), key.request])
}

/// Claims the key for this transaction. `Some` when it was used before: the answer of then. A transaction with the same
/// key that has not ended is waited for, so that its answer comes back.
///
/// # Errors
/// `FUND_0000007` when it was used for another request; else the store's.
pub fn claim(tx: &mut Tx<'_>, key: Key<'_>, life_ms: i64) -> Result<Option<String>> {
    let (now, print) = (tx.now(), fingerprint(tx, key));
    let expires = now.saturating_add(life_ms);
    let added = tx.execute(
        "INSERT INTO idempotency_keys (company_id, scope, key, fingerprint, reply, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, '', $5, $6) ON CONFLICT DO NOTHING",
        params![key.company_id, key.scope, key.key, &print, now, expires],
    )?;
    if added > 0 {
        return Ok(None);
    }
    let (known, reply) = tx.query_one(
        "SELECT fingerprint, reply FROM idempotency_keys WHERE company_id = $1 AND scope = $2 AND key = $3",
        params![key.company_id, key.scope, key.key],
        |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<String>(1)?)),
    )?;
    if known == print { Ok(Some(reply)) } else { Err(Code::OtherRequest.refuse()) }
}

/// Stores the answer beside the claim, in the transaction of the effect.
///
/// # Errors
/// The store's.
pub fn answer(tx: &mut Tx<'_>, key: Key<'_>, reply: &str) -> Result<()> {
    tx.execute(
        "UPDATE idempotency_keys SET reply = $4 WHERE company_id = $1 AND scope = $2 AND key = $3",
        params![key.company_id, key.scope, key.key, reply],
    )?;
    Ok(())
}

/// Runs `work` once for a key: later calls get the first answer.
///
/// # Errors
/// `FUND_0000007`, or what `work` returns; a refused request stores nothing.
pub fn once(
    tx: &mut Tx<'_>,
    key: Option<Key<'_>>,
    life_ms: i64,
    work: impl FnOnce(&mut Tx<'_>) -> Result<String>,
) -> Result<String> {
    let Some(key) = key else { return work(tx) };
    if let Some(reply) = claim(tx, key, life_ms)? {
        return Ok(reply);
    }
    let reply = work(tx)?;
    answer(tx, key, &reply)?;
    Ok(reply)
}
