//! What operators see of requests to a wallet system.

use super::State;
use crate::error::Result;
use custos_store::{Row, Tx, params};
use serde::Serialize;

/// A request as operators see it.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// Its id.
    pub id: i64,
    /// The customer's id.
    pub customer_id: i64,
    /// The number by which the wallet system knows it.
    pub request_no: String,
    /// How it stands.
    pub state: String,
    /// Why.
    pub reason: String,
    /// The currency.
    pub currency: String,
    /// How much.
    pub amount: String,
    /// The order.
    pub order_id: i64,
    /// Who wanted it.
    pub actor: String,
    /// When it went out.
    pub asked_at: i64,
}

fn shown_of(row: &Row<'_>) -> custos_store::Result<Shown> {
    Ok(Shown {
        id: row.get(0)?,
        customer_id: row.get(1)?,
        request_no: row.get(2)?,
        state: row.get(3)?,
        reason: row.get(4)?,
        currency: row.get(5)?,
        amount: row.get(6)?,
        order_id: row.get(7)?,
        actor: row.get(8)?,
        asked_at: row.get(9)?,
    })
}

/// A company's requests, newest first, before the one of the id `before`; all states for `None`.
///
/// # Errors
/// The store's.
pub fn list(
    tx: &mut Tx<'_>,
    company_id: i64,
    state: Option<State>,
    (before, limit): (i64, i64),
) -> Result<Vec<Shown>> {
    let state = state.map_or("", State::as_str);
    Ok(tx.query(
        "SELECT id, customer_id, request_no, state, reason, currency, amount, order_id, actor, asked_at FROM credit_limits \
         WHERE company_id = $1 AND (state = $2 OR $2 = '') AND id < $3 ORDER BY id DESC LIMIT $4",
        params![company_id, state, before, limit],
        shown_of,
    )?)
}
