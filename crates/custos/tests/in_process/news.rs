//! Announcements, messages, watchlists and the catalogue of products.

use crate::common::{BAD_FIELD, Backend, Client, Customer, HOUR, House, MISSING_FIELD, NOT_FOUND, on_both};
use custos_customers::announcements::{self, Words};
use custos_customers::{products, watchlist};
use custos_operations::portability;
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both!(
    announcements_are_told_in_the_callers_language,
    announcements_come_in_their_time_and_go,
    every_notice_is_a_message_too,
    messages_are_the_callers_own,
    watchlists_keep_their_order,
    a_batch_is_added_whole_or_not_at_all,
    only_what_the_company_trades_is_watched,
    no_more_than_five_hundred_are_watched,
    products_are_told_by_group_and_hour,
    what_is_kept_is_exported_and_erased,
);

const WHO: &str = "operator:test";
const SYMBOLS: &str = "getSymbolBaseList";

/// A client on a device that nobody has signed in from.
fn elsewhere(house: &House) -> Client {
    house
        .visitor()
        .with("user-agent", Some("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"))
}

fn words(texts: &[(&str, &str)]) -> BTreeMap<String, Words> {
    let of = |(lang, title): &(&str, &str)| {
        let words = Words { title: (*title).to_owned(), content: format!("{title}\nand more") };
        ((*lang).to_owned(), words)
    };
    texts.iter().map(of).collect()
}

fn announces(house: &House, company: i64, texts: &[(&str, &str)], at: Option<i64>) -> i64 {
    let words = words(texts);
    let done =
        house.store().write_blocking(move |tx| announcements::add(tx, company, "news", &words, at, WHO));
    done.unwrap()
}

fn titles(page: &Value) -> Vec<&str> {
    page["records"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect()
}

fn notices(customer: &Customer, body: Value) -> Value {
    customer.home.call("customerViewNoticePage", body).data().clone()
}

fn messages(customer: &Customer) -> Value {
    customer
        .home
        .call("customerViewMsgPage", json!({ "companyId": 1, "lang": "en-US", "size": 50, "current": 1 }))
        .data()
        .clone()
}

fn announcements_are_told_in_the_callers_language(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let nothing = json!({ "records": [], "total": 0, "size": 20, "current": 1 });
    assert_eq!(notices(&ada, json!({})), nothing);
    announces(&house, 1, &[("en-US", "Hello"), ("zh-CN", "你好")], None);
    announces(&house, 1, &[("zh-CN", "新闻")], None);
    let page = notices(
        &ada,
        json!({ "companyId": "1", "customerNo": "C0", "lang": "fr-FR", "size": "10", "current": "1" }),
    );
    assert_eq!(titles(&page), ["新闻", "Hello"]);
    let first = &page["records"][1];
    assert_eq!((&first["language"], &first["content"]), (&json!("en-US"), &json!("Hello\nand more")));
    assert_eq!((&first["companyId"], &first["customerNo"]), (&json!(1), &json!(ada.number)));
    let chinese = ada.home.with("lang", Some("zh-CN"));
    let page = chinese.call("customerViewNoticePage", json!({ "size": 1, "current": 2 })).data().clone();
    assert_eq!((titles(&page), &page["total"]), (vec!["你好"], &json!(2)));
    ada.home.call("customerViewNoticePage", json!({ "size": 101 })).is(BAD_FIELD);
    // A customer of another company reads nothing of it.
    let other = house.add_company(true);
    assert_eq!(notices(&house.customer_of(other), json!({})), nothing);
}

fn announcements_come_in_their_time_and_go(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let now = house.now();
    let first = announces(&house, 1, &[("en-US", "First")], None);
    announces(&house, 1, &[("en-US", "Later")], Some(now + HOUR));
    assert_eq!(titles(&notices(&ada, json!({}))), ["First"]);
    house.advance(HOUR);
    assert_eq!(titles(&notices(&ada, json!({}))), ["Later", "First"]);
    assert_eq!(titles(&notices(&ada, json!({ "pubTimeFrom": now + 1 }))), ["Later"]);
    assert_eq!(titles(&notices(&ada, json!({ "pubTimeTo": now }))), ["First"]);
    let withdraws =
        |company: i64| house.write(move |tx| Ok(announcements::withdraw(tx, company, first, WHO)?));
    assert!(!withdraws(2), "another company's");
    assert!(withdraws(1) && !withdraws(1));
    assert_eq!(titles(&notices(&ada, json!({}))), ["Later"]);
    let odd = words(&[("en-US", "two\nlines")]);
    let refused = house.store().write_blocking(move |tx| announcements::add(tx, 1, "news", &odd, None, WHO));
    assert!(refused.unwrap_err().to_string().contains("one line"));
}

fn every_notice_is_a_message_too(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    assert_eq!(messages(&ada)["total"], 0);
    let other = ada.signs_in_from(&elsewhere(&house)).text("token");
    let page = messages(&ada);
    let first = &page["records"][0];
    assert_eq!(
        (&page["total"], &first["readStatus"], &first["name"]),
        (&json!(1), &json!("1"), &json!("new-device"))
    );
    assert!(first["content"].as_str().unwrap().contains("Firefox"), "{first}");
    let chinese = ada.home.with("lang", Some("zh-CN")).call("customerViewMsgPage", json!({})).data().clone();
    assert_ne!(chinese["records"][0]["title"], first["title"]);
    let kept = house.read(|tx| Ok(tx.value::<Vec<u8>>("SELECT sealed FROM messages", &[])?));
    assert!(!kept.windows(7).any(|part| part == b"Firefox"), "what it says is sealed");
    // Read once, and all.
    let id = first["id"].as_i64().unwrap();
    for _ in 0..2 {
        ada.home.call("msgRead", json!({ "companyId": 1, "customerNo": ada.number, "id": id })).is("0");
    }
    assert_eq!(messages(&ada)["records"][0]["readStatus"], "2");
    ada.home.call("msgRead", json!({ "id": id + 1 })).is(NOT_FOUND);
    ada.home.call("msgRead", json!({})).is(MISSING_FIELD);
    // A change of credentials tells every contact, and is one message, without the link that freezes.
    ada.home.with_token(&other).call("destroy", json!({})).is("0");
    let again = Customer { home: ada.home.with_token(&ada.signs_in_from(&ada.home).text("token")), ..ada };
    let count = house.read(|tx| {
        Ok(tx.value::<i64>("SELECT count(*) FROM messages WHERE template = 'credential-changed'", &[])?)
    });
    assert_eq!(count, 1);
    drop(again);
}

fn messages_are_the_callers_own(backend: Backend) {
    let house = House::open(backend);
    let (ada, eve) = (house.customer(), house.customer());
    ada.signs_in_from(&elsewhere(&house));
    let id = messages(&ada)["records"][0]["id"].as_i64().unwrap();
    assert_eq!(messages(&eve)["total"], 0);
    let named = json!({ "companyId": 1, "customerNo": ada.number, "id": id });
    assert_eq!(eve.home.call("customerViewMsgPage", named.clone()).data()["total"], 0);
    eve.home.call("msgRead", named.clone()).is(NOT_FOUND);
    eve.home.call("msgAllRead", named).is("0");
    assert_eq!(messages(&ada)["records"][0]["readStatus"], "1");
    ada.home.call("msgAllRead", json!({})).is("0");
    assert_eq!(messages(&ada)["records"][0]["readStatus"], "2");
}

fn watched(customer: &Customer, trade_type: i64) -> Vec<i64> {
    let lists = customer.home.call("optionalList", json!({ "tradeTypeList": [trade_type] })).data().clone();
    let list = lists[trade_type.to_string()].as_array().unwrap().clone();
    list.iter().map(|one| one["symbolId"].as_i64().unwrap()).collect()
}

fn adds(customer: &Customer, trade_type: i64, symbols: &[i64], due: &str) {
    let body = json!({ "tradeType": trade_type, "symbolList": symbols });
    customer.home.call("customer.app.CustomerOptionalWebApiService.add", body).is(due);
}

fn watchlists_keep_their_order(backend: Backend) {
    let house = House::open(backend);
    let (ada, eve) = (house.customer(), house.customer());
    let optional =
        |customer: &Customer| customer.home.call("findCustomerInfo", json!({})).data()["optional"].clone();
    assert_eq!(optional(&ada), 0);
    adds(&ada, 5, &[7, 3, 9], "0");
    adds(&ada, 5, &[3, 1, 7, 1], "0");
    assert_eq!(watched(&ada, 5), [7, 3, 9, 1]);
    assert_eq!((watched(&ada, 3), watched(&eve, 5)), (vec![], vec![]));
    assert_eq!((optional(&ada), optional(&eve)), (json!(1), json!(0)));
    let removes = |customer: &Customer, symbols: Value| {
        let body = json!({ "tradeType": 5, "symbolList": symbols });
        customer.home.call("customer.app.CustomerOptionalWebApiService.delete", body).is("0");
    };
    removes(&eve, json!([7]));
    removes(&ada, json!([3, 404]));
    assert_eq!(watched(&ada, 5), [7, 9, 1]);
    removes(&ada, json!([7, 9, 1]));
    // An empty one is a list that the customer keeps: clients fill none of their own in.
    assert_eq!((watched(&ada, 5), optional(&ada)), (vec![], json!(1)));
    for bad in [json!([]), json!([0]), json!(["x"]), json!("7")] {
        let body = json!({ "tradeType": 5, "symbolList": bad });
        ada.home.call("customer.app.CustomerOptionalWebApiService.add", body).is(BAD_FIELD);
    }
}

fn a_batch_is_added_whole_or_not_at_all(backend: Backend) {
    let house = House::open(backend);
    loads(&house, 1);
    let ada = house.customer();
    let batch = |list: Value| ada.home.call("addBatch", json!({ "tradeTypeCurrencyList": list }));
    let bad = json!([{ "tradeType": 5, "symbolList": [1, 2] }, { "tradeType": 3, "symbolList": [1, 404] }]);
    batch(bad).is(BAD_FIELD);
    assert_eq!(watched(&ada, 5), Vec::<i64>::new());
    batch(json!([{ "tradeType": 5, "symbolList": [2, 1] }, { "tradeType": 3, "symbolList": [1] }])).is("0");
    assert_eq!((watched(&ada, 5), watched(&ada, 3)), (vec![2, 1], vec![1]));
}

/// Two products of trade type 5, the second for group 404 only, and one of 3 that is traded on Thursdays.
pub(crate) fn loads(house: &House, company: i64) {
    let text = json!([
        { "tradeType": 5, "symbolId": 1, "symbolCode": "BTC/USDT", "symbolName": "Bitcoin", "symbolDigits": 2 },
        { "tradeType": 5, "symbolId": 2, "symbolCode": "ETH/USDT", "symbolName": "Ether", "symbolDigits": 3,
          "customerGroupIds": "404" },
        { "tradeType": 3, "symbolId": 1, "symbolCode": "BTC", "symbolName": "Bitcoin", "symbolDigits": 2,
          "tradeTimeList": (1..=7).map(|day| json!({ "dayOfWeek": day, "startTime": 0, "endTime": 3600 })).collect::<Value>() },
    ]);
    let all = products::parse(&text.to_string()).unwrap();
    house.write(move |tx| Ok(products::load(tx, company, &all, WHO)?));
}

fn only_what_the_company_trades_is_watched(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    adds(&ada, 5, &[404], "0");
    assert_eq!(
        ada.home.call("optionalList", json!({ "tradeTypeList": [5] })).data(),
        &json!({ "5": [{ "symbolId": 404 }] })
    );
    loads(&house, 1);
    adds(&ada, 5, &[405], BAD_FIELD);
    adds(&ada, 3, &[2], BAD_FIELD);
    adds(&ada, 5, &[1], "0");
    let lists = ada.home.call("optionalList", json!({ "tradeTypeList": [5] })).data().clone();
    let bitcoin =
        json!({ "symbolId": 1, "symbolCode": "BTC/USDT", "symbolName": "Bitcoin", "symbolDigits": 2 });
    assert_eq!(lists, json!({ "5": [{ "symbolId": 404 }, bitcoin] }));
}

fn no_more_than_five_hundred_are_watched(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let symbols: Vec<i64> = (1..=500).collect();
    adds(&ada, 5, &symbols[..499], "0");
    adds(&ada, 5, &[600, 601], BAD_FIELD);
    assert_eq!(watched(&ada, 5).len(), 499);
    // Two at once for the last place: one gets it.
    let codes = std::thread::scope(|scope| {
        let both: Vec<_> = [700, 701]
            .into_iter()
            .map(|symbol| {
                let home = ada.home.clone();
                scope.spawn(move || {
                    let body = json!({ "tradeType": 5, "symbolList": [symbol] });
                    home.call("customer.app.CustomerOptionalWebApiService.add", body).code().to_owned()
                })
            })
            .collect();
        let mut codes: Vec<String> = both.into_iter().map(|one| one.join().unwrap()).collect();
        codes.sort();
        codes
    });
    assert_eq!(
        (codes, watched(&ada, 5).len()),
        (vec!["0".to_owned(), BAD_FIELD.to_owned()], watchlist::MOST)
    );
}

fn products_are_told_by_group_and_hour(backend: Backend) {
    let house = House::open(backend);
    let visitor = house.visitor();
    let told = |group: i64| -> Vec<Value> {
        visitor.call(SYMBOLS, json!({ "customerGroupId": group })).data().as_array().unwrap().clone()
    };
    assert_eq!(told(1), Vec::<Value>::new());
    loads(&house, 1);
    let codes = |group: i64| -> Vec<String> {
        told(group).iter().map(|one| one["symbolCode"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (codes(1), codes(404)),
        (
            vec!["BTC/USDT".to_owned(), "BTC".to_owned()],
            vec!["BTC/USDT".to_owned(), "ETH/USDT".to_owned(), "BTC".to_owned()]
        )
    );
    // From midnight to one, every day.
    let day = 24 * HOUR;
    let midnight = house.now() - house.now().rem_euclid(day) + day;
    for (at, open) in [(midnight, 1), (midnight + HOUR - 1, 1), (midnight + HOUR, 0), (midnight + day, 1)] {
        house.advance_to(at);
        let all = told(1);
        assert_eq!((&all[0]["inTradeTime"], &all[1]["inTradeTime"]), (&json!(1), &json!(open)), "{at}");
    }
    visitor.call(SYMBOLS, json!({})).is(MISSING_FIELD);
    let other = house.add_company(true);
    let theirs = visitor.of_company(other).call(SYMBOLS, json!({ "customerGroupId": 1 }));
    assert_eq!(theirs.data(), &json!([]));
    // What is loaded next takes the place of all.
    house.write(|tx| Ok(products::load(tx, 1, &[], WHO)?));
    assert_eq!(told(1), Vec::<Value>::new());
}

fn what_is_kept_is_exported_and_erased(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    adds(&ada, 5, &[7], "0");
    ada.signs_in_from(&elsewhere(&house));
    let (company, id) = (ada.company, ada.id);
    let whole = house.read(move |tx| portability::export(tx, company, id));
    assert_eq!(whole["watchlists"], json!([{ "tradeType": 5, "symbols": [7] }]));
    assert_eq!(whole["messages"][0]["about"], "new-device");
}
