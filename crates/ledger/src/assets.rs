//! What a company's accounts can hold.

use crate::Result;
use custos_store::{EVERYTHING, Tx, params};

/// A currency or coin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its id within the company.
    pub id: i64,
    /// Its code, such as `USD`.
    pub code: String,
    /// Decimals of its smallest unit.
    pub digits: i64,
}

/// The company's assets, by id.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<Asset>> {
    Ok(tx.query(
        "SELECT id, code, digits FROM assets WHERE company_id = $1 ORDER BY id",
        params![company_id],
        |row| Ok(Asset { id: row.get(0)?, code: row.get(1)?, digits: row.get(2)? }),
    )?)
}

/// The company's assets, by id, each with the instant at which it was added; 0 where that is not known.
///
/// # Errors
/// The store's.
pub fn with_times(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<(Asset, i64)>> {
    Ok(tx.query(
        "SELECT id, code, digits, created_at FROM assets WHERE company_id = $1 ORDER BY id",
        params![company_id],
        |row| Ok((Asset { id: row.get(0)?, code: row.get(1)?, digits: row.get(2)? }, row.get(3)?)),
    )?)
}

/// Adds an asset; one that is there already stays as it is.
///
/// # Errors
/// The store's.
pub fn add(tx: &mut Tx<'_>, company_id: i64, code: &str, digits: i64) -> Result<()> {
    let now = tx.now();
    let id = tx.value::<i64>(
        "SELECT COALESCE(MAX(id), 0) + 1 FROM assets WHERE company_id = $1",
        params![company_id],
    )?;
    tx.execute(
        "INSERT INTO assets (company_id, id, code, digits, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        params![company_id, id, code, digits, now],
    )?;
    tx.touch(EVERYTHING);
    Ok(())
}
