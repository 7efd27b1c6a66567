//! Events pushed into a stream of a real NATS JetStream: all of them, in their order, each once.

use crate::common::{Backend, House, MINUTE, eventually, on_both};
use crate::nats_server::{NatsServer, STREAM, Stored};
use custos::config::Config;
use custos_delivery::nats::{Message, NatsClient, Pushed, Settings};
use custos_delivery::nats_positions::{self, Position, Taken};
use custos_operations::error::Error;
use custos_operations::feed;
use custos_store::events;
use serde_json::json;

on_both!(
    an_event_comes_with_its_subject_its_body_and_its_id,
    what_happened_before_and_while_nats_was_down_comes_in_order,
    nats_is_killed_and_nothing_is_lost_or_doubled,
    what_was_pushed_and_not_written_down_comes_once,
    two_servers_push_one_feed_in_order,
    a_feed_is_pushed_by_one_at_a_time,
    refused_credentials_are_told_without_them,
    a_stream_is_made_only_when_that_is_wanted,
    events_that_went_meanwhile_do_not_hold_up_the_rest,
);

/// Longer than any pause, and than a lease.
const LONG: i64 = 2 * MINUTE;

fn pushing(server: &NatsServer) -> impl FnOnce(&mut Config) + use<> {
    let url = server.url();
    move |config| {
        config.nats_url = url;
        config.nats_stream_create = true;
    }
}

fn emits(house: &House, company: i64, kind: &'static str, n: i64) {
    house.write(move |tx| Ok::<_, Error>(events::emit(tx, company, kind, 0, json!({ "n": n }))?));
    house.settle();
}

fn happens(house: &House, n: i64) {
    emits(house, 1, "test.happened", n);
}

fn state(house: &House) -> Option<Position> {
    house.read(|tx| Ok(nats_positions::list(tx)?)).into_iter().find(|one| one.company_id == 1)
}

/// Waits until JetStream has acknowledged all up to that number, and that is written down.
#[track_caller]
fn comes_to(house: &House, position: i64) -> Position {
    eventually("NATS to take all", || state(house).filter(|state| state.position == position))
}

#[track_caller]
fn fails(house: &House) -> Position {
    eventually("a failed try", || state(house).filter(|state| state.attempts > 0))
}

fn numbers(stored: &[Stored]) -> Vec<i64> {
    stored.iter().map(|message| message.body["data"]["n"].as_i64().unwrap()).collect()
}

fn an_event_comes_with_its_subject_its_body_and_its_id(backend: Backend) {
    let server = NatsServer::start();
    let house = House::open_with(backend, pushing(&server));
    let ada = house.customer();
    comes_to(&house, 1);
    emits(&house, 1, "kyc.passed", 2);
    let done = comes_to(&house, 2);
    assert_eq!((done.attempts, done.reason.as_str(), done.published_at), (0, "", house.now()));
    let stored = server.stored();
    let told = house.read(|tx| Ok(feed::list(tx, 1, 0, 10)?)).events;
    assert_eq!(stored.len(), 2);
    for (message, event) in stored.iter().zip(&told) {
        assert_eq!(&message.body, event, "the same as a webhook's");
        assert_eq!(event["id"], message.id.as_str());
        assert!(message.id.starts_with("evt_"));
    }
    assert_eq!(stored[0].subject, "custos.events.1.customer.registered");
    assert_eq!(stored[0].body["data"]["customerNo"], ada.number.as_str());
    assert_eq!(stored[1].subject, "custos.events.1.kyc.passed");
    let other = house.add_company(true);
    emits(&house, other, "kyc.passed", 3);
    eventually("the other company's", || (server.stored().len() == 3).then_some(()));
    let last = server.stored().pop().unwrap();
    assert_eq!(last.subject, format!("custos.events.{other}.kyc.passed"));
    assert_eq!((&last.body["seq"], &last.body["data"]["companyId"]), (&json!(1), &json!(other)));
}

fn what_happened_before_and_while_nats_was_down_comes_in_order(backend: Backend) {
    let mut server = NatsServer::down();
    let before = House::open(backend);
    happens(&before, 1);
    let house = before.replica_with(pushing(&server));
    // More than are taken at once.
    for n in 2..=150 {
        house.write(move |tx| Ok::<_, Error>(events::emit(tx, 1, "test.happened", 0, json!({ "n": n }))?));
    }
    let failed = fails(&house);
    assert_eq!((failed.position, failed.reason.as_str()), (0, "NATS can't be reached"));
    // Nothing else is disturbed.
    house.customer();
    server.run();
    house.advance(LONG);
    comes_to(&house, 151);
    let stored = server.stored();
    assert_eq!(numbers(&stored[..150]), (1..=150).collect::<Vec<_>>());
    let sequence: Vec<i64> = stored.iter().map(|message| message.body["seq"].as_i64().unwrap()).collect();
    assert_eq!(sequence, (1..=151).collect::<Vec<_>>());
}

fn nats_is_killed_and_nothing_is_lost_or_doubled(backend: Backend) {
    let mut server = NatsServer::start();
    let house = House::open_with(backend, pushing(&server));
    happens(&house, 1);
    comes_to(&house, 1);
    server.kill();
    happens(&house, 2);
    happens(&house, 3);
    let failed = fails(&house);
    assert_eq!(failed.position, 1);
    server.run();
    house.advance(LONG);
    assert_eq!(comes_to(&house, 3).attempts, 0);
    happens(&house, 4);
    comes_to(&house, 4);
    assert_eq!(numbers(&server.stored()), [1, 2, 3, 4]);
}

fn client(server: &NatsServer) -> NatsClient {
    NatsClient::new(Settings {
        url: server.url(),
        credentials_file: std::path::PathBuf::new(),
        credentials: "".into(),
        ca_file: std::path::PathBuf::new(),
        stream: STREAM.to_owned(),
        subject_prefix: "custos.events".to_owned(),
        creates_stream: true,
    })
    .unwrap()
}

fn take(house: &House) -> Option<Taken> {
    house.write(|tx| Ok(nats_positions::take(tx)?))
}

/// A server that dies when JetStream has acknowledged and nothing is written down yet leaves exactly this behind.
fn what_was_pushed_and_not_written_down_comes_once(backend: Backend) {
    let server = NatsServer::start();
    let dying = House::open(backend);
    happens(&dying, 1);
    happens(&dying, 2);
    let taken = take(&dying).unwrap();
    let event = taken.events[0].clone();
    let body = dying.read({
        let event = event.clone();
        move |tx| Ok(feed::message(tx, 1, &event)?)
    });
    let id = feed::message_id(&event);
    let message = Message { company_id: 1, kind: &event.kind, id: &id, body: body.to_string() };
    assert_eq!(client(&server).push(&message), Ok(Pushed::New));
    assert!(take(&dying).is_none(), "nobody else pushes while it may still live");
    let house = dying.replica_with(pushing(&server));
    house.advance(LONG);
    comes_to(&house, 2);
    assert_eq!(numbers(&server.stored()), [1, 2], "the second time is dropped");
    assert_eq!(client(&server).push(&message), Ok(Pushed::Duplicate));
}

fn two_servers_push_one_feed_in_order(backend: Backend) {
    let server = NatsServer::start();
    let one = House::open_with(backend, pushing(&server));
    let two = one.replica();
    for n in 1..=60 {
        let house = if n % 2 == 0 { &one } else { &two };
        house.write(move |tx| Ok::<_, Error>(events::emit(tx, 1, "test.happened", 0, json!({ "n": n }))?));
    }
    comes_to(&one, 60);
    let stored = server.stored();
    let sequence: Vec<i64> = stored.iter().map(|message| message.body["seq"].as_i64().unwrap()).collect();
    assert_eq!(sequence, (1..=60).collect::<Vec<_>>());
}

fn a_feed_is_pushed_by_one_at_a_time(backend: Backend) {
    let house = House::open(backend);
    assert!(!house.read(|tx| Ok(nats_positions::is_due(tx)?)));
    happens(&house, 1);
    happens(&house, 2);
    assert!(house.read(|tx| Ok(nats_positions::is_due(tx)?)));
    let slow = take(&house).unwrap();
    assert!(!house.read(|tx| Ok(nats_positions::is_due(tx)?)) && take(&house).is_none());
    // It took too long, and another goes on.
    house.jump(LONG);
    let second = take(&house).unwrap();
    assert_eq!(slow.events, second.events);
    let late = house.write(move |tx| {
        Ok((nats_positions::pushed(tx, &slow, 2)?, nats_positions::failed(tx, &slow, Some(2), "slow")?))
    });
    assert_eq!(late, (false, false), "what the slow one thinks counts no more");
    assert_eq!(state(&house).unwrap().position, 0);
    // Some were taken, the next was not: it goes on after those, when the pause is over.
    assert!(house.write(move |tx| Ok(nats_positions::failed(tx, &second, Some(1), "full")?)));
    let failed = state(&house).unwrap();
    assert_eq!((failed.position, failed.attempts, failed.reason.as_str()), (1, 1, "full"));
    assert!(take(&house).is_none());
    house.jump(LONG);
    let third = take(&house).unwrap();
    assert_eq!(third.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [2]);
    assert!(house.write(move |tx| Ok(nats_positions::pushed(tx, &third, 2)?)));
    assert!(take(&house).is_none() && state(&house).unwrap().reason.is_empty());
}

/// Who may do no more than the documents say is needed, and the test, who may do everything.
const USERS: &str = r#"authorization { users: [
    { user: reader, password: "all" },
    { user: custos, password: "right hunter2",
      permissions: { publish: ["custos.events.>"], subscribe: ["_INBOX.>"] } },
    { nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4,
      permissions: { publish: ["custos.events.>", "$JS.API.STREAM.INFO.CUSTOS_EVENTS",
                               "$JS.API.STREAM.CREATE.CUSTOS_EVENTS"], subscribe: ["_INBOX.>"] } },
] }"#;

fn refused_credentials_are_told_without_them(backend: Backend) {
    let server = NatsServer::guarded(USERS, ("reader", "all"));
    let file = server.file("credentials");
    std::fs::write(&file, "custos:wrong-hunter3").unwrap();
    let (configure, named) = (pushing(&server), file.clone());
    let house = House::open_with(backend, |config| {
        configure(config);
        config.nats_credentials_file = named;
    });
    happens(&house, 1);
    let failed = fails(&house);
    assert_eq!((failed.position, failed.reason.as_str()), (0, "NATS refused the credentials"));
    // The file is read anew: here the seed of an NKey, which proves itself by a signature.
    std::fs::write(&file, "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY\n").unwrap();
    house.advance(LONG);
    comes_to(&house, 1);
    let own = house.replica_with(|config| {
        config.nats_credentials_file = std::path::PathBuf::new();
        config.nats_credentials = "custos:right hunter2".to_owned();
        config.nats_stream_create = false;
    });
    drop(house);
    happens(&own, 2);
    comes_to(&own, 2);
    assert_eq!(numbers(&server.stored()), [1, 2]);
}

fn a_stream_is_made_only_when_that_is_wanted(backend: Backend) {
    let server = NatsServer::start();
    let url = server.url();
    let house = House::open_with(backend, |config| config.nats_url = url);
    happens(&house, 1);
    let failed = fails(&house);
    assert!(failed.reason.contains(STREAM), "{}", failed.reason);
    assert!(!server.has(STREAM));
    // What another stream takes is not taken.
    server.add_stream("OTHER", "custos.>");
    house.advance(LONG);
    let failed = eventually("another try", || state(&house).filter(|state| state.attempts > 1));
    assert!(failed.reason.contains("10060"), "{}", failed.reason);
    server.remove_stream("OTHER");
    server.add_stream(STREAM, "custos.events.*.>");
    house.advance(LONG);
    comes_to(&house, 1);
    assert_eq!(numbers(&server.stored()), [1]);
}

fn events_that_went_meanwhile_do_not_hold_up_the_rest(backend: Backend) {
    let mut server = NatsServer::down();
    let house = House::open_with(backend, pushing(&server));
    happens(&house, 1);
    fails(&house);
    happens(&house, 2);
    happens(&house, 3);
    house.write(|tx| Ok::<_, Error>(tx.execute("DELETE FROM events WHERE seq <= 2", &[])?));
    server.run();
    house.advance(LONG);
    comes_to(&house, 3);
    assert_eq!(numbers(&server.stored()), [3]);
    // All of what is to come may be gone, too.
    server.kill();
    happens(&house, 4);
    fails(&house);
    house.write(|tx| Ok::<_, Error>(tx.execute("DELETE FROM events", &[])?));
    house.advance(LONG);
    comes_to(&house, 4);
}

#[test]
fn tls_goes_only_to_whom_the_certificates_name() {
    let server = NatsServer::by_tls();
    let strange = House::open_with(Backend::Sqlite, pushing(&server));
    happens(&strange, 1);
    let failed = fails(&strange);
    assert_eq!(
        (failed.position, failed.reason.as_str()),
        (0, "no TLS with NATS: see its certificate and nats_ca_file")
    );
    let certificate = server.file("certificate.pem");
    let house = strange.replica_with(|config| config.nats_ca_file = certificate);
    drop(strange);
    house.advance(LONG);
    comes_to(&house, 1);
    assert_eq!(numbers(&server.stored()), [1]);
}
