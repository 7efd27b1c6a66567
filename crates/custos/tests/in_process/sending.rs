//! How often codes are sent and accounts asked for: windows that slide, to the millisecond.

use crate::common::{
    Backend, Client, DAY, HOUR, House, MINUTE, SECOND, TOO_MANY_CODES, TOO_OFTEN, fresh_email, fresh_phone,
    on_both,
};
use serde_json::json;

on_both!(
    five_in_half_an_hour,
    ten_for_who_is_signed_in,
    twenty_in_a_day,
    a_pause_where_the_company_wants_one,
    thirty_from_one_address_in_an_hour,
    one_network_of_ipv6_is_one_address,
    twenty_probes_a_minute,
);

fn five_in_half_an_hour(backend: Backend) {
    let house = House::open(backend);
    let (visitor, to, begun) = (house.visitor(), fresh_email(), house.now());
    // The kinds of one channel count together.
    for (minute, kind) in
        ["EMAIL_COMMON", "EMAIL_LOGIN", "EMAIL_REGISTER", "EMAIL_PASSWORD", "EMAIL_COMMON"].iter().enumerate()
    {
        house.advance_to(begun + i64::try_from(minute).unwrap() * MINUTE);
        visitor.asks(kind, &to).is("0");
    }
    for kind in ["EMAIL_COMMON", "EMAIL_LOGIN"] {
        visitor.asks(kind, &to).is(TOO_MANY_CODES);
        // Another place helps no one.
        house.visitor().asks(kind, &to).is(TOO_MANY_CODES);
    }
    visitor.asks("EMAIL_COMMON", &fresh_email()).is("0");
    // Those that were refused do not count: one place is free as soon as the first is half an hour old.
    house.advance_to(begun + 30 * MINUTE - 1);
    visitor.asks("EMAIL_COMMON", &to).is(TOO_MANY_CODES);
    house.advance(1);
    visitor.asks("EMAIL_COMMON", &to).is("0");
    visitor.asks("EMAIL_COMMON", &to).is(TOO_MANY_CODES);
    house.advance(MINUTE);
    visitor.asks("EMAIL_COMMON", &to).is("0");
}

fn ten_for_who_is_signed_in(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    // One went out at registration.
    for _ in 0..9 {
        ada.home.asks("EMAIL_LOGINED", "").is("0");
    }
    ada.home.asks("EMAIL_LOGINED", "").is(TOO_MANY_CODES);
    ada.home.asks("EMAIL_LOGIN", &ada.email).is(TOO_MANY_CODES);
    house.advance(30 * MINUTE);
    ada.home.asks("EMAIL_LOGINED", "").is("0");
}

fn twenty_in_a_day(backend: Backend) {
    let house = House::open(backend);
    let (to, begun) = (fresh_phone(), house.now());
    for half_hour in 0..4 {
        house.advance_to(begun + half_hour * 30 * MINUTE);
        for _ in 0..5 {
            house.visitor().asks("SMS_COMMON", &to).is("0");
        }
    }
    house.advance(30 * MINUTE);
    house.visitor().asks("SMS_COMMON", &to).is(TOO_MANY_CODES);
    house.advance_to(begun + DAY - 1);
    house.visitor().asks("SMS_COMMON", &to).is(TOO_MANY_CODES);
    house.advance(1);
    house.visitor().asks("SMS_COMMON", &to).is("0");
}

fn a_pause_where_the_company_wants_one(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.code_pause_seconds = 60);
    for (kind, to) in [("EMAIL_COMMON", fresh_email()), ("SMS_COMMON", fresh_phone())] {
        let visitor = house.visitor();
        visitor.asks(kind, &to).is("0");
        visitor.asks(kind, &to).is(TOO_MANY_CODES);
        house.advance(60 * SECOND - 1);
        visitor.asks(kind, &to).is(TOO_MANY_CODES);
        house.advance(1);
        visitor.asks(kind, &to).is("0");
    }
    house.set(1, |settings| settings.code_pause_seconds = 0);
    let (visitor, to) = (house.visitor(), fresh_email());
    visitor.asks("EMAIL_COMMON", &to).is("0");
    visitor.asks("EMAIL_COMMON", &to).is("0");
}

fn thirty_from_one_address_in_an_hour(backend: Backend) {
    let house = House::open(backend);
    let (visitor, begun) = (house.visitor(), house.now());
    for minute in 0..30 {
        house.advance_to(begun + minute * MINUTE);
        visitor.asks("EMAIL_COMMON", &fresh_email()).is("0");
    }
    visitor.asks("EMAIL_COMMON", &fresh_email()).is(TOO_MANY_CODES);
    visitor.asks("SMS_COMMON", &fresh_phone()).is(TOO_MANY_CODES);
    house.visitor().asks("EMAIL_COMMON", &fresh_email()).is("0");
    house.advance_to(begun + HOUR - 1);
    visitor.asks("EMAIL_COMMON", &fresh_email()).is(TOO_MANY_CODES);
    house.advance(1);
    visitor.asks("EMAIL_COMMON", &fresh_email()).is("0");
    visitor.asks("EMAIL_COMMON", &fresh_email()).is(TOO_MANY_CODES);
}

fn one_network_of_ipv6_is_one_address(backend: Backend) {
    let house = House::open(backend);
    for host in 1..=30 {
        house.visitor().at(&format!("2001:db8:0:1::{host:x}")).asks("EMAIL_COMMON", &fresh_email()).is("0");
    }
    let neighbour = house.visitor().at("2001:db8:0:1:ffff::1");
    neighbour.asks("EMAIL_COMMON", &fresh_email()).is(TOO_MANY_CODES);
    let next_door = house.visitor().at("2001:db8:0:2::1");
    next_door.asks("EMAIL_COMMON", &fresh_email()).is("0");
}

fn probes(client: &Client, operation: &str, code: &str) {
    client.call(operation, json!({ "type": 1, "loginName": "someone@example.com" })).is(code);
}

fn twenty_probes_a_minute(backend: Backend) {
    let house = House::open(backend);
    let (visitor, begun) = (house.visitor(), house.now());
    let operations = ["checkCustomerExist", "checkStatus", "checkGoogleMFAStatus"];
    // The three count together, or an address that is refused by one would ask another.
    for (second, operation) in operations.iter().cycle().take(20).enumerate() {
        house.advance_to(begun + i64::try_from(second).unwrap() * SECOND);
        probes(&visitor, operation, "0");
    }
    for operation in operations {
        probes(&visitor, operation, TOO_OFTEN);
        probes(&house.visitor(), operation, "0");
    }
    house.advance_to(begun + MINUTE - 1);
    probes(&visitor, "checkStatus", TOO_OFTEN);
    house.advance(1);
    probes(&visitor, "checkStatus", "0");
    probes(&visitor, "checkStatus", TOO_OFTEN);
    house.advance(SECOND);
    probes(&visitor, "checkStatus", "0");
}
