//! A new one for the old.

use super::*;

on_both!(
    an_update,
    an_update_with_a_code,
    an_update_with_a_code_refuses_others,
    an_update_has_consequences,
    an_update_asks_for_google_codes,
    five_wrong_old_passwords,
    right_old_passwords_do_not_lock,
);

fn an_update(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    let client = &person.client;
    let wrong: [(&str, Value, &[&str]); 8] = [
        ("oldPwd", json!(""), &[FIELD_MISSING]),
        ("newPwd", json!(""), &[FIELD_MISSING]),
        ("oldPwd", json!(md5("wrong")), &[WRONG_OLD_PASSWORD]),
        ("oldPwd", json!(password()), &[WRONG_OLD_PASSWORD]),
        ("oldPwd", json!(md5("")), &[WRONG_OLD_PASSWORD, WEAK_PASSWORD]),
        ("newPwd", json!(password()), &[WEAK_PASSWORD]),
        ("newPwd", json!(md5(FUND_PASSWORD)), &[SAME_PASSWORD]),
        ("newPwd", json!(md5(FUND_PASSWORD).to_uppercase()), &[SAME_PASSWORD]),
    ];
    refuses(client, &update(), &[], &wrong);
    let whole = update().with("oldPwd", md5(FUND_PASSWORD).to_uppercase()).with("googleCode", "1");
    assert_eq!(whole.send(client, &[]).data(), json!({}));
    whole.send(client, &[]).refused(WRONG_OLD_PASSWORD);
    is_new(client);
}

fn an_update_with_a_code(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    let form = update_by_email(&person);
    let codes = form.codes(&person.client);
    refuses(&person.client, &form, &codes, &wrong_fields());
    let wrong: [(&str, Value, &[&str]); 5] = [
        ("oldPwd", json!(""), &[FIELD_MISSING]),
        ("oldPwd", json!(md5("wrong")), &[WRONG_OLD_PASSWORD]),
        ("newPwd", json!(md5(FUND_PASSWORD)), &[SAME_PASSWORD]),
        ("type", json!(3), &[FIELD_WRONG]),
        ("type", json!(2), &[NO_PHONE_BOUND, WRONG_PHONE_CODE]),
    ];
    refuses(&person.client, &form, &codes, &wrong);
    form.send(&person.client, &codes).data();
    is_new(&person.client);
}

fn an_update_with_a_code_refuses_others(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    refuses_other_codes(&server, &person, &update_by_email(&person));
    is_new(&person.client);
    let person = Person::by_phone(&server).with_fund_password(&server);
    refuses_other_codes(&server, &person, &update_by_phone(&person));
}

fn an_update_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    has_consequences(&server, &Person::by_email(&server).with_fund_password(&server), &update());
    let person = Person::by_email(&server).with_phone(&server).with_fund_password(&server);
    has_consequences(&server, &person, &update_by_phone(&person));
}

fn an_update_asks_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server).with_mfa(&server);
    asks_for_google_codes(&server, &person, &update());
    let person = Person::by_email(&server).with_phone(&server).with_fund_password(&server).with_mfa(&server);
    asks_for_google_codes(&server, &person, &update_by_email(&person));
}

fn five_wrong_old_passwords(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    let client = &person.client;
    let wrong = update().with("oldPwd", md5("wrong"));
    for _ in 0..4 {
        wrong.send(client, &[]).refused(WRONG_OLD_PASSWORD);
    }
    wrong.send(client, &[]).refused_as(&[WRONG_OLD_PASSWORD, FUND_PASSWORD_LOCKED]);
    update().send(client, &[]).refused(FUND_PASSWORD_LOCKED);
    // The other form is no way around it; the login password counts for itself.
    update_by_email(&person).goes_out(client).refused(FUND_PASSWORD_LOCKED);
    let login = json!({"oldPwd": md5("wrong"), "newPwd": md5("n3w-Passw0rd!")});
    client.call("updateLoginPwd", login).refused(WRONG_OLD_PASSWORD);
    assert_eq!(person.another_session(&server).record()["status"], 1);
}

/// Only wrong passwords count: whoever errs in another field has still told the right one.
fn right_old_passwords_do_not_lock(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    for _ in 0..6 {
        update().with("newPwd", md5(FUND_PASSWORD)).send(&person.client, &[]).refused(SAME_PASSWORD);
    }
    for _ in 0..6 {
        let made_up = Code { ticket: "made-up".into(), digits: "000000".into() };
        update_by_email(&person).send(&person.client, &[made_up]).refused(WRONG_EMAIL_CODE);
    }
    update().send(&person.client, &[]).data();
    is_new(&person.client);
}
