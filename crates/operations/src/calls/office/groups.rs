//! Groups of customers, as staff change them. What accounts and loans a group has is set on the command line.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::{Flag, Id, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::proposals::{self, Action, Desk, Submitted};
use crate::request;
use custos_customers::Code;
use custos_customers::company::{self, Group};
use custos_customers::operator;
use custos_customers::staff::{Permission, may};
use custos_store::Tx;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A group's terms, as they are proposed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetGroup {
    id: i64,
    name: Option<String>,
    opens_accounts: Option<bool>,
    /// In place of the one before: a company has one default group.
    default: bool,
    /// What it was when it was proposed.
    before: Value,
}

fn group(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<Group> {
    let found = company::groups(tx, company_id)?.into_iter().find(|group| group.id == id);
    found.ok_or_else(|| Code::NotFound.refuse().into())
}

impl SetGroup {
    fn apply(&self, group: &mut Group) -> std::result::Result<(), String> {
        if operator::group_json(group) != self.before {
            return Err("the group has changed since".to_owned());
        }
        if let Some(name) = &self.name {
            name.trim().clone_into(&mut group.name);
        }
        group.opens_accounts = self.opens_accounts.unwrap_or(group.opens_accounts);
        group.is_default |= self.default;
        Ok(())
    }
}

impl Action for SetGroup {
    const NAME: &'static str = "group.set";
    const CHECK: Permission = Permission::SetCompany;

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        let mut after = group(tx, desk.cx.company.id, self.id)?;
        self.apply(&mut after).map_err(|words| Gate::CannotBe.field(&words))?;
        Ok(operator::check_group(tx, desk.cx.company.id, &after)?)
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        let actor = desk.officer.actor();
        let after =
            operator::change_group(tx, desk.cx.company.id, self.id, &actor, |group| self.apply(group))?;
        Ok(operator::group_json(&after))
    }
}

request! {
    /// Changes a group of customers. Takes two.
    pub struct SetCustomerGroup {
        /// The group's id.
        id: Id = "id",
        /// Its name.
        name: Option<Text<100>> = "name",
        /// Whether customers may register into it.
        opens_accounts: Option<Flag> = "opensAccounts",
        /// Let it be the group of customers who name none, in place of the one before.
        default: Option<Flag> = "default",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for SetCustomerGroup {
    const NAME: &'static str = "custos.admin.GroupService.set";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = "Company";
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::SetCompany>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let before = group(tx, at.company.id, self.id.0)?;
            let action = SetGroup {
                id: before.id,
                name: self.name.as_ref().map(|name| name.0.clone()),
                opens_accounts: self.opens_accounts.as_ref().map(|flag| flag.0),
                default: self.default.as_ref().is_some_and(|flag| flag.0),
                before: operator::group_json(&before),
            };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}
