//! Finding customers: by what names one exactly, or by what many share, newest first, page by page.
//!
//! Each way of searching has a statement of its own, which walks one index in the order of the answer and stops when the
//! page is full: however many customers there are, it looks at about as many as it tells. A cursor is the id of the last
//! one told; where it stands is looked up again, so that a cursor holds nothing of anybody.

mod statements;

use super::{Error, Result, company};
use crate::customer::Status;
use crate::email::Email;
use crate::phone::{Phone, national_digits};
use custos_store::{Param, Row, Tx, audit, params};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use statements::{
    ALL, BY_EMAIL, BY_GROUP, BY_NAME, BY_NATIONAL, BY_NUMBER, BY_PHONE, BY_STATUS, BY_TAG, LOCKED, NAME_OF,
};

pub use statements::statements;

/// How many are counted; "10,000+" beyond.
pub const MOST_COUNTED: i64 = 10_000;
/// The most of a page.
pub const MOST_A_PAGE: i64 = 200;

/// What is looked for. What is given must all be true.
#[derive(Clone, Default)]
pub struct Wanted {
    /// A customer number, an e-mail address or a phone number, whole.
    pub exact: Option<String>,
    /// How the name begins: the family name and a blank and the given name, or the name to be called by where there is no
    /// family name. Capital letters of ASCII are small ones.
    pub name: Option<String>,
    /// The status as the outside sees it: 5 for locked.
    pub status: Option<i64>,
    /// The group.
    pub group_id: Option<i64>,
    /// A tag.
    pub tag: Option<String>,
    /// Registered from then on.
    pub from: Option<i64>,
    /// Registered before then.
    pub until: Option<i64>,
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Wanted")
    }
}

/// A customer who was found. Addresses and names are masked by whoever shows them: [`Found::masked`].
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// The id.
    pub id: i64,
    /// The number.
    pub number: String,
    /// The status as the outside sees it.
    pub status: i64,
    /// The group.
    pub group_id: i64,
    /// `ISO_3166_<numeric>`.
    pub country: String,
    /// The e-mail address; empty for none.
    pub email: String,
    /// The phone number with its area; empty for none.
    pub phone: String,
    /// The name, family name first.
    pub name: String,
    /// When they registered.
    pub created_at: i64,
    /// The last sign-in; 0 for none.
    pub signed_in_at: i64,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Found({})", self.number)
    }
}

impl Found {
    /// The same for eyes that may not see addresses and names.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.email = Email::parse(&self.email).map_or_else(String::new, |email| email.masked());
        if let Some((area, national)) = self.phone.split_once(' ') {
            let phone = Phone { area: area.to_owned(), national: national.to_owned() };
            self.phone = format!("{} {}", phone.area, phone.masked());
        }
        if let Some(first) = self.name.chars().next() {
            self.name = format!("{first}***");
        }
        self
    }
}

/// A page of those found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Newest first; by name where a name was asked for.
    pub found: Vec<Found>,
    /// How many there are, counted to one beyond [`MOST_COUNTED`].
    pub counted: i64,
    /// What to ask for next; `None` at the end.
    pub cursor: Option<String>,
}

impl Page {
    /// How many there are, for people.
    #[must_use]
    pub fn total(&self) -> String {
        if self.counted > MOST_COUNTED { "10,000+".to_owned() } else { self.counted.to_string() }
    }
}

fn found_of(row: &Row<'_>) -> custos_store::Result<Found> {
    let (area, national) = (row.get::<Option<String>>(6)?, row.get::<Option<String>>(7)?);
    Ok(Found {
        id: row.get(0)?,
        number: row.get(1)?,
        status: row.get(2)?,
        group_id: row.get(3)?,
        country: row.get(4)?,
        email: row.get::<Option<String>>(5)?.unwrap_or_default(),
        phone: area.zip(national).map_or_else(String::new, |(area, national)| format!("{area} {national}")),
        name: row.get::<String>(8)?.trim().to_owned(),
        created_at: row.get(9)?,
        signed_in_at: row.get(10)?,
    })
}

/// Where a page goes on: the last one told.
struct Place {
    id: i64,
    created_at: i64,
    name: String,
}

fn place(tx: &mut Tx<'_>, company_id: i64, cursor: &str) -> Result<Place> {
    let no_cursor = || Error::Said("this is no cursor that a search gave".to_owned());
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| no_cursor())?;
    let id = i64::from_be_bytes(<[u8; 8]>::try_from(bytes.as_slice()).map_err(|_| no_cursor())?);
    let found = tx.query_opt(NAME_OF, params![company_id, id], |row| {
        Ok(Place { id, created_at: row.get(0)?, name: row.get(1)? })
    })?;
    found.ok_or_else(no_cursor)
}

fn checked(wanted: &Wanted) -> Result<()> {
    if wanted.status.is_some_and(|status| !(1..=6).contains(&status)) {
        return Err(Error::Said("a status is a number from 1 to 6".to_owned()));
    }
    if wanted.exact.is_some() && (wanted.name.is_some() || wanted.tag.is_some())
        || wanted.name.is_some() && wanted.tag.is_some()
    {
        return Err(Error::Said("search by an address or number, by a name, or by a tag".to_owned()));
    }
    if wanted.name.as_ref().is_some_and(|name| name.trim().is_empty() || name.len() > 100) {
        return Err(Error::Said("a name has 1 to 100 characters".to_owned()));
    }
    Ok(())
}

/// What an exact text is, with the values that it is looked up by.
fn exactly(text: &str) -> (&'static str, Vec<String>) {
    let text = text.trim();
    if let Some(email) = Email::parse(text) {
        return (BY_EMAIL, vec![email.as_str().to_owned()]);
    }
    if (text.starts_with('+') || text.contains(' '))
        && let Ok(phone) = Phone::parse_recipient(text)
    {
        return (BY_PHONE, vec![phone.national, phone.area]);
    }
    (BY_NUMBER, vec![text.chars().take(64).collect()])
}

/// One page of those who fit.
///
/// # Errors
/// No such company, a wish that can't be, a cursor that is none; else the store's.
pub fn search(
    tx: &mut Tx<'_>,
    company_id: i64,
    wanted: &Wanted,
    cursor: Option<&str>,
    size: i64,
) -> Result<Page> {
    company(tx, company_id)?;
    checked(wanted)?;
    let size = size.clamp(1, MOST_A_PAGE);
    let after = cursor.map(|cursor| place(tx, company_id, cursor)).transpose()?;
    let base = Base {
        company_id,
        from: wanted.from.unwrap_or(i64::MIN),
        until: wanted.until.unwrap_or(i64::MAX),
        status: wanted.status.unwrap_or(0),
        group_id: wanted.group_id.unwrap_or(0),
        now: tx.now(),
    };
    let asked = size + 1;
    let (mut found, counted) = if let Some(text) = &wanted.exact {
        let (sql, values) = exactly(text);
        let mut found = base.by_time(tx, sql, after.as_ref(), asked, &values)?;
        if found.is_empty() && sql == BY_NUMBER {
            // A phone number without its area.
            if let Some(national) = national_digits(text.trim()) {
                found = base.by_time(tx, BY_NATIONAL, after.as_ref(), asked, &[national])?;
            }
        }
        let counted = i64::try_from(found.len()).unwrap_or(i64::MAX);
        (found, counted)
    } else if let Some(name) = &wanted.name {
        base.by_name(tx, &name.trim_start().to_ascii_lowercase(), after.as_ref(), asked)?
    } else {
        let (statement, values) = match (&wanted.tag, base.status, base.group_id) {
            (Some(tag), ..) => (BY_TAG, vec![tag.clone()]),
            (None, 5, _) => (LOCKED, Vec::new()),
            // Most customers are in this status.
            (None, 0 | 1, group) if group != 0 => (BY_GROUP, Vec::new()),
            (None, 0, _) => (ALL, Vec::new()),
            (None, ..) => (BY_STATUS, Vec::new()),
        };
        let found = base.by_time(tx, statement.page, after.as_ref(), asked, &values)?;
        let counted = base.count(tx, statement.count, &values)?;
        (found, counted)
    };
    let is_more = i64::try_from(found.len()).is_ok_and(|count| count > size);
    found.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| is_more);
    let cursor = last.map(|last| BASE64URL_NOPAD.encode(&last.id.to_be_bytes()));
    Ok(Page { found, counted, cursor })
}

/// What all statements are asked.
struct Base {
    company_id: i64,
    from: i64,
    until: i64,
    status: i64,
    group_id: i64,
    now: i64,
}

impl Base {
    fn by_time(
        &self,
        tx: &mut Tx<'_>,
        sql: &'static str,
        after: Option<&Place>,
        limit: i64,
        values: &[String],
    ) -> Result<Vec<Found>> {
        let (at, id) = after.map_or((i64::MAX, i64::MAX), |place| (place.created_at, place.id));
        let mut all = self.params(at.into(), id.into(), limit);
        all.extend(values.iter().map(Param::from));
        Ok(tx.query(sql, &all, found_of)?)
    }

    fn params<'a>(&self, at: Param<'a>, id: Param<'a>, limit: i64) -> Vec<Param<'a>> {
        vec![
            self.company_id.into(),
            self.from.into(),
            self.until.into(),
            at,
            id,
            self.status.into(),
            self.group_id.into(),
            limit.into(),
            self.now.into(),
        ]
    }

    fn count(&self, tx: &mut Tx<'_>, sql: &'static str, values: &[String]) -> Result<i64> {
        let mut all = self.params(i64::MAX.into(), i64::MAX.into(), MOST_COUNTED + 1);
        all.extend(values.iter().map(Param::from));
        Ok(tx.value(sql, &all)?)
    }

    fn by_name(
        &self,
        tx: &mut Tx<'_>,
        name: &str,
        after: Option<&Place>,
        limit: i64,
    ) -> Result<(Vec<Found>, i64)> {
        // After everything that begins so, byte by byte.
        let beyond = format!("{name}\u{10ffff}");
        let (last, id) = after.map_or(("", 0), |place| (place.name.as_str(), place.id));
        let mut all = self.params(last.into(), id.into(), limit);
        all.extend_from_slice(params![name, &beyond]);
        let found = tx.query(BY_NAME.page, &all, found_of)?;
        let mut all = self.params("".into(), 0_i64.into(), MOST_COUNTED + 1);
        all.extend_from_slice(params![name, &beyond]);
        Ok((found, tx.value(BY_NAME.count, &all)?))
    }
}

/// Writes down that someone searched by name, and whom that found: so a name can be asked for letter by letter, but not
/// unseen. What was typed is a name and is not written down.
pub fn note_by_name(tx: &mut Tx<'_>, company_id: i64, page: &Page, actor: &str) {
    let found: Vec<&str> = page.found.iter().map(|found| found.number.as_str()).take(50).collect();
    let detail = json!({ "counted": page.counted, "found": found });
    tx.audit(audit::Entry::by_hand(company_id, "customer.search_by_name", actor, None, detail));
}

/// The number of a status by its name.
#[must_use]
pub fn status_number(name: &str) -> Option<i64> {
    let status = match name {
        "normal" => Status::Normal,
        "disabled" => Status::Disabled,
        "deleted" => Status::Deleted,
        "closed" => Status::Closed,
        "locked" => Status::Locked,
        "closing" => Status::Closing,
        _ => return None,
    };
    Some(status as i64)
}
