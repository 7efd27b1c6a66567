//! The first one.

use super::*;

on_both!(
    a_first_password,
    a_first_password_has_consequences,
    a_first_password_asks_for_google_codes,
    a_first_password_with_a_code,
    a_first_password_with_a_code_refuses_others,
);

fn a_first_password(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let client = &person.client;
    has_fund_password(client, false);
    let before = client.record();
    client.call("bindAssertsPwd", json!({})).refused(FIELD_MISSING).naming("pwd");
    client.call("bindAssertsPwd", json!({"pwd": ""})).refused(FIELD_MISSING).naming("pwd");
    // It may not be the login password.
    for same in [password(), password().to_uppercase()] {
        client.call("bindAssertsPwd", json!({"pwd": same})).refused(WEAK_PASSWORD);
    }
    // There is no password yet that could be changed.
    for old in [FUND_PASSWORD, "", NEW] {
        let body = json!({"oldPwd": md5(old), "newPwd": md5(NEW)});
        assert!(!client.call("updateAssertsPwd", body).is_ok());
    }
    assert_eq!(client.record(), before);

    let whole = bind().with("pwd", md5(NEW).to_uppercase()).with("googleCode", "nonsense");
    assert_eq!(whole.send(client, &[]).data(), json!({}));
    has_fund_password(client, true);
    let before = client.record();
    whole.send(client, &[]).refused(FUND_PASSWORD_SET);
    bind().with("pwd", md5("704913")).send(client, &[]).refused(FUND_PASSWORD_SET);
    bind_by_email(&person).goes_out(client).refused(FUND_PASSWORD_SET);
    assert_eq!(client.record(), before);
    // Nor may the login password become the fund password.
    let login = json!({"oldPwd": password(), "newPwd": md5(NEW)});
    client.call("updateLoginPwd", login).refused(WEAK_PASSWORD);
    is_new(client);
}

fn a_first_password_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    has_consequences(&server, &Person::by_email(&server), &bind());
    let person = Person::by_phone(&server);
    has_consequences(&server, &person, &bind_by_phone(&person));
    let person = Person::by_email(&server).with_phone(&server);
    has_consequences(&server, &person, &bind_by_email(&person));
}

fn a_first_password_asks_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    asks_for_google_codes(&server, &Person::by_email(&server).with_mfa(&server), &bind());
    let person = Person::by_email(&server).with_phone(&server).with_mfa(&server);
    asks_for_google_codes(&server, &person, &bind_by_phone(&person));
}

fn a_first_password_with_a_code(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let form = bind_by_email(&person);
    let codes = form.codes(&person.client);
    refuses(&person.client, &form, &codes, &wrong_fields());
    let no_phone: &[&str] = &[NO_PHONE_BOUND, WRONG_PHONE_CODE];
    refuses(&person.client, &form, &codes, &[("type", json!(2), no_phone)]);
    // None of that has used the code up.
    form.with("googleCode", "").send(&person.client, &codes).data();
    is_new(&person.client);

    let person = Person::by_phone(&server);
    let form = bind_by_phone(&person).with("newPwd", md5(NEW).to_uppercase());
    let codes = form.codes(&person.client);
    let no_email: &[&str] = &[NO_EMAIL_BOUND, WRONG_EMAIL_CODE];
    refuses(&person.client, &form, &codes, &[("type", json!("1"), no_email)]);
    form.send(&person.client, &codes).data();
    is_new(&person.client);
}

fn a_first_password_with_a_code_refuses_others(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    refuses_other_codes(&server, &person, &bind_by_email(&person));
    let person = Person::by_phone(&server);
    refuses_other_codes(&server, &person, &bind_by_phone(&person));
}
