//! What staff set of what customers read, and of what money is worth.

use crate::common::{BAD_FIELD, Backend, CANNOT_BE, Client, House, NOT_FOUND, NOT_PERMITTED, on_both};
use serde_json::{Value, json};

on_both! {
    a_text_takes_two_and_is_shown_before,
    texts_that_cannot_be_are_not_proposed,
    a_rate_takes_two,
    a_group_takes_two,
    a_customer_is_told_by_parts,
}

const KEY: &str = "message-new-device-sms";

fn a_text_takes_two_and_is_shown_before(backend: Backend) {
    let house = House::open(backend);
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["owner"]).desk);
    let own = || {
        let all = ada.office("TextService.list", json!({ "lang": "en-US" })).data().clone();
        all.as_array().unwrap().iter().find(|text| text["key"] == KEY).unwrap()["pattern"].clone()
    };
    assert_eq!(own(), "");
    let preview = |pattern: Option<&str>| {
        let mut body = json!({ "template": "new-device", "channel": "sms", "lang": "en-US" });
        if let Some(pattern) = pattern {
            body["key"] = json!(KEY);
            body["pattern"] = json!(pattern);
        }
        ada.office("TextService.preview", body).text("text")
    };
    assert!(preview(None).contains("new sign-in at 2026"), "{}", preview(None));
    assert_eq!(preview(Some("Hello from { $country }")), "Hello from DE");
    assert_eq!(own(), "", "a look sets nothing");
    let set = |pattern: &str| json!({ "lang": "en-US", "key": KEY, "pattern": pattern, "reason": "shorter" });
    house.member("fin", &["finance"]).desk.office("TextService.set", set("Hi")).is(NOT_PERMITTED);
    let propose =
        |pattern: &str| json!({ "id": ada.office("TextService.set", set(pattern)).data()["proposalId"] });
    let (first, second) = (propose("Hello from { $country }"), propose("Another"));
    ada.office("ProposalService.approve", first.clone()).is(NOT_PERMITTED);
    let other = house.add_company(true);
    house
        .member_of(other, "own", &["owner"])
        .desk
        .office("ProposalService.approve", first.clone())
        .is(NOT_FOUND);
    assert_eq!(own(), "");
    bob.office("ProposalService.approve", first.clone()).is("0");
    bob.office("ProposalService.approve", first).is(NOT_FOUND);
    bob.office("ProposalService.approve", second).is(CANNOT_BE);
    assert_eq!(own(), "Hello from { $country }");
    assert_eq!(preview(None), "Hello from DE");
    let back = json!({ "lang": "en-US", "key": KEY, "reason": "as it was" });
    let id = json!({ "id": ada.office("TextService.set", back).data()["proposalId"] });
    bob.office("ProposalService.approve", id).is("0");
    assert_eq!(own(), "");
    let entries = "SELECT count(*) FROM audit_log WHERE action = 'company.set' AND actor = 'staff:bob' \
                   AND detail LIKE '%Hello from%'";
    assert_eq!(house.number(entries), 2, "what it was and what it became");
}

fn texts_that_cannot_be_are_not_proposed(backend: Backend) {
    let house = House::open(backend);
    let ada = house.member("ada", &["owner"]).desk;
    let refused = |lang: &str, key: &str, pattern: &str, code: &str| {
        let body = json!({ "lang": lang, "key": key, "pattern": pattern, "reason": "r" });
        ada.office("TextService.set", body).is(code);
    };
    refused("fr-FR", KEY, "Bonjour", BAD_FIELD);
    refused("en-US", "message-no-such-sms", "Hi", BAD_FIELD);
    refused("en-US", "error-generic", "Hi", BAD_FIELD);
    refused("en-US", KEY, "{ $secret }", CANNOT_BE);
    refused("en-US", "message-code-sms", "no code in it", CANNOT_BE);
    let preview = |template: &str, channel: &str| {
        let body = json!({ "template": template, "channel": channel, "lang": "en-US" });
        ada.office("TextService.preview", body).is(BAD_FIELD);
    };
    preview("no-such", "sms");
    preview("code", "pigeon");
    ada.office("TextService.list", json!({ "lang": "fr-FR" })).is(BAD_FIELD);
    assert_eq!(house.number("SELECT count(*) FROM office_proposals"), 0);
}

fn a_rate_takes_two(backend: Backend) {
    let house = House::open(backend);
    house.rate("BTC", "USD", "60000");
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["finance"]).desk);
    let rate = || {
        ada.office("getExchangeRate", json!({ "currencyMap": { "BTC": "USD" } })).data()[0]["rate"].clone()
    };
    let set = |of: &str, rate: &str| -> Value {
        json!({ "sourceCurrency": of, "targetCurrency": "USD", "rate": rate, "reason": "the market" })
    };
    house.member("vic", &["viewer"]).desk.office("RateService.set", set("BTC", "1")).is(NOT_PERMITTED);
    for wrong in ["0", "-1", "much"] {
        ada.office("RateService.set", set("BTC", wrong)).is(CANNOT_BE);
    }
    ada.office("RateService.set", set("NOPE", "1")).is("CUSTOMER_API_0000315");
    let id = json!({ "id": ada.office("RateService.set", set("BTC", "61000")).data()["proposalId"] });
    ada.office("ProposalService.approve", id.clone()).is(NOT_PERMITTED);
    let other = house.add_company(true);
    house
        .member_of(other, "own", &["owner"])
        .desk
        .office("ProposalService.approve", id.clone())
        .is(NOT_FOUND);
    assert_eq!(rate(), "60000");
    bob.office("ProposalService.approve", id.clone()).is("0");
    assert_eq!(rate(), "61000");
    bob.office("ProposalService.approve", id).is(NOT_FOUND);
    let entry = "SELECT count(*) FROM audit_log WHERE action = 'rates.set' AND actor = 'staff:bob' \
                 AND detail LIKE '%[\"60000\",\"61000\"]%'";
    assert_eq!(house.number(entry), 1);
}

fn a_group_takes_two(backend: Backend) {
    let house = House::open(backend);
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["owner"]).desk);
    let first = || ada.office("groupList", json!({})).data()[0].clone();
    let (id, name) = (first()["id"].clone(), first()["name"].clone());
    let set = |to: &str| json!({ "id": id, "name": to, "reason": "a better one" });
    house.member("fin", &["finance"]).desk.office("GroupService.set", set("Gold")).is(NOT_PERMITTED);
    ada.office("GroupService.set", set(" ")).is(CANNOT_BE);
    ada.office("GroupService.set", json!({ "id": 9_999, "name": "Gold", "reason": "r" })).is(NOT_FOUND);
    let propose = |to: &str| json!({ "id": ada.office("GroupService.set", set(to)).data()["proposalId"] });
    let (gold, silver) = (propose("Gold"), propose("Silver"));
    assert_eq!(first()["name"], name);
    ada.office("ProposalService.approve", gold.clone()).is(NOT_PERMITTED);
    let other = house.add_company(true);
    house
        .member_of(other, "own", &["owner"])
        .desk
        .office("ProposalService.approve", gold.clone())
        .is(NOT_FOUND);
    bob.office("ProposalService.approve", gold.clone()).is("0");
    assert_eq!(first()["name"], "Gold");
    bob.office("ProposalService.approve", gold).is(NOT_FOUND);
    bob.office("ProposalService.approve", silver).is(CANNOT_BE);
    let entry = "SELECT count(*) FROM audit_log WHERE action = 'group.set' AND actor = 'staff:bob' \
                 AND detail LIKE '%before%' AND detail LIKE '%Gold%'";
    assert_eq!(house.number(entry), 1);
}

fn a_customer_is_told_by_parts(backend: Backend) {
    let house = House::open(backend);
    let (customer, second) = (house.customer(), house.customer());
    let viewer = house.member("vic", &["viewer"]).desk;
    let page =
        |desk: &Client, body: Value| desk.office("WhiteCustomerAdminApiService.page", body).data().clone();
    let found = page(&viewer, json!({ "customerNo": customer.number }));
    assert_eq!((&found["total"], &found["pages"], &found["size"]), (&json!(1), &json!(1), &json!(20)));
    assert_eq!(found["records"][0]["customerNo"], json!(customer.number));
    assert!(!found.to_string().contains(&customer.email));
    assert_eq!(page(&viewer, json!({ "customerNo": customer.number, "current": 2 }))["records"], json!([]));
    let other = house.add_company(true);
    let next_door = house.member_of(other, "own", &["owner"]).desk;
    assert_eq!(page(&next_door, json!({ "customerNo": customer.number }))["total"], 0);

    let body = |kind: &str, id: i64| json!({ "type": kind, "id": id, "customerNo": customer.number });
    let detail = |desk: &Client, kind: &str| {
        desk.office("WhiteCustomerAdminApiService.detail", body(kind, customer.id))
    };
    let base = detail(&viewer, "baseInfo").data().clone();
    assert_eq!(base["customerNo"], json!(customer.number));
    assert!(!base.to_string().contains(&customer.email));
    assert!(!detail(&viewer, "tradeAccount").data().as_array().unwrap().is_empty());
    for kind in ["kyc", "allKyc", "bankList", "walletList"] {
        assert_eq!(detail(&viewer, kind).data(), &json!([]), "{kind}");
    }
    assert_eq!(detail(&viewer, "otherInfo").data(), &json!({}));
    detail(&viewer, "everything").is(BAD_FIELD);
    detail(&next_door, "baseInfo").is(NOT_FOUND);
    viewer.office("WhiteCustomerAdminApiService.detail", body("baseInfo", second.id)).is(NOT_FOUND);
    // Each part takes its own permission.
    let finance = house.member("fin", &["finance"]).desk;
    detail(&finance, "kyc").is(NOT_PERMITTED);
    detail(&house.member("rev", &["kyc_reviewer"]).desk, "tradeAccount").is(NOT_PERMITTED);
}
