//! The customer record that front-ends live on: every field there, of the right type, and true.

use e2e::{Backend, Server, fresh, on_both};
use serde_json::{Value, json};

on_both!(every_field_has_its_type, a_fresh_customers_record_is_true, sign_in_returns_the_record_and_a_token);

/// Numbers that front-ends compare strictly.
const INTEGERS: &[&str] = &[
    "id",
    "companyId",
    "customerGroupId",
    "kycAuditStatus",
    "kycStatus",
    "type",
    "deposit",
    "withdraw",
    "optional",
    "activateStatus",
    "companyKycStatus",
    "status",
    "isFund",
    "googleId",
    "openAccountType",
    "createTime",
    "registerSource",
    "registerTime",
];
const INTEGERS_OR_NULL: &[&str] =
    &["activateTime", "loginTime", "relationCustomerId", "associationCompanyId"];
const TEXTS: &[&str] = &[
    "customerNo",
    "loginPassStatus",
    "payPassStatus",
    "assertPassStatus",
    "country",
    "companyType",
    "kycRemark",
];
const TEXTS_OR_NULL: &[&str] = &[
    "kycAuditRemark",
    "accountRemark",
    "email",
    "phone",
    "phoneArea",
    "name",
    "thirdServerCode",
    "source",
    "thirdLoginSource",
    "thirdUserId",
    "idCard",
    "idCardType",
    "thirdIntactMsg",
    "firstName",
    "lastName",
    "utmSource",
    "postalCode",
    "customerAgentMark",
    "apiCheckRule",
];
/// Risk levels: their form is not settled, but they are there.
const PRESENT: &[&str] = &["forceLevel", "earlyWarningLevel", "withdrawLevel"];

const ACCOUNT_INTEGERS: &[&str] = &[
    "companyId",
    "tradeType",
    "customerId",
    "accountId",
    "type",
    "status",
    "activateStatus",
    "digits",
    "createTime",
    "assetsId",
];
const ACCOUNT_TEXTS: &[&str] = &["customerNo", "currency"];
/// Decimal text with exactly as many decimals as the account's asset has.
const AMOUNTS: &[&str] = &[
    "withdrawAmount",
    "balance",
    "available",
    "equity",
    "lockAmount",
    "profit",
    "margin",
    "notWithdrawAmount",
    "freeMargin",
    "lockMargin",
    "liabilities",
    "liabilitiesPrincipal",
    "interest",
    "netAssets",
    "frozen",
    "collateralFrozen",
    "availableLoan",
];
const RATES: &[&str] = &["interestProportion", "marginRadio", "wholeWarehouseBalance", "wholeWarehouseRate"];
const ACCOUNT_PRESENT: &[&str] =
    &["remark", "activateTime", "firstDepositTime", "firstWithdrawTime", "openAccountStatus"];

#[track_caller]
fn fields_are(object: &Value, names: &[&str], what: &str, accept: impl Fn(&Value) -> bool) {
    for name in names {
        let value = object.get(*name).unwrap_or_else(|| panic!("no `{name}` in {object}"));
        assert!(accept(value), "`{name}` is {value}, not {what}");
    }
}

fn is_id(value: &Value) -> bool {
    value.as_i64().is_some_and(|number| number < 1 << 53)
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn has_decimals(value: &Value, count: usize) -> bool {
    value.as_str().is_some_and(|text| {
        is_decimal(text) && text.split_once('.').map_or(0, |(_, fraction)| fraction.len()) == count
    })
}

fn check_record(record: &Value) {
    fields_are(record, INTEGERS, "an integer below 2^53", is_id);
    fields_are(record, INTEGERS_OR_NULL, "an integer or null", |v| v.is_null() || is_id(v));
    fields_are(record, TEXTS, "a text", Value::is_string);
    fields_are(record, TEXTS_OR_NULL, "a text or null", |v| v.is_null() || v.is_string());
    fields_are(record, PRESENT, "there", |_| true);
    fields_are(record, &["apiCheckSwitch"], "true or false", Value::is_boolean);
    let accounts = record["accountList"].as_array().expect("`accountList` is an array");
    assert!(!accounts.is_empty(), "front-ends need an account");
    for account in accounts {
        let digits = usize::try_from(account["digits"].as_u64().expect("`digits`")).expect("a small number");
        fields_are(account, ACCOUNT_INTEGERS, "an integer below 2^53", is_id);
        fields_are(account, ACCOUNT_TEXTS, "a text", Value::is_string);
        fields_are(account, AMOUNTS, "an exact amount", |v| has_decimals(v, digits));
        fields_are(account, RATES, "decimal text", |v| v.as_str().is_some_and(is_decimal));
        fields_are(account, ACCOUNT_PRESENT, "there", |_| true);
        assert!([1, 2, 3, 5, 8].contains(&account["tradeType"].as_i64().expect("a trade type")), "{account}");
    }
}

fn every_field_has_its_type(backend: Backend) {
    let server = Server::start(backend);
    let by_email = server.visitor().signs_up();
    check_record(&by_email.client.record());
    let by_phone = server.visitor().signs_up_by_phone("+44", &fresh::british_phone());
    check_record(&by_phone.client.record());
}

fn a_fresh_customers_record_is_true(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let before = visitor.call("/thirdExt/now", json!({})).data().as_i64().expect("a time");
    let ada = visitor.signs_up();
    let session = server.visitor().signs_in(&ada.name);
    let after = visitor.call("/thirdExt/now", json!({})).data().as_i64().expect("a time");
    let record = session.record();

    let expected = json!({
        "companyId": 1, "customerNo": ada.number, "email": ada.name, "country": "ISO_3166_156",
        "status": 1, "type": 0, "openAccountType": 0, "isFund": 0, "optional": 0, "googleId": 0,
        "loginPassStatus": "2", "assertPassStatus": "1", "payPassStatus": "1",
        // The demo company asks no KYC.
        "companyKycStatus": 2, "kycAuditStatus": 2,
        "deposit": 1, "registerSource": 2,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&record[name], value, "`{name}`");
    }
    assert!(["real", "demo"].contains(&record["companyType"].as_str().expect("a text")));
    for time in ["registerTime", "createTime", "loginTime"] {
        let time = record[time].as_i64().expect("a time");
        assert!((before..=after).contains(&time), "{time} is not between {before} and {after}");
    }
    let twin = &record["associationCompanyId"];
    assert!(twin.is_null() || *twin == 0, "{twin}");
    assert!(record["phone"].is_null() || record["phone"] == "", "{record}");

    // An account belongs to its customer and is empty.
    for account in record["accountList"].as_array().expect("accounts") {
        assert_eq!(account["customerId"], record["id"]);
        assert_eq!(account["customerNo"], record["customerNo"]);
        for amount in ["balance", "available", "liabilities", "frozen"] {
            let text = account[amount].as_str().expect("an amount");
            assert!(text.bytes().all(|b| b == b'0' || b == b'.'), "`{amount}` of a new account is {text}");
        }
    }
    // Nobody else has their ids.
    let ben = server.visitor().signs_up().client.record();
    assert_ne!(ben["id"], record["id"]);
    assert_ne!(ben["customerNo"], record["customerNo"]);
    assert_ne!(ben["accountList"][0]["accountId"], record["accountList"][0]["accountId"]);
}

fn sign_in_returns_the_record_and_a_token(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let mut answer = server.visitor().tries_email(&ada.name, e2e::PASSWORD).data();
    let token = answer.as_object_mut().expect("an object").remove("token").expect("a token");
    let record = server.visitor().with_token(token.as_str().expect("a text")).record();
    assert_eq!(answer, record);
    // What is read twice reads the same, whoever reads it.
    assert_eq!(ada.client.record(), record);
}
