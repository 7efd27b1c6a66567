//! Moving to another country.

use crate::company::Company;
use crate::countries::Country;
use crate::customer::{self, Status};
use crate::error::{Code, Result};
use crate::{changes::By, kyc};
use custos_store::{Tx, audit, params};
use serde_json::json;

/// Changes the country that a customer lives in, unless a KYC was passed for the old one. What waits for a decision is
/// rejected, since it was made for the old country.
///
/// # Errors
/// `CUSTOMER_API_0001003` where the company serves no one, `0604` when a KYC is passed, `0103`, `0113` or `0004` for an
/// account out of use, frozen or leaving; else the store's.
pub fn change(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    country: &Country,
    by: &By,
) -> Result<()> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    // What was true when the request was let in may have ended while it waited for the lock.
    if customer.status.is_out_of_use() {
        return Err(Code::SignInSuspended.refuse());
    }
    if customer.status == Status::Closing {
        return Err(Code::InProgress.refuse());
    }
    if customer.is_locked_by_operator() {
        return Err(Code::SignInLocked.refuse());
    }
    let restricted = &company.settings.restricted_countries;
    if restricted
        .iter()
        .any(|code| crate::countries::parse(code).is_some_and(|one| one.numeric == country.numeric))
    {
        return Err(Code::CountryNotServed.refuse());
    }
    if kyc::has_passed(tx, company.id, customer_id)? {
        return Err(Code::KycPassed.refuse());
    }
    let code = country.code();
    if customer.country == code {
        return Ok(());
    }
    tx.execute(
        "UPDATE customers SET country = $3 WHERE company_id = $1 AND id = $2",
        params![company.id, customer_id, &code],
    )?;
    let rejected = kyc::reject_pending(
        tx,
        company.id,
        (customer_id, &customer.country),
        reason(&customer.lang),
        "customer",
    )?;
    tx.audit(audit::Entry {
        company_id: company.id,
        action: "customer.country",
        outcome: "ok".to_owned(),
        actor: "customer".to_owned(),
        customer_id: Some(customer_id),
        address: Some(by.origin.address.clone()),
        trace: Some(by.origin.trace.clone()),
        detail: json!({ "from": customer.country, "to": code, "rejected": rejected }),
    });
    tx.touch(customer_id);
    Ok(())
}

/// Why an application for the old country is rejected.
fn reason(lang: &str) -> &'static str {
    match lang {
        "zh-CN" => "您已更改国家或地区，请按新的国家或地区重新提交。",
        "zh-HK" | "zh-TW" => "您已更改國家或地區，請按新的國家或地區重新提交。",
        _ => "Your country was changed. Please submit again for the new one.",
    }
}
