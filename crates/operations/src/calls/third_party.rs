//! Accounts at third parties.

use super::step;
use crate::context::Context;
use crate::error::{Error, Gate, Result};
use crate::fields::Text;
use crate::operation::{Class, Customer, Operation};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::changes::By;
use custos_customers::step_up::{Given, Need, Warrant};
use custos_customers::{Code, customer, third_party};

/// The longest `thirdIntactMsg`, in bytes.
const LONGEST_MESSAGE: usize = 8 * 1024;

request! {
    /// Binds an account at a third party, which must vouch for it: for telegram by the login widget's hash, or a Mini
    /// App's `initData`, fresh within a day.
    pub struct BindThirdAccount {
        /// `telegram`.
        third_login_source: Text<10> = "thirdLoginSource",
        /// The user's id there.
        third_user_id: Text<45> = "thirdUserId",
        /// What the third party said, as JSON text of at most 8 KiB.
        third_intact_msg: Option<Text<8192>> = "thirdIntactMsg",
    }
}

impl Warrant for BindThirdAccount {
    const NEEDS: &'static [Need] = &[Need::FreshSignIn, Need::ThirdParty];
}

impl Operation for BindThirdAccount {
    const NAME: &'static str = "customer.app.CustomerWebApiService.bindThirdAccount";
    const TOPIC: &'static str = "Third parties";
    const CLASS: Class = Class::Write;
    const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, caller: Customer, cx: Context) -> Result<Done> {
        let message = self.third_intact_msg.map_or_else(|| "{}".to_owned(), |text| text.0);
        let is_json = serde_json::from_str::<serde_json::Value>(&message).is_ok_and(|json| json.is_object());
        if message.len() > LONGEST_MESSAGE || !is_json {
            return Err(Gate::BadField.field("thirdIntactMsg"));
        }
        if self.third_login_source.0 != third_party::TELEGRAM {
            return Err(Code::ThirdPartyUnknown.with(&[third_party::TELEGRAM]).into());
        }
        let given = step::of(&caller, Given::default());
        let by = By { session_id: Some(caller.0.session.id), origin: cx.origin.clone() };
        let (company, id) = (cx.company.clone(), caller.0.customer_id());
        cx.write(move |tx| {
            let token = third_party::secret(tx, company.id, third_party::BOT_TOKEN)?;
            let now = tx.now();
            let third_party =
                token.and_then(|token| third_party::telegram(&message, &token, &self.third_user_id, now));
            let given = Given { third_party, ..given.clone() };
            let what = (third_party::TELEGRAM, message.as_str());
            Ok(third_party::bind::<Self>(tx, &company, id, what, (&given, &by))?)
        })
        .await?;
        Ok(Done {})
    }
}

reply! {
    /// The accounts at third parties that a customer has bound.
    pub struct ThirdAccounts {
        /// The customer's number.
        customer_no: String = "customerNo",
        /// Which third parties, with commas.
        third_login_source: String = "thirdLoginSource",
        /// The ids there, in the same order.
        third_user_id: String = "thirdUserId",
        /// What the third party told.
        third_intact_msg: String = "thirdIntactMsg",
        /// SUBSCRIBE when the company's Telegram bot may write, else UNSUBSCRIBE.
        tg_status: &'static str = "tgStatus",
    }
}

request! {
    /// Tells which accounts at third parties are bound.
    pub struct FindThirdAccounts {}
}

impl Operation for FindThirdAccounts {
    const NAME: &'static str = "customer.app.CustomerWebApiService.findThirdAccountInfo";
    const TOPIC: &'static str = "Third parties";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = ThirdAccounts;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<ThirdAccounts> {
        let (company_id, id) = (live.company_id(), live.customer_id());
        cx.read(move |tx| {
            let customer = customer::find(tx, company_id, id)?;
            let customer = customer.ok_or_else(|| Error::from(Code::NotFound.refuse()))?;
            let bound = third_party::list(tx, company_id, id)?;
            let joined = |field: fn(&third_party::Bound) -> &str| {
                bound.iter().map(field).collect::<Vec<_>>().join(",")
            };
            Ok(ThirdAccounts {
                customer_no: customer.number,
                third_login_source: joined(|one| &one.source),
                third_user_id: joined(|one| &one.user_id),
                third_intact_msg: bound.first().map_or_else(String::new, |one| one.message.clone()),
                tg_status: if bound.iter().any(|one| one.subscribed) { "SUBSCRIBE" } else { "UNSUBSCRIBE" },
            })
        })
        .await
    }
}
