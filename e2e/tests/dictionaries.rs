//! What front-ends need before anyone signs in: countries, lists, groups, settings.

use std::collections::BTreeSet;

use e2e::{Backend, Server, on_both};
use serde_json::{Value, json};

on_both!(
    the_country_list,
    the_country_list_can_be_searched,
    lists_by_parent_code,
    company_countries_are_a_text,
    sign_in_providers_are_an_array,
    customer_groups_are_an_array,
    where_and_when,
);

fn countries(server: &Server, lang: &str) -> Vec<Value> {
    let visitor = server.visitor().speaking(lang);
    let list = visitor.call("getCountryListByParentCode", json!({"parentCode": "-1"})).data();
    list.as_array().expect("an array").clone()
}

fn the_country_list(backend: Backend) {
    let server = Server::start(backend);
    let list = countries(&server, "en-US");
    assert!(list.len() > 200, "{} countries", list.len());
    for entry in &list {
        for field in ["code", "name", "nameEn", "displayName", "countryCode", "extend", "nationalCode"] {
            assert!(entry[field].is_string(), "`{field}` in {entry}");
        }
        let code = entry["code"].as_str().unwrap_or_default();
        let digits = code.strip_prefix("ISO_3166_").unwrap_or_else(|| panic!("{code}"));
        assert!(digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()), "{code}");
        assert_eq!(entry["parentCode"], "-1", "{entry}");
        let national = entry["nationalCode"].as_str().unwrap_or_default();
        assert!(national.len() == 2 && national.bytes().all(|b| b.is_ascii_uppercase()), "{national}");
        let area = entry["countryCode"].as_str().unwrap_or_default().trim_start_matches('+');
        assert!(area.bytes().all(|b| b.is_ascii_digit()), "{entry}");
        assert!(!entry["displayName"].as_str().unwrap_or_default().is_empty(), "{entry}");
    }
    let codes: BTreeSet<_> = list.iter().map(|entry| entry["code"].as_str()).collect();
    assert_eq!(codes.len(), list.len(), "no country comes twice");

    let find = |list: &[Value], code: &str| {
        list.iter().find(|entry| entry["code"] == code).cloned().unwrap_or_else(|| panic!("no {code}"))
    };
    let china = find(&list, "ISO_3166_156");
    assert_eq!(china["nationalCode"], "CN");
    assert_eq!(china["countryCode"].as_str().unwrap_or_default().trim_start_matches('+'), "86");
    assert_eq!(find(&list, "ISO_3166_826")["nationalCode"], "GB");
    // Names follow the language, `nameEn` does not.
    let chinese = find(&countries(&server, "zh-CN"), "ISO_3166_156");
    assert_ne!(chinese["name"], china["name"]);
    assert_eq!(chinese["nameEn"], china["nameEn"]);
}

fn the_country_list_can_be_searched(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let find = |name: &str| {
        let body = json!({"parentCode": "-1", "name": name});
        let list = visitor.call("getCountryListByParentCode", body).data();
        list.as_array().expect("an array").clone()
    };
    let found = find("germany");
    assert!(found.iter().any(|entry| entry["code"] == "ISO_3166_276"), "{found:?}");
    assert!(found.len() < 10, "{} countries called Germany", found.len());
    assert!(find("no such place").is_empty());
    assert!(find("").len() > 200, "an empty name is no name");
    visitor
        .call("getCountryListByParentCode", json!({}))
        .refused(e2e::codes::FIELD_MISSING)
        .naming("parentCode");
}

fn lists_by_parent_code(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let list_of = |parent: &str| {
        let list = visitor.call("getListByParentCode", json!({"parentCode": parent})).data();
        list.as_array().unwrap_or_else(|| panic!("{parent}: {list}")).clone()
    };
    let codes: Vec<_> = list_of("id_card_type").iter().map(|entry| entry["code"].clone()).collect();
    for code in ["identity_card", "passport", "drving_license"] {
        assert!(codes.contains(&json!(code)), "no {code} in {codes:?}");
    }
    assert!(!list_of("phone_code").is_empty());
    for parent in ["phone_code", "id_card_type", "bank_code", "digit_wallet_withdraw_currency"] {
        for entry in list_of(parent) {
            assert_eq!(entry["parentCode"], parent, "{entry}");
            assert!(entry["code"].is_string() && entry["displayName"].is_string(), "{entry}");
        }
    }
    assert!(list_of("no_such_list").is_empty());
}

fn company_countries_are_a_text(backend: Backend) {
    let server = Server::start(backend);
    let countries = server.visitor().call("findCompanyCountry", json!({})).data();
    assert!(countries["openCompanyCountry"].is_string(), "{countries}");
}

fn sign_in_providers_are_an_array(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    for body in [json!({}), json!({"thirdSource": "google"}), json!({"thirdSource": ""})] {
        let config = visitor.call("config", body).data();
        assert!(config.is_array(), "{config}");
    }
}

fn customer_groups_are_an_array(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let groups = server.visitor().call("groupList", json!({})).data();
    let groups = groups.as_array().expect("an array");
    for group in groups {
        assert!(group["id"].is_i64() && group["name"].is_string(), "{group}");
        assert!(matches!(group["openAccountType"].as_i64(), Some(0 | 1)), "{group}");
        assert!(matches!(group["type"].as_i64(), Some(0..=2)), "{group}");
    }
    let own = ada.client.record()["customerGroupId"].clone();
    assert!(groups.iter().any(|group| group["id"] == own && group["openAccountType"] == 1), "{groups:?}");
}

fn where_and_when(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor().at([127, 9, 8, 7].into());
    let place = visitor.request("/geoip/country").method("GET").send().data();
    assert_eq!(place["request_ip"], "127.9.8.7");
    assert!(place["iso_code"].is_string() && place["name"].is_string(), "{place}");

    let now = visitor.call("/thirdExt/now", json!({})).data().as_u64().expect("a time");
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let ours = u64::try_from(since_1970.as_millis()).expect("a time");
    assert!(now.abs_diff(ours) < 120_000, "the server's clock is this machine's: {now} and {ours}");
}
