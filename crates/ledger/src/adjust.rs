//! Money that an operator gives a customer out of the company's float, or takes back.

use crate::accounts::Account;
use crate::amount::Amount;
use crate::cover::{self, Cover};
use crate::error::Result;
use crate::idempotency::{self, FOR_EVER, Key};
use crate::loans::Debtor;
use crate::place::{Kind, Place};
use crate::transfer::{self, Posting, Transfer};
use custos_store::{Error as StoreError, Tx, audit};
use serde_json::json;

/// `businessType` of an adjustment.
pub const BUSINESS_TYPE: i64 = 4;

/// What an operator wishes.
#[derive(Debug, Clone, Copy)]
pub struct Adjustment<'a> {
    /// The company.
    pub company_id: i64,
    /// The customer.
    pub customer_id: i64,
    /// Their account.
    pub account: &'a Account,
    /// Above zero to give, below to take.
    pub amount: Amount,
    /// Why.
    pub reason: &'a str,
    /// Who.
    pub actor: &'a str,
    /// The same key takes effect once.
    pub key: Option<&'a str>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjusted {
    /// The transfer.
    pub transfer_id: i64,
    /// The account's balance after it.
    pub balance: Amount,
}

/// Moves the money. What is taken from a margin account is never so much that loans lose their cover.
///
/// # Errors
/// `FUND_0000001` when less may leave than is to be taken, `0005` while frozen, `0007` for a key of another request,
/// `GATEWAY_CODE_104` for nothing; else the store's.
pub fn adjust(tx: &mut Tx<'_>, wish: &Adjustment<'_>, cover: Cover<'_>) -> Result<Adjusted> {
    let asset_id = wish.account.asset.id;
    let own = Place::of_customer(wish.customer_id, wish.account.id, Kind::Own);
    let float = Place::of_company(Kind::Float, asset_id, wish.customer_id);
    let request = format!("{} {} {} {}", wish.customer_id, wish.account.id, wish.amount.units(), wish.reason);
    let key = wish.key.map(|key| Key {
        company_id: wish.company_id,
        scope: "operator adjust",
        key,
        request: request.as_bytes(),
    });
    let reply = idempotency::once(tx, key, FOR_EVER, |tx| {
        if wish.amount.is_negative() {
            let debtor =
                Debtor { company_id: wish.company_id, customer_id: wish.customer_id, account: wish.account };
            cover::ask(tx, &debtor, wish.amount.negated()?, cover, Some(float))?;
        }
        let postings = [
            Posting { place: own, asset_id, amount: wish.amount, business_type1: 0 },
            Posting { place: float, asset_id, amount: wish.amount.negated()?, business_type1: 0 },
        ];
        let posted = transfer::post(
            tx,
            wish.company_id,
            &Transfer {
                business_type: BUSINESS_TYPE,
                reason: wish.reason,
                actor: wish.actor,
                effective_at: None,
                reverses: None,
                postings: &postings,
            },
        )?;
        let detail = json!({
            "transfer": posted.id,
            "account": wish.account.id,
            "currency": wish.account.asset.code,
            "amount": wish.amount.to_text(wish.account.digits()),
        });
        tx.audit(audit::Entry::by_hand(
            wish.company_id,
            "ledger.adjust",
            wish.actor,
            Some(wish.customer_id),
            detail,
        ));
        let balance = posted.balance(own).unwrap_or_default();
        Ok(format!("{} {}", posted.id, balance.units()))
    })?;
    let read = || {
        let (id, balance) = reply.split_once(' ')?;
        Some(Adjusted { transfer_id: id.parse().ok()?, balance: Amount::of_units(balance.parse().ok()?) })
    };
    read().ok_or_else(|| StoreError::Internal("a stored answer of an adjustment".to_owned()).into())
}
