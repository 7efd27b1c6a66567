//! Borrowing on margin accounts, paying back, and the flows of both.

use crate::context::{Context, Live};
use crate::error::{Gate, Result};
use crate::fields::{Decimal, Id, Int, Text};
use crate::once::Keyed;
use crate::operation::{Class, Customer, Operation};
use crate::shape::Done;
use crate::{reply, request, terms};
use custos_customers::company::{self, CROSS, Company};
use custos_customers::customer;
use custos_customers::freezes::{self, Scope};
use custos_ledger::accounts::{self, Account};
use custos_ledger::flows::{self, Direction, Filter, Flow};
use custos_ledger::loans::{self, Debtor, Lender};
use custos_ledger::{Amount, Code};
use custos_store::Tx;
use serde_json::json;
use std::sync::Arc;

/// The caller's margin account of a currency.
fn margin_account(tx: &mut Tx<'_>, live: &Live, trade_type: i64, currency: &str) -> Result<Account> {
    if trade_type != CROSS {
        return Err(Gate::BadField.field("tradeType"));
    }
    let accounts = accounts::list(tx, live.company_id(), live.customer_id())?;
    accounts
        .into_iter()
        .find(|account| account.trade_type == trade_type && account.asset.code.eq_ignore_ascii_case(currency))
        .ok_or_else(|| Code::NotFound.refuse().into())
}

/// Does something with an amount on the caller's margin account, once for the request's key.
async fn once_on_margin(
    cx: Context,
    live: Arc<Live>,
    operation: &'static str,
    (trade_type, currency, amount): (i64, Text<20>, Decimal),
    work: fn(&mut Tx<'_>, &Company, &Live, &Account, Amount) -> Result<()>,
) -> Result<Done> {
    // One text for all spellings of the request.
    let request = json!([trade_type, currency.to_ascii_uppercase(), amount.canonical()]).to_string();
    let around = cx.clone();
    cx.write(move |tx| {
        let keyed = Keyed { operation, customer_id: live.customer_id(), request: &request };
        around.once(tx, keyed, |tx| {
            let account = margin_account(tx, &live, trade_type, &currency)?;
            let amount = amount.amount(account.digits(), "amount")?;
            work(tx, &around.company, &live, &account, amount)
        })
    })
    .await?;
    Ok(Done {})
}

/// Lends to the caller on the terms of their group.
fn lend(tx: &mut Tx<'_>, company: &Company, live: &Live, account: &Account, amount: Amount) -> Result<()> {
    let (company_id, customer_id) = (live.company_id(), live.customer_id());
    // Locked first, so that a freeze that was answered holds for whoever comes after it.
    let customer = customer::lock(tx, company_id, customer_id)?;
    if freezes::is_frozen(tx, company_id, customer_id, &[Scope::Trade])? {
        return Err(Code::Frozen.refuse().into());
    }
    let groups = company::groups(tx, company_id)?;
    let group =
        groups.iter().find(|group| group.id == customer.group_id).ok_or(custos_store::Error::NoRow)?;
    let (Some(terms), Some(rate)) = (terms::lending(group)?, terms::daily_rate(group)?) else {
        return Err(Code::OverLimit.refuse().into());
    };
    let valuation = terms::valuation(&company.settings);
    let debtor = Debtor { company_id, customer_id, account };
    loans::borrow(tx, &debtor, Lender { group_id: group.id, rate }, amount, |tx, places| {
        loans::available(tx, &debtor, (&terms, &valuation), places)
    })?;
    Ok(())
}

request! {
    /// Borrows on the caller's margin account, at most its `availableLoan`: the amount comes to the account's balance, and
    /// to what is owed on it.
    pub struct ManualLoan {
        /// 3 CROSS.
        trade_type: Int<1, 99> = "tradeType",
        /// The account's currency.
        currency: Text<20> = "accountCurrency",
        /// How much, with no more decimals than the currency has.
        amount: Decimal = "amount",
    }
}

impl Operation for ManualLoan {
    const NAME: &'static str = "fund.app.DepositAppDubboService.manualLoan";
    const TOPIC: &'static str = "Loans";
    const CLASS: Class = Class::Write;
    const IDEMPOTENT: bool = true;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let asked = (self.trade_type.0, self.currency, self.amount);
        once_on_margin(cx, live, Self::NAME, asked, lend).await
    }
}

request! {
    /// Pays back what was borrowed on the caller's margin account: interest first, then principal. No more is taken than is
    /// owed.
    pub struct ManualRepayment {
        /// 3 CROSS.
        trade_type: Int<1, 99> = "tradeType",
        /// The account's currency.
        currency: Text<20> = "accountCurrency",
        /// At most how much, with no more decimals than the currency has.
        amount: Decimal = "amount",
    }
}

impl Operation for ManualRepayment {
    const NAME: &'static str = "fund.app.DepositAppDubboService.manualRepayment";
    const TOPIC: &'static str = "Loans";
    const CLASS: Class = Class::Write;
    const IDEMPOTENT: bool = true;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let asked = (self.trade_type.0, self.currency, self.amount);
        once_on_margin(cx, live, Self::NAME, asked, |tx, company, live, account, amount| {
            let (company_id, customer_id) = (company.id, live.customer_id());
            loans::repay(tx, &Debtor { company_id, customer_id, account }, amount)?;
            Ok(())
        })
        .await
    }
}

reply! {
    /// A loan, a repayment, or the interest of one or more hours: by how much a debt changed. Amounts are decimal text with
    /// the asset's digits, below zero where something was undone.
    pub struct FlowView {
        /// Its number.
        id: i64 = "id",
        /// The account.
        account_id: i64 = "accountId",
        /// What it was.
        remark: String = "remark",
        /// The customer who asked for it; 0 for none.
        created_by: i64 = "createdBy",
        /// When, ms.
        create_time: i64 = "createTime",
        /// Flows never change: as `createdBy`.
        update_by: i64 = "updateBy",
        /// Flows never change: as `createTime`.
        update_time: i64 = "updateTime",
        /// 20 loan, 22 repayment, 23 interest.
        business_type: i64 = "businessType",
        /// 20001 principal lent, 22001 principal paid back, 22002 interest paid, 23001 interest charged.
        business_type1: i64 = "businessType1",
        /// The customer's number.
        customer_no: String = "customerNo",
        /// The asset's decimals.
        digits: i64 = "digits",
        /// Principal lent or paid back.
        liabilities_principal: String = "liabilitiesPrincipal",
        /// Interest charged or paid.
        interest: String = "interest",
        /// Until when interest was charged by then, ms.
        interest_update_time: i64 = "interestUpdateTime",
        /// The asset's code.
        currency: String = "currency",
        /// Principal and interest.
        liabilities: String = "liabilities",
    }
}

reply! {
    /// A page of flows.
    pub struct FlowPage {
        /// How many there are.
        total: i64 = "total",
        /// How many a page has.
        size: i64 = "size",
        /// Which page, counted from 1.
        current: i64 = "current",
        /// The flows, newest first.
        records: Vec<FlowView> = "records",
    }
}

fn view(flow: Flow, customer_id: i64, customer_no: &str) -> Result<FlowView> {
    let digits = u32::try_from(flow.digits).unwrap_or(0);
    let by = if flow.actor == "customer" { customer_id } else { 0 };
    Ok(FlowView {
        id: flow.id,
        account_id: flow.account_id,
        remark: flow.reason,
        created_by: by,
        create_time: flow.at,
        update_by: by,
        update_time: flow.at,
        business_type: flow.business_type,
        business_type1: flow.business_type1,
        customer_no: customer_no.to_owned(),
        digits: flow.digits,
        liabilities_principal: flow.principal.to_text(digits),
        interest: flow.interest.to_text(digits),
        interest_update_time: flow.charged_until,
        currency: flow.currency,
        liabilities: flow.principal.plus(flow.interest)?.to_text(digits),
    })
}

request! {
    /// Tells the loans, repayments and interest of the caller's margin accounts, newest first.
    pub struct Liabilities {
        /// Flows a page; 20 by default.
        size: Option<Int<1, 100>> = "size",
        /// Which page, counted from 1.
        current: Option<Int<1, 1_000_000>> = "current",
        /// The trade type; something is lent on 3 (CROSS).
        trade_type: Int<1, 99> = "tradeType",
        /// 1 loans, 2 repayments; without it interest is told too.
        direction: Option<Int<1, 2>> = "liabilitiesType",
        /// From when on, ms.
        from: Option<Int<0, 9_007_199_254_740_991>> = "startTime",
        /// Until when, ms.
        until: Option<Int<0, 9_007_199_254_740_991>> = "endTime",
        /// Only this account.
        account_id: Option<Id> = "accountId",
        /// Only this asset.
        assets_id: Option<Id> = "assetsId",
    }
}

impl Operation for Liabilities {
    const NAME: &'static str = "customer.app.CustomerWebApiService.queryLiabilitiesWaterByPage";
    const TOPIC: &'static str = "Loans";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = FlowPage;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<FlowPage> {
        let (size, current) = (self.size.map_or(20, |size| size.0), self.current.map_or(1, |page| page.0));
        let (company_id, customer_id) = (live.company_id(), live.customer_id());
        let filter = Filter {
            trade_type: self.trade_type.0,
            direction: match self.direction.map(|direction| direction.0) {
                Some(1) => Direction::Loans,
                Some(_) => Direction::Repayments,
                None => Direction::All,
            },
            from: self.from.map_or(0, |from| from.0),
            until: self.until.map_or(i64::MAX, |until| until.0),
            account_id: self.account_id.map(|id| id.0),
            asset_id: self.assets_id.map(|id| id.0),
        };
        let (number, total, flows) = cx
            .read(move |tx| {
                tx.one_instant()?;
                let customer =
                    customer::find(tx, company_id, customer_id)?.ok_or(custos_store::Error::NoRow)?;
                let (total, flows) =
                    flows::page(tx, company_id, customer_id, &filter, (size, (current - 1) * size))?;
                Ok((customer.number, total, flows))
            })
            .await?;
        let records =
            flows.into_iter().map(|flow| view(flow, customer_id, &number)).collect::<Result<Vec<_>>>()?;
        Ok(FlowPage { total, size, current, records })
    }
}
