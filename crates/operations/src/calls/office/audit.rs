//! The company's audit log.

use crate::context::Context;
use crate::error::Result;
use crate::fields::Int;
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::{reply, request};
use custos_customers::staff::may;
use custos_store::audit;
use serde_json::Value;

reply! {
    /// An entry of the audit log.
    pub struct AuditView {
        /// Its place in the company's chain.
        seq: i64 = "seq",
        /// When, ms.
        at: i64 = "at",
        /// What.
        action: String = "action",
        /// `ok`, or why it was refused.
        outcome: String = "outcome",
        /// Who.
        actor: String = "actor",
        /// The customer whom it concerns; 0 for none.
        customer_id: i64 = "customerId",
        /// From which address; empty for none.
        address: String = "address",
        /// The request's trace; empty for none.
        trace: String = "trace",
        /// What else there is to know.
        detail: Value = "detail",
    }
}

request! {
    /// Lists the company's audit log, oldest first, after a place in it.
    pub struct ListAudit {
        /// After this place; from the beginning by default.
        after: Option<Int<0, 9_007_199_254_740_991>> = "after",
        /// How many; 100 by default.
        size: Option<Int<1, 500>> = "size",
    }
}

impl Operation for ListAudit {
    const NAME: &'static str = "custos.admin.AuditService.list";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = "Audit";
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewAudit>;
    type Reply = Vec<AuditView>;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Vec<AuditView>> {
        let (after, size) = (self.after.map_or(0, |after| after.0), self.size.map_or(100, |size| size.0));
        let all = cx.read(move |tx| Ok(audit::page(tx, caller.company_id, after, size)?)).await?;
        Ok(all
            .into_iter()
            .map(|entry| AuditView {
                seq: entry.seq,
                at: entry.at,
                detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
                action: entry.action,
                outcome: entry.outcome,
                actor: entry.actor,
                customer_id: entry.customer_id,
                address: entry.address,
                trace: entry.trace,
            })
            .collect())
    }
}
