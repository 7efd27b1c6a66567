//! Groups of customers, which say what accounts they have.

use super::Lending;
use crate::error::{Code, Result};
use custos_store::{EVERYTHING, Error as StoreError, Tx, params};
use serde::{Deserialize, Serialize};

/// A group of customers, which says what accounts they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// 0 real, 1 test, 2 guest.
    pub kind: i64,
    /// Whether customers may register into it.
    pub opens_accounts: bool,
    /// Whether customers who name no group get this one.
    pub is_default: bool,
    /// What its accounts are.
    pub offers: Offers,
}

/// What accounts a group has, and the terms of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Offers {
    /// Trade type and currencies opened at registration.
    pub accounts: Vec<Offer>,
}

/// One trade type of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
    pub trade_type: i64,
    /// Asset codes.
    pub currencies: Vec<String>,
    /// On what terms customers may borrow, if they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lending: Option<Lending>,
}

impl Offer {
    /// Accounts of a trade type, on which nothing is lent.
    #[must_use]
    pub fn new(trade_type: i64, currencies: &[&str]) -> Self {
        let currencies = currencies.iter().map(|code| (*code).to_owned()).collect();
        Self { trade_type, currencies, lending: None }
    }
}

impl Offers {
    /// On what terms customers may borrow on accounts of a trade type, if they may.
    #[must_use]
    pub fn lending(&self, trade_type: i64) -> Option<&Lending> {
        self.accounts.iter().find(|offer| offer.trade_type == trade_type)?.lending.as_ref()
    }
}

fn group_of(row: &custos_store::Row<'_>) -> custos_store::Result<Group> {
    Ok(Group {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: row.get(2)?,
        opens_accounts: row.get(3)?,
        is_default: row.get(4)?,
        offers: serde_json::from_str(&row.get::<String>(5)?)
            .map_err(|error| StoreError::Internal(format!("a group's accounts: {error}")))?,
    })
}

/// The company's groups, by id.
///
/// # Errors
/// The store's.
pub fn groups(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<Group>> {
    Ok(tx.query(
        "SELECT id, name, type, opens_accounts, is_default, accounts FROM customer_groups \
         WHERE company_id = $1 ORDER BY id",
        params![company_id],
        group_of,
    )?)
}

/// Adds a group. A default one takes the place of the default before it.
///
/// # Errors
/// The name is taken, or the store's.
pub fn add_group(tx: &mut Tx<'_>, company_id: i64, group: &Group) -> Result<i64> {
    let (id, now) = (if group.id > 0 { group.id } else { tx.new_id() }, tx.now());
    let offers =
        serde_json::to_string(&group.offers).map_err(|error| StoreError::Internal(error.to_string()))?;
    if group.is_default {
        tx.execute("UPDATE customer_groups SET is_default = 0 WHERE company_id = $1", params![company_id])?;
    }
    let added = tx.execute(
        "INSERT INTO customer_groups (company_id, id, name, type, opens_accounts, is_default, accounts, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        params![company_id, id, &group.name, group.kind, group.opens_accounts, group.is_default, &offers, now],
    )?;
    if added == 0 {
        return Err(Code::BadField.with(&["name"]));
    }
    tx.touch(EVERYTHING);
    Ok(id)
}

/// Changes what a group is called and offers.
///
/// # Errors
/// No such group, or the store's.
pub fn set_group(tx: &mut Tx<'_>, company_id: i64, group: &Group) -> Result<()> {
    let offers =
        serde_json::to_string(&group.offers).map_err(|error| StoreError::Internal(error.to_string()))?;
    if group.is_default {
        tx.execute("UPDATE customer_groups SET is_default = 0 WHERE company_id = $1", params![company_id])?;
    }
    let changed = tx.execute(
        "UPDATE customer_groups SET name = $3, type = $4, opens_accounts = $5, is_default = $6, accounts = $7 \
         WHERE company_id = $1 AND id = $2",
        params![company_id, group.id, &group.name, group.kind, group.opens_accounts, group.is_default, &offers],
    )?;
    if changed == 0 {
        return Err(Code::NotFound.refuse());
    }
    tx.touch(EVERYTHING);
    Ok(())
}
