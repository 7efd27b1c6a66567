//! The login password: set first, changed, forgotten.

mod changing;
mod forgetting;
mod kills;
mod refusing;
mod setting;

use e2e::codes::{
    A_WRONG_CODE, FIELD_MISSING, FIELD_WRONG, LOCKED, LOGIN_PASSWORD_SET, NO_GOOGLE_CODE, NO_PHONE_BOUND,
    NO_TOKEN, SAME_PASSWORD, WEAK_PASSWORD, WRONG_ACCOUNT_OR_PASSWORD, WRONG_CODE, WRONG_EMAIL_CODE,
    WRONG_GOOGLE_CODE, WRONG_OLD_PASSWORD, WRONG_PHONE_CODE,
};
use e2e::{
    Backend, Code, Form, PASSWORD, Person, Server, asks_for_google_codes, fresh, has_consequences, md5,
    on_both, password, refuses_other_codes, text_of,
};
use serde_json::{Value, json};

const NEW: &str = "n3w-Passw0rd!";

/// The three names of one operation, with the field each uses.
const FIRST: [(&str, &str); 3] =
    [("bindLoginPwd", "pwd"), ("firstTimeSettingLoginPassword", "newPwd"), ("firstSetLoginPwd", "newPwd")];

fn update() -> Form {
    Form::new("updateLoginPwd", json!({"oldPwd": password(), "newPwd": md5(NEW)}))
}

fn update_by_email(person: &Person) -> Form {
    let fields = json!({"oldPwd": password(), "newPwd": md5(NEW), "type": "1"});
    Form::new("updateLoginPwdMFA", fields).usual_code("EMAIL_LOGINED", person.email(), WRONG_EMAIL_CODE)
}

fn update_by_phone(person: &Person) -> Form {
    let fields = json!({"oldPwd": password(), "newPwd": md5(NEW), "type": 2, "googleCode": ""});
    Form::new("updateLoginPwdMFA", fields).usual_code("SMS_LOGINED", person.phone_address(), WRONG_PHONE_CODE)
}

fn reset_by_email(person: &Person) -> Form {
    let fields = json!({"loginName": person.email(), "type": 1, "newPwd": md5(NEW), "phoneArea": "+86",
        "verifyCodeToken": ""});
    Form::new("forgetLoginPwd", fields).usual_code("EMAIL_PASSWORD", person.email(), WRONG_CODE).resets()
}

/// The new password signs in, the old one does not.
#[track_caller]
fn is_new(server: &Server, person: &Person) {
    person.tries(server, PASSWORD).refused(WRONG_ACCOUNT_OR_PASSWORD);
    assert_eq!(person.tries(server, NEW).data()["loginPassStatus"], "2");
}
