//! Every refusal that verification codes can meet, when they are asked for, checked and used: the code is seen, and
//! nothing is written but counters of tries, limits and the audit log.

use crate::common::{
    BAD_FIELD, Backend, Client, Code, House, MISSING_FIELD, TOO_MANY_CODES, WRONG_CODE, biz_type,
    fresh_email, fresh_phone, on_both, registration,
};
use serde_json::json;

const NO_PHONE: &str = "CUSTOMER_API_0000136";
const NO_EMAIL: &str = "CUSTOMER_API_0000156";
const BAD_PHONE: &str = "CUSTOMER_API_0000504";
const BAD_AREA: &str = "CUSTOMER_API_0000507";
const BAD_EMAIL: &str = "CUSTOMER_API_0000510";

on_both!(
    sends_that_are_malformed,
    sends_to_oneself_without_an_address,
    sends_beyond_a_limit,
    checks_that_are_malformed,
    codes_of_another_kind_recipient_or_ticket,
    codes_that_are_used_up,
    registrations_with_a_wrong_code,
    sign_ins_with_a_wrong_code,
);

fn sends_that_are_malformed(backend: Backend) {
    let house = House::open(backend);
    let visitor = house.visitor();
    let send = |body| house.refuses(MISSING_FIELD, || visitor.call("verifyCodeSend", body));
    send(json!({ "toUser": "a@example.com" })).naming("bizType");
    send(json!({ "bizType": biz_type("EMAIL_COMMON") })).naming("toUser");
    for kind in ["EMAIL", "email_common", "SMS_EMAIL", ""] {
        house.refuses(BAD_FIELD, || visitor.asks(kind, "a@example.com")).naming("bizType");
    }
    for to in ["no address", "a@", "+86 13800000000"] {
        house.refuses(BAD_EMAIL, || visitor.asks("EMAIL_COMMON", to));
    }
    for (to, code) in [
        ("+86 123", BAD_PHONE),
        ("+86 1380000000a", BAD_PHONE),
        ("+999 13800000000", BAD_AREA),
        ("13800000000", BAD_AREA),
    ] {
        house.refuses(code, || visitor.asks("SMS_COMMON", to));
    }
}

fn sends_to_oneself_without_an_address(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    // What is written in `toUser` is not looked at.
    house.refuses(NO_PHONE, || ada.home.asks("SMS_LOGINED", "+86 13800000000"));
    let id = ada.id;
    house.write(move |tx| {
        tx.execute("UPDATE customers SET email = NULL WHERE id = $1", custos_store::params![id])?;
        tx.touch(id);
        Ok(())
    });
    house.refuses(NO_EMAIL, || ada.home.asks("EMAIL_LOGINED", &ada.email));
}

fn sends_beyond_a_limit(backend: Backend) {
    let house = House::open(backend);
    for (kind, to) in [("EMAIL_COMMON", fresh_email()), ("SMS_COMMON", fresh_phone())] {
        let visitor = house.visitor();
        for _ in 0..4 {
            visitor.asks(kind, &to).is("0");
        }
        house.settle();
        let last = visitor.code(kind, &to);
        house.refuses(TOO_MANY_CODES, || visitor.asks(kind, &to));
        // The last that went out is not replaced by one that did not.
        visitor.checks(kind, &to, &last).is("0");
    }
}

fn checks_that_are_malformed(backend: Backend) {
    let house = House::open(backend);
    let visitor = house.visitor();
    let to = fresh_email();
    let code = visitor.code("EMAIL_COMMON", &to);
    let body = |field: &str, value: &str| {
        let mut body = json!({
            "bizType": biz_type("EMAIL_COMMON"), "toUser": to, "sendToken": code.ticket, "code": code.digits,
        });
        body[field] = value.into();
        body
    };
    for (field, value, refusal) in [
        ("bizType", "", MISSING_FIELD),
        ("toUser", "", MISSING_FIELD),
        ("code", "", MISSING_FIELD),
        ("bizType", "none", BAD_FIELD),
        ("toUser", "no address", BAD_EMAIL),
        ("sendToken", "", WRONG_CODE),
        ("sendToken", "11", WRONG_CODE),
    ] {
        house.refuses(refusal, || visitor.call("verifyCodeCheck", body(field, value)));
    }
    visitor.call("verifyCodeCheck", body("unknown", "")).is("0");
}

fn codes_of_another_kind_recipient_or_ticket(backend: Backend) {
    let house = House::open(backend);
    let visitor = house.visitor();
    let (to, other) = (fresh_email(), fresh_email());
    let (code, theirs) = (visitor.code("EMAIL_COMMON", &to), visitor.code("EMAIL_COMMON", &other));
    let mixed = Code { ticket: theirs.ticket.clone(), digits: code.digits.clone() };
    let checks = |kind: &str, to: &str, code: &Code| {
        house.refuses(WRONG_CODE, || visitor.checks(kind, to, code));
    };
    checks("EMAIL_COMMON", &other, &code);
    checks("EMAIL_COMMON", &to, &mixed);
    for kind in ["EMAIL_REGISTER", "EMAIL_LOGIN", "EMAIL_PASSWORD"] {
        checks(kind, &to, &code);
    }
    checks("SMS_COMMON", &fresh_phone(), &code);
    // Only the newest counts.
    let newer = visitor.code("EMAIL_COMMON", &to);
    checks("EMAIL_COMMON", &to, &code);
    let proof = visitor.checks("EMAIL_COMMON", &to, &newer).text("token");
    house.refuses(WRONG_CODE, || visitor.shows("EMAIL_COMMON", &other, &proof));
    house.refuses(WRONG_CODE, || visitor.shows("EMAIL_REGISTER", &to, &proof));
    house.refuses(WRONG_CODE, || visitor.shows("EMAIL_COMMON", &to, "no proof"));
    house.refuses("0", || visitor.shows("EMAIL_COMMON", &to, &proof));
}

/// Wrong until it is dead.
fn wears_out(house: &House, visitor: &Client, kind: &str, to: &str) {
    let code = visitor.code(kind, to);
    for _ in 0..5 {
        house.refuses(WRONG_CODE, || visitor.checks(kind, to, &code.wrong()));
    }
    house.refuses(TOO_MANY_CODES, || visitor.checks(kind, to, &code.wrong()));
    house.refuses(TOO_MANY_CODES, || visitor.checks(kind, to, &code));
}

fn codes_that_are_used_up(backend: Backend) {
    let house = House::open(backend);
    let (visitor, ada) = (house.visitor(), house.customer());
    for (kind, to) in
        [("EMAIL_COMMON", fresh_email()), ("SMS_COMMON", fresh_phone()), ("EMAIL_LOGIN", ada.email)]
    {
        let code = visitor.code(kind, &to);
        visitor.checks(kind, &to, &code).is("0");
        house.refuses(WRONG_CODE, || visitor.checks(kind, &to, &code));
        wears_out(&house, &visitor, kind, &to);
    }
}

fn registrations_with_a_wrong_code(backend: Backend) {
    let house = House::open(backend);
    let visitor = house.visitor();
    let email = fresh_email();
    for kind in ["EMAIL_LOGIN", "EMAIL_PASSWORD"] {
        // No customer yet, so these are never delivered: a ticket is all there is.
        let ticket = visitor.asks(kind, &email).text("token");
        let code = Code { ticket, digits: "000000".to_owned() };
        house.refuses(WRONG_CODE, || visitor.call("register", registration(&email, &code)));
    }
    for kind in ["EMAIL_REGISTER", "EMAIL_COMMON"] {
        let email = fresh_email();
        let code = visitor.code(kind, &email);
        let other = registration(&fresh_email(), &code);
        house.refuses(WRONG_CODE, || visitor.call("register", other));
        for _ in 0..5 {
            house.refuses(WRONG_CODE, || visitor.call("register", registration(&email, &code.wrong())));
        }
        house.refuses(TOO_MANY_CODES, || visitor.call("register", registration(&email, &code)));
    }
}

fn sign_ins_with_a_wrong_code(backend: Backend) {
    let house = House::open(backend);
    let (ada, visitor) = (house.customer(), house.visitor());
    for kind in ["EMAIL_COMMON", "EMAIL_PASSWORD"] {
        let code = visitor.code(kind, &ada.email);
        house.refuses(WRONG_CODE, || visitor.call("login", ada.by_code(&code)));
    }
    let nobody =
        json!({ "type": 1, "loginName": "nobody@example.com", "verifyCode": "000000", "sendToken": "11" });
    house.refuses(WRONG_CODE, || visitor.call("login", nobody));
    let code = visitor.code("EMAIL_LOGIN", &ada.email);
    for _ in 0..5 {
        house.refuses(WRONG_CODE, || visitor.call("login", ada.by_code(&code.wrong())));
    }
    house.refuses(TOO_MANY_CODES, || visitor.call("login", ada.by_code(&code)));
    // A good code works once.
    let code = visitor.code("EMAIL_LOGIN", &ada.email);
    visitor.call("login", ada.by_code(&code)).is("0");
    house.refuses(WRONG_CODE, || visitor.call("login", ada.by_code(&code)));
}
