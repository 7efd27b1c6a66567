//! The feed of what happened, one a company, for other systems.
//!
//! An event is written in the transaction of what it tells of, without a number. Numbers are given afterwards, by
//! [`number_some`], one transaction after another under the lock of the company's head: so a reader who has seen number
//! *n* has seen all that there will ever be up to *n*. Ids would not do: of two transactions the one with the greater id
//! may commit first, and a reader who has gone past it would miss the other. Numbers given within the writers' own
//! transactions would do, but all transfers of a company would wait for each other's commit.

use crate::{Result, Tx, Wake, params};
use serde_json::Value;

/// Tells other systems that something happened, if this transaction commits. `kind` is dotted, such as `kyc.passed`;
/// `customer_id` is 0 for what concerns none. `data` holds ids and states: no secret, no address, no name.
///
/// # Errors
/// The database's.
pub fn emit(
    tx: &mut Tx<'_>,
    company_id: i64,
    kind: &'static str,
    customer_id: i64,
    data: Value,
) -> Result<()> {
    let (id, now, data) = (tx.new_id(), tx.now(), data.to_string());
    tx.send(
        "INSERT INTO event_queue (company_id, id, type, customer_id, at, data) VALUES ($1, $2, $3, $4, $5, $6)",
        params![company_id, id, kind, customer_id, now, &data],
    )?;
    tx.wake(Wake::Events);
    Ok(())
}

/// The companies that have events without a number.
///
/// # Errors
/// The database's.
pub fn waiting(tx: &mut Tx<'_>) -> Result<Vec<i64>> {
    tx.query("SELECT DISTINCT company_id FROM event_queue ORDER BY company_id", &[], |row| row.get(0))
}

struct Queued {
    id: i64,
    kind: String,
    customer_id: i64,
    at: i64,
    data: String,
}

/// Numbers up to `limit` events of a company, which are kept for `keep_ms`; says how many.
///
/// # Errors
/// The database's.
pub fn number_some(tx: &mut Tx<'_>, company_id: i64, keep_ms: i64, limit: i64) -> Result<i64> {
    const HEAD: &str = "SELECT seq FROM event_heads WHERE company_id = $1 FOR UPDATE";
    let head: Option<i64> = tx.query_opt(HEAD, params![company_id], |row| row.get(0))?;
    let mut seq = match head {
        Some(seq) => seq,
        None => {
            tx.execute(
                "INSERT INTO event_heads (company_id, seq) VALUES ($1, 0) ON CONFLICT (company_id) DO NOTHING",
                params![company_id],
            )?;
            tx.value(HEAD, params![company_id])?
        }
    };
    // Exactly those that are moved are removed: others may have committed smaller ids meanwhile.
    let mut queued = tx.query(
        "DELETE FROM event_queue WHERE company_id = $1 AND id IN \
         (SELECT id FROM event_queue WHERE company_id = $1 ORDER BY id LIMIT $2) \
         RETURNING id, type, customer_id, at, data",
        params![company_id, limit],
        |row| {
            Ok(Queued {
                id: row.get(0)?,
                kind: row.get(1)?,
                customer_id: row.get(2)?,
                at: row.get(3)?,
                data: row.get(4)?,
            })
        },
    )?;
    queued.sort_by_key(|event| event.id);
    let expires_at = tx.now().saturating_add(keep_ms);
    for event in &queued {
        seq += 1;
        tx.send(
            "INSERT INTO events (company_id, seq, id, type, customer_id, at, data, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                company_id,
                seq,
                event.id,
                &event.kind,
                event.customer_id,
                event.at,
                &event.data,
                expires_at
            ],
        )?;
    }
    if !queued.is_empty() {
        tx.send("UPDATE event_heads SET seq = $2 WHERE company_id = $1", params![company_id, seq])?;
        tx.wake(Wake::Webhooks);
    }
    Ok(i64::try_from(queued.len()).unwrap_or(i64::MAX))
}

/// An event of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number in the company's feed: counted from 1, without gaps.
    pub seq: i64,
    /// Its id, by which a receiver knows it again.
    pub id: i64,
    /// What happened.
    pub kind: String,
    /// Whom it concerns; 0 for no customer.
    pub customer_id: i64,
    /// When.
    pub at: i64,
    /// The rest.
    pub data: Value,
}

/// A part of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The events, in their order.
    pub events: Vec<Event>,
    /// The number of the oldest event that is still kept; 0 for none. Whoever asks for those after an older one has missed
    /// some.
    pub oldest: i64,
    /// The number of the newest.
    pub newest: i64,
}

/// The company's events after the number `after`.
///
/// # Errors
/// The database's.
pub fn list(tx: &mut Tx<'_>, company_id: i64, after: i64, limit: i64) -> Result<Page> {
    let events = tx.query(
        "SELECT seq, id, type, customer_id, at, data FROM events WHERE company_id = $1 AND seq > $2 \
         ORDER BY seq LIMIT $3",
        params![company_id, after, limit],
        |row| {
            Ok(Event {
                seq: row.get(0)?,
                id: row.get(1)?,
                kind: row.get(2)?,
                customer_id: row.get(3)?,
                at: row.get(4)?,
                data: serde_json::from_str(&row.get::<String>(5)?).unwrap_or_default(),
            })
        },
    )?;
    let oldest = tx.query_opt(
        "SELECT seq FROM events WHERE company_id = $1 ORDER BY seq LIMIT 1",
        params![company_id],
        |row| row.get(0),
    )?;
    Ok(Page { events, oldest: oldest.unwrap_or(0), newest: newest(tx, company_id)? })
}

/// The number of the company's newest event; 0 for none.
///
/// # Errors
/// The database's.
pub fn newest(tx: &mut Tx<'_>, company_id: i64) -> Result<i64> {
    let head =
        tx.query_opt("SELECT seq FROM event_heads WHERE company_id = $1", params![company_id], |row| {
            row.get(0)
        })?;
    Ok(head.unwrap_or(0))
}
