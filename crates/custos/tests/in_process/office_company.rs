//! What staff do for the company: its settings, its messages that were not delivered; and what they see whole.

use crate::common::{
    BAD_FIELD, Backend, CANNOT_BE, House, NOT_FOUND, NOT_PERMITTED, TOO_MANY_CODES, on_both,
};
use serde_json::{Value, json};

on_both! {
    settings_take_two,
    settings_that_cannot_be_are_not_proposed,
    dead_letters_are_listed_sent_again_and_dropped,
    each_look_at_an_address_is_written_down,
    it_is_told_whether_a_code_was_used,
}

fn hours(house: &House) -> i64 {
    house.read(|tx| Ok(custos_customers::company::find(tx, 1)?.unwrap().settings.office.proposal_hours))
}

fn settings_take_two(backend: Backend) {
    let house = House::open(backend);
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["owner"]).desk);
    let told = ada.office("CompanyService.settings", json!({})).data().clone();
    assert_eq!(told["settings"]["office.proposal_hours"], 72);
    let set = |hours: i64| json!({ "settings": { "office.proposal_hours": hours }, "reason": "in haste" });
    house.member("fin", &["finance"]).desk.office("CompanyService.set", set(24)).is(NOT_PERMITTED);
    let propose =
        |hours: i64| json!({ "id": ada.office("CompanyService.set", set(hours)).data()["proposalId"] });
    let (first, second) = (propose(24), propose(48));
    assert_eq!(hours(&house), 72, "nothing is done yet");
    ada.office("ProposalService.approve", first.clone()).is(NOT_PERMITTED);
    let other = house.add_company(true);
    house
        .member_of(other, "own", &["owner"])
        .desk
        .office("ProposalService.approve", first.clone())
        .is(NOT_FOUND);
    let seen = bob.office("ProposalService.list", json!({ "onlyOpen": true })).data().clone();
    let payload =
        json!({ "settings": { "office.proposal_hours": 24 }, "before": { "office.proposal_hours": 72 } });
    assert_eq!(seen[1]["payload"], payload);
    bob.office("ProposalService.approve", first.clone()).is("0");
    assert_eq!(hours(&house), 24);
    bob.office("ProposalService.approve", first).is(NOT_FOUND);
    // Who proposed the other saw another state of things.
    bob.office("ProposalService.approve", second).is(CANNOT_BE);
    assert_eq!(hours(&house), 24);
    let entry = "SELECT count(*) FROM audit_log WHERE action = 'company.set' AND actor = 'staff:bob' \
                 AND detail LIKE '%[72,24]%' AND address <> ''";
    assert_eq!(house.number(entry), 1);
}

fn settings_that_cannot_be_are_not_proposed(backend: Backend) {
    let house = House::open(backend);
    let ada = house.member("ada", &["owner"]).desk;
    let set =
        |settings: Value| ada.office("CompanyService.set", json!({ "settings": settings, "reason": "r" }));
    for wrong in [
        json!({ "office.proposal_hours": 0 }),
        json!({ "office.proposal_hours": "24" }),
        json!({ "office.no_such": 1 }),
        json!({ "office": { "proposal_hours": 24 } , "office.x.y": 1 }),
        json!({ "office.adjust_alone.USD": "much" }),
        json!({ "": 1 }),
    ] {
        let code = set(wrong.clone()).code().to_owned();
        assert!([CANNOT_BE, BAD_FIELD].contains(&code.as_str()), "{wrong}: {code}");
    }
    set(json!({})).is(BAD_FIELD);
    set(json!([])).is(BAD_FIELD);
    set(json!({ "office.adjust_alone.USD": "100" })).is("0");
    assert_eq!(house.number("SELECT count(*) FROM office_proposals"), 1);
}

/// Puts a message that was given up beside those that there are.
fn dead(house: &House, id: i64, company: i64, channel: &'static str) {
    house.write(move |tx| {
        Ok(tx.execute(
            "INSERT INTO outbox (id, company_id, channel, template, masked, payload, state, reason, attempts, due_at, \
             created_at, expires_at) VALUES ($1, $2, $3, 'code', 'a***@x.example', NULL, 'dead', 'refused', 10, 0, 0, \
             4102444800000)",
            custos_store::params![id, company, channel],
        )?)
    });
}

fn dead_letters_are_listed_sent_again_and_dropped(backend: Backend) {
    let house = House::open(backend);
    let ada = house.member("ada", &["owner"]).desk;
    let other = house.add_company(true);
    let customer = house.customer();
    house.settle();
    // One that was on its way, and has not arrived.
    house.write(|tx| {
        custos_delivery::outbox::enqueue(
            tx,
            &custos_delivery::outbox::Message {
                company_id: 1,
                channel: custos_delivery::Channel::Email,
                to: "whole@x.example",
                masked: "w***@x.example".to_owned(),
                template: "test",
                lang: "en-US",
                vars: &[("time", "now")],
                code: None,
                useful_until: i64::MAX,
                void: false,
            },
        )?;
        Ok(tx.execute("UPDATE outbox SET state = 'dead', reason = 'refused' WHERE template = 'test'", &[])?)
    });
    for (id, company, channel) in [(1, 1, "email"), (2, other, "email"), (3, 1, "wallet")] {
        dead(&house, id, company, channel);
    }
    house.member("sup", &["support"]).desk.office("DeliveryService.deadLetters", json!({})).is(NOT_PERMITTED);
    let listed = ada.office("DeliveryService.deadLetters", json!({})).data().clone();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert_eq!(listed[0]["to"], "w***@x.example");
    assert!(!listed.to_string().contains("whole@") && !listed.to_string().contains(&customer.email));
    let page = ada.office("DeliveryService.deadLetters", json!({ "limit": 1, "before": listed[0]["id"] }));
    assert_eq!(page.data()[0]["id"], 3);
    for operation in ["DeliveryService.retry", "DeliveryService.drop"] {
        for id in [2, 99] {
            ada.office(operation, json!({ "id": id, "reason": "r" })).is(NOT_FOUND);
        }
    }
    ada.office("DeliveryService.retry", json!({ "id": listed[0]["id"] })).is("0");
    ada.office("DeliveryService.retry", json!({ "id": listed[0]["id"] })).is(NOT_FOUND);
    ada.office("DeliveryService.retry", json!({ "id": 1 })).is(CANNOT_BE);
    ada.office("DeliveryService.drop", json!({ "id": 3, "reason": "r" })).is(CANNOT_BE);
    ada.office("DeliveryService.drop", json!({ "id": 1, "reason": "an old code" })).is("0");
    ada.office("DeliveryService.drop", json!({ "id": 1, "reason": "an old code" })).is(NOT_FOUND);
    assert_eq!(house.number("SELECT count(*) FROM outbox WHERE state = 'dead'"), 2);
    let entries = "SELECT count(*) FROM audit_log WHERE action IN ('outbox.retry', 'outbox.drop') \
                   AND actor = 'staff:ada' AND address <> ''";
    assert_eq!(house.number(entries), 2);
}

fn each_look_at_an_address_is_written_down(backend: Backend) {
    let house = House::open(backend);
    let customer = house.customer();
    let body = json!({ "customerNo": customer.number, "reason": "they called" });
    house.member("sup", &["support"]).desk.office("CustomerService.unmask", body.clone()).is(NOT_PERMITTED);
    let other = house.add_company(true);
    house
        .member_of(other, "own", &["owner"])
        .desk
        .office("CustomerService.unmask", body.clone())
        .is(NOT_FOUND);
    let ada = house.member("ada", &["security_admin"]).desk;
    let blank = json!({ "customerNo": customer.number, "reason": " " });
    ada.office("CustomerService.unmask", blank).is(CANNOT_BE);
    for times in 1..=2 {
        assert_eq!(ada.office("CustomerService.unmask", body.clone()).data()["email"], customer.email);
        let looks = format!(
            "SELECT count(*) FROM audit_log WHERE action = 'customer.unmask' AND actor = 'staff:ada' \
             AND customer_id = {} AND detail LIKE '%they called%'",
            customer.id
        );
        assert_eq!(house.number(&looks), times);
    }
}

fn it_is_told_whether_a_code_was_used(backend: Backend) {
    let house = House::open(backend);
    let ada = house.member("ada", &["support"]).desk;
    let kind = "EMAIL_COMMON_VERIFICATION_CODE";
    let code = house.visitor().code("EMAIL_COMMON", "new@x.example");
    let body = |to: &str, ticket: &str, digits: &str| json!({ "bizType": kind, "toUser": to, "sendToken": ticket, "code": digits });
    let ask =
        |to: &str, ticket: &str, digits: &str| ada.office("queryCodeSendStatus", body(to, ticket, digits));
    house
        .member("vic", &["viewer"])
        .desk
        .office("queryCodeSendStatus", body("new@x.example", &code.ticket, &code.digits))
        .is(NOT_PERMITTED);
    assert_eq!(ask("new@x.example", &code.ticket, &code.digits).data()["status"], "1");
    ask("new@x.example", "another", &code.digits).is(NOT_FOUND);
    ask("other@x.example", &code.ticket, &code.digits).is(NOT_FOUND);
    let other = house.add_company(true);
    let next_door = house.member_of(other, "own", &["owner"]).desk;
    next_door.office("queryCodeSendStatus", body("new@x.example", &code.ticket, &code.digits)).is(NOT_FOUND);
    let check =
        json!({ "bizType": kind, "toUser": "new@x.example", "sendToken": code.ticket, "code": code.digits });
    house.visitor().call("verifyCodeCheck", check).is("0");
    assert_eq!(ask("new@x.example", &code.ticket, &code.digits).data()["status"], "2");
    // Nobody finds a code out by asking.
    let guess = |n: i64| ask("new@x.example", &code.ticket, &format!("x{n}")).code().to_owned();
    let answers: Vec<String> = (0..15).map(guess).collect();
    assert_eq!(answers.iter().filter(|code| *code == NOT_FOUND).count(), 12, "{answers:?}");
    assert!(answers[12..].iter().all(|code| code == TOO_MANY_CODES), "{answers:?}");
}
