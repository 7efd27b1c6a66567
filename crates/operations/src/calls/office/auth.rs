//! The ways into the back office: of programs by id and secret, of people by password and authenticator.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::fields::Text;
use crate::office::AnyStaff;
use crate::operation::{Class, Guest, Operation, Prefix};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::Code;
use custos_customers::company::{self, Company};
use custos_customers::staff::sign_in::{self, Attempt};
use custos_customers::staff::{apps, enrolment, passwords, sessions};
use std::collections::BTreeSet;

pub(super) const TOPIC: &str = "Coming in";

reply! {
    /// A way of trading.
    pub struct TradeTypeView {
        /// Its number.
        code: String = "code",
        /// Its name.
        name: String = "name",
        /// Its number.
        id: String = "id",
    }
}

reply! {
    /// The company, with the token of the program's session. What is kept of no company is empty, 0 or null.
    pub struct CompanyAuthReply {
        /// The token for all other operations: opaque, told once.
        token: String = "token",
        /// The company's id.
        id: i64 = "id",
        /// The company's id as text.
        str_id: String = "strId",
        /// The company's id as text.
        code: String = "code",
        /// Not kept: empty.
        code_md5: String = "codeMd5",
        /// The company's name.
        name: String = "name",
        /// The company's name.
        biz_name: String = "bizName",
        /// `real` or `demo`.
        company_type: String = "companyType",
        /// The twin company; 0 for none.
        association_company_id: i64 = "associationCompanyId",
        /// The company's first language.
        lang: String = "lang",
        /// All times are UTC: 0.
        timezone: i64 = "timezone",
        /// The first customer number.
        start_number: i64 = "startNumber",
        /// The last customer number.
        end_number: i64 = "endNumber",
        /// The ways of trading that its groups offer, with commas.
        trade_types: String = "tradeTypes",
        /// The same as a list.
        trade_type_list: Vec<TradeTypeView> = "tradeTypeList",
        /// 1 enabled.
        status: i64 = "status",
        /// The program's id.
        app_id: String = "appId",
        /// Never told again: empty.
        app_secret: String = "appSecret",
        /// No key pair: empty.
        public_key: String = "publicKey",
        /// 1 one database for all companies.
        data_source_type: i64 = "dataSourceType",
        /// 3 ready.
        init_progress: i64 = "initProgress",
        /// Not counted: 0.
        revision: i64 = "revision",
        /// Not kept: empty.
        logo: String = "logo",
        /// Not kept: empty.
        bg_image: String = "bgImage",
        /// Not kept: empty.
        ad_image: String = "adImage",
        /// Not kept: empty.
        domain: String = "domain",
        /// Not kept: empty.
        create_by: String = "createBy",
        /// Not kept: 0.
        create_time: i64 = "createTime",
        /// Not kept: empty.
        update_by: String = "updateBy",
        /// Not kept: 0.
        update_time: i64 = "updateTime",
        /// Always null.
        admin_password: Option<String> = "adminPassword",
        /// Always null.
        admin_role_id: Option<i64> = "adminRoleId",
        /// Always null.
        admin_user_id: Option<i64> = "adminUserId",
        /// Always null.
        stp_login_user: Option<String> = "stpLoginUser",
        /// Always null.
        stp_account: Option<String> = "stpAccount",
        /// Always null.
        stp_password: Option<String> = "stpPassword",
        /// Always null.
        demo_initial_amount: Option<String> = "demoInitialAmount",
        /// Always null.
        db_password: Option<String> = "dbPassword",
    }
}

request! {
    /// Lets a program of the company in, by the id and the secret that `custos staff add-app` told. Its token goes into
    /// the header `token` of all other operations of the back office.
    pub struct CompanyAuth {
        /// The program's id.
        app_id: Text<64> = "appId",
        /// The program's secret.
        app_secret: Text<128> = "appSecret",
    }
}

impl Operation for CompanyAuth {
    const NAME: &'static str = "admin.admin.CompanyAuthDubboService.auth";
    const PREFIX: Prefix = Prefix::OfficeAuth;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::SignIn;
    type Caller = Guest;
    type Reply = CompanyAuthReply;

    async fn run(self, _: Guest, cx: Context) -> Result<CompanyAuthReply> {
        let (company, origin) = (cx.company.clone(), cx.origin.clone());
        cx.write(move |tx| {
            let token = apps::auth(tx, &company, &self.app_id, &self.app_secret, &origin)?;
            let groups = company::groups(tx, company.id)?;
            let offered = groups.iter().flat_map(|group| &group.offers.accounts);
            let trade_types: BTreeSet<i64> = offered.map(|offer| offer.trade_type).collect();
            Ok(company_view(&company, token, self.app_id.0.clone(), &trade_types))
        })
        .await
    }
}

/// The name of a way of trading.
pub(super) fn trade_type_name(trade_type: i64) -> String {
    match trade_type {
        1 => "CFD_MM".to_owned(),
        2 => "CFD_WBW".to_owned(),
        3 => "CROSS".to_owned(),
        5 => "MATCH".to_owned(),
        8 => "WALLET".to_owned(),
        other => other.to_string(),
    }
}

fn company_view(
    company: &Company,
    token: String,
    app_id: String,
    offered: &BTreeSet<i64>,
) -> CompanyAuthReply {
    let numbers: Vec<String> = offered.iter().map(i64::to_string).collect();
    let trade_type = |number: &i64| TradeTypeView {
        code: number.to_string(),
        name: trade_type_name(*number),
        id: number.to_string(),
    };
    CompanyAuthReply {
        token,
        id: company.id,
        str_id: company.id.to_string(),
        code: company.id.to_string(),
        code_md5: String::new(),
        name: company.name.clone(),
        biz_name: company.name.clone(),
        company_type: company.settings.company_type.clone(),
        association_company_id: 0,
        lang: company.settings.default_language().to_owned(),
        timezone: 0,
        start_number: company.settings.number_first,
        end_number: company.settings.number_last,
        trade_types: numbers.join(","),
        trade_type_list: offered.iter().map(trade_type).collect(),
        status: 1,
        app_id,
        app_secret: String::new(),
        public_key: String::new(),
        data_source_type: 1,
        init_progress: 3,
        revision: 0,
        logo: String::new(),
        bg_image: String::new(),
        ad_image: String::new(),
        domain: String::new(),
        create_by: String::new(),
        create_time: 0,
        update_by: String::new(),
        update_time: 0,
        admin_password: None,
        admin_role_id: None,
        admin_user_id: None,
        stp_login_user: None,
        stp_account: None,
        stp_password: None,
        demo_initial_amount: None,
        db_password: None,
    }
}

reply! {
    /// A session of staff.
    pub struct StaffToken {
        /// Its token: opaque, told once.
        token: String = "token",
    }
}

request! {
    /// Lets a member of staff in, by password and authenticator; always both.
    pub struct SignIn {
        /// The member's name.
        name: Text<64> = "name",
        /// The password as it was typed, which the connection keeps secret.
        password: Text<200> = "password",
        /// What the authenticator shows.
        google_code: Text<16> = "googleCode",
    }
}

impl Operation for SignIn {
    const NAME: &'static str = "custos.admin.AuthService.signIn";
    const PREFIX: Prefix = Prefix::OfficeAuth;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::SignIn;
    type Caller = Guest;
    type Reply = StaffToken;

    async fn run(self, _: Guest, cx: Context) -> Result<StaffToken> {
        let attempt =
            Attempt { name: self.name.0, google_code: self.google_code.0, origin: cx.origin.clone() };
        let secret = passwords::secret(&self.password);
        let (company, first) = (cx.company.clone(), attempt.clone());
        let begun = cx.write(move |tx| Ok(sign_in::begin(tx, &company, &first)?)).await?;
        cx.app.verifications.inc();
        let verdict = match cx.app.hasher.verify(secret.clone(), begun.stored.as_deref()).await {
            Ok(verdict) => verdict,
            Err(error) => {
                // Nothing was compared, so it was no try.
                cx.write(move |tx| Ok(sign_in::give_back(tx, &begun)?)).await?;
                return Err(error.into());
            }
        };
        let remade = if verdict.remake { cx.app.hash(secret).await.ok() } else { None };
        let company = cx.company.clone();
        let finished = cx
            .write(move |tx| Ok(sign_in::finish(tx, &company, &attempt, &begun, verdict, remade.as_deref())?))
            .await?;
        finished.map(|token| StaffToken { token }).ok_or_else(|| Code::WrongSignIn.refuse().into())
    }
}

reply! {
    /// What an authenticator is set up with.
    pub struct EnrolmentReply {
        /// The secret, in base 32.
        secret: String = "secret",
        /// The `otpauth://` URI, to be drawn.
        qrcode: String = "qrcode",
    }
}

request! {
    /// Shows an invited member what to set the authenticator up with.
    pub struct BeginEnrolment {
        /// The member's name.
        name: Text<64> = "name",
        /// The invitation's code.
        code: Text<64> = "code",
    }
}

impl Operation for BeginEnrolment {
    const NAME: &'static str = "custos.admin.AuthService.beginEnrolment";
    const PREFIX: Prefix = Prefix::OfficeAuth;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::SignIn;
    type Caller = Guest;
    type Reply = EnrolmentReply;

    async fn run(self, _: Guest, cx: Context) -> Result<EnrolmentReply> {
        let company = cx.company.clone();
        let pending = cx.write(move |tx| Ok(enrolment::begin(tx, &company, &self.name, &self.code)?)).await?;
        Ok(EnrolmentReply { secret: pending.secret, qrcode: pending.uri })
    }
}

request! {
    /// Takes an invited member in, with the password that they choose and their authenticator, and signs them in.
    pub struct Enrol {
        /// The member's name.
        name: Text<64> = "name",
        /// The invitation's code.
        code: Text<64> = "code",
        /// The new password as it was typed: at least 12 characters.
        password: Text<200> = "password",
        /// What the authenticator shows.
        google_code: Text<16> = "googleCode",
    }
}

impl Operation for Enrol {
    const NAME: &'static str = "custos.admin.AuthService.enrol";
    const PREFIX: Prefix = Prefix::OfficeAuth;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::SignIn;
    type Caller = Guest;
    type Reply = StaffToken;

    async fn run(self, _: Guest, cx: Context) -> Result<StaffToken> {
        let (company, name, code) = (cx.company.clone(), self.name.0.clone(), self.code.0.clone());
        // The code first: a hash is not made for whoever asks.
        cx.write(move |tx| Ok(enrolment::check(tx, &company, &name, &code)?)).await?;
        let secret = passwords::strong(&self.password, &self.name).map_err(Error::from)?;
        let hash = cx.app.hash(secret).await?;
        let (company, origin) = (cx.company.clone(), cx.origin.clone());
        let token = cx
            .write(move |tx| {
                let who = (self.name.0.as_str(), self.code.0.as_str());
                let chosen = (hash.as_str(), self.google_code.0.as_str());
                Ok(enrolment::finish(tx, &company, who, chosen, &origin)?)
            })
            .await?;
        Ok(StaffToken { token })
    }
}

request! {
    /// Ends the caller's session.
    pub struct SignOut {}
}

impl Operation for SignOut {
    const NAME: &'static str = "custos.admin.AuthService.signOut";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = AnyStaff;
    type Reply = Done;

    async fn run(self, AnyStaff(officer): AnyStaff, cx: Context) -> Result<Done> {
        cx.write(move |tx| Ok(sessions::end(tx, &officer)?)).await?;
        Ok(Done {})
    }
}

reply! {
    /// Who calls.
    pub struct WhoAmIReply {
        /// The member's name, or the program's id.
        name: String = "name",
        /// As the audit log names them.
        actor: String = "actor",
        /// The roles.
        roles: Vec<String> = "roles",
        /// What these allow.
        permissions: Vec<&'static str> = "permissions",
        /// When the session began, ms.
        signed_in_at: i64 = "signedInAt",
    }
}

request! {
    /// Tells who calls, and what they may do.
    pub struct WhoAmI {}
}

impl Operation for WhoAmI {
    const NAME: &'static str = "custos.admin.AuthService.whoAmI";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = AnyStaff;
    type Reply = WhoAmIReply;

    async fn run(self, AnyStaff(officer): AnyStaff, _: Context) -> Result<WhoAmIReply> {
        Ok(WhoAmIReply {
            name: officer.name.clone(),
            actor: officer.actor(),
            roles: officer.roles.split(',').map(str::to_owned).collect(),
            permissions: officer.permissions.names(),
            signed_in_at: officer.signed_in_at,
        })
    }
}
