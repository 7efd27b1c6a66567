//! What expires of identity's tables, and the job that removes it.

use custos_store::chores::Expiry;

macro_rules! expiries {
    ($($table:literal by $key:literal),* $(,)?) => {
        /// The jobs, one a table.
        pub const EXPIRIES: &[Expiry] = &[$(Expiry {
            job: concat!("expire_", $table),
            table: $table,
            sql: concat!(
                "DELETE FROM ", $table, " WHERE (", $key, ") IN (SELECT ", $key, " FROM ", $table,
                " WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)"
            ),
        }),*];
    };
}

expiries! {
    "sessions" by "token_hash",
    "verification_codes" by "company_id, kind, recipient",
    "verification_proofs" by "token_hash",
    "recent_times" by "subject",
    "window_counts" by "subject",
    "try_guards" by "subject",
    "known_places" by "company_id, customer_id, place",
    "totp_secrets" by "company_id, customer_id, id",
    "sms_prefixes" by "company_id, prefix, day",
    "outbox" by "id",
    "freeze_links" by "token_hash",
    "telegram_starts" by "company_id, user_id",
    "events" by "company_id, seq",
    "staff_sessions" by "token_hash",
    "staff_invitations" by "company_id, member_id",
}
