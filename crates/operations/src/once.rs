//! Requests that take effect once.

use crate::api::is_usable;
use crate::context::Context;
use crate::error::{Error, Gate, Result};
use custos_ledger::idempotency::{self, FOR_EVER, Key};
use custos_store::Tx;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Whose request it is, and what it says.
#[derive(Debug, Clone, Copy)]
pub struct Keyed<'a> {
    /// The operation's name.
    pub operation: &'static str,
    /// The caller.
    pub customer_id: i64,
    /// The request in one form for all spellings of it: its own fields, so that what is looked up meanwhile may change.
    pub request: &'a str,
}

impl Context {
    /// Does `work` once for the header `idempotency-key`: the same request again gets the first answer, whatever has
    /// changed since. Without the header it is done each time. To be called in the transaction of the effect, before
    /// anything that may refuse.
    ///
    /// # Errors
    /// `GATEWAY_CODE_104` for a header that is no key, `FUND_0000007` for a key of another request, or what `work`
    /// returns; a refused request stores nothing.
    pub fn once<T: Serialize + DeserializeOwned>(
        &self,
        tx: &mut Tx<'_>,
        keyed: Keyed<'_>,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let Some(key) = self.idempotency_key.as_deref() else { return work(tx) };
        if !is_usable(key) {
            return Err(Gate::BadField.field("idempotency-key"));
        }
        let scope = format!("customer {} {}", keyed.customer_id, keyed.operation);
        let key = Key { company_id: self.company.id, scope: &scope, key, request: keyed.request.as_bytes() };
        let stored = |error: serde_json::Error| Error::Internal(format!("a stored answer: {error}"));
        if let Some(reply) = idempotency::claim(tx, key, FOR_EVER)? {
            return serde_json::from_str(&reply).map_err(stored);
        }
        let reply = work(tx)?;
        idempotency::answer(tx, key, &serde_json::to_string(&reply).map_err(stored)?)?;
        Ok(reply)
    }
}
