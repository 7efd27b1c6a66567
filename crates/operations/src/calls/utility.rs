//! Small things that clients ask for: the time, the caller's country, which third parties sign in.

use crate::context::Context;
use crate::error::Result;
use crate::fields::Text;
use crate::operation::{Class, Guest, Operation, Prefix};
use crate::{reply, request};
use custos_customers::countries;

reply! {
    /// A third party by which customers sign in.
    pub struct ThirdLogin {
        /// google, facebook, twitter, telegram, apple or metamask.
        third_source: String = "thirdSource",
        /// The company's client id there.
        client_id: String = "clientId",
        /// The company's developer account there.
        developer_account: String = "developerAccount",
    }
}

request! {
    /// Lists the third parties by which customers sign in; empty until the company has set one up.
    pub struct ThirdLoginConfig {
        /// Only this one.
        third_source: Option<Text<32>> = "thirdSource",
    }
}

impl Operation for ThirdLoginConfig {
    const NAME: &'static str = "customer.app.CustomerThirdLoginService.config";
    const TOPIC: &'static str = "Sign-in";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = Vec<ThirdLogin>;

    async fn run(self, _: Guest, _: Context) -> Result<Vec<ThirdLogin>> {
        Ok(Vec::new())
    }
}

request! {
    /// Tells the server's time, in milliseconds since 1970.
    pub struct Now {}
}

impl Operation for Now {
    const NAME: &'static str = "thirdExt/now";
    const PREFIX: Prefix = Prefix::Bare;
    const TOPIC: &'static str = "Utility";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = i64;

    async fn run(self, _: Guest, cx: Context) -> Result<i64> {
        Ok(cx.app.store.now_ms())
    }
}

reply! {
    /// Where the caller's address is.
    pub struct Country {
        /// Alpha-2; empty when unknown.
        iso_code: String = "iso_code",
        /// The country's name in the caller's language; empty when unknown.
        name: String = "name",
        /// The caller's address.
        request_ip: String = "request_ip",
    }
}

request! {
    /// Tells the country of the caller's address.
    pub struct GeoCountry {}
}

impl Operation for GeoCountry {
    const NAME: &'static str = "geoip/country";
    const PREFIX: Prefix = Prefix::Bare;
    const TOPIC: &'static str = "Utility";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = Country;

    async fn run(self, _: Guest, cx: Context) -> Result<Country> {
        let country = countries::parse(&cx.origin.country);
        Ok(Country {
            iso_code: country.map_or_else(String::new, |country| country.alpha2.to_owned()),
            name: country.map_or_else(String::new, |country| country.name(&cx.lang).to_owned()),
            request_ip: cx.origin.address,
        })
    }
}
