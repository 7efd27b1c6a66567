//! Credit limits in the company's own wallet system: what it was asked to adjust, and what of it must be undone.
//!
//! A request is written down before it goes out. Its outcome is known (done, or refused) or not: no answer came in time,
//! one that can't be used, or this program ended meanwhile. What is not known is undone by a message of the outbox, which is
//! sent until that system acknowledges it. A request is never sent twice; whoever wants it again makes another.

mod shown;
mod undo;

pub use shown::{Shown, list};
pub use undo::{Undoing, undo, undoing, undone};

use crate::customer::{self, Status};
use crate::data_key;
use crate::error::{Code, Result};
use crate::freezes::{self, Scope};
use custos_delivery::Channel;
use custos_delivery::outbox::{self, Message};
use custos_store::{DAY_MS, Error as StoreError, SECOND_MS, Tx, audit, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The template of the message that undoes one.
pub const UNDO: &str = "credit-limit-undo";
/// Much longer than any call takes: whoever asked is gone.
const ABANDONED_MS: i64 = 60 * SECOND_MS;
/// For so long the outbox is to try.
const WORTH_TRYING_MS: i64 = 29 * DAY_MS;
/// Kinds of orders that wallet systems know.
const BIZ_TYPES: [i64; 5] = [1, 2, 10, 11, 12];

/// What a limit is adjusted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A position is opened.
    OpenPosition,
    /// It is closed as it should.
    NormalClose,
    /// More was lost than the limit had.
    AbnormalOvertrading,
}

impl Purpose {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenPosition => "OPEN_POSITION",
            Self::NormalClose => "NORMAL_CLOSE",
            Self::AbnormalOvertrading => "ABNORMAL_OVERTRADING",
        }
    }

    /// Whether amounts of this purpose are below zero.
    #[must_use]
    pub const fn takes(self) -> bool {
        matches!(self, Self::AbnormalOvertrading)
    }
}

/// What the wallet system is to be asked.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// The company.
    pub company_id: i64,
    /// The customer.
    pub customer_id: i64,
    /// The currency.
    pub currency: &'a str,
    /// Decimal text with the currency's decimals; below zero where the purpose says so.
    pub amount: &'a str,
    /// Those decimals.
    pub digits: i64,
    /// 1 market open, 2 market close, 10 limit, 11 stop loss, 12 limit open.
    pub biz_type: i64,
    /// What for.
    pub purpose: Purpose,
    /// The order.
    pub order_id: i64,
    /// The customer's address.
    pub ip: &'a str,
    /// JSON text, or empty.
    pub metadata: &'a str,
    /// Who wants it.
    pub actor: &'a str,
}

/// What names the customer there, kept sealed.
#[derive(Serialize, Deserialize)]
struct Person {
    code: String,
    number: String,
    ip: String,
    metadata: String,
}

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// On its way.
    Asked,
    /// The system did it.
    Done,
    /// The system did not do it.
    Refused,
    /// Nobody knows, and it is being undone.
    Unknown,
    /// It was done, and is being undone.
    Undoing,
    /// The system has acknowledged that it stands no more.
    Undone,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Asked, Self::Done, Self::Refused, Self::Unknown, Self::Undoing, Self::Undone];

    /// The word in the column.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    fn parse(word: &str) -> custos_store::Result<Self> {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == word);
        known.ok_or_else(|| StoreError::Internal(format!("no credit limit is {word}")))
    }
}

/// A request that is written down and may go out now, once.
#[derive(Debug)]
pub struct Asked {
    /// Its id here.
    pub id: i64,
    /// What to send.
    pub body: Value,
}

fn seal_context(company_id: i64, id: i64) -> String {
    format!("credit limit:{company_id}:{id}")
}

fn number(tx: &Tx<'_>) -> Result<String> {
    Ok(format!("{:032x}", u128::from_be_bytes(tx.random::<16>()?)))
}

/// Writes a request down before it goes out.
///
/// # Errors
/// `GATEWAY_CODE_201` for a customer whom the wallet system does not know, `CUSTOMER_API_0000103` for one who is not in use,
/// `CUSTOMER_API_0000004` while the same of this order stands, `GATEWAY_CODE_104` for a field that can't be sent; else the store's.
pub fn begin(tx: &mut Tx<'_>, wish: &Wish<'_>) -> Result<Asked> {
    let negative = wish.amount.starts_with('-');
    let nothing = wish.amount.bytes().all(|byte| matches!(byte, b'-' | b'.' | b'0'));
    if nothing || negative != wish.purpose.takes() {
        return Err(Code::BadField.with(&["amount"]));
    }
    if !BIZ_TYPES.contains(&wish.biz_type) {
        return Err(Code::BadField.with(&["bizType"]));
    }
    if wish.currency.len() > 16 || wish.metadata.chars().count() > 200 {
        return Err(Code::BadField.with(&["metadata"]));
    }
    let customer = customer::lock(tx, wish.company_id, wish.customer_id)?;
    let is_stopped = customer.is_locked_by_operator()
        || freezes::is_frozen(tx, wish.company_id, wish.customer_id, &[Scope::Trade])?;
    if customer.status != Status::Normal || is_stopped {
        return Err(Code::SignInSuspended.refuse());
    }
    if customer.third_server_code.is_empty() {
        return Err(Code::NotOpen.refuse());
    }
    if stands(tx, wish)? {
        return Err(Code::InProgress.refuse());
    }
    let (id, now, request_no, cancel_no) = (tx.new_id(), tx.now(), number(tx)?, number(tx)?);
    let person = Person {
        code: customer.third_server_code.clone(),
        number: customer.number.clone(),
        ip: wish.ip.to_owned(),
        metadata: wish.metadata.to_owned(),
    };
    let plain = serde_json::to_vec(&person).map_err(|error| StoreError::Internal(error.to_string()))?;
    let key = data_key::of(tx, wish.company_id, customer.id)?;
    let sealed = key.seal(&seal_context(wish.company_id, id), &plain)?;
    tx.execute(
        "INSERT INTO credit_limits (company_id, id, customer_id, request_no, cancel_no, state, reason, currency, amount, \
         digits, biz_type, operation_type, order_id, sealed, actor, asked_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, 'asked', '', $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        params![
            wish.company_id,
            id,
            customer.id,
            &request_no,
            &cancel_no,
            wish.currency,
            wish.amount,
            wish.digits,
            wish.biz_type,
            wish.purpose.as_str(),
            wish.order_id,
            &sealed,
            wish.actor,
            now
        ],
    )?;
    let mut body = json!({
        "thirdServerCode": person.code, "userName": person.number, "currency": wish.currency,
        "bizType": wish.biz_type, "operationType": wish.purpose.as_str(), "amount": wish.amount,
        "amountDigits": wish.digits, "orderId": wish.order_id, "requestUniqueNo": request_no,
        "requestTime": now, "ip": wish.ip,
    });
    add_metadata(&mut body, wish.metadata);
    Ok(Asked { id, body })
}

/// Whether the same was asked for already, under the lock of the customer: an order opens a position once; other changes
/// may come in parts, but none while it is not known what became of the one before.
fn stands(tx: &mut Tx<'_>, wish: &Wish<'_>) -> Result<bool> {
    let count: i64 = tx.value(
        "SELECT count(*) FROM credit_limits WHERE company_id = $1 AND customer_id = $2 AND order_id = $3 \
         AND operation_type = $4 AND (state IN ('asked', 'unknown', 'undoing') OR (state = 'done' AND operation_type = $5))",
        params![
            wish.company_id,
            wish.customer_id,
            wish.order_id,
            wish.purpose.as_str(),
            Purpose::OpenPosition.as_str()
        ],
    )?;
    Ok(count > 0)
}

fn add_metadata(body: &mut Value, metadata: &str) {
    if let Some(body) = body.as_object_mut().filter(|_| !metadata.is_empty()) {
        body.insert("metadata".to_owned(), Value::from(metadata));
    }
}

/// What became of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The system did it.
    Done,
    /// It did not, for sure: it said so, or was never asked.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// Writes down what became of a call; returns how the request stands now. What was given up meanwhile stays so: it is being
/// undone.
///
/// # Errors
/// The store's.
pub fn told(tx: &mut Tx<'_>, company_id: i64, id: i64, (outcome, reason): (Outcome, &str)) -> Result<State> {
    let state = match outcome {
        Outcome::Done => State::Done,
        Outcome::Refused => State::Refused,
        Outcome::Unknown => State::Unknown,
    };
    if change(tx, (company_id, id), (State::Asked, state), (reason, "credit_limit.adjust", None))? {
        if state == State::Unknown {
            enqueue(tx, company_id, id)?;
        }
        return Ok(state);
    }
    let word: String = tx.value(
        "SELECT state FROM credit_limits WHERE company_id = $1 AND id = $2",
        params![company_id, id],
    )?;
    Ok(State::parse(&word)?)
}

/// From one state to another, if that is where it stands.
fn change(
    tx: &mut Tx<'_>,
    (company_id, id): (i64, i64),
    (from, to): (State, State),
    (reason, action, actor): (&str, &'static str, Option<&str>),
) -> Result<bool> {
    let now = tx.now();
    let found = tx.query_opt(
        "UPDATE credit_limits SET state = $4, reason = $5, updated_at = $6 \
         WHERE company_id = $1 AND id = $2 AND state = $3 \
         RETURNING customer_id, request_no, currency, amount, actor",
        params![company_id, id, from.as_str(), to.as_str(), reason, now],
        |row| {
            let (customer_id, number): (i64, String) = (row.get(0)?, row.get(1)?);
            Ok((customer_id, number, row.get::<String>(2)?, row.get::<String>(3)?, row.get::<String>(4)?))
        },
    )?;
    let Some((customer_id, number, currency, amount, asked_by)) = found else { return Ok(false) };
    let detail = json!({
        "request": number, "currency": currency, "amount": amount, "before": from.as_str(),
        "after": to.as_str(), "reason": reason,
    });
    let actor = actor.unwrap_or(&asked_by);
    tx.audit(audit::Entry::by_hand(company_id, action, actor, Some(customer_id), detail));
    Ok(true)
}

/// Has the outbox undo it.
fn enqueue(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<()> {
    let useful_until = tx.now() + WORTH_TRYING_MS;
    let masked: String = tx.value(
        "SELECT request_no FROM credit_limits WHERE company_id = $1 AND id = $2",
        params![company_id, id],
    )?;
    let message = Message {
        company_id,
        channel: Channel::Wallet,
        to: &id.to_string(),
        masked,
        template: UNDO,
        lang: "",
        vars: &[],
        code: None,
        useful_until,
        void: false,
    };
    Ok(outbox::enqueue(tx, &message)?)
}

/// Gives some requests up of which nobody has told in time what became of them; returns how many. For a worker: each call is
/// one transaction.
///
/// # Errors
/// The store's.
pub fn give_up_some(tx: &mut Tx<'_>, most: i64) -> Result<i64> {
    let until = tx.now() - ABANDONED_MS;
    let abandoned = tx.query(
        "SELECT company_id, id FROM credit_limits WHERE state = 'asked' AND asked_at <= $1 ORDER BY asked_at LIMIT $2",
        params![until, most],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
    )?;
    let mut given_up = 0;
    for (company_id, id) in abandoned {
        let why = ("the program ended before there was an answer", "credit_limit.adjust", Some("system"));
        if change(tx, (company_id, id), (State::Asked, State::Unknown), why)? {
            enqueue(tx, company_id, id)?;
            given_up += 1;
        }
    }
    Ok(given_up)
}
