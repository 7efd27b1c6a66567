//! The second factor at sign-in.

use crate::common::{Backend, Client, Customer, House, NO_GOOGLE, SECOND, WRONG_GOOGLE, on_both};
use serde_json::{Value, json};

on_both!(
    a_code_works_once,
    a_code_may_be_a_step_off_and_no_more,
    anything_but_six_digits_is_wrong,
    an_older_code_is_used_up_by_a_newer_one,
    a_wrong_google_code_does_not_burn_the_mailed_code,
    a_right_password_with_a_wrong_code_is_told_once,
    a_recovery_code_works_once,
    a_recovery_code_is_of_one_customer,
    without_mfa_the_field_is_not_looked_at,
    one_code_at_once_many_times,
);

/// A customer with MFA on, and the authenticator's secret.
fn guarded(house: &House) -> (Customer, Vec<u8>) {
    let customer = house.customer();
    let secret = house.turn_mfa_on(&customer);
    (customer, secret)
}

fn with(mut body: Value, google: &str) -> Value {
    body["googleCode"] = google.into();
    body
}

#[track_caller]
fn tries(customer: &Customer, client: &Client, google: &str, code: &str) {
    client.call("login", with(customer.by_password(), google)).is(code);
}

fn a_code_works_once(backend: Backend) {
    let house = House::open(backend);
    let (ada, secret) = guarded(&house);
    assert!(
        ada.home.call("checkGoogleMFAStatus", json!({ "type": 1, "loginName": ada.email })).data().as_i64()
            > Some(0)
    );
    let google = house.google_code(&secret, 0);
    ada.signs_in_from(&ada.home).is(NO_GOOGLE);
    tries(&ada, &ada.home, "", NO_GOOGLE);
    tries(&ada, &ada.home, &google, "0");
    // A client may send its last request again and again; that is no guess.
    for _ in 0..10 {
        tries(&ada, &ada.home, &google, WRONG_GOOGLE);
        tries(&ada, &house.visitor(), &google, WRONG_GOOGLE);
    }
    for _ in 0..4 {
        tries(&ada, &ada.home, &house.wrong_google_code(&secret), WRONG_GOOGLE);
        tries(&ada, &ada.home, &google, WRONG_GOOGLE);
    }
    house.advance(30 * SECOND);
    tries(&ada, &ada.home, &house.google_code(&secret, 0), "0");
}

fn a_code_may_be_a_step_off_and_no_more(backend: Backend) {
    let house = House::open(backend);
    for (steps, code) in [(-2, WRONG_GOOGLE), (-1, "0"), (0, "0"), (1, "0"), (2, WRONG_GOOGLE)] {
        let (ada, secret) = guarded(&house);
        tries(&ada, &ada.home, &house.google_code(&secret, steps), code);
    }
    // A step ends where it ends.
    let (ada, secret) = guarded(&house);
    let google = house.google_code(&secret, 0);
    house.advance(60 * SECOND - 1 - house.now() % (30 * SECOND));
    tries(&ada, &ada.home, &google, "0");
    let (ben, secret) = guarded(&house);
    let google = house.google_code(&secret, 0);
    house.advance(60 * SECOND - house.now() % (30 * SECOND));
    tries(&ben, &ben.home, &google, WRONG_GOOGLE);
}

fn anything_but_six_digits_is_wrong(backend: Backend) {
    let house = House::open(backend);
    let (ada, secret) = guarded(&house);
    let google = house.google_code(&secret, 0);
    let wide: String = google.chars().map(|digit| char::from_u32(digit as u32 + 0xFEE0).unwrap()).collect();
    for odd in
        [format!(" {google}"), format!("{} {}", &google[..3], &google[3..]), wide, format!("{google}0")]
    {
        tries(&ada, &ada.home, &odd, WRONG_GOOGLE);
    }
    tries(&ada, &ada.home, &google, "0");
}

fn an_older_code_is_used_up_by_a_newer_one(backend: Backend) {
    let house = House::open(backend);
    let (ada, secret) = guarded(&house);
    tries(&ada, &ada.home, &house.google_code(&secret, 1), "0");
    for steps in [1, 0, -1] {
        tries(&ada, &ada.home, &house.google_code(&secret, steps), WRONG_GOOGLE);
    }
    house.advance(30 * SECOND);
    tries(&ada, &ada.home, &house.google_code(&secret, 0), WRONG_GOOGLE);
    tries(&ada, &ada.home, &house.google_code(&secret, 1), "0");
}

fn a_wrong_google_code_does_not_burn_the_mailed_code(backend: Backend) {
    let house = House::open(backend);
    let (ada, secret) = guarded(&house);
    let code = ada.home.code("EMAIL_LOGIN", &ada.email);
    let wrong = house.wrong_google_code(&secret);
    ada.home.call("login", ada.by_code(&code)).is(NO_GOOGLE);
    for _ in 0..4 {
        ada.home.call("login", with(ada.by_code(&code), &wrong)).is(WRONG_GOOGLE);
    }
    let google = house.google_code(&secret, 0);
    ada.home.call("login", with(ada.by_code(&code), &google)).is("0");
    // And a wrong mailed code does not burn the google code.
    house.advance(30 * SECOND);
    let (code, google) = (ada.home.code("EMAIL_LOGIN", &ada.email), house.google_code(&secret, 0));
    ada.home.call("login", with(ada.by_code(&code.wrong()), &google)).is(crate::common::WRONG_CODE);
    ada.home.call("login", with(ada.by_code(&code), &google)).is("0");
}

/// Notices of a wrong authenticator code, and messages without a code that reached the customer.
fn notices(house: &House, customer: &Customer) -> (i64, usize) {
    house.settle();
    let noted = house.number("SELECT count(*) FROM outbox WHERE template = 'wrong-google-code'");
    let mails = house.mails();
    let arrived = mails.iter().filter(|mail| mail.to == customer.email && mail.code.is_none());
    (noted, arrived.count())
}

fn a_right_password_with_a_wrong_code_is_told_once(backend: Backend) {
    let house = House::open(backend);
    let (ada, secret) = guarded(&house);
    let google = house.google_code(&secret, 0);
    ada.fails_from(&ada.home);
    ada.signs_in_from(&ada.home).is(NO_GOOGLE);
    tries(&ada, &ada.home, &google, "0");
    assert_eq!(notices(&house, &ada), (0, 0), "before anything was wrong");

    tries(&ada, &ada.home, &house.wrong_google_code(&secret), WRONG_GOOGLE);
    assert_eq!(notices(&house, &ada), (1, 1), "one wrong code is one notice");

    tries(&ada, &ada.home, &google, WRONG_GOOGLE);
    assert_eq!(notices(&house, &ada), (1, 1), "a replay is no sign of a guesser");
}

fn a_recovery_code_works_once(backend: Backend) {
    let house = House::open(backend);
    let (ada, secret) = guarded(&house);
    house.add_recovery_code(&ada, "ABCDEFGHIJKLMNOP");
    house.add_recovery_code(&ada, "QRSTUVWXYZ234567");
    tries(&ada, &ada.home, "ABCD-EFGH-IJKL-MNOQ", WRONG_GOOGLE);
    tries(&ada, &ada.home, "abcd-efgh-ijkl-mnop", "0");
    tries(&ada, &ada.home, "ABCD-EFGH-IJKL-MNOP", WRONG_GOOGLE);
    tries(&ada, &ada.home, "QRSTUVWXYZ234567", "0");
    tries(&ada, &ada.home, "QRSTUVWXYZ234567", WRONG_GOOGLE);
    // The authenticator goes on.
    tries(&ada, &ada.home, &house.google_code(&secret, 0), "0");
}

fn a_recovery_code_is_of_one_customer(backend: Backend) {
    let house = House::open(backend);
    let ((ada, _), (ben, _)) = (guarded(&house), guarded(&house));
    house.add_recovery_code(&ada, "ABCDEFGHIJKLMNOP");
    tries(&ben, &ben.home, "ABCDEFGHIJKLMNOP", WRONG_GOOGLE);
    tries(&ada, &ada.home, "ABCDEFGHIJKLMNOP", "0");
}

fn without_mfa_the_field_is_not_looked_at(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for odd in ["000000", "rubbish", ""] {
        tries(&ada, &ada.home, odd, "0");
    }
}

fn one_code_at_once_many_times(backend: Backend) {
    let house = House::open(backend);
    let (ada, secret) = guarded(&house);
    let google = house.google_code(&secret, 0);
    let body = with(ada.by_password(), &google);
    let replies: Vec<String> = std::thread::scope(|scope| {
        let calls: Vec<_> =
            (0..12).map(|_| scope.spawn(|| ada.home.call("login", body.clone()).code().to_owned())).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let let_in = replies.iter().filter(|code| *code == "0").count();
    assert_eq!(let_in, 1, "{replies:?}");
}
