//! Customers, as staff look at them.

use crate::calls::account::{self, AccountView};
use crate::context::Context;
use crate::error::Result;
use crate::fields::{Id, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::request;
use custos_customers::Code;
use custos_customers::customer::{self, Name};
use custos_customers::staff::may;

request! {
    /// Lists a customer's accounts of one trade type with what stands on them.
    pub struct AccountList {
        /// The customer's number.
        customer_no: Text<20> = "customerNo",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: Id = "tradeType",
    }
}

impl Operation for AccountList {
    const NAME: &'static str = "customer.admin.CustomerAdminApiService.queryAccountList";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = "Customers";
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::ViewMoney>;
    type Reply = Vec<AccountView>;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Vec<AccountView>> {
        let company_id = caller.company_id;
        let name = Name::Number(self.customer_no.0);
        let found = cx.read(move |tx| Ok(customer::by_name(tx, company_id, &name)?)).await?;
        let found = found.ok_or_else(|| crate::error::Error::from(Code::NotFound.refuse()))?;
        let wealth = cx.app.wealth(company_id, found.id).await?;
        let all = account::views(&wealth)?;
        Ok(all.into_iter().filter(|account| account.trade_type == self.trade_type.0).collect())
    }
}
