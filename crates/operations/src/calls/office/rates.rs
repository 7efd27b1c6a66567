//! Exchange rates, as staff name them.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::Text;
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::proposals::{self, Action, Desk, Submitted};
use crate::request;
use crate::terms;
use custos_customers::operator;
use custos_customers::staff::{Permission, may};
use custos_ledger::rates::{self, Quoted, Source};
use custos_store::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A rate, as it is proposed: what covers loans hangs on it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetRate {
    base: String,
    quote: String,
    rate: String,
}

impl SetRate {
    fn quoted(&self) -> Result<Quoted> {
        Quoted::new(&self.base, &self.quote, &self.rate).map_err(|words| Gate::CannotBe.field(&words))
    }
}

impl Action for SetRate {
    const NAME: &'static str = "rates.set";
    const CHECK: Permission = Permission::SetRates;

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        let quoted = self.quoted()?;
        let company = operator::company(tx, desk.cx.company.id)?;
        let valuation = terms::valuation(&company.settings);
        let known = custos_ledger::assets::list(tx, company.id)?;
        for code in [&quoted.base, &quoted.quote] {
            if *code != valuation.currency && !known.iter().any(|asset| asset.code == *code) {
                return Err(custos_ledger::Code::NotOffered.with(&[code.as_str()]).into());
            }
        }
        Ok(())
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        let company = operator::company(tx, desk.cx.company.id)?;
        let valuation = terms::valuation(&company.settings);
        let by = desk.officer.actor();
        rates::set(tx, company.id, &valuation.currency, &self.quoted()?, (Source::Operator, &by))?;
        Ok(json!({}))
    }
}

request! {
    /// Names an exchange rate, in place of what the pair had before. Takes two.
    pub struct SetExchangeRate {
        /// What is exchanged.
        base: Text<20> = "sourceCurrency",
        /// What it is exchanged for.
        quote: Text<20> = "targetCurrency",
        /// How much of the second one of the first is worth: decimal text.
        rate: Text<60> = "rate",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for SetExchangeRate {
    const NAME: &'static str = "custos.admin.RateService.set";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = "Money";
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::SetRates>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let action =
                SetRate { base: self.base.0.clone(), quote: self.quote.0.clone(), rate: self.rate.0.clone() };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}
