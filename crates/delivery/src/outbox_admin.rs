//! The outbox as operators see it: what waits, what was given up, what was not sent on purpose.

use crate::Channel;
use crate::outbox::{self, Payload};
use custos_store::{DAY_MS, Result, Row, Tx, Wake, audit, params};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// A message of the outbox, without its words.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// Its id.
    pub id: i64,
    /// On whose behalf.
    pub company: i64,
    /// `email`, `sms`, `telegram`.
    pub channel: String,
    /// Which template.
    pub template: String,
    /// The recipient, masked.
    pub to: String,
    /// `waiting`, `delivered`, `dead`, `suppressed`.
    pub state: String,
    /// Why it stands so.
    pub reason: String,
    /// Tries so far.
    pub attempts: i64,
    /// When it is tried next.
    pub due_at: i64,
    /// When it was written.
    pub created_at: i64,
}

/// The messages of a state, newest first, before the one of the id `before`.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, state: &str, before: i64, limit: i64) -> Result<Vec<Shown>> {
    tx.query(
        "SELECT id, company_id, channel, template, masked, state, reason, attempts, due_at, created_at FROM outbox \
         WHERE state = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        params![state, before, limit],
        shown_of,
    )
}

fn shown_of(row: &Row<'_>) -> Result<Shown> {
    Ok(Shown {
        id: row.get(0)?,
        company: row.get(1)?,
        channel: row.get(2)?,
        template: row.get(3)?,
        to: row.get(4)?,
        state: row.get(5)?,
        reason: row.get(6)?,
        attempts: row.get(7)?,
        due_at: row.get(8)?,
        created_at: row.get(9)?,
    })
}

/// A company's messages that were given up, newest first, before the one of the id `before`.
///
/// # Errors
/// The store's.
pub fn dead_of(tx: &mut Tx<'_>, company_id: i64, (before, limit): (i64, i64)) -> Result<Vec<Shown>> {
    tx.query(
        "SELECT id, company_id, channel, template, masked, state, reason, attempts, due_at, created_at FROM outbox \
         WHERE state = 'dead' AND company_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        params![company_id, before, limit],
        shown_of,
    )
}

/// What came of a wish to drop a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Its words are gone.
    Done,
    /// The company has no such message that was given up.
    Unknown,
    /// It undoes something in a wallet system, which would stay as it is.
    Needed,
}

/// Drops a company's message that was given up. What remains says that there was one, to whom in part, and that it was
/// dropped.
///
/// # Errors
/// The store's.
pub fn drop_of(tx: &mut Tx<'_>, company_id: i64, id: i64, (actor, reason): (&str, &str)) -> Result<Dropped> {
    let found = tx.query_opt(
        "SELECT channel, template FROM outbox WHERE id = $1 AND company_id = $2 AND state = 'dead' FOR UPDATE",
        params![id, company_id],
        |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
    )?;
    let Some((channel, template)) = found else { return Ok(Dropped::Unknown) };
    if channel == Channel::Wallet.as_str() {
        return Ok(Dropped::Needed);
    }
    tx.execute(
        "UPDATE outbox SET state = 'suppressed', reason = 'dropped', payload = NULL WHERE id = $1 AND company_id = $2",
        params![id, company_id],
    )?;
    let detail =
        json!({ "message": id, "template": template, "state": ["dead", "dropped"], "reason": reason });
    tx.audit(audit::Entry::by_hand(company_id, "outbox.drop", actor, None, detail));
    Ok(Dropped::Done)
}

/// Sends a company's dead letter again.
///
/// # Errors
/// The store's.
pub fn retry_of(tx: &mut Tx<'_>, company_id: i64, id: i64, actor: &str) -> Result<Retried> {
    let whose: Option<i64> =
        tx.query_opt("SELECT company_id FROM outbox WHERE id = $1", params![id], |row| row.get(0))?;
    if whose == Some(company_id) { retry(tx, id, actor) } else { Ok(Retried::Unknown) }
}

/// What came of a wish to send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It waits to be delivered.
    Waiting,
    /// There is no such message.
    Unknown,
    /// It was not given up.
    NotDead,
    /// A code, which is worthless by now, or older than it is useful.
    Useless,
}

/// Sends a dead letter again.
///
/// # Errors
/// The store's.
pub fn retry(tx: &mut Tx<'_>, id: i64, actor: &str) -> Result<Retried> {
    let found = tx.query_opt(
        "SELECT company_id, state, payload FROM outbox WHERE id = $1 FOR UPDATE",
        params![id],
        |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<Option<Vec<u8>>>(2)?)),
    )?;
    let Some((company_id, state, sealed)) = found else { return Ok(Retried::Unknown) };
    if state != "dead" {
        return Ok(Retried::NotDead);
    }
    if !is_useful(tx, id, sealed.as_deref()) {
        return Ok(Retried::Useless);
    }
    revive(tx, id)?;
    note(tx, company_id, 1, actor);
    Ok(Retried::Waiting)
}

/// Sends up to `limit` dead letters after `after` again, as far as they are still useful; says how many were looked at,
/// how many wait now, and the last one's id.
///
/// # Errors
/// The store's.
pub fn retry_page(tx: &mut Tx<'_>, after: i64, limit: i64, actor: &str) -> Result<(usize, u64, i64)> {
    let dead = tx.query(
        "SELECT id, company_id, payload FROM outbox WHERE state = 'dead' AND id > $1 ORDER BY id LIMIT $2 FOR UPDATE",
        params![after, limit],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<Option<Vec<u8>>>(2)?)),
    )?;
    let last = dead.last().map_or(after, |(id, _, _)| *id);
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for (id, company_id, sealed) in &dead {
        if is_useful(tx, *id, sealed.as_deref()) {
            revive(tx, *id)?;
            *counts.entry(*company_id).or_default() += 1;
        }
    }
    for (company_id, count) in &counts {
        note(tx, *company_id, *count, actor);
    }
    Ok((dead.len(), counts.values().sum(), last))
}

fn is_useful(tx: &Tx<'_>, id: i64, sealed: Option<&[u8]>) -> bool {
    let plain = sealed.and_then(|sealed| tx.keys().open(&outbox::seal_context(id), sealed).ok());
    let payload = plain.and_then(|plain| serde_json::from_slice::<Payload>(&plain).ok());
    payload.is_some_and(|payload| payload.useful_until > tx.now())
}

fn revive(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE outbox SET state = 'waiting', attempts = 0, due_at = $2, reason = '' WHERE id = $1",
        params![id, now],
    )?;
    tx.wake(Wake::Outbox);
    Ok(())
}

fn note(tx: &mut Tx<'_>, company_id: i64, count: u64, actor: &str) {
    tx.audit(audit::Entry {
        company_id,
        action: "outbox.retry",
        outcome: "ok".to_owned(),
        actor: actor.to_owned(),
        customer_id: None,
        address: None,
        trace: None,
        detail: json!({ "messages": count }),
    });
}

/// How many messages of the last day were delivered, and how many given up.
///
/// # Errors
/// The store's.
pub fn last_day(tx: &mut Tx<'_>) -> Result<(i64, i64)> {
    let since = tx.now() - DAY_MS;
    let delivered = tx
        .value("SELECT count(*) FROM outbox WHERE state = 'delivered' AND created_at > $1", params![since])?;
    let dead =
        tx.value("SELECT count(*) FROM outbox WHERE state = 'dead' AND created_at > $1", params![since])?;
    Ok((delivered, dead))
}
