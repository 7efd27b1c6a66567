//! Events sent to companies' systems: signed, in their order, again until they are taken.

use crate::common::{Backend, DAY, HOUR, House, MINUTE, eventually, on_both};
use crate::http_server::{HttpServer, Request, response};
use custos_delivery::webhook;
use custos_delivery::webhooks::{self, Webhook};
use custos_operations::error::Error;
use custos_store::events;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

on_both!(
    an_event_comes_signed,
    what_is_not_taken_comes_again_before_all_others,
    two_signatures_while_a_secret_is_replaced,
    only_what_is_wanted_comes,
    one_that_takes_nothing_for_three_days_is_given_up,
    one_that_is_gone_is_given_up_at_once,
    what_is_not_public_is_not_called,
    a_redirect_is_not_followed,
    a_secret_that_can_not_be_opened_stops_nobody_else,
    secrets_are_sealed_and_survive_new_keys,
);

const WHO: &str = "operator:test";

fn open(backend: Backend) -> House {
    House::open_with(backend, |config| config.webhook_networks = vec!["127.0.0.1".to_owned()])
}

fn add(house: &House, url: &str, types: &[&str]) -> (i64, [u8; 32]) {
    let (url, types) = (url.to_owned(), types.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
    house.write(move |tx| Ok(webhooks::add(tx, 1, &url, &types, WHO)?)).unwrap()
}

fn happens(house: &House, kind: &'static str, n: i64) {
    house.write(move |tx| Ok::<_, Error>(events::emit(tx, 1, kind, 0, json!({ "n": n }))?));
    house.settle();
}

fn state(house: &House) -> Webhook {
    house.read(|tx| Ok(webhooks::list(tx, 1)?)).remove(0)
}

fn taking(count: usize) -> HttpServer {
    HttpServer::start(vec![response("204 No Content", "", ""); count])
}

/// The signatures that the receiver works out by itself, from the secret as it was told.
fn is_signed(request: &Request, secret: &[u8; 32]) -> bool {
    let text = webhook::secret_text(secret);
    let key = data_encoding::BASE64.decode(text.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    let (id, at) = (request.header("webhook-id").unwrap(), request.header("webhook-timestamp").unwrap());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{at}.{}", request.body).as_bytes());
    let due = format!("v1,{}", data_encoding::BASE64.encode(&mac.finalize().into_bytes()));
    request.header("webhook-signature").unwrap().split(' ').any(|signature| signature == due)
}

fn n(request: &Request) -> i64 {
    request.json()["data"]["n"].as_i64().unwrap()
}

fn an_event_comes_signed(backend: Backend) {
    let house = open(backend);
    happens(&house, "test.before", 0);
    let server = taking(2);
    let (id, secret) = add(&house, &server.base, &[]);
    happens(&house, "test.happened", 1);
    happens(&house, "test.happened", 2);
    let requests = server.requests();
    assert_eq!(requests.iter().map(n).collect::<Vec<_>>(), [1, 2], "what was before is not told");
    for request in &requests {
        assert!(is_signed(request, &secret));
        assert!(!is_signed(request, &[7; 32]));
        let at: i64 = request.header("webhook-timestamp").unwrap().parse().unwrap();
        assert_eq!(at, house.now() / 1_000);
        let body: Value = request.json();
        assert_eq!(body["type"], "test.happened");
        assert_eq!(request.header("webhook-id"), body["id"].as_str());
    }
    let state =
        eventually("the last to be noted", || Some(state(&house)).filter(|state| state.position == 3));
    assert_eq!((state.id, state.enabled, state.attempts), (id, true, 0));
}

fn what_is_not_taken_comes_again_before_all_others(backend: Backend) {
    let house = open(backend);
    let (bad, good) = (response("500 Oops", "", "secret words"), response("200 OK", "", ""));
    let server = HttpServer::start(vec![bad.clone(), bad, good.clone(), good]);
    let (_, secret) = add(&house, &server.base, &[]);
    happens(&house, "test.happened", 1);
    for tries in 1..=2 {
        let failed =
            eventually("a failed try", || Some(state(&house)).filter(|state| state.attempts == tries));
        assert!(failed.enabled && failed.reason.contains("500") && !failed.reason.contains("secret"));
        if tries == 1 {
            happens(&house, "test.happened", 2);
        }
        // Past the pause, and past what is added to it by chance.
        house.advance(MINUTE);
    }
    let requests = server.requests();
    assert_eq!(requests.iter().map(n).collect::<Vec<_>>(), [1, 1, 1, 2]);
    assert_eq!(requests[0].header("webhook-id"), requests[2].header("webhook-id"));
    assert!(requests.iter().all(|request| is_signed(request, &secret)));
}

fn two_signatures_while_a_secret_is_replaced(backend: Backend) {
    let house = open(backend);
    let server = taking(3);
    let (id, old) = add(&house, &server.base, &[]);
    happens(&house, "test.happened", 1);
    eventually("the first", || (state(&house).delivered_at > 0).then_some(()));
    let new = house.write(move |tx| Ok(webhooks::rotate(tx, 1, id, HOUR, WHO)?)).unwrap();
    happens(&house, "test.happened", 2);
    eventually("the second", || (state(&house).position == 2).then_some(()));
    house.advance(HOUR);
    happens(&house, "test.happened", 3);
    let signed: Vec<_> = server
        .requests()
        .iter()
        .map(|request| (is_signed(request, &old), is_signed(request, &new)))
        .collect();
    assert_eq!(signed, [(true, false), (true, true), (false, true)]);
}

fn only_what_is_wanted_comes(backend: Backend) {
    let house = open(backend);
    let server = taking(2);
    add(&house, &server.base, &["kyc.*", "test.wanted"]);
    for (number, kind) in ["test.other", "kyc.passed", "kycx.passed", "test.wanted"].into_iter().enumerate() {
        happens(&house, kind, i64::try_from(number).unwrap());
    }
    assert_eq!(server.requests().iter().map(n).collect::<Vec<_>>(), [1, 3]);
    eventually("all to be looked at", || (state(&house).position == 4).then_some(()));
    happens(&house, "test.other", 4);
    eventually("it to be left out", || (state(&house).position == 5).then_some(()));
}

/// An address where nobody answers.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn one_that_takes_nothing_for_three_days_is_given_up(backend: Backend) {
    let house = open(backend);
    let (id, _) = add(&house, &nowhere(), &["test.*"]);
    happens(&house, "test.happened", 1);
    let (mut tries, begun) = (0, house.now());
    let given_up = loop {
        let now = eventually("a try", || Some(state(&house)).filter(|state| state.attempts > tries));
        if !now.enabled {
            break now;
        }
        tries = now.attempts;
        assert!(house.now() - begun < 3 * DAY, "given up after three days");
        let due = house.number("SELECT due_at FROM webhooks");
        assert!(due - house.now() <= 5 * HOUR, "tried several times a day");
        house.advance_to(due);
        // Something else to be looked at wakes who sends.
        happens(&house, "other.happened", 0);
    };
    assert!(tries > 20, "{tries} tries");
    assert!(given_up.reason.contains("failed") && house.now() - begun >= 3 * DAY);
    let told = house.number("SELECT count(*) FROM events WHERE type = 'webhook.disabled'");
    let noted =
        house.number("SELECT count(*) FROM audit_log WHERE action = 'webhook.disable' AND actor = 'system'");
    house.settle();
    assert_eq!(
        (house.number("SELECT count(*) FROM events WHERE type = 'webhook.disabled'").max(told), noted),
        (1, 1)
    );
    // An operator has it go on where it stopped.
    let server = taking(1);
    let base = server.base.clone();
    house.write(move |tx| {
        tx.execute("UPDATE webhooks SET url = $1", custos_store::params![&base])?;
        Ok(webhooks::enable(tx, 1, id, false, WHO)?)
    });
    assert_eq!(n(&server.only_request()), 1);
}

fn one_that_is_gone_is_given_up_at_once(backend: Backend) {
    let house = open(backend);
    let server = HttpServer::start(vec![response("410 Gone", "", "")]);
    let (id, _) = add(&house, &server.base, &[]);
    happens(&house, "test.happened", 1);
    server.only_request();
    eventually("it to be given up", || (!state(&house).enabled).then_some(()));
    house.write(move |tx| Ok(webhooks::enable(tx, 1, id, true, WHO)?));
    let skipped = state(&house);
    assert!(skipped.enabled && skipped.position >= 1, "what happened meanwhile is left out");
    assert!(!house.write(move |tx| Ok(webhooks::enable(tx, 2, id, true, WHO)?)), "another company's");
    assert!(!house.write(move |tx| Ok(webhooks::remove(tx, 2, id, WHO)?)));
    assert!(house.write(move |tx| Ok(webhooks::remove(tx, 1, id, WHO)?)));
}

fn what_is_not_public_is_not_called(backend: Backend) {
    let house = House::open(backend);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    add(&house, &format!("http://{}", listener.local_addr().unwrap()), &[]);
    happens(&house, "test.happened", 1);
    let failed = eventually("a failed try", || Some(state(&house)).filter(|state| state.attempts == 1));
    assert!(failed.reason.contains("permission denied"), "{}", failed.reason);
    assert!(listener.accept().is_err(), "nobody knocked");
}

fn a_redirect_is_not_followed(backend: Backend) {
    let house = open(backend);
    let target = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    target.set_nonblocking(true).unwrap();
    let location = format!("location: http://{}/\r\n", target.local_addr().unwrap());
    let server = HttpServer::start(vec![response("307 Elsewhere", &location, "")]);
    add(&house, &server.base, &[]);
    happens(&house, "test.happened", 1);
    server.only_request();
    let failed = eventually("a failed try", || Some(state(&house)).filter(|state| state.attempts == 1));
    assert!(failed.reason.contains("307"));
    assert!(target.accept().is_err(), "nobody knocked");
}

fn a_secret_that_can_not_be_opened_stops_nobody_else(backend: Backend) {
    let house = open(backend);
    let (server, unused) = (taking(2), taking(0));
    let (broken, _) = add(&house, &unused.base, &[]);
    add(&house, &server.base, &[]);
    house.write(move |tx| {
        // Sealed for another receiver.
        let sql = "UPDATE webhooks SET secret = (SELECT secret FROM webhooks WHERE id <> $1) WHERE id = $1";
        Ok(tx.execute(sql, custos_store::params![broken])?)
    });
    happens(&house, "test.happened", 1);
    let failed = eventually("a failed try", || Some(state(&house)).filter(|state| state.attempts == 1));
    assert!(failed.enabled && failed.reason.contains("secret"), "{}", failed.reason);
    happens(&house, "test.happened", 2);
    assert_eq!(server.requests().len(), 2);
    assert_eq!(unused.requests().len(), 0);
}

fn secrets_are_sealed_and_survive_new_keys(backend: Backend) {
    let house = open(backend);
    let server = taking(1);
    let (_, secret) = add(&house, &server.base, &[]);
    let kept = house.read(|tx| Ok(tx.value::<Vec<u8>>("SELECT secret FROM webhooks", &[])?));
    assert!(!kept.windows(32).any(|part| part == secret));
    // As if a newer key had come: what carries another mark is sealed again, and opens.
    use custos_customers::reseal::Column;
    assert_eq!(house.write(|tx| Ok(Column::Webhooks.reseal(tx, 10)?)), 0);
    assert_eq!(house.read(|tx| Ok(Column::Webhooks.stale(tx)?)), 0);
    happens(&house, "test.happened", 1);
    assert!(is_signed(&server.only_request(), &secret));
}
