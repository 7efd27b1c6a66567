//! Ending a session, and giving it a fresh token.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::operation::{Class, Customer, Guest, Operation, Prefix};
use crate::request;
use crate::shape::Done;
use custos_customers::session;
use custos_store::audit;
use serde_json::json;
use std::sync::Arc;

request! {
    /// Ends the session of the token in the header. Succeeds with a dead token or none, too.
    pub struct Logout {}
}

impl Operation for Logout {
    const NAME: &'static str = "logout";
    const PREFIX: Prefix = Prefix::Bare;
    const TOPIC: &'static str = "Sign-in";
    const CLASS: Class = Class::Write;
    const WHILE_CLOSING: bool = true;
    type Caller = Guest;
    type Reply = Done;

    async fn run(self, _: Guest, cx: Context) -> Result<Done> {
        let Some(hash) = cx.token_hash else { return Ok(Done {}) };
        let (company_id, origin) = (cx.company.id, cx.origin.clone());
        cx.write(move |tx| {
            // Another company's token is as if it did not exist.
            let known = session::find(tx, &hash)?.is_some_and(|session| session.company_id == company_id);
            let ended = if known { session::end(tx, &hash)? } else { None };
            if let Some(session) = ended {
                tx.audit(audit::Entry {
                    company_id,
                    action: "sign_out",
                    outcome: "ok".to_owned(),
                    actor: "customer".to_owned(),
                    customer_id: Some(session.customer_id),
                    address: Some(origin.address.clone()),
                    trace: Some(origin.trace.clone()),
                    detail: json!({ "session": session.id }),
                });
            }
            Ok(())
        })
        .await?;
        Ok(Done {})
    }
}

request! {
    /// Gives the session a fresh token, which is the reply; the old one stops working.
    pub struct SwapToken {}
}

impl Operation for SwapToken {
    const NAME: &'static str = "thirdExt/randomKey";
    const TOPIC: &'static str = "Sign-in";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = String;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<String> {
        let company = Arc::clone(&cx.company);
        let fresh = cx.write(move |tx| Ok(session::swap(tx, &company.settings, &live.token_hash)?)).await?;
        fresh.ok_or_else(|| Gate::DeadToken.refuse())
    }
}
