//! Ways around the rules that someone once found.

use crate::common::{
    Backend, Code as Sent, Customer, HOUR, House, LOCKED, MINUTE, PASSWORD, SUSPENDED, WRONG_CODE,
    WRONG_GOOGLE, WRONG_SIGN_IN, eventually, md5, on_both,
};
use custos_customers::changes::By;
use custos_customers::company;
use custos_customers::customer::{LOCKED_BY_OPERATOR, Status};
use custos_customers::passwords::{self, Manner, Plan, Which, Whose};
use custos_customers::session::{self, Origin};
use custos_customers::standing;
use custos_customers::step_up::{Given, Need, Warrant};
use custos_customers::{Code, Error};
use custos_store::params;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Barrier};

on_both!(
    a_number_under_another_type_is_no_name,
    customers_who_share_a_national_number_share_no_count,
    a_session_that_ends_while_a_hash_is_computed_changes_nothing,
    passwords_set_at_once_are_compared,
    a_frozen_account_is_not_reset,
    a_guest_does_not_learn_that_an_account_is_disabled,
    the_last_way_in_stays_open_while_checks_are_locked,
    after_fifty_in_a_row_the_check_of_a_code_is_closed_too,
    a_long_row_of_wrong_codes_is_not_forgotten,
    who_hangs_up_is_written_down_all_the_same,
);

/// What the operations need whose rules are called here: nothing but the session.
struct OfSession;

impl Warrant for OfSession {
    const NEEDS: &'static [Need] = &[];
}

fn a_number_under_another_type_is_no_name(backend: Backend) {
    let house = House::open(backend);
    let (ada, stranger) = (house.customer(), house.visitor());
    for (kind, area) in [(1, ""), (2, "+999"), (2, "+86")] {
        let body = json!({
            "type": kind, "loginName": ada.number, "phoneArea": area, "loginPwd": md5(PASSWORD), "device": 2,
        });
        stranger.call("login", body.clone()).is(WRONG_SIGN_IN);
        assert_eq!(*stranger.call("checkCustomerExist", body).data(), 2);
    }
    let body = json!({ "type": 3, "loginName": ada.number, "loginPwd": md5(PASSWORD), "device": 2 });
    stranger.call("login", body).is("0");
}

fn customers_who_share_a_national_number_share_no_count(backend: Backend) {
    let house = House::open(backend);
    let (ada, eve) = (house.customer(), house.customer());
    for (customer, area) in [(&ada, "+91"), (&eve, "+1")] {
        let id = customer.id;
        house.write(move |tx| {
            let sql = "UPDATE customers SET phone_area = $2, phone = '7012345678' WHERE id = $1";
            tx.execute(sql, params![id, area])?;
            tx.touch(id);
            Ok(())
        });
    }
    let stranger = house.visitor();
    let tries = |area: &str, typed: &str| {
        let body = json!({
            "type": 2, "loginName": "7012345678", "phoneArea": area, "loginPwd": md5(typed), "device": 2,
        });
        stranger.call("login", body)
    };
    for _ in 0..4 {
        tries("+91", "a guess").is(WRONG_SIGN_IN);
    }
    // Her own account's success forgives nothing at another's.
    tries("+1", PASSWORD).is("0");
    tries("+91", "a guess").is(WRONG_SIGN_IN);
    tries("+91", PASSWORD).is(LOCKED);
    // And her failures lock no one else.
    tries("+1", PASSWORD).is("0");
}

/// The first half of setting a first fund password.
fn plan(house: &House, ada: &Customer, which: Which) -> (Plan, Given, By) {
    let hash = session::token_hash(ada.home.token());
    let session = house.read(move |tx| Ok(session::find(tx, &hash)?)).unwrap();
    let by = By { session_id: Some(session.id), origin: Origin::default() };
    let given = Given { session: Some(session), token_hash: Some(hash), ..Given::default() };
    let (id, first) = (ada.id, given.clone());
    let plan = house.write(move |tx| {
        let company = company::find(tx, 1)?.unwrap();
        Ok(passwords::plan::<OfSession>(tx, &company, &Whose::Own(id), (which, Manner::First), &first)?)
    });
    (plan, given, by)
}

/// The second half.
fn set(house: &House, which: Which, (plan, given, by): (Plan, Given, By)) -> Result<bool, Error> {
    house.store().write_blocking(move |tx| {
        let company = company::find(tx, 1)?.unwrap();
        passwords::set::<OfSession>(tx, &company, (which, Manner::First), &plan, &given, ("$new$", &by))
    })
}

fn a_session_that_ends_while_a_hash_is_computed_changes_nothing(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let id = ada.id;
    let planned = plan(&house, &ada, Which::Fund);
    house.write(move |tx| {
        session::end_all(tx, 1, id, None)?;
        Ok(())
    });
    let refused = set(&house, Which::Fund, planned).unwrap_err();
    assert!(matches!(refused, Error::Refused(refusal) if refusal.code == Code::StaleSignIn));

    let eve = house.customer();
    let id = eve.id;
    let planned = plan(&house, &eve, Which::Fund);
    // An operator's lock alone, with the session left standing.
    house.write(move |tx| {
        let sql = "UPDATE customers SET locked_until = $2 WHERE id = $1";
        tx.execute(sql, params![id, LOCKED_BY_OPERATOR])?;
        Ok(())
    });
    let refused = set(&house, Which::Fund, planned).unwrap_err();
    assert!(matches!(refused, Error::Refused(refusal) if refusal.code == Code::SignInLocked));
    assert_eq!(house.number("SELECT count(*) FROM customers WHERE fund_password IS NOT NULL"), 0);
}

fn passwords_set_at_once_are_compared(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let id = ada.id;
    let planned = plan(&house, &ada, Which::Fund);
    house.write(move |tx| {
        tx.execute("UPDATE customers SET login_password = '$other$' WHERE id = $1", params![id])?;
        tx.touch(id);
        Ok(())
    });
    // The new one was compared with the password of before: it has to be tried again.
    assert!(!set(&house, Which::Fund, planned).unwrap());
    assert_eq!(house.number("SELECT count(*) FROM customers WHERE fund_password IS NOT NULL"), 0);
    assert!(set(&house, Which::Fund, plan(&house, &ada, Which::Fund)).unwrap());
}

/// A reset by a code that went to the e-mail address.
fn resets(house: &House, ada: &Customer, spoil: impl Fn(&mut Value)) -> String {
    let code = house.visitor().code("EMAIL_PASSWORD", &ada.email);
    resets_by(house, ada, &code, spoil)
}

fn resets_by(house: &House, ada: &Customer, code: &Sent, spoil: impl Fn(&mut Value)) -> String {
    let mut body = json!({
        "type": 1, "loginName": ada.email, "verifyCode": code.digits, "sendToken": code.ticket,
        "newPwd": md5("another Passw0rd"),
    });
    spoil(&mut body);
    house.visitor().call("forgetLoginPwd", body).code().to_owned()
}

fn a_frozen_account_is_not_reset(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.put_into_status(&ada, Status::Locked);
    // Whoever holds the mailbox plants no password, and learns of the freeze only with a right code.
    assert_eq!(resets(&house, &ada, |body| body["verifyCode"] = "none".into()), WRONG_CODE);
    assert_eq!(resets(&house, &ada, |_| {}), LOCKED);
    let id = ada.id;
    house.write(move |tx| Ok(standing::set_lock(tx, 1, id, false, "operator:test")?));
    ada.signs_in_from(&house.visitor()).is("0");
}

fn a_guest_does_not_learn_that_an_account_is_disabled(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let code = house.visitor().code("EMAIL_PASSWORD", &ada.email);
    house.put_into_status(&ada, Status::Disabled);
    assert_eq!(resets_by(&house, &ada, &code.wrong(), |_| {}), WRONG_CODE);
    assert_eq!(resets_by(&house, &ada, &code, |_| {}), SUSPENDED);
}

fn with_google(ada: &Customer, google: &str) -> Value {
    let mut body = ada.by_password();
    body["googleCode"] = google.into();
    body
}

fn the_last_way_in_stays_open_while_checks_are_locked(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let secret = house.turn_mfa_on(&ada);
    house.add_recovery_code(&ada, "ABCDEFGHIJKLMNOP");
    let stranger = house.visitor();
    for _ in 0..6 {
        stranger.call("login", with_google(&ada, &house.wrong_google_code(&secret))).is(WRONG_GOOGLE);
    }
    stranger.call("login", with_google(&ada, "ABCDEFGHIJKLMNOP")).is(WRONG_GOOGLE);
    assert_eq!(resets(&house, &ada, |body| body["googleCode"] = "ABCD-EFGH-IJKL-MNOP".into()), "0");
}

/// Fifty wrong authenticator codes in a row, and all their locks.
fn fifty(house: &House, ada: &Customer, secret: &[u8]) {
    let stranger = house.visitor();
    for _ in 0..10 {
        for _ in 0..5 {
            stranger.call("login", with_google(ada, &house.wrong_google_code(secret))).is(WRONG_GOOGLE);
        }
        house.advance(24 * HOUR);
    }
}

fn after_fifty_in_a_row_the_check_of_a_code_is_closed_too(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let secret = house.turn_mfa_on(&ada);
    let check = || {
        let fresh = ada.home.with_token(&{
            let id = ada.id;
            house.write(move |tx| {
                let company = company::find(tx, 1)?.unwrap();
                Ok(session::open(tx, &company.settings, 1, id, &Origin::default())?)
            })
        });
        fresh.call("checkGoogleCode", json!({ "code": house.google_code(&secret, 0) })).data().clone()
    };
    assert_eq!(check(), true);
    fifty(&house, &ada, &secret);
    assert_eq!(check(), false);
    house.advance(24 * HOUR);
    // It has not opened the door of signing in either.
    ada.home.call("login", with_google(&ada, &house.google_code(&secret, 0))).is(WRONG_GOOGLE);
}

fn a_long_row_of_wrong_codes_is_not_forgotten(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let secret = house.turn_mfa_on(&ada);
    fifty(&house, &ada, &secret);
    house.advance(60 * 24 * HOUR);
    let now = house.now();
    for expiry in custos_customers::chores::EXPIRIES {
        house.write(move |tx| Ok(tx.execute(expiry.sql, params![now, 500])?));
    }
    ada.home.call("login", with_google(&ada, &house.google_code(&secret, 0))).is(WRONG_GOOGLE);
}

fn who_hangs_up_is_written_down_all_the_same(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let body =
        json!({ "type": 1, "loginName": ada.email, "loginPwd": md5("not this"), "device": 2 }).to_string();
    for tries in 1..=5 {
        let mut line = TcpStream::connect(house.address()).unwrap();
        write!(
            line,
            "POST /api/login/customer.app.CustomerWebApiService.login HTTP/1.1\r\nhost: custos\r\ncompanyId: 1\r\n\
             trace: hangs-up\r\nx-forwarded-for: 192.0.2.77\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        // Counted, and then the line goes dead.
        eventually("the try to be counted", || {
            (house.number("SELECT COALESCE(MAX(total), 0) FROM try_guards") == tries).then_some(())
        });
    }
    eventually("five tries in the audit log", || {
        let sql = "SELECT count(*) FROM audit_log WHERE action = 'sign_in' AND outcome = 'wrong_password'";
        (house.number(sql) == 5).then_some(())
    });
    assert_eq!(ada.status(), 5);
    house.advance(30 * MINUTE);
    assert_eq!(ada.status(), 1);
}

/// Only PostgreSQL lets two units run at once.
#[test]
fn a_token_swapped_while_all_sessions_end_ends_too() {
    let house = House::open(Backend::Postgres);
    let ada = house.customer();
    let (hash, id) = (session::token_hash(ada.home.token()), ada.id);
    let meet = Arc::new(Barrier::new(2));
    std::thread::scope(|scope| {
        let (met, store) = (Arc::clone(&meet), house.store());
        let swap = scope.spawn(move || {
            store.write_blocking(move |tx| {
                let company = company::find(tx, 1)?.unwrap();
                let token = session::swap(tx, &company.settings, &hash)?;
                met.wait();
                // The other unit has come as far as the row that this one holds.
                eventually("the other to wait", || {
                    let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                               AND datname = current_database()";
                    (tx.value::<i64>(sql, &[]).unwrap() > 0).then_some(())
                });
                Ok::<_, Error>(token)
            })
        });
        meet.wait();
        let ended = store.write_blocking(move |tx| session::end_all(tx, 1, id, None)).unwrap();
        assert!(swap.join().unwrap().unwrap().is_some());
        assert_eq!(ended, 1);
    });
    assert_eq!(house.number("SELECT count(*) FROM sessions"), 0);
}
