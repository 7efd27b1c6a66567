//! What operators propose to give a customer out of the company's float, or to take back: made at once, or by a second
//! person's word.

mod eyes;

pub use eyes::{Checker, Eyes};

use crate::accounts::{self, Account};
use crate::adjust::{self, Adjustment};
use crate::amount::{self, Amount};
use crate::cover::{self, Cover};
use crate::error::{Code, Result};
use crate::idempotency::{self, FOR_EVER, Key};
use crate::loans::Debtor;
use crate::place::{self, Kind, Place};
use custos_store::{Error as StoreError, Row, Tx, audit, params};
use eyes::{hash, is_as_proposed, waits};
use serde_json::json;

/// How a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits for a second person.
    Waiting,
    /// It was made.
    Made,
    /// It was refused.
    Refused,
    /// Nobody decided in time. It is told, never stored.
    Lapsed,
}

impl State {
    /// The number on the wire and in the column.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Waiting => 1,
            Self::Made => 2,
            Self::Refused => 3,
            Self::Lapsed => 4,
        }
    }

    fn of_number(number: i64) -> custos_store::Result<Self> {
        let known =
            [Self::Waiting, Self::Made, Self::Refused].into_iter().find(|state| state.number() == number);
        known.ok_or_else(|| StoreError::Internal(format!("no state of a proposal has number {number}")))
    }
}

/// What is proposed.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The company.
    pub company_id: i64,
    /// The customer.
    pub customer_id: i64,
    /// Their account.
    pub account: &'a Account,
    /// Above zero to give, below to take.
    pub amount: Amount,
    /// Why.
    pub remark: &'a str,
    /// Who proposes it.
    pub maker: &'a str,
    /// The same key makes one proposal.
    pub key: Option<&'a str>,
    /// The person who answers for it, as the back office knows them; 0 for the command line.
    pub maker_id: i64,
    /// How many people it takes.
    pub eyes: Eyes,
    /// Until when a second person can decide.
    pub open_until: i64,
}

/// A proposal as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its number.
    pub id: i64,
    /// The customer.
    pub customer_id: i64,
    /// The account.
    pub account_id: i64,
    /// `businessType`.
    pub business_type: i64,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub remark: String,
    /// How it stands.
    pub state: State,
    /// Who proposed it.
    pub maker: String,
    /// Who decided on it; empty for nobody.
    pub checker: String,
    /// The transfer that was made; 0 for none.
    pub transfer_id: i64,
    /// When it was proposed.
    pub created_at: i64,
    /// When it came to stand as it does.
    pub updated_at: i64,
    /// Until when it can be decided.
    pub open_until: i64,
    maker_id: i64,
    hash: Option<Vec<u8>>,
}

impl Proposal {
    /// Whether someone made it, by themselves or by a program of theirs.
    #[must_use]
    pub fn is_of(&self, who: Checker<'_>) -> bool {
        self.maker == who.name || (who.id != 0 && self.maker_id == who.id)
    }
}

/// Proposes it; returns the proposal's number. What does not wait is made at once. The caller sees to it that the customer
/// may get or lose money now.
///
/// # Errors
/// `GATEWAY_CODE_104` for nothing, `FUND_0000001` when less may leave, `0005` while frozen, `0007` for a key of another
/// proposal; else the store's.
pub fn propose(tx: &mut Tx<'_>, wish: &Wish<'_>, cover: Cover<'_>) -> Result<i64> {
    if wish.amount.is_zero() {
        return Err(Code::BadField.with(&["amount"]));
    }
    let request =
        json!([wish.customer_id, wish.account.id, wish.amount.units().to_string(), wish.remark]).to_string();
    let key = wish.key.map(|key| Key {
        company_id: wish.company_id,
        scope: "proposal",
        key,
        request: request.as_bytes(),
    });
    let reply = idempotency::once(tx, key, FOR_EVER, |tx| {
        let id = tx.new_id();
        let (state, transfer_id) = if waits(tx, wish)? {
            look_ahead(tx, wish, cover)?;
            (State::Waiting, 0)
        } else {
            (State::Made, make(tx, wish, cover)?)
        };
        insert(tx, wish, id, (state, transfer_id))?;
        note(tx, (wish.company_id, id, wish.customer_id), "proposal.make", wish.maker, state);
        Ok(id.to_string())
    })?;
    reply.parse().map_err(|_| StoreError::Internal("a stored answer of a proposal".to_owned()).into())
}

/// What could not be taken now is not worth a second person's time; whether it can is asked again when it is taken.
fn look_ahead(tx: &mut Tx<'_>, wish: &Wish<'_>, cover: Cover<'_>) -> Result<()> {
    if !wish.amount.is_negative() {
        return Ok(());
    }
    let (asset_id, now) = (wish.account.asset.id, tx.now());
    let own = Place::of_customer(wish.customer_id, wish.account.id, Kind::Own);
    place::look(tx, wish.company_id, own, asset_id)?.after(wish.amount, now)?;
    let debtor = Debtor { company_id: wish.company_id, customer_id: wish.customer_id, account: wish.account };
    cover::ask(tx, &debtor, wish.amount.negated()?, cover, None)
}

fn make(tx: &mut Tx<'_>, wish: &Wish<'_>, cover: Cover<'_>) -> Result<i64> {
    let adjustment = Adjustment {
        company_id: wish.company_id,
        customer_id: wish.customer_id,
        account: wish.account,
        amount: wish.amount,
        reason: if wish.remark.is_empty() { "adjustment" } else { wish.remark },
        actor: wish.maker,
        key: None,
    };
    Ok(adjust::adjust(tx, &adjustment, cover)?.transfer_id)
}

fn insert(tx: &mut Tx<'_>, wish: &Wish<'_>, id: i64, (state, transfer_id): (State, i64)) -> Result<()> {
    let now = tx.now();
    let proposal = Proposal {
        id,
        customer_id: wish.customer_id,
        account_id: wish.account.id,
        business_type: adjust::BUSINESS_TYPE,
        amount: wish.amount,
        remark: wish.remark.to_owned(),
        state,
        maker: wish.maker.to_owned(),
        checker: String::new(),
        transfer_id,
        created_at: now,
        updated_at: now,
        open_until: wish.open_until,
        maker_id: wish.maker_id,
        hash: None,
    };
    let hash = (state == State::Waiting).then(|| hash(tx, wish.company_id, &proposal));
    tx.execute(
        "INSERT INTO ledger_proposals (company_id, id, owner_id, account_id, business_type, amount, withdrawable, remark, \
         state, maker, checker, transfer_id, created_at, updated_at, maker_id, open_until, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, '', $10, $11, $11, $12, $13, $14)",
        params![
            wish.company_id,
            id,
            wish.customer_id,
            wish.account.id,
            adjust::BUSINESS_TYPE,
            &wish.amount.to_bytes(),
            wish.remark,
            state.number(),
            wish.maker,
            transfer_id,
            now,
            wish.maker_id,
            wish.open_until,
            hash.as_ref()
        ],
    )?;
    Ok(())
}

fn note(
    tx: &mut Tx<'_>,
    (company_id, id, customer_id): (i64, i64, i64),
    action: &'static str,
    actor: &str,
    after: State,
) {
    let detail = json!({ "proposal": id, "state": after.number() });
    tx.audit(audit::Entry::by_hand(company_id, action, actor, Some(customer_id), detail));
}

macro_rules! select {
    () => {
        "SELECT id, owner_id, account_id, business_type, amount, remark, state, maker, checker, transfer_id, created_at, \
         updated_at, open_until, maker_id, hash FROM ledger_proposals WHERE company_id = $1 "
    };
}

fn proposal_of(row: &Row<'_>, now: i64) -> custos_store::Result<Proposal> {
    let open_until: i64 = row.get(12)?;
    let state = match State::of_number(row.get(6)?)? {
        State::Waiting if open_until <= now => State::Lapsed,
        other => other,
    };
    Ok(Proposal {
        id: row.get(0)?,
        customer_id: row.get(1)?,
        account_id: row.get(2)?,
        business_type: row.get(3)?,
        amount: amount::read(row, 4)?,
        remark: row.get(5)?,
        state,
        maker: row.get(7)?,
        checker: row.get(8)?,
        transfer_id: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
        open_until,
        maker_id: row.get(13)?,
        hash: row.get(14)?,
    })
}

/// The proposal of a number.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<Option<Proposal>> {
    let now = tx.now();
    Ok(tx
        .query_opt(concat!(select!(), "AND id = $2"), params![company_id, id], |row| proposal_of(row, now))?)
}

/// Those that wait, oldest first, after the one of the id `after`.
///
/// # Errors
/// The store's.
pub fn waiting(tx: &mut Tx<'_>, company_id: i64, after: i64, limit: i64) -> Result<Vec<Proposal>> {
    let now = tx.now();
    Ok(tx.query(
        concat!(select!(), "AND state = 1 AND open_until > $4 AND id > $2 ORDER BY id LIMIT $3"),
        params![company_id, after, limit, now],
        |row| proposal_of(row, now),
    )?)
}

/// Those that took two people, newest first, before the one of the id `before`.
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
    let least = if only_open { now } else { -1 };
    Ok(tx.query(
        concat!(
            select!(),
            "AND id < $2 AND (hash IS NOT NULL OR state = 1) AND (CAST($4 AS BIGINT) < 0 OR (state = 1 AND open_until > $4)) \
             ORDER BY id DESC LIMIT $3"
        ),
        params![company_id, before, limit, least],
        |row| proposal_of(row, now),
    )?)
}

/// The one that waits, locked until the transaction ends.
fn decide(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<Proposal> {
    let now = tx.now();
    let found =
        tx.query_opt(concat!(select!(), "AND id = $2 FOR UPDATE"), params![company_id, id], |row| {
            proposal_of(row, now)
        })?;
    let found = found.ok_or_else(|| Code::NotFound.refuse())?;
    if found.state == State::Waiting { Ok(found) } else { Err(Code::ProposalEnded.refuse()) }
}

fn decided(
    tx: &mut Tx<'_>,
    company_id: i64,
    found: &Proposal,
    (state, transfer_id): (State, i64),
    (checker, action): (&str, &'static str),
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE ledger_proposals SET state = $3, transfer_id = $4, checker = $5, updated_at = $6 \
         WHERE company_id = $1 AND id = $2",
        params![company_id, found.id, state.number(), transfer_id, checker, now],
    )?;
    note(tx, (company_id, found.id, found.customer_id), action, checker, state);
    Ok(())
}

/// A second person's yes: it is made. `cover` is that of the proposal's customer, who is known from [`find`].
///
/// # Errors
/// `CUSTOMER_API_0000003` for no such proposal or one that was altered, `FUND_0000013` for one that waits no more, `0014` for
/// its maker, `0001` when
/// less may leave, `0005` while frozen; else the store's.
pub fn approve(
    tx: &mut Tx<'_>,
    company_id: i64,
    id: i64,
    checker: Checker<'_>,
    cover: Cover<'_>,
) -> Result<i64> {
    let found = decide(tx, company_id, id)?;
    if found.is_of(checker) {
        return Err(Code::SamePerson.refuse());
    }
    is_as_proposed(tx, company_id, &found)?;
    let account = accounts::find(tx, company_id, found.customer_id, found.account_id)?;
    let account = account.ok_or_else(|| Code::NotFound.refuse())?;
    let wish = Wish {
        company_id,
        customer_id: found.customer_id,
        account: &account,
        amount: found.amount,
        remark: &found.remark,
        maker: &found.maker,
        key: None,
        maker_id: found.maker_id,
        eyes: Eyes::Four,
        open_until: found.open_until,
    };
    let transfer_id = make(tx, &wish, cover)?;
    decided(tx, company_id, &found, (State::Made, transfer_id), (checker.name, "proposal.approve"))?;
    Ok(transfer_id)
}

/// A no: nothing is made. Who proposed it may take it back so.
///
/// # Errors
/// `CUSTOMER_API_0000003` for no such proposal, `FUND_0000013` for one that waits no more; else the store's.
pub fn reject(tx: &mut Tx<'_>, company_id: i64, id: i64, checker: &str) -> Result<()> {
    let found = decide(tx, company_id, id)?;
    decided(tx, company_id, &found, (State::Refused, 0), (checker, "proposal.reject"))
}

/// Whether a proposal for this customer still waits.
///
/// # Errors
/// The store's.
pub fn any_open(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<bool> {
    let now = tx.now();
    let open: i64 = tx.value(
        "SELECT count(*) FROM ledger_proposals WHERE company_id = $1 AND owner_id = $2 AND state = 1 AND open_until > $3",
        params![company_id, customer_id, now],
    )?;
    Ok(open > 0)
}
