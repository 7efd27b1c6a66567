//! The accounts of a customer: one a trade type and asset.

use crate::{Code, Result, assets, closing};
use custos_store::{Tx, params};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Below 2^53.
    pub id: i64,
    /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
    pub trade_type: i64,
    /// The asset.
    pub asset: assets::Asset,
    /// When it was opened.
    pub created_at: i64,
}

impl Account {
    /// Decimals of its asset.
    #[must_use]
    pub fn digits(&self) -> u32 {
        u32::try_from(self.asset.digits).unwrap_or(0)
    }
}

/// An account to be opened: trade type and asset code.
pub type Wanted = (i64, String);

/// The customer's accounts, by trade type and asset.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<Account>> {
    Ok(tx.query(
        "SELECT a.id, a.trade_type, a.created_at, s.id, s.code, s.digits FROM accounts a \
         JOIN assets s ON s.company_id = a.company_id AND s.id = a.asset_id \
         WHERE a.company_id = $1 AND a.customer_id = $2 ORDER BY a.trade_type, a.asset_id",
        params![company_id, customer_id],
        |row| {
            Ok(Account {
                id: row.get(0)?,
                trade_type: row.get(1)?,
                created_at: row.get(2)?,
                asset: assets::Asset { id: row.get(3)?, code: row.get(4)?, digits: row.get(5)? },
            })
        },
    )?)
}

/// One account of the customer.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, account_id: i64) -> Result<Option<Account>> {
    Ok(list(tx, company_id, customer_id)?.into_iter().find(|account| account.id == account_id))
}

/// Opens what is missing of `wanted`.
///
/// # Errors
/// `CUSTOMER_API_0000315` for an asset that the company does not have, `FUND_0000005` for a customer who leaves; else the
/// store's.
pub fn open(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, wanted: &[Wanted]) -> Result<()> {
    let known = assets::list(tx, company_id)?;
    let now = tx.now();
    let mut opened = 0;
    for (trade_type, code) in wanted {
        let asset =
            known.iter().find(|asset| asset.code == *code).ok_or_else(|| Code::NotOffered.refuse())?;
        let id = tx.new_id();
        opened += tx.execute(
            "INSERT INTO accounts (company_id, customer_id, id, trade_type, asset_id, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            params![company_id, customer_id, id, *trade_type, asset.id, now],
        )?;
    }
    if opened > 0 {
        // Looked at after the insertion, which has waited for a closure that was under way.
        if closing::is_shut(tx, company_id, customer_id)? {
            return Err(Code::Frozen.refuse());
        }
        tx.touch(customer_id);
    }
    Ok(())
}

/// Opens accounts for customers who were added in this transaction, so that nobody knows of them yet.
///
/// # Errors
/// `CUSTOMER_API_0000315` for an asset that the company does not have; else the store's.
pub fn open_new(tx: &mut Tx<'_>, company_id: i64, customers: &[i64], wanted: &[Wanted]) -> Result<()> {
    let known = assets::list(tx, company_id)?;
    let asset_of = |code: &String| known.iter().find(|asset| asset.code == *code);
    let wanted: Vec<(i64, i64)> = wanted
        .iter()
        .map(|(trade_type, code)| asset_of(code).map(|asset| (*trade_type, asset.id)))
        .collect::<Option<_>>()
        .ok_or_else(|| Code::NotOffered.refuse())?;
    let now = tx.now();
    for customer_id in customers {
        for (trade_type, asset_id) in &wanted {
            let id = tx.new_id();
            tx.send(
                "INSERT INTO accounts (company_id, customer_id, id, trade_type, asset_id, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                params![company_id, *customer_id, id, *trade_type, *asset_id, now],
            )?;
        }
    }
    Ok(())
}
