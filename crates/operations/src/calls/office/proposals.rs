//! What one proposes and another decides.

use crate::adjustments::{self, ADJUSTMENT};
use crate::context::Context;
use crate::error::Result;
use crate::fields::{Flag, Id, Int, Text};
use crate::office::{AnyStaff, Staff};
use crate::operation::{Class, Operation, Prefix};
use crate::proposals::{self, Desk};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::staff::may;
use custos_customers::staff::proposals as rules;
use custos_ledger::proposals as waiting;
use custos_store::Tx;
use serde_json::Value;

const TOPIC: &str = "Four eyes";

reply! {
    /// Something that was proposed.
    pub struct ProposalView {
        /// Its id.
        id: i64 = "id",
        /// What is to be done.
        action: String = "action",
        /// How it is to be done; null when that can't be read any more.
        payload: Value = "payload",
        /// The customer it is about; 0 for none.
        customer_id: i64 = "customerId",
        /// Why.
        reason: String = "reason",
        /// Who proposed it.
        maker: String = "maker",
        /// open, approved, rejected, lapsed.
        state: &'static str = "state",
        /// Who decided; empty for nobody yet.
        checker: String = "checker",
        /// What they said.
        remark: String = "remark",
        /// When it was proposed, ms.
        created_at: i64 = "createdAt",
        /// Until when it can be decided, ms.
        open_until: i64 = "openUntil",
        /// When it was decided, ms; 0 for not yet.
        decided_at: i64 = "decidedAt",
    }
}

fn adjustment_view(tx: &mut Tx<'_>, company_id: i64, one: waiting::Proposal) -> Result<ProposalView> {
    let is_decided = matches!(one.state, waiting::State::Made | waiting::State::Refused);
    Ok(ProposalView {
        payload: adjustments::shown(tx, company_id, &one)?,
        id: one.id,
        action: ADJUSTMENT.to_owned(),
        customer_id: one.customer_id,
        reason: one.remark,
        maker: one.maker,
        state: adjustments::state(one.state),
        checker: one.checker,
        remark: String::new(),
        created_at: one.created_at,
        open_until: one.open_until,
        decided_at: if is_decided { one.updated_at } else { 0 },
    })
}

request! {
    /// Lists what was proposed, newest first.
    pub struct ListProposals {
        /// Only what can still be decided.
        only_open: Option<Flag> = "onlyOpen",
        /// Only those made before the one of this id: the last of the page before.
        before: Option<Id> = "before",
        /// At most so many; 50 by default.
        limit: Option<Int<1, 200>> = "limit",
    }
}

impl Operation for ListProposals {
    const NAME: &'static str = "custos.admin.ProposalService.list";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewProposals>;
    type Reply = Vec<ProposalView>;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Vec<ProposalView>> {
        let company_id = cx.company.id;
        let only_open = self.only_open.is_some_and(|flag| flag.0);
        let (before, limit) =
            (self.before.map_or(i64::MAX, |id| id.0), self.limit.map_or(50, |limit| limit.0));
        cx.read(move |tx| {
            let all = rules::page(tx, company_id, only_open, before, limit)?;
            let mut views: Vec<ProposalView> = all
                .into_iter()
                .map(|one| ProposalView {
                    payload: proposals::shown(tx, &caller, &one),
                    id: one.id,
                    action: one.action,
                    customer_id: one.customer_id.unwrap_or(0),
                    reason: one.reason,
                    maker: one.maker,
                    state: one.state.as_str(),
                    checker: one.checker.unwrap_or_default(),
                    remark: one.remark.unwrap_or_default(),
                    created_at: one.created_at,
                    open_until: one.open_until,
                    decided_at: one.decided_at.unwrap_or(0),
                })
                .collect();
            for one in waiting::page(tx, company_id, only_open, before, limit)? {
                views.push(adjustment_view(tx, company_id, one)?);
            }
            // Ids rise with time, whatever they are of.
            views.sort_by_key(|view| std::cmp::Reverse(view.id));
            views.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(views)
        })
        .await
    }
}

request! {
    /// Approves a proposal, which is done at once as it was proposed. Not by who made it, nor by a program; the action
    /// says what permission it takes.
    pub struct ApproveProposal {
        /// The proposal's id.
        id: Id = "id",
        /// A word on it.
        remark: Option<Text<500>> = "remark",
    }
}

impl Operation for ApproveProposal {
    const NAME: &'static str = "custos.admin.ProposalService.approve";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = AnyStaff;
    type Reply = Value;

    async fn run(self, AnyStaff(officer): AnyStaff, cx: Context) -> Result<Value> {
        let at = cx.clone();
        let remark = self.remark.map_or_else(String::new, |remark| remark.0);
        cx.write(move |tx| proposals::approve(tx, Desk { cx: &at, officer: &officer }, self.id.0, &remark))
            .await
    }
}

request! {
    /// Rejects a proposal; who made it takes it back so.
    pub struct RejectProposal {
        /// The proposal's id.
        id: Id = "id",
        /// Why.
        remark: Text<500> = "remark",
    }
}

impl Operation for RejectProposal {
    const NAME: &'static str = "custos.admin.ProposalService.reject";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = AnyStaff;
    type Reply = Done;

    async fn run(self, AnyStaff(officer): AnyStaff, cx: Context) -> Result<Done> {
        let at = cx.clone();
        cx.write(move |tx| {
            proposals::reject(tx, Desk { cx: &at, officer: &officer }, self.id.0, &self.remark)
        })
        .await?;
        Ok(Done {})
    }
}
