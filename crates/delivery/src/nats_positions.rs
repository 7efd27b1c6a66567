//! How far each company's events have been pushed to NATS. One process at a time pushes a company's, so that they come in
//! their order; a process that dies with them lets go when its lease ends.

use custos_store::events::{self, Event};
use custos_store::{MINUTE_MS, Result, Row, SECOND_MS, Tx, params};

/// How long taken events stay taken: longer than [`crate::nats::LONGEST`] and the time that a batch may take.
const LEASE_MS: i64 = 40 * SECOND_MS;
/// The pauses between tries; the last one from then on. NATS is ours to mend: nothing is given up.
const PAUSES_MS: [i64; 5] = [SECOND_MS, 5 * SECOND_MS, 15 * SECOND_MS, 30 * SECOND_MS, MINUTE_MS];
/// Events taken at once. Those that were pushed when a process dies are pushed again.
const BATCH: i64 = 100;

/// Companies that are due. `$1` is now.
const DUE: &str = "SELECT company_id FROM nats_positions WHERE due_at <= $1 AND position < \
     (SELECT seq FROM event_heads h WHERE h.company_id = nats_positions.company_id) ORDER BY due_at LIMIT 1";

/// How far a company's feed has been pushed, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The company.
    pub company_id: i64,
    /// The number of the last event that JetStream has acknowledged.
    pub position: i64,
    /// The number of the newest event.
    pub newest: i64,
    /// Tries of the next one that failed.
    pub attempts: i64,
    /// Why the last try failed; empty when it did not.
    pub reason: String,
    /// When an event was last acknowledged; 0 for never.
    pub published_at: i64,
}

fn position_of(row: &Row<'_>) -> Result<Position> {
    Ok(Position {
        company_id: row.get(0)?,
        position: row.get(1)?,
        newest: row.get(2)?,
        attempts: row.get(3)?,
        reason: row.get(4)?,
        published_at: row.get(5)?,
    })
}

/// How far each company's feed has been pushed.
///
/// # Errors
/// The database's.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Position>> {
    tx.query(
        "SELECT p.company_id, p.position, h.seq, p.attempts, p.reason, p.published_at \
         FROM nats_positions p JOIN event_heads h ON h.company_id = p.company_id ORDER BY p.company_id",
        &[],
        position_of,
    )
}

/// Events of a company on their way.
#[derive(Debug)]
pub struct Taken {
    /// The company.
    pub company_id: i64,
    /// What is pushed, in its order. None when all that was to come has expired.
    pub events: Vec<Event>,
    /// So many were removed, after the time for which the company keeps events, before they could be pushed.
    pub missed: i64,
    newest: i64,
    attempts: i64,
    lease: i64,
}

impl Taken {
    /// The number to go on after when everything taken has been pushed.
    #[must_use]
    pub fn last(&self) -> i64 {
        self.events.last().map_or(self.newest, |event| event.seq)
    }
}

/// Whether [`take`] would find something: a look without a write, for those who look often.
///
/// # Errors
/// The database's.
pub fn is_due(tx: &mut Tx<'_>) -> Result<bool> {
    let now = tx.now();
    let due: Option<i64> = tx.query_opt(DUE, params![now], |row| row.get(0))?;
    if due.is_some() {
        return Ok(true);
    }
    let unknown: Option<i64> = tx.query_opt(
        "SELECT company_id FROM event_heads h WHERE NOT EXISTS \
         (SELECT 1 FROM nats_positions p WHERE p.company_id = h.company_id) LIMIT 1",
        &[],
        |row| row.get(0),
    )?;
    Ok(unknown.is_some())
}

/// Takes the next events of a company that is due. Two processes never have the same company.
///
/// # Errors
/// The database's.
pub fn take(tx: &mut Tx<'_>) -> Result<Option<Taken>> {
    let (now, lease) = (tx.now(), tx.new_id());
    // A feed that is pushed for the first time begins with the oldest event that is still there.
    tx.execute(
        "INSERT INTO nats_positions (company_id, position, attempts, reason, due_at, lease, published_at) \
         SELECT company_id, COALESCE((SELECT min(e.seq) - 1 FROM events e WHERE e.company_id = h.company_id), h.seq), \
         0, '', $1, 0, 0 FROM event_heads h WHERE NOT EXISTS \
         (SELECT 1 FROM nats_positions p WHERE p.company_id = h.company_id) ON CONFLICT (company_id) DO NOTHING",
        params![now],
    )?;
    let due = tx.query_opt(
        "UPDATE nats_positions SET due_at = $2, lease = $3 WHERE company_id IN (SELECT company_id FROM nats_positions \
         WHERE due_at <= $1 \
         AND position < (SELECT seq FROM event_heads h WHERE h.company_id = nats_positions.company_id) \
         ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING company_id, position, attempts",
        params![now, now + LEASE_MS, lease],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)),
    )?;
    let Some((company_id, position, attempts)) = due else { return Ok(None) };
    let page = events::list(tx, company_id, position, BATCH)?;
    let next = page.events.first().map_or(page.newest + 1, |event| event.seq);
    Ok(Some(Taken {
        company_id,
        missed: next - position - 1,
        events: page.events,
        newest: page.newest,
        attempts,
        lease,
    }))
}

/// JetStream has everything up to the number `position`. `false`, and nothing is written, when another process has the
/// company meanwhile.
///
/// # Errors
/// The database's.
pub fn pushed(tx: &mut Tx<'_>, taken: &Taken, position: i64) -> Result<bool> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE nats_positions SET position = $3, attempts = 0, reason = '', due_at = $4, lease = 0, published_at = $4 \
         WHERE company_id = $1 AND lease = $2",
        params![taken.company_id, taken.lease, position, now],
    )?;
    Ok(changed > 0)
}

/// The event after the number `position`, or after where it stood (`None`), was not acknowledged: later again. `false`
/// when another process has the company meanwhile.
///
/// # Errors
/// The database's.
pub fn failed(tx: &mut Tx<'_>, taken: &Taken, position: Option<i64>, reason: &str) -> Result<bool> {
    let now = tx.now();
    // What went before it shows that NATS was there: the pauses begin anew.
    let attempts = if position.is_some() { 0 } else { taken.attempts };
    let index = usize::try_from(attempts).unwrap_or(usize::MAX).min(PAUSES_MS.len() - 1);
    let pause = PAUSES_MS.get(index).copied().unwrap_or(MINUTE_MS);
    let [jitter] = tx.random::<1>()?;
    // Companies that failed together do not all come back at once.
    let due_at = now + pause + pause * i64::from(jitter) / 1_280;
    let changed = tx.execute(
        "UPDATE nats_positions SET attempts = $3, reason = $4, due_at = $5, lease = 0, \
         position = CASE WHEN CAST($6 AS BIGINT) = 1 THEN CAST($7 AS BIGINT) ELSE position END, \
         published_at = CASE WHEN CAST($6 AS BIGINT) = 1 THEN CAST($8 AS BIGINT) ELSE published_at END \
         WHERE company_id = $1 AND lease = $2",
        params![
            taken.company_id,
            taken.lease,
            attempts + 1,
            reason,
            due_at,
            i64::from(position.is_some()),
            position.unwrap_or(0),
            now
        ],
    )?;
    Ok(changed > 0)
}
