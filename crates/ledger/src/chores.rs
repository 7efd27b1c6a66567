//! What of money's tables is removed in time.

use custos_store::chores::Expiry;

/// Keys of requests whose answer need not be remembered any longer (those of transfers never expire), and locks whose
/// time is over.
pub const EXPIRIES: &[Expiry] = &[
    Expiry {
        job: "expire_idempotency_keys",
        table: "idempotency_keys",
        sql: "DELETE FROM idempotency_keys WHERE (company_id, scope, key) IN (SELECT company_id, scope, key \
              FROM idempotency_keys WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    },
    Expiry {
        job: "expire_ledger_locks",
        table: "ledger_locks",
        sql: "DELETE FROM ledger_locks WHERE (company_id, owner_id, trade_type, direction) IN (SELECT company_id, \
              owner_id, trade_type, direction FROM ledger_locks WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    },
];
