//! What a customer reads and changes of their own profile.

use super::record::{self, CustomerRecord};
use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::Text;
use crate::operation::{Class, Customer, Guest, Operation};
use crate::shape::{Done, Kept};
use crate::{reply, request};
use custos_customers::{company, customer};

request! {
    /// Tells everything that is known of the signed-in customer.
    pub struct FindCustomerInfo {}
}

impl Operation for FindCustomerInfo {
    const NAME: &'static str = "customer.app.CustomerWebApiService.findCustomerInfo";
    const TOPIC: &'static str = "Profile";
    const CLASS: Class = Class::Read;
    const WHILE_CLOSING: bool = true;
    type Caller = Customer;
    type Reply = Kept<CustomerRecord>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Self::Reply> {
        Ok(Kept::new(cx.app.record(live.company_id(), live.customer_id(), record::make).await?))
    }
}

reply! {
    /// How a customer can be reached.
    pub struct Contacts {
        /// The customer's number.
        customer_no: String = "customerNo",
        /// The bound e-mail address; empty for none.
        email: String = "email",
        /// The bound phone number, national; empty for none.
        phone: String = "phone",
        /// Its calling code.
        phone_area: String = "phoneArea",
    }
}

request! {
    /// Tells the signed-in customer's e-mail address and phone number.
    pub struct FindPhoneAndEmail {}
}

impl Operation for FindPhoneAndEmail {
    const NAME: &'static str = "customer.app.CustomerWebApiService.findPhoneAndEmail";
    const TOPIC: &'static str = "Profile";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Contacts;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Contacts> {
        let customer = cx
            .read(move |tx| Ok(customer::find(tx, live.company_id(), live.customer_id())?))
            .await?
            .ok_or_else(|| Gate::DeadToken.refuse())?;
        let (area, national) =
            customer.phone.map_or_else(Default::default, |phone| (phone.area, phone.national));
        Ok(Contacts {
            customer_no: customer.number,
            email: customer.email.map_or_else(String::new, |email| email.to_string()),
            phone: national,
            phone_area: area,
        })
    }
}

request! {
    /// Sets the language of messages and notices.
    pub struct ChangeLang {
        /// BCP 47 tag, one of the company's languages.
        new_lang: Text<35> = "newLang",
    }
}

impl Operation for ChangeLang {
    const NAME: &'static str = "customer.app.CustomerWebApiService.changeLang";
    const TOPIC: &'static str = "Profile";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let lang =
            cx.company.settings.language(&self.new_lang).ok_or_else(|| Gate::BadField.field("newLang"))?;
        let lang = lang.to_owned();
        cx.write(move |tx| Ok(customer::set_lang(tx, live.company_id(), live.customer_id(), &lang)?)).await?;
        Ok(Done {})
    }
}

request! {
    /// Tells the language of messages and notices, as its tag.
    pub struct FindCustomerLang {}
}

impl Operation for FindCustomerLang {
    const NAME: &'static str = "customer.app.CustomerWebApiService.findCustomerLang";
    const TOPIC: &'static str = "Profile";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = String;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<String> {
        let found = cx.read(move |tx| Ok(customer::find(tx, live.company_id(), live.customer_id())?)).await?;
        Ok(found.ok_or_else(|| Gate::DeadToken.refuse())?.lang)
    }
}

reply! {
    /// A group of customers.
    pub struct GroupView {
        /// Its id.
        id: i64 = "id",
        /// Its name.
        name: String = "name",
        /// 1 customers may register into it, 0 not.
        open_account_type: i64 = "openAccountType",
        /// 0 real, 1 test, 2 guest.
        kind: i64 = "type",
    }
}

request! {
    /// Lists the company's groups of customers.
    pub struct GroupList {}
}

impl Operation for GroupList {
    const NAME: &'static str = "customer.app.CustomerWebApiService.groupList";
    const TOPIC: &'static str = "Profile";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = Vec<GroupView>;

    async fn run(self, _: Guest, cx: Context) -> Result<Vec<GroupView>> {
        let company_id = cx.company.id;
        let groups = cx.read(move |tx| Ok(company::groups(tx, company_id)?)).await?;
        Ok(groups
            .into_iter()
            .map(|group| GroupView {
                id: group.id,
                name: group.name,
                open_account_type: i64::from(group.opens_accounts),
                kind: group.kind,
            })
            .collect())
    }
}
