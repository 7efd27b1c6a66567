//! What two of the staff do for a customer who can't.

use crate::common::{
    BAD_FIELD, Backend, CANNOT_BE, Client, Customer, DAY, DEAD_TOKEN, House, Member, NOT_FOUND,
    NOT_PERMITTED, eventually, on_both,
};
use crate::files::picture_of;
use serde_json::{Value, json};

on_both! {
    a_lost_authenticator_takes_two,
    an_authenticator_that_is_new_is_not_taken_off,
    a_lost_address_takes_two,
    an_address_that_cannot_be_is_not_proposed,
    what_the_customer_has_changed_is_not_changed_again,
    a_word_past_the_rules_of_kyc_takes_two,
    a_closure_takes_two,
    what_is_about_customers_is_approved_as_it_was_proposed,
}

fn owners(house: &House) -> [Member; 2] {
    ["ada", "bob"].map(|name| house.member(name, &["owner"]))
}

#[track_caller]
fn proposed(desk: &Client, operation: &str, body: &Value) -> Value {
    let reply = desk.office(operation, body.clone());
    assert_eq!(reply.data()["done"], false);
    json!({ "id": reply.data()["proposalId"] })
}

/// Neither who made it, nor who may not, nor who is elsewhere approves it; once another has, it is done for good.
#[track_caller]
fn approve_as_it_must_be(house: &House, [ada, bob]: &[Member; 2], id: &Value) {
    let approve = |desk: &Client, code: &str| {
        desk.office("ProposalService.approve", id.clone()).is(code);
    };
    approve(&ada.desk, NOT_PERMITTED);
    approve(&house.member("vic", &["viewer"]).desk, NOT_PERMITTED);
    let other = house.add_company(true);
    approve(&house.member_of(other, "own", &["owner"]).desk, NOT_FOUND);
    approve(&bob.desk, "0");
    approve(&bob.desk, NOT_FOUND);
}

/// Gives a customer an authenticator, as the database has it.
fn has_mfa(house: &House, customer: &Customer, mfa_id: i64) {
    let id = customer.id;
    house.write(move |tx| {
        let sql = "UPDATE customers SET mfa_id = $2 WHERE company_id = 1 AND id = $1";
        Ok(tx.execute(sql, custos_store::params![id, mfa_id])?)
    });
}

fn mfa_of(house: &House, customer: &Customer) -> i64 {
    house.number(&format!("SELECT mfa_id FROM customers WHERE id = {}", customer.id))
}

fn a_lost_authenticator_takes_two(backend: Backend) {
    let house = House::open(backend);
    let (staff, customer) = (owners(&house), house.customer());
    let body = json!({ "customerNo": customer.number, "reason": "lost the phone" });
    let [ada, _] = &staff;
    ada.desk.office("CustomerService.resetMfa", body.clone()).is(NOT_FOUND);
    has_mfa(&house, &customer, 7);
    house.member("view", &["viewer"]).desk.office("CustomerService.resetMfa", body.clone()).is(NOT_PERMITTED);
    let next = house.add_company(true);
    let next_door = house.member_of(next, "eve", &["owner"]).desk;
    next_door.office("CustomerService.resetMfa", body.clone()).is(NOT_FOUND);
    let id = proposed(&ada.desk, "CustomerService.resetMfa", &body);
    assert_eq!(mfa_of(&house, &customer), 7, "nothing is done yet");
    approve_as_it_must_be(&house, &staff, &id);
    assert_eq!(mfa_of(&house, &customer), 0);
    customer.home.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    eventually("a notice", || {
        house.mails().into_iter().find(|mail| mail.to == customer.email && mail.text.contains("off"))
    });
    let entry = "SELECT count(*) FROM audit_log WHERE action = 'customer.reset_mfa' AND actor = 'staff:bob'";
    assert_eq!(house.number(entry), 1);
}

fn an_authenticator_that_is_new_is_not_taken_off(backend: Backend) {
    let house = House::open(backend);
    let ([ada, bob], customer) = (owners(&house), house.customer());
    has_mfa(&house, &customer, 7);
    let body = json!({ "customerNo": customer.number, "reason": "lost the phone" });
    let id = proposed(&ada.desk, "CustomerService.resetMfa", &body);
    has_mfa(&house, &customer, 8);
    bob.desk.office("ProposalService.approve", id).is(NOT_FOUND);
    assert_eq!(mfa_of(&house, &customer), 8);
}

fn change(customer: &Customer, email: &str) -> Value {
    json!({ "customerNo": customer.number, "email": email, "reason": "lost the old one" })
}

fn email_of(house: &House, customer: &Customer) -> String {
    let id = customer.id;
    house.read(move |tx| {
        Ok(custos_customers::customer::find(tx, 1, id)?.unwrap().email.unwrap().as_str().to_owned())
    })
}

fn a_lost_address_takes_two(backend: Backend) {
    let house = House::open(backend);
    let (staff, customer) = (owners(&house), house.customer());
    let [ada, bob] = &staff;
    let body = change(&customer, "fresh@customers.example");
    house
        .member("sup", &["support"])
        .desk
        .office("CustomerService.changeContact", body.clone())
        .is(NOT_PERMITTED);
    let id = proposed(&ada.desk, "CustomerService.changeContact", &body);
    assert_eq!(email_of(&house, &customer), customer.email, "nothing is done yet");
    // Who decides must see it; who only looks on must not.
    let listed = |desk: &Client| desk.office("ProposalService.list", json!({})).data().to_string();
    assert!(listed(&bob.desk).contains("fresh@customers.example"));
    let seen = listed(&house.member("view", &["viewer"]).desk);
    assert!(
        seen.contains("contact.change") && !seen.contains("fresh@") && !seen.contains(&customer.email),
        "{seen}"
    );
    approve_as_it_must_be(&house, &staff, &id);
    assert_eq!(email_of(&house, &customer), "fresh@customers.example");
    customer.home.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    for to in [customer.email.as_str(), "fresh@customers.example"] {
        eventually("a notice", || {
            house.mails().into_iter().find(|mail| mail.to == to && mail.text.contains("freeze"))
        });
    }
    let log = "SELECT count(*) FROM audit_log WHERE detail LIKE '%fresh@customers%'";
    assert_eq!(house.number(log), 0, "the log has masked addresses only");
}

fn an_address_that_cannot_be_is_not_proposed(backend: Backend) {
    let house = House::open(backend);
    let ([ada, bob], customer, other) = (owners(&house), house.customer(), house.customer());
    let refused = |body: Value, code: &str| {
        ada.desk.office("CustomerService.changeContact", body).is(code);
    };
    refused(change(&customer, "nobody"), BAD_FIELD);
    refused(json!({ "customerNo": customer.number, "reason": "r" }), BAD_FIELD);
    refused(change(&customer, &other.email), CANNOT_BE);
    refused(change(&customer, &customer.email), CANNOT_BE);
    // What another has taken meanwhile is not taken away again.
    let id =
        proposed(&ada.desk, "CustomerService.changeContact", &change(&customer, "wanted@customers.example"));
    let first =
        proposed(&ada.desk, "CustomerService.changeContact", &change(&other, "wanted@customers.example"));
    bob.desk.office("ProposalService.approve", first).is("0");
    bob.desk.office("ProposalService.approve", id).is(CANNOT_BE);
    assert_eq!(email_of(&house, &customer), customer.email);
}

fn what_the_customer_has_changed_is_not_changed_again(backend: Backend) {
    let house = House::open(backend);
    let ([ada, bob], customer) = (owners(&house), house.customer());
    let id =
        proposed(&ada.desk, "CustomerService.changeContact", &change(&customer, "thief@customers.example"));
    let own = customer.id;
    house.write(move |tx| {
        let sql = "UPDATE customers SET email = 'mine@customers.example' WHERE company_id = 1 AND id = $1";
        Ok(tx.execute(sql, custos_store::params![own])?)
    });
    bob.desk.office("ProposalService.approve", id).is(NOT_FOUND);
    assert_eq!(email_of(&house, &customer), "mine@customers.example");
}

fn a_word_past_the_rules_of_kyc_takes_two(backend: Backend) {
    let house = House::open(backend);
    let (staff, customer) = (owners(&house), house.customer());
    let [ada, bob] = &staff;
    let element = |code: &str, value: &str| json!({ "elementCode": code, "elementValue": value });
    let names =
        json!([element("first_name", "Ada"), element("last_name", "Lovelace"), element("birthday", "-1000")]);
    customer.home.call("kycLevelApply", json!({ "levelCode": "level_1", "elementList": names })).data();
    let id = ada.desk.office("KycService.queue", json!({})).data()[0]["id"].clone();
    let revision = ada.desk.office("KycService.look", json!({ "id": id })).data()["revision"].clone();
    let body = |state: &str, revision: &Value| json!({ "id": id, "revision": revision, "state": state, "reason": "known" });
    house
        .member("rev", &["kyc_reviewer"])
        .desk
        .office("KycService.override", body("passed", &revision))
        .is(NOT_PERMITTED);
    ada.desk.office("KycService.override", body("in review", &revision)).is(BAD_FIELD);
    ada.desk.office("KycService.override", body("passed", &json!(99))).is("CUSTOMER_API_0001631");
    let proposal = proposed(&ada.desk, "KycService.override", &body("rejected_for_good", &revision));
    approve_as_it_must_be(&house, &staff, &proposal);
    let state = || house.number("SELECT state FROM kyc_applications");
    assert_eq!(state(), 5);
    // Even that may be taken back; what changed since it was proposed is not put anywhere.
    let revision = house.number("SELECT revision FROM kyc_applications");
    let late = proposed(&ada.desk, "KycService.override", &body("rejected", &json!(revision)));
    let proposal = proposed(&ada.desk, "KycService.override", &body("passed", &json!(revision)));
    bob.desk.office("ProposalService.approve", proposal).is("0");
    assert_eq!(state(), 3);
    bob.desk.office("ProposalService.approve", late).is("CUSTOMER_API_0001631");
    assert_eq!(state(), 3);
}

fn a_closure_takes_two(backend: Backend) {
    let house = House::open(backend);
    let (staff, customer) = (owners(&house), house.customer());
    let [ada, bob] = &staff;
    picture_of(&customer.home);
    let body = json!({ "customerNo": customer.number, "reason": "as they wish" });
    ada.desk.office("ClosureService.approve", body.clone()).is(NOT_FOUND);
    customer.home.call("destroy", json!({ "remark": "I leave" })).data();
    let first = proposed(&ada.desk, "ClosureService.approve", &body);
    // The wish that was approved of was turned down; another one is another matter.
    bob.desk
        .office("ClosureService.reject", json!({ "customerNo": customer.number, "reason": "stay" }))
        .is("0");
    bob.desk.office("ProposalService.approve", first.clone()).is(NOT_FOUND);
    let again = customer.home.with_token(&customer.signs_in_from(&customer.home).text("token"));
    again.call("destroy", json!({ "remark": "I do leave" })).data();
    bob.desk.office("ProposalService.approve", first).is(NOT_FOUND);
    let status = || house.number(&format!("SELECT status FROM customers WHERE id = {}", customer.id));
    assert_eq!(status(), 6);
    let second = proposed(&ada.desk, "ClosureService.approve", &body);
    approve_as_it_must_be(&house, &staff, &second);
    assert_eq!(status(), 4);
}

fn what_is_about_customers_is_approved_as_it_was_proposed(backend: Backend) {
    let house = House::open(backend);
    let ([ada, bob], customer, other) = (owners(&house), house.customer(), house.customer());
    for customer in [&customer, &other] {
        has_mfa(&house, customer, 7);
    }
    let body = |of: &Customer| json!({ "customerNo": of.number, "reason": "lost the phone" });
    let theirs = proposed(&ada.desk, "CustomerService.resetMfa", &body(&other));
    let id = proposed(&ada.desk, "CustomerService.resetMfa", &body(&customer));
    // Another's payload, or another customer: sealed and hashed for this one.
    let swaps = [
        format!("payload = (SELECT o.payload FROM office_proposals o WHERE o.id = {})", theirs["id"]),
        format!("customer_id = {}", other.id),
    ];
    for swap in swaps {
        let sql =
            crate::common::leaked(format!("UPDATE office_proposals SET {swap} WHERE id = {}", id["id"]));
        house.write(move |tx| Ok(tx.execute(sql, &[])?));
        assert_ne!(bob.desk.office("ProposalService.approve", id.clone()).code(), "0", "{swap}");
        assert_eq!((mfa_of(&house, &customer), mfa_of(&house, &other)), (7, 7));
    }
    // And one that nobody decides lapses.
    house.advance(3 * DAY);
    house.member("fay", &["owner"]).desk.office("ProposalService.approve", theirs).is(NOT_FOUND);
}
