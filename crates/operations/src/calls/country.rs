//! Moving to another country.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::Text;
use crate::operation::{Class, Customer, Operation};
use crate::request;
use crate::shape::Done;
use custos_customers::changes::By;
use custos_customers::{countries, country};

request! {
    /// Changes the country, unless a KYC is passed; one that waits for a decision is rejected.
    pub struct ChangeCountry {
        /// `ISO_3166_<numeric>` or alpha-2.
        new_country: Text<15> = "newCountry",
    }
}

impl Operation for ChangeCountry {
    const NAME: &'static str = "customer.app.CustomerWebApiService.changeCountry";
    const TOPIC: &'static str = "Profile";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let new = countries::parse(&self.new_country).ok_or_else(|| Gate::BadField.field("newCountry"))?;
        let by = By { session_id: Some(live.session.id), origin: cx.origin.clone() };
        let company = cx.company.clone();
        cx.write(move |tx| Ok(country::change(tx, &company, live.customer_id(), new, &by)?)).await?;
        Ok(Done {})
    }
}
