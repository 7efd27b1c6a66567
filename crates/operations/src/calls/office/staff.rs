//! Staff: who there is, what they may do, who comes and goes.

use crate::context::Context;
use crate::error::Result;
use crate::fields::{Flag, List, Text};
use crate::office::{Staff, giver};
use crate::operation::{Class, Operation, Prefix};
use crate::proposals::{self, Action, Desk, Submitted};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::staff::members::{self, New};
use custos_customers::staff::{Permission, enrolment, may, roles};
use custos_store::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) const TOPIC: &str = "Staff";

pub(super) fn split(roles: &str) -> Vec<String> {
    roles.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

reply! {
    /// A member of staff.
    pub struct MemberView {
        /// The name that they sign in with.
        name: String = "name",
        /// Where they are written to.
        email: String = "email",
        /// Their roles.
        roles: Vec<String> = "roles",
        /// Whether they may come in.
        enabled: bool = "enabled",
        /// Whether they have chosen a password and an authenticator.
        enrolled: bool = "enrolled",
        /// When they were added, ms.
        created_at: i64 = "createdAt",
        /// Their last sign-in, ms; 0 for none.
        signed_in_at: i64 = "signedInAt",
    }
}

request! {
    /// Lists the company's staff.
    pub struct ListStaff {}
}

impl Operation for ListStaff {
    const NAME: &'static str = "custos.admin.StaffService.list";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ManageStaff>;
    type Reply = Vec<MemberView>;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<Vec<MemberView>> {
        let company_id = cx.company.id;
        let all = cx.read(move |tx| Ok(members::list(tx, company_id)?)).await?;
        let view = |member: members::Member| MemberView {
            enrolled: member.is_enrolled(),
            roles: split(&member.roles),
            name: member.name,
            email: member.email,
            enabled: member.enabled,
            created_at: member.created_at,
            signed_in_at: member.signed_in_at,
        };
        Ok(all.into_iter().map(view).collect())
    }
}

reply! {
    /// A role.
    pub struct RoleView {
        /// Its name.
        name: String = "name",
        /// What it allows.
        permissions: Vec<&'static str> = "permissions",
        /// Whether every company has it, as it is.
        built_in: bool = "builtIn",
    }
}

request! {
    /// Lists the roles that the company's staff can have.
    pub struct ListRoles {}
}

impl Operation for ListRoles {
    const NAME: &'static str = "custos.admin.StaffService.roles";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ManageStaff>;
    type Reply = Vec<RoleView>;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<Vec<RoleView>> {
        let company_id = cx.company.id;
        let all = cx.read(move |tx| Ok(roles::list(tx, company_id)?)).await?;
        let view = |role: roles::Role| RoleView {
            permissions: role.permissions.names(),
            name: role.name,
            built_in: role.is_built_in,
        };
        Ok(all.into_iter().map(view).collect())
    }
}

/// The code of an invitation goes to the member by e-mail; who approved it learns only where it went.
fn send_invitation(tx: &mut Tx<'_>, desk: Desk<'_>, name: &str, code: &str) -> Result<Value> {
    let member = members::the_one(tx, desk.cx.company.id, name)?;
    let sent_to = enrolment::send(tx, &desk.cx.company, &member, code)?;
    Ok(json!({ "name": name, "sentTo": sent_to }))
}

/// Adding a member, as it is proposed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AddMember {
    name: String,
    email: String,
    roles: Vec<String>,
}

impl AddMember {
    fn new_member(&self) -> New {
        New { name: self.name.clone(), email: self.email.clone(), roles: self.roles.clone() }
    }
}

impl Action for AddMember {
    const NAME: &'static str = "staff.add";
    const CHECK: Permission = Permission::GrantRoles;

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        let actor = desk.officer.actor();
        members::check_new(tx, desk.cx.company.id, &self.new_member(), giver(desk.officer, &actor))?;
        Ok(())
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        let actor = desk.officer.actor();
        let giver = giver(desk.officer, &actor);
        let code = members::add(tx, desk.cx.company.id, &self.new_member(), giver)?;
        send_invitation(tx, desk, &self.name, &code)
    }
}

request! {
    /// Adds a member of staff, who is sent the code of an invitation by e-mail. Takes two.
    pub struct AddStaff {
        /// The name to sign in with.
        name: Text<64> = "name",
        /// Where to write to.
        email: Text<64> = "email",
        /// The roles.
        roles: List<Text<32>> = "roles",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for AddStaff {
    const NAME: &'static str = "custos.admin.StaffService.add";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::GrantRoles>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let roles = self.roles.0.iter().map(|role| role.0.clone()).collect();
            let action = AddMember { name: self.name.0.clone(), email: self.email.0.clone(), roles };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}

/// Giving a member other roles, as it is proposed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetMemberRoles {
    name: String,
    roles: Vec<String>,
}

impl Action for SetMemberRoles {
    const NAME: &'static str = "staff.roles";
    const CHECK: Permission = Permission::GrantRoles;

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        let actor = desk.officer.actor();
        let giver = giver(desk.officer, &actor);
        members::check_roles(tx, desk.cx.company.id, &self.name, &self.roles, giver)?;
        Ok(())
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        let actor = desk.officer.actor();
        let giver = giver(desk.officer, &actor);
        members::set_roles(tx, desk.cx.company.id, &self.name, &self.roles, giver)?;
        Ok(json!({}))
    }
}

request! {
    /// Gives a member of staff other roles, which count at once. Takes two; nobody changes their own.
    pub struct SetStaffRoles {
        /// The member's name.
        name: Text<64> = "name",
        /// The roles, in place of those before.
        roles: List<Text<32>> = "roles",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for SetStaffRoles {
    const NAME: &'static str = "custos.admin.StaffService.setRoles";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::GrantRoles>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let roles = self.roles.0.iter().map(|role| role.0.clone()).collect();
            let action = SetMemberRoles { name: self.name.0.clone(), roles };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}

/// Inviting a member anew, as it is proposed. It ends how the member comes in now, so it takes two.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InviteMember {
    name: String,
}

impl Action for InviteMember {
    const NAME: &'static str = "staff.invite";
    const CHECK: Permission = Permission::ManageStaff;

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        let (company_id, actor) = (desk.cx.company.id, desk.officer.actor());
        let member = members::the_one(tx, company_id, &self.name)?;
        Ok(giver(desk.officer, &actor).may_give(tx, company_id, &member.roles)?)
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        let actor = desk.officer.actor();
        let code = members::invite(tx, desk.cx.company.id, &self.name, giver(desk.officer, &actor))?;
        send_invitation(tx, desk, &self.name, &code)
    }
}

request! {
    /// Invites a member anew, by e-mail, who has lost the password or the authenticator; both end. Takes two.
    pub struct InviteStaff {
        /// The member's name.
        name: Text<64> = "name",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for InviteStaff {
    const NAME: &'static str = "custos.admin.StaffService.invite";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ManageStaff>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let action = InviteMember { name: self.name.0.clone() };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}

request! {
    /// Takes a member of staff out of use, which ends their sessions, or brings them back.
    pub struct EnableStaff {
        /// The member's name.
        name: Text<64> = "name",
        /// Whether they may come in.
        enabled: Flag = "enabled",
    }
}

impl Operation for EnableStaff {
    const NAME: &'static str = "custos.admin.StaffService.setEnabled";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ManageStaff>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        cx.write(move |tx| {
            let actor = caller.actor();
            let giver = giver(&caller, &actor);
            Ok(members::set_enabled(tx, caller.company_id, &self.name, self.enabled.0, giver)?)
        })
        .await?;
        Ok(Done {})
    }
}

request! {
    /// Lifts the locks that wrong passwords or codes have drawn on a member of staff.
    pub struct UnlockStaff {
        /// The member's name.
        name: Text<64> = "name",
    }
}

impl Operation for UnlockStaff {
    const NAME: &'static str = "custos.admin.StaffService.unlock";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ManageStaff>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        cx.write(move |tx| {
            let actor = caller.actor();
            Ok(members::unlock(tx, caller.company_id, &self.name, giver(&caller, &actor))?)
        })
        .await?;
        Ok(Done {})
    }
}
