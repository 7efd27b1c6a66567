//! Recovery codes, and the postal address, which asks for none.

use e2e::codes::{FIELD_MISSING, FIELD_WRONG, MFA_IS_OFF, NO_GOOGLE_CODE, NO_TOKEN, WRONG_GOOGLE_CODE};
use e2e::{
    Addressed, Backend, Form, Person, Server, asks_for_google_codes, has_consequences, md5, on_both,
    password, text_of,
};
use serde_json::json;

use crate::with_google;

on_both!(
    each_works_once,
    they_work_wherever_a_google_code_does,
    the_last_few_are_warned_of,
    new_ones,
    new_ones_ask_for_google_codes,
    new_ones_have_consequences,
    a_postal_address,
);

fn each_works_once(backend: Backend) {
    let server = Server::start(backend);
    let (person, other) =
        (Person::by_email(&server).with_mfa(&server), Person::by_email(&server).with_mfa(&server));
    // Another's are worth nothing.
    let others = other.device().recovery_code();
    server.visitor().call("login", with_google(&person, &others)).refused(WRONG_GOOGLE_CODE);
    server.visitor().call("login", with_google(&other, &others)).data();
    for code in &person.device().recovery {
        server.visitor().call("login", with_google(&person, code)).data();
        server.visitor().call("login", with_google(&person, code)).refused(WRONG_GOOGLE_CODE);
    }
    // The authenticator does not need them.
    server.visitor().call("login", with_google(&person, &person.device().code())).data();
}

fn they_work_wherever_a_google_code_does(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_mfa(&server);
    let (client, device) = (&person.client, person.device());
    let first = device.recovery_code();
    let fund = json!({"pwd": md5("271838"), "googleCode": first});
    client.call("bindAssertsPwd", fund.clone()).data();
    let update = |google: &str| {
        let fields = json!({"oldPwd": password(), "newPwd": md5("n3w-Passw0rd!"), "googleCode": google});
        client.call("updateLoginPwd", fields)
    };
    update(&first).refused(WRONG_GOOGLE_CODE);
    let second = device.recovery_code();
    // A request that fails does not use it up.
    let same = json!({"oldPwd": password(), "newPwd": password(), "googleCode": second});
    assert!(!client.call("updateLoginPwd", same).is_ok());
    update(&second).data();
    let code = server.visitor().code("EMAIL_PASSWORD", person.email());
    let fields = json!({"loginName": person.email(), "type": 1, "newPwd": md5("an0ther-Passw0rd!"),
        "phoneArea": "+86", "verifyCode": code.digits, "sendToken": code.ticket, "googleCode": second});
    let reset = Form::new("forgetLoginPwd", fields);
    reset.send(&server.visitor(), &[]).refused(WRONG_GOOGLE_CODE);
    reset.with("googleCode", device.recovery_code()).send(&server.visitor(), &[]).data();
}

fn the_last_few_are_warned_of(backend: Backend) {
    let server = Server::start(backend);
    let is_warning = |words: &str| words.contains("recovery code");
    for person in [Person::by_email(&server).with_mfa(&server), Person::by_phone(&server).with_mfa(&server)] {
        let (home, contact) = (server.visitor(), person.contacts().remove(0));
        let mut left = person.device().recovery.iter();
        let mut uses = |count: usize| {
            for code in left.by_ref().take(count) {
                home.call("login", with_google(&person, code)).data();
            }
        };
        uses(2);
        let early = match &person.email {
            Some(email) => server.mail.inbox().all_to(email).iter().any(|mail| is_warning(mail.text())),
            None => server.sms.inbox().all_to(&contact).iter().any(|sms| is_warning(sms.text())),
        };
        assert!(!early, "eight are plenty");
        uses(8);
        match &person.email {
            Some(email) => while !is_warning(server.mail.inbox().next_to(email).text()) {},
            None => while !is_warning(server.sms.inbox().next_to(&contact).text()) {},
        }
    }
}

fn new_ones(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    for body in [json!({}), json!({"googleCode": "123456"})] {
        person.client.call("recoveryCodes", body).refused(MFA_IS_OFF);
    }
    let person = person.with_mfa(&server);
    let device = person.device();
    let ask = |google: &str| person.client.call("recoveryCodes", json!({"googleCode": google}));
    ask("").refused(NO_GOOGLE_CODE);
    ask(&device.wrong_code()).refused(WRONG_GOOGLE_CODE);
    // None of that has touched the old ones, which are as good as the authenticator.
    let told = ask(&device.recovery_code()).data();
    let new: Vec<String> = told["recoveryCodes"].as_array().expect("codes").iter().map(text_of).collect();
    assert_eq!(new.len(), 10);
    assert!(new.iter().all(|code| !device.recovery.contains(code)));
    for old in &device.recovery[..3] {
        server.visitor().call("login", with_google(&person, old)).refused(WRONG_GOOGLE_CODE);
    }
    server.visitor().call("login", with_google(&person, &new[0])).data();
    server.visitor().call("login", with_google(&person, &new[9])).data();
}

fn new_ones_ask_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    for _ in 0..2 {
        let person = Person::by_email(&server).with_mfa(&server);
        asks_for_google_codes(&server, &person, &Form::new("recoveryCodes", json!({})));
    }
}

fn new_ones_have_consequences(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_phone(&server).with_mfa(&server);
    let google = person.device().recovery_code();
    has_consequences(&server, &person, &Form::new("recoveryCodes", json!({"googleCode": google})));
}

fn a_postal_address(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let other_session = person.another_session(&server);
    let change = |address: &str, postal_code: &str| {
        let body = json!({"address": address, "postalCode": postal_code});
        person.client.call("changeCustomerAddressAndPostalCode", body)
    };
    let before = person.client.record();
    for (address, postal_code, field, refusal) in [
        ("", "100000", "address", FIELD_MISSING),
        ("1 High Street", "", "postalCode", FIELD_MISSING),
        (&*"街".repeat(501), "100000", "address", FIELD_WRONG),
        ("1 High Street", &*"1".repeat(21), "postalCode", FIELD_WRONG),
        ("1 High\u{7}Street", "100000", "address", FIELD_WRONG),
        ("1 High\u{0}Street", "100000", "address", FIELD_WRONG),
        ("1 High\u{85}Street", "100000", "address", FIELD_WRONG),
        ("1 High Street", "100\u{1b}000", "postalCode", FIELD_WRONG),
    ] {
        change(address, postal_code).refused(refusal).naming(field);
    }
    let body = json!({"address": "1 High Street", "postalCode": "100000"});
    server.visitor().call("changeCustomerAddressAndPostalCode", body).refused(NO_TOKEN);
    assert_eq!(person.client.record(), before);
    for (address, postal_code) in [
        ("1 High Street", "SW1A 1AA"),
        ("北京市 <b>海淀区</b> \u{1F3E0} 'O''Brien' {}%s", "100000"),
        (&*"街".repeat(500), &*"九".repeat(20)),
    ] {
        change(address, postal_code).data();
        let record = person.client.record();
        assert_eq!(record["postalCode"], postal_code);
        // It is neither a credential nor a contact.
        assert_eq!(record["withdraw"], 1);
    }
    other_session.record();
}
