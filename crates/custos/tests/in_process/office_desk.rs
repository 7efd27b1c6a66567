//! What staff do for customers: who they are, whether they may leave, what they may do.

use crate::common::{
    BAD_FIELD, Backend, Client, Customer, DEAD_TOKEN, House, MINUTE, MISSING_FIELD, NOT_FOUND, NOT_PERMITTED,
    on_both,
};
use crate::files::picture_of;
use custos_customers::files;
use serde_json::{Value, json};

on_both! {
    an_application_is_claimed_looked_at_and_decided,
    a_reviewer_sees_what_was_handed_in,
    nobody_decides_what_they_have_not_seen,
    a_closure_is_decided,
    customers_are_found_masked,
    a_freeze_holds_until_it_is_lifted,
    a_lock_and_an_end_of_sessions,
    an_unlock_gives_nobody_new_tries,
    names_are_not_found_out_letter_by_letter,
    events_are_read_in_order,
    a_member_is_let_in_again,
    dictionaries_are_found_by_their_id,
}

/// As the database has it: the customers' own sessions have ended.
fn status(house: &House, customer: &Customer) -> i64 {
    house.number(&format!("SELECT status FROM customers WHERE id = {}", customer.id))
}

fn names() -> Value {
    let element = |code: &str, value: &str| json!({ "elementCode": code, "elementValue": value });
    json!([element("first_name", "Ada"), element("last_name", "Lovelace"), element("birthday", "-1000")])
}

fn an_application_is_claimed_looked_at_and_decided(backend: Backend) {
    let house = House::open(backend);
    let (eve, ada) = (house.member("eve", &["kyc_reviewer"]).desk, house.customer());
    ada.home.call("kycLevelApply", json!({ "levelCode": "level_1", "elementList": names() })).data();
    let waiting = eve.office("KycService.queue", json!({})).data().clone();
    assert_eq!(
        (&waiting[0]["customerNo"], &waiting[0]["levelCode"]),
        (&json!(ada.number), &json!("level_1"))
    );
    let id = waiting[0]["id"].clone();
    let revision = eve.office("KycService.claim", json!({ "id": id })).data().clone();
    let case = eve.office("KycService.look", json!({ "id": id })).data().clone();
    assert_eq!((&case["values"]["last_name"], &case["revision"]), (&json!("Lovelace"), &revision));
    let why = json!({ "elementCode": "last_name", "remark": "Not as on the document" });
    let body = json!({ "id": id, "revision": revision, "remark": "Please look again", "elementList": [why] });
    eve.office("KycService.reject", body.clone()).data();
    let told = ada.home.call("findAllLevelKyc", json!({ "levelCode": "level_1" })).data().clone();
    assert_eq!(told[0]["remark"], "Please look again");
    ada.home.call("kycLevelApply", json!({ "levelCode": "level_1", "elementList": names() })).data();
    let revision = eve.office("KycService.claim", json!({ "id": id })).data().clone();
    eve.office("KycService.approve", json!({ "id": id, "revision": revision, "reason": "fits" })).data();
    assert!(eve.office("KycService.queue", json!({})).data().as_array().unwrap().is_empty());
    ada.home.call("changeCountry", json!({ "newCountry": "FR" })).is("CUSTOMER_API_0000604");
    let looks =
        "SELECT count(*) FROM audit_log WHERE action = 'kyc.look' AND actor = 'staff:eve' AND address <> ''";
    assert_eq!(house.number(looks), 1);
}

fn a_reviewer_sees_what_was_handed_in(backend: Backend) {
    let house = House::open(backend);
    let (eve, ada, bob) = (house.member("eve", &["kyc_reviewer"]).desk, house.customer(), house.customer());
    ada.home.call("kycLevelApply", json!({ "levelCode": "level_1", "elementList": names() })).data();
    let id = eve.office("KycService.queue", json!({})).data()[0]["id"].clone();
    let file = |whose: &Customer| files::id_in_link(&picture_of(&whose.home)).unwrap();
    let (own, foreign) = (file(&ada), file(&bob));
    let opens = |desk: &Client, file: i64| {
        desk.office("KycService.openFile", json!({ "id": id, "fileId": file, "reason": "the review" }))
    };
    let url = opens(&eve, own).text("url");
    assert_eq!(house.visitor().fetch(&url).0, 200);
    house.advance(16 * MINUTE);
    assert_eq!(house.visitor().fetch(&url).0, 404, "a quarter of an hour");
    // Not by way of someone else's application, nor from another company, nor without a word why.
    let eve = house.member("eva", &["kyc_reviewer"]).desk;
    opens(&eve, foreign).is(NOT_FOUND);
    opens(&eve, own + 1).is(NOT_FOUND);
    let other = house.add_company(true);
    opens(&house.member_of(other, "owner", &["owner"]).desk, own).is(NOT_FOUND);
    eve.office("KycService.openFile", json!({ "id": id, "fileId": own })).is(MISSING_FIELD);
    let looks = "SELECT count(*) FROM audit_log WHERE action = 'file.look' AND actor = 'staff:eve'";
    assert_eq!(house.number(looks), 1);
}

fn nobody_decides_what_they_have_not_seen(backend: Backend) {
    let house = House::open(backend);
    let (eve, ada) = (house.member("eve", &["kyc_reviewer"]).desk, house.customer());
    ada.home.call("kycLevelApply", json!({ "levelCode": "level_1", "elementList": names() })).data();
    let id = eve.office("KycService.queue", json!({})).data()[0]["id"].clone();
    let revision = eve.office("KycService.claim", json!({ "id": id })).data().as_i64().unwrap();
    let approve = |revision: i64| {
        eve.office("KycService.approve", json!({ "id": id, "revision": revision, "reason": "fits" }))
            .code()
            .to_owned()
    };
    assert_eq!(approve(revision + 1), "CUSTOMER_API_0001631");
    let other = house.add_company(true);
    let next_door = house.member_of(other, "owner", &["owner"]).desk;
    for operation in ["claim", "look"] {
        next_door.office(&format!("KycService.{operation}"), json!({ "id": id })).is(NOT_FOUND);
    }
    assert_eq!(approve(revision), "0");
}

fn a_closure_is_decided(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.office.one_person = vec!["closure.approve".to_owned()]);
    let (sec, ada, ben) = (house.member("sec", &["owner"]).desk, house.customer(), house.customer());
    picture_of(&ada.home);
    for leaver in [&ada, &ben] {
        leaver.home.call("destroy", json!({ "remark": "I leave" })).data();
    }
    let waiting = sec.office("ClosureService.queue", json!({})).data().clone();
    assert_eq!((&waiting[0]["customerNo"], &waiting[0]["remark"]), (&json!(ada.number), &json!("I leave")));
    let of = |customer: &Customer| json!({ "customerNo": customer.number, "reason": "as they wish" });
    sec.office("ClosureService.approve", of(&ada)).data();
    sec.office("ClosureService.approve", of(&ada)).is(NOT_FOUND);
    sec.office("ClosureService.reject", of(&ben)).data();
    assert!(sec.office("ClosureService.queue", json!({})).data().as_array().unwrap().is_empty());
    assert_eq!((status(&house, &ada), status(&house, &ben)), (4, 1));
    house.settle();
    let told = sec.office("EventService.list", json!({})).data().to_string();
    assert_eq!(told.matches("customer.status_changed").count(), 4, "two ask, two are answered");
}

fn customers_are_found_masked(backend: Backend) {
    let house = House::open(backend);
    let (viv, ada) = (house.member("viv", &["viewer"]).desk, house.customer());
    house.customer();
    let found = viv.office("CustomerService.search", json!({ "exact": ada.email })).data().clone();
    assert_eq!((&found["total"], &found["records"][0]["customerNo"]), (&json!("1"), &json!(ada.number)));
    let shown = found["records"][0]["email"].as_str().unwrap();
    assert!(shown.contains("***") && shown != ada.email);
    let first = viv.office("CustomerService.search", json!({ "size": 1 })).data().clone();
    assert_eq!(first["total"], "2");
    let second = json!({ "size": 1, "cursor": first["cursor"] });
    let second = viv.office("CustomerService.search", second).data().clone();
    assert_ne!(first["records"][0]["customerNo"], second["records"][0]["customerNo"]);
    let other = house.add_company(true);
    let next_door = house.member_of(other, "owner", &["owner"]).desk;
    assert_eq!(
        next_door.office("CustomerService.search", json!({ "exact": ada.email })).data()["total"],
        "0"
    );
}

fn a_freeze_holds_until_it_is_lifted(backend: Backend) {
    let house = House::open(backend);
    let (sam, ada) = (house.member("sam", &["owner"]).desk, house.customer());
    let body = |scope: &str| json!({ "customerNo": ada.number, "scope": scope, "reason": "a call" });
    sam.office("CustomerService.freeze", body("everything")).is(BAD_FIELD);
    sam.office("CustomerService.freeze", body("sign_in")).data();
    ada.home.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    assert_eq!(*sam.office("CustomerService.unfreeze", body("sign_in")).data(), json!(true));
    assert_eq!(*sam.office("CustomerService.unfreeze", body("sign_in")).data(), json!(false));
    let entries = "SELECT count(*) FROM audit_log WHERE actor = 'staff:sam' AND customer_id IS NOT NULL";
    assert!(house.number(entries) >= 2);
}

fn a_lock_and_an_end_of_sessions(backend: Backend) {
    let house = House::open(backend);
    let (sam, ada, ben) = (house.member("sam", &["owner"]).desk, house.customer(), house.customer());
    assert_eq!(
        *sam.office("CustomerService.endSessions", json!({ "customerNo": ada.number })).data(),
        json!(1)
    );
    ada.home.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    let frozen = json!({ "customerNo": ben.number, "scope": "withdraw", "reason": "a call" });
    sam.office("CustomerService.freeze", frozen).data();
    let lock = |locked: bool| json!({ "customerNo": ben.number, "locked": locked, "reason": "a call" });
    sam.office("CustomerService.setLock", lock(true)).data();
    ben.home.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    let found = sam.office("CustomerService.search", json!({ "status": 5 })).data().clone();
    assert_eq!(found["records"][0]["customerNo"], json!(ben.number));
    sam.office("CustomerService.setLock", lock(false)).data();
    let found = sam.office("CustomerService.search", json!({ "exact": ben.number })).data().clone();
    assert_eq!(found["records"][0]["status"], 1);
    // Other systems are not told that all is well: withdrawals are frozen still.
    house.settle();
    let told = sam.office("EventService.list", json!({})).data().clone();
    let records = told["records"].as_array().unwrap();
    let unfrozen: Vec<&Value> =
        records.iter().filter(|event| event.to_string().contains("customer.unfrozen")).collect();
    assert_eq!(unfrozen.len(), 1);
    assert!(unfrozen[0].to_string().contains("stillFrozen"), "{}", unfrozen[0]);
    assert!(unfrozen[0].to_string().contains("withdraw"), "{}", unfrozen[0]);
}

fn an_unlock_gives_nobody_new_tries(backend: Backend) {
    let house = House::open(backend);
    let (sam, ada) = (house.member("sam", &["owner"]).desk, house.customer());
    let id = ada.id;
    house.write(move |tx| {
        let customer = custos_customers::customer::lock(tx, 1, id)?;
        let subjects = custos_customers::standing::guards_that_stay(tx, &customer);
        for subject in subjects.into_iter().chain([[7; 32]]) {
            tx.execute(
                "INSERT INTO try_guards (subject, company_id, customer_id, tries, total, locks, locked_until, expires_at) \
                 VALUES ($1, 1, $2, 4, 4, 0, 0, 4102444800000)",
                custos_store::params![&subject, id],
            )?;
        }
        Ok(())
    });
    let left = || house.number(&format!("SELECT count(*) FROM try_guards WHERE customer_id = {id}"));
    assert_eq!(left(), 3);
    let unlock = json!({ "customerNo": ada.number, "locked": false, "reason": "a call" });
    sam.office("CustomerService.setLock", unlock).data();
    assert_eq!(left(), 2, "those of the authenticator and of the fund password stay");
}

fn names_are_not_found_out_letter_by_letter(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.write({
        let id = ada.id;
        move |tx| {
            let sql = "UPDATE customers SET last_name = 'Lovelace', first_name = 'Ada' WHERE company_id = 1 AND id = $1";
            Ok(tx.execute(sql, custos_store::params![id])?)
        }
    });
    let by_name = json!({ "name": "lov" });
    house.member("viv", &["viewer"]).desk.office("CustomerService.search", by_name.clone()).is(NOT_PERMITTED);
    house
        .member("sup", &["support"])
        .desk
        .office("CustomerService.search", by_name.clone())
        .is(NOT_PERMITTED);
    let rex = house.member("rex", &["kyc_reviewer"]).desk;
    let found = rex.office("CustomerService.search", by_name).data().clone();
    assert_eq!(found["records"][0]["customerNo"], json!(ada.number));
    let entries = "SELECT count(*) FROM audit_log WHERE action = 'customer.search_by_name' AND actor = 'staff:rex' \
                   AND address <> ''";
    assert_eq!(house.number(entries), 1);
    assert_eq!(house.number("SELECT count(*) FROM audit_log WHERE detail LIKE '%lov%'"), 0);
}

fn events_are_read_in_order(backend: Backend) {
    let house = House::open(backend);
    let own = house.member("own", &["owner"]).desk;
    let (ada, ben) = (house.customer(), house.customer());
    house.settle();
    let all = own.office("EventService.list", json!({})).data().clone();
    let text = all.to_string();
    assert_eq!(
        own.office("EventService.list", json!({ "size": 1 })).data()["records"].as_array().unwrap().len(),
        1
    );
    assert!(text.contains(&ada.number) && text.contains(&ben.number) && !text.contains(&ada.email));
    let rest = own.office("EventService.list", json!({ "after": all["next"] })).data().clone();
    assert!(rest["records"].as_array().unwrap().is_empty());
}

fn a_member_is_let_in_again(backend: Backend) {
    let house = House::open(backend);
    let own = house.member("own", &["owner"]).desk;
    house.member("viv", &["viewer"]);
    own.office("StaffService.unlock", json!({ "name": "viv" })).data();
    own.office("StaffService.unlock", json!({ "name": "nobody" })).is("GATEWAY_CODE_102");
}

fn dictionaries_are_found_by_their_id(backend: Backend) {
    let house = House::open(backend);
    let visitor = house.visitor();
    let all = visitor.call("getListByParentId", json!({ "parentId": 0 })).data().clone();
    let cards = all.as_array().unwrap().iter().find(|one| one["code"] == "id_card_type").unwrap();
    let by_id = visitor.call("getListByParentId", json!({ "parentId": cards["id"] })).data().clone();
    let by_code = visitor.call("getListByParentCode", json!({ "parentCode": "id_card_type" })).data().clone();
    assert!(by_id == by_code && !by_id.as_array().unwrap().is_empty());
    assert_eq!(visitor.call("getListByParentId", json!({ "parentId": 4_711 })).data(), &json!([]));
}
