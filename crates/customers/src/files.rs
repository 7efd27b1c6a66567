//! Customers' files: pictures of documents, mostly. The bytes lie in a vault, sealed under a key of the file's own, which
//! is sealed under the customer's: with that one destroyed nobody reads them again.

pub mod clean;
pub mod kind;

use crate::customer;
use crate::data_key;
use crate::error::{Code, Result};
use custos_store::{DAY_MS, DataKey, HOUR_MS, KeyError, MINUTE_MS, Tx, audit, params};
use data_encoding::HEXLOWER;
use kind::Kind;
use serde_json::json;
use subtle::ConstantTimeEq;

/// The largest file that is taken.
pub const LARGEST_BYTES: usize = 10 << 20;
/// Files that a customer may hand in within a day.
pub const A_DAY: i64 = 50;
/// How long a link is good.
pub const LINK_MS: i64 = 15 * MINUTE_MS;
/// What nothing refers to is kept for so long.
const UNUSED_MS: i64 = DAY_MS;
/// What is being written is given up after so long.
const WRITING_MS: i64 = HOUR_MS;
/// Between a file's time and its removal, so that nobody who saw it in time finds it gone.
const GRACE_MS: i64 = HOUR_MS;

const WRITING: i64 = 1;
const KEPT: i64 = 2;

/// A place for a file that is about to be written.
#[derive(Debug)]
pub struct Reserved {
    /// The file's id.
    pub id: i64,
    /// What its bytes are sealed under.
    pub key: DataKey,
}

/// A file, and the key to its bytes.
#[derive(Debug)]
pub struct Opened {
    /// Whose it is.
    pub customer_id: i64,
    /// The media type that it is served as.
    pub media_type: String,
    /// What its bytes are sealed under.
    pub key: DataKey,
}

/// The place that a file's bytes, and its key, are sealed for.
#[must_use]
pub fn seal_context(company_id: i64, id: i64) -> String {
    format!("file:{company_id}:{id}")
}

/// Makes room for a file before its bytes are written; what is never written goes by itself. There is none when the
/// customer has handed in too many within a day.
///
/// # Errors
/// The customer is gone, or the store's.
pub fn reserve(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    kind: Kind,
    bytes: usize,
) -> Result<Option<Reserved>> {
    customer::lock(tx, company_id, customer_id)?;
    let now = tx.now();
    let lately: i64 = tx.value(
        "SELECT count(*) FROM files WHERE company_id = $1 AND customer_id = $2 AND created_at > $3",
        params![company_id, customer_id, now - DAY_MS],
    )?;
    if lately >= A_DAY {
        return Ok(None);
    }
    let id = tx.new_id();
    let key = DataKey::from_bytes(&tx.random::<32>()?)?;
    let sealed =
        data_key::of(tx, company_id, customer_id)?.seal(&seal_context(company_id, id), key.as_bytes())?;
    let size = i64::try_from(bytes).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO files (company_id, id, customer_id, state, media_type, bytes, sealed_key, created_at, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            company_id,
            id,
            customer_id,
            WRITING,
            kind.media_type(),
            size,
            &sealed,
            now,
            now + WRITING_MS
        ],
    )?;
    Ok(Some(Reserved { id, key }))
}

/// Notes that a file's bytes are written.
///
/// # Errors
/// It was given up meanwhile; the store's.
pub fn written(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, id: i64) -> Result<()> {
    let now = tx.now();
    let noted = tx.execute(
        "UPDATE files SET state = $4, due_at = $5 WHERE company_id = $1 AND customer_id = $2 AND id = $3 AND state = $6",
        params![company_id, customer_id, id, KEPT, now + UNUSED_MS, WRITING],
    )?;
    if noted == 1 { Ok(()) } else { Err(Code::NotFound.refuse()) }
}

/// Whether a file is there and the customer's own.
///
/// # Errors
/// The store's.
pub fn owned(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, id: i64) -> Result<bool> {
    let now = tx.now();
    let found: i64 = tx.value(
        "SELECT count(*) FROM files WHERE company_id = $1 AND customer_id = $2 AND id = $3 AND state = $4 \
         AND due_at > $5",
        params![company_id, customer_id, id, KEPT, now],
    )?;
    Ok(found == 1)
}

/// Keeps a file for as long as its customer's data is kept: something refers to it now.
///
/// # Errors
/// `CUSTOMER_API_0000003` when it is not there or not theirs; the store's.
pub fn claim(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, id: i64) -> Result<()> {
    let now = tx.now();
    let kept = tx.execute(
        "UPDATE files SET due_at = $6 WHERE company_id = $1 AND customer_id = $2 AND id = $3 AND state = $4 \
         AND due_at > $5",
        params![company_id, customer_id, id, KEPT, now, i64::MAX],
    )?;
    if kept == 1 { Ok(()) } else { Err(Code::NotFound.refuse()) }
}

/// Has all of a customer's files removed.
///
/// # Errors
/// The store's.
pub fn give_up_all(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<()> {
    tx.execute(
        "UPDATE files SET due_at = 0 WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer_id],
    )?;
    Ok(())
}

/// A line of the list of a customer's files.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub id: i64,
    /// The media type that it is served as.
    pub media_type: String,
    /// Its size.
    pub bytes: i64,
    /// When it was handed in.
    pub created_at: i64,
}

/// A customer's files, oldest first.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<Listed>> {
    Ok(tx.query(
        "SELECT id, media_type, bytes, created_at FROM files WHERE company_id = $1 AND customer_id = $2 AND state = $3 \
         ORDER BY id",
        params![company_id, customer_id, KEPT],
        |row| {
            Ok(Listed { id: row.get(0)?, media_type: row.get(1)?, bytes: row.get(2)?, created_at: row.get(3)? })
        },
    )?)
}

/// The key to a file, if the file is there and its customer's key is.
///
/// # Errors
/// The key can't be opened; the store's.
pub fn open(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<Option<Opened>> {
    let now = tx.now();
    let found = tx.query_opt(
        "SELECT customer_id, media_type, sealed_key FROM files WHERE company_id = $1 AND id = $2 AND state = $3 \
         AND due_at > $4",
        params![company_id, id, KEPT, now],
        |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<Vec<u8>>(2)?)),
    )?;
    let Some((customer_id, media_type, sealed)) = found else { return Ok(None) };
    let Some(customers) = data_key::find(tx, company_id, customer_id)? else { return Ok(None) };
    let key = DataKey::from_bytes(&customers.open(&seal_context(company_id, id), &sealed)?)?;
    Ok(Some(Opened { customer_id, media_type, key }))
}

/// A file that is due but can't be removed now: in an hour again, after all others.
///
/// # Errors
/// The store's.
pub fn put_off(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<()> {
    let at = tx.now() + HOUR_MS;
    tx.execute(
        "UPDATE files SET due_at = $3 WHERE company_id = $1 AND id = $2",
        params![company_id, id, at],
    )?;
    Ok(())
}

/// The same for an operator, whose look is written down.
///
/// # Errors
/// As [`open`]'s.
pub fn open_as_operator(
    tx: &mut Tx<'_>,
    company_id: i64,
    id: i64,
    actor: &str,
    reason: &str,
) -> Result<Option<Opened>> {
    let opened = open(tx, company_id, id)?;
    if let Some(opened) = &opened {
        let detail = json!({ "file": id, "reason": reason });
        tx.audit(audit::Entry::by_hand(company_id, "file.look", actor, Some(opened.customer_id), detail));
    }
    Ok(opened)
}

fn signature(tx: &Tx<'_>, company_id: i64, id: i64, until: i64) -> [u8; 32] {
    let parts = [company_id.to_be_bytes(), id.to_be_bytes(), until.to_be_bytes()];
    let [company, file, time] = &parts;
    tx.keys().keyed_hash("file link", &[company, file, time])
}

/// The path and query of a link to a file, good for 15 minutes.
#[must_use]
pub fn link(tx: &Tx<'_>, company_id: i64, id: i64) -> String {
    let until = tx.now() + LINK_MS;
    let sign = HEXLOWER.encode(&signature(tx, company_id, id, until));
    format!("{}?until={until}&sign={sign}", path(company_id, id))
}

/// A file's path, without what makes a link of it.
#[must_use]
pub fn path(company_id: i64, id: i64) -> String {
    format!("/api/file/{company_id}/{id}")
}

/// Whether a link is one of ours, unaltered, and still good.
#[must_use]
pub fn link_stands(tx: &Tx<'_>, company_id: i64, id: i64, until: i64, sign: &str) -> bool {
    let expected = HEXLOWER.encode(&signature(tx, company_id, id, until));
    bool::from(expected.as_bytes().ct_eq(sign.as_bytes())) && tx.now() < until
}

/// The file that a link points at, as customers hand it back in a form: whole or from its path on, good or too old.
/// Whether it is theirs is another question.
#[must_use]
pub fn id_in_link(text: &str) -> Option<i64> {
    let (_, rest) = text.split_once("/api/file/")?;
    let (_, rest) = rest.split_once('/')?;
    let digits = rest.split(['?', '#']).next()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Files whose time is over, to be removed from the vault first.
///
/// # Errors
/// The store's.
pub fn due(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<(i64, i64)>> {
    let before = tx.now() - GRACE_MS;
    Ok(tx.query(
        "SELECT company_id, id FROM files WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
        params![before, limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// Forgets a file that is gone from the vault.
///
/// # Errors
/// The store's.
pub fn forget(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<()> {
    let before = tx.now() - GRACE_MS;
    tx.execute(
        "DELETE FROM files WHERE company_id = $1 AND id = $2 AND due_at <= $3",
        params![company_id, id, before],
    )?;
    Ok(())
}

/// Opens what the vault holds of a file.
///
/// # Errors
/// It was altered.
pub fn unsealed(
    key: &DataKey,
    company_id: i64,
    id: i64,
    sealed: &[u8],
) -> std::result::Result<Vec<u8>, KeyError> {
    key.open(&seal_context(company_id, id), sealed).map(|plain| plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_its_file() {
        for link in ["https://x.example/api/file/1/42?until=9&sign=ab", "/api/file/1/42", "/api/file/1/42#a"]
        {
            assert_eq!(id_in_link(link), Some(42), "{link}");
        }
        for none in
            ["", "42", "/file/1/42", "/api/file/42", "/api/file/1/", "/api/file/1/4x", "/api/file/1/-4"]
        {
            assert_eq!(id_in_link(none), None, "{none}");
        }
    }
}
