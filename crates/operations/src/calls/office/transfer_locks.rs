//! Closing a customer's accounts of a kind to transfers for a while.

use crate::context::Context;
use crate::desk;
use crate::error::{Gate, Result};
use crate::fields::{Id, Int, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::staff::may;
use custos_ledger::locks::{self, Transfers, USUAL_MS};

const TOPIC: &str = "Money";

/// A year in seconds.
const LONGEST_S: i64 = 366 * 24 * 3_600;

fn transfers(number: i64) -> Result<Transfers> {
    Transfers::of_number(number).ok_or_else(|| Gate::BadField.field("type"))
}

request! {
    /// Closes a customer's accounts of a kind to transfers, in place of an earlier lock.
    pub struct LockTransfers {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: Id = "tradeType",
        /// 1 to transfers in, 2 to transfers out, 3 to both.
        kind: Int<1, 3> = "type",
        /// For so many seconds; 30 days by default.
        seconds: Option<Int<1, LONGEST_S>> = "lockTime",
        /// Until then, ms; goes before `lockTime`.
        until: Option<Id> = "lockEndTime",
    }
}

impl Operation for LockTransfers {
    const NAME: &'static str = "fund.admin.CustomerActivityBonusAdminDubboService.lockTradeAccount";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::LockAccounts>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        let what = (self.trade_type.0, transfers(self.kind.0)?);
        cx.write(move |tx| {
            let customer = desk::customer(tx, caller.company_id, &self.customer_no)?;
            let for_ms = self.seconds.map_or(USUAL_MS, |seconds| seconds.0 * 1_000);
            let until = self.until.map_or(tx.now() + for_ms, |until| until.0);
            Ok(locks::lock(tx, (caller.company_id, customer.id), what, until, &caller.actor())?)
        })
        .await?;
        Ok(Done {})
    }
}

request! {
    /// Opens a customer's accounts of a kind to transfers again.
    pub struct UnlockTransfers {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: Id = "tradeType",
        /// 1 to transfers in, 2 to transfers out, 3 to both.
        kind: Int<1, 3> = "type",
    }
}

impl Operation for UnlockTransfers {
    const NAME: &'static str = "fund.admin.CustomerActivityBonusAdminDubboService.unlockTradeAccount";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::LockAccounts>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        let what = (self.trade_type.0, transfers(self.kind.0)?);
        cx.write(move |tx| {
            let customer = desk::customer(tx, caller.company_id, &self.customer_no)?;
            Ok(locks::unlock(tx, (caller.company_id, customer.id), what, &caller.actor())?)
        })
        .await?;
        Ok(Done {})
    }
}

/// Which transfers of a customer's accounts of a kind are closed.
async fn closed(cx: &Context, number: Text<12>, trade_type: i64) -> Result<[(Transfers, bool); 3]> {
    let company_id = cx.company.id;
    cx.read(move |tx| {
        let customer = desk::customer(tx, company_id, &number)?;
        Ok(locks::of(tx, (company_id, customer.id), trade_type)?)
    })
    .await
}

request! {
    /// Tells whether a customer's accounts of a kind are closed to transfers.
    pub struct FindTransferLock {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: Id = "tradeType",
        /// 1 to transfers in, 2 to transfers out, 3 to both.
        kind: Int<1, 3> = "type",
    }
}

impl Operation for FindTransferLock {
    const NAME: &'static str = "fund.admin.CustomerActivityBonusAdminDubboService.queryOneLockTradeAccount";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewMoney>;
    type Reply = bool;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<bool> {
        let asked = transfers(self.kind.0)?;
        let all = closed(&cx, self.customer_no, self.trade_type.0).await?;
        Ok(all.into_iter().any(|(transfers, is_closed)| transfers == asked && is_closed))
    }
}

reply! {
    /// Whether some transfers are closed.
    pub struct TransferLock {
        /// They are.
        is_closed: bool = "lockStatus",
        /// `1` transfers in, `2` transfers out, `3` both.
        kind: String = "type",
    }
}

request! {
    /// Tells which transfers a customer's accounts of a kind are closed to.
    pub struct ListTransferLocks {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: Id = "tradeType",
    }
}

impl Operation for ListTransferLocks {
    const NAME: &'static str =
        "fund.admin.CustomerActivityBonusAdminDubboService.queryTradeTypeLockTradeAccount";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewMoney>;
    type Reply = Vec<TransferLock>;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<Vec<TransferLock>> {
        let all = closed(&cx, self.customer_no, self.trade_type.0).await?;
        let line = |(transfers, is_closed): (Transfers, bool)| TransferLock {
            is_closed,
            kind: transfers.number().to_string(),
        };
        Ok(all.into_iter().map(line).collect())
    }
}
