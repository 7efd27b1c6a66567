//! What programs of a company read.

use crate::common::{Backend, House, NOT_FOUND, on_both};
use serde_json::json;

on_both! {
    programs_read_what_customers_read,
    accounts_of_a_customer_of_the_own_company,
}

fn programs_read_what_customers_read(backend: Backend) {
    let house = House::open(backend);
    let (ada, customer) = (house.member("ada", &["viewer"]), house.customer());
    for (operation, body) in [
        ("getCountryListByParentCode", json!({ "parentCode": "-1" })),
        ("getListByParentCode", json!({ "parentCode": "id_card_type" })),
        ("getAssetsList", json!({})),
    ] {
        let seen = ada.desk.office(operation, body.clone());
        assert!(!seen.data().as_array().unwrap().is_empty());
        assert_eq!(seen.data(), customer.home.call(operation, body).data(), "{operation}");
    }
    let groups = ada.desk.office("groupList", json!({})).data().clone();
    let group = groups.as_array().unwrap().iter().find(|group| group["tradeType"] == 3).unwrap();
    assert_eq!(group["openAccountType"], 1);
    let listed = ada.desk.office("getTradeTypeList", json!({})).data().clone();
    let cross = listed.as_array().unwrap().iter().find(|one| one["tradeType"] == 3).unwrap();
    assert_eq!(cross["tradeTypeName"], "CROSS");
    let offered = cross["customerGroupList"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["customerGroupId"] == group["id"])
        .unwrap();
    let codes: Vec<&str> = offered["assetsVoList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| asset["code"].as_str().unwrap())
        .collect();
    let mut wanted: Vec<&str> = group["assets"].as_str().unwrap().split(',').collect();
    wanted.retain(|code| !codes.contains(code));
    assert!(wanted.is_empty(), "{wanted:?} of {codes:?}");
}

fn accounts_of_a_customer_of_the_own_company(backend: Backend) {
    let house = House::open(backend);
    let (ada, customer) = (house.member("ada", &["viewer"]), house.customer());
    let other = house.add_company(true);
    let next_door = house.member_of(other, "own", &["owner"]);
    let body = json!({ "customerNo": customer.number, "tradeType": 3 });
    let seen = ada.desk.office("queryAccountList", body.clone());
    let own = customer.home.call("findCustomerInfo", json!({})).data()["accountList"].clone();
    let own: Vec<_> = own.as_array().unwrap().iter().filter(|one| one["tradeType"] == 3).cloned().collect();
    assert!(!own.is_empty());
    assert_eq!(seen.data(), &json!(own));
    next_door.desk.office("queryAccountList", body).is(NOT_FOUND);
    let nobody = json!({ "customerNo": "1", "tradeType": 3 });
    ada.desk.office("queryAccountList", nobody).is(NOT_FOUND);
}
