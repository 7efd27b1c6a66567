//! What operators write about customers for each other: notes, sealed under the customer's own key, and tags.

use super::{Error, Result, checked_reason, customer};
use crate::customer as people;
use crate::data_key;
use custos_store::{Tx, audit, params};
use serde_json::json;

/// Notes of a customer.
const MOST_NOTES: i64 = 200;
/// The longest note.
const LONGEST_NOTE: usize = 2_000;
/// Tags of a customer.
const MOST_TAGS: i64 = 20;
/// The longest tag.
const LONGEST_TAG: usize = 32;

/// What an operator wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: i64,
    /// The words; `None` when the customer's key is destroyed.
    pub text: Option<String>,
    /// Who wrote it.
    pub actor: String,
    /// When.
    pub created_at: i64,
}

impl std::fmt::Debug for Note {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Note({})", self.id)
    }
}

fn context(company_id: i64, id: i64) -> String {
    format!("customer note:{company_id}:{id}")
}

/// Adds a note; returns its id.
///
/// # Errors
/// No such customer, a note that is empty or too long, too many of them; else the store's.
pub fn add_note(tx: &mut Tx<'_>, (company_id, number): (i64, &str), text: &str, actor: &str) -> Result<i64> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > LONGEST_NOTE || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Error::Said(format!("a note has 1 to {LONGEST_NOTE} characters")));
    }
    let found = customer(tx, company_id, number)?;
    let customer = people::lock(tx, company_id, found.id)?;
    let count: i64 = tx.value(
        "SELECT count(*) FROM customer_notes WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer.id],
    )?;
    if count >= MOST_NOTES {
        return Err(Error::Said(format!("customer {number} has {MOST_NOTES} notes already")));
    }
    let (id, now) = (tx.new_id(), tx.now());
    let key = data_key::of(tx, company_id, customer.id)?;
    let sealed = key.seal(&context(company_id, id), text.as_bytes()).map_err(crate::Error::from)?;
    tx.execute(
        "INSERT INTO customer_notes (company_id, customer_id, id, text, actor, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![company_id, customer.id, id, &sealed, actor, now],
    )?;
    // The audit log outlives the customer's data, so the words are not in it.
    let detail = json!({ "note": id });
    tx.audit(audit::Entry::by_hand(company_id, "customer.note", actor, Some(customer.id), detail));
    Ok(id)
}

/// The customer's notes, newest first.
///
/// # Errors
/// No such customer, or the store's.
pub fn notes(tx: &mut Tx<'_>, (company_id, number): (i64, &str)) -> Result<Vec<Note>> {
    let customer = customer(tx, company_id, number)?;
    let key = data_key::find(tx, company_id, customer.id)?;
    let rows = tx.query(
        "SELECT id, text, actor, created_at FROM customer_notes WHERE company_id = $1 AND customer_id = $2 \
         ORDER BY id DESC",
        params![company_id, customer.id],
        |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?, row.get::<String>(2)?, row.get::<i64>(3)?)),
    )?;
    let note = |(id, sealed, actor, created_at): (i64, Vec<u8>, String, i64)| {
        let plain = key.as_ref().and_then(|key| key.open(&context(company_id, id), &sealed).ok());
        let text = plain.and_then(|plain| String::from_utf8(plain.to_vec()).ok());
        Note { id, text, actor, created_at }
    };
    Ok(rows.into_iter().map(note).collect())
}

/// Removes a note; says why. Whether there was one.
///
/// # Errors
/// No such customer, no reason, or the store's.
pub fn remove_note(
    tx: &mut Tx<'_>,
    (company_id, number): (i64, &str),
    id: i64,
    reason: &str,
    actor: &str,
) -> Result<bool> {
    let reason = checked_reason(reason)?;
    let customer = customer(tx, company_id, number)?;
    let removed = tx.execute(
        "DELETE FROM customer_notes WHERE company_id = $1 AND customer_id = $2 AND id = $3",
        params![company_id, customer.id, id],
    )?;
    if removed > 0 {
        let detail = json!({ "note": id, "reason": reason });
        tx.audit(audit::Entry::by_hand(
            company_id,
            "customer.note_removed",
            actor,
            Some(customer.id),
            detail,
        ));
    }
    Ok(removed > 0)
}

/// The customer's tags, in the order of the alphabet.
///
/// # Errors
/// The store's.
pub fn tags(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<String>> {
    Ok(tx.query(
        "SELECT tag FROM customer_tags WHERE company_id = $1 AND customer_id = $2 ORDER BY tag",
        params![company_id, customer_id],
        |row| row.get(0),
    )?)
}

/// Puts a tag onto a customer, or takes it off. Says whether that changed anything.
///
/// # Errors
/// No such customer, a tag that can't be, too many of them; else the store's.
pub fn set_tag(
    tx: &mut Tx<'_>,
    (company_id, number): (i64, &str),
    tag: &str,
    has: bool,
    actor: &str,
) -> Result<bool> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if tag.is_empty() || tag.len() > LONGEST_TAG || !tag.bytes().all(is_letter) {
        return Err(Error::Said(format!(
            "a tag has 1 to {LONGEST_TAG} small letters, digits, dashes and underscores"
        )));
    }
    let found = customer(tx, company_id, number)?;
    let customer = people::lock(tx, company_id, found.id)?;
    let now = tx.now();
    let changed = if has {
        let count = tags(tx, company_id, customer.id)?.len();
        let changed = tx.execute(
            "INSERT INTO customer_tags (company_id, customer_id, tag, actor, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
            params![company_id, customer.id, tag, actor, now],
        )?;
        if changed > 0 && i64::try_from(count).unwrap_or(i64::MAX) >= MOST_TAGS {
            return Err(Error::Said(format!("customer {number} has {MOST_TAGS} tags already")));
        }
        changed
    } else {
        tx.execute(
            "DELETE FROM customer_tags WHERE company_id = $1 AND customer_id = $2 AND tag = $3",
            params![company_id, customer.id, tag],
        )?
    };
    if changed > 0 {
        let detail = json!({ "tag": tag, "has": has });
        tx.audit(audit::Entry::by_hand(company_id, "customer.tag", actor, Some(customer.id), detail));
    }
    Ok(changed > 0)
}
