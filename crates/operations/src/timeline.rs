//! The timeline of a customer: who brings what to it.

use crate::error::Error;
use custos_customers::operator::timeline::{self, Before, Moment, Page, Source};
use custos_ledger::moments;
use custos_store::Tx;
use serde_json::json;

/// Every source there is. A new one joins at the end: cursors name sources by their place.
const SOURCES: &[Source<Error>] = &[
    |tx, whose, before, limit| Ok(timeline::audited(tx, whose, before, limit)?),
    |tx, whose, before, limit| money(tx, whose, before, limit),
];

fn money(tx: &mut Tx<'_>, whose: (i64, i64), before: Before, limit: i64) -> Result<Vec<Moment>, Error> {
    let all = moments::of_customer(tx, whose, (before.at, before.key), limit)?;
    Ok(all
        .into_iter()
        .map(|one| {
            let lines = one.lines.iter().map(|(account, currency, amount)| {
                json!({ "accountId": account, "currency": currency, "amount": amount })
            });
            Moment {
                at: one.at,
                key: one.transfer_id,
                what: format!("money.{}", one.business_type),
                outcome: "ok".to_owned(),
                actor: one.actor.clone(),
                detail: json!({
                    "transferId": one.transfer_id,
                    "reason": one.reason,
                    "lines": lines.collect::<Vec<_>>(),
                }),
            }
        })
        .collect())
}

/// One page of what happened with a customer, newest first. `None` for a cursor that is none.
///
/// # Errors
/// The store's.
pub fn page(
    tx: &mut Tx<'_>,
    whose: (i64, i64),
    cursor: Option<&str>,
    size: usize,
) -> Result<Option<Page>, Error> {
    timeline::page(tx, whose, SOURCES, cursor, size)
}
