//! Programs that may call the back office. They are added at the command line only.

use super::staff::{TOPIC, split};
use crate::context::Context;
use crate::error::Result;
use crate::fields::Text;
use crate::office::{Staff, giver};
use crate::operation::{Class, Operation, Prefix};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::staff::{apps, may};

reply! {
    /// A program that may call the back office.
    pub struct AppView {
        /// Its id.
        app_id: String = "appId",
        /// What it is for.
        name: String = "name",
        /// Its roles.
        roles: Vec<String> = "roles",
        /// The networks that it may call from; empty for any.
        networks: Vec<String> = "networks",
        /// Whether it may call.
        enabled: bool = "enabled",
        /// Until when its secret is good, ms.
        valid_until: i64 = "validUntil",
    }
}

request! {
    /// Lists the programs that may call the back office.
    pub struct ListApps {}
}

impl Operation for ListApps {
    const NAME: &'static str = "custos.admin.StaffService.apps";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ManageStaff>;
    type Reply = Vec<AppView>;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<Vec<AppView>> {
        let company_id = cx.company.id;
        let all = cx.read(move |tx| Ok(apps::list(tx, company_id)?)).await?;
        let view = |app: apps::App| AppView {
            roles: split(&app.roles),
            networks: split(&app.networks),
            app_id: app.app_id,
            name: app.name,
            enabled: app.enabled,
            valid_until: app.valid_until,
        };
        Ok(all.into_iter().map(view).collect())
    }
}

request! {
    /// Takes a program out of use for good; its sessions end.
    pub struct RemoveApp {
        /// The program's id.
        app_id: Text<64> = "appId",
    }
}

impl Operation for RemoveApp {
    const NAME: &'static str = "custos.admin.StaffService.removeApp";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ManageStaff>;
    type Reply = Done;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Done> {
        cx.write(move |tx| {
            let actor = caller.actor();
            Ok(apps::remove(tx, caller.company_id, &self.app_id, giver(&caller, &actor))?)
        })
        .await?;
        Ok(Done {})
    }
}
