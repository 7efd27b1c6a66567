//! Limits and attempt counters that hold across replicas: each is one conditional write or one locked row.

use crate::Result;
use custos_store::{DAY_MS, HOUR_MS, MINUTE_MS, Tx, params};

/// A sliding window: at most `limit` in any `window_ms`.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// How many.
    pub limit: usize,
    /// In how long.
    pub window_ms: i64,
}

/// Admits one more event of `subject` if no window is full, and remembers it. Exact: the instants themselves are kept.
///
/// # Errors
/// The store's.
pub fn admit(tx: &mut Tx<'_>, subject: &[u8; 32], windows: &[Window]) -> Result<bool> {
    let now = tx.now();
    let longest = windows.iter().map(|window| window.window_ms).max().unwrap_or(0);
    let most = windows.iter().map(|window| window.limit).max().unwrap_or(0);
    tx.execute(
        "INSERT INTO recent_times (subject, times, expires_at) VALUES ($1, $2, $3) ON CONFLICT (subject) \
         DO UPDATE SET expires_at = recent_times.expires_at",
        params![subject, &[0_u8; 0], now],
    )?;
    let stored: Vec<u8> =
        tx.value("SELECT times FROM recent_times WHERE subject = $1 FOR UPDATE", params![subject])?;
    let (eights, _) = stored.as_chunks::<8>();
    let mut times: Vec<i64> = eights.iter().map(|bytes| i64::from_be_bytes(*bytes)).collect();
    times.retain(|at| now - at < longest);
    for window in windows {
        if times.iter().filter(|at| now - **at < window.window_ms).count() >= window.limit {
            return Ok(false);
        }
    }
    times.insert(0, now);
    times.truncate(most);
    let bytes: Vec<u8> = times.iter().flat_map(|at| at.to_be_bytes()).collect();
    tx.execute(
        "UPDATE recent_times SET times = $2, expires_at = $3 WHERE subject = $1",
        params![subject, &bytes, now + longest],
    )?;
    Ok(true)
}

/// Takes `amount` from a budget of `limit` for the fixed window of `window_ms` that now lies in; `false` when it is
/// spent. `label` and `parts` name whose budget.
///
/// # Errors
/// The store's.
pub fn spend(
    tx: &mut Tx<'_>,
    label: &'static str,
    parts: &[&[u8]],
    (amount, limit): (i64, i64),
    window_ms: i64,
) -> Result<bool> {
    if amount > limit {
        return Ok(false);
    }
    let (subject, ends) = window_subject(tx, label, parts, window_ms);
    let touched = tx.execute(
        "INSERT INTO window_counts (subject, used, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (subject) DO UPDATE SET used = window_counts.used + excluded.used \
         WHERE window_counts.used + excluded.used <= $4",
        params![&subject, amount, ends, limit],
    )?;
    Ok(touched > 0)
}

/// Counts one try in the fixed window; `false` when `limit` are used up. Kept when the unit is refused.
///
/// # Errors
/// The store's.
pub fn count_try(
    tx: &mut Tx<'_>,
    label: &'static str,
    parts: &[&[u8]],
    limit: i64,
    window_ms: i64,
) -> Result<bool> {
    let (subject, ends) = window_subject(tx, label, parts, window_ms);
    let touched = tx.count(
        "INSERT INTO window_counts (subject, used, expires_at) VALUES ($1, 1, $2) \
         ON CONFLICT (subject) DO UPDATE SET used = window_counts.used + 1 WHERE window_counts.used < $3",
        params![&subject, ends, limit],
    )?;
    Ok(touched > 0)
}

/// Gives a counted try back: it was right.
///
/// # Errors
/// The store's.
pub fn uncount_try(tx: &mut Tx<'_>, label: &'static str, parts: &[&[u8]], window_ms: i64) -> Result<()> {
    let (subject, _) = window_subject(tx, label, parts, window_ms);
    tx.count("UPDATE window_counts SET used = used - 1 WHERE subject = $1 AND used > 0", params![&subject])?;
    Ok(())
}

fn window_subject(tx: &Tx<'_>, label: &'static str, parts: &[&[u8]], window_ms: i64) -> ([u8; 32], i64) {
    let number = tx.now().div_euclid(window_ms);
    let bytes = number.to_be_bytes();
    let mut all = parts.to_vec();
    all.push(&bytes);
    (tx.keys().keyed_hash(label, &all), (number + 1) * window_ms)
}

/// How tries of one secret are bounded: `tries` wrong in a row lock for `lock_ms`, doubling up to a day.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Wrong ones in a row before a lock.
    pub tries: i64,
    /// The first lock's length.
    pub lock_ms: i64,
    /// A row of wrong tries that nobody went on with is forgotten after this.
    pub life_ms: i64,
}

/// Login passwords.
pub const LOGIN_GUARD: Guard = Guard { tries: 5, lock_ms: 30 * MINUTE_MS, life_ms: 30 * DAY_MS };
/// Authenticator codes. Time does not help after too many in a row, so the row outlives everyone.
pub const MFA_GUARD: Guard = Guard { tries: 5, lock_ms: 15 * MINUTE_MS, life_ms: 36_500 * DAY_MS };

const LONGEST_LOCK_MS: i64 = DAY_MS;
const _: () = assert!(LONGEST_LOCK_MS >= HOUR_MS);

/// What a guard says to a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// Go on. The lock that this try has already drawn, if it was the last one allowed: a right secret lifts it.
    Reserved {
        /// Until when the subject is locked unless the secret is right; 0 for not at all.
        locks_until: i64,
    },
    /// Locked: the secret must not even be looked at.
    Locked,
}

/// Reserves a try *before* the secret is looked at, in one conditional write, so that parallel tries can't beat the
/// count; the last try allowed locks at once, and [`clear`] lifts that if it was right. Kept when the unit is refused.
///
/// # Errors
/// The store's.
pub fn reserve(
    tx: &mut Tx<'_>,
    guard: Guard,
    subject: &[u8; 32],
    company_id: i64,
    customer_id: Option<i64>,
) -> Result<Try> {
    let now = tx.now();
    let expires = now + guard.life_ms;
    // The row knows how many locks there were, so the statement chooses among lengths worked out here.
    let length = |locks: u32| (guard.lock_ms << locks).min(LONGEST_LOCK_MS);
    let touched = tx.count(
        "INSERT INTO try_guards (subject, company_id, customer_id, tries, total, locks, locked_until, expires_at) \
         VALUES ($1, $2, $3, 1, 1, 0, 0, $4) \
         ON CONFLICT (subject) DO UPDATE SET \
           tries = CASE WHEN try_guards.tries + 1 >= $5 THEN 0 ELSE try_guards.tries + 1 END, \
           total = try_guards.total + 1, \
           locked_until = CASE WHEN try_guards.tries + 1 >= $5 THEN CAST($6 AS BIGINT) + CASE try_guards.locks \
             WHEN 0 THEN CAST($7 AS BIGINT) WHEN 1 THEN CAST($8 AS BIGINT) WHEN 2 THEN CAST($9 AS BIGINT) \
             WHEN 3 THEN CAST($10 AS BIGINT) WHEN 4 THEN CAST($11 AS BIGINT) WHEN 5 THEN CAST($12 AS BIGINT) \
             WHEN 6 THEN CAST($13 AS BIGINT) ELSE CAST($14 AS BIGINT) END ELSE 0 END, \
           locks = CASE WHEN try_guards.tries + 1 >= $5 THEN try_guards.locks + 1 ELSE try_guards.locks END, \
           customer_id = excluded.customer_id, expires_at = excluded.expires_at \
         WHERE try_guards.locked_until <= $6",
        params![
            subject,
            company_id,
            customer_id,
            expires,
            guard.tries,
            now,
            length(0),
            length(1),
            length(2),
            length(3),
            length(4),
            length(5),
            length(6),
            LONGEST_LOCK_MS
        ],
    )?;
    if touched == 0 {
        return Ok(Try::Locked);
    }
    let locks_until: i64 =
        tx.value("SELECT locked_until FROM try_guards WHERE subject = $1", params![subject])?;
    Ok(Try::Reserved { locks_until })
}

/// Whether the subject is locked, without counting anything.
///
/// # Errors
/// The store's.
pub fn is_locked(tx: &mut Tx<'_>, subject: &[u8; 32]) -> Result<bool> {
    let now = tx.now();
    let until: Option<i64> =
        tx.query_opt("SELECT locked_until FROM try_guards WHERE subject = $1", params![subject], |row| {
            row.get(0)
        })?;
    Ok(until.is_some_and(|until| until > now))
}

/// How many tries in a row were wrong, over all locks.
///
/// # Errors
/// The store's.
pub fn total(tx: &mut Tx<'_>, subject: &[u8; 32]) -> Result<i64> {
    Ok(tx
        .query_opt("SELECT total FROM try_guards WHERE subject = $1", params![subject], |row| row.get(0))?
        .unwrap_or(0))
}

/// The secret was right: the row of wrong ones ends, and with it the lock. Kept when the unit is refused later.
///
/// # Errors
/// The store's.
pub fn clear(tx: &mut Tx<'_>, subject: &[u8; 32]) -> Result<()> {
    tx.count("DELETE FROM try_guards WHERE subject = $1", params![subject])?;
    Ok(())
}

/// Forgets a row of wrong tries, as a part of another change.
///
/// # Errors
/// The store's.
pub fn forget(tx: &mut Tx<'_>, subject: &[u8; 32]) -> Result<()> {
    tx.execute("DELETE FROM try_guards WHERE subject = $1", params![subject])?;
    Ok(())
}

/// A reserved try that turns out not to be a guess (a replay) is given back.
///
/// # Errors
/// The store's.
pub fn give_back(tx: &mut Tx<'_>, subject: &[u8; 32], guard: Guard) -> Result<()> {
    tx.count(
        "UPDATE try_guards SET tries = CASE WHEN tries = 0 THEN CAST($2 AS BIGINT) - 1 ELSE tries - 1 END, total = total - 1, \
         locks = CASE WHEN tries = 0 AND locks > 0 THEN locks - 1 ELSE locks END, locked_until = 0 WHERE subject = $1",
        params![subject, guard.tries],
    )?;
    Ok(())
}
