//! Customers who come from another system: what a row must be, and how rows are written.

mod row;

use crate::company::Company;
use crate::email::Email;
use crate::error::{Code, Result};
use crate::number;
use crate::phone::Phone;
use custos_store::{Param, Row as DbRow, Tx, audit, params};
use data_encoding::HEXLOWER;
use serde_json::json;
use std::collections::HashSet;
use std::sync::LazyLock;

pub use row::{COLUMNS, Checks, Over, Row, Secret, Why};

/// How many rows are looked up at once.
pub const LOOKED_UP: usize = 100;

static LISTED: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<String> = (2..LOOKED_UP + 2).map(|number| format!("${number}")).collect();
    names.join(", ")
});
static BY_EMAIL: LazyLock<String> =
    LazyLock::new(|| format!("SELECT email FROM customers WHERE company_id = $1 AND email IN ({})", *LISTED));
static BY_NUMBER: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT number FROM customers WHERE company_id = $1 AND number IN ({})", *LISTED)
});
static BY_PHONE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT phone_area || ' ' || phone FROM customers WHERE company_id = $1 AND phone IN ({})",
        *LISTED
    )
});

/// What of some rows, at most [`LOOKED_UP`], other customers have already: the row's place, and words.
///
/// # Errors
/// The store's.
pub fn taken(tx: &mut Tx<'_>, company_id: i64, rows: &[&Row]) -> Result<Vec<(usize, &'static str)>> {
    let mut look = |sql: &'static str, keys: Vec<Option<&str>>| -> Result<HashSet<String>> {
        let mut values: Vec<Param<'_>> = vec![company_id.into()];
        values.extend((0..LOOKED_UP).map(|at| Param::from(keys.get(at).copied().flatten().unwrap_or(""))));
        Ok(tx.query(sql, &values, |row: &DbRow<'_>| row.get::<String>(0))?.into_iter().collect())
    };
    let emails = look(&BY_EMAIL, rows.iter().map(|row| row.email.as_ref().map(Email::as_str)).collect())?;
    let numbers = look(&BY_NUMBER, rows.iter().map(|row| row.number.as_deref()).collect())?;
    let national = |row: &&&Row| row.phone.as_ref().map(|phone| phone.national.clone());
    let nationals: Vec<Option<String>> = rows.iter().map(|row| national(&row)).collect();
    let phones = look(&BY_PHONE, nationals.iter().map(Option::as_deref).collect())?;
    let mut all = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        if row.email.as_ref().is_some_and(|email| emails.contains(email.as_str())) {
            all.push((place, "email: another customer's"));
        } else if row.phone.as_ref().is_some_and(|phone| phones.contains(&spelt(phone))) {
            all.push((place, "phone: another customer's"));
        } else if row.number.as_ref().is_some_and(|number| numbers.contains(number)) {
            all.push((place, "number: another customer's"));
        }
    }
    Ok(all)
}

/// One spelling of a phone number.
#[must_use]
pub fn spelt(phone: &Phone) -> String {
    format!("{} {}", phone.area, phone.national)
}

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Journal {
    /// Rows of the file that are done with.
    pub done: i64,
    /// All of them are.
    pub finished: bool,
}

/// How far a file has come, if it was begun.
///
/// # Errors
/// The store's.
pub fn journal(tx: &mut Tx<'_>, company_id: i64, fingerprint: &[u8; 32]) -> Result<Option<Journal>> {
    Ok(tx.query_opt(
        "SELECT done, finished_at FROM imports WHERE company_id = $1 AND fingerprint = $2",
        params![company_id, fingerprint],
        |row| Ok(Journal { done: row.get(0)?, finished: row.get::<i64>(1)? > 0 }),
    )?)
}

/// Begins a file, unless it was begun.
///
/// # Errors
/// The store's.
pub fn begin(
    tx: &mut Tx<'_>,
    company_id: i64,
    (fingerprint, total): (&[u8; 32], i64),
    actor: &str,
) -> Result<()> {
    let now = tx.now();
    let begun = tx.execute(
        "INSERT INTO imports (company_id, fingerprint, total, done, actor, started_at, finished_at) \
         VALUES ($1, $2, $3, 0, $4, $5, 0) ON CONFLICT DO NOTHING",
        params![company_id, fingerprint, total, actor, now],
    )?;
    if begun > 0 {
        entry(tx, company_id, "import.begun", actor, json!({ "file": short(fingerprint), "rows": total }));
    }
    Ok(())
}

/// The id of the company's newest customer; 0 for none.
///
/// # Errors
/// The store's.
pub fn newest(tx: &mut Tx<'_>, company_id: i64) -> Result<i64> {
    Ok(tx.value("SELECT COALESCE(MAX(id), 0) FROM customers WHERE company_id = $1", params![company_id])?)
}

/// A row with the hashes of its passwords, and which of the file's it is.
#[derive(Clone)]
pub struct Ready {
    /// Counted from 0.
    pub index: i64,
    /// The row.
    pub row: Row,
    /// The login password's hash.
    pub login: Option<String>,
    /// The fund password's hash.
    pub fund: Option<String>,
}

/// A piece of a file, from one row up to another; what is refused of it is left out.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// Which file.
    pub fingerprint: &'a [u8; 32],
    /// The first row.
    pub from: i64,
    /// The row after the last.
    pub until: i64,
    /// It is the last piece.
    pub is_last: bool,
    /// Who.
    pub actor: &'a str,
}

/// What became of a piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The id and the group of each new customer.
    pub added: Vec<(i64, i64)>,
    /// Rows whose address or number somebody took meanwhile.
    pub late: Vec<i64>,
}

/// Writes a piece, whole or not at all. The new customers' accounts are the caller's to open, in the same transaction.
///
/// # Errors
/// `CUSTOMER_API_0000004` when another run has written it, `0110` when the company's numbers are spent; else the store's.
pub fn write(tx: &mut Tx<'_>, company: &Company, piece: Piece<'_>, rows: &[Ready]) -> Result<Written> {
    let now = tx.now();
    let moved = tx.execute(
        "UPDATE imports SET done = $4, finished_at = CASE WHEN CAST($5 AS BIGINT) = 1 THEN CAST($6 AS BIGINT) ELSE 0 END \
         WHERE company_id = $1 AND fingerprint = $2 AND done = $3 AND finished_at = 0",
        params![company.id, piece.fingerprint, piece.from, piece.until, i64::from(piece.is_last), now],
    )?;
    if moved == 0 {
        return Err(Code::InProgress.refuse());
    }
    let mut numbers = new_numbers(tx, company, rows)?.into_iter();
    let mut ids = Vec::with_capacity(rows.len());
    for ready in rows {
        let id = tx.new_id();
        let number = match &ready.row.number {
            Some(number) => number.clone(),
            None => numbers.next().ok_or_else(|| Code::NumbersSpent.refuse())?,
        };
        insert(tx, company.id, (id, &number, now), ready)?;
        ids.push(id);
    }
    let there = match (ids.first(), ids.last()) {
        (Some(first), Some(last)) => tx.query(
            "SELECT id FROM customers WHERE company_id = $1 AND id BETWEEN $2 AND $3",
            params![company.id, *first, *last],
            |row| row.get::<i64>(0),
        )?,
        _ => Vec::new(),
    };
    let there: HashSet<i64> = there.into_iter().collect();
    let mut written = Written::default();
    for (id, ready) in ids.into_iter().zip(rows) {
        if there.contains(&id) {
            written.added.push((id, ready.row.group_id));
        } else {
            written.late.push(ready.index);
        }
    }
    let file = short(piece.fingerprint);
    let detail = json!({
        "file": file, "from": piece.from + 1, "to": piece.until, "added": written.added.len(), "last": piece.is_last,
    });
    entry(tx, company.id, "import.rows", piece.actor, detail);
    Ok(written)
}

fn new_numbers(tx: &mut Tx<'_>, company: &Company, rows: &[Ready]) -> Result<Vec<String>> {
    let wanted = i64::try_from(rows.iter().filter(|ready| ready.row.number.is_none()).count()).unwrap_or(0);
    if wanted == 0 {
        return Ok(Vec::new());
    }
    let (first, last) = (company.settings.number_first, company.settings.number_last);
    let size = last - first + 1;
    let used: Option<i64> = tx.query_opt(
        "UPDATE company_numbers SET used = used + $3 WHERE company_id = $1 AND used + $3 <= $2 RETURNING used",
        params![company.id, size, wanted],
        |row| row.get(0),
    )?;
    let used = used.ok_or_else(|| Code::NumbersSpent.refuse())?;
    let permuted =
        |index: i64| number::permuted(tx.keys(), company.id, index.unsigned_abs(), size.unsigned_abs());
    Ok((used - wanted..used).map(|index| (first.unsigned_abs() + permuted(index)).to_string()).collect())
}

fn insert(
    tx: &mut Tx<'_>,
    company_id: i64,
    (id, number, now): (i64, &str, i64),
    ready: &Ready,
) -> Result<()> {
    let row = &ready.row;
    let [name, first_name, last_name, address, postal_code, code, source] = &row.words;
    tx.send(
        "INSERT INTO customers (company_id, id, number, group_id, status, email, phone_area, phone, country, lang, \
         name, first_name, last_name, address, postal_code, login_password, fund_password, mfa_id, \
         open_account_type, register_source, register_device, utm, third_server_code, third_server_source, \
         locked_until, cool_off_until, signed_in_at, created_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, \
         $11, $12, $13, $14, $15, $16, 0, 0, 0, 'import', '{}', $17, $18, 0, 0, 0, $19) ON CONFLICT DO NOTHING",
        params![
            company_id,
            id,
            number,
            row.group_id,
            row.email.as_ref().map(Email::as_str),
            row.phone.as_ref().map(|phone| &phone.area),
            row.phone.as_ref().map(|phone| &phone.national),
            &row.country,
            &row.lang,
            name,
            first_name,
            last_name,
            address,
            postal_code,
            ready.login.as_deref(),
            ready.fund.as_deref(),
            code,
            source,
            row.created_at.unwrap_or(now)
        ],
    )?;
    Ok(())
}

fn short(fingerprint: &[u8; 32]) -> String {
    HEXLOWER.encode(fingerprint.first_chunk::<8>().map_or(&[], |bytes| bytes.as_slice()))
}

fn entry(tx: &mut Tx<'_>, company_id: i64, action: &'static str, actor: &str, detail: serde_json::Value) {
    tx.audit(audit::Entry::by_hand(company_id, action, actor, None, detail));
}
