//! Customers who come from another system: what a row must be, and how rows are written.

use crate::company::{Company, Group};
use crate::email::Email;
use crate::error::{Code, Result};
use crate::hashing::{Foreign, Md5Secret, Unfit};
use crate::number;
use crate::phone::Phone;
use crate::{common_passwords, countries};
use custos_store::{Param, Row as DbRow, Tx, audit, params};
use data_encoding::HEXLOWER;
use serde_json::json;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The columns that a file may have, each with the most characters of a cell.
pub const COLUMNS: [(&str, usize); 17] = [
    ("number", 20),
    ("email", 50),
    ("phone_area", 8),
    ("phone", 30),
    ("country", 20),
    ("lang", 35),
    ("name", 100),
    ("first_name", 100),
    ("last_name", 100),
    ("address", 500),
    ("postal_code", 20),
    ("login_password", 256),
    ("fund_password", 256),
    ("group", 100),
    ("created_at", 30),
    ("third_server_code", 200),
    ("third_server_source", 200),
];

/// What is known of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// Nothing, or nothing that can be used: its owner starts by a reset.
    None(Why),
    /// What clients send: it is hashed before it is written.
    Md5(Md5Secret),
    /// A hash over it, taken over as it is.
    Foreign(Box<Foreign>),
}

/// Why a customer starts by a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The file has no password.
    Absent,
    /// One that everybody guesses.
    Common,
    /// A hash that can't be checked by what clients send.
    Uncheckable,
}

/// A row that may be written.
#[derive(Debug, Clone)]
pub struct Row {
    /// The number that the customer has already; a new one for `None`.
    pub number: Option<String>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The phone number.
    pub phone: Option<Phone>,
    /// The login password.
    pub login: Secret,
    /// The fund password.
    pub fund: Secret,
    /// The group.
    pub group_id: i64,
    country: String,
    lang: String,
    /// name, first_name, last_name, address, postal_code, third_server_code, third_server_source
    words: [String; 7],
    created_at: Option<i64>,
}

/// What hashes of a file were made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The 32 hex digits that clients send.
    Md5,
    /// What people type, which never comes to this server.
    Plain,
}

/// What rows are held against.
#[derive(Debug)]
pub struct Checks<'a> {
    /// The company.
    pub company: &'a Company,
    /// Its groups.
    pub groups: &'a [Group],
    /// What hashes were made over.
    pub over: Over,
}

impl Checks<'_> {
    /// Reads a row; `cell` gives the text of a column, empty where there is none.
    ///
    /// # Errors
    /// Words that say what is wrong with it. They name no cell's content: it is personal.
    pub fn row(&self, cell: impl Fn(&str) -> String) -> std::result::Result<Row, String> {
        for (name, most) in COLUMNS {
            let text = cell(name);
            if text.chars().count() > most {
                return Err(format!("{name}: more than {most} characters"));
            }
            if text.chars().any(char::is_control) {
                return Err(format!("{name}: a control character"));
            }
        }
        let given = |name: &str| Some(cell(name).trim().to_owned()).filter(|text| !text.is_empty());
        let email = match given("email") {
            Some(text) => Some(Email::parse(&text).ok_or("email: no e-mail address")?),
            None => None,
        };
        let phone = match (given("phone_area"), given("phone")) {
            (_, None) => None,
            (None, Some(whole)) => Some(Phone::parse_recipient(&whole)),
            (Some(area), Some(number)) => Some(Phone::parse(&area, &number)),
        };
        let phone = phone.transpose().map_err(|_| "phone: no phone number of that area")?;
        if email.is_none() && phone.is_none() {
            return Err("neither an e-mail address nor a phone number".to_owned());
        }
        let country = given("country").ok_or("country: missing")?;
        let country = countries::parse(&country).ok_or("country: no ISO 3166 country")?.code();
        let settings = &self.company.settings;
        let lang = match given("lang") {
            Some(tag) => settings.language(&tag).ok_or("lang: none of the company's languages")?,
            None => settings.default_language(),
        };
        let words = ["name", "first_name", "last_name", "address", "postal_code"];
        let [name, first_name, last_name, address, postal_code] =
            words.map(|name| cell(name).trim().to_owned());
        let [code, source] =
            ["third_server_code", "third_server_source"].map(|name| cell(name).trim().to_owned());
        Ok(Row {
            number: given("number").map(|number| self.number(number)).transpose()?,
            email,
            phone,
            login: self.secret("login_password", given("login_password"), common_passwords::is_common)?,
            fund: self.secret(
                "fund_password",
                given("fund_password"),
                common_passwords::is_common_fund_password,
            )?,
            group_id: self.group(given("group"))?,
            country,
            lang: lang.to_owned(),
            words: [name, first_name, last_name, address, postal_code, code, source],
            created_at: given("created_at").map(|text| instant(&text)).transpose()?,
        })
    }

    /// New numbers must never meet old ones.
    fn number(&self, text: String) -> std::result::Result<String, String> {
        let value: i64 = Some(&text)
            .filter(|text| !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or("number: no whole number")?;
        let settings = &self.company.settings;
        if (settings.number_first..=settings.number_last).contains(&value) {
            return Err(format!(
                "number: within {} to {}, which the company gives to new customers",
                settings.number_first, settings.number_last
            ));
        }
        Ok(text)
    }

    fn secret(
        &self,
        column: &str,
        text: Option<String>,
        is_common: fn(&[u8; 16]) -> bool,
    ) -> std::result::Result<Secret, String> {
        let Some(text) = text else { return Ok(Secret::None(Why::Absent)) };
        if let Some(secret) = Md5Secret::parse(&text) {
            let common = is_common(secret.as_bytes()) || common_passwords::is_common(secret.as_bytes());
            return Ok(if common { Secret::None(Why::Common) } else { Secret::Md5(secret) });
        }
        match Foreign::parse(&text) {
            Ok(_) if self.over == Over::Plain => Ok(Secret::None(Why::Uncheckable)),
            Ok(foreign) => Ok(Secret::Foreign(Box::new(foreign))),
            Err(Unfit::Unknown) => Ok(Secret::None(Why::Uncheckable)),
            Err(unfit) => Err(format!("{column}: {unfit}")),
        }
    }

    fn group(&self, text: Option<String>) -> std::result::Result<i64, String> {
        let found = match text {
            Some(text) => self.groups.iter().find(|group| group.name == text || group.id.to_string() == text),
            None => self.groups.iter().find(|group| group.is_default),
        };
        found.map(|group| group.id).ok_or_else(|| "group: none of the company's groups".to_owned())
    }
}

/// Milliseconds since 1970, or a day such as 2019-03-31.
fn instant(text: &str) -> std::result::Result<i64, String> {
    let parsed = match text.parse::<i64>() {
        Ok(number) => Some(number).filter(|ms| *ms > 0),
        Err(_) => crate::time::utc_midnight(text),
    };
    parsed
        .filter(|at| *at < 4_102_444_800_000)
        .ok_or_else(|| "created_at: neither milliseconds since 1970 nor a day such as 2019-03-31".to_owned())
}

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

/// Writes a piece, whole or not at all; returns the id and the group of each new customer, and the rows whose address or
/// number somebody took meanwhile. Their accounts are the caller's to open, in the same transaction.
///
/// # Errors
/// `CUSTOMER_API_0000004` when another run has written it, `0110` when the company's numbers are spent; else the store's.
pub fn write(
    tx: &mut Tx<'_>,
    company: &Company,
    piece: Piece<'_>,
    rows: &[Ready],
) -> Result<(Vec<(i64, i64)>, Vec<i64>)> {
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
    let (mut added, mut late) = (Vec::new(), Vec::new());
    for (id, ready) in ids.into_iter().zip(rows) {
        if there.contains(&id) {
            added.push((id, ready.row.group_id));
        } else {
            late.push(ready.index);
        }
    }
    let file = short(piece.fingerprint);
    let detail = json!({
        "file": file, "from": piece.from + 1, "to": piece.until, "added": added.len(), "last": piece.is_last,
    });
    entry(tx, company.id, "import.rows", piece.actor, detail);
    Ok((added, late))
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
