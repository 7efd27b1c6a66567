//! The second factor: switched on and off, asked for at sign-in, locked, and replaced by recovery codes.

mod kills;
mod recovery;
mod sign_in;
mod switch;

use e2e::codes::{NO_CODE, WRONG_EMAIL_CODE, WRONG_PHONE_CODE};
use e2e::{Authenticator, Form, Person};
use serde_json::{Value, json};

/// A new secret that waits.
#[track_caller]
fn pending(person: &Person) -> Authenticator {
    Authenticator::of(&person.client.call("generateGoogleAccount", json!({})).data())
}

/// `enableOrForbidMFA` with the codes of every contact that the person has.
fn switch(person: &Person, fields: Value) -> Form {
    let mut form = Form::new("enableOrForbidMFA", fields).without_code(NO_CODE);
    if let Some(email) = &person.email {
        form = form.code(["verifyCodeEmail", "sendTokenEmail"], "EMAIL_LOGINED", email, WRONG_EMAIL_CODE);
    }
    if person.phone.is_some() {
        let fields = ["verifyCodeSMS", "sendTokenSMS"];
        form = form.code(fields, "SMS_LOGINED", person.phone_address(), WRONG_PHONE_CODE);
    }
    form
}

fn switch_on(person: &Person, device: &Authenticator) -> Form {
    switch(person, json!({"type": 1, "googleId": device.id, "googleCode": device.lasting_code()}))
}

fn switch_off(person: &Person, google: &str) -> Form {
    switch(person, json!({"type": 2, "googleId": person.device().id, "googleCode": google}))
}

/// A sign-in with the right password and this Google code.
fn with_google(person: &Person, google: &str) -> Value {
    let mut form = person.login_form(e2e::PASSWORD);
    form["googleCode"] = google.into();
    form
}
