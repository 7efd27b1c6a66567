//! Deciding.

use super::plan::path_of;
use super::values::Values;
use super::{Application, State, apply, find, find_plan, key_of, lock, note, tell, verdict};
use crate::customer::Customer;
use crate::error::{Code, Result};
use custos_store::{Tx, params};
use serde_json::json;
use std::collections::BTreeMap;

/// A line of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The application.
    pub id: i64,
    /// Whose.
    pub customer_id: i64,
    /// The number that the customer is told.
    pub number: String,
    /// Which level.
    pub level: String,
    /// For which country.
    pub country: String,
    /// Submitted, or in review.
    pub state: State,
    /// Who is at it; empty for no one.
    pub handled_by: String,
    /// Since when it waits.
    pub queue_at: i64,
    /// Another customer has shown the same document.
    pub is_shared: bool,
    /// A provider wants someone to look at it, or says that it is not true.
    pub is_flagged: bool,
}

/// What waits for a decision, the longest first, after the line of `(queue_at, id)`.
///
/// # Errors
/// The store's.
pub fn queue(tx: &mut Tx<'_>, company_id: i64, after: (i64, i64), limit: i64) -> Result<Vec<Queued>> {
    let (since, id) = after;
    Ok(tx.query(
        "SELECT a.id, a.customer_id, c.number, a.level, a.country, a.state, a.handled_by, a.queue_at, \
         CASE WHEN EXISTS (SELECT 1 FROM kyc_applications o WHERE o.company_id = a.company_id \
         AND o.document_hash = a.document_hash AND o.customer_id <> a.customer_id) \
         THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END, \
         CASE WHEN EXISTS (SELECT 1 FROM kyc_verdicts v WHERE v.company_id = a.company_id \
         AND v.application_id = a.id AND v.revision = a.revision AND v.says <> 'approve') \
         THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END \
         FROM kyc_applications a JOIN customers c ON c.company_id = a.company_id AND c.id = a.customer_id \
         WHERE a.company_id = $1 AND a.queue_at IS NOT NULL AND (a.queue_at, a.id) > ($2, $3) \
         ORDER BY a.queue_at, a.id LIMIT $4",
        params![company_id, since, id, limit],
        |row| {
            Ok(Queued {
                id: row.get(0)?,
                customer_id: row.get(1)?,
                number: row.get(2)?,
                level: row.get(3)?,
                country: row.get(4)?,
                state: State::from_stored(row.get(5)?),
                handled_by: row.get(6)?,
                queue_at: row.get(7)?,
                is_shared: row.get::<i64>(8)? == 1,
                is_flagged: row.get::<i64>(9)? == 1,
            })
        },
    )?)
}

/// An application as who decides sees it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The application; its revision is to be named by whoever decides.
    pub application: Application,
    /// What the customer told; empty where the customer's key is gone.
    pub values: Values,
    /// Other customers who have shown the same document.
    pub others: Vec<i64>,
    /// What providers said of it.
    pub verdicts: Vec<verdict::Shown>,
}

/// Looks at an application with all that was told, which leaves an entry.
///
/// # Errors
/// `CUSTOMER_API_0000003`, values that can't be opened, or the store's.
pub fn look(tx: &mut Tx<'_>, company_id: i64, id: i64, actor: &str) -> Result<Case> {
    let application = find(tx, company_id, id)?;
    let values = match key_of(tx, &application)? {
        Some(key) => application.values(&key)?,
        None => Values::new(),
    };
    let others = others_with_document(tx, &application)?;
    let verdicts = verdict::of(tx, &application)?;
    let detail = json!({ "application": id, "level": application.level });
    note(tx, (company_id, application.customer_id), "kyc.look", actor, detail);
    Ok(Case { application, values, others, verdicts })
}

/// Other customers who have shown the same document.
pub(super) fn others_with_document(tx: &mut Tx<'_>, application: &Application) -> Result<Vec<i64>> {
    let Some(hash) = &application.document_hash else { return Ok(Vec::new()) };
    Ok(tx.query(
        "SELECT DISTINCT customer_id FROM kyc_applications WHERE company_id = $1 AND document_hash = $2 \
         AND customer_id <> $3 ORDER BY customer_id LIMIT 100",
        params![application.company_id, hash, application.customer_id],
        |row| row.get(0),
    )?)
}

/// Who decides, of which application, as it was at which revision.
fn decided(
    tx: &mut Tx<'_>,
    company_id: i64,
    id: i64,
    revision: i64,
    actor: &str,
) -> Result<(Customer, Application)> {
    let (customer, application) = lock(tx, company_id, id)?;
    if !application.state.is_pending() {
        return Err(Code::KycNotPending.refuse());
    }
    if application.revision != revision {
        return Err(Code::KycChanged.refuse());
    }
    if application.state == State::InReview && application.handled_by != actor {
        return Err(Code::KycClaimed.with(&[&application.handled_by]));
    }
    Ok((customer, application))
}

/// Takes an application for oneself; returns its new revision. `take_over` takes it from someone else.
///
/// # Errors
/// `CUSTOMER_API_0000608` no decision is due, `0001632` someone else is at it; else the store's.
pub fn claim(tx: &mut Tx<'_>, company_id: i64, id: i64, actor: &str, take_over: bool) -> Result<i64> {
    let (_, application) = lock(tx, company_id, id)?;
    if !application.state.is_pending() {
        return Err(Code::KycNotPending.refuse());
    }
    let is_anothers = application.state == State::InReview && application.handled_by != actor;
    if is_anothers && !take_over {
        return Err(Code::KycClaimed.with(&[&application.handled_by]));
    }
    let now = tx.now();
    tx.execute(
        "UPDATE kyc_applications SET state = 2, handled_by = $3, revision = revision + 1, updated_at = $4 \
         WHERE company_id = $1 AND id = $2",
        params![company_id, id, actor, now],
    )?;
    let from = is_anothers.then_some(&application.handled_by);
    let detail = json!({ "application": id, "level": application.level, "from": from });
    note(tx, (company_id, application.customer_id), "kyc.claim", actor, detail);
    tx.touch(application.customer_id);
    Ok(application.revision + 1)
}

/// Finds an application true. `reason` is for staff.
///
/// # Errors
/// `CUSTOMER_API_0000608` no decision is due, `0001631` it changed since, `0001632` someone else is at it, `0000616` the
/// level before is not passed any more, `0000620` the document has expired meanwhile, `0103` an account out of use;
/// else the store's.
pub fn approve(
    tx: &mut Tx<'_>,
    company_id: i64,
    id: i64,
    revision: i64,
    (actor, reason): (&str, &str),
) -> Result<()> {
    let reason = said(reason, "reason")?;
    let (customer, application) = decided(tx, company_id, id, revision, actor)?;
    if customer.status.is_out_of_use() {
        return Err(Code::SignInSuspended.refuse());
    }
    // What was made for another country proves nothing of this one.
    if application.open_account_type == 0 && application.country != customer.country {
        return Err(Code::KycChanged.refuse());
    }
    after_its_level(tx, &customer, &application)?;
    let now = tx.now();
    if application.document_until.is_some_and(|until| until <= now) {
        return Err(Code::KycElement.with(&["expiry"]));
    }
    let notice_at = application.document_until.map(|until| super::renewal::next_notice(until, now));
    tx.execute(
        "UPDATE kyc_applications SET state = 3, queue_at = NULL, notice_at = $3, handled_by = $4, remark = '', \
         staff_remark = $5, element_remarks = '{}', revision = revision + 1, updated_at = $6 \
         WHERE company_id = $1 AND id = $2",
        params![company_id, id, notice_at, actor, reason, now],
    )?;
    let detail = json!({
        "application": id, "level": application.level, "from": application.state.as_str(), "to": "passed",
        "reason": reason, "revision": revision,
    });
    note(tx, (company_id, customer.id), "kyc.approve", actor, detail);
    tell(tx, (company_id, customer.id), "kyc.passed", (id, &application.level), json!({}))?;
    tx.touch(customer.id);
    Ok(())
}

/// The level before must still be passed.
fn after_its_level(tx: &mut Tx<'_>, customer: &Customer, application: &Application) -> Result<()> {
    let plan = find_plan(tx, customer.company_id)?;
    let group_type = apply::group_type(tx, customer)?;
    let asked = (Some(application.open_account_type), Some(application.country.as_str()));
    let before = path_of(&plan, customer, group_type, asked)
        .and_then(|path| path.level(&application.level))
        .and_then(|level| level.after.clone());
    let Some(before) = before else { return Ok(()) };
    let all = super::of_customer(tx, customer.company_id, customer.id)?;
    let is_passed = all.iter().any(|one| {
        one.level == before
            && one.open_account_type == application.open_account_type
            && one.state == State::Passed
    });
    if is_passed { Ok(()) } else { Err(Code::KycLevelSkipped.refuse()) }
}

/// Why an application is rejected.
#[derive(Debug, Clone, Default)]
pub struct Rejection {
    /// What the customer is told.
    pub remark: String,
    /// What only staff read.
    pub staff_remark: String,
    /// What is wrong, by element.
    pub elements: BTreeMap<String, String>,
    /// The customer may not try again.
    pub is_final: bool,
}

/// Rejects an application.
///
/// # Errors
/// As [`approve`]'s where they apply, and `GATEWAY_CODE_104` for words that are missing or too long.
pub fn reject(
    tx: &mut Tx<'_>,
    company_id: i64,
    id: i64,
    revision: i64,
    (actor, why): (&str, &Rejection),
) -> Result<()> {
    let (customer, application) = decided(tx, company_id, id, revision, actor)?;
    if !why.elements.is_empty() {
        are_known(tx, &customer, &application, &why.elements)?;
    }
    let to = if why.is_final { State::RejectedForGood } else { State::Rejected };
    turn_down(tx, &application, to, (actor, why), "kyc.reject")?;
    let more = json!({ "final": why.is_final });
    tell(tx, (company_id, customer.id), "kyc.rejected", (id, &application.level), more)?;
    tx.touch(customer.id);
    Ok(())
}

/// Asks a customer to submit again what was passed, has expired, or was rejected for good.
///
/// # Errors
/// `CUSTOMER_API_0000608` where it has nothing of the kind, `0001631` it changed since, `GATEWAY_CODE_104` for words that
/// are missing or too long; else the store's.
pub fn ask_again(
    tx: &mut Tx<'_>,
    company_id: i64,
    id: i64,
    revision: i64,
    (actor, why): (&str, &Rejection),
) -> Result<()> {
    let (_, application) = lock(tx, company_id, id)?;
    if application.revision != revision {
        return Err(Code::KycChanged.refuse());
    }
    if !matches!(application.state, State::Passed | State::Expired | State::RejectedForGood) {
        return Err(Code::KycNotPending.refuse());
    }
    turn_down(tx, &application, State::Rejected, (actor, why), "kyc.ask_again")?;
    tell(tx, (company_id, application.customer_id), "kyc.asked_again", (id, &application.level), json!({}))?;
    tx.touch(application.customer_id);
    Ok(())
}

/// What is said of something that was neither asked nor told would reach nobody.
fn are_known(
    tx: &mut Tx<'_>,
    customer: &Customer,
    application: &Application,
    elements: &BTreeMap<String, String>,
) -> Result<()> {
    let plan = find_plan(tx, customer.company_id)?;
    let asked = (Some(application.open_account_type), Some(application.country.as_str()));
    let path = path_of(&plan, customer, apply::group_type(tx, customer)?, asked);
    let level = path.and_then(|path| path.level(&application.level));
    let is_asked =
        |code: &String| level.is_some_and(|level| level.elements.iter().any(|element| element.code == *code));
    let told = match key_of(tx, application)? {
        Some(key) => application.values(&key)?,
        None => Values::new(),
    };
    let is_known = |code: &String| told.contains_key(code) || is_asked(code);
    if elements.keys().all(is_known) { Ok(()) } else { Err(Code::BadField.with(&["elements"])) }
}

fn turn_down(
    tx: &mut Tx<'_>,
    application: &Application,
    to: State,
    (actor, why): (&str, &Rejection),
    action: &'static str,
) -> Result<()> {
    let remark = said(&why.remark, "remark")?;
    let staff_remark = if why.staff_remark.is_empty() { "" } else { said(&why.staff_remark, "staffRemark")? };
    if why.elements.len() > 50 {
        return Err(Code::BadField.with(&["elements"]));
    }
    for (code, text) in &why.elements {
        said(text, "elements")?;
        said(code, "elements")?;
    }
    let elements = serde_json::to_string(&why.elements)
        .map_err(|error| custos_store::Error::Internal(error.to_string()))?;
    let now = tx.now();
    tx.execute(
        "UPDATE kyc_applications SET state = $3, queue_at = NULL, notice_at = NULL, handled_by = $4, remark = $5, \
         staff_remark = $6, element_remarks = $7, revision = revision + 1, updated_at = $8 \
         WHERE company_id = $1 AND id = $2",
        params![application.company_id, application.id, to as i64, actor, remark, staff_remark, &elements, now],
    )?;
    let codes: Vec<&String> = why.elements.keys().collect();
    let detail = json!({
        "application": application.id, "level": application.level, "from": application.state.as_str(),
        "to": to.as_str(), "elements": codes, "revision": application.revision,
    });
    note(tx, (application.company_id, application.customer_id), action, actor, detail);
    Ok(())
}

/// Words that are there, and not too many.
fn said<'a>(text: &'a str, field: &str) -> Result<&'a str> {
    let text = text.trim();
    let fits = (1..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(Code::BadField.with(&[field])) }
}
