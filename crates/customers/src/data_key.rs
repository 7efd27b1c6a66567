//! The key under which a customer's own data is sealed. When the key is destroyed, so is all that it sealed, in every
//! table and file (crypto-shredding, NIST SP 800-88 §2.5), and in every backup that is younger; one that still has the key's
//! row opens with the key file.

use crate::error::{Code, Result};
use custos_store::{DataKey, Tx, params};

/// The place in the database that a customer's key is sealed for.
pub(crate) fn seal_context(company_id: i64, customer_id: i64) -> String {
    format!("customer key:{company_id}:{customer_id}")
}

/// The customer's key, if they have one.
///
/// # Errors
/// It can't be opened, or the store's.
pub fn find(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Option<DataKey>> {
    let sealed = tx.query_opt(
        "SELECT sealed FROM customer_keys WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer_id],
        |row| row.get::<Vec<u8>>(0),
    )?;
    let Some(sealed) = sealed else { return Ok(None) };
    let plain = tx.keys().open(&seal_context(company_id, customer_id), &sealed)?;
    Ok(Some(DataKey::from_bytes(&plain)?))
}

/// The customer's key, made if there is none.
///
/// # Errors
/// `CUSTOMER_API_0000003` for someone who was erased; it can't be opened, no randomness, or the store's.
pub fn of(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<DataKey> {
    if let Some(key) = find(tx, company_id, customer_id)? {
        return Ok(key);
    }
    // What is sealed for someone who was erased would stay for ever.
    let erased: Option<i64> = tx.query_opt(
        "SELECT id FROM closures WHERE company_id = $1 AND customer_id = $2 AND erased_at > 0",
        params![company_id, customer_id],
        |row| row.get(0),
    )?;
    if erased.is_some() {
        return Err(Code::NotFound.refuse());
    }
    let key = DataKey::from_bytes(&tx.random::<32>()?)?;
    let sealed = tx.keys().seal(&seal_context(company_id, customer_id), key.as_bytes())?;
    let now = tx.now();
    let made = tx.execute(
        "INSERT INTO customer_keys (company_id, customer_id, sealed, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (company_id, customer_id) DO NOTHING",
        params![company_id, customer_id, &sealed, now],
    )?;
    if made > 0 {
        return Ok(key);
    }
    // Someone else was faster.
    Ok(find(tx, company_id, customer_id)?.ok_or(custos_store::Error::NoRow)?)
}

/// Destroys the customer's key, and with it all that was sealed under it.
///
/// # Errors
/// The store's.
pub fn shred(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<()> {
    tx.execute(
        "DELETE FROM customer_keys WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer_id],
    )?;
    Ok(())
}
