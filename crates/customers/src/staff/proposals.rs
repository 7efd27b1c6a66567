//! Four eyes: what one proposes and another decides. What is to be done is kept as it was proposed, under a keyed hash,
//! so that what is approved is what was read; what is about a customer is sealed under the customer's own key.

use super::sessions::{Kind, Officer};
use crate::data_key;
use crate::error::{Code, Result};
use custos_store::{Row, Tx, audit, params};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

/// Something to be decided.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// What is to be done.
    pub action: &'a str,
    /// The customer it is about.
    pub customer_id: Option<i64>,
    /// How it is to be done, as JSON.
    pub payload: &'a [u8],
    /// Why.
    pub reason: &'a str,
    /// Until when it can be decided.
    pub open_until: i64,
}

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be decided.
    Open,
    /// Approved and done.
    Approved,
    /// Rejected by another, or taken back by who made it.
    Rejected,
    /// Nobody decided in time.
    Lapsed,
}

impl State {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Lapsed => "lapsed",
        }
    }
}

/// A proposal.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Its id.
    pub id: i64,
    /// What is to be done.
    pub action: String,
    /// The customer it is about.
    pub customer_id: Option<i64>,
    /// Why.
    pub reason: String,
    /// Who made it, as the audit log names them.
    pub maker: String,
    /// Where it stands.
    pub state: State,
    /// Who decided.
    pub checker: Option<String>,
    /// What they said.
    pub remark: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// Until when it can be decided.
    pub open_until: i64,
    /// When it was decided.
    pub decided_at: Option<i64>,
    maker_id: i64,
    sealed: Vec<u8>,
    hash: Vec<u8>,
}

fn context(company_id: i64, id: i64) -> String {
    format!("office proposal:{company_id}:{id}")
}

struct Hashed<'a> {
    company_id: i64,
    id: i64,
    customer_id: Option<i64>,
    maker_id: i64,
    open_until: i64,
    texts: [&'a str; 3],
    payload: &'a [u8],
}

/// Covers everything that the checker reads and that will be done.
fn hash(tx: &Tx<'_>, of: &Hashed<'_>) -> [u8; 32] {
    let numbers = [of.company_id, of.id, of.customer_id.unwrap_or(0), of.maker_id, of.open_until];
    let numbers = numbers.map(i64::to_be_bytes);
    let mut parts: Vec<&[u8]> = numbers.iter().map(<[u8; 8]>::as_slice).collect();
    parts.extend(of.texts.iter().map(|text| text.as_bytes()));
    parts.push(of.payload);
    tx.keys().keyed_hash("office proposal", &parts)
}

/// Makes a proposal; returns its id.
///
/// # Errors
/// `CUSTOMER_API_0000003` for a program that nobody answers for; else the store's.
pub fn add(tx: &mut Tx<'_>, officer: &Officer, new: New<'_>) -> Result<i64> {
    let (company_id, id, now) = (officer.company_id, tx.new_id(), tx.now());
    let maker = officer.actor();
    // Nobody is known to answer for the program, so nobody could be kept from approving what they had it propose.
    let person = officer.person.ok_or_else(|| Code::NotFound.refuse())?;
    let payload = match new.customer_id {
        Some(customer_id) => {
            // Two proposals at once about one customer must not make a key each.
            crate::customer::lock(tx, company_id, customer_id)?;
            data_key::of(tx, company_id, customer_id)?.seal(&context(company_id, id), new.payload)?
        }
        None => new.payload.to_vec(),
    };
    let hash = hash(
        tx,
        &Hashed {
            company_id,
            id,
            customer_id: new.customer_id,
            maker_id: person,
            open_until: new.open_until,
            texts: [new.action, new.reason, &maker],
            payload: new.payload,
        },
    );
    tx.execute(
        "INSERT INTO office_proposals (company_id, id, action, customer_id, payload, hash, reason, maker_id, maker, \
         state, created_at, open_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11)",
        params![
            company_id,
            id,
            new.action,
            new.customer_id,
            &payload,
            &hash,
            new.reason,
            person,
            &maker,
            now,
            new.open_until
        ],
    )?;
    let detail = json!({ "proposal": id, "does": new.action, "reason": new.reason });
    tx.audit(audit::Entry::by_hand(company_id, "proposal.make", &maker, new.customer_id, detail));
    Ok(id)
}

macro_rules! columns {
    () => {
        "id, action, customer_id, reason, maker, state, checker, remark, created_at, open_until, decided_at, maker_id, \
         payload, hash"
    };
}

fn proposal_of(row: &Row<'_>, now: i64) -> custos_store::Result<Proposal> {
    let open_until: i64 = row.get(9)?;
    let state = match row.get::<String>(5)?.as_str() {
        "approved" => State::Approved,
        "rejected" => State::Rejected,
        _ if open_until <= now => State::Lapsed,
        _ => State::Open,
    };
    Ok(Proposal {
        id: row.get(0)?,
        action: row.get(1)?,
        customer_id: row.get(2)?,
        reason: row.get(3)?,
        maker: row.get(4)?,
        state,
        checker: row.get(6)?,
        remark: row.get(7)?,
        created_at: row.get(8)?,
        open_until,
        decided_at: row.get(10)?,
        maker_id: row.get(11)?,
        sealed: row.get(12)?,
        hash: row.get(13)?,
    })
}

/// The company's proposals, newest first, those before the id `before`.
///
/// # Errors
/// The store's.
pub fn page(
    tx: &mut Tx<'_>,
    company_id: i64,
    only_open: bool,
    before: i64,
    limit: i64,
) -> Result<Vec<Proposal>> {
    let now = tx.now();
    Ok(if only_open {
        tx.query(
            concat!(
                "SELECT ",
                columns!(),
                " FROM office_proposals WHERE company_id = $1 AND state = 'open' AND id < $2 AND open_until > $4 \
                 ORDER BY id DESC LIMIT $3"
            ),
            params![company_id, before, limit, now],
            |row| proposal_of(row, now),
        )?
    } else {
        tx.query(
            concat!(
                "SELECT ",
                columns!(),
                " FROM office_proposals WHERE company_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
            ),
            params![company_id, before, limit],
            |row| proposal_of(row, now),
        )?
    })
}

/// A proposal of the company that can still be decided, locked until the end of the transaction.
///
/// # Errors
/// `CUSTOMER_API_0000003` when there is none or it is decided or lapsed; else the store's.
pub fn open_one(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<Proposal> {
    let now = tx.now();
    tx.query_opt(
        concat!("SELECT ", columns!(), " FROM office_proposals WHERE company_id = $1 AND id = $2 FOR UPDATE"),
        params![company_id, id],
        |row| proposal_of(row, now),
    )?
    .filter(|proposal| proposal.state == State::Open)
    .ok_or_else(|| Code::NotFound.refuse())
}

/// How it is to be done, as it was proposed.
///
/// # Errors
/// `CUSTOMER_API_0000003` when the customer's key is gone or what is stored is not what was proposed; else the store's.
pub fn payload(tx: &mut Tx<'_>, company_id: i64, proposal: &Proposal) -> Result<Vec<u8>> {
    let gone = || Code::NotFound.refuse();
    let payload = match proposal.customer_id {
        Some(customer_id) => {
            let key = data_key::find(tx, company_id, customer_id)?.ok_or_else(gone)?;
            key.open(&context(company_id, proposal.id), &proposal.sealed)?.to_vec()
        }
        None => proposal.sealed.clone(),
    };
    let expected = hash(
        tx,
        &Hashed {
            company_id,
            id: proposal.id,
            customer_id: proposal.customer_id,
            maker_id: proposal.maker_id,
            open_until: proposal.open_until,
            texts: [&proposal.action, &proposal.reason, &proposal.maker],
            payload: &payload,
        },
    );
    if !bool::from(expected.ct_eq(proposal.hash.as_slice())) {
        tracing::error!(company_id, proposal = proposal.id, "a proposal is not what was proposed");
        return Err(gone());
    }
    Ok(payload)
}

/// Whether someone may approve: a person, and another one than who proposed it or answers for the program that did.
#[must_use]
pub fn may_approve(officer: &Officer, proposal: &Proposal) -> bool {
    officer.kind == Kind::Member && officer.id != proposal.maker_id
}

/// Writes down how a proposal was decided, once.
///
/// # Errors
/// `CUSTOMER_API_0000003` when another decided it meanwhile; else the store's.
pub fn decide(
    tx: &mut Tx<'_>,
    officer: &Officer,
    proposal: &Proposal,
    approved: bool,
    remark: &str,
) -> Result<()> {
    let (now, checker) = (tx.now(), officer.actor());
    let (state, action) =
        if approved { ("approved", "proposal.approve") } else { ("rejected", "proposal.reject") };
    let decided = tx.execute(
        "UPDATE office_proposals SET state = $3, checker_id = $4, checker = $5, remark = $6, decided_at = $7 \
         WHERE company_id = $1 AND id = $2 AND state = 'open' AND open_until > $7",
        params![officer.company_id, proposal.id, state, officer.id, &checker, remark, now],
    )?;
    if decided == 0 {
        return Err(Code::NotFound.refuse());
    }
    let detail: Value = json!({ "proposal": proposal.id, "does": proposal.action, "maker": proposal.maker, "remark": remark });
    tx.audit(audit::Entry::by_hand(officer.company_id, action, &checker, proposal.customer_id, detail));
    Ok(())
}

impl Proposal {
    /// Whether it was made by this person, or by a program of theirs.
    #[must_use]
    pub fn is_of(&self, officer: &Officer) -> bool {
        officer.person == Some(self.maker_id)
    }
}
