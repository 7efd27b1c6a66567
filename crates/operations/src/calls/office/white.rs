//! Customers by the names of the manager's protocol: one of a number, and what there is of them, addresses masked.

use super::people::{self, FoundView};
use crate::calls::account;
use crate::context::Context;
use crate::desk;
use crate::error::{Gate, Result};
use crate::fields::{Id, Int, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::{reply, request};
use custos_customers::Code;
use custos_customers::kyc::{self, Application};
use custos_customers::operator::search::{self, Wanted};
use custos_customers::staff::{Permission, may};
use serde_json::{Value, json};

const TOPIC: &str = "Customers";

reply! {
    /// A page of customers.
    pub struct CustomerPage {
        /// Those of the page, addresses and names masked.
        records: Vec<FoundView> = "records",
        /// How many there are.
        total: i64 = "total",
        /// How many a page has.
        size: i64 = "size",
        /// Which page it is.
        current: i64 = "current",
        /// How many pages there are.
        pages: i64 = "pages",
    }
}

request! {
    /// Finds the customer of a number; a page, since that is what programs expect.
    pub struct PageOfCustomers {
        /// The customer's number, whole.
        customer_no: Text<12> = "customerNo",
        /// How many a page has; 20 by default.
        size: Option<Int<1, 200>> = "size",
        /// Which page; 1 by default.
        current: Option<Int<1, 1_000_000>> = "current",
    }
}

impl Operation for PageOfCustomers {
    const NAME: &'static str = "customer.admin.WhiteCustomerAdminApiService.page";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewCustomers>;
    type Reply = CustomerPage;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<CustomerPage> {
        let (size, current) = (self.size.map_or(20, |size| size.0), self.current.map_or(1, |page| page.0));
        let wanted = Wanted { exact: Some(self.customer_no.0.clone()), ..Wanted::default() };
        let page = cx.read(move |tx| Ok(search::search(tx, caller.company_id, &wanted, None, 200)?)).await?;
        // The search finds phone numbers too; here a number is a customer's.
        let number = self.customer_no.0.trim();
        let mut all: Vec<FoundView> =
            page.found.into_iter().filter(|found| found.number == number).map(people::view).collect();
        let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
        if current > 1 {
            all.clear();
        }
        Ok(CustomerPage { records: all, total, size, current, pages: total.min(1) })
    }
}

request! {
    /// Tells one part of what there is of a customer: `baseInfo` (addresses masked), `tradeAccount` (takes `money.view`),
    /// `kyc` or `allKyc` (where the applications stand; takes `kyc.view`), `bankList`, `walletList` and `otherInfo`, of
    /// which nothing is kept.
    pub struct CustomerDetail {
        /// Which part.
        kind: Text<20> = "type",
        /// The customer's id.
        id: Id = "id",
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
    }
}

fn application(one: &Application) -> Value {
    json!({
        "id": one.id, "levelCode": one.level, "country": one.country, "state": one.state.as_str(),
        "remark": one.remark, "updateTime": one.updated_at,
    })
}

impl Operation for CustomerDetail {
    const NAME: &'static str = "customer.admin.WhiteCustomerAdminApiService.detail";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewCustomers>;
    type Reply = Value;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Value> {
        let needs = match self.kind.0.as_str() {
            "baseInfo" | "bankList" | "walletList" | "otherInfo" => Permission::ViewCustomers,
            "tradeAccount" => Permission::ViewMoney,
            "kyc" | "allKyc" => Permission::ViewKyc,
            _ => return Err(Gate::BadField.field("type")),
        };
        if !caller.may(needs) {
            return Err(Gate::NotPermitted.refuse());
        }
        let (company_id, number) = (caller.company_id, self.customer_no.0);
        let customer = cx.read(move |tx| desk::customer(tx, company_id, &number)).await?;
        // Who names two must mean one.
        if customer.id != self.id.0 {
            return Err(Code::NotFound.refuse().into());
        }
        let id = customer.id;
        match self.kind.0.as_str() {
            "tradeAccount" => {
                let wealth = cx.app.wealth(company_id, id).await?;
                Ok(json!(account::views(&wealth)?))
            }
            "kyc" | "allKyc" => {
                let all = cx.read(move |tx| Ok(kyc::of_customer(tx, company_id, id)?)).await?;
                Ok(all.iter().map(application).collect())
            }
            "bankList" | "walletList" => Ok(json!([])),
            "otherInfo" => Ok(json!({})),
            _ => {
                let wanted = Wanted { exact: Some(customer.number.clone()), ..Wanted::default() };
                let page = cx.read(move |tx| Ok(search::search(tx, company_id, &wanted, None, 200)?)).await?;
                let found = page.found.into_iter().find(|found| found.id == id);
                Ok(json!(people::view(found.ok_or_else(|| Code::NotFound.refuse())?)))
            }
        }
    }
}
