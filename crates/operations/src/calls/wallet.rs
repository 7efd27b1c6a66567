//! What a customer has in the company's own wallet system.

use crate::context::Context;
use crate::error::{Error, Gate, Result};
use crate::fields::{Decimal, Field, Int};
use crate::operation::{Class, Customer, Operation};
use crate::{reply, request};
use custos_customers::customer::{self, Customer as Person};
use custos_customers::{Code, third_party};
use custos_delivery::wallet::{CallKey, Question};
use serde_json::{Map, Value, json};

/// The system's operation that tells what a customer has.
const GET_USER_AMOUNT: &str = "/get-user-amount";

reply! {
    /// What the customer has in the company's wallet system.
    pub struct OutsideBalance {
        /// Decimal text with as many decimals as `amountDigits` says.
        amount: String = "amount",
        /// The currency.
        currency: String = "currency",
        /// Its decimals, as text.
        amount_digits: String = "amountDigits",
    }
}

request! {
    /// Asks the company's wallet system what the signed-in customer has there. It is asked anew each time, once.
    pub struct QueryOutsideBalance {}
}

impl Operation for QueryOutsideBalance {
    const NAME: &'static str =
        "customer.app.CustomerWebApiService.queryLatestBalanceOfUserAccountInExternalSystem";
    const TOPIC: &'static str = "Accounts";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = OutsideBalance;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<OutsideBalance> {
        let settings = &cx.company.settings.wallet;
        if settings.url.is_empty() {
            return Err(Code::NotOpen.refuse().into());
        }
        let (customer, key) = cx
            .read(move |tx| {
                let customer = customer::find(tx, live.company_id(), live.customer_id())?;
                let key = third_party::secret(tx, live.company_id(), third_party::WALLET_KEY)?;
                Ok((customer.ok_or_else(|| Gate::DeadToken.refuse())?, key))
            })
            .await?;
        // A system that can't be sure who asks is not asked, and neither is one that does not know the customer.
        let Some(key) = key.filter(|_| !customer.third_server_code.is_empty()) else {
            return Err(Code::NotOpen.refuse().into());
        };
        let currency = match settings.currency.as_str() {
            "" => cx.company.settings.valuation_currency.clone(),
            currency => currency.to_owned(),
        };
        let mut number = [0; 16];
        cx.app.store.parts().entropy.fill(&mut number)?;
        let question = Question {
            url: settings.url.clone(),
            path: GET_USER_AMOUNT,
            company_id: cx.company.id,
            customer_id: customer.id,
            trace: cx.origin.trace.clone(),
            timestamp_ms: cx.app.store.now_ms(),
            key: CallKey::from_pem(&key).map_err(|error| Error::Internal(format!("wallet key: {error}")))?,
            body: json!({
                "thirdServerCode": customer.third_server_code,
                "userName": customer.number,
                "currency": currency,
                "requestUniqueNo": format!("{:032x}", u128::from_be_bytes(number)),
            }),
            wants_data: true,
        };
        let data = cx.app.outside.ask(&cx.app.store, question).await?;
        balance(&data, &customer, currency).ok_or_else(|| Gate::OutsideUnusable.refuse())
    }
}

/// The balance that was asked for; `None` when the answer tells another's, another currency's, or none that is exact.
fn balance(data: &Map<String, Value>, customer: &Person, currency: String) -> Option<OutsideBalance> {
    let is = |field: &str, due: &str| match data.get(field) {
        None | Some(Value::Null) => true,
        Some(value) => value == due,
    };
    if !is("userName", &customer.number) || !is("currency", &currency) {
        return None;
    }
    let digits = Int::<0, 18>::read(data.get("amountDigits")?)?.0;
    let places = u32::try_from(digits).ok()?;
    let amount = Decimal::read(data.get("amount")?)?.amount(places, "amount").ok()?;
    Some(OutsideBalance { amount: amount.to_text(places), currency, amount_digits: digits.to_string() })
}
