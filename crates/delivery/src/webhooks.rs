//! The receivers of a company's events, and how far each has come. One event is under way to a receiver at a time, so that
//! each gets them in their order; one that does not take an event gets no other before it.

use crate::webhook::Refused;
use custos_store::events::{self, Event};
use custos_store::{DAY_MS, Error, HOUR_MS, MINUTE_MS, Result, Row, SECOND_MS, Tx, audit, params};
use serde_json::{Value, json};

/// A receiver that has taken nothing for so long is given up.
const PATIENCE_MS: i64 = 3 * DAY_MS;
/// How long a taken event stays taken: longer than a receiver may take to answer.
const LEASE_MS: i64 = 40 * SECOND_MS;
/// The pauses between tries; the last one from then on.
const PAUSES_MS: [i64; 8] = [
    5 * SECOND_MS,
    30 * SECOND_MS,
    2 * MINUTE_MS,
    10 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
];
/// Events looked at in one transaction for one that the receiver wants.
const SCANNED: i64 = 500;
/// Receivers of a company.
const MOST: i64 = 20;

/// A receiver as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: i64,
    /// Where it is.
    pub url: String,
    /// The types that it wants: whole ones such as `kyc.passed`, or all of a kind such as `kyc.*`; none for all.
    pub types: Vec<String>,
    /// Whether it is sent to.
    pub enabled: bool,
    /// Why not, or why the last try failed.
    pub reason: String,
    /// The number of the last event that it took or did not want.
    pub position: i64,
    /// Tries of the next one that failed.
    pub attempts: i64,
    /// When it last took one; 0 for never.
    pub delivered_at: i64,
    /// Until when messages are signed with the secret before, too; 0 where there is none.
    pub old_until: i64,
}

fn webhook_of(row: &Row<'_>) -> Result<Webhook> {
    let types: String = row.get(2)?;
    Ok(Webhook {
        id: row.get(0)?,
        url: row.get(1)?,
        types: types.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        enabled: row.get::<i64>(3)? == 1,
        reason: row.get(4)?,
        position: row.get(5)?,
        attempts: row.get(6)?,
        delivered_at: row.get(7)?,
        old_until: row.get(8)?,
    })
}

/// The company's receivers, oldest first.
///
/// # Errors
/// The database's.
pub fn list(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<Webhook>> {
    tx.query(
        "SELECT id, url, types, enabled, reason, position, attempts, delivered_at, old_until FROM webhooks \
         WHERE company_id = $1 ORDER BY id",
        params![company_id],
        webhook_of,
    )
}

/// Says what is wrong about the types of a receiver.
///
/// # Errors
/// A sentence for the operator.
pub fn check_types(types: &[String]) -> std::result::Result<(), String> {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_type = |text: &String| {
        let plain = text.strip_suffix(".*").unwrap_or(text);
        text.len() <= 60 && plain.split('.').all(is_word)
    };
    match types.iter().find(|text| !is_type(text)) {
        Some(_) => Err("types are written like kyc.passed, or kyc.* for all of a kind".to_owned()),
        None if types.len() > 50 => Err("at most 50 types".to_owned()),
        None => Ok(()),
    }
}

fn wants(types: &[String], kind: &str) -> bool {
    types.is_empty()
        || types.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(start) => kind.strip_prefix(start).is_some_and(|rest| rest.starts_with('.')),
            None => wanted == kind,
        })
}

pub(crate) fn seal_context(company_id: i64, id: i64) -> String {
    format!("webhook:{company_id}:{id}")
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}

fn entry(tx: &mut Tx<'_>, company_id: i64, action: &'static str, actor: &str, detail: Value) {
    tx.audit(audit::Entry::by_hand(company_id, action, actor, None, detail));
}

/// A new secret, sealed for a receiver.
fn new_secret(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<([u8; 32], Vec<u8>)> {
    let secret = tx.random::<32>()?;
    let sealed = tx.keys().seal(&seal_context(company_id, id), &secret).map_err(broken)?;
    Ok((secret, sealed))
}

/// Adds a receiver of what happens from now on. The address and the types have been checked. Returns its id and its
/// secret, which is told once; `None` when the company has as many as it may.
///
/// # Errors
/// The database's.
pub fn add(
    tx: &mut Tx<'_>,
    company_id: i64,
    url: &str,
    types: &[String],
    actor: &str,
) -> Result<Option<(i64, [u8; 32])>> {
    let count: i64 = tx.value("SELECT count(*) FROM webhooks WHERE company_id = $1", params![company_id])?;
    if count >= MOST {
        return Ok(None);
    }
    let (id, now) = (tx.new_id(), tx.now());
    let (secret, sealed) = new_secret(tx, company_id, id)?;
    let position = events::newest(tx, company_id)?;
    tx.execute(
        "INSERT INTO webhooks (company_id, id, url, types, enabled, reason, secret, old_secret, old_until, position, \
         attempts, failing_since, due_at, lease, delivered_at, created_at) \
         VALUES ($1, $2, $3, $4, 1, '', $5, NULL, 0, $6, 0, 0, $7, 0, 0, $7)",
        params![company_id, id, url, &types.join(","), &sealed, position, now],
    )?;
    entry(tx, company_id, "webhook.add", actor, json!({ "id": id, "types": types }));
    Ok(Some((id, secret)))
}

/// Gives a receiver a new secret, which is told once. Messages are signed with the one before, too, for `grace_ms`.
/// `None` when there is no such receiver.
///
/// # Errors
/// The database's.
pub fn rotate(
    tx: &mut Tx<'_>,
    company_id: i64,
    id: i64,
    grace_ms: i64,
    actor: &str,
) -> Result<Option<[u8; 32]>> {
    let (secret, sealed) = new_secret(tx, company_id, id)?;
    let until = tx.now().saturating_add(grace_ms);
    let changed = tx.execute(
        "UPDATE webhooks SET old_secret = secret, old_until = $3, secret = $4 WHERE company_id = $1 AND id = $2",
        params![company_id, id, until, &sealed],
    )?;
    if changed == 0 {
        return Ok(None);
    }
    entry(tx, company_id, "webhook.rotate", actor, json!({ "id": id, "oldUntil": until }));
    Ok(Some(secret))
}

/// Removes a receiver; whether there was one.
///
/// # Errors
/// The database's.
pub fn remove(tx: &mut Tx<'_>, company_id: i64, id: i64, actor: &str) -> Result<bool> {
    let removed =
        tx.execute("DELETE FROM webhooks WHERE company_id = $1 AND id = $2", params![company_id, id])?;
    if removed > 0 {
        entry(tx, company_id, "webhook.remove", actor, json!({ "id": id }));
    }
    Ok(removed > 0)
}

/// Sends to a receiver from now on, from where it stopped, or (`skips`) what happens from now on only. `false` when there
/// is no such receiver.
///
/// # Errors
/// The database's.
pub fn enable(tx: &mut Tx<'_>, company_id: i64, id: i64, skips: bool, actor: &str) -> Result<bool> {
    let (now, newest) = (tx.now(), events::newest(tx, company_id)?);
    let changed = tx.execute(
        "UPDATE webhooks SET enabled = 1, reason = '', attempts = 0, failing_since = 0, due_at = $3, lease = 0, \
         position = CASE WHEN CAST($4 AS BIGINT) = 1 THEN CAST($5 AS BIGINT) ELSE position END WHERE company_id = $1 AND id = $2",
        params![company_id, id, now, i64::from(skips), newest],
    )?;
    if changed > 0 {
        entry(tx, company_id, "webhook.enable", actor, json!({ "id": id, "skips": skips }));
        tx.wake(custos_store::Wake::Webhooks);
    }
    Ok(changed > 0)
}

/// An event on its way to a receiver.
pub struct Taken {
    /// The company.
    pub company_id: i64,
    /// The receiver.
    pub id: i64,
    /// Where it is.
    pub url: String,
    /// The secrets that are good now.
    pub secrets: Vec<Vec<u8>>,
    /// What is sent.
    pub event: Event,
    attempts: i64,
    failing_since: i64,
    lease: i64,
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Taken(event {} for {})", self.event.seq, self.id)
    }
}

/// What was found to be done.
#[derive(Debug)]
pub enum Next {
    /// This is to be sent.
    Send(Box<Taken>),
    /// A receiver wanted none of what was looked at; there may be more.
    Again,
    /// Nothing is due.
    Nothing,
}

struct Due {
    company_id: i64,
    id: i64,
    url: String,
    types: String,
    secret: Vec<u8>,
    old_secret: Option<Vec<u8>>,
    old_until: i64,
    position: i64,
    attempts: i64,
    failing_since: i64,
}

/// Takes the next event of a receiver that is due. Two workers never have the same receiver.
///
/// # Errors
/// The database's.
pub fn take(tx: &mut Tx<'_>) -> Result<Next> {
    let (now, lease) = (tx.now(), tx.new_id());
    let due = tx.query_opt(
        "UPDATE webhooks SET due_at = $2, lease = $3 WHERE (company_id, id) IN (SELECT company_id, id FROM webhooks \
         WHERE enabled = 1 AND due_at <= $1 \
         AND position < (SELECT seq FROM event_heads h WHERE h.company_id = webhooks.company_id) \
         ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING company_id, id, url, types, secret, old_secret, old_until, position, attempts, failing_since",
        params![now, now + LEASE_MS, lease],
        |row| {
            Ok(Due {
                company_id: row.get(0)?,
                id: row.get(1)?,
                url: row.get(2)?,
                types: row.get(3)?,
                secret: row.get(4)?,
                old_secret: row.get(5)?,
                old_until: row.get(6)?,
                position: row.get(7)?,
                attempts: row.get(8)?,
                failing_since: row.get(9)?,
            })
        },
    )?;
    let Some(due) = due else { return Ok(Next::Nothing) };
    let types: Vec<String> = due.types.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect();
    let page = events::list(tx, due.company_id, due.position, SCANNED)?;
    let last = page.events.last().map_or(page.newest, |event| event.seq);
    let Some(event) = page.events.into_iter().find(|event| wants(&types, &event.kind)) else {
        tx.execute(
            "UPDATE webhooks SET position = $3, due_at = $4 WHERE company_id = $1 AND id = $2",
            params![due.company_id, due.id, last, now],
        )?;
        return Ok(Next::Again);
    };
    let context = seal_context(due.company_id, due.id);
    let secret = tx.keys().open(&context, &due.secret);
    let old = due.old_secret.filter(|_| due.old_until > now);
    // One that can't be opened any more was replaced for that reason.
    let old = old.and_then(|old| tx.keys().open(&context, &old).ok());
    let taken = Taken {
        company_id: due.company_id,
        id: due.id,
        url: due.url,
        secrets: secret.iter().chain(&old).map(|secret| secret.to_vec()).collect(),
        event,
        attempts: due.attempts,
        failing_since: due.failing_since,
        lease,
    };
    if secret.is_ok() {
        return Ok(Next::Send(Box::new(taken)));
    }
    // As if it had not taken the event: an error here would keep the workers from everyone else's.
    let refused = Refused {
        reason: "its secret can't be opened: give it another".to_owned(),
        is_gone: false,
        wait_s: None,
    };
    failed(tx, &taken, &refused)?;
    Ok(Next::Again)
}

/// The receiver took the event. Not if another worker has it meanwhile: then it is sent twice.
///
/// # Errors
/// The database's.
pub fn delivered(tx: &mut Tx<'_>, taken: &Taken) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE webhooks SET position = $4, attempts = 0, failing_since = 0, reason = '', due_at = $5, lease = 0, \
         delivered_at = $5 WHERE company_id = $1 AND id = $2 AND lease = $3",
        params![taken.company_id, taken.id, taken.lease, taken.event.seq, now],
    )?;
    Ok(())
}

/// The receiver did not take the event: later again, or never. Says whether it was given up.
///
/// # Errors
/// The database's.
pub fn failed(tx: &mut Tx<'_>, taken: &Taken, refused: &Refused) -> Result<bool> {
    let now = tx.now();
    let since = if taken.failing_since > 0 { taken.failing_since } else { now };
    let gives_up = refused.is_gone || now - since >= PATIENCE_MS;
    let index = usize::try_from(taken.attempts).unwrap_or(usize::MAX).min(PAUSES_MS.len() - 1);
    let pause = PAUSES_MS.get(index).copied().unwrap_or(HOUR_MS);
    let asked = i64::try_from(refused.wait_s.unwrap_or(0)).unwrap_or(0).saturating_mul(SECOND_MS);
    let [jitter] = tx.random::<1>()?;
    // Receivers that went down together do not come back to all messages at once.
    let due_at = now + pause.max(asked.min(6 * HOUR_MS)) + pause * i64::from(jitter) / 1_280;
    let changed = tx.execute(
        "UPDATE webhooks SET enabled = $4, reason = $5, attempts = attempts + 1, failing_since = $6, due_at = $7, \
         lease = 0 WHERE company_id = $1 AND id = $2 AND lease = $3",
        params![
            taken.company_id,
            taken.id,
            taken.lease,
            i64::from(!gives_up),
            &refused.reason,
            since,
            due_at
        ],
    )?;
    if gives_up && changed > 0 {
        entry(
            tx,
            taken.company_id,
            "webhook.disable",
            "system",
            json!({ "id": taken.id, "reason": refused.reason }),
        );
        events::emit(tx, taken.company_id, "webhook.disabled", 0, json!({ "webhookId": taken.id }))?;
    }
    Ok(gives_up && changed > 0)
}

/// Seals up to `limit` receivers' secrets under the newest key; says how many.
///
/// # Errors
/// A value can't be opened, or the database's.
pub fn reseal(tx: &mut Tx<'_>, limit: i64) -> Result<u64> {
    let mark = tx.keys().newest_mark();
    let rows = tx.query(
        "SELECT company_id, id, secret, old_secret FROM webhooks WHERE substr(secret, 1, 5) <> $1 \
         OR (old_secret IS NOT NULL AND substr(old_secret, 1, 5) <> $1) LIMIT $2 FOR UPDATE",
        params![&mark, limit],
        |row| {
            let old: Option<Vec<u8>> = row.get(3)?;
            Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<Vec<u8>>(2)?, old))
        },
    )?;
    let mut done = 0;
    for (company_id, id, secret, old) in rows {
        let context = seal_context(company_id, id);
        let again = |tx: &Tx<'_>, sealed: &[u8]| -> Result<Vec<u8>> {
            let plain = tx.keys().open(&context, sealed).map_err(broken)?;
            tx.keys().seal(&context, &plain).map_err(broken)
        };
        let secret = again(tx, &secret)?;
        let old = old.map(|old| again(tx, &old)).transpose()?;
        done += tx.execute(
            "UPDATE webhooks SET secret = $3, old_secret = $4 WHERE company_id = $1 AND id = $2",
            params![company_id, id, &secret, old.as_ref()],
        )?;
    }
    Ok(done)
}

#[cfg(test)]
mod tests;
