//! Sessions: an opaque random token, stored as its hash only.

use crate::company::{Settings, minutes_ms};
use crate::error::Result;
use custos_store::{MINUTE_MS, Row, Tx, params};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

/// How stale `seen_at` may become before it is written again, at most: a write a call would make every read a write.
const SEEN_GRAIN_MS: i64 = 5 * MINUTE_MS;

/// How stale `seen_at` may become: a small part of the idle time, or a session in steady use would end.
#[must_use]
pub fn seen_grain_ms(settings: &Settings) -> i64 {
    SEEN_GRAIN_MS.min(minutes_ms(settings.session_idle_minutes) / 4)
}

/// A signed-in client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// For lists and audit entries; says nothing about the token.
    pub id: i64,
    /// Whose company.
    pub company_id: i64,
    /// Whose.
    pub customer_id: i64,
    /// The client kind that it was opened with.
    pub device: i64,
    /// The client's name of itself.
    pub agent: String,
    /// The address it was opened from.
    pub address: String,
    /// The country of that address, as alpha-2; empty when unknown.
    pub country: String,
    /// When the customer last proved who they are.
    pub signed_in_at: i64,
    /// Last seen, within [`seen_grain_ms`].
    pub seen_at: i64,
    /// It ends then in any case.
    pub ends_at: i64,
    /// It ends then without a further call.
    pub expires_at: i64,
}

/// From where and with what a client calls.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// 1 mobile web, 2 desktop web, 3 system, 4 Android, 5 iOS …
    pub device: i64,
    /// The client's name of itself.
    pub agent: String,
    /// Its address as text.
    pub address: String,
    /// Its country, as alpha-2; empty when unknown.
    pub country: String,
    /// The request's trace.
    pub trace: String,
}

/// The hash that a token is stored and looked up by. The token has 256 bits of randomness, so a plain hash is enough.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn session_of(row: &Row<'_>) -> custos_store::Result<Session> {
    Ok(Session {
        id: row.get(0)?,
        company_id: row.get(1)?,
        customer_id: row.get(2)?,
        device: row.get(3)?,
        agent: row.get(4)?,
        address: row.get(5)?,
        country: row.get(6)?,
        signed_in_at: row.get(7)?,
        seen_at: row.get(8)?,
        ends_at: row.get(9)?,
        expires_at: row.get(10)?,
    })
}

macro_rules! columns {
    () => {
        "id, company_id, customer_id, device, agent, address, country, signed_in_at, seen_at, ends_at, expires_at"
    };
}

/// The live session of a token.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<Option<Session>> {
    let now = tx.now();
    Ok(tx.query_opt(
        concat!("SELECT ", columns!(), " FROM sessions WHERE token_hash = $1 AND expires_at > $2"),
        params![token_hash, now],
        session_of,
    )?)
}

/// The customer's live sessions, latest first.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<Session>> {
    let now = tx.now();
    Ok(tx.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM sessions WHERE company_id = $1 AND customer_id = $2 AND expires_at > $3 ORDER BY seen_at DESC, id DESC"
        ),
        params![company_id, customer_id, now],
        session_of,
    )?)
}

/// Opens a session; returns its token, which is told once.
///
/// # Errors
/// The store's.
pub fn open(
    tx: &mut Tx<'_>,
    settings: &Settings,
    company_id: i64,
    customer_id: i64,
    origin: &Origin,
) -> Result<String> {
    let now = tx.now();
    let (id, ends_at) = (tx.new_id(), now + minutes_ms(settings.session_longest_minutes));
    let session = Session {
        id,
        company_id,
        customer_id,
        device: origin.device,
        agent: origin.agent.clone(),
        address: origin.address.clone(),
        country: origin.country.clone(),
        signed_in_at: now,
        seen_at: now,
        ends_at,
        expires_at: ends_at.min(now + minutes_ms(settings.session_idle_minutes)),
    };
    insert(tx, &session)
}

fn new_token(tx: &Tx<'_>) -> Result<String> {
    Ok(BASE64URL_NOPAD.encode(&tx.random::<32>()?))
}

fn insert(tx: &mut Tx<'_>, session: &Session) -> Result<String> {
    let token = new_token(tx)?;
    tx.execute(
        "INSERT INTO sessions (token_hash, id, company_id, customer_id, device, agent, address, country, \
         signed_in_at, seen_at, ends_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            &token_hash(&token),
            session.id,
            session.company_id,
            session.customer_id,
            session.device,
            &session.agent,
            &session.address,
            &session.country,
            session.signed_in_at,
            session.seen_at,
            session.ends_at,
            session.expires_at
        ],
    )?;
    Ok(token)
}

/// Gives the session a fresh token; the old one stops working. `None` when it had stopped already: of two that swap at
/// once, one gets the new token.
///
/// # Errors
/// The store's.
pub fn swap(tx: &mut Tx<'_>, settings: &Settings, old_hash: &[u8; 32]) -> Result<Option<String>> {
    let now = tx.now();
    let token = new_token(tx)?;
    let idle_end = now + minutes_ms(settings.session_idle_minutes);
    // One row and one statement: whoever ends the customer's sessions meanwhile waits for this row and then ends it,
    // which they would not find had it been removed and added anew. It is a use like any other.
    let customer_id: Option<i64> = tx.query_opt(
        "UPDATE sessions SET token_hash = $2, seen_at = $3, \
         expires_at = CASE WHEN ends_at < $4 THEN ends_at ELSE CAST($4 AS BIGINT) END \
         WHERE token_hash = $1 AND expires_at > $3 RETURNING customer_id",
        params![old_hash, &token_hash(&token), now, idle_end],
        |row| row.get(0),
    )?;
    let Some(customer_id) = customer_id else { return Ok(None) };
    tx.touch(customer_id);
    Ok(Some(token))
}

/// Whether the customer's session of that id is still open.
///
/// # Errors
/// The store's.
pub fn is_open(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, id: i64) -> Result<bool> {
    let now = tx.now();
    let found: Option<i64> = tx.query_opt(
        "SELECT id FROM sessions WHERE company_id = $1 AND customer_id = $2 AND id = $3 AND expires_at > $4",
        params![company_id, customer_id, id, now],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Ends the session of a token; says whose it was.
///
/// # Errors
/// The store's.
pub fn end(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<Option<Session>> {
    let session = tx.query_opt(
        concat!("DELETE FROM sessions WHERE token_hash = $1 RETURNING ", columns!()),
        params![token_hash],
        session_of,
    )?;
    if let Some(session) = &session {
        tx.touch(session.customer_id);
    }
    Ok(session)
}

/// Ends the customer's sessions, but for the one to keep; says how many.
///
/// # Errors
/// The store's.
pub fn end_all(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, keep: Option<i64>) -> Result<u64> {
    tx.touch(customer_id);
    Ok(tx.execute(
        "DELETE FROM sessions WHERE company_id = $1 AND customer_id = $2 AND id <> $3",
        params![company_id, customer_id, keep.unwrap_or(0)],
    )?)
}

/// Ends one session of the customer by its id; whether there was one.
///
/// # Errors
/// The store's.
pub fn end_one(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, id: i64) -> Result<bool> {
    tx.touch(customer_id);
    let ended = tx.execute(
        "DELETE FROM sessions WHERE company_id = $1 AND customer_id = $2 AND id = $3",
        params![company_id, customer_id, id],
    )?;
    Ok(ended > 0)
}

/// Notes that the session was used, which puts its end off.
///
/// # Errors
/// The store's.
pub fn see(tx: &mut Tx<'_>, settings: &Settings, token_hash: &[u8; 32], customer_id: i64) -> Result<()> {
    let now = tx.now();
    let idle_end = now + minutes_ms(settings.session_idle_minutes);
    tx.execute(
        "UPDATE sessions SET seen_at = $2, expires_at = CASE WHEN ends_at < $3 THEN ends_at ELSE CAST($3 AS BIGINT) END \
         WHERE token_hash = $1 AND expires_at > $2",
        params![token_hash, now, idle_end],
    )?;
    tx.touch(customer_id);
    Ok(())
}
