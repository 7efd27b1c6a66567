//! A word past the rules: an application is put where two of the staff say, whoever has claimed it, whatever level was
//! to come before. What was not submitted can't be passed, nor what changed since it was looked at.

use super::{Application, State, lock, note, renewal};
use crate::customer::Customer;
use crate::error::{Code, Result};
use custos_store::{Tx, events, params};
use serde_json::json;

/// What is to be said of an application.
#[derive(Debug, Clone, Copy)]
pub struct Word<'a> {
    /// The application.
    pub id: i64,
    /// Its revision that was looked at.
    pub revision: i64,
    /// Passed, rejected, or rejected for good.
    pub to: State,
    /// Why; the customer is told what is rejected.
    pub reason: &'a str,
}

/// Whether it could be done now, and whom it is about.
///
/// # Errors
/// `CUSTOMER_API_0000003` for none, `0001631` it changed since, `0000608` it is a draft or stands so already,
/// `0000620` its document has expired, `0103` an account out of use; else the store's.
pub fn may_override(tx: &mut Tx<'_>, company_id: i64, word: Word<'_>) -> Result<(Customer, Application)> {
    let (customer, application) = lock(tx, company_id, word.id)?;
    if application.revision != word.revision {
        return Err(Code::KycChanged.refuse());
    }
    let can_be = matches!(word.to, State::Passed | State::Rejected | State::RejectedForGood);
    if application.state == State::Draft || application.state == word.to || !can_be {
        return Err(Code::KycNotPending.refuse());
    }
    if customer.status.is_out_of_use() {
        return Err(Code::SignInSuspended.refuse());
    }
    let now = tx.now();
    if word.to == State::Passed && application.document_until.is_some_and(|until| until <= now) {
        // It would expire again at once.
        return Err(Code::KycElement.with(&["expiry"]));
    }
    Ok((customer, application))
}

/// Puts it there.
///
/// # Errors
/// As [`may_override`]'s.
pub fn override_state(tx: &mut Tx<'_>, company_id: i64, word: Word<'_>, actor: &str) -> Result<()> {
    let (customer, application) = may_override(tx, company_id, word)?;
    let (now, passed) = (tx.now(), word.to == State::Passed);
    let until = application.document_until.filter(|_| passed);
    let notice_at = until.map(|until| renewal::next_notice(until, now));
    let (remark, staff_remark) = if passed { ("", word.reason) } else { (word.reason, "") };
    tx.execute(
        "UPDATE kyc_applications SET state = $3, queue_at = NULL, notice_at = $4, handled_by = $5, remark = $6, \
         staff_remark = $7, element_remarks = '{}', revision = revision + 1, updated_at = $8 \
         WHERE company_id = $1 AND id = $2",
        params![company_id, word.id, word.to as i64, notice_at, actor, remark, staff_remark, now],
    )?;
    let detail = json!({
        "application": word.id, "level": application.level, "from": application.state.as_str(),
        "to": word.to.as_str(), "reason": word.reason, "revision": word.revision,
    });
    note(tx, (company_id, customer.id), "kyc.override", actor, detail);
    let (kind, told) = if passed {
        ("kyc.passed", json!({ "application": word.id, "level": application.level }))
    } else {
        let is_final = word.to == State::RejectedForGood;
        ("kyc.rejected", json!({ "application": word.id, "level": application.level, "final": is_final }))
    };
    events::emit(tx, company_id, kind, customer.id, told)?;
    tx.touch(customer.id);
    Ok(())
}
