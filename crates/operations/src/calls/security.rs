//! What a customer sees and ends of their own sessions, and what happened to their account.

use crate::context::Context;
use crate::error::Result;
use crate::fields::{Id, Int};
use crate::operation::{Class, Customer, Operation};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::session;
use custos_store::audit;
use serde_json::json;

reply! {
    /// A signed-in client.
    pub struct SessionView {
        /// Its id.
        id: i64 = "id",
        /// The client kind: 1 mobile web, 2 desktop web, 3 system, 4 Android, 5 iOS.
        device: i64 = "device",
        /// The client's name of itself.
        agent: String = "agent",
        /// The address it was opened from.
        address: String = "address",
        /// The country of that address, as alpha-2; empty when unknown.
        country: String = "country",
        /// When the customer signed in, ms.
        first_seen: i64 = "firstSeen",
        /// When it was last used, within five minutes, ms.
        last_seen: i64 = "lastSeen",
        /// This is the session that asks.
        current: bool = "current",
    }
}

request! {
    /// Lists the signed-in customer's sessions, the last used first.
    pub struct ListSessions {}
}

impl Operation for ListSessions {
    const NAME: &'static str = "custos.app.SessionService.list";
    const TOPIC: &'static str = "Sessions";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Vec<SessionView>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Vec<SessionView>> {
        let (company_id, id, own) = (live.company_id(), live.customer_id(), live.session.id);
        let all = cx.read(move |tx| Ok(session::list(tx, company_id, id)?)).await?;
        Ok(all
            .into_iter()
            .map(|one| SessionView {
                id: one.id,
                device: one.device,
                agent: one.agent,
                address: one.address,
                country: one.country,
                first_seen: one.signed_in_at,
                last_seen: one.seen_at,
                current: one.id == own,
            })
            .collect())
    }
}

fn entry(live: &crate::context::Live, cx: &Context, detail: serde_json::Value) -> audit::Entry {
    audit::Entry {
        company_id: live.company_id(),
        action: "session.revoke",
        outcome: "ok".to_owned(),
        actor: "customer".to_owned(),
        customer_id: Some(live.customer_id()),
        address: Some(cx.origin.address.clone()),
        trace: Some(cx.origin.trace.clone()),
        detail,
    }
}

request! {
    /// Ends one of the customer's sessions.
    pub struct RevokeSession {
        /// The session's id.
        id: Id = "id",
    }
}

impl Operation for RevokeSession {
    const NAME: &'static str = "custos.app.SessionService.revoke";
    const TOPIC: &'static str = "Sessions";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let entry = entry(&live, &cx, json!({ "session": self.id.0 }));
        cx.write(move |tx| {
            if !session::end_one(tx, live.company_id(), live.customer_id(), self.id.0)? {
                return Err(custos_customers::Code::NotFound.refuse().into());
            }
            tx.audit(entry.clone());
            Ok(())
        })
        .await?;
        Ok(Done {})
    }
}

request! {
    /// Ends all of the customer's sessions but the one that asks.
    pub struct RevokeOtherSessions {}
}

impl Operation for RevokeOtherSessions {
    const NAME: &'static str = "custos.app.SessionService.revokeOthers";
    const TOPIC: &'static str = "Sessions";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let entry = entry(&live, &cx, json!({ "session": "others" }));
        cx.write(move |tx| {
            session::end_all(tx, live.company_id(), live.customer_id(), Some(live.session.id))?;
            tx.audit(entry.clone());
            Ok(())
        })
        .await?;
        Ok(Done {})
    }
}

reply! {
    /// Something that happened to the account.
    pub struct SecurityEvent {
        /// Its number.
        id: i64 = "id",
        /// What, such as `sign_in` or `credential.login_password`.
        action: String = "action",
        /// How it ended.
        outcome: String = "outcome",
        /// From which address; empty for none.
        address: String = "address",
        /// When, ms.
        time: i64 = "time",
    }
}

reply! {
    /// A page of events.
    pub struct SecurityEvents {
        /// How many there are.
        total: i64 = "total",
        /// How many a page has.
        size: i64 = "size",
        /// Which page, counted from 1.
        current: i64 = "current",
        /// The events, newest first.
        records: Vec<SecurityEvent> = "records",
    }
}

request! {
    /// Tells sign-ins and security events of the customer's account, newest first.
    pub struct SecurityHistory {
        /// Events a page; 20 by default.
        size: Option<Int<1, 100>> = "size",
        /// Which page, counted from 1.
        current: Option<Int<1, 10000>> = "current",
    }
}

impl Operation for SecurityHistory {
    const NAME: &'static str = "custos.app.SecurityService.history";
    const TOPIC: &'static str = "Sessions";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = SecurityEvents;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<SecurityEvents> {
        let (size, current) = (self.size.map_or(20, |size| size.0), self.current.map_or(1, |page| page.0));
        let (company_id, id) = (live.company_id(), live.customer_id());
        let (total, stored) = cx
            .read(move |tx| Ok(audit::of_customer(tx, company_id, id, size, (current - 1) * size)?))
            .await?;
        let records = stored
            .into_iter()
            .map(|one| SecurityEvent {
                id: one.seq,
                action: one.action,
                outcome: one.outcome,
                address: one.address,
                time: one.at,
            })
            .collect();
        Ok(SecurityEvents { total, size, current, records })
    }
}
