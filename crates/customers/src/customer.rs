//! A customer as rules see it, and the ways to find one.

use crate::email::Email;
use crate::error::{Code, Result};
use crate::phone::{DEFAULT_AREA, Phone};
use custos_store::{Row, Tx, params};

/// `locked_until` of a customer whom an operator locked: until an operator unlocks.
pub const LOCKED_BY_OPERATOR: i64 = 9_007_199_254_740_991;

/// Where a customer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All is well.
    Normal = 1,
    /// An operator took the account out of use.
    Disabled = 2,
    /// An operator deleted it.
    Deleted = 3,
    /// Closed at the customer's wish.
    Closed = 4,
    /// Too many wrong tries, or locked by an operator. Never stored: it follows from `locked_until`.
    Locked = 5,
    /// Closure is asked for.
    Closing = 6,
}

impl Status {
    fn from_stored(number: i64) -> Self {
        match number {
            1 => Self::Normal,
            3 => Self::Deleted,
            4 => Self::Closed,
            6 => Self::Closing,
            // An unknown status must not let anyone in.
            _ => Self::Disabled,
        }
    }

    /// Whether the account can't be used at all.
    #[must_use]
    pub fn is_out_of_use(self) -> bool {
        matches!(self, Self::Disabled | Self::Deleted | Self::Closed)
    }
}

/// A customer.
#[derive(Clone)]
pub struct Customer {
    /// Below 2^53.
    pub id: i64,
    /// Whose.
    pub company_id: i64,
    /// The number that the customer is told.
    pub number: String,
    /// The group.
    pub group_id: i64,
    /// As stored: never [`Status::Locked`]; see [`Customer::status_at`].
    pub status: Status,
    /// The bound e-mail address.
    pub email: Option<Email>,
    /// The bound phone number.
    pub phone: Option<Phone>,
    /// `ISO_3166_<numeric>`.
    pub country: String,
    /// Language of messages.
    pub lang: String,
    /// The name to be called by.
    pub name: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Postal address.
    pub address: String,
    /// Postal code.
    pub postal_code: String,
    /// The login password's hash.
    pub login_password: Option<String>,
    /// The fund password's hash.
    pub fund_password: Option<String>,
    /// The active authenticator's id; 0 for none.
    pub mfa_id: i64,
    /// 0 a person, 1 a business.
    pub open_account_type: i64,
    /// The client they registered with.
    pub register_source: i64,
    /// Where they came from, as JSON.
    pub utm: String,
    /// Their id in an outside system.
    pub third_server_code: String,
    /// Which outside system.
    pub third_server_source: String,
    /// Sign-in is locked until then.
    pub locked_until: i64,
    /// No withdrawals until then.
    pub cool_off_until: i64,
    /// The last sign-in; 0 for none.
    pub signed_in_at: i64,
    /// When they registered.
    pub created_at: i64,
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Customer({} of company {})", self.number, self.company_id)
    }
}

impl Customer {
    /// The status that the outside sees at an instant.
    #[must_use]
    pub fn status_at(&self, now_ms: i64) -> Status {
        if self.status == Status::Normal && self.locked_until > now_ms { Status::Locked } else { self.status }
    }

    /// Whether an operator locked the account.
    #[must_use]
    pub fn is_locked_by_operator(&self) -> bool {
        self.locked_until >= LOCKED_BY_OPERATOR
    }

    /// Whether sign-in asks for an authenticator code.
    #[must_use]
    pub fn has_mfa(&self) -> bool {
        self.mfa_id > 0
    }
}

macro_rules! columns {
    () => {
        "id, company_id, number, group_id, status, email, phone_area, phone, country, lang, name, first_name, \
         last_name, address, postal_code, login_password, fund_password, mfa_id, open_account_type, \
         register_source, utm, third_server_code, third_server_source, locked_until, cool_off_until, \
         signed_in_at, created_at"
    };
}

fn customer_of(row: &Row<'_>) -> custos_store::Result<Customer> {
    let (area, national) = (row.get::<Option<String>>(6)?, row.get::<Option<String>>(7)?);
    Ok(Customer {
        id: row.get(0)?,
        company_id: row.get(1)?,
        number: row.get(2)?,
        group_id: row.get(3)?,
        status: Status::from_stored(row.get(4)?),
        email: row.get::<Option<String>>(5)?.as_deref().and_then(Email::parse),
        phone: area.zip(national).map(|(area, national)| Phone { area, national }),
        country: row.get(8)?,
        lang: row.get(9)?,
        name: row.get(10)?,
        first_name: row.get(11)?,
        last_name: row.get(12)?,
        address: row.get(13)?,
        postal_code: row.get(14)?,
        login_password: row.get(15)?,
        fund_password: row.get(16)?,
        mfa_id: row.get(17)?,
        open_account_type: row.get(18)?,
        register_source: row.get(19)?,
        utm: row.get(20)?,
        third_server_code: row.get(21)?,
        third_server_source: row.get(22)?,
        locked_until: row.get(23)?,
        cool_off_until: row.get(24)?,
        signed_in_at: row.get(25)?,
        created_at: row.get(26)?,
    })
}

/// Reads a customer.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<Option<Customer>> {
    Ok(tx.query_opt(
        concat!("SELECT ", columns!(), " FROM customers WHERE company_id = $1 AND id = $2"),
        params![company_id, id],
        customer_of,
    )?)
}

/// A company's customers in the order of their registration, after one (0 for the first).
///
/// # Errors
/// The store's.
pub fn page(tx: &mut Tx<'_>, company_id: i64, after: i64, limit: i64) -> Result<Vec<Customer>> {
    Ok(tx.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM customers WHERE company_id = $1 AND id > $2 ORDER BY id LIMIT $3"
        ),
        params![company_id, after, limit],
        customer_of,
    )?)
}

/// The number of a customer; empty where there is none.
///
/// # Errors
/// The store's.
pub fn number_of(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<String> {
    let number = tx.query_opt(
        "SELECT number FROM customers WHERE company_id = $1 AND id = $2",
        params![company_id, id],
        |row| row.get(0),
    )?;
    Ok(number.unwrap_or_default())
}

/// Reads a customer who must be there, and locks the row: whoever changes something after looking at it does this.
///
/// # Errors
/// `CUSTOMER_API_0000003`, or the store's.
pub fn lock(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<Customer> {
    tx.query_opt(
        concat!("SELECT ", columns!(), " FROM customers WHERE company_id = $1 AND id = $2 FOR UPDATE"),
        params![company_id, id],
        customer_of,
    )?
    .ok_or_else(|| Code::NotFound.refuse())
}

/// How a customer is named: the field `type` of many requests, with the name.
#[derive(Clone, PartialEq, Eq)]
pub enum Name {
    /// 1: an e-mail address.
    Email(Email),
    /// 2: a phone number with its area.
    Phone(Phone),
    /// 2 without an area: the national number, in any area.
    AnyArea(String),
    /// 3: the customer number.
    Number(String),
    /// A text that can't name anyone: looked up all the same, so that it costs the same.
    Nobody(i64, String),
}

impl std::fmt::Debug for Name {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Name(of type {})", self.kind())
    }
}

impl Name {
    /// Reads a name. An e-mail's area is ignored; a phone number without an area is looked up in any.
    #[must_use]
    pub fn parse(kind: i64, text: &str, area: Option<&str>) -> Self {
        let text = text.trim();
        let parsed = match kind {
            1 => Email::parse(text).map(Self::Email),
            2 => match area {
                Some(area) => Phone::parse(area, text).ok().map(Self::Phone),
                None if text.starts_with('+') => Phone::parse_recipient(text).ok().map(Self::Phone),
                None => crate::phone::national_digits(text).map(Self::AnyArea),
            },
            3 if (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(Self::Number(text.to_owned()))
            }
            _ => None,
        };
        parsed.unwrap_or_else(|| Self::Nobody(kind, text.chars().take(64).collect::<String>().to_lowercase()))
    }

    /// The field `type`.
    #[must_use]
    pub fn kind(&self) -> i64 {
        match self {
            Self::Email(_) => 1,
            Self::Phone(_) | Self::AnyArea(_) => 2,
            Self::Number(_) => 3,
            Self::Nobody(kind, _) => *kind,
        }
    }

    /// One text for all spellings of a name that is no account: a phone number without an area stands for one with the
    /// default area, so that the two spellings do not double the tries.
    #[must_use]
    pub fn canonical(&self) -> String {
        match self {
            Self::Email(email) => email.as_str().to_owned(),
            Self::Phone(phone) => format!("{} {}", phone.area, phone.national),
            Self::AnyArea(national) => format!("{DEFAULT_AREA} {national}"),
            Self::Number(number) => number.clone(),
            Self::Nobody(_, text) => text.clone(),
        }
    }
}

/// What may be told of a name to someone who has proved nothing.
#[derive(Debug)]
pub struct Glimpse {
    /// Whose name it is.
    pub id: i64,
    /// Where they stand.
    pub status: Status,
    /// Where they live.
    pub country: String,
    /// The calling code of their phone; empty for none.
    pub phone_area: String,
    /// Whether signing in asks for an authenticator code.
    pub has_mfa: bool,
}

/// The columns of a [`Glimpse`], of a customer or of no one: always a row, so that a miss is as much work as a hit.
macro_rules! glimpse {
    ($which:literal) => {
        concat!(
            "SELECT c.id, c.status, c.country, c.phone_area, c.mfa_id FROM (SELECT 1 AS one) AS asked \
             LEFT JOIN customers c ON c.company_id = $1 AND ",
            $which
        )
    };
}

/// An id that no customer has: what is looked for where a name is no one's, so that the work is the same.
const NO_ONE: i64 = 0;

/// Reads and locks whom a name means.
///
/// # Errors
/// `CUSTOMER_API_0000003`, or the store's.
pub fn lock_by_name(tx: &mut Tx<'_>, company_id: i64, name: &Name) -> Result<Customer> {
    let id = glimpse(tx, company_id, name)?.map_or(NO_ONE, |one| one.id);
    lock(tx, company_id, id)
}

/// Looks for whom a name means, and at no more of them than strangers may learn.
///
/// # Errors
/// The store's.
pub fn glimpse(tx: &mut Tx<'_>, company_id: i64, name: &Name) -> Result<Option<Glimpse>> {
    let glimpse_of = |row: &Row<'_>| {
        let id: Option<i64> = row.get(0)?;
        let status = Status::from_stored(row.get::<Option<i64>>(1)?.unwrap_or_default());
        let country = row.get::<Option<String>>(2)?.unwrap_or_default();
        let phone_area = row.get::<Option<String>>(3)?.unwrap_or_default();
        let has_mfa = row.get::<Option<i64>>(4)?.unwrap_or_default() > 0;
        Ok(id.map(|id| Glimpse { id, status, country, phone_area, has_mfa }))
    };
    let mut all = match name {
        Name::Email(email) => {
            tx.query(glimpse!("c.email = $2"), params![company_id, email.as_str()], glimpse_of)?
        }
        Name::Phone(phone) => tx.query(
            glimpse!("c.phone_area = $2 AND c.phone = $3"),
            params![company_id, &phone.area, &phone.national],
            glimpse_of,
        )?,
        Name::AnyArea(national) => {
            tx.query(glimpse!("c.phone = $2 LIMIT 300"), params![company_id, national], glimpse_of)?
        }
        Name::Number(number) => {
            tx.query(glimpse!("c.number = $2"), params![company_id, number], glimpse_of)?
        }
        // Surely a miss: the text may be some customer's number under another `type`.
        Name::Nobody(_, text) => tx.query(
            glimpse!("c.number = $2"),
            params![company_id, &format!("no number: {text}")],
            glimpse_of,
        )?,
    };
    // One national number in several areas means the one in the default area.
    if all.len() > 1 {
        all.retain(|one| one.as_ref().is_some_and(|one| one.phone_area == DEFAULT_AREA));
    }
    Ok(all.pop().flatten())
}

/// Finds whom a name means. A closed or deleted customer keeps no address, so those are found by number only.
///
/// # Errors
/// The store's.
pub fn by_name(tx: &mut Tx<'_>, company_id: i64, name: &Name) -> Result<Option<Customer>> {
    let id = glimpse(tx, company_id, name)?.map_or(NO_ONE, |one| one.id);
    find(tx, company_id, id)
}

/// Sets the language of messages. The caller has made sure that the company has it.
///
/// # Errors
/// The store's.
pub fn set_lang(tx: &mut Tx<'_>, company_id: i64, id: i64, lang: &str) -> Result<()> {
    tx.send(
        "UPDATE customers SET lang = $3 WHERE company_id = $1 AND id = $2",
        params![company_id, id, lang],
    )?;
    tx.touch_view(id);
    Ok(())
}
