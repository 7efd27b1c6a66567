//! Whether an account exists, and how it signs in: asked before signing in, limited by client address, and the same
//! work whether or not there is one.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::{Int, Text};
use crate::operation::{Anyone, Class, Guest, Operation};
use crate::{reply, request};
use custos_customers::customer::{self, Glimpse, Name};
use custos_customers::limits::{self, Window};
use custos_customers::places;
use custos_store::MINUTE_MS;

/// Probes that one client address may make in a minute.
const PER_MINUTE: usize = 20;

/// Counts the probe, then looks the name up.
async fn probe(
    cx: Context,
    kind: i64,
    name: Option<Text<64>>,
    area: Option<Text<15>>,
) -> Result<Option<Glimpse>> {
    let name = Name::parse(kind, name.as_deref().unwrap_or(""), area.as_deref());
    let company_id = cx.company.id;
    let from = places::network(&cx.origin.address);
    cx.write(move |tx| {
        let subject = tx.keys().keyed_hash("probes from", &[&company_id.to_be_bytes(), from.as_bytes()]);
        let window = Window { limit: PER_MINUTE, window_ms: MINUTE_MS };
        if !limits::admit(tx, &subject, &[window])? {
            return Err(Gate::TooFrequent.refuse());
        }
        let found = customer::glimpse(tx, company_id, &name)?;
        // Deleted and closed accounts are as if they did not exist.
        Ok(found.filter(|one| !matches!(one.status, customer::Status::Deleted | customer::Status::Closed)))
    })
    .await
}

request! {
    /// Tells whether there is a customer of that name: 1 yes, 2 no.
    pub struct CheckCustomerExist {
        /// E-mail address, phone number or customer number.
        login_name: Text<64> = "loginName",
        /// 1 e-mail, 2 phone, 3 customer number.
        kind: Int<1, 3> = "type",
        /// Not looked at.
        email_area: Option<Text<15>> = "emailArea",
        /// Calling code of a phone number; without it the number is looked up in any.
        phone_area: Option<Text<15>> = "phoneArea",
    }
}

impl Operation for CheckCustomerExist {
    const NAME: &'static str = "customer.app.CustomerWebApiService.checkCustomerExist";
    const TOPIC: &'static str = "Sign-in";
    const CLASS: Class = Class::Probe;
    type Caller = Guest;
    type Reply = i64;

    async fn run(self, _: Guest, cx: Context) -> Result<i64> {
        let found = probe(cx, self.kind.0, Some(self.login_name), self.phone_area).await?;
        Ok(if found.is_some() { 1 } else { 2 })
    }
}

reply! {
    /// What a client needs to know before signing in or up.
    pub struct StatusView {
        /// 1 exists, 2 does not, -1 disabled.
        status: i64 = "status",
        /// The customer's country; empty for none.
        country: String = "country",
        /// The calling code of the customer's phone; empty for none.
        phone_area: String = "phoneArea",
    }
}

request! {
    /// Tells whether there is a customer of that name, with their country and calling code.
    pub struct CheckStatus {
        /// E-mail address, phone number (in any area) or customer number.
        login_name: Option<Text<64>> = "loginName",
        /// 1 e-mail, 2 phone, 3 customer number.
        kind: Int<1, 3> = "type",
        /// Calling code of a phone number, when the client knows it.
        phone_area: Option<Text<15>> = "phoneArea",
    }
}

impl Operation for CheckStatus {
    const NAME: &'static str = "customer.app.CustomerWebApiService.checkStatus";
    const TOPIC: &'static str = "Sign-in";
    const CLASS: Class = Class::Probe;
    type Caller = Anyone;
    type Reply = StatusView;

    async fn run(self, caller: Anyone, cx: Context) -> Result<StatusView> {
        if !cx.company.settings.check_status_open {
            caller.customer()?;
        }
        let area = self.phone_area.filter(|_| self.kind.0 == 2);
        let found = probe(cx, self.kind.0, self.login_name, area).await?;
        Ok(match found {
            None => StatusView { status: 2, country: String::new(), phone_area: String::new() },
            Some(customer) => StatusView {
                status: if customer.status == customer::Status::Disabled { -1 } else { 1 },
                country: customer.country,
                phone_area: customer.phone_area,
            },
        })
    }
}

request! {
    /// Tells whether signing in asks for an authenticator code: above 0 yes.
    pub struct CheckGoogleMfaStatus {
        /// E-mail address, phone number or customer number.
        login_name: Option<Text<64>> = "loginName",
        /// Calling code of a phone number; without it the number is looked up in any.
        phone_area: Option<Text<15>> = "phoneArea",
        /// 1 e-mail, 2 phone, 3 customer number.
        kind: Int<1, 3> = "type",
    }
}

impl Operation for CheckGoogleMfaStatus {
    const NAME: &'static str = "customer.app.CustomerWebApiService.checkGoogleMFAStatus";
    const TOPIC: &'static str = "Sign-in";
    const CLASS: Class = Class::Probe;
    type Caller = Guest;
    type Reply = i64;

    async fn run(self, _: Guest, cx: Context) -> Result<i64> {
        let area = self.phone_area.filter(|_| self.kind.0 == 2);
        let found = probe(cx, self.kind.0, self.login_name, area).await?;
        Ok(found.map_or(0, |customer| i64::from(customer.has_mfa)))
    }
}
