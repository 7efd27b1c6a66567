//! Knowing who a customer is: what a company asks, what the customer tells, and what was decided of it.
//!
//! One application a customer and level. It is a draft, then submitted, then in review (claimed by someone), then passed
//! or rejected; what was rejected may be submitted again unless it was for good, and what was passed expires with its
//! document. Whatever decides or submits locks the customer first, then the application.

/// The columns of an [`Application`]. Up here, since macros are known only below.
macro_rules! columns {
    () => {
        "id, company_id, customer_id, open_account_type, level, country, state, revision, document_hash, \
         document_until, handled_by, remark, staff_remark, element_remarks, updated_at, sealed"
    };
}

mod apply;
mod overriding;
mod plan;
mod progress;
mod renewal;
mod review;
mod values;
mod verdict;

pub use apply::{Wish, apply};
pub use overriding::{Word, may_override, override_state};
pub use plan::{CARD_TYPES, Element, Level, Path, Plan, SCENES, Show, find_plan, set_plan};
pub use progress::{Progress, Standing, document, opening, opening_asked, progress};
pub use renewal::remind_some;
pub use review::{Case, Queued, Rejection, approve, ask_again, claim, look, queue, reject};
pub use values::{Given, Values};
pub use verdict::{Says, Shown as ShownVerdict, Taken, Verdict, take as take_verdict};

use crate::error::{Code, Result};
use crate::{customer, data_key};
use custos_store::{DataKey, Row, Tx, audit, events, params};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Kept for later; nobody looks at it.
    Draft = 0,
    /// Waiting for someone to look at it.
    Submitted = 1,
    /// Someone is looking at it.
    InReview = 2,
    /// It was found true.
    Passed = 3,
    /// It was not; the customer may try again.
    Rejected = 4,
    /// It was not, and the customer may not try again.
    RejectedForGood = 5,
    /// It was passed, and its document has expired since.
    Expired = 6,
}

impl State {
    fn from_stored(number: i64) -> Self {
        match number {
            0 => Self::Draft,
            1 => Self::Submitted,
            2 => Self::InReview,
            3 => Self::Passed,
            4 => Self::Rejected,
            6 => Self::Expired,
            // An unknown state must not pass for anything.
            _ => Self::RejectedForGood,
        }
    }

    /// Its name for operators.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::InReview => "in review",
            Self::Passed => "passed",
            Self::Rejected => "rejected",
            Self::RejectedForGood => "rejected for good",
            Self::Expired => "expired",
        }
    }

    /// Whether a decision is due.
    #[must_use]
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Submitted | Self::InReview)
    }
}

/// An application, without its values.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its id, which the customer is told.
    pub id: i64,
    /// Whose company.
    pub company_id: i64,
    /// Whose.
    pub customer_id: i64,
    /// 0 as a person, 1 as a business.
    pub open_account_type: i64,
    /// Which level.
    pub level: String,
    /// For which country it was made.
    pub country: String,
    /// Where it stands.
    pub state: State,
    /// Counts its changes.
    pub revision: i64,
    /// The blind index of the document's number.
    pub document_hash: Option<Vec<u8>>,
    /// When the document expires.
    pub document_until: Option<i64>,
    /// Who has claimed or decided it; empty for no one.
    pub handled_by: String,
    /// What the customer is told.
    pub remark: String,
    /// What only staff read.
    pub staff_remark: String,
    /// What is wrong, by element.
    pub element_remarks: BTreeMap<String, String>,
    /// When it changed last.
    pub updated_at: i64,
    sealed: Vec<u8>,
}

fn application_of(row: &Row<'_>) -> custos_store::Result<Application> {
    Ok(Application {
        id: row.get(0)?,
        company_id: row.get(1)?,
        customer_id: row.get(2)?,
        open_account_type: row.get(3)?,
        level: row.get(4)?,
        country: row.get(5)?,
        state: State::from_stored(row.get(6)?),
        revision: row.get(7)?,
        document_hash: row.get(8)?,
        document_until: row.get(9)?,
        handled_by: row.get(10)?,
        remark: row.get(11)?,
        staff_remark: row.get(12)?,
        element_remarks: serde_json::from_str(&row.get::<String>(13)?).unwrap_or_default(),
        updated_at: row.get(14)?,
        sealed: row.get(15)?,
    })
}

impl Application {
    fn seal_context(&self) -> String {
        seal_context(self.company_id, self.id)
    }

    /// What the customer told, by element.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn values(&self, key: &DataKey) -> Result<Values> {
        if self.sealed.is_empty() {
            return Ok(Values::new());
        }
        let plain = key.open(&self.seal_context(), &self.sealed)?;
        serde_json::from_slice(&plain).map_err(|error| {
            custos_store::Error::Internal(format!("values of KYC {}: {error}", self.id)).into()
        })
    }
}

fn seal_context(company_id: i64, id: i64) -> String {
    format!("kyc:{company_id}:{id}")
}

/// The applications of a customer, in the order in which they were begun.
///
/// # Errors
/// The store's.
pub fn of_customer(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<Application>> {
    Ok(tx.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM kyc_applications WHERE company_id = $1 AND customer_id = $2 ORDER BY id"
        ),
        params![company_id, customer_id],
        application_of,
    )?)
}

/// One application.
///
/// # Errors
/// `CUSTOMER_API_0000003`, or the store's.
pub fn find(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<Application> {
    tx.query_opt(
        concat!("SELECT ", columns!(), " FROM kyc_applications WHERE company_id = $1 AND id = $2"),
        params![company_id, id],
        application_of,
    )?
    .ok_or_else(|| Code::NotFound.refuse())
}

/// One application and its customer, both locked, the customer first.
fn lock(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<(customer::Customer, Application)> {
    let whose = find(tx, company_id, id)?.customer_id;
    let customer = customer::lock(tx, company_id, whose)?;
    let found = tx.query_opt(
        concat!("SELECT ", columns!(), " FROM kyc_applications WHERE company_id = $1 AND id = $2 FOR UPDATE"),
        params![company_id, id],
        application_of,
    )?;
    Ok((customer, found.ok_or_else(|| Code::NotFound.refuse())?))
}

/// Whether any KYC of the customer is passed.
///
/// # Errors
/// The store's.
pub fn has_passed(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<bool> {
    let passed = State::Passed as i64;
    let found: Option<i64> = tx.query_opt(
        "SELECT id FROM kyc_applications WHERE company_id = $1 AND customer_id = $2 AND state = $3 LIMIT 1",
        params![company_id, customer_id, passed],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Rejects what a customer submitted for a country and waits for a decision; it may be submitted again. What a business
/// submitted for another country stays. The customer is locked by the caller. Says how many.
///
/// # Errors
/// The store's.
pub fn reject_pending(
    tx: &mut Tx<'_>,
    company_id: i64,
    (customer_id, country): (i64, &str),
    reason: &str,
    actor: &str,
) -> Result<usize> {
    let now = tx.now();
    let rejected: Vec<(i64, String)> = tx.query(
        "UPDATE kyc_applications SET state = 4, revision = revision + 1, queue_at = NULL, remark = $3, \
         element_remarks = '{}', handled_by = $4, updated_at = $5 \
         WHERE company_id = $1 AND customer_id = $2 AND state IN (1, 2) \
         AND (open_account_type = 0 OR country = $6) RETURNING id, level",
        params![company_id, customer_id, reason, actor, now, country],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for (id, level) in &rejected {
        let detail = json!({ "application": id, "level": level, "reason": reason });
        note(tx, (company_id, customer_id), "kyc.reject", actor, detail);
        tell(tx, (company_id, customer_id), "kyc.rejected", (*id, level), json!({ "final": false }))?;
    }
    if !rejected.is_empty() {
        tx.touch(customer_id);
    }
    Ok(rejected.len())
}

/// Rejects all of a customer's KYC that waits for a decision, whatever it was submitted for.
///
/// # Errors
/// The store's.
pub fn reject_all_pending(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    reason: &str,
    actor: &str,
) -> Result<()> {
    let countries: std::collections::BTreeSet<String> =
        of_customer(tx, company_id, customer_id)?.into_iter().map(|one| one.country).collect();
    for country in countries {
        reject_pending(tx, company_id, (customer_id, &country), reason, actor)?;
    }
    Ok(())
}

/// Forgets what was told in words and by the document's number, for an account that is closed. What is sealed goes with
/// the customer's key.
///
/// # Errors
/// The store's.
pub fn erase(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<()> {
    tx.execute(
        "UPDATE kyc_applications SET state = 5, remark = '', staff_remark = '', element_remarks = '{}', document_hash = NULL, \
         document_until = NULL, queue_at = NULL, notice_at = NULL, revision = revision + 1 \
         WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer_id],
    )?;
    tx.execute(
        "DELETE FROM kyc_verdicts WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer_id],
    )?;
    Ok(())
}

/// Tells other systems what happened to an application; `more` is an object with what else there is to tell.
fn tell(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    kind: &'static str,
    (id, level): (i64, &str),
    more: Value,
) -> Result<()> {
    let mut data = json!({ "application": id, "level": level });
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    Ok(events::emit(tx, company_id, kind, customer_id, data)?)
}

/// Writes down what happened to an application.
fn note(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    action: &'static str,
    actor: &str,
    detail: Value,
) {
    tx.audit(audit::Entry::by_hand(company_id, action, actor, Some(customer_id), detail));
}

/// The customer's key, if there is one: a closed account has none any more.
fn key_of(tx: &mut Tx<'_>, application: &Application) -> Result<Option<DataKey>> {
    data_key::find(tx, application.company_id, application.customer_id)
}
