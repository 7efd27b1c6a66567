//! What customers watch: product ids by trade type, in their order.

use crate::error::{Code, Result};
use crate::{customer, products};
use custos_store::{Error as StoreError, Tx, params};
use std::collections::{BTreeMap, HashSet};

/// Products that a list may hold.
pub const MOST: usize = 500;

/// Adds products to the customer's lists, after those that are there; what is there already stays where it is. All or none.
///
/// # Errors
/// `GATEWAY_CODE_104` for a product that is not in the company's catalogue, where it has one, and for more than [`MOST`] in a
/// list; else the store's.
pub fn add(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    wanted: &BTreeMap<i64, Vec<i64>>,
) -> Result<()> {
    customer::lock(tx, company_id, customer_id)?;
    for (trade_type, symbols) in wanted {
        products::must_have(tx, company_id, *trade_type, symbols)?;
        let mut list = find(tx, company_id, customer_id, *trade_type)?.unwrap_or_default();
        let mut known: HashSet<i64> = list.iter().copied().collect();
        list.extend(symbols.iter().copied().filter(|symbol| known.insert(*symbol)));
        if list.len() > MOST {
            return Err(Code::BadField.with(&["symbolList"]));
        }
        keep(tx, company_id, customer_id, *trade_type, &list)?;
    }
    Ok(())
}

/// Takes products off a list; what is not on it is no error.
///
/// # Errors
/// The store's.
pub fn remove(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    trade_type: i64,
    symbols: &[i64],
) -> Result<()> {
    customer::lock(tx, company_id, customer_id)?;
    let Some(mut list) = find(tx, company_id, customer_id, trade_type)? else { return Ok(()) };
    list.retain(|symbol| !symbols.contains(symbol));
    keep(tx, company_id, customer_id, trade_type, &list)
}

/// A list; `None` where there never was one.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, trade_type: i64) -> Result<Option<Vec<i64>>> {
    let text = tx.query_opt(
        "SELECT symbols FROM watchlists WHERE company_id = $1 AND customer_id = $2 AND trade_type = $3",
        params![company_id, customer_id, trade_type],
        |row| row.get::<String>(0),
    )?;
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|error| StoreError::Internal(format!("a watchlist: {error}")))
    };
    Ok(text.map(read).transpose()?)
}

/// All lists of a customer, by trade type.
///
/// # Errors
/// The store's.
pub fn all(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<BTreeMap<i64, Vec<i64>>> {
    let types = tx.query(
        "SELECT trade_type FROM watchlists WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer_id],
        |row| row.get::<i64>(0),
    )?;
    let mut all = BTreeMap::new();
    for trade_type in types {
        all.insert(trade_type, find(tx, company_id, customer_id, trade_type)?.unwrap_or_default());
    }
    Ok(all)
}

/// Whether the customer ever kept a list: clients make one of their own for those who did not.
///
/// # Errors
/// The store's.
pub fn has_any(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<bool> {
    let found: Option<i64> = tx.query_opt(
        "SELECT trade_type FROM watchlists WHERE company_id = $1 AND customer_id = $2 LIMIT 1",
        params![company_id, customer_id],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

fn keep(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, trade_type: i64, list: &[i64]) -> Result<()> {
    let (now, text) = (tx.now(), format!("{list:?}"));
    tx.execute(
        "INSERT INTO watchlists (company_id, customer_id, trade_type, symbols, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (company_id, customer_id, trade_type) DO UPDATE SET symbols = excluded.symbols, \
         updated_at = excluded.updated_at",
        params![company_id, customer_id, trade_type, &text, now],
    )?;
    tx.touch_view(customer_id);
    Ok(())
}
