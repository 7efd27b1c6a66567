//! Customers who ask to leave.

use crate::closing;
use crate::context::Context;
use crate::desk;
use crate::error::Result;
use crate::fields::{Id, Int, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::closure::{self, Closure, State};
use custos_customers::staff::may;

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

request! {
    /// Closes a customer's account at their wish; for good.
    pub struct ApproveClosure {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for ApproveClosure {
    const NAME: &'static str = "custos.admin.ClosureService.approve";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ReviewClosures>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        let company = cx.company.clone();
        cx.write(move |tx| {
            let customer = desk::customer(tx, company.id, &self.customer_no)?;
            closing::approve(tx, &company, customer.id, (&caller.actor(), &self.reason.0))
        })
        .await?;
        Ok(Done {})
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
