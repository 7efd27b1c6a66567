//! The feed of what happened: in one order, nothing left out, nothing told that was taken back.

use crate::common::{Backend, Customer, DAY, House, Snapshot, eventually, on_both};
use custos_customers::customer::Status;
use custos_operations::error::{Error, Gate};
use custos_operations::feed;
use custos_store::events;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc;

on_both!(
    what_happens_is_told,
    what_is_refused_is_not_told,
    nothing_that_could_harm_is_told,
    many_writers_and_a_reader_that_never_misses_any,
    companies_have_feeds_of_their_own,
    old_events_go_and_a_late_reader_learns_of_it,
    two_servers_number_one_feed,
);

/// The whole feed, once everything has its number.
fn all(house: &House, company: i64) -> Vec<Value> {
    house.settle();
    house.read(move |tx| Ok(feed::list(tx, company, 0, 10_000)?)).events
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn what_happens_is_told(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = (house.customer(), house.customer());
    house.gives(&ada, (8, "USDT"), "5");
    let from = ada.account((8, "USDT"));
    let body = json!({
        "accountId": from["accountId"], "toTradeType": 3, "toCustomerNo": ada.number, "amount": "1", "currency": "USDT",
    });
    ada.home.call("capitalTransfer", body).is("0");
    ada.home.call("bindAssertsPwd", json!({ "pwd": crate::common::md5("fund secret 1") })).is("0");
    house.put_into_status(&bob, Status::Locked);
    house.put_into_status(&bob, Status::Disabled);
    let told = all(&house, 1);
    assert_eq!(
        kinds(&told),
        [
            "customer.registered",
            "customer.registered",
            "transfer.posted",
            "transfer.posted",
            "credential.changed",
            "customer.frozen",
            "customer.status_changed",
        ]
    );
    for (place, event) in told.iter().enumerate() {
        assert_eq!(event["seq"], place + 1);
        let whose = if [1, 5, 6].contains(&place) { &bob } else { &ada };
        assert_eq!(event["data"]["customerId"], whose.id, "{event}");
        assert_eq!(event["data"]["customerNo"], whose.number.as_str(), "{event}");
        assert_eq!(event["data"]["companyId"], 1, "{event}");
        assert!(event["timestamp"].as_str().unwrap().starts_with("2027-01-15T08:00:"), "{event}");
    }
    assert_eq!(told[3]["data"]["businessType"], 5);
    assert_eq!(told[4]["data"]["what"], "fund-password");
    assert_eq!(told[6]["data"]["status"], 2);
    let ids: BTreeSet<&str> = told.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), told.len());
}

fn what_is_refused_is_not_told(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let before = all(&house, 1);
    let id = ada.id;
    let refused = house.store().write_blocking(move |tx| {
        events::emit(tx, 1, "customer.registered", id, json!({}))?;
        Err::<(), Error>(Gate::DeadToken.refuse())
    });
    assert!(refused.is_err());
    ada.fails_from(&ada.home);
    let now: Snapshot = house.snapshot();
    assert_eq!(all(&house, 1), before);
    now.is_still(&house.snapshot(), "nothing");
}

fn nothing_that_could_harm_is_told(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.bind_phone(&ada, "13900000001");
    let secret = house.turn_mfa_on(&ada);
    let code = ada.home.code("EMAIL_PASSWORD", &ada.email);
    let body = json!({
        "type": 1, "loginName": ada.email, "newPwd": crate::common::md5("another Secret 1"),
        "verifyCode": code.digits, "sendToken": code.ticket, "googleCode": house.google_code(&secret, 0),
    });
    house.visitor().call("forgetLoginPwd", body).is("0");
    let text = json!(all(&house, 1)).to_string();
    assert!(text.contains("login-password"), "{text}");
    let md5 = crate::common::md5("another Secret 1");
    for harmful in [ada.email.as_str(), "13900000001", &md5, &code.digits, &code.ticket, ada.home.token()] {
        assert!(!text.contains(harmful), "{harmful} in {text}");
    }
}

/// Events that all writers write together.
const WRITERS: i64 = 6;
const EACH: i64 = 40;

fn many_writers_and_a_reader_that_never_misses_any(backend: Backend) {
    let house = House::open(backend);
    let store = house.store().clone();
    let seen = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = store.clone();
            scope.spawn(move || {
                for number in 0..EACH {
                    let work = move |tx: &mut custos_store::Tx<'_>| {
                        events::emit(tx, 1, "test.happened", 0, json!({ "n": writer * EACH + number }))?;
                        // Some are taken back.
                        if number % 8 == 7 { Err(Gate::DeadToken.refuse()) } else { Ok::<_, Error>(()) }
                    };
                    let _ = store.write_blocking(work);
                }
            });
        }
        let (mut seen, mut cursor): (Vec<i64>, i64) = (Vec::new(), 0);
        eventually("all events", || {
            let page = store.read_blocking(move |tx| events::list(tx, 1, cursor, 7)).unwrap();
            for event in page.events {
                assert_eq!(event.seq, cursor + 1, "no gap, and no number comes late");
                cursor = event.seq;
                seen.push(event.data["n"].as_i64().unwrap());
            }
            (seen.len() as i64 == WRITERS * EACH * 7 / 8).then_some(())
        });
        seen
    });
    let mut once = seen.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "each once");
    for writer in 0..WRITERS {
        let own: Vec<i64> = seen.iter().copied().filter(|n| n / EACH == writer).collect();
        assert!(own.is_sorted(), "what one did after the other is told after the other");
    }
}

/// The case that ids alone would lose: the older id commits later. On SQLite there is one writer, so it can't happen.
#[test]
fn an_event_that_commits_late_is_not_skipped() {
    let house = House::open(Backend::Postgres);
    let store = house.store().clone();
    let (early_written, wait_for_early) = mpsc::channel();
    let (let_go, wait_to_go) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let slow = store.clone();
        let late = scope.spawn(move || {
            slow.write_blocking(move |tx| {
                events::emit(tx, 1, "test.early", 0, json!({}))?;
                // The row is there before the other's begins.
                tx.value::<i64>("SELECT count(*) FROM event_queue", &[])?;
                early_written.send(()).unwrap();
                wait_to_go.recv().unwrap();
                Ok::<_, Error>(())
            })
            .unwrap();
        });
        wait_for_early.recv().unwrap();
        store.write_blocking(|tx| Ok::<_, Error>(events::emit(tx, 1, "test.late", 0, json!({}))?)).unwrap();
        let read = |after: i64| store.read_blocking(move |tx| events::list(tx, 1, after, 10)).unwrap().events;
        let first = eventually("the first", || Some(read(0)).filter(|all| !all.is_empty()));
        assert_eq!((first.len(), first[0].kind.as_str()), (1, "test.late"));
        let_go.send(()).unwrap();
        late.join().unwrap();
        let second = eventually("the second", || Some(read(first[0].seq)).filter(|all| !all.is_empty()));
        assert_eq!((second.len(), second[0].kind.as_str(), second[0].seq), (1, "test.early", 2));
        assert!(second[0].id < first[0].id);
    });
}

fn companies_have_feeds_of_their_own(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let (ada, eve): (Customer, Customer) = (house.customer(), house.customer_of(other));
    for (company, customer) in [(1, &ada), (other, &eve)] {
        let told = all(&house, company);
        assert_eq!((told.len(), &told[0]["data"]["customerId"]), (1, &json!(customer.id)));
        assert_eq!(told[0]["seq"], 1);
    }
}

fn old_events_go_and_a_late_reader_learns_of_it(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.events_kept_days = 7);
    house.customer();
    house.settle();
    house.advance(5 * DAY);
    house.customer();
    house.settle();
    house.advance(2 * DAY);
    let events = custos_customers::chores::EXPIRIES.iter().find(|one| one.table == "events").unwrap();
    assert_eq!(custos_store::chores::remove_batch(house.store(), *events).unwrap(), 1);
    let page = house.read(|tx| Ok(feed::list(tx, 1, 0, 10)?));
    assert_eq!((page.events.len(), page.oldest, page.newest, page.next), (1, 2, 2, 2));
    house.customer();
    let told = all(&house, 1);
    assert_eq!(told.last().unwrap()["seq"], 3, "numbers go on");
}

fn two_servers_number_one_feed(backend: Backend) {
    if backend == Backend::Sqlite {
        // One process has a SQLite database.
        return;
    }
    let house = House::open(backend);
    let twin = house.replica();
    std::thread::scope(|scope| {
        for store in [house.store(), twin.store()] {
            scope.spawn(move || {
                for _ in 0..60 {
                    store
                        .write_blocking(|tx| {
                            Ok::<_, Error>(events::emit(tx, 1, "test.happened", 0, json!({}))?)
                        })
                        .unwrap();
                }
            });
        }
    });
    let told = all(&house, 1);
    assert_eq!(told.len(), 120);
    assert!(told.iter().enumerate().all(|(place, event)| event["seq"] == place + 1));
}
