//! The login password: set first, changed, forgotten.

use e2e::codes::{
    A_WRONG_CODE, FIELD_MISSING, FIELD_WRONG, LOCKED, LOGIN_PASSWORD_SET, NO_PHONE_BOUND, NO_TOKEN,
    SAME_PASSWORD, WEAK_PASSWORD, WRONG_ACCOUNT_OR_PASSWORD, WRONG_CODE, WRONG_EMAIL_CODE, WRONG_GOOGLE_CODE,
    WRONG_OLD_PASSWORD, WRONG_PHONE_CODE,
};
use e2e::{
    Backend, Form, PASSWORD, Person, Server, asks_for_google_codes, fresh, has_consequences, md5, on_both,
    password, refuses_other_codes, text_of,
};
use serde_json::{Value, json};

on_both!(
    a_first_password,
    a_first_password_has_consequences,
    a_first_password_asks_for_google_codes,
    an_update,
    an_update_has_consequences,
    an_update_asks_for_google_codes,
    five_wrong_old_passwords,
    an_update_with_a_code_refuses_others,
    an_update_with_a_code,
    an_update_with_a_code_has_consequences,
    an_update_with_a_code_asks_for_google_codes,
    a_reset_refuses_other_codes,
    a_reset,
    a_reset_by_phone,
    a_reset_by_proof,
    a_reset_has_consequences,
    a_reset_asks_for_google_codes,
    a_reset_lifts_a_lock,
    a_reset_lifts_no_lock_of_an_operator,
    a_reset_of_no_account,
    weak_passwords_are_refused_everywhere,
    guests_change_nothing,
);

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

fn a_first_password(backend: Backend) {
    let server = Server::start(backend);
    for (operation, field) in FIRST {
        let person = Person::without_password(&server);
        let client = &person.client;
        assert_eq!(client.record()["loginPassStatus"], "1");
        client.call(operation, json!({})).refused(FIELD_MISSING).naming(field);
        client.call(operation, json!({field: ""})).refused(FIELD_MISSING).naming(field);
        assert_eq!(client.record()["loginPassStatus"], "1");
        // Clients may send either case; without MFA the Google code is not looked at.
        let form = json!({field: md5(NEW).to_uppercase(), "googleCode": "nonsense"});
        client.call(operation, form.clone()).data();
        assert_eq!(client.record()["loginPassStatus"], "2");
        client.call(operation, form).refused(LOGIN_PASSWORD_SET);
        client.call(operation, json!({field: md5("another one")})).refused(LOGIN_PASSWORD_SET);
        person.tries(&server, NEW).data();
    }
}

fn a_first_password_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    for (operation, field) in FIRST {
        let person = Person::without_password(&server);
        has_consequences(&server, &person, &Form::new(operation, json!({field: md5(NEW)})));
    }
    let person = Person::without_password(&server).with_phone(&server);
    has_consequences(&server, &person, &Form::new("bindLoginPwd", json!({"pwd": md5(NEW)})));
}

fn a_first_password_asks_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    for (operation, field) in FIRST {
        let person = Person::without_password(&server).with_mfa(&server);
        asks_for_google_codes(&server, &person, &Form::new(operation, json!({field: md5(NEW)})));
    }
}

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
    for _ in 0..2 {
        asks_for_google_codes(&server, &Person::by_email(&server).with_mfa(&server), &update());
    }
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
    reset_by_email(&person).goes_out(&server.visitor());
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
        .send(&visitor, &[used.clone()])
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
    for _ in 0..2 {
        let person = Person::by_email(&server).with_mfa(&server);
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
    let _ = WRONG_GOOGLE_CODE;
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

    server.customer("disable", &person.number).succeeds();
    let codes = form.codes(&server.visitor().of_company(1));
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

fn weak_passwords_are_refused_everywhere(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let newcomer = Person::without_password(&server);
    let update_codes = update_by_email(&person).codes(&person.client);
    let reset_codes = reset_by_email(&person).codes(&server.visitor());
    let weak = [md5(""), md5("password"), md5("123456"), md5("qwerty").to_uppercase(), "z".repeat(32)];
    let malformed = ["password".to_owned(), "a".repeat(31), "a".repeat(33), format!(" {}", "a".repeat(31))];
    // Fields with limits of their own may be refused for these.
    let refusals = [WEAK_PASSWORD, FIELD_WRONG];
    for (sent, codes) in
        weak.iter().map(|w| (w, &refusals[..1])).chain(malformed.iter().map(|m| (m, &refusals[..])))
    {
        for (operation, field) in FIRST {
            newcomer.client.call(operation, json!({field: sent})).refused_as(codes);
        }
        update().with("newPwd", sent.as_str()).send(&person.client, &[]).refused_as(codes);
        update_by_email(&person)
            .with("newPwd", sent.as_str())
            .send(&person.client, &update_codes)
            .refused_as(codes);
        reset_by_email(&person)
            .with("newPwd", sent.as_str())
            .send(&server.visitor(), &reset_codes)
            .refused_as(codes);
    }
    assert_eq!(newcomer.client.record()["loginPassStatus"], "1");
    person.tries(&server, PASSWORD).data();
}

fn guests_change_nothing(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    for (operation, field) in FIRST {
        visitor.call(operation, json!({field: md5(NEW)})).refused(NO_TOKEN);
    }
    update().send(&visitor, &[]).refused(NO_TOKEN);
    visitor.call("updateLoginPwdMFA", json!({})).refused(NO_TOKEN);
    // A dead token is ignored where guests may call.
    let person = Person::by_email(&server);
    reset_by_email(&person).goes_out(&visitor.with_token("long-dead")).data();
    is_new(&server, &person);
}
