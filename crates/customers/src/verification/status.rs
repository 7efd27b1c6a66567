//! What became of a code, for staff who help someone.

use super::kind::{Kind, Recipient};
use super::{TRIES, code_hash, ticket_hash};
use crate::error::{Code, Result};
use crate::limits;
use custos_store::{DAY_MS, Tx, params};
use subtle::ConstantTimeEq;

/// Questions about one recipient's codes in a day.
const ASKED_PER_DAY: i64 = 15;

/// Where a code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It can be used.
    Waiting,
    /// It was used.
    Used,
    /// Its time is over, or it died of wrong tries.
    Expired,
}

impl Status {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::Waiting => "1",
            Self::Used => "2",
            Self::Expired => "3",
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Used => "used",
            Self::Expired => "expired",
        }
    }
}

/// Where the code of a ticket stands. Who asks has to know the code, and questions are counted before it is looked at:
/// nobody finds a code out by asking. It is told of no code that it is another's.
///
/// # Errors
/// `CUSTOMER_API_0000003` for a recipient, ticket or code that do not belong together, or that are gone;
/// `CUSTOMER_API_0000512` for too many questions; else the store's.
pub fn status(
    tx: &mut Tx<'_>,
    company_id: i64,
    kind: Kind,
    recipient: &Recipient,
    (ticket, code): (&str, &str),
) -> Result<Status> {
    let (recipient, now) = (recipient.hash(tx), tx.now());
    let counted_as: [&[u8]; 2] = [&company_id.to_be_bytes(), &recipient];
    if !limits::count_try(tx, "code questions", &counted_as, ASKED_PER_DAY, DAY_MS)? {
        return Err(Code::TooManyCodes.refuse());
    }
    let found = tx.query_opt(
        "SELECT code_hash, attempts, spent, expires_at FROM verification_codes WHERE company_id = $1 AND kind = $2 \
         AND recipient = $3 AND ticket_hash = $4",
        params![company_id, kind.as_str(), &recipient, &ticket_hash(ticket)],
        |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?, row.get::<i64>(3)?)),
    )?;
    let given = code_hash(tx, company_id, kind, &recipient, code.trim());
    let (_, attempts, spent, expires_at) = found
        .filter(|(expected, ..)| bool::from(given.as_slice().ct_eq(expected)))
        .ok_or_else(|| Code::NotFound.refuse())?;
    Ok(if spent != 0 {
        Status::Used
    } else if expires_at <= now || attempts >= TRIES {
        Status::Expired
    } else {
        Status::Waiting
    })
}
