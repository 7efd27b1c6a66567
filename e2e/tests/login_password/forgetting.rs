//! A new one for those who forgot theirs.

use super::*;

on_both!(
    a_reset_refuses_other_codes,
    a_reset,
    a_reset_by_phone,
    a_reset_by_proof,
    a_reset_has_consequences,
    a_reset_asks_for_google_codes,
    a_reset_lifts_a_lock,
    a_reset_lifts_no_lock_of_an_operator,
    a_reset_of_no_account,
);

fn a_reset_refuses_other_codes(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    refuses_other_codes(&server, &person, &reset_by_email(&person));
    is_new(&server, &person);
}

fn a_reset(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let form = reset_by_email(&person);
    let codes = form.codes(&server.visitor());
    for (field, value, refusal) in [
        ("newPwd", json!(""), FIELD_MISSING),
        ("loginName", json!(""), FIELD_MISSING),
        ("type", json!(""), FIELD_MISSING),
        ("type", json!(4), FIELD_WRONG),
        ("newPwd", json!(md5("")), WEAK_PASSWORD),
        ("newPwd", json!(password()), SAME_PASSWORD),
    ] {
        form.clone().with(field, value).send(&server.visitor(), &codes).refused(refusal);
    }
    person.client.record();
    // The address is trimmed and lower-cased.
    let shouted = format!(" {} ", person.email().to_uppercase());
    let ignored = form.clone().with("loginName", shouted).with("googleCode", "nonsense").with("type", "1");
    ignored.send(&server.visitor(), &codes).data();
    is_new(&server, &person);
    form.send(&server.visitor(), &codes).refused_as(&[WRONG_CODE, SAME_PASSWORD, "CUSTOMER_API_0000512"]);

    // A first password may come this way, too.
    let person = Person::without_password(&server);
    reset_by_email(&person).goes_out(&server.visitor()).data();
    person.tries(&server, NEW).data();
}

fn a_reset_by_phone(backend: Backend) {
    let server = Server::start(backend);
    for area in [json!("+86"), json!("86"), json!(""), json!(null)] {
        let person = Person::by_phone(&server);
        let fields = json!({"loginName": person.phone, "type": "2", "newPwd": md5(NEW), "phoneArea": area});
        let form = Form::new("forgetLoginPwd", fields)
            .usual_code("SMS_PASSWORD", person.phone_address(), WRONG_CODE)
            .resets();
        form.goes_out(&server.visitor()).data();
        is_new(&server, &person);
    }
    // The mobile client tells no area: the number is found in any.
    let number = fresh::british_phone();
    let ben = server.visitor().signs_up_by_phone("+44", &number);
    let fields = json!({"loginName": number, "type": 2, "newPwd": md5(NEW)});
    let form =
        Form::new("forgetLoginPwd", fields).usual_code("SMS_PASSWORD", format!("+44 {number}"), WRONG_CODE);
    form.goes_out(&server.visitor()).data();
    server.visitor().tries_number(&ben.number, NEW).data();
}

fn a_reset_by_proof(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let person = Person::by_email(&server);
    let form = reset_by_email(&person);
    let proof = |kind: &str, to: &str| {
        let code = visitor.elsewhere().code(kind, to);
        let token = visitor.check_code(kind, to, &code).data()["token"].clone();
        (text_of(&token), code)
    };
    // A proof of something else proves nothing, whatever used code comes along.
    let (other_kind, code) = proof("EMAIL_COMMON", person.email());
    form.clone().with("verifyCodeToken", other_kind).send(&visitor, &[code]).refused_as(A_WRONG_CODE);
    let other = Person::by_email(&server);
    let (others, code) = proof("EMAIL_PASSWORD", other.email());
    form.clone().with("verifyCodeToken", others).send(&visitor, &[code]).refused_as(A_WRONG_CODE);

    let (token, used) = proof("EMAIL_PASSWORD", person.email());
    form.send(&visitor, std::slice::from_ref(&used)).refused_as(e2e::codes::A_SPENT_CODE);
    form.clone()
        .with("verifyCodeToken", token.as_str())
        .with("newPwd", md5(""))
        .send(&visitor, std::slice::from_ref(&used))
        .refused(WEAK_PASSWORD);
    person.client.record();
    let whole = form.clone().with("verifyCodeToken", token.as_str());
    whole.send(&visitor, std::slice::from_ref(&used)).data();
    is_new(&server, &person);
    let again = whole.with("newPwd", md5("once more please"));
    again.send(&visitor, &[used]).refused_as(e2e::codes::A_SPENT_CODE);

    // A bad proof does no harm to a good code.
    let person = Person::by_email(&server);
    reset_by_email(&person).with("verifyCodeToken", "made-up").goes_out(&visitor).data();
    is_new(&server, &person);
}

fn a_reset_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_phone(&server);
    has_consequences(&server, &person, &reset_by_email(&person));
}

fn a_reset_asks_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    let people = [Person::by_email(&server), Person::by_email(&server).with_phone(&server)];
    for person in people.map(|person| person.with_mfa(&server)) {
        asks_for_google_codes(&server, &person, &reset_by_email(&person));
    }
    // By proof, and MFA stays on.
    let person = Person::by_email(&server).with_mfa(&server);
    let code = server.visitor().code("EMAIL_PASSWORD", person.email());
    let proof = server.visitor().check_code("EMAIL_PASSWORD", person.email(), &code).data();
    let form = reset_by_email(&person).with("verifyCodeToken", text_of(&proof["token"]));
    form.send(&server.visitor(), std::slice::from_ref(&code)).refused(e2e::codes::NO_GOOGLE_CODE);
    form.with("googleCode", person.device().code()).send(&server.visitor(), &[code]).data();
    person.tries(&server, NEW).refused(e2e::codes::NO_GOOGLE_CODE);
}

fn a_reset_lifts_a_lock(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    for n in 0..5 {
        person.tries(&server, &format!("wrong {n}"));
        server.visitor().tries_email(person.email(), &format!("wrong {n}"));
    }
    person.tries(&server, PASSWORD).refused(LOCKED);
    assert_eq!(person.client.record()["status"], 5);
    reset_by_email(&person).goes_out(&server.visitor()).data();
    assert_eq!(person.tries(&server, NEW).data()["status"], 1);
    server.visitor().tries_email(person.email(), NEW).data();

    // A lock of MFA is none of its business.
    let person = Person::by_email(&server).with_mfa(&server);
    for _ in 0..5 {
        let mut form = person.login_form(PASSWORD);
        form["googleCode"] = person.device().wrong_code().into();
        assert!(!server.visitor().call("login", form).is_ok());
    }
    let google = person.device().code();
    let reset = reset_by_email(&person).with("googleCode", google.as_str());
    assert!(!reset.goes_out(&server.visitor()).is_ok());
    let mut form = person.login_form(PASSWORD);
    form["googleCode"] = google.into();
    let told = server.visitor().call("login", form);
    assert!(!told.is_ok() && told.code() != WRONG_ACCOUNT_OR_PASSWORD, "{}", told.body);
}

fn a_reset_lifts_no_lock_of_an_operator(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let form = reset_by_email(&person);
    let codes = form.codes(&server.visitor());
    server.customer("lock", &person.number).succeeds();
    assert!(!form.send(&server.visitor(), &codes).is_ok());
    assert!(!person.tries(&server, NEW).is_ok());
    server.customer("unlock", &person.number).succeeds();
    person.tries(&server, PASSWORD).data();

    // Whoever is disabled is sent no code; one from before is no good either.
    let codes = form.codes(&server.visitor());
    server.customer("disable", &person.number).succeeds();
    assert!(!form.send(&server.visitor(), &codes).is_ok());
    server.customer("enable", &person.number).succeeds();
    person.tries(&server, PASSWORD).data();
}

fn a_reset_of_no_account(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let person = Person::by_email(&server);
    let told = |email: &str| {
        let ticket = visitor.elsewhere().ticket("EMAIL_PASSWORD", email);
        let fields = json!({"loginName": email, "type": 1, "newPwd": md5(NEW), "verifyCode": "000000",
            "sendToken": ticket, "verifyCodeToken": ""});
        let mut body = visitor.call("forgetLoginPwd", fields).refused(WRONG_CODE).body;
        for changing in ["tm", "trace"] {
            body.as_object_mut().expect("an object").remove(changing);
        }
        body
    };
    assert_eq!(told(person.email()), told(&fresh::email()));
}
