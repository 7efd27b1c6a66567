//! What happened, for other systems that ask.

use crate::context::Context;
use crate::error::Result;
use crate::feed;
use crate::fields::{Id, Int};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::request;
use custos_customers::staff::may;
use serde_json::{Value, json};

request! {
    /// Lists the company's events in their order, after the number of one of them.
    pub struct ListEvents {
        /// After this one; from the oldest that is kept by default.
        after: Option<Id> = "after",
        /// How many; 100 by default.
        size: Option<Int<1, 500>> = "size",
    }
}

impl Operation for ListEvents {
    const NAME: &'static str = "custos.admin.EventService.list";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = "Events";
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ReadEvents>;
    type Reply = Value;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Value> {
        let (after, size) = (self.after.map_or(0, |id| id.0), self.size.map_or(100, |size| size.0));
        let page = cx.read(move |tx| Ok(feed::list(tx, caller.company_id, after, size)?)).await?;
        Ok(json!({
            "records": page.events,
            "next": page.next,
            "oldest": page.oldest,
            "newest": page.newest,
        }))
    }
}
