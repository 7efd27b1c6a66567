//! Money that is moved once, or to others, and the record of what moved.

use crate::capital::{CFD, CROSS, NOT_ENOUGH, NOT_FOUND, SPOT, Saver, WALLET, books_are_clean};
use crate::common::{BAD_FIELD, Backend, DAY, DEAD_TOKEN, House, Reply, on_both};
use custos_customers::company;
use custos_customers::customer::{LOCKED_BY_OPERATOR, Status};
use custos_store::params;
use serde_json::{Value, json};

on_both!(
    a_key_takes_effect_once,
    a_key_sent_at_once_takes_effect_once,
    others_get_something_only_where_the_company_allows_it,
    a_changed_credential_pauses_what_goes_to_others,
    who_is_frozen_meanwhile_sends_nothing,
    the_record_is_the_callers_own,
);

const OTHER_REQUEST: &str = "FUND_0000007";
const NOT_TO_OTHERS: &str = "FUND_0000010";
const COOLING_OFF: &str = "FUND_0000012";

fn sends_under(saver: &Saver<'_>, key: &str, body: &Value) -> Reply {
    saver.customer.home.with("idempotency-key", Some(key)).call("capitalTransfer", body.clone())
}

fn record(saver: &Saver<'_>, body: Value) -> Value {
    saver.customer.home.call("capitalTransferRecord", body).data().clone()
}

fn a_key_takes_effect_once(backend: Backend) {
    let house = House::open(backend);
    let (mut ada, mut ben) =
        (Saver::new(&house).with(WALLET, "USD", "10"), Saver::new(&house).with(WALLET, "USD", "10"));
    let body = ada.body((WALLET, "USD"), CFD, "4");
    // A refusal leaves the key free.
    sends_under(&ada, "k", &ada.body((WALLET, "USD"), CFD, "11")).is(NOT_ENOUGH);
    for amount in [json!("4"), json!(4), json!("4.00"), json!("04.0")] {
        let mut spelt = body.clone();
        (spelt["amount"], spelt["accountDigit"], spelt["unknown"]) = (amount, 2.into(), json!({}));
        let data = sends_under(&ada, "k", &spelt).data().clone();
        assert_eq!(data, json!({ "surplusAmount": "6.00" }));
    }
    for other in [("amount", json!("4.01")), ("toTradeType", json!(2)), ("currency", json!("USD"))] {
        let mut changed = body.clone();
        changed[other.0] = other.1;
        sends_under(&ada, "k", &changed).is(OTHER_REQUEST);
    }
    // Kept for ever, and whatever has changed since.
    house.advance(400 * DAY);
    for saver in [&mut ada, &mut ben] {
        let token = saver.customer.signs_in_from(&saver.customer.home).text("token");
        saver.customer.home = saver.customer.home.with_token(&token);
    }
    let home = &ada.customer.home;
    let again = home.with("idempotency-key", Some("k")).call("capitalTransfer", body.clone());
    assert_eq!(again.text("surplusAmount"), "6.00");
    // Another key, another customer's same key, and none at all are other requests.
    let anew = |key: Option<&str>| {
        home.with("idempotency-key", key).call("capitalTransfer", ada.body((WALLET, "USD"), CFD, 1))
    };
    for (key, left) in [(Some("K"), "5.00"), (None, "4.00"), (Some("null"), "3.00"), (Some(""), "2.00")] {
        assert_eq!(anew(key).text("surplusAmount"), left);
    }
    let reply = sends_under(&ben, "k", &ben.body((WALLET, "USD"), CFD, 3));
    assert_eq!(reply.text("surplusAmount"), "7.00");
    // What is no key is not taken for none.
    let before = house.snapshot();
    for key in ["two words".to_owned(), "k".repeat(129)] {
        anew(Some(key.as_str())).is(BAD_FIELD).naming("idempotency-key");
    }
    before.is_still(&house.snapshot(), "a key that is none");
    anew(Some("k".repeat(128).as_str())).is("0");
    books_are_clean(&house);
}

fn a_key_sent_at_once_takes_effect_once(backend: Backend) {
    let house = House::open(backend);
    let ada = Saver::new(&house).with(WALLET, "USD", "100");
    let body = ada.body((WALLET, "USD"), CFD, 7);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..16).map(|_| scope.spawn(|| sends_under(&ada, "once", &body))).collect();
        for reply in all {
            assert_eq!(reply.join().unwrap().text("surplusAmount"), "93.00");
        }
    });
    assert_eq!(ada.free(CFD, "USD"), "7.00");
    // Without a key each takes effect, and no more of them than are covered.
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..16).map(|_| scope.spawn(|| ada.sends(&body).code().to_owned())).collect();
        let codes: Vec<String> = all.into_iter().map(|reply| reply.join().unwrap()).collect();
        assert_eq!(codes.iter().filter(|code| *code == "0").count(), 13);
        assert_eq!(codes.iter().filter(|code| *code == NOT_ENOUGH).count(), 3);
    });
    assert_eq!((ada.free(WALLET, "USD").as_str(), ada.free(CFD, "USD").as_str()), ("2.00", "98.00"));
    books_are_clean(&house);
}

fn others_get_something_only_where_the_company_allows_it(backend: Backend) {
    let house = House::open(backend);
    let other_company = house.add_company(true);
    let ada = Saver::new(&house).with(WALLET, "USD", "10");
    let (ben, cam) = (Saver::new(&house), Saver::of(&house, other_company));
    let to = |number: &str| {
        let mut body = ada.body((WALLET, "USD"), WALLET, 1);
        body["toCustomerNo"] = number.into();
        body
    };
    // While it is off, it tells nothing of who there is.
    for number in [&ben.customer.number, &cam.customer.number, "1"] {
        ada.is_refused(&to(number), NOT_TO_OTHERS);
    }
    house.set(1, |settings| settings.transfers_to_others = true);
    let long = "9".repeat(64);
    for number in [&cam.customer.number, "1", &ben.customer.email, "x", &long] {
        ada.is_refused(&to(number), NOT_FOUND);
    }
    let sent = "SELECT count(*) FROM audit_log WHERE action = 'ledger.transfer'";
    assert_eq!(house.number(sent), 0);
    assert_eq!(ada.sends(&to(&ben.customer.number)).text("surplusAmount"), "9.00");
    assert_eq!((ben.free(WALLET, "USD").as_str(), house.number(sent)), ("1.00", 1));
    // Theirs by its id; never one of the caller's own under the other's number.
    let mut body = to(&ben.customer.number);
    body["toAccountId"] = ben.id(WALLET, "USD").into();
    ada.sends(&body).is("0");
    body["toAccountId"] = ada.id(WALLET, "USD").into();
    ada.is_refused(&body, NOT_FOUND);
    // What a test group is given stays in it.
    let practice =
        house.read(|tx| Ok(company::groups(tx, 1)?.into_iter().find(|group| group.kind == 1).unwrap().id));
    sets(&house, "UPDATE customers SET group_id = $2 WHERE id = $1", ben.customer.id, practice);
    ada.is_refused(&to(&ben.customer.number), NOT_TO_OTHERS);
    sets(&house, "UPDATE customers SET group_id = $2 WHERE id = $1", ada.customer.id, practice);
    ada.sends(&to(&ben.customer.number)).is("0");
    books_are_clean(&house);
}

/// Changes a number in a customer's row.
fn sets(house: &House, sql: &'static str, id: i64, value: i64) {
    house.write(move |tx| {
        tx.execute(sql, params![id, value])?;
        tx.touch(id);
        Ok(())
    });
}

fn a_changed_credential_pauses_what_goes_to_others(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.transfers_to_others = true);
    let (ada, ben) = (Saver::new(&house).with(WALLET, "USD", "10"), Saver::new(&house));
    let mut body = ada.body((WALLET, "USD"), WALLET, 1);
    body["toCustomerNo"] = ben.customer.number.clone().into();
    sets(
        &house,
        "UPDATE customers SET cool_off_until = $2 WHERE id = $1",
        ada.customer.id,
        house.now() + DAY,
    );
    ada.is_refused(&body, COOLING_OFF);
    // The customer's own accounts are no way out.
    ada.sends(&ada.body((WALLET, "USD"), CFD, 1)).is("0");
    house.advance(DAY);
    ada.sends(&body).is("0");
    // Nobody who is out of use gets something.
    house.put_into_status(&ben.customer, Status::Disabled);
    ada.is_refused(&body, NOT_FOUND);
}

/// The freeze has come between the look at the session and the transfer, which has waited for it.
fn who_is_frozen_meanwhile_sends_nothing(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.transfers_to_others = true);
    let (ada, ben) = (Saver::new(&house).with(WALLET, "USD", "10"), Saver::new(&house));
    let mut body = ada.body((WALLET, "USD"), WALLET, 1);
    body["toCustomerNo"] = ben.customer.number.clone().into();
    ada.sends(&body).is("0");
    // Past the caches, as on another replica: the session looks good here.
    let id = ada.customer.id;
    house.write(move |tx| {
        tx.execute("UPDATE customers SET locked_until = $2 WHERE id = $1", params![id, LOCKED_BY_OPERATOR])?;
        Ok(())
    });
    ada.is_refused(&body, DEAD_TOKEN);
    assert_eq!(ben.free(WALLET, "USD"), "1.00");
}

fn the_record_is_the_callers_own(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.transfers_to_others = true);
    let ada = Saver::new(&house).with(WALLET, "USD", "10").with(WALLET, "USDT", "10");
    let ben = Saver::new(&house);
    let nothing = json!({ "records": [], "total": 0, "size": 20, "current": 1 });
    assert_eq!(record(&ada, json!({})), nothing);
    let begun = house.now();
    ada.sends(&ada.body((WALLET, "USD"), CFD, "1.5")).is("0");
    house.advance(1_000);
    ada.sends(&ada.body((WALLET, "USDT"), SPOT, 2)).is("0");
    house.advance(1_000);
    let mut body = ada.body((WALLET, "USD"), WALLET, 3);
    body["toCustomerNo"] = ben.customer.number.clone().into();
    ada.sends(&body).is("0");
    let at = |number: i64| (begun + number * 1_000).to_string();
    let row = |currency: &str,
               amount: &str,
               (out, out_type): (i64, i64),
               (into, in_type): (i64, i64),
               when| {
        json!({
            "outAccountId": out, "outCurrencyCode": currency, "outTradeType": out_type, "outAmount": amount,
            "inAccountId": into, "inCurrencyCode": currency, "inTradeType": in_type, "inAmount": amount,
            "createTime": when,
        })
    };
    let (dollars, tethers) = (ada.id(WALLET, "USD"), ada.id(WALLET, "USDT"));
    let first = row("USD", "1.50", (dollars, WALLET), (ada.id(CFD, "USD"), CFD), at(0));
    let second = row("USDT", "2.000000", (tethers, WALLET), (ada.id(SPOT, "USDT"), SPOT), at(1));
    let third = row("USD", "3.00", (dollars, WALLET), (0, WALLET), at(2));
    let all = [&third, &second, &first];
    assert_eq!(record(&ada, json!({}))["records"], json!(all));
    assert_eq!(
        record(&ada, json!({ "size": 2 })),
        json!({ "records": all[..2], "total": 3, "size": 2, "current": 1 })
    );
    let last = record(&ada, json!({ "size": "2", "current": "2", "downloadType": 1 }));
    assert_eq!(last, json!({ "records": all[2..], "total": 3, "size": 2, "current": 2 }));
    let beyond = record(&ada, json!({ "size": 2, "current": 3 }));
    assert_eq!((&beyond["records"], &beyond["total"]), (&json!([]), &json!(3)));
    let assets = &ada.customer.account((WALLET, "USDT"))["assetsId"];
    for (filter, due) in [
        (json!({ "tradeType": CFD }), vec![&first]),
        (json!({ "tradeType": SPOT }), vec![&second]),
        (json!({ "tradeType": WALLET }), all.to_vec()),
        (json!({ "tradeType": CROSS }), vec![]),
        (json!({ "assetsId": assets }), vec![&second]),
        (json!({ "startTime": begun + 1_000, "endTime": begun + 1_000 }), vec![&second]),
        (json!({ "startTime": begun + 1_001 }), vec![&third]),
        (json!({ "endTime": begun + 999 }), vec![&first]),
        (json!({ "tradeType": CFD, "assetsId": assets }), vec![]),
    ] {
        let page = record(&ada, filter.clone());
        assert_eq!((&page["records"], &page["total"]), (&json!(due), &json!(due.len())), "{filter}");
    }
    // Whoever got something reads that, without whose account it came from.
    let received = row("USD", "3.00", (0, WALLET), (ben.id(WALLET, "USD"), WALLET), at(2));
    let due = json!({ "records": [received], "total": 1, "size": 20, "current": 1 });
    assert_eq!(record(&ben, json!({})), due);
    let other = Saver::of(&house, house.add_company(true));
    assert_eq!(record(&other, json!({})), nothing);
    ada.customer.home.call("capitalTransferRecord", json!({ "size": 101 })).is(BAD_FIELD).naming("size");
}
