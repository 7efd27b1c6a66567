//! Customers who ask to leave.

use crate::closing;
use crate::context::Context;
use crate::desk;
use crate::error::Result;
use crate::fields::{Id, Int, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::proposals::{self, Action, Desk, Submitted};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::Code;
use custos_customers::closure::{self, Closure, State};
use custos_customers::staff::{Permission, may};
use custos_store::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const TOPIC: &str = "Closures";

reply! {
    /// A customer's wish to leave.
    pub struct ClosureView {
        /// Its id.
        id: i64 = "id",
        /// Whose.
        customer_id: i64 = "customerId",
        /// The number that the customer is told.
        customer_no: String = "customerNo",
        /// What the customer said.
        remark: String = "remark",
        /// When, ms.
        requested_at: i64 = "requestedAt",
    }
}

request! {
    /// Lists the closures that wait for a decision, the oldest first, after one of them.
    pub struct ClosureQueue {
        /// `id` of the last one told.
        after: Option<Id> = "afterId",
        /// How many; 50 by default.
        size: Option<Int<1, 200>> = "size",
    }
}

impl Operation for ClosureQueue {
    const NAME: &'static str = "custos.admin.ClosureService.queue";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ReviewClosures>;
    type Reply = Vec<ClosureView>;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Vec<ClosureView>> {
        let page = (self.after.map_or(0, |id| id.0), self.size.map_or(50, |size| size.0));
        let all = cx.read(move |tx| Ok(closure::list(tx, caller.company_id, State::Waiting, page)?)).await?;
        let view = |one: Closure| ClosureView {
            id: one.id,
            customer_id: one.customer_id,
            customer_no: one.number,
            remark: one.remark,
            requested_at: one.requested_at,
        };
        Ok(all.into_iter().map(view).collect())
    }
}

/// Closing an account for good, as it is proposed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CloseAccount {
    id: i64,
    customer_no: String,
    customer_id: i64,
    reason: String,
}

impl Action for CloseAccount {
    const NAME: &'static str = "closure.approve";
    const CHECK: Permission = Permission::ReviewClosures;

    fn customer_id(&self) -> Option<i64> {
        Some(self.customer_id)
    }

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        // Not another wish, made after this one was turned down.
        let pending = closure::pending(tx, desk.cx.company.id, self.customer_id)?;
        if pending.id() == self.id { Ok(()) } else { Err(Code::NotFound.refuse().into()) }
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        self.check(tx, desk)?;
        let actor = desk.officer.actor();
        closing::approve(tx, &desk.cx.company, self.customer_id, (&actor, &self.reason))?;
        Ok(json!({}))
    }
}

request! {
    /// Closes a customer's account at their wish; for good. Takes two.
    pub struct ApproveClosure {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// Why.
        reason: Text<120> = "reason",
    }
}

impl Operation for ApproveClosure {
    const NAME: &'static str = "custos.admin.ClosureService.approve";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ReviewClosures>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let customer = desk::customer(tx, at.company.id, &self.customer_no)?;
            let pending = closure::pending(tx, at.company.id, customer.id)?;
            let action = CloseAccount {
                id: pending.id(),
                customer_no: customer.number,
                customer_id: customer.id,
                reason: self.reason.0.clone(),
            };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}

request! {
    /// Keeps a customer's account open, and tells them why.
    pub struct RejectClosure {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// Why; the customer is told.
        reason: Text<500> = "reason",
    }
}

impl Operation for RejectClosure {
    const NAME: &'static str = "custos.admin.ClosureService.reject";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ReviewClosures>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        let company = cx.company.clone();
        cx.write(move |tx| {
            let customer = desk::customer(tx, company.id, &self.customer_no)?;
            closing::reject(tx, &company, customer.id, (&caller.actor(), &self.reason.0))
        })
        .await?;
        Ok(Done {})
    }
}
