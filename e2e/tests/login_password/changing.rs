//! A new one for the old.

use super::*;

on_both!(
    an_update,
    an_update_has_consequences,
    an_update_asks_for_google_codes,
    five_wrong_old_passwords,
    right_old_passwords_do_not_lock,
    an_update_with_a_code_refuses_others,
    an_update_with_a_code,
    an_update_with_a_code_has_consequences,
    an_update_with_a_code_asks_for_google_codes,
);

fn an_update(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let client = &person.client;
    let tries = |fields: Value| client.call("updateLoginPwd", fields);
    let before = client.record();
    for missing in ["oldPwd", "newPwd"] {
        let mut fields = json!({"oldPwd": password(), "newPwd": md5(NEW)});
        fields[missing] = "".into();
        tries(fields).refused(FIELD_MISSING).naming(missing);
    }
    tries(json!({"oldPwd": md5("wrong"), "newPwd": md5(NEW)})).refused(WRONG_OLD_PASSWORD);
    tries(json!({"oldPwd": md5(""), "newPwd": md5(NEW)})).refused_as(&[WRONG_OLD_PASSWORD, WEAK_PASSWORD]);
    tries(json!({"oldPwd": password(), "newPwd": password()})).refused(SAME_PASSWORD);
    tries(json!({"oldPwd": password(), "newPwd": password().to_uppercase()})).refused(SAME_PASSWORD);
    assert_eq!(client.record(), before);
    tries(json!({"oldPwd": password().to_uppercase(), "newPwd": md5(NEW), "googleCode": "1"})).data();
    is_new(&server, &person);
    tries(json!({"oldPwd": password(), "newPwd": md5("and another")})).refused(WRONG_OLD_PASSWORD);
    // Front-ends sign out after it.
    client.signs_out();

    let person = Person::without_password(&server);
    let form = json!({"oldPwd": md5(""), "newPwd": md5(NEW)});
    assert!(!person.client.call("updateLoginPwd", form).is_ok());
    assert_eq!(person.client.record()["loginPassStatus"], "1");
}

fn an_update_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    has_consequences(&server, &Person::by_email(&server), &update());
    has_consequences(&server, &Person::by_phone(&server), &update());
}

fn an_update_asks_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    asks_for_google_codes(&server, &Person::by_email(&server).with_mfa(&server), &update());
    let person = Person::by_email(&server).with_phone(&server).with_mfa(&server);
    asks_for_google_codes(&server, &person, &update());
}

fn five_wrong_old_passwords(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    let wrong = json!({"oldPwd": md5("wrong"), "newPwd": md5(NEW)});
    for _ in 0..4 {
        person.client.call("updateLoginPwd", wrong.clone()).refused(WRONG_OLD_PASSWORD);
    }
    person.client.call("updateLoginPwd", wrong).refused_as(&[WRONG_OLD_PASSWORD, LOCKED]);
    person.client.call("updateLoginPwd", update().body(&[])).refused(LOCKED);
    // The other form is no way around it; the fund password counts for itself.
    update_by_email(&person).goes_out(&person.client).refused(LOCKED);
    let fund = json!({"oldPwd": md5("314159"), "newPwd": md5("271838")});
    person.client.call("updateAssertsPwd", fund).refused("CUSTOMER_API_0000124");
    person.client.record();
}

/// Only wrong passwords count: whoever errs in another field has still told the right one.
fn right_old_passwords_do_not_lock(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    for _ in 0..6 {
        update().with("newPwd", password()).send(&person.client, &[]).refused(SAME_PASSWORD);
    }
    for _ in 0..6 {
        let made_up = Code { ticket: "made-up".into(), digits: "000000".into() };
        update_by_email(&person).send(&person.client, &[made_up]).refused(WRONG_EMAIL_CODE);
    }
    update().send(&person.client, &[]).data();
    is_new(&server, &person);

    let person = Person::by_email(&server).with_mfa(&server);
    for _ in 0..6 {
        update().send(&person.client, &[]).refused(NO_GOOGLE_CODE);
    }
    // Wrong Google codes have a count of their own, and four do not fill it.
    for _ in 0..4 {
        let wrong = person.device().wrong_code();
        update().with("googleCode", wrong).send(&person.client, &[]).refused(WRONG_GOOGLE_CODE);
    }
    update().with("googleCode", person.device().code()).send(&person.client, &[]).data();
}

fn an_update_with_a_code_refuses_others(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    refuses_other_codes(&server, &person, &update_by_email(&person));
    let person = Person::by_email(&server).with_phone(&server);
    refuses_other_codes(&server, &person, &update_by_phone(&person));
}

fn an_update_with_a_code(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let form = update_by_email(&person);
    let codes = form.codes(&person.client);
    for (field, value, refusal) in [
        ("oldPwd", json!(md5("wrong")), WRONG_OLD_PASSWORD),
        ("newPwd", json!(password()), SAME_PASSWORD),
        ("newPwd", json!(""), FIELD_MISSING),
        ("type", json!(""), FIELD_MISSING),
        ("type", json!(3), FIELD_WRONG),
        ("type", json!(0), FIELD_WRONG),
        ("type", json!("x"), FIELD_WRONG),
    ] {
        form.clone().with(field, value).send(&person.client, &codes).refused(refusal);
    }
    // There is no phone, and a code by e-mail is none for it.
    let by_phone = form.clone().with("type", 2).send(&person.client, &codes);
    by_phone.refused_as(&[NO_PHONE_BOUND, WRONG_PHONE_CODE]);
    // None of that has used the code up, and the ticket has a second name.
    let mut body = form.body(&codes);
    body["sendToken6"] = body["sendToken"].take();
    person.client.call("updateLoginPwdMFA", body).data();
    is_new(&server, &person);
}

fn an_update_with_a_code_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    has_consequences(&server, &person, &update_by_email(&person));
    let person = Person::by_email(&server).with_phone(&server);
    has_consequences(&server, &person, &update_by_phone(&person));
}

fn an_update_with_a_code_asks_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_mfa(&server);
    asks_for_google_codes(&server, &person, &update_by_email(&person));
    let person = Person::by_email(&server).with_phone(&server).with_mfa(&server);
    asks_for_google_codes(&server, &person, &update_by_phone(&person));
}
