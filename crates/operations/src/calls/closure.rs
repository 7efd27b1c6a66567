//! Asking to leave.

use super::step;
use crate::closing;
use crate::context::Context;
use crate::error::Result;
use crate::fields::Text;
use crate::operation::{Class, Customer, Operation};
use crate::request;
use crate::shape::Done;
use custos_customers::changes::By;
use custos_customers::step_up::{Given, Need, Warrant};

request! {
    /// Asks for closure of the account. Refused while there is debt, something under way, or a balance; then the customer
    /// may sign in and read their record, and an operator approves or rejects.
    pub struct Destroy {
        /// Why, in the customer's words.
        remark: Option<Text<500>> = "remark",
    }
}

impl Warrant for Destroy {
    const NEEDS: &'static [Need] = &[Need::FreshSignIn];
}

impl Operation for Destroy {
    const NAME: &'static str = "customer.app.CustomerWebApiService.destroy";
    const TOPIC: &'static str = "Closure";
    const CLASS: Class = Class::Write;
    const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, caller: Customer, cx: Context) -> Result<Done> {
        let given = step::of(&caller, Given::default());
        let by = By { session_id: None, origin: cx.origin.clone() };
        let remark = self.remark.map_or_else(String::new, |remark| remark.0);
        let (company, id) = (cx.company.clone(), caller.0.customer_id());
        cx.write(move |tx| closing::ask::<Self>(tx, &company, id, (&given, &by), &remark)).await?;
        Ok(Done {})
    }
}
