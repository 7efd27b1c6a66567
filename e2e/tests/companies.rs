//! Two companies in one house: neither hears the other through the wall.

use e2e::codes::{
    DEAD_TOKEN, LOCKED, TOO_MANY_CODES, UNKNOWN_COMPANY, WRONG_ACCOUNT_OR_PASSWORD, WRONG_CODE,
};
use e2e::{Backend, PASSWORD, Server, fresh, on_both, text_of};
use serde_json::json;

on_both!(
    a_token_is_of_one_company,
    a_name_is_of_one_company,
    a_ticket_is_of_one_company,
    one_address_in_both,
    locks_are_of_one_company,
    limits_are_of_one_company,
    groups_are_of_one_company,
    a_company_that_is_switched_off,
);

fn a_token_is_of_one_company(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other");
    let ada = server.visitor().signs_up();
    let trespasser = ada.client.of_company(other);
    for (operation, body) in [
        ("findCustomerInfo", json!({})),
        ("findCustomerLang", json!({})),
        ("findPhoneAndEmail", json!({})),
        ("changeLang", json!({"newLang": "zh-CN"})),
        ("/global/thirdExt/randomKey", json!({})),
    ] {
        trespasser.call(operation, body).refused(DEAD_TOKEN);
    }
    assert!(!trespasser.ask_for_code("EMAIL_LOGINED", "").is_ok());
    trespasser.signs_out();
    // None of that has touched her.
    assert_eq!(ada.client.record()["customerNo"], ada.number);
    assert_eq!(ada.client.lang_on_file(), "en-US");
}

fn a_name_is_of_one_company(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other");
    let before = server.customers_of(1).len();
    let ada = server.visitor().signs_up();
    let number = fresh::chinese_phone();
    server.visitor().signs_up_by_phone("+86", &number);

    let there = server.visitor().of_company(other);
    for (kind, name) in [(1, &ada.name), (2, &number), (3, &ada.number)] {
        let body = json!({"type": kind, "loginName": name, "phoneArea": "+86"});
        assert_eq!(there.call("checkCustomerExist", body.clone()).data(), 2);
        assert_eq!(there.call("checkGoogleMFAStatus", body.clone()).data(), 0);
        // A company need not answer guests here; if it does, it knows no one.
        let status = there.call("checkStatus", body);
        assert!(!status.is_ok() || status.data()["status"] == 2);
    }
    there.tries_email(&ada.name, PASSWORD).refused(WRONG_ACCOUNT_OR_PASSWORD);
    there.tries_phone(&number, PASSWORD).refused(WRONG_ACCOUNT_OR_PASSWORD);
    there.tries_number(&ada.number, PASSWORD).refused(WRONG_ACCOUNT_OR_PASSWORD);

    // A sign-in code for someone else's customer goes nowhere.
    let mails = server.mail.inbox().all_to(&ada.name).len();
    there.ticket("EMAIL_LOGIN", &ada.name);
    there.code("EMAIL_COMMON", &fresh::email());
    assert_eq!(server.mail.inbox().all_to(&ada.name).len(), mails);
    assert!(server.customers_of(other).is_empty());
    assert_eq!(server.customers_of(1).len(), before + 2);
}

fn a_ticket_is_of_one_company(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other");
    let (here, there) = (server.visitor(), server.visitor().of_company(other));
    let email = fresh::email();
    let code = here.code("EMAIL_REGISTER", &email);
    there.check_code("EMAIL_REGISTER", &email, &code).refused(WRONG_CODE);
    there.call("register", code.email_sign_up(&email)).refused_as(e2e::codes::A_WRONG_CODE);
    // Wrong tries there are none here.
    for _ in 0..6 {
        assert!(!there.call("register", code.wrong().email_sign_up(&email)).is_ok());
    }
    here.call("register", code.email_sign_up(&email)).data();

    let code = here.code("EMAIL_PASSWORD", &email);
    let proof = text_of(&here.check_code("EMAIL_PASSWORD", &email, &code).data()["token"]);
    let body = json!({"bizType": "EMAIL_PASSWORD_VERIFICATION_CODE", "toUser": email, "sendToken": "11",
        "verifyCodeToken": proof});
    there.call("verifyCodeCheck", body.clone()).refused(WRONG_CODE);
    here.call("verifyCodeCheck", body).data();
}

fn one_address_in_both(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other");
    let email = fresh::email();
    let here = server.visitor().signs_up_as(&email);
    let there = server.visitor().of_company(other).signs_up_as(&email);
    assert_ne!(here.profile["id"], there.profile["id"]);
    assert_eq!(here.client.record()["companyId"], 1);
    assert_eq!(there.client.record()["companyId"], other);
    here.client.call("changeLang", json!({"newLang": "zh-HK"})).data();
    assert_ne!(there.client.lang_on_file(), "zh-HK");
    here.client.signs_out();
    assert_eq!(there.client.record()["email"], email);
    // The message says whose it is.
    let number = fresh::chinese_phone();
    there.client.ask_for_code("SMS_COMMON", &format!("+86 {number}")).data();
    assert_eq!(server.sms.inbox().next_to(&format!("+86{number}")).company, other);
}

fn locks_are_of_one_company(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other");
    let email = fresh::email();
    server.visitor().signs_up_as(&email);
    server.visitor().of_company(other).signs_up_as(&email);
    let stranger = server.visitor().of_company(other);
    for n in 0..5 {
        assert!(!stranger.tries_email(&email, &format!("wrong {n}")).is_ok());
    }
    stranger.tries_email(&email, PASSWORD).refused(LOCKED);
    stranger.of_company(1).tries_email(&email, PASSWORD).data();
}

fn limits_are_of_one_company(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other");
    let email = fresh::email();
    for _ in 0..5 {
        server.visitor().ask_for_code("EMAIL_COMMON", &email).data();
    }
    server.visitor().ask_for_code("EMAIL_COMMON", &email).refused(TOO_MANY_CODES);
    let there = server.visitor().of_company(other);
    there.ask_for_code("EMAIL_COMMON", &email).data();
    // Companies other than the demo's keep a minute between two codes.
    there.ask_for_code("EMAIL_COMMON", &email).refused(TOO_MANY_CODES);
}

fn groups_are_of_one_company(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other");
    let ids = |company: i64| {
        let groups = server.visitor().of_company(company).call("groupList", json!({})).data();
        let ids: Vec<_> = groups.as_array().expect("an array").iter().map(|g| g["id"].clone()).collect();
        ids
    };
    let (here, there) = (ids(1), ids(other));
    assert!(!here.is_empty() && here.iter().all(|id| !there.contains(id)), "{here:?} {there:?}");

    // Asking for another company's group gets the own company's default.
    let visitor = server.visitor().of_company(other);
    let email = fresh::email();
    let mut form = visitor.code("EMAIL_REGISTER", &email).email_sign_up(&email);
    form["customerGroupId"] = here[0].clone();
    let profile = visitor.call("register", form).data();
    assert!(there.contains(&profile["customerGroupId"]), "{profile}");
}

fn a_company_that_is_switched_off(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other");
    let there = server.visitor().of_company(other).signs_up();
    let here = server.visitor().signs_up();

    server.company("disable", other).succeeds();
    there.client.call("findCustomerInfo", json!({})).refused(UNKNOWN_COMPANY);
    there.client.without_token().tries_email(&there.name, PASSWORD).refused(UNKNOWN_COMPANY);
    server.visitor().of_company(other).call("groupList", json!({})).refused(UNKNOWN_COMPANY);
    here.client.record();

    server.company("enable", other).succeeds();
    server.visitor().of_company(other).signs_in(&there.name);
}
