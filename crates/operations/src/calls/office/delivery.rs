//! Messages that were not delivered.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::{Id, Int, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::Code;
use custos_customers::staff::may;
use custos_delivery::outbox_admin::{self, Dropped, Retried};

const TOPIC: &str = "Delivery";

reply! {
    /// A message that was given up.
    pub struct DeadLetterView {
        /// Its id.
        id: i64 = "id",
        /// `email`, `sms`, `telegram` or `wallet`.
        channel: String = "channel",
        /// Which template.
        template: String = "template",
        /// The recipient, masked.
        to: String = "to",
        /// Why it was given up.
        reason: String = "reason",
        /// How often it was tried.
        attempts: i64 = "attempts",
        /// When it was written, ms.
        created_at: i64 = "createdAt",
    }
}

request! {
    /// Lists the company's messages that were given up, newest first; never their words.
    pub struct DeadLetters {
        /// Only those before the one of this id: the last of the page before.
        before: Option<Id> = "before",
        /// At most so many; 50 by default.
        limit: Option<Int<1, 200>> = "limit",
    }
}

impl Operation for DeadLetters {
    const NAME: &'static str = "custos.admin.DeliveryService.deadLetters";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ManageDelivery>;
    type Reply = Vec<DeadLetterView>;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Vec<DeadLetterView>> {
        let page = (self.before.map_or(i64::MAX, |id| id.0), self.limit.map_or(50, |limit| limit.0));
        let all = cx.read(move |tx| Ok(outbox_admin::dead_of(tx, caller.company_id, page)?)).await?;
        let view = |one: outbox_admin::Shown| DeadLetterView {
            id: one.id,
            channel: one.channel,
            template: one.template,
            to: one.to,
            reason: one.reason,
            attempts: one.attempts,
            created_at: one.created_at,
        };
        Ok(all.into_iter().map(view).collect())
    }
}

request! {
    /// Sends a message again that was given up, if it is still of use.
    pub struct RetryLetter {
        /// Its id.
        id: Id = "id",
    }
}

impl Operation for RetryLetter {
    const NAME: &'static str = "custos.admin.DeliveryService.retry";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ManageDelivery>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        cx.write(move |tx| match outbox_admin::retry_of(tx, caller.company_id, self.id.0, &caller.actor())? {
            Retried::Waiting => Ok(Done {}),
            Retried::Unknown | Retried::NotDead => Err(Code::NotFound.refuse().into()),
            Retried::Useless => Err(Gate::CannotBe.field("it is of no use any more")),
        })
        .await
    }
}

request! {
    /// Drops a message that was given up: its words are gone, what remains is that there was one. Not what undoes something
    /// at a wallet system.
    pub struct DropLetter {
        /// Its id.
        id: Id = "id",
        /// Why.
        reason: Text<200> = "reason",
    }
}

impl Operation for DropLetter {
    const NAME: &'static str = "custos.admin.DeliveryService.drop";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ManageDelivery>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        cx.write(move |tx| {
            let why = (caller.actor(), self.reason.0.as_str());
            match outbox_admin::drop_of(tx, caller.company_id, self.id.0, (&why.0, why.1))? {
                Dropped::Done => Ok(Done {}),
                Dropped::Unknown => Err(Code::NotFound.refuse().into()),
                Dropped::Needed => Err(Gate::CannotBe.field("what it undoes would stay done")),
            }
        })
        .await
    }
}
