//! What front-ends keep with a customer, by kind.

use crate::error::Result;
use crate::{customer, data_key};
use custos_store::{Tx, params};

fn seal_context(company_id: i64, customer_id: i64, kind: i64) -> String {
    format!("extend:{company_id}:{customer_id}:{kind}")
}

/// Keeps a text in place of the one before.
///
/// # Errors
/// `CUSTOMER_API_0000003`, or the store's.
pub fn save(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, kind: i64, text: &str) -> Result<()> {
    customer::lock(tx, company_id, customer_id)?;
    let key = data_key::of(tx, company_id, customer_id)?;
    let sealed = key.seal(&seal_context(company_id, customer_id, kind), text.as_bytes())?;
    let now = tx.now();
    tx.execute(
        "INSERT INTO customer_extends (company_id, customer_id, kind, sealed, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (company_id, customer_id, kind) DO UPDATE SET sealed = excluded.sealed, \
         updated_at = excluded.updated_at",
        params![company_id, customer_id, kind, &sealed, now],
    )?;
    Ok(())
}

/// What is kept; empty for nothing.
///
/// # Errors
/// It can't be opened, or the store's.
pub fn find(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, kind: i64) -> Result<String> {
    let sealed = tx.query_opt(
        "SELECT sealed FROM customer_extends WHERE company_id = $1 AND customer_id = $2 AND kind = $3",
        params![company_id, customer_id, kind],
        |row| row.get::<Vec<u8>>(0),
    )?;
    let (Some(sealed), Some(key)) = (sealed, data_key::find(tx, company_id, customer_id)?) else {
        return Ok(String::new());
    };
    let plain = key.open(&seal_context(company_id, customer_id, kind), &sealed)?;
    Ok(String::from_utf8_lossy(&plain).into_owned())
}
