//! Wrong passwords and wrong codes: for how long they close the door, and to whom.

use crate::common::{
    Backend, Client, Customer, DAY, HOUR, House, LOCKED, MINUTE, TOO_MANY_CODES, WRONG_CODE, WRONG_SIGN_IN,
    on_both,
};

on_both!(
    the_fifth_wrong_password_locks_for_half_an_hour,
    each_further_lock_is_twice_as_long_up_to_a_day,
    the_status_follows_the_lock_without_a_write,
    a_stranger_does_not_lock_the_owner_out_at_home,
    a_known_place_is_forgotten_after_thirty_days,
    fifteen_wrong_login_codes_close_the_channel_until_the_next_day,
    a_code_dies_of_five_wrong_tries,
    names_that_are_no_account_are_locked_alike,
    the_status_shows_a_strangers_lock_though_the_owner_signs_in,
);

/// Five wrong passwords in a row.
fn locks(customer: &Customer, client: &Client) {
    for _ in 0..5 {
        customer.fails_from(client).is(WRONG_SIGN_IN);
    }
    customer.fails_from(client).is(LOCKED);
}

/// Counters of tries that the house keeps.
fn guards(house: &House) -> i64 {
    house.number("SELECT count(*) FROM try_guards")
}

fn the_fifth_wrong_password_locks_for_half_an_hour(backend: Backend) {
    let house = House::open(backend);
    let (ada, stranger) = (house.customer(), house.visitor());
    for _ in 0..4 {
        ada.fails_from(&stranger).is(WRONG_SIGN_IN);
    }
    // The right one ends the row.
    let elsewhere = house.visitor();
    ada.signs_in_from(&elsewhere).is("0");
    assert_eq!(guards(&house), 0);

    let stranger = house.visitor();
    locks(&ada, &stranger);
    ada.signs_in_from(&stranger).is(LOCKED);
    house.advance(30 * MINUTE - 1);
    ada.signs_in_from(&stranger).is(LOCKED);
    assert_eq!(guards(&house), 1);
    house.advance(1);
    ada.signs_in_from(&stranger).is("0");
    assert_eq!(guards(&house), 0);
}

fn each_further_lock_is_twice_as_long_up_to_a_day(backend: Backend) {
    let house = House::open(backend);
    let (ada, stranger) = (house.customer(), house.visitor());
    let (half_hour, most) = (30 * MINUTE, 24 * HOUR);
    let mut length = half_hour;
    for _ in 0..9 {
        locks(&ada, &stranger);
        house.advance(length - 1);
        ada.signs_in_from(&stranger).is(LOCKED);
        house.advance(1);
        length = (length * 2).min(most);
    }
    // A right password, and all is forgotten.
    ada.signs_in_from(&stranger).is("0");
    let another = house.visitor();
    locks(&ada, &another);
    house.advance(half_hour);
    ada.signs_in_from(&another).is("0");
}

fn the_status_follows_the_lock_without_a_write(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    assert_eq!(ada.status(), 1);
    locks(&ada, &house.visitor());
    let row = house.texts("SELECT CAST(locked_until AS TEXT) FROM customers");
    assert_eq!(row, [(house.now() + 30 * MINUTE).to_string()]);
    assert_eq!(ada.status(), 5);
    house.advance(30 * MINUTE - 1);
    // What is in memory now is true for a millisecond.
    assert_eq!(ada.status(), 5);
    assert_eq!(ada.status(), 5);
    house.advance(1);
    assert_eq!(ada.status(), 1);
    assert_eq!(house.texts("SELECT CAST(locked_until AS TEXT) FROM customers"), row);
}

fn a_stranger_does_not_lock_the_owner_out_at_home(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    locks(&ada, &house.visitor());
    ada.signs_in_from(&house.visitor()).is(LOCKED);
    ada.signs_in_from(&ada.home).is("0");
    // Home has tries of its own, five of them.
    locks(&ada, &ada.home);
    ada.signs_in_from(&ada.home).is(LOCKED);
}

fn a_known_place_is_forgotten_after_thirty_days(backend: Backend) {
    let house = House::open(backend);
    let (ada, ben) = (house.customer(), house.customer());
    house.advance(30 * DAY - 1);
    locks(&ada, &house.visitor());
    ada.signs_in_from(&ada.home).is("0");
    house.advance(1);
    locks(&ben, &house.visitor());
    ben.signs_in_from(&ben.home).is(LOCKED);
    // Signing in has made Ada's place known anew.
    house.advance(29 * DAY);
    locks(&ada, &house.visitor());
    ada.signs_in_from(&ada.home).is("0");
}

fn fifteen_wrong_login_codes_close_the_channel_until_the_next_day(backend: Backend) {
    let house = House::open(backend);
    let (ada, visitor) = (house.customer(), house.visitor());
    // LOGIN and PASSWORD codes are counted together.
    for _ in 0..2 {
        let code = visitor.code("EMAIL_LOGIN", &ada.email);
        for _ in 0..5 {
            visitor.call("login", ada.by_code(&code.wrong())).is(WRONG_CODE);
        }
    }
    let code = visitor.code("EMAIL_PASSWORD", &ada.email);
    for _ in 0..5 {
        visitor.checks("EMAIL_PASSWORD", &ada.email, &code.wrong()).is(WRONG_CODE);
    }
    let midnight = (house.now() / DAY + 1) * DAY;
    house.advance_to(midnight - 1);
    for kind in ["EMAIL_PASSWORD", "EMAIL_LOGIN"] {
        let code = house.visitor().code(kind, &ada.email);
        visitor.checks(kind, &ada.email, &code).is(TOO_MANY_CODES);
    }
    let code = visitor.code("EMAIL_LOGIN", &ada.email);
    visitor.call("login", ada.by_code(&code)).is(TOO_MANY_CODES);
    // Other kinds, other ways in and other people go on.
    let common = visitor.code("EMAIL_COMMON", &ada.email);
    visitor.checks("EMAIL_COMMON", &ada.email, &common).is("0");
    ada.signs_in_from(&visitor).is("0");
    let ben = house.customer();
    let his = visitor.code("EMAIL_LOGIN", &ben.email);
    visitor.call("login", ben.by_code(&his)).is("0");
    // The very code that came too early is good a millisecond later.
    house.advance(1);
    visitor.call("login", ada.by_code(&code)).is("0");
}

fn a_code_dies_of_five_wrong_tries(backend: Backend) {
    let house = House::open(backend);
    let (visitor, ada) = (house.visitor(), house.customer());
    for kind in ["EMAIL_COMMON", "EMAIL_LOGIN"] {
        let code = visitor.code(kind, &ada.email);
        for _ in 0..4 {
            visitor.checks(kind, &ada.email, &code.wrong()).is(WRONG_CODE);
        }
        visitor.checks(kind, &ada.email, &code).is("0");

        let code = visitor.code(kind, &ada.email);
        for _ in 0..5 {
            visitor.checks(kind, &ada.email, &code.wrong()).is(WRONG_CODE);
        }
        visitor.checks(kind, &ada.email, &code).is(TOO_MANY_CODES);
    }
}

fn names_that_are_no_account_are_locked_alike(backend: Backend) {
    let house = House::open(backend);
    let stranger = house.visitor();
    let nobody = Customer {
        home: house.visitor(),
        id: 0,
        company: 1,
        number: String::new(),
        email: "nobody@example.com".to_owned(),
    };
    locks(&nobody, &stranger);
    house.advance(30 * MINUTE - 1);
    nobody.fails_from(&house.visitor()).is(LOCKED);
    house.advance(1);
    nobody.fails_from(&stranger).is(WRONG_SIGN_IN);
}

fn the_status_shows_a_strangers_lock_though_the_owner_signs_in(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    locks(&ada, &house.visitor());
    ada.signs_in_from(&ada.home).is("0");
    assert_eq!(ada.status(), 5);
    house.advance(30 * MINUTE);
    assert_eq!(ada.status(), 1);
}
