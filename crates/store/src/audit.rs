//! The audit chain: append-only, each entry hashed with the one before it, one chain a company.

use crate::{Error, Keyring, Result, Tx, params};
use data_encoding::HEXLOWER;
use serde_json::Value;

/// The chain of what concerns no company: the deployment itself.
pub const DEPLOYMENT: i64 = 0;

/// Something that happened, without a secret in it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Whose chain.
    pub company_id: i64,
    /// What, such as `sign_in`; dotted for kin.
    pub action: &'static str,
    /// How it ended: `ok`, or the reason of the refusal.
    pub outcome: String,
    /// Who did it: `customer`, `guest`, `operator:NAME`, `system`.
    pub actor: String,
    /// The customer it concerns.
    pub customer_id: Option<i64>,
    /// From which address.
    pub address: Option<String>,
    /// The request's trace.
    pub trace: Option<String>,
    /// What else is worth knowing, masked.
    pub detail: Value,
}

impl Entry {
    /// What someone did by hand, and was allowed to.
    #[must_use]
    pub fn by_hand(
        company_id: i64,
        action: &'static str,
        actor: &str,
        customer_id: Option<i64>,
        detail: Value,
    ) -> Self {
        Self {
            company_id,
            action,
            outcome: "ok".to_owned(),
            actor: actor.to_owned(),
            customer_id,
            address: None,
            trace: None,
            detail,
        }
    }

    /// The entry with this address and trace if it names neither.
    pub(crate) fn from(mut self, origin: Option<&(String, String)>) -> Self {
        if let (None, None, Some((address, trace))) = (&self.address, &self.trace, origin) {
            (self.address, self.trace) = (Some(address.clone()), Some(trace.clone()));
        }
        self
    }
}

/// What an entry's hash covers: everything, length-prefixed, after the hash before it.
struct Link<'a> {
    company_id: i64,
    seq: i64,
    at: i64,
    texts: [&'a str; 6],
    customer_id: i64,
}

/// Keyed, so that whoever can write to the database but has not the key file can't make a chain that fits.
fn hash(keys: &Keyring, before: &[u8], link: &Link<'_>) -> [u8; 32] {
    let numbers = [link.company_id, link.seq, link.at, link.customer_id].map(i64::to_be_bytes);
    let mut parts: Vec<&[u8]> = vec![before];
    parts.extend(numbers.iter().map(<[u8; 8]>::as_slice));
    parts.extend(link.texts.iter().map(|text| text.as_bytes()));
    keys.keyed_hash("audit", &parts)
}

/// Appends entries to their chains.
pub(crate) fn append(tx: &mut Tx<'_>, mut entries: Vec<Entry>) -> Result<()> {
    // Chains in one order in every transaction, so that two can't wait for each other.
    entries.sort_by_key(|entry| entry.company_id);
    for entry in entries {
        append_one(tx, &entry)?;
    }
    Ok(())
}

fn append_one(tx: &mut Tx<'_>, entry: &Entry) -> Result<()> {
    const HEAD: &str = "SELECT seq, hash FROM audit_heads WHERE company_id = $1 FOR UPDATE";
    let company = entry.company_id;
    let read = |row: &crate::Row<'_>| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?));
    let head = match tx.query_opt(HEAD, params![company], read)? {
        Some(head) => head,
        None => {
            tx.execute(
                "INSERT INTO audit_heads (company_id, seq, hash) VALUES ($1, 0, $2) ON CONFLICT (company_id) DO NOTHING",
                params![company, &[0_u8; 32]],
            )?;
            tx.query_one(HEAD, params![company], read)?
        }
    };
    let seq = head.0 + 1;
    let detail = entry.detail.to_string();
    let address = entry.address.as_deref().unwrap_or("");
    let trace = entry.trace.as_deref().unwrap_or("");
    let at = tx.now();
    let hash = hash(
        tx.keys(),
        &head.1,
        &Link {
            company_id: company,
            seq,
            at,
            texts: [entry.action, &entry.outcome, &entry.actor, address, trace, &detail],
            customer_id: entry.customer_id.unwrap_or(0),
        },
    );
    tx.send(
        "INSERT INTO audit_log (company_id, seq, at, action, outcome, actor, customer_id, address, trace, detail, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            company,
            seq,
            at,
            entry.action,
            &entry.outcome,
            &entry.actor,
            entry.customer_id,
            address,
            trace,
            &detail,
            &hash
        ],
    )?;
    tx.send(
        "UPDATE audit_heads SET seq = $2, hash = $3 WHERE company_id = $1",
        params![company, seq, &hash],
    )?;
    Ok(())
}

/// One entry as it was read.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its place in the chain.
    pub seq: i64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What.
    pub action: String,
    /// How it ended.
    pub outcome: String,
    /// Who.
    pub actor: String,
    /// The customer it concerns; 0 for none.
    pub customer_id: i64,
    /// From which address; empty for none.
    pub address: String,
    /// The request's trace; empty for none.
    pub trace: String,
    /// The rest, as JSON text.
    pub detail: String,
    hash: Vec<u8>,
}

/// The company's entries after `after`, oldest first.
///
/// # Errors
/// The database's.
pub fn page(tx: &mut Tx<'_>, company_id: i64, after: i64, limit: i64) -> Result<Vec<Stored>> {
    tx.query(
        "SELECT seq, at, action, outcome, actor, customer_id, address, trace, detail, hash FROM audit_log \
         WHERE company_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        params![company_id, after, limit],
        stored_of,
    )
}

fn stored_of(row: &crate::Row<'_>) -> Result<Stored> {
    Ok(Stored {
        seq: row.get(0)?,
        at: row.get(1)?,
        action: row.get(2)?,
        outcome: row.get(3)?,
        actor: row.get(4)?,
        customer_id: row.get::<Option<i64>>(5)?.unwrap_or(0),
        address: row.get(6)?,
        trace: row.get(7)?,
        detail: row.get(8)?,
        hash: row.get(9)?,
    })
}

/// The customer's entries, newest first, and how many there are.
///
/// # Errors
/// The database's.
pub fn of_customer(
    tx: &mut Tx<'_>,
    company_id: i64,
    customer_id: i64,
    limit: i64,
    offset: i64,
) -> Result<(i64, Vec<Stored>)> {
    let total = tx.value(
        "SELECT count(*) FROM audit_log WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer_id],
    )?;
    let entries = tx.query(
        "SELECT seq, at, action, outcome, actor, customer_id, address, trace, detail, hash FROM audit_log \
         WHERE company_id = $1 AND customer_id = $2 ORDER BY seq DESC LIMIT $3 OFFSET $4",
        params![company_id, customer_id, limit, offset],
        stored_of,
    )?;
    Ok((total, entries))
}

/// The companies that have a chain, with the head's number; 0 where entries are left without a head.
///
/// # Errors
/// The database's.
pub fn chains(tx: &mut Tx<'_>) -> Result<Vec<(i64, i64)>> {
    tx.query(
        "SELECT company_id, seq FROM audit_heads \
         UNION ALL SELECT DISTINCT company_id, 0 FROM audit_log \
         WHERE company_id NOT IN (SELECT company_id FROM audit_heads) ORDER BY 1",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// What a check of a chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// All is well, over so many entries.
    Whole(i64),
    /// The first entry that is wrong, and how.
    Broken {
        /// Its place.
        seq: i64,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Walks a chain step by step; the caller fetches pages.
#[derive(Debug)]
pub struct Verifier {
    company_id: i64,
    seq: i64,
    hash: Vec<u8>,
}

impl Verifier {
    /// At the start of the company's chain.
    #[must_use]
    pub fn new(company_id: i64) -> Self {
        Self { company_id, seq: 0, hash: vec![0; 32] }
    }

    /// The last entry that was found right.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// Checks the next page.
    ///
    /// # Errors
    /// The finding, when an entry is wrong.
    pub fn check(&mut self, keys: &Keyring, page: &[Stored]) -> std::result::Result<(), Finding> {
        for stored in page {
            if stored.seq != self.seq + 1 {
                return Err(Finding::Broken { seq: self.seq + 1, what: "removed" });
            }
            let expected = hash(
                keys,
                &self.hash,
                &Link {
                    company_id: self.company_id,
                    seq: stored.seq,
                    at: stored.at,
                    texts: [
                        &stored.action,
                        &stored.outcome,
                        &stored.actor,
                        &stored.address,
                        &stored.trace,
                        &stored.detail,
                    ],
                    customer_id: stored.customer_id,
                },
            );
            if expected.as_slice() != stored.hash.as_slice() {
                return Err(Finding::Broken { seq: stored.seq, what: "edited or out of its place" });
            }
            self.seq = stored.seq;
            self.hash.clone_from(&stored.hash);
        }
        Ok(())
    }

    /// Walks on to where the chain's head is now, and compares the two. Entries that came while the chain was walked
    /// are thus no finding.
    ///
    /// # Errors
    /// The database's.
    pub fn finish(mut self, tx: &mut Tx<'_>) -> Result<Finding> {
        const PAGE: i64 = 500;
        let head = tx.query_opt(
            "SELECT seq, hash FROM audit_heads WHERE company_id = $1",
            params![self.company_id],
            |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?)),
        )?;
        let Some((head, hash)) = head else {
            return Ok(match self.seq {
                0 => Finding::Whole(0),
                seq => Finding::Broken { seq, what: "without a head" },
            });
        };
        while self.seq < head {
            let rest = page(tx, self.company_id, self.seq, PAGE.min(head - self.seq))?;
            if rest.is_empty() {
                return Ok(Finding::Broken { seq: self.seq + 1, what: "removed from the end" });
            }
            if let Err(finding) = self.check(tx.keys(), &rest) {
                return Ok(finding);
            }
        }
        Ok(if self.seq > head {
            Finding::Broken { seq: head + 1, what: "beyond the head" }
        } else if self.hash != hash {
            Finding::Broken { seq: head, what: "not what the head says" }
        } else {
            Finding::Whole(head)
        })
    }
}

/// The head's hash as text, to be kept elsewhere as a witness.
///
/// # Errors
/// The database's.
pub fn head(tx: &mut Tx<'_>, company_id: i64) -> Result<String> {
    let hash: Vec<u8> = tx
        .query_opt("SELECT hash FROM audit_heads WHERE company_id = $1", params![company_id], |row| {
            row.get(0)
        })?
        .ok_or(Error::NoRow)?;
    Ok(HEXLOWER.encode(&hash))
}
