//! Customers' money, as the back office sees and changes it.

use crate::adjustments::{self, ADJUSTMENT};
use crate::context::Context;
use crate::desk::{self, Change, Maker, Takes, Which};
use crate::error::{Gate, Result};
use crate::fields::{Decimal, Field, Flag, Id, Int, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::proposals::Desk;
use crate::{reply, request};
use custos_customers::staff::may;
use custos_ledger::adjust::BUSINESS_TYPE;
use custos_ledger::proposals::State;
use serde_json::{Map, Value, json};

const TOPIC: &str = "Money";

/// Pairs of currencies: an object from what is exchanged to what it is exchanged for.
#[derive(Debug, Clone)]
pub struct Pairs(Vec<(String, String)>);

impl Field for Pairs {
    fn read(value: &Value) -> Option<Self> {
        let object: &Map<String, Value> = value.as_object()?;
        let pair = |(from, to): (&String, &Value)| {
            let fits = |code: &str| {
                (1..=20).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
            };
            let to = to.as_str()?;
            (fits(from) && fits(to)).then(|| (from.clone(), to.to_owned()))
        };
        let all: Vec<_> = object.iter().map(pair).collect::<Option<_>>()?;
        (1..=50).contains(&all.len()).then_some(Self(all))
    }
    fn schema() -> Value {
        json!({
            "type": "object", "additionalProperties": { "type": "string", "maxLength": 20 }, "minProperties": 1,
            "maxProperties": 50,
        })
    }
}

reply! {
    /// What one of a currency is worth in another.
    pub struct RateView {
        /// Decimal text.
        rate: String = "rate",
        /// How it is applied.
        formula_symbol: &'static str = "formulaSymbol",
        /// Decimals of what is exchanged.
        source_digits: i64 = "sourceDigits",
        /// Decimals of what it is exchanged for.
        target_digits: i64 = "targetDigits",
        /// What is exchanged.
        source_currency: String = "sourceCurrency",
        /// What it is exchanged for.
        target_currency: String = "targetCurrency",
    }
}

request! {
    /// Tells rates between currencies, in the order of the pairs.
    pub struct ExchangeRates {
        /// From each currency to what it is exchanged for, such as `{"BTC":"USD"}`.
        pairs: Pairs = "currencyMap",
        /// 1 for money that comes, 2 for money that goes: the same here.
        kind: Option<Int<1, 2>> = "type",
    }
}

impl Operation for ExchangeRates {
    const NAME: &'static str = "fund.admin.CustomerFundAdminDubboService.getExchangeRate";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewMoney>;
    type Reply = Vec<RateView>;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<Vec<RateView>> {
        let (at, pairs) = (cx.clone(), self.pairs.0);
        cx.read(move |tx| {
            let mut all = Vec::with_capacity(pairs.len());
            for (from, to) in &pairs {
                let found = desk::exchange_rate(tx, &at.company, (from, to))?;
                all.push(RateView {
                    rate: found.rate,
                    formula_symbol: "multiply",
                    source_digits: found.source.digits,
                    target_digits: found.target.digits,
                    source_currency: found.source.code,
                    target_currency: found.target.code,
                });
            }
            Ok(all)
        })
        .await
    }
}

request! {
    /// Proposes to give a customer money out of the company's float, or to take it back; returns the proposal's number. It
    /// waits for `custos.admin.AdjustmentService.decide` unless the company lets one person do it, or so much of it.
    pub struct AddAdjustment {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// The account; without it the one of the currency.
        account_id: Option<Id> = "accountId",
        /// The account's currency.
        currency: Text<20> = "accountCurrency",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: Id = "tradeType",
        /// 4.
        business_type: Int<4, 4> = "businessType",
        /// Above zero to give, below to take.
        amount: Decimal = "amount",
        /// Whether it may be withdrawn: true.
        withdraw: Flag = "withdraw",
        /// Why.
        remark: Option<Text<500>> = "remark",
    }
}

impl Operation for AddAdjustment {
    const NAME: &'static str = "fund.admin.CustomerAdjustProposalAdminDubboService.addCustomerAdjustProposal";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    const IDEMPOTENT: bool = true;
    type Caller = Staff<may::AdjustMoney>;
    type Reply = String;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<String> {
        if !self.withdraw.0 {
            return Err(Gate::BadField.field("withdraw"));
        }
        if cx.idempotency_key.as_deref().is_some_and(|key| !crate::api::is_usable(key)) {
            return Err(Gate::BadField.field("idempotency-key"));
        }
        let (at, actor) = (cx.clone(), caller.actor());
        // The same name from another of the staff is another request.
        let key = cx.idempotency_key.as_deref().map(|key| format!("{actor} {key}"));
        let reason = self.remark.map_or_else(String::new, |remark| remark.0);
        let id = cx
            .write(move |tx| {
                let which = Which {
                    customer: &self.customer_no,
                    trade_type: self.trade_type.0,
                    account_id: self.account_id.map(|id| id.0),
                    currency: &self.currency,
                };
                let (amount, key) = (self.amount.as_text(), key.as_deref());
                let change = Change { amount, reason: &reason, actor: &actor, key };
                let lets_one = at.company.settings.office.lets_one(ADJUSTMENT);
                let takes = if lets_one { Takes::One } else { Takes::AsTheCompanySays };
                let maker = Maker { id: caller.person.unwrap_or(0), takes };
                let id = desk::propose_as(tx, &at.company, which, change, maker)?;
                adjustments::has_an_owner(tx, &caller, id)?;
                Ok(id)
            })
            .await?;
        Ok(id.to_string())
    }
}

reply! {
    /// A proposal to change what a customer has.
    pub struct AdjustmentView {
        /// The company.
        company_id: i64 = "companyId",
        /// The customer's id.
        customer_id: i64 = "customerId",
        /// The customer's number.
        customer_no: String = "customerNo",
        /// The account.
        account_id: i64 = "accountId",
        /// The proposal's number.
        id: i64 = "id",
        /// The proposal's number, as text.
        proposal_no: String = "proposalNo",
        /// 1 it is there.
        status: i64 = "status",
        /// Who proposed it.
        create_by: String = "createBy",
        /// When, ms.
        create_time: i64 = "createTime",
        /// Who decided; empty for nobody.
        update_by: String = "updateBy",
        /// When it came to stand as it does, ms.
        update_time: i64 = "updateTime",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: i64 = "tradeType",
        /// 4.
        business_type: i64 = "businessType",
        /// What that means.
        business_type_text: &'static str = "businessTypeText",
        /// The account's currency.
        currency: String = "accountCurrency",
        /// Decimal text: above zero to give, below to take.
        amount: String = "amount",
        /// It may be withdrawn.
        withdraw: bool = "withdraw",
        /// Never told.
        operator_password: Value = "operatorPassword",
        /// Who decided; empty for nobody.
        check_by: String = "checkBy",
        /// 1 it waits, 2 it was made, 3 it was refused or has lapsed.
        check_status: i64 = "checkStatus",
        /// Why.
        remark: String = "remark",
        /// None: empty.
        third_order_id: String = "thirdOrderId",
        /// No account is reset.
        reset_account: bool = "resetAccount",
        /// None: empty.
        third_account: String = "thirdAccount",
    }
}

request! {
    /// Tells a proposal to change what a customer has.
    pub struct FindAdjustment {
        /// The proposal's number.
        number: Id = "proposalNo",
    }
}

impl Operation for FindAdjustment {
    const NAME: &'static str =
        "fund.admin.CustomerAdjustProposalAdminDubboService.getCustomerAdjustProposalById";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewMoney>;
    type Reply = AdjustmentView;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<AdjustmentView> {
        let (company_id, number) = (cx.company.id, self.number.0);
        let (found, customer, account) = cx.read(move |tx| desk::proposal(tx, company_id, number)).await?;
        Ok(AdjustmentView {
            company_id,
            customer_id: customer.id,
            customer_no: customer.number,
            account_id: account.id,
            id: found.id,
            proposal_no: found.id.to_string(),
            status: 1,
            create_by: found.maker,
            create_time: found.created_at,
            update_by: found.checker.clone(),
            update_time: found.updated_at,
            trade_type: account.trade_type,
            business_type: found.business_type,
            business_type_text: if found.business_type == BUSINESS_TYPE { "adjustment" } else { "" },
            amount: found.amount.to_text(account.digits()),
            currency: account.asset.code,
            withdraw: true,
            operator_password: Value::Null,
            check_by: found.checker,
            check_status: match found.state {
                // Clients know three states; what lapsed will not be made.
                State::Refused | State::Lapsed => State::Refused.number(),
                state @ (State::Waiting | State::Made) => state.number(),
            },
            remark: found.remark,
            third_order_id: String::new(),
            reset_account: false,
            third_account: String::new(),
        })
    }
}

reply! {
    /// What was decided.
    pub struct DecidedAdjustment {
        /// The transfer that was made; 0 for none.
        transfer_id: i64 = "transferId",
    }
}

request! {
    /// Decides on a proposal to change what a customer has: approved, it is made at once. Not by who made it, nor by a
    /// program.
    pub struct DecideAdjustment {
        /// The proposal's number.
        number: Id = "proposalNo",
        /// Whether it is made.
        approve: Flag = "approve",
    }
}

impl Operation for DecideAdjustment {
    const NAME: &'static str = "custos.admin.AdjustmentService.decide";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ApproveMoney>;
    type Reply = DecidedAdjustment;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<DecidedAdjustment> {
        let at = cx.clone();
        let transfer_id = cx
            .write(move |tx| {
                let desk = Desk { cx: &at, officer: &caller };
                if self.approve.0 {
                    return adjustments::approve(tx, desk, self.number.0);
                }
                adjustments::reject(tx, desk, self.number.0)?;
                Ok(0)
            })
            .await?;
        Ok(DecidedAdjustment { transfer_id })
    }
}
