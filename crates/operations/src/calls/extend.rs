//! What front-ends keep with a customer.

use crate::context::Context;
use crate::error::Result;
use crate::fields::{Int, Text};
use crate::operation::{Class, Customer, Operation};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::extend;

request! {
    /// Keeps a text with the signed-in customer, in place of the one before.
    pub struct SaveCustomerExtend {
        /// Of which kind: 1 payRedeem.
        kind: Int<1, 99> = "type",
        /// The text; empty for none.
        value: Option<Text<2000>> = "value",
    }
}

impl Operation for SaveCustomerExtend {
    const NAME: &'static str = "customer.app.CustomerExtendWebApiService.saveCustomerExtend";
    const TOPIC: &'static str = "Profile";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let text = self.value.map_or_else(String::new, |text| text.0);
        let (company_id, id) = (live.company_id(), live.customer_id());
        cx.write(move |tx| Ok(extend::save(tx, company_id, id, self.kind.0, &text)?)).await?;
        Ok(Done {})
    }
}

reply! {
    /// What is kept.
    pub struct Extend {
        /// Of which kind.
        kind: i64 = "type",
        /// The text; empty for none.
        value: String = "value",
    }
}

request! {
    /// Tells what is kept with the signed-in customer.
    pub struct FindCustomerExtend {
        /// Of which kind: 1 payRedeem.
        kind: Int<1, 99> = "type",
    }
}

impl Operation for FindCustomerExtend {
    const NAME: &'static str = "customer.app.CustomerExtendWebApiService.findCustomerExtend";
    const TOPIC: &'static str = "Profile";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Extend;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Extend> {
        let (company_id, id, kind) = (live.company_id(), live.customer_id(), self.kind.0);
        let value = cx.read(move |tx| Ok(extend::find(tx, company_id, id, kind)?)).await?;
        Ok(Extend { kind, value })
    }
}
