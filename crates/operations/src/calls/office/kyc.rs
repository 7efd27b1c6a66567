//! What customers submitted to be known by: the queue, a look, a decision.

use crate::context::Context;
use crate::error::Result;
use crate::fields::{Flag, Id, Int, List, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::shape::Done;
use crate::{part, reply, request};
use custos_customers::files;
use custos_customers::kyc::{self, Rejection, ShownVerdict};
use custos_customers::staff::may;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const TOPIC: &str = "KYC";

reply! {
    /// An application that waits for a decision.
    pub struct QueuedView {
        /// The application.
        id: i64 = "id",
        /// Whose.
        customer_id: i64 = "customerId",
        /// The number that the customer is told.
        customer_no: String = "customerNo",
        /// Which level.
        level: String = "levelCode",
        /// For which country.
        country: String = "country",
        /// Where it stands.
        state: String = "state",
        /// Who is at it; empty for no one.
        handled_by: String = "handledBy",
        /// Since when it waits, ms.
        queue_at: i64 = "queueAt",
        /// Another customer has shown the same document.
        is_shared: bool = "documentShared",
        /// A provider wants someone to look at it, or says that it is not true.
        is_flagged: bool = "flagged",
    }
}

request! {
    /// Lists the applications that wait, the longest first, after one of them.
    pub struct KycQueue {
        /// `queueAt` of the last one told.
        after_time: Option<Id> = "afterTime",
        /// `id` of the last one told.
        after_id: Option<Id> = "afterId",
        /// How many; 50 by default.
        size: Option<Int<1, 200>> = "size",
    }
}

impl Operation for KycQueue {
    const NAME: &'static str = "custos.admin.KycService.queue";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewKyc>;
    type Reply = Vec<QueuedView>;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Vec<QueuedView>> {
        let after = (self.after_time.map_or(0, |time| time.0), self.after_id.map_or(0, |id| id.0));
        let size = self.size.map_or(50, |size| size.0);
        let all = cx.read(move |tx| Ok(kyc::queue(tx, caller.company_id, after, size)?)).await?;
        let view = |one: kyc::Queued| QueuedView {
            id: one.id,
            customer_id: one.customer_id,
            customer_no: one.number,
            level: one.level,
            country: one.country,
            state: one.state.as_str().to_owned(),
            handled_by: one.handled_by,
            queue_at: one.queue_at,
            is_shared: one.is_shared,
            is_flagged: one.is_flagged,
        };
        Ok(all.into_iter().map(view).collect())
    }
}

request! {
    /// Shows an application with all that was told; each look is written down.
    pub struct LookAtKyc {
        /// The application.
        id: Id = "id",
    }
}

impl Operation for LookAtKyc {
    const NAME: &'static str = "custos.admin.KycService.look";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ViewDocuments>;
    type Reply = Value;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Value> {
        let case =
            cx.write(move |tx| Ok(kyc::look(tx, caller.company_id, self.id.0, &caller.actor())?)).await?;
        let application = &case.application;
        Ok(json!({
            "id": application.id,
            "customerId": application.customer_id,
            "levelCode": application.level,
            "country": application.country,
            "state": application.state.as_str(),
            "revision": application.revision,
            "handledBy": application.handled_by,
            "documentUntil": application.document_until,
            "remark": application.remark,
            "staffRemark": application.staff_remark,
            "elementRemarks": application.element_remarks,
            "values": case.values,
            "othersWithDocument": case.others,
            "verdicts": case.verdicts.iter().map(verdict_view).collect::<Value>(),
        }))
    }
}

reply! {
    /// Where a file can be seen.
    pub struct FileLink {
        /// A link that is good for 15 minutes.
        url: String = "url",
    }
}

request! {
    /// Gives a link to a file that the customer of an application handed in; each is written down, with the reason.
    pub struct OpenKycFile {
        /// The application.
        id: Id = "id",
        /// The file: the last part of the value that `look` tells.
        file_id: Id = "fileId",
        /// Why.
        reason: Text<200> = "reason",
    }
}

impl Operation for OpenKycFile {
    const NAME: &'static str = "custos.admin.KycService.openFile";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ViewDocuments>;
    type Reply = FileLink;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<FileLink> {
        let app = Arc::clone(&cx.app);
        cx.write(move |tx| {
            let company_id = caller.company_id;
            let whose = kyc::find(tx, company_id, self.id.0)?.customer_id;
            let none = || custos_customers::Code::NotFound.refuse();
            if !files::owned(tx, company_id, whose, self.file_id.0)? {
                return Err(none().into());
            }
            let opened =
                files::open_as_operator(tx, company_id, self.file_id.0, &caller.actor(), &self.reason)?;
            opened.ok_or_else(none)?;
            let link = files::link(tx, company_id, self.file_id.0);
            Ok(FileLink { url: app.files.whole_link(&link) })
        })
        .await
    }
}

fn verdict_view(shown: &ShownVerdict) -> Value {
    json!({
        "source": shown.source, "verdict": shown.says, "revision": shown.revision, "text": shown.text, "at": shown.at,
    })
}

request! {
    /// Takes an application into one's hands. Says its revision, which a decision must name.
    pub struct ClaimKyc {
        /// The application.
        id: Id = "id",
        /// Take it out of someone else's hands.
        take_over: Option<Flag> = "takeOver",
    }
}

impl Operation for ClaimKyc {
    const NAME: &'static str = "custos.admin.KycService.claim";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ReviewKyc>;
    type Reply = i64;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<i64> {
        let take_over = self.take_over.is_some_and(|flag| flag.0);
        cx.write(move |tx| Ok(kyc::claim(tx, caller.company_id, self.id.0, &caller.actor(), take_over)?))
            .await
    }
}

request! {
    /// Lets an application pass.
    pub struct ApproveKyc {
        /// The application.
        id: Id = "id",
        /// The revision that was looked at.
        revision: Id = "revision",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for ApproveKyc {
    const NAME: &'static str = "custos.admin.KycService.approve";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ReviewKyc>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        cx.write(move |tx| {
            let by = (caller.actor(), self.reason.0.as_str());
            Ok(kyc::approve(tx, caller.company_id, self.id.0, self.revision.0, (&by.0, by.1))?)
        })
        .await?;
        Ok(Done {})
    }
}

part! {
    /// What is wrong with one element.
    pub struct WrongElement {
        /// The element's code.
        code: Text<40> = "elementCode",
        /// What the customer is told of it.
        remark: Text<500> = "remark",
    }
}

request! {
    /// Turns an application down.
    pub struct RejectKyc {
        /// The application.
        id: Id = "id",
        /// The revision that was looked at.
        revision: Id = "revision",
        /// What the customer is told.
        remark: Text<500> = "remark",
        /// What only staff read.
        staff_remark: Option<Text<500>> = "staffRemark",
        /// What is wrong, by element.
        elements: Option<List<WrongElement>> = "elementList",
        /// The customer may not try again.
        is_final: Option<Flag> = "final",
    }
}

impl Operation for RejectKyc {
    const NAME: &'static str = "custos.admin.KycService.reject";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ReviewKyc>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        let elements = self.elements.map(|all| all.0).unwrap_or_default();
        let elements: BTreeMap<String, String> =
            elements.into_iter().map(|one| (one.code.0, one.remark.0)).collect();
        let why = Rejection {
            remark: self.remark.0,
            staff_remark: self.staff_remark.map(|text| text.0).unwrap_or_default(),
            elements,
            is_final: self.is_final.is_some_and(|flag| flag.0),
        };
        cx.write(move |tx| {
            Ok(kyc::reject(tx, caller.company_id, self.id.0, self.revision.0, (&caller.actor(), &why))?)
        })
        .await?;
        Ok(Done {})
    }
}
