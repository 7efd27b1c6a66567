//! Wrong authenticator codes: for how long they close the second door.

use crate::common::{Backend, Customer, HOUR, House, MINUTE, SECOND, WRONG_GOOGLE, md5, on_both};
use serde_json::json;

on_both!(
    five_wrong_lock_for_a_quarter_of_an_hour,
    each_further_lock_is_twice_as_long_up_to_a_day,
    the_lock_holds_everywhere_and_for_every_way_in,
    after_fifty_in_a_row_only_a_reset_with_a_recovery_code_helps,
    others_are_not_locked,
);

struct Guarded<'a> {
    house: &'a House,
    customer: Customer,
    secret: Vec<u8>,
}

impl<'a> Guarded<'a> {
    fn new(house: &'a House) -> Self {
        let customer = house.customer();
        let secret = house.turn_mfa_on(&customer);
        Self { house, customer, secret }
    }

    #[track_caller]
    fn tries(&self, google: &str, code: &str) {
        let mut body = self.customer.by_password();
        body["googleCode"] = google.into();
        self.customer.home.call("login", body).is(code);
    }

    #[track_caller]
    fn wrong(&self, times: usize) {
        for _ in 0..times {
            self.tries(&self.house.wrong_google_code(&self.secret), WRONG_GOOGLE);
        }
    }

    #[track_caller]
    fn right(&self, code: &str) {
        self.tries(&self.house.google_code(&self.secret, 0), code);
    }
}

fn five_wrong_lock_for_a_quarter_of_an_hour(backend: Backend) {
    let house = House::open(backend);
    let ada = Guarded::new(&house);
    // The right password each time, which never resets this count; a right code does.
    ada.wrong(4);
    ada.right("0");
    house.advance(30 * SECOND);
    ada.wrong(5);
    ada.right(WRONG_GOOGLE);
    house.advance(15 * MINUTE - 1);
    ada.right(WRONG_GOOGLE);
    house.advance(1);
    ada.right("0");
    house.advance(30 * SECOND);
    // The row of locks has ended with it.
    ada.wrong(5);
    house.advance(15 * MINUTE);
    ada.right("0");
}

fn each_further_lock_is_twice_as_long_up_to_a_day(backend: Backend) {
    let house = House::open(backend);
    let ada = Guarded::new(&house);
    let mut length = 15 * MINUTE;
    // Forty-five wrong ones: five more, and no code would help.
    for _ in 0..9 {
        ada.wrong(5);
        house.advance(length - 1);
        ada.right(WRONG_GOOGLE);
        house.advance(1);
        length = (length * 2).min(24 * HOUR);
    }
    ada.right("0");
}

fn the_lock_holds_everywhere_and_for_every_way_in(backend: Backend) {
    let house = House::open(backend);
    let ada = Guarded::new(&house);
    ada.wrong(5);
    let elsewhere = house.visitor();
    let google = house.google_code(&ada.secret, 0);
    let code = elsewhere.code("EMAIL_LOGIN", &ada.customer.email);
    for body in [ada.customer.by_password(), ada.customer.by_code(&code)] {
        let mut body = body;
        body["googleCode"] = google.clone().into();
        elsewhere.call("login", body).is(WRONG_GOOGLE);
    }
    // Who is signed in goes on; the status is not that of a locked account.
    assert_eq!(ada.customer.home.call("findCustomerInfo", json!({})).data()["status"], 1);
}

fn after_fifty_in_a_row_only_a_reset_with_a_recovery_code_helps(backend: Backend) {
    let house = House::open(backend);
    let ada = Guarded::new(&house);
    house.add_recovery_code(&ada.customer, "ABCDEFGHIJKLMNOP");
    for _ in 0..10 {
        ada.wrong(5);
        house.advance(24 * HOUR);
    }
    // Neither the authenticator nor a recovery code signs in any more.
    ada.right(WRONG_GOOGLE);
    house.advance(24 * HOUR);
    ada.right(WRONG_GOOGLE);
    ada.tries("ABCDEFGHIJKLMNOP", WRONG_GOOGLE);

    let visitor = house.visitor();
    let code = visitor.code("EMAIL_PASSWORD", &ada.customer.email);
    let reset = |google: &str| {
        let body = json!({
            "type": 1, "loginName": ada.customer.email, "verifyCode": code.digits, "sendToken": code.ticket,
            "newPwd": md5("another Passw0rd"), "googleCode": google,
        });
        visitor.call("forgetLoginPwd", body)
    };
    reset(&house.google_code(&ada.secret, 0)).is(WRONG_GOOGLE);
    reset("ABCDEFGHIJKLMNOP").is("0");
    house.advance(30 * SECOND);
    let mut body = ada.customer.by_password();
    body["loginPwd"] = md5("another Passw0rd").into();
    body["googleCode"] = house.google_code(&ada.secret, 0).into();
    visitor.call("login", body).is("0");
}

fn others_are_not_locked(backend: Backend) {
    let house = House::open(backend);
    let (ada, ben) = (Guarded::new(&house), Guarded::new(&house));
    ada.wrong(5);
    ben.right("0");
}
