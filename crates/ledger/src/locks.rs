//! Customers' accounts of a trade type that an operator has closed to transfers in or out for a while.

use crate::error::{Code, Result};
use custos_store::{DAY_MS, Tx, audit, params};
use serde_json::json;

/// How long a lock holds for which no end is named.
pub const USUAL_MS: i64 = 30 * DAY_MS;

const IN: i64 = 1;
const OUT: i64 = 2;

/// Which transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfers {
    /// Those that bring money.
    In,
    /// Those that take it away.
    Out,
    /// Both.
    Both,
}

impl Transfers {
    /// All of them, by their numbers.
    pub const ALL: [Self; 3] = [Self::In, Self::Out, Self::Both];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::In => IN,
            Self::Out => OUT,
            Self::Both => 3,
        }
    }

    /// The one of a number.
    #[must_use]
    pub fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|transfers| transfers.number() == number)
    }

    fn directions(self) -> &'static [i64] {
        match self {
            Self::In => &[IN],
            Self::Out => &[OUT],
            Self::Both => &[IN, OUT],
        }
    }
}

/// Closes a customer's accounts of a trade type to transfers until an instant, in place of an earlier lock.
///
/// # Errors
/// `GATEWAY_CODE_104` for an end that has passed; else the store's.
pub fn lock(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    (trade_type, transfers): (i64, Transfers),
    until: i64,
    actor: &str,
) -> Result<()> {
    let now = tx.now();
    if until <= now {
        return Err(Code::BadField.with(&["lockEndTime"]));
    }
    for direction in transfers.directions() {
        tx.execute(
            "INSERT INTO ledger_locks (company_id, owner_id, trade_type, direction, actor, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (company_id, owner_id, trade_type, direction) \
             DO UPDATE SET actor = excluded.actor, created_at = excluded.created_at, expires_at = excluded.expires_at",
            params![company_id, customer_id, trade_type, *direction, actor, now, until],
        )?;
    }
    let detail = json!({ "trade_type": trade_type, "type": transfers.number(), "until": until });
    tx.audit(audit::Entry::by_hand(company_id, "ledger.lock", actor, Some(customer_id), detail));
    Ok(())
}

/// Opens them again.
///
/// # Errors
/// The store's.
pub fn unlock(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    (trade_type, transfers): (i64, Transfers),
    actor: &str,
) -> Result<()> {
    for direction in transfers.directions() {
        tx.execute(
            "DELETE FROM ledger_locks WHERE company_id = $1 AND owner_id = $2 AND trade_type = $3 AND direction = $4",
            params![company_id, customer_id, trade_type, *direction],
        )?;
    }
    let detail = json!({ "trade_type": trade_type, "type": transfers.number() });
    tx.audit(audit::Entry::by_hand(company_id, "ledger.unlock", actor, Some(customer_id), detail));
    Ok(())
}

/// Whether a customer's accounts of a trade type are closed: to transfers in, to those out, to both.
///
/// # Errors
/// The store's.
pub fn of(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    trade_type: i64,
) -> Result<[(Transfers, bool); 3]> {
    let now = tx.now();
    let closed = tx.query(
        "SELECT direction FROM ledger_locks WHERE company_id = $1 AND owner_id = $2 AND trade_type = $3 \
         AND expires_at > $4",
        params![company_id, customer_id, trade_type, now],
        |row| row.get::<i64>(0),
    )?;
    let are = |transfers: Transfers| transfers.directions().iter().all(|way| closed.contains(way));
    Ok(Transfers::ALL.map(|transfers| (transfers, are(transfers))))
}

/// Refuses a transfer out of a customer's accounts of one trade type into those of another, if either is closed to it.
///
/// # Errors
/// `FUND_0000005`; else the store's.
pub(crate) fn check(
    tx: &mut Tx<'_>,
    company_id: i64,
    (from, out_of): (i64, i64),
    (to, into): (i64, i64),
) -> Result<()> {
    let now = tx.now();
    let closed: i64 = tx.value(
        "SELECT count(*) FROM ledger_locks WHERE company_id = $1 AND expires_at > $2 \
         AND ((owner_id = $3 AND trade_type = $4 AND direction = 2) OR (owner_id = $5 AND trade_type = $6 AND direction = 1))",
        params![company_id, now, from, out_of, to, into],
    )?;
    if closed > 0 { Err(Code::Frozen.refuse()) } else { Ok(()) }
}
