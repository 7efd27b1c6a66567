//! What ends by itself: codes, proofs, sessions.

use crate::common::{
    Backend, Client, DAY, DEAD_TOKEN, HOUR, House, MINUTE, WRONG_CODE, eventually, fresh_email, fresh_phone,
    on_both,
};
use serde_json::json;

on_both!(
    codes_live_to_the_millisecond,
    a_login_code_ends_like_any_other,
    a_proof_stands_for_ten_minutes,
    a_session_ends_a_week_after_its_last_use,
    a_session_ends_after_thirty_days_in_any_case,
    a_swapped_token_has_no_longer_life,
    a_short_idle_time_ends_no_session_in_use,
);

fn codes_live_to_the_millisecond(backend: Backend) {
    let house = House::open(backend);
    for (kind, to, life) in
        [("EMAIL_COMMON", fresh_email(), 10 * MINUTE), ("SMS_COMMON", fresh_phone(), 5 * MINUTE)]
    {
        let visitor = house.visitor();
        let code = visitor.code(kind, &to);
        house.advance(life - 1);
        visitor.checks(kind, &to, &code).is("0");

        let code = visitor.code(kind, &to);
        house.advance(life);
        visitor.checks(kind, &to, &code).is(WRONG_CODE);
    }
}

fn a_login_code_ends_like_any_other(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let visitor = house.visitor();
    let code = visitor.code("EMAIL_LOGIN", &ada.email);
    house.advance(10 * MINUTE - 1);
    visitor.call("login", ada.by_code(&code)).is("0");

    let code = visitor.code("EMAIL_LOGIN", &ada.email);
    house.advance(10 * MINUTE);
    visitor.call("login", ada.by_code(&code)).is(WRONG_CODE);
}

fn a_proof_stands_for_ten_minutes(backend: Backend) {
    let house = House::open(backend);
    for (kind, to) in [("EMAIL_PASSWORD", house.customer().email), ("SMS_COMMON", fresh_phone())] {
        let visitor = house.visitor();
        let code = visitor.code(kind, &to);
        let proof = visitor.checks(kind, &to, &code).text("token");
        house.advance(10 * MINUTE - 1);
        // Looking at it does not use it up.
        for _ in 0..2 {
            assert_eq!(visitor.shows(kind, &to, &proof).text("token"), proof);
        }
        house.advance(1);
        visitor.shows(kind, &to, &proof).is(WRONG_CODE);
    }
}

/// Until when the house keeps the only session of its only customer.
fn end_of_session(house: &House) -> i64 {
    house.number("SELECT expires_at FROM sessions")
}

fn reads(client: &Client, code: &str) {
    client.call("findCustomerInfo", json!({})).is(code);
}

fn a_session_ends_a_week_after_its_last_use(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    assert_eq!(end_of_session(&house), house.now() + 7 * DAY);

    house.advance(7 * DAY - 1);
    reads(&ada.home, "0");
    // The answer does not wait for the end to be put off.
    let put_off = house.now() + 7 * DAY;
    eventually("a later end", || (end_of_session(&house) == put_off).then_some(()));

    house.advance(7 * DAY);
    reads(&ada.home, DEAD_TOKEN);
    ada.home.call("randomKey", json!({})).is(DEAD_TOKEN);
    // Open to guests, and so to someone whose session has ended.
    ada.home.call("groupList", json!({})).is("0");
    ada.home.call("logout", json!({})).is("0");
}

fn a_session_ends_after_thirty_days_in_any_case(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let begun = house.now();
    for day in 1..30 {
        house.advance_to(begun + day * DAY);
        reads(&ada.home, "0");
        let put_off = begun + (day + 7).min(30) * DAY;
        eventually("a later end", || (end_of_session(&house) == put_off).then_some(()));
    }
    house.advance_to(begun + 30 * DAY - 1);
    // What is in memory by now must not outlive it.
    reads(&ada.home, "0");
    reads(&ada.home, "0");
    house.advance(1);
    reads(&ada.home, DEAD_TOKEN);
}

fn a_swapped_token_has_no_longer_life(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let begun = house.now();
    house.advance(4 * DAY);
    let fresh = ada.home.call("randomKey", json!({})).data().as_str().unwrap().to_owned();
    let swapped = ada.home.with_token(&fresh);
    reads(&ada.home, DEAD_TOKEN);
    for days in [10, 16, 22, 28] {
        house.advance_to(begun + days * DAY);
        reads(&swapped, "0");
        let put_off = begun + (days + 7).min(30) * DAY;
        eventually("a later end", || (end_of_session(&house) == put_off).then_some(()));
    }
    house.advance_to(begun + 30 * DAY - HOUR);
    reads(&swapped, "0");
    house.advance(HOUR);
    reads(&swapped, DEAD_TOKEN);
}

fn a_short_idle_time_ends_no_session_in_use(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.session_idle_minutes = 2);
    let ada = house.customer();
    for _ in 0..5 {
        house.advance(MINUTE);
        reads(&ada.home, "0");
        let put_off = house.now() + 2 * MINUTE;
        eventually("a later end", || (end_of_session(&house) == put_off).then_some(()));
    }
    house.advance(2 * MINUTE);
    reads(&ada.home, DEAD_TOKEN);
}
