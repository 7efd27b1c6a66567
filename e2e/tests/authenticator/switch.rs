//! A secret that waits, MFA on, MFA off.

use e2e::codes::{
    DEAD_TOKEN, FIELD_MISSING, FIELD_WRONG, MFA_IS_ON, NO_CODE, NO_GOOGLE_CODE, NO_TOKEN, WRONG_GOOGLE_CODE,
};
use e2e::{Backend, Person, Server, has_consequences, on_both, refuses_other_codes, text_of};
use serde_json::{Value, json};

use crate::{pending, switch, switch_off, switch_on, with_google};

on_both!(
    a_secret_waits,
    a_code_is_checked,
    switching_on,
    switching_on_needs_its_own_secret,
    switching_on_refuses_other_codes,
    switching_on_has_consequences,
    switching_off,
    switching_off_refuses_other_codes,
    switching_off_has_consequences,
    whether_it_is_on,
    guests_switch_nothing,
);

fn a_secret_waits(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let before = person.client.record();
    let told = person.client.call("generateGoogleAccount", json!({})).data();
    let (secret, uri) = (text_of(&told["secret"]), text_of(&told["qrcode"]));
    assert!(told["id"].as_i64().is_some_and(|id| id > 0 && id < 1 << 53), "{told}");
    // RFC 4226 asks for 128 bits at least.
    let bits = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).expect("base32").len() * 8;
    assert!(bits >= 128, "{bits} bits");
    let company = text_of(&server.cli_json(&["company", "show", "1"])["name"]).replace(' ', "%20");
    assert!(uri.starts_with(&format!("otpauth://totp/{company}")), "{uri}");
    let query: Vec<&str> = uri.split_once('?').expect("a query").1.split('&').collect();
    assert!(query.contains(&format!("secret={secret}").as_str()), "{uri}");
    assert!(query.contains(&format!("issuer={company}").as_str()), "{uri}");

    let another = pending(&person);
    assert_ne!((another.id, &another.secret), (told["id"].as_i64().expect("an id"), &secret));
    // It only waits: nothing is on, and no one is asked for anything.
    assert_eq!(person.client.record(), before);
    person.tries(&server, e2e::PASSWORD).data();
}

#[track_caller]
fn check(person: &Person, code: &str) -> Value {
    person.client.call("checkGoogleCode", json!({"code": code})).data()
}

fn a_code_is_checked(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let (older, newer) = (pending(&person), pending(&person));
    assert_eq!(check(&person, &newer.wrong_code()), false);
    if older.lasting_code() != newer.lasting_code() {
        assert_eq!(check(&person, &older.lasting_code()), false);
    }
    assert_eq!(check(&person, "12345"), false);
    person.client.call("checkGoogleCode", json!({"code": ""})).refused(FIELD_MISSING).naming("code");
    assert_eq!(check(&person, &newer.lasting_code()), true);

    let person = Person::by_email(&server).with_mfa(&server);
    let device = person.device();
    assert_eq!(check(&person, &device.wrong_code()), false);
    // The one that switched MFA on is used.
    assert_eq!(check(&person, &device.last_code()), false);
    assert_eq!(check(&person, &device.code()), true);
}

fn switching_on(backend: Backend) {
    let server = Server::start(backend);
    for mut person in [Person::by_email(&server), Person::by_phone(&server), both(&server)] {
        let mut device = pending(&person);
        let form = switch_on(&person, &device);
        let codes = form.codes(&person.client);
        let before = person.client.record();
        let tries = |field: &str, value: Value| form.clone().with(field, value).send(&person.client, &codes);
        for (field, value, refusal) in [
            ("type", json!(""), FIELD_MISSING),
            ("type", json!(0), FIELD_WRONG),
            ("type", json!(3), FIELD_WRONG),
            ("googleId", json!(""), FIELD_MISSING),
            ("googleId", json!(0), FIELD_WRONG),
            ("googleId", json!("x"), FIELD_WRONG),
        ] {
            tries(field, value).refused(refusal).naming(field);
        }
        tries("googleCode", json!("")).refused(NO_GOOGLE_CODE);
        tries("googleCode", json!(device.wrong_code())).refused(WRONG_GOOGLE_CODE);
        let bare = json!({"type": 1, "googleId": device.id, "googleCode": device.lasting_code()});
        person.client.call("enableOrForbidMFA", bare).refused(NO_CODE);
        assert_eq!(person.client.record(), before);

        // Who says they are someone else is still who they are.
        let form = form.with("type", "1").with("googleId", device.id.to_string());
        let form = form.with("id", 1).with("customerNo", "10000000").with("lang", "zh-CN");
        let told = form.send(&person.client, &codes).data();
        let recovery: Vec<String> =
            told["recoveryCodes"].as_array().expect("codes").iter().map(text_of).collect();
        assert_eq!(recovery.len(), 10);
        for (index, code) in recovery.iter().enumerate() {
            let signs = code.chars().filter(char::is_ascii_alphanumeric).count();
            assert!(signs >= 16, "80 bits are 16 letters of base32: {code}");
            assert!(!recovery[..index].contains(code), "{recovery:?}");
        }
        let record = person.client.record();
        assert!(record["googleId"].as_i64().is_some_and(|id| id > 0), "{record}");
        assert_eq!(record["lang"], before["lang"]);
        person.tries(&server, e2e::PASSWORD).refused(NO_GOOGLE_CODE);
        server.visitor().call("login", with_google(&person, &recovery[0])).data();

        // It is on already, and says no more.
        device.recovery = recovery;
        person.authenticator = Some(device);
        person.client.call("generateGoogleAccount", json!({})).refused(MFA_IS_ON);
        let device = person.device();
        let again = switch_on(&person, device).with("googleCode", device.recovery[2].as_str());
        again.goes_out(&person.client).refused(MFA_IS_ON);
        server.visitor().call("login", with_google(&person, &device.recovery[1])).data();
    }
}

#[track_caller]
fn both(server: &Server) -> Person {
    Person::by_email(server).with_phone(server)
}

fn switching_on_needs_its_own_secret(backend: Backend) {
    let server = Server::start(backend);
    let (person, stranger) = (Person::by_email(&server), Person::by_email(&server));
    let (own, strangers) = (pending(&person), pending(&stranger));
    let codes = switch_on(&person, &own).codes(&person.client);
    let before = person.client.record();
    let google = strangers.lasting_code();
    for id in [strangers.id, own.id, own.id + 1] {
        let form = switch_on(&person, &own).with("googleId", id).with("googleCode", google.as_str());
        assert!(!form.send(&person.client, &codes).is_ok(), "{id}");
    }
    assert_eq!(person.client.record(), before);
    switch_on(&person, &own).send(&person.client, &codes).data();
}

fn switching_on_refuses_other_codes(backend: Backend) {
    let server = Server::start(backend);
    let person = both(&server);
    let device = pending(&person);
    refuses_other_codes(&server, &person, &switch_on(&person, &device));
}

fn switching_on_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    for person in [Person::by_phone(&server), both(&server)] {
        let device = pending(&person);
        has_consequences(&server, &person, &switch_on(&person, &device));
    }
}

fn switching_off(backend: Backend) {
    let server = Server::start(backend);
    for by_recovery in [false, true] {
        let person = both(&server).with_mfa(&server);
        let device = person.device();
        let good = if by_recovery { device.recovery_code() } else { device.lasting_code() };
        let form = switch_off(&person, &good);
        let codes = form.codes(&person.client);
        let before = person.client.record();
        let tries = |google: &str| form.clone().with("googleCode", google).send(&person.client, &codes);
        tries("").refused(NO_GOOGLE_CODE);
        tries(&device.wrong_code()).refused(WRONG_GOOGLE_CODE);
        tries(&device.last_code()).refused(WRONG_GOOGLE_CODE);
        let bare = json!({"type": 2, "googleId": device.id, "googleCode": good});
        person.client.call("enableOrForbidMFA", bare).refused(NO_CODE);
        assert_eq!(person.client.record(), before);

        let sent_back = form.clone().with("googleId", before["googleId"].clone()).with("type", "2");
        sent_back.send(&person.client, &codes).data();
        let off = person.client.record()["googleId"].clone();
        assert!(off.is_null() || off == 0, "{off}");
        person.tries(&server, e2e::PASSWORD).data();
        // It is off already.
        assert!(!form.goes_out(&person.client).is_ok());

        // On again, with another secret: what belonged to the old one is worthless.
        let old = device.recovery_code();
        let again = pending(&person);
        switch_on(&person, &again).goes_out(&person.client).data();
        for worthless in [old, device.lasting_code()] {
            if worthless != again.lasting_code() {
                server.visitor().call("login", with_google(&person, &worthless)).refused(WRONG_GOOGLE_CODE);
            }
        }
    }
}

fn switching_off_refuses_other_codes(backend: Backend) {
    let server = Server::start(backend);
    let person = both(&server).with_mfa(&server);
    let google = person.device().recovery_code();
    refuses_other_codes(&server, &person, &switch_off(&person, &google));
}

fn switching_off_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    let person = both(&server).with_mfa(&server);
    let google = person.device().recovery_code();
    has_consequences(&server, &person, &switch_off(&person, &google));
}

fn whether_it_is_on(backend: Backend) {
    let server = Server::start(backend);
    let (person, other) = (both(&server).with_mfa(&server), both(&server));
    let ask = |body: Value| server.visitor().call("checkGoogleMFAStatus", body).data();
    let unknown = e2e::fresh::email();
    for (kind, name, is_on) in [
        (json!(1), person.email(), true),
        (json!("1"), person.email(), true),
        (json!(2), person.phone.as_deref().expect("a phone"), true),
        (json!(3), person.number.as_str(), true),
        (json!(1), other.email(), false),
        (json!(2), other.phone.as_deref().expect("a phone"), false),
        (json!(1), unknown.as_str(), false),
        (json!(1), person.number.as_str(), false),
    ] {
        let told = ask(json!({"type": kind, "loginName": name, "phoneArea": "+86"}));
        assert_eq!(told.as_i64().expect("an integer") > 0, is_on, "{told} of {kind} {name}");
    }
    // The mobile client tells no area.
    assert_ne!(ask(json!({"type": 2, "loginName": person.phone})), 0);
    for (kind, refusal) in [(json!(""), FIELD_MISSING), (json!(4), FIELD_WRONG)] {
        let body = json!({"type": kind, "loginName": person.email(), "phoneArea": "+86"});
        server.visitor().call("checkGoogleMFAStatus", body).refused(refusal).naming("type");
    }
}

fn guests_switch_nothing(backend: Backend) {
    let server = Server::start(backend);
    let company = server.add_company("Other");
    let person = Person::by_email(&server);
    let device = pending(&person);
    let form = switch_on(&person, &device);
    let codes = form.codes(&person.client);
    let nobody = server.visitor();
    let elsewhere = person.client.of_company(company);
    for (client, refusal) in [(&nobody, NO_TOKEN), (&elsewhere, DEAD_TOKEN)] {
        form.send(client, &codes).refused(refusal);
        switch(&person, json!({"type": 2, "googleId": device.id})).send(client, &codes).refused(refusal);
        client.call("generateGoogleAccount", json!({})).refused(refusal);
        client.call("checkGoogleCode", json!({"code": device.lasting_code()})).refused(refusal);
        client.call("recoveryCodes", json!({})).refused(refusal);
    }
    form.send(&person.client, &codes).data();
}
