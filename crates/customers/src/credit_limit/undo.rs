//! Undoing what a wallet system did, or may have done.

use super::{Person, State, add_metadata, change, enqueue, seal_context};
use crate::data_key;
use crate::error::{Code, Result};
use custos_store::{Error as StoreError, Tx, params};
use serde_json::{Value, json};

/// Has one undone that was done.
///
/// # Errors
/// `CUSTOMER_API_0000003` when there is none that is done; else the store's.
pub fn undo(tx: &mut Tx<'_>, company_id: i64, id: i64, (reason, actor): (&str, &str)) -> Result<()> {
    let why = (reason, "credit_limit.undo", Some(actor));
    if !change(tx, (company_id, id), (State::Done, State::Undoing), why)? {
        return Err(Code::NotFound.refuse());
    }
    enqueue(tx, company_id, id)
}

/// What the wallet system is asked to undo.
#[derive(Debug)]
pub struct Undoing {
    /// The customer.
    pub customer_id: i64,
    /// What to send.
    pub body: Value,
    /// When the request went out that is to be undone.
    pub asked_at: i64,
    /// Whether the system had said that it was done.
    pub was_done: bool,
}

/// What to send so that a request is undone; `None` when there is nothing to undo, any more or for good.
///
/// # Errors
/// The customer's key is gone, or the store's.
pub fn undoing(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<Option<Undoing>> {
    struct Found {
        customer_id: i64,
        sealed: Vec<u8>,
        asked_at: i64,
        was_done: bool,
        body: Value,
    }
    let found = tx.query_opt(
        "SELECT customer_id, sealed, asked_at, currency, biz_type, amount, digits, order_id, cancel_no, request_no, reason, state \
         FROM credit_limits WHERE company_id = $1 AND id = $2 AND state IN ('unknown', 'undoing')",
        params![company_id, id],
        |row| {
            let text = |at: usize| row.get::<String>(at);
            let number = |at: usize| row.get::<i64>(at);
            // What is undone is told without its sign.
            let amount = text(5)?.trim_start_matches('-').to_owned();
            let remark: String = text(10)?.chars().take(200).collect();
            let body = json!({
                "currency": text(3)?, "bizType": number(4)?, "amount": amount, "amountDigits": number(6)?,
                "orderId": number(7)?, "requestUniqueNo": text(8)?, "reverseRequestUniqueNo": text(9)?,
                "cancelRemark": remark,
            });
            let was_done = text(11)? == State::Undoing.as_str();
            Ok(Found { customer_id: number(0)?, sealed: row.get(1)?, asked_at: number(2)?, was_done, body })
        },
    )?;
    let Some(Found { customer_id, sealed, asked_at, was_done, mut body }) = found else { return Ok(None) };
    let lost = || {
        StoreError::Internal("the key of a customer whose credit limit is to be undone is gone".to_owned())
    };
    let key = data_key::find(tx, company_id, customer_id)?.ok_or_else(lost)?;
    let plain = key.open(&seal_context(company_id, id), &sealed)?;
    let person: Person = serde_json::from_slice(&plain).map_err(|_| lost())?;
    let now = tx.now();
    if let Some(body) = body.as_object_mut() {
        for (name, value) in [
            ("thirdServerCode", Value::from(person.code)),
            ("userName", Value::from(person.number)),
            ("requestTime", Value::from(now)),
            ("ip", Value::from(person.ip)),
        ] {
            body.insert(name.to_owned(), value);
        }
    }
    add_metadata(&mut body, &person.metadata);
    Ok(Some(Undoing { customer_id, body, asked_at, was_done }))
}

/// The wallet system has acknowledged that it stands no more.
///
/// # Errors
/// The store's.
pub fn undone(tx: &mut Tx<'_>, company_id: i64, id: i64, reason: &str) -> Result<()> {
    let why = (reason, "credit_limit.undone", Some("system"));
    for from in [State::Unknown, State::Undoing] {
        if change(tx, (company_id, id), (from, State::Undone), why)? {
            break;
        }
    }
    Ok(())
}
