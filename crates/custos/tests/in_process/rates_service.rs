//! A service that names exchange rates, which a server of the test's plays.

use crate::common::{Backend, HOUR, House, MINUTE, SECOND, eventually, on_both};
use crate::http_server::{HttpServer, Request, response};
use custos_customers::{company, third_party};
use custos_delivery::quotes::QuotesClient;
use custos_delivery::reach::Reach;
use custos_ledger::rates::{self, Stored};
use custos_operations::quotes::{self, Fetched};
use serde_json::{Value, json};
use std::net::TcpListener;

on_both!(
    rates_are_taken_digit_by_digit,
    what_can_not_be_used_changes_nothing,
    old_news_takes_the_place_of_nothing_newer,
    a_service_is_asked_when_it_is_due,
    only_places_that_are_allowed_are_asked,
);

fn house(backend: Backend) -> House {
    House::open_with(backend, |config| config.wallet_networks = vec!["127.0.0.1".to_owned()])
}

fn is_at(house: &House, url: &str) {
    let url = url.to_owned();
    house.set(1, move |settings| settings.rates.url.clone_from(&url));
}

/// What becomes of an answer, and what was asked. Only this test knows the address: the server's own worker asks nothing.
fn told(house: &House, status: &str, body: &str) -> (Result<Fetched, String>, Request) {
    let server = HttpServer::start(vec![response(status, "location: http://127.0.0.2/\r\n", body)]);
    let mut company = house.read(|tx| Ok(company::find(tx, 1)?.unwrap()));
    company.settings.rates.url = format!("{}/latest?base=USD", server.base);
    let client = QuotesClient::new(Reach::new(|address| address.is_loopback()));
    (quotes::fetch(house.store(), &client, &company), server.only_request())
}

fn stored(house: &House) -> Vec<Stored> {
    house.read(|tx| Ok(rates::list(tx, 1)?))
}

fn rate(house: &House, base: &str, quote: &str) -> Stored {
    let pair = |one: &Stored| {
        [one.quoted.base.as_str(), one.quoted.quote.as_str()].iter().all(|code| [base, quote].contains(code))
    };
    stored(house).into_iter().find(pair).unwrap()
}

fn rates_are_taken_digit_by_digit(backend: Backend) {
    let house = house(backend);
    house.write(|tx| Ok(third_party::set_secret(tx, 1, third_party::RATES_TOKEN, Some("t0k3n"))?));
    house.advance(HOUR);
    let body = json!({ "rates": [
        { "base": "BTC", "quote": "USD", "rate": "60000.123456789012345678" },
        { "base": "DOGE", "quote": "USD", "rate": "0.1" },
        { "base": "ETH", "quote": "USD", "rate": "1.0000000000000000001" },
    ]});
    let (done, request) = told(&house, "200 OK", &body.to_string());
    assert_eq!(done, Ok(Fetched { taken: 1, left_out: 2 }));
    assert_eq!(request.line, "GET /latest?base=USD HTTP/1.1");
    assert_eq!(request.header("authorization"), Some("Bearer t0k3n"));
    let btc = rate(&house, "BTC", "USD");
    assert_eq!(
        (btc.text().as_str(), btc.source.as_str(), btc.quoted_at),
        ("60000.123456789012345678", "provider", house.now())
    );
    assert_eq!(rate(&house, "ETH", "USD").text(), "3000");
    // The other form; numbers lose no digit that a double has not.
    let (done, _) =
        told(&house, "200 OK", r#"{"base":"USD","rates":{"EUR":0.9123456789012345678,"JPY":150}}"#);
    assert_eq!(done, Ok(Fetched { taken: 0, left_out: 2 }));
    let (done, _) =
        told(&house, "200 OK", r#"{"base":"USD","rates":{"EUR":0.912345678901234567,"JPY":150}}"#);
    assert_eq!(done, Ok(Fetched { taken: 1, left_out: 1 }));
    let eur = rate(&house, "EUR", "USD");
    assert_eq!((eur.text().as_str(), eur.quoted.base.as_str()), ("0.912345678901234567", "USD"));
    // The same again is no news for the audit log, and renews the rate.
    let entries = || house.number("SELECT count(*) FROM audit_log WHERE action = 'rates.set'");
    let before = entries();
    house.advance(MINUTE);
    told(&house, "200 OK", r#"{"base":"USD","rates":{"EUR":0.912345678901234567}}"#).0.unwrap();
    assert_eq!((entries(), rate(&house, "EUR", "USD").quoted_at), (before, house.now()));
}

fn what_can_not_be_used_changes_nothing(backend: Backend) {
    let house = house(backend);
    let before = stored(&house);
    let long = format!(r#"{{"rates":[],"more":"{}"}}"#, "x".repeat(70_000));
    for (status, body) in [
        ("200 OK", ""),
        ("200 OK", "leaked"),
        ("200 OK", "[]"),
        ("200 OK", r#"{"rates":{"EUR":1}}"#),
        ("200 OK", long.as_str()),
        ("302 Found", r#"{"base":"USD","rates":{"EUR":2}}"#),
        ("500 Oops", r#"{"base":"USD","rates":{"EUR":2}}"#),
    ] {
        let error = told(&house, status, body).0.unwrap_err();
        assert!(!error.contains("leaked") && !error.contains("127.0.0.1"), "{error}");
    }
    for rate in ["0", "-1", "1e400", "\"NaN\"", "null", "[1]"] {
        let body = format!(r#"{{"base":"USD","rates":{{"EUR":{rate}}}}}"#);
        assert_eq!(told(&house, "200 OK", &body).0, Ok(Fetched { taken: 0, left_out: 1 }), "{rate}");
    }
    assert_eq!(stored(&house), before);
}

fn old_news_takes_the_place_of_nothing_newer(backend: Backend) {
    let house = house(backend);
    house.set(1, |settings| settings.rate_stale_hours = 1);
    let at = |at: i64, rate: &str| {
        let body = format!(r#"{{"base":"USD","timestamp":{},"rates":{{"EUR":{rate}}}}}"#, at / SECOND);
        told(&house, "200 OK", &body).0.unwrap();
        let eur = rate_of(&house);
        (eur.text(), eur.quoted_at)
    };
    let began = house.now();
    house.advance(2 * HOUR);
    // Older than the operator's.
    assert_eq!(at(began - HOUR, "2").1, began);
    assert_eq!(at(began + HOUR, "0.5"), ("0.5".to_owned(), began + HOUR));
    // It is stale, though it came just now.
    let ada = house.customer();
    house.gives(&ada, (8, "USD"), "1");
    let valuation = house.read(|tx| {
        let company = company::find(tx, 1)?.unwrap();
        Ok(custos_operations::terms::valuation(&company.settings))
    });
    assert!(rate_of(&house).rate().is_stale(&valuation, house.now()));
    // From a clock that is ahead: now.
    assert_eq!(at(house.now() + HOUR, "0.6"), ("0.6".to_owned(), house.now()));
}

fn rate_of(house: &House) -> Stored {
    rate(house, "EUR", "USD")
}

fn a_service_is_asked_when_it_is_due(backend: Backend) {
    let house = house(backend);
    let due = || {
        let company = house.read(|tx| Ok(company::find(tx, 1)?.unwrap()));
        quotes::is_due(house.store(), &company).unwrap()
    };
    assert!(!due(), "there is none");
    let body: Value = json!({ "base": "USD", "rates": { "EUR": 0.5 } });
    let server = HttpServer::start(vec![response("200 OK", "", &body.to_string())]);
    is_at(&house, &server.base);
    assert!(due());
    // A server looks at once when it starts.
    let replica = house.replica();
    eventually("the service's rate", || (rate_of(&house).text() == "0.5").then_some(()));
    assert!(server.only_request().header("authorization").is_none());
    assert!(!due());
    house.jump(15 * MINUTE - 1);
    assert!(!due());
    is_at(&house, "");
    house.jump(1);
    house.set(1, |settings| settings.rates.url = "https://127.0.0.2/".to_owned());
    assert!(due());
    drop(replica);
}

fn only_places_that_are_allowed_are_asked(backend: Backend) {
    let house = house(backend);
    let watched = TcpListener::bind("127.0.0.1:0").unwrap();
    watched.set_nonblocking(true).unwrap();
    let company = house.read(|tx| Ok(company::find(tx, 1)?.unwrap()));
    for scheme in ["http", "https"] {
        let mut company = company.clone();
        company.settings.rates.url = format!("{scheme}://{}/", watched.local_addr().unwrap());
        quotes::fetch(house.store(), &QuotesClient::new(Reach::public()), &company).unwrap_err();
    }
    assert!(watched.accept().is_err(), "something was asked");
}
