//! What is personal goes when a closed account's time is over; its number, its money's history and the audit log stay.

use crate::data_key;
use crate::error::Result;
use crate::{files, kyc};
use custos_store::{Tx, audit, params};
use serde_json::json;

/// What is emptied or removed, by (company, customer). Whatever a topic keeps of a person in the plain, it has a line here;
/// what is sealed under the customer's own key is gone with that key.
const STATEMENTS: &[&str] = &[
    "UPDATE customers SET email = NULL, phone_area = NULL, phone = NULL, name = '', first_name = '', last_name = '', \
     address = '', postal_code = '', login_password = NULL, fund_password = NULL, mfa_id = 0, register_device = '', \
     utm = '{}', third_server_code = '', third_server_source = '' WHERE company_id = $1 AND id = $2",
    "UPDATE closures SET reason = '' WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM sessions WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM totp_secrets WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM recovery_codes WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM known_places WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM third_accounts WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM freeze_links WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM try_guards WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM verification_codes WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM customer_freezes WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM customer_tags WHERE company_id = $1 AND customer_id = $2",
    "UPDATE office_proposals SET reason = '', remark = '' WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM watchlists WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM messages WHERE company_id = $1 AND customer_id = $2",
    "DELETE FROM verification_proofs WHERE company_id = $1 AND customer_id = $2",
];

/// Erases what is personal of some closed customers whose time is over; returns how many. For a worker: each call is one
/// transaction.
///
/// # Errors
/// The store's.
pub fn erase_some(tx: &mut Tx<'_>, most: i64) -> Result<i64> {
    let now = tx.now();
    let due = tx.query(
        "SELECT company_id, customer_id, id FROM closures WHERE state = 2 AND erased_at = 0 AND erase_at <= $1 \
         ORDER BY erase_at LIMIT $2",
        params![now, most],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)),
    )?;
    let mut erased = 0;
    for (company_id, customer_id, id) in due {
        // Of two workers one does it.
        let is_ours = tx.execute(
            "UPDATE closures SET erased_at = $3 WHERE company_id = $1 AND id = $2 AND erased_at = 0",
            params![company_id, id, now],
        )?;
        if is_ours == 0 {
            continue;
        }
        for sql in STATEMENTS {
            tx.execute(sql, params![company_id, customer_id])?;
        }
        files::give_up_all(tx, company_id, customer_id)?;
        kyc::erase(tx, company_id, customer_id)?;
        data_key::shred(tx, company_id, customer_id)?;
        tx.audit(audit::Entry::by_hand(
            company_id,
            "closure.erased",
            "system",
            Some(customer_id),
            json!({ "closure": id }),
        ));
        tx.touch(customer_id);
        erased += 1;
    }
    Ok(erased)
}
