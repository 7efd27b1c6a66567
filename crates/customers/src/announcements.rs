//! What a company announces to its customers.

use crate::error::Result;
use crate::operator::Error;
use custos_store::{Error as StoreError, Row, Tx, audit, params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Announcements of a company that are not withdrawn.
const MOST: i64 = 1_000;

/// What one says, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The title, one line.
    pub title: String,
    /// The rest.
    pub content: String,
}

/// An announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Its id.
    pub id: i64,
    /// Its name among operators.
    pub name: String,
    /// What it says, by language.
    pub texts: BTreeMap<String, Words>,
    /// From when on customers see it.
    pub published_at: i64,
    /// When it was withdrawn; 0 for not.
    pub withdrawn_at: i64,
}

impl Announcement {
    /// What it says in a language, or in the first of the others that it has.
    #[must_use]
    pub fn words<'a>(&'a self, langs: &[&str]) -> Option<(&'a str, &'a Words)> {
        let of = |lang: &&str| self.texts.iter().find(|(known, _)| known.eq_ignore_ascii_case(lang));
        langs
            .iter()
            .find_map(of)
            .or_else(|| self.texts.iter().next())
            .map(|(lang, words)| (lang.as_str(), words))
    }
}

fn announcement_of(row: &Row<'_>) -> custos_store::Result<Announcement> {
    let texts: String = row.get(2)?;
    Ok(Announcement {
        id: row.get(0)?,
        name: row.get(1)?,
        texts: serde_json::from_str(&texts)
            .map_err(|error| StoreError::Internal(format!("an announcement: {error}")))?,
        published_at: row.get(3)?,
        withdrawn_at: row.get(4)?,
    })
}

fn check(name: &str, texts: &BTreeMap<String, Words>) -> std::result::Result<(), String> {
    let is_line = |text: &str, longest: usize| {
        (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    if !is_line(name, 100) {
        return Err("name: one line of 1 to 100 characters".to_owned());
    }
    if texts.is_empty() || texts.len() > 50 {
        return Err("texts in 1 to 50 languages".to_owned());
    }
    for (lang, words) in texts {
        if !is_line(lang, 35) || !is_line(&words.title, 200) {
            return Err(format!("{lang}: title: one line of 1 to 200 characters"));
        }
        let odd = |c: char| c.is_control() && c != '\n';
        if words.content.chars().count() > 20_000 || words.content.chars().any(odd) {
            return Err(format!("{lang}: content: at most 20,000 characters"));
        }
    }
    Ok(())
}

/// Announces something, from `published_at` on; returns its id.
///
/// # Errors
/// A sentence for the operator where it can't be announced, or the store's.
pub fn add(
    tx: &mut Tx<'_>,
    company_id: i64,
    name: &str,
    texts: &BTreeMap<String, Words>,
    published_at: Option<i64>,
    actor: &str,
) -> std::result::Result<i64, Error> {
    check(name, texts).map_err(Error::Said)?;
    let count: i64 = tx.value(
        "SELECT count(*) FROM company_notices WHERE company_id = $1 AND withdrawn_at = 0",
        params![company_id],
    )?;
    if count >= MOST {
        return Err(Error::Said(format!("at most {MOST} announcements; withdraw old ones")));
    }
    let (id, now) = (tx.new_id(), tx.now());
    let text = serde_json::to_string(texts).map_err(|error| StoreError::Internal(error.to_string()))?;
    tx.execute(
        "INSERT INTO company_notices (company_id, id, name, texts, published_at, withdrawn_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6)",
        params![company_id, id, name, &text, published_at.unwrap_or(now), now],
    )?;
    let langs: Vec<&String> = texts.keys().collect();
    let detail = json!({ "id": id, "name": name, "languages": langs });
    tx.audit(audit::Entry::by_hand(company_id, "notice.add", actor, None, detail));
    Ok(id)
}

/// Withdraws one; whether there was one to be withdrawn.
///
/// # Errors
/// The store's.
pub fn withdraw(tx: &mut Tx<'_>, company_id: i64, id: i64, actor: &str) -> Result<bool> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE company_notices SET withdrawn_at = $3 WHERE company_id = $1 AND id = $2 AND withdrawn_at = 0",
        params![company_id, id, now],
    )?;
    if changed > 0 {
        tx.audit(audit::Entry::by_hand(company_id, "notice.withdraw", actor, None, json!({ "id": id })));
    }
    Ok(changed > 0)
}

/// All that were not withdrawn, published or not, newest first.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<Announcement>> {
    Ok(tx.query(
        "SELECT id, name, texts, published_at, withdrawn_at FROM company_notices \
         WHERE company_id = $1 AND withdrawn_at = 0 ORDER BY published_at DESC, id DESC",
        params![company_id],
        announcement_of,
    )?)
}

/// A page of what was published between two instants and not after now, newest first, and how many there are.
///
/// # Errors
/// The store's.
pub fn published(
    tx: &mut Tx<'_>,
    company_id: i64,
    (from, until): (i64, i64),
    (size, skipped): (i64, i64),
) -> Result<(i64, Vec<Announcement>)> {
    let until = until.min(tx.now());
    let total = tx.value(
        "SELECT count(*) FROM company_notices WHERE company_id = $1 AND withdrawn_at = 0 \
         AND published_at >= $2 AND published_at <= $3",
        params![company_id, from, until],
    )?;
    let page = tx.query(
        "SELECT id, name, texts, published_at, withdrawn_at FROM company_notices \
         WHERE company_id = $1 AND withdrawn_at = 0 AND published_at >= $2 AND published_at <= $3 \
         ORDER BY published_at DESC, id DESC LIMIT $4 OFFSET $5",
        params![company_id, from, until, size, skipped],
        announcement_of,
    )?;
    Ok((total, page))
}
