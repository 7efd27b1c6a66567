//! E-mail addresses and phone numbers of a customer: bound, changed.

use crate::changes::{self, By, Change};
use crate::company::Company;
use crate::customer::{self, Customer};
use crate::error::{Code, Error, Result};
use crate::step_up::{Given, Proved, Warrant, prove};
use crate::verification::Recipient;
use custos_delivery::Channel;
use custos_store::{Error as StoreError, Tx, params};

/// How an address comes to be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// There must be none of its kind yet.
    Bind,
    /// The same, for customers who came by a third party: other codes tell so.
    First,
    /// It takes the place of the old one.
    Change,
}

/// Binds the new address of `given` to the customer. The old one stays until the new one is proved; of two customers
/// who race for one address exactly one gets it.
///
/// # Errors
/// The refusal of a need; `CUSTOMER_API_0000121`, `0122`, `0106`, `0107`, `0001004`, `0001005`, `0001019`, `0001020`;
/// else the store's.
pub fn set<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    manner: Manner,
    (given, by): (&Given, &By),
) -> Result<()> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    let new = given.new_address.as_ref().ok_or_else(|| Code::BadField.with(&["loginName"]))?;
    allowed(&customer, new, manner)?;
    let proved: Proved<W> = prove(tx, company, &customer, given)?;
    if is_anothers(tx, company, &customer, new)? {
        return Err(taken(new));
    }
    proved.spend(tx)?;
    let change = match write(tx, company, &customer, new) {
        // Another customer was faster with the same address.
        Err(Error::Store(StoreError::Clash(_))) => return Err(taken(new)),
        written => written?,
    };
    changes::follow(tx, company, &customer, change, by)
}

fn taken(new: &Recipient) -> Error {
    if new.channel() == Channel::Email { Code::EmailTaken.refuse() } else { Code::PhoneTaken.refuse() }
}

pub(crate) fn write(
    tx: &mut Tx<'_>,
    company: &Company,
    customer: &Customer,
    new: &Recipient,
) -> Result<Change> {
    match new {
        Recipient::Email(email) => {
            tx.execute(
                "UPDATE customers SET email = $3 WHERE company_id = $1 AND id = $2",
                params![company.id, customer.id, email.as_str()],
            )?;
            Ok(Change::Email)
        }
        Recipient::Phone(phone) => {
            tx.execute(
                "UPDATE customers SET phone_area = $3, phone = $4 WHERE company_id = $1 AND id = $2",
                params![company.id, customer.id, &phone.area, &phone.national],
            )?;
            Ok(Change::Phone)
        }
        Recipient::Telegram(_) => Err(Code::BadField.with(&["type"])),
    }
}

/// Whether the customer's own address of that kind allows it.
fn allowed(customer: &Customer, new: &Recipient, manner: Manner) -> Result<()> {
    let own = Recipient::own(new.channel(), customer).ok();
    let email = new.channel() == Channel::Email;
    let refusal = match (manner, &own) {
        (Manner::Change, Some(own)) if own == new => {
            Some(if email { Code::SameEmail } else { Code::SamePhone })
        }
        (Manner::Change, Some(_)) | (Manner::Bind | Manner::First, None) => None,
        (Manner::Change, None) => Some(if email { Code::NoEmail } else { Code::NoPhone }),
        (Manner::Bind, Some(_)) => Some(if email { Code::EmailBound } else { Code::PhoneBound }),
        (Manner::First, Some(_)) => Some(if email { Code::EmailSet } else { Code::PhoneSet }),
    };
    refusal.map_or(Ok(()), |code| Err(code.refuse()))
}

/// Whether another customer has the address. Looked at after the proofs, so that only its owner learns it; the unique
/// index decides a race.
pub(crate) fn is_anothers(
    tx: &mut Tx<'_>,
    company: &Company,
    customer: &Customer,
    new: &Recipient,
) -> Result<bool> {
    let name = match new {
        Recipient::Email(email) => customer::Name::Email(email.clone()),
        Recipient::Phone(phone) => customer::Name::Phone(phone.clone()),
        Recipient::Telegram(_) => return Ok(false),
    };
    Ok(customer::by_name(tx, company.id, &name)?.is_some_and(|other| other.id != customer.id))
}

/// Sets where the customer's post goes.
///
/// # Errors
/// The store's.
pub fn set_postal(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    address: &str,
    postal_code: &str,
) -> Result<()> {
    tx.execute(
        "UPDATE customers SET address = $3, postal_code = $4 WHERE company_id = $1 AND id = $2",
        params![company_id, customer_id, address, postal_code],
    )?;
    tx.touch(customer_id);
    Ok(())
}
