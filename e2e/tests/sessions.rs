//! What customers see of their own sessions and of their account's history, and how they end a session.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use e2e::codes::{DEAD_TOKEN, FIELD_MISSING, FIELD_WRONG, NO_TOKEN, WRONG_ACCOUNT_OR_PASSWORD};
use e2e::{Backend, Client, PASSWORD, Person, Server, all_at_once, md5, on_both, password, text_of};
use serde_json::{Value, json};

on_both!(
    a_session_tells_where_it_is_from,
    sessions_come_and_go,
    one_session_is_ended,
    only_own_sessions_are_ended,
    all_others_are_ended,
    ended_at_once_by_many,
    guests_see_and_end_nothing,
    ended_sessions_stay_ended,
    history_tells_what_happened,
    history_is_ones_own,
    history_comes_in_pages,
);

const UNKNOWN: &str = "CUSTOMER_API_0000003";
const OPERATIONS: &[&str] = &["list", "revoke", "revokeOthers", "history"];

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    u64::try_from(since.as_millis()).expect("not before the year 500 million")
}

#[track_caller]
fn sessions(client: &Client) -> Vec<Value> {
    client.call("list", json!({})).data().as_array().expect("an array").clone()
}

/// The id of the session that this client uses.
#[track_caller]
fn own_id(client: &Client) -> i64 {
    let all = sessions(client);
    let current: Vec<_> = all.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1, "{all:?}");
    current[0]["id"].as_i64().expect("a number")
}

#[track_caller]
fn ids(client: &Client) -> BTreeSet<i64> {
    let all = sessions(client);
    let ids: BTreeSet<_> = all.iter().map(|session| session["id"].as_i64().expect("a number")).collect();
    assert_eq!(ids.len(), all.len(), "{all:?}");
    ids
}

#[track_caller]
fn is_dead(client: &Client) {
    client.call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
}

/// A page of the history, checked.
#[track_caller]
fn page(client: &Client, body: Value) -> (u64, Vec<Value>) {
    let page = client.call("history", body).data();
    let records = page["records"].as_array().expect("an array").clone();
    assert!(page["size"].is_u64() && page["current"].is_u64(), "{page}");
    for record in &records {
        assert!(record["id"].is_i64() && record["time"].is_u64(), "{record}");
        for text in ["action", "outcome", "address"] {
            assert!(record[text].is_string(), "{record}");
        }
    }
    (page["total"].as_u64().expect("a number"), records)
}

/// Actions and outcomes, newest first.
#[track_caller]
fn told(client: &Client) -> Vec<(String, String)> {
    let (total, records) = page(client, json!({"size": 100}));
    assert_eq!(records.len() as u64, total);
    records.iter().map(|record| (text_of(&record["action"]), text_of(&record["outcome"]))).collect()
}

fn a_session_tells_where_it_is_from(backend: Backend) {
    let server = Server::start_with(
        backend,
        &[("CUSTOS_TRUSTED_PROXIES", "127.0.0.0/8"), ("CUSTOS_COUNTRY_HEADER", "x-country")],
    );
    let began = now();
    let person = Person::by_email(&server);
    let first = sessions(&person.client);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0]["current"], true);
    for (device, agent, address, country) in [
        (4, "Shop/3.1 (Android 15; Pixel 9)", "203.0.113.7", "DE"),
        (5, "Shop/3.1 (iPhone)", "2001:db8:1:2::7", "GB"),
        (2, "Mozilla/5.0 <script>alert(1)</script>", "198.51.100.9", "CN"),
    ] {
        let mut form = person.login_form(PASSWORD);
        form["device"] = device.into();
        let request = server.visitor().request("login").json(&form);
        let request = request.header("user-agent", agent).header("x-forwarded-for", address);
        let data = request.header("x-country", country).send().data();
        let client = server.visitor().with_token(&text_of(&data["token"]));
        let own = own_id(&client);
        let all = sessions(&client);
        let told = all.iter().find(|session| session["id"] == own).expect("its own");
        assert_eq!(told["device"], device, "{told}");
        assert_eq!(told["agent"], agent, "{told}");
        assert_eq!(told["address"], address, "{told}");
        assert_eq!(told["country"], country, "{told}");
        let (seen_first, seen_last) = (told["firstSeen"].as_u64(), told["lastSeen"].as_u64());
        let (seen_first, seen_last) = (seen_first.expect("ms"), seen_last.expect("ms"));
        assert!(began <= seen_first && seen_first <= seen_last && seen_last <= now(), "{told}");
        // Whoever reads the list gets no session by it.
        let text = all.iter().map(Value::to_string).collect::<String>();
        assert!(!text.contains(client.token()) && !text.contains(person.client.token()), "{text}");
    }
    let all = sessions(&person.client);
    assert_eq!(all.len(), 4);
    // The last used comes first. No proxy told the country of the first of all.
    let seen = |session: &Value| session["lastSeen"].as_u64().expect("ms");
    assert!(all.is_sorted_by(|newer, older| seen(newer) >= seen(older)), "{all:?}");
    let first = all.iter().find(|session| session["current"] == true).expect("its own");
    assert_eq!(first["country"], "");
}

fn sessions_come_and_go(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let first = own_id(&person.client);
    let other = person.another_session(&server);
    let second = own_id(&other);
    assert_ne!(first, second);
    assert_eq!(ids(&person.client), BTreeSet::from([first, second]));
    assert_eq!(ids(&other), BTreeSet::from([first, second]));
    assert_eq!(own_id(&person.client), first);
    // A failed sign-in opens none; signing out ends one.
    person.tries(&server, "wrong").refused(WRONG_ACCOUNT_OR_PASSWORD);
    assert_eq!(ids(&other).len(), 2);
    other.signs_out();
    is_dead(&other);
    assert_eq!(ids(&person.client), BTreeSet::from([first]));
    // Another token for the same session makes no second one.
    let swapped = person.client.call("/global/thirdExt/randomKey", json!({})).data();
    let client = person.client.with_token(&text_of(&swapped));
    assert_eq!(ids(&client).len(), 1);
    own_id(&client);
    is_dead(&person.client);
    // What an operator ends is gone from the list as well.
    let other = person.another_session(&server);
    assert_eq!(ids(&other).len(), 2);
    server.end_sessions(&person.number).succeeds();
    is_dead(&other);
    is_dead(&client);
    let back = person.another_session(&server);
    assert_eq!(ids(&back), BTreeSet::from([own_id(&back)]));
}

fn one_session_is_ended(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let (ada, other, third) =
        (&person.client, person.another_session(&server), person.another_session(&server));
    let (own, second) = (own_id(ada), own_id(&other));
    for nothing in [json!({}), json!({"id": ""}), json!({"id": null})] {
        ada.call("revoke", nothing).refused(FIELD_MISSING).naming("id");
    }
    for wrong in
        [json!("x"), json!(0), json!(-1), json!(1.5), json!(true), json!([second]), json!(1_u64 << 53)]
    {
        ada.call("revoke", json!({"id": wrong})).refused(FIELD_WRONG).naming("id");
    }
    ada.call("revoke", json!({"id": second + 1})).refused(UNKNOWN);
    assert_eq!(ids(ada).len(), 3);
    // Ids may come as texts.
    ada.call("revoke", json!({"id": second.to_string()})).data();
    is_dead(&other);
    other.call("list", json!({})).refused(DEAD_TOKEN);
    assert!(!ids(ada).contains(&second));
    ada.call("revoke", json!({"id": second})).refused(UNKNOWN);
    third.record();
    // One's own is as good as signing out.
    third.call("revoke", json!({"id": own_id(&third)})).data();
    is_dead(&third);
    assert_eq!(ids(ada), BTreeSet::from([own]));
    // Ending sessions is no change of a credential.
    assert_eq!(ada.record()["withdraw"], 1);
    person.tries(&server, PASSWORD).data();
}

fn only_own_sessions_are_ended(backend: Backend) {
    let server = Server::start(backend);
    let (ada, ben) = (Person::by_email(&server), Person::by_email(&server));
    let company = server.add_company("Other");
    let cleo = server.visitor().of_company(company).signs_up();
    let made_up = ada.client.call("revoke", json!({"id": (1_u64 << 53) - 1})).refused(UNKNOWN);
    for (victim, id) in [(&ben.client, own_id(&ben.client)), (&cleo.client, own_id(&cleo.client))] {
        let refused = ada.client.call("revoke", json!({"id": id})).refused(UNKNOWN);
        // As if it did not exist.
        assert_eq!(refused.msg(), made_up.msg());
        victim.record();
        assert_eq!(own_id(victim), id);
    }
    ada.client.call("revokeOthers", json!({})).data();
    ben.client.record();
    cleo.client.record();
    assert!(ids(&ada.client).is_disjoint(&ids(&ben.client)));
    // A token counts in its own company only.
    for operation in OPERATIONS {
        let id = own_id(&cleo.client);
        ada.client.of_company(company).call(operation, json!({"id": id})).refused(DEAD_TOKEN);
    }
    cleo.client.record();
}

fn all_others_are_ended(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let others: Vec<_> = (0..4).map(|_| person.another_session(&server)).collect();
    let last = others.last().expect("four");
    let own = own_id(last);
    last.call("revokeOthers", json!({})).data();
    is_dead(&person.client);
    others[..3].iter().for_each(is_dead);
    assert_eq!(ids(last), BTreeSet::from([own]));
    // With no others there is nothing to do, and no harm done.
    last.call("revokeOthers", json!({})).data();
    assert_eq!(last.record()["withdraw"], 1);
    // Who was sent away may sign in again.
    assert_eq!(ids(&person.another_session(&server)).len(), 2);
}

fn ended_at_once_by_many(backend: Backend) {
    let server = Server::start(backend);
    for _ in 0..20 {
        let person = Person::by_email(&server);
        let mut all: Vec<_> = (0..4).map(|_| person.another_session(&server)).collect();
        all.push(person.client.clone());
        // Each ends all the others, and itself is ended by them: one stays, or, if they cross, none.
        let replies = all_at_once(5, |n| all[n].call("revokeOthers", json!({})));
        assert!(replies.iter().any(e2e::Reply::is_ok));
        for reply in replies.iter().filter(|reply| !reply.is_ok()) {
            reply.clone().refused(DEAD_TOKEN);
        }
        let alive = all.iter().filter(|client| client.call("findCustomerInfo", json!({})).is_ok()).count();
        assert!(alive <= 1, "{alive} of 5 are alive");

        let (ender, victim) = (person.another_session(&server), person.another_session(&server));
        let id = own_id(&victim);
        let replies = all_at_once(5, |_| ender.elsewhere().call("revoke", json!({"id": id})));
        assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 1);
        is_dead(&victim);
    }
}

fn guests_see_and_end_nothing(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let id = own_id(&person.client);
    for operation in OPERATIONS {
        server.visitor().call(operation, json!({"id": id})).refused(NO_TOKEN);
        server.visitor().with_token("long-dead").call(operation, json!({"id": id})).refused(DEAD_TOKEN);
    }
    assert_eq!(own_id(&person.client), id);
}

fn ended_sessions_stay_ended(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let others = [person.another_session(&server), person.another_session(&server)];
    let kept = own_id(&person.client);
    person.client.call("revoke", json!({"id": own_id(&others[0])})).data();
    server.kill();
    server.restart();
    let back = |client: &Client| server.visitor().with_token(client.token());
    is_dead(&back(&others[0]));
    back(&others[1]).record();
    let client = back(&person.client);
    assert_eq!(own_id(&client), kept);
    client.call("revokeOthers", json!({})).data();
    server.kill();
    server.restart();
    is_dead(&back(&others[1]));
    assert_eq!(own_id(&back(&person.client)), kept);
}

fn history_tells_what_happened(backend: Backend) {
    let server = Server::start(backend);
    let began = now();
    let person = Person::by_email(&server);
    let client = &person.client;
    let happened = |what: &dyn Fn()| {
        let before = told(client);
        what();
        let mut after = told(client);
        // Nothing that was told is ever told in another way.
        assert!(after.ends_with(&before), "{before:?} {after:?}");
        after.truncate(after.len() - before.len());
        after
    };
    assert_eq!(told(client).len(), 1, "the registration");
    let event = |action: &str, outcome: &str| vec![(action.to_owned(), outcome.to_owned())];
    assert_eq!(happened(&|| drop(person.another_session(&server))), event("sign_in", "ok"));
    let failed = happened(&|| drop(person.tries(&server, "wrong").refused(WRONG_ACCOUNT_OR_PASSWORD)));
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].0, "sign_in");
    assert_ne!(failed[0].1, "ok");
    let ending = happened(&|| drop(client.call("revokeOthers", json!({})).data()));
    assert_eq!(ending.len(), 1, "{ending:?}");
    let change = json!({"oldPwd": password(), "newPwd": md5("n3w-Passw0rd!")});
    let changed = happened(&|| drop(client.call("updateLoginPwd", change.clone()).data()));
    assert_eq!(changed, event("credential.login_password", "ok"));
    let refused = happened(&|| assert!(!client.call("updateLoginPwd", change.clone()).is_ok()));
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_ne!(refused[0].1, "ok");
    // Reading is no event.
    let nothing = happened(&|| {
        client.record();
        sessions(client);
    });
    assert!(nothing.is_empty(), "{nothing:?}");

    let form = person.login_form("n3w-Passw0rd!");
    let data = server.visitor().call("login", form).data();
    let (_, records) = page(client, json!({}));
    let others = sessions(client).into_iter().find(|session| session["current"] == false);
    assert_eq!(records[0]["address"], others.expect("the new one")["address"]);
    for record in &records {
        let time = record["time"].as_u64().expect("ms");
        assert!(began <= time && time <= now(), "{record}");
        // No secret, and no other person's business.
        let text = record.to_string();
        for secret in [&text_of(&data["token"]), &password(), person.email()] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

fn history_is_ones_own(backend: Backend) {
    let server = Server::start(backend);
    let (ada, ben) = (Person::by_email(&server), Person::by_email(&server));
    let company = server.add_company("Other");
    let cleo = server.visitor().of_company(company).signs_up();
    let before = [told(&ada.client), told(&cleo.client)];
    for _ in 0..3 {
        ben.another_session(&server);
        ben.tries(&server, "wrong");
    }
    assert_eq!([told(&ada.client), told(&cleo.client)], before);
    assert_eq!(told(&ben.client).len(), 7);
    // No field of a request makes it someone else's.
    let number = &ada.number;
    let ids = json!({"customerNo": number, "customerId": ada.client.record()["id"], "companyId": company});
    let (total, _) = page(&ben.client, ids);
    assert_eq!(total, 7);
}

fn history_comes_in_pages(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let client = &person.client;
    for _ in 0..24 {
        person.another_session(&server);
    }
    let (total, whole) = page(client, json!({"size": 100}));
    assert_eq!((total, whole.len()), (25, 25));
    let id = |record: &Value| record["id"].as_i64().expect("a number");
    assert!(whole.is_sorted_by(|newer, older| id(newer) > id(older)));
    let time = |record: &Value| record["time"].as_u64().expect("ms");
    assert!(whole.is_sorted_by(|newer, older| time(newer) >= time(older)));
    assert_eq!(whole[24]["action"], "register");

    for size in [1, 7, 24, 25] {
        let mut put_together = Vec::new();
        for current in 1.. {
            let (total, records) = page(client, json!({"size": size, "current": current.to_string()}));
            assert_eq!(total, 25);
            if records.is_empty() {
                break;
            }
            assert!(records.len() <= size);
            put_together.extend(records);
        }
        assert_eq!(put_together, whole);
    }
    let first = client.call("history", json!({})).data();
    assert_eq!((&first["size"], &first["current"], &first["total"]), (&json!(20), &json!(1), &json!(25)));
    assert_eq!(first["records"].as_array().map(Vec::len), Some(20));
    for (field, wrong) in [
        ("size", json!(0)),
        ("size", json!(101)),
        ("size", json!("all")),
        ("current", json!(0)),
        ("current", json!(9_007_199_254_740_991_u64)),
    ] {
        client.call("history", json!({field: wrong})).refused(FIELD_WRONG).naming(field);
    }
    let (total, beyond) = page(client, json!({"size": 100, "current": 10_000}));
    assert_eq!((total, beyond.len()), (25, 0));
}
