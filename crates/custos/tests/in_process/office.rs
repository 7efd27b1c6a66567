//! The back office's door: enrolling, coming in, and who stays out.

use crate::common::DAY;
use crate::common::{
    Backend, DEAD_TOKEN, House, LOCKED, MINUTE, Member, NO_TOKEN, NOT_PERMITTED, OFFICE_PASSWORD, SECOND,
    SUSPENDED, TOO_OFTEN, WEAK, WRONG_GOOGLE, WRONG_SIGN_IN, on_both,
};
use custos_customers::staff::apps::{self, New, Told};
use custos_customers::staff::members::{self, Giver};
use serde_json::json;

on_both! {
    a_member_enrols_once_and_comes_in_with_both_factors,
    an_invitation_lapses_and_a_new_one_ends_the_old_credentials,
    tokens_of_staff_and_of_customers_are_two_kinds,
    five_wrong_passwords_lock_and_a_name_that_is_none_locks_alike,
    five_wrong_codes_lock_the_authenticator,
    sessions_end_and_follow_what_is_taken_away,
    only_listed_networks_come_in,
    a_program_comes_in_by_its_secret,
    every_change_says_who_from_where,
    beyond_the_limit_the_status_says_so,
}

fn giver() -> Giver<'static> {
    Giver::at_the_keyboard("operator:test")
}

fn a_member_enrols_once_and_comes_in_with_both_factors(backend: Backend) {
    let house = House::open(backend);
    let code = house.invites(1, "ada", &["support"]);
    let visitor = house.visitor();
    // Neither a stranger's code nor a stranger's name, nor the company next door.
    let other = house.add_company(true);
    for (client, name, code) in [
        (&visitor, "ada", "AAAAAAAAAAAAAAAA"),
        (&visitor, "bob", code.as_str()),
        (&visitor.of_company(other), "ada", code.as_str()),
    ] {
        client.office("beginEnrolment", json!({ "name": name, "code": code })).is(WRONG_SIGN_IN);
    }
    let begin = json!({ "name": "ada", "code": code });
    let shown = visitor.office("beginEnrolment", begin.clone()).text("secret");
    let again = visitor.office("beginEnrolment", begin.clone()).text("secret");
    assert_ne!(again, shown, "each time another");
    let [old, secret] =
        [shown, again].map(|secret| data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap());
    let enrol = |password: &str, google_code: &str| {
        let body = json!({ "name": "ada", "code": code, "password": password, "googleCode": google_code });
        visitor.office("enrol", body)
    };
    enrol("short", &house.google_code(&secret, 0)).is(WEAK);
    enrol("password1234", &house.google_code(&secret, 0)).is(WEAK);
    enrol(OFFICE_PASSWORD, &house.wrong_google_code(&secret)).is(WRONG_GOOGLE);
    assert_ne!(house.google_code(&old, 0), house.google_code(&secret, 0));
    enrol(OFFICE_PASSWORD, &house.google_code(&old, 0)).is(WRONG_GOOGLE);
    let token = enrol(OFFICE_PASSWORD, &house.google_code(&secret, 0)).text("token");
    enrol(OFFICE_PASSWORD, &house.google_code(&secret, 1)).is(WRONG_SIGN_IN);
    visitor.office("beginEnrolment", begin).is(WRONG_SIGN_IN);

    let desk = visitor.with_token(&token);
    let me = desk.office("whoAmI", json!({}));
    assert_eq!(me.data()["actor"], "staff:ada");
    assert_eq!(me.data()["roles"], json!(["support"]));

    // Both factors, always; a code works once.
    let ada = Member { desk, name: "ada".to_owned(), secret };
    let sign_in = |body| house.visitor().office("signIn", body);
    sign_in(ada.credentials(&house, 0)).is(WRONG_GOOGLE);
    let mut without = ada.credentials(&house, 1);
    without["googleCode"] = json!("");
    sign_in(without).is("CUSTOMER_API_0000501").naming("googleCode");
    let mut wrong = ada.credentials(&house, 1);
    wrong["googleCode"] = json!(house.wrong_google_code(&ada.secret));
    sign_in(wrong).is(WRONG_GOOGLE);
    let mut mistyped = ada.credentials(&house, 1);
    mistyped["password"] = json!("incorrect horse battery");
    sign_in(mistyped).is(WRONG_SIGN_IN);
    house.advance(30 * SECOND);
    let token = sign_in(ada.credentials(&house, 0)).text("token");
    sign_in(ada.credentials(&house, 0)).is(WRONG_GOOGLE);
    let second = house.visitor().with_token(&token);
    second.office("signOut", json!({})).is("0");
    second.office("whoAmI", json!({})).is(DEAD_TOKEN);
    ada.desk.office("whoAmI", json!({})).is("0");
}

fn an_invitation_lapses_and_a_new_one_ends_the_old_credentials(backend: Backend) {
    let house = House::open(backend);
    let lapsed = house.invites(1, "late", &["viewer"]);
    house.advance(DAY);
    house.visitor().office("beginEnrolment", json!({ "name": "late", "code": lapsed })).is(WRONG_SIGN_IN);

    let ada = house.member("ada", &["viewer"]);
    house.write(|tx| Ok(members::invite(tx, 1, "ada", giver())?));
    ada.desk.office("whoAmI", json!({})).is(DEAD_TOKEN);
    house.advance(30 * SECOND);
    house.visitor().office("signIn", ada.credentials(&house, 0)).is(WRONG_SIGN_IN);
}

fn tokens_of_staff_and_of_customers_are_two_kinds(backend: Backend) {
    let house = House::open(backend);
    let (ada, customer) = (house.member("ada", &["owner"]), house.customer());
    let other = house.add_company(true);
    ada.desk.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    ada.desk.call("changeLang", json!({ "newLang": "zh-CN" })).is(DEAD_TOKEN);
    ada.desk.call("randomKey", json!({})).is(DEAD_TOKEN);
    customer.home.office("whoAmI", json!({})).is(DEAD_TOKEN);
    ada.desk.of_company(other).office("whoAmI", json!({})).is(DEAD_TOKEN);
    house.visitor().office("whoAmI", json!({})).is(NO_TOKEN);
    house.visitor().with_token("nonsense").office("whoAmI", json!({})).is(DEAD_TOKEN);
    // Neither kind signs the other out.
    ada.desk.call("logout", json!({})).is("0");
    ada.desk.office("whoAmI", json!({})).is("0");
    // A name of one kind is none under the addresses of the other.
    let entry = crate::common::entry("findCustomerInfo");
    let path = format!("/openapi-b/{}", entry.name);
    customer.home.send(entry, &path, b"{}").is("GATEWAY_CODE_010");
    let path = "/global/custos.admin.AuthService.whoAmI";
    ada.desk.send(entry, path, b"{}").is("GATEWAY_CODE_010");
}

fn five_wrong_passwords_lock_and_a_name_that_is_none_locks_alike(backend: Backend) {
    let house = House::open(backend);
    let ada = house.member("ada", &["viewer"]);
    house.advance(30 * SECOND);
    let away = house.visitor();
    for name in ["ada", "nobody"] {
        let body = json!({ "name": name, "password": "not this one at all", "googleCode": "000000" });
        for _ in 0..5 {
            away.office("signIn", body.clone()).is(WRONG_SIGN_IN);
        }
        away.office("signIn", body).is(LOCKED);
    }
    away.office("signIn", ada.credentials(&house, 0)).is(LOCKED);
    // At a desk that they came in from before they have tries of their own.
    ada.desk.office("signIn", ada.credentials(&house, 0)).is("0");
    house.write(|tx| Ok(members::unlock(tx, 1, "ada", giver())?));
    house.advance(30 * SECOND);
    away.office("signIn", ada.credentials(&house, 0)).is("0");
}

fn five_wrong_codes_lock_the_authenticator(backend: Backend) {
    let house = House::open(backend);
    let ada = house.member("ada", &["viewer"]);
    house.advance(30 * SECOND);
    let mut wrong = ada.credentials(&house, 0);
    wrong["googleCode"] = json!(house.wrong_google_code(&ada.secret));
    for _ in 0..5 {
        house.visitor().office("signIn", wrong.clone()).is(WRONG_GOOGLE);
    }
    house.visitor().office("signIn", ada.credentials(&house, 0)).is(WRONG_GOOGLE);
    house.advance(15 * MINUTE);
    house.visitor().office("signIn", ada.credentials(&house, 0)).is("0");
}

fn sessions_end_and_follow_what_is_taken_away(backend: Backend) {
    let house = House::open(backend);
    let ada = house.member("ada", &["security_admin"]);
    house.advance(29 * MINUTE);
    ada.desk.office("whoAmI", json!({})).is("0");
    house.advance(29 * MINUTE);
    ada.desk.office("whoAmI", json!({})).is("0");
    house.advance(30 * MINUTE);
    ada.desk.office("whoAmI", json!({})).is(DEAD_TOKEN);

    let bob = house.member("bob", &["security_admin"]);
    // However busy, not beyond twelve hours.
    for _ in 0..28 {
        house.advance(25 * MINUTE);
        bob.desk.office("whoAmI", json!({})).is("0");
    }
    house.advance(25 * MINUTE);
    bob.desk.office("whoAmI", json!({})).is(DEAD_TOKEN);

    let eve = house.member("eve", &["security_admin"]);
    eve.desk.office("StaffService.list", json!({})).is("0");
    house.write(|tx| Ok(members::set_roles(tx, 1, "eve", &["viewer".to_owned()], giver())?));
    eve.desk.office("StaffService.list", json!({})).is(NOT_PERMITTED);
    house.write(|tx| Ok(members::set_enabled(tx, 1, "eve", false, giver())?));
    eve.desk.office("whoAmI", json!({})).is(DEAD_TOKEN);
    house.advance(30 * SECOND);
    house.visitor().office("signIn", eve.credentials(&house, 0)).is(SUSPENDED);
}

fn only_listed_networks_come_in(backend: Backend) {
    let house = House::open(backend);
    let ada = house.member("ada", &["viewer"]);
    house.set(1, |settings| settings.office.networks = vec!["192.0.2.0/24".to_owned()]);
    ada.desk.office("whoAmI", json!({})).is(NOT_PERMITTED);
    house.advance(30 * SECOND);
    house.visitor().office("signIn", ada.credentials(&house, 0)).is(NOT_PERMITTED);
    let inside = ada.desk.at("192.0.2.7");
    inside.office("whoAmI", json!({})).is("0");
    inside.office("signIn", ada.credentials(&house, 0)).is("0");
    // Customers come from anywhere.
    house.customer().home.call("findCustomerInfo", json!({})).is("0");
}

fn app(house: &House, networks: &[&str]) -> Told {
    let networks = networks.iter().map(|network| (*network).to_owned()).collect();
    let new = New {
        name: "white label".to_owned(),
        roles: vec!["finance".to_owned()],
        networks,
        days: 30,
        owner: None,
    };
    house.write(move |tx| Ok(apps::add(tx, 1, &new, giver())?))
}

fn a_program_comes_in_by_its_secret(backend: Backend) {
    let house = House::open(backend);
    let told = app(&house, &["198.51.100.0/24"]);
    let at = house.visitor().at("198.51.100.9");
    let auth = |client: &crate::common::Client, id: &str, secret: &str| {
        client.office("auth", json!({ "appId": id, "appSecret": secret }))
    };
    auth(&at, &told.app_id, "wrong").is(WRONG_SIGN_IN);
    auth(&at, "wrong", &told.secret).is(WRONG_SIGN_IN);
    auth(&house.visitor(), &told.app_id, &told.secret).is(WRONG_SIGN_IN);
    auth(&at.of_company(house.add_company(true)), &told.app_id, &told.secret).is(WRONG_SIGN_IN);
    let reply = auth(&at, &told.app_id, &told.secret);
    let company = reply.data();
    assert_eq!(company["id"], 1);
    assert_eq!(company["appSecret"], "");
    assert!(company["tradeTypeList"].as_array().unwrap().iter().any(|one| one["id"] == "3"));
    assert!(company["adminPassword"].is_null());
    let program = at.with_token(&reply.text("token"));
    assert_eq!(program.office("whoAmI", json!({})).data()["actor"], format!("app:{}", told.app_id));
    program.office("StaffService.list", json!({})).is(NOT_PERMITTED);
    // The token is no good from elsewhere.
    program.at("203.0.113.9").office("whoAmI", json!({})).is(DEAD_TOKEN);
    let own = house.member("own", &["owner"]).desk;
    own.office("StaffService.removeApp", json!({ "appId": told.app_id })).is("0");
    program.office("whoAmI", json!({})).is(DEAD_TOKEN);
    auth(&at, &told.app_id, &told.secret).is(WRONG_SIGN_IN);

    let second = app(&house, &[]);
    house.advance(30 * DAY);
    auth(&at, &second.app_id, &second.secret).is(WRONG_SIGN_IN);
}

fn every_change_says_who_from_where(backend: Backend) {
    let house = House::open(backend);
    let ada = house.member("ada", &["owner"]);
    house.member("bob", &["viewer"]);
    let desk = ada.desk.at("192.0.2.44").with("trace", Some("trace-of-ada"));
    desk.office("StaffService.setEnabled", json!({ "name": "bob", "enabled": false })).is("0");
    let written = house.number(
        "SELECT count(*) FROM audit_log WHERE action = 'staff.enabled' AND actor = 'staff:ada' \
         AND address = '192.0.2.44' AND trace = 'trace-of-ada'",
    );
    assert_eq!(written, 1);
    for action in ["staff.add", "staff.enrol"] {
        let sql = format!("SELECT count(*) FROM audit_log WHERE action = '{action}'");
        assert_eq!(house.number(&sql), 2, "{action}");
    }
}

fn beyond_the_limit_the_status_says_so(backend: Backend) {
    let house = House::open_with(backend, |config| config.limits.read = 8);
    let visitor = house.visitor();
    let replies: Vec<_> = (0..4).map(|_| visitor.office("whoAmI", json!({}))).collect();
    let last = replies.last().unwrap();
    assert_eq!((last.status, last.code()), (429, TOO_OFTEN));
    assert_eq!(replies.first().unwrap().status, 200);
}
