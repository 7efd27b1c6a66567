//! Signing in, being locked out, and what strangers can find out (nothing).

use e2e::codes::{LOCKED, TOO_OFTEN, WRONG_ACCOUNT_OR_PASSWORD};
use e2e::{Backend, Client, PASSWORD, Reply, Server, fresh, md5, on_both, password};
use serde_json::json;

on_both!(
    wrong_account_and_wrong_password_are_one,
    five_wrong_passwords_lock,
    names_that_are_no_account_lock_alike,
    a_right_password_starts_the_count_anew,
    an_owner_at_home_is_not_locked_out,
    each_kind_of_name_counts_for_itself,
    a_phone_is_found_without_its_area,
    the_same_number_in_two_areas,
    a_code_makes_the_password_unimportant,
    a_sign_in_needs_a_proof,
    a_new_device_is_told_to_the_customer,
    exists_or_not,
    status_of_a_name,
    google_status_of_a_name,
    asking_for_names_is_limited,
);

/// Five wrong passwords. The fifth may already say that the account is locked.
fn five_wrong(attempt: impl Fn(&str) -> Reply) {
    for number in 0..4 {
        attempt(&format!("wrong {number}")).refused(WRONG_ACCOUNT_OR_PASSWORD);
    }
    attempt("wrong 4").refused_as(&[WRONG_ACCOUNT_OR_PASSWORD, LOCKED]);
}

fn wrong_account_and_wrong_password_are_one(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let visitor = server.visitor();
    let told = |reply: Reply| {
        let reply = reply.refused(WRONG_ACCOUNT_OR_PASSWORD);
        let mut body = reply.body.clone();
        for changing in ["tm", "trace"] {
            body.as_object_mut().expect("an object").remove(changing);
        }
        body
    };
    let wrong_password = told(visitor.tries_email(&ada.name, "wrong"));
    let answers = [
        told(visitor.tries_email(&fresh::email(), PASSWORD)),
        told(visitor.tries_phone(&fresh::chinese_phone(), PASSWORD)),
        told(visitor.tries_number("99999999", PASSWORD)),
        told(visitor.tries_number(&ada.number, "wrong")),
        // Names that could be no account's are no exception.
        told(visitor.tries_email("not-an-address", PASSWORD)),
        told(visitor.tries_phone("12", PASSWORD)),
        told(visitor.tries_number("not-a-number", PASSWORD)),
        // An address given as another kind of name.
        told(visitor.tries_number(&ada.name, PASSWORD)),
    ];
    for answer in answers {
        assert_eq!(answer, wrong_password);
    }
}

fn five_wrong_passwords_lock(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    assert_eq!(ada.client.record()["status"], 1);
    let stranger = server.visitor();
    five_wrong(|typed| stranger.tries_email(&ada.name, typed));
    stranger.tries_email(&ada.name, "wrong").refused(LOCKED);
    // The right password does not help, nor does coming from somewhere else.
    stranger.tries_email(&ada.name, PASSWORD).refused(LOCKED);
    server.visitor().tries_email(&ada.name, PASSWORD).refused(LOCKED);
    server.visitor().tries_email(&ada.name.to_uppercase(), PASSWORD).refused(LOCKED);
    // Whoever is signed in stays signed in, and sees it.
    assert_eq!(ada.client.record()["status"], 5);

    // A restart is no amnesty.
    server.kill();
    server.restart();
    server.visitor().tries_email(&ada.name, PASSWORD).refused(LOCKED);
}

fn names_that_are_no_account_lock_alike(backend: Backend) {
    let server = Server::start(backend);
    let (email, number) = (fresh::email(), fresh::chinese_phone());
    five_wrong(|typed| server.visitor().tries_email(&email, typed));
    server.visitor().tries_email(&email, PASSWORD).refused(LOCKED);
    five_wrong(|typed| server.visitor().tries_phone(&number, typed));
    server.visitor().tries_phone(&number, PASSWORD).refused(LOCKED);
    five_wrong(|typed| server.visitor().tries_number("99999999", typed));
    server.visitor().tries_number("99999999", PASSWORD).refused(LOCKED);
    server.visitor().tries_number("99999998", PASSWORD).refused(WRONG_ACCOUNT_OR_PASSWORD);
}

fn a_right_password_starts_the_count_anew(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let visitor = server.visitor();
    for _ in 0..3 {
        for typed in ["a", "b", "c", "d"] {
            visitor.tries_email(&ada.name, typed).refused(WRONG_ACCOUNT_OR_PASSWORD);
        }
        visitor.tries_email(&ada.name, PASSWORD).data();
    }
}

fn an_owner_at_home_is_not_locked_out(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let home = server.visitor();
    home.signs_in(&ada.name).signs_out();

    five_wrong(|typed| server.visitor().tries_email(&ada.name, typed));
    server.visitor().tries_email(&ada.name, PASSWORD).refused(LOCKED);
    home.tries_email(&ada.name, PASSWORD).data();
    // That has not opened the door for strangers.
    server.visitor().tries_email(&ada.name, PASSWORD).refused(LOCKED);
    // At home, too, five is the limit.
    five_wrong(|typed| home.tries_email(&ada.name, typed));
    home.tries_email(&ada.name, PASSWORD).refused(LOCKED);
}

fn each_kind_of_name_counts_for_itself(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    five_wrong(|typed| server.visitor().tries_number(&ada.number, typed));
    server.visitor().tries_number(&ada.number, PASSWORD).refused(LOCKED);
    server.visitor().tries_email(&ada.name, PASSWORD).data();
}

fn a_phone_is_found_without_its_area(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    for (area, number) in [("+86", fresh::chinese_phone()), ("+44", fresh::british_phone())] {
        let ben = visitor.signs_up_by_phone(area, &number);
        assert_eq!(visitor.tries_phone(&number, PASSWORD).data()["customerNo"], ben.number);
        for with_area in [area, area.trim_start_matches('+')] {
            let form = json!({"type": 2, "phoneArea": with_area, "loginName": number, "device": 1,
                "loginPwd": password()});
            assert_eq!(visitor.call("login", form).data()["customerNo"], ben.number);
        }
        let status = visitor.call("checkStatus", json!({"loginName": number, "type": 2})).data();
        assert_eq!((&status["status"], &status["phoneArea"]), (&json!(1), &json!(area)));
    }
}

fn the_same_number_in_two_areas(backend: Backend) {
    // A mobile number in China and in Germany.
    const NUMBER: &str = "15123456789";
    let server = Server::start(backend);
    let visitor = server.visitor();
    let form = |area: &str, typed: &str| json!({"type": 2, "phoneArea": area, "loginName": NUMBER, "device": 1, "loginPwd": md5(typed)});
    let german = visitor.signs_up_by_phone("+49", NUMBER);
    assert_eq!(visitor.tries_phone(NUMBER, PASSWORD).data()["customerNo"], german.number);
    let chinese = visitor.signs_up_by_phone("+86", NUMBER);
    // With two of them, China is meant unless an area is given.
    assert_eq!(visitor.tries_phone(NUMBER, PASSWORD).data()["customerNo"], chinese.number);
    assert_eq!(visitor.call("login", form("+49", PASSWORD)).data()["customerNo"], german.number);
    assert_eq!(visitor.call("login", form("+86", PASSWORD)).data()["customerNo"], chinese.number);
    let status = visitor.call("checkStatus", json!({"loginName": NUMBER, "type": 2})).data();
    assert_eq!(status["phoneArea"], "+86");
}

fn a_code_makes_the_password_unimportant(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let visitor = server.visitor();
    for sent_along in [json!(md5("")), json!("nonsense"), json!(""), json!(null)] {
        let code = visitor.code("EMAIL_LOGIN", &ada.name);
        // A wrong code is not made good by the right password.
        let mut form = code.wrong().email_sign_in(&ada.name);
        form["loginPwd"] = password().into();
        visitor.elsewhere().call("login", form).refused_as(e2e::codes::A_WRONG_CODE);
        let mut form = code.email_sign_in(&ada.name);
        form["loginPwd"] = sent_along;
        form["phoneArea"] = "+86".into();
        assert_eq!(visitor.call("login", form).data()["customerNo"], ada.number);
    }
}

fn a_sign_in_needs_a_proof(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let visitor = server.visitor();
    let base = json!({"type": 1, "loginName": ada.name, "device": 2});
    let with = |fields: serde_json::Value| {
        let mut form = base.clone();
        form.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        visitor.elsewhere().call("login", form)
    };
    assert!(!with(json!({})).is_ok());
    assert!(!with(json!({"loginPwd": ""})).is_ok());
    assert!(!with(json!({"loginPwd": md5("")})).is_ok());
    assert!(!with(json!({"loginPwd": PASSWORD})).is_ok());
    assert!(!with(json!({"sendToken": "11"})).is_ok());
    // A third party vouches for no one who was not proved to it.
    with(json!({"bindThirdUserId": "1", "thirdSource": "google", "isThird": true}))
        .refused(WRONG_ACCOUNT_OR_PASSWORD);
    with(json!({"loginPwd": password(), "isThird": false})).data();
}

fn a_new_device_is_told_to_the_customer(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let before = server.mail.inbox().all_to(&ada.name).len();
    let form = json!({"type": 1, "loginName": ada.name, "loginPwd": password(), "device": 4});
    server.visitor().call("login", form).data();
    server.mail.inbox().next_to(&ada.name);
    assert!(server.mail.inbox().all_to(&ada.name).len() > before);
}

fn exists_or_not(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let ada = server.visitor().signs_up();
    let number = fresh::chinese_phone();
    server.visitor().signs_up_by_phone("+86", &number);
    let exists = |kind: i64, name: &str| {
        visitor.call("checkCustomerExist", json!({"type": kind, "loginName": name})).data()
    };
    assert_eq!(exists(1, &ada.name), 1);
    assert_eq!(exists(1, &ada.name.to_uppercase()), 1);
    assert_eq!(exists(1, &fresh::email()), 2);
    assert_eq!(exists(2, &number), 1);
    assert_eq!(exists(2, &fresh::chinese_phone()), 2);
    assert_eq!(exists(3, &ada.number), 1);
    assert_eq!(exists(3, "99999999"), 2);
    let elsewhere = json!({"type": 2, "loginName": number, "phoneArea": "+44"});
    let elsewhere = visitor.call("checkCustomerExist", elsewhere);
    assert!(elsewhere.code() == e2e::codes::PHONE_MALFORMED || elsewhere.data() == 2);
}

fn status_of_a_name(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let ada = server.visitor().signs_up();
    let status = |name: &str, kind: i64| {
        let reply = visitor.call("checkStatus", json!({"loginName": name, "type": kind, "phoneArea": "+86"}));
        reply.data()
    };
    let known = status(&ada.name, 1);
    assert_eq!((&known["status"], &known["country"]), (&json!(1), &json!("ISO_3166_156")));
    let unknown = status(&fresh::email(), 1);
    assert_eq!(unknown["status"], 2);
    assert_eq!(status(&fresh::chinese_phone(), 2)["status"], 2);
    assert!(!known.to_string().contains(&ada.number), "{known}");

    server.customer("disable", &ada.number).succeeds();
    assert_eq!(status(&ada.name, 1)["status"], -1);
}

fn google_status_of_a_name(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let ada = server.visitor().signs_up();
    let status = |body: serde_json::Value| {
        visitor.call("checkGoogleMFAStatus", body).data().as_i64().expect("a number")
    };
    assert_eq!(status(json!({"loginName": ada.name, "type": 1, "phoneArea": "+86"})), 0);
    assert_eq!(status(json!({"loginName": fresh::email(), "type": 1})), 0);
    assert_eq!(status(json!({"loginName": fresh::chinese_phone(), "type": 2})), 0);
    assert_eq!(status(json!({"loginName": ada.number, "type": 3})), 0);
}

fn asking_for_names_is_limited(backend: Backend) {
    let server = Server::start(backend);
    let operations = ["checkCustomerExist", "checkStatus", "checkGoogleMFAStatus"];
    let ask = |visitor: &Client, operation: &str| {
        visitor.call(operation, json!({"type": 1, "loginName": fresh::email(), "phoneArea": "+86"}))
    };
    for operation in operations {
        let visitor = server.visitor();
        for _ in 0..20 {
            ask(&visitor, operation).data();
        }
        // The window may slide along while a slow machine asks, but not for long.
        let refusal = (0..20).map(|_| ask(&visitor, operation)).find(|reply| !reply.is_ok());
        let refusal = refusal.expect("a limit").refused(TOO_OFTEN);
        assert_eq!(refusal.header("x-ratelimit-remaining"), Some("0"));
        ask(&server.visitor(), operation).data();
    }
}
