//! Documents that expire: customers are told 60, 30 and 7 days before, and afterwards are asked anew.

use super::{Application, State, application_of, note, tell};
use crate::error::Result;
use crate::{company, customer, notices};
use custos_store::{DAY_MS, Tx, params};
use serde_json::json;

/// How many days before a document expires the customer is told.
const NOTICES: [i64; 3] = [60, 30, 7];

/// When a document's expiry is to be looked at next.
pub(super) fn next_notice(until: i64, now: i64) -> i64 {
    NOTICES.into_iter().map(|days| until - days * DAY_MS).find(|at| *at > now).unwrap_or(until)
}

/// Looks at the documents that are due, oldest first: tells their customers, or ends what has expired. Says how many.
///
/// # Errors
/// The store's.
pub fn remind_some(tx: &mut Tx<'_>, limit: i64) -> Result<i64> {
    let now = tx.now();
    let due = tx.query(
        "SELECT company_id, customer_id, id FROM kyc_applications WHERE notice_at IS NOT NULL AND notice_at <= $1 \
         ORDER BY notice_at, company_id, id LIMIT $2",
        params![now, limit],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)),
    )?;
    let mut due = due;
    // Everyone locks customers in this order.
    due.sort_unstable();
    let count = i64::try_from(due.len()).unwrap_or(i64::MAX);
    for (company_id, customer_id, id) in due {
        let customer = customer::lock(tx, company_id, customer_id)?;
        let found = tx.query_opt(
            concat!(
                "SELECT ",
                columns!(),
                " FROM kyc_applications WHERE company_id = $1 AND id = $2 AND notice_at <= $3 FOR UPDATE"
            ),
            params![company_id, id, now],
            application_of,
        )?;
        // Another worker was faster, or it was decided anew meanwhile.
        let Some(application) = found else { continue };
        remind(tx, &customer, &application)?;
    }
    Ok(count)
}

fn remind(tx: &mut Tx<'_>, customer: &customer::Customer, application: &Application) -> Result<()> {
    let (now, key) = (tx.now(), (application.company_id, customer.id));
    let until = application.document_until.filter(|_| application.state == State::Passed);
    let Some(until) = until else {
        tx.execute(
            "UPDATE kyc_applications SET notice_at = NULL WHERE company_id = $1 AND id = $2",
            params![application.company_id, application.id],
        )?;
        return Ok(());
    };
    let detail = json!({ "application": application.id, "level": application.level });
    if until <= now {
        tx.execute(
            "UPDATE kyc_applications SET state = 6, notice_at = NULL, revision = revision + 1, updated_at = $3 \
             WHERE company_id = $1 AND id = $2",
            params![application.company_id, application.id, now],
        )?;
        note(tx, key, "kyc.expire", "system", detail);
        tell(tx, key, "kyc.expired", (application.id, &application.level), json!({}))?;
        tx.touch(customer.id);
    } else {
        let next = next_notice(until, now);
        tx.execute(
            "UPDATE kyc_applications SET notice_at = $3 WHERE company_id = $1 AND id = $2",
            params![application.company_id, application.id, next],
        )?;
    }
    if customer.status.is_out_of_use() {
        return Ok(());
    }
    let Some(company) = company::find(tx, application.company_id)? else { return Ok(()) };
    // Whole days, the one that has begun counted.
    let days = (until - now).max(0).div_euclid(DAY_MS) + i64::from((until - now).max(0) % DAY_MS > 0);
    notices::tell(tx, &company, customer, "document-expires", &[("days", &days.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_come_sixty_thirty_and_seven_days_before_and_at_the_end() {
        let until = 1_000 * DAY_MS;
        let mut now = 0;
        let mut all = Vec::new();
        while now < until {
            now = next_notice(until, now);
            all.push((until - now) / DAY_MS);
        }
        assert_eq!(all, [60, 30, 7, 0]);
        assert_eq!(next_notice(until, until - 59 * DAY_MS), until - 30 * DAY_MS);
        assert_eq!(next_notice(until, until - DAY_MS), until);
    }
}
