//! Four eyes, for every action that needs them: one proposes, another approves, and then it is done as it was proposed.
//!
//! An action is a struct of what is to be done with an [`Action`]; [`ACTIONS`] lists them. Its operation calls
//! [`submit`], which does it at once where the company lets one person, and proposes it otherwise.

use crate::adjustments;
use crate::calls::office::care::{ChangeContact, OverrideKyc, ResetMfa};
use crate::calls::office::closures::CloseAccount;
use crate::calls::office::company::SetCompany;
use crate::calls::office::groups::SetGroup;
use crate::calls::office::rates::SetRate;
use crate::calls::office::staff::{AddMember, InviteMember, SetMemberRoles};
use crate::calls::office::texts::SetText;
use crate::context::Context;
use crate::error::{Error, Gate, Result};
use crate::reply;
use custos_customers::staff::proposals::{self, New, Proposal};
use custos_customers::staff::{Officer, Permission};
use custos_ledger::proposals::State;
use custos_store::{HOUR_MS, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Where an action is proposed or done, and by whom: the maker when it is proposed, the checker when it is done.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The request.
    pub cx: &'a Context,
    /// Who.
    pub officer: &'a Officer,
}

/// Something that takes two.
pub trait Action: Serialize + DeserializeOwned + Send + 'static {
    /// Its name, as the setting `office.one_person` and the audit log write it.
    const NAME: &'static str;
    /// What the second person must be allowed.
    const CHECK: Permission;

    /// The customer it is about. What is proposed is then sealed under the customer's own key.
    fn customer_id(&self) -> Option<i64> {
        None
    }

    /// Whether it takes two here.
    fn takes_two(&self, desk: Desk<'_>) -> bool {
        !desk.cx.company.settings.office.lets_one(Self::NAME)
    }

    /// What could be refused now is not proposed.
    ///
    /// # Errors
    /// As [`Action::carry_out`]'s.
    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()>;

    /// How it is shown to who may not decide it. What holds addresses is masked.
    fn masked(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Does it, in the transaction of the approval. What it returns is told to who approves.
    ///
    /// # Errors
    /// A rule's.
    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value>;
}

/// An action with its type hidden.
#[derive(Debug, Clone, Copy)]
pub struct ActionEntry {
    /// Its name.
    pub name: &'static str,
    /// What the second person must be allowed.
    pub check: Permission,
    carry_out: fn(&[u8], &mut Tx<'_>, Desk<'_>) -> Result<Value>,
    masked: fn(&[u8]) -> Value,
}

const fn action<A: Action>() -> ActionEntry {
    ActionEntry {
        name: A::NAME,
        check: A::CHECK,
        carry_out: |payload, tx, desk| {
            let action: A = serde_json::from_slice(payload)
                .map_err(|error| Error::Internal(format!("a stored proposal: {error}")))?;
            action.carry_out(tx, desk)
        },
        masked: |payload| serde_json::from_slice::<A>(payload).map_or(Value::Null, |action| action.masked()),
    }
}

/// All actions that take two. Adding one is its `impl` and its line here.
pub static ACTIONS: &[ActionEntry] = &[
    action::<AddMember>(),
    action::<SetMemberRoles>(),
    action::<InviteMember>(),
    action::<ResetMfa>(),
    action::<ChangeContact>(),
    action::<OverrideKyc>(),
    action::<CloseAccount>(),
    action::<SetCompany>(),
    action::<SetText>(),
    action::<SetGroup>(),
    action::<SetRate>(),
];

reply! {
    /// What became of an action.
    pub struct Submitted {
        /// Whether it is done; if not, another person must approve it.
        done: bool = "done",
        /// The proposal that waits; 0 when it is done.
        proposal_id: i64 = "proposalId",
        /// What doing it returned; null when it waits.
        result: Value = "result",
    }
}

/// Does the action, where one person may, or proposes it.
///
/// # Errors
/// The action's, or the store's.
pub fn submit<A: Action>(tx: &mut Tx<'_>, desk: Desk<'_>, action: A, reason: &str) -> Result<Submitted> {
    if !action.takes_two(desk) {
        return Ok(Submitted { done: true, proposal_id: 0, result: action.carry_out(tx, desk)? });
    }
    action.check(tx, desk)?;
    let payload =
        serde_json::to_vec(&action).map_err(|error| Error::Internal(format!("a proposal: {error}")))?;
    let open_until = tx.now() + desk.cx.company.settings.office.proposal_hours * HOUR_MS;
    let new =
        New { action: A::NAME, customer_id: action.customer_id(), payload: &payload, reason, open_until };
    if desk.officer.person.is_none() {
        return Err(Gate::NotPermitted.refuse());
    }
    let proposal_id = proposals::add(tx, desk.officer, new)?;
    Ok(Submitted { done: false, proposal_id, result: Value::Null })
}

/// Whether it is an adjustment of money that still can be decided.
fn waits_in_the_ledger(tx: &mut Tx<'_>, desk: Desk<'_>, id: i64) -> Result<bool> {
    let found = custos_ledger::proposals::find(tx, desk.cx.company.id, id)?;
    Ok(found.is_some_and(|found| found.state == State::Waiting))
}

fn entry_of(proposal: &Proposal) -> Result<&'static ActionEntry> {
    ACTIONS.iter().find(|entry| entry.name == proposal.action).ok_or_else(|| Gate::NotPermitted.refuse())
}

/// Approves a proposal and does what it says; returns what doing it returned.
///
/// # Errors
/// `CUSTOMER_API_0000003` when it can't be decided (any more), `GATEWAY_CODE_019` for its maker, for a program, and for
/// who lacks the permission; the action's; else the store's.
pub fn approve(tx: &mut Tx<'_>, desk: Desk<'_>, id: i64, remark: &str) -> Result<Value> {
    if waits_in_the_ledger(tx, desk, id)? {
        return Ok(json!({ "transferId": adjustments::approve(tx, desk, id)? }));
    }
    let proposal = proposals::open_one(tx, desk.cx.company.id, id)?;
    let entry = entry_of(&proposal)?;
    if !proposals::may_approve(desk.officer, &proposal) || !desk.officer.may(entry.check) {
        return Err(Gate::NotPermitted.refuse());
    }
    let payload = proposals::payload(tx, desk.cx.company.id, &proposal)?;
    // Decided first: of two who approve at once, the second finds it decided and does nothing.
    proposals::decide(tx, desk.officer, &proposal, true, remark)?;
    (entry.carry_out)(&payload, tx, desk)
}

/// Rejects a proposal; its maker may take it back so.
///
/// # Errors
/// As [`approve`]'s, but for the action's.
pub fn reject(tx: &mut Tx<'_>, desk: Desk<'_>, id: i64, remark: &str) -> Result<()> {
    if waits_in_the_ledger(tx, desk, id)? {
        return adjustments::reject(tx, desk, id);
    }
    let proposal = proposals::open_one(tx, desk.cx.company.id, id)?;
    if !proposal.is_of(desk.officer) && !desk.officer.may(entry_of(&proposal)?.check) {
        return Err(Gate::NotPermitted.refuse());
    }
    Ok(proposals::decide(tx, desk.officer, &proposal, false, remark)?)
}

/// What was proposed, for who looks at it: whole for who may decide it, who must see what that is. `Null` when it can't be
/// read any more.
pub(crate) fn shown(tx: &mut Tx<'_>, officer: &Officer, proposal: &Proposal) -> Value {
    let Ok(payload) = proposals::payload(tx, officer.company_id, proposal) else { return Value::Null };
    match entry_of(proposal) {
        Ok(entry) if !officer.may(entry.check) => (entry.masked)(&payload),
        _ => serde_json::from_slice(&payload).unwrap_or(Value::Null),
    }
}
