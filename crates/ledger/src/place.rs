//! Where money stands: parts of customers' accounts, and the company's own accounts.

use crate::amount::{self, Amount};
use crate::error::{Code, Result};
use custos_store::{Row, Tx, params};

mod kind;

pub use kind::{Kind, OF_COMPANY};

/// Rows that a company's account is split into: transfers of different customers lock different ones.
pub const STRIPES: i64 = 16;

/// One place. Places are locked in their order, so that no two transfers wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The customer; 0 for the company.
    pub owner_id: i64,
    /// The account; for the company's places the asset.
    pub id: i64,
    /// What stands there.
    pub kind: Kind,
    /// Which stripe of a company's account; 0 for customers'.
    pub stripe: i64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, id) = (self.kind.name(), self.id);
        match self.owner_id {
            0 => write!(out, "the company's {kind} in asset {id}, stripe {}", self.stripe),
            owner => write!(out, "account {id} of customer {owner}, {kind}"),
        }
    }
}

impl Place {
    /// A part of a customer's account.
    #[must_use]
    pub const fn of_customer(customer_id: i64, account_id: i64, kind: Kind) -> Self {
        Self { owner_id: customer_id, id: account_id, kind, stripe: 0 }
    }

    /// The place in a row's first four columns: owner, account, kind, stripe.
    pub(crate) fn of_row(row: &Row<'_>) -> custos_store::Result<Self> {
        Ok(Self {
            owner_id: row.get(0)?,
            id: row.get(1)?,
            kind: kind::kind_of(row.get(2)?)?,
            stripe: row.get(3)?,
        })
    }

    /// The stripe of a company's account that deals with this customer.
    #[must_use]
    pub fn of_company(kind: Kind, asset_id: i64, customer_id: i64) -> Self {
        // Ids are time-ordered and end in a node's number and a counter, so their low bits alone would gather on few
        // stripes; Fibonacci hashing spreads them.
        let mixed = customer_id.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60;
        Self { owner_id: 0, id: asset_id, kind, stripe: mixed.cast_signed() % STRIPES }
    }
}

/// To which directions a place is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frozen {
    /// Bit 1: no money out; bit 2: no money in.
    pub bits: i64,
    /// Until when; forgotten after that.
    pub until: i64,
}

impl Frozen {
    /// No money out.
    pub const DEBIT: i64 = 1;
    /// No money in.
    pub const CREDIT: i64 = 2;

    fn forbids(self, amount: Amount, now: i64) -> bool {
        let bit = if amount.is_negative() { Self::DEBIT } else { Self::CREDIT };
        self.until > now && self.bits & bit != 0
    }
}

/// A place as its row tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub place: Place,
    /// In which asset.
    pub asset_id: i64,
    /// What stands there.
    pub balance: Amount,
    /// What of it is set aside.
    pub held: Amount,
    /// The lowest balance.
    pub floor: Option<Amount>,
    /// The highest balance.
    pub ceiling: Option<Amount>,
    /// Closed to what.
    pub frozen: Frozen,
    /// The number of its last entry.
    pub sequence: i64,
    /// The hash of its last entry.
    pub head: [u8; 32],
    /// When money first came in; 0 for never.
    pub first_in_at: i64,
    /// When money first went out; 0 for never.
    pub first_out_at: i64,
    /// When its last entry was recorded; 0 for never.
    pub last_at: i64,
}

impl Standing {
    fn new(place: Place, asset_id: i64) -> Self {
        Self {
            place,
            asset_id,
            balance: Amount::ZERO,
            held: Amount::ZERO,
            floor: place.kind.floor(),
            ceiling: place.kind.ceiling(),
            frozen: Frozen { bits: 0, until: 0 },
            sequence: 0,
            head: [0; 32],
            first_in_at: 0,
            first_out_at: 0,
            last_at: 0,
        }
    }

    /// Whether it takes no money any more, since its owner leaves.
    fn is_shut(&self) -> bool {
        self.place.kind == Kind::Own && self.ceiling.is_some_and(Amount::is_zero)
    }

    /// What is free: the balance less what is held.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn available(&self) -> Result<Amount> {
        self.balance.minus(self.held)
    }

    /// The balance after an amount has come (or, below zero, gone).
    ///
    /// # Errors
    /// `FUND_0000005` while frozen, `FUND_0000001` when less is free, `FUND_0000006` above the ceiling.
    pub fn after(&self, amount: Amount, now: i64) -> Result<Amount> {
        if self.frozen.forbids(amount, now) {
            return Err(Code::Frozen.refuse());
        }
        let balance = self.balance.plus(amount)?;
        if amount.is_negative()
            && let Some(floor) = self.floor
            && balance.minus(self.held)? < floor
        {
            return Err(Code::NotEnough.refuse());
        }
        if amount.is_positive() && self.ceiling.is_some_and(|ceiling| balance > ceiling) {
            return Err(if self.is_shut() { Code::Frozen } else { Code::OverCeiling }.refuse());
        }
        Ok(balance)
    }
}

macro_rules! columns {
    () => {
        "owner_id, id, kind, stripe, asset_id, balance, held, floor, ceiling, frozen, frozen_until, sequence, head, \
         first_in_at, first_out_at, last_at"
    };
}

pub(crate) fn hash_of(bytes: Vec<u8>) -> custos_store::Result<[u8; 32]> {
    bytes.try_into().map_err(|_| custos_store::Error::Internal("a hash is not of 32 bytes".to_owned()))
}

fn standing_of(row: &Row<'_>) -> custos_store::Result<Standing> {
    Ok(Standing {
        place: Place::of_row(row)?,
        asset_id: row.get(4)?,
        balance: amount::read(row, 5)?,
        held: amount::read(row, 6)?,
        floor: amount::read_opt(row, 7)?,
        ceiling: amount::read_opt(row, 8)?,
        frozen: Frozen { bits: row.get(9)?, until: row.get(10)? },
        sequence: row.get(11)?,
        head: hash_of(row.get(12)?)?,
        first_in_at: row.get(13)?,
        first_out_at: row.get(14)?,
        last_at: row.get(15)?,
    })
}

/// How a place stands; like a new one where nothing ever happened.
///
/// # Errors
/// The store's.
pub fn look(tx: &mut Tx<'_>, company_id: i64, place: Place, asset_id: i64) -> Result<Standing> {
    let found = tx.query_opt(
        concat!(
            "SELECT ",
            columns!(),
            " FROM ledger_accounts WHERE company_id = $1 AND owner_id = $2 AND id = $3 AND kind = $4 AND stripe = $5"
        ),
        params![company_id, place.owner_id, place.id, place.kind.number(), place.stripe],
        standing_of,
    )?;
    Ok(found.unwrap_or_else(|| Standing::new(place, asset_id)))
}

/// All places of a customer (or, for 0, of the company) where something ever happened.
///
/// # Errors
/// The store's.
pub fn all_of(tx: &mut Tx<'_>, company_id: i64, owner_id: i64) -> Result<Vec<Standing>> {
    Ok(tx.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM ledger_accounts WHERE company_id = $1 AND owner_id = $2 ORDER BY id, kind, stripe"
        ),
        params![company_id, owner_id],
        standing_of,
    )?)
}

/// All places of the company and its customers where something ever happened, in their order.
///
/// # Errors
/// The store's.
pub(crate) fn all(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<Standing>> {
    Ok(tx.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM ledger_accounts WHERE company_id = $1 ORDER BY owner_id, id, kind, stripe"
        ),
        params![company_id],
        standing_of,
    )?)
}

/// Locks all places of a customer until the transaction ends, in their order.
///
/// # Errors
/// The store's.
pub(crate) fn lock_all_of(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<Standing>> {
    Ok(tx.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM ledger_accounts WHERE company_id = $1 AND owner_id = $2 ORDER BY id, kind, stripe FOR UPDATE"
        ),
        params![company_id, customer_id],
        standing_of,
    )?)
}

/// Locks a place until the transaction ends, making its row where there is none.
///
/// # Errors
/// The store's.
pub(crate) fn lock(tx: &mut Tx<'_>, company_id: i64, place: Place, asset_id: i64) -> Result<Standing> {
    if let Some(standing) = locked(tx, company_id, place)? {
        return Ok(standing);
    }
    let (now, new) = (tx.now(), Standing::new(place, asset_id));
    let (floor, ceiling) = (new.floor.map(Amount::to_bytes), new.ceiling.map(Amount::to_bytes));
    let zero = Amount::ZERO.to_bytes();
    tx.execute(
        "INSERT INTO ledger_accounts (company_id, owner_id, id, kind, stripe, asset_id, balance, held, floor, ceiling, \
         frozen, frozen_until, frozen_reason, sequence, head, created_at, first_in_at, first_out_at, last_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, 0, 0, '', 0, $10, $11, 0, 0, 0) ON CONFLICT DO NOTHING",
        params![
            company_id,
            place.owner_id,
            place.id,
            place.kind.number(),
            place.stripe,
            asset_id,
            &zero,
            floor.as_ref(),
            ceiling.as_ref(),
            &new.head,
            now
        ],
    )?;
    // Another transaction may have been faster.
    locked(tx, company_id, place)?.ok_or_else(|| custos_store::Error::NoRow.into())
}

/// Locks the places of a transfer, which come in their order; the usual two in one go.
///
/// # Errors
/// The store's.
pub(crate) fn lock_all(tx: &mut Tx<'_>, company_id: i64, wanted: &[(Place, i64)]) -> Result<Vec<Standing>> {
    if let [(one, _), (other, _)] = wanted {
        let both = tx.query(
            concat!(
                "SELECT ",
                columns!(),
                " FROM ledger_accounts WHERE company_id = $1 AND ((owner_id = $2 AND id = $3 AND kind = $4 \
                 AND stripe = $5) OR (owner_id = $6 AND id = $7 AND kind = $8 AND stripe = $9)) \
                 ORDER BY owner_id, id, kind, stripe FOR UPDATE"
            ),
            params![
                company_id,
                one.owner_id,
                one.id,
                one.kind.number(),
                one.stripe,
                other.owner_id,
                other.id,
                other.kind.number(),
                other.stripe
            ],
            standing_of,
        )?;
        if both.len() == 2 {
            return Ok(both);
        }
    }
    wanted.iter().map(|(place, asset_id)| lock(tx, company_id, *place, *asset_id)).collect()
}

fn locked(tx: &mut Tx<'_>, company_id: i64, place: Place) -> Result<Option<Standing>> {
    Ok(tx.query_opt(
        concat!(
            "SELECT ",
            columns!(),
            " FROM ledger_accounts WHERE company_id = $1 AND owner_id = $2 AND id = $3 AND kind = $4 AND stripe = $5 \
             FOR UPDATE"
        ),
        params![company_id, place.owner_id, place.id, place.kind.number(), place.stripe],
        standing_of,
    )?)
}

/// Closes a customer's account to money out, in or both until `until`; 0 opens it again.
///
/// # Errors
/// The store's.
pub fn freeze(
    tx: &mut Tx<'_>,
    company_id: i64,
    (place, asset_id): (Place, i64),
    frozen: Frozen,
    reason: &str,
) -> Result<()> {
    lock(tx, company_id, place, asset_id)?;
    tx.execute(
        "UPDATE ledger_accounts SET frozen = $6, frozen_until = $7, frozen_reason = $8 \
         WHERE company_id = $1 AND owner_id = $2 AND id = $3 AND kind = $4 AND stripe = $5",
        params![
            company_id,
            place.owner_id,
            place.id,
            place.kind.number(),
            place.stripe,
            frozen.bits,
            frozen.until,
            reason
        ],
    )?;
    tx.touch_view(place.owner_id);
    Ok(())
}
