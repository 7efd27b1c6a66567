//! Messages on their way out: written in the transaction of the change that they tell of, delivered by workers.
//!
//! The payload (recipient, words, code) is sealed, and gone as soon as it is delivered. A row that is taken is due
//! again when its lease ends, so a worker that dies loses nothing: delivery is at least once.

use crate::Channel;
use custos_store::{Error as StoreError, MINUTE_MS, Result, SECOND_MS, Tx, Wake, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tries before a message is given up.
const MAX_ATTEMPTS: i64 = 10;
/// Tries of what must arrive: three days of them.
const PATIENT_ATTEMPTS: i64 = 450;
/// The longest pause between two tries.
const MAX_PAUSE_MS: i64 = 10 * MINUTE_MS;
/// How long operators can see what became of a message.
const KEPT_MS: i64 = 30 * 24 * 60 * MINUTE_MS;
/// How long they can see one that was for no one: whoever probes for customers leaves many.
const KEPT_VOID_MS: i64 = 24 * 60 * MINUTE_MS;

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// On whose behalf.
    pub company_id: i64,
    /// By which way.
    pub channel: Channel,
    /// To whom: an address, an E.164 number, a chat id.
    pub to: &'a str,
    /// The recipient as operators may see it.
    pub masked: String,
    /// Which template.
    pub template: &'static str,
    /// In which language.
    pub lang: &'a str,
    /// The template's variables.
    pub vars: &'a [(&'a str, &'a str)],
    /// The verification code, when it carries one.
    pub code: Option<&'a str>,
    /// Sent after this it would be useless.
    pub useful_until: i64,
    /// It is for no one: it costs what others cost, so that time does not tell who is a customer, and goes nowhere.
    pub void: bool,
}

/// What is sealed of a message.
#[derive(Serialize, Deserialize)]
pub struct Payload {
    /// To whom.
    pub to: String,
    /// In which language.
    pub lang: String,
    /// The template's variables.
    pub vars: BTreeMap<String, String>,
    /// The verification code.
    pub code: Option<String>,
    /// Sent after this it would be useless.
    pub useful_until: i64,
    /// For no one. Only the payload tells, so that a look at the waiting rows does not.
    #[serde(default)]
    pub void: bool,
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Payload(sealed)")
    }
}

pub(crate) fn seal_context(id: i64) -> String {
    format!("outbox:{id}")
}

fn sealed(tx: &Tx<'_>, id: i64, message: &Message<'_>) -> Result<Vec<u8>> {
    let payload = Payload {
        to: message.to.to_owned(),
        lang: message.lang.to_owned(),
        vars: message.vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        code: message.code.map(str::to_owned),
        useful_until: message.useful_until,
        void: message.void,
    };
    let plain = serde_json::to_vec(&payload).map_err(|error| StoreError::Internal(error.to_string()))?;
    tx.keys().seal(&seal_context(id), &plain).map_err(|error| StoreError::Internal(error.to_string()))
}

/// Puts a message into the outbox.
///
/// # Errors
/// The store's.
pub fn enqueue(tx: &mut Tx<'_>, message: &Message<'_>) -> Result<()> {
    insert(tx, message, None)
}

/// Notes that a message was not sent on purpose, and why: operators see it, whoever asked for it does not.
///
/// # Errors
/// The store's.
pub fn suppress(tx: &mut Tx<'_>, message: &Message<'_>, reason: &str) -> Result<()> {
    insert(tx, message, Some(reason))
}

fn insert(tx: &mut Tx<'_>, message: &Message<'_>, suppressed: Option<&str>) -> Result<()> {
    let (id, now) = (tx.new_id(), tx.now());
    let payload = match suppressed {
        None => Some(sealed(tx, id, message)?),
        Some(_) => None,
    };
    tx.send(
        "INSERT INTO outbox (id, company_id, channel, template, masked, payload, state, reason, attempts, due_at, \
         created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $9, $10)",
        params![
            id,
            message.company_id,
            message.channel.as_str(),
            message.template,
            &message.masked,
            payload.as_ref(),
            if suppressed.is_some() { "suppressed" } else { "waiting" },
            suppressed.unwrap_or(""),
            now,
            now + KEPT_MS
        ],
    )?;
    if suppressed.is_none() {
        tx.wake(Wake::Outbox);
    }
    Ok(())
}

/// A message that a worker holds the lease of.
#[derive(Debug)]
pub struct Taken {
    /// The row.
    pub id: i64,
    /// On whose behalf.
    pub company_id: i64,
    /// Which template.
    pub template: String,
    /// The recipient as logs may name it.
    pub masked: String,
    /// This try's number, counted from 1.
    pub attempts: i64,
    /// What to send; `None` when it can't be opened.
    pub payload: Option<Payload>,
}

/// Takes messages that are due, for as long as the lease. Two workers never get the same one.
///
/// # Errors
/// The store's.
pub fn take(tx: &mut Tx<'_>, channel: Channel, limit: i64, lease_ms: i64) -> Result<Vec<Taken>> {
    let now = tx.now();
    let rows = tx.query(
        "UPDATE outbox SET due_at = $3, attempts = attempts + 1 WHERE id IN (SELECT id FROM outbox \
         WHERE state = 'waiting' AND channel = $1 AND due_at <= $2 ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED) \
         RETURNING id, company_id, template, masked, attempts, payload",
        params![channel.as_str(), now, now + lease_ms, limit],
        |row| {
            Ok((
                Taken {
                    id: row.get(0)?,
                    company_id: row.get(1)?,
                    template: row.get(2)?,
                    masked: row.get(3)?,
                    attempts: row.get(4)?,
                    payload: None,
                },
                row.get::<Option<Vec<u8>>>(5)?,
            ))
        },
    )?;
    Ok(rows
        .into_iter()
        .map(|(mut taken, sealed)| {
            taken.payload = sealed
                .and_then(|sealed| tx.keys().open(&seal_context(taken.id), &sealed).ok())
                .and_then(|plain| serde_json::from_slice(&plain).ok());
            taken
        })
        .collect())
}

/// The message was handed over: its words go at once. Not if the lease has ended meanwhile and another worker has it.
///
/// # Errors
/// The store's.
pub fn delivered(tx: &mut Tx<'_>, id: i64, attempts: i64) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET state = 'delivered', payload = NULL WHERE id = $1 AND attempts = $2 AND state = 'waiting'",
        params![id, attempts],
    )?;
    Ok(())
}

/// The message was for no one: operators see that it was not sent, and why.
///
/// # Errors
/// The store's.
pub fn withhold(tx: &mut Tx<'_>, id: i64, attempts: i64) -> Result<()> {
    let expires_at = tx.now() + KEPT_VOID_MS;
    tx.execute(
        "UPDATE outbox SET state = 'suppressed', reason = 'not_a_customer', payload = NULL, expires_at = $3 \
         WHERE id = $1 AND attempts = $2 AND state = 'waiting'",
        params![id, attempts, expires_at],
    )?;
    Ok(())
}

/// How a try failed.
#[derive(Debug, Clone)]
pub struct Failure<'a> {
    /// Without a secret or the message's words.
    pub reason: &'a str,
    /// Another try is useless.
    pub permanent: bool,
    /// The provider asked to wait so many seconds.
    pub wait_s: Option<u64>,
    /// It must arrive: it is tried for days.
    pub patient: bool,
}

/// The try failed: later again, or a dead letter. Says whether it is dead now.
///
/// # Errors
/// The store's.
pub fn failed(tx: &mut Tx<'_>, taken: &Taken, failure: &Failure<'_>) -> Result<bool> {
    let now = tx.now();
    let pause = pause_ms(tx, taken.attempts, failure.wait_s)?;
    let useless = taken.payload.as_ref().is_none_or(|payload| payload.useful_until <= now + pause);
    let most = if failure.patient { PATIENT_ATTEMPTS } else { MAX_ATTEMPTS };
    if failure.permanent || useless || taken.attempts >= most {
        let carries_code = taken.payload.as_ref().is_none_or(|payload| payload.code.is_some());
        // A notice may be sent again by an operator; a code is worthless by then.
        if carries_code {
            tx.execute(
                "UPDATE outbox SET payload = NULL WHERE id = $1 AND attempts = $2",
                params![taken.id, taken.attempts],
            )?;
        }
        tx.execute(
            "UPDATE outbox SET state = 'dead', reason = $2 WHERE id = $1 AND attempts = $3 AND state = 'waiting'",
            params![taken.id, failure.reason, taken.attempts],
        )?;
        return Ok(true);
    }
    tx.execute(
        "UPDATE outbox SET due_at = $2, reason = $3 WHERE id = $1 AND attempts = $4 AND state = 'waiting'",
        params![taken.id, now + pause, failure.reason, taken.attempts],
    )?;
    Ok(false)
}

/// 1 s, 2 s, 4 s … ten minutes, each less up to a quarter so that messages that failed together part.
fn pause_ms(tx: &Tx<'_>, attempts: i64, wait_s: Option<u64>) -> Result<i64> {
    let doublings = u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or(0);
    let full = (SECOND_MS << doublings).min(MAX_PAUSE_MS);
    let [jitter] = tx.random::<1>()?;
    let asked = wait_s.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(0).saturating_mul(SECOND_MS);
    Ok((full - full * i64::from(jitter) / 1024).max(asked.min(MAX_PAUSE_MS * 6)))
}

/// How many messages are in which state, and how long the oldest due one has waited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Backlog {
    /// To be delivered.
    pub waiting: i64,
    /// Given up.
    pub dead: i64,
    /// Milliseconds that the oldest due message has waited.
    pub oldest_ms: i64,
}

/// How the outbox stands.
///
/// # Errors
/// The store's.
pub fn backlog(tx: &mut Tx<'_>) -> Result<Backlog> {
    let now = tx.now();
    let (waiting, oldest) =
        tx.query_one("SELECT count(*), min(due_at) FROM outbox WHERE state = 'waiting'", &[], |row| {
            Ok((row.get::<i64>(0)?, row.get::<Option<i64>>(1)?))
        })?;
    let dead = tx.value("SELECT count(*) FROM outbox WHERE state = 'dead'", &[])?;
    Ok(Backlog { waiting, dead, oldest_ms: oldest.map_or(0, |due| (now - due).max(0)) })
}

impl Payload {
    /// What the outbox needs to know when a try failed: everything but recipient and words.
    #[must_use]
    pub fn without_words(&self) -> Self {
        Self {
            to: String::new(),
            lang: String::new(),
            vars: BTreeMap::new(),
            code: self.code.as_ref().map(|_| String::new()),
            useful_until: self.useful_until,
            void: self.void,
        }
    }
}

/// Seals up to `limit` payloads again that an older key sealed; says how many.
///
/// # Errors
/// A payload can't be opened, or the store's.
pub fn reseal(tx: &mut Tx<'_>, limit: i64) -> Result<u64> {
    let told = |error: custos_store::KeyError| StoreError::Internal(error.to_string());
    let mark = tx.keys().newest_mark();
    let rows = tx.query(
        "SELECT id, payload FROM outbox WHERE payload IS NOT NULL AND substr(payload, 1, 5) <> $1 LIMIT $2 FOR UPDATE",
        params![&mark, limit],
        |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?)),
    )?;
    let mut done = 0;
    for (id, sealed) in rows {
        let context = seal_context(id);
        let fresh =
            tx.keys().seal(&context, &tx.keys().open(&context, &sealed).map_err(told)?).map_err(told)?;
        done += tx.execute("UPDATE outbox SET payload = $2 WHERE id = $1", params![id, &fresh])?;
    }
    Ok(done)
}
