//! The customer record: what `findCustomerInfo` and `login` tell.

use super::account::{self, AccountView};
use super::wealth::Wealth;
use crate::context::Made;
use crate::error::{Error, Result};
use crate::reply;
use custos_customers::company::{self, Company};
use custos_customers::customer::{self, Customer, Status};
use custos_customers::freezes::{self, Scope};
use custos_customers::kyc::{self, Progress};
use custos_customers::{third_party, watchlist};
use custos_store::Tx;
use serde_json::Value;

reply! {
    /// Everything that clients know of a customer.
    pub struct CustomerRecord {
        /// The customer's id.
        id: i64 = "id",
        /// The company.
        company_id: i64 = "companyId",
        /// The group.
        customer_group_id: i64 = "customerGroupId",
        /// The customer's number.
        customer_no: String = "customerNo",
        /// Account-opening KYC: 0 not submitted, 1 in review, 2 passed or none asked, 3 rejected.
        kyc_audit_status: i64 = "kycAuditStatus",
        /// Why it was rejected.
        kyc_audit_remark: String = "kycAuditRemark",
        /// 1 not submitted, 2 in review, 3 rejected, 4 all passed, -1 some passed or none asked.
        kyc_status: i64 = "kycStatus",
        /// The same in words; empty for -1.
        kyc_remark: String = "kycRemark",
        /// The open accounts.
        account_list: Vec<AccountView> = "accountList",
        /// A note on the accounts.
        account_remark: String = "accountRemark",
        /// 1 no login password yet, 2 set.
        login_pass_status: &'static str = "loginPassStatus",
        /// Mirrors the fund password: 1 absent, 2 present.
        pay_pass_status: &'static str = "payPassStatus",
        /// The bound e-mail address; empty for none.
        email: String = "email",
        /// The bound phone number, national; empty for none.
        phone: String = "phone",
        /// Its calling code.
        phone_area: String = "phoneArea",
        /// The name to be called by.
        name: String = "name",
        /// `ISO_3166_<numeric>`, a code of the country list.
        country: String = "country",
        /// 0 real, 1 demo, 2 guest.
        kind: i64 = "type",
        /// 1 deposits are allowed.
        deposit: i64 = "deposit",
        /// 1 withdrawals are allowed.
        withdraw: i64 = "withdraw",
        /// 0 no watchlist yet, 1 there is one.
        optional: i64 = "optional",
        /// 1 activated.
        activate_status: i64 = "activateStatus",
        /// When, ms.
        activate_time: i64 = "activateTime",
        /// 1 the company asks KYC at opening, 2 not.
        company_kyc_status: i64 = "companyKycStatus",
        /// 1 normal, 2 disabled, 3 deleted, 4 closed, 5 locked, 6 closing.
        status: i64 = "status",
        /// The customer's id in an outside system.
        third_server_code: String = "thirdServerCode",
        /// Which outside system.
        source: String = "source",
        /// Bound third parties.
        third_login_source: String = "thirdLoginSource",
        /// The ids there.
        third_user_id: String = "thirdUserId",
        /// Number of the identity document.
        id_card: String = "idCard",
        /// Its kind.
        id_card_type: String = "idCardType",
        /// What the third party told.
        third_intact_msg: String = "thirdIntactMsg",
        /// Given name.
        first_name: String = "firstName",
        /// Family name.
        last_name: String = "lastName",
        /// 1 a fund manager.
        is_fund: i64 = "isFund",
        /// 1 no fund password yet, 2 set.
        assert_pass_status: &'static str = "assertPassStatus",
        /// Above 0: MFA is on, and this is its id.
        google_id: i64 = "googleId",
        /// 0 a person, 1 a business.
        open_account_type: i64 = "openAccountType",
        /// The last sign-in, ms.
        login_time: i64 = "loginTime",
        /// When the customer registered, ms.
        create_time: i64 = "createTime",
        /// The twin account; 0 for none.
        relation_customer_id: i64 = "relationCustomerId",
        /// real or demo.
        company_type: String = "companyType",
        /// The client that they registered with.
        register_source: i64 = "registerSource",
        /// The twin company; 0 for none.
        association_company_id: i64 = "associationCompanyId",
        /// When the customer registered, ms.
        register_time: i64 = "registerTime",
        /// Where the customer came from.
        utm_source: String = "utmSource",
        /// Level of forced liquidation.
        force_level: Value = "forceLevel",
        /// Level of the warning.
        early_warning_level: Value = "earlyWarningLevel",
        /// Level at which withdrawals stop.
        withdraw_level: Value = "withdrawLevel",
        /// Postal code.
        postal_code: String = "postalCode",
        /// The mark of an agent.
        customer_agent_mark: String = "customerAgentMark",
        /// API calls ask for verification.
        api_check_switch: bool = "apiCheckSwitch",
        /// By which ways.
        api_check_rule: String = "apiCheckRule",
    }
}

/// "1" where something is still to be set, "2" where it is.
pub(super) fn is_set(password: Option<&String>) -> &'static str {
    if password.is_some() { "2" } else { "1" }
}

/// The value of one campaign field that was kept at registration.
fn utm(customer: &Customer, field: &str) -> String {
    serde_json::from_str::<Value>(&customer.utm)
        .ok()
        .and_then(|utm| utm.get(field).and_then(Value::as_str).map(str::to_owned))
        .unwrap_or_default()
}

/// The field `kycStatus` in words.
fn kyc_words(progress: &Progress, lang: &str) -> &'static str {
    let [english, simplified, traditional] = match progress.status() {
        1 => ["Not submitted", "未提交", "未提交"],
        2 => ["In review", "审核中", "審核中"],
        3 => ["Rejected", "未通过", "未通過"],
        4 => ["Passed", "已通过", "已通過"],
        _ => [""; 3],
    };
    match lang {
        "zh-CN" => simplified,
        "zh-HK" | "zh-TW" => traditional,
        _ => english,
    }
}

/// Reads what the record needs besides the customer and puts it together.
///
/// # Errors
/// The store's.
pub fn read(tx: &mut Tx<'_>, company: &Company, customer: &Customer) -> Result<CustomerRecord> {
    read_until(tx, company, customer).map(|(record, _)| record)
}

/// The record, and the next instant at which a figure of its accounts changes by itself.
fn read_until(tx: &mut Tx<'_>, company: &Company, customer: &Customer) -> Result<(CustomerRecord, i64)> {
    let wealth = Wealth::read(tx, company, customer)?;
    let bound = third_party::list(tx, company.id, customer.id)?;
    let progress = kyc::progress(tx, customer, (None, None))?;
    let (opening, opening_remark) = kyc::opening(&progress);
    let (id_card_type, id_card) = kyc::document(tx, &progress)?.unwrap_or_default();
    let now = tx.now();
    let frozen = freezes::until(tx, company.id, customer.id, &[Scope::Withdraw])?;
    let phone = customer.phone.as_ref();
    let record = CustomerRecord {
        id: customer.id,
        company_id: customer.company_id,
        customer_group_id: customer.group_id,
        customer_no: customer.number.clone(),
        kyc_audit_status: opening as i64,
        kyc_audit_remark: opening_remark.to_owned(),
        kyc_status: progress.status(),
        kyc_remark: kyc_words(&progress, &customer.lang).to_owned(),
        account_list: account::views(&wealth)?,
        account_remark: String::new(),
        login_pass_status: is_set(customer.login_password.as_ref()),
        pay_pass_status: is_set(customer.fund_password.as_ref()),
        email: customer.email.as_ref().map_or_else(String::new, ToString::to_string),
        phone: phone.map_or_else(String::new, |phone| phone.national.clone()),
        phone_area: phone.map_or_else(String::new, |phone| phone.area.clone()),
        name: customer.name.clone(),
        country: customer.country.clone(),
        kind: wealth.group_kind,
        deposit: 1,
        withdraw: i64::from(customer.cool_off_until <= now && frozen.is_none()),
        optional: i64::from(watchlist::has_any(tx, company.id, customer.id)?),
        activate_status: 1,
        activate_time: customer.created_at,
        company_kyc_status: if kyc::opening_asked(&progress) { 1 } else { 2 },
        status: customer.status_at(now) as i64,
        third_server_code: customer.third_server_code.clone(),
        source: customer.third_server_source.clone(),
        third_login_source: bound.iter().map(|one| one.source.as_str()).collect::<Vec<_>>().join(","),
        third_user_id: bound.iter().map(|one| one.user_id.as_str()).collect::<Vec<_>>().join(","),
        id_card,
        id_card_type,
        third_intact_msg: bound.first().map_or_else(String::new, |one| one.message.clone()),
        first_name: customer.first_name.clone(),
        last_name: customer.last_name.clone(),
        is_fund: 0,
        assert_pass_status: is_set(customer.fund_password.as_ref()),
        google_id: customer.mfa_id,
        open_account_type: customer.open_account_type,
        login_time: customer.signed_in_at,
        create_time: customer.created_at,
        relation_customer_id: 0,
        company_type: company.settings.company_type.clone(),
        register_source: customer.register_source,
        association_company_id: 0,
        register_time: customer.created_at,
        utm_source: utm(customer, "utmSource"),
        force_level: Value::Null,
        early_warning_level: Value::Null,
        withdraw_level: Value::Null,
        postal_code: customer.postal_code.clone(),
        customer_agent_mark: String::new(),
        api_check_switch: false,
        api_check_rule: String::new(),
    };
    Ok((record, wealth.good_until().min(frozen.unwrap_or(i64::MAX))))
}

/// The record as text, with the instant at which a field of it changes by itself.
pub(super) fn make(tx: &mut Tx<'_>, customer: &Customer) -> Result<Made> {
    let company = company::find(tx, customer.company_id)?.ok_or(custos_store::Error::NoRow)?;
    let (record, figures_until) = read_until(tx, &company, customer)?;
    let bytes = serde_json::to_vec(&record)
        .map_err(|error| Error::Internal(format!("a customer's record: {error}")))?;
    let now = tx.now();
    let good_until = [customer.cool_off_until, customer.locked_until, figures_until]
        .into_iter()
        .filter(|until| *until > now)
        .min()
        .unwrap_or(customer::LOCKED_BY_OPERATOR);
    debug_assert!(customer.status != Status::Locked, "locked is never stored");
    Ok(Made { bytes, good_until })
}
