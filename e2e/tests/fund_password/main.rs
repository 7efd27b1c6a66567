//! The fund password: set first, changed, forgotten.

mod changing;
mod forgetting;
mod kills;
mod refusing;
mod setting;

use e2e::codes::{
    A_SPENT_CODE, FIELD_MISSING, FIELD_WRONG, FUND_PASSWORD_LOCKED, FUND_PASSWORD_SET, MFA_IS_ON,
    NO_EMAIL_BOUND, NO_GOOGLE_CODE, NO_PHONE_BOUND, NO_TOKEN, NOT_YOUR_EMAIL, SAME_PASSWORD, WEAK_PASSWORD,
    WRONG_CODE, WRONG_EMAIL_CODE, WRONG_OLD_PASSWORD, WRONG_PHONE_CODE,
};
use e2e::{
    Backend, Client, Code, FUND_PASSWORD, Form, Person, Server, asks_for_google_codes, fresh,
    has_consequences, md5, on_both, password, refuses_other_codes, text_of,
};
use serde_json::{Value, json};

const NEW: &str = "271836";

const BIND: &str = "bindAssertsPwdMFA";

const UPDATE: &str = "updateAssertsPwdMFA";

/// The two forms of a reset that take a code to the caller's own address.
const RESETS: [&str; 2] = ["forgetAssertsPwdV1v1v2", "forgetAssertsPwdMFA"];

fn bind() -> Form {
    Form::new("bindAssertsPwd", json!({"pwd": md5(NEW)}))
}

fn update() -> Form {
    Form::new("updateAssertsPwd", json!({"oldPwd": md5(FUND_PASSWORD), "newPwd": md5(NEW)}))
}

fn bind_by_email(person: &Person) -> Form {
    let form = Form::new(BIND, json!({"newPwd": md5(NEW), "type": 1}));
    form.code(["verifyCode", "sendToken6"], "EMAIL_LOGINED", person.email(), WRONG_EMAIL_CODE)
}

fn bind_by_phone(person: &Person) -> Form {
    let form = Form::new(BIND, json!({"newPwd": md5(NEW), "type": "2"}));
    form.usual_code("SMS_LOGINED", person.phone_address(), WRONG_PHONE_CODE)
}

fn update_by_email(person: &Person) -> Form {
    let fields = json!({"oldPwd": md5(FUND_PASSWORD), "newPwd": md5(NEW), "type": "1"});
    Form::new(UPDATE, fields).usual_code("EMAIL_LOGINED", person.email(), WRONG_EMAIL_CODE)
}

fn update_by_phone(person: &Person) -> Form {
    let fields = json!({"oldPwd": md5(FUND_PASSWORD), "newPwd": md5(NEW), "type": 2});
    let form = Form::new(UPDATE, fields);
    form.code(["verifyCode", "sendToken6"], "SMS_LOGINED", person.phone_address(), WRONG_PHONE_CODE)
}

fn reset(person: &Person) -> Form {
    let fields = json!({"loginName": person.email(), "type": 1, "newPwd": md5(NEW), "phoneArea": "+86",
        "verifyCodeToken": ""});
    Form::new("forgetAssertsPwd", fields).usual_code("EMAIL_PASSWORD", person.email(), WRONG_CODE).resets()
}

/// With the fields that front-ends send along: none of these is looked at.
fn own_reset_by_email(operation: &'static str, person: &Person) -> Form {
    let fields = json!({"newPwd": md5(NEW), "type": "1", "loginName": "someone@else.example",
        "phoneArea": "86", "verifyCodeToken": ""});
    Form::new(operation, fields).usual_code("EMAIL_LOGINED", person.email(), WRONG_EMAIL_CODE).resets()
}

fn own_reset_by_phone(operation: &'static str, person: &Person) -> Form {
    let form = Form::new(operation, json!({"newPwd": md5(NEW), "type": 2, "loginName": ""}));
    form.code(["verifyCode", "sendToken6"], "SMS_LOGINED", person.phone_address(), WRONG_PHONE_CODE).resets()
}

#[track_caller]
fn has_fund_password(client: &Client, is_set: bool) {
    let (record, status) = (client.record(), if is_set { "2" } else { "1" });
    assert_eq!(record["assertPassStatus"], status);
    assert_eq!(text_of(&record["payPassStatus"]), status);
}

/// The new password is the one, and the usual one is not.
#[track_caller]
fn is_new(client: &Client) {
    has_fund_password(client, true);
    let next =
        |old: &str| client.call("updateAssertsPwd", json!({"oldPwd": md5(old), "newPwd": md5("508214")}));
    next(FUND_PASSWORD).refused(WRONG_OLD_PASSWORD);
    next(NEW).data();
}

/// Each of these changes to the form is refused with its code; the record stays as it is.
#[track_caller]
fn refuses(client: &Client, form: &Form, codes: &[Code], changes: &[(&str, Value, &[&str])]) {
    let before = client.record();
    for (field, value, refusals) in changes {
        form.clone().with(field, value.clone()).send(client, codes).refused_as(refusals);
    }
    assert_eq!(client.record(), before);
}

/// What is wrong with a `type` and a new password in every form.
fn wrong_fields() -> Vec<(&'static str, Value, &'static [&'static str])> {
    vec![
        ("newPwd", json!(""), &[FIELD_MISSING]),
        ("newPwd", json!(md5("")), &[WEAK_PASSWORD]),
        ("newPwd", json!(password()), &[WEAK_PASSWORD]),
        ("type", json!(""), &[FIELD_MISSING]),
        ("type", json!(0), &[FIELD_WRONG]),
        ("type", json!("4"), &[FIELD_WRONG]),
        ("type", json!("x"), &[FIELD_WRONG]),
    ]
}

/// In again after a reset, which ends all sessions.
#[track_caller]
fn is_new_after_reset(server: &Server, person: &Person) {
    person.client.call("findCustomerInfo", json!({})).refused(e2e::codes::DEAD_TOKEN);
    is_new(&person.another_session(server));
}
