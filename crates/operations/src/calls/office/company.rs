//! What a company has set, as its staff see and change it.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::{Field, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::proposals::{self, Action, Desk, Submitted};
use crate::request;
use custos_customers::company::Company;
use custos_customers::operator;
use custos_customers::staff::{Permission, may};
use custos_store::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const TOPIC: &str = "Company";

request! {
    /// Tells what the company has set, by dotted key. No secrets are among it.
    pub struct CompanySettings {}
}

impl Operation for CompanySettings {
    const NAME: &'static str = "custos.admin.CompanyService.settings";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::SetCompany>;
    type Reply = Value;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<Value> {
        let company_id = cx.company.id;
        // Read anew: what is copied for requests may be a moment old.
        let company = cx.read(move |tx| Ok(operator::company(tx, company_id)?)).await?;
        let all: Map<String, Value> = operator::flat(&company.settings).into_iter().collect();
        Ok(json!({ "name": company.name, "settings": all }))
    }
}

/// Settings by dotted key.
#[derive(Debug, Clone)]
pub struct Changes(BTreeMap<String, Value>);

impl Field for Changes {
    fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let fits = |key: &String| (1..=100).contains(&key.len());
        let all = (1..=50).contains(&object.len()) && object.keys().all(fits);
        all.then(|| Self(object.iter().map(|(key, value)| (key.clone(), value.clone())).collect()))
    }
    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": true, "minProperties": 1, "maxProperties": 50 })
    }
}

/// Changing settings, as it is proposed. They say what takes two, so it takes two to change them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetCompany {
    settings: BTreeMap<String, Value>,
    /// What they were when it was proposed, for who decides.
    before: BTreeMap<String, Value>,
}

impl SetCompany {
    fn before(company: &Company, settings: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        let all = operator::flat(&company.settings);
        settings.keys().map(|key| (key.clone(), all.get(key).cloned().unwrap_or(Value::Null))).collect()
    }

    /// What someone has set since is not set back by who has not seen it.
    fn is_as_it_was(&self, company: &Company) -> std::result::Result<(), String> {
        if Self::before(company, &self.settings) == self.before {
            Ok(())
        } else {
            Err("the settings have changed since".to_owned())
        }
    }
}

impl Action for SetCompany {
    const NAME: &'static str = "company.set";
    const CHECK: Permission = Permission::SetCompany;

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        let company = operator::company(tx, desk.cx.company.id)?;
        operator::laid_over(&company.settings, &self.settings)
            .map_err(|words| Gate::CannotBe.field(&words))?;
        Ok(())
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        let actor = desk.officer.actor();
        operator::change_company(tx, desk.cx.company.id, &[], &actor, |company| {
            self.is_as_it_was(company)?;
            company.settings = operator::laid_over(&company.settings, &self.settings)?;
            Ok(())
        })?;
        Ok(json!({}))
    }
}

request! {
    /// Changes settings of the company. Takes two, since they say what else does.
    pub struct SetCompanySettings {
        /// Settings by dotted key, such as `{"office.proposal_hours":24}`.
        settings: Changes = "settings",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for SetCompanySettings {
    const NAME: &'static str = "custos.admin.CompanyService.set";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::SetCompany>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let company = operator::company(tx, at.company.id)?;
            let settings = self.settings.0.clone();
            let action = SetCompany { before: SetCompany::before(&company, &settings), settings };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}
