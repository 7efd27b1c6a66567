//! The first one.

use super::*;

on_both!(a_first_password, a_first_password_has_consequences, a_first_password_asks_for_google_codes,);

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
