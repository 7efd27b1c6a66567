//! What staff see and change of customers' money.

use crate::common::{
    BAD_FIELD, Backend, Client, Customer, DAY, House, NOT_FOUND, NOT_PERMITTED, Which, on_both,
};
use custos_customers::staff::apps::{self, New};
use custos_customers::staff::members::Giver;
use serde_json::{Value, json};

on_both! {
    an_adjustment_takes_two,
    what_waits_is_as_all_proposals,
    what_waits_is_made_as_it_was_proposed,
    small_amounts_take_one_until_they_add_up,
    who_holds_a_program_approves_none_of_its_adjustments,
    one_person_adjusts_where_the_company_says_so,
    what_is_refused_leaves_the_money_where_it_is,
    a_lock_stops_transfers_until_it_ends,
    rates_are_told_by_pairs,
}

const WALLET: Which = (8, "USD");
const NOT_ENOUGH: &str = "FUND_0000001";
const FROZEN: &str = "FUND_0000005";
const ENDED: &str = "FUND_0000013";
const SAME_PERSON: &str = "FUND_0000014";

fn wish(customer: &Customer, amount: impl Into<Value>) -> Value {
    json!({
        "customerNo": customer.number, "accountCurrency": "USD", "tradeType": 8, "businessType": 4,
        "amount": amount.into(), "withdraw": true, "remark": "a bonus",
    })
}

fn propose(desk: &Client, customer: &Customer, amount: impl Into<Value>) -> String {
    desk.office("addCustomerAdjustProposal", wish(customer, amount)).data().as_str().unwrap().to_owned()
}

fn decision(number: &str, approve: bool) -> Value {
    json!({ "proposalNo": number, "approve": approve })
}

fn balance(customer: &Customer) -> String {
    customer.account(WALLET)["balance"].as_str().unwrap().to_owned()
}

/// A program that may do everything.
fn program(house: &House) -> Client {
    program_of(house, None)
}

fn program_of(house: &House, owner: Option<&str>) -> Client {
    let owner = owner.map(str::to_owned);
    let new =
        New { name: "p".to_owned(), roles: vec!["owner".to_owned()], networks: Vec::new(), days: 1, owner };
    let told = house.write(move |tx| Ok(apps::add(tx, 1, &new, Giver::at_the_keyboard("operator:test"))?));
    let auth = json!({ "appId": told.app_id, "appSecret": told.secret });
    house.visitor().with_token(&house.visitor().office("auth", auth).text("token"))
}

fn an_adjustment_takes_two(backend: Backend) {
    let house = House::open(backend);
    let customer = house.customer();
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["finance"]).desk);
    let number = propose(&ada, &customer, "12.50");
    assert_eq!(balance(&customer), "0.00", "nothing is done yet");
    let told = ada.office("getCustomerAdjustProposalById", json!({ "proposalNo": number, "companyId": "1" }));
    let told = told.data();
    assert_eq!(told["customerNo"], customer.number);
    assert_eq!(told["amount"], "12.50");
    assert_eq!(told["createBy"], "staff:ada");
    assert_eq!(told["checkStatus"], 1);

    ada.office("AdjustmentService.decide", decision(&number, true)).is(SAME_PERSON);
    program(&house).office("AdjustmentService.decide", decision(&number, true)).is(NOT_PERMITTED);
    let other = house.add_company(true);
    let next_door = house.member_of(other, "own", &["owner"]).desk;
    next_door.office("AdjustmentService.decide", decision(&number, true)).is(NOT_FOUND);
    next_door.office("addCustomerAdjustProposal", wish(&customer, 1)).is(NOT_FOUND);
    assert_eq!(balance(&customer), "0.00");

    let made = bob.office("AdjustmentService.decide", decision(&number, true));
    assert!(made.data()["transferId"].as_i64().unwrap() > 0);
    assert_eq!(balance(&customer), "12.50");
    bob.office("AdjustmentService.decide", decision(&number, true)).is(ENDED);
    assert_eq!(balance(&customer), "12.50");

    let refused = propose(&ada, &customer, 7);
    bob.office("AdjustmentService.decide", decision(&refused, false)).is("0");
    bob.office("AdjustmentService.decide", decision(&refused, true)).is(ENDED);
    assert_eq!(balance(&customer), "12.50");
    crate::capital::books_are_clean(&house);

    // Who did it from where is written down.
    let owner = house.member("own", &["owner"]).desk;
    let log = owner.office("AuditService.list", json!({ "size": 500 }));
    let actions: Vec<(&str, &str)> = log
        .data()
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["customerId"] == customer.id && entry["address"] != "")
        .map(|entry| (entry["action"].as_str().unwrap(), entry["actor"].as_str().unwrap()))
        .collect();
    for actor in ["staff:ada", "staff:bob"] {
        assert!(actions.iter().any(|(_, by)| *by == actor), "{actor} is not in {actions:?}");
    }
}

fn what_waits_is_as_all_proposals(backend: Backend) {
    let house = House::open(backend);
    let customer = house.customer();
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["finance"]).desk);
    let id = |number: &str| json!({ "id": number.parse::<i64>().unwrap(), "remark": "r" });
    let listed = |desk: &Client| {
        desk.office("ProposalService.list", json!({ "onlyOpen": true })).data().as_array().unwrap().clone()
    };
    let number = propose(&ada, &customer, "12.5");
    let seen = listed(&bob);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["action"], "money.adjust");
    assert_eq!(seen[0]["payload"]["amount"], "12.50");
    assert_eq!((&seen[0]["maker"], &seen[0]["customerId"]), (&json!("staff:ada"), &json!(customer.id)));
    // Another company neither sees nor decides it, and no viewer decides.
    let other = house.add_company(true);
    let next_door = house.member_of(other, "own", &["owner"]).desk;
    assert!(listed(&next_door).is_empty());
    next_door.office("ProposalService.approve", id(&number)).is(NOT_FOUND);
    next_door.office("ProposalService.reject", id(&number)).is(NOT_FOUND);
    let viewer = house.member("vic", &["viewer"]).desk;
    viewer.office("ProposalService.approve", id(&number)).is(NOT_PERMITTED);
    viewer.office("ProposalService.reject", id(&number)).is(NOT_PERMITTED);
    ada.office("ProposalService.approve", id(&number)).is(SAME_PERSON);
    // Who made it takes it back.
    ada.office("ProposalService.reject", id(&number)).is("0");
    bob.office("ProposalService.approve", id(&number)).is(NOT_FOUND);
    bob.office("AdjustmentService.decide", decision(&number, true)).is(ENDED);
    assert!(listed(&bob).is_empty());
    // Approved by the one way, it is decided for the other too.
    let number = propose(&ada, &customer, "2");
    bob.office("ProposalService.approve", id(&number)).is("0");
    bob.office("AdjustmentService.decide", decision(&number, true)).is(ENDED);
    assert_eq!(balance(&customer), "2.00");
    // What nobody decides lapses, and holds no closure up.
    let number = propose(&ada, &customer, "3");
    house.advance(3 * DAY);
    let late = house.member("fay", &["finance"]).desk;
    late.office("ProposalService.approve", id(&number)).is(NOT_FOUND);
    late.office("AdjustmentService.decide", decision(&number, true)).is(ENDED);
    let all = late.office("ProposalService.list", json!({ "limit": 1 })).data().clone();
    assert_eq!((&all[0]["id"].to_string(), &all[0]["state"]), (&number, &json!("lapsed")));
    let told = late.office("getCustomerAdjustProposalById", json!({ "proposalNo": number }));
    assert_eq!(told.data()["checkStatus"], 3);
    assert_eq!(balance(&customer), "2.00");
}

fn what_waits_is_made_as_it_was_proposed(backend: Backend) {
    let house = House::open(backend);
    let (customer, thief) = (house.customer(), house.customer());
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["finance"]).desk);
    let account = thief.account(WALLET)["accountId"].clone();
    for change in [
        "amount = (SELECT o.amount FROM ledger_proposals o ORDER BY o.id LIMIT 1)".to_owned(),
        format!("owner_id = {}, account_id = {account}", thief.id),
        "maker = 'staff:nobody', maker_id = 7".to_owned(),
        "open_until = open_until + 1".to_owned(),
        "remark = 'another'".to_owned(),
        "hash = NULL".to_owned(),
    ] {
        let first = propose(&ada, &customer, "900");
        ada.office("AdjustmentService.decide", decision(&first, false));
        let number = propose(&ada, &customer, "1");
        let sql = crate::common::leaked(format!("UPDATE ledger_proposals SET {change} WHERE id = {number}"));
        house.write(move |tx| Ok(tx.execute(sql, &[])?));
        bob.office("AdjustmentService.decide", decision(&number, true)).is(NOT_FOUND);
        bob.office("AdjustmentService.decide", decision(&number, false)).is("0");
        assert_eq!((balance(&customer), balance(&thief)), ("0.00".to_owned(), "0.00".to_owned()), "{change}");
    }
}

fn small_amounts_take_one_until_they_add_up(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| {
        settings.office.adjust_alone.insert("USD".to_owned(), "10".to_owned());
    });
    let (customer, other) = (house.customer(), house.customer());
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["finance"]).desk);
    propose(&ada, &customer, "6");
    assert_eq!(balance(&customer), "6.00");
    // What is taken counts as what is given, whosever it is.
    propose(&ada, &customer, "-1");
    let number = propose(&ada, &other, "3.01");
    assert_eq!((balance(&customer), balance(&other)), ("5.00".to_owned(), "0.00".to_owned()));
    ada.office("AdjustmentService.decide", decision(&number, true)).is(SAME_PERSON);
    propose(&ada, &other, "3");
    assert_eq!(balance(&other), "3.00");
    // Another person has a day of their own; what was approved by two counts for nobody's.
    bob.office("AdjustmentService.decide", decision(&number, true)).is("0");
    propose(&bob, &other, "10");
    assert_eq!(balance(&other), "16.01");
    propose(&bob, &other, "0.01");
    assert_eq!(balance(&other), "16.01");
    house.advance(DAY);
    let bob = house.member("ben", &["finance"]).desk;
    propose(&bob, &other, "10.01");
    assert_eq!(balance(&other), "16.01");
    propose(&bob, &other, "10");
    assert_eq!(balance(&other), "26.01");
}

fn who_holds_a_program_approves_none_of_its_adjustments(backend: Backend) {
    let house = House::open(backend);
    let customer = house.customer();
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["finance"]).desk);
    program(&house).office("addCustomerAdjustProposal", wish(&customer, 1)).is(NOT_PERMITTED);
    let of_ada = program_of(&house, Some("ada"));
    let number = propose(&of_ada, &customer, "5");
    ada.office("AdjustmentService.decide", decision(&number, true)).is(SAME_PERSON);
    assert_eq!(balance(&customer), "0.00");
    bob.office("AdjustmentService.decide", decision(&number, true)).is("0");
    assert_eq!(balance(&customer), "5.00");
}

fn one_person_adjusts_where_the_company_says_so(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.office.one_person = vec!["money.adjust".to_owned()]);
    let customer = house.customer();
    let desk = program(&house).with("idempotency-key", Some("bonus-1"));
    let number = propose(&desk, &customer, "5");
    assert_eq!(balance(&customer), "5.00");
    // The same request again takes effect once; another under its name is refused.
    assert_eq!(propose(&desk, &customer, "5"), number);
    assert_eq!(balance(&customer), "5.00");
    assert_ne!(desk.office("addCustomerAdjustProposal", wish(&customer, "6")).code(), "0");
    let told = desk.office("getCustomerAdjustProposalById", json!({ "proposalNo": number }));
    assert_eq!(told.data()["checkStatus"], 2);
    assert_eq!(balance(&customer), "5.00");
    propose(&desk.with("idempotency-key", Some("bonus-2")), &customer, "-5");
    assert_eq!(balance(&customer), "0.00");
}

fn what_is_refused_leaves_the_money_where_it_is(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.office.one_person = vec!["money.adjust".to_owned()]);
    let customer = house.customer();
    house.gives(&customer, WALLET, "10");
    let desk = house.member("ada", &["finance"]).desk;
    let refused = |body: Value, code: &str| {
        desk.office("addCustomerAdjustProposal", body).is(code);
    };
    refused(wish(&customer, "-10.01"), NOT_ENOUGH);
    refused(wish(&customer, "0.001"), BAD_FIELD);
    refused(wish(&customer, 0), BAD_FIELD);
    for (field, value) in [("withdraw", json!(false)), ("businessType", json!(5)), ("amount", json!("1e3"))] {
        let mut body = wish(&customer, 1);
        body[field] = value;
        refused(body, BAD_FIELD);
    }
    let mut elsewhere = wish(&customer, 1);
    elsewhere["customerNo"] = json!("1");
    refused(elsewhere, NOT_FOUND);
    assert_eq!(balance(&customer), "10.00");
}

fn a_lock_stops_transfers_until_it_ends(backend: Backend) {
    let house = House::open(backend);
    let customer = house.customer();
    house.gives(&customer, WALLET, "10");
    let desk = house.member("ada", &["finance"]).desk;
    let lock =
        |kind: i64| json!({ "customerNo": customer.number, "tradeType": 8, "companyId": "1", "type": kind });
    let body = json!({
        "accountId": customer.account(WALLET)["accountId"], "toTradeType": 1, "toCustomerNo": customer.number,
        "amount": "1",
    });
    customer.home.call("capitalTransfer", body.clone()).is("0");
    desk.office("lockTradeAccount", lock(2)).is("0");
    assert_eq!(*desk.office("queryOneLockTradeAccount", lock(2)).data(), true);
    assert_eq!(*desk.office("queryOneLockTradeAccount", lock(1)).data(), false);
    let all = desk.office("queryTradeTypeLockTradeAccount", lock(1)).data().clone();
    let line = |kind: &str, closed: bool| json!({ "lockStatus": closed, "type": kind });
    assert_eq!(all, json!([line("1", false), line("2", true), line("3", false)]));
    customer.home.call("capitalTransfer", body.clone()).is(FROZEN);
    desk.office("unlockTradeAccount", lock(2)).is("0");
    customer.home.call("capitalTransfer", body.clone()).is("0");
    let mut short = lock(3);
    short["lockTime"] = json!(60);
    desk.office("lockTradeAccount", short).is("0");
    customer.home.call("capitalTransfer", body.clone()).is(FROZEN);
    house.advance(DAY);
    customer.home.call("capitalTransfer", body).is("0");
}

fn rates_are_told_by_pairs(backend: Backend) {
    let house = House::open(backend);
    house.rate("BTC", "USD", "60000");
    let desk = program(&house);
    let rates = desk.office("getExchangeRate", json!({ "currencyMap": { "BTC": "USD" } })).data().clone();
    assert_eq!(rates[0]["rate"], "60000");
    assert_eq!(rates[0]["formulaSymbol"], "multiply");
    for wrong in [json!({}), json!({ "BTC": 1 }), json!({ "B-C": "USD" }), json!(["BTC"])] {
        desk.office("getExchangeRate", json!({ "currencyMap": wrong })).is(BAD_FIELD);
    }
}
