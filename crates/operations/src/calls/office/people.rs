//! Finding customers, and what staff do to them.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::{Flag, Id, Int, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::freezes::Scope;
use custos_customers::operator;
use custos_customers::operator::search::{self, Found, Wanted};
use custos_customers::staff::{Permission, may};
use custos_store::Tx;

const TOPIC: &str = "Customers";

reply! {
    /// A customer who was found, addresses and name masked.
    pub struct FoundView {
        /// The id.
        id: i64 = "customerId",
        /// The number that the customer is told.
        number: String = "customerNo",
        /// The status; 5 for locked.
        status: i64 = "status",
        /// The group.
        group_id: i64 = "customerGroupId",
        /// `ISO_3166_<numeric>`.
        country: String = "country",
        /// The e-mail address, masked; empty for none.
        email: String = "email",
        /// The phone number, masked; empty for none.
        phone: String = "phone",
        /// The name, masked.
        name: String = "name",
        /// When they registered, ms.
        created_at: i64 = "createdAt",
        /// The last sign-in, ms; 0 for none.
        signed_in_at: i64 = "signedInAt",
    }
}

reply! {
    /// A page of customers.
    pub struct FoundPage {
        /// Newest first; by name where a name was asked for.
        records: Vec<FoundView> = "records",
        /// How many there are: `10,000+` beyond ten thousand.
        total: String = "total",
        /// What to ask for next; empty at the end.
        cursor: String = "cursor",
    }
}

request! {
    /// Finds customers. What is given must all be true. Searching by name takes `customers.unmask` as well, and leaves an
    /// entry in the audit log.
    pub struct SearchCustomers {
        /// A customer number, an e-mail address or a phone number, whole.
        exact: Option<Text<100>> = "exact",
        /// How the name begins, family name first.
        name: Option<Text<100>> = "name",
        /// The status; 5 for locked.
        status: Option<Int<1, 6>> = "status",
        /// The group.
        group_id: Option<Id> = "customerGroupId",
        /// A tag.
        tag: Option<Text<40>> = "tag",
        /// Registered from then on, ms.
        from: Option<Id> = "from",
        /// Registered before then, ms.
        until: Option<Id> = "until",
        /// What the last page said.
        cursor: Option<Text<200>> = "cursor",
        /// How many; 50 by default.
        size: Option<Int<1, 200>> = "size",
    }
}

pub(super) fn view(found: Found) -> FoundView {
    let found = found.masked();
    FoundView {
        id: found.id,
        number: found.number,
        status: found.status,
        group_id: found.group_id,
        country: found.country,
        email: found.email,
        phone: found.phone,
        name: found.name,
        created_at: found.created_at,
        signed_in_at: found.signed_in_at,
    }
}

impl Operation for SearchCustomers {
    const NAME: &'static str = "custos.admin.CustomerService.search";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewCustomers>;
    type Reply = FoundPage;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<FoundPage> {
        let text = |text: Option<Text<100>>| text.map(|text| text.0);
        let wanted = Wanted {
            exact: text(self.exact),
            name: text(self.name),
            status: self.status.map(|status| status.0),
            group_id: self.group_id.map(|id| id.0),
            tag: self.tag.map(|tag| tag.0),
            from: self.from.map(|at| at.0),
            until: self.until.map(|at| at.0),
        };
        let by_name = wanted.name.is_some();
        // A name that is masked and can be asked for letter by letter is not masked. So is the order by name.
        if by_name && !caller.may(Permission::UnmaskCustomers) {
            return Err(Gate::NotPermitted.refuse());
        }
        let (cursor, size) = (self.cursor.map(|cursor| cursor.0), self.size.map_or(50, |size| size.0));
        let (company_id, actor) = (caller.company_id, caller.actor());
        let look = move |tx: &mut Tx<'_>| {
            let page = search::search(tx, company_id, &wanted, cursor.as_deref(), size)?;
            if by_name {
                search::note_by_name(tx, company_id, &page, &actor);
            }
            Ok(page)
        };
        let page = if by_name { cx.write(look).await? } else { cx.read(look).await? };
        Ok(FoundPage {
            total: page.total(),
            cursor: page.cursor.unwrap_or_default(),
            records: page.found.into_iter().map(view).collect(),
        })
    }
}

fn scope(name: &str) -> Result<Scope> {
    Scope::parse(name).ok_or_else(|| Gate::BadField.field("scope"))
}

request! {
    /// Freezes something that a customer does.
    pub struct FreezeCustomer {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// `sign_in`, `withdraw`, `transfer` or `trade`.
        scope: Text<20> = "scope",
        /// Until then, ms; without end by default.
        until: Option<Id> = "until",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for FreezeCustomer {
    const NAME: &'static str = "custos.admin.CustomerService.freeze";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::FreezeCustomers>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        let scope = scope(&self.scope.0)?;
        cx.write(move |tx| {
            let who = (caller.company_id, self.customer_no.0.as_str());
            let until = self.until.as_ref().map(|at| at.0);
            Ok(operator::freeze(tx, who, scope, until, &self.reason.0, &caller.actor())?)
        })
        .await?;
        Ok(Done {})
    }
}

request! {
    /// Lifts a freeze. Says whether there was one.
    pub struct UnfreezeCustomer {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// `sign_in`, `withdraw`, `transfer` or `trade`.
        scope: Text<20> = "scope",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for UnfreezeCustomer {
    const NAME: &'static str = "custos.admin.CustomerService.unfreeze";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::FreezeCustomers>;
    type Reply = bool;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<bool> {
        let scope = scope(&self.scope.0)?;
        cx.write(move |tx| {
            let who = (caller.company_id, self.customer_no.0.as_str());
            Ok(operator::unfreeze(tx, who, scope, &self.reason.0, &caller.actor())?)
        })
        .await
    }
}

request! {
    /// Locks a customer out until unlocked, or lifts that lock and those that wrong passwords have drawn. Freezes stay,
    /// and so do wrong tries of the authenticator and of the fund password.
    pub struct LockCustomer {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// Lock, or unlock.
        locked: Flag = "locked",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for LockCustomer {
    const NAME: &'static str = "custos.admin.CustomerService.setLock";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::FreezeCustomers>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        cx.write(move |tx| {
            let who = (caller.company_id, self.customer_no.0.as_str());
            Ok(operator::lock_because(tx, who, self.locked.0, &self.reason.0, &caller.actor())?)
        })
        .await?;
        Ok(Done {})
    }
}

request! {
    /// Ends all of a customer's sessions. Says how many there were.
    pub struct EndSessions {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
    }
}

impl Operation for EndSessions {
    const NAME: &'static str = "custos.admin.CustomerService.endSessions";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::FreezeCustomers>;
    type Reply = i64;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<i64> {
        let ended = cx
            .write(move |tx| {
                let number = self.customer_no.0.as_str();
                Ok(operator::end_sessions(tx, caller.company_id, number, &caller.actor())?)
            })
            .await?;
        Ok(i64::try_from(ended).unwrap_or(i64::MAX))
    }
}
