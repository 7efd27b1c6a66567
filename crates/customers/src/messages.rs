//! What a customer reads in the application: each notice on their account's security once, whatever contacts it went to.

use crate::customer::Customer;
use crate::data_key;
use crate::error::Result;
use custos_store::{Error as StoreError, Tx, params};

/// Messages kept of a customer; the oldest go.
const KEPT: i64 = 200;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: i64,
    /// What it says, by the name of its template.
    pub template: String,
    /// What is filled in.
    pub vars: Vec<(String, String)>,
    /// Whether the customer has read it.
    pub is_read: bool,
    /// When it came.
    pub at: i64,
}

fn seal_context(company_id: i64, id: i64) -> String {
    format!("message:{company_id}:{id}")
}

/// Keeps a message. Links that do something are left out: whoever has the session must not get what was sent to prove
/// another way in.
///
/// # Errors
/// The store's.
pub fn keep(
    tx: &mut Tx<'_>,
    customer: &Customer,
    template: &'static str,
    vars: &[(&str, &str)],
) -> Result<()> {
    let (company_id, id, now) = (customer.company_id, tx.new_id(), tx.now());
    let kept: Vec<&(&str, &str)> = vars.iter().filter(|(name, _)| *name != "link").collect();
    let plain = serde_json::to_vec(&kept).map_err(|error| StoreError::Internal(error.to_string()))?;
    let sealed = data_key::of(tx, company_id, customer.id)?.seal(&seal_context(company_id, id), &plain)?;
    tx.execute(
        "INSERT INTO messages (company_id, customer_id, id, template, sealed, read_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6)",
        params![company_id, customer.id, id, template, &sealed, now],
    )?;
    tx.execute(
        "DELETE FROM messages WHERE company_id = $1 AND customer_id = $2 AND id <= (SELECT id FROM messages \
         WHERE company_id = $1 AND customer_id = $2 ORDER BY id DESC LIMIT 1 OFFSET $3)",
        params![company_id, customer.id, KEPT],
    )?;
    Ok(())
}

/// A page of a customer's messages between two instants, newest first, and how many there are.
///
/// # Errors
/// One can't be opened, or the store's.
pub fn page(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    (from, until): (i64, i64),
    (size, skipped): (i64, i64),
) -> Result<(i64, Vec<Message>)> {
    let total: i64 = tx.value(
        "SELECT count(*) FROM messages WHERE company_id = $1 AND customer_id = $2 AND created_at >= $3 AND created_at <= $4",
        params![company_id, customer_id, from, until],
    )?;
    let rows = tx.query(
        "SELECT id, template, read_at, created_at, sealed FROM messages WHERE company_id = $1 AND customer_id = $2 \
         AND created_at >= $3 AND created_at <= $4 ORDER BY id DESC LIMIT $5 OFFSET $6",
        params![company_id, customer_id, from, until, size, skipped],
        |row| {
            let message = Message {
                id: row.get(0)?,
                template: row.get(1)?,
                vars: Vec::new(),
                is_read: row.get::<i64>(2)? > 0,
                at: row.get(3)?,
            };
            Ok((message, row.get::<Vec<u8>>(4)?))
        },
    )?;
    let Some(key) = data_key::find(tx, company_id, customer_id)? else { return Ok((0, Vec::new())) };
    let open = |(message, sealed): (Message, Vec<u8>)| {
        let plain = key.open(&seal_context(company_id, message.id), &sealed)?;
        let vars = serde_json::from_slice(&plain)
            .map_err(|error| StoreError::Internal(format!("message {}: {error}", message.id)))?;
        Ok(Message { vars, ..message })
    };
    Ok((total, rows.into_iter().map(open).collect::<Result<_>>()?))
}

/// Marks one message as read, or all; whether there was one that was not.
///
/// # Errors
/// The store's.
pub fn read(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, id: Option<i64>) -> Result<bool> {
    let (now, first) = (tx.now(), id.unwrap_or(0));
    let last = id.unwrap_or(i64::MAX);
    let changed = tx.execute(
        "UPDATE messages SET read_at = $5 WHERE company_id = $1 AND customer_id = $2 AND id >= $3 AND id <= $4 \
         AND read_at = 0",
        params![company_id, customer_id, first, last, now],
    )?;
    Ok(changed > 0)
}

/// Whether the customer has a message of this id.
///
/// # Errors
/// The store's.
pub fn exists(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, id: i64) -> Result<bool> {
    let found: Option<i64> = tx.query_opt(
        "SELECT id FROM messages WHERE company_id = $1 AND customer_id = $2 AND id = $3",
        params![company_id, customer_id, id],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}
