//! The code at sign-in, and the lock after wrong ones.

use e2e::codes::{NO_GOOGLE_CODE, WRONG_ACCOUNT_OR_PASSWORD, WRONG_GOOGLE_CODE};
use e2e::{Addressed, Backend, PASSWORD, Person, Server, md5, on_both, password};
use serde_json::{Value, json};

use crate::with_google;

on_both!(
    a_sign_in_asks_for_a_code,
    a_sign_in_by_code_asks_too,
    a_wrong_password_tells_nothing_of_it,
    a_right_password_with_a_wrong_code_is_told,
    five_wrong_codes_lock,
    a_used_code_is_no_guess,
);

fn login(server: &Server, person: &Person, google: &str) -> e2e::Reply {
    server.visitor().call("login", with_google(person, google))
}

fn a_sign_in_asks_for_a_code(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_mfa(&server);
    let device = person.device();
    let sessions = || person.client.call("list", json!({})).data();
    let before = sessions();
    person.tries(&server, PASSWORD).refused(NO_GOOGLE_CODE);
    login(&server, &person, "").refused(NO_GOOGLE_CODE);
    login(&server, &person, &device.wrong_code()).refused(WRONG_GOOGLE_CODE);
    let code = device.code();
    for near in [format!(" {code}"), format!("{code}0"), code[1..].to_owned()] {
        login(&server, &person, &near).refused(WRONG_GOOGLE_CODE);
    }
    assert_eq!(sessions(), before);
    let record = login(&server, &person, &code).data();
    assert_eq!(record["customerNo"], person.number);
    assert!(record["googleId"].as_i64().is_some_and(|id| id > 0), "{record}");
    // The mobile client sends its sign-in again in each new tab.
    login(&server, &person, &code).refused(WRONG_GOOGLE_CODE);
    login(&server, &person, &device.recovery_code()).data();

    let other = Person::by_email(&server);
    login(&server, &other, "nonsense").data();
}

fn a_sign_in_by_code_asks_too(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_mfa(&server);
    let code = server.visitor().code("EMAIL_LOGIN", person.email());
    let tries = |google: &str| {
        let mut form = code.email_sign_in(person.email());
        form["googleCode"] = google.into();
        server.visitor().call("login", form)
    };
    tries("").refused(NO_GOOGLE_CODE);
    tries(&person.device().wrong_code()).refused(WRONG_GOOGLE_CODE);
    // Neither has used the code up.
    tries(&person.device().code()).data();
}

fn a_wrong_password_tells_nothing_of_it(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_mfa(&server);
    let code = person.device().code();
    let mut form = with_google(&person, &code);
    form["loginPwd"] = md5("wrong").into();
    server.visitor().call("login", form.clone()).refused(WRONG_ACCOUNT_OR_PASSWORD);
    form["googleCode"] = "".into();
    server.visitor().call("login", form.clone()).refused(WRONG_ACCOUNT_OR_PASSWORD);
    form["googleCode"] = person.device().wrong_code().into();
    server.visitor().call("login", form).refused(WRONG_ACCOUNT_OR_PASSWORD);
    login(&server, &person, &code).data();
}

fn a_right_password_with_a_wrong_code_is_told(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_mfa(&server);
    let already = server.mail.inbox().all_to(person.email()).len();
    login(&server, &person, &person.device().wrong_code()).refused(WRONG_GOOGLE_CODE);
    let inbox = server.mail.inbox();
    let is_warning = |words: &str| words.contains("password") && words.contains("authenticator");
    while !is_warning(inbox.next_to(person.email()).text()) {}
    let news = inbox.all_to(person.email()).split_off(already);
    assert_eq!(news.iter().filter(|mail| is_warning(mail.text())).count(), 1);
}

fn five_wrong_codes_lock(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_mfa(&server);
    let (client, device) = (&person.client, person.device());
    let wrong = device.wrong_code();
    let update = |google: &str| {
        let fields = json!({"oldPwd": password(), "newPwd": md5("n3w-Passw0rd!"), "googleCode": google});
        client.call("updateLoginPwd", fields)
    };
    // They count together, wherever they are tried, and a right password in between forgives nothing.
    login(&server, &person, &wrong).refused(WRONG_GOOGLE_CODE);
    update(&wrong).refused(WRONG_GOOGLE_CODE);
    person.tries(&server, PASSWORD).refused(NO_GOOGLE_CODE);
    client.call("recoveryCodes", json!({"googleCode": wrong})).refused(WRONG_GOOGLE_CODE);
    assert_eq!(client.call("checkGoogleCode", json!({"code": wrong})).data(), false);
    login(&server, &person, &wrong).refused(WRONG_GOOGLE_CODE);

    let before = client.record();
    let right = device.lasting_code();
    assert!(!login(&server, &person, &right).is_ok());
    assert!(!update(&right).is_ok());
    assert!(!client.call("recoveryCodes", json!({"googleCode": right})).is_ok());
    let checked = client.call("checkGoogleCode", json!({"code": right}));
    assert!(!checked.is_ok() || checked.body["data"] == false, "{}", checked.body);
    assert_eq!(client.record(), before);

    // Others are not locked.
    let other = Person::by_email(&server).with_mfa(&server);
    login(&server, &other, &other.device().code()).data();
}

fn a_used_code_is_no_guess(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server).with_mfa(&server);
    let (used, recovery): (String, Value) =
        (person.device().last_code(), person.device().recovery_code().into());
    login(&server, &person, recovery.as_str().expect("text")).data();
    for _ in 0..6 {
        login(&server, &person, &used).refused(WRONG_GOOGLE_CODE);
    }
    login(&server, &person, &person.device().code()).data();
}
