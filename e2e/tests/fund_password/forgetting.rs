//! A new one for those who forgot theirs.

use super::*;

on_both!(
    a_reset,
    a_reset_of_an_own_address_only,
    a_reset_by_proof,
    a_reset_by_logined_codes,
    a_reset_refuses_other_codes,
    a_reset_has_consequences,
    a_reset_asks_for_google_codes,
    a_reset_without_a_google_code_is_not_for_mfa,
    a_reset_lifts_a_lock,
);

fn a_reset(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    let form = reset(&person);
    let codes = form.codes(&person.client);
    refuses(&person.client, &form, &codes, &wrong_fields());
    let wrong: [(&str, Value, &[&str]); 2] =
        [("loginName", json!(""), &[FIELD_MISSING]), ("newPwd", json!(md5(FUND_PASSWORD)), &[SAME_PASSWORD])];
    refuses(&person.client, &form, &codes, &wrong);
    let shouted = format!(" {} ", person.email().to_uppercase());
    let whole = form.with("loginName", shouted).with("type", "1").with("newPwd", md5(NEW).to_uppercase());
    assert_eq!(whole.send(&person.client, &codes).data(), json!({}));
    let again = person.another_session(&server);
    whole.with("newPwd", md5("704913")).send(&again, &codes).refused_as(A_SPENT_CODE);
    is_new_after_reset(&server, &person);

    for area in [json!("+86"), json!("86"), json!(null)] {
        let person = Person::by_phone(&server).with_fund_password(&server);
        let fields = json!({"loginName": person.phone, "type": "2", "newPwd": md5(NEW), "phoneArea": area});
        let form = Form::new("forgetAssertsPwd", fields);
        let form =
            form.code(["verifyCode", "sendToken6"], "SMS_PASSWORD", person.phone_address(), WRONG_CODE);
        form.goes_out(&person.client).data();
        is_new_after_reset(&server, &person);
    }
}

fn a_reset_of_an_own_address_only(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_phone(&server).with_fund_password(&server);
    let (other, ben) = (Person::by_email(&server).with_fund_password(&server), Person::by_phone(&server));
    let own = reset(&person).codes(&person.client);
    let others = reset(&other).codes(&other.client);
    let bens = server.visitor().code("SMS_PASSWORD", &ben.phone_address());
    let form = reset(&person);
    let by_phone = form.clone().with("type", 2);
    let before = person.client.record();
    for codes in [&own, &others] {
        for name in [other.email(), &fresh::email()] {
            form.clone().with("loginName", name).send(&person.client, codes).refused(NOT_YOUR_EMAIL);
        }
    }
    let bens_phone = ben.phone.clone().expect("a phone");
    by_phone.with("loginName", bens_phone).send(&person.client, &[bens]).refused(NO_PHONE_BOUND);
    assert_eq!(person.client.record(), before);
    form.send(&person.client, &own).data();
    is_new_after_reset(&server, &person);
    update().send(&other.client, &[]).data();
}

fn a_reset_by_proof(backend: Backend) {
    let server = Server::start(backend);
    let (person, other) = (Person::by_email(&server), Person::by_email(&server));
    let person = person.with_fund_password(&server);
    let proof = |kind: &str, to: &str| {
        let visitor = server.visitor();
        let code = visitor.code(kind, to);
        (text_of(&visitor.check_code(kind, to, &code).data()["token"]), code)
    };
    let form = reset(&person);
    for (kind, to) in [("EMAIL_COMMON", person.email()), ("EMAIL_PASSWORD", other.email())] {
        let (token, used) = proof(kind, to);
        let refused = form.clone().with("verifyCodeToken", token).send(&person.client, &[used]);
        refused.refused_as(A_SPENT_CODE);
    }
    has_fund_password(&person.client, true);
    let (token, used) = proof("EMAIL_PASSWORD", person.email());
    form.send(&person.client, std::slice::from_ref(&used)).refused_as(A_SPENT_CODE);
    let whole = form.with("verifyCodeToken", token);
    whole
        .clone()
        .with("newPwd", md5(""))
        .send(&person.client, std::slice::from_ref(&used))
        .refused(WEAK_PASSWORD);
    whole.send(&person.client, std::slice::from_ref(&used)).data();
    let again = person.another_session(&server);
    whole.with("newPwd", md5("704913")).send(&again, &[used]).refused_as(A_SPENT_CODE);
    is_new_after_reset(&server, &person);
    // A bad proof does no harm to a good code.
    let person = Person::by_email(&server).with_fund_password(&server);
    reset(&person).with("verifyCodeToken", "made-up").goes_out(&person.client).data();
    is_new_after_reset(&server, &person);
}

fn a_reset_by_logined_codes(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    let code = person.client.own_code("EMAIL_LOGINED", person.email());
    reset(&person).send(&person.client, &[code]).data();
    is_new_after_reset(&server, &person);
    for operation in RESETS {
        let person = Person::by_email(&server).with_fund_password(&server);
        let form = own_reset_by_email(operation, &person).with("googleCode", "");
        let codes = form.codes(&person.client);
        refuses(&person.client, &form, &codes, &wrong_fields());
        let wrong: [(&str, Value, &[&str]); 2] = [
            ("newPwd", json!(md5(FUND_PASSWORD)), &[SAME_PASSWORD]),
            ("type", json!(2), &[NO_PHONE_BOUND, WRONG_PHONE_CODE]),
        ];
        refuses(&person.client, &form, &codes, &wrong);
        assert_eq!(form.send(&person.client, &codes).data(), json!({}));
        is_new_after_reset(&server, &person);
        let person = Person::by_phone(&server).with_fund_password(&server);
        own_reset_by_phone(operation, &person).goes_out(&person.client).data();
        is_new_after_reset(&server, &person);
    }
}

fn a_reset_refuses_other_codes(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    refuses_other_codes(&server, &person, &reset(&person));
    is_new_after_reset(&server, &person);
    let person = Person::by_email(&server).with_fund_password(&server);
    refuses_other_codes(&server, &person, &own_reset_by_email(RESETS[0], &person));
    let person = Person::by_phone(&server).with_fund_password(&server);
    refuses_other_codes(&server, &person, &own_reset_by_phone(RESETS[1], &person));
}

fn a_reset_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server);
    has_consequences(&server, &person, &reset(&person));
    let person = Person::by_phone(&server).with_fund_password(&server);
    has_consequences(&server, &person, &own_reset_by_phone(RESETS[0], &person));
    let person = Person::by_email(&server).with_phone(&server).with_fund_password(&server);
    has_consequences(&server, &person, &own_reset_by_email(RESETS[1], &person));
}

fn a_reset_asks_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server).with_mfa(&server);
    asks_for_google_codes(&server, &person, &own_reset_by_email(RESETS[0], &person));
    let person = Person::by_email(&server).with_phone(&server).with_fund_password(&server).with_mfa(&server);
    asks_for_google_codes(&server, &person, &own_reset_by_phone(RESETS[1], &person));
}

fn a_reset_without_a_google_code_is_not_for_mfa(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_fund_password(&server).with_mfa(&server);
    let codes = reset(&person).codes(&person.client);
    let before = person.client.record();
    reset(&person).send(&person.client, &codes).refused(MFA_IS_ON);
    let google = person.device().code();
    reset(&person).with("googleCode", google.as_str()).send(&person.client, &codes).refused(MFA_IS_ON);
    assert_eq!(person.client.record(), before);
    // The old password and the Google code are as they were.
    update().send(&person.client, &[]).refused(NO_GOOGLE_CODE);
    update().with("googleCode", google).send(&person.client, &[]).data();
}

fn a_reset_lifts_a_lock(backend: Backend) {
    let server = Server::start(backend);
    for operation in RESETS {
        let person = Person::by_email(&server).with_fund_password(&server);
        for _ in 0..5 {
            assert!(!update().with("oldPwd", md5("wrong")).send(&person.client, &[]).is_ok());
        }
        update().send(&person.client, &[]).refused(FUND_PASSWORD_LOCKED);
        own_reset_by_email(operation, &person).goes_out(&person.client).data();
        is_new_after_reset(&server, &person);
    }
}
