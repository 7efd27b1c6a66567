//! Registering.

use super::kyc::{self as levels, LevelView, Look};
use super::record::is_set;
use super::step;
use crate::context::Context;
use crate::error::{Error, Gate, Result};
use crate::fields::{Currencies, Id, Int, List, Text};
use crate::operation::{Class, Guest, Operation, Prefix};
use crate::{part, reply, request, terms};
use custos_customers::Code;
use custos_customers::company::Group;
use custos_customers::countries;
use custos_customers::email::Email;
use custos_customers::kyc;
use custos_customers::phone::Phone;
use custos_customers::register::{self, Registration};
use custos_customers::verification::{Recipient, phone_refusal};
use custos_ledger::accounts::{self, Wanted};
use serde_json::json;

part! {
    /// Accounts of one trade type.
    pub struct WantedAccounts {
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: Int<1, 99> = "tradeType",
        /// Asset codes, with commas or as an array.
        all_currency: Option<Currencies> = "allCurrency",
    }
}

request! {
    /// Registers a customer whose e-mail address or phone number is proved by a code, and signs them in.
    pub struct Register {
        /// `ISO_3166_<numeric>` or alpha-2.
        country: Text<15> = "country",
        /// BCP 47 tag, one of the company's languages.
        lang: Option<Text<35>> = "lang",
        /// E-mail address or phone number.
        login_name: Text<64> = "loginName",
        /// Calling code of a phone number; +86 by default.
        phone_area: Option<Text<15>> = "phoneArea",
        /// 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
        /// The device's name.
        register_device: Option<Text<200>> = "registerDevice",
        /// A code of kind REGISTER or COMMON.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken",
        /// 1 mobile web, 2 desktop web, 3 system, 4 Android, 5 iOS.
        register_source: Int<1, 99> = "registerSource",
        /// Campaign source.
        utm_source: Option<Text<200>> = "utmSource",
        /// Campaign medium.
        utm_medium: Option<Text<200>> = "utmMedium",
        /// Campaign name.
        utm_campaign: Option<Text<200>> = "utmCampaign",
        /// Campaign content.
        utm_content: Option<Text<200>> = "utmContent",
        /// Campaign term.
        utm_term: Option<Text<200>> = "utmTerm",
        /// The group wanted; the company's default if it opens no accounts.
        customer_group_id: Option<Id> = "customerGroupId",
        /// The accounts wanted, as far as the group offers them; its default ones otherwise.
        trade_type_currency_list: Option<List<WantedAccounts>> = "tradeTypeCurrencyList",
        /// 0 a person, 1 a business.
        open_account_type: Option<Int<0, 1>> = "openAccountType",
        /// Password, as the hex MD5 of what was typed.
        pwd: Option<Text<64>> = "pwd",
        /// The customer's id in an outside system.
        third_server_code: Option<Text<4096>> = "thirdServerCode",
        /// Which outside system.
        third_server_source: Option<Text<64>> = "thirdServerSource",
    }
}

reply! {
    /// The new customer, signed in.
    pub struct RegisterReply {
        /// The session's token: opaque, told once.
        token: String = "token",
        /// The customer's number.
        customer_no: String = "customerNo",
        /// The account-opening KYC levels still to do.
        list: Vec<LevelView> = "list",
        /// The company.
        company_id: i64 = "companyId",
        /// The customer's id.
        id: i64 = "id",
        /// The bound e-mail address; empty for none.
        email: String = "email",
        /// The bound phone number, national; empty for none.
        phone: String = "phone",
        /// Its calling code.
        phone_area: String = "phoneArea",
        /// The name to be called by.
        name: String = "name",
        /// 1 no login password yet, 2 set.
        login_pass_status: &'static str = "loginPassStatus",
        /// 1 no payment password yet, 2 set.
        pay_pass_status: &'static str = "payPassStatus",
        /// The group.
        customer_group_id: i64 = "customerGroupId",
        /// `ISO_3166_<numeric>`.
        country: String = "country",
        /// 0 no watchlist yet.
        optional: i64 = "optional",
        /// 1 the company asks KYC at opening, 2 not.
        company_kyc_status: i64 = "companyKycStatus",
        /// The customer's id in an outside system.
        third_server_code: String = "thirdServerCode",
        /// Which outside system.
        source: String = "source",
        /// 1 deposited, 2 not.
        capital_in_status: i64 = "capitalInStatus",
        /// 0 a person, 1 a business.
        open_account_type: i64 = "openAccountType",
        /// real or demo.
        company_type: String = "companyType",
        /// The twin company; 0 for none.
        association_company_id: i64 = "associationCompanyId",
        /// When, ms.
        register_time: i64 = "registerTime",
        /// API calls ask for verification.
        api_check_switch: bool = "apiCheckSwitch",
        /// By which ways.
        api_check_rule: String = "apiCheckRule",
    }
}

impl Operation for Register {
    const NAME: &'static str = "customer.app.CustomerWebApiService.register";
    const PREFIX: Prefix = Prefix::Register;
    const TOPIC: &'static str = "Sign-in";
    const CLASS: Class = Class::SignIn;
    type Caller = Guest;
    type Reply = RegisterReply;

    async fn run(self, _: Guest, cx: Context) -> Result<RegisterReply> {
        let password = self.pwd.clone();
        let wanted = self.wanted();
        let mut registration = self.registration(&cx)?;
        if let Some(password) = password {
            let secret = register::strong_password(&password)?;
            // The code first: a hash is not made for whoever asks.
            let (company, first) = (cx.company.clone(), registration.clone());
            cx.write(move |tx| Ok(register::check_code(tx, &company, &first).map(|_| ())?)).await?;
            registration.password = Some(cx.app.hash(secret).await?);
        }
        let company = cx.company.clone();
        let look = Look::of(&cx);
        cx.write(move |tx| {
            let done = register::register(tx, &company, &registration)?;
            let chosen = Some(offered(&done.group, &wanted)).filter(|chosen| !chosen.is_empty());
            // Whoever wants nothing that there is gets the group's whole offer.
            let chosen = chosen.unwrap_or_else(|| terms::accounts(&done.group));
            accounts::open(tx, company.id, done.customer.id, &chosen)?;
            let progress = kyc::progress(tx, &done.customer, (None, None))?;
            let list = levels::views(tx, &progress, &progress.still_to_do("open_account"), &look)?;
            let asked = if kyc::opening_asked(&progress) { 1 } else { 2 };
            Ok(RegisterReply {
                list,
                company_kyc_status: asked,
                ..view(&company.settings.company_type, done)
            })
        })
        .await
    }
}

impl Register {
    fn wanted(&self) -> Vec<Wanted> {
        self.trade_type_currency_list.as_ref().map(wanted).unwrap_or_default()
    }

    fn registration(self, cx: &Context) -> Result<Registration> {
        let refuse = |code: Code| Error::from(code.refuse());
        let recipient = match self.kind.0 {
            1 => Recipient::Email(Email::parse(&self.login_name).ok_or_else(|| refuse(Code::BadEmail))?),
            _ => {
                let area = step::area(&self.phone_area);
                Recipient::Phone(Phone::parse(area, &self.login_name).map_err(phone_refusal)?)
            }
        };
        let country = countries::parse(&self.country).ok_or_else(|| Gate::BadField.field("country"))?;
        if cx
            .company
            .settings
            .restricted_countries
            .iter()
            .any(|code| countries::parse(code).is_some_and(|one| one.numeric == country.numeric))
        {
            return Err(refuse(Code::CountryNotServed));
        }
        let asked = self.lang.as_deref().and_then(|lang| cx.company.settings.language(lang));
        let lang = asked.unwrap_or(&cx.lang).to_owned();
        let text = |text: Option<Text<200>>| text.map_or_else(String::new, |text| text.0);
        let mut origin = cx.origin.clone();
        origin.device = self.register_source.0;
        let utm = json!({
            "utmSource": text(self.utm_source),
            "utmMedium": text(self.utm_medium),
            "utmCampaign": text(self.utm_campaign),
            "utmContent": text(self.utm_content),
            "utmTerm": text(self.utm_term),
        });
        Ok(Registration {
            recipient,
            ticket: self.send_token.0,
            code: self.verify_code.0,
            password: None,
            country,
            lang,
            group_id: self.customer_group_id.map(|id| id.0),
            open_account_type: self.open_account_type.map_or(0, |kind| kind.0),
            source: self.register_source.0,
            device: text(self.register_device),
            utm: utm.to_string(),
            third_server_code: self.third_server_code.map_or_else(String::new, |text| text.0),
            third_server_source: self.third_server_source.map_or_else(String::new, |text| text.0),
            origin,
        })
    }
}

/// The accounts that a client names.
pub(super) fn wanted(list: &List<WantedAccounts>) -> Vec<Wanted> {
    let codes =
        |one: &WantedAccounts| one.all_currency.clone().map_or_else(Vec::new, |currencies| currencies.0);
    list.0.iter().flat_map(|one| codes(one).into_iter().map(|code| (one.trade_type.0, code))).collect()
}

/// What of the wanted accounts the group offers.
pub(super) fn offered(group: &Group, wanted: &[Wanted]) -> Vec<Wanted> {
    terms::accounts(group).into_iter().filter(|one| wanted.contains(one)).collect()
}

fn view(company_type: &str, done: register::Registered) -> RegisterReply {
    let customer = done.customer;
    let (area, national) = customer.phone.map_or_else(Default::default, |phone| (phone.area, phone.national));
    RegisterReply {
        token: done.token,
        customer_no: customer.number,
        list: Vec::new(),
        company_id: customer.company_id,
        id: customer.id,
        email: customer.email.map_or_else(String::new, |email| email.to_string()),
        phone: national,
        phone_area: area,
        name: customer.name,
        login_pass_status: is_set(customer.login_password.as_ref()),
        pay_pass_status: is_set(customer.fund_password.as_ref()),
        customer_group_id: customer.group_id,
        country: customer.country,
        optional: 0,
        company_kyc_status: 2,
        third_server_code: customer.third_server_code,
        source: customer.third_server_source,
        capital_in_status: 2,
        open_account_type: customer.open_account_type,
        company_type: company_type.to_owned(),
        association_company_id: 0,
        register_time: customer.created_at,
        api_check_switch: false,
        api_check_rule: String::new(),
    }
}
