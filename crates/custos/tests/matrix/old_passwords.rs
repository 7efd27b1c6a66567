//! Tries of old passwords: what counts as one, and what lifts a lock.

use super::asks::{Ask, Case, Sets};
use super::body::{Instead, Shown};
use super::cells::possible;
use super::scene::{FUND_PASSWORD, NEW_PASSWORD, Scene, Stage};
use super::spoils::{FUND_PASSWORD_LOCKED, LOGIN_LOCKED, WRONG_OLD_PASSWORD};
use crate::common::{Backend, PASSWORD, md5, on_both};
use serde_json::json;

pub(super) const SAME_PASSWORD: &str = "CUSTOMER_API_0000123";
const WEAK_PASSWORD: &str = "CUSTOMER_API_0000139";

on_both!(
    one_that_was_not_compared_was_not_tried,
    a_right_one_ends_the_row_whatever_else_is_wrong,
    a_reset_lifts_the_lock_of_its_own_password,
);

fn asking_for_an_old_password() -> impl Iterator<Item = Case> {
    possible(false).filter(|case| case.asks.iter().any(|ask| matches!(ask, Ask::OldPassword)))
}

/// Whoever mistypes another code five times has not guessed at the password.
fn one_that_was_not_compared_was_not_tried(backend: Backend) {
    let stage = Stage::new(backend);
    for case in asking_for_an_old_password() {
        let scene = Scene::new(&stage, &case);
        for _ in 0..5 {
            for (number, ask) in case.asks.iter().enumerate() {
                let Ask::Code(ask) = ask else { continue };
                let wrong = scene.code(ask, ask.purposes[0]).wrong();
                let body = scene.body(&Instead::Code(number, Shown::Code(wrong)));
                scene.is_refused("a wrong code", ask.wrong, &body, false);
            }
        }
        scene.sends(&scene.body(&Instead::Nothing)).is("0");
    }
}

/// A new password that is refused says nothing against the old one.
fn a_right_one_ends_the_row_whatever_else_is_wrong(backend: Backend) {
    let stage = Stage::new(backend);
    for case in asking_for_an_old_password() {
        let scene = Scene::new(&stage, &case);
        let fund = case.sets == Sets::FundPassword;
        let (own, other) = if fund { (FUND_PASSWORD, PASSWORD) } else { (PASSWORD, FUND_PASSWORD) };
        for (new, due) in [(own, SAME_PASSWORD), (other, WEAK_PASSWORD)] {
            for _ in 0..6 {
                let mut body = scene.body(&Instead::Nothing);
                body["newPwd"] = md5(new).into();
                scene.is_refused("a new password that may not be", due, &body, false);
            }
        }
        scene.sends(&scene.body(&Instead::Nothing)).is("0");
    }
}

/// The two passwords have counters of their own.
fn a_reset_lifts_the_lock_of_its_own_password(backend: Backend) {
    const LOGIN: (&str, &str, &str) = ("updateLoginPwd", PASSWORD, LOGIN_LOCKED);
    const FUND: (&str, &str, &str) = ("updateAssertsPwd", FUND_PASSWORD, FUND_PASSWORD_LOCKED);
    let stage = Stage::new(backend);
    for case in possible(false).filter(Case::is_reset) {
        let mut scene = Scene::new(&stage, &case);
        let change = |scene: &Scene<'_>, operation: &str, old: &str| {
            let body = json!({ "oldPwd": md5(old), "newPwd": md5("Changed 9917 again") });
            scene.acting.call(operation, body)
        };
        for (operation, right, locked) in [LOGIN, FUND] {
            for _ in 0..5 {
                change(&scene, operation, "not this").is(WRONG_OLD_PASSWORD);
            }
            change(&scene, operation, right).is(locked);
        }
        scene.sends(&scene.body(&Instead::Nothing)).is("0");
        scene.acting = scene.opens_session();
        let (own, other) = if case.sets == Sets::FundPassword { (FUND, LOGIN) } else { (LOGIN, FUND) };
        let of_the_other = change(&scene, other.0, other.1);
        assert_eq!(of_the_other.code(), other.2, "{}: the other password's lock", case.told());
        let of_its_own = change(&scene, own.0, NEW_PASSWORD);
        assert_eq!(of_its_own.code(), "0", "{}: its own lock", case.told());
    }
}
