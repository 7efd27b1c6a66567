//! To whom a verification code goes, and what a caller learns of them.

use e2e::codes::{
    DEAD_TOKEN, NO_EMAIL_ADDRESS, NO_EMAIL_BOUND, NO_PHONE_BOUND, NO_TOKEN, PHONE_MALFORMED, UNKNOWN_AREA,
    WRONG_CODE,
};
use e2e::{Addressed, Backend, Code, Server, fresh, on_both};
use serde_json::json;

on_both!(
    logined_codes_go_to_the_customer_alone,
    strangers_learn_nothing_from_asking,
    phones_are_written_in_many_ways,
    addresses_are_checked,
);

fn logined_codes_go_to_the_customer_alone(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let number = fresh::chinese_phone();
    let ben = server.visitor().signs_up_by_phone("+86", &number);

    let code = ada.client.own_code("EMAIL_LOGINED", &ada.name);
    ada.client.check_code("EMAIL_LOGINED", &ada.name, &code).data();
    let to = format!("+86 {number}");
    let code = ben.client.own_code("SMS_LOGINED", &to);
    ben.client.check_code("SMS_LOGINED", &to, &code).data();

    ben.client.ask_for_code("EMAIL_LOGINED", "").refused(NO_EMAIL_BOUND);
    ada.client.ask_for_code("SMS_LOGINED", "").refused(NO_PHONE_BOUND);
    server.visitor().ask_for_code("EMAIL_LOGINED", &ada.name).refused(NO_TOKEN);
    let dead = server.visitor().with_token("dead");
    dead.ask_for_code("EMAIL_LOGINED", &ada.name).refused_as(&[NO_TOKEN, DEAD_TOKEN]);

    // Whatever the body says, the token says who.
    let elsewhere = fresh::email();
    let body = json!({"bizType": "EMAIL_LOGINED_VERIFICATION_CODE", "toUser": elsewhere,
        "customerNo": ben.number, "customerId": ben.profile["id"]});
    ada.client.call("verifyCodeSend", body).data();
    server.mail.inbox().next_code_to(&ada.name);
    assert!(server.mail.inbox().all_to(&elsewhere).is_empty());

    // A stranger cannot spend or guess it.
    let code = ada.client.own_code("EMAIL_LOGINED", &ada.name);
    let stranger = server.visitor().signs_up();
    assert!(!stranger.client.check_code("EMAIL_LOGINED", &ada.name, &code).is_ok());
}

fn strangers_learn_nothing_from_asking(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let ada = visitor.signs_up();
    let (nobody, nobodys_phone) = (fresh::email(), fresh::chinese_phone());
    for kind in ["EMAIL_LOGIN", "EMAIL_PASSWORD"] {
        let ticket = visitor.ticket(kind, &nobody);
        assert_eq!(ticket.len(), visitor.ticket(kind, &ada.name).len());
        let guess = Code { ticket, digits: "000000".to_owned() };
        visitor.check_code(kind, &nobody, &guess).refused(WRONG_CODE);
    }
    for kind in ["SMS_LOGIN", "SMS_PASSWORD"] {
        visitor.ticket(kind, &format!("+86 {nobodys_phone}"));
    }
    // Later messages have arrived, so earlier ones would have.
    visitor.code("SMS_COMMON", &format!("+86 {}", fresh::chinese_phone()));
    visitor.code("EMAIL_COMMON", &fresh::email());
    assert!(server.mail.inbox().all_to(&nobody).is_empty());
    assert!(server.sms.inbox().all_to(&format!("+86{nobodys_phone}")).is_empty());
}

fn phones_are_written_in_many_ways(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    for form in ["+86 N", "86 N", "+86N"] {
        let number = fresh::chinese_phone();
        let ticket = visitor.ticket("SMS_REGISTER", &form.replace('N', &number));
        let sms = server.sms.inbox().next_to(&format!("+86{number}"));
        let code = Code { ticket, digits: sms.code().expect("a code") };
        let area = if form.starts_with('+') { "+86" } else { "86" };
        let profile = visitor.call("register", code.phone_sign_up(area, &number)).data();
        assert_eq!((&profile["phoneArea"], &profile["phone"]), (&json!("+86"), &json!(number)));
    }
}

fn addresses_are_checked(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let long = format!("{}@example.com", "x".repeat(60));
    for nonsense in ["no-at", "a@", "@b", "a b@c.com", "a@b@c.com", "a@x.com\r\nBcc: b@x.com", &long] {
        visitor.ask_for_code("EMAIL_COMMON", nonsense).refused_as(NO_EMAIL_ADDRESS);
    }
    for nonsense in ["+86 12", "+86 12345678901234567890", "+1 2025550"] {
        visitor.ask_for_code("SMS_COMMON", nonsense).refused(PHONE_MALFORMED);
    }
    for nonsense in ["+999 13800000000", "+0 13800000000"] {
        visitor.ask_for_code("SMS_COMMON", nonsense).refused_as(&[UNKNOWN_AREA, PHONE_MALFORMED]);
    }
    assert!(!visitor.ask_for_code("SMS_COMMON", "+1 800-FLOWERS").is_ok());
    assert!(!visitor.ask_for_code("EMAIL_COMMON", "+86 13800000000").is_ok());
    assert!(!visitor.ask_for_code("SMS_COMMON", "a@example.com").is_ok());
    assert!(!visitor.ask_for_code("EMAIL_COMMON", "").is_ok());
    assert!(server.mail.inbox().everything().is_empty());
}
