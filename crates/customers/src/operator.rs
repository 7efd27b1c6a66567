//! What operators do. Each change leaves an entry in the company's audit chain, with the operator's name.

mod companies;
mod contacts;
mod freezing;
mod notes;
pub mod search;
pub mod timeline;

use crate::company::{self, Company};
use crate::customer::{self, Customer, Name, Status};
use crate::{session, standing};
use custos_store::dialect::Engine;
use custos_store::{Tx, UnitError, audit, params};
use serde_json::json;

pub use crate::time::{utc_iso, utc_midnight, utc_text};
pub use companies::{
    OwnText, add_company, add_group, change_company, change_group, check_group, flat, group_json, laid_over,
};
pub use contacts::{change_contact, check_contact};
pub use freezing::{freeze, lock_because, reset_mfa, unfreeze};
pub use notes::{Note, add_note, notes, remove_note, set_tag, tags};

/// Why an operator's wish is not done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// In words for the operator.
    #[error("{0}")]
    Said(String),
    /// A rule's.
    #[error(transparent)]
    Rule(#[from] crate::Error),
}

impl From<custos_store::Error> for Error {
    fn from(error: custos_store::Error) -> Self {
        Self::Rule(error.into())
    }
}

impl UnitError for Error {
    fn store_error(&self) -> Option<&custos_store::Error> {
        match self {
            Self::Rule(error) => error.store_error(),
            Self::Said(_) => None,
        }
    }
}

/// The result of an operator's wish.
pub type Result<T> = std::result::Result<T, Error>;

/// The company that must be there.
///
/// # Errors
/// There is none, or the store's.
pub fn company(tx: &mut Tx<'_>, id: i64) -> Result<Company> {
    company::find(tx, id)?.ok_or_else(|| Error::Said(format!("there is no company {id}")))
}

/// The customer of that number.
///
/// # Errors
/// No such company or customer, or the store's.
pub fn customer(tx: &mut Tx<'_>, company_id: i64, number: &str) -> Result<Customer> {
    company(tx, company_id)?;
    customer::by_name(tx, company_id, &Name::Number(number.to_owned()))?
        .ok_or_else(|| Error::Said(format!("company {company_id} has no customer {number}")))
}

/// A reason as it is kept.
pub(crate) fn checked_reason(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    let length = reason.chars().count();
    if length == 0 || length > 500 || reason.chars().any(char::is_control) {
        return Err(Error::Said("a reason has 1 to 500 characters".to_owned()));
    }
    Ok(reason)
}

/// Locks a customer until unlocked, or lifts every lock.
///
/// # Errors
/// No such customer, or the store's.
pub fn set_lock(tx: &mut Tx<'_>, company_id: i64, number: &str, locked: bool, actor: &str) -> Result<()> {
    let customer = customer(tx, company_id, number)?;
    Ok(standing::set_lock(tx, company_id, customer.id, locked, actor)?)
}

/// Takes a customer out of use, or brings them back. Says whether that changed anything.
///
/// # Errors
/// No such customer, one who left or is leaving, or the store's.
pub fn set_enabled(
    tx: &mut Tx<'_>,
    company_id: i64,
    number: &str,
    enabled: bool,
    actor: &str,
) -> Result<bool> {
    let found = customer(tx, company_id, number)?;
    let customer = customer::lock(tx, company_id, found.id)?;
    let (from, to) =
        if enabled { (Status::Disabled, Status::Normal) } else { (Status::Normal, Status::Disabled) };
    match customer.status {
        status if status == to => Ok(false),
        status if status == from => {
            standing::set_status(tx, company_id, customer.id, to, actor)?;
            Ok(true)
        }
        Status::Closing => Err(Error::Said(format!(
            "customer {number} has asked for closure, which this would undo; `custos customer lock` keeps them out"
        ))),
        _ => Err(Error::Said(format!("customer {number} is closed or deleted"))),
    }
}

/// Ends a customer's sessions; says how many.
///
/// # Errors
/// No such customer, or the store's.
pub fn end_sessions(tx: &mut Tx<'_>, company_id: i64, number: &str, actor: &str) -> Result<u64> {
    let customer = customer(tx, company_id, number)?;
    let ended = session::end_all(tx, company_id, customer.id, None)?;
    let detail = json!({ "ended": ended });
    tx.audit(audit::Entry::by_hand(company_id, "customer.sessions", actor, Some(customer.id), detail));
    Ok(ended)
}

/// Notes that an operator was shown a customer's addresses, and why.
///
/// # Errors
/// No reason.
pub fn addresses_shown_because(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    reason: &str,
    actor: &str,
) -> Result<()> {
    let detail = json!({ "reason": checked_reason(reason)? });
    tx.audit(audit::Entry::by_hand(company_id, "customer.unmask", actor, Some(customer_id), detail));
    Ok(())
}

/// Notes that an operator was shown a customer's addresses.
pub fn addresses_shown(tx: &mut Tx<'_>, customer: &Customer, actor: &str) {
    tx.audit(audit::Entry::by_hand(
        customer.company_id,
        "customer.unmask",
        actor,
        Some(customer.id),
        json!({}),
    ));
}

/// A line of the list of customers.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The number that the customer is told.
    pub number: String,
    /// The status as the customer sees it.
    pub status: i64,
    /// The group.
    pub group_id: i64,
    /// When they registered.
    pub created_at: i64,
    /// The last sign-in; 0 for none.
    pub signed_in_at: i64,
}

/// The company's customers in the order of their registration, after the one of the number `after`.
///
/// # Errors
/// No such company or customer, or the store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64, after: Option<&str>, limit: i64) -> Result<Vec<Listed>> {
    company(tx, company_id)?;
    let after = match after {
        Some(number) => customer(tx, company_id, number)?.id,
        None => 0,
    };
    let now = tx.now();
    Ok(tx.query(
        "SELECT number, CASE WHEN status = 1 AND locked_until > $4 THEN 5 ELSE status END, group_id, created_at, \
         signed_in_at FROM customers WHERE company_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        params![company_id, after, limit, now],
        |row| {
            Ok(Listed {
                number: row.get(0)?,
                status: row.get(1)?,
                group_id: row.get(2)?,
                created_at: row.get(3)?,
                signed_in_at: row.get(4)?,
            })
        },
    )?)
}

/// The database's version, and its clock where it has one of its own.
///
/// # Errors
/// The store's.
pub fn database_facts(tx: &mut Tx<'_>) -> custos_store::Result<(String, Option<i64>)> {
    match tx.engine() {
        Engine::Sqlite => Ok((tx.value("SELECT sqlite_version()", &[])?, None)),
        Engine::Postgres => tx.query_one(
            "SELECT current_setting('server_version'), CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
            &[],
            |row| Ok((row.get(0)?, Some(row.get(1)?))),
        ),
    }
}
